/*
 * What a child process answers, as bytes: figures and texts one after another, taken out in the
 * order in which they were put. Figures are plain memory without pointers, of a program that is the
 * same on both sides.
 */
#ifndef TOOLS_TEXT_WIRE_H
#define TOOLS_TEXT_WIRE_H

#include <glib.h>

void wire_put(GString *bytes, const void *figures, size_t size);
void wire_put_text(GString *bytes, const char *text); /* NULL is allowed */

struct wire {
	const char *at, *end;
};

struct wire wire_open(const GString *bytes);

/* Into room for them; as many bytes as were put. */
void wire_take(struct wire *wire, void *figures, size_t size);
/* A copy; the caller frees it. */
void *wire_take_copy(struct wire *wire, size_t size);
/* NULL if that was put; the caller frees it. */
char *wire_take_text(struct wire *wire);

#endif
