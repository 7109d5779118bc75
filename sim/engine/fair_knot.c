/*
 * Invariant: level[n] is the share from which on resource n limits a flow, INFINITY if
 * it is not full; a flow's rate is the least of level / bytes over its resources, or
 * its cap.
 *
 * Every flow's bottleneck is taken to be what it is by the levels that are certain. That makes
 * the levels the solution of linear equations: each bottleneck is full. If the rates by
 * these are fair by definition, that is it; if not, their levels give the next guess.
 * Where a chain of guesses leads nowhere, the next one begins after a sweep: each resource
 * in turn, by number, goes halfway to the level at which it is just full, given the
 * others' (what routers come to that share out their links fairly, each for itself).
 */
#include "sim/engine/fair_knot.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Guesses of bottlenecks that lead from one to the next, and how far a level may fall in one. */
#define STEPS 8u
#define SMALLEST_STEP 0.1
/* Full, and the largest share, to this part. */
#define FAIR 1e-11
/* Shares that are nearer than this have either of two bottlenecks. */
#define TIE 1e-12
#define NONE UINT32_MAX

struct entry {
	uint32_t user;
	double bytes;
	double share; /* scratch: what the user takes at most, for the others' sake */
};

struct fair_knot {
	uint32_t *number; /* per resource: its place below; set for those of the knot */
	/* Per resource of the knot. */
	uint32_t *of, count;
	uint32_t *row; /* its row in the equations; NONE if it is nobody's bottleneck */
	double *level, *swept, *load, *most;
	/* Per unsettled user: its load on its bottleneck by the levels; NULL if its cap limits
	 * it. */
	const struct fair_load **by;
	uint32_t user_room;
	/* For sweeps: resources in the order of their numbers, and the users of each. */
	bool listed;
	uint32_t *order;
	uint32_t *first; /* per place: in entries; count + 1 of them */
	struct entry *entries;
	uint32_t entry_room;
	double *matrix; /* rows of row_count + 1, the last is the right side */
	uint32_t row_count, matrix_room;
};

struct fair_knot *fair_knot_new(uint32_t resources)
{
	struct fair_knot *k = g_new0(struct fair_knot, 1);
	k->number = g_new(uint32_t, resources);
	k->of = g_new(uint32_t, resources);
	k->order = g_new(uint32_t, resources);
	k->first = g_new(uint32_t, resources + 1);
	k->row = g_new(uint32_t, resources);
	k->level = g_new(double, resources);
	k->swept = g_new(double, resources);
	k->load = g_new(double, resources);
	k->most = g_new(double, resources);
	return k;
}

void fair_knot_free(struct fair_knot *k)
{
	if (!k)
		return;
	g_free(k->number);
	g_free(k->of);
	g_free(k->by);
	g_free(k->order);
	g_free(k->first);
	g_free(k->row);
	g_free(k->level);
	g_free(k->swept);
	g_free(k->load);
	g_free(k->most);
	g_free(k->entries);
	g_free(k->matrix);
	g_free(k);
}

/* ---- what is in the knot ---- */

static void begin(struct fair_knot *k, const struct fair_share *s)
{
	k->count = 0;
	k->listed = false;
	for (uint32_t i = 0; i < s->used_count; i++) {
		uint32_t r = s->used[i];
		if (s->flows[r] == 0)
			continue;
		k->number[r] = k->count;
		k->of[k->count] = r;
		k->level[k->count++] = s->level[r];
	}
	if (k->user_room < s->unsettled_count) {
		k->user_room = 2 * s->unsettled_count;
		k->by = g_renew(const struct fair_load *, k->by, k->user_room);
	}
}

static int compare_resources(const void *a, const void *b, void *of)
{
	uint32_t left = ((uint32_t *)of)[*(const uint32_t *)a];
	uint32_t right = ((uint32_t *)of)[*(const uint32_t *)b];
	return (left > right) - (left < right);
}

static void list_users(struct fair_knot *k, const struct fair_share *s,
                       const struct fair_user *users)
{
	memset(k->first, 0, (k->count + 1) * sizeof(*k->first));
	for (uint32_t i = 0; i < s->unsettled_count; i++) {
		const struct fair_user *user = &users[s->unsettled[i]];
		for (uint32_t l = 0; l < user->load_count; l++)
			k->first[k->number[user->loads[l].resource] + 1]++;
	}
	for (uint32_t n = 0; n < k->count; n++)
		k->first[n + 1] += k->first[n];
	if (k->entry_room < k->first[k->count]) {
		k->entry_room = 2 * k->first[k->count];
		k->entries = g_renew(struct entry, k->entries, k->entry_room);
	}
	for (uint32_t i = 0; i < s->unsettled_count; i++) {
		uint32_t u = s->unsettled[i];
		for (uint32_t l = 0; l < users[u].load_count; l++) {
			const struct fair_load *load = &users[u].loads[l];
			k->entries[k->first[k->number[load->resource]]++] =
				(struct entry){ .user = u, .bytes = load->bytes };
		}
	}
	/* Each `first` now is the next one's. */
	memmove(k->first + 1, k->first, k->count * sizeof(*k->first));
	k->first[0] = 0;
}

/* Most knots are solved without. */
static void list(struct fair_knot *k, const struct fair_share *s, const struct fair_user *users)
{
	if (k->listed)
		return;
	k->listed = true;
	for (uint32_t n = 0; n < k->count; n++)
		k->order[n] = n;
	qsort_r(k->order, k->count, sizeof(*k->order), compare_resources, k->of);
	list_users(k, s, users);
}

/* ---- sweeps ---- */

/* What the levels of all of its resources but `number` leave to the user. */
static double rate_without(const struct fair_knot *k, const struct fair_user *user, uint32_t number)
{
	double rate = user->cap;
	for (uint32_t l = 0; l < user->load_count; l++) {
		uint32_t n = k->number[user->loads[l].resource];
		if (n != number)
			rate = MIN(rate, k->level[n] / user->loads[l].bytes);
	}
	return rate;
}

/* The level at which the resource is full. It rises from equal parts, as those who take less
 * than the level leave the rest to the others. */
static double full_level(const struct fair_knot *k, const struct fair_user *users, uint32_t number,
                         double capacity)
{
	double level = 0;
	for (;;) {
		double left = capacity, flows = 0;
		for (uint32_t e = k->first[number]; e < k->first[number + 1]; e++) {
			const struct entry *entry = &k->entries[e];
			if (entry->share <= level)
				left -= users[entry->user].flows * entry->share;
			else
				flows += users[entry->user].flows;
		}
		if (flows == 0)
			return INFINITY;
		if (left / flows <= level)
			return level;
		level = left / flows;
	}
}

static double own_level(struct fair_knot *k, const struct fair_share *s,
                        const struct fair_user *users, uint32_t number)
{
	for (uint32_t e = k->first[number]; e < k->first[number + 1]; e++) {
		struct entry *entry = &k->entries[e];
		entry->share = entry->bytes * rate_without(k, &users[entry->user], number);
	}
	return full_level(k, users, number, s->left[k->of[number]]);
}

/* Halfway, so that levels which push each other up and down meet. */
static double halfway(double from, double to)
{
	return isinf(from) || isinf(to) ? to : sqrt(from * to);
}

static void sweep(struct fair_knot *k, const struct fair_share *s, const struct fair_user *users)
{
	list(k, s, users);
	for (uint32_t i = 0; i < k->count; i++) {
		uint32_t n = k->order[i];
		k->level[n] = halfway(k->level[n], own_level(k, s, users, n));
	}
}

/* ---- equations ---- */

/* Of equal ones the resource with the lowest number. */
static const struct fair_load *find_bottleneck(const struct fair_knot *k,
                                               const struct fair_user *user)
{
	const struct fair_load *least = NULL;
	double rate = user->cap;
	for (uint32_t l = 0; l < user->load_count; l++) {
		const struct fair_load *load = &user->loads[l];
		double offer = k->level[k->number[load->resource]] / load->bytes;
		bool tie = least && fabs(offer - rate) <= TIE * rate;
		if (tie ? load->resource < least->resource : offer < rate) {
			least = load;
			rate = offer;
		}
	}
	return least;
}

static void find_bottlenecks(struct fair_knot *k, const struct fair_share *s,
                             const struct fair_user *users)
{
	for (uint32_t i = 0; i < s->unsettled_count; i++)
		k->by[i] = find_bottleneck(k, &users[s->unsettled[i]]);
}

static double rate_by_level(const struct fair_knot *k, const struct fair_user *user,
                            const struct fair_load *bottleneck)
{
	return bottleneck ? k->level[k->number[bottleneck->resource]] / bottleneck->bytes
	                  : user->cap;
}

static void number_rows(struct fair_knot *k, const struct fair_share *s)
{
	for (uint32_t n = 0; n < k->count; n++)
		k->row[n] = NONE;
	for (uint32_t i = 0; i < s->unsettled_count; i++)
		if (k->by[i])
			k->row[k->number[k->by[i]->resource]] = 0;
	k->row_count = 0;
	for (uint32_t n = 0; n < k->count; n++)
		if (k->row[n] != NONE)
			k->row[n] = k->row_count++;
	uint32_t cells = k->row_count * (k->row_count + 1);
	if (k->matrix_room < cells) {
		k->matrix_room = 2 * cells;
		k->matrix = g_renew(double, k->matrix, k->matrix_room);
	}
	memset(k->matrix, 0, cells * sizeof(*k->matrix));
}

/* Every bottleneck is full: what its flows take, each by the level of its own one. In parts of
 * what there is (rows) and of the levels by now (columns), so that pivots can be compared. */
static void write_equations(struct fair_knot *k, const struct fair_share *s,
                            const struct fair_user *users)
{
	uint32_t width = k->row_count + 1;
	for (uint32_t n = 0; n < k->count; n++)
		if (k->row[n] != NONE)
			k->matrix[k->row[n] * width + k->row_count] = 1;
	for (uint32_t i = 0; i < s->unsettled_count; i++) {
		const struct fair_user *user = &users[s->unsettled[i]];
		const struct fair_load *by = k->by[i];
		double rate = rate_by_level(k, user, by);
		for (uint32_t l = 0; l < user->load_count; l++) {
			uint32_t n = k->number[user->loads[l].resource], row = k->row[n];
			double part = user->flows * user->loads[l].bytes * rate / s->left[k->of[n]];
			if (row != NONE && by)
				k->matrix[row * width + k->row[k->number[by->resource]]] += part;
			else if (row != NONE)
				k->matrix[row * width + k->row_count] -= part;
		}
	}
}

static void swap_rows(double *a, double *b, uint32_t width)
{
	for (uint32_t c = 0; c < width; c++) {
		double kept = a[c];
		a[c] = b[c];
		b[c] = kept;
	}
}

/* By elimination; the last column is the solution. False if there is none. */
static bool solve_equations(struct fair_knot *k)
{
	uint32_t rows = k->row_count, width = rows + 1;
	double *m = k->matrix;
	for (uint32_t c = 0; c < rows; c++) {
		uint32_t pivot = c;
		for (uint32_t r = c + 1; r < rows; r++)
			if (fabs(m[r * width + c]) > fabs(m[pivot * width + c]))
				pivot = r;
		if (m[pivot * width + c] == 0)
			return false;
		if (pivot != c)
			swap_rows(m + pivot * width, m + c * width, width);
		for (uint32_t r = c + 1; r < rows; r++) {
			double factor = m[r * width + c] / m[c * width + c];
			for (uint32_t d = c; factor != 0 && d < width; d++)
				m[r * width + d] -= factor * m[c * width + d];
		}
	}
	for (uint32_t r = rows; r-- > 0;) {
		double *answer = &m[r * width + rows];
		for (uint32_t c = r + 1; c < rows; c++)
			*answer -= m[r * width + c] * m[c * width + rows];
		*answer /= m[r * width + r];
	}
	return true;
}

/* The level of a bottleneck, in parts of what it was. */
static double solution(const struct fair_knot *k, uint32_t number)
{
	return k->matrix[k->row[number] * (k->row_count + 1) + k->row_count];
}

static void set_rates(const struct fair_knot *k, const struct fair_share *s,
                      struct fair_user *users)
{
	for (uint32_t i = 0; i < s->unsettled_count; i++) {
		struct fair_user *user = &users[s->unsettled[i]];
		user->rate = rate_by_level(k, user, k->by[i]);
		if (k->by[i])
			user->rate *= solution(k, k->number[k->by[i]->resource]);
	}
}

/* ---- the definition ---- */

static void add_up(struct fair_knot *k, const struct fair_share *s, const struct fair_user *users)
{
	for (uint32_t n = 0; n < k->count; n++)
		k->load[n] = k->most[n] = 0;
	for (uint32_t i = 0; i < s->unsettled_count; i++) {
		const struct fair_user *user = &users[s->unsettled[i]];
		for (uint32_t l = 0; l < user->load_count; l++) {
			uint32_t n = k->number[user->loads[l].resource];
			double share = user->loads[l].bytes * user->rate;
			k->load[n] += user->flows * share;
			k->most[n] = MAX(k->most[n], share);
		}
	}
}

static bool is_fair_to(const struct fair_knot *k, const struct fair_share *s,
                       const struct fair_user *user)
{
	if (!(user->rate > 0) || user->rate > user->cap)
		return false;
	if (user->rate == user->cap)
		return true;
	for (uint32_t l = 0; l < user->load_count; l++) {
		uint32_t n = k->number[user->loads[l].resource];
		if (k->load[n] >= s->left[k->of[n]] * (1 - FAIR) &&
		    user->loads[l].bytes * user->rate >= k->most[n] * (1 - FAIR))
			return true;
	}
	return false;
}

static bool is_fair(struct fair_knot *k, const struct fair_share *s, const struct fair_user *users)
{
	add_up(k, s, users);
	for (uint32_t n = 0; n < k->count; n++)
		if (k->load[n] > s->left[k->of[n]] * (1 + FAIR))
			return false;
	for (uint32_t i = 0; i < s->unsettled_count; i++)
		if (!is_fair_to(k, s, &users[s->unsettled[i]]))
			return false;
	return true;
}

/* The equations' levels. A resource that was nobody's bottleneck but is overloaded by them (add_up
 * has their loads) becomes one for those with the largest shares, all of which fall alike. */
static void step(struct fair_knot *k, const struct fair_share *s)
{
	for (uint32_t n = 0; n < k->count; n++) {
		double left = s->left[k->of[n]];
		if (k->row[n] != NONE)
			k->level[n] *= MAX(solution(k, n), SMALLEST_STEP);
		else if (k->load[n] > left)
			k->level[n] = MAX(k->most[n] * left / k->load[n], s->level[k->of[n]]);
		else
			k->level[n] = INFINITY;
	}
}

/* Equations by the bottlenecks as they are, then by those that these lead to. */
static bool try_equations(struct fair_knot *k, const struct fair_share *s, struct fair_user *users)
{
	for (uint32_t steps = 0; steps < STEPS; steps++) {
		find_bottlenecks(k, s, users);
		number_rows(k, s);
		write_equations(k, s, users);
		if (!solve_equations(k))
			return false;
		set_rates(k, s, users);
		if (is_fair(k, s, users))
			return true;
		step(k, s);
	}
	return false;
}

/* Equations that have a whole range of solutions have none for us, but sweeps come to one of
 * them. */
static bool try_levels(struct fair_knot *k, const struct fair_share *s, struct fair_user *users)
{
	find_bottlenecks(k, s, users);
	for (uint32_t i = 0; i < s->unsettled_count; i++) {
		struct fair_user *user = &users[s->unsettled[i]];
		user->rate = rate_by_level(k, user, k->by[i]);
	}
	return is_fair(k, s, users);
}

bool fair_knot_solve(struct fair_share *s, struct fair_user *users)
{
	struct fair_knot *k = s->knot;
	begin(k, s);
	for (uint32_t tries = 0; tries < s->tries; tries++) {
		if (tries > 0) {
			sweep(k, s, users);
			if (try_levels(k, s, users))
				return true;
		}
		memcpy(k->swept, k->level, k->count * sizeof(*k->level));
		if (try_equations(k, s, users))
			return true;
		memcpy(k->level, k->swept, k->count * sizeof(*k->level));
	}
	return false;
}
