/*
 * Invariants: events are written as they are met, nothing but the open tracks of one
 * resource and the places of the cluster rows (for the arrows) is kept. Times are whole
 * picoseconds from here on, so that what touched still touches and cannot overlap.
 */
#include "traces/chrome.h"

#include "traces/busiest.h"
#include "traces/counters.h"
#include "traces/node_names.h"
#include "traces/output.h"
#include "traces/segments.h"

#include <math.h>

#define US_DECIMALS 6     /* ps in a microsecond */
#define AMOUNT_DECIMALS 3 /* of what is no integer */

/* Processes in their order; segments have the first. */
#define SEGMENTS "segments"
static const char *const process_names[TL_RESOURCE_KINDS] = {
	[TL_CLUSTER] = "clusters",
	[TL_CHIPLET] = "chiplets",
	[TL_LINK] = "NoP links",
	[TL_DRAM] = "DRAM channels",
};

static const struct {
	const char *name;
	enum tl_resource_kind process;
} counters[TRACE_COUNTERS] = {
	[TRACE_COMPUTING_CHIPLETS] = { "computing chiplets (count)", TL_CHIPLET },
	[TRACE_NOP_GBps] = { "NoP traffic (GB/s)", TL_LINK },
	[TRACE_DRAM_GBps] = { "DRAM traffic (GB/s)", TL_DRAM },
};

struct slice {
	int64_t start_ps, end_ps;
	uint32_t track;
};

/* One of the tracks of a resource: what begins no earlier than its last slice's end fits. */
struct track {
	int64_t end_ps;
	uint32_t id;
};

struct chrome {
	struct trace_output *output;
	const struct tl_timeline *timeline;
	bool lanes;             /* of single transfers */
	GPtrArray *nodes;       /* names, as JSON text without the quotes */
	GPtrArray *labels;      /* names that viewers colour apart, the same */
	GArray *tracks;         /* struct track, of the current resource */
	uint32_t track_count;   /* over all resources; also the last track's id and order */
	struct slice *clusters; /* of the cluster rows, which come first */
	uint32_t cluster_count;
	bool any_event, any_argument;
};

static int64_t to_ps(double ns)
{
	return llround(ns * 1000);
}

#define SEGMENTS_PROCESS 1

static int process_id(enum tl_resource_kind kind)
{
	return (int)kind + SEGMENTS_PROCESS + 1;
}

/* The inside of a JSON string. What is not UTF-8 is replaced. Caller frees. */
static char *escaped(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *json = g_string_new(NULL);

	for (const char *c = valid; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(json, '\\');
		if ((unsigned char)*c < 0x20)
			g_string_append_printf(json, "\\u%04x", (unsigned)*c);
		else
			g_string_append_c(json, *c);
	}
	return g_string_free(json, FALSE);
}

/* Opens an event: everything up to its time. Its end is the caller's. */
static void put_event(struct chrome *chrome, const char *phase, int process, uint32_t track)
{
	struct trace_output *output = chrome->output;

	trace_put(output, chrome->any_event ? ",\n{\"ph\":\"" : "\n{\"ph\":\"");
	chrome->any_event = true;
	trace_put(output, phase);
	trace_put(output, "\",\"pid\":");
	trace_put_integer(output, process);
	if (track > 0) {
		trace_put(output, ",\"tid\":");
		trace_put_integer(output, track);
	}
}

static void put_time(struct chrome *chrome, const char *key, int64_t time_ps)
{
	trace_put(chrome->output, key);
	trace_put_fixed(chrome->output, time_ps, US_DECIMALS);
}

/* Name and order of a process (track 0) or of one of its tracks. */
static void put_metadata(struct chrome *chrome, int process, uint32_t track, const char *name)
{
	struct trace_output *output = chrome->output;
	const char *what = track > 0 ? "thread" : "process";

	put_event(chrome, "M", process, track);
	trace_put(output, ",\"name\":\"");
	trace_put(output, what);
	trace_put(output, "_name\",\"args\":{\"name\":\"");
	trace_put(output, name);
	trace_put(output, "\"}}");
	put_event(chrome, "M", process, track);
	trace_put(output, ",\"name\":\"");
	trace_put(output, what);
	trace_put(output, "_sort_index\",\"args\":{\"sort_index\":");
	trace_put_integer(output, track > 0 ? (int64_t)track : process);
	trace_put(output, "}}");
}

/* "segment 0 cluster 2: conv1 .. conv5, 14 chiplets"; lanes of one resource are numbered. */
static void name_track(struct chrome *chrome, const struct tl_row *row, uint32_t track)
{
	const struct tl_timeline *timeline = chrome->timeline;
	const char *name = g_ptr_array_index(timeline->names[row->resource_kind], row->resource);
	g_autoptr(GString) text = g_string_new(name);
	if (row->resource_kind == TL_CLUSTER && row->resource < timeline->labels->len)
		g_string_append_printf(text, ": %s",
		                       (char *)g_ptr_array_index(timeline->labels, row->resource));
	if (chrome->tracks->len > 1)
		g_string_append_printf(text, " #%u", chrome->tracks->len);
	g_autofree char *json_name = escaped(text->str);
	put_metadata(chrome, process_id(row->resource_kind), track, json_name);
}

/* The first track of the row's resource that is free when it starts, or a new one. */
static struct slice place_slice(struct chrome *chrome, const struct tl_row *row, double start_ns,
                                double end_ns)
{
	bool may_overlap = row->resource_kind == TL_LINK || row->resource_kind == TL_DRAM;
	struct slice slice = { to_ps(start_ns), to_ps(end_ns), 0 };

	for (guint i = 0; i < chrome->tracks->len; i++) {
		struct track *old = &g_array_index(chrome->tracks, struct track, i);

		/* Two sides of a rounding: the timeline's own slack is far below 1 ps. */
		if (!may_overlap && slice.start_ps + 1 == old->end_ps)
			slice.start_ps = old->end_ps;
		if (old->end_ps > slice.start_ps)
			continue;
		slice.end_ps = MAX(slice.end_ps, slice.start_ps);
		old->end_ps = slice.end_ps;
		slice.track = old->id;
		return slice;
	}
	struct track track = { slice.end_ps, ++chrome->track_count };
	slice.track = track.id;
	g_array_append_val(chrome->tracks, track);
	name_track(chrome, row, track.id);
	return slice;
}

/* Members of an event's arguments; the first has no comma before it. */
static void put_key(struct chrome *chrome, const char *key)
{
	trace_put(chrome->output, chrome->any_argument ? ",\"" : "\"");
	trace_put(chrome->output, key);
	trace_put(chrome->output, "\":");
	chrome->any_argument = true;
}

static void put_argument(struct chrome *chrome, const char *key, int64_t value)
{
	if (value < 0)
		return;
	put_key(chrome, key);
	trace_put_integer(chrome->output, value);
}

/*
 * "conv1" for what computes it, "load conv1", "wait_input". Micro-batch and tile are not in it: a
 * viewer that colours by name gives a node one colour. What stands for many micro-batches says so.
 */
static void put_slice_name(struct chrome *chrome, const struct tl_row *row)
{
	struct trace_output *output = chrome->output;
	bool names_node = row->kind < TL_FIRST_BUBBLE && row->node >= 0;

	trace_put(output, ",\"name\":\"");
	if (row->kind != TL_COMPUTE || !names_node)
		trace_put(output, tl_kind_name(row->kind));
	if (row->kind != TL_COMPUTE && names_node)
		trace_put(output, " ");
	if (names_node)
		trace_put(output, g_ptr_array_index(chrome->labels, row->node));
	if (row->extrapolated > 1) {
		trace_put(output, ": micro-batches ");
		trace_put_integer(output, row->microbatch);
		trace_put(output, " to ");
		trace_put_integer(output, row->microbatch + (int64_t)row->extrapolated - 1);
		trace_put(output, " repeat, ");
		trace_put_number(output, (row->end_ns - row->start_ns) / 1e6, 3);
		trace_put(output, " ms");
	}
	trace_put(output, "\",\"cat\":\"");
	trace_put(output, tl_kind_name(row->kind));
	trace_put(output, "\"");
}

static void put_slice(struct chrome *chrome, const struct tl_row *row, const struct slice *slice,
                      double amount, unsigned transfers)
{
	struct trace_output *output = chrome->output;

	put_event(chrome, "X", process_id(row->resource_kind), slice->track);
	put_time(chrome, ",\"ts\":", slice->start_ps);
	put_time(chrome, ",\"dur\":", slice->end_ps - slice->start_ps);
	put_slice_name(chrome, row);
	trace_put(output, ",\"args\":{");
	chrome->any_argument = false;
	if (row->unit != TL_NS) { /* what a bubble lasts is "dur" */
		put_key(chrome, row->unit == TL_MACS ? "amount (MAC)" : "amount (byte)");
		trace_put_number(output, amount, AMOUNT_DECIMALS);
	}
	put_argument(chrome, "segment", row->segment);
	put_argument(chrome, "cluster", row->cluster);
	if (row->node >= 0) {
		put_key(chrome, "node");
		trace_put(output, "\"");
		trace_put(output, g_ptr_array_index(chrome->nodes, row->node));
		trace_put(output, "\"");
	}
	put_argument(chrome, "microbatch", row->microbatch);
	put_argument(chrome, "tile", row->tile);
	put_argument(chrome, "transfers", transfers > 1 ? (int64_t)transfers : -1);
	put_argument(chrome, "extrapolated", row->extrapolated ? (int64_t)row->extrapolated : -1);
	trace_put(output, "}}");
}

/* ---- segments ---- */

static void put_segment(struct chrome *chrome, guint segment, const struct trace_segment *span)
{
	struct trace_output *output = chrome->output;
	int64_t start_ps = to_ps(span->start_ns);
	put_event(chrome, "X", SEGMENTS_PROCESS, 1);
	put_time(chrome, ",\"ts\":", start_ps);
	put_time(chrome, ",\"dur\":", to_ps(span->end_ns) - start_ps);
	trace_put(output, ",\"name\":\"segment ");
	trace_put_integer(output, segment);
	if (span->first_node >= 0) {
		trace_put(output, ": ");
		trace_put(output, g_ptr_array_index(chrome->nodes, span->first_node));
	}
	if (span->last_node > span->first_node) {
		trace_put(output, " .. ");
		trace_put(output, g_ptr_array_index(chrome->nodes, span->last_node));
	}
	trace_put(output, "\",\"cat\":\"segment\",\"args\":{\"segment\":");
	trace_put_integer(output, segment);
	trace_put(output, "}}");
}

static void put_segments(struct chrome *chrome)
{
	g_autoptr(GArray) spans = trace_segments(chrome->timeline);
	if (spans->len == 0)
		return;
	put_metadata(chrome, SEGMENTS_PROCESS, ++chrome->track_count, SEGMENTS);
	for (guint s = 0; s < spans->len; s++) {
		const struct trace_segment *span = &g_array_index(spans, struct trace_segment, s);
		if (span->end_ns >= span->start_ns)
			put_segment(chrome, s, span);
	}
}

/* ---- rows ---- */

static const struct tl_row *rows_of(const struct chrome *chrome)
{
	return (const struct tl_row *)(const void *)chrome->timeline->rows->data;
}

/* Rows [first, end), as they are. */
static void put_lanes(struct chrome *chrome, guint first, guint end)
{
	const struct tl_row *rows = rows_of(chrome);
	for (guint i = first; i < end; i++) {
		struct slice slice = place_slice(chrome, &rows[i], rows[i].start_ns,
		                                 rows[i].end_ns);
		put_slice(chrome, &rows[i], &slice, rows[i].amount, 1);
		if (i < chrome->cluster_count)
			chrome->clusters[i] = slice;
	}
}

static void put_samples(struct chrome *chrome, int process, const char *name, const GArray *samples)
{
	for (guint i = 0; i < samples->len; i++) {
		const struct trace_sample *sample = &g_array_index(samples, struct trace_sample, i);

		put_event(chrome, "C", process, 0);
		put_time(chrome, ",\"ts\":", to_ps(sample->time_ns));
		trace_put(chrome->output, ",\"name\":\"");
		trace_put(chrome->output, name);
		trace_put(chrome->output, "\",\"args\":{\"total\":");
		trace_put_number(chrome->output, sample->value, AMOUNT_DECIMALS);
		trace_put(chrome->output, "}}");
	}
}

/* One track with what the resource is busiest with, and a counter. Bytes of all are in it. */
static void put_busiest(struct chrome *chrome, guint first, guint end)
{
	const struct tl_row *rows = rows_of(chrome);
	g_autoptr(GArray) pieces = trace_busiest(chrome->timeline, first, end);
	g_autoptr(GArray) samples = trace_resource_samples(chrome->timeline, first, end);
	const char *name = g_ptr_array_index(chrome->timeline->names[rows[first].resource_kind],
	                                     rows[first].resource);
	g_autofree char *counter = g_strdup_printf("%s (GB/s)", name);
	g_autofree char *json_counter = escaped(counter);
	for (guint i = 0; i < pieces->len; i++) {
		const struct trace_piece *piece = &g_array_index(pieces, struct trace_piece, i);
		struct slice slice = place_slice(chrome, &rows[piece->row], piece->start_ns,
		                                 piece->end_ns);
		put_slice(chrome, &rows[piece->row], &slice, piece->bytes, piece->transfers);
	}
	put_samples(chrome, process_id(rows[first].resource_kind), json_counter, samples);
}

static void put_rows(struct chrome *chrome)
{
	const struct tl_row *rows = rows_of(chrome);
	guint count = chrome->timeline->rows->len;

	while (chrome->cluster_count < count &&
	       rows[chrome->cluster_count].resource_kind == TL_CLUSTER)
		chrome->cluster_count++;
	chrome->clusters = g_new(struct slice, chrome->cluster_count);
	for (guint first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count &&
		                      rows[end].resource_kind == rows[first].resource_kind &&
		                      rows[end].resource == rows[first].resource;)
			end++;
		g_array_set_size(chrome->tracks, 0);
		if (rows[first].resource_kind <= TL_CHIPLET || chrome->lanes)
			put_lanes(chrome, first, end);
		else
			put_busiest(chrome, first, end);
	}
}

static void put_arrow_end(struct chrome *chrome, const char *phase, guint id, uint32_t track,
                          int64_t time_ps)
{
	put_event(chrome, phase, process_id(TL_CLUSTER), track);
	put_time(chrome, ",\"ts\":", time_ps);
	trace_put(chrome->output, ",\"name\":\"data\",\"cat\":\"flow\",\"id\":");
	trace_put_integer(chrome->output, id);
	trace_put(chrome->output, "}");
}

/*
 * An arrow leaves its producer a little before the end, since a viewer binds it to the slice
 * that is open then, and some cut times to whole ns: two of those, or half of a short slice.
 */
static void put_flows(struct chrome *chrome)
{
	const int64_t before_end_ps = 2000;

	for (guint i = 0; i < chrome->timeline->flows->len; i++) {
		const struct tl_flow *flow = &g_array_index(chrome->timeline->flows, struct tl_flow,
		                                            i);
		const struct slice *from, *to;
		int64_t start_ps;

		/* Arrows join rows of clusters, which sort first. */
		g_assert(flow->from < chrome->cluster_count && flow->to < chrome->cluster_count);
		from = &chrome->clusters[flow->from];
		to = &chrome->clusters[flow->to];
		start_ps = from->end_ps -
		           MIN(before_end_ps, (from->end_ps - from->start_ps + 1) / 2);
		put_arrow_end(chrome, "s", i, from->track, start_ps);
		put_arrow_end(chrome, "f\",\"bp\":\"e", i, to->track, MAX(start_ps, to->start_ps));
	}
}

static void put_all(struct chrome *chrome)
{
	g_autofree char *title = escaped(chrome->timeline->title);

	trace_put(chrome->output, "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"title\":\"");
	trace_put(chrome->output, title);
	trace_put(chrome->output, "\"},\"traceEvents\":[");
	if (chrome->timeline->names[TL_CLUSTER]->len > 0)
		put_metadata(chrome, SEGMENTS_PROCESS, 0, SEGMENTS);
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		if (chrome->timeline->names[kind]->len > 0)
			put_metadata(chrome, process_id(kind), 0, process_names[kind]);
	put_segments(chrome);
	put_rows(chrome);
	put_flows(chrome);
	for (unsigned counter = 0; counter < TRACE_COUNTERS; counter++) {
		g_autoptr(GArray) samples = trace_counter_samples(chrome->timeline, counter);
		put_samples(chrome, process_id(counters[counter].process), counters[counter].name,
		            samples);
	}
	trace_put(chrome->output, "\n]}\n");
}

static GPtrArray *all_escaped(const GPtrArray *names)
{
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < names->len; i++)
		g_ptr_array_add(texts, escaped(g_ptr_array_index(names, i)));
	return texts;
}

bool trace_write_chrome(const struct tl_timeline *timeline, const struct trace_options *options,
                        const char *path, GError **error)
{
	g_autoptr(GPtrArray) labels = trace_node_names(timeline);
	struct chrome chrome = {
		.output = trace_open(path, options),
		.timeline = timeline,
		.lanes = options && options->lanes,
		.nodes = all_escaped(timeline->nodes),
		.labels = all_escaped(labels),
		.tracks = g_array_new(FALSE, FALSE, sizeof(struct track)),
	};

	put_all(&chrome);
	g_free(chrome.clusters);
	g_array_unref(chrome.tracks);
	g_ptr_array_unref(chrome.nodes);
	g_ptr_array_unref(chrome.labels);
	return trace_close(chrome.output, error);
}
