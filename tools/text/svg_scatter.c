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

static bool is_shown(const struct svg_point *point)
{
	return point->x > 0 && point->y > 0 && isfinite(point->x) && isfinite(point->y);
}

/* The range of both axes. */
static struct svg_plot plot_of(const struct svg_scatter *scatter)
{
	double low = INFINITY, high = 0;
	for (unsigned i = 0; i < scatter->point_count; i++) {
		const struct svg_point *p = &scatter->points[i];
		if (!is_shown(p))
			continue;
		low = MIN(low, MIN(p->x, p->y));
		high = MAX(high, MAX(p->x, p->y));
	}
	if (!isfinite(low)) {
		low = 0.1;
		high = 10;
	}
	low /= MARGIN;
	high *= MARGIN;
	return (struct svg_plot){ { low, high, LEFT, LEFT + SIDE },
		                  { low, high, TOP + SIDE, TOP },
		                  scatter->title,
		                  scatter->x_label,
		                  scatter->y_label };
}

/* ---- what is drawn ---- */

/* "X", the separator and "Y", and what follows: two decimals, with a point whatever the locale. */
static void append_point(GString *out, double x, char separator, double y, const char *end)
{
	char left[G_ASCII_DTOSTR_BUF_SIZE], right[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_printf(out, "%s%c%s%s", g_ascii_formatd(left, sizeof left, "%.2f", x),
	                       separator, g_ascii_formatd(right, sizeof right, "%.2f", y), end);
}

/* 10 % either way, and the diagonal; the frame cuts them off. */
static void append_band(GString *out, const struct svg_plot *plot)
{
	double low = plot->x.low, high = plot->x.high;
	const double corners[4][2] = {
		{ low, low * 0.9 }, { high, high * 0.9 }, { high, high * 1.1 }, { low, low * 1.1 }
	};
	g_string_append_printf(out,
	                       "<clipPath id=\"frame\"><rect x=\"%d\" y=\"%d\" width=\"%d\" "
	                       "height=\"%d\"/></clipPath>\n<g clip-path=\"url(#frame)\">\n"
	                       "<polygon fill=\"#8a94a3\" fill-opacity=\"0.16\" points=\"",
	                       LEFT, TOP, SIDE, SIDE);
	for (unsigned i = 0; i < G_N_ELEMENTS(corners); i++)
		append_point(out, svg_place(&plot->x, corners[i][0]), ',',
		             svg_place(&plot->y, corners[i][1]), i < 3 ? " " : "\"/>\n");
	svg_line(out, LEFT, TOP + SIDE, LEFT + SIDE, TOP,
	         "stroke=\"" SVG_FRAME "\" stroke-dasharray=\"6 4\"");
	g_string_append(out, "</g>\n");
}

static const char *const colours[SVG_GROUPS] = { SVG_RED,   SVG_BLUE,  "#d98e04",
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
	append_point(out, x, ' ', y, shapes[group % G_N_ELEMENTS(shapes)]);
	g_string_append_printf(out,
	                       "\" fill=\"%s\" fill-opacity=\"0.55\" stroke=\"%s\" "
	                       "stroke-width=\"0.8\"",
	                       colour, colour);
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
		svg_text(out, x + 14, y + 4, "", text);
	}
	g_string_append_printf(out,
	                       "<rect x=\"%.0f\" y=\"%.0f\" width=\"12\" height=\"10\" "
	                       "fill=\"#8a94a3\" fill-opacity=\"0.3\"/>\n",
	                       x - 6, y - 5);
	svg_text(out, x + 14, y + 4, "", "within 10 %");
}

/* Later groups first: there are fewest of the first, and they must not be hidden. */
static void append_marks(GString *out, const struct svg_scatter *scatter,
                         const struct svg_plot *plot)
{
	for (unsigned g = scatter->group_count; g-- > 0;)
		for (unsigned i = 0; i < scatter->point_count; i++) {
			const struct svg_point *p = &scatter->points[i];
			if (p->group == g && is_shown(p))
				append_mark(out, svg_place(&plot->x, p->x),
				            svg_place(&plot->y, p->y), g, p->title);
		}
}

char *svg_scatter(const struct svg_scatter *scatter)
{
	const struct svg_plot plot = plot_of(scatter);
	GString *out = svg_begin(WIDTH, HEIGHT);
	svg_x_ticks(out, &plot);
	svg_y_ticks(out, &plot);
	append_band(out, &plot);
	append_marks(out, scatter, &plot);
	svg_frame(out, &plot);
	append_legend(out, scatter);
	return svg_end(out);
}
