/*
 * From a mapping to what the user sees: evaluate it, simulate it, write the
 * files of an output folder, and print results as a table. Shared by the
 * subcommands run and simulate.
 */
#ifndef TOOLS_REPORT_RESULTS_H
#define TOOLS_REPORT_RESULTS_H

#include "tools/input/load.h"

/* What the table shows of one mapping. Plain numbers: it travels between processes. */
struct result_row {
	unsigned segments, clusters, batch;
	double analytical_ns, simulated_ns, energy_pJ, utilization;
	struct cost_totals totals; /* simulated */
	double static_pJ;
	double bubbles[SIM_BUBBLES];             /* fractions of the regions' time */
	double search_wall_s, simulation_wall_s; /* search: negative if there was none */
	uint64_t samples_simulated, activities;
	enum sim_trace_level trace_level;
};

struct result {
	const char *name; /* strategy, or the mapping's file; not owned */
	struct result_row row;
	char *bottleneck;
	char *explanation; /* tables of --explain; NULL: not asked for */
	char *layers;      /* tables of --layers; NULL: not asked for */
	char *report;      /* JSON with wall clock times */
	char *error;       /* not NULL: nothing above but the name holds */
	char *folder;      /* where its files are; NULL: none written */
};

void result_release(struct result *result);

/* Make the folder and its parents, and see that files can be made in it. */
bool prepare_folder(const char *folder, GError **error);

/* See that the file can be written, so that no work is done for nothing. */
bool check_out_file(const char *path, GError **error);

/* Write a file of the folder, and free the text. */
bool write_text(const char *folder, const char *name, char *text, GError **error);

struct execution {
	const struct subject *subject;
	const struct options *options;
	const char *folder; /* NULL: write no files */
	double search_wall_s;
	void (*progress)(void *data, double fraction, double time_ns);
	void *progress_data;
};

/* Fills row, bottleneck and report of the result. */
bool execute_mapping(const struct execution *execution, const struct map_mapping *mapping,
                     struct result *result, GError **error);

/* Append the table and, unless --quiet, a title above and remarks below it. One result is good. */
void results_print(const struct result *results, unsigned count, const struct subject *subject,
                   const struct options *options, GString *out);

#endif
