/* Invariant: `first` speaks of the innermost open object or array only. */
#include "tools/text/json_writer.h"

#include "tools/text/printable.h"

#include <cjson/cJSON.h>
#include <math.h>

void json_start(struct json_writer *writer)
{
	*writer = (struct json_writer){ .text = g_string_new(NULL), .first = true };
}

char *json_finish(struct json_writer *writer)
{
	g_assert(writer->depth == 0); /* the caller closes what it opens */
	g_string_append_c(writer->text, '\n');
	return g_string_free(g_steal_pointer(&writer->text), FALSE);
}

static void append_string(GString *text, const char *value)
{
	cJSON *item = cJSON_CreateStringReference(value);
	char *quoted = cJSON_PrintUnformatted(item);
	g_assert(quoted); /* cJSON fails only for lack of memory */
	for (const char *c = quoted; *c; c = g_utf8_next_char(c)) {
		gunichar code = g_utf8_get_char(c);
		if (printable_as_is(code))
			g_string_append_unichar(text, code);
		else if (code < 0x10000) /* what JSON allows, but a terminal obeys */
			g_string_append_printf(text, "\\u%04x", code);
		else
			g_string_append_printf(text, "\\u%04x\\u%04x", 0xD7C0 + (code >> 10),
			                       0xDC00 + (code & 0x3FF));
	}
	cJSON_free(quoted);
	cJSON_Delete(item);
}

static void new_line(struct json_writer *writer)
{
	g_string_append_printf(writer->text, "\n%*s", (int)(2 * writer->depth), "");
}

/* Comma, line break and key before a value. */
static void begin_value(struct json_writer *writer, const char *key)
{
	if (!writer->first)
		g_string_append(writer->text, writer->line_depth ? ", " : ",");
	if (writer->depth && !writer->line_depth)
		new_line(writer);
	writer->first = false;
	if (!key)
		return;
	append_string(writer->text, key);
	g_string_append(writer->text, ": ");
}

static void begin(struct json_writer *writer, const char *key, char bracket,
                  enum json_layout layout)
{
	begin_value(writer, key);
	g_string_append_c(writer->text, bracket);
	writer->depth++;
	if (writer->line_depth || layout == JSON_ONE_LINE)
		writer->line_depth++;
	writer->first = true;
}

static void end(struct json_writer *writer, char bracket)
{
	writer->depth--;
	if (writer->line_depth)
		writer->line_depth--;
	else if (!writer->first)
		new_line(writer);
	g_string_append_c(writer->text, bracket);
	writer->first = false;
}

void json_begin_object(struct json_writer *writer, const char *key, enum json_layout layout)
{
	begin(writer, key, '{', layout);
}

void json_end_object(struct json_writer *writer)
{
	end(writer, '}');
}

void json_begin_array(struct json_writer *writer, const char *key, enum json_layout layout)
{
	begin(writer, key, '[', layout);
}

void json_end_array(struct json_writer *writer)
{
	end(writer, ']');
}

/* 15 digits leave the last rounding errors out; '.' whatever the locale. */
void json_number(struct json_writer *writer, const char *key, double value)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];
	begin_value(writer, key);
	if (!isfinite(value)) {
		g_string_append(writer->text, "null");
		return;
	}
	g_ascii_formatd(buffer, sizeof buffer, "%.15g", value);
	g_string_append(writer->text, buffer);
}

void json_integer(struct json_writer *writer, const char *key, uint64_t value)
{
	begin_value(writer, key);
	g_string_append_printf(writer->text, "%" G_GUINT64_FORMAT, value);
}

void json_bool(struct json_writer *writer, const char *key, bool value)
{
	begin_value(writer, key);
	g_string_append(writer->text, value ? "true" : "false");
}

void json_string(struct json_writer *writer, const char *key, const char *value)
{
	begin_value(writer, key);
	if (value)
		append_string(writer->text, value);
	else
		g_string_append(writer->text, "null");
}
