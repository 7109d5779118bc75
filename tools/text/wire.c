/* Invariant: every item is its length and so many bytes. */
#include "tools/text/wire.h"

#include <stdint.h>
#include <string.h>

#define NO_TEXT SIZE_MAX

static void put(GString *bytes, size_t length, const void *data, size_t size)
{
	g_string_append_len(bytes, (const char *)&length, sizeof length);
	if (size > 0)
		g_string_append_len(bytes, data, (gssize)size);
}

void wire_put(GString *bytes, const void *figures, size_t size)
{
	put(bytes, size, figures, size);
}

void wire_put_text(GString *bytes, const char *text)
{
	if (text)
		put(bytes, strlen(text), text, strlen(text));
	else
		put(bytes, NO_TEXT, NULL, 0);
}

struct wire wire_open(const GString *bytes)
{
	return (struct wire){ bytes->str, bytes->str + bytes->len };
}

static const char *take(struct wire *wire, size_t size)
{
	const char *at = wire->at;
	g_assert(size <= (size_t)(wire->end - at)); /* child and parent are one program */
	wire->at += size;
	return at;
}

static size_t take_length(struct wire *wire)
{
	size_t length;
	memcpy(&length, take(wire, sizeof length), sizeof length);
	return length;
}

void wire_take(struct wire *wire, void *figures, size_t size)
{
	size_t length = take_length(wire);
	g_assert(length == size);
	if (size > 0)
		memcpy(figures, take(wire, size), size);
}

void *wire_take_copy(struct wire *wire, size_t size)
{
	void *copy = g_malloc(size);
	wire_take(wire, copy, size);
	return copy;
}

char *wire_take_text(struct wire *wire)
{
	size_t length = take_length(wire);
	return length == NO_TEXT ? NULL : g_strndup(take(wire, length), length);
}
