/* Invariant: nothing here depends on the locale. */
#include "tools/text/svg.h"

#include "tools/text/printable.h"

#include <math.h>

#define STEPS 10.0
#define WIDE 8 /* high / low from which decades have enough ticks */
#define MOST_DECADES 12

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

void svg_turned_text(GString *out, double x, double y, const char *text)
{
	g_autofree char *turned = g_strdup_printf(
		"text-anchor=\"middle\" transform=\"rotate(-90 %d %d)\"", (int)x, (int)y);
	svg_text(out, x, y, turned, text);
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

unsigned svg_ticks(const struct svg_axis *axis, double ticks[SVG_MOST_TICKS])
{
	static const double digits[] = { 1, 2, 5 };
	double step = svg_step(axis->high - axis->low);
	unsigned count = 0;
	if (axis->high / axis->low < WIDE) {
		int first = (int)ceil(axis->low / step), last = (int)floor(axis->high / step);
		for (int i = first; i <= last && count < SVG_MOST_TICKS; i++)
			ticks[count++] = i * step;
		return count;
	}
	int lowest = (int)floor(log10(axis->low)), decades = (int)ceil(log10(axis->high)) - lowest;
	for (int d = 0; d <= MIN(decades, MOST_DECADES); d++)
		for (unsigned i = 0; i < G_N_ELEMENTS(digits); i++) {
			double tick = digits[i] * pow(10, lowest + d);
			if (tick >= axis->low && tick <= axis->high && count < SVG_MOST_TICKS)
				ticks[count++] = tick;
		}
	return count;
}
