/* Invariant: `analytical` and `simulated` say the same things under the same keys. */
#include "tools/report/report.h"

#include "tools/report/explain.h"
#include "tools/report/layers.h"

#include <math.h>

#include "hw/resources.h"

double report_error_percent(double analytical, double simulated)
{
	return simulated > 0 ? (analytical - simulated) / simulated * 100 : NAN;
}

double report_throughput_per_s(unsigned batch, double latency_ns)
{
	return batch / latency_ns * 1e9;
}

double report_utilization(const struct hw_package *package, double macs, double time_ns)
{
	return macs / (hw_peak_macs_per_ns(package) * time_ns);
}

/* What both blocks have */

static void write_summary(struct json_writer *w, const struct report *report, double latency_ns,
                          const struct cost_totals *totals, double static_pJ)
{
	json_number(w, "latency_ns", latency_ns);
	json_number(w, "throughput_per_s",
	            report_throughput_per_s(report->mapping->batch, latency_ns));
	json_begin_object(w, "energy_pJ", JSON_LINES);
	json_number(w, "mac", totals->mac_pJ);
	json_number(w, "buffer", totals->buffer_pJ);
	json_number(w, "nop", totals->nop_pJ);
	json_number(w, "dram", totals->dram_pJ);
	json_number(w, "static", static_pJ);
	json_number(w, "total", cost_total_pJ(totals, static_pJ));
	json_end_object(w);
	double energy_pJ = cost_total_pJ(totals, static_pJ);
	json_number(w, "energy_per_sample_pJ", energy_pJ / report->mapping->batch);
	json_number(w, "edp_mJ_ms", energy_pJ * 1e-9 * latency_ns * 1e-6);
	json_number(w, "macs", totals->macs);
	json_number(w, "nop_bytes", totals->nop_bytes);
	json_number(w, "nop_byte_hops", totals->nop_byte_hops);
	json_number(w, "nop_dram_bytes", totals->nop_dram_bytes);
	json_number(w, "dram_read_bytes", totals->dram_read_bytes);
	json_number(w, "dram_write_bytes", totals->dram_write_bytes);
}

/* Of the nodes of a cluster, or of all of a segment where that is UINT32_MAX. */
static double energy_of(const struct sim_outcome *sim, unsigned segment, unsigned cluster)
{
	double energy_pJ = 0;
	for (unsigned n = 0; n < sim->layer_count; n++) {
		const struct sim_layer *layer = &sim->layers[n];
		if (layer->segment == segment &&
		    (layer->cluster == cluster || cluster == UINT32_MAX))
			energy_pJ += cost_total_pJ(&layer->totals, layer->static_pJ);
	}
	return energy_pJ;
}

/* `energy_pJ`: NAN for none. */
static void write_cluster(struct json_writer *w, const struct wl_workload *workload,
                          const struct map_cluster *cluster, double time_ns, double energy_pJ)
{
	json_begin_object(w, NULL, JSON_ONE_LINE);
	json_begin_array(w, "nodes", JSON_ONE_LINE);
	for (unsigned i = 0; i < cluster->node_count; i++)
		json_string(w, NULL, workload->nodes[cluster->nodes[i].node].name);
	json_end_array(w);
	json_integer(w, "chiplets", cluster->region_size);
	json_number(w, "time_ns", time_ns);
	if (!isnan(energy_pJ))
		json_number(w, "energy_pJ", energy_pJ);
	json_end_object(w);
}

/* The parts of a segment that the model and the simulator both know. */
struct segment_times {
	double load_ns, period_ns, latency_ns;
	unsigned microbatches, first_cluster;
};

static void write_segment(struct json_writer *w, const struct report *report, unsigned segment,
                          const struct segment_times *times, bool simulated)
{
	const struct map_segment *mapped = &report->mapping->segments[segment];
	bool layers = simulated && report->simulated->layers;
	json_begin_object(w, NULL, JSON_LINES);
	if (layers)
		json_number(w, "energy_pJ", energy_of(report->simulated, segment, UINT32_MAX));
	json_number(w, "load_ns", times->load_ns);
	json_number(w, "period_ns", times->period_ns);
	json_number(w, "latency_ns", times->latency_ns);
	json_integer(w, "microbatches", times->microbatches);
	json_begin_array(w, "clusters", JSON_LINES);
	for (unsigned c = 0; c < mapped->cluster_count; c++) {
		unsigned index = times->first_cluster + c;
		write_cluster(w, report->workload, &mapped->clusters[c],
		              simulated ? report->simulated->clusters[index].period_ns
		                        : report->analytical->cluster_ns[index],
		              layers ? energy_of(report->simulated, segment, c) : NAN);
	}
	json_end_array(w);
	json_end_object(w);
}

static void write_analytical(struct json_writer *w, const struct report *report)
{
	const struct cost_report *cost = report->analytical;
	json_begin_object(w, "analytical", JSON_LINES);
	write_summary(w, report, cost->latency_ns, &cost->totals, cost->static_pJ);
	json_begin_array(w, "segments", JSON_LINES);
	for (unsigned s = 0; s < report->mapping->segment_count; s++) {
		const struct cost_segment *from = &cost->segments[s];
		const struct segment_times times = { from->load_ns, from->period_ns,
			                             from->latency_ns, from->microbatches,
			                             from->first_cluster };
		write_segment(w, report, s, &times, false);
	}
	json_end_array(w);
	json_end_object(w);
}

/* Only the simulator knows */

static void write_bubbles(struct json_writer *w, const struct sim_outcome *sim)
{
	json_begin_object(w, "bubbles_ns", JSON_LINES);
	for (int b = 0; b < SIM_BUBBLES; b++)
		json_number(w, sim_bubble_name((enum sim_bubble)b), sim->bubbles_ns[b]);
	json_end_object(w);
	json_number(w, "busy_ns", sim->busy_ns);
}

static void write_place(struct json_writer *w, const char *key, unsigned chiplet, unsigned columns)
{
	g_autofree char *place = g_strdup_printf("%u,%u", chiplet % columns, chiplet / columns);
	json_string(w, key, place);
}

static void write_links(struct json_writer *w, const struct hw_package *package,
                        const struct sim_outcome *sim)
{
	json_begin_array(w, "links", JSON_LINES);
	for (unsigned i = 0; i < package->link_count; i++) {
		const struct hw_link *link = &package->links[i];
		if (!(sim->resource_bytes[i] > 0))
			continue;
		json_begin_object(w, NULL, JSON_ONE_LINE);
		write_place(w, "from", link->from, package->columns);
		write_place(w, "to", link->to, package->columns);
		json_number(w, "busy_ns", sim->resource_load_bytes[i] / link->GBps);
		json_number(w, "bytes", sim->resource_bytes[i]);
		if (link->second)
			json_bool(w, "second", true);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_dram(struct json_writer *w, const struct hw_package *package,
                       const struct sim_outcome *sim)
{
	json_begin_array(w, "dram", JSON_LINES);
	for (unsigned i = 0; i < package->dram_count; i++) {
		unsigned resource = hw_dram_id(package, i);
		double GBps = hw_resource_GBps(package, resource);
		json_begin_object(w, NULL, JSON_ONE_LINE);
		json_integer(w, "channel", i);
		json_number(w, "busy_ns", sim->resource_load_bytes[resource] / GBps);
		json_number(w, "bytes", sim->resource_bytes[resource]);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_simulated(struct json_writer *w, const struct report *report,
                            enum report_clock clock)
{
	const struct sim_outcome *sim = report->simulated;
	json_begin_object(w, "simulated", JSON_LINES);
	write_summary(w, report, sim->latency_ns, &sim->totals, sim->static_pJ);
	json_number(w, "utilization",
	            report_utilization(report->package, sim->totals.macs, sim->latency_ns));
	json_integer(w, "samples_simulated", sim->samples_simulated);
	json_integer(w, "activities", sim->activities);
	/* The key is always there; in a file it is null, so that equal runs are equal bytes. */
	json_number(w, "wall_s", clock == REPORT_WITH_WALL ? sim->wall_s : NAN);
	write_bubbles(w, sim);
	json_begin_array(w, "segments", JSON_LINES);
	for (unsigned s = 0; s < report->mapping->segment_count; s++) {
		const struct sim_segment_outcome *from = &sim->segments[s];
		const struct segment_times times = { from->load_ns, from->period_ns,
			                             from->latency_ns, from->microbatches,
			                             from->first_cluster };
		write_segment(w, report, s, &times, true);
	}
	json_end_array(w);
	write_links(w, report->package, sim);
	write_dram(w, report->package, sim);
	if (sim->layers)
		layers_write(w, report);
	json_end_object(w);
}

/* Between two completions of a cluster the model expects its segment's period. */
static void write_segment_errors(struct json_writer *w, const struct cost_segment *cost,
                                 const struct sim_segment_outcome *segment,
                                 const struct sim_cluster_outcome *clusters)
{
	json_begin_object(w, NULL, JSON_ONE_LINE);
	json_number(w, "period", report_error_percent(cost->period_ns, segment->period_ns));
	json_number(w, "load", report_error_percent(cost->load_ns, segment->load_ns));
	json_begin_array(w, "clusters", JSON_ONE_LINE);
	for (unsigned c = 0; c < segment->cluster_count; c++)
		json_number(w, NULL, report_error_percent(cost->period_ns, clusters[c].period_ns));
	json_end_array(w);
	json_end_object(w);
}

static void write_errors(struct json_writer *w, const struct report *report)
{
	const struct cost_report *cost = report->analytical;
	const struct sim_outcome *sim = report->simulated;
	unsigned batch = report->mapping->batch;
	json_begin_object(w, "error_percent", JSON_LINES);
	json_number(w, "latency", report_error_percent(cost->latency_ns, sim->latency_ns));
	json_number(w, "throughput",
	            report_error_percent(report_throughput_per_s(batch, cost->latency_ns),
	                                 report_throughput_per_s(batch, sim->latency_ns)));
	json_begin_array(w, "segments", JSON_LINES);
	for (unsigned s = 0; s < sim->segment_count; s++)
		write_segment_errors(w, &cost->segments[s], &sim->segments[s],
		                     &sim->clusters[sim->segments[s].first_cluster]);
	json_end_array(w);
	json_end_object(w);
}

void report_write_calibration(struct json_writer *w, const struct cal_calibration *calibration,
                              const char *file)
{
	if (!calibration)
		return;
	g_autofree char *name = g_path_get_basename(file);
	json_begin_object(w, "calibration", JSON_ONE_LINE);
	json_string(w, "file", name);
	json_string(w, "checksum", calibration->checksum);
	json_end_object(w);
}

/* NaN (null in the file): chiplets have different ones. */
static double common_clock_GHz(const struct hw_package *package)
{
	double clock_GHz = hw_chiplet(package, 0)->clock_GHz;
	for (unsigned c = 1; c < hw_chiplet_count(package); c++)
		if (hw_chiplet(package, c)->clock_GHz != clock_GHz)
			return NAN;
	return clock_GHz;
}

char *report_json(const struct report *report, enum report_clock clock)
{
	struct json_writer writer, *w = &writer;
	json_start(w);
	json_begin_object(w, NULL, JSON_LINES);
	json_string(w, "format", "mcmsim-report/1");
	made_by_write(w, &report->made_by);
	json_string(w, "workload", report->workload->name);
	json_string(w, "package", report->package->name);
	json_number(w, "clock_GHz", common_clock_GHz(report->package));
	json_string(w, "strategy", report->mapping->strategy);
	json_integer(w, "batch", report->mapping->batch);
	json_number(w, "bound_ns", report->analytical->bound_ns);
	report_write_calibration(w, report->calibration, report->calibration_file);
	if (clock == REPORT_WITH_WALL && report->search_wall_s >= 0)
		json_number(w, "search_wall_s", report->search_wall_s);
	if (report->refinement)
		refine_write(w, report->refinement);
	write_analytical(w, report);
	if (report->simulated) {
		write_simulated(w, report, clock);
		write_errors(w, report);
		json_string(w, "bottleneck", report->bottleneck);
	}
	if (report->explanation)
		explain_write(w, report);
	json_end_object(w);
	return json_finish(w);
}
