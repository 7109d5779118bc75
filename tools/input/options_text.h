/* Private to options*.c: what the command line gives that is no name and no flag, before it is
 * parsed. */
#ifndef TOOLS_INPUT_OPTIONS_TEXT_H
#define TOOLS_INPUT_OPTIONS_TEXT_H

#include "tools/input/options.h"

struct options_text { /* NULL: not given */
	char *strategy, *space, *objective, *batch, *tiles, *seed, *jobs, *trace_level;
	char *window, *level, *time_unit, *width, *font_size;
	char *trace_window, *samples, *sample, *draws, *segments, *refine;
	char *command; /* of struct options */
	char **set, **arguments;
	bool batch_list;  /* the command takes --batch as a list */
	bool takes_space; /* the command takes --space */
};

/* Read all values into *options, which keeps `set` and `arguments`. */
bool options_check(const struct options_text *text, struct options *options, GError **error);

#endif
