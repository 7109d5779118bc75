/*
 * What the search chooses from, and what each choice costs on its own: region
 * sizes, splits per node, and times per node and per edge on a region of each
 * size. Regions are contiguous along a serpentine over the grid, so a region is
 * a start and a size; tables use the serpentine's first chiplets, the final mapping
 * is costed where it really lies.
 *
 * Traffic is linear in the samples of a micro-batch (no split of N here), so it
 * is measured for one sample: latency_ns + samples * sample_ns.
 *
 * Nodes and edges that look alike share their table rows (deep networks repeat
 * their blocks), which keeps the tables small.
 */
#ifndef SEARCH_TABLES_CANDIDATE_TABLES_H
#define SEARCH_TABLES_CANDIDATE_TABLES_H

#include "search/mapping/serpentine.h"
#include "search/strategy.h"

/* Splits tried per node: by output channels (ISP), by rows, by rows and columns (WSP). */
enum search_split { SEARCH_ISP, SEARCH_WSP_ROWS, SEARCH_WSP_2D, SEARCH_SPLITS };

/* A phase's time for m samples: latency_ns + m * sample_ns; 0 if both are 0. */
struct search_time {
	float latency_ns, sample_ns;
};

static inline float search_time_ns(struct search_time time, unsigned samples)
{
	return time.latency_ns + (float)samples * time.sample_ns;
}

/* One node on a region of one size with one split. */
struct search_choice {
	bool valid; /* false: the same as another split, or none such */
	unsigned split[MAP_DIMS];
	uint64_t weight_bytes, shard_bytes; /* per chiplet: share, and shard if distributed */
	float gather_ns, stream_ns;         /* per micro-batch, if distributed or streamed */
	uint64_t output_bytes;              /* largest share, one sample */
	unsigned most_tiles;                /* that a share of one sample can be cut into */
	struct search_time store, halo;
};

/* One edge where producer and consumer have a region of the same size. */
struct search_edge {
	uint64_t need_bytes[SEARCH_SPLITS];      /* consumer's largest share, one sample */
	struct search_time fetch[SEARCH_SPLITS]; /* through DRAM, by the consumer's split */
	struct search_time within[SEARCH_SPLITS][SEARCH_SPLITS]; /* [producer][consumer] */
	struct search_time
		leave[SEARCH_SPLITS]; /* [producer]: to the next region, at the consumer's best */
};

/* A thread's scratch. */
struct search_worker {
	struct map_network network;
	struct map_phase phase;
};

struct search_crew; /* hw/base/threads.h */

struct search_space {
	const struct wl_workload *workload;
	const struct hw_package *package;
	struct cost_model *model; /* borrowed */
	unsigned *serpentine;     /* chiplets in serpentine order */
	unsigned chiplets;
	unsigned *sizes; /* region sizes in the tables, ascending; the last is all chiplets */
	unsigned size_count;
	unsigned *node_kind; /* row of a node, of an edge */
	unsigned *edge_kind;
	unsigned node_kinds, edge_kinds;
	unsigned *kind_node, *kind_edge; /* the first node, edge of a kind */
	struct search_choice *choices;   /* [kind][size][split] */
	struct search_edge *edges;       /* [kind][size] */
	float *compute_ns; /* [kind][size][split] for the micro-batch of search_space_samples */
	unsigned samples;
	GHashTable *computes; /* compute_ns of each micro-batch so far */
	unsigned jobs;        /* threads: the crew's */
	struct search_crew *crew;
	struct search_worker *workers;           /* one per thread */
	double dram_GBps;                        /* all channels */
	uint64_t weight_limit, activation_limit; /* smallest buffers of the package */
	bool by_speed;                           /* shares, see struct map_node; false at first */
};

/* The parts of a kind of split of a node over `size` chiplets. */
void search_choose_split(const struct wl_node *node, enum search_split kind, unsigned size,
                         unsigned split[MAP_DIMS]);

void search_space_init(struct search_space *space, struct cost_model *model, unsigned jobs);
void search_space_release(struct search_space *space);

/* Fill choices and edges (search_space_init does). */
void search_space_fill(struct search_space *space);

/* From now on all shares are by speed; fills the tables anew. */
void search_space_balance(struct search_space *space);

/* Makes compute_ns that of micro-batches of `samples`; filled once for each. */
void search_space_samples(struct search_space *space, unsigned samples);

static inline size_t search_row(const struct search_space *space, unsigned node, unsigned size)
{
	return ((size_t)space->node_kind[node] * space->size_count + size) * SEARCH_SPLITS;
}

static inline const struct search_choice *search_choices(const struct search_space *space,
                                                         unsigned node, unsigned size)
{
	return &space->choices[search_row(space, node, size)];
}

static inline const struct search_edge *search_edge_costs(const struct search_space *space,
                                                          unsigned edge, unsigned size)
{
	return &space->edges[(size_t)space->edge_kind[edge] * space->size_count + size];
}

#endif
