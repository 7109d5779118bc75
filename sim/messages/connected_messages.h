/*
 * Private to sim/: which messages of a phase have to do with each other. Two
 * messages belong to one part if they share a link or a port, or both share one
 * with a third.
 */
#ifndef SIM_MESSAGES_CONNECTED_MESSAGES_H
#define SIM_MESSAGES_CONNECTED_MESSAGES_H

#include "sim/messages/messages.h"

struct sim_connected {
	const struct hw_package *package;    /* borrowed */
	const struct sim_messages *messages; /* borrowed */
	uint32_t *of;    /* per message: the lowest one of its part; set by sim_connected_find */
	uint32_t *user;  /* scratch, per resource: a message that passes it */
	unsigned *links; /* scratch, of a route */
};

void sim_connected_init(struct sim_connected *parts, const struct hw_package *package,
                        const struct sim_messages *messages);
void sim_connected_release(struct sim_connected *parts);

/* Find the parts of `count` messages, and sort those by part, then index. */
void sim_connected_find(struct sim_connected *parts, uint32_t *messages, uint32_t count);

#endif
