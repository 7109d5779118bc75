/*
 * Product traffic: charged at once it must be what it is message by message, on every resource
 * and for every latency.
 */
#include "search/product.h"

#include "tests/search/fixtures.h"
#include "tests/support/synthetic.h"

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
                        const struct map_product *p)
{
	for (unsigned s = 0; s < p->sender_count; s++) {
		unsigned count = 0;
		for (unsigned r = 0; r < p->receiver_count; r++) {
			if (p->receivers[r] == p->senders[s])
				continue;
			network->receivers[p->multicast ? count++ : 0] = p->receivers[r];
			if (!p->multicast)
				map_send(network, phase, p->senders[s], 1, p->sent[s] * p->got[r]);
		}
		if (p->multicast)
			map_send(network, phase, p->senders[s], count, p->sent[s]);
	}
}

static void assert_same(const struct hw_package *package, const struct map_phase *a,
                        const struct map_phase *b)
{
	ck_assert_uint_eq(a->touched_count, b->touched_count);
	for (unsigned r = 0; r < hw_resource_count(package); r++) {
		ck_assert_double_eq(a->bytes[r], b->bytes[r]);
		if (a->bytes[r] <= 0)
			continue;
		ck_assert_float_eq_tol(a->before_ns[r], b->before_ns[r], 1e-4F);
		ck_assert_float_eq_tol(a->after_ns[r], b->after_ns[r], 1e-4F);
	}
	ck_assert_uint_eq(a->delivered_bytes, b->delivered_bytes);
	ck_assert_double_eq_tol(a->latency_ns, b->latency_ns, 1e-9);
	ck_assert_double_eq(a->far_bytes, b->far_bytes);
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
	map_network_init(&network, package);
	map_phase_init(&at_once, package);
	map_phase_init(&one_by_one, package);
	for (int i = 0; i < DRAWS; i++) {
		struct map_product p = {
			chiplets[0], chiplets[1],          amounts[0],
			amounts[1],  draw(rand, 0, false), draw(rand, 1, multicast),
			multicast
		};
		map_send_product(&network, &at_once, &p);
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

/* Where messages may stay few, go round a torus or turn in routers that lose time, they go one by one. */
START_TEST(pays)
{
	struct hw_package *package = synthetic_package(COLUMNS, ROWS);
	struct map_network network;
	struct map_phase phase;
	map_network_init(&network, package);
	map_phase_init(&phase, package);
	ck_assert(map_product_pays(&network, &phase, 8, 8));
	ck_assert(!map_product_pays(&network, &phase, 9, 7));
	package->nop.topology = HW_TORUS;
	ck_assert(!map_product_pays(&network, &phase, 8, 8));
	map_phase_release(&phase);
	package->nop.topology = HW_MESH;
	package->nop.router_conflict = 0.1;
	map_phase_init(&phase, package);
	ck_assert(!map_product_pays(&network, &phase, 8, 8));
	map_phase_release(&phase);
	map_network_release(&network);
	hw_package_free(package);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("product");
	TCase *tests = tcase_create("product");
	tcase_add_test(tests, one_message_to_all);
	tcase_add_test(tests, one_message_to_each);
	tcase_add_test(tests, pays);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
