/*
 * A histogram of a positive quantity over a logarithmic axis, as a standalone SVG, with one value
 * marked by a line. Bars are counts; the vertical axis is linear and starts at 0.
 */
#ifndef TOOLS_TEXT_SVG_HISTOGRAM_H
#define TOOLS_TEXT_SVG_HISTOGRAM_H

struct svg_histogram {
	const char *title, *x_label, *y_label, *mark_label; /* with units */
	double low, high; /* ends of the axis: 0 < low < high; bars divide it evenly */
	const unsigned *counts;
	unsigned bar_count;
	double mark; /* between low and high */
};

/* The file's text; caller frees. The same input gives the same bytes. */
char *svg_histogram(const struct svg_histogram *histogram);

#endif
