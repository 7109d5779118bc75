/* Invariant: what is remembered holds for the current nodes, samples and serpentine only. */
#include "search/exact/lower_bound_cache.h"

#include <math.h>
#include <string.h>

#include "search/traffic/movement.h"

#define MOST_BYTES ((size_t)256 << 20) /* remembered; beyond, all is forgotten */

/* A node's own spot and those of its readers, or a cluster: 16 bits each. */
struct key {
	uint64_t words[3];
};

struct node_entry {
	struct key key;
	struct search_bound_cache_node node;
};

struct cluster_entry {
	struct key key;
	struct search_bound_cache_cluster cluster;
};

/* What a node takes of the activation buffer where it stands. */
struct room {
	uint64_t limit;            /* of the region's smallest buffer */
	struct map_tile_use tiles; /* the least input and output of any number of tiles */
	uint64_t input_bytes[];    /* by incoming edge: a micro-batch of it; 0 through DRAM */
};

struct search_bound_cache {
	const struct search_exact_space *small;
	struct cost_model *model;
	struct map_phase phase; /* scratch */
	unsigned first, end, samples, sample_index, serpentine_index, resources;
	const unsigned *serpentine;
	/* Each node in a cluster of its own, for traffic. */
	struct map_mapping *mapping; /* three segments of which only the micro-batch is looked at */
	struct map_plan plan;
	struct map_cluster where[SEARCH_EXACT_NODES];
	struct map_node how[SEARCH_EXACT_NODES];
	/* One cluster whose weights are placed. */
	struct map_cluster cluster;
	struct map_plan cluster_plan;
	const struct search_exact_place *priced;     /* where its nodes stand */
	GHashTable *nodes[SEARCH_EXACT_NODES];       /* struct node_entry */
	GHashTable *clusters[SEARCH_EXACT_NODES];    /* struct cluster_entry, by first node */
	struct search_bound_cache_weights **weights; /* [node][start][size - 1][variant][kind] */
	struct room **rooms;                         /* the same without kind */
	double rounding_ns; /* of a phase's latency: more than what it can be short of */
	bool alike;         /* all chiplets are: where a region starts changes no share */
	double *compute_ns; /* [samples][serpentine][node][start][size - 1][variant]; NAN: not yet
	                       known. Holds for all segments. */
	size_t bytes;
};

static guint hash_key(gconstpointer data)
{
	const struct key *key = data;
	uint64_t hash = 0;
	for (unsigned i = 0; i < G_N_ELEMENTS(key->words); i++) {
		hash = (hash ^ key->words[i]) * 0x9E3779B97F4A7C15u;
		hash ^= hash >> 29;
	}
	return (guint)(hash ^ (hash >> 32));
}

static gboolean same_key(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct key)) == 0;
}

static void add_to_key(struct key *key, unsigned *slots, uint64_t bits)
{
	g_assert(*slots < 4 * G_N_ELEMENTS(key->words)); /* SEARCH_EXACT_NODES is small enough */
	key->words[*slots / 4] |= bits << (16 * (*slots % 4));
	++*slots;
}

static uint64_t spot_bits(const struct search_exact_place *spot)
{
	return (uint64_t)spot->start | (uint64_t)spot->size << 5 | (uint64_t)spot->variant << 10;
}

static void forget(struct search_bound_cache *known)
{
	for (unsigned n = 0; n < known->small->nodes; n++) {
		g_hash_table_remove_all(known->nodes[n]);
		g_hash_table_remove_all(known->clusters[n]);
	}
	known->bytes = 0;
}

/* Room for an entry that is remembered. */
static void *new_entry(struct search_bound_cache *known, GHashTable *table, size_t size,
                       const struct key *key)
{
	if (known->bytes + size > MOST_BYTES)
		forget(known);
	known->bytes += size;
	struct key *entry = g_malloc0(size);
	*entry = *key;
	g_hash_table_add(table, entry);
	return entry;
}

static size_t place_count(const struct search_exact_space *small)
{
	return (size_t)small->nodes * small->chiplets * small->chiplets * small->most_variants;
}

static size_t place_index(const struct search_exact_space *small, unsigned n,
                          const struct search_exact_place *spot)
{
	size_t at = ((size_t)n * small->chiplets + spot->start) * small->chiplets + spot->size - 1;
	return at * small->most_variants + spot->variant;
}

static void init_compute(struct search_bound_cache *known)
{
	const struct search_exact_space *small = known->small;
	size_t count = small->sample_count * small->serpentine_count * place_count(small);
	known->alike = true;
	for (unsigned c = 1; c < small->chiplets; c++)
		known->alike = known->alike &&
		               hw_chiplet(small->package, c) == hw_chiplet(small->package, 0);
	known->compute_ns = g_new(double, count);
	for (size_t i = 0; i < count; i++)
		known->compute_ns[i] = NAN;
}

struct search_bound_cache *search_bound_cache_new(const struct search_exact_space *small,
                                                  struct cost_model *model)
{
	struct search_bound_cache *known = g_new0(struct search_bound_cache, 1);
	known->small = small;
	known->model = model;
	known->resources = hw_resource_count(small->package);
	for (unsigned i = 0; i < small->package->link_count; i++)
		known->rounding_ns = MAX(known->rounding_ns,
		                         1e-3 * small->package->links[i].latency_ns);
	map_phase_init(&known->phase, small->package);
	known->mapping = search_empty_mapping(small->workload, small->package, small->batch, NULL,
	                                      3);
	map_plan_init(&known->plan, known->mapping, small->workload, small->package);
	map_plan_init(&known->cluster_plan, known->mapping, small->workload, small->package);
	known->cluster.nodes = g_new0(struct map_node, small->nodes);
	for (unsigned n = 0; n < small->nodes; n++) {
		known->nodes[n] = g_hash_table_new_full(hash_key, same_key, g_free, NULL);
		known->clusters[n] = g_hash_table_new_full(hash_key, same_key, g_free, NULL);
	}
	known->weights = g_new0(struct search_bound_cache_weights *,
	                        place_count(small) * MAP_WEIGHTS);
	known->rooms = g_new0(struct room *, place_count(small));
	init_compute(known);
	return known;
}

static void forget_places(struct search_bound_cache *known)
{
	for (size_t i = 0; i < place_count(known->small) * MAP_WEIGHTS; i++)
		g_clear_pointer(&known->weights[i], g_free);
	for (size_t i = 0; i < place_count(known->small); i++)
		g_clear_pointer(&known->rooms[i], g_free);
}

void search_bound_cache_free(struct search_bound_cache *known)
{
	if (!known)
		return;
	for (unsigned n = 0; n < known->small->nodes; n++) {
		g_hash_table_destroy(known->nodes[n]);
		g_hash_table_destroy(known->clusters[n]);
	}
	forget_places(known);
	map_phase_release(&known->phase);
	g_free(known->weights);
	g_free(known->rooms);
	g_free(known->compute_ns);
	g_free(known->cluster.nodes);
	map_plan_release(&known->plan);
	map_plan_release(&known->cluster_plan);
	map_free(known->mapping);
	g_free(known);
}

unsigned search_bound_cache_resources(const struct search_bound_cache *known)
{
	return known->resources;
}

/* Which segment a node is in: before the one in question, in it, after it. */
static unsigned segment_of(const struct search_bound_cache *known, unsigned n)
{
	return n < known->first ? 0 : n < known->end ? 1 : 2;
}

void search_bound_cache_begin(struct search_bound_cache *known, unsigned first, unsigned end,
                              unsigned samples, unsigned serpentine)
{
	forget(known);
	forget_places(known);
	known->first = first;
	known->end = end;
	known->samples = samples;
	for (known->sample_index = 0; known->small->samples[known->sample_index] != samples;)
		known->sample_index++;
	known->serpentine_index = serpentine;
	known->serpentine = known->small->serpentines[serpentine];
	known->mapping->segments[1].microbatch = samples;
	for (unsigned n = 0; n < known->small->nodes; n++) {
		const struct map_plan_node place = { segment_of(known, n), UINT_MAX,
			                             &known->where[n], &known->how[n] };
		known->plan.nodes[n] = place;
		known->how[n] = (struct map_node){ .node = n,
			                           .split = { 1, 1, 1, 1 },
			                           .tiles = known->small->tiles };
		/* Nobody knows where the others are: their regions are empty. */
		known->where[n] = (struct map_cluster){ (unsigned *)known->serpentine,
			                                place.segment == 1, &known->how[n], 1 };
	}
}

void search_bound_cache_place(struct search_bound_cache *known, unsigned n,
                              const struct search_exact_place *spot)
{
	known->plan.nodes[n].cluster = spot->start;
	known->where[n].region = (unsigned *)known->serpentine + spot->start;
	known->where[n].region_size = spot->size;
	memcpy(known->how[n].split, search_exact_variant(known->small, n, spot)->split,
	       sizeof known->how[n].split);
}

/* A phase's loads without what routers lose, which is not the sum of what they lose in its parts;
 * returns the channels' as bytes. */
static double read_loads(const struct search_bound_cache *known, const struct map_phase *phase,
                         double *load_ns)
{
	const struct map_network *network = &known->model->network;
	double dram_bytes = 0;
	memset(load_ns, 0, known->resources * sizeof *load_ns);
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned r = phase->touched[i];
		double bytes = map_resource_load(network, phase, r);
		if (r >= hw_dram_id(known->small->package, 0))
			dram_bytes += bytes;
		load_ns[r] = bytes * network->ns_per_byte[r];
	}
	return dram_bytes;
}

double search_bound_cache_compute(struct search_bound_cache *known, unsigned n,
                                  const struct search_exact_place *spot)
{
	const struct search_exact_space *small = known->small;
	struct map_network *network = &known->model->network;
	struct search_exact_place at = { known->alike ? 0 : spot->start, spot->size, spot->variant,
		                         0 };
	unsigned set = known->sample_index * small->serpentine_count +
	               (known->alike ? 0 : known->serpentine_index);
	double *ns = &known->compute_ns[set * place_count(small) + place_index(small, n, &at)];
	if (isnan(*ns)) {
		search_bound_cache_place(known, n, spot);
		struct map_placed placed = map_place(&known->plan, n, known->samples);
		*ns = map_shares(&placed, small->package, &network->scratch, network->shares);
	}
	return *ns;
}

static struct key node_key(const struct search_bound_cache *known, unsigned n,
                           const struct search_exact_place *spots)
{
	const struct wl_node *node = &known->small->workload->nodes[n];
	struct key key = { { 0 } };
	unsigned slots = 0, seen = 0;
	add_to_key(&key, &slots, spot_bits(&spots[n]));
	for (unsigned i = 0; i < node->edge_out_count; i++) {
		unsigned reader = known->small->workload->edges[node->edges_out[i]].to;
		if (reader >= known->end || seen & 1u << reader)
			continue;
		seen |= 1u << reader;
		add_to_key(&key, &slots, spot_bits(&spots[reader]));
	}
	return key;
}

const struct search_bound_cache_node *search_bound_cache_node(
	struct search_bound_cache *known, unsigned n, const struct search_exact_place *spots)
{
	const struct key key = node_key(known, n, spots);
	struct node_entry *entry = g_hash_table_lookup(known->nodes[n], &key);
	if (entry)
		return &entry->node;
	entry = new_entry(known, known->nodes[n], sizeof *entry + known->resources * sizeof(double),
	                  &key);
	entry->node.load_ns = (double *)(void *)(entry + 1);
	struct map_placed placed = map_place(&known->plan, n, known->samples);
	entry->node.core_ns = search_bound_cache_compute(known, n, &spots[n]);
	map_phase_clear(&known->phase);
	map_add_movements(&known->model->network, &placed, MAP_MOVES_TRAFFIC, MAP_WHOLE,
	                  &known->phase);
	double traffic_ns = map_phase_ns(&known->model->network, &known->phase);
	entry->node.core_ns = MAX(entry->node.core_ns, traffic_ns);
	entry->node.dram_bytes = read_loads(known, &known->phase, entry->node.load_ns);
	return &entry->node;
}

/* How long a phase takes at least when more traffic joins it: routes to a resource may become
 * shorter, those from it on only longer. */
static double least_ns(const struct search_bound_cache *known, const struct map_phase *phase,
                       const double *load_ns)
{
	double least = 0;
	for (unsigned i = 0; i < phase->touched_count; i++) {
		unsigned r = phase->touched[i];
		least = MAX(least, load_ns[r] + phase->after_ns[r]);
	}
	/* The latency is rounded to links', with a tolerance (search/traffic/phase_load.c). */
	return least - known->rounding_ns;
}

double search_bound_cache_alone(struct search_bound_cache *known, unsigned n,
                                const struct search_exact_place *spot, double *load_ns)
{
	struct map_placed placed = map_place(&known->plan, n, known->samples);
	struct map_phase *phase = &known->phase;
	map_phase_clear(phase);
	map_add_movements(&known->model->network, &placed, MAP_MOVES_FETCH | MAP_MOVES_OWN,
	                  MAP_WHOLE, phase);
	read_loads(known, phase, load_ns);
	double traffic_ns = least_ns(known, phase, load_ns);
	return MAX(search_bound_cache_compute(known, n, spot), traffic_ns);
}

/* ---- weights ---- */

static struct search_bound_cache_weights *make_weights(struct search_bound_cache *known, unsigned n,
                                                       enum map_weights kind)
{
	unsigned resources = known->resources;
	struct search_bound_cache_weights *made = g_malloc0(sizeof *made +
	                                                    2 * resources * sizeof(double));
	struct map_placed placed = map_place(&known->plan, n, known->samples);
	struct map_network *network = &known->model->network;
	struct map_phase *phase = &known->phase;
	made->load_ns = (double *)(void *)(made + 1);
	made->once_load_ns = made->load_ns + resources;
	placed.weights = kind;
	map_phase_clear(phase);
	map_add_movements(network, &placed, MAP_MOVES_WEIGHTS, MAP_WHOLE, phase);
	made->weights_ns = map_phase_ns(network, phase);
	made->dram_bytes = read_loads(known, phase, made->load_ns);
	map_phase_clear(phase);
	map_add_movements(network, &placed, MAP_MOVES_LOAD, MAP_WHOLE, phase);
	made->once_ns = map_phase_ns(network, phase);
	made->once_bytes = read_loads(known, phase, made->once_load_ns);
	return made;
}

const struct search_bound_cache_weights *search_bound_cache_weights(
	struct search_bound_cache *known, unsigned n, const struct search_exact_place *spot,
	enum map_weights weights)
{
	size_t at = place_index(known->small, n, spot) * MAP_WEIGHTS + weights;
	if (!known->weights[at])
		known->weights[at] = make_weights(known, n, weights);
	return known->weights[at];
}

/* ---- room for activations ---- */

static struct map_tile_use least_tiles(struct search_bound_cache *known, struct map_placed placed)
{
	struct map_tile_use least = { UINT64_MAX, UINT64_MAX };
	unsigned tiles[MAP_DIMS], count = map_finest_tiles(&placed, tiles);
	for (unsigned i = 0; i < count; i++) {
		placed.tiles = tiles[i];
		struct map_tile_use use = map_tile_use(&known->plan, &placed,
		                                       &known->model->network.scratch);
		least.input_bytes = MIN(least.input_bytes, use.input_bytes);
		least.output_bytes = MIN(least.output_bytes, use.output_bytes);
	}
	return least;
}

static struct room *make_room(struct search_bound_cache *known, unsigned n)
{
	const struct wl_workload *workload = known->small->workload;
	struct map_placed placed = map_place(&known->plan, n, known->samples);
	unsigned edges = placed.node->edge_in_count;
	struct room *room = g_malloc0(sizeof *room + edges * sizeof *room->input_bytes);
	room->limit = map_activation_limit(known->small->package, placed.region,
	                                   placed.region_size);
	room->tiles = least_tiles(known, placed);
	for (unsigned i = 0; i < edges; i++) {
		const struct wl_edge *edge = &workload->edges[placed.node->edges_in[i]];
		if (map_edge_way(&known->plan, edge) != MAP_THROUGH_DRAM)
			room->input_bytes[i] = map_input_room(&placed, edge, MAP_WITHIN_CLUSTER, 0,
			                                      &known->model->network.scratch);
	}
	return room;
}

static const struct room *room_of(struct search_bound_cache *known, unsigned n,
                                  const struct search_exact_place *spot)
{
	struct search_exact_place at = { known->alike ? 0 : spot->start, spot->size, spot->variant,
		                         0 };
	struct room **room = &known->rooms[place_index(known->small, n, &at)];
	if (!*room)
		*room = make_room(known, n);
	return *room;
}

/* Inputs of node n that are there while node `now` runs: those from nodes [from, now]. */
static uint64_t inputs_between(const struct search_bound_cache *known, const struct room *room,
                               unsigned n, int from, int now)
{
	const struct wl_node *node = &known->small->workload->nodes[n];
	uint64_t bytes = 0;
	for (unsigned i = 0; i < node->edge_in_count; i++) {
		int producer = known->small->workload->edges[node->edges_in[i]].from;
		if (producer >= from && producer <= now)
			bytes += room->input_bytes[i];
	}
	return bytes;
}

bool search_bound_cache_room(struct search_bound_cache *known, unsigned a, unsigned b,
                             const struct search_exact_place *spots, bool all)
{
	const struct room *rooms[SEARCH_EXACT_NODES];
	struct map_activations sum = { 0, 0 };
	/* What comes from before node a comes from another cluster, or is yet to be in this one. */
	int from = all ? (int)a : 0;
	for (unsigned n = a; n < b; n++) {
		rooms[n] = room_of(known, n, &spots[n]);
		if (all)
			sum.standing_bytes += map_edge_buffers(1) *
			                      inputs_between(known, rooms[n], n, 0, (int)a - 1);
	}
	for (unsigned now = a; now < b; now++) {
		uint64_t live_bytes = 0;
		for (unsigned n = now; n < b; n++)
			live_bytes += inputs_between(known, rooms[n], n, from, (int)now);
		map_add_activations(&sum, live_bytes, rooms[now]->tiles);
	}
	return map_activation_bytes(sum) <= rooms[a]->limit;
}

/* ---- clusters ---- */

static double known_price(void *data, unsigned node, enum map_weights weights)
{
	struct search_bound_cache *known = data;
	return search_bound_cache_weights(known, node, &known->priced[node], weights)->weights_ns;
}

/* Places the weights of nodes [a, b). */
static void fit_cluster(struct search_bound_cache *known, unsigned a, unsigned b,
                        const struct search_exact_place *spots,
                        struct search_bound_cache_cluster *cluster)
{
	struct map_segment *segment = &known->mapping->segments[1];
	const struct search_prices prices = { known->model, known_price, known };
	struct map_node *nodes = known->cluster.nodes;
	known->priced = spots;
	known->cluster = (struct map_cluster){ known->where[a].region, spots[a].size, nodes,
		                               b - a };
	for (unsigned n = a; n < b; n++) {
		nodes[n - a] = known->how[n];
		known->cluster_plan.nodes[n] = (struct map_plan_node){ 1, 0, &known->cluster,
			                                               &nodes[n - a] };
	}
	segment->clusters = &known->cluster;
	cluster->fits = search_fit_weights(&prices, &known->cluster_plan, 1, 0);
	for (unsigned n = a; n < b; n++)
		cluster->weights[n] = nodes[n - a].weights;
	segment->clusters = NULL;
}

const struct search_bound_cache_cluster *search_bound_cache_cluster(
	struct search_bound_cache *known, unsigned a, unsigned b,
	const struct search_exact_place *spots)
{
	struct key key = { { 0 } };
	unsigned slots = 0;
	add_to_key(&key, &slots, spot_bits(&spots[a]));
	add_to_key(&key, &slots, b);
	for (unsigned n = a + 1; n < b; n++) /* four bits each */
		key.words[1] |= (uint64_t)spots[n].variant << (4 * (n - a));
	struct cluster_entry *entry = g_hash_table_lookup(known->clusters[a], &key);
	if (entry)
		return &entry->cluster;
	entry = new_entry(known, known->clusters[a], sizeof *entry, &key);
	fit_cluster(known, a, b, spots, &entry->cluster);
	return &entry->cluster;
}
