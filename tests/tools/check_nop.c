/*
 * mcmsim nop: what it prints, what it writes, and what it says of mistakes. On
 * nop-base a message takes 5 + 4 x hops + bytes / 32 ns by itself. tests/data/nop
 * has measured runs.
 */
#include "tests/tools/folder.h"
#include "tests/support/suite.h"

#include <cjson/cJSON.h>

#define ROW "nop --package nop-base --set grid.columns=8 --set grid.rows=1 "
#define TRUTH "nop --package nop-base --truth "

/* Two tags on the link 1 -> 2: 13 + 800 each, of which 413 would be its own; see check_replay. */
static const char shared[] = "src,dst,bytes,tag\n0,2,12800,x\n1,3,12800,y\n";

/* ---- one list ---- */

START_TEST(text_shows_completion_tags_and_bounds)
{
	write_text("list.csv", shared);
	g_autofree char *out = output_of(folder, ROW "@/list.csv");
	ck_assert_str_eq(
		out,
		"completion 813.0 ns: 2 messages in 2 phases on nop-base, 8 x 1\n"
		"\n"
		"tag  messages  bytes  completion  bound  latency  busiest\n"
		"                              ns     ns       ns\n"
		"x           1  12800       813.0  400.0    13.00  link 0,0->1,0\n"
		"y           1  12800       813.0  400.0    13.00  link 1,0->2,0\n"
		"all         2  25600       813.0  800.0    13.00  link 1,0->2,0\n"
		"(bound: bytes / bandwidth of the busiest link or port; latency: the longest of\n"
		" any message)\n");
}
END_TEST

START_TEST(messages_are_shown_on_request)
{
	write_text("list.csv", "src,dst,bytes,dep\n0,1,256,\n1,2,256,0\n");
	g_autofree char *out = output_of(folder, ROW "@/list.csv --messages");
	assert_has(out, "row  src  dst  bytes  tag  starts  arrived\n"
	                "     x,y  x,y                  ns       ns\n"
	                "  0  0,0  1,0    256  0       0.0     17.0\n"
	                "  1  1,0  2,0    256  0      18.0     35.0\n");
}
END_TEST

START_TEST(json_has_completion_tags_and_messages)
{
	write_text("list.csv", shared);
	g_autofree char *out = output_of(folder, ROW "@/list.csv --json");
	cJSON *root = cJSON_Parse(out);
	const cJSON *tags = cJSON_GetObjectItemCaseSensitive(root, "tags");
	ck_assert_double_eq_tol(number_at(root, "completion_ns"), 813, 1e-6);
	ck_assert_double_eq_tol(number_at(tags, "x"), 813, 1e-6);
	ck_assert_double_eq_tol(number_at(tags, "y"), 813, 1e-6);
	ck_assert_int_eq(cJSON_GetArraySize(tags), 2);
	ck_assert_double_eq(number_at(root, "bound_ns"), 800);
	ck_assert_ptr_null(cJSON_GetObjectItemCaseSensitive(root, "messages"));
	cJSON_Delete(root);

	g_autofree char *more = output_of(folder, ROW "@/list.csv --json --messages");
	root = cJSON_Parse(more);
	const cJSON *messages = cJSON_GetObjectItemCaseSensitive(root, "messages");
	ck_assert_int_eq(cJSON_GetArraySize(messages), 2);
	const cJSON *last = cJSON_GetArrayItem(messages, 1);
	ck_assert_double_eq(number_at(last, "src"), 1);
	ck_assert_double_eq(number_at(last, "dst"), 3);
	ck_assert_double_eq(number_at(last, "bytes"), 12800);
	ck_assert_double_eq(number_at(last, "start_ns"), 0);
	ck_assert_double_eq_tol(number_at(last, "end_ns"), 813, 1e-6);
	cJSON_Delete(root);
}
END_TEST

START_TEST(without_bytes_nothing_is_busiest)
{
	write_text("list.csv", "src,dst,bytes\n0,3,0\n");
	g_autofree char *out = output_of(folder, ROW "@/list.csv");
	assert_has(out, "completion 17.0 ns: "); /* 5 + 3 x 4 */
	assert_has(out, "0           1      0        17.0    0.0    17.00  -\n");
	g_autofree char *json = output_of(folder, ROW "@/list.csv --json");
	assert_has(json, "\"busiest\": null");
}
END_TEST

/* Two messages that meet on 256 x 256 chiplets: 510 hops, and 1,010 bytes over the first links. */
START_TEST(large_grids_are_replayed)
{
	write_text("list.csv", "src,dst,bytes\n0,65535,1000\n0,9,10\n");
	g_autofree char *out = output_of(
		folder,
		"nop --package mcm-16 --set grid.columns=256 --set grid.rows=256 @/list.csv");
	assert_has(out, "completion 10240.4 ns: ");
}
END_TEST

/* Before anything is searched and the mapping is read. */
START_TEST(too_large_for_simulation_is_said_first)
{
	static const char large[] = " --package mcm-16 --set grid.columns=100 --set grid.rows=100 ";
	static const char *const commands[] = {
		"run%s--workload alexnet", "search%s--workload alexnet --refine 2",
		"simulate%s--workload alexnet --mapping @/none.json", "validate%s--workload alexnet"
	};
	g_autofree char *words = g_strdup_printf(commands[_i], large);
	assert_fails(folder, words, 2,
	             "package 'mcm-16' has 10000 chiplets (100 x 100); at most 9216 can be "
	             "simulated");
}
END_TEST

START_TEST(set_changes_the_network)
{
	write_text("list.csv", "src,dst,bytes\n0,3,256\n");
	g_autofree char *out = output_of(folder, ROW "@/list.csv --set nop.hop_ns=23");
	assert_has(out, "completion 82.0 ns: "); /* 5 + 3 x 23 + 8 */
}
END_TEST

START_TEST(out_writes_files)
{
	write_text("list.csv", shared);
	g_autofree char *first = output_of(folder, ROW "@/list.csv -o @/out");
	g_autofree char *names = names_in(folder, "out");
	ck_assert_str_eq(names, "nop.json platform.xml");
	g_autofree char *file = content_of(folder, "out/nop.json");
	g_autofree char *printed = output_of(folder, ROW "@/list.csv --json --messages");
	g_autofree char *one = without_command(file), *other = without_command(printed);
	ck_assert_str_eq(one, other);
}
END_TEST

/* ---- measured runs ---- */

/* Of the patterns that a lone message or one port decides, to the cycle. */
START_TEST(measured_runs_are_met)
{
	g_autofree char *out = output_of(folder, TRUTH "tests/data/nop/runs.csv -o @/out");
	g_autofree char *csv = content_of(folder, "out/nop.csv");
	g_autofree char *names = names_in(folder, "out");
	ck_assert_str_eq(names, "nop.csv nop.json");
	assert_has(csv, "\nbase,ring_step,4,4,256,25,25,0,");
	assert_has(csv, "\nbase,ring_dep,4,4,256,277,277,0,");
	assert_has(csv, "\nbase,gather_c0,4,4,256,129,129,0,");
	assert_has(out, "router base\n");
	assert_has(out, "\ntag      two_both 1 ");
	ck_assert_ptr_null(strstr(out, "L20"));
	ck_assert_ptr_null(strstr(csv, "L20"));
}
END_TEST

START_TEST(routers_are_chosen)
{
	g_autofree char *out = output_of(
		folder,
		TRUTH "tests/data/nop/runs.csv --router L20,base --set nop.hop_ns=23 --json");
	cJSON *root = cJSON_Parse(out);
	const cJSON *routers = cJSON_GetObjectItemCaseSensitive(root, "routers");
	ck_assert_int_eq(cJSON_GetArraySize(routers), 2);
	const cJSON *first = cJSON_GetArrayItem(routers, 0);
	ck_assert_str_eq(cJSON_GetObjectItemCaseSensitive(first, "router")->valuestring, "L20");
	/* the last group is of all runs */
	const cJSON *groups = cJSON_GetObjectItemCaseSensitive(first, "groups");
	const cJSON *all = cJSON_GetArrayItem(groups, cJSON_GetArraySize(groups) - 1);
	ck_assert_str_eq(cJSON_GetObjectItemCaseSensitive(all, "by")->valuestring, "all");
	ck_assert_double_eq(number_at(cJSON_GetObjectItemCaseSensitive(all, "shorter"), "runs"), 5);
	ck_assert_double_eq(
		number_at(cJSON_GetObjectItemCaseSensitive(all, "from_1000_ns"), "runs"), 0);
	cJSON_Delete(root);
}
END_TEST

/*
 * A lone message of 256 bytes and one hop takes 17, of 64,000 bytes 2009. Against
 * 20, 10 and 2000 that is -15 %, +70 % and +0.45 %.
 */
START_TEST(errors_are_summed_up)
{
	write_text("traffic/one_2x1_256.csv", "src,dst,bytes\n0,1,256\n");
	write_text("traffic/one_2x2_256.csv", "src,dst,bytes\n0,1,256\n");
	write_text("traffic/one_2x2_mix.csv", "src,dst,bytes\n0,1,64000\n");
	write_text("runs.csv",
	           "\xEF\xBB\xBFpattern,router,columns,rows,message_bytes,completion_cycles\n"
	           "one,base,2,1,256,20\none,base,2,2.0,2.56e2,10\n\none,base,2,2,mix,2000\n");
	g_autofree char *out = output_of(folder, TRUTH "@/runs.csv");
	ck_assert_str_eq(
		out,
		"router base\n"
		"              from 1000 ns ---------------  shorter ----------------------\n"
		"by            runs  mean |e|  worst   bias  runs  mean |e|   worst    bias\n"
		"                           %      %      %               %       %       %\n"
		"pattern  one     1      0.45  +0.45  +0.45     2     42.50  +70.00  +27.50\n"
		"bytes    256     0         -      -      -     2     42.50  +70.00  +27.50\n"
		"bytes    mix     1      0.45  +0.45  +0.45     0         -       -       -\n"
		"mesh     2x1     0         -      -      -     1     15.00  -15.00  -15.00\n"
		"mesh     2x2     1      0.45  +0.45  +0.45     1     70.00  +70.00  +70.00\n"
		"all              1      0.45  +0.45  +0.45     2     42.50  +70.00  +27.50\n"
		"\n"
		"(runs, and the error (replayed - measured) / measured of their completion; tag:\n"
		" of each tag's completion, where a list has several)\n");
}
END_TEST

START_TEST(jobs_do_not_matter)
{
	g_autofree char *one = output_of(folder, TRUTH "tests/data/nop/runs.csv -o @/1 --jobs 1");
	g_autofree char *four = output_of(folder, TRUTH "tests/data/nop/runs.csv -o @/4 --jobs 4");
	g_autofree char *first = content_of(folder, "1/nop.csv"),
			*second = content_of(folder, "4/nop.csv");
	ck_assert_str_eq(one, four);
	ck_assert_str_eq(first, second);
}
END_TEST

/* ---- mistakes ---- */

#define COLUMNS                                                                                    \
	"must have the columns router, pattern, columns, rows, message_bytes, completion_cycles, " \
	"perhaps messages, tag_completion, each once; "

static const struct {
	const char *words;
	int status;
	const char *message;
} mistakes[] = {
	{ "nop --package nop-base", 2,
	  "nop: needs a message list (TRAFFIC.csv) or --truth RUNS.csv; usage: mcmsim nop "
	  "--package P TRAFFIC.csv" },
	{ "nop --package nop-base a.csv --truth b.csv", 2,
	  "nop: takes a message list or --truth, not both; usage: mcmsim nop --package P "
	  "TRAFFIC.csv" },
	{ "nop --package nop-base a.csv --router base", 2,
	  "nop: --router needs --truth; usage: mcmsim nop --package P TRAFFIC.csv" },
	{ TRUTH "b.csv --messages", 2,
	  "nop: --messages is for one list, not for --truth; usage: mcmsim nop --package P "
	  "TRAFFIC.csv" },
	{ "nop --package nop-base a.csv b.csv", 2,
	  "nop: extra argument \"b.csv\"; usage: mcmsim nop --package P [TRAFFIC.csv | --truth "
	  "RUNS.csv] [OPTION...]" },
	{ "nop --package nop-base --truth=", 2, "--truth: must be a name or a path, got \"\"" },
	{ ROW "@/none.csv", 2, "@/none.csv: cannot read: No such file or directory" },
	{ ROW "@/bad.csv", 2,
	  "@/bad.csv:2: dst: must be a node from 0 to 7 (8 x 1 grid), got \"8\"" },
	{ TRUTH "@/none.csv", 2, "@/none.csv: cannot read: No such file or directory" },
	{ TRUTH "@/header.csv", 2, "@/header.csv:1: " COLUMNS "lacks \"rows\"" },
	{ TRUTH "@/twice.csv", 2, "@/twice.csv:1: " COLUMNS "has twice \"rows\"" },
	{ TRUTH "@/good.csv --router best", 2, "--router: @/good.csv has no runs of \"best\"" },
	{ TRUTH "@/good.csv --router base,base", 2,
	  "--router: must name each router once, got \"base\" twice" },
	{ TRUTH "@/good.csv", 2,
	  "@/traffic/one_2x2_8.csv: must have 2 messages as in the table of runs, has 1" },
	{ TRUTH "@/good.csv --router other", 2,
	  "@/traffic/two_2x2_8.csv: cannot read: No such file or directory" },
	{ TRUTH "@/mesh.csv", 2,
	  "@/mesh.csv:2: columns: must be a whole number from 1 to 256, got \"0\"" },
	{ TRUTH "@/tags.csv", 2,
	  "@/tags.csv:2: tag_completion: must be TAG:CYCLES joined by ';', got \"0:5;1\"" },
	{ TRUTH "@/tag-twice.csv", 2,
	  "@/tag-twice.csv:2: tag_completion: must be a list of tags with each once, got "
	  "\"a:5;b:6;a:7\"" },
	{ TRUTH "@/tag-unknown.csv", 2,
	  "@/tag-unknown.csv:3: tag_completion: must name tags of @/traffic/tags_2x2_8.csv, got "
	  "\"zz\"" },
	{ TRUTH "@/width.csv", 2, "@/width.csv:2: must have 6 values as the header has, got 5" },
	{ TRUTH "@/nobody.csv", 2, "@/nobody.csv:3: router: must be a name, got \"\"" },
	{ TRUTH "@/path.csv", 2, "@/path.csv:2: pattern: must be a name, got \"../one\"" },
};

#define HEADER "router,pattern,columns,rows,message_bytes,completion_cycles"

START_TEST(mistakes_are_named)
{
	write_text("bad.csv", "src,dst,bytes\n0,8,1\n");
	write_text("twice.csv", HEADER ",rows\n");
	write_text("header.csv", "router,pattern,columns,message_bytes,completion_cycles\n");
	write_text("traffic/one_2x2_8.csv", "src,dst,bytes\n0,1,8\n");
	write_text("good.csv", HEADER ",messages\nbase,one,2,2,8,10,2\nother,two,2,2,8,10,1\n");
	write_text("mesh.csv", HEADER "\nbase,one,0,2,8,10\n");
	write_text("tags.csv", HEADER ",tag_completion\nbase,one,2,2,8,10,0:5;1\n");
	write_text("traffic/tags_2x2_8.csv", "src,dst,bytes,tag\n0,1,8,a\n0,1,8,b:b\n");
	write_text("tag-twice.csv", HEADER ",tag_completion\nbase,tags,2,2,8,10,a:5;b:6;a:7\n");
	/* The first run of the list is right; b:b is a tag with a colon. */
	write_text("tag-unknown.csv", HEADER ",tag_completion\nbase,tags,2,2,8,10,a:5;b:b:6\n"
	                                     "base,tags,2,2,8,10,a:5;zz:6\n");
	write_text("width.csv", HEADER "\nbase,one,2,2,8\n");
	write_text("nobody.csv", HEADER "\nbase,one,2,2,8,10\n,one,2,2,8,10\n");
	write_text("path.csv", HEADER "\nbase,../one,2,2,8,10\n");
	assert_fails(folder, mistakes[_i].words, mistakes[_i].status, mistakes[_i].message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nop");
	TCase *lists = tcase_create("lists"), *runs = tcase_create("runs"),
	      *errors = tcase_create("errors");
	TCase *const all[] = { lists, runs, errors };
	tcase_add_test(lists, text_shows_completion_tags_and_bounds);
	tcase_add_test(lists, messages_are_shown_on_request);
	tcase_add_test(lists, json_has_completion_tags_and_messages);
	tcase_add_test(lists, without_bytes_nothing_is_busiest);
	tcase_add_test(lists, large_grids_are_replayed);
	tcase_add_loop_test(errors, too_large_for_simulation_is_said_first, 0, 4);
	tcase_add_test(lists, set_changes_the_network);
	tcase_add_test(lists, out_writes_files);
	tcase_add_test(runs, measured_runs_are_met);
	tcase_add_test(runs, routers_are_chosen);
	tcase_add_test(runs, errors_are_summed_up);
	tcase_add_test(runs, jobs_do_not_matter);
	tcase_add_loop_test(errors, mistakes_are_named, 0, G_N_ELEMENTS(mistakes));
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		tcase_add_checked_fixture(all[i], setup, teardown);
		suite_add_tcase(suite, all[i]);
	}
	return suite_run(suite);
}
