/* Accounts node by node (struct sim_layer). */
#ifndef SIM_ACCOUNT_LAYERS_H
#define SIM_ACCOUNT_LAYERS_H

#include "sim/account/region_timeline.h"

/* Fills outcome->layers, whose bubbles and times sim_count_bubbles has filled; the rest of the
 * outcome must be there. */
void sim_account_layers(const struct sim_run *run, const struct map_plan *plan,
                        struct sim_outcome *outcome);

#endif
