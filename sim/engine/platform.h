/*
 * The SimGrid platform of a package: chiplets, routers and DRAM channels are
 * hosts, NoP links, ports and DRAM channels are links. Only the routes that a program's latencies
 * pass on are written (all pairs would be quadratic).
 *
 * Names: hosts "chiplet-x-y", "router-x-y", "dram-i"; links "link-" with their name
 * (link-x-y-east), "inject-x-y", "eject-x-y", "dram-i". Speeds in cycles per ns, bandwidths in
 * bytes per ns, latencies in ns. A DRAM channel is one link used in both directions, because reads
 * and writes share its bandwidth.
 */
#ifndef SIM_ENGINE_PLATFORM_H
#define SIM_ENGINE_PLATFORM_H

#include "hw/package.h"
#include "sim/engine/program.h"

unsigned sim_host_count(const struct hw_package *package);

/* Host's name in the platform, into buffer (returned). */
const char *sim_host_name(const struct hw_package *package, uint32_t host, char *buffer,
                          size_t size);

/*
 * Resource ids (hw/resources.h) on the route between two hosts, in order; `links` has room for
 * sim_route_room entries. Routes go chiplet -> inject port -> NoP links -> eject port -> chiplet;
 * routers and DRAM channels use what applies. There is one route between two hosts: where hw_route
 * has several ways, way 0.
 */
static inline unsigned sim_route_room(const struct hw_package *package)
{
	return package->longest_route + 2;
}

unsigned sim_route(const struct hw_package *package, uint32_t from, uint32_t to, unsigned *links);

/*
 * Delays are bytes between two hosts that nothing else uses, over a link of 1 byte/ns
 * that gives its full bandwidth to each.
 */
#define SIM_CLOCK_FROM "clock-from"
#define SIM_CLOCK_TO "clock-to"

bool sim_platform_write(const struct hw_package *package, const struct sim_program *program,
                        const char *path, GError **error);

#endif
