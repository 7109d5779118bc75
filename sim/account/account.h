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

#endif
