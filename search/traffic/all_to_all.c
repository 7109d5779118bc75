/*
 * Invariant: a route never leaves the smallest rectangle around senders and receivers, and there
 * it first follows its sender's row, then its receiver's column. So each row and
 * each column is swept once in each direction, as a line of stations.
 */
#include "search/traffic/all_to_all.h"

#include "search/traffic/link_charges.h"

#include <limits.h>

#define NONE (INT_MAX / 2)   /* no sender: as if it were that far away */
#define FEWEST_MESSAGES 64   /* below that, message by message is as fast */
#define CELLS_PER_MESSAGE 2U /* sweeping a grid costs less than that for each chiplet */
#define CELLS_PER_SPREAD 2U  /* and than that for each chiplet and DRAM channel */

struct sweep {
	struct map_network *network;
	struct map_phase *phase;
	const struct map_all_to_all *product;
	unsigned left, right, top, bottom; /* the rectangle, ends included */
	double start_ns, hop_ns, end_ns; /* before the first link, of a link, behind the last one */
};

static bool links_are_equally_long(const struct hw_package *package)
{
	for (unsigned i = 0; i < package->link_count; i++)
		if (package->links[i].latency_ns != package->nop.hop_ns)
			return false;
	return true;
}

void map_all_to_all_init(struct map_network *network)
{
	unsigned chiplets = hw_chiplet_count(network->package);
	network->cells = g_new(struct map_cell, chiplets);
	network->stations = g_new(struct map_station, chiplets);
	network->columns = g_new(struct map_span, network->package->columns);
	network->row_sent = g_new(double, network->package->rows);
	network->sent = g_new(double, chiplets);
	network->dram_at = g_new(unsigned, network->package->dram_count);
	network->dram_part = g_new(double, network->package->dram_count);
	for (unsigned i = 0; i < network->package->dram_count; i++) {
		network->dram_at[i] = network->package->dram[i].at;
		network->dram_part[i] = 1.0 / network->package->dram_count;
	}
	network->got = g_new(double, chiplets);
	network->may_sweep = network->package->nop.topology->lines &&
	                     links_are_equally_long(network->package);
}

void map_all_to_all_release(struct map_network *network)
{
	g_free(network->cells);
	g_free(network->stations);
	g_free(network->columns);
	g_free(network->row_sent);
	g_free(network->sent);
	g_free(network->dram_at);
	g_free(network->dram_part);
	g_free(network->got);
}

bool map_all_to_all_pays(const struct map_network *network, const struct map_phase *phase,
                         unsigned senders, unsigned receivers)
{
	uint64_t messages = (uint64_t)senders * receivers;
	return network->may_sweep && !phase->turns && messages >= FEWEST_MESSAGES &&
	       messages * CELLS_PER_MESSAGE >= hw_chiplet_count(network->package);
}

static struct map_cell *cell_at(const struct sweep *s, unsigned x, unsigned y)
{
	return &s->network->cells[y * s->network->package->columns + x];
}

static void widen(struct sweep *s, const unsigned *chiplets, unsigned count)
{
	unsigned columns = s->network->package->columns;
	for (unsigned i = 0; i < count; i++) {
		unsigned x = chiplets[i] % columns, y = chiplets[i] / columns;
		s->left = MIN(s->left, x);
		s->right = MAX(s->right, x);
		s->top = MIN(s->top, y);
		s->bottom = MAX(s->bottom, y);
	}
}

/* Cells and columns of the rectangle; what senders send is entered later. */
static void place_receivers(struct sweep *s)
{
	const struct map_all_to_all *p = s->product;
	unsigned columns = s->network->package->columns;
	for (unsigned x = s->left; x <= s->right; x++) {
		s->network->columns[x] = (struct map_span){ 0, INT_MAX, -1 };
		for (unsigned y = s->top; y <= s->bottom; y++)
			*cell_at(s, x, y) = (struct map_cell){ 0, 0, NONE, -NONE, NONE, -NONE };
	}
	for (unsigned i = 0; i < p->receiver_count; i++) {
		unsigned chiplet = p->receivers[i];
		struct map_span *column = &s->network->columns[chiplet % columns];
		if (p->got[i] <= 0)
			continue;
		s->network->cells[chiplet].got += p->got[i];
		column->got += p->got[i];
		column->first = MIN(column->first, (int)(chiplet / columns));
		column->last = MAX(column->last, (int)(chiplet / columns));
	}
}

/* Most hops from a row to a receiver in a column, along it; -NONE without receivers. */
static int depth_of(const struct map_span *column, unsigned y)
{
	return column->last < 0 ? -NONE : MAX(column->last - (int)y, (int)y - column->first);
}

/* Hops from a chiplet to its farthest receiver; below 1 if it is the only one. */
static int farthest(const struct sweep *s, unsigned chiplet)
{
	unsigned columns = s->network->package->columns, y = chiplet / columns;
	int far = -NONE;
	for (unsigned x = s->left; x <= s->right; x++)
		far = MAX(far, ABS((int)x - (int)(chiplet % columns)) +
		                       depth_of(&s->network->columns[x], y));
	return far;
}

static void note_farthest(struct sweep *s, unsigned sender, int hops)
{
	const struct map_all_to_all *p = s->product;
	const struct hw_package *package = s->network->package;
	for (unsigned i = 0; i < p->receiver_count; i++) {
		unsigned from = p->senders[sender], to = p->receivers[i];
		if (p->got[i] <= 0 || to == from ||
		    (s->hop_ns > 0 && (int)hw_hops(package, from, to) < hops))
			continue;
		map_note_route(s->phase, hops * s->hop_ns + package->nop.message_ns,
		               MAP_CHIPLET_TO_CHIPLET, from, to, p->sent[sender] * p->got[i]);
		return;
	}
}

/* Senders enter their cells and charge their ports. */
static void place_senders(struct sweep *s, double got)
{
	const struct map_all_to_all *p = s->product;
	const struct hw_package *package = s->network->package;
	unsigned best = UINT_MAX;
	int best_hops = 0;
	for (unsigned i = 0; i < p->sender_count; i++) {
		struct map_cell *cell = &s->network->cells[p->senders[i]];
		int hops = farthest(s, p->senders[i]);
		if (p->sent[i] <= 0 || hops < 1)
			continue;
		cell->sent = p->sent[i];
		cell->near = 0;
		cell->far = hops;
		double bytes = p->multicast ? p->sent[i] : p->sent[i] * (got - cell->got);
		map_link_charge(s->phase, hw_inject_id(package, p->senders[i]), bytes, 0,
		                (float)(hops * s->hop_ns + package->nop.message_ns));
		/* Whole receivers: without multicast the products of all the others. */
		s->phase->delivered_bytes += (uint64_t)(p->sent[i] * (got - cell->got));
		if (best == UINT_MAX || (hops > best_hops && s->hop_ns > 0)) {
			best = i;
			best_hops = hops;
		}
	}
	if (best != UINT_MAX)
		note_farthest(s, best, best_hops);
}

/* What is ahead of each station: receivers, and how far they are from it. */
static void look_ahead(struct map_station *stations, unsigned count)
{
	double got = 0;
	int most = -NONE;
	for (unsigned i = count; i-- > 0;) {
		stations[i].got_ahead = got;
		stations[i].most_ahead = most;
		got += stations[i].got;
		most = MAX(most, stations[i].depth) + 1;
	}
}

/* Charges the links of a line from its first station to its last; stations[i].near and .far
 * become those of all senders up to it. */
static void sweep_line(struct sweep *s, unsigned count, unsigned chiplet, int stride)
{
	struct map_station *stations = s->network->stations;
	double sent = 0;
	int near = NONE, far = -NONE;
	look_ahead(stations, count);
	for (unsigned i = 0, next; i < count; i++, chiplet = next) {
		struct map_station *at = &stations[i];
		next = (unsigned)((int)chiplet + stride);
		sent += at->sent;
		near = at->near = MIN(near, at->near);
		far = at->far = MAX(far, at->far);
		if (sent > 0 && at->got_ahead > 0) {
			int on = s->product->multicast ? far : at->most_ahead;
			map_link_charge(s->phase, hw_link_to(s->network->package, chiplet, next),
			                s->product->multicast ? sent : sent * at->got_ahead,
			                (float)(s->start_ns + near * s->hop_ns),
			                (float)(s->end_ns + on * s->hop_ns));
		}
		near++;
		far--;
	}
}

/* Those that come to a cell from the station before it. */
static void arrive(struct map_cell *cell, const struct map_station *before)
{
	cell->arrive_near = MIN(cell->arrive_near, before->near + 1);
	cell->arrive_far = MAX(cell->arrive_far, before->far - 1);
}

static void sweep_row(struct sweep *s, unsigned y, bool up)
{
	struct map_station *stations = s->network->stations;
	unsigned columns = s->network->package->columns, count = s->right - s->left + 1;
	for (unsigned i = 0; i < count; i++) {
		unsigned x = up ? s->left + i : s->right - i;
		const struct map_cell *cell = cell_at(s, x, y);
		const struct map_span *column = &s->network->columns[x];
		stations[i] = (struct map_station){ .sent = cell->sent,
			                            .got = column->got,
			                            .near = cell->sent > 0 ? 0 : NONE,
			                            .far = cell->sent > 0 ? cell->far : -NONE,
			                            .depth = depth_of(column, y) };
	}
	sweep_line(s, count, y * columns + (up ? s->left : s->right), up ? 1 : -1);
	for (unsigned i = 1; i < count; i++)
		arrive(cell_at(s, up ? s->left + i : s->right - i, y), &stations[i - 1]);
}

/* Both ways; then the row's senders, seen from each of its cells. Returns what they send. */
static double sweep_rows(struct sweep *s, unsigned y)
{
	double sent = 0;
	sweep_row(s, y, true);
	sweep_row(s, y, false);
	for (unsigned x = s->left; x <= s->right; x++) {
		struct map_cell *cell = cell_at(s, x, y);
		sent += cell->sent;
		cell->near = MIN(cell->near, cell->arrive_near);
		cell->far = MAX(cell->far, cell->arrive_far);
	}
	return sent;
}

static void sweep_column(struct sweep *s, unsigned x, const double *row_sent, bool up)
{
	struct map_station *stations = s->network->stations;
	unsigned columns = s->network->package->columns, count = s->bottom - s->top + 1;
	for (unsigned i = 0; i < count; i++) {
		unsigned y = up ? s->top + i : s->bottom - i;
		const struct map_cell *cell = cell_at(s, x, y);
		stations[i] = (struct map_station){ .sent = row_sent[y],
			                            .got = cell->got,
			                            .near = cell->near,
			                            .far = cell->far,
			                            .depth = cell->got > 0 ? 0 : -NONE };
	}
	sweep_line(s, count, (up ? s->top : s->bottom) * columns + x,
	           up ? (int)columns : -(int)columns);
	for (unsigned i = 1; i < count; i++)
		arrive(cell_at(s, x, up ? s->top + i : s->bottom - i), &stations[i - 1]);
}

static void charge_receivers(struct sweep *s, double sent)
{
	const struct map_all_to_all *p = s->product;
	for (unsigned i = 0; i < p->receiver_count; i++) {
		const struct map_cell *cell = &s->network->cells[p->receivers[i]];
		double bytes = (sent - cell->sent) * p->got[i];
		if (bytes <= 0)
			continue;
		int on = p->multicast ? cell->arrive_far : 0;
		map_link_charge(s->phase, hw_eject_id(s->network->package, p->receivers[i]), bytes,
		                (float)(s->start_ns + cell->arrive_near * s->hop_ns),
		                (float)(s->end_ns + on * s->hop_ns));
	}
}

static double place(struct sweep *s)
{
	double got = 0;
	widen(s, s->product->senders, s->product->sender_count);
	widen(s, s->product->receivers, s->product->receiver_count);
	place_receivers(s);
	for (unsigned x = s->left; x <= s->right; x++)
		got += s->network->columns[x].got;
	return got;
}

/* Charges all links; returns what senders send. */
static double sweep_links(struct sweep *s)
{
	double sent = 0, *row_sent = s->network->row_sent;
	for (unsigned y = s->top; y <= s->bottom; y++)
		sent += row_sent[y] = sweep_rows(s, y);
	for (unsigned x = s->left; x <= s->right; x++) {
		sweep_column(s, x, row_sent, true);
		sweep_column(s, x, row_sent, false);
	}
	return sent;
}

static struct sweep sweep_of(struct map_network *network, struct map_phase *phase,
                             const struct map_all_to_all *product, double start_ns, double end_ns)
{
	return (struct sweep){ network,  phase,    product,
		               UINT_MAX, 0,        UINT_MAX,
		               0,        start_ns, network->package->nop.hop_ns,
		               end_ns };
}

void map_send_all_to_all(struct map_network *network, struct map_phase *phase,
                         const struct map_all_to_all *product)
{
	double half_ns = network->package->nop.message_ns / 2;
	struct sweep s = sweep_of(network, phase, product, half_ns, half_ns);
	place_senders(&s, place(&s));
	charge_receivers(&s, sweep_links(&s));
}

/* ---- between DRAM and chiplets ---- */

bool map_dram_route_pays(const struct map_network *network, const struct map_phase *phase,
                         unsigned chiplets)
{
	const struct hw_package *package = network->package;
	if (package->interleave != HW_INTERLEAVE_ALL ||
	    !map_all_to_all_pays(network, phase, chiplets, package->dram_count))
		return false;
	for (unsigned i = 1; i < package->dram_count; i++)
		if (package->dram[i].latency_ns != package->dram[0].latency_ns)
			return false;
	return chiplets * package->dram_count >= CELLS_PER_SPREAD * hw_chiplet_count(package);
}

/* Puts senders into their cells; their amounts add up where channels share a router. */
static void enter_senders(struct sweep *s)
{
	const struct map_all_to_all *p = s->product;
	for (unsigned i = 0; i < p->sender_count; i++) {
		struct map_cell *cell = &s->network->cells[p->senders[i]];
		if (p->sent[i] <= 0)
			continue;
		cell->sent += p->sent[i];
		cell->near = 0;
		cell->far = 0;
	}
}

/* Hops from a receiver's cell to its nearest sender, which may be there, too. */
static int nearest(const struct map_cell *cell)
{
	return MIN(cell->near, cell->arrive_near);
}

/* The farthest channel of the first chiplet that is farthest from one. */
static void note_spread(struct sweep *s, bool read, const unsigned *chiplets, const double *amounts,
                        unsigned count)
{
	const struct hw_package *package = s->network->package;
	const struct map_dram_route *far = NULL;
	unsigned best = 0;
	for (unsigned i = 0; i < count; i++) {
		if (amounts[i] <= 0)
			continue;
		const struct map_dram_route *spread = map_dram_route_of(s->network, chiplets[i],
		                                                        read);
		if (far && spread->latency_ns <= far->latency_ns)
			continue;
		far = spread;
		best = i;
	}
	if (!far)
		return;
	map_note_route(s->phase, far->latency_ns, read ? MAP_DRAM_TO_CHIPLET : MAP_CHIPLET_TO_DRAM,
	               read ? far->far_channel : chiplets[best],
	               read ? chiplets[best] : far->far_channel,
	               amounts[best] / package->dram_count);
}

void map_read_each(struct map_network *network, struct map_phase *phase, const unsigned *chiplets,
                   unsigned count)
{
	const struct hw_package *package = network->package;
	const struct map_all_to_all product = { network->dram_at,
		                                chiplets,
		                                network->dram_part,
		                                network->got,
		                                package->dram_count,
		                                count,
		                                false };
	double end_ns = package->nop.message_ns / 2, start_ns = package->dram[0].latency_ns;
	struct sweep s = sweep_of(network, phase, &product, start_ns, end_ns);
	double bytes = place(&s);
	if (bytes <= 0)
		return;
	enter_senders(&s);
	for (unsigned i = 0; i < package->dram_count; i++)
		map_link_charge(
			phase, hw_dram_id(package, i), bytes / package->dram_count, 0,
			(float)(start_ns + farthest(&s, network->dram_at[i]) * s.hop_ns + end_ns));
	sweep_links(&s);
	for (unsigned i = 0; i < count; i++)
		if (network->got[i] > 0)
			map_link_charge(phase, hw_eject_id(package, chiplets[i]), network->got[i],
			                (float)(start_ns +
			                        nearest(&network->cells[chiplets[i]]) * s.hop_ns),
			                (float)end_ns);
	phase->dram_read_bytes += bytes;
	phase->dram_link_bytes += bytes;
	for (unsigned i = 0; i < package->dram_count; i++)
		phase->dram_link_bytes -= network->cells[network->dram_at[i]].got /
		                          package->dram_count;
	note_spread(&s, true, chiplets, network->got, count);
}

void map_write_each(struct map_network *network, struct map_phase *phase, const unsigned *chiplets,
                    unsigned count)
{
	const struct hw_package *package = network->package;
	const struct map_all_to_all product = { chiplets,      network->dram_at,
		                                network->sent, network->dram_part,
		                                count,         package->dram_count,
		                                false };
	double start_ns = package->nop.message_ns / 2, end_ns = package->dram[0].latency_ns;
	struct sweep s = sweep_of(network, phase, &product, start_ns, end_ns);
	place(&s);
	enter_senders(&s);
	for (unsigned i = 0; i < count; i++)
		if (network->sent[i] > 0)
			map_link_charge(
				phase, hw_inject_id(package, chiplets[i]), network->sent[i], 0,
				(float)(start_ns + farthest(&s, chiplets[i]) * s.hop_ns + end_ns));
	double part = sweep_links(&s) / package->dram_count;
	if (part <= 0)
		return;
	for (unsigned i = 0; i < package->dram_count; i++) {
		const struct map_cell *cell = &network->cells[network->dram_at[i]];
		map_link_charge(phase, hw_dram_id(package, i), part,
		                (float)(start_ns + nearest(cell) * s.hop_ns), (float)end_ns);
		phase->written_bytes[i] += part;
		phase->dram_link_bytes += part - cell->sent / package->dram_count;
	}
	phase->dram_write_bytes += part * package->dram_count;
	note_spread(&s, false, chiplets, network->sent, count);
}
