/*
 * mcmsim validate: samples do not depend on --jobs or --samples, can be remade one by one, and
 * what is said of them agrees with what simulate says of their mappings. The scatter plot's
 * geometry is checked by itself.
 */
#include <cjson/cJSON.h>
#include <math.h>

#include "tests/tools/folder.h"
#include "tools/text/svg_scatter.h"
#include "tests/support/suite.h"

#ifdef __SANITIZE_ADDRESS__
#define SAMPLES "4"
#else
#define SAMPLES "12"
#endif
#define PAIR "--package simba-6x6 --workload alexnet "
#define FEW "validate " PAIR "--batch 16 --quiet --samples " SAMPLES " "

/* ---- samples.csv ---- */

struct rows {
	char **lines;   /* the header first, an empty one last */
	char **columns; /* names */
	unsigned count;
};

static struct rows read_rows(const char *name)
{
	struct rows rows;
	g_autofree char *text = content_of(folder, name);
	rows.lines = g_strsplit(text, "\n", -1);
	rows.columns = g_strsplit(rows.lines[0], ",", -1);
	rows.count = g_strv_length(rows.lines) - 2;
	return rows;
}

static void rows_free(struct rows *rows)
{
	g_strfreev(rows->lines);
	g_strfreev(rows->columns);
}

/* Caller frees. No cell of these tests needs quotes. */
static char *cell(const struct rows *rows, unsigned row, const char *column)
{
	g_auto(GStrv) cells = g_strsplit(rows->lines[row + 1], ",", -1);
	ck_assert_uint_eq(g_strv_length(cells), g_strv_length(rows->columns));
	for (unsigned i = 0; rows->columns[i]; i++)
		if (strcmp(rows->columns[i], column) == 0)
			return g_strdup(cells[i]);
	ck_abort_msg("no column %s", column);
}

static double number(const struct rows *rows, unsigned row, const char *column)
{
	g_autofree char *text = cell(rows, row, column);
	return *text ? g_ascii_strtod(text, NULL) : (double)NAN;
}

static void run_quietly(const char *words)
{
	g_autofree char *out = output_of(folder, words);
	(void)out;
}

static void assert_same_content(const char *a, const char *b)
{
	g_autofree char *one = content_of(folder, a), *other = content_of(folder, b);
	ck_assert_msg(strcmp(one, other) == 0, "%s and %s differ", a, b);
}

START_TEST(the_same_bytes_whatever_the_jobs)
{
	g_autofree char *a = output_of(folder, FEW "--jobs 1 -o @/a");
	g_autofree char *b = output_of(folder, FEW "--jobs 3 -o @/b");
	g_autofree char *names = names_in(folder, "a");
	ck_assert_str_eq(a, b);
	ck_assert_str_eq(names, "report.json samples.csv scatter.svg");
	assert_same_content("a/samples.csv", "b/samples.csv");
	assert_same_content("a/report.json", "b/report.json");
	assert_same_content("a/scatter.svg", "b/scatter.svg");
	g_autofree char *json = output_of(folder, FEW "--json -o @/c");
	g_autofree char *file = content_of(folder, "c/report.json");
	ck_assert_str_eq(json, file);
}
END_TEST

START_TEST(more_samples_begin_with_the_same_ones)
{
	run_quietly(FEW "-o @/many");
	run_quietly("validate " PAIR "--batch 16 --quiet --samples 3 -o @/few");
	g_autofree char *many = content_of(folder, "many/samples.csv");
	g_autofree char *few = content_of(folder, "few/samples.csv");
	ck_assert_uint_lt(strlen(few), strlen(many));
	ck_assert(g_str_has_prefix(many, few));
}
END_TEST

START_TEST(another_seed_draws_others)
{
	run_quietly(FEW "--seed 1 -o @/a");
	run_quietly(FEW "--seed 2 -o @/b");
	struct rows a = read_rows("a/samples.csv"), b = read_rows("b/samples.csv");
	/* The first four are searched, for which there is no seed. */
	ck_assert_double_eq(number(&a, 3, "simulated_ns"), number(&b, 3, "simulated_ns"));
	ck_assert_double_ne(number(&a, 4, "simulated_ns"), number(&b, 4, "simulated_ns"));
	rows_free(&a);
	rows_free(&b);
}
END_TEST

START_TEST(the_mix_is_as_promised)
{
	static const char *const kinds[] = { "searched", "searched",  "searched", "searched",
		                             "random",   "neighbour", "random",   "neighbour" };
	static const char *const strategies[] = { "sequential", "pipeline",   "segmented",
		                                  "scope",      "sequential", "sequential",
		                                  "pipeline",   "pipeline" };
	run_quietly(FEW "-o @/a");
	struct rows rows = read_rows("a/samples.csv");
	ck_assert_uint_eq(rows.count, 4 + (unsigned)atoi(SAMPLES));
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *kind = cell(&rows, i, "kind");
		g_autofree char *strategy = cell(&rows, i, "strategy");
		ck_assert_str_eq(kind, kinds[i]);
		ck_assert_str_eq(strategy, strategies[i]);
		ck_assert_double_eq(number(&rows, i, "sample"), i);
	}
	/* Random ones take "any" after the strategies: 4, 6, 8, 10, and then 12. */
	if (rows.count > 12) {
		g_autofree char *strategy = cell(&rows, 12, "strategy");
		ck_assert_str_eq(strategy, "any");
	}
	rows_free(&rows);
}
END_TEST

static void assert_near(double a, double b)
{
	/* The CSV has 15 digits. */
	ck_assert_msg(fabs(a - b) <= 1e-9 * fmax(1, fabs(b)), "%.15g is not %.15g", a, b);
}

START_TEST(errors_and_terms_add_up)
{
	static const char *const terms[] = { "pipeline_fill_percent", "tiles_percent",
		                             "back_pressure_percent", "dram_percent",
		                             "nop_percent" };
	run_quietly(FEW "-o @/a");
	struct rows rows = read_rows("a/samples.csv");
	for (unsigned i = 0; i < rows.count; i++) {
		double analytical = number(&rows, i, "analytical_ns");
		double simulated = number(&rows, i, "simulated_ns"), sum = 0;
		double error = (analytical - simulated) / simulated * 100;
		assert_near(number(&rows, i, "latency_error_percent"), error);
		assert_near(number(&rows, i, "throughput_error_percent"),
		            (simulated / analytical - 1) * 100);
		assert_near(number(&rows, i, "bubbles_error_points"),
		            number(&rows, i, "analytical_idle_percent") -
		                    number(&rows, i, "simulated_idle_percent"));
		for (unsigned t = 0; t < G_N_ELEMENTS(terms); t++)
			sum += number(&rows, i, terms[t]);
		assert_near(sum, error);
	}
	rows_free(&rows);
}
END_TEST

static double item_number(const cJSON *object, const char *path)
{
	g_auto(GStrv) keys = g_strsplit(path, ".", -1);
	for (unsigned i = 0; keys[i]; i++) {
		object = cJSON_GetObjectItemCaseSensitive(object, keys[i]);
		ck_assert_msg(object != NULL, "%s", path);
	}
	ck_assert_msg(cJSON_IsNumber(object), "%s", path);
	return object->valuedouble;
}

/* A row of report.json by its name. */
static const cJSON *find_row(const cJSON *report, const char *name)
{
	const cJSON *row;
	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(report, "rows"))
	{
		const cJSON *of = cJSON_GetObjectItemCaseSensitive(row, "samples_of");
		if (strcmp(of->valuestring, name) == 0)
			return row;
	}
	ck_abort_msg("no row \"%s\"", name);
}

START_TEST(the_report_sums_up_the_samples)
{
	run_quietly(FEW "-o @/a");
	struct rows rows = read_rows("a/samples.csv");
	g_autofree char *text = content_of(folder, "a/report.json");
	cJSON *report = cJSON_Parse(text);
	double sum = 0, sum_abs = 0, worst = 0, nop = 0;
	for (unsigned i = 0; i < rows.count; i++) {
		double error = number(&rows, i, "latency_error_percent");
		sum += error;
		sum_abs += fabs(error);
		worst = fabs(error) > fabs(worst) ? error : worst;
		nop += number(&rows, i, "nop_percent");
	}
	ck_assert_str_eq(cJSON_GetObjectItemCaseSensitive(report, "format")->valuestring,
	                 "mcmsim-validation/1");
	const cJSON *all = find_row(report, "all"),
		    *pair = find_row(report, "alexnet on simba-6x6");
	assert_near(item_number(all, "samples"), rows.count);
	assert_near(item_number(all, "error_percent.latency.mean_abs"), sum_abs / rows.count);
	assert_near(item_number(all, "error_percent.latency.bias"), sum / rows.count);
	assert_near(item_number(all, "error_percent.latency.worst"), worst);
	assert_near(item_number(all, "latency_error_terms_percent.nop.bias"), nop / rows.count);
	assert_near(item_number(find_row(report, "searched"), "samples"), 4);
	assert_near(item_number(all, "kendall_tau"), item_number(pair, "kendall_tau"));
	ck_assert_double_gt(item_number(pair, "spearman_rho"), 0);
	assert_near(item_number(report, "worst.error_percent"), worst);
	cJSON_Delete(report);
	rows_free(&rows);
}
END_TEST

/* ---- one sample again ---- */

START_TEST(a_sample_can_be_remade)
{
	/* One of each kind: searched, random, neighbour. */
	static const unsigned numbers[] = { 2, 6, 7 };
	run_quietly(FEW "--seed 5 --keep-mappings -o @/all");
	struct rows rows = read_rows("all/samples.csv");
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		unsigned n = numbers[i];
		g_autofree char *seed = cell(&rows, n, "seed");
		g_autofree char *again = g_strdup_printf(
			"validate " PAIR "--batch 16 --quiet --seed %s --sample %u -o @/one%u",
			seed, n, n);
		run_quietly(again);
		g_autofree char *kept = g_strdup_printf("all/mappings/alexnet-simba-6x6-%03u.json",
		                                        n);
		g_autofree char *one = g_strdup_printf("one%u/mapping.json", n);
		assert_same_content(kept, one);

		g_autofree char *simulate = g_strdup_printf(
			"simulate " PAIR "--mapping @/one%u/mapping.json --json", n);
		g_autofree char *text = output_of(folder, simulate);
		cJSON *report = cJSON_Parse(text);
		assert_near(item_number(report, "simulated.latency_ns"),
		            number(&rows, n, "simulated_ns"));
		assert_near(item_number(report, "error_percent.latency"),
		            number(&rows, n, "latency_error_percent"));
		cJSON_Delete(report);
	}
	rows_free(&rows);
}
END_TEST

START_TEST(the_named_command_remakes_the_worst)
{
	g_autofree char *out = output_of(folder, "validate " PAIR
	                                         "--batch 16 --samples 4 --set nop.hop_ns=40");
	const char *at = strstr(out, "\nThe worst is sample ");
	ck_assert_msg(at != NULL, "%s", out);
	double error = g_ascii_strtod(strstr(at, ", ") + 2, NULL);
	const char *command = strstr(at, "mcmsim validate ") + strlen("mcmsim ");
	g_autofree char *words = g_strndup(command, strcspn(command, "\n"));
	assert_has(words, "--set nop.hop_ns=40");
	g_autofree char *again = output_of(folder, words);
	const char *latency = strstr(again, "%\nlatency          ");
	ck_assert_msg(latency != NULL, "%s", again);
	latency += strlen("%\nlatency          ");
	ck_assert_double_eq_tol(g_ascii_strtod(latency, NULL), error, 0.06); /* one decimal */
}
END_TEST

START_TEST(exact_simulates_every_microbatch)
{
	run_quietly("validate " PAIR "--strategy scope --batch 64 --quiet --samples 1 -o @/a");
	run_quietly("validate " PAIR "--strategy scope --batch 64 --quiet --samples 1 --exact "
	            "-o @/b");
	struct rows a = read_rows("a/samples.csv"), b = read_rows("b/samples.csv");
	ck_assert_double_lt(number(&a, 0, "activities"), number(&b, 0, "activities"));
	ck_assert_double_eq_tol(number(&a, 0, "simulated_ns") / number(&b, 0, "simulated_ns"), 1,
	                        1e-3);
	rows_free(&a);
	rows_free(&b);
}
END_TEST

/* ---- what cannot be ---- */

START_TEST(a_strategy_without_a_mapping_is_named)
{
	/* 21 nodes on 16 chiplets: left out before anything is drawn. */
	g_autofree char *out = output_of(
		folder, "validate --package mcm-16 --workload resnet18 --batch 4 --samples 1 "
			"--strategy pipeline,sequential");
	assert_has(out, "left out: strategy pipeline: 'resnet18' has 21 nodes but 'mcm-16' has 16 "
	                "chiplets; it needs one each\n");
	ck_assert_ptr_null(strstr(out, "have no result"));
}
END_TEST

static const struct {
	const char *words;
	int status;
	const char *message;
} failures[] = {
	{ "validate --samples 0", 2,
	  "--samples: must be a whole number from 1 to 1000000, got \"0\"" },
	{ "validate --sample x", 2,
	  "--sample: must be a whole number from 0 to 1000000, got \"x\"" },
	{ "validate --workload alexnet --sample 3", 2,
	  "--sample: takes one --workload and one --package, got 2 pairs of them" },
	{ "validate --keep-mappings", 2, "--keep-mappings: needs a folder to write to (--out)" },
	{ "validate --package mcm-16,", 2,
	  "--package: must be names or paths with commas between them, got \"mcm-16,\"" },
	{ "validate --workload ,", 2,
	  "--workload: must be names or paths with commas between them, got \",\"" },
	{ "validate --package mcm-16,mcm-16", 2,
	  "--package, --workload: must name each pair once, got workload 'alexnet' on package "
	  "'mcm-16' twice" },
	{ "validate --package mcm-16 --workload resnet18 --strategy pipeline", 2,
	  "strategy pipeline: 'resnet18' has 21 nodes but 'mcm-16' has 16 chiplets; it needs one "
	  "each" },
	{ "validate --package mcm-16 --workload alexnet --set grid.nothing=1", 2, NULL },
	{ "validate " PAIR "-o /dev/null/x", 2,
	  "--out: must be a folder that can be written, got \"/dev/null/x\": Not a directory" },
	{ "validate " PAIR "--batch 4 --samples 1 --set chiplet_types.simba.weight_buffer_KiB=1", 1,
	  NULL },
};

START_TEST(a_message_says_what_is_wrong)
{
	struct finished f = run_program(folder, failures[_i].words);
	ck_assert_msg(f.status == failures[_i].status, "%s: status %d\n%s%s", failures[_i].words,
	              f.status, f.error, f.out);
	ck_assert_str_eq(f.out, "");
	ck_assert(g_str_has_prefix(f.error, "mcmsim: "));
	if (failures[_i].message) {
		g_autofree char *expected = g_strdup_printf("mcmsim: %s\n", failures[_i].message);
		ck_assert_str_eq(f.error, expected);
	}
	finished_free(&f);
}
END_TEST

/* ---- the plot ---- */

/* Where the first mark of the plot is; false if there is none with this title. */
static bool find_mark(const char *svg, const char *title, double *x, double *y)
{
	g_autofree char *end = g_strdup_printf("><title>%s</title>", title);
	const char *at = strstr(svg, end), *from = NULL;
	for (const char *m = svg; at && (m = strstr(m, "<path d=\"M")) != NULL && m < at; m++)
		from = m + strlen("<path d=\"M");
	if (!from)
		return false;
	char *after;
	*x = g_ascii_strtod(from, &after);
	*y = g_ascii_strtod(after, NULL);
	return true;
}

/*
 * Values from 1 to 100, 12 % of room at either end: 560 units for log(100 * 1.12^2). Equal
 * values lie on the diagonal from (90, 624) to (650, 64).
 */
START_TEST(points_lie_where_they_should)
{
	static const char *const groups[] = { "one", "other" };
	const struct svg_point points[] = { { 1, 1, 0, (char *)"low" },
		                            { 100, 100, 1, (char *)"high" },
		                            { 10, 11, 1, (char *)"a <b> & c" },
		                            { 0, 5, 0, (char *)"zero" } };
	const struct svg_scatter plot = {
		"Title & more", "x (ms)", "y (ms)", groups, 2, points, 4
	};
	g_autofree char *svg = svg_scatter(&plot);
	const double edge = 560 * log(1.12) / log(100 * 1.12 * 1.12);
	double x, y;
	ck_assert(find_mark(svg, "low", &x, &y));
	ck_assert_double_eq_tol(x, 90 + edge, 0.006);
	ck_assert_double_eq_tol(y, 624 - edge, 0.006);
	ck_assert(find_mark(svg, "high", &x, &y));
	ck_assert_double_eq_tol(x, 650 - edge, 0.006);
	ck_assert_double_eq_tol(y, 64 + edge, 0.006);
	ck_assert(find_mark(svg, "a &lt;b&gt; &amp; c", &x, &y));
	ck_assert_double_eq_tol(x, 370, 0.006); /* the middle: 10 of 1 .. 100 */
	ck_assert_double_lt(y, 344);            /* above the diagonal */
	ck_assert(!find_mark(svg, "zero", &x, &y));
	assert_has(svg, ">one (1)</text>");
	assert_has(svg, ">other (2)</text>");
	assert_has(svg, "Title &amp; more");
	assert_has(svg, ">50</text>"); /* a tick */
	ck_assert(g_str_has_suffix(svg, "</svg>\n"));
}
END_TEST

/* Every range has a few ticks, and none makes it stumble. */
START_TEST(any_range_has_ticks)
{
	static const double ranges[][2] = { { 1, 1 },       { 99, 100 },   { 3, 4 },
		                            { 0.001, 5e6 }, { 1e-9, 1e9 }, { 7, 60 } };
	static const char *const groups[] = { "one" };
	const struct svg_point points[] = { { ranges[_i][0], ranges[_i][1], 0, NULL } };
	const struct svg_scatter plot = { "t", "x", "y", groups, 1, points, 1 };
	g_autofree char *svg = svg_scatter(&plot);
	unsigned ticks = 0;
	for (const char *at = svg; (at = strstr(at, "text-anchor=\"end\"")) != NULL; at++)
		ticks++;
	ck_assert_uint_ge(ticks, 3);
	ck_assert_uint_le(ticks, 12);
	ck_assert_ptr_null(strstr(svg, "nan"));
	ck_assert_ptr_null(strstr(svg, "inf"));
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	g_setenv("COLUMNS", "10000", TRUE); /* check_terminal has lines that end for want of room */
	Suite *suite = suite_create("validate");
	TCase *samples = add_case(suite, "samples"), *wrong = add_case(suite, "wrong");
	TCase *plot = add_case(suite, "plot");
	tcase_add_test(samples, the_same_bytes_whatever_the_jobs);
	tcase_add_test(samples, more_samples_begin_with_the_same_ones);
	tcase_add_test(samples, another_seed_draws_others);
	tcase_add_test(samples, the_mix_is_as_promised);
	tcase_add_test(samples, errors_and_terms_add_up);
	tcase_add_test(samples, the_report_sums_up_the_samples);
	tcase_add_test(samples, a_sample_can_be_remade);
	tcase_add_test(samples, the_named_command_remakes_the_worst);
	tcase_add_test(samples, exact_simulates_every_microbatch);
	tcase_add_test(wrong, a_strategy_without_a_mapping_is_named);
	tcase_add_loop_test(wrong, a_message_says_what_is_wrong, 0, G_N_ELEMENTS(failures));
	tcase_add_test(plot, points_lie_where_they_should);
	tcase_add_loop_test(plot, any_range_has_ticks, 0, 6);
	return suite_run(suite);
}
