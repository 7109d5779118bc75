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

static struct svg_plot plot_of(const struct svg_front *front)
{
	struct svg_plot plot = { { INFINITY, 0, LEFT, LEFT + ACROSS },
		                 { INFINITY, 0, TOP + DOWN, TOP },
		                 front->title,
		                 front->x_label,
		                 front->y_label };
	for (unsigned i = 0; i < front->point_count; i++) {
		const struct svg_front_point *p = &front->points[i];
		plot.x.low = MIN(plot.x.low, p->x);
		plot.x.high = MAX(plot.x.high, p->x);
		plot.y.low = MIN(plot.y.low, p->y);
		plot.y.high = MAX(plot.y.high, p->y);
	}
	widen(&plot.x);
	widen(&plot.y);
	return plot;
}

/* From each best point right to the next one's x, then down: what lies below is beaten by none. */
static void append_steps(GString *out, const struct svg_front *front, const struct svg_plot *plot)
{
	const struct svg_front_point *before = NULL;
	for (unsigned i = 0; i < front->point_count; i++) {
		const struct svg_front_point *p = &front->points[i];
		if (!p->best)
			continue;
		double at = svg_place(&plot->x, p->x);
		if (before) {
			double from = svg_place(&plot->x, before->x),
			       level = svg_place(&plot->y, before->y);
			svg_line(out, from, level, at, level, "stroke=\"" SVG_RED "\"");
			svg_line(out, at, level, at, svg_place(&plot->y, p->y),
			         "stroke=\"" SVG_RED "\"");
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
	g_string_append_printf(
		out, " r=\"%d\" fill=\"%s\" stroke=\"%s\"><title>%s</title></circle>\n",
		p->best ? 5 : 4, p->best ? SVG_RED : "none", p->best ? SVG_RED : SVG_BLUE, title);
	if (p->label)
		svg_text(out, x + 8, y - 6, "fill=\"" SVG_RED "\"", p->label);
}

char *svg_front(const struct svg_front *front)
{
	const struct svg_plot plot = plot_of(front);
	GString *out = svg_begin(WIDTH, HEIGHT);
	svg_x_ticks(out, &plot);
	svg_y_ticks(out, &plot);
	append_steps(out, front, &plot);
	for (unsigned i = 0; i < front->point_count; i++)
		append_point(out, &front->points[i], svg_place(&plot.x, front->points[i].x),
		             svg_place(&plot.y, front->points[i].y));
	svg_frame(out, &plot);
	return svg_end(out);
}
