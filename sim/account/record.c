/*
 * Invariant: the counting pass (timeline NULL) and the recording pass go through
 * the same code, so what was counted is what is recorded.
 */
#include "sim/account/record.h"

#include "hw/resources.h"
#include "sim/account/record_folds.h"

#include <math.h>

/* A piece of a chiplet's tile shorter than this is rounding. */
#define SLIVER_NS 1e-6

struct recorder {
	const struct sim_run *run;
	const struct sim_outcome *outcome;
	enum sim_trace_level level;
	double from_ns, to_ns;
	uint64_t most_rows;
	struct tl_timeline *timeline;      /* NULL: count only */
	uint64_t count[TL_RESOURCE_KINDS]; /* rows within the window */
	GArray *starts_ns;                 /* double: of cluster rows, while counting */
	struct record_repeats *repeats;    /* per segment */
	struct record_folds *folds;        /* NULL: what is recorded would not come again */
	uint32_t *row_of; /* per instance of the segment that has rows: its row, or SIM_NONE */
	unsigned segment;
};

/* The skipped micro-batches of a segment. */
struct record_repeats {
	uint64_t rows[TL_RESOURCE_KINDS]; /* of one pattern */
	uint32_t folded;                  /* the last so many have no rows of their own */
};

static const struct sim_segment_result *result_of(const struct recorder *r)
{
	return &r->run->result->segments[r->segment];
}

/* From the run's times to the outcome's: what micro-batches skipped in earlier segments take. */
static double shift_ns(const struct recorder *r)
{
	return r->outcome->segments[r->segment].start_ns - result_of(r)->start_ns;
}

static bool in_window(const struct recorder *r, double start_ns, double end_ns)
{
	return end_ns >= r->from_ns && start_ns <= r->to_ns;
}

/* Returns the row's index, SIM_NONE if there is none. */
static uint32_t add_row(struct recorder *r, const struct tl_row *row)
{
	if (r->folds)
		record_folds_add(r->folds, row);
	if (!in_window(r, row->start_ns, row->end_ns))
		return SIM_NONE;
	r->count[row->resource_kind]++;
	if (!r->timeline && r->folds)
		r->repeats[r->segment].rows[row->resource_kind]++;
	if (!r->timeline) {
		if (row->resource_kind == TL_CLUSTER)
			g_array_append_val(r->starts_ns, row->start_ns);
		return SIM_NONE;
	}
	g_array_append_vals(r->timeline->rows, row, 1);
	return r->timeline->rows->len - 1;
}

/* The first micro-batch of a task that is folded. */
static uint32_t first_folded(const struct recorder *r, uint32_t task)
{
	return r->run->before[task] + result_of(r)->skipped - r->repeats[r->segment].folded;
}

/* Rows for what was folded: on each track one per kind, one after another where rows must not
 * overlap. */
static void add_folded(struct recorder *r, struct record_folds *folds, double start_ns)
{
	uint32_t folded = r->repeats[r->segment].folded, pattern = result_of(r)->pattern;
	if (folded == 0)
		return;
	GArray *rows = record_folds_rows(folds, start_ns, folded * result_of(r)->period_ns,
	                                 folded / pattern);
	for (guint i = 0; i < rows->len; i++) {
		struct tl_row *row = &g_array_index(rows, struct tl_row, i);
		row->extrapolated = folded;
		add_row(r, row);
	}
	g_array_unref(rows);
}

/* ---- regions and chiplets ---- */

static enum tl_kind bubble_kind(enum sim_bubble bubble)
{
	static const enum tl_kind kinds[SIM_BUBBLES] = {
		[SIM_FILL] = TL_FILL,
		[SIM_DRAIN] = TL_DRAIN,
		[SIM_WAIT_INPUT] = TL_WAIT_INPUT,
		[SIM_WAIT_DRAM] = TL_WAIT_DRAM,
		[SIM_BACK_PRESSURE] = TL_BACK_PRESSURE,
		[SIM_SHARD] = TL_SHARD,
	};
	return kinds[bubble];
}

static void set_bubble(struct tl_row *row, enum sim_bubble bubble)
{
	row->kind = (uint8_t)bubble_kind(bubble);
	row->unit = TL_NS;
	row->amount = row->end_ns - row->start_ns;
}

/* What all rows of an interval have in common. */
static struct tl_row interval_row(const struct recorder *r, const struct sim_region *region,
                                  const struct sim_interval *interval)
{
	struct tl_row row = {
		.segment = (int32_t)region->segment,
		.cluster = (int32_t)region->cluster,
		.node = -1,
		.microbatch = -1,
		.tile = -1,
		.start_ns = interval->start_ns + shift_ns(r),
		.end_ns = interval->end_ns + shift_ns(r),
	};
	if (interval->task != SIM_NONE) {
		row.node = (int32_t)sim_run_task(r->run, interval->task)->node;
		row.tile = (int32_t)sim_run_task(r->run, interval->task)->tile;
		row.microbatch = (int32_t)interval->microbatch;
		row.extrapolated = sim_run_is_skipped(r->run, region->segment, interval->task,
		                                      interval->microbatch);
	}
	if (!interval->computes)
		set_bubble(&row, interval->cause);
	return row;
}

/* Where the row of an instance is kept; not of a folded one. */
static uint32_t *row_of(const struct recorder *r, uint32_t task, uint32_t u)
{
	const struct sim_segment *segment = sim_run_segment(r->run, r->segment);
	if (u >= first_folded(r, task))
		u -= r->repeats[r->segment].folded;
	return &r->row_of[(uint64_t)u * segment->task_count + task - segment->first_task];
}

static void record_cluster(struct recorder *r, const struct sim_region *region, uint32_t track,
                           const struct sim_interval *interval)
{
	struct tl_row row = interval_row(r, region, interval);
	row.resource_kind = TL_CLUSTER;
	row.resource = track;
	if (!interval->computes) {
		add_row(r, &row);
		return;
	}
	row.kind = TL_COMPUTE;
	row.unit = TL_MACS;
	row.amount = sim_run_work(r->run, region->segment, interval->task, interval->microbatch)
	                     ->totals.macs;
	uint32_t index = add_row(r, &row);
	if (r->timeline)
		*row_of(r, interval->task, interval->microbatch) = index;
}

/* One chiplet's part of a tile: it computes, then waits for the slowest. */
static void record_share(struct recorder *r, struct tl_row row, double busy_ns, double macs)
{
	double end_ns = row.end_ns;
	if (busy_ns > 0) {
		if (end_ns - row.start_ns - busy_ns > SLIVER_NS)
			row.end_ns = row.start_ns + busy_ns;
		row.kind = TL_COMPUTE;
		row.unit = TL_MACS;
		row.amount = macs;
		add_row(r, &row);
		row.start_ns = row.end_ns;
	}
	if (row.start_ns >= end_ns)
		return;
	row.end_ns = end_ns;
	set_bubble(&row, SIM_SHARD);
	add_row(r, &row);
}

/* The boxes of a tile are in the region's order, without the empty ones. */
static void record_chiplets(struct recorder *r, const struct sim_region *region,
                            const struct sim_interval *interval)
{
	const struct sim_lowered *lowered = r->run->lowered;
	const struct sim_activity *activity = NULL;
	struct tl_row row = interval_row(r, region, interval);
	uint32_t box = 0;
	row.resource_kind = TL_CHIPLET;
	if (interval->computes)
		activity = sim_run_activity(r->run, region->segment, interval->task,
		                            interval->microbatch);
	for (unsigned i = 0; i < region->where->region_size; i++) {
		row.resource = region->where->region[i];
		bool has_box = activity && box < activity->share_count &&
		               g_array_index(lowered->program->chiplets, uint32_t,
		                             activity->first_share + box) == row.resource;
		if (!interval->computes) {
			add_row(r, &row);
		} else if (!has_box) {
			record_share(r, row, 0, 0);
		} else {
			record_share(r, row, sim_run_busy_ns(r->run, activity, box),
			             (double)g_array_index(lowered->macs, uint64_t,
			                                   activity->first_share + box));
			box++;
		}
	}
}

static void record_interval(struct recorder *r, const struct sim_region *region, uint32_t track,
                            const struct sim_interval *interval)
{
	record_cluster(r, region, track, interval);
	if (r->level >= SIM_TRACE_CHIPLET)
		record_chiplets(r, region, interval);
}

static void record_region(struct recorder *r, uint32_t track)
{
	const struct sim_region *region = &g_array_index(r->run->lowered->regions,
	                                                 struct sim_region, track);
	struct record_folds *folds = record_folds_new();
	struct sim_region_timeline walk;
	struct sim_interval interval;
	double folds_ns = 0;
	sim_region_timeline_begin(&walk, r->run, region, r->repeats[r->segment].folded);
	while (sim_region_timeline_next(&walk, &interval)) {
		if (interval.repeats == 0 && r->folds) {
			r->folds = NULL;
			add_folded(r, folds, folds_ns);
		} else if (interval.repeats > 0) {
			r->folds = folds;
			folds_ns = interval.end_ns + shift_ns(r);
		}
		record_interval(r, region, track, &interval);
	}
	record_folds_free(folds);
}

/* ---- links and channels ---- */

static enum tl_kind task_kind(const struct sim_task *task)
{
	static const enum tl_kind kinds[SIM_TASK_KINDS] = {
		[SIM_COMPUTE] = TL_COMPUTE,   [SIM_LOAD] = TL_LOAD,   [SIM_GATHER] = TL_GATHER,
		[SIM_TRANSFER] = TL_TRANSFER, [SIM_FETCH] = TL_FETCH, [SIM_STORE] = TL_STORE,
	};
	return kinds[task->kind];
}

static void record_phase(struct recorder *r, uint32_t task, uint32_t u)
{
	const struct sim_task *t = sim_run_task(r->run, task);
	const struct sim_work *work = sim_run_work(r->run, r->segment, task, u);
	bool whole = t->once || t->kind == SIM_LOAD || t->kind == SIM_GATHER;
	struct tl_row row = {
		.kind = (uint8_t)task_kind(t),
		.unit = TL_BYTES,
		.segment = (int32_t)r->segment,
		.cluster = (int32_t)t->cluster,
		.node = (int32_t)t->node,
		.microbatch = t->once ? -1 : (int32_t)u,
		.tile = whole ? -1 : (int32_t)t->tile,
		.extrapolated = sim_run_is_skipped(r->run, r->segment, task, u),
		.start_ns = sim_run_start_ns(r->run, r->segment, task, u) + shift_ns(r),
		.end_ns = sim_run_end_ns(r->run, r->segment, task, u) + shift_ns(r),
	};
	for (uint32_t i = 0; i < work->bytes_count; i++) {
		const struct sim_resource_bytes *entry = &g_array_index(
			r->run->lowered->bytes, struct sim_resource_bytes, work->first_bytes + i);
		enum hw_resource_kind kind = hw_resource_kind(r->run->package, entry->resource);
		if (kind != HW_DRAM && (kind != HW_LINK || r->level < SIM_TRACE_LINK))
			continue;
		row.resource_kind = kind == HW_DRAM ? TL_DRAM : TL_LINK;
		row.resource = kind == HW_DRAM ? entry->resource - hw_dram_id(r->run->package, 0)
		                               : entry->resource;
		row.amount = entry->bytes;
		add_row(r, &row);
	}
}

static void record_task(struct recorder *r, uint32_t task, struct record_folds *folds)
{
	const struct record_repeats *repeats = &r->repeats[r->segment];
	uint32_t microbatches = sim_run_microbatches(r->run, r->segment);
	uint32_t first = first_folded(r, task);
	for (uint32_t u = 0; u < microbatches; u++) {
		if (repeats->folded && u == first)
			u += repeats->folded;
		bool comes_again = repeats->folded && u < first &&
		                   u + result_of(r)->pattern >= first;
		r->folds = comes_again ? folds : NULL;
		record_phase(r, task, u);
	}
	r->folds = NULL;
}

static void record_phases(struct recorder *r)
{
	const struct sim_segment *segment = sim_run_segment(r->run, r->segment);
	const struct sim_segment_result *result = result_of(r);
	struct record_folds *folds = record_folds_new();
	for (uint32_t task = segment->first_task; task < segment->first_task + segment->task_count;
	     task++) {
		const struct sim_task *t = sim_run_task(r->run, task);
		if (t->kind != SIM_COMPUTE && t->once)
			record_phase(r, task, 0);
		else if (t->kind != SIM_COMPUTE)
			record_task(r, task, folds);
	}
	uint32_t copies = result->skipped - r->repeats[r->segment].folded;
	add_folded(r, folds, result->cut_ns + copies * result->period_ns + shift_ns(r));
	record_folds_free(folds);
}

/* ---- flows ---- */

/* The compute task whose output a transfer carries. */
static uint32_t carried_tile(const struct sim_run *run, const struct sim_task *transfer)
{
	const struct sim_dep *dep = &g_array_index(run->lowered->program->deps, struct sim_dep,
	                                           transfer->first_dep);
	while (dep->cause != SIM_FOR_DATA)
		dep++;
	return dep->task;
}

/* Those of one transfer: from the tile that it comes from to the first that reads it. */
static void record_arrows(struct recorder *r, uint32_t from, uint32_t to)
{
	uint32_t folded = r->repeats[r->segment].folded;
	uint32_t count = sim_run_microbatches(r->run, r->segment) - folded;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t u = folded && i >= first_folded(r, from) ? i + folded : i;
		bool is_folded = folded && u >= first_folded(r, to) &&
		                 u - first_folded(r, to) < folded;
		struct tl_flow flow = { *row_of(r, from, u),
			                is_folded ? SIM_NONE : *row_of(r, to, u) };
		if (flow.from != SIM_NONE && flow.to != SIM_NONE)
			g_array_append_val(r->timeline->flows, flow);
	}
}

static void record_flows(struct recorder *r)
{
	const struct sim_segment *segment = sim_run_segment(r->run, r->segment);
	for (uint32_t t = segment->first_task; t < segment->first_task + segment->task_count; t++) {
		const struct sim_task *transfer = sim_run_task(r->run, t);
		uint32_t to = sim_run_info(r->run, t)->feeds;
		if (transfer->kind == SIM_TRANSFER && to != SIM_NONE)
			record_arrows(r, carried_tile(r->run, transfer), to);
	}
}

/* ---- all of it ---- */

static void record_segment(struct recorder *r, unsigned s)
{
	const struct sim_segment_outcome *segment = &r->outcome->segments[s];
	r->segment = s;
	if (r->timeline) {
		uint64_t instances = (uint64_t)(segment->microbatches - r->repeats[s].folded) *
		                     sim_run_segment(r->run, s)->task_count;
		r->row_of = g_new(uint32_t, instances);
		for (uint64_t i = 0; i < instances; i++)
			r->row_of[i] = SIM_NONE;
	}
	for (unsigned c = 0; c < segment->cluster_count; c++)
		record_region(r, segment->first_cluster + c);
	if (r->level >= SIM_TRACE_CHIPLET)
		record_phases(r);
	if (r->timeline)
		record_flows(r);
	g_clear_pointer(&r->row_of, g_free);
}

static void record_all(struct recorder *r)
{
	for (unsigned s = 0; s < r->outcome->segment_count; s++)
		record_segment(r, s);
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return a < b ? -1 : a > b;
}

static uint64_t rows_at(enum sim_trace_level level, const uint64_t rows[TL_RESOURCE_KINDS])
{
	uint64_t sum = rows[TL_CLUSTER];
	if (level >= SIM_TRACE_CHIPLET)
		sum += rows[TL_CHIPLET] + rows[TL_DRAM];
	return level >= SIM_TRACE_LINK ? sum + rows[TL_LINK] : sum;
}

/* Rows of all levels, with all skipped micro-batches folded. */
static void count_rows(struct recorder *r)
{
	enum sim_trace_level level = r->level;
	r->level = SIM_TRACE_LINK;
	for (unsigned s = 0; s < r->outcome->segment_count; s++)
		r->repeats[s].folded = r->outcome->segments[s].skipped;
	r->starts_ns = g_array_new(FALSE, FALSE, sizeof(double));
	record_all(r);
	r->level = level;
}

/* The highest level whose rows are few enough. If none is, the cluster level up to the row that
 * is too many. */
static void choose_level(struct recorder *r)
{
	r->level = SIM_TRACE_LINK;
	while (r->level > SIM_TRACE_CLUSTER && rows_at(r->level, r->count) > r->most_rows)
		r->level--;
	if (r->count[TL_CLUSTER] > r->most_rows) {
		g_array_sort(r->starts_ns, compare_doubles);
		double next_ns = g_array_index(r->starts_ns, double, r->most_rows);
		r->to_ns = MIN(r->to_ns, nextafter(next_ns, -INFINITY));
	}
}

/* Skipped micro-batches get rows of their own, segment by segment, as long as there is room. */
static void unfold(struct recorder *r)
{
	uint64_t rows = rows_at(r->level, r->count);
	uint64_t room = r->most_rows - MIN(rows, r->most_rows);
	for (unsigned s = 0; s < r->outcome->segment_count; s++) {
		struct record_repeats *repeats = &r->repeats[s];
		uint32_t pattern = r->run->result->segments[s].pattern;
		uint64_t each = MAX(rows_at(r->level, repeats->rows), 1);
		if (repeats->folded == 0)
			continue;
		uint64_t copies = MIN(repeats->folded / pattern, room / each);
		repeats->folded -= (uint32_t)copies * pattern;
		room -= copies * each;
	}
}

static void add_name(struct tl_timeline *timeline, enum tl_resource_kind kind, char *name)
{
	g_ptr_array_add(timeline->names[kind], name);
}

/* "conv1 .. conv5, 14 chiplets" */
static char *cluster_label(const struct map_plan *plan, const struct sim_region *region)
{
	const struct map_cluster *cluster = region->where;
	const struct wl_node *nodes = plan->workload->nodes;
	const char *first = nodes[cluster->nodes[0].node].name;
	const char *last = nodes[cluster->nodes[cluster->node_count - 1].node].name;
	return g_strdup_printf("%s%s%s, %u chiplet%s", first, first == last ? "" : " .. ",
	                       first == last ? "" : last, cluster->region_size,
	                       cluster->region_size == 1 ? "" : "s");
}

static void name_resources(struct recorder *r, const struct map_plan *plan)
{
	const struct hw_package *p = r->run->package;
	const GArray *regions = r->run->lowered->regions;
	for (guint i = 0; i < regions->len; i++) {
		const struct sim_region *region = &g_array_index(regions, struct sim_region, i);
		add_name(
			r->timeline, TL_CLUSTER,
			g_strdup_printf("segment %u cluster %u", region->segment, region->cluster));
		g_ptr_array_add(r->timeline->labels, cluster_label(plan, region));
	}
	for (unsigned c = 0; c < hw_chiplet_count(p); c++)
		add_name(r->timeline, TL_CHIPLET,
		         g_strdup_printf("chiplet %u,%u", c % p->columns, c / p->columns));
	for (unsigned i = 0; i < p->dram_count; i++)
		add_name(r->timeline, TL_DRAM, g_strdup_printf("dram %u", i));
	for (unsigned link = 0; link < p->link_count; link++)
		add_name(r->timeline, TL_LINK, hw_resource_name(p, link));
	for (unsigned n = 0; n < plan->workload->node_count; n++)
		g_ptr_array_add(r->timeline->nodes, g_strdup(plan->workload->nodes[n].name));
}

struct tl_timeline *sim_record(const struct sim_run *run, const struct map_plan *plan,
                               const struct sim_outcome *outcome,
                               const struct sim_record_wishes *wishes, enum sim_trace_level *level)
{
	struct recorder r = { .run = run,
		              .outcome = outcome,
		              .level = wishes->level,
		              .from_ns = wishes->from_ns,
		              .to_ns = wishes->to_ns,
		              .most_rows = wishes->rows ? wishes->rows : SIM_TRACE_ROWS };
	const char *strategy = plan->mapping->strategy;
	*level = wishes->level;
	if (wishes->level == SIM_TRACE_NONE)
		return NULL;
	r.repeats = g_new0(struct record_repeats, outcome->segment_count);
	count_rows(&r);
	if (wishes->level == SIM_TRACE_AUTO)
		choose_level(&r);
	unfold(&r);
	*level = r.level;
	g_autofree char *title = g_strdup_printf("%s on %s, %s", plan->workload->name,
	                                         run->package->name,
	                                         strategy ? strategy : "mapping");
	r.timeline = tl_new(title);
	r.timeline->end_ns = outcome->latency_ns;
	name_resources(&r, plan);
	record_all(&r);
	tl_sort(r.timeline);
	g_array_unref(r.starts_ns);
	g_free(r.repeats);
	return r.timeline;
}
