/* Names hold anything. Does all that is printed stay one line per line, without control
 * characters? */
#include "hw/base/csv.h"
#include "tests/tools/folder.h"
#include "tools/text/printable.h"
#include "tests/support/suite.h"

/* As JSON; between them all that talks to a terminal, breaks a line or turns text around. */
#define ODD "\\\"q\\\" \\n,;\\t\xC3\xBC \\\\ \\u001b[31m \\u007f \\u009b2J \\u202e \\u2028"
#define SHOWN "\"q\" \\n,;\\t\xC3\xBC \\ \\x1b[31m \\x7f \\u{9b}2J \\u{202e} \\u{2028}"

static const char workload[] =
	"{\"format\": \"mcmsim-workload/1\", \"name\": \"w" ODD "\", \"source\": \"own\","
	"\"activation_bytes\": 1, \"weight_bytes\": 1,"
	"\"inputs\": [{\"name\": \"x" ODD "\", \"shape\": [4, 4, 4]}], \"layers\": ["
	"{\"name\": \"c" ODD "\", \"op\": \"conv\", \"inputs\": [\"x" ODD "\"],"
	" \"out_channels\": 4, \"kernel\": 1},"
	"{\"name\": \"d" ODD "\", \"op\": \"conv\", \"inputs\": [\"c" ODD "\"],"
	" \"out_channels\": 4, \"kernel\": 1}]}";

static const char mapping[] =
	"{\"format\": \"mcmsim-mapping/1\", \"workload\": \"w" ODD "\", \"package\": \"p" ODD "\","
	"\"strategy\": \"s" ODD "\", \"batch\": 4, \"segments\": [{\"microbatch\": 1,"
	"\"clusters\": [{\"region\": [[0, 0]], \"nodes\": [{\"name\": \"c" ODD "\", \"split\": {},"
	" \"weights\": \"resident\", \"tiles\": 2}]}, {\"region\": [[1, 0]], \"nodes\": [{\"name\":"
	" \"d" ODD "\", \"split\": {}, \"weights\": \"resident\", \"tiles\": 2}]}]}]}";

static const char package[] =
	"{\"format\": \"mcmsim-package/1\", \"name\": \"p" ODD "\", \"chiplet_types\": {\"t" ODD
	"\":"
	"{\"clock_GHz\": 1, \"array\": {\"unroll\": {\"K\": 4}}, \"vector_lanes\": 1,"
	" \"weight_buffer_KiB\": 64, \"activation_buffer_KiB\": 64, \"buffer_GBps\": 100,"
	" \"energy_pJ\": {\"mac\": 1, \"buffer_byte\": 1, \"static_W\": 0}, \"area_mm2\": 1}},"
	"\"grid\": {\"columns\": 2, \"rows\": 2, \"chiplets\": \"t" ODD "\"},"
	"\"nop\": {\"topology\": \"mesh\", \"link_GBps\": 10, \"port_GBps\": 10, \"hop_ns\": 1,"
	" \"energy_pJ_per_bit\": 1, \"multicast\": true, \"router_conflict\": 0},"
	"\"dram\": {\"interleave\": \"all\", \"channels\": [{\"at\": [0, 0], \"GBps\": 10,"
	" \"latency_ns\": 10, \"energy_pJ_per_bit\": 1}]}}";

/* As a path, which somebody chose to the reader's harm. */
#define PATH "o\x1b[31m\xE2\x80\xAE"

/* What a terminal would do more with than to show it. */
static void assert_tame(const char *text, const char *words)
{
	ck_assert_msg(g_utf8_validate(text, -1, NULL), "%s", words);
	for (const char *c = text; *c; c = g_utf8_next_char(c)) {
		gunichar code = g_utf8_get_char(c);
		ck_assert_msg(code == '\n' || printable_as_is(code), "%s: U+%04x in:\n%s", words,
		              code, text);
	}
}

/* Lines of the same command with plain names. */
static unsigned lines_of(const char *text)
{
	unsigned lines = 0;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void write_all(const char *suffix, bool plain)
{
	const struct {
		const char *name, *text;
	} files[] = { { "w", workload }, { "m", mapping }, { "p", package } };
	for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *name = g_strdup_printf("%s%s.json", files[i].name, suffix);
		g_auto(GStrv) parts = g_strsplit(files[i].text, ODD, -1);
		g_autofree char *text = g_strjoinv(plain ? "" : ODD, parts);
		write_text(name, text);
	}
}

#define ON "--package @/p%s.json --workload @/w%s.json "
static const char *const commands[] = {
	"show package @/p%s.json",
	"show workload @/w%s.json",
	"show mapping @/m%s.json " ON,
	"simulate " ON "--mapping @/m%s.json --quiet",
	"simulate " ON "--mapping @/m%s.json -o @/out%s --quiet",
	"search " ON "--batch 4 --quiet",
	"search " ON "--batch 4 --explain --quiet",
	"run " ON "--batch 4 --strategy sequential,pipeline,scope --trace-level none --quiet",
	"run " ON "--batch 4 --strategy sequential,scope --trace-level none --json --quiet",
	"rank " ON "--batch 4 --draws 20 --quiet",
	"validate " ON "--batch 4 --samples 2 --strategy sequential --quiet",
	"validate " ON "--batch 4 --sample 1 --strategy sequential -o @/" PATH "%s",
	"validate " ON "--batch 4 --choice --refine 2 --strategy sequential,pipeline --quiet",
	"search " ON "--batch 4 --pareto --quiet --strategy sequential -o @/" PATH "%s",
	"rank " ON "--batch 4 --draws 20 -o @/" PATH "%s",
	"show workload @/w%s.json --json",
	"show mapping @/m%s.json " ON "--json",
	"show package @/p%s.json --json",
};

START_TEST(names_stay_in_their_place)
{
	write_all("odd", false);
	write_all("", true);
	g_auto(GStrv) parts = g_strsplit(commands[_i], "%s", -1);
	g_autofree char *odd = g_strjoinv("odd", parts), *plain = g_strjoinv("", parts);
	struct finished with = run_program(folder, odd), without = run_program(folder, plain);
	ck_assert_msg(with.status == 0, "%s: %s", odd, with.error);
	assert_tame(with.out, odd);
	assert_tame(with.error, odd);
	ck_assert_msg(lines_of(with.out) == lines_of(without.out), "%s:\n%s\nnot as\n%s", odd,
	              with.out, without.out);
	finished_free(&with);
	finished_free(&without);
}
END_TEST

static void assert_xml(const char *name)
{
	g_autofree char *text = content_of(folder, name);
	static const GMarkupParser parser = { .start_element = NULL };
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, NULL, NULL);
	GError *error = NULL;
	ck_assert_msg(g_markup_parse_context_parse(context, text, -1, &error) &&
	                      g_markup_parse_context_end_parse(context, &error),
	              "%s: %s", name, error ? error->message : "");
	g_markup_parse_context_free(context);
	/* XML 1.0 has no place for control characters, not even as references. */
	ck_assert_ptr_null(strstr(text, "&#x1b;"));
	assert_has(text, "\\x1b[31m");
}

START_TEST(plots_are_xml)
{
	write_all("odd", false);
	const char *on = "--package @/podd.json --workload @/wodd.json --batch 4 --quiet";
	g_autofree char *rank = g_strdup_printf("rank %s --draws 20 -o @/rank", on);
	g_autofree char *front = g_strdup_printf("search %s --pareto -o @/front", on);
	g_autofree char *validate = g_strdup_printf("validate %s --samples 2 -o @/samples", on);
	g_free(output_of(folder, rank));
	g_free(output_of(folder, front));
	g_free(output_of(folder, validate));
	assert_xml("rank/histogram.svg");
	assert_xml("front/pareto.svg");
	assert_xml("samples/scatter.svg");
}
END_TEST

static const char runs[] =
	"router,pattern,columns,rows,message_bytes,completion_cycles,tag_completion\n"
	"\"r\x1b[5m\",\"p,\x1b \"\"q\"\"\",2,2,8,10,\"a,\"\"b\"\"\x1b:10\"\n";

START_TEST(tables_of_runs_hold_any_name)
{
	write_text("traffic/p,\x1b \"q\"_2x2_8.csv",
	           "src,dst,bytes,tag\n0,1,8,\"a,\"\"b\"\"\x1b\"\n");
	write_text("runs.csv", runs);
	const char *words = "nop --package nop-base --truth @/runs.csv --router r\x1b[5m -o @/out";
	g_autofree char *out = output_of(folder, words);
	assert_tame(out, words);
	assert_has(out, "router r\\x1b[5m\n");
	g_autofree char *path = g_build_filename(folder, "out", "nop.csv", NULL);
	GError *error = NULL;
	struct hw_csv *csv = hw_csv_read(path, &error);
	ck_assert_msg(csv != NULL, "%s", error ? error->message : "");
	ck_assert_str_eq(csv->cells[0], "r\x1b[5m");
	ck_assert_str_eq(csv->cells[1], "p,\x1b \"q\"");
	ck_assert(g_str_has_prefix(csv->cells[csv->width - 1], "a,\"b\"\x1b:10:"));
	hw_csv_free(csv);
}
END_TEST

START_TEST(messages_show_what_is_wrong)
{
	write_all("", false);
	assert_fails(folder, "show workload @/w.json --set layers[0].name=\x1b[31m\x9b", 2,
	             "@/w.json: cannot set \"layers[0].name=\\x1b[31m\\x9b\": layers[0].name is a "
	             "string, the value is not valid UTF-8");
}
END_TEST

START_TEST(text_becomes_printable)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "plain \xC3\xBC \\", "plain \xC3\xBC \\" },
		{ "a\nb\tc\rd\x1b\x7f", "a\\nb\\tc\\rd\\x1b\\x7f" },
		{ "\xC2\x9B \xE2\x80\xAE \xE2\x80\xA8", "\\u{9b} \\u{202e} \\u{2028}" },
		{ "\xFF\xC3", "\\xff\\xc3" }, /* no UTF-8, and cut short */
		{ "\xC3(", "\\xc3(" },
		{ "\xEF\xBF\xBE \xF0\x9F\xBF\xBF", "\\u{fffe} \\u{1ffff}" }, /* no characters */
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autofree char *text = printable(pairs[i][0]);
		ck_assert_str_eq(text, pairs[i][1]);
	}
	write_all("", false);
	g_autofree char *out = output_of(folder, "show workload @/w.json");
	assert_has(out, "workload w" SHOWN ": 2 layers in 2 nodes");
	assert_has(out, "input x" SHOWN ": 4 x 4 x 4");
}
END_TEST

int main(void)
{
	g_setenv("COLUMNS", "10000", TRUE); /* lines are counted: none may end for want of room */
	Suite *suite = suite_create("names");
	TCase *tests = tcase_create("names");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, names_stay_in_their_place, 0, G_N_ELEMENTS(commands));
	tcase_add_test(tests, plots_are_xml);
	tcase_add_test(tests, tables_of_runs_hold_any_name);
	tcase_add_test(tests, messages_show_what_is_wrong);
	tcase_add_test(tests, text_becomes_printable);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
