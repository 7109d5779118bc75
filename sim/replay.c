/*
 * Invariant: messages of one phase are neighbours in `order`, and so are phases
 * of one tag and depth. Phases are numbered in that order, in which each comes
 * after those that it waits for.
 */
#include "sim/replay.h"

#include "hw/routes.h"
#include "sim/activity.h"
#include "sim/parts.h"
#include "sim/replay_sum.h"

#include <stdlib.h>
#include <string.h>

struct start { /* a distinct start > 0 and the delay that ends then */
	double start_ns;
	uint32_t task;
};

struct span { /* an activity of messages order[first, end), and when it ran */
	uint32_t first, end, tag, task;
	double start_ns, end_ns;
};

struct builder {
	const struct sim_messages *messages;
	struct map_network network;
	struct sim_program *program;
	struct sim_activities activities;
	uint32_t *order;   /* messages, by depth, tag, start and dependencies */
	bool *awaited;     /* per message: others wait for it */
	uint32_t *task_of; /* per message: its phase's task */
	double *later_ns;  /* per message: from the end of that task to its arrival */
	uint32_t *arrival; /* per awaited message: the task that ends when it arrives */
	struct sim_parts parts;
	uint32_t *by_hops; /* scratch of a phase: those tasks, by hops; else SIM_NONE */
	uint32_t *noted;   /* per task: the last phase that waits for it, + 1 */
	GArray *starts;    /* struct start, ascending */
	uint32_t phases;
	struct map_phase phase; /* under construction */
	struct map_phase group; /* all that runs at the same time */
	GArray *spans;          /* struct span, in the order made */
	/* Those of a run without the group's losses, and its `order`; NULL: this is that run. */
	const GArray *before;
	const uint32_t *order_before;
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

static gint compare_messages(gconstpointer a, gconstpointer b, gpointer list)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int order = compare_readiness(list, left, right);
	return order ? order : (left > right) - (left < right);
}

static bool same_phase(const struct builder *b, uint32_t i, uint32_t j)
{
	return compare_readiness(b->messages, b->order[i], b->order[j]) == 0;
}

/* ---- tasks ---- */

/* A task that waits for the program's dependencies from first_dep on. */
static uint32_t add_task(struct builder *b, uint32_t activity, uint32_t first_dep)
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

static void add_dep(struct builder *b, uint32_t task)
{
	struct sim_dep dep = { task, 0 };
	g_array_append_val(b->program->deps, dep);
}

static uint32_t add_delay(struct builder *b, double delay_ns, uint32_t first_dep)
{
	struct sim_activity activity = { .first_host = b->program->hosts->len,
		                         .first_flow = b->program->flows->len,
		                         .first_cycles = SIM_NONE,
		                         .delay_ns = delay_ns };
	g_array_append_val(b->program->activities, activity);
	return add_task(b, b->program->activities->len - 1, first_dep);
}

static gint compare_starts(gconstpointer a, gconstpointer b)
{
	return compare_doubles(((const struct start *)a)->start_ns,
	                       ((const struct start *)b)->start_ns);
}

/* One chain of delays through all distinct starts, so that only one is ever in flight. */
static void add_starts(struct builder *b)
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

static uint32_t start_task(const struct builder *b, double start_ns)
{
	const struct start key = { .start_ns = start_ns }, *found;
	if (start_ns <= 0)
		return SIM_NONE;
	found = bsearch(&key, b->starts->data, b->starts->len, sizeof(key), compare_starts);
	g_assert(found); /* add_starts has seen every message */
	return found->task;
}

/* The delay from the last message that `message` waits for; SIM_NONE if it waits for none. */
static uint32_t add_wait(struct builder *b, const struct sim_message *message)
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

static void send(struct builder *b, struct map_phase *phase, uint32_t message)
{
	const struct sim_message *m = &b->messages->at[message];
	b->network.receivers[0] = m->dst;
	map_send(&b->network, phase, m->src, 1, m->bytes);
}

static bool at_once(const struct span *a, const struct span *b)
{
	return a->start_ns < b->end_ns && b->start_ns < a->end_ns;
}

/* All that runs at the same time as part `index`, itself too. Returns false if that is all. */
static bool sum_group(struct builder *b, guint index)
{
	const struct span *own = &g_array_index(b->before, struct span, index);
	bool others = false;
	map_phase_clear(&b->group);
	for (guint p = 0; p < b->before->len; p++) {
		const struct span *span = &g_array_index(b->before, struct span, p);
		if (p != index && !at_once(own, span))
			continue;
		for (uint32_t i = span->first; i < span->end; i++)
			send(b, &b->group, b->order_before[i]);
		others = others || p != index;
	}
	return others;
}

/* What b->phase's loads are multiplied by: its losses in the group instead of its own. */
static double group_factor(struct builder *b)
{
	if (!b->before || !sum_group(b, b->spans->len))
		return 1;
	return map_part_slowdown(&b->network, &b->group, &b->phase) /
	       map_phase_slowdown(&b->network, &b->phase);
}

static unsigned hops_of(const struct builder *b, uint32_t message)
{
	const struct sim_message *m = &b->messages->at[message];
	return hw_hops(b->network.package, m->src, m->dst);
}

static double latency_ns(const struct builder *b, unsigned hops)
{
	const struct hw_nop *nop = &b->network.package->nop;
	return nop->message_ns + hops * nop->hop_ns;
}

static bool any_awaited(const struct builder *b, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++)
		if (b->awaited[b->order[i]])
			return true;
	return false;
}

/* When the message's last byte is there, after the last of the phase's load: its own latency
 * after it, unless all of the phase is over by then. */
static double own_latency_ns(const struct builder *b, double phase_latency_ns, uint32_t message)
{
	return MIN(latency_ns(b, hops_of(b, message)), phase_latency_ns);
}

/*
 * The latency that b->phase is to pay for in its activity: all, or where others wait for messages,
 * that of its shortest route. Nothing can end before its activity; delays behind it pay the rest.
 */
static double activity_latency_ns(struct builder *b, uint32_t first, uint32_t end)
{
	double all_ns = map_phase_time(&b->network, &b->phase).latency_ns;
	uint32_t shortest = b->order[first];
	for (uint32_t i = first + 1; i < end; i++)
		if (hops_of(b, b->order[i]) < hops_of(b, shortest))
			shortest = b->order[i];
	if (!any_awaited(b, first, end) || own_latency_ns(b, all_ns, shortest) >= all_ns)
		return all_ns;
	const struct sim_message *m = &b->messages->at[shortest];
	b->phase.latency_ns = latency_ns(b, hops_of(b, shortest));
	b->phase.far_from = m->src;
	b->phase.far_to = m->dst;
	b->phase.far_bytes = m->bytes / hw_ways(b->network.package, m->src, m->dst);
	return b->phase.latency_ns;
}

/* What those wait for who wait for a message of the phase `task`: that, or a delay behind it. */
static uint32_t arrival_task(struct builder *b, uint32_t message, uint32_t task)
{
	uint32_t *known = &b->by_hops[hops_of(b, message)];
	if (b->later_ns[message] <= 0)
		return task;
	if (*known == SIM_NONE) {
		uint32_t first_dep = b->program->deps->len;
		add_dep(b, task);
		*known = add_delay(b, b->later_ns[message], first_dep);
	}
	return *known;
}

/* The activity of messages order[first, end): all of a phase, or those that share resources. */
static void add_part(struct builder *b, uint32_t first, uint32_t end, uint32_t start, uint32_t wait)
{
	map_phase_clear(&b->phase);
	for (uint32_t i = first; i < end; i++)
		send(b, &b->phase, b->order[i]);
	b->activities.load_factor = group_factor(b);
	double all_ns = map_phase_time(&b->network, &b->phase).latency_ns;
	double paid_ns = activity_latency_ns(b, first, end);
	uint32_t first_dep = b->program->deps->len;
	if (start != SIM_NONE)
		add_dep(b, start);
	if (wait != SIM_NONE)
		add_dep(b, wait);
	uint32_t task = add_task(b, sim_phase_activity(&b->activities, &b->phase), first_dep);
	for (uint32_t i = first; i < end; i++) {
		uint32_t message = b->order[i];
		b->task_of[message] = task;
		b->later_ns[message] = own_latency_ns(b, all_ns, message) - paid_ns;
		if (b->awaited[message])
			b->arrival[message] = arrival_task(b, message, task);
	}
	for (uint32_t i = first; i < end; i++)
		b->by_hops[hops_of(b, b->order[i])] = SIM_NONE;
	struct span span = { first, end, b->messages->at[b->order[first]].tag, task, 0, 0 };
	g_array_append_val(b->spans, span);
}

/*
 * The phase of messages order[first, end). Where others wait for some of them, messages
 * that share nothing with the rest have an activity of their own, and do not wait for it.
 */
static void add_phase(struct builder *b, uint32_t first, uint32_t end)
{
	const struct sim_message *any = &b->messages->at[b->order[first]];
	uint32_t start = start_task(b, any->start_ns), wait = add_wait(b, any);
	bool split = end - first > 1 && any_awaited(b, first, end);
	if (split)
		sim_parts_find(&b->parts, b->order + first, end - first);
	for (uint32_t from = first, to; from < end; from = to) {
		for (to = from + 1; to < end && (!split || b->parts.of[b->order[from]] ==
		                                                   b->parts.of[b->order[to]]);)
			to++;
		add_part(b, from, to, start, wait);
	}
	b->phases++;
}

static void builder_init(struct builder *b, const struct hw_package *package,
                         const struct sim_messages *messages)
{
	*b = (struct builder){ .messages = messages, .program = sim_program_new() };
	map_network_init(&b->network, package);
	sim_activities_init(&b->activities, b->program, &b->network);
	map_phase_init(&b->phase, package);
	map_phase_init(&b->group, package);
	b->order = g_new(uint32_t, messages->count);
	b->awaited = g_new0(bool, messages->count);
	b->task_of = g_new0(uint32_t, messages->count);
	b->later_ns = g_new0(double, messages->count);
	b->arrival = g_new(uint32_t, messages->count);
	sim_parts_init(&b->parts, package, messages);
	unsigned longest = package->columns + package->rows;
	b->by_hops = g_new(uint32_t, longest);
	for (unsigned h = 0; h < longest; h++)
		b->by_hops[h] = SIM_NONE;
	/* At most a start, a wait, a phase and an arrival per message. */
	b->noted = g_new0(uint32_t, 4 * (gsize)messages->count);
	b->starts = g_array_new(FALSE, FALSE, sizeof(struct start));
	b->spans = g_array_new(FALSE, FALSE, sizeof(struct span));
}

static void builder_release(struct builder *b)
{
	sim_activities_release(&b->activities);
	map_phase_release(&b->phase);
	map_phase_release(&b->group);
	map_network_release(&b->network);
	sim_program_free(b->program);
	g_free(b->order);
	g_free(b->awaited);
	g_free(b->task_of);
	g_free(b->later_ns);
	g_free(b->arrival);
	sim_parts_release(&b->parts);
	g_free(b->by_hops);
	g_free(b->noted);
	g_array_unref(b->starts);
	g_array_unref(b->spans);
}

static void build(struct builder *b)
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

static struct sim_result *run(struct builder *b, const struct sim_options *options, GError **error)
{
	struct sim_options exact = *options;
	exact.exact = true; /* nothing repeats */
	build(b);
	struct sim_result *result = sim_execute(b->network.package, b->program, &exact, error);
	for (guint p = 0; result && p < b->spans->len; p++) {
		struct span *span = &g_array_index(b->spans, struct span, p);
		span->start_ns = result->start_ns[span->task];
		span->end_ns = result->end_ns[span->task];
	}
	return result;
}

/* Whether routers may lose more than each activity's own loads say. */
static bool groups_matter(const struct builder *b)
{
	return b->network.package->nop.router_conflict > 0 && b->spans->len > 1;
}

static struct sim_replay *report(const struct builder *b, const struct sim_result *result)
{
	uint32_t count = b->messages->count;
	double *start_ns = g_new(double, count), *end_ns = g_new(double, count);
	for (uint32_t m = 0; m < count; m++) {
		start_ns[m] = result->start_ns[b->task_of[m]];
		end_ns[m] = result->end_ns[b->task_of[m]] + b->later_ns[m];
	}
	struct sim_replay *replay = sim_replay_sum_up(b->network.package, b->messages, start_ns,
	                                              end_ns);
	replay->phases = b->phases;
	replay->wall_s = result->wall_s;
	return replay;
}

struct sim_replay *sim_replay(const struct hw_package *package, const struct sim_messages *messages,
                              const struct sim_options *options, GError **error)
{
	struct builder first, second;
	struct sim_replay *replay = NULL;
	builder_init(&first, package, messages);
	builder_init(&second, package, messages);
	struct builder *last = &first;
	struct sim_result *result = run(&first, options, error);
	if (result && groups_matter(&first)) {
		sim_result_free(result);
		second.before = first.spans;
		second.order_before = first.order;
		last = &second;
		result = run(&second, options, error);
	}
	if (result)
		replay = report(last, result);
	sim_result_free(result);
	builder_release(&first);
	builder_release(&second);
	return replay;
}
