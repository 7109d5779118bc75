#include "traces/html.h"

#include "traces/html_sources.h"
#include "traces/output.h"
#include "traces/pack.h"

#include <string.h>

static void put_source(struct trace_output *output, const struct trace_source *source)
{
	trace_put_bytes(output, source->start, (size_t)(source->end - source->start));
}

/* JSON within a script: "<" could end it. */
static void put_json(struct trace_output *output, const char *json)
{
	for (const char *c = json; *c;) {
		size_t plain = strcspn(c, "<");
		trace_put_bytes(output, c, plain);
		c += plain;
		if (*c) {
			trace_put(output, "\\u003c");
			c++;
		}
	}
}

static void put_attribute(struct trace_output *output, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *escaped = g_markup_escape_text(valid, -1);
	trace_put(output, escaped);
}

static void put_run(struct trace_output *output, const struct trace_html_run *run)
{
	g_autoptr(GByteArray) packed = trace_pack(run->timeline);
	g_autofree char *text = g_base64_encode(packed->data, packed->len);
	trace_put(output, "<script type=\"text/plain\" class=\"run\" data-name=\"");
	put_attribute(output, run->name);
	trace_put(output, "\">");
	trace_put(output, text);
	trace_put(output, "</script>\n<script type=\"application/json\" class=\"report\">");
	put_json(output, run->report ? run->report : "null");
	trace_put(output, "</script>\n");
}

bool trace_write_html(const struct trace_html_run *runs, unsigned count, const char *path,
                      GError **error)
{
	struct trace_output *output = trace_open(path, NULL);
	put_source(output, &trace_page_head);
	trace_put(output, "<style>\n");
	put_source(output, &trace_page_style);
	trace_put(output, "</style>\n");
	put_source(output, &trace_page_body);
	for (unsigned i = 0; i < count; i++)
		put_run(output, &runs[i]);
	for (const struct trace_source *script = trace_page_scripts; script->start; script++) {
		trace_put(output, "<script>\n");
		put_source(output, script);
		trace_put(output, "</script>\n");
	}
	trace_put(output, "</body>\n</html>\n");
	return trace_close(output, error);
}
