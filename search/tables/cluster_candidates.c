/*
 * Invariant: a state holds the best path to the last node taken with one split;
 * its time leaves out the last node, whose traffic depends on what comes next.
 */
#include "search/tables/cluster_candidates.h"

#include "hw/base/threads.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* Paths are weighed by time alone, and by time plus a price per byte of weights a chiplet
 * must hold, so that a path that fits the weight buffer is among those found. */
#define PRICES 2

#define OLDEST_OPEN 8 /* nodes back that edges out of a run are looked for */

struct state {
	float rank;                 /* what paths are compared by: time + price x weights */
	float before_ns;            /* all nodes but the last */
	float last_ns, traffic_ns;  /* of the last: compute; fetch and halo */
	float weights, spared;      /* bytes per chiplet: resident; spared if distributed */
	float gather_ns, stream_ns; /* of all weights */
	float load_ns;              /* all weights at the bandwidth of all DRAM channels */
	float most_weights, most_spared, most_gather_ns, most_stream_ns,
		most_load_ns; /* of the node with most */
	float dram_ns;        /* activations from and to DRAM, over all channels */
	uint64_t standing;    /* activation bytes held all the time */
	uint64_t inputs;      /* of the last node, from within the cluster */
};

struct walk {
	const struct search_clusters *clusters;
	const struct search_space *space;
	unsigned size; /* index */
	unsigned first;
	bool starts;
	float price;
	struct state state[SEARCH_SPLITS];
	bool alive[SEARCH_SPLITS];
	bool overflowed; /* some path held more weights than fit */
	uint8_t *back;   /* [node - first][split]: the split before */
};

/* Split of node `node` on the path that ends in split `s` of node `last`. */
static unsigned split_on_path(const struct walk *walk, unsigned last, unsigned s, unsigned node)
{
	for (unsigned l = last; l > node; l--)
		s = walk->back[(size_t)(l - walk->first) * SEARCH_SPLITS + s];
	return s;
}

static float within_ns(const struct walk *walk, unsigned edge, unsigned s, unsigned t)
{
	const struct search_edge *costs = search_edge_costs(walk->space, edge, walk->size);
	return search_time_ns(costs->within[s][t], walk->space->samples);
}

static float leave_ns(const struct walk *walk, unsigned edge, unsigned s)
{
	return search_time_ns(search_edge_costs(walk->space, edge, walk->size)->leave[s],
	                      walk->space->samples);
}

/* A tensor's part of all DRAM channels' time. */
static float dram_ns(const struct search_space *space, struct wl_shape shape)
{
	return (float)(wl_shape_elements(shape) * space->workload->activation_bytes *
	               space->samples) /
	       (float)space->dram_GBps;
}

/* Clusters that an edge from upstream spans: known if they hold one node each, else the least. */
static unsigned distance_of(const struct walk *walk, const struct wl_edge *edge)
{
	return walk->clusters->longest == 1 ? edge->to - (unsigned)edge->from : 1;
}

/* Of the tiles that the tables reckon with, those that a share can be cut into. */
static unsigned tiles_of(const struct search_clusters *clusters, const struct search_choice *choice)
{
	return MIN(clusters->tiles, MAX(choice->most_tiles, clusters->space->samples));
}

/* A state for node `node` with split s, as if it were the first of its path. */
static struct state enter(const struct walk *walk, unsigned node, unsigned s)
{
	const struct search_space *space = walk->space;
	const struct wl_node *n = &space->workload->nodes[node];
	const struct search_choice *choice = &search_choices(space, node, walk->size)[s];
	struct state state = {
		.last_ns = space->compute_ns[search_row(space, node, walk->size) + s],
		.traffic_ns = search_time_ns(choice->halo, space->samples),
		.weights = (float)choice->weight_bytes,
		.spared = (float)(choice->weight_bytes - choice->shard_bytes),
		.gather_ns = choice->gather_ns,
		.stream_ns = choice->stream_ns,
		.most_gather_ns = choice->gather_ns,
		.most_stream_ns = choice->stream_ns,
		.load_ns = (float)n->weight_bytes / (float)space->dram_GBps,
	};
	state.most_load_ns = state.load_ns;
	state.most_weights = state.weights;
	state.most_spared = state.spared;
	for (unsigned i = 0; i < n->edge_in_count; i++) {
		const struct wl_edge *edge = &space->workload->edges[n->edges_in[i]];
		const struct search_edge *costs = search_edge_costs(space, n->edges_in[i],
		                                                    walk->size);
		uint64_t need = costs->need_bytes[s] * space->samples;
		if (edge->from >= (int)walk->first) {
			state.inputs += need;
		} else if (edge->from < 0 || walk->starts) {
			state.traffic_ns += search_time_ns(costs->fetch[s], space->samples);
			state.dram_ns += dram_ns(space, wl_edge_shape(space->workload, edge));
			state.standing += MAP_TILE_BUFFERS * need /
			                  tiles_of(walk->clusters, choice);
		} else {
			state.standing += map_edge_buffers(distance_of(walk, edge)) * need;
		}
	}
	return state;
}

static uint64_t output_bytes(const struct walk *walk, unsigned node, unsigned s)
{
	return walk->clusters->output_bytes[search_row(walk->space, node, walk->size) + s];
}

/* Traffic from the path's nodes before `to` straight to it with split t: the neighbour's
 * overlaps with its compute, older ones are added on top. */
static void edges_into(const struct walk *walk, unsigned s, unsigned to, unsigned t,
                       float *neighbour_ns, float *older_ns)
{
	const struct wl_node *n = &walk->space->workload->nodes[to];
	*neighbour_ns = *older_ns = 0;
	for (unsigned i = 0; i < n->edge_in_count; i++) {
		int from = walk->space->workload->edges[n->edges_in[i]].from;
		if (from < (int)walk->first)
			continue;
		if ((unsigned)from == to - 1)
			*neighbour_ns += within_ns(walk, n->edges_in[i], s, t);
		else
			*older_ns += within_ns(walk, n->edges_in[i],
			                       split_on_path(walk, to - 1, s, (unsigned)from), t);
	}
}

static float node_ns(const struct state *state, float more_traffic_ns)
{
	return MAX(state->last_ns, state->traffic_ns + more_traffic_ns);
}

/* Join `next` (a fresh state for node `to`) to the path in state s, whose last node holds `held`
 * bytes of inputs and output. */
static bool join(const struct walk *walk, unsigned s, uint64_t held, unsigned to, unsigned t,
                 struct state *next)
{
	const struct state *state = &walk->state[s];
	float neighbour_ns, older_ns;
	edges_into(walk, s, to, t, &neighbour_ns, &older_ns);
	uint64_t live = held + next->inputs;
	next->standing += state->standing;
	if (next->standing + live > walk->clusters->activation_limit)
		return false;
	next->before_ns = state->before_ns + node_ns(state, neighbour_ns) + older_ns;
	next->weights += state->weights;
	next->spared += state->spared;
	next->gather_ns += state->gather_ns;
	next->stream_ns += state->stream_ns;
	next->load_ns += state->load_ns;
	next->dram_ns += state->dram_ns;
	if (state->most_weights >= next->most_weights) {
		next->most_weights = state->most_weights;
		next->most_spared = state->most_spared;
		next->most_gather_ns = state->most_gather_ns;
		next->most_stream_ns = state->most_stream_ns;
		next->most_load_ns = state->most_load_ns;
	}
	next->rank = next->before_ns + walk->price * next->weights;
	return true;
}

static void step(struct walk *walk, unsigned to)
{
	const struct search_choice *choices = search_choices(walk->space, to, walk->size);
	struct state states[SEARCH_SPLITS];
	bool alive[SEARCH_SPLITS] = { false };
	uint64_t held[SEARCH_SPLITS];
	for (unsigned s = 0; s < SEARCH_SPLITS; s++)
		held[s] = walk->alive[s] ? walk->state[s].inputs + output_bytes(walk, to - 1, s)
		                         : 0;
	for (unsigned t = 0; t < SEARCH_SPLITS; t++) {
		if (!choices[t].valid)
			continue;
		struct state fresh = enter(walk, to, t);
		for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
			struct state next = fresh;
			if (!walk->alive[s] || !join(walk, s, held[s], to, t, &next))
				continue;
			if (alive[t] && next.rank >= states[t].rank)
				continue;
			alive[t] = true;
			states[t] = next;
			walk->back[(size_t)(to - walk->first) * SEARCH_SPLITS + t] = (uint8_t)s;
		}
	}
	memcpy(walk->state, states, sizeof states);
	memcpy(walk->alive, alive, sizeof alive);
}

static void begin(struct walk *walk)
{
	const struct search_choice *choices = search_choices(walk->space, walk->first, walk->size);
	for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
		walk->alive[s] = choices[s].valid;
		if (walk->alive[s])
			walk->state[s] = enter(walk, walk->first, s);
	}
}

/*
 * Time for weights that do not fit: the cheaper of distributing and streaming as many as must
 * go. Nodes go whole, so at least the largest one pays in full.
 */
static float overflow_ns(const struct walk *walk, const struct state *state, float *streamed_ns)
{
	float excess = state->weights - (float)walk->space->weight_limit;
	*streamed_ns = 0;
	if (excess <= 0)
		return 0;
	float part = MIN(1.0f, excess / state->weights);
	float stream = MAX(state->most_stream_ns, state->stream_ns * part);
	float gather = INFINITY;
	if (state->spared >= excess)
		gather = MAX(state->most_gather_ns, state->gather_ns * excess / state->spared);
	if (gather <= stream)
		return gather;
	*streamed_ns = MAX(state->most_load_ns, state->load_ns * part);
	return stream;
}

/* What the path's older nodes still owe to readers at or after `end`. */
static float open_edges_ns(const struct walk *walk, unsigned last, unsigned s, bool ends,
                           float *stored_ns)
{
	const struct search_clusters *c = walk->clusters;
	float sum = 0;
	int stored = -1;
	for (unsigned i = c->open_first[last]; i < c->open_first[last + 1]; i++) {
		const struct search_open *open = &c->open[i];
		if (open->node < walk->first || (int)open->node == stored)
			continue;
		unsigned split = split_on_path(walk, last, s, open->node);
		if (!ends) {
			sum += leave_ns(walk, open->edge, split);
			continue;
		}
		float store_ns = search_time_ns(
			search_choices(walk->space, open->node, walk->size)[split].store,
			walk->space->samples);
		sum += store_ns;
		*stored_ns += store_ns;
		stored = (int)open->node; /* one store serves all readers */
	}
	return sum;
}

/* Traffic of the last node out of the cluster. */
static float out_ns(const struct walk *walk, unsigned last, unsigned s, bool ends, float *stored_ns)
{
	const struct wl_node *n = &walk->space->workload->nodes[last];
	float sum = 0;
	if (ends || n->is_output) {
		sum += search_time_ns(search_choices(walk->space, last, walk->size)[s].store,
		                      walk->space->samples);
		*stored_ns += sum;
	}
	if (!ends)
		for (unsigned i = 0; i < n->edge_out_count; i++)
			sum += leave_ns(walk, n->edges_out[i], s);
	return sum;
}

/* Time of the run that ends with node `last`, over all its paths; the best one's last split. */
static float finish(const struct walk *walk, unsigned last, bool ends, float *dram_time_ns,
                    unsigned *split)
{
	float best = INFINITY;
	*dram_time_ns = 0;
	*split = 0;
	for (unsigned s = 0; s < SEARCH_SPLITS; s++) {
		if (!walk->alive[s])
			continue;
		const struct state *state = &walk->state[s];
		if (state->standing + state->inputs + output_bytes(walk, last, s) >
		    walk->clusters->activation_limit)
			continue;
		float stored = 0, streamed;
		float time = state->before_ns +
		             node_ns(state, out_ns(walk, last, s, ends, &stored)) +
		             open_edges_ns(walk, last, s, ends, &stored) +
		             overflow_ns(walk, state, &streamed);
		if (time < best) {
			best = time;
			*dram_time_ns = state->dram_ns + stored + streamed;
			*split = s;
		}
	}
	return best;
}

static float price_of(const struct search_space *space, unsigned price)
{
	return price ? (float)(1.0 / space->package->nop.link_GBps) : 0;
}

static void start_walk(struct walk *walk, const struct search_clusters *clusters, unsigned size,
                       unsigned first, bool starts, unsigned price)
{
	walk->clusters = clusters;
	walk->space = clusters->space;
	walk->size = size;
	walk->first = first;
	walk->starts = starts;
	walk->price = price_of(clusters->space, price);
	walk->overflowed = false;
	begin(walk);
}

/* Whether a path is left that does not take too long already. */
static bool any_alive(const struct walk *walk, float limit_ns)
{
	for (unsigned s = 0; s < SEARCH_SPLITS; s++)
		if (walk->alive[s] && walk->state[s].before_ns <= limit_ns)
			return true;
	return false;
}

static bool overflows(const struct walk *walk)
{
	for (unsigned s = 0; s < SEARCH_SPLITS; s++)
		if (walk->alive[s] && walk->state[s].weights > (float)walk->space->weight_limit)
			return true;
	return false;
}

/* What the walks from a node have filled. */
struct trail {
	unsigned longest;    /* run; 0: none */
	unsigned overflowed; /* the first length with more weights than fit; UINT_MAX: none */
};

static void fill_runs(struct search_clusters *clusters, struct walk *walk, unsigned end,
                      float limit_ns, struct trail *trail)
{
	unsigned most = MIN(clusters->longest, end - walk->first);
	for (unsigned length = 1; length <= most; length++) {
		if (length > 1)
			step(walk, walk->first + length - 1);
		if (!any_alive(walk, limit_ns))
			return;
		trail->longest = MAX(trail->longest, length);
		if (!walk->overflowed && overflows(walk)) {
			walk->overflowed = true;
			trail->overflowed = MIN(trail->overflowed, length);
		}
		size_t run = search_run(clusters, walk->size, walk->first, length);
		for (unsigned ends = 0; ends < 2; ends++) {
			unsigned borders = (walk->starts ? SEARCH_STARTS : 0) |
			                   (ends ? SEARCH_ENDS : 0),
				 split;
			float dram, time_ns = finish(walk, walk->first + length - 1, ends, &dram,
			                             &split);
			if (time_ns < clusters->time_ns[borders][run]) {
				clusters->time_ns[borders][run] = time_ns;
				clusters->dram_ns[borders][run] = dram;
			}
		}
	}
}

static void find_open(struct search_clusters *clusters)
{
	const struct wl_workload *w = clusters->space->workload;
	GArray *open = g_array_new(FALSE, FALSE, sizeof *clusters->open);
	clusters->open_first = g_new(unsigned, w->node_count + 1);
	for (unsigned last = 0; last < w->node_count; last++) {
		clusters->open_first[last] = open->len;
		for (unsigned n = last > OLDEST_OPEN ? last - OLDEST_OPEN : 0; n < last; n++)
			for (unsigned i = 0; i < w->nodes[n].edge_out_count; i++) {
				struct search_open entry = { n, w->nodes[n].edges_out[i] };
				if (w->edges[entry.edge].to > last)
					g_array_append_val(open, entry);
			}
	}
	clusters->open_first[w->node_count] = open->len;
	clusters->open = (struct search_open *)(void *)g_array_free(open, FALSE);
}

void search_clusters_init(struct search_clusters *clusters, const struct search_space *space,
                          unsigned longest, unsigned tiles, uint64_t activation_limit)
{
	*clusters = (struct search_clusters){ .space = space,
		                              .nodes = space->workload->node_count,
		                              .tiles = tiles,
		                              .activation_limit = activation_limit };
	clusters->longest = MIN(longest, clusters->nodes);
	size_t runs = (size_t)space->size_count * clusters->nodes * clusters->longest;
	for (int b = 0; b < SEARCH_BORDERS; b++) {
		clusters->time_ns[b] = g_new(float, runs);
		clusters->dram_ns[b] = g_new(float, runs);
	}
	clusters->output_bytes = g_new(uint64_t, (size_t)space->node_kinds * space->size_count *
	                                                 SEARCH_SPLITS);
	search_repeats_init(&clusters->alike, space);
	find_open(clusters);
}

void search_clusters_release(struct search_clusters *clusters)
{
	search_repeats_release(&clusters->alike);
	g_clear_pointer(&clusters->output_bytes, g_free);
	g_clear_pointer(&clusters->open_first, g_free);
	g_clear_pointer(&clusters->open, g_free);
	for (int b = 0; b < SEARCH_BORDERS; b++) {
		g_clear_pointer(&clusters->time_ns[b], g_free);
		g_clear_pointer(&clusters->dram_ns[b], g_free);
	}
}

static void clear_runs(struct search_clusters *clusters, unsigned first, unsigned end)
{
	size_t count = (size_t)(end - first) * clusters->longest;
	for (int b = 0; b < SEARCH_BORDERS; b++)
		for (unsigned size = 0; size < clusters->space->size_count; size++) {
			float *time_ns = clusters->time_ns[b] +
			                 search_run(clusters, size, first, 1);
			for (size_t i = 0; i < count; i++)
				time_ns[i] = INFINITY;
		}
}

struct tables_fill {
	struct search_clusters *clusters;
	unsigned first, end, smallest;
	float limit_ns;
};

static unsigned most_nodes(const struct tables_fill *f, unsigned a)
{
	return MIN(f->clusters->longest, f->end - a);
}

/* Walks from node `a` go as those of a node like it did: copies their runs. False if they might
 * not, because what is not alike came into sight. */
static bool fill_alike(const struct tables_fill *f, unsigned size, unsigned a, unsigned starts,
                       struct trail *trails)
{
	struct search_clusters *c = f->clusters;
	unsigned like = c->alike.like[a], length = c->alike.length[a], most = most_nodes(f, a);
	if (length == 0 || like < f->first)
		return false;
	struct trail trail = trails[2 * (like - f->first) + starts];
	if ((trail.longest >= length && most > length) ||
	    (trail.overflowed != UINT_MAX && trail.overflowed > most))
		return false;
	trail.longest = MIN(trail.longest, most);
	trails[2 * (a - f->first) + starts] = trail;
	for (unsigned ends = 0; ends < 2; ends++) {
		unsigned borders = (starts ? SEARCH_STARTS : 0) | (ends ? SEARCH_ENDS : 0);
		size_t to = search_run(c, size, a, 1), from = search_run(c, size, like, 1);
		memcpy(c->time_ns[borders] + to, c->time_ns[borders] + from,
		       trail.longest * sizeof(float));
		memcpy(c->dram_ns[borders] + to, c->dram_ns[borders] + from,
		       trail.longest * sizeof(float));
	}
	return true;
}

static void fill_from(const struct tables_fill *f, struct walk *walk, unsigned size, unsigned a,
                      unsigned starts, struct trail *trails)
{
	struct trail *trail = &trails[2 * (a - f->first) + starts];
	if (fill_alike(f, size, a, starts, trails))
		return;
	*trail = (struct trail){ 0, UINT_MAX };
	for (unsigned price = 0; price < PRICES; price++) {
		if (price && !walk->overflowed)
			continue; /* the price would not change what fits */
		start_walk(walk, f->clusters, size, a, starts, price);
		fill_runs(f->clusters, walk, f->end, f->limit_ns, trail);
	}
}

/* All runs on regions of one size. */
static void fill_size(void *data, unsigned thread, unsigned index)
{
	const struct tables_fill *f = data;
	struct walk walk;
	g_autofree struct trail *trails = g_new0(struct trail, 2 * (f->end - f->first));
	(void)thread;
	walk.back = g_new(uint8_t, (size_t)f->clusters->nodes * SEARCH_SPLITS);
	for (unsigned a = f->first; a < f->end; a++)
		for (unsigned starts = 0; starts < 2; starts++)
			fill_from(f, &walk, f->smallest + index, a, starts, trails);
	g_free(walk.back);
}

/* Two tiles of each output. */
static void fill_outputs(struct search_clusters *clusters)
{
	const struct search_space *space = clusters->space;
	size_t rows = (size_t)space->node_kinds * space->size_count * SEARCH_SPLITS;
	for (size_t i = 0; i < rows; i++) {
		unsigned tiles = tiles_of(clusters, &space->choices[i]);
		uint64_t bytes = space->choices[i].output_bytes * space->samples;
		clusters->output_bytes[i] = MAP_TILE_BUFFERS * ((bytes + tiles - 1) / tiles);
	}
}

void search_clusters_fill(struct search_clusters *clusters, unsigned first, unsigned end,
                          unsigned smallest, float limit_ns)
{
	struct tables_fill filling = { clusters, first, end, smallest, limit_ns };
	clear_runs(clusters, first, end);
	fill_outputs(clusters);
	search_parallel(clusters->space->crew, clusters->space->size_count - smallest, fill_size,
	                &filling);
}

void search_cluster_splits(const struct search_clusters *clusters, unsigned size, unsigned a,
                           unsigned length, unsigned borders, enum search_split *splits)
{
	struct walk walk;
	float best = INFINITY;
	walk.back = g_new(uint8_t, (size_t)clusters->nodes * SEARCH_SPLITS);
	for (unsigned price = 0; price < PRICES; price++) {
		start_walk(&walk, clusters, size, a, (borders & SEARCH_STARTS) != 0, price);
		for (unsigned length_so_far = 1; length_so_far < length; length_so_far++)
			step(&walk, a + length_so_far);
		unsigned split;
		float dram, time_ns = finish(&walk, a + length - 1, (borders & SEARCH_ENDS) != 0,
		                             &dram, &split);
		if (time_ns >= best)
			continue;
		best = time_ns;
		for (unsigned i = 0; i < length; i++)
			splits[i] = (enum search_split)split_on_path(&walk, a + length - 1, split,
			                                             a + i);
	}
	g_free(walk.back);
}
