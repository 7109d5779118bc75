/* Private to tools/options*.c: the command line as given, before values are checked. */
#ifndef TOOLS_INPUT_OPTIONS_TEXT_H
#define TOOLS_INPUT_OPTIONS_TEXT_H

#include "tools/input/options.h"

struct options_text { /* NULL: not given */
	char *package, *workload, *mapping, *strategy, *space, *objective, *batch, *tiles, *out;
	char *seed, *jobs, *trace_level, *trace_window;
	char *samples, *sample;
	char *draws, *segments, *refine;
	char *truth, *router;
	char *calibration, *hold_out_workload, *hold_out_package, *measured, *fit, *fit_mesh;
	char **set, **arguments;
	gboolean exact, json, quiet, help, messages, keep_mappings, choice;
	gboolean pareto, explain;
	bool batch_list;  /* the command takes --batch as a list */
	bool takes_space; /* the command takes --space */
};

/* Read all values into *options, which keeps pointers into `text`. */
bool options_check(const struct options_text *text, struct options *options, GError **error);

#endif
