/*
 * SimGrid's cost per event grows with the number of (activity, resource) pairs
 * in flight, so each activity is reduced to what can ever matter.
 *
 * Compute: regions that compute at the same time are disjoint (checked by the
 * dispatcher), so that only the slowest host decides.
 *
 * Phases: resource l is slack if some resource m is used by every activity of
 * the segment that uses l, for at least as long (bytes / bandwidth) each. In
 * SimGrid's solver every round gives an activity the least of
 * remaining / (users x weight) over its resources; l has no more users than m, and
 * no less remaining per weight, so l is never the least. Flows over slack
 * resources only are dropped, except for the one with the longest latency.
 *
 * Invariant: the lean program has the same activity indices as the original.
 */
#include "sim/dispatch.h"

#include "hw/routes.h"
#include "sim/platform.h"

#include <math.h>

struct load {
	uint32_t key; /* resource in an activity's list, activity in a resource's */
	double time_ns;
};

struct lean {
	const struct hw_package *package;
	const struct sim_program *program;
	bool *keep;           /* per flow of the program */
	bool *listed;         /* per activity: is in `users` of this segment */
	double *bytes;        /* per resource; scratch, all zero between uses */
	GArray **of_activity; /* per activity of this segment: struct load by resource */
	GArray **users;       /* per resource: struct load by activity, ascending */
	unsigned *route;      /* scratch */
	GArray *activities;   /* uint32_t: the phases of this segment, each once */
};

static const struct sim_activity *activity_at(const struct sim_program *program, uint32_t index)
{
	return &g_array_index(program->activities, struct sim_activity, index);
}

static unsigned flow_route(struct lean *lean, const struct sim_activity *activity,
                           const struct sim_flow *flow)
{
	const uint32_t *hosts = &g_array_index(lean->program->hosts, uint32_t,
	                                       activity->first_host);
	return sim_route(lean->package, hosts[flow->from], hosts[flow->to], lean->route);
}

static const struct sim_flow *flows_of(const struct lean *lean, const struct sim_activity *activity)
{
	return &g_array_index(lean->program->flows, struct sim_flow, activity->first_flow);
}

/* To 40 bits, so that sums of the same bytes in another order compare equal. */
static double rounded(double value)
{
	int exponent;
	double mantissa = frexp(value, &exponent);
	return ldexp(nearbyint(ldexp(mantissa, 40)), exponent - 40);
}

static void list_phase(struct lean *lean, uint32_t index)
{
	const struct sim_activity *activity = activity_at(lean->program, index);
	const struct sim_flow *flows = flows_of(lean, activity);
	if (lean->listed[index] || activity->first_cycles != SIM_NONE)
		return;
	lean->listed[index] = true;
	g_array_append_val(lean->activities, index);
	GArray *loads = g_array_new(FALSE, FALSE, sizeof(struct load));
	lean->of_activity[index] = loads;
	for (uint32_t f = 0; f < activity->flow_count; f++) {
		unsigned links = flows[f].bytes > 0.0 ? flow_route(lean, activity, &flows[f]) : 0;
		for (unsigned i = 0; i < links; i++) {
			struct load load = { lean->route[i], 0.0 };
			if (lean->bytes[load.key] == 0.0)
				g_array_append_val(loads, load);
			lean->bytes[load.key] += flows[f].bytes;
		}
	}
	for (guint i = 0; i < loads->len; i++) {
		struct load *load = &g_array_index(loads, struct load, i);
		load->time_ns = rounded(lean->bytes[load->key] /
		                        hw_resource_GBps(lean->package, load->key));
		lean->bytes[load->key] = 0.0;
	}
}

static void list_users(struct lean *lean)
{
	for (guint a = 0; a < lean->activities->len; a++) {
		uint32_t index = g_array_index(lean->activities, uint32_t, a);
		const GArray *loads = lean->of_activity[index];
		for (guint i = 0; i < loads->len; i++) {
			const struct load *load = &g_array_index(loads, struct load, i);
			struct load user = { a, load->time_ns };
			if (!lean->users[load->key])
				lean->users[load->key] = g_array_new(FALSE, FALSE,
				                                     sizeof(struct load));
			g_array_append_val(lean->users[load->key], user);
		}
	}
}

/* Does m hold up every user of l at least as long as l does? Ties: the lower id wins. */
static bool dominates(const struct lean *lean, uint32_t m, uint32_t l)
{
	const GArray *of_m = lean->users[m], *of_l = lean->users[l];
	bool more = of_m->len > of_l->len;
	guint i = 0;
	if (m == l || of_m->len < of_l->len)
		return false;
	for (guint k = 0; k < of_l->len; k++, i++) {
		const struct load *need = &g_array_index(of_l, struct load, k);
		while (i < of_m->len && g_array_index(of_m, struct load, i).key < need->key)
			i++;
		if (i == of_m->len || g_array_index(of_m, struct load, i).key != need->key ||
		    g_array_index(of_m, struct load, i).time_ns < need->time_ns)
			return false;
		more = more || g_array_index(of_m, struct load, i).time_ns > need->time_ns;
	}
	return more || m < l;
}

static bool is_slack(const struct lean *lean, uint32_t resource)
{
	uint32_t user = g_array_index(lean->users[resource], struct load, 0).key;
	const GArray *candidates =
		lean->of_activity[g_array_index(lean->activities, uint32_t, user)];
	for (guint i = 0; i < candidates->len; i++) {
		if (dominates(lean, g_array_index(candidates, struct load, i).key, resource))
			return true;
	}
	return false;
}

static double latency_ns(const struct lean *lean, unsigned links)
{
	double sum_ns = 0.0;
	for (unsigned i = 0; i < links; i++)
		sum_ns += sim_link_latency_ns(lean->package, lean->route[i]);
	return sum_ns;
}

static void mark_flows(struct lean *lean, uint32_t index, const bool *slack)
{
	const struct sim_activity *activity = activity_at(lean->program, index);
	const struct sim_flow *flows = flows_of(lean, activity);
	double longest_ns = -1.0;
	uint32_t longest = 0;
	for (uint32_t f = 0; f < activity->flow_count; f++) {
		unsigned links = flows[f].bytes > 0.0 ? flow_route(lean, activity, &flows[f]) : 0;
		for (unsigned i = 0; i < links; i++) {
			if (!slack[lean->route[i]])
				lean->keep[activity->first_flow + f] = true;
		}
		if (links > 0 && latency_ns(lean, links) > longest_ns) {
			longest_ns = latency_ns(lean, links);
			longest = f;
		}
	}
	if (longest_ns >= 0.0)
		lean->keep[activity->first_flow + longest] = true;
}

static void forget_segment(struct lean *lean)
{
	for (guint a = 0; a < lean->activities->len; a++) {
		uint32_t index = g_array_index(lean->activities, uint32_t, a);
		lean->listed[index] = false;
		g_array_unref(lean->of_activity[index]);
	}
	for (unsigned r = 0; r < hw_resource_count(lean->package); r++)
		g_clear_pointer(&lean->users[r], g_array_unref);
	g_array_set_size(lean->activities, 0);
}

static void mark_segment(struct lean *lean, const struct sim_segment *segment)
{
	unsigned resources = hw_resource_count(lean->package);
	g_autofree bool *slack = g_new0(bool, resources);
	for (uint32_t t = 0; t < segment->task_count; t++) {
		const struct sim_task *task = &g_array_index(lean->program->tasks, struct sim_task,
		                                             segment->first_task + t);
		if (task->full != SIM_NONE)
			list_phase(lean, task->full);
		if (task->tail != SIM_NONE && segment->has_tail)
			list_phase(lean, task->tail);
	}
	list_users(lean);
	for (unsigned r = 0; r < resources; r++)
		slack[r] = lean->users[r] && is_slack(lean, r);
	for (guint a = 0; a < lean->activities->len; a++)
		mark_flows(lean, g_array_index(lean->activities, uint32_t, a), slack);
	forget_segment(lean);
}

static void copy_compute(const struct lean *lean, const struct sim_activity *activity,
                         struct sim_program *to)
{
	const struct sim_program *from = lean->program;
	struct sim_activity copy = { .first_host = to->hosts->len,
		                     .host_count = MIN(activity->host_count, 1),
		                     .first_flow = to->flows->len,
		                     .first_cycles = to->cycles->len };
	const uint32_t *hosts = &g_array_index(from->hosts, uint32_t, activity->first_host);
	const double *cycles = &g_array_index(from->cycles, double, activity->first_cycles);
	uint32_t slowest = 0;
	double slowest_ns = -1.0;
	for (uint32_t h = 0; h < activity->host_count; h++) {
		double time_ns = cycles[h] / hw_chiplet(lean->package, hosts[h])->clock_GHz;
		if (time_ns > slowest_ns) {
			slowest_ns = time_ns;
			slowest = h;
		}
	}
	if (copy.host_count > 0) {
		g_array_append_val(to->hosts, hosts[slowest]);
		g_array_append_val(to->cycles, cycles[slowest]);
	}
	g_array_append_val(to->activities, copy);
}

static uint32_t copy_host(struct sim_program *to, uint32_t first_host, uint32_t host,
                          uint32_t *place)
{
	if (place[host] == SIM_NONE) {
		place[host] = to->hosts->len - first_host;
		g_array_append_val(to->hosts, host);
	}
	return place[host];
}

/* `place`: scratch per host of the package, all SIM_NONE between uses. */
static void copy_phase(const struct lean *lean, const struct sim_activity *activity,
                       struct sim_program *to, uint32_t *place)
{
	struct sim_activity copy = { .first_host = to->hosts->len,
		                     .first_flow = to->flows->len,
		                     .first_cycles = SIM_NONE,
		                     .delay_ns = activity->delay_ns };
	const uint32_t *hosts = &g_array_index(lean->program->hosts, uint32_t,
	                                       activity->first_host);
	const struct sim_flow *flows = flows_of(lean, activity);
	for (uint32_t f = 0; f < activity->flow_count; f++) {
		struct sim_flow flow = flows[f];
		if (!lean->keep[activity->first_flow + f])
			continue;
		flow.from = copy_host(to, copy.first_host, hosts[flow.from], place);
		flow.to = copy_host(to, copy.first_host, hosts[flow.to], place);
		g_array_append_val(to->flows, flow);
	}
	copy.host_count = to->hosts->len - copy.first_host;
	copy.flow_count = to->flows->len - copy.first_flow;
	for (uint32_t h = 0; h < copy.host_count; h++)
		place[g_array_index(to->hosts, uint32_t, copy.first_host + h)] = SIM_NONE;
	g_array_append_val(to->activities, copy);
}

static struct sim_program *copy_kept(const struct lean *lean)
{
	struct sim_program *to = sim_program_new();
	unsigned hosts = 2 * hw_chiplet_count(lean->package) + lean->package->dram_count;
	g_autofree uint32_t *place = g_new(uint32_t, hosts);
	for (unsigned h = 0; h < hosts; h++)
		place[h] = SIM_NONE;
	for (guint a = 0; a < lean->program->activities->len; a++) {
		const struct sim_activity *activity = activity_at(lean->program, a);
		if (activity->first_cycles == SIM_NONE)
			copy_phase(lean, activity, to, place);
		else
			copy_compute(lean, activity, to);
	}
	return to;
}

struct sim_program *sim_lean_activities(const struct sim_program *program,
                                        const struct hw_package *package)
{
	unsigned resources = hw_resource_count(package);
	struct lean lean = { .package = package,
		             .program = program,
		             .keep = g_new0(bool, program->flows->len),
		             .listed = g_new0(bool, program->activities->len),
		             .bytes = g_new0(double, resources),
		             .of_activity = g_new0(GArray *, program->activities->len),
		             .users = g_new0(GArray *, resources),
		             .route = g_new(unsigned, package->columns + package->rows + 4),
		             .activities = g_array_new(FALSE, FALSE, sizeof(uint32_t)) };
	for (guint s = 0; s < program->segments->len; s++)
		mark_segment(&lean, &g_array_index(program->segments, struct sim_segment, s));
	struct sim_program *copy = copy_kept(&lean);
	g_free(lean.keep);
	g_free(lean.listed);
	g_free(lean.bytes);
	g_free(lean.of_activity);
	g_free(lean.users);
	g_free(lean.route);
	g_array_unref(lean.activities);
	return copy;
}
