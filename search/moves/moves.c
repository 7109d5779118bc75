/* Changes that only annealing makes. Invariant: as in search/moves/move.h. */
#include <string.h>

#include "search/moves/move.h"

/* ---- chiplets ---- */

/* Chiplets that no cluster of the segment has; into `idle`, which has room for all. */
static unsigned find_idle(const struct search_move *ch, const struct map_segment *segment,
                          unsigned *idle)
{
	unsigned chiplets = ch->drawer->chiplets, count = 0;
	g_autofree bool *used = g_new0(bool, chiplets);
	for (unsigned c = 0; c < segment->cluster_count; c++)
		for (unsigned i = 0; i < segment->clusters[c].region_size; i++)
			used[segment->clusters[c].region[i]] = true;
	for (unsigned i = 0; i < chiplets; i++)
		if (!used[i])
			idle[count++] = i;
	return count;
}

/* Two chiplets change places: in one region, in two, or with an idle one. */
static bool swap_chiplets(struct search_move *ch)
{
	struct map_segment *segment = search_pick_segment(ch);
	struct map_cluster *a = &segment->clusters[search_pick(ch, segment->cluster_count)];
	unsigned *one = &a->region[search_pick(ch, a->region_size)];
	unsigned other = search_pick(ch, ch->drawer->chiplets), was = *one;
	if (other == was)
		return false;
	for (unsigned c = 0; c < segment->cluster_count; c++)
		for (unsigned i = 0; i < segment->clusters[c].region_size; i++)
			if (segment->clusters[c].region[i] == other)
				segment->clusters[c].region[i] = was;
	*one = other;
	return true;
}

/* Two clusters change places, as far as the smaller one reaches. */
static bool swap_regions(struct search_move *ch)
{
	struct map_segment *segment = search_pick_segment(ch);
	struct map_cluster *a = &segment->clusters[search_pick(ch, segment->cluster_count)];
	struct map_cluster *b = &segment->clusters[search_pick(ch, segment->cluster_count)];
	for (unsigned i = 0; a != b && i < MIN(a->region_size, b->region_size); i++) {
		unsigned was = a->region[i];
		a->region[i] = b->region[i];
		b->region[i] = was;
	}
	return a != b;
}

/* The region's chiplets in another order: which box is computed where. */
static bool turn_region(struct search_move *ch)
{
	struct map_cluster *cluster = search_pick_cluster(ch);
	unsigned from = search_pick(ch, cluster->region_size);
	unsigned to = search_pick(ch, cluster->region_size);
	for (; from < to; from++, to--) {
		unsigned was = cluster->region[from];
		cluster->region[from] = cluster->region[to];
		cluster->region[to] = was;
	}
	return cluster->region_size > 1;
}

/* Some chiplets, as many as a power of two, from one cluster to any other of the segment. */
static bool move_chiplets(struct search_move *ch)
{
	struct map_segment *segment = search_pick_segment(ch);
	struct map_cluster *from = &segment->clusters[search_pick(ch, segment->cluster_count)];
	struct map_cluster *to = &segment->clusters[search_pick(ch, segment->cluster_count)];
	unsigned count = 1u << search_pick(ch, 4);
	if (from == to || from->region_size <= count)
		return false;
	search_resize(ch, from, from->region_size - count);
	search_give_chiplets(ch, to, from->region + from->region_size, count, false);
	return true;
}

/* Idle chiplets join a cluster, or some of its become idle. */
static bool move_idle(struct search_move *ch)
{
	struct map_segment *segment = search_pick_segment(ch);
	struct map_cluster *cluster = &segment->clusters[search_pick(ch, segment->cluster_count)];
	g_autofree unsigned *idle = g_new(unsigned, ch->drawer->chiplets);
	unsigned free = find_idle(ch, segment, idle), count = 1u << search_pick(ch, 3);
	if (free == 0 || search_pick(ch, 4) == 0) {
		if (cluster->region_size <= count)
			return false;
		search_resize(ch, cluster, cluster->region_size - count);
		return true;
	}
	unsigned first = search_pick(ch, free);
	search_give_chiplets(ch, cluster, idle + first, MIN(count, free - first), false);
	return true;
}

/* ---- nodes ---- */

static bool change_node_tiles(struct search_move *ch)
{
	if (ch->keep_tiles)
		return false;
	struct map_cluster *cluster = search_pick_cluster(ch);
	struct map_node *node = &cluster->nodes[search_pick(ch, cluster->node_count)];
	search_move_tiles(ch, cluster, node, search_pick(ch, 2) != 0);
	return true;
}

/* Ways to split beyond the search's own kinds: over one dimension as far as it goes. */
enum { OVER_SAMPLES = SEARCH_SPLITS, OVER_COLUMNS, WAYS };

static void split_by(const struct search_move *ch, struct map_cluster *cluster, unsigned way)
{
	unsigned samples = ch->mapping->segments[ch->touched].microbatch;
	for (unsigned i = 0; i < cluster->node_count; i++) {
		unsigned *split = cluster->nodes[i].split, size = cluster->region_size;
		const struct wl_node *node = search_node_of(ch, &cluster->nodes[i]);
		/* It sets all factors; those over one dimension replace them. */
		search_choose_split(node, way < SEARCH_SPLITS ? (enum search_split)way : SEARCH_ISP,
		                    size, split);
		if (way < SEARCH_SPLITS)
			continue;
		split[MAP_K] = 1;
		if (way == OVER_SAMPLES)
			split[MAP_N] = MIN(size, samples);
		else
			split[MAP_Q] = MIN(size, node->output.columns);
	}
}

/* All nodes of a cluster split the same way. */
static bool split_cluster(struct search_move *ch)
{
	struct map_cluster *cluster = search_pick_cluster(ch);
	split_by(ch, cluster, search_pick(ch, WAYS));
	return true;
}

/* All weights of a cluster in the same kind of place. */
static bool place_cluster(struct search_move *ch)
{
	struct map_cluster *cluster = search_pick_cluster(ch);
	enum map_weights weights = (enum map_weights)search_pick(ch, MAP_WEIGHTS);
	for (unsigned i = 0; i < cluster->node_count; i++)
		cluster->nodes[i].weights = weights;
	return true;
}

/* Any micro-batch; all clusters over its samples, each some way, or as they are. */
static bool resample(struct search_move *ch)
{
	unsigned samples[SEARCH_MICROBATCHES];
	unsigned count = search_microbatches(ch->mapping->batch, samples);
	struct map_segment *segment = search_pick_segment(ch);
	unsigned how = search_pick(ch, 3);
	segment->microbatch = samples[search_pick(ch, count)];
	for (unsigned c = 0; c < segment->cluster_count && how < 2; c++)
		split_by(ch, &segment->clusters[c], how ? search_pick(ch, WAYS) : OVER_SAMPLES);
	return true;
}

/* A cluster's shares by speed, or even again; where chiplets differ. */
static bool change_shares(struct search_move *ch)
{
	struct map_cluster *cluster = search_pick_cluster(ch);
	bool by_speed = !cluster->nodes[0].by_speed;
	for (unsigned i = 0; i < cluster->node_count; i++)
		cluster->nodes[i].by_speed = by_speed;
	return ch->drawer->model->package->type_count > 1;
}

/* A factor of a split moves to another dimension, or a dimension is cut once more. */
static bool shift_factor(struct search_move *ch)
{
	static const unsigned factors[] = { 2, 2, 2, 3 };
	struct map_cluster *cluster = search_pick_cluster(ch);
	struct map_node *node = &cluster->nodes[search_pick(ch, cluster->node_count)];
	const struct wl_node *of = search_node_of(ch, node);
	const unsigned extent[MAP_DIMS] = { ch->mapping->segments[ch->touched].microbatch,
		                            of->output.channels, of->output.rows,
		                            of->output.columns };
	unsigned factor = factors[search_pick(ch, G_N_ELEMENTS(factors))];
	unsigned to = search_pick(ch, MAP_DIMS), from = search_pick(ch, MAP_DIMS + 1), parts = 1;
	if (from < MAP_DIMS) {
		if (from == to || node->split[from] % factor != 0)
			return false;
		node->split[from] /= factor;
	}
	node->split[to] *= factor;
	for (unsigned d = 0; d < MAP_DIMS; d++)
		parts *= node->split[d];
	return parts <= cluster->region_size && node->split[to] <= extent[to];
}

/* ---- segments ---- */

/* Chiplets that are idle now go to the clusters in turn. */
static void spread_idle(const struct search_move *ch, struct map_segment *segment)
{
	g_autofree unsigned *idle = g_new(unsigned, ch->drawer->chiplets);
	unsigned count = find_idle(ch, segment, idle), before = 0;
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		unsigned until = count * (c + 1) / segment->cluster_count;
		if (until > before)
			search_give_chiplets(ch, &segment->clusters[c], idle + before,
			                     until - before, false);
		before = until;
	}
}

/* Clusters from some one on become a segment of their own; both halves get more chiplets. */
static bool cut_segment(struct search_move *ch)
{
	struct map_mapping *mapping = ch->mapping;
	if (search_pick_segment(ch)->cluster_count < 2)
		return false;
	unsigned s = ch->touched;
	mapping->segments = g_renew(struct map_segment, mapping->segments,
	                            ++mapping->segment_count);
	struct map_segment *first = &mapping->segments[s], *second = first + 1;
	memmove(second, first, (mapping->segment_count - 1 - s) * sizeof *first);
	unsigned keep = 1 + search_pick(ch, first->cluster_count - 1);
	second->cluster_count = first->cluster_count - keep;
	second->clusters = g_memdup2(first->clusters + keep,
	                             second->cluster_count * sizeof *second->clusters);
	first->cluster_count = keep;
	spread_idle(ch, first);
	spread_idle(ch, second);
	ch->next = true;
	return true;
}

static struct map_cluster copy_cluster(const struct map_cluster *of)
{
	struct map_cluster copy = *of;
	copy.region = g_memdup2(of->region, of->region_size * sizeof *of->region);
	copy.nodes = g_memdup2(of->nodes, of->node_count * sizeof *of->nodes);
	return copy;
}

/* A segment's cluster in two, one after the other on the same chiplets: so are two segments. */
static bool cut_in_time(struct search_move *ch)
{
	struct map_mapping *mapping = ch->mapping;
	unsigned c = search_pick(ch, search_pick_segment(ch)->cluster_count), s = ch->touched;
	unsigned nodes = mapping->segments[s].clusters[c].node_count;
	if (nodes < 2)
		return false;
	mapping->segments = g_renew(struct map_segment, mapping->segments,
	                            ++mapping->segment_count);
	struct map_segment *first = &mapping->segments[s], *second = first + 1;
	memmove(second, first, (mapping->segment_count - 1 - s) * sizeof *first);
	unsigned keep = 1 + search_pick(ch, nodes - 1);
	second->cluster_count = first->cluster_count - c;
	second->clusters = g_memdup2(first->clusters + c,
	                             second->cluster_count * sizeof *second->clusters);
	second->clusters[0] = copy_cluster(&first->clusters[c]);
	second->clusters[0].node_count = nodes - keep;
	memmove(second->clusters[0].nodes, second->clusters[0].nodes + keep,
	        (nodes - keep) * sizeof(struct map_node));
	first->clusters[c].node_count = keep;
	first->cluster_count = c + 1;
	spread_idle(ch, first);
	spread_idle(ch, second);
	ch->next = true;
	return true;
}

/* Every other chiplet goes. */
static void halve_regions(const struct search_move *ch, struct map_segment *segment, unsigned which)
{
	for (unsigned c = 0; c < segment->cluster_count; c++) {
		struct map_cluster *cluster = &segment->clusters[c];
		unsigned kept = 0;
		for (unsigned i = 0; i < cluster->region_size; i++)
			if (cluster->region[i] % 2 == which)
				cluster->region[kept++] = cluster->region[i];
		if (kept > 0)
			search_resize(ch, cluster, kept);
	}
}

/* Takes from `second` what `first` has, too. False: a region would be left without chiplets. */
static bool separate(const struct search_move *ch, const struct map_segment *first,
                     struct map_segment *second)
{
	g_autofree bool *taken = g_new0(bool, ch->drawer->chiplets);
	for (unsigned c = 0; c < first->cluster_count; c++)
		for (unsigned i = 0; i < first->clusters[c].region_size; i++)
			taken[first->clusters[c].region[i]] = true;
	for (unsigned c = 0; c < second->cluster_count; c++) {
		struct map_cluster *cluster = &second->clusters[c];
		unsigned kept = 0;
		for (unsigned i = 0; i < cluster->region_size; i++)
			if (!taken[cluster->region[i]])
				cluster->region[kept++] = cluster->region[i];
		if (kept == 0)
			return false;
		search_resize(ch, cluster, kept);
	}
	return true;
}

/* Two segments become one pipeline, each with about half of the chiplets. */
static bool join_segments(struct search_move *ch)
{
	struct map_mapping *mapping = ch->mapping;
	if (mapping->segment_count < 2)
		return false;
	unsigned s = ch->touched = search_pick(ch, mapping->segment_count - 1);
	struct map_segment *first = &mapping->segments[s], *second = first + 1;
	halve_regions(ch, first, 0);
	if (!separate(ch, first, second))
		return false;
	first->clusters = g_renew(struct map_cluster, first->clusters,
	                          first->cluster_count + second->cluster_count);
	memcpy(first->clusters + first->cluster_count, second->clusters,
	       second->cluster_count * sizeof *second->clusters);
	first->cluster_count += second->cluster_count;
	first->microbatch = MIN(first->microbatch, second->microbatch);
	g_free(second->clusters);
	mapping->segment_count--;
	memmove(second, second + 1, (mapping->segment_count - s - 1) * sizeof *second);
	spread_idle(ch, first);
	return true;
}

/* The nodes of a cluster in front of those of another one, which keeps its region. */
static void prepend_nodes(const struct search_move *ch, const struct map_cluster *front,
                          struct map_cluster *to)
{
	struct map_cluster copy = copy_cluster(front);
	search_resize(ch, &copy, to->region_size);
	to->nodes = g_renew(struct map_node, to->nodes, to->node_count + copy.node_count);
	memmove(to->nodes + copy.node_count, to->nodes, to->node_count * sizeof *to->nodes);
	memcpy(to->nodes, copy.nodes, copy.node_count * sizeof *to->nodes);
	to->node_count += copy.node_count;
	g_free(copy.nodes);
	g_free(copy.region);
}

/* A segment of one cluster goes in front of the first cluster of the next segment. */
static bool join_in_time(struct search_move *ch)
{
	struct map_mapping *mapping = ch->mapping;
	if (mapping->segment_count < 2)
		return false;
	unsigned s = ch->touched = search_pick(ch, mapping->segment_count - 1);
	struct map_segment *first = &mapping->segments[s], *second = first + 1;
	if (first->cluster_count > 1)
		return false;
	prepend_nodes(ch, &first->clusters[0], &second->clusters[0]);
	search_free_segment(first);
	mapping->segment_count--;
	memmove(first, second, (mapping->segment_count - s) * sizeof *first);
	return true;
}

bool search_move_free(struct search_move *ch)
{
	static bool (*const moves[])(struct search_move *) = {
		swap_chiplets, swap_regions,      turn_region,   move_chiplets,
		move_idle,     change_node_tiles, split_cluster, shift_factor,
		shift_factor,  cut_segment,       join_segments, resample,
		place_cluster, cut_in_time,       join_in_time,  change_shares
	};
	return moves[search_pick(ch, G_N_ELEMENTS(moves))](ch);
}
