/*
 * Invariant: a sharer goes on at its rate since since_ns; what it has done since then
 * is not yet taken off `left`. Rates are right but for those who share something,
 * directly or through others, with a resource in `changed`.
 *
 * Such a group is solved by itself and in one order, so that its rates depend on
 * nothing but who is in it: not on what else runs, nor on who came first. The same set
 * has the same rates to the last bit whoever executes it.
 */
#include "sim/engine/sharing.h"

#include "hw/resources.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Phases that end within this of each other end together: surf/precision. */
#define PRECISION_NS 1e-9

void sim_sharing_init(struct sim_sharing *s, const struct sim_lone_times *lone,
                      const struct hw_package *package)
{
	unsigned resources = hw_resource_count(package);
	g_autofree double *GBps = g_new(double, resources);
	for (unsigned r = 0; r < resources; r++)
		GBps[r] = hw_resource_GBps(package, r);
	*s = (struct sim_sharing){ .lone = lone, .resources = resources, .next_end_ns = INFINITY };
	fair_share_init(&s->share, GBps, resources);
	s->sharers = g_array_new(FALSE, FALSE, sizeof(struct sim_sharer));
	s->free = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	s->using = g_new0(struct sim_using, resources);
	s->changed = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	s->group = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	s->users = g_array_new(FALSE, FALSE, sizeof(struct fair_user));
	s->loads = g_array_new(FALSE, FALSE, sizeof(struct fair_load));
}

void sim_sharing_release(struct sim_sharing *s)
{
	fair_share_release(&s->share);
	for (unsigned r = 0; r < s->resources; r++)
		g_free(s->using[r].sharers);
	g_free(s->using);
	g_array_unref(s->sharers);
	g_array_unref(s->free);
	g_array_unref(s->changed);
	g_array_unref(s->group);
	g_array_unref(s->users);
	g_array_unref(s->loads);
}

static struct sim_sharer *sharer_at(const struct sim_sharing *s, uint32_t place)
{
	return &g_array_index(s->sharers, struct sim_sharer, place);
}

static const struct fair_load *loads_of(const struct sim_sharing *s,
                                        const struct sim_sharer *sharer, uint32_t *count)
{
	const struct sim_lone *lone = &s->lone->activities[sharer->activity];
	*count = lone->load_count;
	return &g_array_index(s->lone->loads, struct fair_load, lone->first_load);
}

/* ---- who uses what ---- */

static uint32_t take_place(struct sim_sharing *s)
{
	if (s->free->len == 0) {
		g_array_set_size(s->sharers, s->sharers->len + 1);
		return s->sharers->len - 1;
	}
	uint32_t place = g_array_index(s->free, uint32_t, s->free->len - 1);
	g_array_set_size(s->free, s->free->len - 1);
	return place;
}

void sim_sharing_add(struct sim_sharing *s, struct sim_ready instance, uint32_t activity)
{
	uint32_t place = take_place(s), count;
	*sharer_at(s, place) = (struct sim_sharer){ .instance = instance,
		                                    .activity = activity,
		                                    .left = 1.0,
		                                    .since_ns = s->now_ns,
		                                    .end_ns = INFINITY };
	const struct fair_load *loads = loads_of(s, sharer_at(s, place), &count);
	for (uint32_t l = 0; l < count; l++) {
		struct sim_using *using = &s->using[loads[l].resource];
		if (using->count == using->room) {
			using->room = MAX(2 * using->room, 8);
			using->sharers = g_renew(uint32_t, using->sharers, using->room);
		}
		using->sharers[using->count++] = place;
		g_array_append_val(s->changed, loads[l].resource);
	}
}

static void leave(struct sim_using *using, uint32_t place)
{
	uint32_t i = 0;
	while (using->sharers[i] != place)
		i++;
	using->sharers[i] = using->sharers[--using->count];
}

static void take_out(struct sim_sharing *s, uint32_t place)
{
	struct sim_sharer *sharer = sharer_at(s, place);
	uint32_t count;
	const struct fair_load *loads = loads_of(s, sharer, &count);
	for (uint32_t l = 0; l < count; l++) {
		leave(&s->using[loads[l].resource], place);
		g_array_append_val(s->changed, loads[l].resource);
	}
	sharer->end_ns = INFINITY;
	g_array_append_val(s->free, place);
}

/* ---- rates ---- */

static void reach_users(struct sim_sharing *s, uint32_t resource)
{
	struct sim_using *using = &s->using[resource];
	if (using->reached == s->search)
		return;
	using->reached = s->search;
	for (uint32_t i = 0; i < using->count; i++) {
		struct sim_sharer *sharer = sharer_at(s, using->sharers[i]);
		if (sharer->reached == s->search)
			continue;
		sharer->reached = s->search;
		g_array_append_val(s->group, using->sharers[i]);
	}
}

static gint compare_places(gconstpointer a, gconstpointer b, gpointer sharing)
{
	const struct sim_sharing *s = sharing;
	struct sim_ready left = sharer_at(s, *(const uint32_t *)a)->instance;
	struct sim_ready right = sharer_at(s, *(const uint32_t *)b)->instance;
	if (left.microbatch != right.microbatch)
		return left.microbatch < right.microbatch ? -1 : 1;
	return (left.task > right.task) - (left.task < right.task);
}

/* All who share something with the resource's users, in order. False if they have been found. */
static bool find_group(struct sim_sharing *s, uint32_t resource)
{
	g_array_set_size(s->group, 0);
	reach_users(s, resource);
	for (guint i = 0; i < s->group->len; i++) {
		uint32_t count;
		const struct fair_load *loads = loads_of(
			s, sharer_at(s, g_array_index(s->group, uint32_t, i)), &count);
		for (uint32_t l = 0; l < count; l++)
			reach_users(s, loads[l].resource);
	}
	g_array_sort_with_data(s->group, compare_places, s);
	return s->group->len > 0;
}

/* What only one of them uses limits it as it does when it is alone: that is its cap. */
static void add_user(struct sim_sharing *s, const struct sim_sharer *sharer)
{
	uint32_t count, first = s->loads->len;
	const struct fair_load *loads = loads_of(s, sharer, &count);
	for (uint32_t l = 0; l < count; l++)
		if (s->using[loads[l].resource].count > 1)
			g_array_append_val(s->loads, loads[l]);
	struct fair_user user = { .load_count = s->loads->len - first,
		                  .flows = 1,
		                  .cap = 1.0 / s->lone->activities[sharer->activity].work_ns };
	g_array_append_val(s->users, user);
}

static void solve_group(struct sim_sharing *s)
{
	g_array_set_size(s->users, 0);
	g_array_set_size(s->loads, 0);
	for (guint i = 0; i < s->group->len; i++)
		add_user(s, sharer_at(s, g_array_index(s->group, uint32_t, i)));
	const struct fair_load *loads = &g_array_index(s->loads, struct fair_load, 0);
	struct fair_user *users = &g_array_index(s->users, struct fair_user, 0);
	for (guint i = 0; i < s->users->len; i++) {
		users[i].loads = loads;
		loads += users[i].load_count;
	}
	fair_share_solve(&s->share, users, s->users->len);
}

/* What was done at the rate until now is done; from now on it is another one. */
static void set_rate(struct sim_sharing *s, struct sim_sharer *sharer, double rate)
{
	if (rate == sharer->rate)
		return;
	sharer->left = MAX(sharer->left - sharer->rate * (s->now_ns - sharer->since_ns), 0);
	sharer->since_ns = s->now_ns;
	sharer->rate = rate;
	sharer->end_ns = s->now_ns + sharer->left / rate;
}

static void find_rates(struct sim_sharing *s)
{
	s->search++;
	for (guint c = 0; c < s->changed->len; c++) {
		if (!find_group(s, g_array_index(s->changed, uint32_t, c)))
			continue;
		solve_group(s);
		for (guint i = 0; i < s->group->len; i++)
			set_rate(s, sharer_at(s, g_array_index(s->group, uint32_t, i)),
			         g_array_index(s->users, struct fair_user, i).rate);
	}
	g_array_set_size(s->changed, 0);
}

/* ---- time ---- */

double sim_sharing_next_end_ns(struct sim_sharing *s)
{
	if (s->changed->len == 0)
		return s->next_end_ns;
	find_rates(s);
	s->next_end_ns = INFINITY;
	for (guint i = 0; i < s->sharers->len; i++)
		s->next_end_ns = MIN(s->next_end_ns, sharer_at(s, i)->end_ns);
	return s->next_end_ns;
}

void sim_sharing_advance(struct sim_sharing *s, double now_ns)
{
	s->now_ns = now_ns;
}

bool sim_sharing_take_ended(struct sim_sharing *s, struct sim_ready *ended)
{
	double until_ns = s->now_ns + PRECISION_NS + 4.0 * DBL_EPSILON * s->now_ns;
	if (until_ns < s->next_end_ns)
		return false;
	for (guint i = 0; i < s->sharers->len; i++) {
		if (sharer_at(s, i)->end_ns > until_ns)
			continue;
		*ended = sharer_at(s, i)->instance;
		take_out(s, i);
		return true;
	}
	return false;
}
