/* Invariant: what does not fit is thrown away, never mended: mending would prefer what it
 * reaches. */
#include <math.h>

#include "search/sample/random_mapping.h"
#include "search/sample/sampler.h"

void search_sampler_init(struct search_sampler *dealer, struct search_sample_counts *uniform,
                         struct cost_model *model)
{
	*dealer = (struct search_sampler){ .uniform = uniform,
		                           .model = model,
		                           .rand = g_rand_new_with_seed(0) };
	dealer->mapping = search_empty_mapping(model->workload, model->package, uniform->batch,
	                                       search_strategy_name(uniform->strategy),
	                                       uniform->nodes);
	dealer->drafts = g_new(struct search_draft, uniform->nodes);
	dealer->splits = g_new(enum search_split, uniform->nodes);
	for (unsigned i = 0; i < uniform->nodes; i++) {
		search_draft_init(&dealer->drafts[i], dealer->model);
		dealer->drafts[i].splits = dealer->splits;
	}
	dealer->tries = g_new0(uint64_t, uniform->nodes);
	dealer->product = g_new(long double, uniform->chiplets + 1);
	dealer->cluster_ns = g_new(double, uniform->chiplets);
}

void search_sampler_release(struct search_sampler *dealer)
{
	for (unsigned i = 0; i < dealer->uniform->nodes; i++)
		search_draft_release(&dealer->drafts[i]);
	g_free(dealer->drafts);
	g_free(dealer->splits);
	g_free(dealer->product);
	g_free(dealer->tries);
	g_free(dealer->cluster_ns);
	g_rand_free(dealer->rand);
	map_free(dealer->mapping);
}

/* ---- a description, from the last node to the first ---- */

static unsigned bits_of(const struct search_sample_counts *u, enum search_sample_place place,
                        unsigned node, unsigned m, unsigned size)
{
	return u->splits[(((size_t)place * u->nodes + node) * u->sample_count + m) * u->chiplets +
	                 size - 1];
}

static unsigned draw_bit(GRand *rand, unsigned bits)
{
	unsigned skip = search_draw(rand, 1, (unsigned)__builtin_popcount(bits)) - 1;
	for (; skip > 0; skip--)
		bits &= bits - 1;
	return (unsigned)__builtin_ctz(bits);
}

/* Micro-batch (its index) and chiplets of the segment that ends before node `end`. */
static void draw_segment(struct search_sampler *d, unsigned end, unsigned *m, unsigned *used)
{
	const struct search_sample_counts *u = d->uniform;
	unsigned count = u->sample_count * u->chiplets, low = 0, high = count - 1;
	const long double *ends = u->ends + (size_t)end * count;
	long double at = (long double)g_rand_double(d->rand) * ends[count - 1];
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (ends[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	*m = low / u->chiplets;
	*used = low % u->chiplets + 1;
}

struct last_cluster {
	unsigned first, size;
	bool starts; /* its segment */
};

/* Descriptions whose last cluster has nodes [first, ...) on r of the segment's `used` chiplets,
 * the splits of nodes behind the first left out. */
static long double ways(const struct search_sample_counts *u, unsigned m, unsigned first,
                        unsigned r, unsigned used)
{
	enum search_sample_place place = r == used ? SEARCH_AT_SEGMENT : SEARCH_AT_CLUSTER;
	unsigned splits = (unsigned)__builtin_popcount(bits_of(u, place, first, m, r));
	unsigned count = u->sample_count * u->chiplets;
	if (!splits)
		return 0;
	if (r < used)
		return !search_may_continue(u, first)
		               ? 0
		               : splits * u->open[((size_t)m * (u->nodes + 1) + first) *
		                                          (u->chiplets + 1) +
		                                  used - r];
	if (!search_may_start(u, first))
		return 0;
	return splits * (first ? u->ends[(size_t)first * count + count - 1] : 1);
}

/* The last cluster of nodes [0, end). */
static struct last_cluster draw_cluster(struct search_sampler *d, unsigned end, unsigned m,
                                        unsigned used)
{
	const struct search_sample_counts *u = d->uniform;
	const long double all =
		u->open[((size_t)m * (u->nodes + 1) + end) * (u->chiplets + 1) + used];
	long double at = (long double)g_rand_double(d->rand) * all, sum = 0;
	struct last_cluster last = { 0, 0, false };
	for (unsigned r = 1; r <= used; r++)
		d->product[r] = 1;
	for (unsigned first = end; first-- > 0;) {
		for (unsigned r = 1; r <= used; r++) {
			d->product[r] /= u->scale[first];
			long double w = d->product[r] * ways(u, m, first, r, used);
			sum += w;
			if (w > 0)
				last = (struct last_cluster){ first, r, r == used };
			if (sum > at)
				return last;
			d->product[r] *= __builtin_popcount(bits_of(u, SEARCH_WITHIN, first, m, r));
		}
		if (u->freedom.longest_cluster == 1 || !search_may_continue(u, first))
			break;
	}
	g_assert(last.size > 0); /* rounding apart, the sum is `all` */
	return last;
}

static void draw_splits(struct search_sampler *d, const struct last_cluster *cluster, unsigned end,
                        unsigned m)
{
	for (unsigned node = cluster->first; node < end; node++) {
		enum search_sample_place place = node > cluster->first ? SEARCH_WITHIN
		                                 : cluster->starts     ? SEARCH_AT_SEGMENT
		                                                       : SEARCH_AT_CLUSTER;
		unsigned bits = bits_of(d->uniform, place, node, m, cluster->size);
		d->splits[node] = (enum search_split)draw_bit(d->rand, bits);
	}
}

/* The segment that ends before node `end`; returns its first node. */
static unsigned draw_draft(struct search_sampler *d, struct search_draft *draft, unsigned end)
{
	const struct search_sample_counts *u = d->uniform;
	unsigned m, used, count = 0;
	draw_segment(d, end, &m, &used);
	draft->samples = u->samples[m];
	draft->serpentine = draw_bit(d->rand, u->serpentines_at[used]);
	draft->end = end;
	for (bool starts = false; !starts;) {
		struct last_cluster cluster = draw_cluster(d, end, m, used);
		draw_splits(d, &cluster, end, m);
		draft->clusters[count++] = (struct search_draft_cluster){ cluster.first,
			                                                  end - cluster.first,
			                                                  cluster.size };
		end = cluster.first;
		used -= cluster.size;
		starts = cluster.starts;
	}
	for (unsigned i = 0; i < count / 2; i++) {
		struct search_draft_cluster swapped = draft->clusters[i];
		draft->clusters[i] = draft->clusters[count - 1 - i];
		draft->clusters[count - 1 - i] = swapped;
	}
	draft->cluster_count = count;
	return draft->first = end;
}

static void draw_network(struct search_sampler *d)
{
	d->draft_count = 0;
	for (unsigned end = d->uniform->nodes; end > 0;)
		end = draw_draft(d, &d->drafts[d->draft_count++], end);
}

/* ---- whether it fits, and what it costs ---- */

static unsigned segment_of(const struct search_sampler *d, unsigned draft)
{
	return d->draft_count - 1 - draft;
}

static bool place(struct search_sampler *d, unsigned draft)
{
	const struct search_draft *from = &d->drafts[draft];
	return search_draft_place(from, d->model, d->uniform->serpentines[from->serpentine],
	                          d->uniform->tiles, d->mapping, segment_of(d, draft), NULL);
}

static double cost_ns(struct search_sampler *d, unsigned draft)
{
	struct map_plan plan;
	map_plan_init(&plan, d->mapping, d->model->workload, d->model->package);
	struct cost_segment cost = cost_evaluate_segment(d->model, &plan, segment_of(d, draft),
	                                                 d->cluster_ns, NULL);
	map_plan_release(&plan);
	return cost.latency_ns;
}

static unsigned sample_index(const struct search_sample_counts *u, unsigned samples)
{
	unsigned m = 0;
	while (u->samples[m] != samples)
		m++;
	return m;
}

/* A segment of one node costs the same wherever such a node stands, so each is looked at once;
 * threads that do so at the same time write the same. INFINITY if it does not fit. Where tensors
 * have places (search/mapping/stored.h), only whether it fits is the same. */
static double alone_ns(struct search_sampler *d, unsigned draft)
{
	struct search_sample_counts *u = d->uniform;
	const struct search_draft *of = &d->drafts[draft];
	size_t row = (size_t)u->space.node_kind[of->first] * u->sample_count +
	             sample_index(u, of->samples);
	size_t cell = ((row * MAP_SERPENTINES + of->serpentine) * u->chiplets +
	               of->clusters[0].chiplets - 1) *
	                      SEARCH_SPLITS +
	              d->splits[of->first];
	double known_ns = u->alone_ns[cell];
	if (!isnan(known_ns))
		return known_ns;
	known_ns = place(d, draft) ? cost_ns(d, draft) : INFINITY;
	u->alone_ns[cell] = known_ns;
	return known_ns;
}

static bool is_alone(const struct search_draft *draft)
{
	return draft->end - draft->first == 1;
}

/* All segments are laid out before any is looked at: an edge's way depends on both ends. */
static void lay_out(struct search_sampler *d)
{
	d->mapping->segment_count = d->draft_count;
	for (unsigned i = 0; i < d->draft_count; i++)
		search_draft_outline(&d->drafts[i], d->model,
		                     d->uniform->serpentines[d->drafts[i].serpentine],
		                     d->uniform->tiles, d->mapping, segment_of(d, i));
}

static bool fits(struct search_sampler *d, unsigned draft)
{
	return is_alone(&d->drafts[draft]) ? isfinite(alone_ns(d, draft)) : place(d, draft);
}

/* Of a mapping that fits. */
static double latency_ns(struct search_sampler *d)
{
	double sum_ns = 0;
	bool all = d->model->network.tensors_have_places;
	for (unsigned i = 0; all && i < d->draft_count; i++)
		if (is_alone(&d->drafts[i]))
			place(d, i);
	for (unsigned i = 0; i < d->draft_count; i++)
		sum_ns += is_alone(&d->drafts[i]) && !all ? alone_ns(d, i) : cost_ns(d, i);
	return sum_ns;
}

static void seed_rand(GRand *rand, uint64_t seed, unsigned number)
{
	const guint32 words[] = { (guint32)seed, (guint32)(seed >> 32), number };
	g_rand_set_seed_array(rand, words, G_N_ELEMENTS(words));
}

/* Segments of the longest mapping so far stay allocated: none may be lost when it gets shorter. */
static void clear_mapping(struct search_sampler *d)
{
	d->mapping->segment_count = d->uniform->nodes;
}

/* Draws until all segments of one draw fit. Returns the number of draws; 0 if none of `limit`
 * did. */
static unsigned deal_network(struct search_sampler *d, unsigned limit)
{
	for (unsigned draws = 1; draws <= limit; draws++) {
		bool good = true;
		draw_network(d);
		lay_out(d);
		/* Nodes that are alone fit almost always: they come last. */
		for (unsigned i = 0; good && i < d->draft_count; i++)
			good = is_alone(&d->drafts[i]) || fits(d, i);
		for (unsigned i = 0; good && i < d->draft_count; i++)
			good = !is_alone(&d->drafts[i]) || fits(d, i);
		d->tries[0]++;
		if (good)
			return draws;
		clear_mapping(d);
	}
	return 0;
}

/*
 * Where it is given at which nodes segments start, whether one fits has nothing to do with the
 * others: each is drawn until it does.
 */
static unsigned deal_segments(struct search_sampler *d, unsigned limit)
{
	unsigned most = 1;
	draw_network(d);
	lay_out(d);
	for (unsigned i = 0; i < d->draft_count; i++) {
		struct search_draft *draft = &d->drafts[i];
		unsigned draws = 1;
		for (; draws <= limit && !fits(d, i); draws++)
			draw_draft(d, draft, draft->end);
		d->tries[draft->first] += MIN(draws, limit);
		most = MAX(most, draws);
	}
	return most <= limit ? most : 0;
}

bool search_sampler_draw(struct search_sampler *dealer, uint64_t seed, unsigned number,
                         unsigned attempts_limit, struct search_sampled *dealt)
{
	*dealt = (struct search_sampled){ .latency_ns = INFINITY };
	seed_rand(dealer->rand, seed, number);
	dealt->attempts = dealer->uniform->starts ? deal_segments(dealer, attempts_limit)
	                                          : deal_network(dealer, attempts_limit);
	dealt->segments = dealer->draft_count;
	for (unsigned i = 0; i < dealer->draft_count; i++)
		dealt->clusters += dealer->drafts[i].cluster_count;
	if (dealt->attempts)
		dealt->latency_ns = latency_ns(dealer);
	clear_mapping(dealer);
	return dealt->attempts > 0;
}

struct map_mapping *search_sampled_mapping(struct search_sampler *dealer)
{
	lay_out(dealer);
	for (unsigned i = 0; i < dealer->draft_count; i++)
		if (!place(dealer, i))
			g_assert_not_reached(); /* it was valid when it was dealt */
	struct map_mapping *mapping = map_copy(dealer->mapping);
	clear_mapping(dealer);
	return mapping;
}
