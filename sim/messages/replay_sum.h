/* Private to sim/: what a replay says of all messages and of those of each tag. */
#ifndef SIM_MESSAGES_REPLAY_SUM_H
#define SIM_MESSAGES_REPLAY_SUM_H

#include "sim/messages/replay.h"

/* Takes the arrays, one entry per message; phases and wall_s are left 0. */
struct sim_replay *sim_replay_sum_up(const struct hw_package *package,
                                     const struct sim_messages *messages, double *start_ns,
                                     double *end_ns);

#endif
