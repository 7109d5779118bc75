#include "tests/support/made.h"

static double or_else(double value, double otherwise)
{
	return value > 0 ? value : otherwise;
}

static char *channels_text(const struct made_package *o)
{
	const char *places = o->channels ? o->channels : "[0, 0]";
	if (o->channel_list)
		return g_strdup(o->channel_list);
	GString *list = g_string_new(NULL);
	g_auto(GStrv) parts = g_strsplit(places, "; ", -1);
	for (unsigned i = 0; parts[i]; i++)
		g_string_append_printf(list,
		                       "%s{'at': %s, 'GBps': %.17g, 'latency_ns': %.17g, "
		                       "'energy_pJ_per_bit': 8}",
		                       i ? ", " : "", parts[i], or_else(o->dram_GBps, 20),
		                       or_else(o->dram_latency_ns, 50));
	return g_string_free(list, FALSE);
}

static char *type_text(const struct made_package *o)
{
	return g_strdup_printf(
		"'t': {'clock_GHz': 1, 'array': {%s}, 'vector_lanes': %u, 'weight_buffer_KiB': "
		"%.17g, 'activation_buffer_KiB': %.17g, 'buffer_GBps': %.17g, 'energy_pJ': "
		"{'mac': 1, 'buffer_byte': 1, 'static_W': %.17g}, 'area_mm2': 1}",
		o->array ? o->array : "'unroll': {'K': 4, 'C': 4}",
		o->vector_lanes ? o->vector_lanes : 8, or_else(o->weight_KiB, 1024),
		or_else(o->activation_KiB, 1024), or_else(o->buffer_GBps, 1000), o->static_W);
}

static char *borders_text(const struct made_package *o)
{
	return o->die[0] ? g_strdup_printf(", 'borders': {'every': [%u, %u], 'link_GBps': %.17g, "
	                                   "'hop_ns': %.17g, 'energy_pJ_per_bit': 3}",
	                                   o->die[0], o->die[1], or_else(o->border_GBps, 4),
	                                   or_else(o->border_ns, 9))
	                 : g_strdup("");
}

char *made_package_text(struct made_package o)
{
	double link_GBps = or_else(o.link_GBps, 10);
	g_autofree char *channels = channels_text(&o), *type = type_text(&o);
	g_autofree char *borders = borders_text(&o);
	char *text = g_strdup_printf(
		"{'format': 'mcmsim-package/1', 'name': '%s', 'chiplet_types': {%s}, "
		"'grid': {'columns': %u, 'rows': %u, 'chiplets': %s}, "
		"'nop': {'topology': '%s', 'link_GBps': %.17g, 'port_GBps': %.17g, 'hop_ns': "
		"%.17g, 'energy_pJ_per_bit': 1, 'multicast': %s, 'router_conflict': %.17g%s%s%s}, "
		"'dram': {'interleave': '%s', 'channels': [%s]}}",
		o.name ? o.name : "grid", o.types ? o.types : type, MAX(o.columns, 1),
		MAX(o.rows, 1), o.chiplets ? o.chiplets : "'t'", o.torus ? "torus" : "mesh",
		link_GBps, or_else(o.port_GBps, 4 * link_GBps),
		o.hop_ns < 0 ? 0 : or_else(o.hop_ns, 5), o.unicast ? "false" : "true",
		o.router_conflict, o.nop ? ", " : "", o.nop ? o.nop : "", borders,
		o.nearest ? "nearest" : "all", channels);
	return g_strdelimit(text, "'", '"');
}

struct hw_package *made_package(struct made_package options)
{
	g_autofree char *text = made_package_text(options);
	GError *error = NULL;
	struct hw_package *package = hw_package_parse(text, "grid.json", NULL, &error);
	if (!package)
		g_error("%s", error->message);
	return package;
}

char *made_workload_text(struct made_workload o)
{
	g_autofree char *input = g_strdup_printf("{'name': 'in', 'shape': [%u, %u, %u]}",
	                                         o.channels, o.rows, o.columns);
	char *text = g_strdup_printf("{'format': 'mcmsim-workload/1', 'name': '%s', 'source': "
	                             "'test', 'activation_bytes': 1, 'weight_bytes': %u, "
	                             "'inputs': [%s], 'layers': [%s]}",
	                             o.name ? o.name : "net", MAX(o.weight_bytes, 1),
	                             o.inputs ? o.inputs : input, o.layers);
	return g_strdelimit(text, "'", '"');
}

struct wl_workload *made_workload(struct made_workload options)
{
	g_autofree char *text = made_workload_text(options);
	GError *error = NULL;
	struct wl_workload *workload = wl_workload_parse(text, "net.json", NULL, &error);
	if (!workload)
		g_error("%s", error->message);
	return workload;
}
