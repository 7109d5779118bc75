/*
 * A resource is slack in a segment if some other one is used by every phase of the
 * segment that uses it, for at least as long (bytes / capacity) each. When it is full,
 * so is the other: everybody on it then uses both for equally long, and nobody else
 * uses the other. So whoever has the largest share on the slack one has it on the
 * other, and what is fair does not change if it is left out.
 *
 * Invariant: a load is kept if its resource is not slack in some segment that has its
 * phase.
 */
#include "sim/engine/sharing.h"

#include "hw/resources.h"

#include <math.h>

struct user {
	uint32_t activity; /* place in `phases` */
	double time_ns;
};

struct slack {
	struct sim_lone_times *lone;
	const struct sim_program *program;
	const struct hw_package *package;
	bool *listed;   /* per activity: is in `phases` */
	bool *kept;     /* per load */
	GArray *phases; /* uint32_t: the phases of this segment, each once */
	GArray **users; /* per resource: struct user by place, ascending; NULL: none */
	GArray *in_use; /* uint32_t: resources with users */
};

/* To 40 bits, so that sums of the same bytes in another order compare equal. */
static double rounded(double value)
{
	int exponent;
	double mantissa = frexp(value, &exponent);
	return ldexp(nearbyint(ldexp(mantissa, 40)), exponent - 40);
}

static const struct fair_load *loads_of(const struct slack *s, uint32_t activity)
{
	return &g_array_index(s->lone->loads, struct fair_load,
	                      s->lone->activities[activity].first_load);
}

static void list_phase(struct slack *s, uint32_t activity)
{
	const struct sim_lone *lone = &s->lone->activities[activity];
	const struct fair_load *loads = loads_of(s, activity);
	if (s->listed[activity])
		return;
	s->listed[activity] = true;
	for (uint32_t l = 0; l < lone->load_count; l++) {
		uint32_t resource = loads[l].resource;
		struct user user = { s->phases->len,
			             rounded(loads[l].bytes /
			                     hw_resource_GBps(s->package, resource)) };
		if (!s->users[resource]) {
			s->users[resource] = g_array_new(FALSE, FALSE, sizeof(struct user));
			g_array_append_val(s->in_use, resource);
		}
		g_array_append_val(s->users[resource], user);
	}
	g_array_append_val(s->phases, activity);
}

/* Does m hold up every user of l at least as long as l does? Ties: the lower id wins. */
static bool dominates(const struct slack *s, uint32_t m, uint32_t l)
{
	const GArray *of_m = s->users[m], *of_l = s->users[l];
	bool more = of_m->len > of_l->len;
	guint i = 0;
	if (m == l || of_m->len < of_l->len)
		return false;
	for (guint k = 0; k < of_l->len; k++, i++) {
		const struct user *need = &g_array_index(of_l, struct user, k);
		while (i < of_m->len &&
		       g_array_index(of_m, struct user, i).activity < need->activity)
			i++;
		if (i == of_m->len ||
		    g_array_index(of_m, struct user, i).activity != need->activity ||
		    g_array_index(of_m, struct user, i).time_ns < need->time_ns)
			return false;
		more = more || g_array_index(of_m, struct user, i).time_ns > need->time_ns;
	}
	return more || m < l;
}

static bool is_slack(const struct slack *s, uint32_t resource)
{
	uint32_t place = g_array_index(s->users[resource], struct user, 0).activity;
	uint32_t first = g_array_index(s->phases, uint32_t, place);
	for (uint32_t l = 0; l < s->lone->activities[first].load_count; l++)
		if (dominates(s, loads_of(s, first)[l].resource, resource))
			return true;
	return false;
}

static void keep_loads(struct slack *s, const bool *slack)
{
	for (guint p = 0; p < s->phases->len; p++) {
		uint32_t activity = g_array_index(s->phases, uint32_t, p);
		const struct sim_lone *lone = &s->lone->activities[activity];
		for (uint32_t l = 0; l < lone->load_count; l++)
			if (!slack[loads_of(s, activity)[l].resource])
				s->kept[lone->first_load + l] = true;
	}
}

static void forget_segment(struct slack *s)
{
	for (guint p = 0; p < s->phases->len; p++)
		s->listed[g_array_index(s->phases, uint32_t, p)] = false;
	for (guint i = 0; i < s->in_use->len; i++)
		g_clear_pointer(&s->users[g_array_index(s->in_use, uint32_t, i)], g_array_unref);
	g_array_set_size(s->phases, 0);
	g_array_set_size(s->in_use, 0);
}

static void mark_segment(struct slack *s, const struct sim_segment *segment)
{
	g_autofree bool *slack = g_new0(bool, hw_resource_count(s->package));
	for (uint32_t t = 0; t < segment->task_count; t++) {
		const struct sim_task *task = &g_array_index(s->program->tasks, struct sim_task,
		                                             segment->first_task + t);
		if (task->full != SIM_NONE)
			list_phase(s, task->full);
		if (task->tail != SIM_NONE && segment->has_tail)
			list_phase(s, task->tail);
	}
	for (guint i = 0; i < s->in_use->len; i++) {
		uint32_t resource = g_array_index(s->in_use, uint32_t, i);
		slack[resource] = is_slack(s, resource);
	}
	keep_loads(s, slack);
	forget_segment(s);
}

/* Loads move up; each phase's stay together and in order. */
static void close_up(struct slack *s)
{
	struct fair_load *loads = &g_array_index(s->lone->loads, struct fair_load, 0);
	uint32_t to = 0;
	for (guint a = 0; a < s->program->activities->len; a++) {
		struct sim_lone *lone = &s->lone->activities[a];
		uint32_t first = lone->first_load, end = first + lone->load_count;
		lone->first_load = to;
		for (uint32_t l = first; l < end; l++)
			if (s->kept[l])
				loads[to++] = loads[l];
		lone->load_count = to - lone->first_load;
	}
	g_array_set_size(s->lone->loads, to);
}

void sim_lone_drop_slack(struct sim_lone_times *lone, const struct sim_program *program,
                         const struct hw_package *package)
{
	struct slack s = { .lone = lone,
		           .program = program,
		           .package = package,
		           .listed = g_new0(bool, program->activities->len),
		           .kept = g_new0(bool, lone->loads->len),
		           .phases = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
		           .users = g_new0(GArray *, hw_resource_count(package)),
		           .in_use = g_array_new(FALSE, FALSE, sizeof(uint32_t)) };
	for (guint i = 0; i < program->segments->len; i++)
		mark_segment(&s, &g_array_index(program->segments, struct sim_segment, i));
	close_up(&s);
	g_free(s.listed);
	g_free(s.kept);
	g_free(s.users);
	g_array_unref(s.phases);
	g_array_unref(s.in_use);
}
