/* Invariant: every id below hw_resource_count is of one kind. */
#include "hw/resources.h"

enum hw_resource_kind hw_resource_kind(const struct hw_package *p, unsigned resource)
{
	g_assert(resource < hw_resource_count(p));
	if (resource < hw_inject_id(p, 0))
		return HW_LINK;
	if (resource < hw_eject_id(p, 0))
		return HW_INJECT;
	return resource < hw_dram_id(p, 0) ? HW_EJECT : HW_DRAM;
}

double hw_resource_GBps(const struct hw_package *p, unsigned resource)
{
	switch (hw_resource_kind(p, resource)) {
	case HW_LINK:
		return p->links[resource].GBps;
	case HW_INJECT:
	case HW_EJECT:
		return p->nop.port_GBps;
	case HW_DRAM:
		return hw_dram_GBps(&p->dram[resource - hw_dram_id(p, 0)]);
	}
	g_assert_not_reached();
}

double hw_resource_latency_ns(const struct hw_package *p, unsigned resource)
{
	switch (hw_resource_kind(p, resource)) {
	case HW_LINK:
		return p->links[resource].latency_ns;
	case HW_INJECT:
	case HW_EJECT:
		return p->nop.message_ns / 2;
	case HW_DRAM:
		return p->dram[resource - hw_dram_id(p, 0)].latency_ns;
	}
	g_assert_not_reached();
}

static char *link_name(const struct hw_link *link, unsigned columns)
{
	return g_strdup_printf("link %u,%u->%u,%u%s", link->from % columns, link->from / columns,
	                       link->to % columns, link->to / columns,
	                       link->second ? " (second)" : "");
}

static char *port_name(const char *kind, unsigned chiplet, unsigned columns)
{
	return g_strdup_printf("%s port of %u,%u", kind, chiplet % columns, chiplet / columns);
}

char *hw_resource_name(const struct hw_package *p, unsigned resource)
{
	switch (hw_resource_kind(p, resource)) {
	case HW_LINK:
		return link_name(&p->links[resource], p->columns);
	case HW_INJECT:
		return port_name("injection", resource - hw_inject_id(p, 0), p->columns);
	case HW_EJECT:
		return port_name("ejection", resource - hw_eject_id(p, 0), p->columns);
	case HW_DRAM:
		return g_strdup_printf("DRAM channel %u", resource - hw_dram_id(p, 0));
	}
	g_assert_not_reached();
}
