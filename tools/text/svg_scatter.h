/*
 * A scatter plot of two positive quantities that should be equal, as a standalone SVG: both axes
 * logarithmic with one scale, the diagonal, a band of 10 % either way, a legend by group.
 */
#ifndef TOOLS_TEXT_SVG_SCATTER_H
#define TOOLS_TEXT_SVG_SCATTER_H

struct svg_point {
	double x, y;    /* positive; others are left out */
	unsigned group; /* index */
	char *title;    /* shown by viewers that know tooltips; NULL: none */
};

struct svg_scatter {
	const char *title, *x_label, *y_label; /* with units */
	const char *const *groups;             /* names, at most SVG_GROUPS */
	unsigned group_count;
	const struct svg_point *points;
	unsigned point_count;
};

#define SVG_GROUPS 6

/* The file's text; caller frees. The same input gives the same bytes. */
char *svg_scatter(const struct svg_scatter *scatter);

#endif
