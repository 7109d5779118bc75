/* Mappings: read, written, copied, and every way in which a file can be wrong. */
#include "tests/search/fixtures.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "hw/base/json.h"
#include "tests/support/suite.h"

/* In the writer's own form, so that it is the golden output too. */
static const char base[] =
	"{\n"
	"  \"format\": \"mcmsim-mapping/1\",\n"
	"  \"workload\": \"net\",\n"
	"  \"package\": \"grid\",\n"
	"  \"strategy\": \"by hand\",\n"
	"  \"batch\": 4,\n"
	"  \"segments\": [\n"
	"    {\n"
	"      \"microbatch\": 2,\n"
	"      \"clusters\": [\n"
	"        {\n"
	"          \"region\": [[0, 0], [1, 0]],\n"
	"          \"nodes\": [\n"
	"            {\"name\": \"a\", \"split\": {\"K\": 2}, \"weights\": \"resident\", "
	"\"tiles\": 4},\n"
	"            {\"name\": \"b\", \"split\": {}, \"weights\": \"distributed\", \"tiles\": 1}\n"
	"          ]\n"
	"        },\n"
	"        {\n"
	"          \"region\": [[0, 1]],\n"
	"          \"nodes\": [\n"
	"            {\"name\": \"c\", \"split\": {\"N\": 1}, \"weights\": \"streamed\", "
	"\"tiles\": 2}\n"
	"          ]\n"
	"        }\n"
	"      ]\n"
	"    },\n"
	"    {\n"
	"      \"microbatch\": 4,\n"
	"      \"clusters\": [\n"
	"        {\n"
	"          \"region\": [[1, 1], [0, 0], [1, 0], [0, 1]],\n"
	"          \"nodes\": [\n"
	"            {\"name\": \"d\", \"split\": {\"N\": 2, \"P\": 1, \"Q\": 2}, \"weights\": "
	"\"resident\", "
	"\"tiles\": 1}\n"
	"          ]\n"
	"        }\n"
	"      ]\n"
	"    }\n"
	"  ]\n"
	"}\n";

static struct hw_package *package;
static struct wl_workload *workload;

/* Outputs: a 6 x 4 x 4, b 5 x 4 x 3, c 4 x 4 x 3, d 3 x 4 x 3 (channels, rows, columns). */
static void set_up(void)
{
	package = made_package((struct made_package){ .columns = 2, .rows = 2 });
	workload = made_workload((struct made_workload){
		.channels = 3,
		.rows = 4,
		.columns = 4,
		.layers = "{'name': 'a', 'op': 'conv', 'inputs': ['in'], 'out_channels': 6, "
			  "'kernel': 1},"
			  "{'name': 'a_relu', 'op': 'relu', 'inputs': ['a']},"
			  "{'name': 'b', 'op': 'conv', 'inputs': ['a_relu'], 'out_channels': 5, "
			  "'kernel': [1, 2]},"
			  "{'name': 'c', 'op': 'conv', 'inputs': ['b'], 'out_channels': 4, "
			  "'kernel': 1},"
			  "{'name': 'd', 'op': 'conv', 'inputs': ['c'], 'out_channels': 3, "
			  "'kernel': 1}" });
}

static void tear_down(void)
{
	hw_package_free(package);
	wl_workload_free(workload);
}

/* base with the first `from` replaced. */
static char *edited(const char *from, const char *to)
{
	const char *at = strstr(base, from);
	ck_assert_msg(at != NULL, "not in the base text: %s", from);
	return g_strdup_printf("%.*s%s%s", (int)(at - base), base, to, at + strlen(from));
}

static struct map_mapping *parsed(const char *text)
{
	GError *error = NULL;
	struct map_mapping *mapping = map_parse(text, "m.json", workload, package, &error);
	ck_assert_msg(mapping != NULL, "%s", error ? error->message : "");
	return mapping;
}

static void assert_is_base(const struct map_mapping *m)
{
	static const unsigned whole[4] = { 3, 0, 1, 2 }; /* [1,1] [0,0] [1,0] [0,1] on 2 x 2 */
	ck_assert_str_eq(m->workload, "net");
	ck_assert_str_eq(m->package, "grid");
	ck_assert_uint_eq(m->batch, 4);
	ck_assert_uint_eq(m->segment_count, 2);
	ck_assert_uint_eq(map_cluster_total(m), 3);
	ck_assert_uint_eq(m->segments[0].microbatch, 2);
	ck_assert_uint_eq(m->segments[0].cluster_count, 2);

	const struct map_cluster *first = &m->segments[0].clusters[0];
	const struct map_cluster *last = &m->segments[1].clusters[0];
	ck_assert_uint_eq(first->region_size, 2);
	ck_assert_uint_eq(first->node_count, 2);
	ck_assert_uint_eq(first->nodes[0].node, 0);
	ck_assert_uint_eq(first->nodes[0].split[MAP_K], 2);
	ck_assert_uint_eq(first->nodes[0].split[MAP_P], 1);
	ck_assert_uint_eq(first->nodes[0].tiles, 4);
	ck_assert_int_eq(first->nodes[0].weights, MAP_RESIDENT);
	ck_assert_int_eq(first->nodes[1].weights, MAP_DISTRIBUTED);
	ck_assert_int_eq(m->segments[0].clusters[1].nodes[0].weights, MAP_STREAMED);
	ck_assert_uint_eq(m->segments[0].clusters[1].region[0], 2);
	ck_assert_uint_eq(last->region_size, 4);
	ck_assert_mem_eq(last->region, whole, sizeof whole);
	ck_assert_uint_eq(last->nodes[0].node, 3);
	ck_assert_uint_eq(last->nodes[0].split[MAP_N], 2);
	ck_assert_uint_eq(last->nodes[0].split[MAP_Q], 2);
}

/* What the writer makes of the base text: factors of 1 are gone. */
static char *golden(void)
{
	GString *text = g_string_new(base);
	g_string_replace(text, "\"N\": 1", "", 0);
	g_string_replace(text, "\"P\": 1, ", "", 0);
	return g_string_free(text, FALSE);
}

START_TEST(reads_and_writes)
{
	g_autofree char *expected = golden();
	struct map_mapping *first = parsed(base);
	assert_is_base(first);
	ck_assert_str_eq(first->strategy, "by hand");
	g_autofree char *text = map_to_json(first, workload, package);
	ck_assert_str_eq(text, expected);
	struct map_mapping *second = parsed(text);
	assert_is_base(second);
	g_autofree char *again = map_to_json(second, workload, package);
	ck_assert_str_eq(again, expected);
	map_free(first);
	map_free(second);
}
END_TEST

START_TEST(strategy_is_optional_free_text)
{
	g_autofree char *without = edited("  \"strategy\": \"by hand\",\n", "");
	struct map_mapping *m = parsed(without);
	ck_assert_ptr_null(m->strategy);
	g_autofree char *text = map_to_json(m, workload, package);
	ck_assert_ptr_null(strstr(text, "strategy"));
	map_free(m);

	g_autofree char *odd = edited("by hand", "a \\\"b\\\" \\\\ \\n \xc3\xa9");
	m = parsed(odd);
	ck_assert_str_eq(m->strategy, "a \"b\" \\ \n \xc3\xa9");
	g_autofree char *written = map_to_json(m, workload, package);
	struct map_mapping *back = parsed(written);
	ck_assert_str_eq(back->strategy, m->strategy);
	map_free(m);
	map_free(back);
}
END_TEST

START_TEST(form_does_not_matter)
{
	GString *text = g_string_new(base);
	g_string_replace(text, "\n", "", 0);
	g_string_replace(text, "  ", "", 0);
	g_string_replace(text, "\"batch\": 4", "\"batch\": 4.0e0", 0);
	struct map_mapping *m = parsed(text->str);
	assert_is_base(m);
	map_free(m);
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(files)
{
	g_autofree char *dir = g_dir_make_tmp("check_mapping.XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "m.json", NULL);
	g_autofree char *expected = golden(), *text = NULL;
	GError *error = NULL;
	struct map_mapping *m = parsed(base);
	ck_assert(map_write(m, workload, package, path, &error));
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_str_eq(text, expected);
	struct map_mapping *back = map_read(path, workload, package, &error);
	ck_assert_ptr_nonnull(back);
	assert_is_base(back);
	map_free(back);
	g_unlink(path);

	ck_assert_ptr_null(map_read(path, workload, package, &error));
	g_autofree char *missing = g_strdup_printf("%s: cannot read: No such file or directory",
	                                           path);
	ck_assert_str_eq(error->message, missing);
	g_clear_error(&error);
	g_rmdir(dir);
	ck_assert(!map_write(m, workload, package, path, &error));
	g_autofree char *nowhere = g_strdup_printf("%s: cannot write: No such file or directory",
	                                           path);
	ck_assert_str_eq(error->message, nowhere);
	g_clear_error(&error);
	map_free(m);
}
END_TEST

START_TEST(copies_share_nothing)
{
	struct map_mapping *m = parsed(base), *copy = map_copy(m);
	g_autofree char *before = map_to_json(m, workload, package);
	m->batch = 9;
	m->strategy[0] = 'x';
	m->workload[0] = 'x';
	m->package[0] = 'x';
	m->segments[0].microbatch = 9;
	m->segments[1].clusters[0].region[0] = 0;
	m->segments[1].clusters[0].nodes[0].tiles = 9;
	m->segments[1].clusters[0].nodes[0].split[MAP_Q] = 1;
	map_free(m);
	g_autofree char *after = map_to_json(copy, workload, package);
	ck_assert_str_eq(after, before);
	map_free(copy);
	map_free(NULL);
}
END_TEST

START_TEST(ignores_locale)
{
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
		setlocale(LC_ALL, "");
	g_autofree char *expected = golden();
	struct map_mapping *m = parsed(base);
	g_autofree char *text = map_to_json(m, workload, package);
	ck_assert_str_eq(text, expected);
	map_free(m);
}
END_TEST

START_TEST(tail_microbatch_may_be_smaller_than_its_split)
{
	/* Batch 4 in micro-batches of 3: the last has one sample, N is split in two. */
	g_autofree char *text = edited("\"microbatch\": 4", "\"microbatch\": 3");
	map_free(parsed(text));
}
END_TEST

/* The base text with one change, and what is said about it. */
static const struct fault {
	const char *from, *to, *message;
} faults[] = {
	/* the top level */
	{ "mcmsim-mapping/1", "mcmsim-mapping/2",
	  "$.format: must be \"mcmsim-mapping/1\", got \"mcmsim-mapping/2\"" },
	{ "\"format\": \"mcmsim-mapping/1\",\n", "", "$: key \"format\" is missing" },
	{ "\"net\"", "\"other\"",
	  "$.workload: must be the workload at hand, \"net\", got \"other\"" },
	{ "\"net\"", "7", "$.workload: must be a string, got 7" },
	{ "\"grid\"", "\"other\"",
	  "$.package: must be the package at hand, \"grid\", got \"other\"" },
	{ "\"workload\": \"net\",", "", "$: key \"workload\" is missing" },
	{ "\"package\": \"grid\",", "", "$: key \"package\" is missing" },
	{ "\"by hand\"", "1", "$.strategy: must be a string, got 1" },
	{ "\"strategy\"", "\"comment\"",
	  "$.comment: unknown key; allowed here: \"format\", \"workload\", \"package\", "
	  "\"strategy\", "
	  "\"batch\", \"segments\"" },
	{ "\"strategy\"", "\"source\"",
	  "$.source: unknown key; allowed here: \"format\", \"workload\", \"package\", "
	  "\"strategy\", "
	  "\"batch\", \"segments\"" },
	{ "\"strategy\"", "\"package\"", "$.package: key appears twice in its object" },
	{ "\"batch\": 4,", "", "$: key \"batch\" is missing" },
	{ "\"batch\": 4", "\"batch\": 0", "$.batch: must be an integer from 1 to 1048576, got 0" },
	{ "\"batch\": 4", "\"batch\": 4.5",
	  "$.batch: must be an integer from 1 to 1048576, got 4.5" },
	{ "\"batch\": 4", "\"batch\": \"4\"",
	  "$.batch: must be an integer from 1 to 1048576, got \"4\"" },
	/* segments */
	{ "\"microbatch\": 2", "\"microbatch\": 0",
	  "$.segments[0].microbatch: must be an integer from 1 to 1048576, got 0" },
	{ "\"microbatch\": 4", "\"microbatch\": 5",
	  "$.segments[1].microbatch: must be at most 4, the batch, got 5" },
	{ "\"microbatch\": 4,", "", "$.segments[1]: key \"microbatch\" is missing" },
	{ "\"microbatch\": 4", "\"microbatch\": 4, \"name\": \"x\"",
	  "$.segments[1].name: unknown key; allowed here: \"microbatch\", \"clusters\"" },
	/* regions */
	{ "[[0, 1]]", "[]",
	  "$.segments[0].clusters[1].region: must have at least one chiplet, got none" },
	{ "[[0, 1]]", "3", "$.segments[0].clusters[1].region: must be an array, got 3" },
	{ "[[0, 1]]", "[3]", "$.segments[0].clusters[1].region[0]: must be an array, got 3" },
	{ "[[0, 1]]", "[[0, 1, 0]]",
	  "$.segments[0].clusters[1].region[0]: must be [x, y], got 3 numbers" },
	{ "[[0, 1]]", "[[0, \"1\"]]",
	  "$.segments[0].clusters[1].region[0][1]: must be an integer from 0 to 1048576, got "
	  "\"1\"" },
	{ "[[0, 1]]", "[[-1, 1]]",
	  "$.segments[0].clusters[1].region[0][0]: must be an integer from 0 to 1048576, got -1" },
	{ "[[0, 1]]", "[[1, 1], [2, 1]]",
	  "$.segments[0].clusters[1].region[1]: must be on the grid: x from 0 to 1, y from 0 to 1, "
	  "got [2, 1]" },
	{ "[[0, 1]]", "[[1, 2]]",
	  "$.segments[0].clusters[1].region[0]: must be on the grid: x from 0 to 1, y from 0 to 1, "
	  "got [1, 2]" },
	{ "[[0, 1]]", "[[0, 1], [1, 1], [0, 1]]",
	  "$.segments[0].clusters[1].region[2]: must be in the region once, got [0, 1] again" },
	{ "[[0, 1]]", "[[0, 1], [1, 0]]",
	  "$.segments[0].clusters[1].region[1]: must be in one cluster of the segment, got [1, 0] "
	  "in "
	  "clusters[0] and clusters[1]" },
	{ "\"region\": [[0, 1]],", "", "$.segments[0].clusters[1]: key \"region\" is missing" },
	{ "\"region\": [[0, 1]]", "\"region\": [[0, 1]], \"comment\": \"\"",
	  "$.segments[0].clusters[1].comment: unknown key; allowed here: \"region\", \"nodes\"" },
	/* which nodes, in what order */
	{ "\"a\"", "\"z\"",
	  "$.segments[0].clusters[0].nodes[0].name: must be a node of workload \"net\", got "
	  "\"z\"" },
	{ "\"a\"", "\"a_relu\"",
	  "$.segments[0].clusters[0].nodes[0].name: must be a node of workload \"net\", got "
	  "\"a_relu\", a layer of node \"a\"" },
	{ "\"b\"", "\"a\"",
	  "$.segments[0].clusters[0].nodes[1].name: must be mapped once, got node \"a\" again" },
	{ "\"d\"", "\"c\"",
	  "$.segments[1].clusters[0].nodes[0].name: must be mapped once, got node \"c\" again" },
	{ "{\"name\": \"d\", ",
	  "{\"name\": \"d\", \"split\": {}, \"weights\": \"resident\", \"tiles\": 1}, {\"name\": "
	  "\"d\", ",
	  "$.segments[1].clusters[0].nodes[1].name: must be mapped once, got node \"d\" again" },
	{ "{\"name\": \"a\", \"split\": {\"K\": 2}, \"weights\": \"resident\", \"tiles\": 4},", "",
	  "$.segments[0].clusters[0].nodes[0].name: node \"a\" is missing, it must come before "
	  "\"b\"" },
	{ "\"c\"", "\"d\"",
	  "$.segments[0].clusters[1].nodes[0].name: node \"c\" is missing, it must come before "
	  "\"d\"" },
	{ "\"name\": \"a\"", "\"name\": 1",
	  "$.segments[0].clusters[0].nodes[0].name: must be a string, got 1" },
	{ "\"name\": \"a\",", "", "$.segments[0].clusters[0].nodes[0]: key \"name\" is missing" },
	/* a node */
	{ "\"split\": {\"K\": 2},", "",
	  "$.segments[0].clusters[0].nodes[0]: key \"split\" is missing (node \"a\")" },
	{ "\"split\": {\"K\": 2}", "\"split\": 2",
	  "$.segments[0].clusters[0].nodes[0].split: must be an object, got 2 (node \"a\")" },
	{ "{\"K\": 2}", "{\"C\": 2}",
	  "$.segments[0].clusters[0].nodes[0].split.C: unknown key; allowed here: \"N\", \"K\", "
	  "\"P\", \"Q\" (node \"a\")" },
	{ "{\"K\": 2}", "{\"K\": 0}",
	  "$.segments[0].clusters[0].nodes[0].split.K: must be an integer from 1 to 1048576, got 0 "
	  "(node \"a\")" },
	{ "{\"K\": 2}", "{\"K\": 7}",
	  "$.segments[0].clusters[0].nodes[0].split.K: must be at most 6, the output channels, got "
	  "7 "
	  "(node \"a\")" },
	{ "{\"K\": 2}", "{\"N\": 3}",
	  "$.segments[0].clusters[0].nodes[0].split.N: must be at most 2, the samples of a "
	  "micro-batch, got 3 (node \"a\")" },
	{ "{\"N\": 2, \"P\": 1, \"Q\": 2}", "{\"P\": 5}",
	  "$.segments[1].clusters[0].nodes[0].split.P: must be at most 4, the output rows, got 5 "
	  "(node \"d\")" },
	{ "{\"N\": 2, \"P\": 1, \"Q\": 2}", "{\"Q\": 4}",
	  "$.segments[1].clusters[0].nodes[0].split.Q: must be at most 3, the output columns, got "
	  "4 "
	  "(node \"d\")" },
	{ "{\"N\": 2, \"P\": 1, \"Q\": 2}", "{\"N\": 2, \"K\": 3, \"Q\": 1}",
	  "$.segments[1].clusters[0].nodes[0].split: must have a product of at most 4, the "
	  "region's "
	  "chiplets, got N 2, K 3, P 1, Q 1 (node \"d\")" },
	{ "\"weights\": \"distributed\",", "",
	  "$.segments[0].clusters[0].nodes[1]: key \"weights\" is missing (node \"b\")" },
	{ "\"distributed\"", "\"sharded\"",
	  "$.segments[0].clusters[0].nodes[1].weights: must be one of \"resident\", "
	  "\"distributed\", \"streamed\", got \"sharded\" (node \"b\")" },
	{ ", \"tiles\": 2", "",
	  "$.segments[0].clusters[1].nodes[0]: key \"tiles\" is missing (node \"c\")" },
	{ "\"tiles\": 2", "\"tiles\": 0",
	  "$.segments[0].clusters[1].nodes[0].tiles: must be an integer from 1 to 1048576, got 0 "
	  "(node \"c\")" },
	{ "\"tiles\": 2", "\"tiles\": 2, \"source\": \"x\"",
	  "$.segments[0].clusters[1].nodes[0].source: unknown key; allowed here: \"name\", "
	  "\"split\", \"weights\", \"tiles\", \"shares\" (node \"c\")" },
	{ "\"tiles\": 2", "\"tiles\": 2, \"shares\": \"odd\"",
	  "$.segments[0].clusters[1].nodes[0].shares: must be one of \"even\", \"speed\", got "
	  "\"odd\" (node \"c\")" },
};

static void assert_fails(const char *text, const char *message)
{
	GError *error = NULL;
	g_autofree char *expected = g_strdup_printf("m.json: %s", message);
	struct map_mapping *m = map_parse(text, "m.json", workload, package, &error);
	ck_assert_msg(m == NULL, "accepted, but should say: %s", expected);
	ck_assert_str_eq(error->message, expected);
	g_clear_error(&error);
	ck_assert_ptr_null(map_parse(text, "m.json", workload, package, NULL));
}

START_TEST(says_what_is_wrong)
{
	g_autofree char *text = edited(faults[_i].from, faults[_i].to);
	assert_fails(text, faults[_i].message);
}
END_TEST

START_TEST(nodes_out_of_order)
{
	GString *text = g_string_new(base);
	g_string_replace(text, "\"b\"", "\"?\"", 0);
	g_string_replace(text, "\"c\"", "\"b\"", 0);
	g_string_replace(text, "\"?\"", "\"c\"", 0);
	assert_fails(text->str,
	             "$.segments[0].clusters[0].nodes[1].name: must be node \"b\", the next in "
	             "the network's order, got \"c\"");
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(empty_lists)
{
	const char *head = "{\"format\": \"mcmsim-mapping/1\", \"workload\": \"net\", \"package\": "
			   "\"grid\", \"batch\": 4";
	g_autofree char *none = g_strconcat(head, ", \"segments\": []}", NULL);
	assert_fails(none, "$.segments: must have at least one segment, got none");
	g_autofree char *missing = g_strconcat(head, "}", NULL);
	assert_fails(missing, "$: key \"segments\" is missing");
	g_autofree char *clusters = g_strconcat(
		head, ", \"segments\": [{\"microbatch\": 1, \"clusters\": []}]}", NULL);
	assert_fails(clusters, "$.segments[0].clusters: must have at least one cluster, got none");
	g_autofree char *nodes = g_strconcat(head,
	                                     ", \"segments\": [{\"microbatch\": 1, \"clusters\": "
	                                     "[{\"region\": [[0, 0]], \"nodes\": []}]}]}",
	                                     NULL);
	assert_fails(nodes,
	             "$.segments[0].clusters[0].nodes: must have at least one node, got none");
	assert_fails("[]", "$: must be an object, got an array");
}
END_TEST

START_TEST(last_node_missing)
{
	const char *at = strstr(base, ",\n    {\n      \"microbatch\": 4");
	g_autofree char *text = g_strdup_printf("%.*s\n  ]\n}\n", (int)(at - base), base);
	assert_fails(text, "$.segments: node \"d\" is missing");
}
END_TEST

START_TEST(not_json)
{
	GError *error = NULL;
	ck_assert_ptr_null(map_parse("{\n  \"format\": ,\n}", "m.json", workload, package, &error));
	ck_assert_str_eq(error->message, "m.json:2:13: JSON syntax error at: ,");
	g_clear_error(&error);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mapping");
	TCase *tests = tcase_create("mapping");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, reads_and_writes);
	tcase_add_test(tests, strategy_is_optional_free_text);
	tcase_add_test(tests, form_does_not_matter);
	tcase_add_test(tests, files);
	tcase_add_test(tests, copies_share_nothing);
	tcase_add_test(tests, ignores_locale);
	tcase_add_test(tests, tail_microbatch_may_be_smaller_than_its_split);
	tcase_add_loop_test(tests, says_what_is_wrong, 0, G_N_ELEMENTS(faults));
	tcase_add_test(tests, nodes_out_of_order);
	tcase_add_test(tests, empty_lists);
	tcase_add_test(tests, last_node_missing);
	tcase_add_test(tests, not_json);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
