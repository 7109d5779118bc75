/* A table of aligned columns for the terminal. Cells are strings that it copies. */
#ifndef TOOLS_TEXT_TABLE_H
#define TOOLS_TEXT_TABLE_H

#include <glib.h>

/* One column: its name, its unit below it ("" where there is none), and the side. */
struct table_column {
	const char *name, *unit;
	enum { TABLE_LEFT, TABLE_RIGHT } side;
};

struct table {
	const struct table_column *columns;
	unsigned column_count;
	GPtrArray *cells; /* row after row */
};

void table_init(struct table *table, const struct table_column *columns, unsigned column_count);

/* Cells are added from left to right, row after row. */
void table_add(struct table *table, const char *format, ...) G_GNUC_PRINTF(2, 3);
void table_add_digits(struct table *table, double value); /* as four_digits has it */

/* "12.34", "0.1234": four significant digits without an exponent. Caller frees. */
char *four_digits(double value);

/* As g_ascii_formatd has it, whatever the locale; "-" for NaN. */
void table_add_number(struct table *table, const char *format, double value);

/* Append the table: header, units if a column has one, rows, nothing at a line's end; and release
 * it. */
void table_finish(struct table *table, GString *out);

#endif
