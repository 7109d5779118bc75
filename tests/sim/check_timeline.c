#include "sim/account/timeline.h"
#include "tests/support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static void add(struct tl_timeline *timeline, enum tl_resource_kind resource_kind,
                uint32_t resource, double start_ns, double end_ns)
{
	struct tl_row row = { .resource_kind = (uint8_t)resource_kind,
		              .resource = resource,
		              .kind = TL_COMPUTE,
		              .unit = TL_MACS,
		              .node = -1,
		              .start_ns = start_ns,
		              .end_ns = end_ns };

	g_array_append_val(timeline->rows, row);
	timeline->end_ns = MAX(timeline->end_ns, end_ns);
}

static struct tl_row *row(struct tl_timeline *timeline, unsigned index)
{
	return &g_array_index(timeline->rows, struct tl_row, index);
}

static void add_flow(struct tl_timeline *timeline, uint32_t from, uint32_t to)
{
	g_array_append_vals(timeline->flows, &(struct tl_flow){ from, to }, 1);
}

/*
 * Rows 0 to 5, sorted. Two clusters that hand over at 10 ns, a chiplet, a link with two
 * transfers at once.
 */
static struct tl_timeline *good_timeline(void)
{
	static const char *const names[TL_RESOURCE_KINDS][2] = {
		[TL_CLUSTER] = { "segment 0 cluster 0", "segment 0 cluster 1" },
		[TL_CHIPLET] = { "chiplet 0,0", "chiplet 1,0" },
		[TL_LINK] = { "link 0,0->1,0", "link 1,0->0,0" },
		[TL_DRAM] = { "dram 0", "dram 1" },
	};
	struct tl_timeline *timeline = tl_new("good");

	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		for (unsigned i = 0; i < 2; i++)
			g_ptr_array_add(timeline->names[kind], g_strdup(names[kind][i]));
	g_ptr_array_add(timeline->nodes, g_strdup("conv1"));
	add(timeline, TL_CLUSTER, 0, 0, 10);
	add(timeline, TL_CLUSTER, 0, 10, 20);
	add(timeline, TL_CLUSTER, 1, 10, 30);
	add(timeline, TL_CHIPLET, 0, 0, 10);
	add(timeline, TL_LINK, 0, 0, 10);
	add(timeline, TL_LINK, 0, 5, 8);
	add_flow(timeline, 0, 2);
	return timeline;
}

static void assert_broken(const struct tl_timeline *timeline, const char *message)
{
	GError *error = NULL;

	ck_assert(!tl_check(timeline, &error));
	ck_assert_str_eq(error->message, message);
	g_clear_error(&error);
	ck_assert(!tl_check(timeline, NULL));
}

START_TEST(kept_promises_pass)
{
	struct tl_timeline *timeline = good_timeline();
	GError *error = NULL;

	ck_assert(tl_check(timeline, &error));
	ck_assert_ptr_null(error);
	tl_free(timeline);
	tl_free(NULL);
}
END_TEST

START_TEST(empty_timeline_passes)
{
	struct tl_timeline *timeline = tl_new("");

	tl_sort(timeline);
	ck_assert(tl_check(timeline, NULL));
	tl_free(timeline);
}
END_TEST

static void swap_rows(struct tl_timeline *timeline)
{
	struct tl_row first = *row(timeline, 4);

	*row(timeline, 4) = *row(timeline, 5);
	*row(timeline, 5) = first;
}

static void swap_resources(struct tl_timeline *timeline)
{
	row(timeline, 3)->resource_kind = TL_DRAM;
}

static void end_first(struct tl_timeline *timeline)
{
	row(timeline, 5)->end_ns = 4.5;
}

static void overlap_on_cluster(struct tl_timeline *timeline)
{
	row(timeline, 1)->start_ns = 9.99;
}

static void overlap_on_chiplet(struct tl_timeline *timeline)
{
	*row(timeline, 4) = *row(timeline, 3);
}

static void lose_a_flow(struct tl_timeline *timeline)
{
	add_flow(timeline, 0, 6);
}

static void flow_from_a_chiplet(struct tl_timeline *timeline)
{
	add_flow(timeline, 3, 2);
}

static void flow_to_a_link(struct tl_timeline *timeline)
{
	add_flow(timeline, 2, 4);
}

static void flow_back_in_time(struct tl_timeline *timeline)
{
	add_flow(timeline, 2, 1);
}

static void unknown_resource_kind(struct tl_timeline *timeline)
{
	row(timeline, 5)->resource_kind = TL_RESOURCE_KINDS;
}

static void unknown_resource(struct tl_timeline *timeline)
{
	row(timeline, 5)->resource = 2;
}

static void unknown_kind(struct tl_timeline *timeline)
{
	row(timeline, 5)->kind = TL_KINDS;
}

static void unknown_unit(struct tl_timeline *timeline)
{
	row(timeline, 5)->unit = 3;
}

static void unknown_node(struct tl_timeline *timeline)
{
	row(timeline, 5)->node = 1;
}

static void not_finite(struct tl_timeline *timeline)
{
	row(timeline, 5)->amount = (double)NAN;
}

static void before_the_start(struct tl_timeline *timeline)
{
	row(timeline, 0)->start_ns = -1;
}

static void after_the_end(struct tl_timeline *timeline)
{
	timeline->end_ns = 29;
}

#define LINK_ROW "timeline row 5 (link 0,0->1,0, compute, 5 to 8 ns): "

static const struct {
	void (*break_it)(struct tl_timeline *timeline);
	const char *message;
} breaks[] = {
	{ swap_rows, "timeline row 5 (link 0,0->1,0, compute, 0 to 10 ns): must be sorted by "
	             "resource, start and end, but sorts before row 4" },
	{ swap_resources, "timeline row 4 (link 0,0->1,0, compute, 0 to 10 ns): must be sorted by "
	                  "resource, start and end, but sorts before row 3" },
	{ end_first,
	  "timeline row 5 (link 0,0->1,0, compute, 5 to 4.5 ns): ends before it starts" },
	{ overlap_on_cluster,
	  "timeline row 1 (segment 0 cluster 0, compute, 9.99 to 20 ns): overlaps row 0" },
	{ overlap_on_chiplet, "timeline row 4 (chiplet 0,0, compute, 0 to 10 ns): overlaps row 3" },
	{ lose_a_flow, "timeline flow 1: leads from row 0 to row 6, but there are 6 rows" },
	{ flow_from_a_chiplet, "timeline row 3 (chiplet 0,0, compute, 0 to 10 ns): flow 1 must "
	                       "start at a cluster" },
	{ flow_to_a_link, "timeline row 4 (link 0,0->1,0, compute, 0 to 10 ns): flow 1 must end "
	                  "at a cluster" },
	{ flow_back_in_time, "timeline row 1 (segment 0 cluster 0, compute, 10 to 20 ns): flow 1 "
	                     "leads back in time, from row 2, which ends later" },
	{ unknown_resource_kind,
	  "timeline row 5 (?, compute, 5 to 8 ns): there is no resource kind 4" },
	{ unknown_resource,
	  "timeline row 5 (?, compute, 5 to 8 ns): there is no resource 2 of its kind" },
	{ unknown_kind, "timeline row 5 (link 0,0->1,0, ?, 5 to 8 ns): there is no row kind 12" },
	{ unknown_unit, LINK_ROW "there is no unit 3" },
	{ unknown_node, LINK_ROW "there is no node 1" },
	{ not_finite, LINK_ROW "its times and amount must be finite" },
	{ before_the_start, "timeline row 0 (segment 0 cluster 0, compute, -1 to 10 ns): lies "
	                    "outside of the timeline" },
	{ after_the_end, "timeline row 2 (segment 0 cluster 1, compute, 10 to 30 ns): lies "
	                 "outside of the timeline" },
};

START_TEST(each_broken_promise_is_named)
{
	struct tl_timeline *timeline = good_timeline();

	breaks[_i].break_it(timeline);
	assert_broken(timeline, breaks[_i].message);
	tl_free(timeline);
}
END_TEST

/* Sums of the same steps in another order differ by some 1e-9 ns; 1e-5 is an overlap. */
START_TEST(rounding_is_no_overlap)
{
	struct tl_timeline *timeline = good_timeline();

	row(timeline, 1)->start_ns = 10 - 1e-9;
	ck_assert(tl_check(timeline, NULL));
	row(timeline, 1)->start_ns = 10 - 1e-5;
	ck_assert(!tl_check(timeline, NULL));
	tl_free(timeline);
}
END_TEST

START_TEST(sorting_orders_by_resource_start_and_end)
{
	struct tl_timeline *timeline = good_timeline();
	/* In the order that they must end up in: the amount says which is which. */
	const struct tl_row sorted[] = {
		{ .resource_kind = TL_CLUSTER, .resource = 1, .start_ns = 50, .end_ns = 60 },
		{ .resource_kind = TL_CHIPLET, .resource = 0, .start_ns = 9, .end_ns = 9 },
		{ .resource_kind = TL_CHIPLET, .resource = 0, .start_ns = 9, .end_ns = 20 },
		{ .resource_kind = TL_LINK, .resource = 0, .start_ns = 3, .end_ns = 5 },
		{ .resource_kind = TL_LINK, .resource = 0, .start_ns = 3, .end_ns = 6 },
		{ .resource_kind = TL_LINK, .resource = 0, .start_ns = 4, .end_ns = 5 },
		{ .resource_kind = TL_LINK, .resource = 1, .start_ns = 0, .end_ns = 1 },
		{ .resource_kind = TL_DRAM, .resource = 0, .start_ns = 0, .end_ns = 1 },
	};
	const unsigned count = G_N_ELEMENTS(sorted);

	timeline->end_ns = 60;
	g_array_set_size(timeline->flows, 0);
	g_array_set_size(timeline->rows, 0);
	for (unsigned i = 0; i < count; i++) { /* 3 and 8 have no common factor */
		unsigned from = (3 * i + 5) % count;
		struct tl_row shuffled = sorted[from];

		shuffled.amount = from;
		g_array_append_val(timeline->rows, shuffled);
	}
	ck_assert(!tl_check(timeline, NULL));
	tl_sort(timeline);
	ck_assert(tl_check(timeline, NULL));
	for (unsigned i = 0; i < count; i++)
		ck_assert_double_eq(row(timeline, i)->amount, i);
	tl_free(timeline);
}
END_TEST

START_TEST(sorting_keeps_the_order_of_equals)
{
	struct tl_timeline *timeline = good_timeline();

	g_array_set_size(timeline->flows, 0);
	g_array_set_size(timeline->rows, 0);
	for (unsigned i = 0; i < 1000; i++) {
		add(timeline, TL_LINK, (i + 1) % 2, 0, 10);
		row(timeline, i)->amount = i;
	}
	tl_sort(timeline);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_double_eq(row(timeline, i)->amount, i < 500 ? 2 * i + 1 : 2 * (i - 500));
	tl_free(timeline);
}
END_TEST

START_TEST(sorting_takes_the_flows_along)
{
	struct tl_timeline *timeline = good_timeline();
	const struct tl_flow *flow;

	/* The producer last and the consumer first. */
	struct tl_row producer = *row(timeline, 0);

	*row(timeline, 0) = *row(timeline, 2);
	*row(timeline, 2) = *row(timeline, 5);
	*row(timeline, 5) = producer;
	g_array_set_size(timeline->flows, 0);
	add_flow(timeline, 5, 0);
	tl_sort(timeline);
	ck_assert(tl_check(timeline, NULL));
	flow = &g_array_index(timeline->flows, struct tl_flow, 0);
	ck_assert_uint_eq(flow->from, 0);
	ck_assert_uint_eq(flow->to, 2);
	tl_free(timeline);
}
END_TEST

START_TEST(names_are_those_of_the_formats)
{
	static const char *const kinds[TL_KINDS] = { "compute",   "load",          "gather",
		                                     "transfer",  "fetch",         "store",
		                                     "fill",      "drain",         "wait_input",
		                                     "wait_dram", "back_pressure", "shard" };

	for (unsigned kind = 0; kind < TL_KINDS; kind++)
		ck_assert_str_eq(tl_kind_name(kind), kinds[kind]);
	ck_assert_str_eq(tl_unit_name(TL_MACS), "MAC");
	ck_assert_str_eq(tl_unit_name(TL_BYTES), "byte");
	ck_assert_str_eq(tl_unit_name(TL_NS), "ns");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timeline");
	TCase *tests = tcase_create("timeline");
	tcase_add_test(tests, kept_promises_pass);
	tcase_add_test(tests, empty_timeline_passes);
	tcase_add_loop_test(tests, each_broken_promise_is_named, 0, (int)G_N_ELEMENTS(breaks));
	tcase_add_test(tests, rounding_is_no_overlap);
	tcase_add_test(tests, sorting_orders_by_resource_start_and_end);
	tcase_add_test(tests, sorting_keeps_the_order_of_equals);
	tcase_add_test(tests, sorting_takes_the_flows_along);
	tcase_add_test(tests, names_are_those_of_the_formats);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
