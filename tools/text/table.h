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
void table_release(struct table *table);

/* Cells are added from left to right, row after row. */
void table_add(struct table *table, const char *format, ...) G_GNUC_PRINTF(2, 3);
void table_add_digits(struct table *table, double value); /* as four_digits has it */

/* "12.34", "0.1234": four significant digits without an exponent. Caller frees. */
char *four_digits(double value);

/* Append the table: header, units if a column has one, rows. Nothing at a line's end. */
void table_print(const struct table *table, GString *out);

#endif
