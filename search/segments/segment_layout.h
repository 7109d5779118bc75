/*
 * Drafts: a segment as the search thinks of it (runs of nodes, region sizes, a
 * split per node), and its way to a valid part of a mapping: regions along a
 * serpentine, weights placed within the buffers, tiles.
 */
#ifndef SEARCH_SEGMENTS_SEGMENT_LAYOUT_H
#define SEARCH_SEGMENTS_SEGMENT_LAYOUT_H

#include "search/segments/segment.h"

/* A split of a given node: of the kind that it is, or as it is where it has none. */
#define SEARCH_KEEP SEARCH_SPLITS

struct search_draft_cluster {
	unsigned first, length; /* nodes */
	unsigned chiplets;
};

struct search_draft {
	unsigned samples;
	unsigned serpentine;       /* which of the refiner's serpentines its regions follow */
	bool by_speed;             /* shares, see struct map_node */
	unsigned first, end;       /* nodes */
	enum search_split *splits; /* by workload node, the whole network's; borrowed */
	struct search_draft_cluster *clusters; /* room for one per chiplet, and one more */
	unsigned cluster_count;
	unsigned chiplets; /* of the package */
	/* Of a draft of a given segment, by node of it: as it is there, and its cluster; what
	 * SEARCH_KEEP refers to. Borrowed; NULL: of no given one. */
	const struct map_node *const *given;
	const struct map_cluster *const *homes;
};

/* A mapping with `segments` empty segments. */
struct map_mapping *search_empty_mapping(const struct wl_workload *workload,
                                         const struct hw_package *package, unsigned batch,
                                         const char *strategy, unsigned segments);

void search_draft_from(struct search_draft *draft, const struct search_space *space,
                       const struct search_segment *segment, enum search_split *splits);
/* Both initialised, and with room for splits of their own. */
void search_draft_copy(struct search_draft *to, const struct search_draft *from);
void search_draft_init(struct search_draft *draft, const struct cost_model *model);
void search_draft_release(struct search_draft *draft);

/* Lay the draft out as segment `index`, all weights resident, nothing checked. False if a given
 * node cannot be kept on its new region; it is there all the same. */
bool search_draft_outline(const struct search_draft *draft, struct cost_model *model,
                          const unsigned *serpentine, unsigned tiles, struct map_mapping *mapping,
                          unsigned index);

/*
 * The same for good, among the mapping's other segments: along `serpentine`, with its weights
 * placed and tiles chosen. False and `error` if
 * something does not fit its buffer.
 */
bool search_draft_place(const struct search_draft *draft, struct cost_model *model,
                        const unsigned *serpentine, unsigned tiles, struct map_mapping *mapping,
                        unsigned index, GError **error);

/*
 * Make segment `index` fit its buffers, among the mapping's other segments: move weights to
 * where they cost least per byte saved (resident, distributed, streamed), then choose tiles
 * (search/segments/tiles.h). False and `error` if that is not enough.
 */
bool search_fit_segment(struct cost_model *model, struct map_mapping *mapping, unsigned index,
                        GError **error);

/*
 * The weights of one of its clusters; all others may be as they like. False if they do not fit.
 * T_weights of a node where it stands may come from `price_ns` (distributed or streamed; NULL: it
 * is found out).
 */
struct search_prices {
	struct cost_model *model;
	double (*price_ns)(void *data, unsigned node, enum map_weights weights);
	void *data;
};
bool search_fit_weights(const struct search_prices *prices, const struct map_plan *plan,
                        unsigned segment, unsigned c);

/* Empty a segment of a mapping. */
void search_free_segment(struct map_segment *segment);

#endif
