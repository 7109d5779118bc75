/* Invariant: a draft that a move was made on has every node once and in order. */
#include "search/segments/segment_moves.h"

#include <string.h>

unsigned search_chiplets_used(const struct search_draft *draft)
{
	unsigned used = 0;
	for (unsigned c = 0; c < draft->cluster_count; c++)
		used += draft->clusters[c].chiplets;
	return used;
}

/* ---- applying ---- */

static bool split(struct search_draft *draft, unsigned first, unsigned count, unsigned kind)
{
	bool changed = false;
	for (unsigned n = first; n < first + count; n++) {
		changed = changed || draft->splits[n] != (enum search_split)kind;
		draft->splits[n] = (enum search_split)kind;
	}
	return changed;
}

static bool give_chiplet(struct search_draft *draft, unsigned from, unsigned to)
{
	if (from == to || draft->clusters[from].chiplets < 2)
		return false;
	draft->clusters[from].chiplets--;
	draft->clusters[to].chiplets++;
	return true;
}

static bool give_node(struct search_draft *draft, unsigned from, unsigned to, unsigned longest)
{
	struct search_draft_cluster *giver = &draft->clusters[from], *taker = &draft->clusters[to];
	if (giver->length < 2 || taker->length >= longest)
		return false;
	giver->length--;
	taker->length++;
	if (from < to)
		taker->first--;
	else
		giver->first++;
	return true;
}

static bool merge(struct search_draft *draft, unsigned c, unsigned longest)
{
	struct search_draft_cluster *clusters = draft->clusters;
	if (clusters[c].length + clusters[c + 1].length > longest)
		return false;
	clusters[c].length += clusters[c + 1].length;
	clusters[c].chiplets += clusters[c + 1].chiplets;
	draft->cluster_count--;
	memmove(clusters + c + 1, clusters + c + 2,
	        (draft->cluster_count - c - 1) * sizeof *clusters);
	return true;
}

static bool cut(struct search_draft *draft, unsigned c, unsigned length, unsigned chiplets)
{
	struct search_draft_cluster *one = &draft->clusters[c], *other = one + 1;
	if (length >= one->length || chiplets >= one->chiplets)
		return false;
	memmove(other, one, (draft->cluster_count - c) * sizeof *one);
	draft->cluster_count++;
	other->first += length;
	other->length -= length;
	other->chiplets -= chiplets;
	one->length = length;
	one->chiplets = chiplets;
	return true;
}

bool search_apply_move(const struct search_segment_move *move, const struct search_freedom *freedom,
                       struct search_draft *draft)
{
	struct search_draft_cluster *cluster = &draft->clusters[move->cluster];
	bool resizes = move->kind >= SEARCH_TAKE_IDLE && move->kind <= SEARCH_GIVE_CHIPLET;
	if (freedom->whole_package && (resizes || move->kind == SEARCH_CUT))
		return false;
	switch (move->kind) {
	case SEARCH_SPLIT_NODE:
		return split(draft, move->to, 1, move->value);
	case SEARCH_SPLIT_CLUSTER:
		return split(draft, cluster->first, cluster->length, move->value);
	case SEARCH_TAKE_IDLE:
		cluster->chiplets++;
		return search_chiplets_used(draft) <= draft->chiplets;
	case SEARCH_LEAVE_IDLE:
		cluster->chiplets = move->value;
		return move->value > 0;
	case SEARCH_GIVE_CHIPLET:
		return give_chiplet(draft, move->cluster, move->to);
	case SEARCH_GIVE_NODE:
		return give_node(draft, move->cluster, move->to, freedom->longest_cluster);
	case SEARCH_MERGE:
		return merge(draft, MIN(move->cluster, move->to), freedom->longest_cluster);
	case SEARCH_CUT:
		return cut(draft, move->cluster, move->value, move->to);
	case SEARCH_SAMPLES:
		draft->samples = move->value;
		return true;
	case SEARCH_SERPENTINE:
		if (draft->serpentine == move->value)
			return false;
		draft->serpentine = move->value;
		return true;
	}
	g_assert_not_reached();
}

/* ---- all of a kind ---- */

/* The cluster before, then the one behind. */
static bool next_neighbour(const struct search_draft *draft, struct search_segment_move *move)
{
	if (move->step == 0 && move->cluster == 0)
		move->step++;
	move->to = move->step == 0 ? move->cluster - 1 : move->cluster + 1;
	return move->step++ < 2 && move->to < draft->cluster_count;
}

static bool next_split(const struct search_draft_cluster *cluster, struct search_segment_move *move)
{
	move->to = cluster->first + move->step / SEARCH_SPLITS;
	move->value = move->step++ % SEARCH_SPLITS;
	return move->to < cluster->first + cluster->length;
}

bool search_next_move(const struct search_draft *draft, struct search_segment_move *move)
{
	const struct search_draft_cluster *cluster = &draft->clusters[move->cluster];
	switch (move->kind) {
	case SEARCH_SPLIT_NODE:
		return next_split(cluster, move);
	case SEARCH_SPLIT_CLUSTER:
		move->value = move->step++;
		return move->value < SEARCH_SPLITS;
	case SEARCH_GIVE_CHIPLET:
	case SEARCH_GIVE_NODE:
	case SEARCH_MERGE:
		return next_neighbour(draft, move);
	case SEARCH_CUT:
		move->value = ++move->step;
		return move->value < cluster->length;
	case SEARCH_SERPENTINE:
		move->value = move->step++;
		return move->value < MAP_SERPENTINES;
	case SEARCH_LEAVE_IDLE:
		move->value = cluster->chiplets - 1;
		return move->step++ == 0;
	case SEARCH_TAKE_IDLE:
		return move->step++ == 0;
	case SEARCH_SAMPLES:
		break; /* what micro-batches there are is not the draft's to say */
	}
	return false;
}
