/*
 * Invariant: level[r] is what is left of r in equal parts, and in every solution no
 * unsettled flow on r that wants as much gets less. It never falls while users settle.
 *
 * So each user has a least rate, the lowest that its levels and its cap allow. If all
 * users of r have theirs from r, they fill it: those are their rates in every solution,
 * and they settle. Others have more left then, and so on. Where users' bytes are equal
 * on all of their resources, the resource with the lowest level always is such a one,
 * and this is progressive filling with all local minima at once. Where they are not, it
 * can come to a knot (fair_knot.c).
 */
#include "sim/engine/fair_share.h"

#include "sim/engine/fair_knot.h"

#include <glib.h>
#include <math.h>

/* Levels that are equal but for rounding are equal. */
#define TIE 1e-12
/* Of a knot. One in a thousand random systems takes a second; of 2 million one took more than
 * nine. */
#define TRIES 200u

void fair_share_init(struct fair_share *s, const double *capacity, uint32_t resources)
{
	*s = (struct fair_share){ .resources = resources, .tries = TRIES };
	s->capacity = g_memdup2(capacity, resources * sizeof(*capacity));
	s->left = g_new(double, resources);
	s->flows = g_new0(double, resources);
	s->level = g_new(double, resources);
	s->refused = g_new(uint32_t, resources);
	s->used = g_new(uint32_t, resources);
	s->knot = fair_knot_new(resources);
}

void fair_share_release(struct fair_share *s)
{
	g_free(s->capacity);
	g_free(s->left);
	g_free(s->flows);
	g_free(s->level);
	g_free(s->refused);
	g_free(s->used);
	g_free(s->least);
	g_free(s->unsettled);
	fair_knot_free(s->knot);
}

static void begin(struct fair_share *s, const struct fair_user *users, uint32_t count)
{
	if (s->user_room < count) {
		s->user_room = 2 * count;
		s->least = g_renew(double, s->least, s->user_room);
		s->unsettled = g_renew(uint32_t, s->unsettled, s->user_room);
	}
	s->round = 0;
	s->used_count = 0;
	s->unsettled_count = count;
	for (uint32_t i = 0; i < count; i++) {
		s->unsettled[i] = i;
		for (uint32_t l = 0; l < users[i].load_count; l++) {
			uint32_t r = users[i].loads[l].resource;
			if (s->flows[r] == 0) {
				s->used[s->used_count++] = r;
				s->left[r] = s->capacity[r];
				s->level[r] = 0;
				s->refused[r] = 0;
			}
			s->flows[r] += users[i].flows;
		}
	}
}

/* Those with users left. */
static void raise_levels(struct fair_share *s)
{
	for (uint32_t i = 0; i < s->used_count; i++) {
		uint32_t r = s->used[i];
		if (s->flows[r] > 0)
			s->level[r] = MAX(s->level[r], s->left[r] / s->flows[r]);
	}
}

static bool wants(const struct fair_share *s, const struct fair_load *load, double least)
{
	return s->level[load->resource] <= least * load->bytes * (1 + TIE);
}

static void find_least(struct fair_share *s, const struct fair_user *user, double *least)
{
	double rate = user->cap;
	for (uint32_t l = 0; l < user->load_count; l++)
		rate = MIN(rate, s->level[user->loads[l].resource] / user->loads[l].bytes);
	for (uint32_t l = 0; l < user->load_count; l++)
		if (!wants(s, &user->loads[l], rate))
			s->refused[user->loads[l].resource] = s->round;
	*least = rate;
}

/* Is its least rate the one it gets? */
static bool is_certain(const struct fair_share *s, const struct fair_user *user, double least)
{
	if (least >= user->cap)
		return true;
	for (uint32_t l = 0; l < user->load_count; l++)
		if (s->refused[user->loads[l].resource] != s->round &&
		    wants(s, &user->loads[l], least))
			return true;
	return false;
}

static void settle(struct fair_share *s, struct fair_user *user, double rate)
{
	user->rate = rate;
	for (uint32_t l = 0; l < user->load_count; l++) {
		s->left[user->loads[l].resource] -= user->flows * user->loads[l].bytes * rate;
		s->flows[user->loads[l].resource] -= user->flows;
	}
}

/* Settles those who are certain of their rate; false if nobody is. */
static bool settle_certain(struct fair_share *s, struct fair_user *users)
{
	uint32_t kept = 0, before = s->unsettled_count;
	s->round++;
	for (uint32_t i = 0; i < before; i++)
		find_least(s, &users[s->unsettled[i]], &s->least[s->unsettled[i]]);
	for (uint32_t i = 0; i < before; i++) {
		uint32_t u = s->unsettled[i];
		if (is_certain(s, &users[u], s->least[u]))
			settle(s, &users[u], s->least[u]);
		else
			s->unsettled[kept++] = u;
	}
	s->unsettled_count = kept;
	return kept < before;
}

/* Of those with users left. Of equal ones that with the lowest number. */
static uint32_t lowest_level(const struct fair_share *s)
{
	uint32_t lowest = UINT32_MAX;
	for (uint32_t i = 0; i < s->used_count; i++) {
		uint32_t r = s->used[i];
		if (s->flows[r] > 0 && (lowest == UINT32_MAX || s->level[r] < s->level[lowest] ||
		                        (r < lowest && s->level[r] == s->level[lowest])))
			lowest = r;
	}
	return lowest;
}

static bool uses(const struct fair_user *user, uint32_t resource)
{
	for (uint32_t l = 0; l < user->load_count; l++)
		if (user->loads[l].resource == resource)
			return true;
	return false;
}

/* Where the equations of a knot are not solved: the users of one resource get what they
 * would get at least, so that nothing is overloaded, and the others go on. */
static void force(struct fair_share *s, struct fair_user *users)
{
	uint32_t lowest = lowest_level(s), kept = 0;
	for (uint32_t i = 0; i < s->unsettled_count; i++) {
		uint32_t u = s->unsettled[i];
		if (uses(&users[u], lowest))
			settle(s, &users[u], s->least[u]);
		else
			s->unsettled[kept++] = u;
	}
	s->unsettled_count = kept;
	s->forced++;
}

void fair_share_solve(struct fair_share *s, struct fair_user *users, uint32_t count)
{
	begin(s, users, count);
	while (s->unsettled_count > 0) {
		raise_levels(s);
		if (settle_certain(s, users))
			continue;
		if (fair_knot_solve(s, users))
			break;
		force(s, users);
	}
	for (uint32_t i = 0; i < s->used_count; i++)
		s->flows[s->used[i]] = 0;
}
