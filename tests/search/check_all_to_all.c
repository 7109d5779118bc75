/*
 * Product traffic, and traffic between DRAM and many chiplets: charged at once it must be what it
 * is message by message, on every resource and for every latency.
 */
#include "hw/topology/topology.h"
#include "search/traffic/all_to_all.h"

#include "tests/search/fixtures.h"
#include "tests/support/made.h"
#include "tests/support/synthetic.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

#define COLUMNS 7
#define ROWS 5
#define CHIPLETS (COLUMNS * ROWS)
#define DRAWS 400

static unsigned chiplets[2][CHIPLETS];
static double amounts[2][CHIPLETS];

/* Some chiplets in any order, with small amounts, some of them none. */
static unsigned draw(GRand *rand, int side, bool ones)
{
	for (unsigned i = 0; i < CHIPLETS; i++) {
		unsigned j = (unsigned)g_rand_int_range(rand, 0, (gint32)i + 1);
		chiplets[side][i] = chiplets[side][j];
		chiplets[side][j] = i;
		amounts[side][i] = ones ? 1 : g_rand_int_range(rand, 0, 4);
	}
	return (unsigned)g_rand_int_range(rand, 1, g_rand_boolean(rand) ? 4 : CHIPLETS + 1);
}

static void by_messages(struct map_network *network, struct map_phase *phase,
                        const struct map_all_to_all *p)
{
	for (unsigned s = 0; s < p->sender_count; s++) {
		unsigned count = 0;
		for (unsigned r = 0; r < p->receiver_count; r++) {
			if (p->receivers[r] == p->senders[s])
				continue;
			network->receivers[p->multicast ? count++ : 0] = p->receivers[r];
			if (!p->multicast)
				map_send(network, phase, p->senders[s], network->receivers, 1,
				         p->sent[s] * p->got[r]);
		}
		if (p->multicast)
			map_send(network, phase, p->senders[s], network->receivers, count,
			         p->sent[s]);
	}
}

/* An assertion of Check's for each of so many numbers would take seconds. */
static void assert_close(double a, double b, double tolerance, unsigned resource)
{
	if (!(fabs(a - b) <= tolerance))
		ck_abort_msg("resource %u: %.17g, expected %.17g", resource, a, b);
}

static void assert_same(const struct hw_package *package, const struct map_phase *a,
                        const struct map_phase *b)
{
	ck_assert_uint_eq(a->touched_count, b->touched_count);
	for (unsigned r = 0; r < hw_resource_count(package); r++) {
		/* Parts of a byte on a channel (a fifth of it) round; whole bytes do not. */
		assert_close(a->bytes[r], b->bytes[r], 1e-12 * b->bytes[r], r);
		if (a->bytes[r] <= 0)
			continue;
		assert_close(a->before_ns[r], b->before_ns[r], 1e-4, r);
		assert_close(a->after_ns[r], b->after_ns[r], 1e-4, r);
	}
	ck_assert_uint_eq(a->delivered_bytes, b->delivered_bytes);
	ck_assert_double_eq_tol(a->latency_ns, b->latency_ns, 1e-9);
	ck_assert_double_le(fabs(a->far_bytes - b->far_bytes), 1e-12 * b->far_bytes);
	ck_assert_int_eq(a->far_ends, b->far_ends);
	ck_assert_uint_eq(a->far_from, b->far_from);
	ck_assert_uint_eq(a->far_to, b->far_to);
}

/* Draws with and without multicast, on one package. */
static void compare(double hop_ns, double message_ns, bool multicast)
{
	struct hw_package *package = synthetic_package(COLUMNS, ROWS);
	struct map_network network;
	struct map_phase at_once, one_by_one;
	GRand *rand = g_rand_new_with_seed(1);
	package->nop.hop_ns = hop_ns;
	package->nop.message_ns = message_ns;
	package->nop.multicast = multicast;
	hw_lay_links(package);
	map_network_init(&network, package);
	map_phase_init(&at_once, package);
	map_phase_init(&one_by_one, package);
	for (int i = 0; i < DRAWS; i++) {
		struct map_all_to_all p = {
			chiplets[0], chiplets[1],          amounts[0],
			amounts[1],  draw(rand, 0, false), draw(rand, 1, multicast),
			multicast
		};
		map_send_all_to_all(&network, &at_once, &p);
		by_messages(&network, &one_by_one, &p);
		assert_same(package, &at_once, &one_by_one);
		map_phase_clear(&at_once);
		map_phase_clear(&one_by_one);
	}
	g_rand_free(rand);
	map_phase_release(&at_once);
	map_phase_release(&one_by_one);
	map_network_release(&network);
	hw_package_free(package);
}

START_TEST(one_message_to_all)
{
	compare(20, 0, true);
	compare(3.7, 5, true);
	compare(0, 0, true);
}
END_TEST

START_TEST(one_message_to_each)
{
	compare(20, 0, false);
	compare(3.7, 5, false);
	compare(0, 0, false);
}
END_TEST

/* Channels anywhere, some on one router. */
static void scatter_channels(GRand *rand, struct hw_package *package, unsigned count)
{
	struct hw_dram_channel channel = package->dram[0];
	channel.device = NULL;
	for (unsigned i = 0; i < package->dram_count; i++)
		g_free(package->dram[i].device);
	package->dram = g_renew(struct hw_dram_channel, package->dram, count);
	package->dram_count = count;
	for (unsigned i = 0; i < count; i++) {
		package->dram[i] = channel;
		package->dram[i].at = (unsigned)g_rand_int_range(rand, 0, CHIPLETS);
	}
}

static void assert_same_dram(const struct hw_package *package, const struct map_phase *a,
                             const struct map_phase *b)
{
	assert_same(package, a, b);
	ck_assert_double_eq_tol(a->dram_read_bytes, b->dram_read_bytes, 1e-9);
	ck_assert_double_eq_tol(a->dram_write_bytes, b->dram_write_bytes, 1e-9);
	ck_assert_double_eq_tol(a->dram_link_bytes, b->dram_link_bytes, 1e-9);
	for (unsigned i = 0; i < package->dram_count; i++)
		ck_assert_double_eq_tol(a->written_bytes[i], b->written_bytes[i], 1e-9);
}

/* One draw of chiplets and bytes, read and written. */
static void compare_each(struct map_network *network, struct map_phase *at_once,
                         struct map_phase *one_by_one, GRand *rand)
{
	unsigned count = draw(rand, 0, false);
	for (int read = 0; read < 2; read++) {
		memcpy(read ? network->got : network->sent, amounts[0], sizeof amounts[0]);
		if (read)
			map_read_each(network, at_once, chiplets[0], count);
		else
			map_write_each(network, at_once, chiplets[0], count);
		for (unsigned i = 0; i < count; i++) {
			network->receivers[0] = chiplets[0][i];
			if (read)
				map_read_dram(network, one_by_one, network->receivers, 1,
				              amounts[0][i]);
			else
				map_write_dram(network, one_by_one, chiplets[0][i], amounts[0][i]);
		}
		assert_same_dram(network->package, at_once, one_by_one);
		map_phase_clear(at_once);
		map_phase_clear(one_by_one);
	}
}

static void compare_dram(double hop_ns, double message_ns, double dram_ns)
{
	GRand *rand = g_rand_new_with_seed(2);
	for (unsigned channels = 1; channels < 6; channels++) {
		struct hw_package *package = synthetic_package(COLUMNS, ROWS);
		struct map_network network;
		struct map_phase at_once, one_by_one;
		package->nop.hop_ns = hop_ns;
		package->nop.message_ns = message_ns;
		hw_lay_links(package);
		package->dram[0].latency_ns = dram_ns;
		scatter_channels(rand, package, channels);
		map_network_init(&network, package);
		map_phase_init(&at_once, package);
		map_phase_init(&one_by_one, package);
		for (int i = 0; i < DRAWS / 16; i++)
			compare_each(&network, &at_once, &one_by_one, rand);
		map_phase_release(&at_once);
		map_phase_release(&one_by_one);
		map_network_release(&network);
		hw_package_free(package);
	}
	g_rand_free(rand);
}

START_TEST(dram_and_each)
{
	compare_dram(20, 0, 50);
	compare_dram(3.7, 5, 50);
	compare_dram(0, 0, 0);
	compare_dram(0, 2, 10);
}
END_TEST

/* Only where all channels serve every chiplet, and equally fast. */
START_TEST(spread_pays)
{
	struct hw_package *package = synthetic_package(COLUMNS, ROWS);
	struct map_network network;
	struct map_phase phase;
	map_network_init(&network, package);
	map_phase_init(&phase, package);
	ck_assert_uint_eq(package->dram_count, 2);
	ck_assert(!map_dram_route_pays(&network, &phase, 34)); /* 68 messages, 35 chiplets */
	ck_assert(map_dram_route_pays(&network, &phase, 35));
	package->dram[1].latency_ns++;
	ck_assert(!map_dram_route_pays(&network, &phase, 35));
	package->dram[1].latency_ns--;
	package->interleave = HW_INTERLEAVE_NEAREST;
	ck_assert(!map_dram_route_pays(&network, &phase, 35));
	map_phase_release(&phase);
	map_network_release(&network);
	hw_package_free(package);
}
END_TEST

static bool pays(struct made_package options, unsigned senders, unsigned receivers)
{
	options.columns = options.rows = 4;
	struct hw_package *package = made_package(options);
	struct map_network network;
	struct map_phase phase;
	map_network_init(&network, package);
	map_phase_init(&phase, package);
	bool result = map_all_to_all_pays(&network, &phase, senders, receivers);
	map_phase_release(&phase);
	map_network_release(&network);
	hw_package_free(package);
	return result;
}

/* Where messages are few, go round a torus, meet links of other lengths or turn in routers that
 * lose time, they go one by one. */
START_TEST(many_messages_on_a_plain_mesh_pay)
{
	ck_assert(pays((struct made_package){ .columns = 4 }, 8, 8));
	ck_assert(!pays((struct made_package){ .columns = 4 }, 9, 7));
	ck_assert(!pays((struct made_package){ .torus = true }, 8, 8));
	ck_assert(!pays((struct made_package){ .router_conflict = 0.1 }, 8, 8));
	ck_assert(!pays((struct made_package){ .die = { 2, 4 } }, 8, 8));
	ck_assert(pays((struct made_package){ .die = { 2, 4 }, .border_ns = 5 }, 8, 8));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("product");
	TCase *tests = tcase_create("product");
	tcase_add_test(tests, one_message_to_all);
	tcase_add_test(tests, one_message_to_each);
	tcase_add_test(tests, many_messages_on_a_plain_mesh_pay);
	tcase_add_test(tests, dram_and_each);
	tcase_add_test(tests, spread_pays);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
