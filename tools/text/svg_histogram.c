/* Invariant: every value that was counted lies in the bar over its place on the axis. */
#include "tools/text/svg_histogram.h"

#include <stdbool.h>

#include "tools/text/svg.h"

#define WIDTH 820
#define HEIGHT 460
#define LEFT 90
#define TOP 64
#define ACROSS 690 /* of the area that bars stand in */
#define DOWN 320

static unsigned tallest(const struct svg_histogram *plot)
{
	unsigned most = 1;
	for (unsigned i = 0; i < plot->bar_count; i++)
		most = MAX(most, plot->counts[i]);
	return most;
}

/* Counts are not by logarithm. */
static void append_counts(GString *out, const struct svg_plot *plot, unsigned most)
{
	unsigned step = (unsigned)MAX(svg_step(most), 1);
	for (unsigned value = 0; value <= most; value += step) {
		g_autofree char *label = g_strdup_printf("%u", value);
		svg_y_tick(out, plot, TOP + DOWN * (1 - (double)value / most), label);
	}
}

static void append_bars(GString *out, const struct svg_histogram *plot, unsigned most)
{
	double width = (double)ACROSS / plot->bar_count;
	for (unsigned i = 0; i < plot->bar_count; i++) {
		double height = (double)DOWN * plot->counts[i] / most;
		if (!plot->counts[i])
			continue;
		g_string_append(out, "<rect");
		svg_attribute(out, "x", LEFT + i * width);
		svg_attribute(out, "y", TOP + DOWN - height);
		svg_attribute(out, "width", width);
		svg_attribute(out, "height", height);
		g_string_append_printf(out,
		                       " fill=\"" SVG_BLUE "\" fill-opacity=\"0.7\" "
		                       "stroke=\"#ffffff\" stroke-width=\"0.5\"><title>%u</title>"
		                       "</rect>\n",
		                       plot->counts[i]);
	}
}

static void append_mark(GString *out, const struct svg_plot *plot, double mark, const char *label)
{
	double x = svg_place(&plot->x, mark);
	bool left = x > LEFT + ACROSS / 2.0;
	svg_line(out, x, TOP, x, TOP + DOWN, "stroke=\"" SVG_RED "\" stroke-width=\"2\"");
	svg_text(out, x + (left ? -8 : 8), TOP + 16,
	         left ? "fill=\"" SVG_RED "\" text-anchor=\"end\"" : "fill=\"" SVG_RED "\"", label);
}

char *svg_histogram(const struct svg_histogram *histogram)
{
	const struct svg_plot plot = { { histogram->low, histogram->high, LEFT, LEFT + ACROSS },
		                       { .from = TOP + DOWN, .to = TOP },
		                       histogram->title,
		                       histogram->x_label,
		                       histogram->y_label };
	GString *out = svg_begin(WIDTH, HEIGHT);
	unsigned most = tallest(histogram);
	svg_x_ticks(out, &plot);
	append_counts(out, &plot, most);
	append_bars(out, histogram, most);
	svg_frame(out, &plot);
	append_mark(out, &plot, histogram->mark, histogram->mark_label);
	return svg_end(out);
}
