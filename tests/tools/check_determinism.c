/*
 * Whole runs of the program: the same input gives the same bytes, whatever the
 * number of jobs; nothing is written that was not asked for; report.json has
 * every key that it promises, and report.json and timeline.csv agree.
 */
#include <cjson/cJSON.h>
#include <math.h>

#include "tests/support/sanitized.h"
#include "tests/tools/folder.h"
#include "tests/support/suite.h"

#define FILES                                                                        \
	"layers.csv mapping.json platform.xml report.html report.json timeline.csv " \
	"timeline.json timeline.svg"
#define ALL "--strategy sequential,pipeline,segmented,scope "

static const char *const cases[] = {
	"run --package simba-6x6 --workload alexnet --batch 6 " ALL,
	"run --package simba-6x6 --workload resnet18 --batch 4 " ALL,
};

/* ---- the same bytes ---- */

static void assert_same_file(const char *a, const char *b, const char *strategy, const char *name)
{
	g_autofree char *first = g_build_filename(folder, a, strategy, name, NULL);
	g_autofree char *second = g_build_filename(folder, b, strategy, name, NULL);
	g_autofree char *one = NULL, *other = NULL;
	gsize length, other_length;
	ck_assert(g_file_get_contents(first, &one, &length, NULL));
	ck_assert(g_file_get_contents(second, &other, &other_length, NULL));
	ck_assert_uint_gt(length, 0);
	ck_assert_msg(length == other_length && memcmp(one, other, length) == 0, "%s and %s differ",
	              first, second);
}

/* Its folders, one per strategy that has a mapping. The page that compares them is left out. */
static char *strategies_in(const char *name)
{
	g_autofree char *names = names_in(folder, name);
	g_autoptr(GString) strategies = g_string_new(names);
	g_string_replace(strategies, "report.html ", "", 1);
	return g_string_free(g_steal_pointer(&strategies), FALSE);
}

/* A folder per strategy that has a mapping, each with all files; and a page that compares. */
static void assert_same_folders(const char *a, const char *b)
{
	g_autofree char *strategies = strategies_in(a), *others = strategies_in(b);
	assert_same_file(a, b, "", "report.html");
	ck_assert_str_eq(strategies, others);
	assert_has(strategies, "scope");
	g_auto(GStrv) list = g_strsplit(strategies, " ", -1);
	for (unsigned s = 0; list[s]; s++) {
		g_autofree char *first = g_build_filename(a, list[s], NULL);
		g_autofree char *second = g_build_filename(b, list[s], NULL);
		g_autofree char *one = names_in(folder, first), *other = names_in(folder, second);
		g_autoptr(GString) plain = g_string_new(one);
		g_auto(GStrv) names = g_strsplit(one, " ", -1);
		g_string_replace(plain, ".gz", "", 0); /* large timelines are compressed */
		ck_assert_str_eq(plain->str, FILES);
		ck_assert_str_eq(other, one);
		for (unsigned i = 0; names[i]; i++)
			assert_same_file(a, b, list[s], names[i]);
	}
}

static char *run_into(const char *words, const char *options)
{
	g_autofree char *line = g_strconcat(words, options, NULL);
	return output_of(folder, line);
}

START_TEST(same_input_same_bytes)
{
	g_autofree char *a = run_into(cases[_i], "--quiet --jobs 1 -o @/a");
	g_autofree char *b = run_into(cases[_i], "--quiet --jobs 1 -o @/b");
	g_autofree char *c = run_into(cases[_i], "--quiet --jobs 2 -o @/c");
	ck_assert_str_eq(a, b);
	ck_assert_str_eq(a, c);
	assert_same_folders("a", "b");
	assert_same_folders("a", "c");
}
END_TEST

/* ---- nothing on the side ---- */

/* In a working folder of its own, which is also the one for temporary files. */
static void run_in_folder(const char *words)
{
	const char *name = g_getenv("MCMSIM");
	g_autofree char *program = g_canonicalize_filename(name ? name : "build/mcmsim", NULL);
	g_autofree char *line = g_strconcat(program, " ", words, NULL);
	g_auto(GStrv) argv = g_strsplit(g_strchomp(line), " ", -1);
	g_auto(GStrv) variables = g_environ_setenv(g_get_environ(), "TMPDIR", folder, TRUE);
	g_autofree char *out = NULL, *problem = NULL;
	int status = 0;
	ck_assert(g_spawn_sync(folder, argv, variables, G_SPAWN_DEFAULT, NULL, NULL, &out, &problem,
	                       &status, NULL));
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %s", words, problem);
	ck_assert_str_ne(out, "");
}

START_TEST(without_out_no_file_is_written)
{
	run_in_folder(cases[0]);
	g_autofree char *names = names_in(folder, "");
	ck_assert_str_eq(names, "");
}
END_TEST

/* ---- report.json ---- */

/* Kinds: n number, s text, l list of texts, - null. "[]" stands for each of one or more. */
static const struct key {
	char kind;
	const char *path;
} keys[] = {
	{ 's', "workload" },
	{ 's', "package" },
	{ 's', "strategy" },
	{ 'n', "batch" },
	{ 'n', "bound_ns" },
	{ 's', "bottleneck" },
	{ 'n', "error_percent.latency" },
	{ 'n', "error_percent.throughput" },
	{ 'n', "error_percent.segments[].period" },
	{ 'n', "error_percent.segments[].clusters[]" },
	{ '-', "simulated.wall_s" }, /* of no run in particular */
	{ 'n', "simulated.utilization" },
	{ 'n', "simulated.samples_simulated" },
	{ 'n', "simulated.activities" },
	{ 'n', "simulated.bubbles_ns.fill" },
	{ 'n', "simulated.bubbles_ns.drain" },
	{ 'n', "simulated.bubbles_ns.wait_input" },
	{ 'n', "simulated.bubbles_ns.wait_dram" },
	{ 'n', "simulated.bubbles_ns.back_pressure" },
	{ 'n', "simulated.bubbles_ns.shard" },
	{ 'n', "simulated.busy_ns" },
	{ 's', "simulated.links[].from" },
	{ 's', "simulated.links[].to" },
	{ 'n', "simulated.links[].busy_ns" },
	{ 'n', "simulated.links[].bytes" },
	{ 'n', "simulated.dram[].channel" },
	{ 'n', "simulated.dram[].busy_ns" },
	{ 'n', "simulated.dram[].bytes" },
};

/* In "analytical" and in "simulated". */
static const struct key both[] = {
	{ 'n', "latency_ns" },
	{ 'n', "throughput_per_s" },
	{ 'n', "energy_pJ.mac" },
	{ 'n', "energy_pJ.buffer" },
	{ 'n', "energy_pJ.nop" },
	{ 'n', "energy_pJ.dram" },
	{ 'n', "energy_pJ.static" },
	{ 'n', "energy_pJ.total" },
	{ 'n', "macs" },
	{ 'n', "nop_bytes" },
	{ 'n', "nop_byte_hops" },
	{ 'n', "nop_dram_bytes" },
	{ 'n', "dram_read_bytes" },
	{ 'n', "dram_write_bytes" },
	{ 'n', "segments[].load_ns" },
	{ 'n', "segments[].period_ns" },
	{ 'l', "segments[].clusters[].nodes" },
	{ 'n', "segments[].clusters[].chiplets" },
	{ 'n', "segments[].clusters[].time_ns" },
};

static bool is_kind(const cJSON *item, char kind)
{
	bool all = cJSON_GetArraySize(item) > 0;
	switch (kind) {
	case 'n':
		return cJSON_IsNumber(item) && isfinite(item->valuedouble);
	case 's':
		return cJSON_IsString(item) && *item->valuestring;
	case '-':
		return cJSON_IsNull(item);
	default:
		for (const cJSON *text = item ? item->child : NULL; text; text = text->next)
			all = all && is_kind(text, 's');
		return all;
	}
}

/* Adds up the numbers at a path; each must be there and of the kind. */
static double look_up(const cJSON *item, const char *path, char kind, const char *whole)
{
	size_t length = strcspn(path, ".[");
	if (*path == '\0') {
		ck_assert_msg(is_kind(item, kind), "%s is not there or not of kind %c", whole,
		              kind);
		return kind == 'n' ? item->valuedouble : 0;
	}
	if (*path == '[') {
		double sum = 0;
		ck_assert_msg(cJSON_IsArray(item) && item->child, "%s: no list", whole);
		for (const cJSON *one = item->child; one; one = one->next)
			sum += look_up(one, path + strlen("[]"), kind, whole);
		return sum;
	}
	if (*path == '.')
		return look_up(item, path + 1, kind, whole);
	g_autofree char *key = g_strndup(path, length);
	return look_up(cJSON_GetObjectItemCaseSensitive(item, key), path + length, kind, whole);
}

static double sum_at(const cJSON *report, const char *path)
{
	return look_up(report, path, 'n', path);
}

static void assert_has_every_key(const cJSON *report)
{
	static const char *const sides[] = { "analytical.", "simulated." };
	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
		look_up(report, keys[i].path, keys[i].kind, keys[i].path);
	for (unsigned side = 0; side < G_N_ELEMENTS(sides); side++)
		for (unsigned i = 0; i < G_N_ELEMENTS(both); i++) {
			g_autofree char *path = g_strconcat(sides[side], both[i].path, NULL);
			look_up(report, path, both[i].kind, path);
		}
}

/* Numbers are written with 17 digits at most: 1e-9 covers sums of them. */
static void assert_near(double a, double b, const char *what)
{
	ck_assert_msg(fabs(a - b) <= 1e-9 * MAX(fabs(a), fabs(b)), "%s: %.17g and %.17g", what, a,
	              b);
}

/* Chiplets of the running segment's regions x its time, over all segments. */
static double regions_ns(const cJSON *report)
{
	const cJSON *simulated = cJSON_GetObjectItem(report, "simulated"), *segment;
	double sum_ns = 0;
	cJSON_ArrayForEach(segment, cJSON_GetObjectItem(simulated, "segments"))
		sum_ns += sum_at(segment, "clusters[].chiplets") * sum_at(segment, "latency_ns");
	return sum_ns;
}

static void assert_sums(const cJSON *report)
{
	static const char *const bubbles[] = { "fill",      "drain",         "wait_input",
		                               "wait_dram", "back_pressure", "shard" };
	double counted_ns = sum_at(report, "simulated.busy_ns");
	for (unsigned i = 0; i < G_N_ELEMENTS(bubbles); i++) {
		g_autofree char *path = g_strconcat("simulated.bubbles_ns.", bubbles[i], NULL);
		ck_assert_double_ge(sum_at(report, path), 0);
		counted_ns += sum_at(report, path);
	}
	assert_near(counted_ns, regions_ns(report), "busy and bubbles");
	assert_near(sum_at(report, "simulated.segments[].latency_ns"),
	            sum_at(report, "simulated.latency_ns"), "latency");
	assert_near(sum_at(report, "simulated.links[].bytes"),
	            sum_at(report, "simulated.nop_byte_hops"), "bytes over links");
	assert_near(sum_at(report, "simulated.dram[].bytes"),
	            sum_at(report, "simulated.dram_read_bytes") +
	                    sum_at(report, "simulated.dram_write_bytes"),
	            "bytes over DRAM channels");
	ck_assert_double_le(sum_at(report, "bound_ns"), sum_at(report, "analytical.latency_ns"));
	ck_assert_double_le(sum_at(report, "bound_ns"), sum_at(report, "simulated.latency_ns"));
	ck_assert_double_eq(sum_at(report, "simulated.samples_simulated"), sum_at(report, "batch"));
	ck_assert_double_eq(sum_at(report, "simulated.macs"), sum_at(report, "analytical.macs"));
}

/* ---- timeline.csv ---- */

/* Amounts of the rows of computing chiplets: whole MACs. */
static uint64_t macs_in(const char *csv)
{
	g_auto(GStrv) lines = g_strsplit(csv, "\n", -1);
	uint64_t macs = 0;
	ck_assert_str_eq(lines[0], "resource,kind,segment,cluster,node,microbatch,tile,"
	                           "start_ns,end_ns,amount,unit,extrapolated,inputs");
	for (unsigned i = 1; lines[i]; i++) {
		if (!g_str_has_prefix(lines[i], "\"chiplet ") || !strstr(lines[i], "\",compute,"))
			continue;
		*strrchr(lines[i], ',') = '\0'; /* inputs */
		*strrchr(lines[i], ',') = '\0'; /* extrapolated */
		char *unit = strrchr(lines[i], ','), *end;
		ck_assert_str_eq(unit, ",MAC");
		*unit = '\0';
		const char *amount = strrchr(lines[i], ',') + 1;
		macs += g_ascii_strtoull(amount, &end, 10);
		ck_assert_msg(end == unit && end > amount, "no whole number: %s", lines[i]);
	}
	return macs;
}

START_TEST(report_and_timeline_are_complete_and_agree)
{
	g_autofree char *text = run_into(cases[_i], "--quiet --exact --trace-level chiplet -o @/o");
	g_autofree char *strategies = strategies_in("o");
	g_auto(GStrv) list = g_strsplit(strategies, " ", -1);
	ck_assert_uint_ge(g_strv_length(list), 3);
	for (unsigned s = 0; list[s]; s++) {
		g_autofree char *report_name = g_build_filename("o", list[s], "report.json", NULL);
		g_autofree char *csv_name = g_build_filename("o", list[s], "timeline.csv", NULL);
		g_autofree char *json = content_of(folder, report_name);
		g_autofree char *csv = content_of(folder, csv_name);
		cJSON *report = cJSON_Parse(json);
		ck_assert_msg(report != NULL, "no JSON: %s", report_name);
		assert_has_every_key(report);
		assert_sums(report);
		ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(report, "strategy")),
		                 list[s]);
		/* below 2^53, so exact in a double too */
		ck_assert_double_eq((double)macs_in(csv), sum_at(report, "simulated.macs"));
		cJSON_Delete(report);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("determinism");
	TCase *tests = tcase_create("determinism");
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, same_input_same_bytes, 0,
	                    UNLESS_SANITIZED((int)G_N_ELEMENTS(cases), 1));
	tcase_add_test(tests, without_out_no_file_is_written);
	tcase_add_loop_test(tests, report_and_timeline_are_complete_and_agree, 0,
	                    UNLESS_SANITIZED((int)G_N_ELEMENTS(cases), 1));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
