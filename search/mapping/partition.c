/*
 * Invariant: grids are separable. A part's interval in one dimension never
 * depends on its index in another, so everything here is per dimension.
 */
#include "search/mapping/partition.h"

#include <math.h>

#define ROUNDING 1e-6 /* of an element; the sums of speeds are off by less */

/* A grid of the same parts as `like`, with its own intervals to fill in. */
static void grid_alloc(struct map_grid *grid, const unsigned *region,
                       const unsigned parts[MAP_DIMS], struct map_scratch *scratch,
                       struct map_interval *rooms[MAP_DIMS])
{
	struct map_interval *room = map_scratch_take(scratch, (size_t)parts[MAP_N] + parts[MAP_K] +
	                                                              parts[MAP_P] + parts[MAP_Q]);
	grid->region = region;
	for (int d = 0; d < MAP_DIMS; d++) {
		grid->parts[d] = parts[d];
		grid->part[d] = rooms[d] = room;
		room += parts[d];
	}
}

uint32_t map_extent(const struct map_placed *placed, enum map_dim dim)
{
	switch (dim) {
	case MAP_N:
		return placed->samples;
	case MAP_K:
		return placed->node->output.channels;
	case MAP_P:
		return placed->node->output.rows;
	default:
		return placed->node->output.columns;
	}
}

unsigned map_parts(const struct map_placed *placed)
{
	unsigned parts = 1;
	for (int d = 0; d < MAP_DIMS; d++)
		parts *= placed->split[d];
	return parts;
}

/* Speed of all chiplets whose part in dimension `dim` is below `end`. */
static double speed_until(const struct map_placed *placed, int dim, unsigned end)
{
	unsigned inner = 1, parts = map_parts(placed);
	double speed = 0;
	for (int d = dim + 1; d < MAP_DIMS; d++)
		inner *= placed->split[d];
	for (unsigned i = 0; i < parts; i++)
		if (i / inner % placed->split[dim] < end)
			speed += hw_chiplet_speed(placed->by_speed, placed->region[i]);
	return speed;
}

/* Interval i of a split. By speed, borders are floor(extent * speed before / all speed), give or
 * take rounding: for equal chiplets they are those of map_part. */
static struct map_interval split_part(const struct map_placed *placed, int dim, uint32_t extent,
                                      unsigned i)
{
	unsigned parts = placed->split[dim];
	if (!placed->by_speed || parts == 1)
		return map_part(extent, parts, i);
	double per_speed = extent / speed_until(placed, dim, parts);
	return (struct map_interval){
		.lo = (uint32_t)(speed_until(placed, dim, i) * per_speed + ROUNDING),
		.hi = (uint32_t)(speed_until(placed, dim, i + 1) * per_speed + ROUNDING),
	};
}

uint32_t map_longest_part(const struct map_placed *placed, enum map_dim dim, uint32_t extent)
{
	uint32_t longest = 0;
	if (!placed->by_speed)
		return (extent + placed->split[dim] - 1) / placed->split[dim];
	for (unsigned i = 0; i < placed->split[dim]; i++)
		longest = MAX(longest, map_length(split_part(placed, (int)dim, extent, i)));
	return longest;
}

static const enum map_dim tile_dims[MAP_DIMS] = { MAP_N, MAP_P, MAP_Q, MAP_K };

/* Tiles that the largest share can be cut into in a dimension. */
static uint32_t tile_room(const struct map_placed *placed, enum map_dim dim)
{
	uint32_t extent = map_extent(placed, dim);
	if (dim == MAP_N)
		extent = MAX(extent, placed->microbatch);
	return map_longest_part(placed, dim, extent);
}

enum map_dim map_tile_dim(const struct map_placed *placed, unsigned *count)
{
	enum map_dim best = MAP_N;
	uint32_t most = 0;
	for (int i = 0; i < MAP_DIMS; i++) {
		uint32_t largest = tile_room(placed, tile_dims[i]);
		if (largest > most) {
			best = tile_dims[i];
			most = largest;
		}
		if (largest >= placed->tiles)
			break;
	}
	*count = MIN(placed->tiles, most);
	return best;
}

unsigned map_finest_tiles(const struct map_placed *placed, unsigned tiles[MAP_DIMS])
{
	unsigned count = 0;
	for (int i = 0; i < MAP_DIMS; i++) {
		uint32_t largest = tile_room(placed, tile_dims[i]);
		if (count == 0 || largest > tiles[count - 1])
			tiles[count++] = largest;
	}
	return count;
}

unsigned map_most_tiles(const struct map_placed *placed)
{
	unsigned most = 0;
	for (int i = 0; i < MAP_DIMS; i++)
		most = MAX(most, tile_room(placed, tile_dims[i]));
	return most;
}

void map_output_grid(const struct map_placed *placed, struct map_scratch *scratch,
                     struct map_grid *grid)
{
	struct map_interval *rooms[MAP_DIMS];
	grid_alloc(grid, placed->region, placed->split, scratch, rooms);
	for (int d = 0; d < MAP_DIMS; d++) {
		uint32_t extent = map_extent(placed, (enum map_dim)d);
		for (unsigned i = 0; i < placed->split[d]; i++)
			rooms[d][i] = split_part(placed, d, extent, i);
	}
}

/* Narrow dimension `dim` of a whole grid to its tiles [first, end). */
static void narrow_to_tiles(struct map_grid *grid, struct map_interval *room, enum map_dim dim,
                            unsigned first, unsigned end, unsigned count)
{
	for (unsigned i = 0; i < grid->parts[dim]; i++) {
		struct map_interval share = grid->part[dim][i];
		uint32_t length = map_length(share);
		uint32_t lo = share.lo + map_part(length, count, first).lo;
		room[i] = (struct map_interval){ .lo = lo, .hi = lo };
		if (end > first)
			room[i].hi = share.lo + map_part(length, count, end - 1).hi;
	}
	grid->part[dim] = room;
}

void map_tile_grid(const struct map_placed *placed, unsigned tile, struct map_scratch *scratch,
                   struct map_grid *grid)
{
	unsigned count;
	enum map_dim dim = map_tile_dim(placed, &count);
	map_output_grid(placed, scratch, grid);
	if (count > 1 && tile != MAP_WHOLE)
		narrow_to_tiles(grid, map_scratch_take(scratch, grid->parts[dim]), dim, tile,
		                tile + 1, count);
}

void map_tiles_grid(const struct map_placed *placed, unsigned first, unsigned end,
                    struct map_scratch *scratch, struct map_grid *grid)
{
	unsigned count;
	enum map_dim dim = map_tile_dim(placed, &count);
	map_output_grid(placed, scratch, grid);
	unsigned shares = grid->parts[dim];
	struct map_interval *rooms = map_scratch_take(scratch, shares * (end - first));
	for (unsigned t = first; t < end; t++) {
		struct map_grid tile = *grid;
		narrow_to_tiles(&tile, rooms + (t - first) * shares, dim, t, t + 1, count);
	}
	grid->parts[dim] = shares * (end - first);
	grid->part[dim] = rooms;
}

void map_prefix_grid(const struct map_placed *placed, unsigned tiles, struct map_scratch *scratch,
                     struct map_grid *grid)
{
	unsigned count;
	enum map_dim dim = map_tile_dim(placed, &count);
	map_output_grid(placed, scratch, grid);
	narrow_to_tiles(grid, map_scratch_take(scratch, grid->parts[dim]), dim, 0, tiles, count);
}

/* The producer's channels, as the consumer numbers them, that output channels need. */
static struct map_interval need_channels(const struct wl_node *node, const struct wl_edge *edge,
                                         struct map_interval output)
{
	if (edge->channels == WL_CHANNELS_ALL)
		return (struct map_interval){ .hi = UINT32_MAX };
	if (edge->channels == WL_CHANNELS_SAME)
		return output;
	uint32_t per_group = node->K / node->groups;
	uint32_t first = output.lo / per_group, end = (output.hi + per_group - 1) / per_group;
	return (struct map_interval){ .lo = first * node->C, .hi = end * node->C };
}

/* The same in the producer's own numbering, clipped to what it has. */
static struct map_interval clip_channels(struct map_interval need, uint32_t offset,
                                         uint32_t channels)
{
	uint32_t lo = MAX(need.lo, offset), hi = MIN(need.hi, offset + channels);
	if (hi <= lo)
		return (struct map_interval){ 0 };
	return (struct map_interval){ .lo = lo - offset, .hi = hi - offset };
}

void map_need_grid(const struct map_placed *placed, const struct wl_edge *edge,
                   const struct map_grid *output, struct map_scratch *scratch,
                   struct map_grid *need)
{
	struct map_interval *rooms[MAP_DIMS];
	struct wl_shape shape = wl_edge_shape(placed->workload, edge);
	grid_alloc(need, output->region, output->parts, scratch, rooms);
	for (unsigned i = 0; i < output->parts[MAP_N]; i++)
		rooms[MAP_N][i] = output->part[MAP_N][i];
	for (unsigned i = 0; i < output->parts[MAP_K]; i++) {
		struct map_interval k = output->part[MAP_K][i];
		rooms[MAP_K][i] = (struct map_interval){ 0 };
		if (map_length(k))
			rooms[MAP_K][i] = clip_channels(need_channels(placed->node, edge, k),
			                                edge->channel_offset, shape.channels);
	}
	for (unsigned i = 0; i < output->parts[MAP_P]; i++)
		rooms[MAP_P][i] = map_reach(edge->rows, output->part[MAP_P][i], scratch);
	for (unsigned i = 0; i < output->parts[MAP_Q]; i++)
		rooms[MAP_Q][i] = map_reach(edge->columns, output->part[MAP_Q][i], scratch);
}

/* The first MAC output that output `o` is made from. */
static uint32_t first_reached(const struct wl_reach *reach, uint32_t o)
{
	uint32_t lo = o, hi = o + 1;
	wl_reach_interval(reach, &lo, &hi);
	return lo;
}

/* MAC outputs that belong to output interval `i`: up to where the next one's windows begin. */
static struct map_interval owned_interval(const struct wl_reach *reach, uint32_t output_extent,
                                          uint32_t mac_extent, struct map_interval i)
{
	if (i.hi <= i.lo)
		return (struct map_interval){ 0 };
	return (struct map_interval){
		.lo = i.lo > 0 ? first_reached(reach, i.lo) : 0,
		.hi = i.hi < output_extent ? first_reached(reach, i.hi) : mac_extent,
	};
}

/* Boxes of a layer in the node, `extent` rows and columns large, from boxes of the node's
 * output. */
static void layer_grid(const struct map_placed *placed, const struct map_grid *output,
                       const struct wl_reach *const reach[2], const uint32_t extent[2], bool owned,
                       struct map_scratch *scratch, struct map_grid *grid)
{
	struct map_interval *rooms[MAP_DIMS];
	grid_alloc(grid, output->region, output->parts, scratch, rooms);
	for (int d = MAP_N; d <= MAP_K; d++)
		for (unsigned i = 0; i < output->parts[d]; i++)
			rooms[d][i] = output->part[d][i];
	for (int d = MAP_P; d <= MAP_Q; d++) {
		uint32_t all = map_extent(placed, (enum map_dim)d);
		for (unsigned i = 0; i < output->parts[d]; i++)
			rooms[d][i] = owned ? owned_interval(reach[d - MAP_P], all,
			                                     extent[d - MAP_P], output->part[d][i])
			                    : map_reach(reach[d - MAP_P], output->part[d][i],
			                                scratch);
	}
}

void map_mac_grid(const struct map_placed *placed, const struct map_grid *output, bool owned,
                  struct map_scratch *scratch, struct map_grid *mac)
{
	const struct wl_node *node = placed->node;
	const struct wl_reach *const reach[2] = { node->mac_rows, node->mac_columns };
	const uint32_t extent[2] = { node->P, node->Q };
	layer_grid(placed, output, reach, extent, owned, scratch, mac);
}

void map_across_grid(const struct map_placed *placed, const struct map_grid *output,
                     const struct wl_across *across, struct map_scratch *scratch,
                     struct map_grid *grid)
{
	const struct wl_reach *const reach[2] = { across->rows, across->columns };
	const uint32_t extent[2] = { across->row_count, across->column_count };
	layer_grid(placed, output, reach, extent, true, scratch, grid);
}

static bool windows_overlap(const struct wl_reach *reach)
{
	for (; reach; reach = reach->next)
		if (reach->taps > reach->down)
			return true;
	return false;
}

bool map_has_pool_halo(const struct wl_node *node)
{
	return (windows_overlap(node->mac_rows) && node->output.rows > 1) ||
	       (windows_overlap(node->mac_columns) && node->output.columns > 1);
}

uint64_t map_volume(const struct map_grid *grid, const unsigned index[MAP_DIMS])
{
	uint64_t volume = 1;
	for (int d = 0; d < MAP_DIMS; d++)
		volume *= map_length(grid->part[d][index[d]]);
	return volume;
}

void map_unflatten(const struct map_grid *grid, unsigned i, unsigned index[MAP_DIMS])
{
	for (int d = MAP_DIMS - 1; d >= 0; d--) {
		index[d] = i % grid->parts[d];
		i /= grid->parts[d];
	}
}

uint64_t map_weight_bytes(const struct map_placed *placed, struct map_interval channels)
{
	return placed->node->weight_bytes / placed->node->K * map_length(channels);
}

static struct map_share share_of_box(const struct map_placed *placed,
                                     const struct hw_chiplet_type *type,
                                     const struct map_grid *output, const struct map_grid *mac,
                                     uint64_t input_bytes, const unsigned index[MAP_DIMS])
{
	const struct wl_node *node = placed->node;
	struct map_share share = { 0 };
	share.output_elements = map_volume(output, index);
	if (!share.output_elements)
		return share;
	struct hw_work work = { .extent = { map_length(mac->part[MAP_N][index[MAP_N]]),
		                            map_length(mac->part[MAP_K][index[MAP_K]]), node->C,
		                            map_length(mac->part[MAP_P][index[MAP_P]]),
		                            map_length(mac->part[MAP_Q][index[MAP_Q]]), node->R,
		                            node->S } };
	share.macs = 1;
	for (int d = 0; d < HW_PRODUCT_DIMS; d++)
		share.macs *= work.extent[d];
	work.first_channel = mac->part[MAP_K][index[MAP_K]].lo;
	work.group_channels = node->K / node->groups;
	/* In doubles: the product of two element counts may exceed 64 bits. */
	double outputs = (double)wl_shape_elements(node->output);
	work.vector_elements = (uint64_t)ceil((double)node->vector_elements *
	                                      (double)share.output_elements / outputs);
	share.buffer_bytes = input_bytes +
	                     map_weight_bytes(placed, output->part[MAP_K][index[MAP_K]]) +
	                     share.output_elements * placed->workload->activation_bytes;
	work.buffer_bytes = share.buffer_bytes;
	share.parts = hw_compute_parts(type, &work);
	share.cycles = hw_cycles_in_all(share.parts);
	share.ns = share.cycles / type->clock_GHz;
	return share;
}

/* Bytes of all of a node's inputs for one box: the sum over its edges. */
static uint64_t box_input_bytes(const struct map_placed *placed, const struct map_grid *needs,
                                const unsigned index[MAP_DIMS])
{
	uint64_t elements = 0;
	for (unsigned e = 0; e < placed->node->edge_in_count; e++)
		elements += map_volume(&needs[e], index);
	return elements * placed->workload->activation_bytes;
}

/* Grids that decide a share: its output, its MAC outputs, its inputs. */
struct share_grids {
	struct map_grid output, mac;
	struct map_grid *needs; /* by incoming edge */
	unsigned need_count;
	bool several_groups;
	uint32_t group_channels; /* output channels of one */
};

/* Whether two intervals of output channels, as long as each other, cut groups at the same
 * places. */
static bool same_groups(const struct share_grids *g, unsigned a, unsigned b)
{
	uint32_t first = g->mac.part[MAP_K][a].lo, other = g->mac.part[MAP_K][b].lo;
	return first % g->group_channels == other % g->group_channels;
}

static bool same_work(const struct share_grids *g, int dim, unsigned a, unsigned b)
{
	if (dim == MAP_K && g->several_groups && !same_groups(g, a, b))
		return false;
	if (map_length(g->output.part[dim][a]) != map_length(g->output.part[dim][b]) ||
	    map_length(g->mac.part[dim][a]) != map_length(g->mac.part[dim][b]))
		return false;
	for (unsigned e = 0; e < g->need_count; e++)
		if (map_length(g->needs[e].part[dim][a]) != map_length(g->needs[e].part[dim][b]))
			return false;
	return true;
}

/* The first part whose intervals are as long, and cut groups alike: its boxes take as long, too.
 * Even splits have few different lengths, so few boxes need to be worked out. */
static unsigned first_like(const struct share_grids *g, int dim, unsigned part)
{
	unsigned first = 0;
	while (!same_work(g, dim, first, part))
		first++;
	return first;
}

static void find_likes(const struct share_grids *g, struct map_interval *likes[MAP_DIMS],
                       struct map_scratch *scratch)
{
	for (int d = 0; d < MAP_DIMS; d++) {
		likes[d] = map_scratch_take(scratch, g->output.parts[d]);
		for (unsigned i = 0; i < g->output.parts[d]; i++)
			likes[d][i].lo = first_like(g, d, i);
	}
}

/* Number of the box that box `index` is like. */
static unsigned like_box(const struct map_placed *placed,
                         struct map_interval *const likes[MAP_DIMS], const unsigned index[MAP_DIMS])
{
	unsigned like = 0;
	for (int d = 0; d < MAP_DIMS; d++)
		like = like * placed->split[d] + likes[d][index[d]].lo;
	return like;
}

double map_shares(const struct map_placed *placed, const struct hw_package *package,
                  struct map_scratch *scratch, struct map_share *shares)
{
	unsigned mark = scratch->used, index[MAP_DIMS], parts = map_parts(placed);
	const struct wl_node *node = placed->node;
	struct share_grids g = { .need_count = node->edge_in_count,
		                 .several_groups = node->groups > 1,
		                 .group_channels = node->K / node->groups };
	struct map_interval *likes[MAP_DIMS];
	g.needs = map_scratch_room(scratch, g.need_count * sizeof *g.needs);
	map_output_grid(placed, scratch, &g.output);
	map_mac_grid(placed, &g.output, true, scratch, &g.mac);
	for (unsigned e = 0; e < g.need_count; e++)
		map_need_grid(placed, &placed->workload->edges[placed->node->edges_in[e]],
		              &g.output, scratch, &g.needs[e]);
	find_likes(&g, likes, scratch);
	double slowest = 0;
	for (unsigned i = 0; i < parts; i++) {
		map_unflatten(&g.output, i, index);
		const struct hw_chiplet_type *type = hw_chiplet(package, placed->region[i]);
		unsigned like = like_box(placed, likes, index);
		if (like < i && hw_chiplet(package, placed->region[like]) == type)
			shares[i] = shares[like];
		else
			shares[i] = share_of_box(placed, type, &g.output, &g.mac,
			                         box_input_bytes(placed, g.needs, index), index);
		slowest = MAX(slowest, shares[i].ns);
	}
	scratch->used = mark;
	return slowest;
}
