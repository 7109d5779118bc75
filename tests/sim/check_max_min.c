/*
 * Are rates that are kept while flows come and go the max-min fair ones? Against their definition,
 * and against fair_share.h, which solves them anew.
 */
#include "sim/messages/max_min.h"

#include "sim/engine/fair_share.h"
#include "tests/support/suite.h"

#include <check.h>
#include <glib.h>
#include <math.h>

#define RESOURCES 30
#define CLASSES 60

struct system {
	struct max_min all;
	double capacity[RESOURCES];
	uint32_t resources[CLASSES][RESOURCES], count[CLASSES], flows[CLASSES];
};

/* Each class passes some resources; those with a low number are more popular. */
static void random_system(struct system *s, GRand *random)
{
	uint32_t resources = (uint32_t)g_rand_int_range(random, 1, RESOURCES + 1);
	for (uint32_t r = 0; r < RESOURCES; r++)
		s->capacity[r] = g_rand_int_range(random, 0, 3)
		                         ? 32
		                         : exp(g_rand_double_range(random, -3, 3));
	max_min_init(&s->all, s->capacity, RESOURCES);
	for (uint32_t c = 0; c < CLASSES; c++) {
		uint32_t shuffled[RESOURCES];
		for (uint32_t r = 0; r < resources; r++) {
			uint32_t other = (uint32_t)g_rand_int_range(random, 0, (gint32)r + 1);
			shuffled[r] = shuffled[other];
			shuffled[other] = r;
		}
		uint32_t wanted = (uint32_t)g_rand_int_range(random, 1, 9);
		uint32_t most = MIN(resources, wanted);
		s->count[c] = 0;
		s->flows[c] = 0;
		for (uint32_t i = 0; i < most; i++)
			s->resources[c][s->count[c]++] = shuffled[i];
		ck_assert_uint_eq(max_min_add_class(&s->all, s->resources[c], s->count[c]), c);
	}
}

static double load_of(const struct system *s, uint32_t resource, double *fastest)
{
	double sum = 0;
	*fastest = 0;
	for (uint32_t c = 0; c < CLASSES; c++)
		for (uint32_t i = 0; s->flows[c] && i < s->count[c]; i++)
			if (s->resources[c][i] == resource) {
				sum += s->flows[c] * s->all.classes[c].rate;
				*fastest = MAX(*fastest, s->all.classes[c].rate);
			}
	return sum;
}

/* No resource is overloaded, and each class has one that is full and where nobody is faster. */
static void assert_max_min(const struct system *s)
{
	double load[RESOURCES], fastest[RESOURCES];
	for (uint32_t r = 0; r < RESOURCES; r++) {
		load[r] = load_of(s, r, &fastest[r]);
		ck_assert_double_le(load[r], s->capacity[r] * (1 + 1e-9));
	}
	for (uint32_t c = 0; c < CLASSES; c++) {
		bool bound = s->flows[c] == 0;
		for (uint32_t i = 0; i < s->count[c] && !bound; i++) {
			uint32_t r = s->resources[c][i];
			bound = load[r] >= s->capacity[r] * (1 - 1e-9) &&
			        s->all.classes[c].rate >= fastest[r] * (1 - 1e-9);
		}
		ck_assert(bound);
	}
}

static void assert_as_solved_anew(const struct system *s)
{
	static struct fair_load loads[CLASSES][RESOURCES];
	struct fair_user users[CLASSES];
	uint32_t of[CLASSES], count = 0;
	struct fair_share share;
	for (uint32_t c = 0; c < CLASSES; c++) {
		if (s->flows[c] == 0)
			continue;
		for (uint32_t i = 0; i < s->count[c]; i++)
			loads[c][i] = (struct fair_load){ s->resources[c][i], 1 };
		of[count] = c;
		users[count++] = (struct fair_user){ loads[c], s->count[c], s->flows[c], INFINITY,
			                             0 };
	}
	fair_share_init(&share, s->capacity, RESOURCES);
	fair_share_solve(&share, users, count);
	for (uint32_t u = 0; u < count; u++)
		ck_assert_double_eq_tol(s->all.classes[of[u]].rate, users[u].rate,
		                        1e-9 * users[u].rate);
	fair_share_release(&share);
}

/* One flow more or less, a whole class gone, or many changes at once. */
static void change(struct system *s, GRand *random)
{
	uint32_t changes = g_rand_int_range(random, 0, 20) ? 1 : 30;
	for (uint32_t i = 0; i < changes; i++) {
		uint32_t c = (uint32_t)g_rand_int_range(random, 0, CLASSES);
		uint32_t kind = (uint32_t)g_rand_int_range(random, 0, 10);
		if (kind == 0)
			s->flows[c] = 0;
		else if (kind < 5)
			s->flows[c] -= s->flows[c] > 0;
		else
			s->flows[c] += kind == 9 ? 40 : 1;
		max_min_set_flows(&s->all, c, s->flows[c]);
	}
	s->all.stale = g_rand_int_range(random, 0, 50) == 0;
}

START_TEST(rates_are_max_min_after_every_change)
{
	static struct system s;
	g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
	random_system(&s, random);
	for (uint32_t step = 0; step < 200; step++) {
		change(&s, random);
		max_min_solve(&s.all);
		assert_max_min(&s);
		assert_as_solved_anew(&s);
	}
	max_min_release(&s.all);
}
END_TEST

/*
 * Two links of 30. Three flows on the first and one over both: 7.5 each, so that the one on the
 * second alone has 22.5. Without one of the three 10 and 20; without all of them 15 and 15.
 */
START_TEST(what_one_leaves_goes_to_the_others)
{
	const double capacity[] = { 30, 30 };
	const uint32_t both[] = { 0, 1 };
	struct max_min m;
	max_min_init(&m, capacity, 2);
	uint32_t first = max_min_add_class(&m, both, 1),
		 second = max_min_add_class(&m, both + 1, 1),
		 across = max_min_add_class(&m, both, 2);
	max_min_set_flows(&m, first, 3);
	max_min_set_flows(&m, second, 1);
	max_min_set_flows(&m, across, 1);
	static const double expected[][2] = { { 7.5, 22.5 }, { 10, 20 }, { 15, 15 } };
	for (uint32_t i = 0; i < 3; i++) {
		if (i > 0)
			max_min_set_flows(&m, first, i == 1 ? 2 : 0);
		max_min_solve(&m);
		ck_assert_double_eq_tol(m.classes[across].rate, expected[i][0], 1e-12);
		ck_assert_double_eq_tol(m.classes[second].rate, expected[i][1], 1e-12);
	}
	max_min_release(&m);
}
END_TEST

/* Pairs of classes on links of their own: a change in one pair leaves the others alone. */
START_TEST(only_what_depends_on_a_change_is_solved)
{
	double capacity[100];
	struct max_min m;
	for (uint32_t r = 0; r < 100; r++)
		capacity[r] = 1 + r;
	max_min_init(&m, capacity, 100);
	for (uint32_t c = 0; c < 200; c++) {
		const uint32_t resource = c / 2;
		max_min_add_class(&m, &resource, 1);
		max_min_set_flows(&m, c, 1);
	}
	max_min_solve(&m);
	ck_assert_uint_eq(m.solved_count, 200);
	max_min_set_flows(&m, 20, 2);
	max_min_solve(&m);
	ck_assert_uint_eq(m.solved_count, 2);
	ck_assert_double_eq_tol(m.classes[21].rate, 11.0 / 3, 1e-12);
	max_min_release(&m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("max_min");
	TCase *cases = tcase_create("max_min");
	tcase_add_loop_test(cases, rates_are_max_min_after_every_change, 0, 60);
	tcase_add_test(cases, what_one_leaves_goes_to_the_others);
	tcase_add_test(cases, only_what_depends_on_a_change_is_solved);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
