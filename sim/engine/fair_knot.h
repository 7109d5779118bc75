/*
 * Private to sim/fair_*.c: the rates of users none of which is certain of its
 * bottleneck, because what one of them leaves on a resource depends on what others
 * leave elsewhere, and the other way round.
 */
#ifndef SIM_ENGINE_FAIR_KNOT_H
#define SIM_ENGINE_FAIR_KNOT_H

#include "sim/engine/fair_share.h"

struct fair_knot *fair_knot_new(uint32_t resources);
void fair_knot_free(struct fair_knot *knot);

/*
 * Sets the rates of share's unsettled users, so that each of them is at its cap or
 * has a bottleneck. False if none were found; rates mean nothing then.
 */
bool fair_knot_solve(struct fair_share *share, struct fair_user *users);

#endif
