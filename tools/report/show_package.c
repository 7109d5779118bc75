/* A package for people and for programs. */
#include "hw/topology/topology.h"
#include "tools/text/json_writer.h"
#include "tools/text/printable.h"
#include "tools/report/show.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

struct totals {
	double TOPS, dram_GBps, dram_peak_GBps, static_W, area_mm2;
	double weight_MiB, activation_MiB;
	uint64_t macs; /* MAC units */
};

static struct totals sum_up(const struct hw_package *package)
{
	struct totals sum = { .TOPS = 2e-3 *
		                      hw_peak_macs_per_ns(package), /* a MAC is two operations */
		              .dram_GBps = hw_dram_total_GBps(package) };
	for (unsigned c = 0; c < hw_chiplet_count(package); c++) {
		const struct hw_chiplet_type *type = hw_chiplet(package, c);
		sum.macs += hw_array_macs(&type->array);
		sum.weight_MiB += (double)type->weight_buffer_bytes / 1048576;
		sum.activation_MiB += (double)type->activation_buffer_bytes / 1048576;
		sum.static_W += type->static_W;
		sum.area_mm2 += type->area_mm2;
	}
	for (unsigned i = 0; i < package->dram_count; i++)
		sum.dram_peak_GBps += package->dram[i].GBps;
	return sum;
}

static unsigned chiplets_of_type(const struct hw_package *package, unsigned type)
{
	unsigned count = 0;
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		count += package->type_of[c] == type ? 1 : 0;
	return count;
}

/* "K 32 x C 32", "K 32, own inputs", "systolic 16 x 16 os, drained". */
static char *array_text(const struct hw_array *array)
{
	static const char *const dims[HW_DIMS] = { "N", "K", "C", "P", "Q", "R", "S", "G" };
	static const char *const flows[] = { [HW_OUTPUT_STATIONARY] = "os",
		                             [HW_WEIGHT_STATIONARY] = "ws",
		                             [HW_INPUT_STATIONARY] = "is" };
	GString *text = g_string_new(NULL);
	if (array->kind == HW_ARRAY_SYSTOLIC) {
		g_string_printf(text, "systolic %" G_GUINT64_FORMAT " x %" G_GUINT64_FORMAT " %s",
		                array->rows, array->columns, flows[array->dataflow]);
		if (array->drain)
			g_string_append(text, ", drained");
		return g_string_free(text, FALSE);
	}
	for (int d = 0; d < HW_DIMS; d++)
		if (array->unroll[d] > 1)
			g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT,
			                       text->len ? " x " : "", dims[d], array->unroll[d]);
	if (!text->len)
		g_string_append(text, "one MAC");
	if (array->own_inputs)
		g_string_append(text, ", own inputs");
	return g_string_free(text, FALSE);
}

static void print_types(const struct hw_package *package, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "type", "", TABLE_LEFT },           { "name", "", TABLE_LEFT },
		{ "chiplets", "", TABLE_RIGHT },      { "array", "", TABLE_LEFT },
		{ "MACs", "", TABLE_RIGHT },          { "clock", "GHz", TABLE_RIGHT },
		{ "peak", "TOPS", TABLE_RIGHT },      { "vector", "lanes", TABLE_RIGHT },
		{ "weights", "KiB", TABLE_RIGHT },    { "activations", "KiB", TABLE_RIGHT },
		{ "buffers", "GB/s", TABLE_RIGHT },   { "MAC", "pJ", TABLE_RIGHT },
		{ "buffer", "pJ/byte", TABLE_RIGHT }, { "static", "W", TABLE_RIGHT },
		{ "area", "mm2", TABLE_RIGHT },
	};
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	for (unsigned t = 0; t < package->type_count; t++) {
		const struct hw_chiplet_type *type = &package->types[t];
		uint64_t macs = hw_array_macs(&type->array);
		g_autofree char *letters = show_letters(t);
		g_autofree char *array = array_text(&type->array);
		table_add(&table, "%s", letters);
		table_add(&table, "%s", type->name);
		table_add(&table, "%u", chiplets_of_type(package, t));
		table_add(&table, "%s", array);
		table_add(&table, "%" G_GUINT64_FORMAT, macs);
		table_add(&table, "%g", type->clock_GHz);
		table_add(&table, "%.2f", 2e-3 * (double)macs * type->clock_GHz);
		table_add(&table, "%" G_GUINT64_FORMAT, type->vector_lanes);
		table_add(&table, "%g", (double)type->weight_buffer_bytes / 1024);
		table_add(&table, "%g", (double)type->activation_buffer_bytes / 1024);
		table_add(&table, "%g", type->buffer_GBps);
		table_add(&table, "%g", type->mac_pJ);
		table_add(&table, "%g", type->buffer_byte_pJ);
		table_add(&table, "%g", type->static_W);
		table_add(&table, "%g", type->area_mm2);
	}
	table_finish(&table, out);
}

/* The type's letter, and the DRAM channels at its router: "A", "A0", "A2+7". */
static char *cell_text(const struct hw_package *package, unsigned chiplet)
{
	g_autofree char *letters = show_letters(package->type_of[chiplet]);
	GString *text = g_string_new(letters);
	bool first = true;
	for (unsigned i = 0; i < package->dram_count; i++) {
		if (package->dram[i].at != chiplet)
			continue;
		g_string_append_printf(text, "%s%u", first ? "" : "+", i);
		first = false;
	}
	return g_string_free(text, FALSE);
}

static void draw(const struct hw_package *package, GString *out)
{
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		g_ptr_array_add(cells, cell_text(package, c));
	show_grid(package, (const char *const *)cells->pdata, out);
}

static const char *interleave_name(const struct hw_package *package)
{
	return package->interleave == HW_INTERLEAVE_ALL ? "all" : "nearest";
}

/* Of writes between reads. */
static double write_GBps(const struct hw_dram_channel *channel)
{
	return hw_dram_GBps(channel) / (1 + hw_dram_switch_load(channel));
}

static void print_dram(const struct hw_package *package, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "DRAM", "channel", TABLE_RIGHT },  { "at", "x,y", TABLE_RIGHT },
		{ "device", "", TABLE_LEFT },        { "peak", "GB/s", TABLE_RIGHT },
		{ "efficiency", "%", TABLE_RIGHT },  { "reads", "GB/s", TABLE_RIGHT },
		{ "writes", "GB/s", TABLE_RIGHT },   { "turnaround", "ns", TABLE_RIGHT },
		{ "write batch", "B", TABLE_RIGHT }, { "latency", "ns", TABLE_RIGHT },
		{ "energy", "pJ/bit", TABLE_RIGHT },
	};
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	for (unsigned i = 0; i < package->dram_count; i++) {
		const struct hw_dram_channel *channel = &package->dram[i];
		table_add(&table, "%u", i);
		table_add(&table, "%u,%u", channel->at % package->columns,
		          channel->at / package->columns);
		table_add(&table, "%s", channel->device != NULL ? channel->device : "-");
		table_add(&table, "%g", channel->GBps);
		table_add(&table, "%g", 100 * channel->efficiency);
		table_add(&table, "%.4g", hw_dram_GBps(channel));
		table_add(&table, "%.4g", write_GBps(channel));
		table_add(&table, "%g", channel->turnaround_ns);
		if (channel->write_batch_bytes > 0)
			table_add(&table, "%g", channel->write_batch_bytes);
		else
			table_add(&table, "-");
		table_add(&table, "%g", channel->latency_ns);
		table_add(&table, "%g", channel->energy_pJ_per_bit);
	}
	table_finish(&table, out);
}

static void print_nop(const struct hw_nop *nop, unsigned width, GString *out)
{
	wrap_printf(out, width, 8,
	            "NoP     %s, links %g GB/s each way, ports %g GB/s, %g ns and "
	            "%g pJ/bit per hop, %s multicast",
	            nop->topology->name, nop->link_GBps, nop->port_GBps, nop->hop_ns,
	            nop->energy_pJ_per_bit, nop->multicast ? "with" : "without");
	if (nop->message_ns > 0)
		wrap_printf(out, width, 8, ", %g ns per message", nop->message_ns);
	if (nop->router_conflict > 0)
		wrap_printf(out, width, 8, ", router conflict %g, blocking %g, at injection %g",
		            nop->router_conflict, nop->router_blocking, nop->injection_blocking);
	g_string_append_c(out, '\n');
	if (nop->borders.every[0])
		wrap_printf(out, width, 8,
		            "borders of dies of %u x %u (drawn ':'): links %g GB/s each "
		            "way, %g ns and %g pJ/bit per hop\n",
		            nop->borders.every[0], nop->borders.every[1], nop->borders.link_GBps,
		            nop->borders.hop_ns, nop->borders.energy_pJ_per_bit);
}

static void print_dram_total(const struct hw_package *package, const struct totals *sum,
                             unsigned width, GString *out)
{
	wrap_printf(out, width, 8, "DRAM    %u channels, ", package->dram_count);
	if (sum->dram_GBps < sum->dram_peak_GBps)
		wrap_printf(out, width, 8, "%.4g of %.4g GB/s together sustained", sum->dram_GBps,
		            sum->dram_peak_GBps);
	else
		wrap_printf(out, width, 8, "%g GB/s together, taken as sustained", sum->dram_GBps);
	wrap_printf(out, width, 8, "; a tensor lies in %s\n",
	            package->interleave == HW_INTERLEAVE_ALL
	                    ? "all channels"
	                    : "the channel nearest to the chiplet that stores it");
}

char *show_package(const struct hw_package *package, unsigned width)
{
	struct totals sum = sum_up(package);
	GString *out = g_string_new(NULL);
	g_autofree char *name = printable(package->name);
	wrap_printf(out, width, 8, "package %s: %u x %u chiplets\n\n", name, package->columns,
	            package->rows);
	print_types(package, width, out);
	g_string_append(out, "\n");
	draw(package, out);
	wrap_text(out, width, 1, "(letter: chiplet type; number: DRAM channel at its router)\n\n");
	print_dram(package, width, out);
	g_string_append(out, "\n");
	print_nop(&package->nop, width, out);
	print_dram_total(package, &sum, width, out);
	wrap_printf(out, width, 8,
	            "total   %.1f TOPS peak (%" G_GUINT64_FORMAT
	            " MAC units), %.2f MiB for weights, %.2f MiB for activations, "
	            "%.3g W static, %.4g mm2\n",
	            sum.TOPS, sum.macs, sum.weight_MiB, sum.activation_MiB, sum.static_W,
	            sum.area_mm2);
	return g_string_free(out, FALSE);
}

/* JSON */

static void write_type(struct json_writer *w, const struct hw_package *package, unsigned index)
{
	const struct hw_chiplet_type *type = &package->types[index];
	g_autofree char *array = array_text(&type->array);
	json_begin_object(w, NULL, JSON_LINES);
	json_string(w, "name", type->name);
	json_integer(w, "chiplets", chiplets_of_type(package, index));
	json_string(w, "array", array);
	json_integer(w, "mac_units", hw_array_macs(&type->array));
	json_number(w, "clock_GHz", type->clock_GHz);
	json_integer(w, "vector_lanes", type->vector_lanes);
	json_integer(w, "weight_buffer_bytes", type->weight_buffer_bytes);
	json_integer(w, "activation_buffer_bytes", type->activation_buffer_bytes);
	json_number(w, "buffer_GBps", type->buffer_GBps);
	json_number(w, "mac_pJ", type->mac_pJ);
	json_number(w, "buffer_byte_pJ", type->buffer_byte_pJ);
	json_number(w, "static_W", type->static_W);
	json_number(w, "area_mm2", type->area_mm2);
	json_end_object(w);
}

static void write_borders(struct json_writer *w, const struct hw_borders *borders)
{
	json_begin_object(w, "borders", JSON_LINES);
	json_begin_array(w, "every", JSON_ONE_LINE);
	json_integer(w, NULL, borders->every[0]);
	json_integer(w, NULL, borders->every[1]);
	json_end_array(w);
	json_number(w, "link_GBps", borders->link_GBps);
	json_number(w, "hop_ns", borders->hop_ns);
	json_number(w, "energy_pJ_per_bit", borders->energy_pJ_per_bit);
	json_end_object(w);
}

static void write_nop(struct json_writer *w, const struct hw_package *package)
{
	json_begin_object(w, "nop", JSON_LINES);
	json_string(w, "topology", package->nop.topology->name);
	json_number(w, "link_GBps", package->nop.link_GBps);
	json_number(w, "port_GBps", package->nop.port_GBps);
	json_number(w, "hop_ns", package->nop.hop_ns);
	json_number(w, "message_ns", package->nop.message_ns);
	json_number(w, "energy_pJ_per_bit", package->nop.energy_pJ_per_bit);
	json_bool(w, "multicast", package->nop.multicast);
	json_number(w, "router_conflict", package->nop.router_conflict);
	json_number(w, "router_blocking", package->nop.router_blocking);
	json_number(w, "injection_blocking", package->nop.injection_blocking);
	if (package->nop.borders.every[0])
		write_borders(w, &package->nop.borders);
	json_end_object(w);
}

static void write_dram(struct json_writer *w, const struct hw_package *package)
{
	json_string(w, "dram_interleave", interleave_name(package));
	json_begin_array(w, "dram", JSON_LINES);
	for (unsigned i = 0; i < package->dram_count; i++) {
		const struct hw_dram_channel *channel = &package->dram[i];
		json_begin_object(w, NULL, JSON_ONE_LINE);
		json_integer(w, "x", channel->at % package->columns);
		json_integer(w, "y", channel->at / package->columns);
		if (channel->device != NULL)
			json_string(w, "device", channel->device);
		json_number(w, "GBps", channel->GBps);
		json_number(w, "efficiency", channel->efficiency);
		json_number(w, "turnaround_ns", channel->turnaround_ns);
		json_number(w, "write_batch_bytes", channel->write_batch_bytes);
		json_number(w, "read_GBps", hw_dram_GBps(channel));
		json_number(w, "write_GBps", write_GBps(channel));
		json_number(w, "latency_ns", channel->latency_ns);
		json_number(w, "energy_pJ_per_bit", channel->energy_pJ_per_bit);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_totals(struct json_writer *w, const struct hw_package *package)
{
	struct totals sum = sum_up(package);
	json_begin_object(w, "total", JSON_LINES);
	json_integer(w, "chiplets", hw_chiplet_count(package));
	json_integer(w, "mac_units", sum.macs);
	json_number(w, "peak_TOPS", sum.TOPS);
	json_number(w, "weight_buffer_MiB", sum.weight_MiB);
	json_number(w, "activation_buffer_MiB", sum.activation_MiB);
	json_number(w, "dram_GBps", sum.dram_GBps);
	json_number(w, "dram_peak_GBps", sum.dram_peak_GBps);
	json_number(w, "static_W", sum.static_W);
	json_number(w, "area_mm2", sum.area_mm2);
	json_end_object(w);
}

char *show_package_json(const struct hw_package *package)
{
	struct json_writer w;
	g_assert(package->columns > 0); /* a package has a chiplet */
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	json_string(&w, "name", package->name);
	json_integer(&w, "columns", package->columns);
	json_integer(&w, "rows", package->rows);
	json_begin_array(&w, "chiplet_types", JSON_LINES);
	for (unsigned t = 0; t < package->type_count; t++)
		write_type(&w, package, t);
	json_end_array(&w);
	json_begin_array(&w, "grid", JSON_LINES); /* rows of indices into chiplet_types */
	for (unsigned y = 0; y < package->rows; y++) {
		json_begin_array(&w, NULL, JSON_ONE_LINE);
		for (unsigned x = 0; x < package->columns; x++)
			json_integer(&w, NULL, package->type_of[y * package->columns + x]);
		json_end_array(&w);
	}
	json_end_array(&w);
	write_nop(&w, package);
	write_dram(&w, package);
	write_totals(&w, package);
	json_end_object(&w);
	return json_finish(&w);
}
