/* Invariant: totals only ever add up; nothing here depends on when things happen. */
#include "search/cost/cost.h"

void cost_add(struct cost_totals *to, const struct cost_totals *from, double times)
{
	to->macs += times * from->macs;
	to->nop_bytes += times * from->nop_bytes;
	to->nop_byte_hops += times * from->nop_byte_hops;
	to->nop_dram_bytes += times * from->nop_dram_bytes;
	to->dram_read_bytes += times * from->dram_read_bytes;
	to->dram_write_bytes += times * from->dram_write_bytes;
	to->mac_pJ += times * from->mac_pJ;
	to->buffer_pJ += times * from->buffer_pJ;
	to->nop_pJ += times * from->nop_pJ;
	to->dram_pJ += times * from->dram_pJ;
}

void cost_phase_totals(const struct map_network *network, const struct map_phase *phase,
                       struct cost_totals *totals)
{
	const struct hw_package *package = network->package;
	struct map_link_sums links = map_phase_links(network, phase);
	totals->nop_bytes += (double)phase->delivered_bytes;
	totals->nop_byte_hops += links.byte_hops;
	totals->nop_dram_bytes += phase->dram_link_bytes;
	totals->nop_pJ += links.pJ;
	totals->dram_read_bytes += phase->dram_read_bytes;
	totals->dram_write_bytes += phase->dram_write_bytes;
	for (unsigned i = 0; i < package->dram_count; i++)
		totals->dram_pJ += phase->bytes[hw_dram_id(package, i)] * 8 *
		                   package->dram[i].energy_pJ_per_bit;
}

void cost_compute_totals(const struct hw_package *package, const struct map_placed *placed,
                         const struct map_share *shares, struct cost_totals *totals)
{
	unsigned parts = map_parts(placed);
	for (unsigned i = 0; i < parts; i++) {
		const struct hw_chiplet_type *type = hw_chiplet(package, placed->region[i]);
		totals->macs += (double)shares[i].macs;
		totals->mac_pJ += (double)shares[i].macs * type->mac_pJ;
		totals->buffer_pJ += (double)shares[i].buffer_bytes * type->buffer_byte_pJ;
	}
}

double cost_static_pJ(const struct hw_package *package, double time_ns)
{
	double static_W = 0;
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		static_W += hw_chiplet(package, c)->static_W;
	return static_W * time_ns * 1e3; /* W x ns = nJ */
}

double cost_total_pJ(const struct cost_totals *totals, double static_pJ)
{
	return totals->mac_pJ + totals->buffer_pJ + totals->nop_pJ + totals->dram_pJ + static_pJ;
}

/* Elements of an edge's tensor that its consumer's whole output reaches. */
static uint64_t reached_elements(const struct wl_workload *workload, const struct wl_edge *edge,
                                 struct map_scratch *scratch)
{
	struct wl_shape output = workload->nodes[edge->to].output;
	unsigned mark = scratch->used;
	uint64_t elements = wl_edge_shape(workload, edge).channels;
	elements *= map_length(map_reach(edge->rows, map_part(output.rows, 1, 0), scratch));
	elements *= map_length(map_reach(edge->columns, map_part(output.columns, 1, 0), scratch));
	scratch->used = mark;
	return elements;
}

/* Of one network input, at least what one of its readers needs. */
static uint64_t input_elements_at_least(const struct wl_workload *workload, unsigned input,
                                        struct map_scratch *scratch)
{
	uint64_t most = 0;
	for (unsigned e = 0; e < workload->edge_count; e++)
		if (workload->edges[e].from == -1 - (int)input)
			most = MAX(most, reached_elements(workload, &workload->edges[e], scratch));
	return most;
}

static double dram_bytes_at_least(const struct wl_workload *workload, unsigned batch)
{
	uint64_t per_sample = 0;
	struct map_scratch scratch;
	map_scratch_init(&scratch, 1);
	for (unsigned i = 0; i < workload->input_count; i++)
		per_sample += input_elements_at_least(workload, i, &scratch);
	map_scratch_release(&scratch);
	for (unsigned n = 0; n < workload->node_count; n++)
		if (workload->nodes[n].is_output)
			per_sample += wl_shape_elements(workload->nodes[n].output);
	return (double)wl_weight_bytes(workload) +
	       (double)batch * (double)(per_sample * workload->activation_bytes);
}

double cost_bound_ns(const struct wl_workload *workload, const struct hw_package *package,
                     unsigned batch)
{
	return MAX((double)batch * (double)wl_macs(workload) / hw_peak_macs_per_ns(package),
	           dram_bytes_at_least(workload, batch) / hw_dram_total_GBps(package));
}
