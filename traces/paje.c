/*
 * Invariant: events are collected, then written in order of time; those of the same time keep the
 * order in which they were met, so that a track's state ends before the next one begins.
 */
#include "traces/paje.h"

#include "traces/busiest.h"
#include "traces/counters.h"
#include "traces/output.h"
#include "traces/palette.h"
#include "traces/segments.h"

#include <math.h>
#include <stdlib.h>

#define TIME_DECIMALS 3
#define SLACK_NS 1e-3 /* what is closer touches */
#define VALUE_DECIMALS 6

enum event_kind { SET_STATE, SET_VARIABLE, START_LINK, END_LINK };

struct event {
	int64_t time_ps;
	uint32_t order;
	uint8_t kind;
	uint8_t type;       /* of the container: enum tl_resource_kind, or RUN, SEGMENTS */
	uint32_t container; /* index within the type */
	union {
		int32_t value; /* of a state: IDLE, or kind * (nodes + 1) + node + 1 */
		uint32_t key;  /* of a link */
		double number; /* of a variable; `container`: which */
	};
};

/* Types of containers beyond those of resources. */
enum { SEGMENTS = TL_RESOURCE_KINDS, RUN };
#define IDLE (-1)

struct paje {
	const struct tl_timeline *timeline;
	struct trace_output *output;
	GArray *events;
	bool *used; /* values of states */
};

static const char *const type_names[] = { [TL_CLUSTER] = "cluster",
	                                  [TL_CHIPLET] = "chiplet",
	                                  [TL_LINK] = "link",
	                                  [TL_DRAM] = "dram",
	                                  [SEGMENTS] = "segments" };
static const char *const variables[TRACE_COUNTERS] = {
	[TRACE_COMPUTING_CHIPLETS] = "computing chiplets",
	[TRACE_NOP_GBps] = "NoP traffic, GB/s",
	[TRACE_DRAM_GBps] = "DRAM traffic, GB/s",
};

/* ---- collecting ---- */

static void add(struct paje *p, double time_ns, struct event event)
{
	event.time_ps = llround(time_ns * 1000);
	event.order = p->events->len;
	g_array_append_val(p->events, event);
}

static int32_t value_of(const struct paje *p, const struct tl_row *row)
{
	int32_t node = row->kind < TL_FIRST_BUBBLE ? row->node : -1;
	return row->kind * (int32_t)(p->timeline->nodes->len + 1) + node + 1;
}

static void set_state(struct paje *p, double time_ns, uint8_t type, uint32_t container,
                      int32_t value)
{
	if (value != IDLE)
		p->used[value] = true;
	add(p, time_ns,
	    (struct event){
		    .kind = SET_STATE, .type = type, .container = container, .value = value });
}

/* A state from start to end; idle behind it unless the next begins there. */
static void add_state(struct paje *p, const struct tl_row *row, double start_ns, double end_ns,
                      double next_ns)
{
	if (llround(end_ns * 1000) <= llround(start_ns * 1000))
		return;
	set_state(p, start_ns, row->resource_kind, row->resource, value_of(p, row));
	if (next_ns > end_ns + SLACK_NS)
		set_state(p, end_ns, row->resource_kind, row->resource, IDLE);
}

static void add_rows(struct paje *p, const struct tl_row *rows, guint first, guint end)
{
	for (guint i = first; i < end; i++)
		add_state(p, &rows[i], rows[i].start_ns, rows[i].end_ns,
		          i + 1 < end ? rows[i + 1].start_ns : INFINITY);
}

static void add_busiest(struct paje *p, const struct tl_row *rows, guint first, guint end)
{
	g_autoptr(GArray) pieces = trace_busiest(p->timeline, first, end);
	for (guint i = 0; i < pieces->len; i++) {
		const struct trace_piece *piece = &g_array_index(pieces, struct trace_piece, i);
		add_state(p, &rows[piece->row], piece->start_ns, piece->end_ns,
		          i + 1 < pieces->len ? piece[1].start_ns : INFINITY);
	}
}

static void add_resources(struct paje *p)
{
	const struct tl_row *rows = (const struct tl_row *)(const void *)p->timeline->rows->data;
	guint count = p->timeline->rows->len;
	for (guint first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count &&
		                      rows[end].resource_kind == rows[first].resource_kind &&
		                      rows[end].resource == rows[first].resource;)
			end++;
		if (rows[first].resource_kind <= TL_CHIPLET)
			add_rows(p, rows, first, end);
		else
			add_busiest(p, rows, first, end);
	}
}

static void add_segments(struct paje *p, const GArray *segments)
{
	for (guint s = 0; s < segments->len; s++) {
		const struct trace_segment *segment = &g_array_index(segments, struct trace_segment,
		                                                     s);
		if (!(segment->end_ns > segment->start_ns))
			continue;
		add(p, segment->start_ns,
		    (struct event){ .kind = SET_STATE, .type = SEGMENTS, .value = (int32_t)s });
		if (s + 1 == segments->len || segment[1].start_ns > segment->end_ns + SLACK_NS)
			add(p, segment->end_ns,
			    (struct event){ .kind = SET_STATE, .type = SEGMENTS, .value = IDLE });
	}
}

static void add_arrows(struct paje *p)
{
	const struct tl_row *rows = (const struct tl_row *)(const void *)p->timeline->rows->data;
	for (guint i = 0; i < p->timeline->flows->len; i++) {
		const struct tl_flow *flow = &g_array_index(p->timeline->flows, struct tl_flow, i);
		const struct tl_row *from = &rows[flow->from], *to = &rows[flow->to];
		add(p, from->end_ns,
		    (struct event){ .kind = START_LINK, .container = from->resource, .key = i });
		add(p, fmax(from->end_ns, to->start_ns),
		    (struct event){ .kind = END_LINK, .container = to->resource, .key = i });
	}
}

static void add_variables(struct paje *p)
{
	for (unsigned v = 0; v < TRACE_COUNTERS; v++) {
		g_autoptr(GArray) samples = trace_counter_samples(p->timeline, v);
		for (guint i = 0; i < samples->len; i++) {
			const struct trace_sample *sample = &g_array_index(samples,
			                                                   struct trace_sample, i);
			add(p, sample->time_ns,
			    (struct event){ .kind = SET_VARIABLE,
			                    .type = RUN,
			                    .container = v,
			                    .number = sample->value });
		}
	}
}

static int compare_events(const void *left, const void *right)
{
	const struct event *a = left, *b = right;
	if (a->time_ps != b->time_ps)
		return a->time_ps < b->time_ps ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* ---- writing ---- */

/* In quotes; the format has no way to write one within. */
static void put_quoted(struct trace_output *output, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	for (char *c = valid; *c; c++)
		*c = (char)(*c == '"' ? '\'' : (unsigned char)*c < ' ' ? ' ' : *c);
	trace_put(output, "\"");
	trace_put(output, valid);
	trace_put(output, "\"");
}

static void put_head(struct paje *p)
{
	static const char *const definitions[][9] = {
		{ "PajeDefineContainerType 0", "Alias string", "Type string", "Name string" },
		{ "PajeDefineStateType 1", "Alias string", "Type string", "Name string" },
		{ "PajeDefineVariableType 2", "Alias string", "Type string", "Name string",
		  "Color color" },
		{ "PajeDefineLinkType 3", "Alias string", "Type string",
		  "StartContainerType string", "EndContainerType string", "Name string" },
		{ "PajeDefineEntityValue 4", "Alias string", "Type string", "Name string",
		  "Color color" },
		{ "PajeCreateContainer 5", "Time date", "Alias string", "Type string",
		  "Container string", "Name string" },
		{ "PajeDestroyContainer 6", "Time date", "Type string", "Name string" },
		{ "PajeSetState 7", "Time date", "Type string", "Container string",
		  "Value string" },
		{ "PajeSetVariable 8", "Time date", "Type string", "Container string",
		  "Value double" },
		{ "PajeStartLink 9", "Time date", "Type string", "Container string",
		  "StartContainer string", "Value string", "Key string" },
		{ "PajeEndLink 10", "Time date", "Type string", "Container string",
		  "EndContainer string", "Value string", "Key string" },
	};
	for (unsigned d = 0; d < G_N_ELEMENTS(definitions); d++) {
		trace_put(p->output, "%EventDef ");
		trace_put(p->output, definitions[d][0]);
		for (unsigned f = 1; definitions[d][f]; f++) {
			trace_put(p->output, "\n%\t");
			trace_put(p->output, definitions[d][f]);
		}
		trace_put(p->output, "\n%EndEventDef\n");
	}
}

G_GNUC_PRINTF(2, 3)
static void putf(struct paje *p, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *text = g_strdup_vprintf(format, list);
	va_end(list);
	trace_put(p->output, text);
}

/* Types of containers: R the run, T0, T1, ... of what is in it, each with states S0, S1, ... */
static void put_types(struct paje *p)
{
	trace_put(p->output, "0 R 0 run\n");
	for (unsigned t = 0; t <= SEGMENTS; t++)
		putf(p, "0 T%u R %s\n1 S%u T%u \"%s state\"\n", t, type_names[t], t, t,
		     type_names[t]);
	for (unsigned v = 0; v < TRACE_COUNTERS; v++) {
		putf(p, "2 V%u R ", v);
		put_quoted(p->output, variables[v]);
		trace_put(p->output, " \"0.2 0.4 0.7\"\n");
	}
	putf(p, "3 A R T%u T%u data\n", TL_CLUSTER, TL_CLUSTER);
	trace_put(p->output, "4 data A data \"0.3 0.3 0.3\"\n");
}

static void put_colour(struct paje *p, uint32_t colour)
{
	trace_put(p->output, " \"");
	for (unsigned shift = 24; shift > 0; shift -= 8) {
		trace_put_number(p->output, (colour >> (shift - 8) & 255) / 255.0, 3);
		trace_put(p->output, shift > 8 ? " " : "\"\n");
	}
}

static void put_value(struct paje *p, unsigned type, uint32_t value)
{
	uint32_t nodes = p->timeline->nodes->len + 1, node = value % nodes;
	enum tl_kind kind = value / nodes;
	g_autofree char *name = NULL;
	if (node == 0)
		name = g_strdup(tl_kind_name(kind));
	else
		name = g_strdup_printf("%s%s%s", kind == TL_COMPUTE ? "" : tl_kind_name(kind),
		                       kind == TL_COMPUTE ? "" : " ",
		                       (char *)g_ptr_array_index(p->timeline->nodes, node - 1));
	putf(p, "4 v%u_%u S%u ", type, value, type);
	put_quoted(p->output, name);
	put_colour(p, kind == TL_COMPUTE && node > 0 ? trace_node_colour(node - 1)
	                                             : trace_kind_colour(kind));
}

static void put_values(struct paje *p, const GArray *segments)
{
	uint32_t values = TL_KINDS * (p->timeline->nodes->len + 1);
	for (unsigned type = 0; type < TL_RESOURCE_KINDS; type++)
		for (uint32_t value = 0; value < values; value++)
			if (p->used[value])
				put_value(p, type, value);
	for (guint s = 0; s < segments->len; s++) {
		putf(p, "4 v%u_%u S%u \"segment %u\"", SEGMENTS, s, SEGMENTS, s);
		put_colour(p, trace_node_colour(s));
	}
	for (unsigned type = 0; type <= SEGMENTS; type++)
		putf(p, "4 i%u S%u idle \"1 1 1\"\n", type, type);
}

static void put_containers(struct paje *p, bool create)
{
	char time[G_ASCII_DTOSTR_BUF_SIZE];
	g_ascii_formatd(time, sizeof time, "%.3f", create ? 0 : p->timeline->end_ns);
	if (create) {
		trace_put(p->output, "5 0 run R 0 ");
		put_quoted(p->output, p->timeline->title);
		putf(p, "\n5 0 c%u_0 T%u run segments\n", SEGMENTS, SEGMENTS);
	}
	for (unsigned type = 0; type < TL_RESOURCE_KINDS; type++) {
		const GPtrArray *names = p->timeline->names[type];
		for (guint i = 0; i < names->len; i++) {
			if (!create) {
				putf(p, "6 %s T%u c%u_%u\n", time, type, type, i);
				continue;
			}
			putf(p, "5 0 c%u_%u T%u run ", type, i, type);
			put_quoted(p->output, g_ptr_array_index(names, i));
			trace_put(p->output, "\n");
		}
	}
	if (!create)
		putf(p, "6 %s T%u c%u_0\n6 %s R run\n", time, SEGMENTS, SEGMENTS, time);
}

static void put_integer_after(struct paje *p, const char *text, int64_t value)
{
	trace_put(p->output, text);
	trace_put_integer(p->output, value);
}

static void put_event(struct paje *p, const struct event *event)
{
	static const char *const heads[] = { "7 ", "8 ", "9 ", "10 " };
	trace_put(p->output, heads[event->kind]);
	trace_put_fixed(p->output, event->time_ps, TIME_DECIMALS);
	switch ((enum event_kind)event->kind) {
	case SET_STATE:
		put_integer_after(p, " S", event->type);
		put_integer_after(p, " c", event->type);
		put_integer_after(p, "_", event->container);
		put_integer_after(p, event->value == IDLE ? " i" : " v", event->type);
		if (event->value != IDLE)
			put_integer_after(p, "_", event->value);
		break;
	case SET_VARIABLE:
		put_integer_after(p, " V", event->container);
		trace_put(p->output, " run ");
		trace_put_number(p->output, event->number, VALUE_DECIMALS);
		break;
	case START_LINK:
	case END_LINK:
		put_integer_after(p, " A run c", TL_CLUSTER);
		put_integer_after(p, "_", event->container);
		put_integer_after(p, " data ", event->key);
		break;
	}
	trace_put(p->output, "\n");
}

bool trace_write_paje(const struct tl_timeline *timeline, const struct trace_options *options,
                      const char *path, GError **error)
{
	struct paje p = { .timeline = timeline,
		          .output = trace_open(path, options),
		          .events = g_array_new(FALSE, FALSE, sizeof(struct event)),
		          .used = g_new0(bool, TL_KINDS *(timeline->nodes->len + 1)) };
	g_autoptr(GArray) segments = trace_segments(timeline);
	add_segments(&p, segments);
	add_resources(&p);
	add_arrows(&p);
	add_variables(&p);
	if (p.events->len > 0)
		qsort(p.events->data, p.events->len, sizeof(struct event), compare_events);
	put_head(&p);
	put_types(&p);
	put_values(&p, segments);
	put_containers(&p, true);
	for (guint i = 0; i < p.events->len; i++)
		put_event(&p, &g_array_index(p.events, struct event, i));
	put_containers(&p, false);
	g_array_unref(p.events);
	g_free(p.used);
	return trace_close(p.output, error);
}
