/* Invariant: whatever names hold, each override is a word, so that no line breaks inside it. */
#include "tools/report/title.h"

#include "tools/text/printable.h"
#include "tools/text/wrap.h"

void title_print(const struct subject *subject, const struct options *options, unsigned batch,
                 GString *out)
{
	enum { INDENT = 2 };
	const unsigned width = options->width;
	g_autofree char *workload = printable(subject->workload->name);
	g_autofree char *package = printable(subject->package->name);
	wrap_printf(out, width, INDENT, "%s on %s, batch %u, seed %" G_GUINT64_FORMAT, workload,
	            package, batch, options->seed);
	if (options->calibration) {
		g_autofree char *file = printable(options->calibration);
		wrap_printf(out, width, INDENT, ", calibrated by %s", file);
	}
	for (unsigned i = 0; options->set && options->set[i]; i++) {
		g_autofree char *override = printable(options->set[i]);
		wrap_printf(out, width, INDENT, "%s %s", i ? "," : ", with", override);
	}
	g_string_append(out, "\n\n");
}
