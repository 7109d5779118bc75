/*
 * Is a timeline that was written as CSV and read again the same, clusters, arrows and all? Are
 * mistakes in such a file found, and named?
 */
#include "tests/sim/tiny.h"
#include "traces/csv.h"

#include "tests/support/suite.h"

#include <glib/gstdio.h>
#include <unistd.h>

static char *path;

static void set_up(void)
{
	int file = g_file_open_tmp("mcmsim-XXXXXX.csv", &path, NULL);
	ck_assert_int_ge(file, 0);
	close(file);
}

static void tear_down(void)
{
	g_unlink(path);
	g_free(path);
}

static struct tl_timeline *read_again(const struct tl_timeline *timeline)
{
	GError *error = NULL;
	ck_assert(trace_write_csv(timeline, NULL, path, NULL));
	struct tl_timeline *again = trace_read_csv(path, timeline->title, &error);
	ck_assert_msg(again != NULL, "%s", error ? error->message : "");
	return again;
}

static const char *name_of(const struct tl_timeline *timeline, const struct tl_row *row)
{
	return g_ptr_array_index(timeline->names[row->resource_kind], row->resource);
}

static const char *node_of(const struct tl_timeline *timeline, const struct tl_row *row)
{
	return row->node < 0 ? "" : g_ptr_array_index(timeline->nodes, row->node);
}

static void assert_same_row(const struct tl_timeline *a, const struct tl_timeline *b, guint i)
{
	const struct tl_row *x = &g_array_index(a->rows, struct tl_row, i);
	const struct tl_row *y = &g_array_index(b->rows, struct tl_row, i);
	ck_assert_str_eq(name_of(a, x), name_of(b, y));
	ck_assert_str_eq(node_of(a, x), node_of(b, y));
	ck_assert_str_eq(tl_kind_name(x->kind), tl_kind_name(y->kind));
	ck_assert(x->segment == y->segment && x->cluster == y->cluster &&
	          x->microbatch == y->microbatch && x->tile == y->tile && x->unit == y->unit &&
	          x->extrapolated == y->extrapolated);
	/* Every number of the file is rounded to a thousandth. */
	double slack_ns = x->extrapolated > 1 ? 1e-9 * a->end_ns + 0.01 : 1.001e-3;
	ck_assert_double_eq_tol(x->start_ns, y->start_ns, slack_ns);
	ck_assert_double_eq_tol(x->end_ns, y->end_ns, slack_ns);
	ck_assert_double_eq_tol(x->amount, y->amount, slack_ns + 1e-9 * x->amount);
}

static void assert_same_timeline(const struct tl_timeline *a, const struct tl_timeline *b)
{
	ck_assert_uint_eq(a->rows->len, b->rows->len);
	for (guint i = 0; i < a->rows->len; i++)
		assert_same_row(a, b, i);
	ck_assert_uint_eq(a->labels->len, b->labels->len);
	for (guint i = 0; i < a->labels->len; i++)
		ck_assert_str_eq(g_ptr_array_index(a->labels, i), g_ptr_array_index(b->labels, i));
	ck_assert_uint_eq(a->flows->len, b->flows->len);
	uint64_t sum = 0, other = 0; /* arrows come in another order */
	for (guint i = 0; i < a->flows->len; i++) {
		const struct tl_flow *x = &g_array_index(a->flows, struct tl_flow, i);
		const struct tl_flow *y = &g_array_index(b->flows, struct tl_flow, i);
		sum += (uint64_t)x->from * x->from * (x->to + 1);
		other += (uint64_t)y->from * y->from * (y->to + 1);
	}
	ck_assert_uint_eq(sum, other);
	ck_assert_double_eq_tol(a->end_ns, b->end_ns, 1e-3);
}

static const struct {
	unsigned batch;
	enum sim_trace_level level;
	uint64_t rows;
} runs[] = { { 8, SIM_TRACE_LINK, 0 },
	     { 8, SIM_TRACE_CLUSTER, 0 },
	     { 400, SIM_TRACE_LINK, 0 },
	     { 400, SIM_TRACE_CHIPLET, 1 } };

/* Pipelines of two clusters of two and three chiplets; the long ones have copies, the last one
 * rows that stand for many micro-batches. */
START_TEST(a_run_comes_back)
{
	struct tiny t = { .package = tiny_package((struct tiny_package){ .columns = 5 }) };
	GError *error = NULL;
	t.workload = tiny_workload(
		4, 10, 3,
		"{'name': 'a', 'op': 'conv', 'inputs': ['x'], 'out_channels': 6, 'kernel': 1},"
		"{'name': 'b, c', 'op': 'conv', 'inputs': ['a'], 'out_channels': 6, 'kernel': "
		"3, "
		"'pad': 1},"
		"{'name': 'd', 'op': 'conv', 'inputs': ['b, c'], 'out_channels': 5, 'kernel': "
		"1}");
	t.mapping = tiny_mapping(
		t.workload, t.package, runs[_i].batch,
		"{'microbatch': 1, 'clusters': ["
		"{'region': [[0, 0], [1, 0]], 'nodes': [{'name': 'a', 'split': {'K': 2}, "
		"'weights': 'resident', 'tiles': 2}, {'name': 'b, c', 'split': {'P': 2}, "
		"'weights': 'resident', 'tiles': 3}]},"
		"{'region': [[2, 0], [3, 0], [4, 0]], 'nodes': [{'name': 'd', 'split': {'K': 3}, "
		"'weights': 'resident', 'tiles': 1}]}]}");
	const struct sim_settings settings = { .trace_level = runs[_i].level,
		                               .trace_to_ns = INFINITY,
		                               .trace_rows = runs[_i].rows };
	t.outcome = sim_simulate(t.workload, t.package, t.mapping, &settings, &error);
	ck_assert_msg(t.outcome != NULL, "%s", error ? error->message : "");
	ck_assert_int_eq(t.outcome->segments[0].skipped > 0, runs[_i].batch > 100);
	struct tl_timeline *again = read_again(t.outcome->timeline);
	if (runs[_i].level > SIM_TRACE_CLUSTER)
		assert_same_timeline(t.outcome->timeline, again);
	else
		ck_assert_uint_eq(t.outcome->timeline->rows->len, again->rows->len);
	tl_free(again);
	tiny_free(&t);
}
END_TEST

#define HEAD "resource,kind,segment,cluster,node,microbatch,tile,start_ns,end_ns,amount,unit"
#define NEW HEAD ",extrapolated,inputs\n"
#define TILE "\"chiplet 0,0\",compute,0,0,a,0,0,0,10,5,MAC"

static const struct {
	const char *text, *message;
} mistakes[] = {
	{ "", "empty" },
	{ "resource,kind\n", "segment" },
	{ HEAD ",more\n", "more" },
	{ HEAD "\ncore 1,compute,0,0,a,0,0,0,10,5,MAC\n",
	  ":2: resource: must be a chiplet, link, dram or segment, got \"core 1\"" },
	{ HEAD "\n" TILE "\n\"chiplet 0,0\",work,0,0,a,0,0,0,10,5,MAC\n",
	  ":3: kind: must be a kind of row, from compute to shard (traces/README.md), got "
	  "\"work\"" },
	{ HEAD "\n\"chiplet 0,0\",compute,0,0,a,0,0,0,10,5,FLOP\n",
	  ":2: unit: must be one of MAC, byte, ns, got \"FLOP\"" },
	{ HEAD "\n\"chiplet 0,0\",compute,0,0,a,-1,0,0,10,5,MAC\n",
	  ":2: microbatch: must be a whole" },
	{ HEAD "\n\"chiplet 0,0\",compute,0,0,a,0,0,x,10,5,MAC\n",
	  ":2: start_ns: must be a number, got \"x\"" },
	{ HEAD "\n\"chiplet 0,0\",compute,0,0,a,0,0,-1,10,5,MAC\n",
	  ":2: start_ns: must be 0 or more" },
	{ HEAD "\n\"chiplet 0,0\",compute,0,0,a,0,0,20,10,5,MAC\n",
	  ":2: end_ns: must be start_ns or more, got \"10\"" },
	{ HEAD "\n" TILE "\n\"chiplet 0,0\",compute,0,0,a,1,0,5,15,5,MAC\n", "overlaps" },
	{ NEW TILE ",0,1\n", ":2: inputs: must be rows of tiles that compute" },
	{ NEW TILE ",0,x\n", ":2: inputs: must be rows of tiles that compute" },
	{ NEW TILE ",-,\n", ":2: extrapolated: must be a whole number" },
};

START_TEST(mistakes_are_named)
{
	GError *error = NULL;
	ck_assert(g_file_set_contents(path, mistakes[_i].text, -1, NULL));
	ck_assert_ptr_null(trace_read_csv(path, "t", &error));
	ck_assert_msg(strstr(error->message, mistakes[_i].message) != NULL, "got: %s",
	              error->message);
	g_error_free(error);
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named)
{
	GError *error = NULL;
	ck_assert_ptr_null(trace_read_csv("no/such/file.csv", "t", &error));
	ck_assert_msg(strstr(error->message, "no/such/file.csv: cannot read: No such file") != NULL,
	              "got: %s", error->message);
	g_clear_error(&error);
	/* The head of a compressed file, and nothing behind it. */
	ck_assert(g_file_set_contents(path, "\x1f\x8b\x08\0\0\0\0\0\0\3\xff", 11, NULL));
	ck_assert_ptr_null(trace_read_csv(path, "t", &error));
	ck_assert_msg(strstr(error->message, "cannot read") != NULL, "got: %s", error->message);
	g_error_free(error);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("csv read");
	TCase *tests = tcase_create("csv read");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_run_comes_back, 0, (int)G_N_ELEMENTS(runs));
	tcase_add_loop_test(tests, mistakes_are_named, 0, (int)G_N_ELEMENTS(mistakes));
	tcase_add_test(tests, files_that_cannot_be_read_are_named);
	suite_add_tcase(suite, tests);
	return suite_run_forked(suite);
}
