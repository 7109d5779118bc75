/*
 * Questions: are rates of messages those of progressive filling, filled here one
 * resource at a time? Do rates of anything else fit the definition: nothing
 * overloaded, and each user at its cap or with the largest share of something full?
 * Are they the same in any order, for n equal users and one of n flows, and with
 * scratch that was used before?
 */
#include <check.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/fair_share.h"
#include "tests/support/sanitized.h"
#include "tests/support/suite.h"

#define MOST_RESOURCES 24u
#define MOST_USERS 48u
#define MOST_LOADS 8u

struct system {
	uint32_t resources, count;
	double capacity[MOST_RESOURCES];
	struct fair_user users[MOST_USERS];
	struct fair_load loads[MOST_USERS][MOST_LOADS];
};

static void add(struct system *s, uint32_t flows, double cap)
{
	struct fair_user user = { .loads = s->loads[s->count], .flows = flows, .cap = cap };
	s->users[s->count++] = user;
}

/* To the user that was added last. */
static void load(struct system *s, uint32_t resource, double bytes)
{
	struct fair_user *user = &s->users[s->count - 1];
	s->loads[s->count - 1][user->load_count++] = (struct fair_load){ resource, bytes };
}

/* Nothing is overloaded, and all have something. */
static void assert_feasible(const struct system *s, const char *label)
{
	double carried[MOST_RESOURCES] = { 0 };
	for (uint32_t u = 0; u < s->count; u++) {
		ck_assert_msg(s->users[u].rate > 0 && s->users[u].rate <= s->users[u].cap,
		              "%s: user %u has %.17g", label, u, s->users[u].rate);
		for (uint32_t l = 0; l < s->users[u].load_count; l++)
			carried[s->loads[u][l].resource] += s->users[u].rate *
			                                    s->loads[u][l].bytes *
			                                    s->users[u].flows;
	}
	for (uint32_t r = 0; r < s->resources; r++)
		ck_assert_msg(carried[r] <= s->capacity[r] * (1 + 1e-9),
		              "%s: %u carries %.17g of %g", label, r, carried[r], s->capacity[r]);
}

static void solve(struct system *s)
{
	struct fair_share share;
	fair_share_init(&share, s->capacity, s->resources);
	fair_share_solve(&share, s->users, s->count);
	ck_assert_uint_eq(share.forced, 0);
	fair_share_release(&share);
}

/* ---- the definition ---- */

static void assert_fair(const struct system *s, const char *label)
{
	double carried[MOST_RESOURCES] = { 0 }, most[MOST_RESOURCES] = { 0 };
	for (uint32_t u = 0; u < s->count; u++) {
		for (uint32_t l = 0; l < s->users[u].load_count; l++) {
			uint32_t r = s->loads[u][l].resource;
			double share = s->users[u].rate * s->loads[u][l].bytes;
			carried[r] += share * s->users[u].flows;
			most[r] = MAX(most[r], share);
		}
	}
	for (uint32_t r = 0; r < s->resources; r++)
		ck_assert_msg(carried[r] <= s->capacity[r] * (1 + 1e-9),
		              "%s: %u carries %.17g of %g", label, r, carried[r], s->capacity[r]);
	for (uint32_t u = 0; u < s->count; u++) {
		const struct fair_user *user = &s->users[u];
		bool good = user->rate == user->cap;
		for (uint32_t l = 0; l < user->load_count; l++) {
			uint32_t r = s->loads[u][l].resource;
			good = good || (carried[r] >= s->capacity[r] * (1 - 1e-9) &&
			                user->rate * s->loads[u][l].bytes >= most[r] * (1 - 1e-9));
		}
		ck_assert_msg(good, "%s: user %u has no bottleneck at %.17g", label, u, user->rate);
	}
}

/* ---- by hand ---- */

static void assert_rates(struct system *s, const double *expected)
{
	solve(s);
	assert_fair(s, "by hand");
	for (uint32_t u = 0; u < s->count; u++)
		ck_assert_double_eq_tol(s->users[u].rate, expected[u], 1e-12);
}

/* Two links in a row: A passes both, B the first, C and D the second. */
START_TEST(who_is_held_up_leaves_the_rest)
{
	struct system s = { .resources = 2, .capacity = { 1, 1 } };
	add(&s, 1, INFINITY);
	load(&s, 0, 1);
	load(&s, 1, 1);
	add(&s, 1, INFINITY);
	load(&s, 0, 1);
	for (int i = 0; i < 2; i++) {
		add(&s, 1, INFINITY);
		load(&s, 1, 1);
	}
	assert_rates(&s, (double[]){ 1.0 / 3, 2.0 / 3, 1.0 / 3, 1.0 / 3 });
}
END_TEST

/* The same with C and D as one user, and a B that wants no more than 0.5. */
START_TEST(flows_and_caps_count)
{
	struct system s = { .resources = 2, .capacity = { 1, 1 } };
	add(&s, 1, INFINITY);
	load(&s, 0, 1);
	load(&s, 1, 1);
	add(&s, 1, 0.5);
	load(&s, 0, 1);
	add(&s, 2, INFINITY);
	load(&s, 1, 1);
	add(&s, 7, 3);
	assert_rates(&s, (double[]){ 1.0 / 3, 0.5, 1.0 / 3, 3 });
}
END_TEST

/* Units of the rate are the user's: a message of 10 bytes in parts of itself. */
START_TEST(bytes_are_shared_not_rates)
{
	struct system s = { .resources = 1, .capacity = { 6 } };
	add(&s, 1, INFINITY);
	load(&s, 0, 10);
	add(&s, 1, INFINITY);
	load(&s, 0, 2);
	assert_rates(&s, (double[]){ 0.3, 1.5 });
}
END_TEST

/*
 * A phase with 3 bytes on link 0 and 1 on link 1 leaves 2 thirds of link 1 to the
 * other, although equal parts of it would be a half: link 0 holds it up.
 */
START_TEST(a_phase_is_as_fast_as_its_slowest_part)
{
	struct system s = { .resources = 2, .capacity = { 1, 1 } };
	add(&s, 1, INFINITY);
	load(&s, 0, 3);
	load(&s, 1, 1);
	add(&s, 1, INFINITY);
	load(&s, 1, 1);
	assert_rates(&s, (double[]){ 1.0 / 3, 2.0 / 3 });
}
END_TEST

/*
 * Nobody is certain: x has 3 bytes on link 0 and 1 on link 1, y the other way round.
 * Each holds itself up: 3 x + y = 1 = x + 3 y. With a third that uses link 0 as x does,
 * 6 x + y = 1 = x + 3 y: x = z = 2 / 17, y = 5 / 17.
 */
START_TEST(mutual_hindrance_is_solved)
{
	struct system s = { .resources = 2, .capacity = { 1, 1 } };
	add(&s, 1, INFINITY);
	load(&s, 0, 3);
	load(&s, 1, 1);
	add(&s, 1, INFINITY);
	load(&s, 0, 1);
	load(&s, 1, 3);
	assert_rates(&s, (double[]){ 0.25, 0.25 });
	add(&s, 1, INFINITY);
	load(&s, 0, 3);
	assert_rates(&s, (double[]){ 2.0 / 17, 5.0 / 17, 2.0 / 17 });
}
END_TEST

/*
 * Three solutions: all get 1 (three full links); the middle one 1 - 2 e / 3 and the
 * others 1 + e / 3 (the middle link is full); it 1 + e / 2 and they 1 - e / 2 (the outer
 * ones are). And a whole range of them: 4 x + 3 y = 1 with 2 / 11 <= x <= 1 / 5, y = z.
 */
START_TEST(one_of_several_solutions_is_found)
{
	const double e = 0.05, near = 1 - e;
	struct system s = { .resources = 3, .capacity = { 2 - e, 3 - 2 * e, 2 - e } };
	add(&s, 1, INFINITY);
	load(&s, 0, 1);
	load(&s, 1, near);
	add(&s, 1, INFINITY);
	load(&s, 0, near);
	load(&s, 1, 1);
	load(&s, 2, near);
	add(&s, 1, INFINITY);
	load(&s, 1, near);
	load(&s, 2, 1);
	solve(&s);
	assert_fair(&s, "three");

	s = (struct system){ .resources = 3, .capacity = { 1, 1, 1 } };
	add(&s, 4, INFINITY);
	load(&s, 0, 1);
	load(&s, 1, 1);
	load(&s, 2, 1);
	add(&s, 1, INFINITY);
	load(&s, 0, 3);
	load(&s, 1, 1);
	add(&s, 1, INFINITY);
	load(&s, 2, 3);
	load(&s, 1, 2);
	solve(&s);
	assert_fair(&s, "range");
}
END_TEST

/* One in a million random ones: guesses go round in a circle, and only sweeps find a way out. */
START_TEST(circles_of_guesses_are_left)
{
	static const struct fair_load loads[][4] = { { { 1, 4 }, { 0, 2 } },
		                                     { { 3, 1 } },
		                                     { { 2, 1 }, { 0, 1 }, { 3, 1 }, { 1, 1 } },
		                                     { { 3, 4 }, { 0, 3 }, { 1, 1 } },
		                                     { { 0, 2 }, { 3, 1 }, { 1, 3 }, { 2, 1 } } };
	static const uint32_t flows[] = { 2, 1, 2, 5, 1 };
	struct system s = { .resources = 4, .capacity = { 1, 1, 1, 1 } };
	for (uint32_t u = 0; u < G_N_ELEMENTS(flows); u++) {
		add(&s, flows[u], INFINITY);
		for (uint32_t l = 0; l < 4 && loads[u][l].bytes > 0; l++)
			load(&s, loads[u][l].resource, loads[u][l].bytes);
	}
	solve(&s);
	assert_fair(&s, "circle");
}
END_TEST

/* ---- random ---- */

/* What numbers are like: small and whole (ties), ordinary, far apart, nearly equal. */
static double draw(GRand *rand, int kind)
{
	switch (kind) {
	case 0:
		return g_rand_int_range(rand, 1, 5);
	case 1:
		return exp(g_rand_double_range(rand, -3, 3));
	case 2:
		return exp(g_rand_double_range(rand, -12, 12));
	default:
		return 1 + 1e-3 * g_rand_double(rand);
	}
}

/* Different resources, up to `most`, with `bytes` each, or drawn for each if that is 0. */
static void load_some(struct system *s, GRand *rand, int kind, uint32_t most, double bytes)
{
	uint32_t order[MOST_RESOURCES];
	uint32_t count = (uint32_t)g_rand_int_range(rand, 1, (gint)MIN(s->resources, most) + 1);
	for (uint32_t r = 0; r < s->resources; r++)
		order[r] = r;
	for (uint32_t l = 0; l < count; l++) {
		uint32_t pick = (uint32_t)g_rand_int_range(rand, (gint)l, (gint)s->resources);
		uint32_t r = order[pick];
		order[pick] = order[l];
		load(s, r, bytes > 0 ? bytes : draw(rand, kind));
	}
}

/* Messages: each has the same bytes on all resources. Small systems and large ones. */
static void draw_system(struct system *s, int seed, bool messages)
{
	GRand *rand = g_rand_new_with_seed((guint32)seed);
	int kind = g_rand_int_range(rand, 0, 4), capacities = g_rand_int_range(rand, 0, 5);
	bool small = g_rand_boolean(rand);
	uint32_t users = (uint32_t)g_rand_int_range(rand, 1, small ? 7 : MOST_USERS + 1);
	*s = (struct system){ .resources = (uint32_t)g_rand_int_range(
				      rand, 1, small ? 5 : MOST_RESOURCES + 1) };
	for (uint32_t r = 0; r < s->resources; r++)
		s->capacity[r] = capacities == 4 ? 1 : draw(rand, capacities);
	for (uint32_t u = 0; u < users; u++) {
		uint32_t flows = g_rand_int_range(rand, 0, 4)
		                         ? 1u
		                         : (uint32_t)g_rand_int_range(rand, 1, 9);
		double cap = g_rand_int_range(rand, 0, 5) ? INFINITY : draw(rand, kind) / users;
		add(s, flows, cap);
		load_some(s, rand, kind, MOST_LOADS, messages ? draw(rand, kind) : 0);
	}
	g_rand_free(rand);
}

/* Progressive filling: the resource whose users get the least in equal parts is full first. A cap
 * is a resource of the user's own, for each of its flows. */
struct filling {
	double left[MOST_RESOURCES], rate[MOST_USERS];
	bool done[MOST_USERS];
};

static double part_of(const struct system *s, const struct filling *f, uint32_t resource)
{
	double users = 0;
	for (uint32_t u = 0; u < s->count; u++)
		for (uint32_t l = 0; l < s->users[u].load_count && !f->done[u]; l++)
			users += s->loads[u][l].resource == resource ? s->users[u].flows : 0;
	return users > 0 ? f->left[resource] / users : INFINITY;
}

static void fix(const struct system *s, struct filling *f, uint32_t u, double share)
{
	f->done[u] = true;
	f->rate[u] = share / s->loads[u][0].bytes;
	for (uint32_t l = 0; l < s->users[u].load_count; l++)
		f->left[s->loads[u][l].resource] -= s->users[u].flows * share;
}

static bool passes(const struct system *s, uint32_t u, uint32_t resource)
{
	for (uint32_t l = 0; l < s->users[u].load_count; l++)
		if (s->loads[u][l].resource == resource)
			return true;
	return false;
}

static void fill(const struct system *s, struct filling *f)
{
	*f = (struct filling){ .left = { 0 } };
	memcpy(f->left, s->capacity, sizeof(f->left));
	for (;;) {
		double least = INFINITY;
		uint32_t full = MOST_RESOURCES, capped = MOST_USERS;
		for (uint32_t r = 0; r < s->resources; r++) {
			if (part_of(s, f, r) < least) {
				least = part_of(s, f, r);
				full = r;
			}
		}
		for (uint32_t u = 0; u < s->count; u++) {
			if (!f->done[u] && s->users[u].cap * s->loads[u][0].bytes < least) {
				least = s->users[u].cap * s->loads[u][0].bytes;
				capped = u;
			}
		}
		if (isinf(least))
			return;
		for (uint32_t u = 0; u < s->count; u++)
			if (!f->done[u] && (capped < MOST_USERS ? u == capped : passes(s, u, full)))
				fix(s, f, u, least);
	}
}

#define RANDOM_CASES UNLESS_SANITIZED(400, 40)
#define DRAWN_EACH 50

START_TEST(messages_are_filled_progressively)
{
	static struct system s;
	static struct filling f;
	for (int seed = DRAWN_EACH * _i; seed < DRAWN_EACH * (_i + 1); seed++) {
		g_autofree char *label = g_strdup_printf("seed %d", seed);
		draw_system(&s, seed, true);
		solve(&s);
		assert_fair(&s, label);
		fill(&s, &f);
		for (uint32_t u = 0; u < s.count; u++)
			ck_assert_msg(fabs(s.users[u].rate - f.rate[u]) <= 1e-9 * f.rate[u],
			              "%s: user %u: %.17g, not %.17g", label, u, s.users[u].rate,
			              f.rate[u]);
	}
}
END_TEST

START_TEST(phases_have_bottlenecks)
{
	static struct system s;
	for (int seed = DRAWN_EACH * _i; seed < DRAWN_EACH * (_i + 1); seed++) {
		g_autofree char *label = g_strdup_printf("seed %d", seed);
		draw_system(&s, seed, false);
		solve(&s);
		assert_fair(&s, label);
	}
}
END_TEST

/* Backwards, users of many flows as many users, and both again with scratch that is not new. */
START_TEST(rates_do_not_depend_on_how_users_are_listed)
{
	static struct system s;
	struct fair_user listed[8 * MOST_USERS];
	uint32_t of[8 * MOST_USERS], count = 0;
	struct fair_share share;
	draw_system(&s, _i, _i % 2 == 0);
	solve(&s);
	for (uint32_t u = s.count; u-- > 0;) {
		for (uint32_t f = 0; f < s.users[u].flows; f++) {
			listed[count] = s.users[u];
			listed[count].flows = 1;
			listed[count].rate = 0;
			of[count++] = u;
		}
	}
	fair_share_init(&share, s.capacity, s.resources);
	for (int again = 0; again < 2; again++) {
		fair_share_solve(&share, listed, count);
		for (uint32_t i = 0; i < count; i++)
			ck_assert_msg(fabs(listed[i].rate - s.users[of[i]].rate) <=
			                      1e-9 * s.users[of[i]].rate,
			              "seed %d: user %u: %.17g, not %.17g", _i, of[i],
			              listed[i].rate, s.users[of[i]].rate);
		fair_share_solve(&share, s.users, s.count);
	}
	fair_share_release(&share);
}
END_TEST

START_TEST(a_call_leaves_nothing_behind)
{
	static struct system s, other, before;
	struct fair_share share;
	draw_system(&s, _i, false);
	solve(&s);
	before = s;
	draw_system(&other, _i + 1000, false);
	other.resources = s.resources;
	for (uint32_t u = 0; u < other.count; u++)
		for (uint32_t l = 0; l < MOST_LOADS; l++)
			other.loads[u][l].resource %= s.resources;
	for (uint32_t u = 0; u < other.count; u++)
		other.users[u].load_count = 1;
	fair_share_init(&share, s.capacity, s.resources);
	fair_share_solve(&share, other.users, other.count);
	fair_share_solve(&share, s.users, s.count);
	for (uint32_t u = 0; u < s.count; u++)
		ck_assert(s.users[u].rate == before.users[u].rate);
	fair_share_solve(&share, s.users, 0);
	fair_share_release(&share);
}
END_TEST

/* Should the equations not be solved, rates are feasible all the same. */
START_TEST(unsolved_knots_overload_nothing)
{
	static struct system s;
	struct fair_share share;
	uint64_t forced = 0;
	for (int seed = 0; seed < 1000; seed++) {
		g_autofree char *label = g_strdup_printf("seed %d", seed);
		draw_system(&s, seed, false);
		fair_share_init(&share, s.capacity, s.resources);
		share.tries = 0;
		fair_share_solve(&share, s.users, s.count);
		assert_feasible(&s, label);
		forced += share.forced;
		fair_share_release(&share);
	}
	ck_assert_uint_gt(forced, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fair share");
	TCase *hand = tcase_create("by hand");
	tcase_add_test(hand, who_is_held_up_leaves_the_rest);
	tcase_add_test(hand, flows_and_caps_count);
	tcase_add_test(hand, bytes_are_shared_not_rates);
	tcase_add_test(hand, a_phase_is_as_fast_as_its_slowest_part);
	tcase_add_test(hand, mutual_hindrance_is_solved);
	tcase_add_test(hand, one_of_several_solutions_is_found);
	tcase_add_test(hand, circles_of_guesses_are_left);
	suite_add_tcase(suite, hand);
	TCase *random = tcase_create("random");
	tcase_set_timeout(random, 60);
	tcase_add_loop_test(random, messages_are_filled_progressively, 0, RANDOM_CASES);
	tcase_add_loop_test(random, phases_have_bottlenecks, 0, RANDOM_CASES);
	tcase_add_loop_test(random, rates_do_not_depend_on_how_users_are_listed, 0, RANDOM_CASES);
	tcase_add_loop_test(random, a_call_leaves_nothing_behind, 0, RANDOM_CASES);
	tcase_add_test(random, unsolved_knots_overload_nothing);
	suite_add_tcase(suite, random);
	return suite_run(suite);
}
