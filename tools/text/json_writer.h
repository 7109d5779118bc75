/*
 * Writes JSON that people can read too: two blanks per level, or a whole
 * object or array in one line where the caller says so. The same values are
 * always the same bytes; numbers have 15 digits, NaN and infinity are null.
 */
#ifndef TOOLS_TEXT_JSON_WRITER_H
#define TOOLS_TEXT_JSON_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct json_writer {
	GString *text;
	unsigned depth, line_depth; /* line_depth > 0: inside something on one line */
	bool first;                 /* nothing yet inside the innermost one */
};

enum json_layout { JSON_LINES, JSON_ONE_LINE };

void json_start(struct json_writer *writer);
char *json_finish(struct json_writer *writer); /* the text, with a newline; caller frees */

/* `key` is NULL inside an array and at the top. */
void json_begin_object(struct json_writer *writer, const char *key, enum json_layout layout);
void json_end_object(struct json_writer *writer);
void json_begin_array(struct json_writer *writer, const char *key, enum json_layout layout);
void json_end_array(struct json_writer *writer);

void json_number(struct json_writer *writer, const char *key, double value);
void json_integer(struct json_writer *writer, const char *key, uint64_t value);
void json_bool(struct json_writer *writer, const char *key, bool value);
void json_string(struct json_writer *writer, const char *key, const char *value); /* NULL: null */

#endif
