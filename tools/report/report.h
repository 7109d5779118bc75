/*
 * report.json (mcmsim-report/1) and what tables take from it. The keys are
 * explained in tools/README.md. Wall clock times are left out of files, which
 * must not differ between two runs, and go to the standard output only.
 */
#ifndef TOOLS_REPORT_REPORT_H
#define TOOLS_REPORT_REPORT_H

#include "search/calibration/calibration.h"
#include "sim/simulate.h"
#include "tools/text/json_writer.h"
#include "tools/report/made_by.h"
#include "tools/report/refine.h"

struct search_explanation;
struct explained_changes;

struct report {
	const struct wl_workload *workload;
	const struct hw_package *package;
	const struct map_mapping *mapping;
	const struct cost_report *analytical;
	const struct sim_outcome *simulated;          /* NULL: not simulated */
	const char *bottleneck;                       /* with `simulated` */
	const struct cal_calibration *calibration;    /* NULL: none */
	const char *calibration_file;                 /* its name, with `calibration` */
	const struct refinement *refinement;          /* NULL: nothing was simulated to choose */
	const struct search_explanation *explanation; /* NULL: none */
	const struct explained_changes *changes;      /* simulated ones; NULL: none */
	struct made_by made_by;
	double search_wall_s; /* negative: nothing was searched */
};

enum report_clock { REPORT_WITHOUT_WALL, REPORT_WITH_WALL };

/* "calibration": {"file": name without folders, "checksum": ...}; nothing without one. */
void report_write_calibration(struct json_writer *writer, const struct cal_calibration *calibration,
                              const char *file);

/* The report as one JSON object. Caller frees. */
char *report_json(const struct report *report, enum report_clock clock);

/* (analytical - simulated) / simulated x 100; NaN where there is nothing to compare with. */
double report_error_percent(double analytical, double simulated);
double report_throughput_per_s(unsigned batch, double latency_ns);
/* MACs / (all MAC units x time), a fraction. */
double report_utilization(const struct hw_package *package, double macs, double time_ns);

#endif
