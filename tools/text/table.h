/* A table of aligned columns for the terminal. Cells are strings that it copies. */
#ifndef TOOLS_TEXT_TABLE_H
#define TOOLS_TEXT_TABLE_H

#include <glib.h>

/* One column: its name, its unit below it ("" where there is none), and the side. TABLE_TEXT is
 * left, too, and cut at blanks where the line ends. */
struct table_column {
	const char *name, *unit;
	enum { TABLE_LEFT, TABLE_RIGHT, TABLE_TEXT } side;
};

/* Columns from here to the next group: `name` stands above them, and they stay together. Those of a
 * group without a name ("") are each on their own. */
struct table_group {
	unsigned from;
	const char *name;
};

/*
 * A table that is wider than `width` is printed in blocks below each other, each with the first
 * `key_count` columns. These three may be changed after table_init.
 */
struct table {
	const struct table_column *columns;
	unsigned column_count;
	GPtrArray *cells;                 /* row after row */
	unsigned width;                   /* characters in a line; 0: no limit */
	unsigned key_count;               /* at least 1 */
	const struct table_group *groups; /* in order; NULL: none */
	unsigned group_count;
};

void table_init(struct table *table, const struct table_column *columns, unsigned column_count);

/* Cells are added from left to right, row after row. */
void table_add(struct table *table, const char *format, ...) G_GNUC_PRINTF(2, 3);
void table_add_digits(struct table *table, double value); /* as four_digits has it */

/* "12.34", "0.1234": four significant digits without an exponent. Caller frees. */
char *four_digits(double value);

/* As g_ascii_formatd has it, whatever the locale; "-" for NaN. */
void table_add_number(struct table *table, const char *format, double value);

/* Append the table: groups and units if there are any, names, rows, nothing at a line's end; and
 * release it. */
void table_finish(struct table *table, GString *out);

#endif
