/* Invariant: every value that was counted lies in the bar over its place on the axis. */
#include "tools/svg_histogram.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>

#define WIDTH 820
#define HEIGHT 460
#define LEFT 90
#define TOP 64
#define ACROSS 690 /* of the area that bars stand in */
#define DOWN 320
#define MOST_TICKS 10

/* Two decimals, with a point whatever the locale. */
static void attribute(GString *out, const char *name, double value)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_printf(out, " %s=\"%s\"", name,
	                       g_ascii_formatd(buffer, sizeof buffer, "%.2f", value));
}

static void append_text(GString *out, double x, double y, const char *attributes, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);
	g_string_append(out, "<text");
	attribute(out, "x", x);
	attribute(out, "y", y);
	g_string_append_printf(out, " %s>%s</text>\n", attributes, escaped);
}

static void append_line(GString *out, double x1, double y1, double x2, double y2,
                        const char *attributes)
{
	g_string_append(out, "<line");
	attribute(out, "x1", x1);
	attribute(out, "y1", y1);
	attribute(out, "x2", x2);
	attribute(out, "y2", y2);
	g_string_append_printf(out, " %s/>\n", attributes);
}

static double x_of(const struct svg_histogram *plot, double value)
{
	return LEFT + ACROSS * log(value / plot->low) / log(plot->high / plot->low);
}

static unsigned tallest(const struct svg_histogram *plot)
{
	unsigned most = 1;
	for (unsigned i = 0; i < plot->bar_count; i++)
		most = MAX(most, plot->counts[i]);
	return most;
}

/* 1, 2 or 5 times a power of ten, such that `range` has no more than MOST_TICKS of it. */
static double round_step(double range)
{
	double step = pow(10, floor(log10(range / MOST_TICKS)));
	static const double digits[] = { 1, 2, 5, 10, 20 };
	for (unsigned i = 0; i < G_N_ELEMENTS(digits); i++)
		if (range / (step * digits[i]) <= MOST_TICKS)
			return step * digits[i];
	return step;
}

static void append_x_tick(GString *out, const struct svg_histogram *plot, double value)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];
	double x = x_of(plot, value);
	if (value < plot->low || value > plot->high)
		return;
	append_line(out, x, TOP + DOWN, x, TOP + DOWN + 5, "stroke=\"#5b6472\"");
	append_text(out, x, TOP + DOWN + 20, "text-anchor=\"middle\"",
	            g_ascii_formatd(buffer, sizeof buffer, "%.4g", value));
}

/* Round steps on a narrow axis, 1, 2 and 5 of every decade on a wide one. */
static void append_x_ticks(GString *out, const struct svg_histogram *plot)
{
	static const double digits[] = { 1, 2, 5 };
	if (plot->high / plot->low < 5) {
		double step = round_step(plot->high - plot->low);
		for (double i = ceil(plot->low / step); i * step <= plot->high; i++)
			append_x_tick(out, plot, i * step);
		return;
	}
	for (double power = floor(log10(plot->low)); power <= log10(plot->high); power++)
		for (unsigned i = 0; i < G_N_ELEMENTS(digits); i++)
			append_x_tick(out, plot, digits[i] * pow(10, power));
}

static void append_y_ticks(GString *out, unsigned most)
{
	double step = MAX(round_step(most), 1);
	for (double value = 0; value <= most; value += step) {
		char buffer[G_ASCII_DTOSTR_BUF_SIZE];
		double y = TOP + DOWN * (1 - value / most);
		append_line(out, LEFT, y, LEFT + ACROSS, y, "stroke=\"#e2e5e9\"");
		append_text(out, LEFT - 8, y + 4, "text-anchor=\"end\"",
		            g_ascii_formatd(buffer, sizeof buffer, "%.0f", value));
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
		attribute(out, "x", LEFT + i * width);
		attribute(out, "y", TOP + DOWN - height);
		attribute(out, "width", width);
		attribute(out, "height", height);
		g_string_append_printf(out,
		                       " fill=\"#2f6db3\" fill-opacity=\"0.7\" "
		                       "stroke=\"#ffffff\" stroke-width=\"0.5\"><title>%u</title>"
		                       "</rect>\n",
		                       plot->counts[i]);
	}
}

static void append_mark(GString *out, const struct svg_histogram *plot)
{
	double x = x_of(plot, plot->mark);
	bool left = x > LEFT + ACROSS / 2.0;
	append_line(out, x, TOP, x, TOP + DOWN, "stroke=\"#c2273d\" stroke-width=\"2\"");
	append_text(out, x + (left ? -8 : 8), TOP + 16,
	            left ? "fill=\"#c2273d\" text-anchor=\"end\"" : "fill=\"#c2273d\"",
	            plot->mark_label);
}

char *svg_histogram(const struct svg_histogram *plot)
{
	GString *out = g_string_new(NULL);
	unsigned most = tallest(plot);
	g_autofree char *turned = g_strdup_printf(
		"text-anchor=\"middle\" transform=\"rotate(-90 24 %d)\"", TOP + DOWN / 2);
	g_string_append_printf(out,
	                       "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	                       "height=\"%d\" viewBox=\"0 0 %d %d\" "
	                       "font-family=\"system-ui, sans-serif\" font-size=\"13\" "
	                       "fill=\"#1f2630\">\n<rect width=\"%d\" height=\"%d\" "
	                       "fill=\"#ffffff\"/>\n",
	                       WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
	append_y_ticks(out, most);
	append_bars(out, plot, most);
	append_x_ticks(out, plot);
	append_line(out, LEFT, TOP + DOWN, LEFT + ACROSS, TOP + DOWN, "stroke=\"#5b6472\"");
	append_mark(out, plot);
	append_text(out, LEFT, 34, "font-size=\"18\" font-weight=\"600\"", plot->title);
	append_text(out, LEFT + ACROSS / 2.0, TOP + DOWN + 50, "text-anchor=\"middle\"",
	            plot->x_label);
	append_text(out, 24, TOP + DOWN / 2.0, turned, plot->y_label);
	g_string_append(out, "</svg>\n");
	return g_string_free(out, FALSE);
}
