/*
 * Invariant: a skipped micro-batch counts as a full one that took period_ns.
 */
#include "sim/account/account.h"

#include "hw/resources.h"
#include "sim/account/bubbles.h"

#include <math.h>

/* ---- time ---- */

/* When a region ended micro-batch u. */
static double completion_ns(const struct sim_run *run, const struct sim_region *region, uint32_t u)
{
	uint32_t last = region->first_compute + region->compute_count - 1;
	return sim_run_end_ns(run, region->segment, last, u);
}

/*
 * Mean time between completions in the second half of the micro-batches; over
 * all of them when they are few. The smaller last one is left out where that
 * leaves two. A lone micro-batch has its own time from first tile to last.
 */
double sim_cluster_period_ns(const struct sim_run *run, const struct sim_region *region)
{
	const struct sim_segment *segment = sim_run_segment(run, region->segment);
	uint32_t end = segment->microbatches;
	if (segment->has_tail && end >= 3)
		end--;
	if (end == 1)
		return completion_ns(run, region, 0) -
		       sim_run_start_ns(run, region->segment, region->first_compute, 0);
	uint32_t first = end >= 6 ? end / 2 : 0;
	return (completion_ns(run, region, end - 1) - completion_ns(run, region, first)) /
	       (end - 1 - first);
}

static double load_ns(const struct sim_run *run, unsigned segment)
{
	const struct sim_segment *s = sim_run_segment(run, segment);
	double start_ns = run->result->segments[segment].start_ns, end_ns = start_ns;
	for (uint32_t t = s->first_task; t < s->first_task + s->task_count; t++) {
		const struct sim_task *task = sim_run_task(run, t);
		if (task->kind == SIM_LOAD && task->once)
			end_ns = MAX(end_ns, sim_run_end_ns(run, segment, t, 0));
	}
	return end_ns - start_ns;
}

/* ---- work ---- */

/* Of a segment, per resource. */
struct segment_bytes {
	double *moved, *load;
};

static void count_work(const struct sim_run *run, const struct sim_work *work, double times,
                       struct segment_bytes *bytes, struct sim_outcome *outcome)
{
	cost_add(&outcome->totals, &work->totals, times);
	for (uint32_t i = 0; i < work->bytes_count; i++) {
		const struct sim_resource_bytes *entry = &g_array_index(
			run->lowered->bytes, struct sim_resource_bytes, work->first_bytes + i);
		bytes->moved[entry->resource] += times * entry->bytes;
		bytes->load[entry->resource] += times * entry->load_bytes;
	}
}

static void find_busiest(const struct hw_package *package, const double *load_bytes,
                         struct sim_segment_outcome *segment)
{
	segment->busiest = SIM_NO_RESOURCE;
	for (unsigned r = 0; r < hw_resource_count(package); r++) {
		double busy_ns = load_bytes[r] / hw_resource_GBps(package, r);
		if (busy_ns <= segment->busiest_ns)
			continue;
		segment->busiest = r;
		segment->busiest_ns = busy_ns;
	}
}

static void count_segment_work(const struct sim_run *run, unsigned segment,
                               struct sim_outcome *outcome)
{
	const struct sim_segment *s = sim_run_segment(run, segment);
	double full = sim_run_microbatches(run, segment) - (s->has_tail ? 1 : 0);
	unsigned resources = hw_resource_count(run->package);
	g_autofree double *moved = g_new0(double, resources);
	g_autofree double *load = g_new0(double, resources);
	struct segment_bytes bytes = { moved, load };
	for (uint32_t t = s->first_task; t < s->first_task + s->task_count; t++) {
		const struct sim_task_info *info = sim_run_info(run, t);
		bool once = sim_run_task(run, t)->once;
		count_work(run, &info->full, once ? 1 : full, &bytes, outcome);
		if (s->has_tail && !once)
			count_work(run, &info->tail, 1, &bytes, outcome);
	}
	find_busiest(run->package, load, &outcome->segments[segment]);
	for (unsigned r = 0; r < resources; r++) {
		outcome->resource_bytes[r] += moved[r];
		outcome->resource_load_bytes[r] += load[r];
	}
}

/* ---- all of it ---- */

static void account_cluster(const struct sim_run *run, const struct sim_region *region,
                            struct sim_cluster_outcome *cluster, struct sim_outcome *outcome)
{
	sim_count_bubbles(run, region, cluster, outcome->layers);
	cluster->period_ns = sim_cluster_period_ns(run, region);
	outcome->busy_ns += cluster->busy_ns;
	for (int b = 0; b < SIM_BUBBLES; b++)
		outcome->bubbles_ns[b] += cluster->bubbles_ns[b];
}

static uint64_t samples_simulated(const struct sim_run *run, const struct map_mapping *mapping,
                                  unsigned segment)
{
	uint64_t samples = (uint64_t)run->result->segments[segment].simulated *
	                   mapping->segments[segment].microbatch;
	unsigned tail = mapping->batch % mapping->segments[segment].microbatch;
	return tail ? samples - mapping->segments[segment].microbatch + tail : samples;
}

static void account_segment(const struct sim_run *run, const struct map_mapping *mapping,
                            unsigned s, unsigned first_cluster, struct sim_outcome *outcome)
{
	const struct sim_segment_result *result = &run->result->segments[s];
	struct sim_segment_outcome *segment = &outcome->segments[s];
	*segment = (struct sim_segment_outcome){
		.start_ns = outcome->latency_ns,
		.latency_ns = result->end_ns - result->start_ns +
		              result->skipped * result->period_ns,
		.load_ns = load_ns(run, s),
		.microbatches = sim_run_segment(run, s)->microbatches,
		.simulated = result->simulated,
		.skipped = result->skipped,
		.first_cluster = first_cluster,
		.cluster_count = mapping->segments[s].cluster_count,
	};
	outcome->latency_ns += segment->latency_ns;
	for (unsigned c = 0; c < segment->cluster_count; c++)
		account_cluster(
			run,
			&g_array_index(run->lowered->regions, struct sim_region, first_cluster + c),
			&outcome->clusters[first_cluster + c], outcome);
	segment->period_ns =
		outcome->clusters[first_cluster + segment->cluster_count - 1].period_ns;
	count_segment_work(run, s, outcome);
	outcome->samples_simulated = MIN(outcome->samples_simulated,
	                                 samples_simulated(run, mapping, s));
}

void sim_account(const struct sim_run *run, const struct map_mapping *mapping,
                 struct sim_outcome *outcome)
{
	unsigned first_cluster = 0;
	outcome->segment_count = mapping->segment_count;
	outcome->cluster_count = map_cluster_total(mapping);
	outcome->segments = g_new0(struct sim_segment_outcome, outcome->segment_count);
	outcome->clusters = g_new0(struct sim_cluster_outcome, outcome->cluster_count);
	outcome->resource_bytes = g_new0(double, hw_resource_count(run->package));
	outcome->resource_load_bytes = g_new0(double, hw_resource_count(run->package));
	outcome->samples_simulated = mapping->batch;
	outcome->activities = run->result->activities;
	for (unsigned s = 0; s < mapping->segment_count; s++) {
		account_segment(run, mapping, s, first_cluster, outcome);
		first_cluster += outcome->segments[s].cluster_count;
	}
	outcome->static_pJ = cost_static_pJ(run->package, outcome->latency_ns);
}
