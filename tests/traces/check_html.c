/*
 * Is the page whole, with its data packed as traces/pack.h says, and can nothing in names or
 * reports end a script? `make test-web` looks at it in a browser.
 */
#include "tests/traces/tiny.h"
#include "traces/html.h"
#include "traces/pack.h"

#include "tests/support/suite.h"

#include <cjson/cJSON.h>
#include <zlib.h>

static char *page_of(const struct trace_html_run *runs, unsigned count)
{
	g_autofree char *folder = g_dir_make_tmp("mcmsim-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "report.html", NULL);
	char *text = NULL;
	ck_assert(trace_write_html(runs, count, path, NULL));
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	g_unlink(path);
	g_rmdir(folder);
	return text;
}

static unsigned times_in(const char *text, const char *part)
{
	unsigned count = 0;
	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

/* A name and a report that would end a script, or an attribute, if written as they are. */
START_TEST(a_page_is_whole_whatever_is_in_it)
{
	struct tl_timeline *timeline = tiny_timeline();
	const struct trace_html_run runs[] = {
		{ "a \"b\" <c>", timeline, "{\"x\": \"</script><script>alert(1)</script>\"}" },
		{ "second", timeline, NULL },
	};
	g_autofree char *page = page_of(runs, 2), *again = page_of(runs, 2);
	ck_assert_str_eq(page, again);
	ck_assert(g_str_has_prefix(page, "<!doctype html>"));
	ck_assert(g_str_has_suffix(page, "</html>\n"));
	ck_assert_uint_eq(times_in(page, "class=\"run\""), 2);
	ck_assert_uint_eq(times_in(page, "<script"), times_in(page, "</script>"));
	ck_assert_uint_eq(times_in(page, "</script><script>"), 0);
	ck_assert_ptr_nonnull(strstr(page, "data-name=\"a &quot;b&quot; &lt;c&gt;\""));
	ck_assert_ptr_nonnull(strstr(page, "\\u003c/script>\\u003cscript>alert(1)"));
	ck_assert_ptr_nonnull(strstr(page, "class=\"report\">null</script>"));
	/* Nothing comes from anywhere else. */
	ck_assert_ptr_null(strstr(page, "src="));
	ck_assert_ptr_null(strstr(page, "href="));
	ck_assert_ptr_null(strstr(page, "http://"));
	ck_assert_ptr_null(strstr(page, "https://"));
	tl_free(timeline);
}
END_TEST

/* ---- packing ---- */

static GByteArray *unpacked(const struct tl_timeline *timeline)
{
	g_autoptr(GByteArray) packed = trace_pack(timeline);
	GByteArray *plain = g_byte_array_new();
	z_stream gzip = { .next_in = packed->data, .avail_in = packed->len };
	g_byte_array_set_size(plain, 1 << 20);
	ck_assert_int_eq(inflateInit2(&gzip, 31), Z_OK);
	gzip.next_out = plain->data;
	gzip.avail_out = plain->len;
	ck_assert_int_eq(inflate(&gzip, Z_FINISH), Z_STREAM_END);
	g_byte_array_set_size(plain, (guint)gzip.total_out);
	inflateEnd(&gzip);
	return plain;
}

static int64_t take(const guint8 **at, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	do
		value |= (uint64_t)(**at & 127) << shift;
	while (shift += 7, *(*at)++ > 127);
	if (!is_signed)
		return (int64_t)value;
	return value % 2 ? -(int64_t)(value / 2) - 1 : (int64_t)(value / 2);
}

START_TEST(packed_rows_are_the_rows)
{
	enum {
		KIND,
		NODE,
		MICROBATCH,
		TILE,
		SEGMENT,
		CLUSTER,
		EXTRA,
		START,
		LENGTH,
		AMOUNT,
		COLUMNS
	};
	struct tl_timeline *timeline = tiny_timeline();
	g_autoptr(GByteArray) plain = unpacked(timeline);
	size_t length = plain->data[0] | (size_t)plain->data[1] << 8;
	g_autofree char *text = g_strndup((char *)plain->data + 4, length);
	cJSON *head = cJSON_Parse(text);
	const guint8 *at[COLUMNS], *next = plain->data + 4 + length;
	int64_t sums[COLUMNS] = { 0 }, end_ps = 0;
	ck_assert_ptr_nonnull(head);
	for (int c = 0; c < COLUMNS; c++) {
		at[c] = next;
		next += cJSON_GetArrayItem(cJSON_GetObjectItem(head, "columns"), c)->valueint;
	}
	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		if (i == 0 || row->resource != row[-1].resource ||
		    row->resource_kind != row[-1].resource_kind)
			end_ps = 0;
		for (int c = NODE; c <= EXTRA; c++)
			sums[c] += take(&at[c], true);
		end_ps += take(&at[START], true);
		ck_assert_int_eq(take(&at[KIND], false), row->kind);
		ck_assert_int_eq(sums[NODE], row->node);
		ck_assert_int_eq(sums[MICROBATCH], row->microbatch);
		ck_assert_int_eq(sums[TILE], row->tile);
		ck_assert_int_eq(sums[SEGMENT], row->segment);
		ck_assert_int_eq(sums[CLUSTER], row->cluster);
		ck_assert_int_eq(sums[EXTRA], row->extrapolated);
		ck_assert_double_eq((double)end_ps, row->start_ns * 1000);
		end_ps += take(&at[LENGTH], false);
		ck_assert_double_eq((double)end_ps, row->end_ns * 1000);
		ck_assert_double_eq((double)take(&at[AMOUNT], false),
		                    row->kind < TL_FIRST_BUBBLE ? row->amount * 1000 : 0);
	}
	cJSON_Delete(head);
	tl_free(timeline);
}
END_TEST

START_TEST(errors_name_the_path)
{
	struct tl_timeline *timeline = tiny_timeline();
	const struct trace_html_run run = { "run", timeline, NULL };
	GError *error = NULL;
	ck_assert(!trace_write_html(&run, 1, "no/such/folder/report.html", &error));
	ck_assert(g_str_has_prefix(error->message, "no/such/folder/report.html: cannot write"));
	g_error_free(error);
	tl_free(timeline);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("html");
	TCase *tests = tcase_create("html");
	tcase_add_test(tests, a_page_is_whole_whatever_is_in_it);
	tcase_add_test(tests, packed_rows_are_the_rows);
	tcase_add_test(tests, errors_name_the_path);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
