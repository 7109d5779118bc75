#include "tests/support/synthetic.h"

#include "hw/resources.h"
#include "hw/topology/topology.h"
#include "sim/engine/platform.h"
#include "tests/support/made.h"

struct hw_package *synthetic_package(unsigned columns, unsigned rows)
{
	g_autofree char *ends = g_strdup_printf("[0, 0]; [%u, %u]", columns - 1, rows - 1);
	return made_package((struct made_package){
		.columns = columns, .rows = rows, .channels = ends, .dram_latency_ns = 100 });
}

uint32_t synthetic_compute(struct sim_program *program, const uint32_t *chiplets,
                           const double *cycles, uint32_t count)
{
	struct sim_activity activity = { .first_share = program->chiplets->len,
		                         .share_count = count,
		                         .from = SIM_NONE,
		                         .to = SIM_NONE };
	g_array_append_vals(program->chiplets, chiplets, count);
	g_array_append_vals(program->cycles, cycles, count);
	g_array_append_val(program->activities, activity);
	return program->activities->len - 1;
}

uint32_t synthetic_phase(struct sim_program *program, const struct hw_package *package,
                         uint32_t from, uint32_t to, const struct fair_load *loads, uint32_t count)
{
	struct sim_activity activity = {
		.first_load = program->loads->len, .load_count = count, .from = from, .to = to
	};
	g_autofree unsigned *route = g_new(unsigned, sim_route_room(package));
	unsigned length = sim_route(package, from, to, route);
	for (unsigned i = 0; i < length; i++)
		activity.latency_ns += hw_resource_latency_ns(package, route[i]);
	g_array_append_vals(program->loads, loads, count);
	g_array_append_val(program->activities, activity);
	return program->activities->len - 1;
}

uint32_t synthetic_compute1(struct sim_program *program, uint32_t chiplet, double cycles)
{
	return synthetic_compute(program, &chiplet, &cycles, 1);
}

uint32_t synthetic_phase1(struct sim_program *program, const struct hw_package *package,
                          uint32_t from, uint32_t to, double bytes)
{
	g_autofree unsigned *route = g_new(unsigned, sim_route_room(package));
	unsigned length = sim_route(package, from, to, route);
	g_autofree struct fair_load *loads = g_new(struct fair_load, length);
	for (unsigned i = 0; i < length; i++)
		loads[i] = (struct fair_load){ route[i], bytes };
	return synthetic_phase(program, package, from, to, loads, length);
}

uint32_t synthetic_task(struct sim_program *program, struct sim_task task,
                        const struct sim_dep *deps, uint32_t count)
{
	task.first_dep = program->deps->len;
	task.dep_count = count;
	if (count > 0)
		g_array_append_vals(program->deps, deps, count);
	g_array_append_val(program->tasks, task);
	return program->tasks->len - 1;
}

void synthetic_segment(struct sim_program *program, uint32_t microbatches, bool has_tail)
{
	struct sim_segment segment = { .microbatches = microbatches,
		                       .has_tail = has_tail,
		                       .cluster_count = 1 };
	if (program->segments->len > 0) {
		const struct sim_segment *last = &g_array_index(
			program->segments, struct sim_segment, program->segments->len - 1);
		segment.first_task = last->first_task + last->task_count;
	}
	segment.task_count = program->tasks->len - segment.first_task;
	segment.marker = segment.first_task;
	for (uint32_t t = segment.first_task; t < program->tasks->len; t++) {
		const struct sim_task *task = &g_array_index(program->tasks, struct sim_task, t);
		segment.cluster_count = MAX(segment.cluster_count, task->cluster + 1);
		if (task->kind == SIM_COMPUTE)
			segment.marker = t;
	}
	g_array_append_val(program->segments, segment);
}

/* ---- the pipeline ---- */

/* A phase is gathered as bytes per resource; its latency is that of its longest route. */
struct phase {
	const struct hw_package *package;
	double *bytes; /* per resource */
	uint32_t far_from, far_to;
	unsigned far_hops;
};

static void phase_start(struct phase *phase, const struct hw_package *package)
{
	*phase = (struct phase){ .package = package,
		                 .bytes = g_new0(double, hw_resource_count(package)) };
}

/* From a chiplet (or a DRAM channel's host) to a chiplet (or a channel). */
static void phase_add(struct phase *phase, uint32_t from, uint32_t to, double bytes)
{
	const struct hw_package *p = phase->package;
	unsigned n = hw_chiplet_count(p);
	g_autofree unsigned *links = g_new(unsigned, p->longest_route);
	unsigned source = from < n ? from : p->dram[from - 2 * n].at;
	unsigned target = to < n ? to : p->dram[to - 2 * n].at;
	unsigned hops = hw_route(p, source, target, 0, links);
	phase->bytes[from < n ? hw_inject_id(p, from) : hw_dram_id(p, from - 2 * n)] += bytes;
	phase->bytes[to < n ? hw_eject_id(p, to) : hw_dram_id(p, to - 2 * n)] += bytes;
	for (unsigned i = 0; i < hops; i++)
		phase->bytes[links[i]] += bytes;
	if (phase->far_from == phase->far_to || hops > phase->far_hops) {
		phase->far_from = from;
		phase->far_to = to;
		phase->far_hops = hops;
	}
}

static uint32_t phase_end(const struct phase *phase, struct sim_program *program, double scale)
{
	unsigned resources = hw_resource_count(phase->package), count = 0;
	g_autofree struct fair_load *loads = g_new(struct fair_load, resources);
	for (unsigned r = 0; r < resources; r++)
		if (phase->bytes[r] > 0)
			loads[count++] = (struct fair_load){ r, phase->bytes[r] * scale };
	return synthetic_phase(program, phase->package, phase->far_from, phase->far_to, loads,
	                       count);
}

/* Both sizes of a task. */
static struct sim_task phase_task(struct phase *phase, struct sim_program *program,
                                  enum sim_task_kind kind)
{
	struct sim_task task = { .kind = (uint8_t)kind,
		                 .full = phase_end(phase, program, 1.0),
		                 .tail = phase_end(phase, program, 0.5),
		                 .from_node = SIM_NONE,
		                 .from_cluster = SIM_NONE };
	g_free(phase->bytes);
	return task;
}

struct builder {
	const struct synthetic_pipeline *shape;
	const struct hw_package *package;
	struct sim_program *program;
	uint32_t first_chiplet[SYNTHETIC_CLUSTERS + 1];
	uint32_t input, stream[SYNTHETIC_CLUSTERS];
};

/*
 * Per cluster: [stream] compute tiles, then one out-going task per tile. All
 * program indices follow from the shape, so that tasks can point ahead.
 */
static uint32_t compute_index(const struct builder *b, unsigned cluster, unsigned tile)
{
	return b->stream[cluster] + (b->shape->stream_bytes[cluster] > 0.0) + tile;
}

static uint32_t out_index(const struct builder *b, unsigned cluster, unsigned tile)
{
	return compute_index(b, cluster, tile) + b->shape->tiles;
}

static void add_from_dram(struct builder *b, unsigned cluster, double bytes,
                          enum sim_task_kind kind)
{
	struct phase phase;
	uint32_t self = b->program->tasks->len;
	unsigned n = hw_chiplet_count(b->package), count = b->shape->chiplets[cluster];
	phase_start(&phase, b->package);
	for (unsigned c = 0; c < count; c++)
		phase_add(&phase, 2 * n + c % b->package->dram_count, b->first_chiplet[cluster] + c,
		          bytes / count);
	const struct sim_dep deps[] = { { self, 1, SIM_FOR_TURN },
		                        { compute_index(b, cluster, b->shape->tiles - 1), 2,
		                          SIM_FOR_TURN } };
	struct sim_task task = phase_task(&phase, b->program, kind);
	task.cluster = task.node = cluster;
	synthetic_task(b->program, task, deps, 2);
}

static void add_compute(struct builder *b, unsigned cluster, unsigned tile)
{
	const struct synthetic_pipeline *shape = b->shape;
	unsigned count = shape->chiplets[cluster];
	g_autofree uint32_t *hosts = g_new(uint32_t, count);
	g_autofree double *cycles = g_new(double, count), *half = g_new(double, count);
	for (unsigned c = 0; c < count; c++) {
		hosts[c] = b->first_chiplet[cluster] + c;
		cycles[c] = shape->tile_ns[cluster] * (c ? 0.9 : 1.0);
		half[c] = cycles[c] / 2;
	}
	struct sim_dep deps[4];
	uint32_t deps_used = 0;
	deps[deps_used++] = (struct sim_dep){
		compute_index(b, cluster, tile ? tile - 1 : shape->tiles - 1), !tile, SIM_FOR_TURN
	};
	deps[deps_used++] = (struct sim_dep){ out_index(b, cluster, tile), 1, SIM_FOR_TURN };
	deps[deps_used++] = (struct sim_dep){ cluster ? out_index(b, cluster - 1, tile) : b->input,
		                              0, SIM_FOR_TURN };
	if (shape->stream_bytes[cluster] > 0.0 && tile == 0)
		deps[deps_used++] = (struct sim_dep){ b->stream[cluster], 0, SIM_FOR_TURN };
	struct sim_task task = { .kind = SIM_COMPUTE,
		                 .cluster = cluster,
		                 .node = cluster,
		                 .tile = tile,
		                 .from_node = SIM_NONE,
		                 .from_cluster = SIM_NONE };
	task.full = synthetic_compute(b->program, hosts, cycles, count);
	task.tail = synthetic_compute(b->program, hosts, half, count);
	synthetic_task(b->program, task, deps, deps_used);
}

static void add_out(struct builder *b, unsigned cluster, unsigned tile)
{
	const struct synthetic_pipeline *shape = b->shape;
	bool last = cluster + 1 == shape->clusters;
	unsigned n = hw_chiplet_count(b->package), count = shape->chiplets[cluster];
	unsigned receivers = last ? count : shape->chiplets[cluster + 1];
	struct phase phase;
	phase_start(&phase, b->package);
	for (unsigned c = 0; c < MAX(count, receivers); c++) {
		uint32_t from = b->first_chiplet[cluster] + c % count;
		uint32_t to = last ? 2 * n + c % b->package->dram_count
		                   : b->first_chiplet[cluster + 1] + c % receivers;
		phase_add(&phase, from, to, shape->out_bytes[cluster] / MAX(count, receivers));
	}
	struct sim_task task = phase_task(&phase, b->program, last ? SIM_STORE : SIM_TRANSFER);
	task.cluster = task.node = last ? cluster : cluster + 1;
	task.from_cluster = task.from_node = cluster;
	task.tile = tile;
	const struct sim_dep deps[] = {
		{ compute_index(b, cluster, tile), 0, SIM_FOR_TURN },
		{ out_index(b, cluster, tile ? tile - 1 : shape->tiles - 1), !tile, SIM_FOR_TURN },
		{ last ? SIM_NONE : compute_index(b, cluster + 1, shape->tiles - 1), 2,
		  SIM_FOR_TURN },
	};
	synthetic_task(b->program, task, deps, last ? 2 : 3);
}

struct sim_program *synthetic_pipeline(const struct synthetic_pipeline *shape,
                                       const struct hw_package *package)
{
	struct builder b = { .shape = shape, .package = package, .program = sim_program_new() };
	uint32_t next = 1;
	for (unsigned j = 0; j < shape->clusters; j++) {
		b.stream[j] = next;
		next += (shape->stream_bytes[j] > 0.0) + 2 * shape->tiles;
		b.first_chiplet[j + 1] = b.first_chiplet[j] + shape->chiplets[j];
	}
	g_assert(b.first_chiplet[shape->clusters] <= hw_chiplet_count(package));
	add_from_dram(&b, 0, shape->out_bytes[0], SIM_FETCH);
	for (unsigned j = 0; j < shape->clusters; j++) {
		if (shape->stream_bytes[j] > 0.0)
			add_from_dram(&b, j, shape->stream_bytes[j], SIM_LOAD);
		for (unsigned t = 0; t < shape->tiles; t++)
			add_compute(&b, j, t);
		for (unsigned t = 0; t < shape->tiles; t++)
			add_out(&b, j, t);
	}
	synthetic_segment(b.program, shape->microbatches, shape->has_tail);
	return b.program;
}

struct synthetic_pipeline synthetic_random(uint32_t seed, double spread, uint32_t microbatches)
{
	GRand *random = g_rand_new_with_seed(seed);
	struct synthetic_pipeline shape = { .columns = 6, .rows = 4, .microbatches = microbatches };
	shape.clusters = (unsigned)g_rand_int_range(random, 2, 7);
	shape.tiles = (unsigned)g_rand_int_range(random, 1, 5);
	shape.has_tail = g_rand_boolean(random);
	for (unsigned j = 0; j < shape.clusters; j++) {
		shape.chiplets[j] = (unsigned)g_rand_int_range(random, 1, 5);
		shape.tile_ns[j] = 1000.0 * (1.0 + spread * g_rand_double(random));
		shape.out_bytes[j] = g_rand_double_range(random, 500, 15000);
		if (g_rand_double(random) < 0.3)
			shape.stream_bytes[j] = g_rand_double_range(random, 2000, 20000);
	}
	g_rand_free(random);
	return shape;
}
