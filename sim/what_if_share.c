/*
 * The sharing of SimGrid's fair bottleneck solver (3.32, fair_bottleneck.cpp) as
 * ptask_L07 uses it: a phase advances on all of its resources at one rate. In
 * every round a resource offers equal parts of what is left of it to its users,
 * a phase raises its rate by the least of its offers, in parts of itself, and
 * settles when one of its resources is used up or it is as fast as alone.
 *
 * Settled phases go on being charged for their last step, as they are in SimGrid
 * (sim/README.md, "Phases as activities"): the aim is what SimGrid does.
 */
#include "sim/what_if_private.h"

#include "hw/routes.h"

#include <float.h>
#include <math.h>

/* What the solver leaves of a resource: maxmin/precision of sim/dispatch.c. */
#define PRECISION_GBPS 1e-9
/* Phases that end within this of each other end together: surf/precision. */
#define PRECISION_NS 1e-9

void sim_sharing_init(struct sim_sharing *s, const struct sim_lone_times *lone,
                      const struct hw_package *package)
{
	unsigned resources = hw_resource_count(package);
	*s = (struct sim_sharing){ .lone = lone, .next_end_ns = INFINITY };
	s->sharers = g_array_new(FALSE, FALSE, sizeof(struct sim_sharer));
	s->GBps = g_new(double, resources);
	s->left_GBps = g_new(double, resources);
	s->share_GBps = g_new(double, resources);
	s->users = g_new0(uint32_t, resources);
	s->open = g_new(uint32_t, resources);
	for (unsigned r = 0; r < resources; r++)
		s->GBps[r] = hw_resource_GBps(package, r);
}

void sim_sharing_release(struct sim_sharing *s)
{
	g_array_unref(s->sharers);
	g_free(s->GBps);
	g_free(s->left_GBps);
	g_free(s->share_GBps);
	g_free(s->users);
	g_free(s->open);
	g_free(s->unsettled);
}

static struct sim_sharer *sharer_at(const struct sim_sharing *s, uint32_t index)
{
	return &g_array_index(s->sharers, struct sim_sharer, index);
}

static const struct sim_resource_bytes *needs(const struct sim_sharing *s,
                                              const struct sim_sharer *sharer)
{
	return &g_array_index(s->lone->shared, struct sim_resource_bytes,
	                      sharer->lone->first_shared);
}

/* ---- rates ---- */

/* Returns how many resources are in use. */
static uint32_t begin_rounds(struct sim_sharing *s)
{
	uint32_t open = 0;
	if (s->unsettled_capacity < s->sharers->len) {
		s->unsettled_capacity = 2 * s->sharers->len;
		s->unsettled = g_renew(uint32_t, s->unsettled, s->unsettled_capacity);
	}
	for (uint32_t i = 0; i < s->sharers->len; i++) {
		struct sim_sharer *sharer = sharer_at(s, i);
		const struct sim_resource_bytes *need = needs(s, sharer);
		sharer->rate = 0;
		s->unsettled[i] = i;
		for (uint32_t n = 0; n < sharer->lone->shared_count; n++) {
			uint32_t resource = need[n].resource;
			if (s->users[resource]++ > 0)
				continue;
			s->open[open++] = resource;
			s->left_GBps[resource] = s->GBps[resource];
		}
	}
	return open;
}

/* Equal parts of what is left. Returns how many resources are still open. */
static uint32_t offer(struct sim_sharing *s, uint32_t open)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < open; i++) {
		uint32_t resource = s->open[i];
		if (s->users[resource] == 0 || s->left_GBps[resource] <= 0)
			continue;
		s->share_GBps[resource] = s->left_GBps[resource] / s->users[resource];
		s->open[kept++] = resource;
	}
	return kept;
}

static void raise_rate(const struct sim_sharing *s, struct sim_sharer *sharer)
{
	const struct sim_resource_bytes *need = needs(s, sharer);
	double step = 1.0 / sharer->lone->work_ns - sharer->rate;
	for (uint32_t n = 0; n < sharer->lone->shared_count; n++)
		step = MIN(step, s->share_GBps[need[n].resource] / need[n].bytes);
	sharer->raised = step;
	sharer->rate += step;
}

static void charge(struct sim_sharing *s, const struct sim_sharer *sharer)
{
	const struct sim_resource_bytes *need = needs(s, sharer);
	for (uint32_t n = 0; n < sharer->lone->shared_count; n++)
		s->left_GBps[need[n].resource] -= sharer->raised * need[n].bytes;
}

static void use_up(struct sim_sharing *s, uint32_t open)
{
	for (uint32_t i = 0; i < open; i++) {
		if (s->left_GBps[s->open[i]] < PRECISION_GBPS)
			s->left_GBps[s->open[i]] = 0;
	}
}

static bool is_settled(const struct sim_sharing *s, const struct sim_sharer *sharer)
{
	const struct sim_resource_bytes *need = needs(s, sharer);
	if (sharer->rate >= 1.0 / sharer->lone->work_ns)
		return true;
	for (uint32_t n = 0; n < sharer->lone->shared_count; n++) {
		if (s->left_GBps[need[n].resource] <= 0)
			return true;
	}
	return false;
}

static void leave(struct sim_sharing *s, const struct sim_sharer *sharer)
{
	const struct sim_resource_bytes *need = needs(s, sharer);
	for (uint32_t n = 0; n < sharer->lone->shared_count; n++)
		s->users[need[n].resource]--;
}

/* Settled phases leave; returns how many are left. */
static uint32_t settle(struct sim_sharing *s, uint32_t unsettled)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < unsettled; i++) {
		if (is_settled(s, sharer_at(s, s->unsettled[i])))
			leave(s, sharer_at(s, s->unsettled[i]));
		else
			s->unsettled[kept++] = s->unsettled[i];
	}
	return kept;
}

static void find_rates(struct sim_sharing *s)
{
	uint32_t open = begin_rounds(s), unsettled = s->sharers->len;
	while (unsettled > 0) {
		open = offer(s, open);
		for (uint32_t i = 0; i < unsettled; i++)
			raise_rate(s, sharer_at(s, s->unsettled[i]));
		for (uint32_t i = 0; i < s->sharers->len; i++)
			charge(s, sharer_at(s, i));
		use_up(s, open);
		unsettled = settle(s, unsettled);
	}
}

/* ---- time ---- */

void sim_sharing_add(struct sim_sharing *s, struct sim_ready instance, uint32_t activity)
{
	struct sim_sharer sharer = { .instance = instance,
		                     .lone = &s->lone->activities[activity],
		                     .left = 1.0,
		                     .end_ns = INFINITY };
	g_array_append_val(s->sharers, sharer);
	s->changed = true;
}

/* What was done since the rates were found; new ones had none. */
static void work_until_now(struct sim_sharing *s)
{
	for (uint32_t i = 0; i < s->sharers->len; i++) {
		struct sim_sharer *sharer = sharer_at(s, i);
		sharer->left = MAX(sharer->left - sharer->rate * (s->now_ns - s->since_ns), 0);
	}
	s->since_ns = s->now_ns;
}

double sim_sharing_next_end_ns(struct sim_sharing *s)
{
	if (!s->changed)
		return s->next_end_ns;
	work_until_now(s);
	find_rates(s);
	s->changed = false;
	s->next_end_ns = INFINITY;
	for (uint32_t i = 0; i < s->sharers->len; i++) {
		struct sim_sharer *sharer = sharer_at(s, i);
		sharer->end_ns = s->now_ns + sharer->left / sharer->rate;
		s->next_end_ns = MIN(s->next_end_ns, sharer->end_ns);
	}
	return s->next_end_ns;
}

void sim_sharing_advance(struct sim_sharing *s, double now_ns)
{
	s->now_ns = now_ns;
}

bool sim_sharing_take_ended(struct sim_sharing *s, struct sim_ready *ended)
{
	if (s->now_ns < s->next_end_ns)
		return false;
	double until_ns = s->now_ns + PRECISION_NS + 4.0 * DBL_EPSILON * s->now_ns;
	for (uint32_t i = 0; i < s->sharers->len; i++) {
		const struct sim_sharer *sharer = sharer_at(s, i);
		if (sharer->end_ns > until_ns)
			continue;
		*ended = sharer->instance;
		g_array_remove_index_fast(s->sharers, i);
		s->changed = true;
		return true;
	}
	return false;
}
