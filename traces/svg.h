/*
 * Timeline -> timeline.svg, a picture of the whole run, 800 px wide unless options->width_px says
 * otherwise: a row for each cluster, below them one for each chiplet if these were recorded and are
 * few, time to the right, a dashed line where a segment begins. Colours are kinds, computing has
 * two shades for even and odd micro-batches; the legend has what occurs. What is narrower than half
 * a pixel is drawn together with its neighbours, in the colour of most of their time. Time of a
 * segment that was not recorded is hatched. Same timeline, same bytes.
 */
#ifndef TRACES_SVG_H
#define TRACES_SVG_H

#include "traces/format.h"

#define TRACE_SVG_WIDTH 800   /* px */
#define TRACE_SVG_FONT 9      /* px */
#define TRACE_SVG_CHIPLETS 16 /* rows of chiplets are left out if there are more */

trace_writer trace_write_svg;

#endif
