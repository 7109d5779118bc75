/* Invariant: CSV, JSON and tables say the same of each node, in the order of the network. */
#include "tools/report/layers.h"

#include <math.h>

#include "hw/base/csv.h"
#include "hw/base/json.h"
#include "tools/text/printable.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

/* One node, with what all three forms need of it. */
struct layer_line {
	const struct sim_layer *layer;
	const struct map_segment *segment;
	const struct map_cluster *cluster;
	const struct map_node *mapped;
	const char *name;
	double region_ns;     /* chiplet-ns of its region's time */
	double analytical_ns; /* T_node x micro-batches */
};

static struct layer_line line_of(const struct report *report, unsigned node)
{
	const struct sim_layer *layer = &report->simulated->layers[node];
	const struct map_segment *segment = &report->mapping->segments[layer->segment];
	const struct map_cluster *cluster = &segment->clusters[layer->cluster];
	struct layer_line line = { .layer = layer,
		                   .segment = segment,
		                   .cluster = cluster,
		                   .name = report->workload->nodes[node].name,
		                   .region_ns = layer->time_ns * cluster->region_size };
	unsigned place = 0;
	while (cluster->nodes[place].node != node) /* it is one of them */
		place++;
	line.mapped = &cluster->nodes[place];
	line.analytical_ns = cost_node_ns(&report->analytical->nodes[node]) *
	                     report->analytical->segments[layer->segment].microbatches;
	return line;
}

/* "K 4 x P 2", "-" for none. */
static char *split_text(const struct map_node *node)
{
	GString *text = g_string_new(NULL);
	for (int d = 0; d < MAP_DIMS; d++)
		if (node->split[d] > 1)
			g_string_append_printf(text, "%s%s %u", text->len ? " x " : "",
			                       map_dim_name((enum map_dim)d), node->split[d]);
	return g_string_free(text->len ? text : g_string_append(text, "-"), FALSE);
}

static double percent(const struct layer_line *line, double ns)
{
	return line->region_ns > 0 ? 100 * ns / line->region_ns : 0;
}

/* Causes as they stand in tables; draining is of no node. */
static const enum sim_bubble waits[] = { SIM_FILL, SIM_WAIT_INPUT, SIM_WAIT_DRAM, SIM_BACK_PRESSURE,
	                                 SIM_SHARD };

/* What its region spends most time on: "compute" (MACs and empty lanes), "vector", "buffer", or a
 * bubble. */
static const char *bound_of(const struct layer_line *line)
{
	const double *parts = line->layer->parts_ns;
	double most = parts[SIM_PART_MAC] + parts[SIM_PART_LANES];
	const char *bound = parts[SIM_PART_LANES] > parts[SIM_PART_MAC] ? "lanes" : "mac";
	for (unsigned p = SIM_PART_VECTOR; p < SIM_PARTS; p++)
		if (parts[p] > most) {
			most = parts[p];
			bound = sim_part_name((enum sim_work_part)p);
		}
	for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++)
		if (line->layer->bubbles_ns[waits[i]] > most) {
			most = line->layer->bubbles_ns[waits[i]];
			bound = sim_bubble_name(waits[i]);
		}
	return bound;
}

/* ---- numbers by key: CSV and JSON ---- */

enum { MOST_NUMBERS = 32 };

struct layer_number {
	const char *key;
	double value;
};

static unsigned numbers_of(const struct layer_line *line, struct layer_number *numbers)
{
	static const char *const part_keys[SIM_PARTS] = { "mac_percent", "lanes_percent",
		                                          "vector_percent", "buffer_percent" };
	static const char *const wait_keys[] = { "fill_percent", "wait_input_percent",
		                                 "wait_dram_percent", "back_pressure_percent",
		                                 "shard_percent" };
	const struct cost_totals *t = &line->layer->totals;
	const struct layer_number moved[] = {
		{ "nop_bytes", t->nop_bytes },
		{ "nop_byte_hops", t->nop_byte_hops },
		{ "nop_dram_bytes", t->nop_dram_bytes },
		{ "dram_read_bytes", t->dram_read_bytes },
		{ "dram_write_bytes", t->dram_write_bytes },
		{ "energy_mac_pJ", t->mac_pJ },
		{ "energy_buffer_pJ", t->buffer_pJ },
		{ "energy_nop_pJ", t->nop_pJ },
		{ "energy_dram_pJ", t->dram_pJ },
		{ "energy_static_pJ", line->layer->static_pJ },
		{ "energy_pJ", cost_total_pJ(t, line->layer->static_pJ) },
	};
	unsigned count = 0;
	numbers[count++] = (struct layer_number){ "analytical_ns", line->analytical_ns };
	numbers[count++] = (struct layer_number){ "simulated_ns", line->layer->time_ns };
	numbers[count++] = (struct layer_number){ "macs", t->macs };
	for (unsigned p = 0; p < SIM_PARTS; p++)
		numbers[count++] = (struct layer_number){ part_keys[p],
			                                  percent(line, line->layer->parts_ns[p]) };
	for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++)
		numbers[count++] = (struct layer_number){
			wait_keys[i], percent(line, line->layer->bubbles_ns[waits[i]])
		};
	for (unsigned i = 0; i < G_N_ELEMENTS(moved); i++)
		numbers[count++] = moved[i];
	return count;
}

char *layers_csv(const struct report *report)
{
	GString *out = g_string_new("segment,cluster,node,chiplets,split,weights,tiles,bound_by");
	struct layer_number numbers[MOST_NUMBERS];
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	for (unsigned n = 0; n < report->simulated->layer_count; n++) {
		struct layer_line line = line_of(report, n);
		g_autofree char *split = split_text(line.mapped);
		unsigned count = numbers_of(&line, numbers);
		for (unsigned i = 0; n == 0 && i < count; i++)
			g_string_append_printf(out, ",%s", numbers[i].key);
		g_string_append_printf(out, "\n%u,%u,", line.layer->segment, line.layer->cluster);
		hw_csv_append(out, line.name);
		g_string_append_printf(out, ",%u,%s,%s,%u,%s", line.cluster->region_size, split,
		                       map_weights_name(line.mapped->weights), line.mapped->tiles,
		                       bound_of(&line));
		for (unsigned i = 0; i < count; i++)
			g_string_append_printf(
				out, ",%s",
				g_ascii_formatd(text, sizeof text, "%.15g", numbers[i].value));
	}
	g_string_append_c(out, '\n');
	return g_string_free(out, FALSE);
}

void layers_write(struct json_writer *w, const struct report *report)
{
	struct layer_number numbers[MOST_NUMBERS];
	json_begin_array(w, "layers", JSON_LINES);
	for (unsigned n = 0; n < report->simulated->layer_count; n++) {
		struct layer_line line = line_of(report, n);
		g_autofree char *split = split_text(line.mapped);
		unsigned count = numbers_of(&line, numbers);
		json_begin_object(w, NULL, JSON_ONE_LINE);
		json_string(w, "node", line.name);
		json_integer(w, "segment", line.layer->segment);
		json_integer(w, "cluster", line.layer->cluster);
		json_integer(w, "chiplets", line.cluster->region_size);
		json_string(w, "split", split);
		json_string(w, "weights", map_weights_name(line.mapped->weights));
		json_integer(w, "tiles", line.mapped->tiles);
		json_string(w, "bound_by", bound_of(&line));
		for (unsigned i = 0; i < count; i++)
			json_number(w, numbers[i].key, numbers[i].value);
		json_end_object(w);
	}
	json_end_array(w);
}

/* ---- tables ---- */

static void add_line(struct table *table, const struct layer_line *line)
{
	const struct sim_layer *layer = line->layer;
	const struct cost_totals *t = &layer->totals;
	g_autofree char *name = printable(line->name), *split = split_text(line->mapped);
	table_add(table, "%s", name);
	table_add(table, "%u.%u", layer->segment, layer->cluster);
	table_add(table, "%u", line->cluster->region_size);
	table_add(table, "%s", split);
	table_add(table, "%s", map_weights_name(line->mapped->weights));
	table_add_digits(table, line->analytical_ns * 1e-3);
	table_add_digits(table, layer->time_ns * 1e-3);
	table_add(table, "%s", bound_of(line));
	for (unsigned p = 0; p < SIM_PARTS; p++)
		table_add(table, "%.1f", percent(line, layer->parts_ns[p]));
	for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++)
		table_add(table, "%.1f", percent(line, layer->bubbles_ns[waits[i]]));
	table_add_digits(table, t->macs * 1e-6);
	table_add_digits(table, t->nop_bytes / 1024);
	table_add_digits(table, t->nop_byte_hops / 1024);
	table_add_digits(table, (t->dram_read_bytes + t->dram_write_bytes) / 1024);
	table_add_digits(table, t->mac_pJ * 1e-6);
	table_add_digits(table, t->buffer_pJ * 1e-6);
	table_add_digits(table, t->nop_pJ * 1e-6);
	table_add_digits(table, t->dram_pJ * 1e-6);
	table_add_digits(table, layer->static_pJ * 1e-6);
}

void layers_print(const struct report *report, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "node", "", TABLE_LEFT },          { "cluster", "", TABLE_LEFT },
		{ "chiplets", "", TABLE_RIGHT },     { "split", "", TABLE_LEFT },
		{ "weights", "", TABLE_LEFT },       { "model", "us", TABLE_RIGHT },
		{ "time", "us", TABLE_RIGHT },       { "bound by", "", TABLE_LEFT },
		{ "MACs", "", TABLE_RIGHT },         { "empty", "lanes", TABLE_RIGHT },
		{ "element-", "wise", TABLE_RIGHT }, { "slow", "buffer", TABLE_RIGHT },
		{ "fill", "", TABLE_RIGHT },         { "wait", "input", TABLE_RIGHT },
		{ "wait", "dram", TABLE_RIGHT },     { "back", "press.", TABLE_RIGHT },
		{ "uneven", "shares", TABLE_RIGHT }, { "MACs", "million", TABLE_RIGHT },
		{ "NoP", "KiB", TABLE_RIGHT },       { "x hops", "KiB", TABLE_RIGHT },
		{ "DRAM", "KiB", TABLE_RIGHT },      { "MACs", "uJ", TABLE_RIGHT },
		{ "buffers", "uJ", TABLE_RIGHT },    { "NoP", "uJ", TABLE_RIGHT },
		{ "DRAM", "uJ", TABLE_RIGHT },       { "static", "uJ", TABLE_RIGHT },
	};
	static const struct table_group groups[] = { { 1, "" },
		                                     { 8, "computing, % of its time" },
		                                     { 12, "waiting, % of its time" },
		                                     { 17, "work and bytes" },
		                                     { 21, "energy" } };
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	table.groups = groups;
	table.group_count = G_N_ELEMENTS(groups);
	for (unsigned n = 0; n < report->simulated->layer_count; n++) {
		struct layer_line line = line_of(report, n);
		add_line(&table, &line);
	}
	table_finish(&table, out);
	wrap_text(out, width, 1,
	          "(its time: of its region's chiplets, from what its first tile waits for to the "
	          "end "
	          "of its last, other nodes' left out; model: the analytical time)\n");
}
