/*
 * Names come from files and may hold anything. What is printed for people goes through here, so
 * that no name breaks a line, moves a column or talks to the terminal. Files keep names as they
 * are.
 */
#ifndef TOOLS_TEXT_PRINTABLE_H
#define TOOLS_TEXT_PRINTABLE_H

#include <glib.h>
#include <stdbool.h>

/* A copy in which control, format (bidirectional marks) and separator characters are written as
 * \n, \t, \r, \xNN or \u{NNNN}, and bytes that are not UTF-8 as \xNN. Caller frees. */
char *printable(const char *text);

/* Whether a character stays as it is. */
bool printable_as_is(gunichar c);

#endif
