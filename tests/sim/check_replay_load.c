/*
 * Lists of many messages under load: does each arrive when a fluid model says that is worked out
 * message by message; does SimGrid, given the same program, say the same; and do routers lose what
 * the sum of all that runs at the same time makes them lose?
 */
#include "sim/messages/replay_private.h"
#include "tests/support/made.h"
#include "tests/support/suite.h"

#include <check.h>
#include <math.h>
#include <string.h>

static struct hw_package *grid(bool torus, unsigned columns, unsigned rows, double port_GBps,
                               double hop_ns, double router_conflict)
{
	return made_package((struct made_package){
		.columns = columns,
		.rows = rows,
		.torus = torus,
		.link_GBps = 32,
		.port_GBps = port_GBps,
		.hop_ns = hop_ns > 0 ? hop_ns : -1,
		.router_conflict = router_conflict,
		.nop = "'message_ns': 5, 'router_blocking': 0.6, 'injection_blocking': 0.2",
	});
}

static struct sim_messages *parse(const struct hw_package *package, const char *text)
{
	GError *error = NULL;
	struct sim_messages *messages = sim_messages_parse(text, "list.csv", package, &error);
	ck_assert_msg(messages != NULL, "%s", error ? error->message : "");
	return messages;
}

static struct sim_replay *replay(const struct hw_package *package,
                                 const struct sim_messages *messages, bool simgrid)
{
	const struct sim_replay_options options = { .simgrid = simgrid };
	GError *error = NULL;
	struct sim_replay *done = sim_replay(package, messages, &options, &error);
	ck_assert_msg(done != NULL, "%s", error ? error->message : "");
	return done;
}

/* ---- a fluid model, message by message ---- */

#define MOST_RESOURCES 300
#define MOST_HOPS 40

struct fluid {
	double moves_ns, left, rate, end_ns;
	unsigned resources[MOST_HOPS], count;
	bool settled;
};

/* Links of a mesh, x first: 4 x router + direction; then ports. */
static void find_resources(struct fluid *f, unsigned columns, unsigned rows, unsigned from,
                           unsigned to)
{
	unsigned nodes = columns * rows, x = from % columns, y = from / columns;
	f->count = 0;
	f->resources[f->count++] = 4 * nodes + from;
	while (x != to % columns) {
		bool east = x < to % columns;
		f->resources[f->count++] = 4 * (y * columns + x) + (east ? 0 : 1);
		x = east ? x + 1 : x - 1;
	}
	while (y != to / columns) {
		bool south = y < to / columns;
		f->resources[f->count++] = 4 * (y * columns + x) + (south ? 2 : 3);
		y = south ? y + 1 : y - 1;
	}
	f->resources[f->count++] = 5 * nodes + to;
}

/* Progressive filling: again and again the resource with the least for each settles its flows. */
static void share(struct fluid *flows, unsigned count, unsigned nodes, double now_ns,
                  double port_GBps)
{
	double left[MOST_RESOURCES];
	unsigned users[MOST_RESOURCES], open = 0;
	for (unsigned r = 0; r < 6 * nodes; r++)
		left[r] = r < 4 * nodes ? 32 : port_GBps;
	for (unsigned i = 0; i < count; i++) {
		flows[i].settled = flows[i].end_ns < INFINITY || flows[i].moves_ns > now_ns;
		flows[i].rate = 0;
		open += !flows[i].settled;
	}
	while (open > 0) {
		unsigned least = UINT_MAX;
		memset(users, 0, sizeof users);
		for (unsigned i = 0; i < count; i++)
			for (unsigned u = 0; !flows[i].settled && u < flows[i].count; u++)
				users[flows[i].resources[u]]++;
		for (unsigned r = 0; r < 6 * nodes; r++)
			if (users[r] > 0 &&
			    (least == UINT_MAX || left[r] / users[r] < left[least] / users[least]))
				least = r;
		double rate = left[least] / users[least];
		for (unsigned i = 0; i < count; i++) {
			bool on = false;
			for (unsigned u = 0; u < flows[i].count; u++)
				on = on || flows[i].resources[u] == least;
			if (flows[i].settled || !on)
				continue;
			flows[i].settled = true;
			flows[i].rate = rate;
			open--;
			for (unsigned u = 0; u < flows[i].count; u++)
				left[flows[i].resources[u]] -= rate;
		}
	}
}

static void flow(struct fluid *flows, unsigned count, unsigned nodes, double port_GBps)
{
	for (double now_ns = 0;;) {
		double next_ns = INFINITY;
		share(flows, count, nodes, now_ns, port_GBps);
		for (unsigned i = 0; i < count; i++) {
			if (flows[i].moves_ns > now_ns)
				next_ns = MIN(next_ns, flows[i].moves_ns);
			else if (flows[i].end_ns == INFINITY)
				next_ns = MIN(next_ns, now_ns + flows[i].left / flows[i].rate);
		}
		if (next_ns == INFINITY)
			return;
		for (unsigned i = 0; i < count; i++) {
			if (flows[i].moves_ns > now_ns || flows[i].end_ns < INFINITY)
				continue;
			flows[i].left -= flows[i].rate * (next_ns - now_ns);
			if (flows[i].left < 1e-9)
				flows[i].end_ns = next_ns;
		}
		now_ns = next_ns;
	}
}

/* From far too many to few at a time; also without latencies, and with ports that bind. */
START_TEST(messages_arrive_when_a_fluid_model_says)
{
	g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
	unsigned columns = (unsigned)g_rand_int_range(random, 2, 6),
		 rows = (unsigned)g_rand_int_range(random, 1, 5), nodes = columns * rows;
	unsigned count = (unsigned)g_rand_int_range(random, 1, 250);
	double port_GBps = _i % 3 ? 32 : 200, hop_ns = _i % 4 ? 4 : 0;
	double gap_ns = exp(g_rand_double_range(random, -2, 5));
	g_autofree struct fluid *flows = g_new0(struct fluid, count);
	g_autoptr(GString) text = g_string_new("src,dst,bytes,start,tag\n");
	for (unsigned i = 0; i < count; i++) {
		unsigned from = (unsigned)g_rand_int_range(random, 0, (gint32)nodes);
		unsigned by = (unsigned)g_rand_int_range(random, 1, (gint32)nodes);
		unsigned to = (from + by) % nodes;
		unsigned bytes = (unsigned)exp(g_rand_double_range(random, 0, 10));
		double start_ns = g_rand_boolean(random) ? floor(i * gap_ns) : i * gap_ns;
		g_string_append_printf(text, "%u,%u,%u,%.17g,t%u\n", from, to, bytes, start_ns, i);
		find_resources(&flows[i], columns, rows, from, to);
		flows[i].moves_ns = start_ns + 5 + (flows[i].count - 2) * hop_ns;
		flows[i].left = bytes;
		flows[i].end_ns = INFINITY;
	}
	flow(flows, count, nodes, port_GBps);
	struct hw_package *package = grid(false, columns, rows, port_GBps, hop_ns, 0);
	struct sim_messages *messages = parse(package, text->str);
	struct sim_replay *done = replay(package, messages, false);
	for (unsigned i = 0; i < count; i++)
		ck_assert_double_eq_tol(done->end_ns[i], flows[i].end_ns, 1e-6);
	sim_replay_free(done);
	sim_messages_free(messages);
	hw_package_free(package);
}
END_TEST

/* ---- SimGrid ---- */

/* Phases of several messages, dependencies, losses, ways: whatever a list can have. */
static char *random_list(GRand *random, unsigned nodes, unsigned count)
{
	GString *text = g_string_new("src,dst,bytes,start,dep,tag\n");
	for (unsigned i = 0; i < count; i++) {
		int from = g_rand_int_range(random, 0, (gint32)nodes);
		int by = g_rand_int_range(random, 1, (gint32)nodes);
		int bytes = g_rand_int_range(random, 0, 10) ? g_rand_int_range(random, 1, 9000) : 0;
		g_string_append_printf(
			text, "%d,%d,%d,%.3f,", from, (from + by) % (int)nodes, bytes,
			g_rand_boolean(random) ? 50.0 * g_rand_int_range(random, 0, 4)
					       : g_rand_double_range(random, 0, 900));
		if (i > 0 && g_rand_int_range(random, 0, 3) == 0)
			g_string_append_printf(text, "%d", g_rand_int_range(random, 0, (gint32)i));
		g_string_append_printf(text, ",%d\n", g_rand_int_range(random, 0, 6));
	}
	return g_string_free(text, FALSE);
}

START_TEST(simgrid_says_the_same)
{
	g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
	unsigned columns = (unsigned)g_rand_int_range(random, 2, 6),
		 rows = (unsigned)g_rand_int_range(random, 1, 5);
	struct hw_package *package = grid(_i % 2, columns, rows, _i % 5 ? 32 : 300, _i % 7 ? 4 : 0,
	                                  _i % 3 ? 0 : 0.1);
	g_autofree char *text = random_list(random, columns * rows,
	                                    (unsigned)g_rand_int_range(random, 2, 120));
	struct sim_messages *messages = parse(package, text);
	struct sim_replay *own = replay(package, messages, false),
			  *simgrid = replay(package, messages, true);
	ck_assert_uint_eq(own->phases, simgrid->phases);
	for (uint32_t m = 0; m < messages->count; m++) {
		ck_assert_double_eq_tol(own->start_ns[m], simgrid->start_ns[m], 1e-5);
		ck_assert_double_eq_tol(own->end_ns[m], simgrid->end_ns[m], 1e-5);
	}
	sim_replay_free(own);
	sim_replay_free(simgrid);
	sim_messages_free(messages);
	hw_package_free(package);
}
END_TEST

/* ---- messages without bytes ---- */

/* 5 + 4 x hops, beside a phase of the same tag that takes 400 ns over the same links; what waits
 * for it starts 1 ns later. */
START_TEST(a_message_without_bytes_takes_its_latency)
{
	struct hw_package *package = grid(false, 8, 1, 32, 4, 0);
	struct sim_messages *messages = parse(package, "src,dst,bytes,start,dep\n0,2,0,,\n"
	                                               "0,2,12800,,\n1,2,0,,\n2,3,0,,0\n"
	                                               "3,4,32,7,3;2\n");
	struct sim_replay *done = replay(package, messages, false);
	static const double times_ns[][2] = {
		{ 0, 13 }, { 0, 413 }, { 0, 9 }, { 14, 23 }, { 24, 34 }
	};
	for (unsigned m = 0; m < 5; m++) {
		ck_assert_double_eq_tol(done->start_ns[m], times_ns[m][0], 1e-9);
		ck_assert_double_eq_tol(done->end_ns[m], times_ns[m][1], 1e-9);
	}
	ck_assert_uint_eq(done->phases, 3);
	ck_assert_double_eq(done->all.bytes, 12832);
	sim_replay_free(done);
	sim_messages_free(messages);

	messages = parse(package, "src,dst,bytes\n0,7,0\n");
	done = replay(package, messages, false);
	ck_assert_double_eq(done->all.completion_ns, 5 + 4 * 7);
	ck_assert_double_eq(done->all.latency_ns, 5 + 4 * 7);
	ck_assert_double_eq(done->all.bound_ns, 0);
	sim_replay_free(done);
	sim_messages_free(messages);
	hw_package_free(package);
}
END_TEST

/* ---- router losses ---- */

static double factor_one_by_one(struct map_network *network, const struct sim_messages *messages,
                                const struct sim_replay_span *spans, uint32_t count, uint32_t index)
{
	struct map_phase part, group;
	uint32_t members = 0;
	map_phase_init(&part, network->package);
	map_phase_init(&group, network->package);
	for (uint32_t s = 0; s < count; s++) {
		if (s != index && (spans[s].end_ns <= spans[index].start_ns ||
		                   spans[index].end_ns <= spans[s].start_ns))
			continue;
		members++;
		for (uint32_t m = spans[s].first; m < spans[s].end; m++) {
			sim_replay_send(network, &group, &messages->at[m]);
			if (s == index)
				sim_replay_send(network, &part, &messages->at[m]);
		}
	}
	double factor = map_part_slowdown(network, &group, &part) /
	                map_phase_slowdown(network, &part);
	map_phase_release(&part);
	map_phase_release(&group);
	return members > 1 ? factor : 1;
}

/* Spans of a few messages at random times; some begin exactly when others end. */
START_TEST(routers_lose_what_all_at_that_time_makes_them_lose)
{
	g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
	struct hw_package *package = grid(_i % 2, 4, 3, 32, 4, 0.3);
	g_autofree char *text = random_list(random, 12, 200);
	struct sim_messages *messages = parse(package, text);
	g_autofree uint32_t *order = g_new(uint32_t, messages->count);
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct sim_replay_span));
	struct map_network network;
	map_network_init(&network, package);
	double span_ns = exp(g_rand_double_range(random, 0, 6));
	unsigned more = 0;
	for (uint32_t m = 0; m < messages->count; m++)
		order[m] = m;
	for (uint32_t first = 0, end; first < messages->count; first = end) {
		double start_ns = g_rand_int_range(random, 0, 200);
		end = first + (uint32_t)g_rand_int_range(random, 1, 4);
		end = MIN(end, messages->count);
		struct sim_replay_span span = { first, end, 0, start_ns,
			                        start_ns + ceil(g_rand_double(random) * span_ns) };
		double bytes = 0;
		for (uint32_t m = first; m < end; m++)
			bytes += messages->at[m].bytes;
		if (bytes > 0)
			g_array_append_val(spans, span);
	}
	g_autofree double *factors = sim_replay_factors(&network, messages, order, spans);
	for (guint s = 0; s < spans->len; s++) {
		double expected = factor_one_by_one(
			&network, messages,
			(const struct sim_replay_span *)(const void *)spans->data, spans->len, s);
		ck_assert_double_eq_tol(factors[s], expected, 1e-12);
		more += expected > 1 + 1e-6;
	}
	ck_assert_uint_gt(more, 0);
	map_network_release(&network);
	sim_messages_free(messages);
	hw_package_free(package);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay_load");
	TCase *lists = tcase_create("lists"), *simgrid = tcase_create("simgrid");
	tcase_add_loop_test(lists, messages_arrive_when_a_fluid_model_says, 0, 60);
	tcase_add_test(lists, a_message_without_bytes_takes_its_latency);
	tcase_add_loop_test(lists, routers_lose_what_all_at_that_time_makes_them_lose, 0, 30);
	tcase_add_loop_test(simgrid, simgrid_says_the_same, 0, 42);
	suite_add_tcase(suite, lists);
	suite_add_tcase(suite, simgrid);
	return suite_run(suite);
}
