/*
 * Timelines for the trace tests.
 *
 * The tiny one: two chiplets in a row, a node on each, two micro-batches. fc waits for the
 * first transfer (fill), then for the second, whose bytes share the link with the end of the
 * first one's. Times in ns:
 *
 *   chiplet 0,0   conv1 mb0 [0, 10)    conv1 mb1 [10, 20)    drain [20, 32.5)
 *   link          mb0 [10, 15) 50 B,   mb1 [14, 25) 110 B
 *   chiplet 1,0   fill [0, 15)   fc mb0 [15, 22.5)   wait_input [22.5, 25)   fc mb1 [25, 32.5)
 *   dram 0        load of conv1 [0, 4) 64 B
 *
 * The second node's name needs quoting in CSV and escaping in JSON.
 */
#ifndef TESTS_TRACES_TINY_H
#define TESTS_TRACES_TINY_H

#include "traces/format.h"
#include "tests/support/suite.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static inline void add_names(GPtrArray *names, const char *first, const char *second)
{
	g_ptr_array_add(names, g_strdup(first));
	if (second != NULL)
		g_ptr_array_add(names, g_strdup(second));
}

static inline uint32_t add_row(struct tl_timeline *timeline, struct tl_row row)
{
	g_array_append_val(timeline->rows, row);
	timeline->end_ns = MAX(timeline->end_ns, row.end_ns);
	return timeline->rows->len - 1;
}

static inline uint32_t add_tile(struct tl_timeline *timeline, enum tl_resource_kind resource_kind,
                                uint32_t resource, int microbatch, double start_ns, double end_ns)
{
	return add_row(timeline, (struct tl_row){ .resource_kind = (uint8_t)resource_kind,
	                                          .resource = resource,
	                                          .kind = TL_COMPUTE,
	                                          .unit = TL_MACS,
	                                          .cluster = (int32_t)resource,
	                                          .node = (int32_t)resource,
	                                          .microbatch = microbatch,
	                                          .start_ns = start_ns,
	                                          .end_ns = end_ns,
	                                          .amount = resource == 0 ? 100 : 60 });
}

static inline uint32_t add_bubble(struct tl_timeline *timeline, enum tl_resource_kind resource_kind,
                                  uint32_t resource, enum tl_kind kind, double start_ns,
                                  double end_ns)
{
	return add_row(timeline, (struct tl_row){ .resource_kind = (uint8_t)resource_kind,
	                                          .resource = resource,
	                                          .kind = (uint8_t)kind,
	                                          .unit = TL_NS,
	                                          .cluster = (int32_t)resource,
	                                          .node = -1,
	                                          .microbatch = -1,
	                                          .tile = -1,
	                                          .start_ns = start_ns,
	                                          .end_ns = end_ns,
	                                          .amount = end_ns - start_ns });
}

static inline uint32_t add_movement(struct tl_timeline *timeline,
                                    enum tl_resource_kind resource_kind, enum tl_kind kind,
                                    int microbatch, double start_ns, double end_ns, double bytes)
{
	return add_row(timeline, (struct tl_row){ .resource_kind = (uint8_t)resource_kind,
	                                          .kind = (uint8_t)kind,
	                                          .unit = TL_BYTES,
	                                          .microbatch = microbatch,
	                                          .tile = microbatch < 0 ? -1 : 0,
	                                          .start_ns = start_ns,
	                                          .end_ns = end_ns,
	                                          .amount = bytes });
}

static inline struct tl_timeline *empty_timeline(void)
{
	struct tl_timeline *timeline = tl_new("tiny on \"two\", pipeline");

	add_names(timeline->names[TL_CLUSTER], "segment 0 cluster 0", "segment 0 cluster 1");
	add_names(timeline->names[TL_CHIPLET], "chiplet 0,0", "chiplet 1,0");
	add_names(timeline->names[TL_LINK], "link 0,0->1,0", NULL);
	add_names(timeline->names[TL_DRAM], "dram 0", NULL);
	add_names(timeline->labels, "conv1, 1 chiplet", "fc \"a,b\"\n, 1 chiplet");
	add_names(timeline->nodes, "conv1", "fc \"a,b\"\n");
	return timeline;
}

static inline struct tl_timeline *tiny_timeline(void)
{
	struct tl_timeline *timeline = empty_timeline();
	/* Chiplets first, so that there is something to sort. */
	static const enum tl_resource_kind kinds[] = { TL_CHIPLET, TL_CLUSTER };
	uint32_t conv[2] = { 0 }, fc = 0, wait = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		enum tl_resource_kind kind = kinds[i];

		conv[0] = add_tile(timeline, kind, 0, 0, 0, 10);
		conv[1] = add_tile(timeline, kind, 0, 1, 10, 20);
		add_bubble(timeline, kind, 0, TL_DRAIN, 20, 32.5);
		add_bubble(timeline, kind, 1, TL_FILL, 0, 15);
		fc = add_tile(timeline, kind, 1, 0, 15, 22.5);
		wait = add_bubble(timeline, kind, 1, TL_WAIT_INPUT, 22.5, 25);
		add_tile(timeline, kind, 1, 1, 25, 32.5);
	}
	add_movement(timeline, TL_LINK, TL_TRANSFER, 0, 10, 15, 50);
	add_movement(timeline, TL_LINK, TL_TRANSFER, 1, 14, 25, 110);
	add_movement(timeline, TL_DRAM, TL_LOAD, -1, 0, 4, 64);
	g_array_append_vals(timeline->flows,
	                    (struct tl_flow[]){ { conv[0], fc }, { conv[1], wait } }, 2);
	tl_sort(timeline);
	ck_assert(tl_check(timeline, NULL));
	return timeline;
}

/* What the writer makes of the timeline. Caller frees. */
static inline char *written(const struct tl_timeline *timeline, trace_writer *writer)
{
	g_autofree char *folder = g_dir_make_tmp("mcmsim-XXXXXX", NULL);
	g_autofree char *path = NULL;
	GError *error = NULL;
	char *text = NULL;

	ck_assert_ptr_nonnull(folder);
	path = g_build_filename(folder, "timeline", NULL);
	ck_assert_msg(writer(timeline, NULL, path, &error), "%s", error ? error->message : "");
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_int_eq(g_unlink(path), 0);
	ck_assert_msg(g_rmdir(folder) == 0, "a temporary file was left in %s", folder);
	return text;
}

/* The whole text, line by line, so that a difference is readable. */
static inline void assert_same_lines(const char *text, const char *golden_path)
{
	g_autofree char *golden = NULL;
	g_auto(GStrv) got = g_strsplit(text, "\n", -1);
	g_auto(GStrv) expected = NULL;

	ck_assert_msg(g_file_get_contents(golden_path, &golden, NULL, NULL), "%s", golden_path);
	expected = g_strsplit(golden, "\n", -1);
	for (unsigned i = 0; got[i] != NULL && expected[i] != NULL; i++)
		ck_assert_str_eq(got[i], expected[i]);
	ck_assert_uint_eq(g_strv_length(got), g_strv_length(expected));
}

/* Cannot be written: a folder that is not there, a device that is full. */
static inline void assert_reports_errors(trace_writer *writer)
{
	struct tl_timeline *timeline = tiny_timeline();
	GError *error = NULL;

	ck_assert(!writer(timeline, NULL, "no/such/folder/timeline", &error));
	ck_assert_str_eq(error->message,
	                 "no/such/folder/timeline: cannot write: No such file or directory");
	ck_assert(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
	g_clear_error(&error);

	if (access("/dev/full", W_OK) == 0) {
		ck_assert(!writer(timeline, NULL, "/dev/full", &error));
		ck_assert_str_eq(error->message,
		                 "/dev/full: cannot write: No space left on device");
		g_clear_error(&error);
		ck_assert(g_file_test("/dev/full", G_FILE_TEST_EXISTS));
	}
	ck_assert(!writer(timeline, NULL, "no/such/folder/timeline", NULL));
	tl_free(timeline);
}

/* The disk fills up half-way: the old file stays as it was, and nothing beside it. */
static inline void assert_failure_leaves_no_trace(trace_writer *writer)
{
	struct tl_timeline *timeline = tiny_timeline();
	g_autofree char *folder = g_dir_make_tmp("mcmsim-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "timeline", NULL);
	g_autofree char *text = NULL;
	struct rlimit limit, half = { 300, 300 };
	GError *error = NULL;
	bool good;

	ck_assert(g_file_set_contents(path, "old", -1, NULL));
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	half.rlim_max = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &half), 0);
	good = writer(timeline, NULL, path, &error);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);

	ck_assert(!good);
	ck_assert(g_str_has_suffix(error->message, "timeline: cannot write: File too large"));
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_str_eq(text, "old");
	g_unlink(path);
	ck_assert_msg(g_rmdir(folder) == 0, "a temporary file was left in %s", folder);
	g_error_free(error);
	tl_free(timeline);
}

/*
 * From here on the C library writes a decimal comma. Machines seldom have such a locale, so
 * one is made. False where that cannot be done.
 */
static inline bool use_decimal_comma(const char *folder)
{
	static const char source[] = "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\n"
				     "grouping -1\nEND LC_NUMERIC\n";
	g_autofree char *path = g_build_filename(folder, "source", NULL);
	g_autofree char *command = g_strdup_printf("localedef -c -i '%s' '%s/xx_XX' >'%s/log' 2>&1",
	                                           path, folder, folder);
	char number[8];

	ck_assert(g_file_set_contents(path, source, -1, NULL));
	if (system(command) == -1)
		return false;
	ck_assert(g_setenv("LOCPATH", folder, TRUE));
	if (setlocale(LC_NUMERIC, "xx_XX") == NULL)
		return false;
	g_snprintf(number, sizeof(number), "%.1f", 0.5);
	ck_assert_str_eq(number, "0,5");
	return true;
}

/* The same bytes, whatever the locale. */
static inline void assert_locale_is_ignored(trace_writer *writer)
{
	struct tl_timeline *timeline = tiny_timeline();
	g_autofree char *folder = g_dir_make_tmp("mcmsim-XXXXXX", NULL);
	g_autofree char *remove = g_strdup_printf("rm -rf '%s'", folder);
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;

	/* Too large for whole 1e-6: the way through the C library's formatting. */
	add_movement(timeline, TL_DRAM, TL_LOAD, -1, 4, 5, 1.5e15 + 0.5);
	before = written(timeline, writer);
	if (use_decimal_comma(folder))
		after = written(timeline, writer);
	else
		after = g_strdup(before);
	ck_assert_int_eq(system(remove), 0);
	ck_assert_msg(strcmp(before, after) == 0, "the locale's numbers are in the file");
	ck_assert_ptr_nonnull(strstr(before, "1500000000000000.5"));
	tl_free(timeline);
}

#endif
