/*
 * Bubbles: where the time of each region's chiplets goes. Busy time and the
 * causes of bubbles add up to chiplets x segment latency, skipped micro-batches
 * included. Chiplet-ns.
 */
#ifndef SIM_ACCOUNT_BUBBLES_H
#define SIM_ACCOUNT_BUBBLES_H

#include "sim/account/region_timeline.h"

/* Fills busy_ns, bubbles_ns and chiplets of one cluster, and time_ns and bubbles_ns of its nodes in
 * `layers` (by node of the workload; NULL: not of interest). */
void sim_count_bubbles(const struct sim_run *run, const struct sim_region *region,
                       struct sim_cluster_outcome *outcome, struct sim_layer *layers);

#endif
