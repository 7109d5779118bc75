#include "tests/support/suite.h"
#include "tests/traces/tiny.h"
#include "traces/svg.h"

#include <math.h>

START_TEST(tiny_timeline_is_the_golden_file)
{
	struct tl_timeline *timeline = tiny_timeline();
	g_autofree char *text = written(timeline, trace_write_svg);

	assert_same_lines(text, "tests/data/timeline_tiny.svg");
	tl_free(timeline);
}
END_TEST

/* What a picture consists of, counted while its XML is read. */
struct seen {
	double width, height;
	unsigned texts, bars;
};

static double attribute(const char **names, const char **values, const char *name)
{
	for (unsigned i = 0; names[i]; i++)
		if (g_str_equal(names[i], name))
			return g_ascii_strtod(values[i], NULL);
	return NAN;
}

static const char *text_attribute(const char **names, const char **values, const char *name)
{
	for (unsigned i = 0; names[i]; i++)
		if (g_str_equal(names[i], name))
			return values[i];
	return NULL;
}

static void assert_inside(const struct seen *seen, double x, double y)
{
	ck_assert_msg(x >= 0 && x <= seen->width && y >= 0 && y <= seen->height,
	              "%g, %g is not in %g x %g", x, y, seen->width, seen->height);
}

/* "Mx yhWvHHxz" of bars, "Mx yVy" of lines; rows may not overlap within a path. */
static void assert_path_inside(struct seen *seen, const char *path)
{
	double last_end = 0, last_y = -1;

	for (const char *at = path; (at = strchr(at, 'M')) != NULL;) {
		char *end;
		double x = g_ascii_strtod(at + 1, &end), y = g_ascii_strtod(end, &end);
		char command = *end;
		double length = g_ascii_strtod(end + 1, &end);

		assert_inside(seen, x, y);
		if (command == 'V') {
			assert_inside(seen, x, length);
		} else {
			ck_assert_int_eq(command, 'h');
			ck_assert_double_gt(length, 0);
			assert_inside(seen, x + length, y);
			if (y == last_y)
				ck_assert_double_ge(x, last_end - 1e-9);
			last_end = x + length;
			last_y = y;
			seen->bars++;
		}
		at = end;
	}
}

static void start(GMarkupParseContext *context, const char *element, const char **names,
                  const char **values, void *data, GError **error)
{
	struct seen *seen = data;
	(void)context;
	(void)error;

	if (g_str_equal(element, "svg")) {
		const char *box = text_attribute(names, values, "viewBox");

		ck_assert_int_eq(sscanf(box, "0 0 %lf %lf", &seen->width, &seen->height), 2);
		ck_assert_double_eq(attribute(names, values, "width"), seen->width);
		ck_assert_double_eq(attribute(names, values, "height"), seen->height);
	} else if (g_str_equal(element, "text")) {
		assert_inside(seen, attribute(names, values, "x"), attribute(names, values, "y"));
		seen->texts++;
	} else if (g_str_equal(element, "path") &&
	           text_attribute(names, values, "stroke") == NULL) {
		assert_path_inside(seen, text_attribute(names, values, "d"));
	}
}

static struct seen seen_in(const char *text)
{
	const GMarkupParser parser = { .start_element = start };
	struct seen seen = { 0 };
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &seen, NULL);
	GError *error = NULL;

	ck_assert_msg(g_markup_parse_context_parse(context, text, -1, &error) &&
	                      g_markup_parse_context_end_parse(context, &error),
	              "%s", error ? error->message : "");
	g_markup_parse_context_free(context);
	return seen;
}

/* Rows from 1e-4 to 1000 ns, every kind, holes between some of them. */
static struct tl_timeline *random_timeline(uint32_t seed, unsigned rows)
{
	struct tl_timeline *timeline = empty_timeline();
	g_autoptr(GRand) random = g_rand_new_with_seed(seed);
	double from_ns[2] = { g_rand_double_range(random, 0, 1e4), 0 };

	for (unsigned i = 0; i < rows; i++) {
		uint32_t cluster = i % 2;
		double end_ns = from_ns[cluster] + pow(10, g_rand_double_range(random, -4, 3));
		int kind = g_rand_int_range(random, 0, TL_KINDS);

		if (kind == TL_COMPUTE)
			add_tile(timeline, TL_CLUSTER, cluster, (int)i, from_ns[cluster], end_ns);
		else
			add_bubble(timeline, TL_CLUSTER, cluster, kind, from_ns[cluster], end_ns);
		from_ns[cluster] = end_ns + (g_rand_int_range(random, 0, 4) ? 0 : 200);
	}
	tl_sort(timeline);
	ck_assert(tl_check(timeline, NULL));
	return timeline;
}

START_TEST(all_is_inside_the_picture)
{
	struct tl_timeline *timeline = random_timeline((uint32_t)_i, 200);
	g_autofree char *text = written(timeline, trace_write_svg);
	g_autofree char *again = written(timeline, trace_write_svg);
	struct seen seen = seen_in(text);

	ck_assert_str_eq(text, again);
	ck_assert_double_eq(seen.width, 800);
	ck_assert_uint_gt(seen.bars, 20);
	ck_assert_ptr_nonnull(strstr(text, "not recorded"));
	tl_free(timeline);
}
END_TEST

/* 100,000 rows cannot be told apart on 556 px: at most one bar for each half of one. */
START_TEST(size_is_that_of_the_picture)
{
	struct tl_timeline *timeline = random_timeline(1, 100000);
	g_autofree char *text = written(timeline, trace_write_svg);
	struct seen seen = seen_in(text);

	ck_assert_uint_le(seen.bars, 2 * 2 * 556 + TL_KINDS + 2);
	ck_assert_uint_lt(strlen(text), 150000);
	tl_free(timeline);
}
END_TEST

/* By hand: of 1,000 ns on 556 px, 0.9 ns is half a pixel; 0.3 + 0.6 ns are one bar of the
 * longer. */
START_TEST(narrow_neighbours_are_one_bar)
{
	struct tl_timeline *timeline = empty_timeline();
	g_autofree char *text = NULL;

	add_bubble(timeline, TL_CLUSTER, 0, TL_WAIT_DRAM, 0, 0.3);
	add_bubble(timeline, TL_CLUSTER, 0, TL_FILL, 0.3, 0.9);
	add_bubble(timeline, TL_CLUSTER, 0, TL_DRAIN, 0.9, 1000);
	text = written(timeline, trace_write_svg);
	ck_assert_ptr_null(strstr(text, "wait for DRAM"));
	ck_assert_ptr_nonnull(strstr(text, ">fill<"));
	ck_assert_ptr_nonnull(strstr(text, ">drain<"));
	tl_free(timeline);
}
END_TEST

START_TEST(empty_timeline_is_a_picture)
{
	struct tl_timeline *timeline = tl_new("nothing");
	g_autofree char *text = written(timeline, trace_write_svg);

	ck_assert_uint_gt(seen_in(text).texts, 2);
	tl_free(timeline);
}
END_TEST

/* Neither what XML forbids nor half a kilobyte of title ends up in the file. */
START_TEST(names_survive_xml)
{
	g_autofree char *wide = g_strnfill(500, 'W');
	g_autofree char *name = g_strconcat("<a & \"b\"> \x01 \xff \xef\xbf\xbf", wide, NULL);
	struct tl_timeline *timeline = tl_new(name);
	g_autofree char *text = NULL;

	g_ptr_array_add(timeline->names[TL_CLUSTER], g_strdup(name));
	g_ptr_array_add(timeline->nodes, g_strdup(name));
	add_tile(timeline, TL_CLUSTER, 0, 0, 0, 1);
	text = written(timeline, trace_write_svg);
	seen_in(text);
	ck_assert_ptr_nonnull(strstr(text, "&lt;a &amp; &quot;b&quot;&gt;   \xef\xbf\xbd"));
	ck_assert_ptr_null(strchr(text, '\x01'));
	wide[80] = '\0';
	ck_assert_ptr_null(strstr(text, wide));
	tl_free(timeline);
}
END_TEST

START_TEST(errors_name_the_path)
{
	assert_reports_errors(trace_write_svg);
	assert_failure_leaves_no_trace(trace_write_svg);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("svg");
	TCase *tests = tcase_create("svg");

	tcase_add_test(tests, tiny_timeline_is_the_golden_file);
	tcase_add_loop_test(tests, all_is_inside_the_picture, 0, 20);
	tcase_add_test(tests, size_is_that_of_the_picture);
	tcase_add_test(tests, narrow_neighbours_are_one_bar);
	tcase_add_test(tests, empty_timeline_is_a_picture);
	tcase_add_test(tests, names_survive_xml);
	tcase_add_test(tests, errors_name_the_path);
	suite_add_tcase(suite, tests);
	return suite_run_forked(suite);
}
