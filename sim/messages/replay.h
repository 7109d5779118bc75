/*
 * Replays a message list (sim/messages/messages.h) on a package's NoP, as the same phases and
 * activities that mappings are made of.
 *
 * Messages that become ready together, those of one tag with the same start and
 * the same dependencies, are one phase, as the traffic of a tile is, and take the
 * same time (map_phase_ns). Its bytes move together: a message arrives when the
 * phase's load is over, and its own latency, message_ns + hops x hop_ns, but at the
 * latest with the phase. (Real routers send some messages of a phase early and some
 * late; compare phases and tags.) Where others wait for a message, the messages of
 * its phase that share no link or port with it, nor with those that do, count as
 * another phase. So a message by itself takes
 *
 *   message_ns + latency of its links + bytes / bandwidth
 *
 * where each of several ways (hw/topology/topology.h) takes its part of the bytes; one without
 * bytes, a synchronisation, takes its latency whatever else there is.
 *
 * A phase starts SIM_READY_NS after the last message that it waits for, but not
 * before `start`. Phases that run at the same time share links and ports as fair_share.h says.
 *
 * Routers: what a router loses depends on all that passes it at a time, and that may be several
 * phases. Those that run at the same time in a first run are each slowed down as all of them
 * would be in one phase.
 */
#ifndef SIM_MESSAGES_REPLAY_H
#define SIM_MESSAGES_REPLAY_H

#include "sim/engine/engine.h"
#include "sim/messages/messages.h"

/* From the arrival of the last message that another waits for until that one is ready. */
#define SIM_READY_NS 1.0

/* All messages, or those of one tag. */
struct sim_replay_part {
	uint32_t messages;
	double bytes;
	double completion_ns; /* the last message has arrived */
	double bound_ns;      /* max over links and ports of bytes / bandwidth */
	unsigned busiest;     /* the resource (hw/resources.h) with that bound; ties: the lowest
	                     id; none if bound_ns is 0 */
	double latency_ns;    /* the longest of any message: message_ns + hops x hop_ns */
};

struct sim_replay {
	struct sim_replay_part all;
	struct sim_replay_part *tags; /* as messages->tags */
	double *start_ns, *end_ns;    /* per message */
	uint32_t phases;
};

struct sim_replay_options {
	const char *platform_path; /* where a platform.xml for SimGrid goes; NULL: there is none */
	/* On SimGrid instead of what is here: as a check, for it is slow, and shares with a flaw
	 * (sim/README.md, "Phases as activities"). */
	bool simgrid;
	void (*progress)(void *data, double fraction, double time_ns); /* NULL: none */
	void *progress_data;
};

/* NULL and `error` (of sim_execute or of a file) on failure. Free with sim_replay_free. */
struct sim_replay *sim_replay(const struct hw_package *package, const struct sim_messages *messages,
                              const struct sim_replay_options *options, GError **error);
void sim_replay_free(struct sim_replay *replay); /* NULL is allowed */

#endif
