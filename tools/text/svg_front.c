/* Invariant: every point lies inside the frame, off its edges. */
#include "tools/text/svg_front.h"

#include <math.h>

#include "tools/text/svg.h"

#define WIDTH 760
#define HEIGHT 560
#define LEFT 90
#define TOP 64
#define ACROSS 630 /* of the frame */
#define DOWN 420
#define MARGIN 0.08 /* of an axis, on either side */

static void widen(struct svg_axis *axis)
{
	double factor = pow(axis->high / axis->low, MARGIN);
	if (!(factor > 1.002))
		factor = 1.002; /* one point alone */
	axis->low /= factor;
	axis->high *= factor;
}

static void choose_axes(const struct svg_front *plot, struct svg_axis *x, struct svg_axis *y)
{
	*x = (struct svg_axis){ INFINITY, 0, LEFT, LEFT + ACROSS };
	*y = (struct svg_axis){ INFINITY, 0, TOP + DOWN, TOP };
	for (unsigned i = 0; i < plot->point_count; i++) {
		const struct svg_front_point *p = &plot->points[i];
		x->low = MIN(x->low, p->x);
		x->high = MAX(x->high, p->x);
		y->low = MIN(y->low, p->y);
		y->high = MAX(y->high, p->y);
	}
	widen(x);
	widen(y);
}

static void append_ticks(GString *out, const struct svg_axis *axis, bool upright)
{
	double ticks[SVG_MOST_TICKS];
	unsigned count = svg_ticks(axis, ticks);
	for (unsigned i = 0; i < count; i++) {
		char buffer[G_ASCII_DTOSTR_BUF_SIZE];
		double at = svg_place(axis, ticks[i]);
		g_ascii_formatd(buffer, sizeof buffer, "%.4g", ticks[i]);
		if (upright) {
			svg_line(out, LEFT, at, LEFT + ACROSS, at, "stroke=\"" SVG_GRID "\"");
			svg_text(out, LEFT - 8, at + 4, "text-anchor=\"end\"", buffer);
		} else {
			svg_line(out, at, TOP, at, TOP + DOWN, "stroke=\"" SVG_GRID "\"");
			svg_text(out, at, TOP + DOWN + 20, "text-anchor=\"middle\"", buffer);
		}
	}
}

/* From each best point right to the next one's x, then down: what lies below is beaten by none. */
static void append_steps(GString *out, const struct svg_front *plot, const struct svg_axis *x,
                         const struct svg_axis *y)
{
	const struct svg_front_point *before = NULL;
	for (unsigned i = 0; i < plot->point_count; i++) {
		const struct svg_front_point *p = &plot->points[i];
		if (!p->best)
			continue;
		double at = svg_place(x, p->x);
		if (before) {
			double from = svg_place(x, before->x), level = svg_place(y, before->y);
			svg_line(out, from, level, at, level, "stroke=\"#c2273d\"");
			svg_line(out, at, level, at, svg_place(y, p->y), "stroke=\"#c2273d\"");
		}
		before = p;
	}
}

static void append_point(GString *out, const struct svg_front_point *p, double x, double y)
{
	g_autofree char *title = svg_escape(p->title);
	g_string_append(out, "<circle");
	svg_attribute(out, "cx", x);
	svg_attribute(out, "cy", y);
	g_string_append_printf(out,
	                       " r=\"%d\" fill=\"%s\" stroke=\"%s\"><title>%s</title></circle>\n",
	                       p->best ? 5 : 4, p->best ? "#c2273d" : "none",
	                       p->best ? "#c2273d" : "#2f6db3", title);
	if (p->label)
		svg_text(out, x + 8, y - 6, "fill=\"#c2273d\"", p->label);
}

char *svg_front(const struct svg_front *plot)
{
	struct svg_axis x, y;
	GString *out = svg_begin(WIDTH, HEIGHT);
	choose_axes(plot, &x, &y);
	append_ticks(out, &x, false);
	append_ticks(out, &y, true);
	append_steps(out, plot, &x, &y);
	for (unsigned i = 0; i < plot->point_count; i++)
		append_point(out, &plot->points[i], svg_place(&x, plot->points[i].x),
		             svg_place(&y, plot->points[i].y));
	g_string_append_printf(out,
	                       "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" "
	                       "stroke=\"" SVG_FRAME "\"/>\n",
	                       LEFT, TOP, ACROSS, DOWN);
	svg_text(out, LEFT, 34, "font-size=\"18\" font-weight=\"600\"", plot->title);
	svg_text(out, LEFT + ACROSS / 2.0, TOP + DOWN + 50, "text-anchor=\"middle\"",
	         plot->x_label);
	svg_turned_text(out, 24, TOP + DOWN / 2.0, plot->y_label);
	return svg_end(out);
}
