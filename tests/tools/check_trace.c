/*
 * mcmsim trace: does it convert, cut and check what a run left behind, and name what is wrong?
 */
#include "tests/tools/folder.h"
#include "tests/support/suite.h"

#define RUN "run --package simba-6x6 --workload alexnet --batch 4 --strategy scope --quiet -o @/run"

static void run_once(void)
{
	g_autofree char *out = output_of(folder, RUN);
	ck_assert_ptr_nonnull(out);
}

static char *contents(const char *name)
{
	return content_of(folder, name);
}

/* It must fail with this status and say this, among other things. */
static void assert_error(int status, const char *words, const char *message)
{
	struct finished f = run_program(folder, words);
	ck_assert_msg(f.status == status, "%s: status %d: %s", words, f.status, f.error);
	assert_has(f.error, message);
	finished_free(&f);
}

/* From the folder and from the file, compressed or not, to every format; what the run wrote itself
 * is written again. */
START_TEST(every_format_comes_of_the_csv)
{
	static const char *const suffixes[] = { "csv", "json", "svg", "trace" };
	run_once();
	for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *words = g_strdup_printf("trace @/run -o @/a.%s", suffixes[i]);
		g_autofree char *name = g_strdup_printf("a.%s", suffixes[i]);
		g_autofree char *original = g_strdup_printf("run/timeline.%s", suffixes[i]);
		g_autofree char *out = output_of(folder, words);
		g_autofree char *text = contents(name);
		ck_assert_str_eq(out, "");
		ck_assert_uint_gt(strlen(text), 1000);
		if (strcmp(suffixes[i], "csv") == 0) {
			g_autofree char *same = contents(original);
			ck_assert_str_eq(text, same);
		}
	}
	g_autofree char *out = output_of(folder, "trace @/run/timeline.csv -o @/b.csv.gz");
	g_autofree char *again = output_of(folder, "trace @/b.csv.gz -o @/c.json");
	g_autofree char *first = contents("a.json"), *last = contents("c.json");
	/* The title is that of the file where no report stands beside it. */
	ck_assert_str_eq(strchr(first, '['), strchr(last, '['));
	assert_has(first, "alexnet on simba-6x6, scope");
	assert_has(last, "b.csv.gz");
}
END_TEST

START_TEST(window_level_and_cycles_are_taken)
{
	run_once();
	g_autofree char *a = output_of(folder,
	                               "trace @/run -o @/a.csv --window 0:20us --level chiplet");
	g_autofree char *b = output_of(folder, "trace @/run -o @/b.json --level segment");
	g_autofree char *c = output_of(folder,
	                               "trace @/run -o @/c.svg --time-unit cycle --width 500");
	g_autofree char *part = contents("a.csv"), *whole = contents("run/timeline.csv");
	g_autofree char *segments = contents("b.json"), *picture = contents("c.svg");
	ck_assert_uint_lt(strlen(part), strlen(whole));
	ck_assert_ptr_null(strstr(part, "link"));
	assert_has(part, "dram");
	assert_has(segments, "segment 0");
	ck_assert_ptr_null(strstr(segments, "chiplet 0,0"));
	assert_has(picture, "cycles<");
	assert_has(picture, "width=\"500\"");
}
END_TEST

START_TEST(what_a_run_leaves_is_good)
{
	run_once();
	g_autofree char *csv = output_of(folder, "trace --check @/run/timeline.csv");
	g_autofree char *json = output_of(folder, "trace --check @/run/timeline.json");
	g_autofree char *lanes = output_of(folder, "trace @/run -o @/l.json.gz --lanes");
	g_autofree char *good = output_of(folder, "trace --check @/l.json.gz");
	assert_has(csv, ": good: ");
	assert_has(json, ": good: ");
	assert_has(good, ": good: ");
}
END_TEST

#define TRACK(pid, tid)                                                             \
	"{\"ph\":\"M\",\"pid\":" #pid ",\"tid\":" #tid ",\"name\":\"thread_name\"," \
	"\"args\":{\"name\":\"t\"}},"
#define CHIPLETS                                                                              \
	"{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"chiplets\"}}" \
	"," TRACK(1, 1)
#define SLICE(pid, tid, ts, dur)                                                       \
	"{\"ph\":\"X\",\"pid\":" #pid ",\"tid\":" #tid ",\"ts\":" #ts ",\"dur\":" #dur \
	",\"name\":\"a\",\"args\":{\"segment\":0}}"
#define ARROW(phase, id, tid, ts)                                                      \
	"{\"ph\":\"" #phase "\",\"pid\":9,\"tid\":" #tid ",\"ts\":" #ts ",\"id\":" #id \
	",\"name\":\"d\"}"

/* Of others' traces too: NULL is good. */
static const struct {
	const char *events, *message;
} traces[] = {
	{ "", NULL },
	{ TRACK(9, 1) SLICE(9, 1, 0, 10) "," SLICE(9, 1, 2, 3) "," SLICE(9, 1, 20, 1), NULL },
	{ SLICE(9, 1, 0, 10), "event 0: its track (pid 9, tid 1) has no thread_name" },
	{ TRACK(9, 1) SLICE(9, 1, 0, 10) "," SLICE(9, 1, 5, 10),
	  "event 2: ends after the slice that it starts in" },
	{ TRACK(9, 1) SLICE(9, 1, -1, 10), "event 1: \"ts\" and \"dur\" must be 0 or more" },
	{ TRACK(9, 1) SLICE(9, 1, 0, -1), "event 1: \"ts\" and \"dur\" must be 0 or more" },
	{ TRACK(9, 1) "{\"ph\":\"X\",\"pid\":9,\"tid\":1,\"ts\":1e999,\"dur\":1}",
	  "event 1: a slice must have \"ts\" and \"dur\", finite numbers" },
	{ "{\"ph\":\"C\"}", "event 0: must have \"ts\"" },
	{ "7", "event 0: must be an object with \"ph\"" },
	{ CHIPLETS SLICE(1, 1, 0, 10) "," SLICE(1, 1, 10, 5), NULL },
	{ CHIPLETS SLICE(1, 1, 0, 10) "," SLICE(1, 1, 2, 3), "event 3: overlaps event 2" },
	{ CHIPLETS SLICE(1, 1, 0, 10) "," SLICE(1, 1, 11, 3),
	  "event 3: nothing stands between it and event 2, 1 us earlier" },
	{ TRACK(9, 1) TRACK(9, 2) SLICE(9, 1, 0, 10) "," SLICE(9, 2, 10, 5) "," ARROW(
		  s, 1, 1, 9) "," ARROW(f, 1, 2, 10),
	  NULL },
	{ TRACK(9, 1) SLICE(9, 1, 0, 10) "," ARROW(s, 1, 1, 9),
	  "event 2: the arrow with id 1 must have one start and one end" },
	{ TRACK(9, 1) SLICE(9, 1, 0, 10) "," ARROW(s, 1, 1, 9) "," ARROW(f, 1, 1, 8),
	  "event 3: the arrow with id 1 leads back in time" },
	{ TRACK(9, 1) SLICE(9, 1, 0, 10) "," ARROW(s, 1, 1, 9) "," ARROW(f, 1, 1, 12),
	  "event 3: the arrow with id 1 has an end where no slice is" },
};

START_TEST(chrome_traces_are_checked)
{
	g_autofree char *array = g_strdup_printf("[%s]", traces[_i].events);
	g_autofree char *object = g_strdup_printf("{\"traceEvents\":[%s]}", traces[_i].events);
	const char *const texts[] = { array, object };
	for (unsigned t = 0; t < 2; t++) {
		write_text("t.json", texts[t]);
		if (!traces[_i].message) {
			g_autofree char *out = output_of(folder, "trace --check @/t.json");
			assert_has(out, "good");
			continue;
		}
		assert_error(1, "trace --check @/t.json", traces[_i].message);
	}
}
END_TEST

START_TEST(holes_in_a_csv_are_found)
{
	write_text("t.csv", "resource,kind,segment,cluster,node,microbatch,tile,start_ns,end_ns,"
	                    "amount,unit\n"
	                    "\"chiplet 0,0\",compute,0,0,a,0,0,0,10,5,MAC\n"
	                    "\"chiplet 0,0\",compute,0,0,a,1,0,12,20,5,MAC\n");
	assert_error(1, "trace --check @/t.csv", "no row stands between 10 and 12 ns of segment 0");
}
END_TEST

static const struct {
	const char *words, *message;
} mistakes[] = {
	{ "trace", "takes 1 arguments" },
	{ "trace @/run", "--out is missing" },
	{ "trace @/none -o @/a.json", "cannot read" },
	{ "trace @ -o @/a.json", "has no timeline.csv or timeline.csv.gz" },
	{ "trace @/run -o @/a.txt", "--out: must be a file whose name ends in one of .csv" },
	{ "trace @/run -o @/no/a.json", "--out: must be a file that can be written" },
	{ "trace @/run -o @/a.csv --time-unit cycle", "cycle is not for timeline.csv" },
	{ "trace @/b.csv -o @/a.json --time-unit cycle", "needs report.json beside the timeline" },
	{ "trace @/run -o @/a.json --time-unit s", "--time-unit: must be one of ns, cycle" },
	{ "trace @/run -o @/a.json --level tile", "--level: must be one of segment, cluster" },
	{ "trace @/run -o @/a.json --window 5:4", "--window: must be FROM:TO" },
	{ "trace @/run -o @/a.svg --width 10", "--width: must be a whole number from 300" },
	{ "trace --check @/a.svg", "must be a timeline whose name ends in .json" },
};

START_TEST(mistakes_are_named)
{
	run_once();
	g_autofree char *out = output_of(folder, "trace @/run -o @/b.csv");
	int status = strstr(mistakes[_i].words, "--check") ? 1 : 2;
	assert_error(status, mistakes[_i].words, mistakes[_i].message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace");
	TCase *tests = tcase_create("trace");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, every_format_comes_of_the_csv);
	tcase_add_test(tests, window_level_and_cycles_are_taken);
	tcase_add_test(tests, what_a_run_leaves_is_good);
	tcase_add_loop_test(tests, chrome_traces_are_checked, 0, (int)G_N_ELEMENTS(traces));
	tcase_add_test(tests, holes_in_a_csv_are_found);
	tcase_add_loop_test(tests, mistakes_are_named, 0, (int)G_N_ELEMENTS(mistakes));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
