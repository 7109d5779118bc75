#include "tools/report/run_folder.h"

#include "traces/csv.h"
#include "traces/html.h"

char *run_folder_timeline(const char *folder)
{
	static const char *const names[] = { "timeline.csv", "timeline.csv.gz" };
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		char *path = g_build_filename(folder, names[i], NULL);
		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return path;
		g_free(path);
	}
	return NULL;
}

/* Runs that were read; their timelines and reports are owned. */
struct compared {
	struct trace_html_run *runs;
	unsigned count;
};

static bool read_run(struct compared *c, const struct result *result, GError **error)
{
	g_autofree char *timeline = run_folder_timeline(result->folder);
	g_autofree char *report = g_build_filename(result->folder, "report.json", NULL);
	struct trace_html_run *run = &c->runs[c->count];
	char *text = NULL;
	if (!timeline)
		return true;
	if (!g_file_get_contents(report, &text, NULL, error))
		return false;
	run->name = result->name;
	run->report = text;
	run->timeline = trace_read_csv(timeline, result->name, error);
	c->count++;
	return run->timeline != NULL;
}

bool run_folder_compare(const struct result *results, unsigned count, const char *folder,
                        GError **error)
{
	struct compared c = { .runs = g_new0(struct trace_html_run, count) };
	g_autofree char *path = g_build_filename(folder, "report.html", NULL);
	bool good = true;
	for (unsigned i = 0; good && i < count; i++)
		good = results[i].error || read_run(&c, &results[i], error);
	if (good && c.count > 1)
		good = trace_write_html(c.runs, c.count, path, error);
	for (unsigned i = 0; i < c.count; i++) {
		tl_free((struct tl_timeline *)(uintptr_t)c.runs[i].timeline);
		g_free((char *)(uintptr_t)c.runs[i].report);
	}
	g_free(c.runs);
	return good;
}
