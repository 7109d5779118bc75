/* Invariant: ties go to the lower index, so that the same run gives the same sentence. */
#include "tools/report/bottleneck.h"
#include "tools/text/printable.h"

#include "hw/resources.h"

static unsigned longest_segment(const struct sim_outcome *simulated)
{
	unsigned longest = 0;
	for (unsigned s = 1; s < simulated->segment_count; s++)
		if (simulated->segments[s].latency_ns > simulated->segments[longest].latency_ns)
			longest = s;
	return longest;
}

/* The cluster with the largest time, other than `except`; BOTTLENECK_NONE if there is none. */
static unsigned slowest_cluster(const double *cluster_ns, unsigned count, unsigned except)
{
	unsigned slowest = BOTTLENECK_NONE;
	for (unsigned c = 0; c < count; c++)
		if (c != except &&
		    (slowest == BOTTLENECK_NONE || cluster_ns[c] > cluster_ns[slowest]))
			slowest = c;
	return slowest;
}

static double share_of(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static struct bottleneck_cause find_cause(double busy_ns, const double bubbles_ns[SIM_BUBBLES])
{
	double region_ns = busy_ns;
	unsigned largest = 0;
	for (unsigned b = 0; b < SIM_BUBBLES; b++) {
		region_ns += bubbles_ns[b];
		if (bubbles_ns[b] > bubbles_ns[largest])
			largest = b;
	}
	return (struct bottleneck_cause){ .computes = busy_ns >= bubbles_ns[largest],
		                          .bubble = (enum sim_bubble)largest,
		                          .busy_share = share_of(busy_ns, region_ns),
		                          .bubble_share = share_of(bubbles_ns[largest],
		                                                   region_ns) };
}

/* Whether the whole run is held up by something else than its slowest cluster. */
static bool run_differs(const struct bottleneck *b)
{
	return !b->run_cause.computes &&
	       (b->cluster_cause.computes || b->cluster_cause.bubble != b->run_cause.bubble);
}

/* The busiest resource of the kind that the cause waits for. */
static void find_resource(const struct hw_package *package, const struct sim_outcome *simulated,
                          struct bottleneck *found)
{
	enum sim_bubble cause = run_differs(found) ? found->run_cause.bubble
	                                           : found->cluster_cause.bubble;
	bool dram = cause == SIM_WAIT_DRAM;
	found->resource = BOTTLENECK_NONE;
	if (!dram && cause != SIM_WAIT_INPUT)
		return;
	for (unsigned r = 0; r < hw_resource_count(package); r++) {
		if ((hw_resource_kind(package, r) == HW_DRAM) != dram ||
		    !(simulated->resource_bytes[r] > 0))
			continue;
		double busy_ns = simulated->resource_load_bytes[r] / hw_resource_GBps(package, r);
		double share = share_of(busy_ns, simulated->latency_ns);
		if (found->resource != BOTTLENECK_NONE && share <= found->resource_share)
			continue;
		found->resource = r;
		found->resource_share = share;
	}
}

/* Part of the segment's time in which a cluster's chiplets compute, or wait for one that does. */
static double computing_share(const struct sim_segment_outcome *segment,
                              const struct sim_cluster_outcome *cluster)
{
	return share_of(cluster->busy_ns + cluster->bubbles_ns[SIM_SHARD],
	                cluster->chiplets * segment->latency_ns);
}

/* Whether a resource is in use for longer than any cluster computes: it is what all wait for,
 * whatever they do meanwhile. */
static void find_shared(const struct sim_outcome *simulated, struct bottleneck *found)
{
	const struct sim_segment_outcome *segment = &simulated->segments[found->segment];
	found->segment_resource = segment->busiest;
	found->segment_resource_share = share_of(segment->busiest_ns, segment->latency_ns);
	found->shared = found->segment_resource_share > 0;
	for (unsigned c = 0; c < segment->cluster_count; c++)
		if (computing_share(segment, &simulated->clusters[segment->first_cluster + c]) >=
		    found->segment_resource_share)
			found->shared = false;
}

struct bottleneck bottleneck_find(const struct hw_package *package,
                                  const struct cost_report *analytical,
                                  const struct sim_outcome *simulated)
{
	struct bottleneck found = { .segment = longest_segment(simulated) };
	const struct sim_segment_outcome *segment = &simulated->segments[found.segment];
	const double *cluster_ns = analytical->cluster_ns + segment->first_cluster;

	found.latency_share = share_of(segment->latency_ns, simulated->latency_ns);
	found.cluster = slowest_cluster(cluster_ns, segment->cluster_count, BOTTLENECK_NONE);
	found.next = slowest_cluster(cluster_ns, segment->cluster_count, found.cluster);
	if (found.next != BOTTLENECK_NONE && cluster_ns[found.next] > 0)
		found.lead = cluster_ns[found.cluster] / cluster_ns[found.next] - 1;
	const struct sim_cluster_outcome *cluster =
		&simulated->clusters[segment->first_cluster + found.cluster];
	found.cluster_cause = find_cause(cluster->busy_ns, cluster->bubbles_ns);
	found.run_cause = find_cause(simulated->busy_ns, simulated->bubbles_ns);
	find_shared(simulated, &found);
	find_resource(package, simulated, &found);
	return found;
}

/* Words */

static void append_cluster(GString *text, const struct map_cluster *cluster,
                           const struct wl_workload *workload)
{
	const char *first = workload->nodes[cluster->nodes[0].node].name;
	const char *last = workload->nodes[cluster->nodes[cluster->node_count - 1].node].name;
	g_autofree char *nodes = cluster->node_count > 1 ? g_strdup_printf("%s .. %s", first, last)
	                                                 : g_strdup(first);
	g_autofree char *shown = printable(nodes);
	g_string_append_printf(text, " (%s, %u chiplet%s)", shown, cluster->region_size,
	                       cluster->region_size == 1 ? "" : "s");
}

static void append_pace(GString *text, const struct bottleneck *b)
{
	if (b->next != BOTTLENECK_NONE && b->lead < 0.005)
		g_string_append_printf(text, " sets the pace, as does cluster %u,", b->next);
	else if (b->next != BOTTLENECK_NONE)
		g_string_append_printf(text,
		                       " sets the pace, %.0f %% slower than the next (cluster %u),",
		                       b->lead * 100, b->next);
}

static const char *const causes[SIM_BUBBLES] = {
	[SIM_FILL] = "the filling of the pipeline",
	[SIM_DRAIN] = "the draining of the pipeline",
	[SIM_WAIT_INPUT] = "NoP transfers",
	[SIM_WAIT_DRAM] = "DRAM",
	[SIM_BACK_PRESSURE] = "back pressure from later clusters",
	[SIM_SHARD] = "uneven shares",
};

/* Where a resource bounds the segment, what the cluster does is no bound. */
static void append_time(GString *text, const struct bottleneck *b)
{
	const struct bottleneck_cause *cause = &b->cluster_cause;
	const char *and = b->next == BOTTLENECK_NONE ? "" : " and";
	g_string_append_printf(text, "%s computes for %.0f %% of its time", and,
	                       cause->busy_share * 100);
	if (cause->bubble_share > 0)
		g_string_append_printf(text, ", against %.0f %% for %s", cause->bubble_share * 100,
		                       causes[cause->bubble]);
}

static void append_cause(GString *text, const struct bottleneck *b)
{
	const struct bottleneck_cause *cause = &b->cluster_cause;
	const char *and = b->next == BOTTLENECK_NONE ? "" : " and";
	if (!cause->computes)
		g_string_append_printf(
			text,
			"%s is bound by %s: %.0f %% of its time, against %.0f %% for "
			"compute",
			and, causes[cause->bubble], cause->bubble_share * 100,
			cause->busy_share * 100);
	else if (cause->bubble_share > 0)
		g_string_append_printf(
			text,
			"%s is bound by compute: %.0f %% of its time, against %.0f %% "
			"for %s",
			and, cause->busy_share * 100, cause->bubble_share * 100,
			causes[cause->bubble]);
	else
		g_string_append_printf(text, "%s is bound by compute: %.0f %% of its time", and,
		                       cause->busy_share * 100);
}

static void append_run(GString *text, const struct bottleneck *b)
{
	if (run_differs(b))
		g_string_append_printf(
			text, "; over the whole run %s takes %.0f %%, against %.0f %% for compute",
			causes[b->run_cause.bubble], b->run_cause.bubble_share * 100,
			b->run_cause.busy_share * 100);
}

char *bottleneck_sentence(const struct bottleneck *bottleneck, const struct wl_workload *workload,
                          const struct hw_package *package, const struct map_mapping *mapping)
{
	const struct map_segment *segment = &mapping->segments[bottleneck->segment];
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "segment %u of %u takes %.0f %% of the latency",
	                       bottleneck->segment, mapping->segment_count,
	                       bottleneck->latency_share * 100);
	if (bottleneck->shared) {
		g_autofree char *name = hw_resource_name(package, bottleneck->segment_resource);
		g_string_append_printf(text, " and is bound by %s, in use for %.0f %% of it", name,
		                       bottleneck->segment_resource_share * 100);
	}
	g_string_append(text, "; its ");
	if (bottleneck->next == BOTTLENECK_NONE)
		g_string_append(text, "only cluster");
	else
		g_string_append_printf(text, "cluster %u", bottleneck->cluster);
	append_cluster(text, &segment->clusters[bottleneck->cluster], workload);
	append_pace(text, bottleneck);
	if (bottleneck->shared)
		append_time(text, bottleneck);
	else
		append_cause(text, bottleneck);
	append_run(text, bottleneck);
	if (bottleneck->resource != BOTTLENECK_NONE &&
	    !(bottleneck->shared && bottleneck->resource == bottleneck->segment_resource)) {
		g_autofree char *name = hw_resource_name(package, bottleneck->resource);
		g_string_append_printf(text, "; %s, the busiest, is in use %.0f %% of the run",
		                       name, bottleneck->resource_share * 100);
	}
	return g_string_free(text, FALSE);
}
