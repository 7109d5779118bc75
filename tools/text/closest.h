/* What a mistyped word was probably meant to be. */
#ifndef TOOLS_TEXT_CLOSEST_H
#define TOOLS_TEXT_CLOSEST_H

/*
 * The edit distance of two words of ASCII, upper and lower case the same: letters added, left out
 * or changed, and neighbours that changed places, each counted once.
 */
unsigned edit_distance(const char *a, const char *b);

/* The first of the nearest words (NULL-terminated) within a third of the word's length, but at
 * least 1 and at most 3; NULL if there is none. */
const char *closest(const char *word, const char *const *words);

/* "; did you mean \"WORD\"?", or "" if nothing is close. Caller frees. */
char *did_you_mean(const char *word, const char *const *words);

#endif
