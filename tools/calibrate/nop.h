/* mcmsim nop: one message list replayed, or many compared with measured runs. */
#ifndef TOOLS_CALIBRATE_NOP_H
#define TOOLS_CALIBRATE_NOP_H

#include "sim/messages/replay.h"
#include "tools/input/load.h"
#include "tools/report/made_by.h"

/* ---- one list ---- */

/* The output of mcmsim nop: a table, or JSON; every message where `each` is set. Caller frees. */
char *nop_text(const struct hw_package *package, const struct sim_messages *messages,
               const struct sim_replay *replay, bool each, unsigned width);
char *nop_json(const struct hw_package *package, const struct sim_messages *messages,
               const struct sim_replay *replay, bool each, const struct made_by *made_by);

/* The name of its busiest resource; NULL if nothing moves. Caller frees. */
char *nop_busiest(const struct hw_package *package, const struct sim_replay_part *part);

/* ---- measured runs ---- */

/* One tag of a run; NaN where only one side has it. */
struct nop_tag {
	char *name;
	double measured_ns, replayed_ns;
};

/* A row of RUNS.csv, and what its list's replay says. */
struct nop_run {
	char *router, *pattern, *message_bytes;
	unsigned columns, rows;
	uint32_t messages;  /* 0: the file does not say */
	uint32_t line;      /* of RUNS.csv */
	double measured_ns; /* its cycles, of 1 ns each */
	double replayed_ns, bound_ns, latency_ns;
	uint32_t phases;
	char *busiest; /* the resource behind bound_ns; "" if nothing moves */
	GArray *tags;  /* struct nop_tag, as measured */
	char *list;    /* the list's path */
};

/*
 * Read the rows of `routers` (NULL-terminated; each must be there) from a CSV
 * with at least the columns router, pattern, columns, rows, message_bytes and
 * completion_cycles. NULL and `error` on failure. struct nop_run *; free with
 * g_ptr_array_unref.
 */
GPtrArray *nop_read_runs(const char *path, const char *const *routers, GError **error);

/* A run's package: the options' with the run's grid. */
bool nop_load_package(const struct options *options, const struct nop_run *run,
                      struct subject *subject, GError **error);

/* Replay the lists of all runs, each list once, on the options' package with their grids. */
bool nop_replay_runs(GPtrArray *runs, const struct options *options, GError **error);

/* (replayed - measured) / measured in percent. */
double nop_error_percent(double replayed_ns, double measured_ns);

/* Errors by pattern, size and mesh, one table per router; or JSON; every run as CSV. Caller
 * frees. */
char *nop_truth_text(const GPtrArray *runs, const char *const *routers, unsigned width);
char *nop_truth_json(const GPtrArray *runs, const char *const *routers,
                     const struct made_by *made_by);
char *nop_truth_csv(const GPtrArray *runs);

#endif
