/*
 * Product traffic: every sender owes every receiver, and what it owes is the product of an
 * amount of the sender and one of the receiver. All-gather, re-sharding between splits of
 * different dimensions and the gather of weights are of this kind, and they are the ones whose
 * messages grow with the square of the region.
 *
 * On a mesh (hw_topology.lines) whose links are equally long, what passes one is then
 *
 *   along a row:     (sum over senders behind it in the row) x (sum over receivers in columns
 * ahead) along a column:  (sum over senders in rows behind it) x (sum over receivers ahead in the
 * column)
 *
 * (multicast: whether there is one ahead, instead of the second sum), so that all links are
 * charged in time proportional to the grid. Latencies are minima and maxima of the same kind.
 * Bytes are whole numbers, so the sums are exact and equal those of message by message.
 */
#ifndef SEARCH_TRAFFIC_ALL_TO_ALL_H
#define SEARCH_TRAFFIC_ALL_TO_ALL_H

#include "search/traffic/phase.h"

/* A position on a row or column that is swept. */
struct map_station {
	double sent, got; /* by senders that come in here, by receivers that leave here */
	int near, far;    /* of those senders: least hops until here, most hops on from here */
	int depth;        /* of those receivers: most hops on from here */
	double got_ahead;
	int most_ahead;
};

/* A chiplet. Hops; near and far of its row's senders, arrive_* of those that reach it. */
struct map_cell {
	double sent, got;
	int near, far, arrive_near, arrive_far;
};

/* A column's receivers: what they get in all, their first and last row (last < 0: none). */
struct map_span {
	double got;
	int first, last;
};

struct map_all_to_all {
	const unsigned *senders, *receivers; /* chiplets, each once; one may be both */
	const double *sent, *got;            /* bytes of a message: sent x got; some may be 0 */
	unsigned sender_count, receiver_count;
	bool multicast; /* one message per sender to all receivers; got is all 1 */
};

/* Room for map_send_all_to_all (map_network_init and _release call them). */
void map_all_to_all_init(struct map_network *network);
void map_all_to_all_release(struct map_network *network);

/* Whether that many messages are worth it, and this package and phase allow it. */
bool map_all_to_all_pays(const struct map_network *network, const struct map_phase *phase,
                         unsigned senders, unsigned receivers);

/* What map_send would charge for each sender in order; nobody sends to itself. */
void map_send_all_to_all(struct map_network *network, struct map_phase *phase,
                         const struct map_all_to_all *product);

/*
 * Between all DRAM channels (interleave: all, equal latencies) and each of `count` chiplets: what
 * map_read_dram and map_write_dram charge for them one by one. The bytes by chiplet are in
 * network->got (read) or network->sent (written); some may be 0.
 */
bool map_dram_route_pays(const struct map_network *network, const struct map_phase *phase,
                         unsigned chiplets);
void map_read_each(struct map_network *network, struct map_phase *phase, const unsigned *chiplets,
                   unsigned count);
void map_write_each(struct map_network *network, struct map_phase *phase, const unsigned *chiplets,
                    unsigned count);

#endif
