/* Drawings of a package's grid. Invariant: all cells of a drawing are equally wide. */
#include <string.h>

#include "hw/topology/topology.h"
#include "tools/report/show.h"

char *show_letters(unsigned index)
{
	GString *text = g_string_new(NULL);
	for (unsigned rest = index + 1; rest; rest = (rest - 1) / 26)
		g_string_prepend_c(text, (char)('A' + (rest - 1) % 26));
	return g_string_free(text, FALSE);
}

static void end_line(GString *out)
{
	while (out->len && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

/* Column numbers, above; each stands over the first character of its cells. */
static void draw_columns(const struct hw_package *package, int width, GString *out)
{
	g_string_append(out, "   y\\x ");
	for (unsigned x = 0; x < package->columns; x++)
		g_string_append_printf(out, " %-*u", width + 1, x);
	end_line(out);
}

/* Where a die ends between this column (row) and the one before it. */
static bool at_rim(const struct hw_package *package, unsigned dimension, unsigned at)
{
	unsigned every = package->nop.borders.every[dimension];
	return every && at % every == 0;
}

static void draw_row(const struct hw_package *package, const char *const *cells, unsigned y,
                     int width, GString *out)
{
	bool wraps = package->nop.topology->rings;
	g_string_append_printf(out, "%6u%s", y, wraps ? "~" : " ");
	for (unsigned x = 0; x < package->columns; x++) {
		const char *cell = cells[y * package->columns + x];
		char link = at_rim(package, 0, x + 1) ? ':' : '-';
		g_string_append_printf(out, "%c%s",
		                       x == 0                  ? ' '
		                       : at_rim(package, 0, x) ? ':'
		                                               : '-',
		                       cell);
		for (int i = (int)strlen(cell); i < width; i++)
			g_string_append_c(out, x + 1 < package->columns ? link : ' ');
		if (x + 1 < package->columns)
			g_string_append_c(out, link);
	}
	if (wraps)
		g_string_append(out, "~");
	end_line(out);
}

static void draw_links(const struct hw_package *package, char link, int width, GString *out)
{
	g_string_append_printf(out, "%7s", "");
	for (unsigned x = 0; x < package->columns; x++)
		g_string_append_printf(out, " %-*c", width + 1, link);
	end_line(out);
}

void show_grid(const struct hw_package *package, const char *const *cells, GString *out)
{
	int width = 1;
	bool wraps = package->nop.topology->rings;
	for (unsigned c = 0; c < hw_chiplet_count(package); c++)
		width = MAX(width, (int)strlen(cells[c]));
	draw_columns(package, width, out);
	for (unsigned y = 0; y < package->rows; y++) {
		if (y || wraps)
			draw_links(package,
			           y == 0                  ? '~'
			           : at_rim(package, 1, y) ? ':'
			                                   : '|',
			           width, out);
		draw_row(package, cells, y, width, out);
	}
	if (wraps)
		draw_links(package, '~', width, out);
}
