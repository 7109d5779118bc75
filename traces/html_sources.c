#include "traces/html_sources.h"

#include <stddef.h>

/* The assembler reads the file; the Makefile knows that this depends on it. */
#define EMBED(name, file)                                            \
	__asm__(".section .rodata\n" #name "_start:\n"               \
	        ".incbin \"traces/html/" file "\"\n" #name "_end:\n" \
	        ".byte 0\n.previous\n");                             \
	extern const char name##_start[], name##_end[];

EMBED(page_head, "head.html")
EMBED(page_body, "body.html")
EMBED(page_style, "style.css")
EMBED(page_unpack, "unpack.js")
EMBED(page_lanes, "lanes.js")
EMBED(page_gantt, "gantt.js")
EMBED(page_curves, "curves.js")
EMBED(page_package, "package.js")
EMBED(page_tables, "tables.js")
EMBED(page_main, "main.js")

const struct trace_source trace_page_head = { page_head_start, page_head_end };
const struct trace_source trace_page_style = { page_style_start, page_style_end };
const struct trace_source trace_page_body = { page_body_start, page_body_end };
const struct trace_source trace_page_scripts[] = {
	{ page_unpack_start, page_unpack_end },   { page_lanes_start, page_lanes_end },
	{ page_gantt_start, page_gantt_end },     { page_curves_start, page_curves_end },
	{ page_package_start, page_package_end }, { page_tables_start, page_tables_end },
	{ page_main_start, page_main_end },       { NULL, NULL },
};
