/* The page's sources, as they are in traces/html/ when the program is built. */
#ifndef TRACES_HTML_SOURCES_H
#define TRACES_HTML_SOURCES_H

struct trace_source {
	const char *start, *end;
};

extern const struct trace_source trace_page_head, trace_page_style, trace_page_body;
/* In the order in which the page runs them; the last has no start. */
extern const struct trace_source trace_page_scripts[];

#endif
