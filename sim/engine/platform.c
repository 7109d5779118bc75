/*
 * Invariant: the order of hosts, links and routes in the file depends on the
 * package and on the set of host pairs with latencies only, not on the order of
 * the program's activities.
 */
#include "sim/engine/platform.h"

#include "hw/base/json.h"
#include "hw/resources.h"
#include "hw/topology/topology.h"

unsigned sim_host_count(const struct hw_package *package)
{
	return 2 * hw_chiplet_count(package) + package->dram_count;
}

const char *sim_host_name(const struct hw_package *package, uint32_t host, char *buffer,
                          size_t size)
{
	unsigned chiplets = hw_chiplet_count(package);
	unsigned at = host < chiplets ? host : host - chiplets;
	if (host >= 2 * chiplets)
		g_snprintf(buffer, size, "dram-%u", host - 2 * chiplets);
	else
		g_snprintf(buffer, size, "%s-%u-%u", host < chiplets ? "chiplet" : "router",
		           at % package->columns, at / package->columns);
	return buffer;
}

/* The chiplet at whose router the host is attached. */
static unsigned router_of(const struct hw_package *package, uint32_t host)
{
	unsigned chiplets = hw_chiplet_count(package);
	return host >= 2 * chiplets ? package->dram[host - 2 * chiplets].at : host % chiplets;
}

unsigned sim_route(const struct hw_package *package, uint32_t from, uint32_t to, unsigned *links)
{
	unsigned chiplets = hw_chiplet_count(package), count = 0;
	g_assert(from != to); /* no resource is between a host and itself */
	if (from < chiplets)
		links[count++] = hw_inject_id(package, from);
	else if (from >= 2 * chiplets)
		links[count++] = hw_dram_id(package, from - 2 * chiplets);
	count += hw_route(package, router_of(package, from), router_of(package, to), 0,
	                  links + count);
	if (to < chiplets)
		links[count++] = hw_eject_id(package, to);
	else if (to >= 2 * chiplets)
		links[count++] = hw_dram_id(package, to - 2 * chiplets);
	return count;
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

/* The ordered pairs of hosts between which latencies pass, ascending; some more than once. struct
 * pair. */
static GArray *pairs_in_use(const struct sim_program *program)
{
	GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct pair));
	for (guint a = 0; a < program->activities->len; a++) {
		const struct sim_activity *activity = &g_array_index(program->activities,
		                                                     struct sim_activity, a);
		struct pair pair = { activity->from, activity->to };
		if (pair.from != SIM_NONE)
			g_array_append_val(pairs, pair);
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
