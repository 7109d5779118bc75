/*
 * Invariant: the order of hosts, links and routes in the file depends on the
 * package and on the set of host pairs with flows only, not on the order of
 * the program's activities.
 */
#include "sim/engine/platform.h"

#include "hw/base/json.h"
#include "hw/resources.h"
#include "hw/topology/topology.h"

static unsigned first_parallel(const struct hw_package *package)
{
	return 2 * hw_chiplet_count(package) + package->dram_count;
}

unsigned sim_host_count(const struct hw_package *package)
{
	for (unsigned i = 0; i < package->link_count; i++)
		if (package->links[i].second)
			return first_parallel(package) + hw_chiplet_count(package);
	return first_parallel(package);
}

const char *sim_host_name(const struct hw_package *package, uint32_t host, char *buffer,
                          size_t size)
{
	unsigned chiplets = hw_chiplet_count(package);
	unsigned length = (unsigned)size;
	unsigned parallel = first_parallel(package);
	if (host >= 2 * chiplets && host < parallel) {
		g_snprintf(buffer, length, "dram-%u", host - 2 * chiplets);
	} else {
		unsigned at = host >= parallel ? host - parallel : host % chiplets;
		const char *kind = host >= parallel  ? "parallel"
		                   : host < chiplets ? "chiplet"
		                                     : "router";
		g_snprintf(buffer, length, "%s-%u-%u", kind, at % package->columns,
		           at / package->columns);
	}
	return buffer;
}

/* The chiplet at whose router the host is attached. */
static unsigned router_of(const struct hw_package *package, uint32_t host)
{
	unsigned chiplets = hw_chiplet_count(package), parallel = first_parallel(package);
	if (host >= parallel)
		return host - parallel;
	if (host >= 2 * chiplets)
		return package->dram[host - 2 * chiplets].at;
	return host % chiplets;
}

unsigned sim_route(const struct hw_package *package, uint32_t from, uint32_t to, unsigned *links)
{
	unsigned chiplets = hw_chiplet_count(package), parallel = first_parallel(package);
	unsigned count = 0, way = to >= parallel ? 1 : 0;
	g_assert(from != to); /* no resource is between a host and itself */
	g_assert(from < parallel && to < sim_host_count(package));
	if (from < chiplets)
		links[count++] = hw_inject_id(package, from);
	else if (from >= 2 * chiplets)
		links[count++] = hw_dram_id(package, from - 2 * chiplets);
	count += hw_route(package, router_of(package, from), router_of(package, to), way,
	                  links + count);
	if (to < chiplets)
		links[count++] = hw_eject_id(package, to);
	else if (to >= 2 * chiplets && to < parallel)
		links[count++] = hw_dram_id(package, to - 2 * chiplets);
	return count;
}

static void link_ends(const struct hw_package *package, unsigned link, uint32_t *from, uint32_t *to)
{
	unsigned chiplets = hw_chiplet_count(package), way_0 = link;
	unsigned at = package->links[link].from, next = package->links[link].to;
	*from = chiplets + at;
	*to = chiplets + next;
	if (hw_ways(package, at, next) > 1)
		hw_route(package, at, next, 0, &way_0);
	if (way_0 != link)
		*to = first_parallel(package) + next;
}

void sim_resource_ends(const struct hw_package *package, unsigned resource, uint32_t *from,
                       uint32_t *to)
{
	unsigned chiplets = hw_chiplet_count(package), at;
	switch (hw_resource_kind(package, resource)) {
	case HW_LINK:
		link_ends(package, resource, from, to);
		return;
	case HW_INJECT:
		at = resource - hw_inject_id(package, 0);
		*from = at;
		*to = chiplets + at;
		return;
	case HW_EJECT:
		at = resource - hw_eject_id(package, 0);
		*from = chiplets + at;
		*to = at;
		return;
	case HW_DRAM:
		at = resource - hw_dram_id(package, 0);
		*from = 2 * chiplets + at;
		*to = chiplets + package->dram[at].at;
		return;
	}
}

static void port_name(const struct hw_package *package, const char *kind, unsigned chiplet,
                      char *buffer, unsigned size)
{
	g_snprintf(buffer, size, "%s-%u-%u", kind, chiplet % package->columns,
	           chiplet / package->columns);
}

static const char *link_name(const struct hw_package *package, unsigned resource, char *buffer,
                             unsigned size)
{
	switch (hw_resource_kind(package, resource)) {
	case HW_LINK:
		g_snprintf(buffer, size, "link-%s", package->links[resource].name);
		break;
	case HW_INJECT:
		port_name(package, "inject", resource - hw_inject_id(package, 0), buffer, size);
		break;
	case HW_EJECT:
		port_name(package, "eject", resource - hw_eject_id(package, 0), buffer, size);
		break;
	case HW_DRAM:
		g_snprintf(buffer, size, "dram-%u", resource - hw_dram_id(package, 0));
		break;
	}
	return buffer;
}

/* Written the same way in every locale, and read back as the same double. */
static const char *number(double value, char buffer[G_ASCII_DTOSTR_BUF_SIZE])
{
	return g_ascii_formatd(buffer, G_ASCII_DTOSTR_BUF_SIZE, "%.17g", value);
}

/* Routers and channels never compute; SimGrid wants a speed all the same. */
static void append_hosts(GString *xml, const struct hw_package *package)
{
	char name[64], speed[G_ASCII_DTOSTR_BUF_SIZE];
	unsigned total = sim_host_count(package), chiplets = hw_chiplet_count(package);
	for (uint32_t host = 0; host < total; host++) {
		double cycles_per_ns = host < chiplets ? hw_chiplet(package, host)->clock_GHz : 1.0;
		g_string_append_printf(xml, "<host id=\"%s\" speed=\"%sf\"/>\n",
		                       sim_host_name(package, host, name, sizeof(name)),
		                       number(cycles_per_ns, speed));
	}
}

static void append_links(GString *xml, const struct hw_package *package)
{
	char name[64], bandwidth[G_ASCII_DTOSTR_BUF_SIZE], latency[G_ASCII_DTOSTR_BUF_SIZE];
	for (unsigned resource = 0; resource < hw_resource_count(package); resource++) {
		g_string_append_printf(xml,
		                       "<link id=\"%s\" bandwidth=\"%sBps\" latency=\"%ss\"/>\n",
		                       link_name(package, resource, name, sizeof(name)),
		                       number(hw_resource_GBps(package, resource), bandwidth),
		                       number(hw_resource_latency_ns(package, resource), latency));
	}
}

struct pair {
	uint32_t from, to; /* hosts */
};

static gint compare_pairs(gconstpointer a, gconstpointer b)
{
	const struct pair *left = a, *right = b;
	return left->from != right->from ? (left->from > right->from) - (left->from < right->from)
	                                 : (left->to > right->to) - (left->to < right->to);
}

/* The ordered pairs of hosts that flows use, ascending; some more than once. struct pair. */
static GArray *pairs_in_use(const struct sim_program *program)
{
	GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct pair));
	for (guint a = 0; a < program->activities->len; a++) {
		const struct sim_activity *activity = &g_array_index(program->activities,
		                                                     struct sim_activity, a);
		const uint32_t *of = &g_array_index(program->hosts, uint32_t, activity->first_host);
		const struct sim_flow *flows = &g_array_index(program->flows, struct sim_flow,
		                                              activity->first_flow);
		for (uint32_t f = 0; f < activity->flow_count; f++) {
			struct pair pair = { of[flows[f].from], of[flows[f].to] };
			g_array_append_val(pairs, pair);
		}
	}
	g_array_sort(pairs, compare_pairs);
	return pairs;
}

static void append_route(GString *xml, const struct hw_package *package, uint32_t from, uint32_t to,
                         unsigned *links)
{
	char source[64], target[64], name[64];
	g_string_append_printf(xml, "<route src=\"%s\" dst=\"%s\" symmetrical=\"NO\">",
	                       sim_host_name(package, from, source, sizeof(source)),
	                       sim_host_name(package, to, target, sizeof(target)));
	unsigned count = sim_route(package, from, to, links);
	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(xml, "<link_ctn id=\"%s\"/>",
		                       link_name(package, links[i], name, sizeof(name)));
	g_string_append(xml, "</route>\n");
}

static void append_routes(GString *xml, const struct hw_package *package,
                          const struct sim_program *program)
{
	g_autoptr(GArray) pairs = pairs_in_use(program);
	g_autofree unsigned *links = g_new(unsigned, sim_route_room(package));
	for (guint i = 0; i < pairs->len; i++) {
		const struct pair *pair = &g_array_index(pairs, struct pair, i);
		if (i == 0 || compare_pairs(pair - 1, pair) != 0)
			append_route(xml, package, pair->from, pair->to, links);
	}
}

/* Hosts, links and routes of the clock; the file has all of one kind together. */
static const char *const clock_parts[] = {
	"<host id=\"" SIM_CLOCK_FROM "\" speed=\"1f\"/>\n"
	"<host id=\"" SIM_CLOCK_TO "\" speed=\"1f\"/>\n",
	"<link id=\"clock\" bandwidth=\"1Bps\" latency=\"0s\" sharing_policy=\"FATPIPE\"/>\n",
	"<route src=\"" SIM_CLOCK_FROM "\" dst=\"" SIM_CLOCK_TO
	"\" symmetrical=\"NO\"><link_ctn id=\"clock\"/></route>\n"
};

bool sim_platform_write(const struct hw_package *package, const struct sim_program *program,
                        const char *path, GError **error)
{
	GString *xml = g_string_new(
		"<?xml version=\"1.0\"?>\n"
		"<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
		"<platform version=\"4.1\">\n"
		"<!-- 1 s here is 1 ns of the package: speeds are cycles/ns, bandwidths bytes/ns "
		"-->\n"
		"<zone id=\"package\" routing=\"Full\">\n");
	append_hosts(xml, package);
	g_string_append(xml, clock_parts[0]);
	append_links(xml, package);
	g_string_append(xml, clock_parts[1]);
	append_routes(xml, package, program);
	g_string_append(xml, clock_parts[2]);
	g_string_append(xml, "</zone>\n</platform>\n");
	bool written = hw_write_file(path, xml->str, xml->len, error);
	g_string_free(xml, TRUE);
	return written;
}
