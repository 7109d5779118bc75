/* Do a window, a level and another unit of a timeline leave what they say? */
#include "tests/traces/tiny.h"
#include "traces/cut.h"

#include "tests/support/suite.h"

static const struct tl_row *row_at(const struct tl_timeline *timeline, guint i)
{
	return &g_array_index(timeline->rows, struct tl_row, i);
}

/* conv1 mb1 [10, 20) to fc mb0 [15, 22.5): the first arrow's start is gone. */
START_TEST(a_window_keeps_what_overlaps_it)
{
	struct tl_timeline *timeline = tiny_timeline();
	guint before = timeline->rows->len, gone = 0;
	for (guint i = 0; i < before; i++)
		gone += row_at(timeline, i)->end_ns < 12 || row_at(timeline, i)->start_ns > 21;
	trace_cut_window(timeline, 12, 21);
	ck_assert(tl_check(timeline, NULL));
	ck_assert_uint_gt(gone, 0);
	ck_assert_uint_eq(timeline->rows->len, before - gone);
	for (guint i = 0; i < timeline->rows->len; i++) {
		ck_assert_double_ge(row_at(timeline, i)->end_ns, 12);
		ck_assert_double_le(row_at(timeline, i)->start_ns, 21);
	}
	ck_assert_uint_eq(timeline->flows->len, 0);
	tl_free(timeline);
}
END_TEST

START_TEST(an_arrow_stays_with_both_its_rows)
{
	struct tl_timeline *timeline = tiny_timeline();
	trace_cut_window(timeline, 9, 16);
	ck_assert_uint_eq(timeline->flows->len, 1);
	const struct tl_flow *flow = &g_array_index(timeline->flows, struct tl_flow, 0);
	ck_assert_double_eq(row_at(timeline, flow->from)->end_ns, 10);
	ck_assert_double_eq(row_at(timeline, flow->to)->start_ns, 15);
	tl_free(timeline);
}
END_TEST

START_TEST(a_level_keeps_nothing_more_detailed)
{
	struct tl_timeline *timeline = tiny_timeline();
	trace_cut_level(timeline, (enum trace_level)_i);
	ck_assert(tl_check(timeline, NULL));
	static const guint kept[] = {
		[TRACE_SEGMENT] = 1, [TRACE_CLUSTER] = 7, [TRACE_CHIPLET] = 15, [TRACE_LINK] = 17
	};
	ck_assert_uint_eq(timeline->rows->len, kept[_i]);
	if (_i == TRACE_SEGMENT) {
		ck_assert_str_eq(g_ptr_array_index(timeline->names[TL_CLUSTER], 0), "segments");
		ck_assert_double_eq(row_at(timeline, 0)->start_ns, 0);
		ck_assert_double_eq(row_at(timeline, 0)->end_ns, 32.5);
		ck_assert_double_eq(row_at(timeline, 0)->amount, 2 * 100 + 2 * 60);
	}
	tl_free(timeline);
}
END_TEST

/* 2 GHz: twice as many cycles as ns; MACs and bytes stay. */
START_TEST(cycles_are_times_the_clock)
{
	struct tl_timeline *timeline = tiny_timeline(), *cycles = tiny_timeline();
	trace_scale(cycles, 2);
	ck_assert_double_eq(cycles->end_ns, 65);
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *a = row_at(timeline, i), *b = row_at(cycles, i);
		ck_assert_double_eq(b->start_ns, 2 * a->start_ns);
		ck_assert_double_eq(b->end_ns, 2 * a->end_ns);
		ck_assert_double_eq(b->amount, a->unit == TL_NS ? 2 * a->amount : a->amount);
	}
	tl_free(timeline);
	tl_free(cycles);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cut");
	TCase *tests = tcase_create("cut");
	tcase_add_test(tests, a_window_keeps_what_overlaps_it);
	tcase_add_test(tests, an_arrow_stays_with_both_its_rows);
	tcase_add_loop_test(tests, a_level_keeps_nothing_more_detailed, TRACE_SEGMENT,
	                    TRACE_LINK + 1);
	tcase_add_test(tests, cycles_are_times_the_clock);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
