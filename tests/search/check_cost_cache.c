/*
 * A cost model that remembers what it walked: it must give exactly what one gives that does not,
 * whatever was evaluated before, through changes of one thing at a time and when its room is full.
 */
#include "tests/search/random_mapping.h"
#include "tests/support/suite.h"

#define CHANGES 60
#define MANY_CHANGES 1000
#define LITTLE_ROOM 30000 /* bytes: some nodes of the small packages here */

static struct map_cluster *some_cluster(GRand *rand, struct map_segment **segment)
{
	*segment = &mapping->segments[pick(rand, 0, mapping->segment_count - 1)];
	return &(*segment)->clusters[pick(rand, 0, (*segment)->cluster_count - 1)];
}

/* Another way to run a node, a larger micro-batch, two chiplets swapped, or a node handed on. */
static void change(GRand *rand)
{
	struct map_segment *segment;
	struct map_cluster *cluster = some_cluster(rand, &segment);
	struct map_node *node = &cluster->nodes[pick(rand, 0, cluster->node_count - 1)];
	unsigned *a = &cluster->region[pick(rand, 0, cluster->region_size - 1)], was = *a;
	switch (pick(rand, 0, 4)) {
	case 0:
		segment->microbatch = MIN(segment->microbatch + 1, mapping->batch);
		return;
	case 1:
		node->weights = (enum map_weights)pick(rand, 0, MAP_WEIGHTS - 1);
		return;
	case 2:
		node->tiles = pick(rand, 1, 5);
		return;
	case 3:
		cluster = &segment->clusters[pick(rand, 0, segment->cluster_count - 1)];
		unsigned *b = &cluster->region[pick(rand, 0, cluster->region_size - 1)];
		*a = *b;
		*b = was;
		return;
	default:
		*node = random_node(rand, node->node, cluster->region_size, segment->microbatch);
	}
}

static void assert_same_report(const struct cost_report *a, const struct cost_report *b)
{
	ck_assert_double_eq(a->latency_ns, b->latency_ns);
	ck_assert_int_eq(memcmp(&a->totals, &b->totals, sizeof a->totals), 0);
	for (unsigned s = 0; s < mapping->segment_count; s++)
		ck_assert_int_eq(memcmp(&a->segments[s], &b->segments[s], sizeof *a->segments), 0);
	for (unsigned i = 0; i < map_cluster_total(mapping); i++)
		ck_assert_double_eq(a->cluster_ns[i], b->cluster_ns[i]);
	for (unsigned i = 0; i < workload->node_count; i++)
		ck_assert_int_eq(memcmp(&a->nodes[i], &b->nodes[i], sizeof *a->nodes), 0);
}

/* The mapping, by both models. */
static void compare(struct cost_model *remembering)
{
	struct cost_report expected, found;
	cost_evaluate(&model, mapping, &expected);
	cost_evaluate(remembering, mapping, &found);
	assert_same_report(&found, &expected);
	cost_report_release(&found);
	cost_report_release(&expected);
}

static void change_and_compare(guint32 seed, unsigned changes, size_t room_bytes, bool detailed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	struct cost_model remembering;
	random_scene(rand, pick(rand, 2, 6));
	random_map(rand);
	cost_model_init(&remembering, workload, package);
	remembering.recall = cost_cache_new(room_bytes, model.network.tensors_have_places);
	if (detailed)
		model.parameters.value[COST_TILE_TRAFFIC] =
			remembering.parameters.value[COST_TILE_TRAFFIC] = 0.5;
	for (unsigned i = 0; i < changes; i++) {
		compare(&remembering);
		change(rand);
	}
	compare(&remembering);
	cost_model_release(&remembering);
}

START_TEST(changes)
{
	change_and_compare((guint32)_i, CHANGES, COST_RECALL_BYTES, false);
}
END_TEST

START_TEST(changes_in_detail)
{
	change_and_compare((guint32)_i, CHANGES, COST_RECALL_BYTES, true);
}
END_TEST

/* b's node alone stays as it is; what it fetches depends on a's micro-batch, on the batch, and on
 * where a runs. */
START_TEST(what_was_stored_elsewhere)
{
	static const struct {
		unsigned batch;
		const char *notation;
	} mappings[] = { { 6, "3: 0 3 = a N2; 1: 0 = b" },  { 6, "2: 0 3 = a N2; 1: 0 = b" },
		         { 5, "2: 0 3 = a N2; 1: 0 = b" },  { 5, "2: 3 0 = a N2; 1: 0 = b" },
		         { 5, "2: 3 0 = a K2; 1: 0 = b" },  { 5, "2: 3 0 2 = a K3; 1: 0 = b" },
		         { 5, "2: 3 1 2 = a K3; 1: 0 = b" } };
	struct cost_model remembering;
	set_up(
		(struct made_package){
			.columns = 4, .rows = 1, .nearest = true, .channels = "[0, 0]; [3, 0]" },
		(struct wl_shape){ 4, 8, 8 }, POINT("a", "in", "4"), POINT("b", "a", "4"), NULL);
	cost_model_init(&remembering, workload, package);
	cost_model_remember(&remembering);
	for (unsigned i = 0; i < G_N_ELEMENTS(mappings); i++) {
		map(mappings[i].batch, mappings[i].notation);
		compare(&remembering);
	}
	cost_model_release(&remembering);
}
END_TEST

START_TEST(more_than_fits)
{
	change_and_compare(7, MANY_CHANGES, LITTLE_ROOM, false);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recall");
	TCase *tests = tcase_create("recall");
	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_loop_test(tests, changes, 0, 40);
	tcase_add_loop_test(tests, changes_in_detail, 0, 40);
	tcase_add_test(tests, what_was_stored_elsewhere);
	tcase_add_test(tests, more_than_fits);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
