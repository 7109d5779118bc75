/*
 * Question: does a mapping become the right tasks: phases that take the time the
 * cost model gives them and carry its bytes, dependencies where and only where
 * data, buffers and weights ask for them?
 */
#include "hw/topology/topology.h"
#include "tests/sim/tiny.h"

#include "sim/lower/activity.h"
#include "sim/engine/engine.h"
#include "sim/lower/lower.h"
#include "sim/engine/platform.h"

#include "tests/support/synthetic.h"
#include "tests/support/suite.h"

/* ---- phases ---- */

#define PHASES 6

/* Phases of every kind between and within two regions of the first layers of AlexNet. */
static void build_phases(struct map_network *network, const struct wl_workload *w,
                         const unsigned *regions, struct map_phase phases[PHASES])
{
	struct map_placed a = { .workload = w,
		                .node = &w->nodes[0],
		                .region = regions,
		                .region_size = 6,
		                .split = { 1, 2, 3, 1 },
		                .weights = MAP_DISTRIBUTED,
		                .tiles = 3,
		                .samples = 2 };
	struct map_placed b = a;
	b.node = &w->nodes[1];
	b.region = regions + 5; /* one chiplet is in both */
	const struct wl_edge *edge = &w->edges[b.node->edges_in[0]];
	for (unsigned i = 0; i < PHASES; i++)
		map_phase_init(&phases[i], network->package);
	map_transfer(network, &a, MAP_WHOLE, &b, edge, &phases[0]);
	map_halo(network, &a, 0, &phases[1]);
	map_load(network, &a, &phases[2]);
	map_gather(network, &a, &phases[3]);
	map_fetch(network, &b, 2, edge, &phases[4]);
	map_store(network, &b, 0, &phases[5]);
}

static struct sim_program *chain(const struct sim_activities *activities, unsigned count)
{
	struct sim_program *program = activities->program;
	for (uint32_t i = 0; i < count; i++) {
		struct sim_task task = { .kind = SIM_TRANSFER,
			                 .full = i,
			                 .tail = i,
			                 .first_dep = program->deps->len,
			                 .dep_count = i > 0 };
		struct sim_dep dep = { i - 1, 0, SIM_FOR_TURN };
		if (i > 0)
			g_array_append_val(program->deps, dep);
		g_array_append_val(program->tasks, task);
	}
	struct sim_segment segment = {
		.task_count = count, .microbatches = 1, .marker = count - 1, .cluster_count = 1
	};
	g_array_append_val(program->segments, segment);
	return program;
}

/* All with channels that lose time to refresh and to switches from reads to writes. */
static const char *const packages[][4] = {
	{ NULL },
	{ "nop.topology=torus", NULL },
	{ "nop.port_GBps=30", NULL },
	{ "nop.port_GBps=30", "nop.topology=torus", "nop.multicast=false", NULL },
	{ "nop.message_ns=7", "nop.topology=torus", NULL },
	{ "nop.message_ns=7", NULL },
	{ "nop.port_GBps=30", "nop.message_ns=7", "dram.interleave=nearest", NULL },
};

static const unsigned regions[] = { 0, 1, 2, 6, 7, 8, 3, 9, 15, 14, 13 };

START_TEST(a_lone_phase_takes_the_models_time)
{
	struct hw_package *package = hw_package_read("mcm-16", "hw/packages", packages[_i], NULL);
	struct wl_workload *w = wl_workload_read("alexnet", "workloads/zoo", NULL, NULL);
	struct map_network network;
	struct map_phase phases[PHASES];
	struct sim_activities activities;
	GError *error = NULL;
	ck_assert(package && w);
	map_network_init(&network, package);
	build_phases(&network, w, regions, phases);
	sim_activities_init(&activities, sim_program_new(), &network);
	for (unsigned i = 0; i < PHASES; i++) {
		ck_assert(!map_phase_empty(&phases[i]));
		ck_assert_uint_eq(sim_phase_activity(&activities, &phases[i]), i);
	}
	struct sim_options options = { .exact = true };
	struct sim_result *result = sim_execute(package, chain(&activities, PHASES), &options,
	                                        &error);
	ck_assert_msg(result != NULL, "%s", error ? error->message : "");
	for (unsigned i = 0; i < PHASES; i++) {
		double expected_ns = map_phase_ns(&network, &phases[i]);
		double took_ns = result->end_ns[i] - result->start_ns[i];
		ck_assert_double_eq_tol(took_ns, expected_ns, 1e-9 * expected_ns + 1e-6);
		map_phase_release(&phases[i]);
	}
	sim_result_free(result);
	sim_program_free(activities.program);
	sim_activities_release(&activities);
	map_network_release(&network);
	wl_workload_free(w);
	hw_package_free(package);
}
END_TEST

/* Only the way to its channel is left of a phase that a nearer, slower channel decides: it pays all
 * of the farthest channel's latency, in the model and in the simulator. */
START_TEST(channels_may_differ_by_more_than_a_route)
{
	static const char *const set[] = { "dram.channels[0].latency_ns=5000",
		                           "dram.channels[0].GBps=1000", "nop.link_GBps=1000",
		                           "nop.port_GBps=1000", NULL };
	struct hw_package *package = hw_package_read("mcm-16", "hw/packages", set, NULL);
	struct map_network network;
	struct map_phase phases[2];
	struct sim_activities activities;
	GError *error = NULL;
	ck_assert(package != NULL);
	map_network_init(&network, package);
	sim_activities_init(&activities, sim_program_new(), &network);
	for (unsigned i = 0; i < 2; i++)
		map_phase_init(&phases[i], package);
	network.receivers[0] = 5;
	map_read_dram(&network, &phases[0], network.receivers, 1, 1e6);
	map_write_dram(&network, &phases[1], 5, 1e6);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_eq(sim_phase_activity(&activities, &phases[i]), i);
	struct sim_options options = { .exact = true };
	struct sim_result *result = sim_execute(package, chain(&activities, 2), &options, &error);
	ck_assert_msg(result != NULL, "%s", error ? error->message : "");
	for (unsigned i = 0; i < 2; i++) {
		struct map_phase_time time = map_phase_time(&network, &phases[i]);
		double took_ns = result->end_ns[i] - result->start_ns[i];
		ck_assert_double_eq(time.latency_ns, 5000);
		ck_assert_double_eq_tol(took_ns, time.load_ns + 5000, 1e-3);
		map_phase_release(&phases[i]);
	}
	sim_result_free(result);
	sim_program_free(activities.program);
	sim_activities_release(&activities);
	map_network_release(&network);
	hw_package_free(package);
}
END_TEST

/* An activity's load of each resource is the phase's there, but none of ports that cannot bind. */
START_TEST(activities_have_the_phases_loads)
{
	struct hw_package *package = hw_package_read("mcm-16", "hw/packages", packages[_i], NULL);
	struct wl_workload *w = wl_workload_read("alexnet", "workloads/zoo", NULL, NULL);
	struct map_network network;
	struct map_phase phases[PHASES];
	struct sim_activities a;
	ck_assert(package && w);
	map_network_init(&network, package);
	build_phases(&network, w, regions, phases);
	sim_activities_init(&a, sim_program_new(), &network);
	for (unsigned i = 0; i < PHASES; i++) {
		uint32_t index = sim_phase_activity(&a, &phases[i]);
		const struct sim_activity *activity = &g_array_index(a.program->activities,
		                                                     struct sim_activity, index);
		g_autofree double *bytes = g_new0(double, hw_resource_count(package));
		for (uint32_t l = 0; l < activity->load_count; l++) {
			const struct fair_load *load = &g_array_index(
				a.program->loads, struct fair_load, activity->first_load + l);
			ck_assert_double_eq(bytes[load->resource], 0);
			bytes[load->resource] = load->bytes;
		}
		const double *loads = map_phase_loads(&network, &phases[i]);
		for (unsigned r = 0; r < hw_resource_count(package); r++) {
			enum hw_resource_kind kind = hw_resource_kind(package, r);
			bool idle = (kind == HW_INJECT || kind == HW_EJECT) &&
			            !a.port_may_bind[r - hw_inject_id(package, 0)];
			double load = phases[i].bytes[r] > 0 && !idle ? loads[r] : 0;
			ck_assert_double_eq(bytes[r], load);
		}
		map_phase_release(&phases[i]);
	}
	sim_program_free(a.program);
	sim_activities_release(&a);
	map_network_release(&network);
	wl_workload_free(w);
	hw_package_free(package);
}
END_TEST

/* A phase of random messages of one kind: to and from DRAM, or between chiplets. */
static void random_phase(struct map_network *network, GRand *rand, struct map_phase *phase)
{
	int chiplets = (int)hw_chiplet_count(network->package), kind = g_rand_int_range(rand, 0, 4);
	for (int messages = g_rand_int_range(rand, 1, 20); messages > 0; messages--) {
		unsigned from = (unsigned)g_rand_int_range(rand, 0, chiplets), count = 0;
		double bytes = g_rand_int_range(rand, 1, 5000);
		for (unsigned c = 0; (int)c < chiplets; c++)
			if (c != from && g_rand_int_range(rand, 0, chiplets) < 3)
				network->receivers[count++] = c;
		if (kind == 0)
			map_write_dram(network, phase, from, bytes);
		else if (kind == 1)
			map_read_dram(network, phase, network->receivers, count, bytes);
		else
			map_send(network, phase, from, network->receivers, count, bytes);
	}
}

/* Borders wherever a die can end, so that their links are shorter or longer, slower or faster. */
static void draw_borders(struct hw_package *package, GRand *rand)
{
	unsigned *every = package->nop.borders.every;
	package->nop.borders = (struct hw_borders){ .link_GBps = g_rand_int_range(rand, 2, 40),
		                                    .hop_ns = g_rand_int_range(rand, 0, 20) };
	do
		every[0] = (unsigned)g_rand_int_range(rand, 1, 6);
	while (package->columns % every[0]);
	do
		every[1] = (unsigned)g_rand_int_range(rand, 1, 6);
	while (package->rows % every[1]);
}

/* Grids of all shapes to 4 x 5: a link of two parallel ones is as good as any other, and so is one
 * over a rim. */
START_TEST(phases_on_grids_take_the_models_time)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	struct hw_package *package = synthetic_package((unsigned)_i % 4 + 1,
	                                               (unsigned)_i / 4 % 5 + 1);
	struct map_network network;
	struct map_phase phases[PHASES];
	struct sim_activities activities;
	GError *error = NULL;
	package->nop.topology = _i % 3 ? &hw_torus : &hw_mesh;
	if (g_rand_boolean(rand))
		draw_borders(package, rand);
	package->nop.multicast = g_rand_boolean(rand);
	package->nop.message_ns = g_rand_boolean(rand) ? 7 : 0;
	package->nop.port_GBps = g_rand_boolean(rand) ? 15 : 40;
	double dram_ns = g_rand_boolean(rand) ? 100 : 0;
	for (unsigned i = 0; i < package->dram_count; i++)
		package->dram[i].latency_ns = dram_ns;
	hw_lay_links(package);
	package->interleave = g_rand_boolean(rand) ? HW_INTERLEAVE_NEAREST : HW_INTERLEAVE_ALL;
	map_network_init(&network, package);
	sim_activities_init(&activities, sim_program_new(), &network);
	for (unsigned i = 0; i < PHASES; i++) {
		map_phase_init(&phases[i], package);
		do
			random_phase(&network, rand, &phases[i]);
		while (map_phase_empty(&phases[i]));
		ck_assert_uint_eq(sim_phase_activity(&activities, &phases[i]), i);
	}
	struct sim_options options = { .exact = true };
	struct sim_result *result = sim_execute(package, chain(&activities, PHASES), &options,
	                                        &error);
	ck_assert_msg(result != NULL, "%s", error ? error->message : "");
	for (unsigned i = 0; i < PHASES; i++) {
		double expected_ns = map_phase_ns(&network, &phases[i]);
		ck_assert_double_eq_tol(result->end_ns[i] - result->start_ns[i], expected_ns,
		                        1e-9 * expected_ns + 1e-6);
		map_phase_release(&phases[i]);
	}
	sim_result_free(result);
	sim_program_free(activities.program);
	sim_activities_release(&activities);
	map_network_release(&network);
	hw_package_free(package);
}
END_TEST

/* A port of 100 GB/s: three links of 25 and a DRAM channel of 25.6 that loses nothing can fill it,
 * two links and one cannot, nor can four links. Chiplet 0 is a corner with a channel, 7 an edge
 * with one. */
START_TEST(only_ports_that_may_bind_are_modelled)
{
	static const char *const lossless[] = { "dram.channels[1].efficiency=1", NULL };
	struct hw_package *package = hw_package_read("mcm-16", "hw/packages", lossless, NULL);
	struct map_network network;
	struct sim_activities a;
	ck_assert_ptr_nonnull(package);
	map_network_init(&network, package);
	sim_activities_init(&a, sim_program_new(), &network);
	for (unsigned direction = 0; direction < 2; direction++) {
		const bool *may_bind = a.port_may_bind + 16 * direction;
		ck_assert(!may_bind[0]);
		ck_assert(!may_bind[5]);
		ck_assert(may_bind[7]);
	}
	sim_program_free(a.program);
	sim_activities_release(&a);
	map_network_release(&network);
	hw_package_free(package);
}
END_TEST

/* ---- tasks and dependencies ---- */

struct lowered {
	struct tiny tiny;
	struct map_plan plan;
	struct sim_lowered *lowered;
};

static struct lowered lower(struct tiny_package package, struct wl_workload *workload,
                            unsigned batch, const char *segments)
{
	struct lowered l = { .tiny = { .package = tiny_package(package), .workload = workload } };
	l.tiny.mapping = tiny_mapping(workload, l.tiny.package, batch, segments);
	map_plan_init(&l.plan, l.tiny.mapping, workload, l.tiny.package);
	l.lowered = sim_lower(&l.plan);
	return l;
}

static void lowered_free(struct lowered *l)
{
	sim_lowered_free(l->lowered);
	map_plan_release(&l->plan);
	tiny_free(&l->tiny);
}

/* "transfer a>b:0": kind, node (and producer), tile. */
static void append_task(const struct lowered *l, uint32_t index, GString *text)
{
	static const char *const kinds[SIM_TASK_KINDS] = { "compute",  "load",  "gather",
		                                           "transfer", "fetch", "store" };
	const struct sim_task *task = &g_array_index(l->lowered->program->tasks, struct sim_task,
	                                             index);
	const struct wl_node *nodes = l->tiny.workload->nodes;
	g_string_append_printf(text, "%s ", kinds[task->kind]);
	if (task->from_node != SIM_NONE)
		g_string_append_printf(text, "%s>", nodes[task->from_node].name);
	g_string_append_printf(text, "%s:%u", nodes[task->node].name, task->tile);
}

/* The dependencies of the task of that name: "compute a:1, load a:0, compute b:0 -2". */
static void assert_deps(const struct lowered *l, const char *name, const char *expected)
{
	const struct sim_program *program = l->lowered->program;
	for (uint32_t t = 0; t < program->tasks->len; t++) {
		const struct sim_task *task = &g_array_index(program->tasks, struct sim_task, t);
		g_autoptr(GString) text = g_string_new(NULL);
		append_task(l, t, text);
		if (!g_str_equal(text->str, name))
			continue;
		g_string_truncate(text, 0);
		for (uint32_t d = 0; d < task->dep_count; d++) {
			const struct sim_dep *dep = &g_array_index(program->deps, struct sim_dep,
			                                           task->first_dep + d);
			g_string_append(text, d ? ", " : "");
			append_task(l, dep->task, text);
			if (dep->back)
				g_string_append_printf(text, " -%u", dep->back);
		}
		ck_assert_str_eq(text->str, expected);
		return;
	}
	ck_abort_msg("no task '%s'", name);
}

static unsigned count_tasks(const struct lowered *l)
{
	return l->lowered->program->tasks->len;
}

#define CONV3(name, input)                                      \
	"{'name': '" name "', 'op': 'conv', 'inputs': ['" input \
	"'], 'out_channels': 1, 'kernel': [3, 1], "             \
	"'pad': [1, 0]}"
#define NODE(name, split, weights, tiles) \
	"{'name': '" name "', 'split': " split ", 'weights': '" weights "', 'tiles': " tiles "}"

/* Windows of 3 rows, tiles of 2: a tile needs its producer's neighbours. */
START_TEST(tiles_wait_for_the_rows_they_reach)
{
	struct lowered l = lower(
		(struct tiny_package){ .columns = 2, .fast_dram = true },
		tiny_workload(1, 8, 1, CONV3("a", "x") "," CONV3("b", "a")), 6,
		"{'microbatch': 1, 'clusters': ["
		"{'region': [[0, 0]], 'nodes': [" NODE(
			"a", "{}", "resident", "4") "]},"
						    "{'region': [[1, 0]], 'nodes': [" NODE(
							    "b", "{}", "resident", "4") "]}]}");
	assert_deps(&l, "compute a:0", "compute a:3 -1, load a:0, fetch a:0, transfer a>b:2 -1");
	assert_deps(&l, "compute a:3", "compute a:2, load a:0, fetch a:3, transfer a>b:1");
	assert_deps(&l, "compute b:0",
	            "compute b:3 -1, load b:0, transfer a>b:0, transfer a>b:1, store b:2 -1");
	assert_deps(&l, "compute b:1",
	            "compute b:0, load b:0, transfer a>b:0, transfer a>b:1, transfer a>b:2, store "
	            "b:3 -1");
	assert_deps(&l, "compute b:3",
	            "compute b:2, load b:0, transfer a>b:2, transfer a>b:3, store b:1");
	assert_deps(&l, "transfer a>b:2", "compute a:2, compute b:3 -2");
	assert_deps(&l, "fetch a:1", "compute a:3 -1");
	assert_deps(&l, "fetch a:2", "compute a:0");
	assert_deps(&l, "store b:3", "compute b:3");
	assert_deps(&l, "load b:0", "");
	lowered_free(&l);
}
END_TEST

/* An edge over two clusters has three buffers, an edge within a cluster none to wait for, and
 * what stays on its chiplet is no transfer. */
START_TEST(buffers_follow_the_distance)
{
	struct lowered l = lower(
		(struct tiny_package){ .columns = 3, .fast_dram = true },
		tiny_workload(
			1, 4, 1,
			CONV3("a", "x") "," CONV3("b", "a") "," CONV3(
				"c", "b") ","
					  "{'name': 'sum', 'op': 'add', 'inputs': ['c', 'a']}"),
		6,
		"{'microbatch': 1, 'clusters': ["
		"{'region': [[0, 0]], 'nodes': [" NODE(
			"a", "{}", "resident",
			"1") "]},"
			     "{'region': [[1, 0]], 'nodes': [" NODE(
				     "b", "{}", "resident",
				     "1") "]},"
					  "{'region': [[2, 0]], 'nodes': [" NODE(
						  "c", "{}", "resident", "1") "]}]}");
	assert_deps(&l, "transfer a>b:0", "compute a:0, compute b:0 -2");
	assert_deps(&l, "transfer a>c:0", "compute a:0, compute c:0 -3");
	assert_deps(&l, "compute a:0",
	            "compute a:0 -1, load a:0, fetch a:0, transfer a>b:0 -2, transfer a>c:0 -2");
	lowered_free(&l);
	l = lower((struct tiny_package){ .columns = 1 },
	          tiny_workload(1, 4, 1, CONV3("a", "x") "," CONV3("b", "a")), 2,
	          "{'microbatch': 1, 'clusters': [{'region': [[0, 0]], 'nodes': [" NODE(
			  "a", "{}", "resident", "1") "," NODE("b", "{}", "resident", "1") "]}]}");
	assert_deps(&l, "compute b:0", "compute a:0, load b:0, store b:0 -1");
	assert_deps(&l, "load b:0", "load a:0");
	ck_assert_uint_eq(count_tasks(&l), 6); /* 2 compute, 2 load, fetch, store */
	lowered_free(&l);
}
END_TEST

/* Weights of the next node may come while this one runs, if there is room for both. */
START_TEST(streamed_weights_come_one_node_ahead)
{
	const char *segments =
		"{'microbatch': 1, 'clusters': [{'region': [[0, 0]], 'nodes': [" NODE(
			"a", "{}", "streamed", "2") "," NODE("b", "{}", "streamed",
	                                                     "2") "," NODE("c", "{}", "resident",
	                                                                   "1") "]}]}";
	const char *layers = CONV3("a", "x") "," CONV3("b", "a") "," CONV3("c", "b");
	struct lowered l = lower((struct tiny_package){ .columns = 1 },
	                         tiny_workload(1, 4, 1, layers), 2, segments);
	assert_deps(&l, "load a:0", "compute b:1 -1");
	assert_deps(&l, "load b:0", "compute c:0 -1");
	assert_deps(&l, "load c:0", "");
	lowered_free(&l);
	/* 888 bytes of c are resident, 136 are free: a and b, 96 each, do not fit together; a
	 * fits while c runs before it. */
	l = lower((struct tiny_package){ .columns = 1, .weight_KiB = 1 },
	          tiny_workload(1, 4, 8,
	                        "{'name': 'a', 'op': 'conv', 'inputs': ['x'], 'out_channels': 4, "
	                        "'kernel': [3, 1], 'pad': [1, 0]}," CONV3(
					"b", "a") ","
	                                          "{'name': 'c', 'op': 'conv', 'inputs': ['b'], "
	                                          "'out_channels': 37, "
	                                          "'kernel': [3, 1], 'pad': [1, 0]}"),
	          2, segments);
	assert_deps(&l, "load a:0", "compute b:1 -1");
	assert_deps(&l, "load b:0", "compute a:1");
	lowered_free(&l);
}
END_TEST

/* Gathered weights wait for the node before and for their shards. */
START_TEST(gathers_wait_for_the_node_before)
{
	struct lowered l = lower(
		(struct tiny_package){ .columns = 2, .fast_dram = true },
		tiny_workload(1, 4, 2, CONV3("a", "x") "," CONV3("b", "a")), 2,
		"{'microbatch': 1, 'clusters': [{'region': [[0, 0], [1, 0]], 'nodes': [" NODE(
			"a", "{'P': 2}", "distributed", "1") "," NODE("b", "{'P': 2}",
	                                                              "distributed", "1") "]}]}");
	assert_deps(&l, "gather a:0", "compute b:0 -1, load a:0");
	assert_deps(&l, "gather b:0", "compute a:0, load b:0");
	assert_deps(&l, "compute b:0", "compute a:0, gather b:0, transfer a>b:0, store b:0 -1");
	lowered_free(&l);
}
END_TEST

/* A fused pool of overlapping windows: its halo holds up the tile two later and nothing else. */
START_TEST(pool_halo_holds_up_the_output_only)
{
	struct lowered l = lower(
		(struct tiny_package){ .columns = 2, .fast_dram = true },
		tiny_workload(1, 9, 1,
	                      CONV3("a", "x") ","
	                                      "{'name': 'pool', 'op': 'max_pool', 'inputs': ['a'], "
	                                      "'kernel': [3, 1], 'stride': [2, 1]}"),
		3,
		"{'microbatch': 1, 'clusters': [{'region': [[0, 0], [1, 0]], 'nodes': [" NODE(
			"a", "{'P': 2}", "resident", "1") "]}]}");
	assert_deps(&l, "transfer a>a:0", "compute a:0");
	assert_deps(&l, "store a:0", "compute a:0");
	assert_deps(&l, "compute a:0",
	            "compute a:0 -1, load a:0, fetch a:0, transfer a>a:0 -2, store a:0 -2");
	lowered_free(&l);
}
END_TEST

/* The program does not grow with the batch, and tails are its last micro-batch. */
START_TEST(micro_batches_share_their_activities)
{
	const unsigned batches[] = { 4, 400, 401 };
	unsigned tasks[3], activities[3];
	for (unsigned i = 0; i < 3; i++) {
		struct lowered l = lower(
			(struct tiny_package){ .columns = 1 },
			tiny_workload(1, 8, 1, CONV3("a", "x")), batches[i],
			"{'microbatch': 2, 'clusters': [{'region': [[0, 0]], 'nodes': [" NODE(
				"a", "{}", "resident", "2") "]}]}");
		const struct sim_segment *segment = &g_array_index(l.lowered->program->segments,
		                                                   struct sim_segment, 0);
		tasks[i] = count_tasks(&l);
		activities[i] = l.lowered->program->activities->len;
		ck_assert_uint_eq(segment->microbatches, (batches[i] + 1) / 2);
		ck_assert(segment->has_tail == (batches[i] % 2 == 1));
		ck_assert_uint_eq(segment->marker, 1);
		lowered_free(&l);
	}
	ck_assert_uint_eq(tasks[0], tasks[1]);
	ck_assert_uint_eq(tasks[0], tasks[2]);
	ck_assert_uint_eq(activities[0], activities[1]);
	/* The one sample of the tail is its second tile: one compute, fetch and store more. */
	ck_assert_uint_eq(activities[2], activities[0] + 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lower");
	TCase *cases = tcase_create("lower");
	tcase_add_loop_test(cases, a_lone_phase_takes_the_models_time, 0,
	                    (int)G_N_ELEMENTS(packages));
	tcase_add_test(cases, channels_may_differ_by_more_than_a_route);
	tcase_add_loop_test(cases, activities_have_the_phases_loads, 0,
	                    (int)G_N_ELEMENTS(packages));
	tcase_add_loop_test(cases, phases_on_grids_take_the_models_time, 0, 60);
	tcase_add_test(cases, only_ports_that_may_bind_are_modelled);
	tcase_add_test(cases, tiles_wait_for_the_rows_they_reach);
	tcase_add_test(cases, buffers_follow_the_distance);
	tcase_add_test(cases, streamed_weights_come_one_node_ahead);
	tcase_add_test(cases, gathers_wait_for_the_node_before);
	tcase_add_test(cases, pool_halo_holds_up_the_output_only);
	tcase_add_test(cases, micro_batches_share_their_activities);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
