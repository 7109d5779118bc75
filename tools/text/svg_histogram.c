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

static struct svg_axis axis_of(const struct svg_histogram *plot)
{
	return (struct svg_axis){ plot->low, plot->high, LEFT, LEFT + ACROSS };
}

static unsigned tallest(const struct svg_histogram *plot)
{
	unsigned most = 1;
	for (unsigned i = 0; i < plot->bar_count; i++)
		most = MAX(most, plot->counts[i]);
	return most;
}

static void append_x_ticks(GString *out, const struct svg_histogram *plot)
{
	const struct svg_axis axis = axis_of(plot);
	double ticks[SVG_MOST_TICKS];
	unsigned count = svg_ticks(&axis, ticks);
	for (unsigned i = 0; i < count; i++) {
		char buffer[G_ASCII_DTOSTR_BUF_SIZE];
		double x = svg_place(&axis, ticks[i]);
		svg_line(out, x, TOP + DOWN, x, TOP + DOWN + 5, "stroke=\"" SVG_FRAME "\"");
		svg_text(out, x, TOP + DOWN + 20, "text-anchor=\"middle\"",
		         g_ascii_formatd(buffer, sizeof buffer, "%.4g", ticks[i]));
	}
}

static void append_y_ticks(GString *out, unsigned most)
{
	unsigned step = (unsigned)MAX(svg_step(most), 1);
	for (unsigned value = 0; value <= most; value += step) {
		g_autofree char *label = g_strdup_printf("%u", value);
		double y = TOP + DOWN * (1 - (double)value / most);
		svg_line(out, LEFT, y, LEFT + ACROSS, y, "stroke=\"" SVG_GRID "\"");
		svg_text(out, LEFT - 8, y + 4, "text-anchor=\"end\"", label);
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
		                       " fill=\"#2f6db3\" fill-opacity=\"0.7\" "
		                       "stroke=\"#ffffff\" stroke-width=\"0.5\"><title>%u</title>"
		                       "</rect>\n",
		                       plot->counts[i]);
	}
}

static void append_mark(GString *out, const struct svg_histogram *plot)
{
	const struct svg_axis axis = axis_of(plot);
	double x = svg_place(&axis, plot->mark);
	bool left = x > LEFT + ACROSS / 2.0;
	svg_line(out, x, TOP, x, TOP + DOWN, "stroke=\"#c2273d\" stroke-width=\"2\"");
	svg_text(out, x + (left ? -8 : 8), TOP + 16,
	         left ? "fill=\"#c2273d\" text-anchor=\"end\"" : "fill=\"#c2273d\"",
	         plot->mark_label);
}

char *svg_histogram(const struct svg_histogram *plot)
{
	GString *out = svg_begin(WIDTH, HEIGHT);
	unsigned most = tallest(plot);
	append_y_ticks(out, most);
	append_bars(out, plot, most);
	append_x_ticks(out, plot);
	svg_line(out, LEFT, TOP + DOWN, LEFT + ACROSS, TOP + DOWN, "stroke=\"" SVG_FRAME "\"");
	append_mark(out, plot);
	svg_text(out, LEFT, 34, "font-size=\"18\" font-weight=\"600\"", plot->title);
	svg_text(out, LEFT + ACROSS / 2.0, TOP + DOWN + 50, "text-anchor=\"middle\"",
	         plot->x_label);
	svg_turned_text(out, 24, TOP + DOWN / 2.0, plot->y_label);
	return svg_end(out);
}
