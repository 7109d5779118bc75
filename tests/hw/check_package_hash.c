/* The package's hash: everything that a time depends on changes it, nothing else does. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hw/dram.h"
#include "tests/support/made.h"
#include "tests/support/suite.h"

#define PRESETS MCMSIM_DATA_DIR "/hw/packages"

static const struct {
	const char *name;
	unsigned numbers; /* that can be tried, those of its DRAM devices included */
} presets[] = { { "simba-6x6", 60 }, { "mcm-16", 45 }, { "nop-base", 24 } };

/* Caller frees. */
static char *hash_of(const char *preset, const char *assignment)
{
	const char *const set[] = { assignment, NULL };
	GError *error = NULL;
	struct hw_package *package = hw_package_read(preset, PRESETS, assignment ? set : NULL,
	                                             &error);
	ck_assert_msg(package != NULL, "%s", error ? error->message : "");
	char *hash = hw_package_hash(package);
	hw_package_free(package);
	return hash;
}

/* Whether times depend on a key. Energies and areas are paid for, whatever time it takes. */
static bool matters(const char *path)
{
	static const char *const others[] = { "$.name",   "$.format", "energy_pJ",
		                              "area_mm2", "source",   ".device" };
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
		if (strstr(path, others[i]))
			return false;
	return true;
}

static unsigned tried;

static void try_number(const char *preset, const char *path, double value, const char *before)
{
	/* Smaller, so that grids and unrollings stay possible; shares become other ones. */
	double other = value >= 2 ? value - 1 : value > 0 ? value / 2 : 0.25;
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	g_autofree char *assignment = g_strconcat(
		path + 2, "=", g_ascii_dtostr(digits, sizeof digits, other), NULL);
	const char *const set[] = { assignment, NULL };
	struct hw_package *package = hw_package_read(preset, PRESETS, set, NULL);
	if (!package) /* like a channel off the smaller grid */
		return;
	g_autofree char *after = hw_package_hash(package);
	hw_package_free(package);
	tried++;
	ck_assert_msg((strcmp(before, after) != 0) == matters(path), "%s of %s", path, preset);
}

static void walk(const char *preset, struct hw_json node, const char *before)
{
	if (strstr(node.path, "source"))
		return;
	if (cJSON_IsNumber(node.item))
		try_number(preset, node.path, node.item->valuedouble, before);
	for (unsigned i = 0; i < hw_json_size(node); i++)
		walk(preset, hw_json_at(node, i), before);
}

START_TEST(every_number_that_matters_changes_it)
{
	const char *preset = presets[_i].name;
	g_autofree char *path = g_strdup_printf("%s/%s.json", PRESETS, preset);
	g_autofree char *before = hash_of(preset, NULL);
	struct hw_json_file *file = hw_json_open(path, NULL);
	GError *error = NULL;
	hw_dram_fill_in(file, MCMSIM_DATA_DIR "/hw/dram", &error);
	ck_assert_msg(error == NULL, "%s", error ? error->message : "");
	tried = 0;
	ck_assert_uint_eq(strlen(before), 64);
	walk(preset, hw_json_root(file), before);
	ck_assert_msg(tried >= presets[_i].numbers, "%s: %u numbers", preset, tried);
	hw_json_close(file);
}
END_TEST

START_TEST(words_that_matter_change_it)
{
	static const char *const set[] = { "nop.topology=torus", "nop.multicast=false",
		                           "dram.interleave=nearest" };
	g_autofree char *before = hash_of("simba-6x6", NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(set); i++) {
		g_autofree char *after = hash_of("simba-6x6", set[i]);
		ck_assert_str_ne(before, after);
	}
	g_autofree char *named = hash_of("simba-6x6", "name=other");
	ck_assert_str_eq(before, named);
}
END_TEST

/* Of two chiplets. Caller frees. */
static char *hash_of_made(struct made_package options)
{
	options.columns = 2;
	struct hw_package *package = made_package(options);
	char *hash = hw_package_hash(package);
	hw_package_free(package);
	return hash;
}

START_TEST(borders_count_where_they_differ)
{
	g_autofree char *none = hash_of_made((struct made_package){ .columns = 2 });
	g_autofree char *slow = hash_of_made(
		(struct made_package){ .die = { 1, 1 }, .border_GBps = 4, .border_ns = 5 });
	g_autofree char *far = hash_of_made(
		(struct made_package){ .die = { 1, 1 }, .border_GBps = 10, .border_ns = 9 });
	g_autofree char *alike = hash_of_made(
		(struct made_package){ .die = { 1, 1 }, .border_GBps = 10, .border_ns = 5 });
	ck_assert_str_ne(none, slow);
	ck_assert_str_ne(none, far);
	ck_assert_str_ne(slow, far);
	ck_assert_str_eq(none, alike);
}
END_TEST

START_TEST(every_array_has_its_own)
{
	static const char *const arrays[] = {
		"'unroll': {'K': 4}",
		"'unroll': {'K': 4}, 'own_inputs': true",
		"'unroll': {'K': 4, 'G': 2}",
		"'unroll': {'G': 4}",
		"'systolic': {'rows': 2, 'columns': 4, 'dataflow': 'os'}",
		"'systolic': {'rows': 2, 'columns': 4, 'dataflow': 'os', 'drain': true}",
		"'systolic': {'rows': 2, 'columns': 4, 'dataflow': 'is'}",
		"'systolic': {'rows': 4, 'columns': 2, 'dataflow': 'is'}",
	};
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(arrays); i++)
		ck_assert_msg(g_hash_table_add(seen, hash_of_made((struct made_package){
							     .array = arrays[i] })),
		              "%s", arrays[i]);
	/* What is said of a default is no difference. */
	g_autofree char *stated = hash_of_made(
		(struct made_package){ .array = "'unroll': {'K': 4}, 'own_inputs': false" });
	ck_assert(g_hash_table_contains(seen, stated));
}
END_TEST

START_TEST(how_types_are_written_does_not_matter)
{
	/* Two types of equal values, in another order, and one that is not used. */
	static const char type[] =
		"'%s': {'clock_GHz': %d, 'array': {'unroll': {'K': 4}}, 'vector_lanes': 8, "
		"'weight_buffer_KiB': 1, 'activation_buffer_KiB': 1, 'buffer_GBps': 1, "
		"'energy_pJ': {'mac': 1, 'buffer_byte': 1, 'static_W': 0}, 'area_mm2': 1}";
	static const char *const chiplets[] = { "[['a', 'b']]", "[['b', 'a']]", "[['a', 'a']]" };
	char *hashes[3];
	for (unsigned i = 0; i < 3; i++) {
		g_autofree char *a = g_strdup_printf(type, "a", i == 1 ? 2 : 1);
		g_autofree char *b = g_strdup_printf(type, "b", i == 1 ? 1 : 2);
		g_autofree char *c = g_strdup_printf(type, "c", 3);
		g_autofree char *types = i ? g_strconcat(a, ", ", b, ", ", c, NULL)
		                           : g_strconcat(a, ", ", b, NULL);
		hashes[i] = hash_of_made(
			(struct made_package){ .types = types, .chiplets = chiplets[i] });
	}
	ck_assert_str_eq(hashes[0], hashes[1]); /* 1 GHz and 2 GHz, however they are called */
	ck_assert_str_ne(hashes[0], hashes[2]); /* 1 GHz twice */
	for (unsigned i = 0; i < 3; i++)
		g_free(hashes[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("package hash");
	TCase *tests = tcase_create("hash");
	tcase_add_loop_test(tests, every_number_that_matters_changes_it, 0,
	                    (int)G_N_ELEMENTS(presets));
	tcase_add_test(tests, words_that_matter_change_it);
	tcase_add_test(tests, borders_count_where_they_differ);
	tcase_add_test(tests, every_array_has_its_own);
	tcase_add_test(tests, how_types_are_written_does_not_matter);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
