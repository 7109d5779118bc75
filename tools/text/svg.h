/*
 * Pieces of standalone SVG plots: text, lines, an axis with round ticks. The same input gives the
 * same bytes, whatever the locale; coordinates have two decimals.
 */
#ifndef TOOLS_TEXT_SVG_H
#define TOOLS_TEXT_SVG_H

#include <glib.h>

#define SVG_FRAME "#5b6472"
#define SVG_GRID "#e2e5e9"
#define SVG_RED "#c2273d"
#define SVG_BLUE "#2f6db3"

/* The head of a file with a white background; close it with svg_end. */
GString *svg_begin(unsigned width, unsigned height);
char *svg_end(GString *out); /* the text; caller frees */

void svg_attribute(GString *out, const char *name, double value);

/* A name as it may stand between tags. Caller frees. */
char *svg_escape(const char *text);

/* `attributes` are written as they are, `text` is escaped. */
void svg_text(GString *out, double x, double y, const char *attributes, const char *text);
void svg_line(GString *out, double x1, double y1, double x2, double y2, const char *attributes);

/* Values from low to high (0 < low < high) go from pixel `from` to pixel `to` by logarithm. */
struct svg_axis {
	double low, high, from, to;
};

double svg_place(const struct svg_axis *axis, double value);

/* 1, 2 or 5 times a power of ten, such that `range` holds at most ten of it. */
double svg_step(double range);

/* What a plot consists of besides its points: between the ends of a horizontal axis and an upright
 * one, whose pixels run from the bottom to the top. */
struct svg_plot {
	struct svg_axis x, y;
	const char *title, *x_label, *y_label; /* labels with units */
};

/* A line across the plot at each round value of the axis, with the value beside it: steps on a
 * narrow axis, 1, 2 and 5 of every decade on a wide one, 1 where those are too many. */
void svg_x_ticks(GString *out, const struct svg_plot *plot);
void svg_y_ticks(GString *out, const struct svg_plot *plot);
/* One of them, at pixel y. */
void svg_y_tick(GString *out, const struct svg_plot *plot, double y, const char *text);

/* Frame, title and labels. */
void svg_frame(GString *out, const struct svg_plot *plot);

#endif
