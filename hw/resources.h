/*
 * The package as numbered resources: what bytes pass and that has a bandwidth. Ids are dense:
 *
 *   [0, l)                   directed link (struct hw_link)
 *   [l, l + n)               injection port of a chiplet
 *   [l + n, l + 2n)          ejection port of a chiplet
 *   [l + 2n, l + 2n + m)     DRAM channel
 *
 * with l links, n chiplets and m channels.
 */
#ifndef HW_RESOURCES_H
#define HW_RESOURCES_H

#include "hw/package.h"

enum hw_resource_kind { HW_LINK, HW_INJECT, HW_EJECT, HW_DRAM };

static inline unsigned hw_inject_id(const struct hw_package *p, unsigned chiplet)
{
	return p->link_count + chiplet;
}

static inline unsigned hw_eject_id(const struct hw_package *p, unsigned chiplet)
{
	return p->link_count + hw_chiplet_count(p) + chiplet;
}

static inline unsigned hw_dram_id(const struct hw_package *p, unsigned channel)
{
	return p->link_count + 2 * hw_chiplet_count(p) + channel;
}

static inline unsigned hw_resource_count(const struct hw_package *p)
{
	return hw_dram_id(p, p->dram_count);
}

/* Ways into a router, or out of it: at most this many, links and, the last of them, its chiplet. */
static inline unsigned hw_router_ways(const struct hw_package *p)
{
	return p->router_links + 1;
}

enum hw_resource_kind hw_resource_kind(const struct hw_package *p, unsigned resource);
/* Of a DRAM channel: what it sustains (hw_dram_GBps). */
double hw_resource_GBps(const struct hw_package *p, unsigned resource);
/* Of a port: half a message's. */
double hw_resource_latency_ns(const struct hw_package *p, unsigned resource);

/*
 * For people: "link 0,0->1,0", with " (second)" behind it where it is, "injection port of 1,0",
 * "ejection port of 1,0", "DRAM channel 0". Free with g_free.
 */
char *hw_resource_name(const struct hw_package *p, unsigned resource);

#endif
