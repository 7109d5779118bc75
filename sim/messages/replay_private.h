/* Private to sim/replay*.c. */
#ifndef SIM_MESSAGES_REPLAY_PRIVATE_H
#define SIM_MESSAGES_REPLAY_PRIVATE_H

#include "search/traffic/phase.h"
#include "sim/engine/program.h"
#include "sim/messages/replay.h"

/* An activity of messages order[first, end), and when it ran. */
struct sim_replay_span {
	uint32_t first, end, task;
	double start_ns, end_ns;
};

/* Add a message to a phase. */
static inline void sim_replay_send(struct map_network *network, struct map_phase *phase,
                                   const struct sim_message *message)
{
	map_send(network, phase, message->src, &message->dst, 1, message->bytes);
}

/*
 * What the loads of each span are multiplied by, because routers lose what the sum of all that runs
 * at the same time makes them lose, instead of what the span's own messages do. Per span; free
 * with g_free.
 */
double *sim_replay_factors(struct map_network *network, const struct sim_messages *messages,
                           const uint32_t *order, const GArray *spans);

/*
 * Runs a program of one segment and one micro-batch without SimGrid. Tasks start and end as in the
 * engine; what is in flight shares resources as fair_share.h says. `start_ns` and `end_ns`, per
 * task, are filled. Only the progress functions of `options` count.
 */
void sim_replay_run(const struct hw_package *package, const struct sim_program *program,
                    const struct sim_replay_options *options, double *start_ns, double *end_ns);

#endif
