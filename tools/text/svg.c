/* Invariant: nothing here depends on the locale. */
#include "tools/text/svg.h"

#include "tools/text/printable.h"

#include <math.h>
#include <stdbool.h>

#define STEPS 10.0
#define WIDE 8        /* high / low from which decades have enough ticks */
#define MOST_TICKS 12 /* of an axis */

GString *svg_begin(unsigned width, unsigned height)
{
	GString *out = g_string_new(NULL);
	g_string_append_printf(out,
	                       "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" "
	                       "height=\"%u\" viewBox=\"0 0 %u %u\" "
	                       "font-family=\"system-ui, sans-serif\" font-size=\"13\" "
	                       "fill=\"#1f2630\">\n<rect width=\"%u\" height=\"%u\" "
	                       "fill=\"#ffffff\"/>\n",
	                       width, height, width, height, width, height);
	return out;
}

char *svg_end(GString *out)
{
	g_string_append(out, "</svg>\n");
	return g_string_free(out, FALSE);
}

void svg_attribute(GString *out, const char *name, double value)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_printf(out, " %s=\"%s\"", name,
	                       g_ascii_formatd(buffer, sizeof buffer, "%.2f", value));
}

/* XML has no way to write most control characters, so they are shown as on a terminal. */
char *svg_escape(const char *text)
{
	g_autofree char *shown = printable(text);
	return g_markup_escape_text(shown, -1);
}

void svg_text(GString *out, double x, double y, const char *attributes, const char *text)
{
	g_autofree char *escaped = svg_escape(text);
	g_string_append(out, "<text");
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", y);
	g_string_append_printf(out, " %s>%s</text>\n", attributes, escaped);
}

void svg_line(GString *out, double x1, double y1, double x2, double y2, const char *attributes)
{
	g_string_append(out, "<line");
	svg_attribute(out, "x1", x1);
	svg_attribute(out, "y1", y1);
	svg_attribute(out, "x2", x2);
	svg_attribute(out, "y2", y2);
	g_string_append_printf(out, " %s/>\n", attributes);
}

double svg_place(const struct svg_axis *axis, double value)
{
	return axis->from +
	       (axis->to - axis->from) * log(value / axis->low) / log(axis->high / axis->low);
}

double svg_step(double range)
{
	static const double digits[] = { 1, 2, 5, 10 };
	double power = pow(10, floor(log10(range / STEPS)));
	unsigned i = 0;
	while (i + 1 < G_N_ELEMENTS(digits) && range / (power * digits[i]) > STEPS)
		i++;
	return power * digits[i];
}

/* Ticks at these digits of every decade; false if they are too many. */
static bool place_decades(const struct svg_axis *axis, unsigned digits, double ticks[MOST_TICKS],
                          unsigned *count)
{
	static const double digit[] = { 1, 2, 5 };
	*count = 0;
	for (int power = (int)floor(log10(axis->low)); power <= (int)ceil(log10(axis->high));
	     power++)
		for (unsigned i = 0; i < digits; i++) {
			double tick = digit[i] * pow(10, power);
			if (tick < axis->low || tick > axis->high)
				continue;
			if (*count == MOST_TICKS)
				return false;
			ticks[(*count)++] = tick;
		}
	return true;
}

/* A narrow range has no round logarithms: round steps instead. Returns how many. */
static unsigned place_ticks(const struct svg_axis *axis, double ticks[MOST_TICKS])
{
	unsigned count = 0;
	double step = svg_step(axis->high - axis->low);
	if (axis->high / axis->low >= WIDE) {
		if (!place_decades(axis, 3, ticks, &count))
			place_decades(axis, 1, ticks, &count); /* of very many: the lower ones */
		return count;
	}
	for (double i = ceil(axis->low / step); i * step <= axis->high && count < MOST_TICKS; i++)
		ticks[count++] = i * step;
	return count;
}

void svg_x_ticks(GString *out, const struct svg_plot *plot)
{
	double ticks[MOST_TICKS], bottom = plot->y.from;
	unsigned count = place_ticks(&plot->x, ticks);
	for (unsigned i = 0; i < count; i++) {
		char buffer[G_ASCII_DTOSTR_BUF_SIZE];
		double x = svg_place(&plot->x, ticks[i]);
		svg_line(out, x, plot->y.to, x, bottom, "stroke=\"" SVG_GRID "\"");
		svg_text(out, x, bottom + 20, "text-anchor=\"middle\"",
		         g_ascii_formatd(buffer, sizeof buffer, "%.4g", ticks[i]));
	}
}

void svg_y_tick(GString *out, const struct svg_plot *plot, double y, const char *text)
{
	svg_line(out, plot->x.from, y, plot->x.to, y, "stroke=\"" SVG_GRID "\"");
	svg_text(out, plot->x.from - 8, y + 4, "text-anchor=\"end\"", text);
}

void svg_y_ticks(GString *out, const struct svg_plot *plot)
{
	double ticks[MOST_TICKS];
	unsigned count = place_ticks(&plot->y, ticks);
	for (unsigned i = 0; i < count; i++) {
		char buffer[G_ASCII_DTOSTR_BUF_SIZE];
		svg_y_tick(out, plot, svg_place(&plot->y, ticks[i]),
		           g_ascii_formatd(buffer, sizeof buffer, "%.4g", ticks[i]));
	}
}

void svg_frame(GString *out, const struct svg_plot *plot)
{
	double left = plot->x.from, top = plot->y.to, bottom = plot->y.from;
	int middle = (int)((top + bottom) / 2);
	g_autofree char *turned = g_strdup_printf(
		"text-anchor=\"middle\" transform=\"rotate(-90 24 %d)\"", middle);
	g_string_append_printf(out,
	                       "<rect x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" "
	                       "fill=\"none\" stroke=\"" SVG_FRAME "\"/>\n",
	                       left, top, plot->x.to - left, bottom - top);
	svg_text(out, left, 34, "font-size=\"18\" font-weight=\"600\"", plot->title);
	svg_text(out, (left + plot->x.to) / 2, bottom + 50, "text-anchor=\"middle\"",
	         plot->x_label);
	svg_text(out, 24, middle, turned, plot->y_label);
}
