/*
 * For tests of traffic: a small package, a workload and a phase, and the phase's
 * bytes as text.
 *
 * Resources are written 0>1 (link from chiplet 0 to 1), i0 (injection port), e0
 * (ejection port) and d0 (DRAM channel). Chiplets of the 2 x 2 grid:   0 1
 * Routes go along x first: 1 to 2 is 1>0, 0>2.                        2 3
 */
#ifndef TESTS_SEARCH_TRAFFIC_FIXTURE_H
#define TESTS_SEARCH_TRAFFIC_FIXTURE_H

#include "tests/search/fixtures.h"

#define CONV(name, input, channels, rest)                                                       \
	"{'name': '" name "', 'op': 'conv', 'inputs': ['" input "'], 'out_channels': " channels \
	", " rest "}"
#define POINT(name, input, channels) CONV(name, input, channels, "'kernel': 1")

static const unsigned identity[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static struct hw_package *package;
static struct wl_workload *workload;
static struct map_network network;
static struct map_phase phase;

static inline void release(void)
{
	if (!package)
		return;
	map_phase_release(&phase);
	map_network_release(&network);
	g_clear_pointer(&package, hw_package_free);
	g_clear_pointer(&workload, wl_workload_free);
}

static inline void set_up(struct made_package grid, unsigned channels, unsigned rows,
                          unsigned columns, const char *layers)
{
	release();
	package = made_package(grid);
	workload = made_workload((struct made_workload){
		.channels = channels, .rows = rows, .columns = columns, .layers = layers });
	map_network_init(&network, package);
	map_phase_init(&phase, package);
}

static inline struct map_placed place(unsigned node, const unsigned *region, unsigned k, unsigned p)
{
	return fixture_place(workload, node, region, 1, 1, k, p, 1);
}

static inline const struct wl_edge *edge_in(unsigned node, unsigned i)
{
	return &workload->edges[workload->nodes[node].edges_in[i]];
}

static inline void append_resource(GString *text, unsigned resource)
{
	static const char kinds[] = { [HW_INJECT] = 'i', [HW_EJECT] = 'e', [HW_DRAM] = 'd' };
	enum hw_resource_kind kind = hw_resource_kind(package, resource);

	if (kind == HW_LINK) {
		g_string_append_printf(text, "%u>%u", package->links[resource].from,
		                       package->links[resource].to);
	} else {
		unsigned first = kind == HW_INJECT  ? hw_inject_id(package, 0)
		                 : kind == HW_EJECT ? hw_eject_id(package, 0)
		                                    : hw_dram_id(package, 0);
		g_string_append_printf(text, "%c%u", kinds[kind], resource - first);
	}
}

/* What is on the resources, in the order of their ids (links: east, west, south, north). */
static inline void assert_bytes(const char *expected)
{
	GString *text = g_string_new(NULL);
	unsigned used = 0;
	for (unsigned i = 0; i < hw_resource_count(package); i++) {
		if (phase.bytes[i] <= 0)
			continue;
		g_string_append(text, used++ ? " " : "");
		append_resource(text, i);
		g_string_append_printf(text, "=%g", phase.bytes[i]);
	}
	ck_assert_str_eq(text->str, expected);
	ck_assert_uint_eq(phase.touched_count, used);
	ck_assert(map_phase_empty(&phase) == (used == 0));
	g_string_free(text, TRUE);
}

static inline void assert_far(enum map_ends ends, unsigned from, unsigned to, double bytes,
                              double latency_ns)
{
	ck_assert_int_eq(phase.far_ends, ends);
	ck_assert_uint_eq(phase.far_from, from);
	ck_assert_uint_eq(phase.far_to, to);
	ck_assert_double_eq(phase.far_bytes, bytes);
	ck_assert_double_eq(phase.latency_ns, latency_ns);
}

/* Times are sums and products of a few numbers: only rounding may differ. */
static inline void assert_ns(double ns)
{
	ck_assert_double_eq_tol(map_phase_ns(&network, &phase), ns, 1e-12);
}

#endif
