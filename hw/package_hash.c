/*
 * Invariant: equal hashes mean equal times. Whatever a time depends on is printed, in full
 * precision and in an order that does not depend on how the file was written.
 */
#include "hw/topology/topology.h"

static void add_number(GString *text, double value)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_printf(text, "%s ", g_ascii_dtostr(digits, sizeof digits, value));
}

static void add_integer(GString *text, uint64_t value)
{
	g_string_append_printf(text, "%" G_GUINT64_FORMAT " ", value);
}

static void add_type(GString *text, const struct hw_chiplet_type *type)
{
	const struct hw_array *array = &type->array;
	g_string_append(text, "type ");
	add_number(text, type->clock_GHz);
	add_integer(text, array->kind);
	for (unsigned d = 0; d < HW_DIMS; d++)
		add_integer(text, array->unroll[d]);
	add_integer(text, array->own_inputs);
	if (array->kind == HW_ARRAY_SYSTOLIC) {
		add_integer(text, array->rows);
		add_integer(text, array->columns);
		add_integer(text, array->dataflow);
		add_integer(text, array->drain);
	}
	add_integer(text, type->vector_lanes);
	add_integer(text, type->weight_buffer_bytes);
	add_integer(text, type->activation_buffer_bytes);
	add_number(text, type->buffer_GBps);
	g_string_append_c(text, '\n');
}

/* Types by their first use, so that unused ones and their order do not count. */
static void add_chiplets(GString *text, const struct hw_package *package)
{
	g_autofree unsigned *number = g_new0(unsigned, package->type_count);
	unsigned used = 0;
	for (unsigned c = 0; c < hw_chiplet_count(package); c++) {
		unsigned type = package->type_of[c];
		if (!number[type]) {
			number[type] = ++used;
			add_type(text, &package->types[type]);
		}
	}
	g_string_append_printf(text, "grid %u %u", package->columns, package->rows);
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		g_string_append_printf(text, " %u", number[package->type_of[c]]);
	g_string_append_c(text, '\n');
}

/* Those that are not as the rest. */
static void add_links(GString *text, const struct hw_package *package)
{
	for (unsigned i = 0; i < package->link_count; i++) {
		const struct hw_link *link = &package->links[i];
		if (link->GBps == package->nop.link_GBps && link->latency_ns == package->nop.hop_ns)
			continue;
		g_string_append_printf(text, "link %u ", i);
		add_number(text, link->GBps);
		add_number(text, link->latency_ns);
		g_string_append_c(text, '\n');
	}
}

static void add_nop(GString *text, const struct hw_nop *nop)
{
	unsigned topology = 0;
	while (hw_topologies[topology] != nop->topology)
		topology++;
	g_string_append_printf(text, "nop %u %d ", topology, nop->multicast);
	const double values[] = {
		nop->link_GBps,         nop->port_GBps,       nop->hop_ns,
		nop->message_ns,        nop->router_conflict, nop->router_blocking,
		nop->injection_blocking
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++)
		add_number(text, values[i]);
	g_string_append_c(text, '\n');
}

static void add_dram(GString *text, const struct hw_package *package)
{
	g_string_append_printf(text, "dram %d\n", (int)package->interleave);
	for (unsigned i = 0; i < package->dram_count; i++) {
		const struct hw_dram_channel *channel = &package->dram[i];
		const double values[] = { channel->GBps, channel->latency_ns, channel->efficiency,
			                  channel->turnaround_ns, channel->write_batch_bytes };
		g_string_append_printf(text, "%u ", channel->at);
		for (unsigned v = 0; v < G_N_ELEMENTS(values); v++)
			add_number(text, values[v]);
		g_string_append_c(text, '\n');
	}
}

char *hw_package_hash(const struct hw_package *package)
{
	g_autoptr(GString) text = g_string_new(NULL);
	add_chiplets(text, package);
	add_nop(text, &package->nop);
	add_links(text, package);
	add_dram(text, package);
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
}
