/*
 * Points in two positive quantities of which less is better, both axes logarithmic, as a
 * standalone SVG: those that no other beats are joined by steps and filled, with a name.
 */
#ifndef TOOLS_TEXT_SVG_FRONT_H
#define TOOLS_TEXT_SVG_FRONT_H

#include <stdbool.h>

struct svg_front_point {
	double x, y;
	bool best;         /* on the front; these come in order of x */
	const char *label; /* beside it; NULL: none */
	const char *title; /* tooltip */
};

struct svg_front {
	const char *title, *x_label, *y_label; /* with units */
	const struct svg_front_point *points;
	unsigned point_count;
};

/* The file's text; caller frees. The same input gives the same bytes. */
char *svg_front(const struct svg_front *front);

#endif
