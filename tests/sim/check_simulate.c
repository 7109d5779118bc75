/*
 * Question: does a simulation of a real network keep what must not get lost:
 * MACs, bytes, energy, every chiplet's time; and does the steady state stand for
 * what it skips?
 */
#include <string.h>

#include "tests/sim/tiny.h"
#include "tests/support/sanitized.h"

#include "search/cost/cost.h"
#include "sim/lower/lower.h"
#include "tests/support/suite.h"

struct system {
	const char *workload, *package;
	unsigned batch, microbatch, segments, clusters, tiles;
	enum map_dim split; /* all of a region in one dimension, as far as the extent allows */
	enum map_weights weights;
};

static const struct system systems[] = {
	{ "alexnet", "mcm-16", 12, 1, 1, 4, 2, MAP_K, MAP_STREAMED },
	{ "alexnet", "mcm-16", 7, 2, 2, 3, 3, MAP_K, MAP_RESIDENT },
	{ "alexnet", "simba-6x6", 40, 4, 3, 1, 4, MAP_K, MAP_DISTRIBUTED },
	{ "vgg16", "mcm-16", 11, 4, 2, 4, 4, MAP_P, MAP_DISTRIBUTED },
	{ "darknet19", "mcm-16", 64, 1, 1, 8, 3, MAP_P, MAP_STREAMED },
	{ "resnet18", "mcm-16", 30, 4, 1, 16, 3, MAP_Q, MAP_RESIDENT },
	{ "resnet18", "mcm-64", 20, 8, 3, 4, 5, MAP_N, MAP_DISTRIBUTED },
	{ "resnet50", "mcm-16", 9, 1, 2, 5, 1, MAP_P, MAP_STREAMED },
};

/* Parts [first, end) of a list in even pieces. */
static unsigned piece(unsigned total, unsigned pieces, unsigned i)
{
	return (unsigned)((uint64_t)total * i / pieces);
}

static unsigned extent(const struct wl_node *node, const struct system *system)
{
	const unsigned extents[MAP_DIMS] = { system->microbatch, node->output.channels,
		                             node->output.rows, node->output.columns };
	return extents[system->split];
}

static void fill_cluster(struct map_cluster *cluster, const struct tiny *t,
                         const struct system *system, unsigned first_node, unsigned end_node,
                         unsigned first_chiplet, unsigned end_chiplet)
{
	cluster->region_size = end_chiplet - first_chiplet;
	cluster->region = g_new(unsigned, cluster->region_size);
	for (unsigned i = 0; i < cluster->region_size; i++)
		cluster->region[i] = first_chiplet + i;
	cluster->node_count = end_node - first_node;
	cluster->nodes = g_new0(struct map_node, cluster->node_count);
	for (unsigned i = 0; i < cluster->node_count; i++) {
		struct map_node *node = &cluster->nodes[i];
		*node = (struct map_node){ .node = first_node + i,
			                   .split = { 1, 1, 1, 1 },
			                   .weights = system->weights,
			                   .tiles = system->tiles };
		node->split[system->split] = MIN(cluster->region_size,
		                                 extent(&t->workload->nodes[node->node], system));
	}
}

/* Nodes in even pieces over segments and clusters, regions in rows. */
static struct map_mapping *even_mapping(const struct tiny *t, const struct system *system)
{
	struct map_mapping *mapping = g_new0(struct map_mapping, 1);
	unsigned nodes = t->workload->node_count, chiplets = hw_chiplet_count(t->package);
	mapping->batch = system->batch;
	mapping->segment_count = system->segments;
	mapping->segments = g_new0(struct map_segment, system->segments);
	for (unsigned s = 0; s < system->segments; s++) {
		struct map_segment *segment = &mapping->segments[s];
		unsigned first = piece(nodes, system->segments, s);
		unsigned count = piece(nodes, system->segments, s + 1) - first;
		unsigned clusters = MIN(system->clusters, count);
		segment->microbatch = system->microbatch;
		segment->cluster_count = clusters;
		segment->clusters = g_new0(struct map_cluster, clusters);
		for (unsigned c = 0; c < clusters; c++)
			fill_cluster(
				&segment->clusters[c], t, system, first + piece(count, clusters, c),
				first + piece(count, clusters, c + 1), piece(chiplets, clusters, c),
				piece(chiplets, clusters, c + 1));
	}
	return mapping;
}

static struct tiny load(const struct system *system)
{
	GError *error = NULL;
	struct tiny t = { .package = hw_package_read(system->package, "hw/packages", NULL,
		                                     &error) };
	ck_assert_msg(t.package != NULL, "%s", error ? error->message : "");
	t.workload = wl_workload_read(system->workload, "workloads/zoo", NULL, &error);
	ck_assert_msg(t.workload != NULL, "%s", error ? error->message : "");
	t.mapping = even_mapping(&t, system);
	return t;
}

/* Sums of a few million terms in another order. */
static void assert_same(double a, double b)
{
	ck_assert_double_le(fabs(a - b), 1e-9 * MAX(fabs(a), fabs(b)));
}

static void assert_time_is_accounted_for(const struct sim_outcome *o)
{
	double counted = o->busy_ns, chiplet_ns = 0;
	for (int b = 0; b < SIM_BUBBLES; b++) {
		ck_assert_double_ge(o->bubbles_ns[b], 0);
		counted += o->bubbles_ns[b];
	}
	for (unsigned s = 0; s < o->segment_count; s++)
		for (unsigned c = 0; c < o->segments[s].cluster_count; c++)
			chiplet_ns += o->clusters[o->segments[s].first_cluster + c].chiplets *
			              o->segments[s].latency_ns;
	assert_same(counted, chiplet_ns);
}

static void assert_totals(const struct cost_totals *a, const struct cost_totals *b)
{
	assert_same(a->macs, b->macs);
	assert_same(a->nop_bytes, b->nop_bytes);
	assert_same(a->nop_byte_hops, b->nop_byte_hops);
	assert_same(a->nop_dram_bytes, b->nop_dram_bytes);
	assert_same(a->dram_read_bytes, b->dram_read_bytes);
	assert_same(a->dram_write_bytes, b->dram_write_bytes);
	assert_same(a->mac_pJ, b->mac_pJ);
	assert_same(a->buffer_pJ, b->buffer_pJ);
	assert_same(a->nop_pJ, b->nop_pJ);
	assert_same(a->dram_pJ, b->dram_pJ);
}

START_TEST(work_is_conserved)
{
	struct tiny t = load(&systems[_i]);
	struct cost_model model;
	struct cost_report report;
	double link_bytes = 0, dram_bytes = 0;
	t.outcome = simulate(&t, false, SIM_TRACE_NONE);
	ck_assert_ptr_null(t.outcome->timeline);
	ck_assert_double_eq(t.outcome->totals.macs,
	                    (double)wl_macs(t.workload) * systems[_i].batch);
	cost_model_init(&model, t.workload, t.package);
	cost_evaluate(&model, t.mapping, &report);
	assert_totals(&t.outcome->totals, &report.totals);
	ck_assert_double_ge(t.outcome->latency_ns, report.bound_ns);
	for (unsigned i = 0; i < hw_resource_count(t.package); i++) {
		double bytes = t.outcome->resource_bytes[i];
		enum hw_resource_kind kind = hw_resource_kind(t.package, i);
		link_bytes += kind == HW_LINK ? bytes : 0;
		dram_bytes += kind == HW_DRAM ? bytes : 0;
		/* No resource is busy for longer than it took, lost time included. */
		double load_bytes = t.outcome->resource_load_bytes[i];
		ck_assert_double_ge(load_bytes, bytes);
		ck_assert_double_le(load_bytes / hw_resource_GBps(t.package, i),
		                    t.outcome->latency_ns * (1 + 1e-9));
	}
	assert_same(link_bytes, report.totals.nop_byte_hops);
	assert_same(dram_bytes, report.totals.dram_read_bytes + report.totals.dram_write_bytes);
	assert_time_is_accounted_for(t.outcome);
	cost_report_release(&report);
	cost_model_release(&model);
	tiny_free(&t);
}
END_TEST

START_TEST(steady_state_stands_for_what_it_skips)
{
	struct tiny t = load(&systems[_i]);
	struct sim_outcome *exact = simulate(&t, true, SIM_TRACE_NONE);
	t.outcome = simulate(&t, false, SIM_TRACE_NONE);
	ck_assert_double_eq_tol(t.outcome->latency_ns, exact->latency_ns, 1e-3 * exact->latency_ns);
	ck_assert_uint_eq(exact->samples_simulated, systems[_i].batch);
	assert_same(t.outcome->busy_ns, exact->busy_ns);
	assert_same(t.outcome->bubbles_ns[SIM_SHARD], exact->bubbles_ns[SIM_SHARD]);
	assert_totals(&t.outcome->totals, &exact->totals);
	assert_time_is_accounted_for(exact);
	for (unsigned s = 0; s < exact->segment_count; s++) {
		ck_assert_uint_eq(exact->segments[s].skipped, 0);
		ck_assert_uint_eq(t.outcome->segments[s].skipped + t.outcome->segments[s].simulated,
		                  exact->segments[s].microbatches);
	}
	sim_outcome_free(exact);
	tiny_free(&t);
}
END_TEST

/* A system whose steady state is known to come early. */
static const struct system steady = { "darknet19", "mcm-16", 400, 2, 2, 2, 2, MAP_P, MAP_RESIDENT };

/* Tracks of clusters and chiplets are full from the start of each of their segments to its end. */
static void assert_no_hole(const struct sim_outcome *o)
{
	const struct tl_row *before = NULL;
	ck_assert(tl_check(o->timeline, NULL));
	for (guint i = 0; i < o->timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(o->timeline->rows, struct tl_row, i);
		if (row->resource_kind > TL_CHIPLET)
			continue;
		double start_ns = o->segments[row->segment].start_ns;
		if (before && before->resource_kind == row->resource_kind &&
		    before->resource == row->resource && before->segment == row->segment)
			start_ns = before->end_ns;
		else if (before)
			assert_same(before->end_ns,
			            o->segments[before->segment].start_ns +
			                    o->segments[before->segment].latency_ns);
		ck_assert_double_eq_tol(row->start_ns, start_ns, 1e-6);
		before = row;
	}
}

/* All that rows of chiplets, links and channels add up to is in the accounts. */
static void assert_agrees(const struct sim_outcome *o)
{
	double sums_ns[TL_KINDS] = { 0 }, macs = 0, dram_bytes = 0, link_bytes = 0;
	for (guint i = 0; i < o->timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(o->timeline->rows, struct tl_row, i);
		ck_assert_double_ge(row->start_ns, 0);
		ck_assert_double_le(row->end_ns, o->timeline->end_ns + 1e-6);
		if (row->resource_kind == TL_CHIPLET) {
			sums_ns[row->kind] += row->end_ns - row->start_ns;
			macs += row->kind == TL_COMPUTE ? row->amount : 0;
		}
		dram_bytes += row->resource_kind == TL_DRAM ? row->amount : 0;
		link_bytes += row->resource_kind == TL_LINK ? row->amount : 0;
	}
	double slack_ns = 1e-6 * o->timeline->rows->len + 1e-9 * o->busy_ns;
	ck_assert_double_eq_tol(sums_ns[TL_COMPUTE], o->busy_ns, slack_ns);
	for (int b = 0; b < SIM_BUBBLES; b++)
		ck_assert_double_eq_tol(sums_ns[TL_FIRST_BUBBLE + b], o->bubbles_ns[b], slack_ns);
	assert_same(macs, o->totals.macs);
	assert_same(dram_bytes, o->totals.dram_read_bytes + o->totals.dram_write_bytes);
	if (o->trace_level == SIM_TRACE_LINK)
		assert_same(link_bytes, o->totals.nop_byte_hops);
}

/* Those of systems[] with enough micro-batches: some become steady. */
static struct tiny load_long(int index)
{
	struct system system = systems[index];
	system.batch *= 30;
	return load(&system);
}

/* Row by row what a run has that skips nothing. */
START_TEST(skipped_microbatches_have_the_rows_of_an_exact_run)
{
	struct tiny t = load(&steady);
	struct sim_outcome *exact = simulate(&t, true, SIM_TRACE_LINK);
	t.outcome = simulate(&t, false, SIM_TRACE_LINK);
	const GArray *a = t.outcome->timeline->rows, *b = exact->timeline->rows;
	guint copies = 0;
	ck_assert_uint_lt(t.outcome->samples_simulated, 100);
	ck_assert_uint_eq(exact->samples_simulated, 400);
	ck_assert_uint_eq(a->len, b->len);
	for (guint i = 0; i < a->len; i++) {
		const struct tl_row *x = &g_array_index(a, struct tl_row, i);
		const struct tl_row *y = &g_array_index(b, struct tl_row, i);
		ck_assert_uint_eq(y->extrapolated, 0);
		ck_assert(x->resource_kind == y->resource_kind && x->resource == y->resource &&
		          x->kind == y->kind && x->segment == y->segment &&
		          x->cluster == y->cluster && x->node == y->node &&
		          x->microbatch == y->microbatch && x->tile == y->tile);
		ck_assert_double_eq_tol(x->start_ns, y->start_ns, 1e-3);
		ck_assert_double_eq_tol(x->end_ns, y->end_ns, 1e-3);
		ck_assert_double_eq_tol(x->amount, y->amount, 1e-3);
		copies += x->extrapolated;
	}
	ck_assert_uint_gt(copies, a->len / 2);
	ck_assert_uint_eq(t.outcome->timeline->flows->len, exact->timeline->flows->len);
	for (guint i = 0; i < exact->timeline->flows->len; i++) {
		const struct tl_flow *x = &g_array_index(t.outcome->timeline->flows, struct tl_flow,
		                                         i);
		const struct tl_flow *y = &g_array_index(exact->timeline->flows, struct tl_flow, i);
		ck_assert(x->from == y->from && x->to == y->to);
	}
	sim_outcome_free(exact);
	tiny_free(&t);
}
END_TEST

START_TEST(no_timeline_has_a_hole)
{
	struct tiny t = load_long(_i);
	t.outcome = simulate(&t, false, SIM_TRACE_LINK);
	assert_no_hole(t.outcome);
	assert_agrees(t.outcome);
	tiny_free(&t);
}
END_TEST

/* Room for all copies, for half of the rows, for none: sums are the same, and folded rows say how
 * many micro-batches they are. */
START_TEST(what_has_no_room_is_folded)
{
	static const uint64_t rooms[] = { 0, 2, 1000000000 }; /* parts; 0: all */
	struct tiny t = load(&steady);
	uint64_t all = 0;
	for (unsigned i = 0; i < G_N_ELEMENTS(rooms); i++) {
		struct sim_settings settings = { .trace_level = SIM_TRACE_LINK,
			                         .trace_to_ns = INFINITY };
		if (rooms[i])
			settings.trace_rows = MAX(all / rooms[i], 1);
		struct sim_outcome *o = sim_simulate(t.workload, t.package, t.mapping, &settings,
		                                     NULL);
		uint32_t copies = 0, folded = 0;
		ck_assert_ptr_nonnull(o);
		assert_no_hole(o);
		assert_agrees(o);
		for (guint r = 0; r < o->timeline->rows->len; r++) {
			uint32_t of =
				g_array_index(o->timeline->rows, struct tl_row, r).extrapolated;
			copies += of == 1;
			folded = MAX(folded, of);
		}
		all = MAX(all, o->timeline->rows->len);
		ck_assert_int_eq(copies > 0, i < 2);
		ck_assert_uint_le(folded, MAX(o->segments[0].skipped, o->segments[1].skipped));
		ck_assert_int_eq(folded > 1, i > 0);
		ck_assert(i == 0 || o->timeline->rows->len <= all / 2);
		sim_outcome_free(o);
	}
	tiny_free(&t);
}
END_TEST

/* Whether micro-batches are skipped is decided by a count, and at that count they are. */
START_TEST(small_runs_skip_nothing)
{
	struct tiny t = load(&steady);
	struct map_plan plan;
	map_plan_init(&plan, t.mapping, t.workload, t.package);
	struct sim_lowered *lowered = sim_lower(&plan);
	uint64_t instances = sim_instance_count(lowered->program);
	for (unsigned more = 0; more < 2; more++) {
		const struct sim_settings settings = { .exact_below = instances + more,
			                               .trace_to_ns = INFINITY };
		struct sim_outcome *o = sim_simulate(t.workload, t.package, t.mapping, &settings,
		                                     NULL);
		ck_assert_ptr_nonnull(o);
		ck_assert_int_eq(o->segments[1].skipped > 0, !more);
		sim_outcome_free(o);
	}
	sim_lowered_free(lowered);
	map_plan_release(&plan);
	tiny_free(&t);
}
END_TEST

/* One chiplet computes for 1 ns, and its fetches take longer, two at a time: micro-batches end in
 * pairs. The period is the same whether the pairs in between are simulated or not. */
START_TEST(period_is_that_of_all_microbatches)
{
	struct tiny t = { .package = tiny_package((struct tiny_package){ .columns = 1 }) };
	t.workload = tiny_workload(1, 1, 1,
	                           "{'name': 'a', 'op': 'conv', 'inputs': ['x'], "
	                           "'out_channels': 1, 'kernel': 1}");
	t.mapping = tiny_mapping(
		t.workload, t.package, (unsigned)(60 + _i),
		"{'microbatch': 1, 'clusters': [{'region': [[0, 0]], 'nodes': [{"
		"'name': 'a', 'split': {}, 'weights': 'resident', 'tiles': 1}]}]}");
	t.outcome = simulate(&t, false, SIM_TRACE_NONE);
	ck_assert_uint_gt(t.outcome->segments[0].skipped, 20);
	struct sim_outcome *exact = simulate(&t, true, SIM_TRACE_NONE);
	assert_ns(t.outcome->latency_ns, exact->latency_ns);
	assert_ns(t.outcome->segments[0].period_ns, exact->segments[0].period_ns);
	sim_outcome_free(exact);
	tiny_free(&t);
}
END_TEST

START_TEST(timeline_agrees_with_the_accounts)
{
	struct tiny t = load(&systems[_i]);
	t.outcome = simulate(&t, true, SIM_TRACE_LINK);
	assert_no_hole(t.outcome);
	assert_agrees(t.outcome);
	ck_assert_double_eq(t.outcome->timeline->end_ns, t.outcome->latency_ns);
	tiny_free(&t);
}
END_TEST

START_TEST(two_runs_are_identical)
{
	struct tiny t = load(&systems[_i]);
	struct sim_outcome *other = simulate(&t, false, SIM_TRACE_LINK);
	t.outcome = simulate(&t, false, SIM_TRACE_LINK);
	const GArray *a = t.outcome->timeline->rows, *b = other->timeline->rows;
	ck_assert(t.outcome->latency_ns == other->latency_ns);
	ck_assert_uint_eq(a->len, b->len);
	for (guint i = 0; i < a->len; i++) {
		const struct tl_row *x = &g_array_index(a, struct tl_row, i);
		const struct tl_row *y = &g_array_index(b, struct tl_row, i);
		ck_assert(x->kind == y->kind && x->resource == y->resource &&
		          x->start_ns == y->start_ns && x->end_ns == y->end_ns &&
		          x->amount == y->amount);
	}
	ck_assert_int_eq(
		memcmp(t.outcome->bubbles_ns, other->bubbles_ns, sizeof(other->bubbles_ns)), 0);
	sim_outcome_free(other);
	tiny_free(&t);
}
END_TEST

START_TEST(trace_window_keeps_what_overlaps_it)
{
	struct tiny t = load(&systems[0]);
	t.outcome = simulate(&t, true, SIM_TRACE_NONE);
	struct sim_settings settings = { .exact = true,
		                         .trace_level = SIM_TRACE_CHIPLET,
		                         .trace_from_ns = 0.25 * t.outcome->latency_ns,
		                         .trace_to_ns = 0.5 * t.outcome->latency_ns };
	GError *error = NULL;
	struct sim_outcome *window = sim_simulate(t.workload, t.package, t.mapping, &settings,
	                                          &error);
	ck_assert_msg(window != NULL, "%s", error ? error->message : "");
	ck_assert(tl_check(window->timeline, NULL));
	ck_assert_int_eq(window->trace_level, SIM_TRACE_CHIPLET);
	ck_assert_uint_gt(window->timeline->rows->len, 0);
	for (guint i = 0; i < window->timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(window->timeline->rows, struct tl_row, i);
		ck_assert_double_ge(row->end_ns, settings.trace_from_ns);
		ck_assert_double_le(row->start_ns, settings.trace_to_ns);
		ck_assert_int_ne(row->resource_kind, TL_LINK);
	}
	sim_outcome_free(window);
	tiny_free(&t);
}
END_TEST

/* Batch 2000 one by one, every one simulated: link rows are too many, chiplet rows are not. */
START_TEST(automatic_trace_level_limits_rows)
{
	struct system many = systems[0];
	many.batch = 2000;
	struct tiny t = load(&many);
	t.outcome = simulate(&t, true, SIM_TRACE_AUTO);
	ck_assert_int_lt(t.outcome->trace_level, SIM_TRACE_LINK);
	ck_assert_uint_le(t.outcome->timeline->rows->len, SIM_TRACE_ROWS);
	tiny_free(&t);
}
END_TEST

static void add_loop(TCase *cases, const TTest *test)
{
	tcase_add_loop_test(cases, test, 0, UNLESS_SANITIZED((int)G_N_ELEMENTS(systems), 3));
}

/* Nothing but the grid's size is looked at. */
START_TEST(too_many_chiplets_are_refused)
{
	struct tiny t = { .package = tiny_package((struct tiny_package){ .columns = 128 }) };
	struct sim_settings settings = { .trace_to_ns = INFINITY };
	GError *error = NULL;
	t.package->rows = 73;
	ck_assert_ptr_null(sim_simulate(NULL, t.package, NULL, &settings, &error));
	ck_assert_str_eq(
		error->message,
		"package 'tiny' has 9344 chiplets (128 x 73); at most 9216 can be simulated");
	g_clear_error(&error);
	hw_package_free(t.package);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("simulate");
	TCase *cases = tcase_create("real networks");
	tcase_set_timeout(cases, 120);
	add_loop(cases, work_is_conserved);
	add_loop(cases, steady_state_stands_for_what_it_skips);
	add_loop(cases, timeline_agrees_with_the_accounts);
	add_loop(cases, two_runs_are_identical);
	tcase_add_loop_test(cases, no_timeline_has_a_hole, 0,
	                    UNLESS_SANITIZED((int)G_N_ELEMENTS(systems), 1));
	tcase_add_test(cases, skipped_microbatches_have_the_rows_of_an_exact_run);
	tcase_add_test(cases, what_has_no_room_is_folded);
	tcase_add_test(cases, small_runs_skip_nothing);
	tcase_add_loop_test(cases, period_is_that_of_all_microbatches, 0, 4);
	tcase_add_test(cases, too_many_chiplets_are_refused);
	tcase_add_test(cases, trace_window_keeps_what_overlaps_it);
	tcase_add_test(cases, automatic_trace_level_limits_rows);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
