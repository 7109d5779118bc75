/* Invariant: after progress_end nothing of the line is left on the terminal. */
#include "tools/text/progress.h"

#include "tools/text/printable.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL_US 100000

void progress_begin(struct progress *progress, bool quiet)
{
	*progress = (struct progress){ .what = "", .on = !quiet && isatty(STDERR_FILENO) };
}

void progress_end(struct progress *progress)
{
	if (progress->on && progress->shown_us)
		fputs("\r\033[K", stderr);
	progress->shown_us = 0;
}

/* A line that wraps could not be replaced. */
static int terminal_columns(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1
	                                                                       : 79;
}

void progress_line(struct progress *progress, const char *line)
{
	gint64 now_us = g_get_monotonic_time();
	if (!progress->on || now_us - progress->shown_us < INTERVAL_US)
		return;
	progress->shown_us = now_us;
	g_autofree char *text = printable(line);
	fprintf(stderr, "\r\033[K%.*s", terminal_columns(), text);
	fflush(stderr);
}

void progress_fraction(void *progress, double fraction)
{
	struct progress *p = progress;
	g_autofree char *line = g_strdup_printf("%s: %.0f %%", p->what, fraction * 100);
	progress_line(p, line);
}

void progress_simulated(void *progress, double fraction, double time_ns)
{
	struct progress *p = progress;
	g_autofree char *line = g_strdup_printf("%s: %.0f %%, at %.3f ms", p->what, fraction * 100,
	                                        time_ns * 1e-6);
	progress_line(p, line);
}
