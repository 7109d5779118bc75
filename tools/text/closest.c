/* Invariant: row i of the distances is of the first i letters of `a`. */
#include "tools/text/closest.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static bool same(char a, char b)
{
	return g_ascii_tolower(a) == g_ascii_tolower(b);
}

unsigned edit_distance(const char *a, const char *b)
{
	const size_t rows = strlen(a) + 1, columns = strlen(b) + 1;
	g_autofree unsigned *distance = g_new0(unsigned, rows *columns);
#define AT(i, j) distance[(i)*columns + (j)]
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++) {
			unsigned least = i == 0 ? (unsigned)j : (unsigned)i;
			if (i > 0 && j > 0) {
				least = AT(i - 1, j - 1) + !same(a[i - 1], b[j - 1]);
				least = MIN(least, AT(i - 1, j) + 1);
				least = MIN(least, AT(i, j - 1) + 1);
			}
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				least = MIN(least, AT(i - 2, j - 2) + 1);
			AT(i, j) = least;
		}
	return AT(rows - 1, columns - 1);
#undef AT
}

const char *closest(const char *word, const char *const *words)
{
	enum { LONGEST = 64 }; /* nobody mistypes more than that */
	const size_t length = strlen(word);
	unsigned least = (unsigned)CLAMP(length / 3, 1, 3) + 1;
	const char *found = NULL;
	for (unsigned i = 0; length <= LONGEST && words[i]; i++) {
		const unsigned distance = edit_distance(word, words[i]);
		if (distance < least && distance < length) {
			least = distance;
			found = words[i];
		}
	}
	return found;
}

char *did_you_mean(const char *word, const char *const *words)
{
	const char *found = closest(word, words);
	return found ? g_strdup_printf("; did you mean \"%s\"?", found) : g_strdup("");
}
