/*
 * The options that subcommands share: one table says how each is written, read
 * and explained, a subcommand names the ones that it takes. Values are checked
 * here, so that a subcommand sees only good ones.
 */
#ifndef TOOLS_INPUT_OPTIONS_H
#define TOOLS_INPUT_OPTIONS_H

#include <stdint.h>

#include "search/search.h"
#include "sim/simulate.h"
#include "traces/cut.h"
#include "tools/command.h"

enum option_bit {
	OPTION_PACKAGE = 1 << 0,
	OPTION_WORKLOAD = 1 << 1,
	OPTION_MAPPING = 1 << 2,
	OPTION_STRATEGY = 1 << 3,
	OPTION_OBJECTIVE = 1 << 4,
	OPTION_BATCH = 1 << 5,
	OPTION_TILES = 1 << 6,
	OPTION_OUT = 1 << 7,
	OPTION_EXACT = 1 << 8,
	OPTION_TRACE = 1 << 9, /* --trace-level and --trace-window */
	OPTION_SET = 1 << 10,
	OPTION_SEED = 1 << 11,
	OPTION_JOBS = 1 << 12,
	OPTION_JSON = 1 << 13,
	OPTION_QUIET = 1 << 14,
	OPTION_PACKAGES = 1 << 15, /* --package and --workload as lists */
	OPTION_WORKLOADS = 1 << 16,
	OPTION_SAMPLES = 1 << 17, /* --samples, --sample, --keep-mappings */
	OPTION_MESSAGES = 1 << 18,
	OPTION_TRUTH = 1 << 19, /* --truth and --router */
	OPTION_CALIBRATION = 1 << 20,
	OPTION_DRAWN = 1 << 21,   /* --samples alone, --hold-out-*, --measured, --fit, --fit-mesh */
	OPTION_BATCHES = 1 << 22, /* --batch as a list */
	OPTION_DRAWS = 1 << 23,   /* --draws, --segments */
	OPTION_FRONT = 1 << 24,   /* --pareto */
	OPTION_REFINE = 1 << 25,  /* --refine */
	OPTION_SPACE = 1 << 26,   /* --strategy exhaustive, and --space for it */
	OPTION_CONVERT = 1 << 27, /* of mcmsim trace: --window to --check */
	OPTION_EXPLAIN = 1 << 28, /* --explain */
	OPTION_LAYERS = 1 << 29   /* --layers */
};

#define OPTION_DEFAULT_BATCH 64
#define OPTION_DEFAULT_TILES 4
#define OPTION_DEFAULT_SAMPLES 40
#define OPTION_DEFAULT_CALIBRATION_SAMPLES 20
#define OPTION_DEFAULT_DRAWS 100000
#define OPTION_DEFAULT_PACKAGES "mcm-16,simba-6x6"
#define OPTION_DEFAULT_WORKLOADS "alexnet,resnet18"
#define OPTION_DEFAULT_TRAINING "alexnet,darknet19,resnet18"
#define OPTION_DEFAULT_HELD_WORKLOADS "vgg16,resnet50"
#define OPTION_DEFAULT_HELD_PACKAGES "mcm-64"
#define OPTION_DEFAULT_BATCHES "4,64"
#define OPTION_MOST_BATCHES 8

struct options {
	gboolean help;
	const char *package, *workload, *mapping, *out; /* NULL: not given */
	const char *command;          /* the line that was typed, as command_line has it */
	const char *const *set;       /* NULL-terminated; NULL: none */
	const char *const *arguments; /* NULL-terminated */
	const char *truth, *router;   /* of mcmsim nop; NULL: not given */
	const char *calibration;      /* the file; NULL: not given */
	/* Of mcmsim calibrate; NULL: not given. */
	const char *hold_out_workload, *hold_out_package, *measured, *fit, *fit_mesh;
	unsigned batches[OPTION_MOST_BATCHES], batch_count; /* --batch as a list */
	gboolean messages;

	enum search_strategy strategies[SEARCH_STRATEGIES]; /* in the order given, each once */
	unsigned strategy_count;
	bool strategy_given;
	bool exhaustive; /* the one strategy is the space that everything of is tried */
	enum search_objective objective;
	bool objective_given;
	unsigned batch;
	bool batch_given;
	unsigned tiles;
	unsigned jobs; /* processors to use */
	uint64_t seed;
	gboolean exact, json, quiet;
	unsigned width; /* of lines of text, in characters; 0: no limit */
	unsigned samples;
	int sample; /* negative: not given */
	gboolean keep_mappings, choice;
	unsigned draws;  /* of mcmsim rank */
	unsigned refine; /* mappings to simulate; 0: none */
	gboolean pareto, explain, layers;
	bool rank_within; /* --segments searched */
	enum sim_trace_level trace_level;
	double trace_from_ns, trace_to_ns; /* INFINITY: to the end */
	/* Of mcmsim trace. */
	enum trace_level level;
	bool cycles; /* times in cycles instead of ns */
	gboolean lanes, check;
	unsigned width_px, font_px; /* of a picture; 0: not given */
	gboolean no_legend;

	struct options_text *text; /* private: what has to be parsed */
};

/*
 * Parse what follows the subcommand's name. On failure nothing needs to be
 * released and `error` names option, value and what is allowed.
 */
bool options_parse(const struct command *command, int argc, char **argv, struct options *options,
                   GError **error);
void options_release(struct options *options);

/* The first of these options (NULL-terminated, without "--") that the command line has, or NULL:
 * a command says so where one of its ways would take no notice of an option. */
const char *options_first_given(const struct options *options, const char *const *names);

/* The text of `mcmsim COMMAND --help`. Caller frees. */
char *options_help(const struct command *command);

#define PACKAGE_PRESETS MCMSIM_DATA_DIR "/hw/packages"
#define WORKLOAD_PRESETS MCMSIM_DATA_DIR "/workloads/zoo"

/* "HEAD a, b," and further lines below it, 80 columns wide. Caller frees. */
char *preset_lines(const char *head, const char *dir);

/* "FROM:TO" in ns or with a suffix (ns, us, ms, s); either may be left out. */
bool parse_window(const char *text, double *from_ns, double *to_ns);

#endif
