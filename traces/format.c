#include "traces/format.h"

#include "traces/chrome.h"
#include "traces/csv.h"
#include "traces/paje.h"
#include "traces/svg.h"

#include <string.h>

const struct trace_format trace_formats[] = {
	{ ".csv", true, "every row, for scripts; mcmsim trace reads it", trace_write_csv },
	{ ".json", true, "Chrome trace, for https://ui.perfetto.dev or https://www.speedscope.app",
	  trace_write_chrome },
	{ ".svg", true, "a picture of clusters and chiplets", trace_write_svg },
	{ ".trace", false, "Paje trace, for ViTE or pj_dump", trace_write_paje },
	{ 0 },
};

const struct trace_format *trace_format_of(const char *path)
{
	g_autofree char *plain = g_str_has_suffix(path, ".gz") ? g_strndup(path, strlen(path) - 3)
	                                                       : g_strdup(path);
	for (const struct trace_format *format = trace_formats; format->suffix; format++)
		if (g_str_has_suffix(plain, format->suffix))
			return format;
	return NULL;
}
