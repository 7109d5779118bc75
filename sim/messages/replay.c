/*
 * Invariant: messages of one phase are neighbours in `order`, and so are phases
 * of one tag and depth. Phases are numbered in that order, in which each comes
 * after those that it waits for.
 */
#include "sim/messages/replay.h"

#include "hw/resources.h"
#include "hw/topology/topology.h"
#include "sim/lower/activity.h"
#include "sim/engine/platform.h"
#include "sim/messages/connected_messages.h"
#include "sim/messages/replay_private.h"
#include "sim/messages/replay_sum.h"

#include <stdlib.h>
#include <string.h>

struct start { /* a distinct start > 0 and the delay that ends then */
	double start_ns;
	uint32_t task;
};

struct phase_builder {
	const struct sim_messages *messages;
	struct map_network network;
	struct sim_program *program;
	struct sim_activities activities;
	uint32_t *order;   /* messages, by depth, tag, start and dependencies */
	bool *awaited;     /* per message: others wait for it */
	uint32_t *task_of; /* per message: its phase's task */
	double *later_ns;  /* per message: from the end of that task to its arrival */
	uint32_t *arrival; /* per awaited message: the task that ends when it arrives */
	struct sim_connected parts;
	GHashTable *by_latency; /* scratch of a phase: those tasks, + 1, by the message's latency */
	uint32_t *noted;        /* per task: the last phase that waits for it, + 1 */
	GArray *starts;         /* struct start, ascending */
	uint32_t phases;
	struct map_phase phase; /* under construction */
	GArray *spans;          /* struct sim_replay_span, in the order made */
	const double *factors;  /* of their loads (sim_replay_factors); NULL: 1 */
};

/* ---- order ---- */

static int compare_doubles(double a, double b)
{
	return (a > b) - (a < b);
}

/* Whether messages are ready together; 0 if they are. */
static int compare_readiness(const struct sim_messages *list, uint32_t left, uint32_t right)
{
	const struct sim_message *a = &list->at[left], *b = &list->at[right];
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (a->start_ns != b->start_ns)
		return compare_doubles(a->start_ns, b->start_ns);
	if (a->dep_count != b->dep_count)
		return a->dep_count < b->dep_count ? -1 : 1;
	for (uint32_t d = 0; d < a->dep_count; d++) {
		uint32_t of_a = list->deps[a->first_dep + d], of_b = list->deps[b->first_dep + d];
		if (of_a != of_b)
			return of_a < of_b ? -1 : 1;
	}
	return 0;
}

/* Of what is ready together, messages without bytes come first. */
static gint compare_messages(gconstpointer a, gconstpointer b, gpointer data)
{
	const struct sim_messages *list = data;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	bool left_empty = list->at[left].bytes <= 0, right_empty = list->at[right].bytes <= 0;
	int order = compare_readiness(list, left, right);
	if (!order && left_empty != right_empty)
		return left_empty ? -1 : 1;
	return order ? order : (left > right) - (left < right);
}

static bool same_phase(const struct phase_builder *b, uint32_t i, uint32_t j)
{
	return compare_readiness(b->messages, b->order[i], b->order[j]) == 0;
}

/* ---- tasks ---- */

/* A task that waits for the program's dependencies from first_dep on. */
static uint32_t add_task(struct phase_builder *b, uint32_t activity, uint32_t first_dep)
{
	struct sim_task task = { .kind = SIM_TRANSFER,
		                 .once = true,
		                 .full = activity,
		                 .tail = activity,
		                 .first_dep = first_dep,
		                 .dep_count = b->program->deps->len - first_dep,
		                 .from_node = SIM_NONE,
		                 .from_cluster = SIM_NONE };
	task.node = b->program->tasks->len;
	g_array_append_val(b->program->tasks, task);
	return b->program->tasks->len - 1;
}

static void add_dep(struct phase_builder *b, uint32_t task)
{
	struct sim_dep dep = { .task = task };
	g_array_append_val(b->program->deps, dep);
}

static uint32_t add_delay(struct phase_builder *b, double delay_ns, uint32_t first_dep)
{
	return add_task(b, sim_delay_activity(&b->activities, delay_ns), first_dep);
}

static gint compare_starts(gconstpointer a, gconstpointer b)
{
	return compare_doubles(((const struct start *)a)->start_ns,
	                       ((const struct start *)b)->start_ns);
}

/* One chain of delays through all distinct starts, so that only one is ever in flight. */
static void add_starts(struct phase_builder *b)
{
	double last_ns = 0;
	guint kept = 0;
	for (uint32_t m = 0; m < b->messages->count; m++) {
		struct start start = { b->messages->at[m].start_ns, SIM_NONE };
		g_array_append_val(b->starts, start);
	}
	g_array_sort(b->starts, compare_starts);
	for (guint i = 0; i < b->starts->len; i++) {
		struct start start = g_array_index(b->starts, struct start, i);
		if (start.start_ns <= last_ns)
			continue;
		uint32_t first_dep = b->program->deps->len;
		if (kept > 0)
			add_dep(b, g_array_index(b->starts, struct start, kept - 1).task);
		start.task = add_delay(b, start.start_ns - last_ns, first_dep);
		g_array_index(b->starts, struct start, kept++) = start;
		last_ns = start.start_ns;
	}
	g_array_set_size(b->starts, kept);
}

static uint32_t start_task(const struct phase_builder *b, double start_ns)
{
	const struct start key = { .start_ns = start_ns }, *found;
	if (start_ns <= 0)
		return SIM_NONE;
	found = bsearch(&key, b->starts->data, b->starts->len, sizeof(key), compare_starts);
	g_assert(found); /* add_starts has seen every message */
	return found->task;
}

/* The delay from the last message that `message` waits for; SIM_NONE if it waits for none. */
static uint32_t add_wait(struct phase_builder *b, const struct sim_message *message)
{
	uint32_t first_dep = b->program->deps->len;
	for (uint32_t d = 0; d < message->dep_count; d++) {
		uint32_t task = b->arrival[b->messages->deps[message->first_dep + d]];
		if (b->noted[task] != b->phases + 1)
			add_dep(b, task);
		b->noted[task] = b->phases + 1;
	}
	return message->dep_count ? add_delay(b, SIM_READY_NS, first_dep) : SIM_NONE;
}

/* ---- phases ---- */

static double latency_ns(struct phase_builder *b, uint32_t message)
{
	const struct sim_message *m = &b->messages->at[message];
	return map_message_ns(&b->network, m->src, m->dst);
}

static bool any_awaited(const struct phase_builder *b, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++)
		if (b->awaited[b->order[i]])
			return true;
	return false;
}

/* When the message's last byte is there, after the last of the phase's load: its own latency
 * after it, unless all of the phase is over by then. */
static double own_latency_ns(struct phase_builder *b, double phase_latency_ns, uint32_t message)
{
	return MIN(latency_ns(b, message), phase_latency_ns);
}

/*
 * The latency that b->phase is to pay for in its activity: all, or where others wait for messages,
 * that of its shortest route. Nothing can end before its activity; delays behind it pay the rest.
 */
static double activity_latency_ns(struct phase_builder *b, uint32_t first, uint32_t end)
{
	double all_ns = map_phase_time(&b->network, &b->phase).latency_ns;
	uint32_t shortest = b->order[first];
	for (uint32_t i = first + 1; i < end; i++)
		if (latency_ns(b, b->order[i]) < latency_ns(b, shortest))
			shortest = b->order[i];
	if (!any_awaited(b, first, end) || own_latency_ns(b, all_ns, shortest) >= all_ns)
		return all_ns;
	const struct sim_message *m = &b->messages->at[shortest];
	b->phase.latency_ns = latency_ns(b, shortest);
	b->phase.far_from = m->src;
	b->phase.far_to = m->dst;
	b->phase.far_bytes = m->bytes / hw_ways(b->network.package, m->src, m->dst);
	return b->phase.latency_ns;
}

static uint32_t task_of_latency(const struct phase_builder *b, double own_ns)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(b->by_latency, &own_ns)) - 1;
}

static void note_latency(struct phase_builder *b, double own_ns, uint32_t task)
{
	g_hash_table_insert(b->by_latency, g_memdup2(&own_ns, sizeof own_ns),
	                    GUINT_TO_POINTER(task + 1));
}

/* What those wait for who wait for a message of the phase `task`: that, or a delay behind it. */
static uint32_t arrival_task(struct phase_builder *b, uint32_t message, uint32_t task)
{
	double own_ns = latency_ns(b, message);
	uint32_t known = task_of_latency(b, own_ns);
	if (b->later_ns[message] <= 0)
		return task;
	if (known == SIM_NONE) {
		uint32_t first_dep = b->program->deps->len;
		add_dep(b, task);
		known = add_delay(b, b->later_ns[message], first_dep);
		note_latency(b, own_ns, known);
	}
	return known;
}

/* What makes a phase ready; each may be SIM_NONE. */
static void add_ready(struct phase_builder *b, uint32_t start, uint32_t wait)
{
	if (start != SIM_NONE)
		add_dep(b, start);
	if (wait != SIM_NONE)
		add_dep(b, wait);
}

/* The activity of messages order[first, end): all of a phase, or those that share resources. */
static void add_part(struct phase_builder *b, uint32_t first, uint32_t end, uint32_t start,
                     uint32_t wait)
{
	map_phase_clear(&b->phase);
	for (uint32_t i = first; i < end; i++)
		sim_replay_send(&b->network, &b->phase, &b->messages->at[b->order[i]]);
	b->activities.load_factor = b->factors ? b->factors[b->spans->len] : 1;
	double all_ns = map_phase_time(&b->network, &b->phase).latency_ns;
	double paid_ns = activity_latency_ns(b, first, end);
	uint32_t first_dep = b->program->deps->len;
	add_ready(b, start, wait);
	uint32_t task = add_task(b, sim_phase_activity(&b->activities, &b->phase), first_dep);
	for (uint32_t i = first; i < end; i++) {
		uint32_t message = b->order[i];
		b->task_of[message] = task;
		b->later_ns[message] = own_latency_ns(b, all_ns, message) - paid_ns;
		if (b->awaited[message])
			b->arrival[message] = arrival_task(b, message, task);
	}
	g_hash_table_remove_all(b->by_latency);
	struct sim_replay_span span = { first, end, task, 0, 0 };
	g_array_append_val(b->spans, span);
}

/* A message without bytes moves nothing and waits for nothing that moves: it takes its latency. */
static void add_empty(struct phase_builder *b, uint32_t message, uint32_t start, uint32_t wait)
{
	double own_ns = latency_ns(b, message);
	uint32_t known = task_of_latency(b, own_ns);
	if (known == SIM_NONE) {
		uint32_t first_dep = b->program->deps->len;
		add_ready(b, start, wait);
		known = add_delay(b, own_ns, first_dep);
		note_latency(b, own_ns, known);
	}
	b->task_of[message] = b->arrival[message] = known;
}

/*
 * The phase of messages order[first, end). Where others wait for some of them, messages
 * that share nothing with the rest have an activity of their own, and do not wait for it.
 */
static void add_phase(struct phase_builder *b, uint32_t first, uint32_t end)
{
	const struct sim_message *any = &b->messages->at[b->order[first]];
	uint32_t start = start_task(b, any->start_ns), wait = add_wait(b, any);
	for (; first < end && b->messages->at[b->order[first]].bytes <= 0; first++)
		add_empty(b, b->order[first], start, wait);
	g_hash_table_remove_all(b->by_latency);
	bool split = end - first > 1 && any_awaited(b, first, end);
	if (split)
		sim_connected_find(&b->parts, b->order + first, end - first);
	for (uint32_t from = first, to; from < end; from = to) {
		for (to = from + 1; to < end && (!split || b->parts.of[b->order[from]] ==
		                                                   b->parts.of[b->order[to]]);)
			to++;
		add_part(b, from, to, start, wait);
	}
	b->phases++;
}

static void builder_init(struct phase_builder *b, const struct hw_package *package,
                         const struct sim_messages *messages)
{
	*b = (struct phase_builder){ .messages = messages, .program = sim_program_new() };
	map_network_init(&b->network, package);
	sim_activities_init(&b->activities, b->program, &b->network);
	map_phase_init(&b->phase, package);
	b->order = g_new(uint32_t, messages->count);
	b->awaited = g_new0(bool, messages->count);
	b->task_of = g_new0(uint32_t, messages->count);
	b->later_ns = g_new0(double, messages->count);
	b->arrival = g_new(uint32_t, messages->count);
	sim_connected_init(&b->parts, package, messages);
	b->by_latency = g_hash_table_new_full(g_double_hash, g_double_equal, g_free, NULL);
	/* At most a start, a wait, a phase and an arrival per message. */
	b->noted = g_new0(uint32_t, 4 * (gsize)messages->count);
	b->starts = g_array_new(FALSE, FALSE, sizeof(struct start));
	b->spans = g_array_new(FALSE, FALSE, sizeof(struct sim_replay_span));
}

static void builder_release(struct phase_builder *b)
{
	sim_activities_release(&b->activities);
	map_phase_release(&b->phase);
	map_network_release(&b->network);
	sim_program_free(b->program);
	g_free(b->order);
	g_free(b->awaited);
	g_free(b->task_of);
	g_free(b->later_ns);
	g_free(b->arrival);
	sim_connected_release(&b->parts);
	g_hash_table_unref(b->by_latency);
	g_free(b->noted);
	g_array_unref(b->starts);
	g_array_unref(b->spans);
}

static void build(struct phase_builder *b)
{
	uint32_t count = b->messages->count;
	for (uint32_t m = 0; m < count; m++) {
		const struct sim_message *message = &b->messages->at[m];
		b->order[m] = m;
		for (uint32_t d = 0; d < message->dep_count; d++)
			b->awaited[b->messages->deps[message->first_dep + d]] = true;
	}
	g_qsort_with_data(b->order, (gint)count, sizeof(*b->order), compare_messages,
	                  (gpointer)b->messages);
	add_starts(b);
	for (uint32_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && same_phase(b, first, end);)
			end++;
		add_phase(b, first, end);
	}
	struct sim_segment segment = { .task_count = b->program->tasks->len,
		                       .microbatches = 1,
		                       .marker = b->program->tasks->len - 1,
		                       .cluster_count = 1 };
	g_array_append_val(b->program->segments, segment);
}

/* ---- runs ---- */

/* When each task of a run started and ended. */
struct times {
	double *start_ns, *end_ns;
};

static bool run(struct phase_builder *b, const struct sim_replay_options *options,
                struct times *times, GError **error)
{
	uint32_t tasks = b->program->tasks->len;
	times->start_ns = g_new(double, tasks);
	times->end_ns = g_new(double, tasks);
	if (!options->simgrid) {
		sim_replay_run(b->network.package, b->program, options, times->start_ns,
		               times->end_ns);
		return true;
	}
	const struct sim_options exact = { .exact = true }; /* nothing repeats */
	struct sim_result *result = sim_execute(b->network.package, b->program, &exact, error);
	for (uint32_t t = 0; result && t < tasks; t++) {
		times->start_ns[t] = result->start_ns[t];
		times->end_ns[t] = result->end_ns[t];
	}
	sim_result_free(result);
	return result != NULL;
}

static void times_release(struct times *times)
{
	g_free(times->start_ns);
	g_free(times->end_ns);
}

/* Factors from a first run; NULL: routers lose no more than each activity's own loads say, or an
 * error. */
static double *factors_of(const struct hw_package *package, const struct sim_messages *messages,
                          const struct sim_replay_options *options, GError **error)
{
	struct phase_builder b;
	struct times times = { 0 };
	double *factors = NULL;
	if (package->nop.router_conflict <= 0)
		return NULL;
	builder_init(&b, package, messages);
	build(&b);
	if (b.spans->len > 1 && run(&b, options, &times, error)) {
		for (guint p = 0; p < b.spans->len; p++) {
			struct sim_replay_span *span = &g_array_index(b.spans,
			                                              struct sim_replay_span, p);
			span->start_ns = times.start_ns[span->task];
			span->end_ns = times.end_ns[span->task];
		}
		factors = sim_replay_factors(&b.network, messages, b.order, b.spans);
	}
	times_release(&times);
	builder_release(&b);
	return factors;
}

static struct sim_replay *report(const struct phase_builder *b, const struct times *times)
{
	uint32_t count = b->messages->count;
	double *start_ns = g_new(double, count), *end_ns = g_new(double, count);
	for (uint32_t m = 0; m < count; m++) {
		start_ns[m] = times->start_ns[b->task_of[m]];
		end_ns[m] = times->end_ns[b->task_of[m]] + b->later_ns[m];
	}
	struct sim_replay *replay = sim_replay_sum_up(b->network.package, b->messages, start_ns,
	                                              end_ns);
	replay->phases = b->phases;
	return replay;
}

struct sim_replay *sim_replay(const struct hw_package *package, const struct sim_messages *messages,
                              const struct sim_replay_options *options, GError **error)
{
	GError *problem = NULL;
	struct phase_builder b;
	struct times times = { 0 };
	struct sim_replay *replay = NULL;
	g_autofree double *factors = factors_of(package, messages, options, &problem);
	if (problem) {
		g_propagate_error(error, problem);
		return NULL;
	}
	builder_init(&b, package, messages);
	b.factors = factors;
	build(&b);
	if ((!options->platform_path ||
	     sim_platform_write(package, b.program, options->platform_path, error)) &&
	    run(&b, options, &times, error))
		replay = report(&b, &times);
	times_release(&times);
	builder_release(&b);
	return replay;
}
