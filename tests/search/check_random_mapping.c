/*
 * Drawn mappings and neighbours are valid in every respect, have their strategy's shape, depend
 * on the seed alone, and reach all that they should.
 */
#include <string.h>

#include "search/sample/random_mapping.h"
#include "tests/search/random_mapping.h"
#include "tests/support/suite.h"

#define SCENES 40 /* random networks and packages */
#define DRAWS 6   /* per scene and strategy */

static void assert_fits(const struct map_mapping *drawn)
{
	struct map_plan drawn_plan;
	GError *error = NULL;
	map_plan_init(&drawn_plan, drawn, workload, package);
	ck_assert_msg(map_check_buffers(&drawn_plan, &model.network.scratch, &error), "%s",
	              error ? error->message : "");
	map_plan_release(&drawn_plan);
}

/* What a reader of its file checks. */
static void assert_valid(const struct map_mapping *drawn)
{
	GError *error = NULL;
	g_autofree char *text = map_to_json(drawn, workload, package);
	struct map_mapping *again = map_parse(text, "drawn.json", workload, package, &error);
	ck_assert_msg(again != NULL, "%s\n%s", error ? error->message : "", text);
	map_free(again);
	assert_fits(drawn);
}

static void assert_pure(const struct map_cluster *cluster, const struct map_node *node)
{
	bool pure = false;
	for (int kind = 0; kind < SEARCH_SPLITS; kind++) {
		unsigned split[MAP_DIMS];
		search_choose_split(&workload->nodes[node->node], (enum search_split)kind,
		                    cluster->region_size, split);
		pure = pure || memcmp(split, node->split, sizeof split) == 0;
	}
	ck_assert_msg(pure, "node %u: K %u P %u Q %u on %u chiplets", node->node,
	              node->split[MAP_K], node->split[MAP_P], node->split[MAP_Q],
	              cluster->region_size);
}

static void assert_shape(const struct map_mapping *drawn, enum search_strategy strategy)
{
	if (strategy == SEARCH_ANY)
		return;
	ck_assert(strategy != SEARCH_PIPELINE || drawn->segment_count == 1);
	for (unsigned s = 0; s < drawn->segment_count; s++) {
		const struct map_segment *segment = &drawn->segments[s];
		for (unsigned c = 0; c < segment->cluster_count; c++) {
			const struct map_cluster *cluster = &segment->clusters[c];
			ck_assert(strategy == SEARCH_SCOPE || cluster->node_count == 1);
			for (unsigned i = 0; i < cluster->node_count; i++)
				assert_pure(cluster, &cluster->nodes[i]);
		}
		if (strategy == SEARCH_SEQUENTIAL) {
			ck_assert_uint_eq(segment->cluster_count, 1);
			ck_assert_uint_eq(segment->clusters[0].region_size,
			                  hw_chiplet_count(package));
		}
	}
}

static void assert_same(const struct map_mapping *a, const struct map_mapping *b, bool same)
{
	g_autofree char *one = map_to_json(a, workload, package);
	g_autofree char *other = map_to_json(b, workload, package);
	ck_assert_int_eq(strcmp(one, other) == 0, same);
}

/* ---- draws ---- */

static void check_draws(enum search_strategy strategy, uint64_t scene)
{
	struct search_drawer drawer;
	search_drawer_init(&drawer, &model, strategy, 1 + (unsigned)scene % 9, 0);
	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		GError *error = NULL;
		struct map_mapping *drawn = search_random_mapping(&drawer, seed, &error);
		ck_assert_msg(drawn != NULL, "%s", error ? error->message : "");
		assert_valid(drawn);
		assert_shape(drawn, strategy);
		ck_assert_uint_eq(drawn->batch, 1 + scene % 9);
		map_free(drawn);
	}
	search_drawer_release(&drawer);
}

START_TEST(draws_are_valid)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(11);
	for (uint64_t scene = 0; scene < SCENES; scene++) {
		random_scene(rand, pick(rand, 1, 7));
		if (search_check_strategy((enum search_strategy)_i, workload, package, NULL))
			check_draws((enum search_strategy)_i, scene);
	}
	release();
}
END_TEST

/* Buffers in which much of what is drawn does not fit at first. */
START_TEST(draws_fit_tight_buffers)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(12);
	unsigned drawn_count = 0;
	for (uint64_t scene = 0; scene < SCENES; scene++) {
		struct search_drawer drawer;
		random_scene(rand, pick(rand, 2, 7));
		package->types[0].activation_buffer_bytes = pick(rand, 200, 1200);
		package->types[0].weight_buffer_bytes = pick(rand, 64, 600);
		renew_model();
		search_drawer_init(&drawer, &model, (enum search_strategy)_i, 8, 0);
		struct map_mapping *drawn = search_random_mapping(&drawer, scene, NULL);
		if (drawn)
			assert_valid(drawn);
		drawn_count += drawn != NULL;
		map_free(drawn);
		search_drawer_release(&drawer);
	}
	release();
	ck_assert_uint_gt(drawn_count, _i == SEARCH_PIPELINE ? SCENES / 8 : SCENES / 2);
}
END_TEST

START_TEST(a_draw_depends_on_its_seed_alone)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(13);
	struct search_drawer drawer, other;
	random_scene(rand, 6);
	search_drawer_init(&drawer, &model, SEARCH_SCOPE, 8, 0);
	search_drawer_init(&other, &model, SEARCH_SCOPE, 8, 0);
	struct map_mapping *a = search_random_mapping(&drawer, 7, NULL);
	struct map_mapping *b = search_random_mapping(&drawer, 8, NULL);
	struct map_mapping *c = search_random_mapping(&drawer, 7 + (1ull << 32), NULL);
	struct map_mapping *again = search_random_mapping(&other, 7, NULL);
	assert_same(a, again, true);
	assert_same(a, b, false);
	assert_same(a, c, false); /* the upper half of a seed counts */
	map_free(a);
	map_free(b);
	map_free(c);
	map_free(again);
	search_drawer_release(&drawer);
	search_drawer_release(&other);
	release();
}
END_TEST

/* What draws have in common, a bit each. */
enum {
	SEEN_N = 1,
	SEEN_MIXED_SPLIT = 2,
	SEEN_DISTRIBUTED = 4,
	SEEN_STREAMED = 8,
	SEEN_SHUFFLED = 16,
	SEEN_IDLE = 32,
	SEEN_ODD_MICROBATCH = 64,
	SEEN_TWO_SEGMENTS = 128,
	SEEN_TWO_CLUSTERS = 256,
	SEEN_LONG_CLUSTER = 512,
	SEEN_ODD_TILES = 1024,
	SEEN_ALL = 2047
};

static unsigned look_at_node(const struct map_node *node)
{
	unsigned seen = node->split[MAP_N] > 1 ? SEEN_N : 0;
	seen |= node->split[MAP_K] > 1 && node->split[MAP_P] > 1 ? SEEN_MIXED_SPLIT : 0;
	seen |= node->weights == MAP_DISTRIBUTED ? SEEN_DISTRIBUTED : 0;
	seen |= node->weights == MAP_STREAMED ? SEEN_STREAMED : 0;
	return seen | (node->tiles == 7 ? SEEN_ODD_TILES : 0);
}

static unsigned look_at(const struct map_mapping *drawn)
{
	unsigned seen = drawn->segment_count > 1 ? SEEN_TWO_SEGMENTS : 0;
	for (unsigned s = 0; s < drawn->segment_count; s++) {
		const struct map_segment *segment = &drawn->segments[s];
		unsigned used = 0;
		for (unsigned c = 0; c < segment->cluster_count; c++) {
			const struct map_cluster *cluster = &segment->clusters[c];
			used += cluster->region_size;
			seen |= cluster->node_count > 1 ? SEEN_LONG_CLUSTER : 0;
			for (unsigned i = 0; i < cluster->node_count; i++)
				seen |= look_at_node(&cluster->nodes[i]);
			/* Serpentines never jump over three columns and two rows at once. */
			for (unsigned i = 1; i < cluster->region_size; i++)
				seen |= cluster->region[i] == cluster->region[i - 1] + 6
				                ? SEEN_SHUFFLED
				                : 0;
		}
		seen |= used < hw_chiplet_count(package) ? SEEN_IDLE : 0;
		seen |= segment->cluster_count > 1 ? SEEN_TWO_CLUSTERS : 0;
		seen |= segment->microbatch == 5 ? SEEN_ODD_MICROBATCH : 0;
	}
	return seen;
}

static unsigned look_at_many(enum search_strategy strategy)
{
	unsigned seen = 0;
	struct search_drawer drawer;
	set_up((struct made_package){ .columns = 4, .rows = 2 }, (struct wl_shape){ 4, 8, 8 },
	       POINT("a", "in", "8"), POINT("b", "a", "8"), POINT("c", "b", "8"),
	       POINT("d", "c", "8"), NULL);
	search_drawer_init(&drawer, &model, strategy, 8, 0);
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct map_mapping *drawn = search_random_mapping(&drawer, seed, NULL);
		seen |= look_at(drawn);
		map_free(drawn);
	}
	search_drawer_release(&drawer);
	release();
	return seen;
}

START_TEST(any_draws_all_that_a_mapping_can_say)
{
	ck_assert_uint_eq(look_at_many(SEARCH_ANY), SEEN_ALL);
}
END_TEST

START_TEST(scope_draws_what_its_search_chooses_from)
{
	ck_assert_uint_eq(look_at_many(SEARCH_SCOPE),
	                  SEEN_TWO_SEGMENTS | SEEN_TWO_CLUSTERS | SEEN_LONG_CLUSTER | SEEN_IDLE);
}
END_TEST

/* ---- neighbours ---- */

static void check_walk(enum search_strategy strategy, uint64_t scene)
{
	struct search_drawer drawer;
	search_drawer_init(&drawer, &model, strategy, 8, 0);
	struct map_mapping *at = search_random_mapping(&drawer, scene, NULL);
	for (uint64_t seed = 0; at && seed < 30; seed++) {
		GError *error = NULL;
		struct map_mapping *next = search_neighbour(&drawer, at, seed, &error);
		ck_assert_msg(next != NULL, "%s", error ? error->message : "");
		assert_valid(next);
		assert_shape(next, strategy);
		assert_same(at, next, false);
		struct map_mapping *again = search_neighbour(&drawer, at, seed, &error);
		assert_same(next, again, true);
		map_free(again);
		map_free(at);
		at = next;
	}
	map_free(at);
	search_drawer_release(&drawer);
}

/* From neighbour to neighbour, with room and without. */
START_TEST(neighbours_are_valid)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(14);
	for (uint64_t scene = 0; scene < 20; scene++) {
		random_scene(rand, pick(rand, 1, 7));
		if (scene % 2) {
			package->types[0].activation_buffer_bytes = pick(rand, 300, 1500);
			package->types[0].weight_buffer_bytes = pick(rand, 64, 600);
			renew_model();
		}
		check_walk((enum search_strategy)_i, scene);
	}
	release();
}
END_TEST

/* Notation as in mapping_fixture.h; what a change of it looks like. */
static void describe(const struct map_mapping *drawn, GString *text)
{
	for (unsigned s = 0; s < drawn->segment_count; s++) {
		const struct map_segment *segment = &drawn->segments[s];
		g_string_append_printf(text, "%s%u:", s ? "; " : "", segment->microbatch);
		for (unsigned c = 0; c < segment->cluster_count; c++) {
			const struct map_cluster *cluster = &segment->clusters[c];
			g_string_append(text, c ? " |" : "");
			for (unsigned i = 0; i < cluster->region_size; i++)
				g_string_append_printf(text, " %u", cluster->region[i]);
			g_string_append(text, " =");
			for (unsigned i = 0; i < cluster->node_count; i++) {
				const struct map_node *node = &cluster->nodes[i];
				g_string_append_printf(text, "%s %s", i ? "," : "",
				                       workload->nodes[node->node].name);
				for (int d = 0; d < MAP_DIMS; d++)
					if (node->split[d] > 1)
						g_string_append_printf(
							text, " %s%u",
							map_dim_name((enum map_dim)d),
							node->split[d]);
				if (node->weights != MAP_RESIDENT)
					g_string_append_printf(text, " %s",
					                       map_weights_name(node->weights));
				if (node->tiles > 1)
					g_string_append_printf(text, " t%u", node->tiles);
			}
		}
	}
}

/* One example of each change, worked out by hand from the first line. */
static const char *const start_notation =
	"4: 0 1 = a K2, b K2 | 3 2 = c K2; 2: 0 1 3 2 = d K4, e K4";
static const char *const expected[] = {
	"4: 0 1 = a P2, b K2 | 3 2 = c K2; 2: 0 1 3 2 = d K4, e K4",
	"4: 0 1 = a K2 streamed, b K2 | 3 2 = c K2; 2: 0 1 3 2 = d K4, e K4",
	"4: 0 1 = a K2, b K2 | 3 2 = c K2; 4: 0 1 3 2 = d K4, e K4",
	"2: 0 1 = a K2, b K2 | 3 2 = c K2; 2: 0 1 3 2 = d K4, e K4",
	"4: 0 1 = a K2 t2, b K2 t2 | 3 2 = c K2; 2: 0 1 3 2 = d K4, e K4",
	/* a chiplet on, a chiplet back: splits follow */
	"4: 0 = a, b | 1 3 2 = c K3; 2: 0 1 3 2 = d K4, e K4",
	"4: 0 1 3 = a K3, b K3 | 2 = c; 2: 0 1 3 2 = d K4, e K4",
	"4: 0 1 = a K2 | 3 2 = b K2, c K2; 2: 0 1 3 2 = d K4, e K4",
	/* a border node on (its cluster had only that one), and back */
	"4: 0 1 3 2 = a K4, b K4; 2: 0 1 3 2 = c K4, d K4, e K4",
	"4: 0 1 = a K2, b K2 | 3 2 = c K2, d K2; 2: 0 1 3 2 = e K4",
	"4: 0 1 3 2 = a K4, b K4, c K4; 2: 0 1 3 2 = d K4, e K4",
	"4: 0 = a | 1 = b | 3 2 = c K2; 2: 0 1 3 2 = d K4, e K4",
	"4: 0 1 = a K2, b K2 | 3 2 = c K2; 2: 0 = d | 1 3 2 = e K3",
};

START_TEST(every_change_is_made)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct search_drawer drawer;
	set_up((struct made_package){ .columns = 2, .rows = 2 }, (struct wl_shape){ 4, 8, 8 },
	       POINT("a", "in", "8"), POINT("b", "a", "8"), POINT("c", "b", "8"),
	       POINT("d", "c", "8"), POINT("e", "d", "8"), NULL);
	map(8, start_notation);
	search_drawer_init(&drawer, &model, SEARCH_SCOPE, 8, 0);
	for (uint64_t seed = 0; seed < 1000; seed++) {
		GString *text = g_string_new(NULL);
		struct map_mapping *next = search_neighbour(&drawer, mapping, seed, NULL);
		describe(next, text);
		g_hash_table_add(seen, g_string_free(text, FALSE));
		map_free(next);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++)
		ck_assert_msg(g_hash_table_contains(seen, expected[i]), "%s", expected[i]);
	ck_assert(!g_hash_table_contains(seen, start_notation));
	search_drawer_release(&drawer);
	release();
}
END_TEST

/* Clusters of one node: a node that moves to another segment takes half of the region there, and
 * leaves its own to the cluster before it. */
START_TEST(a_border_moves_between_pipelines)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct search_drawer drawer;
	set_up((struct made_package){ .columns = 2, .rows = 2 }, (struct wl_shape){ 4, 8, 8 },
	       POINT("a", "in", "8"), POINT("b", "a", "8"), POINT("c", "b", "8"),
	       POINT("d", "c", "8"), NULL);
	map(8, "4: 0 1 = a K2 | 3 2 = b K2; 2: 2 0 = c K2 | 1 3 = d K2");
	search_drawer_init(&drawer, &model, SEARCH_SEGMENTED, 8, 0);
	for (uint64_t seed = 0; seed < 1000; seed++) {
		GString *text = g_string_new(NULL);
		struct map_mapping *next = search_neighbour(&drawer, mapping, seed, NULL);
		assert_shape(next, SEARCH_SEGMENTED);
		describe(next, text);
		g_hash_table_add(seen, g_string_free(text, FALSE));
		map_free(next);
	}
	ck_assert(g_hash_table_contains(seen, "4: 0 1 3 2 = a K4; 2: 2 = b | 0 = c | 1 3 = d K2"));
	ck_assert(g_hash_table_contains(seen, "4: 0 1 = a K2 | 3 = b | 2 = c; 2: 2 0 1 3 = d K4"));
	search_drawer_release(&drawer);
	release();
}
END_TEST

/* ---- what cannot be ---- */

static void assert_no_draw(enum search_strategy strategy, enum search_error code,
                           const char *message)
{
	GError *error = NULL;
	struct search_drawer drawer;
	search_drawer_init(&drawer, &model, strategy, 8, 0);
	ck_assert_ptr_null(search_random_mapping(&drawer, 1, &error));
	ck_assert(g_error_matches(error, SEARCH_ERROR, (gint)code));
	ck_assert_msg(strstr(error->message, message) != NULL, "%s", error->message);
	g_clear_error(&error);
	search_drawer_release(&drawer);
}

START_TEST(errors_say_what_does_not_fit)
{
	set_up((struct made_package){ .columns = 2, .rows = 1 }, (struct wl_shape){ 4, 8, 8 },
	       POINT("a", "in", "8"), POINT("b", "a", "8"), POINT("c", "b", "8"), NULL);
	assert_no_draw(SEARCH_PIPELINE, SEARCH_ERROR_TOO_MANY_NODES,
	               "strategy pipeline: 'net' has 3 nodes but 'grid' has 2 chiplets; it needs "
	               "one each");
	package->types[0].weight_buffer_bytes = 15; /* of 16 MAC units, two weights each */
	renew_model();
	assert_no_draw(SEARCH_ANY, SEARCH_ERROR_DOES_NOT_FIT,
	               "strategy any: no random mapping of 'net' on 'grid' fits its buffers; the "
	               "last one tried: ");
	release();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("random");
	TCase *test = tcase_create("random");
	tcase_add_loop_test(test, draws_are_valid, 0, SEARCH_STRATEGIES);
	tcase_add_loop_test(test, draws_fit_tight_buffers, 0, SEARCH_STRATEGIES);
	tcase_add_test(test, a_draw_depends_on_its_seed_alone);
	tcase_add_test(test, any_draws_all_that_a_mapping_can_say);
	tcase_add_test(test, scope_draws_what_its_search_chooses_from);
	tcase_add_loop_test(test, neighbours_are_valid, 0, SEARCH_STRATEGIES);
	tcase_add_test(test, every_change_is_made);
	tcase_add_test(test, a_border_moves_between_pipelines);
	tcase_add_test(test, errors_say_what_does_not_fit);
	suite_add_tcase(suite, test);
	return suite_run(suite);
}
