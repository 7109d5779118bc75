/* Does the reader of message lists take what it should, and refuse the rest in so many words? */
#include "sim/messages/messages.h"
#include "tests/support/synthetic.h"
#include "tests/support/suite.h"

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

/* All lists are for a grid of 3 x 2: nodes 0 to 5. */
static struct sim_messages *parse(const char *text, GError **error)
{
	struct hw_package *package = synthetic_package(3, 2);
	struct sim_messages *list = sim_messages_parse(text, "list.csv", package, error);
	hw_package_free(package);
	return list;
}

static struct sim_messages *good(const char *text)
{
	GError *error = NULL;
	struct sim_messages *list = parse(text, &error);
	ck_assert_msg(list != NULL, "%s", error ? error->message : "no error set");
	return list;
}

START_TEST(a_list_is_read)
{
	struct sim_messages *list = good("src,dst,bytes,start,dep,tag\n"
	                                 "0,5,256,0,,7\n"
	                                 "5,0,1,12.5,0,ring\n"
	                                 "1,2,32,0,1;0;1,7\n");
	ck_assert_uint_eq(list->count, 3);
	ck_assert_uint_eq(list->at[0].src, 0);
	ck_assert_uint_eq(list->at[0].dst, 5);
	ck_assert_double_eq(list->at[0].bytes, 256);
	ck_assert_double_eq(list->at[0].start_ns, 0);
	ck_assert_uint_eq(list->at[0].dep_count, 0);
	ck_assert_double_eq(list->at[1].start_ns, 12.5);
	ck_assert_uint_eq(list->at[1].dep_count, 1);
	ck_assert_uint_eq(list->deps[list->at[1].first_dep], 0);
	ck_assert_uint_eq(list->at[2].dep_count, 2); /* ascending, each once */
	ck_assert_uint_eq(list->deps[list->at[2].first_dep], 0);
	ck_assert_uint_eq(list->deps[list->at[2].first_dep + 1], 1);
	ck_assert_uint_eq(list->tags->len, 2); /* in order of first use */
	ck_assert_str_eq(list->tags->pdata[0], "7");
	ck_assert_str_eq(list->tags->pdata[1], "ring");
	ck_assert_uint_eq(list->at[1].tag, 1);
	ck_assert_uint_eq(list->at[2].tag, 0);
	ck_assert_uint_eq(list->at[2].line, 4);
	sim_messages_free(list);
}
END_TEST

START_TEST(columns_stand_in_any_order_and_may_be_missing)
{
	struct sim_messages *list = good("bytes,dst,src\n64,1,0\n");
	ck_assert_uint_eq(list->at[0].src, 0);
	ck_assert_uint_eq(list->at[0].dst, 1);
	ck_assert_double_eq(list->at[0].bytes, 64);
	ck_assert_double_eq(list->at[0].start_ns, 0);
	ck_assert_uint_eq(list->at[0].dep_count, 0);
	ck_assert_str_eq(list->tags->pdata[list->at[0].tag], "0");
	sim_messages_free(list);
}
END_TEST

/* Files from other systems: byte order mark, CR LF, blank lines and blanks, no last newline. */
START_TEST(white_space_does_not_matter)
{
	struct sim_messages *list = good("\xEF\xBB\xBFsrc, dst ,bytes,dep,tag\r\n"
	                                 "\r\n"
	                                 " 0,1, 8,,\r\n"
	                                 "1,0,8, 0 ; 0 ,");
	ck_assert_uint_eq(list->count, 2);
	ck_assert_uint_eq(list->at[1].dep_count, 1);
	ck_assert_uint_eq(list->at[1].line, 4);
	ck_assert_uint_eq(list->tags->len, 1); /* no value is "0" */
	ck_assert_str_eq(list->tags->pdata[0], "0");
	sim_messages_free(list);
}
END_TEST

/* Spreadsheets quote what they like and write whole numbers with a point. */
START_TEST(quoted_and_decimal_cells_are_values)
{
	struct sim_messages *list = good("\"src\",dst,bytes,tag\n"
	                                 "0.0,\"1\",1e3,\"a,\"\"b\"\"\"\n");
	ck_assert_uint_eq(list->at[0].dst, 1);
	ck_assert_double_eq(list->at[0].bytes, 1000);
	ck_assert_str_eq(list->tags->pdata[0], "a,\"b\"");
	sim_messages_free(list);
}
END_TEST

/* 3 -> 1 -> 0 and 3 -> 2; row 1 waits for a row below it. */
START_TEST(depth_is_the_longest_chain)
{
	struct sim_messages *list = good("src,dst,bytes,dep\n"
	                                 "0,1,8,1\n"
	                                 "0,1,8,3\n"
	                                 "0,1,8,3\n"
	                                 "0,1,8,\n"
	                                 "0,1,8,2;0\n");
	const uint32_t depths[] = { 2, 1, 1, 0, 3 };
	for (unsigned i = 0; i < G_N_ELEMENTS(depths); i++)
		ck_assert_uint_eq(list->at[i].depth, depths[i]);
	sim_messages_free(list);
}
END_TEST

#define COLUMNS "must have the columns src, dst, bytes, perhaps start, dep, tag, each once; "

static const struct {
	const char *text, *message;
} refused[] = {
	{ "", "list.csv:1: must begin with a header, is empty" },
	{ "src,dst,bytes\n", "list.csv:1: must have at least one message below its header" },
	{ "src,dst,start\n0,1,2\n", "list.csv:1: " COLUMNS "lacks \"bytes\"" },
	{ "src,dst,bytes,size\n0,1,2,3\n", "list.csv:1: " COLUMNS "does not know \"size\"" },
	{ "0,1,256\n", "list.csv:1: " COLUMNS "does not know \"0\"" },
	{ "\nsrc,dst,bytes,src\n0,1,2,3\n", "list.csv:2: " COLUMNS "has twice \"src\"" },
	{ "src,dst,bytes\n0,1\n", "list.csv:2: must have 3 values as the header has, got 2" },
	{ "src,dst,bytes\n0,1,2\n\n0,1,2,3\n",
	  "list.csv:4: must have 3 values as the header has, got 4" },

	{ "src,dst,bytes\n6,1,2\n",
	  "list.csv:2: src: must be a node from 0 to 5 (3 x 2 grid), got \"6\"" },
	{ "src,dst,bytes\n0,-1,2\n",
	  "list.csv:2: dst: must be a node from 0 to 5 (3 x 2 grid), got \"-1\"" },
	{ "src,dst,bytes\n,1,2\n",
	  "list.csv:2: src: must be a node from 0 to 5 (3 x 2 grid), got \"\"" },
	{ "src,dst,bytes\n2,2,2\n", "list.csv:2: dst: must not be src, got 2 for both" },
	{ "src,dst,bytes\n0,1,-1\n",
	  "list.csv:2: bytes: must be a whole number from 0 to 1e15, got \"-1\"" },
	{ "src,dst,bytes\n0,1,1.5\n",
	  "list.csv:2: bytes: must be a whole number from 0 to 1e15, got \"1.5\"" },
	{ "src,dst,bytes\n0,1,1000000000000001\n",
	  "list.csv:2: bytes: must be a whole number from 0 to 1e15, got \"1000000000000001\"" },
	{ "src,dst,bytes,start\n0,1,2,-1\n",
	  "list.csv:2: start: must be a time in ns from 0 to 1e15, got \"-1\"" },
	{ "src,dst,bytes,start\n0,1,2,nan\n",
	  "list.csv:2: start: must be a time in ns from 0 to 1e15, got \"nan\"" },
	{ "src,dst,bytes,start\n0,1,2,1e16\n",
	  "list.csv:2: start: must be a time in ns from 0 to 1e15, got \"1e16\"" },
	{ "src,dst,bytes,start\n0,1,2,5us\n",
	  "list.csv:2: start: must be a time in ns from 0 to 1e15, got \"5us\"" },
	{ "src,dst,bytes,start\n0,1,2,.\n",
	  "list.csv:2: start: must be a time in ns from 0 to 1e15, got \".\"" },
	{ "src,dst,bytes,dep\n0,1,2,\n0,1,2,2\n",
	  "list.csv:3: dep: must be rows from 0 to 1 joined by ';', got \"2\"" },
	{ "src,dst,bytes,dep\n0,1,2,\n0,1,2,0;\n",
	  "list.csv:3: dep: must be rows from 0 to 1 joined by ';', got \"0;\"" },
	{ "src,dst,bytes,dep\n0,1,2,\n0,1,2,0 1\n",
	  "list.csv:3: dep: must be rows from 0 to 1 joined by ';', got \"0 1\"" },
	{ "src,dst,bytes,dep\n0,1,2,\n0,1,2,0;1\n",
	  "list.csv:3: dep: row 1 must not wait for itself, got \"0;1\"" },
	{ "src,dst,bytes,tag\n0,1,2,\xFF\n", "list.csv:2: must be UTF-8 text, byte 24 is not" },
	/* Row 0 waits for the cycle of 1, 2 and 3 and is not in it. */
	{ "src,dst,bytes,dep\n0,1,2,3\n0,1,2,2;4\n0,1,2,3\n0,1,2,1\n0,1,2,\n",
	  "list.csv:5: dep: messages must not wait for each other: row 3 waits for row 1, that for "
	  "row 2, that for row 3" },
};

START_TEST(mistakes_are_named)
{
	GError *error = NULL;
	ck_assert_ptr_null(parse(refused[_i].text, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, refused[_i].message);
	g_error_free(error);
}
END_TEST

/* A ring of 20 rows: the message names some of them and the one that closes it. */
START_TEST(long_cycles_are_cut_short)
{
	GError *error = NULL;
	GString *text = g_string_new("src,dst,bytes,dep\n");
	for (int i = 0; i < 20; i++)
		g_string_append_printf(text, "0,1,2,%d\n", (i + 1) % 20);
	ck_assert_ptr_null(parse(text->str, &error));
	ck_assert_str_eq(error->message,
	                 "list.csv:2: dep: messages must not wait for each other: row 0 waits for "
	                 "row 1, that for row 2, that for row 3, that for row 4, that for row 5, "
	                 "that for row 6, that for row 7, that for row 8, that for ..., that for "
	                 "row 0");
	g_error_free(error);
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(files_are_read_and_named)
{
	GError *error = NULL;
	struct hw_package *package = synthetic_package(3, 2);
	g_autofree char *path = NULL;
	int file = g_file_open_tmp("mcmsim-messages-XXXXXX.csv", &path, NULL);
	ck_assert_int_ge(file, 0);
	ck_assert(g_close(file, NULL));
	ck_assert(g_file_set_contents(path, "src,dst,bytes\n0,1,2\n", -1, NULL));
	struct sim_messages *list = sim_messages_read(path, package, &error);
	ck_assert_ptr_nonnull(list);
	sim_messages_free(list);

	ck_assert(g_file_set_contents(path, "src,dst,bytes\n0,\0,2\n", 21, NULL));
	ck_assert_ptr_null(sim_messages_read(path, package, &error));
	g_autofree char *zero = g_strdup_printf("%s:2: must be text, byte 16 is zero", path);
	ck_assert_str_eq(error->message, zero);
	g_clear_error(&error);

	ck_assert_int_eq(g_unlink(path), 0);
	ck_assert_ptr_null(sim_messages_read(path, package, &error));
	g_autofree char *gone = g_strdup_printf("%s: cannot read: No such file or directory", path);
	ck_assert_str_eq(error->message, gone);
	g_clear_error(&error);
	hw_package_free(package);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("messages");
	TCase *lists = tcase_create("lists"), *errors = tcase_create("errors");
	tcase_add_test(lists, a_list_is_read);
	tcase_add_test(lists, columns_stand_in_any_order_and_may_be_missing);
	tcase_add_test(lists, white_space_does_not_matter);
	tcase_add_test(lists, quoted_and_decimal_cells_are_values);
	tcase_add_test(lists, depth_is_the_longest_chain);
	tcase_add_loop_test(errors, mistakes_are_named, 0, G_N_ELEMENTS(refused));
	tcase_add_test(errors, long_cycles_are_cut_short);
	tcase_add_test(errors, files_are_read_and_named);
	suite_add_tcase(suite, lists);
	suite_add_tcase(suite, errors);
	return suite_run(suite);
}
