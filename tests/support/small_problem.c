#include "tests/support/small_problem.h"

#include "tests/support/made.h"

#define TENSORS 16

/* A tensor that later layers may read. */
struct tensor {
	char name[16];
	unsigned channels, rows;
};

static unsigned pick(GRand *rand, unsigned min, unsigned max)
{
	return (unsigned)g_rand_int_range(rand, (int)min, (int)max + 1);
}

static void add_layer(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_layer(GString *text, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_string_append(text, text->len ? ", " : "");
	g_string_append_vprintf(text, format, list);
	va_end(list);
}

/* The sum with the oldest tensor of the same shape, if there is one. */
static void add_residual(GString *text, const struct tensor *tensors, unsigned i,
                         struct tensor *now)
{
	for (unsigned older = 0; older + 1 < i; older++) {
		if (tensors[older].channels != now->channels || tensors[older].rows != now->rows)
			continue;
		add_layer(text, "{'name': 's%u', 'op': 'add', 'inputs': ['%s', '%s']}", i,
		          now->name, tensors[older].name);
		g_snprintf(now->name, sizeof now->name, "s%u", i);
		return;
	}
}

static void add_pool(GString *text, GRand *rand, unsigned i, struct tensor *now)
{
	unsigned window = pick(rand, 2, 3);
	add_layer(text,
	          "{'name': 'p%u', 'op': 'max_pool', 'inputs': ['%s'], 'kernel': %u, 'stride': 2}",
	          i, now->name, window);
	g_snprintf(now->name, sizeof now->name, "p%u", i);
	now->rows = (now->rows - window) / 2 + 1;
}

/* Every number of channels is a power of two of 4 at least: up to 4 groups divide it. */
static char *random_layers(GRand *rand, unsigned nodes, unsigned rows, bool grouped)
{
	struct tensor tensors[TENSORS] = { { "in", 4, rows } };
	GString *text = g_string_new(NULL);
	for (unsigned i = 1; i <= nodes; i++) {
		unsigned kernel = pick(rand, 0, 1) ? 3 : 1;
		struct tensor now = { .channels = 1u << pick(rand, 2, 5),
			              .rows = tensors[i - 1].rows };
		g_snprintf(now.name, sizeof now.name, "n%u", i);
		add_layer(text,
		          "{'name': '%s', 'op': 'conv', 'inputs': ['%s'], 'out_channels': %u, "
		          "'kernel': %u, 'pad': %u, 'groups': %u}",
		          now.name, tensors[i - 1].name, now.channels, kernel, kernel / 2,
		          grouped ? 1u << pick(rand, 0, 2) : 1);
		if (pick(rand, 0, 1))
			add_residual(text, tensors, i, &now);
		if (now.rows >= 6 && pick(rand, 0, 3) == 0)
			add_pool(text, rand, i, &now);
		tensors[i] = now;
	}
	return g_string_free(text, FALSE);
}

static void init_workload(struct small_problem *p, GRand *rand, unsigned nodes, bool grouped)
{
	unsigned rows = pick(rand, 6, 20);
	g_autofree char *layers = random_layers(rand, nodes, rows, grouped);
	p->workload = made_workload((struct made_workload){
		.channels = 4, .rows = rows, .columns = rows, .layers = layers });
}

static void init_package(struct small_problem *p, GRand *rand, unsigned most_chiplets)
{
	static const double speeds[] = { 0.1, 1, 20 };
	static const unsigned sizes_KiB[][2] = { { 1024, 1024 }, { 4, 8 }, { 1, 4 } };
	struct made_package g = { .static_W = 0.01,
		                  .columns = pick(rand, 1, MIN(3, most_chiplets)) };
	g.rows = pick(rand, 1, MIN(3, most_chiplets / g.columns));
	double nop = speeds[pick(rand, 0, 2)], dram = speeds[pick(rand, 0, 2)];
	g.weight_KiB = sizes_KiB[pick(rand, 0, 2)][0];
	g.activation_KiB = sizes_KiB[pick(rand, 0, 2)][1];
	g.torus = pick(rand, 0, 3) == 0;
	g.unicast = pick(rand, 0, 3) == 0;
	g.nearest = pick(rand, 0, 3) == 0;
	g.router_conflict = pick(rand, 0, 7) == 0 ? 0.5 : 0;
	g.link_GBps = 10 * nop;
	g.dram_GBps = 20 * dram;
	bool two = pick(rand, 0, 1) && g.columns * g.rows > 1;
	g_autofree char *ends = g_strdup_printf("[0, 0]; [%u, %u]", g.columns - 1, g.rows - 1);
	g.channels = two ? ends : NULL;
	p->package = made_package(g);
	g_snprintf(p->text, sizeof p->text,
	           "%u nodes, batch %u, %u x %u chiplets, links %g GB/s, %u channels of %g GB/s, "
	           "buffers %g + %g KiB%s%s%s%s",
	           p->workload->node_count, p->batch, g.columns, g.rows, g.link_GBps, two + 1u,
	           g.dram_GBps, g.weight_KiB, g.activation_KiB, g.torus ? ", torus" : "",
	           g.unicast ? ", unicast" : "", g.nearest ? ", nearest" : "",
	           g.router_conflict > 0 ? ", router losses" : "");
}

static void init(struct small_problem *p, uint32_t seed, unsigned most_nodes,
                 unsigned most_chiplets, bool grouped)
{
	static const unsigned batches[] = { 1, 2, 3, 4, 6, 8 };
	GRand *rand = g_rand_new_with_seed(seed);
	*p = (struct small_problem){ .batch = batches[pick(rand, 0, G_N_ELEMENTS(batches) - 1)] };
	init_workload(p, rand, pick(rand, 2, most_nodes), grouped);
	init_package(p, rand, most_chiplets);
	g_rand_free(rand);
}

void small_problem_init(struct small_problem *p, uint32_t seed, unsigned most_nodes,
                        unsigned most_chiplets)
{
	init(p, seed, most_nodes, most_chiplets, false);
}

void small_problem_init_grouped(struct small_problem *p, uint32_t seed, unsigned most_nodes,
                                unsigned most_chiplets)
{
	init(p, seed, most_nodes, most_chiplets, true);
}

void small_problem_release(struct small_problem *p)
{
	hw_package_free(p->package);
	wl_workload_free(p->workload);
}
