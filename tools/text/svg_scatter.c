/*
 * Invariant: both axes show the same range, so the diagonal is the place of equal values. Shapes
 * differ along with colours, so that neither print nor colour vision decides what can be read.
 */
#include "tools/text/svg_scatter.h"

#include "tools/text/svg.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>

#define WIDTH 690
#define HEIGHT 700
#define LEFT 90
#define TOP 64
#define SIDE 560 /* of the square that the points lie in */
#define MARGIN 1.12
#define MOST_TICKS 12

struct axes {
	double low, high; /* of both axes */
	double ticks[MOST_TICKS];
	unsigned tick_count;
};

/* ---- numbers ---- */

/* Two decimals, with a point whatever the locale. */
static void append_number(GString *out, double value)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append(out, g_ascii_formatd(buffer, sizeof buffer, "%.2f", value));
}

static void attribute(GString *out, const char *name, double value)
{
	g_string_append_printf(out, " %s=\"", name);
	append_number(out, value);
	g_string_append_c(out, '"');
}

static double share_of(const struct axes *axes, double value)
{
	return log(value / axes->low) / log(axes->high / axes->low);
}

static double x_of(const struct axes *axes, double value)
{
	return LEFT + SIDE * share_of(axes, value);
}

static double y_of(const struct axes *axes, double value)
{
	return TOP + SIDE * (1 - share_of(axes, value));
}

static bool is_shown(const struct svg_point *point)
{
	return point->x > 0 && point->y > 0 && isfinite(point->x) && isfinite(point->y);
}

/* ---- axes ---- */

/* Ticks at these digits of every decade; false if they are too many. */
static bool place_ticks(struct axes *axes, const double *digits, unsigned count)
{
	axes->tick_count = 0;
	for (int power = (int)floor(log10(axes->low)); power <= (int)ceil(log10(axes->high));
	     power++)
		for (unsigned i = 0; i < count; i++) {
			double tick = digits[i] * pow(10, power);
			if (tick < axes->low || tick > axes->high)
				continue;
			if (axes->tick_count == MOST_TICKS)
				return false;
			axes->ticks[axes->tick_count++] = tick;
		}
	return true;
}

/* A narrow range has no round logarithms: round steps instead. */
static void place_steps(struct axes *axes)
{
	double rough = (axes->high - axes->low) / 6, power = pow(10, floor(log10(rough)));
	double step = power * (rough < 2 * power ? 2 : rough < 5 * power ? 5 : 10);
	axes->tick_count = 0;
	for (double i = ceil(axes->low / step);
	     i * step <= axes->high && axes->tick_count < MOST_TICKS; i++)
		axes->ticks[axes->tick_count++] = i * step;
}

static void choose_ticks(struct axes *axes)
{
	static const double digits[] = { 1, 2, 5 };
	if (axes->high / axes->low < 8)
		place_steps(axes);
	else if (!place_ticks(axes, digits, 3) && !place_ticks(axes, digits, 1))
		axes->tick_count = MOST_TICKS; /* more than a dozen decades: the lower ones */
}

static void choose_axes(const struct svg_scatter *plot, struct axes *axes)
{
	*axes = (struct axes){ .low = INFINITY };
	for (unsigned i = 0; i < plot->point_count; i++) {
		const struct svg_point *p = &plot->points[i];
		if (!is_shown(p))
			continue;
		axes->low = MIN(axes->low, MIN(p->x, p->y));
		axes->high = MAX(axes->high, MAX(p->x, p->y));
	}
	if (!isfinite(axes->low)) {
		axes->low = 0.1;
		axes->high = 10;
	}
	axes->low /= MARGIN;
	axes->high *= MARGIN;
	choose_ticks(axes);
}

static void append_text(GString *out, double x, double y, const char *attributes, const char *text)
{
	g_autofree char *escaped = svg_escape(text);
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

static void append_ticks(GString *out, const struct axes *axes)
{
	for (unsigned i = 0; i < axes->tick_count; i++) {
		double x = x_of(axes, axes->ticks[i]), y = y_of(axes, axes->ticks[i]);
		char buffer[G_ASCII_DTOSTR_BUF_SIZE];
		g_ascii_formatd(buffer, sizeof buffer, "%.4g", axes->ticks[i]);
		append_line(out, x, TOP, x, TOP + SIDE, "stroke=\"#e2e5e9\"");
		append_line(out, LEFT, y, LEFT + SIDE, y, "stroke=\"#e2e5e9\"");
		append_text(out, x, TOP + SIDE + 20, "text-anchor=\"middle\"", buffer);
		append_text(out, LEFT - 8, y + 4, "text-anchor=\"end\"", buffer);
	}
}

/* ---- what is drawn ---- */

/* 10 % either way, and the diagonal; the frame cuts them off. */
static void append_band(GString *out, const struct axes *axes)
{
	const double corners[4][2] = { { axes->low, axes->low * 0.9 },
		                       { axes->high, axes->high * 0.9 },
		                       { axes->high, axes->high * 1.1 },
		                       { axes->low, axes->low * 1.1 } };
	g_string_append(out, "<g clip-path=\"url(#frame)\">\n<polygon fill=\"#8a94a3\" "
	                     "fill-opacity=\"0.16\" points=\"");
	for (unsigned i = 0; i < G_N_ELEMENTS(corners); i++) {
		append_number(out, x_of(axes, corners[i][0]));
		g_string_append_c(out, ',');
		append_number(out, y_of(axes, corners[i][1]));
		g_string_append_c(out, ' ');
	}
	g_string_append(out, "\"/>\n");
	append_line(out, LEFT, TOP + SIDE, LEFT + SIDE, TOP,
	            "stroke=\"#5b6472\" stroke-dasharray=\"6 4\"");
	g_string_append(out, "</g>\n");
}

static const char *const colours[SVG_GROUPS] = { "#c2273d", "#2f6db3", "#d98e04",
	                                         "#3b8f5a", "#7a4fa3", "#4d4d4d" };

/* Circle, square, triangle, diamond, and again. */
static void append_mark(GString *out, double x, double y, unsigned group, const char *title)
{
	static const char *const shapes[] = {
		"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
		"m-3.5 -3.5h7v7h-7z",
		"m0 -4.6l4.4 7.8h-8.8z",
		"m0 -4.8l4.8 4.8l-4.8 4.8l-4.8 -4.8z",
	};
	const char *colour = colours[group % SVG_GROUPS];
	g_string_append(out, "<path d=\"M");
	append_number(out, x);
	g_string_append_c(out, ' ');
	append_number(out, y);
	g_string_append_printf(out,
	                       "%s\" fill=\"%s\" fill-opacity=\"0.55\" stroke=\"%s\" "
	                       "stroke-width=\"0.8\"",
	                       shapes[group % G_N_ELEMENTS(shapes)], colour, colour);
	if (title) {
		g_autofree char *escaped = svg_escape(title);
		g_string_append_printf(out, "><title>%s</title></path>\n", escaped);
	} else {
		g_string_append(out, "/>\n");
	}
}

static void append_legend(GString *out, const struct svg_scatter *plot)
{
	double x = LEFT + 18, y = TOP + 22;
	unsigned lines = plot->group_count + 1;
	g_string_append_printf(out,
	                       "<rect x=\"%d\" y=\"%d\" width=\"158\" height=\"%u\" rx=\"4\" "
	                       "fill=\"#ffffff\" fill-opacity=\"0.9\" stroke=\"#c8cdd4\"/>\n",
	                       LEFT + 8, TOP + 8, 20 * lines + 8);
	for (unsigned g = 0; g < plot->group_count; g++, y += 20) {
		unsigned count = 0;
		for (unsigned i = 0; i < plot->point_count; i++)
			count += is_shown(&plot->points[i]) && plot->points[i].group == g;
		g_autofree char *text = g_strdup_printf("%s (%u)", plot->groups[g], count);
		append_mark(out, x, y, g, NULL);
		append_text(out, x + 14, y + 4, "", text);
	}
	g_string_append_printf(out,
	                       "<rect x=\"%.0f\" y=\"%.0f\" width=\"12\" height=\"10\" "
	                       "fill=\"#8a94a3\" fill-opacity=\"0.3\"/>\n",
	                       x - 6, y - 5);
	append_text(out, x + 14, y + 4, "", "within 10 %");
}

static void append_frame(GString *out, const struct svg_scatter *plot)
{
	g_string_append_printf(out,
	                       "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" "
	                       "stroke=\"#5b6472\"/>\n",
	                       LEFT, TOP, SIDE, SIDE);
	append_text(out, LEFT, 34, "font-size=\"18\" font-weight=\"600\"", plot->title);
	append_text(out, LEFT + SIDE / 2.0, TOP + SIDE + 50, "text-anchor=\"middle\"",
	            plot->x_label);
	g_autofree char *turned = g_strdup_printf(
		"text-anchor=\"middle\" transform=\"rotate(-90 24 %d)\"", TOP + SIDE / 2);
	append_text(out, 24, TOP + SIDE / 2.0, turned, plot->y_label);
}

/* Later groups first: there are fewest of the first, and they must not be hidden. */
static void append_points(GString *out, const struct svg_scatter *plot, const struct axes *axes)
{
	for (unsigned g = plot->group_count; g-- > 0;)
		for (unsigned i = 0; i < plot->point_count; i++) {
			const struct svg_point *p = &plot->points[i];
			if (p->group == g && is_shown(p))
				append_mark(out, x_of(axes, p->x), y_of(axes, p->y), g, p->title);
		}
}

char *svg_scatter(const struct svg_scatter *plot)
{
	struct axes axes;
	GString *out = g_string_new(NULL);
	choose_axes(plot, &axes);
	g_string_append_printf(out,
	                       "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	                       "height=\"%d\" viewBox=\"0 0 %d %d\" "
	                       "font-family=\"system-ui, sans-serif\" font-size=\"13\" "
	                       "fill=\"#1f2630\">\n"
	                       "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n"
	                       "<clipPath id=\"frame\"><rect x=\"%d\" y=\"%d\" width=\"%d\" "
	                       "height=\"%d\"/></clipPath>\n",
	                       WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, TOP, SIDE, SIDE);
	append_ticks(out, &axes);
	append_band(out, &axes);
	append_points(out, plot, &axes);
	append_frame(out, plot);
	append_legend(out, plot);
	g_string_append(out, "</svg>\n");
	return g_string_free(out, FALSE);
}
