/*
 * Text cut into lines at blanks, never inside a word: a word that is longer than a line has one
 * for itself. Widths are in characters; 0: no limit.
 */
#ifndef TOOLS_TEXT_WRAP_H
#define TOOLS_TEXT_WRAP_H

#include <glib.h>

/*
 * Append `text`, going on where the last line of `out` ends. Lines that it begins have `indent`
 * blanks first. What ends a line in `text` ends one in `out`. A "%" stays with its number.
 */
void wrap_text(GString *out, unsigned width, unsigned indent, const char *text);
void wrap_printf(GString *out, unsigned width, unsigned indent, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/* Append a shell command and a line's end; it is cut before options only, with a backslash. */
void wrap_command(GString *out, unsigned width, unsigned indent, const char *command);

#endif
