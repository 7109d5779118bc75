/*
 * Invariant: a change keeps every node once and in order and regions disjoint; whether the
 * buffers hold it is settled afterwards, for the segments that it touched.
 */
#include "search/moves/move.h"

#include <string.h>

#define TRIES 200

unsigned search_pick(const struct search_move *ch, unsigned count)
{
	return search_draw(ch->drawer->rand, 0, count - 1);
}

struct map_segment *search_pick_segment(struct search_move *ch)
{
	if (!ch->again)
		ch->touched = search_pick(ch, ch->mapping->segment_count);
	return &ch->mapping->segments[ch->touched];
}

struct map_cluster *search_pick_cluster(struct search_move *ch)
{
	struct map_segment *segment = search_pick_segment(ch);
	return &segment->clusters[search_pick(ch, segment->cluster_count)];
}

const struct wl_node *search_node_of(const struct search_move *ch, const struct map_node *node)
{
	return &ch->drawer->model->workload->nodes[node->node];
}

/* ---- splits ---- */

static bool same_split(const unsigned *a, const unsigned *b)
{
	return memcmp(a, b, MAP_DIMS * sizeof *a) == 0;
}

/* Which of the search's splits a node has; SEARCH_SPLITS if it has another one. */
static enum search_split kind_of(const struct search_move *ch, const struct map_node *node,
                                 unsigned chiplets)
{
	for (int kind = 0; kind < SEARCH_SPLITS; kind++) {
		unsigned split[MAP_DIMS];
		search_choose_split(search_node_of(ch, node), (enum search_split)kind, chiplets,
		                    split);
		if (same_split(split, node->split))
			return (enum search_split)kind;
	}
	return SEARCH_SPLITS;
}

/* The node's split on its new region: of its kind, else with the largest factors halved. */
static void resplit(const struct search_move *ch, struct map_node *node, unsigned before,
                    unsigned after)
{
	enum search_split kind = kind_of(ch, node, before);
	if (kind < SEARCH_SPLITS) {
		search_choose_split(search_node_of(ch, node), kind, after, node->split);
		return;
	}
	for (;;) {
		unsigned parts = 1, largest = 0;
		for (unsigned d = 0; d < MAP_DIMS; d++) {
			parts *= node->split[d];
			largest = node->split[d] > node->split[largest] ? d : largest;
		}
		if (parts <= after)
			return;
		node->split[largest] /= 2;
	}
}

void search_resize(const struct search_move *ch, struct map_cluster *cluster, unsigned chiplets)
{
	for (unsigned i = 0; i < cluster->node_count; i++)
		resplit(ch, &cluster->nodes[i], cluster->region_size, chiplets);
	cluster->region_size = chiplets;
}

/* ---- pieces of a mapping moved about ---- */

/* `array` of `have` with `count` items more, in front of the others or behind them. */
static void *put(void *array, unsigned have, const void *items, unsigned count, size_t size,
                 bool front)
{
	char *larger = g_realloc(array, (have + count) * size);
	if (front)
		memmove(larger + count * size, larger, have * size);
	memcpy(larger + (front ? 0 : have * size), items, count * size);
	return larger;
}

/* `count` items taken away from the front of an array of `have`, or from its end. */
static void drop(void *from, unsigned have, unsigned count, size_t size, bool front)
{
	if (front)
		memmove(from, (char *)from + count * size, (have - count) * size);
}

void search_give_chiplets(const struct search_move *ch, struct map_cluster *to,
                          const unsigned *chiplets, unsigned count, bool front)
{
	to->region = put(to->region, to->region_size, chiplets, count, sizeof *chiplets, front);
	search_resize(ch, to, to->region_size + count);
}

/* One node from a cluster to another of any segment, at the end where they touch. */
static void give_node(const struct search_move *ch, struct map_cluster *from,
                      struct map_cluster *to, bool forward)
{
	struct map_node node = from->nodes[forward ? from->node_count - 1 : 0];
	resplit(ch, &node, from->region_size, to->region_size);
	drop(from->nodes, from->node_count--, 1, sizeof node, !forward);
	to->nodes = put(to->nodes, to->node_count++, &node, 1, sizeof node, forward);
}

static void remove_cluster(struct map_segment *segment, unsigned c)
{
	g_free(segment->clusters[c].region);
	g_free(segment->clusters[c].nodes);
	segment->cluster_count--;
	memmove(segment->clusters + c, segment->clusters + c + 1,
	        (segment->cluster_count - c) * sizeof *segment->clusters);
}

static void remove_segment(struct map_mapping *mapping, unsigned s)
{
	g_free(mapping->segments[s].clusters);
	mapping->segment_count--;
	memmove(mapping->segments + s, mapping->segments + s + 1,
	        (mapping->segment_count - s) * sizeof *mapping->segments);
}

/* ---- the changes; false: it cannot be made here ---- */

static bool change_split(struct search_move *ch)
{
	struct map_cluster *cluster = search_pick_cluster(ch);
	struct map_node *node = &cluster->nodes[search_pick(ch, cluster->node_count)];
	if (ch->drawer->strategy == SEARCH_ANY && search_pick(ch, 2) == 0)
		search_draw_split(ch->drawer->rand, search_node_of(ch, node), cluster->region_size,
		                  ch->mapping->segments[ch->touched].microbatch, node->split);
	else
		search_choose_split(search_node_of(ch, node),
		                    (enum search_split)search_pick(ch, SEARCH_SPLITS),
		                    cluster->region_size, node->split);
	return true;
}

static bool change_weights(struct search_move *ch)
{
	struct map_cluster *cluster = search_pick_cluster(ch);
	cluster->nodes[search_pick(ch, cluster->node_count)].weights =
		(enum map_weights)search_pick(ch, MAP_WEIGHTS);
	return true;
}

static bool change_microbatch(struct search_move *ch)
{
	struct map_segment *segment = search_pick_segment(ch);
	unsigned samples = segment->microbatch;
	segment->microbatch = search_pick(ch, 2) ? MIN(samples * 2, ch->mapping->batch)
	                                         : MAX(samples / 2, 1);
	return true;
}

void search_move_tiles(const struct search_move *ch, const struct map_cluster *cluster,
                       struct map_node *node, bool more)
{
	const struct map_mapping *mapping = ch->mapping;
	const struct cost_model *model = ch->drawer->model;
	struct map_placed placed = map_place_alone(model->workload, model->package, cluster, node,
	                                           mapping->segments[ch->touched].microbatch);
	unsigned most = map_most_tiles(&placed);
	node->tiles = more ? MIN(node->tiles * 2, MAX(node->tiles, most)) : MAX(node->tiles / 2, 1);
}

static bool change_tiles(struct search_move *ch)
{
	if (ch->keep_tiles)
		return false;
	struct map_cluster *cluster = search_pick_cluster(ch);
	bool more = search_pick(ch, 2) == 0;
	for (unsigned i = 0; i < cluster->node_count; i++)
		search_move_tiles(ch, cluster, &cluster->nodes[i], more);
	return true;
}

/* Two neighbours of a pipeline in either order; false if there is no pipeline. */
static bool pick_neighbours(struct search_move *ch, struct map_cluster **from,
                            struct map_cluster **to, bool *forward)
{
	struct map_segment *segment = search_pick_segment(ch);
	if (segment->cluster_count < 2)
		return false;
	struct map_cluster *first = &segment->clusters[search_pick(ch, segment->cluster_count - 1)];
	*forward = search_pick(ch, 2) == 0;
	*from = *forward ? first : first + 1;
	*to = *forward ? first + 1 : first;
	return true;
}

static bool move_chiplet(struct search_move *ch)
{
	struct map_cluster *from, *to;
	bool forward;
	if (!pick_neighbours(ch, &from, &to, &forward) || from->region_size < 2)
		return false;
	search_give_chiplets(ch, to, &from->region[forward ? from->region_size - 1 : 0], 1,
	                     forward);
	drop(from->region, from->region_size, 1, sizeof *from->region, !forward);
	search_resize(ch, from, from->region_size - 1);
	return true;
}

static bool move_node(struct search_move *ch)
{
	struct map_cluster *from, *to;
	bool forward;
	if (!pick_neighbours(ch, &from, &to, &forward) || from->node_count < 2 ||
	    to->node_count >= ch->drawer->freedom.longest_cluster)
		return false;
	give_node(ch, from, to, forward);
	return true;
}

static bool merge_clusters(struct search_move *ch)
{
	struct map_segment *segment = search_pick_segment(ch);
	if (segment->cluster_count < 2)
		return false;
	unsigned c = search_pick(ch, segment->cluster_count - 1);
	struct map_cluster *a = &segment->clusters[c], *b = a + 1;
	unsigned chiplets = a->region_size + b->region_size;
	if (a->node_count + b->node_count > ch->drawer->freedom.longest_cluster)
		return false;
	a->region = put(a->region, a->region_size, b->region, b->region_size, sizeof *b->region,
	                false);
	search_resize(ch, a, chiplets);
	search_resize(ch, b, chiplets);
	a->nodes = put(a->nodes, a->node_count, b->nodes, b->node_count, sizeof *b->nodes, false);
	a->node_count += b->node_count;
	remove_cluster(segment, c + 1);
	return true;
}

/* The last chiplets of a cluster become a region of their own, behind it; no nodes yet. */
static struct map_cluster *cut_region(struct search_move *ch, struct map_segment *segment,
                                      unsigned c, unsigned keep)
{
	segment->clusters = g_renew(struct map_cluster, segment->clusters,
	                            ++segment->cluster_count);
	struct map_cluster *a = &segment->clusters[c], *b = a + 1;
	memmove(b + 1, b, (segment->cluster_count - c - 2) * sizeof *b);
	*b = (struct map_cluster){ .region_size = a->region_size - keep };
	b->region = g_memdup2(a->region + keep, b->region_size * sizeof *b->region);
	search_resize(ch, a, keep);
	return b;
}

static bool cut_cluster(struct search_move *ch)
{
	struct map_segment *segment = search_pick_segment(ch);
	unsigned c = search_pick(ch, segment->cluster_count);
	struct map_cluster *cluster = &segment->clusters[c];
	if (cluster->node_count < 2 || cluster->region_size < 2 ||
	    ch->drawer->freedom.whole_package)
		return false;
	unsigned nodes = 1 + search_pick(ch, cluster->node_count - 1);
	unsigned keep = 1 + search_pick(ch, cluster->region_size - 1);
	struct map_cluster *behind = cut_region(ch, segment, c, keep);
	cluster = behind - 1;
	while (cluster->node_count > nodes) {
		struct map_node *last = &cluster->nodes[cluster->node_count - 1];
		resplit(ch, last, cluster->region_size, behind->region_size);
		behind->nodes = put(behind->nodes, behind->node_count++, last, 1, sizeof *last,
		                    true);
		cluster->node_count--;
	}
	return true;
}

/* The cluster at the segment's border has no nodes any more: its chiplets go to the next one. */
static void remove_border(const struct search_move *ch, struct map_segment *segment, bool last)
{
	unsigned c = last ? segment->cluster_count - 1 : 0;
	struct map_cluster *cluster = &segment->clusters[c];
	if (segment->cluster_count > 1)
		search_give_chiplets(ch, last ? cluster - 1 : cluster + 1, cluster->region,
		                     cluster->region_size, !last);
	remove_cluster(segment, c);
}

/* A cluster at the segment's border that can take one more node; NULL if there is no room. */
static struct map_cluster *make_room(struct search_move *ch, struct map_segment *segment, bool last)
{
	unsigned c = last ? segment->cluster_count - 1 : 0;
	struct map_cluster *cluster = &segment->clusters[c];
	if (cluster->node_count < ch->drawer->freedom.longest_cluster)
		return cluster;
	if (cluster->region_size < 2)
		return NULL;
	struct map_cluster *behind = cut_region(ch, segment, c, cluster->region_size / 2);
	if (last)
		return behind;
	/* The nodes go behind, with the chiplets that are theirs now. */
	cluster = behind - 1;
	for (unsigned i = 0; i < cluster->node_count; i++)
		resplit(ch, &cluster->nodes[i], cluster->region_size, behind->region_size);
	behind->nodes = g_steal_pointer(&cluster->nodes);
	behind->node_count = cluster->node_count;
	cluster->node_count = 0;
	return cluster;
}

/* The first or last node of a segment goes to the segment before or after it. */
static bool move_border(struct search_move *ch)
{
	struct map_mapping *mapping = ch->mapping;
	if (mapping->segment_count < 2 || ch->drawer->freedom.longest_segment == 1)
		return false;
	bool forward = search_pick(ch, 2) == 0;
	unsigned s = ch->touched = search_pick(ch, mapping->segment_count - 1);
	struct map_segment *from = &mapping->segments[forward ? s : s + 1];
	struct map_segment *to = &mapping->segments[forward ? s + 1 : s];
	struct map_cluster *taker = make_room(ch, to, !forward);
	if (!taker)
		return false;
	struct map_cluster *giver = &from->clusters[forward ? from->cluster_count - 1 : 0];
	give_node(ch, giver, taker, forward);
	if (giver->node_count == 0)
		remove_border(ch, from, forward);
	if (from->cluster_count == 0)
		remove_segment(mapping, forward ? s : s + 1);
	else
		ch->next = true;
	return true;
}

/* ---- */

/* A node may have come from a segment with larger micro-batches, or they became smaller. */
static bool has_samples(const struct map_segment *segment)
{
	for (unsigned c = 0; c < segment->cluster_count; c++)
		for (unsigned i = 0; i < segment->clusters[c].node_count; i++)
			if (segment->clusters[c].nodes[i].split[MAP_N] > segment->microbatch)
				return false;
	return true;
}

static bool fits(const struct search_move *ch, unsigned segment)
{
	return has_samples(&ch->mapping->segments[segment]) &&
	       search_fit_segment(ch->drawer->model, ch->mapping, segment, NULL);
}

bool search_move_common(struct search_move *ch)
{
	static bool (*const changes[])(struct search_move *) = {
		change_split, change_weights, change_microbatch, change_tiles, move_chiplet,
		move_node,    move_border,    merge_clusters,    cut_cluster
	};
	return changes[search_pick(ch, G_N_ELEMENTS(changes))](ch);
}

bool search_move_fits(const struct search_move *ch)
{
	return fits(ch, ch->touched) && (!ch->next || fits(ch, ch->touched + 1));
}

struct map_mapping *search_neighbour(struct search_drawer *drawer,
                                     const struct map_mapping *mapping, uint64_t seed,
                                     GError **error)
{
	search_seed_drawer(drawer, seed);
	for (unsigned i = 0; i < TRIES; i++) {
		struct search_move change = { .drawer = drawer, .mapping = map_copy(mapping) };
		if (search_move_common(&change) && search_move_fits(&change) &&
		    !map_same(mapping, change.mapping))
			return change.mapping;
		map_free(change.mapping);
	}
	g_set_error(error, SEARCH_ERROR, SEARCH_ERROR_DOES_NOT_FIT,
	            "strategy %s: no change of a mapping of '%s' on '%s' that was tried fits its "
	            "buffers",
	            drawer->name, drawer->model->workload->name, drawer->model->package->name);
	return NULL;
}
