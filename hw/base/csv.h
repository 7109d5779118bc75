/*
 * CSV files (RFC 4180) with a header, read whole. Cells may be quoted and then hold commas, line
 * ends and doubled quotes; around cells that are not, blanks do not count. A byte order mark is
 * passed over, lines end with LF, CR LF or CR, and blank lines are no rows. What is no text (zero
 * bytes, other encodings than UTF-8), a quote that is out of place and a row that is not as long as
 * the header are errors: "FILE:LINE: what".
 */
#ifndef HW_BASE_CSV_H
#define HW_BASE_CSV_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HW_CSV_ERROR (g_quark_from_static_string("hw-csv-error"))
enum hw_csv_error { HW_CSV_ERROR_READ, HW_CSV_ERROR_FORMAT };

struct hw_csv {
	char *origin;       /* file name for messages */
	char *text;         /* what the cells point into */
	unsigned width;     /* cells in every row */
	uint32_t row_count; /* below the header */
	char **names;       /* the header's cells */
	char **cells;       /* [row * width + column] */
	uint32_t *lines;    /* of the rows in the file, from 1 */
	uint32_t head_line; /* of the header */
};

/* NULL and `error` on failure, also for an empty file. Free with hw_csv_free. */
struct hw_csv *hw_csv_read(const char *path, GError **error);
/* The same from text of `length` bytes; `origin` names it in messages. */
struct hw_csv *hw_csv_parse(const char *text, size_t length, const char *origin, GError **error);
void hw_csv_free(struct hw_csv *csv); /* NULL is allowed */

/*
 * Where the columns that `names` lists (NULL-terminated) stand: place[i], or -1 if the file has
 * none of that name. The first `required` must be there, none of them twice, and others only if
 * `others` says so.
 */
bool hw_csv_columns(const struct hw_csv *csv, const char *const *names, unsigned required,
                    bool others, int *place, GError **error);

/* The cell, or "" where place is -1. */
static inline const char *hw_csv_cell(const struct hw_csv *csv, uint32_t row, int place)
{
	return place < 0 ? "" : csv->cells[(size_t)row * csv->width + (unsigned)place];
}

/*
 * Numbers as spreadsheets and scripts write them: digits, perhaps a point with more of them,
 * perhaps an exponent; no locale, hexadecimal or infinity. A whole one may be written so, too
 * ("16.0", "1e3"), and lies between min and max <= 2^53.
 */
bool hw_csv_number(const char *text, double *value);
bool hw_csv_whole(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* Appends a cell, quoted where it holds what ends one or has blanks around it. */
void hw_csv_append(GString *out, const char *text);

/* "ORIGIN:LINE: " + message, in domain and code of the caller. */
void hw_csv_fail(const struct hw_csv *csv, uint32_t line, GQuark domain, int code, GError **error,
                 const char *format, ...) G_GNUC_PRINTF(6, 7);

#endif
