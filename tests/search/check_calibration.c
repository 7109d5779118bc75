/* Calibration files: what is written is read again, and what is wrong is refused and named. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "search/calibration/calibration.h"
#include "tests/search/fixtures.h"
#include "tests/support/suite.h"

static char *folder, *path;

static void set_up(void)
{
	folder = g_dir_make_tmp("calibration-XXXXXX", NULL);
	path = g_build_filename(folder, "c.json", NULL);
}

static void tear_down(void)
{
	g_unlink(path);
	g_rmdir(folder);
	g_free(path);
	g_free(folder);
}

static char **texts(const char *list)
{
	return g_strsplit(list, " ", -1);
}

/* For the package of the fixtures; every key has a value of its own. */
static struct cal_calibration *make(const struct hw_package *package)
{
	struct cal_calibration *c = g_new0(struct cal_calibration, 1);
	for (unsigned p = 0; p < COST_PARAMETERS; p++)
		c->parameters[p] = (struct cal_parameter){ cost_parameter_infos[p].neutral, 0,
			                                   cost_parameter_infos[p].low,
			                                   cost_parameter_infos[p].high, false };
	c->parameters[COST_EXPOSED_TILE].value = 0.7;
	c->parameters[COST_EXPOSED_TILE].uncertainty = 0.02;
	c->parameters[COST_EXPOSED_TILE].fitted = true;
	c->parameters[COST_EXPOSED_FIRST].value = 5e-17; /* what rounding leaves of 0 */
	c->parameters[COST_EXPOSED_FIRST].uncertainty = 3.3e-16;
	c->package_count = 1;
	c->packages = g_new0(struct cal_package, 1);
	c->packages[0] = (struct cal_package){ g_strdup(package->name), hw_package_hash(package) };
	c->data = (struct cal_data){ .source = g_strdup("simulated"),
		                     .files = texts(""),
		                     .seed = UINT64_MAX,
		                     .samples_per_pair = 40,
		                     .batches = g_memdup2((unsigned[]){ 4, 64 },
		                                          2 * sizeof(unsigned)),
		                     .batch_count = 2,
		                     .uncertainty_over = g_strdup("workloads"),
		                     .hash = g_strdup("abc") };
	c->set_count = 2;
	c->sets = g_new0(struct cal_error_set, 2);
	for (unsigned s = 0; s < 2; s++)
		c->sets[s] = (struct cal_error_set){ .what = g_strdup(s ? "held \"out\"\n"
			                                                : "training"),
			                             .workloads = texts("a b"),
			                             .packages = texts("grid"),
			                             .samples = 20 + s,
			                             .before = { 5.25, -80, 1, 0.5 },
			                             .after = { 1.5, 9, -0.25, NAN } };
	return c;
}

static void write_text(const char *text)
{
	GError *error = NULL;
	ck_assert_msg(g_file_set_contents(path, text, -1, &error), "%s",
	              error ? error->message : "");
}

/* The file's text; caller frees. */
static char *text_of_file(void)
{
	struct hw_package *package = made_package((struct made_package){ .columns = 2, .rows = 1 });
	struct cal_calibration *c = make(package);
	char *text = cal_to_json(c);
	cal_free(c);
	hw_package_free(package);
	return text;
}

START_TEST(what_is_written_is_read)
{
	GError *error = NULL;
	struct hw_package *package = made_package((struct made_package){ .columns = 2, .rows = 1 });
	struct cal_calibration *c = make(package);
	g_autofree char *before = cal_to_json(c);
	ck_assert(cal_write(c, path, &error));
	struct cal_calibration *again = cal_read(path, &error);
	ck_assert_msg(again != NULL, "%s", error ? error->message : "");
	ck_assert_str_eq(again->checksum, c->checksum);
	g_autofree char *after = cal_to_json(again);
	ck_assert_str_eq(before, after);
	struct cost_parameters parameters = cal_parameters(again);
	ck_assert_double_eq(parameters.value[COST_EXPOSED_TILE], 0.7);
	ck_assert_double_eq(parameters.value[COST_NOP_EFFICIENCY], 1);
	ck_assert_double_eq(parameters.value[COST_EXPOSED_FIRST], 0);
	ck_assert_double_eq(again->parameters[COST_EXPOSED_FIRST].uncertainty, 0);
	ck_assert_uint_eq(again->data.seed, UINT64_MAX);
	ck_assert_uint_eq(again->data.batches[1], 64);
	ck_assert_str_eq(again->sets[1].what, "held \"out\"\n");
	ck_assert_double_eq(again->sets[1].before.worst, -80);
	ck_assert(isnan(again->sets[1].after.kendall_tau));
	ck_assert_uint_eq(again->sets[1].samples, 21);
	cal_free(again);
	cal_free(c);
	hw_package_free(package);
}
END_TEST

START_TEST(white_space_does_not_matter)
{
	g_autofree char *text = text_of_file();
	g_auto(GStrv) parts = g_strsplit(text, "\n", -1);
	g_autofree char *flat = g_strjoinv(" ", parts);
	write_text(flat);
	struct cal_calibration *c = cal_read(path, NULL);
	ck_assert_ptr_nonnull(c);
	cal_free(c);
}
END_TEST

/* With the first `from` replaced the file must be refused with this message behind its name. */
static void assert_refused(const char *from, const char *to, const char *message)
{
	GError *error = NULL;
	g_autofree char *text = text_of_file();
	char *at = strstr(text, from);
	ck_assert_msg(at != NULL, "%s is not in the file", from);
	g_autofree char *head = g_strndup(text, (gsize)(at - text));
	g_autofree char *changed = g_strconcat(head, to, at + strlen(from), NULL);
	write_text(changed);
	ck_assert_ptr_null(cal_read(path, &error));
	g_autofree char *expected = g_strdup_printf("%s: %s", path, message);
	ck_assert_str_eq(error->message, expected);
	g_clear_error(&error);
}

#define EDITED                                                                                   \
	"$.checksum: does not belong to the rest of the file: it was edited or cut; run mcmsim " \
	"calibrate again"

START_TEST(edited_files_are_refused)
{
	assert_refused("\"value\": 0.7", "\"value\": 0.71", EDITED);
	assert_refused("\"fitted\": true", "\"fitted\": false", EDITED);
	assert_refused("\"name\": \"grid\"", "\"name\": \"other\"", EDITED);
	assert_refused("\"mean\": 1.5", "\"mean\": 1.4", EDITED);
	assert_refused("\"samples\": 21", "\"samples\": 2100", EDITED);
	assert_refused("\"seed\": \"18446744073709551615\"", "\"seed\": \"1\"", EDITED);
	assert_refused("[4, 64]", "[4]", EDITED);
	assert_refused("\"a\", \"b\"", "\"a\"", EDITED);
	assert_refused("\"checksum\": \"", "\"checksum\": \"0", EDITED);
}
END_TEST

START_TEST(wrong_values_are_named)
{
	assert_refused("mcmsim-calibration/1", "mcmsim-calibration/2",
	               "$.format: must be \"mcmsim-calibration/1\", got \"mcmsim-calibration/2\"");
	assert_refused("\"value\": 0.7", "\"value\": 2.5",
	               "$.parameters.exposed_tile.value: must be from 0 to 2, got 2.5");
	assert_refused("\"value\": 0.7, \"uncertainty\": 0.02, \"low\": 0, \"high\": 2",
	               "\"value\": 0.7, \"uncertainty\": 0.02, \"low\": 0, \"high\": 3",
	               "$.parameters.exposed_tile.high: must be from 0 to 2, got 3");
	assert_refused("\"value\": 0.7", "\"value\": -1",
	               "$.parameters.exposed_tile.value: must be >= 0, got -1");
	assert_refused("\"source\": \"simulated\"", "\"source\": \"guessed\"",
	               "$.data.source: must be one of \"simulated\", \"measured\", got "
	               "\"guessed\"");
	assert_refused("\"mean\": 1.5", "\"mean\": \"low\"",
	               "$.error_percent.training.after.mean: must be a number or null");
	assert_refused("\"seed\": \"18446744073709551615\"", "\"seed\": \"x\"",
	               "$.data.seed: must be a whole number, got \"x\"");
}
END_TEST

static void assert_message_has(const char *from, const char *to, const char *part)
{
	GError *error = NULL;
	g_autofree char *text = text_of_file();
	g_auto(GStrv) parts = g_strsplit(text, from, 2);
	g_autofree char *changed = g_strjoinv(to, parts);
	ck_assert_str_ne(changed, text);
	write_text(changed);
	ck_assert_ptr_null(cal_read(path, &error));
	ck_assert_msg(strstr(error->message, part) != NULL, "%s", error->message);
	g_clear_error(&error);
}

START_TEST(missing_and_unknown_keys_are_named)
{
	assert_message_has("\"exposed_tile\"", "\"exposed_tail\"", "exposed_tail");
	assert_message_has("\"uncertainty\": 0.02, ", "", "uncertainty");
	assert_message_has("\"hash\": \"abc\"", "\"hush\": \"abc\"", "hush");
	assert_message_has("\"packages\": [\n", "\"packages\": [], \"of\": [\n", "of");
	assert_message_has("{\n", "[]{\n", "1:"); /* no JSON: line and column */
}
END_TEST

START_TEST(a_file_that_is_not_there)
{
	GError *error = NULL;
	ck_assert_ptr_null(cal_read(path, &error));
	ck_assert(g_str_has_prefix(error->message, path));
	g_clear_error(&error);
}
END_TEST

START_TEST(it_holds_for_its_packages_only)
{
	GError *error = NULL;
	struct hw_package *package = made_package((struct made_package){ .columns = 2, .rows = 1 });
	struct hw_package *wider = made_package((struct made_package){ .columns = 3, .rows = 1 });
	struct cal_calibration *c = make(package);
	ck_assert(cal_applies(c, "c.json", package, &error));
	ck_assert(!cal_applies(c, "c.json", wider, &error));
	ck_assert_str_eq(error->message,
	                 "c.json: package 'grid' is not the one that it was fitted for: a value "
	                 "was changed since, or by --set");
	g_clear_error(&error);
	g_free(wider->name);
	wider->name = g_strdup("wide");
	ck_assert(!cal_applies(c, "c.json", wider, &error));
	ck_assert_str_eq(error->message, "c.json: fitted for package 'grid', not for 'wide'");
	g_clear_error(&error);
	/* A name is only a name. */
	g_free(package->name);
	package->name = g_strdup("renamed");
	ck_assert(cal_applies(c, "c.json", package, &error));
	cal_free(c);
	hw_package_free(package);
	hw_package_free(wider);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calibration");
	TCase *tests = tcase_create("files");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_is_written_is_read);
	tcase_add_test(tests, white_space_does_not_matter);
	tcase_add_test(tests, edited_files_are_refused);
	tcase_add_test(tests, wrong_values_are_named);
	tcase_add_test(tests, missing_and_unknown_keys_are_named);
	tcase_add_test(tests, a_file_that_is_not_there);
	tcase_add_test(tests, it_holds_for_its_packages_only);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
