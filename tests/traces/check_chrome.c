#include "tests/traces/tiny.h"
#include "traces/chrome.h"
#include "traces/counters.h"
#include "traces/node_names.h"
#include "tests/support/suite.h"

#include <cjson/cJSON.h>
#include <math.h>

static const char *text_of(const cJSON *event, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, key));
}

static double number_of(const cJSON *event, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, key);

	ck_assert_msg(cJSON_IsNumber(item), "%s", key);
	return item->valuedouble;
}

/* Microseconds to whole picoseconds, which is what the file holds. */
static int64_t ps_of(const cJSON *event, const char *key)
{
	return llround(number_of(event, key) * 1e6);
}

static bool is_phase(const cJSON *event, const char *phase)
{
	return strcmp(text_of(event, "ph"), phase) == 0;
}

static bool write_lanes(const struct tl_timeline *timeline, const struct trace_options *options,
                        const char *path, GError **error)
{
	const struct trace_options lanes = { .lanes = true };
	ck_assert_ptr_null(options);
	return trace_write_chrome(timeline, &lanes, path, error);
}

static cJSON *parsed_as(const struct tl_timeline *timeline, trace_writer *writer)
{
	g_autofree char *text = written(timeline, writer);
	cJSON *json = cJSON_ParseWithOpts(text, NULL, 1);

	ck_assert_ptr_nonnull(json);
	ck_assert(cJSON_IsArray(cJSON_GetObjectItem(json, "traceEvents")));
	return json;
}

static cJSON *parsed(const struct tl_timeline *timeline)
{
	return parsed_as(timeline, trace_write_chrome);
}

/* Slices of work, bubbles and transfers, not of segments. */
static bool is_row(const cJSON *event)
{
	return is_phase(event, "X") && number_of(event, "pid") > 1;
}

static const cJSON *events_of(const cJSON *json)
{
	return cJSON_GetObjectItem(json, "traceEvents");
}

START_TEST(tiny_timeline_is_the_golden_file)
{
	struct tl_timeline *timeline = tiny_timeline();
	g_autofree char *text = written(timeline, trace_write_chrome);

	assert_same_lines(text, "tests/data/timeline_tiny.json");
	tl_free(timeline);
}
END_TEST

START_TEST(empty_timeline_is_valid)
{
	struct tl_timeline *timeline = tl_new("nothing");
	cJSON *json = parsed(timeline);

	ck_assert_int_eq(cJSON_GetArraySize(events_of(json)), 0);
	ck_assert_str_eq(text_of(json, "displayTimeUnit"), "ns");
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

START_TEST(names_survive_json)
{
	struct tl_timeline *timeline = empty_timeline();
	const cJSON *event, *slice = NULL;
	cJSON *json;

	g_ptr_array_add(timeline->nodes, g_strdup("tab\t \\ \xc3\xa9 \xff"));
	add_tile(timeline, TL_CHIPLET, 0, 3, 0, 1);
	g_array_index(timeline->rows, struct tl_row, 0).node = 2;
	json = parsed(timeline);
	cJSON_ArrayForEach(event, events_of(json)) if (is_phase(event, "X")) slice = event;
	/* What is not UTF-8 becomes U+FFFD. */
	ck_assert_str_eq(text_of(slice, "name"), "tab\t \\ \xc3\xa9 \xef\xbf\xbd");
	ck_assert_str_eq(text_of(json, "displayTimeUnit"), "ns");
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

/* Overlapping rows at random on links and DRAM; chains with arrows on the clusters. */
static struct tl_timeline *random_timeline(void)
{
	struct tl_timeline *timeline = empty_timeline();
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	double cluster_ns[2] = { 0 }, chiplet_ns = 0, link_ns = 0;
	uint32_t last = 0;

	for (int i = 0; i < 500; i++) {
		unsigned cluster = (unsigned)i % 2;
		/* As short as 1e-4 ns: less than the file can tell. */
		double lasts_ns = pow(10, g_rand_double_range(random, -4, 3));
		double start_ns = cluster_ns[cluster];
		uint32_t row;

		cluster_ns[cluster] = MAX(start_ns + lasts_ns,
		                          cluster_ns[1 - cluster] + lasts_ns / 3);
		row = add_tile(timeline, TL_CLUSTER, cluster, i, start_ns, cluster_ns[cluster]);
		if (i > 0)
			g_array_append_vals(timeline->flows, &(struct tl_flow){ last, row }, 1);
		last = row;
		add_tile(timeline, TL_CHIPLET, 0, i, chiplet_ns, chiplet_ns + lasts_ns);
		chiplet_ns += lasts_ns;
		add_movement(timeline, TL_LINK, TL_TRANSFER, i, link_ns, link_ns + lasts_ns, 64);
		link_ns += lasts_ns * g_rand_double(random);
		add_movement(timeline, TL_DRAM, TL_LOAD, i, link_ns, link_ns + lasts_ns, 64);
	}
	tl_sort(timeline);
	ck_assert(tl_check(timeline, NULL));
	return timeline;
}

/* Even: lanes, a slice per row. Odd: what a resource is busiest with. */
START_TEST(slices_never_overlap_on_a_track)
{
	struct tl_timeline *timeline = random_timeline();
	bool lanes = _i % 2 == 0;
	cJSON *json = parsed_as(timeline, lanes ? write_lanes : trace_write_chrome);
	g_autoptr(GHashTable) end_of_track = g_hash_table_new(NULL, NULL);
	const cJSON *event;
	unsigned slices = 0;

	cJSON_ArrayForEach(event, events_of(json))
	{
		void *track;
		intptr_t start_ps;

		if (!is_phase(event, "X"))
			continue;
		slices++;
		track = GINT_TO_POINTER((int)number_of(event, "tid"));
		start_ps = ps_of(event, "ts");
		ck_assert_int_ge(start_ps, (intptr_t)g_hash_table_lookup(end_of_track, track));
		ck_assert_int_ge(ps_of(event, "dur"), 0);
		g_hash_table_insert(end_of_track, track,
		                    (void *)(start_ps + (intptr_t)ps_of(event, "dur")));
	}
	if (lanes) /* and the segment */
		ck_assert_uint_eq(slices, timeline->rows->len + 1);
	/* The segment, two clusters, a chiplet, the link and the channel; several lanes for the
	 * last two, but not many. */
	ck_assert_int_eq(g_hash_table_size(end_of_track) == 6, !lanes);
	ck_assert_uint_ge(g_hash_table_size(end_of_track), 6);
	ck_assert_uint_lt(g_hash_table_size(end_of_track), 50);
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

START_TEST(times_are_those_of_the_rows_to_a_picosecond)
{
	struct tl_timeline *timeline = random_timeline();
	cJSON *json = parsed_as(timeline, write_lanes);
	const cJSON *event;
	guint i = 0;

	cJSON_ArrayForEach(event, events_of(json))
	{
		const struct tl_row *row;
		double start_ns, end_ns;

		if (!is_row(event))
			continue;
		row = &g_array_index(timeline->rows, struct tl_row, i++);
		start_ns = (double)ps_of(event, "ts") / 1000;
		end_ns = start_ns + (double)ps_of(event, "dur") / 1000;
		/* Half of a picosecond of rounding, a whole one to keep neighbours apart. */
		ck_assert_double_eq_tol(start_ns, row->start_ns, 1.001e-3);
		ck_assert_double_eq_tol(end_ns, row->end_ns, 1.001e-3);
	}
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

/* The clocks of two rows that touch may differ in the last bits: still one track. */
START_TEST(rounding_opens_no_second_track)
{
	struct tl_timeline *timeline = empty_timeline();
	const cJSON *event;
	cJSON *json;

	add_tile(timeline, TL_CHIPLET, 0, 0, 0, 1.0005000000001);
	add_tile(timeline, TL_CHIPLET, 0, 1, 1.0004999999999, 2);
	json = parsed(timeline);
	cJSON_ArrayForEach(event, events_of(json)) if (is_row(event))
		ck_assert_int_eq((int)number_of(event, "tid"), 1);
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

START_TEST(tracks_are_named_and_in_order)
{
	static const char *const names[] = {
		"segments",
		"clusters",
		"chiplets",
		"NoP links",
		"DRAM channels",
		"segments",
		"segment 0 cluster 0: conv1, 1 chiplet",
		"segment 0 cluster 1: fc \"a,b\"\n, 1 chiplet",
		"chiplet 0,0",
		"chiplet 1,0",
		"link 0,0->1,0",
		"dram 0",
	};
	struct tl_timeline *timeline = tiny_timeline();
	cJSON *json = parsed(timeline);
	const cJSON *event;
	unsigned named = 0, ordered = 0;
	double last_order = 0;

	cJSON_ArrayForEach(event, events_of(json))
	{
		const cJSON *args = cJSON_GetObjectItem(event, "args");

		if (!is_phase(event, "M"))
			continue;
		if (g_str_has_suffix(text_of(event, "name"), "_name")) {
			ck_assert_str_eq(text_of(args, "name"), names[named++]);
			continue;
		}
		ck_assert_int_eq(
			strncmp(text_of(event, "name"), ordered < 5 ? "proc" : "thread", 4), 0);
		if (ordered++ == 5) /* the first thread */
			last_order = 0;
		ck_assert_double_gt(number_of(args, "sort_index"), last_order);
		last_order = number_of(args, "sort_index");
	}
	ck_assert_uint_eq(named, G_N_ELEMENTS(names));
	ck_assert_uint_eq(ordered, G_N_ELEMENTS(names));
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

/* Whether a slice of the event's track is open at the event's time. */
static bool is_inside_a_slice(const cJSON *json, const cJSON *event)
{
	int64_t time_ps = ps_of(event, "ts");
	const cJSON *slice;

	cJSON_ArrayForEach(slice, events_of(json))
	{
		int64_t start_ps;

		if (!is_phase(slice, "X") || number_of(slice, "tid") != number_of(event, "tid"))
			continue;
		start_ps = ps_of(slice, "ts");
		if (start_ps <= time_ps && time_ps <= start_ps + ps_of(slice, "dur"))
			return true;
	}
	return false;
}

START_TEST(arrows_have_two_ends_inside_slices)
{
	struct tl_timeline *timeline = random_timeline();
	cJSON *json = parsed(timeline);
	const cJSON *event, *start = NULL;
	unsigned arrows = 0;

	cJSON_ArrayForEach(event, events_of(json))
	{
		if (is_phase(event, "s")) {
			ck_assert_ptr_null(start);
			ck_assert_uint_eq((unsigned)number_of(event, "id"), arrows);
			ck_assert(is_inside_a_slice(json, event));
			start = event;
		} else if (is_phase(event, "f")) {
			ck_assert_ptr_nonnull(start);
			ck_assert_uint_eq((unsigned)number_of(event, "id"), arrows);
			ck_assert_str_eq(text_of(event, "bp"), "e");
			ck_assert(is_inside_a_slice(json, event));
			ck_assert_int_ge(ps_of(event, "ts"), ps_of(start, "ts"));
			start = NULL;
			arrows++;
		}
	}
	ck_assert_ptr_null(start);
	ck_assert_uint_eq(arrows, timeline->flows->len);
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

/* The tiny link: 50 B in [10, 15), 110 B in [14, 25), which has as many per ns; the earlier one is
 * named while both are there. */
START_TEST(a_link_shows_what_it_is_busiest_with)
{
	static const struct {
		double ts, dur, bytes, transfers;
	} expected[] = { { 10, 5, 60, 2 }, { 15, 10, 100, 1 } };
	struct tl_timeline *timeline = tiny_timeline();
	cJSON *json = parsed(timeline);
	const cJSON *event;
	unsigned at = 0;
	cJSON_ArrayForEach(event, events_of(json))
	{
		const cJSON *args = cJSON_GetObjectItem(event, "args");
		if (!is_row(event) || number_of(event, "pid") != 4)
			continue;
		const cJSON *several = cJSON_GetObjectItem(args, "transfers");
		ck_assert_str_eq(text_of(event, "name"), "transfer conv1");
		ck_assert_double_eq_tol(number_of(event, "ts") * 1000, expected[at].ts, 1e-9);
		ck_assert_double_eq_tol(number_of(event, "dur") * 1000, expected[at].dur, 1e-9);
		ck_assert_double_eq_tol(number_of(args, "amount (byte)"), expected[at].bytes, 1e-6);
		ck_assert_double_eq(several ? several->valuedouble : 1, expected[at].transfers);
		at++;
	}
	ck_assert_uint_eq(at, 2);
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

/* Bytes of links and channels, and time of chiplets by kind, are those of the rows. */
START_TEST(sums_are_those_of_the_rows)
{
	struct tl_timeline *timeline = random_timeline();
	cJSON *json = parsed_as(timeline, _i ? write_lanes : trace_write_chrome);
	double bytes = 0, expected = 0;
	unsigned slices = 0;
	const cJSON *event;
	cJSON_ArrayForEach(event, events_of(json))
	{
		const cJSON *amount = cJSON_GetObjectItem(cJSON_GetObjectItem(event, "args"),
		                                          "amount (byte)");
		bytes += is_row(event) && amount ? amount->valuedouble : 0;
		slices += is_row(event);
	}
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		expected += row->unit == TL_BYTES ? row->amount : 0;
	}
	/* Each amount is written to a thousandth. */
	ck_assert_double_eq_tol(bytes, expected, 0.5e-3 * slices);
	cJSON_Delete(json);
	tl_free(timeline);
}
END_TEST

/* What is left of a name without digits, as viewers colour it. */
static char *coloured_by(const char *name)
{
	g_autoptr(GRegex) digits = g_regex_new("( )?[0-9]+", 0, 0, NULL);
	return g_regex_replace_literal(digits, name, -1, 0, "", 0, NULL);
}

/* Random names of few letters and digits: no two are coloured alike, and what has a colour of its
 * own keeps its name. */
START_TEST(nodes_are_coloured_apart)
{
	g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
	struct tl_timeline *timeline = tl_new("names");
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) colours = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
	                                                      NULL);
	while (timeline->nodes->len < 100) {
		char name[8] = { 0 };
		for (int c = g_rand_int_range(random, 1, 7); c-- > 0;)
			name[c] = "ab 0123"[g_rand_int_range(random, 0, 7)];
		if (g_hash_table_add(names, g_strdup(name)))
			g_ptr_array_add(timeline->nodes, g_strdup(name));
	}
	g_autoptr(GPtrArray) labels = trace_node_names(timeline);
	for (guint i = 0; i < labels->len; i++) {
		const char *label = g_ptr_array_index(labels, i);
		ck_assert(g_str_has_prefix(label, g_ptr_array_index(timeline->nodes, i)));
		ck_assert_msg(g_hash_table_add(colours, coloured_by(label)), "%s", label);
	}
	tl_free(timeline);
}
END_TEST

static double integral(const GArray *samples)
{
	double sum = 0;

	for (guint i = 0; i + 1 < samples->len; i++) {
		const struct trace_sample *s = &g_array_index(samples, struct trace_sample, i);

		ck_assert_double_lt(s[0].time_ns, s[1].time_ns);
		ck_assert_double_ne(s[0].value, s[1].value);
		sum += s[0].value * (s[1].time_ns - s[0].time_ns);
	}
	if (samples->len > 0)
		ck_assert_double_eq(
			g_array_index(samples, struct trace_sample, samples->len - 1).value, 0);
	return sum;
}

/* On either side of where single transitions give way to means: the bytes stay the same. */
START_TEST(counters_keep_the_bytes)
{
	const unsigned rows[] = { 0, 1, TRACE_MAX_SAMPLES / 2, TRACE_MAX_SAMPLES / 2 + 1, 50000 };
	struct tl_timeline *timeline = empty_timeline();
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	g_autoptr(GArray) nop = NULL;
	g_autoptr(GArray) dram = NULL;

	for (unsigned i = 0; i < rows[_i]; i++) {
		double start_ns = g_rand_double_range(random, 0, 1e4);
		double end_ns = start_ns + g_rand_double_range(random, 0.1, 1000);

		add_movement(timeline, TL_LINK, TL_TRANSFER, 0, start_ns, end_ns, 64);
	}
	add_movement(timeline, TL_LINK, TL_TRANSFER, 0, 5, 5, 1000); /* takes no time */
	tl_sort(timeline);
	nop = trace_counter_samples(timeline, TRACE_NOP_GBps);
	dram = trace_counter_samples(timeline, TRACE_DRAM_GBps);
	ck_assert_uint_le(nop->len, TRACE_MAX_SAMPLES);
	/* Samples are rounded to 1e-6 GB/s, over 11,000 ns. */
	ck_assert_double_eq_tol(integral(nop), 64.0 * rows[_i], 0.5e-6 * 11000);
	ck_assert_uint_eq(dram->len, 0);
	tl_free(timeline);
}
END_TEST

/* Two rows for eight micro-batches of a chiplet, a quarter of the time computing: a quarter of a
 * chiplet all the time, beside one that computes throughout. */
START_TEST(folded_rows_count_as_their_mean)
{
	struct tl_timeline *timeline = empty_timeline();
	for (unsigned c = 0; c < 2; c++) {
		struct tl_row row = { .resource_kind = TL_CHIPLET,
			              .resource = c,
			              .kind = TL_COMPUTE,
			              .unit = TL_MACS,
			              .extrapolated = 8,
			              .end_ns = c ? 100 : 25 };
		add_row(timeline, row);
	}
	add_bubble(timeline, TL_CHIPLET, 0, TL_WAIT_INPUT, 25, 100);
	g_array_index(timeline->rows, struct tl_row, 2).extrapolated = 8;
	g_array_index(timeline->rows, struct tl_row, 2).cluster = 0;
	tl_sort(timeline);
	ck_assert(tl_check(timeline, NULL));
	g_autoptr(GArray) samples = trace_counter_samples(timeline, TRACE_COMPUTING_CHIPLETS);
	ck_assert_uint_eq(samples->len, 2);
	ck_assert_double_eq(g_array_index(samples, struct trace_sample, 0).value, 1.25);
	ck_assert_double_eq(g_array_index(samples, struct trace_sample, 1).time_ns, 100);
	tl_free(timeline);
}
END_TEST

/* 1e17 swallows 0.1 while both are there; nothing is left when both are gone. */
START_TEST(counters_leave_no_residue)
{
	struct tl_timeline *timeline = empty_timeline();
	g_autoptr(GArray) samples = NULL;

	add_movement(timeline, TL_LINK, TL_TRANSFER, 0, 0, 10, 1e18);
	add_movement(timeline, TL_LINK, TL_TRANSFER, 0, 1, 11, 1);
	samples = trace_counter_samples(timeline, TRACE_NOP_GBps);
	for (guint i = 0; i < samples->len; i++)
		ck_assert_double_ge(g_array_index(samples, struct trace_sample, i).value, 0);
	tl_free(timeline);
}
END_TEST

START_TEST(errors_name_the_path)
{
	assert_reports_errors(trace_write_chrome);
}
END_TEST

START_TEST(failure_leaves_no_trace)
{
	assert_failure_leaves_no_trace(trace_write_chrome);
}
END_TEST

START_TEST(locale_does_not_matter)
{
	assert_locale_is_ignored(trace_write_chrome);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chrome");
	TCase *tests = tcase_create("chrome");

	tcase_add_test(tests, tiny_timeline_is_the_golden_file);
	tcase_add_test(tests, empty_timeline_is_valid);
	tcase_add_test(tests, names_survive_json);
	tcase_add_loop_test(tests, slices_never_overlap_on_a_track, 0, 2);
	tcase_add_test(tests, a_link_shows_what_it_is_busiest_with);
	tcase_add_loop_test(tests, sums_are_those_of_the_rows, 0, 2);
	tcase_add_loop_test(tests, nodes_are_coloured_apart, 0, 20);
	tcase_add_test(tests, times_are_those_of_the_rows_to_a_picosecond);
	tcase_add_test(tests, rounding_opens_no_second_track);
	tcase_add_test(tests, tracks_are_named_and_in_order);
	tcase_add_test(tests, arrows_have_two_ends_inside_slices);
	tcase_add_loop_test(tests, counters_keep_the_bytes, 0, 5);
	tcase_add_test(tests, folded_rows_count_as_their_mean);
	tcase_add_test(tests, counters_leave_no_residue);
	tcase_add_test(tests, errors_name_the_path);
	tcase_add_test(tests, failure_leaves_no_trace);
	tcase_add_test(tests, locale_does_not_matter);
	suite_add_tcase(suite, tests);
	return suite_run_forked(suite);
}
