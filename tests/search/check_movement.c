/*
 * Question: is the list of what a node moves complete, in every place that a node can have? Lists
 * by hand for a network with residuals within a segment and across a border. (That all of it adds
 * up to a report's totals, whoever counts, is check_cost's question; that the simulator moves the
 * same bytes, check_simulate's.)
 */
#include "search/traffic/movement.h"

#include "tests/support/suite.h"
#include "tests/search/mapping_fixture.h"

enum { A, B, C, D, E };

/* in -> a -> b -> c + a -> d + b -> e */
static void set_up_plan(void)
{
	set_up((struct made_package){ .columns = 2, .rows = 2 }, (struct wl_shape){ 4, 4, 4 },
	       POINT("a", "in", "4"), POINT("b", "a", "4"), POINT("c", "b", "4"),
	       SUM("c+a", "c", "a"), POINT("d", "c+a", "4"), SUM("d+b", "d", "b"),
	       POINT("e", "d+b", "4"), NULL);
	ck_assert_uint_eq(workload->node_count, 5);
	map(4, "3: 0 1 = a K2, b P2 distributed t3 | 3 = c streamed; 1: 1 = d | 0 = e");
}

/* One word per movement: what, and the node at the other end. */
static char *list(unsigned node, unsigned samples, unsigned kinds)
{
	static const char *const words[] = {
		[MAP_MOVES_LOAD] = "load",     [MAP_MOVES_STREAM] = "stream",
		[MAP_MOVES_GATHER] = "gather", [MAP_MOVES_FETCH] = "fetch",
		[MAP_MOVES_WITHIN] = "within", [MAP_MOVES_BETWEEN] = "between",
		[MAP_MOVES_HALO] = "halo",     [MAP_MOVES_STORE] = "store",
	};
	GString *text = g_string_new(NULL);
	struct map_placed placed = map_place(&plan, node, samples);
	for (struct map_movement m = { 0 }; map_next_movement(&placed, kinds, &m);) {
		g_string_append_printf(text, "%s%s", text->len ? " " : "", words[m.kind]);
		if (m.kind == MAP_MOVES_FETCH)
			g_string_append_printf(
				text, ":%s",
				m.edge->from < 0 ? "in" : workload->nodes[m.edge->from].name);
		else if (m.edge)
			g_string_append_printf(text, ":%s", workload->nodes[m.edge->to].name);
	}
	return g_string_free(text, FALSE);
}

static void assert_list(unsigned node, unsigned kinds, const char *expected)
{
	g_autofree char *text = list(node, 1, kinds);
	ck_assert_str_eq(text, expected);
}

START_TEST(all_that_a_node_moves)
{
	const unsigned all = MAP_MOVES_ANY_WEIGHTS | MAP_MOVES_TRAFFIC;
	set_up_plan();
	assert_list(A, all, "load fetch:in within:b between:c halo");
	assert_list(B, all, "load gather between:c halo store");
	assert_list(C, all, "stream halo store");
	assert_list(D, all, "load fetch:c fetch:b between:e halo");
	assert_list(E, all, "load halo store");
}
END_TEST

START_TEST(sets_of_kinds)
{
	set_up_plan();
	assert_list(A, MAP_MOVES_OUT, "within:b between:c halo");
	assert_list(A, MAP_MOVES_TRANSFER, "within:b between:c");
	assert_list(A, MAP_MOVES_BETWEEN, "between:c");
	assert_list(A, MAP_MOVES_TRAFFIC, "fetch:in within:b between:c halo");
	assert_list(A, MAP_MOVES_WEIGHTS, "");
	assert_list(B, MAP_MOVES_OWN, "halo store");
	assert_list(B, MAP_MOVES_WEIGHTS, "gather");
	assert_list(B, MAP_MOVES_ANY_WEIGHTS, "load gather");
	assert_list(C, MAP_MOVES_WEIGHTS, "stream");
	assert_list(C, MAP_MOVES_LOAD, "");
}
END_TEST

/* Batches of 4 in micro-batches of 3: the last one has one sample, of which only the first half of
 * a cut over N has something. Weights go to both; everything else is a third. */
START_TEST(weights_go_where_full_microbatches_need_them)
{
	static const struct {
		const char *notation;
		unsigned kinds;
	} cases[] = { { "3: 0 1 = a N2 streamed, b, c, d, e", MAP_MOVES_STREAM },
		      { "3: 0 1 = a N2 distributed, b, c, d, e", MAP_MOVES_GATHER },
		      { "3: 0 1 = a N2, b, c, d, e", MAP_MOVES_LOAD } };
	struct map_phase full, tail;
	set_up_plan();
	map_phase_init(&full, package);
	map_phase_init(&tail, package);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		map(4, cases[i].notation);
		struct map_placed a = map_place(&plan, A, 3), last = map_place(&plan, A, 1);
		map_phase_clear(&full);
		map_phase_clear(&tail);
		map_add_movements(&model.network, &a, cases[i].kinds, MAP_WHOLE, &full);
		map_add_movements(&model.network, &last, cases[i].kinds, MAP_WHOLE, &tail);
		ck_assert(!map_phase_empty(&full));
		for (unsigned r = 0; r < hw_resource_count(package); r++)
			ck_assert_double_eq(full.bytes[r], tail.bytes[r]);
		map_phase_clear(&full);
		map_phase_clear(&tail);
		map_add_movements(&model.network, &a, MAP_MOVES_FETCH, MAP_WHOLE, &full);
		map_add_movements(&model.network, &last, MAP_MOVES_FETCH, MAP_WHOLE, &tail);
		ck_assert_double_eq(full.dram_read_bytes, 3 * tail.dram_read_bytes);
		ck_assert_double_gt(tail.dram_read_bytes, 0);
	}
	map_phase_release(&full);
	map_phase_release(&tail);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("movement");
	TCase *tc = tcase_create("movement");
	tcase_add_checked_fixture(tc, NULL, release);
	tcase_add_test(tc, all_that_a_node_moves);
	tcase_add_test(tc, sets_of_kinds);
	tcase_add_test(tc, weights_go_where_full_microbatches_need_them);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
