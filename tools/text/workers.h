/*
 * Independent pieces of work in processes of their own, some at a time. What a
 * worker answers does not depend on how many run beside it.
 */
#ifndef TOOLS_TEXT_WORKERS_H
#define TOOLS_TEXT_WORKERS_H

#include <glib.h>
#include <stdbool.h>

struct workers {
	unsigned count, jobs; /* pieces, and how many at a time */
	/* In the child: do piece `index` and append the answer. */
	void (*work)(void *data, unsigned index, GString *answer);
	/* In the parent, ten times a second; NULL: never. */
	void (*tick)(void *data);
	void *data;
};

/* Zeroed memory that the parent and its children share, for progress; NULL and `error` if there is
 * none. workers_unshare (NULL is allowed) needs its size again. */
void *workers_share(size_t bytes, GError **error);
void workers_unshare(void *memory, size_t bytes);

/* answers[i] becomes what piece i answered, or NULL if its process died; errors[i] then says
 * how. */
void workers_run(const struct workers *workers, GString **answers, char **errors);

#endif
