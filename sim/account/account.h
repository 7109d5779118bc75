/*
 * Accounts: latencies, periods and totals of a run, skipped micro-batches included.
 */
#ifndef SIM_ACCOUNT_ACCOUNT_H
#define SIM_ACCOUNT_ACCOUNT_H

#include "sim/account/region_timeline.h"

/* Fills everything of an outcome but its timeline and wall times. */
void sim_account(const struct sim_run *run, const struct map_mapping *mapping,
                 struct sim_outcome *outcome);

/* As in struct sim_cluster_outcome. */
double sim_cluster_period_ns(const struct sim_run *run, const struct sim_region *region);

/* From the engine's clock to the outcome's, for what a segment starts at start_ns (engine's clock):
 * skipped micro-batches of earlier segments, and of this one from the cut on, take their time. */
double sim_shift_ns(const struct sim_run *run, const struct sim_outcome *outcome, unsigned segment,
                    double start_ns);

/* The number of executed micro-batch u, of which something starts at start_ns, with the skipped
 * ones counted. */
uint32_t sim_renumber(const struct sim_run *run, unsigned segment, uint32_t u, double start_ns);

#endif
