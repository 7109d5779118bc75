/*
 * Invariants: events are written as they are met, nothing but the open tracks of one
 * resource and the places of the cluster rows (for the arrows) is kept. Times are whole
 * picoseconds from here on, so that what touched still touches and cannot overlap.
 */
#include "traces/chrome.h"

#include "traces/counters.h"
#include "traces/output.h"

#include <math.h>

#define US_DECIMALS 6     /* ps in a microsecond */
#define AMOUNT_DECIMALS 6 /* of what is no integer */

static const char *const process_names[TL_RESOURCE_KINDS] = {
	[TL_CLUSTER] = "clusters",
	[TL_CHIPLET] = "chiplets",
	[TL_LINK] = "NoP links",
	[TL_DRAM] = "DRAM channels",
};

/*
 * Names of the viewer's palette. Work on chiplets has none: it is coloured by its name, so
 * that layers differ.
 */
static const char *const colours[TL_KINDS] = {
	[TL_LOAD] = "rail_load",
	[TL_GATHER] = "background_memory_dump",
	[TL_TRANSFER] = "rail_response",
	[TL_FETCH] = "thread_state_runnable",
	[TL_STORE] = "olive",
	[TL_FILL] = "grey",
	[TL_DRAIN] = "generic_work",
	[TL_WAIT_INPUT] = "yellow",
	[TL_WAIT_DRAM] = "thread_state_iowait",
	[TL_BACK_PRESSURE] = "terrible",
	[TL_SHARD] = "thread_state_uninterruptible",
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
	GPtrArray *nodes;       /* as JSON text, without the quotes */
	GArray *tracks;         /* struct track, of the current resource */
	uint32_t track_count;   /* over all resources; also the last track's id and order */
	struct slice *clusters; /* of the cluster rows, which come first */
	uint32_t cluster_count;
	bool any_event;
};

static int64_t to_ps(double ns)
{
	return llround(ns * 1000);
}

static int process_id(enum tl_resource_kind kind)
{
	return (int)kind + 1;
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

/* The first track of the row's resource that is free when the row starts, or a new one. */
static struct slice place_row(struct chrome *chrome, const struct tl_row *row)
{
	const GPtrArray *names = chrome->timeline->names[row->resource_kind];
	bool may_overlap = row->resource_kind == TL_LINK || row->resource_kind == TL_DRAM;
	struct slice slice = { to_ps(row->start_ns), to_ps(row->end_ns), 0 };
	struct track track;
	g_autofree char *name = NULL;
	g_autofree char *json_name = NULL;

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
	track.end_ps = slice.end_ps;
	track.id = slice.track = ++chrome->track_count;
	g_array_append_val(chrome->tracks, track);
	if (chrome->tracks->len == 1)
		name = g_strdup(g_ptr_array_index(names, row->resource));
	else
		name = g_strdup_printf("%s #%u", (char *)g_ptr_array_index(names, row->resource),
		                       chrome->tracks->len);
	json_name = escaped(name);
	put_metadata(chrome, process_id(row->resource_kind), track.id, json_name);
	return slice;
}

static void put_labelled(struct trace_output *output, const char *label, int32_t index)
{
	if (index < 0)
		return;
	trace_put(output, label);
	trace_put_integer(output, index);
}

/* "layer1.0.conv1 mb3 t0", "load layer1.0.conv1 mb3", "wait_input" */
static void put_slice_name(struct chrome *chrome, const struct tl_row *row)
{
	struct trace_output *output = chrome->output;

	trace_put(output, ",\"name\":\"");
	if (row->kind != TL_COMPUTE || row->node < 0)
		trace_put(output, tl_kind_name(row->kind));
	if (row->kind < TL_FIRST_BUBBLE) {
		if (row->kind != TL_COMPUTE && row->node >= 0)
			trace_put(output, " ");
		if (row->node >= 0)
			trace_put(output, g_ptr_array_index(chrome->nodes, row->node));
		put_labelled(output, " mb", row->microbatch);
		put_labelled(output, " t", row->tile);
	}
	trace_put(output, "\",\"cat\":\"");
	trace_put(output, tl_kind_name(row->kind));
	if (colours[row->kind] != NULL) {
		trace_put(output, "\",\"cname\":\"");
		trace_put(output, colours[row->kind]);
	}
	trace_put(output, "\"");
}

static void put_slice(struct chrome *chrome, const struct tl_row *row, const struct slice *slice)
{
	struct trace_output *output = chrome->output;

	put_event(chrome, "X", process_id(row->resource_kind), slice->track);
	put_time(chrome, ",\"ts\":", slice->start_ps);
	put_time(chrome, ",\"dur\":", slice->end_ps - slice->start_ps);
	put_slice_name(chrome, row);
	trace_put(output, ",\"args\":{\"amount (");
	trace_put(output, tl_unit_name(row->unit));
	trace_put(output, ")\":");
	trace_put_number(output, row->amount, AMOUNT_DECIMALS);
	put_labelled(output, ",\"segment\":", row->segment);
	put_labelled(output, ",\"cluster\":", row->cluster);
	if (row->node >= 0) {
		trace_put(output, ",\"node\":\"");
		trace_put(output, g_ptr_array_index(chrome->nodes, row->node));
		trace_put(output, "\"");
	}
	put_labelled(output, ",\"microbatch\":", row->microbatch);
	put_labelled(output, ",\"tile\":", row->tile);
	trace_put(output, "}}");
}

static void put_rows(struct chrome *chrome)
{
	const struct tl_row *rows =
		(const struct tl_row *)(const void *)chrome->timeline->rows->data;
	guint count = chrome->timeline->rows->len;

	while (chrome->cluster_count < count &&
	       rows[chrome->cluster_count].resource_kind == TL_CLUSTER)
		chrome->cluster_count++;
	chrome->clusters = g_new(struct slice, chrome->cluster_count);
	for (guint i = 0; i < count; i++) {
		struct slice slice;

		if (i > 0 && (rows[i].resource_kind != rows[i - 1].resource_kind ||
		              rows[i].resource != rows[i - 1].resource))
			g_array_set_size(chrome->tracks, 0);
		slice = place_row(chrome, &rows[i]);
		put_slice(chrome, &rows[i], &slice);
		if (i < chrome->cluster_count)
			chrome->clusters[i] = slice;
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

static void put_counter(struct chrome *chrome, enum trace_counter counter)
{
	g_autoptr(GArray) samples = trace_counter_samples(chrome->timeline, counter);

	for (guint i = 0; i < samples->len; i++) {
		const struct trace_sample *sample = &g_array_index(samples, struct trace_sample, i);

		put_event(chrome, "C", process_id(counters[counter].process), 0);
		put_time(chrome, ",\"ts\":", to_ps(sample->time_ns));
		trace_put(chrome->output, ",\"name\":\"");
		trace_put(chrome->output, counters[counter].name);
		trace_put(chrome->output, "\",\"args\":{\"total\":");
		trace_put_number(chrome->output, sample->value, AMOUNT_DECIMALS);
		trace_put(chrome->output, "}}");
	}
}

static void put_all(struct chrome *chrome)
{
	g_autofree char *title = escaped(chrome->timeline->title);

	trace_put(chrome->output, "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"title\":\"");
	trace_put(chrome->output, title);
	trace_put(chrome->output, "\"},\"traceEvents\":[");
	for (unsigned kind = 0; kind < TL_RESOURCE_KINDS; kind++)
		if (chrome->timeline->names[kind]->len > 0)
			put_metadata(chrome, process_id(kind), 0, process_names[kind]);
	put_rows(chrome);
	put_flows(chrome);
	for (unsigned counter = 0; counter < TRACE_COUNTERS; counter++)
		put_counter(chrome, counter);
	trace_put(chrome->output, "\n]}\n");
}

bool trace_write_chrome(const struct tl_timeline *timeline, const char *path, GError **error)
{
	struct chrome chrome = {
		.output = trace_open(path),
		.timeline = timeline,
		.nodes = g_ptr_array_new_with_free_func(g_free),
		.tracks = g_array_new(FALSE, FALSE, sizeof(struct track)),
	};

	for (guint i = 0; i < timeline->nodes->len; i++)
		g_ptr_array_add(chrome.nodes, escaped(g_ptr_array_index(timeline->nodes, i)));
	put_all(&chrome);
	g_free(chrome.clusters);
	g_array_unref(chrome.tracks);
	g_ptr_array_unref(chrome.nodes);
	return trace_close(chrome.output, error);
}
