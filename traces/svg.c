/*
 * Invariant: everything is drawn inside the viewBox, whatever the names and times are. The picture
 * grows with pixels and rows of the picture, not with rows of the timeline.
 */
#include "traces/svg.h"

#include <math.h>
#include <string.h>

#include "traces/output.h"

/* Lengths in units of a ninth of the font's size: px for a font of 9 px. */
#define LEFT 228  /* to the right of the rows' names */
#define MARGIN 16 /* to the right of the last tick: for half of its label */
#define TOP 44
#define ROW 15
#define BAR 12
#define CHARACTER 5.4 /* few are wider */
#define NARROW 0.5
#define LABELLED 20 /* computing that is wider shows its micro-batch */

enum { COMPUTE_ODD = TL_KINDS, NOT_RECORDED, LOOKS };

/* In grey, kinds that stand side by side are told apart by lines: `mark` is a path in a square of
 * 4. */
static const struct {
	const char *fill, *mark, *legend;
} looks[LOOKS] = {
	[TL_COMPUTE] = { "#08519c", NULL, "compute" },
	[COMPUTE_ODD] = { "#4292c6", NULL, "compute, odd micro-batches" },
	[TL_LOAD] = { "#7f3b08", NULL, "load weights" },
	[TL_GATHER] = { "#c2a5cf", NULL, "gather weights" },
	[TL_TRANSFER] = { "#1b7837", NULL, "transfer" },
	[TL_FETCH] = { "#01665e", NULL, "fetch" },
	[TL_STORE] = { "#80cdc1", NULL, "store" },
	[TL_FILL] = { "#ffe08a", NULL, "fill" },
	[TL_DRAIN] = { "#fdae61", "M0 2h4", "drain" },
	[TL_WAIT_INPUT] = { "#a6d96a", "M2 0v4", "wait for input" },
	[TL_WAIT_DRAM] = { "#d7301f", "M0 0L4 4", "wait for DRAM" },
	[TL_BACK_PRESSURE] = { "#ce4a9b", "M0 0L4 4M0 4L4 0", "back pressure" },
	[TL_SHARD] = { "#bdbdbd", NULL, "uneven shares" },
	[NOT_RECORDED] = { "#fff", "M0 4L4 0", "not recorded" },
};

/* Neighbours on one row that are drawn as one, and what each look has of them. */
struct cell {
	double from_px, to_px, look_px[LOOKS];
	int look;
	int32_t microbatch;
};

struct picture {
	const struct tl_timeline *timeline;
	double width, right; /* the whole and where time ends */
	bool cycles;
	double from_ns, px_per_ns;
	double y_px;          /* of the current row */
	GString *body;        /* rows and their names */
	GString *bars[LOOKS]; /* paths of the current row */
	GString *labels;      /* micro-batches of the current row */
	bool seen[LOOKS];
};

/* Tenths of a pixel; '.' whatever the locale. */
static void put_px(GString *text, double px)
{
	long tenths = lround(px * 10);

	g_string_append_printf(text, "%s%ld", tenths < 0 ? "-" : "", labs(tenths) / 10);
	if (tenths % 10)
		g_string_append_printf(text, ".%ld", labs(tenths) % 10);
}

/* Cut with three dots where it would be wider; without what XML forbids. Caller frees. */
static char *escaped(const char *name, double wide_px, double character_px)
{
	g_autofree char *text = g_utf8_make_valid(name, -1);
	g_autoptr(GString) kept = g_string_new(NULL);

	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		gunichar letter = g_utf8_get_char(at);
		bool wide = letter > '~' || strchr("mwMW@%", (int)letter) ||
		            g_unichar_isupper(letter);

		if (letter < ' ' || (letter >= 0x7f && letter < 0xa0) ||
		    (letter & 0xfffe) == 0xfffe)
			letter = ' ';
		wide_px -= wide ? 1.8 * character_px : character_px;
		if (wide_px < character_px && *g_utf8_next_char(at)) {
			g_string_append_unichar(kept, 0x2026);
			break;
		}
		g_string_append_unichar(kept, letter);
	}
	return g_markup_escape_text(kept->str, -1);
}

static void put_text(GString *text, double x_px, double y_px, const char *attributes,
                     const char *content)
{
	g_string_append(text, "<text x=\"");
	put_px(text, x_px);
	g_string_append(text, "\" y=\"");
	put_px(text, y_px);
	g_string_append_printf(text, "\"%s>%s</text>\n", attributes, content);
}

static double px_of(const struct picture *picture, double time_ns)
{
	return CLAMP(LEFT + (time_ns - picture->from_ns) * picture->px_per_ns, LEFT,
	             picture->right);
}

static void flush(struct picture *picture, struct cell *cell)
{
	double from_px = MIN(cell->from_px, picture->right - NARROW);
	double wide_px = MAX(cell->to_px - from_px, NARROW);
	GString *bars = picture->bars[cell->look];

	picture->seen[cell->look] = true;
	g_string_append(bars, "M");
	put_px(bars, from_px);
	g_string_append(bars, " ");
	put_px(bars, picture->y_px);
	g_string_append(bars, "h");
	/* From rounded end to rounded end: bars that touch still do. */
	put_px(bars, round((from_px + wide_px) * 10) / 10 - round(from_px * 10) / 10);
	g_string_append_printf(bars, "v%dH", BAR);
	put_px(bars, from_px);
	g_string_append(bars, "z");
	if ((cell->look == TL_COMPUTE || cell->look == COMPUTE_ODD) && wide_px > LABELLED &&
	    cell->microbatch >= 0) {
		g_autofree char *number = g_strdup_printf("%d", cell->microbatch);

		put_text(picture->labels, from_px + wide_px / 2, picture->y_px + 9.5,
		         " class=\"m\"", number);
	}
	cell->look = -1;
}

static void add_to_cell(struct cell *cell, const struct cell *piece)
{
	cell->look_px[piece->look] += piece->to_px - piece->from_px;
	cell->to_px = MAX(cell->to_px, piece->to_px);
	if (cell->look_px[piece->look] > cell->look_px[cell->look]) {
		cell->look = piece->look;
		cell->microbatch = piece->microbatch;
	}
}

static void start_cell(struct cell *cell, const struct cell *piece)
{
	*cell = *piece;
	memset(cell->look_px, 0, sizeof(cell->look_px));
	cell->look_px[cell->look] = cell->to_px - cell->from_px;
}

/* Pieces come in order of time. */
static void add_piece(struct picture *picture, struct cell *cell, const struct cell *piece)
{
	bool touches = cell->look >= 0 && piece->from_px - cell->to_px < NARROW;
	bool same = cell->look == piece->look && cell->microbatch == piece->microbatch;

	if (touches && !same && cell->to_px - cell->from_px < NARROW &&
	    piece->to_px > cell->from_px + NARROW) {
		/* It fills the half pixel, and goes on in its own colour. */
		struct cell head = *piece, rest = *piece;

		head.to_px = rest.from_px = cell->from_px + NARROW;
		add_to_cell(cell, &head);
		flush(picture, cell);
		start_cell(cell, &rest);
	} else if (touches && (same || cell->to_px - cell->from_px < NARROW)) {
		add_to_cell(cell, piece);
	} else {
		if (cell->look >= 0)
			flush(picture, cell);
		start_cell(cell, piece);
	}
}

/* "0.1  conv1 .. conv4" for a cluster, its own name for a chiplet. */
static char *row_name(const struct tl_timeline *timeline, guint first, guint end)
{
	const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, first);
	int32_t low = G_MAXINT32, high = -1;

	for (guint i = first; i < end; i++) {
		int32_t node = g_array_index(timeline->rows, struct tl_row, i).node;

		if (node >= 0)
			low = MIN(low, node);
		high = MAX(high, node);
	}
	if (row->resource_kind != TL_CLUSTER || high < 0)
		return g_strdup(
			g_ptr_array_index(timeline->names[row->resource_kind], row->resource));
	return g_strdup_printf("%d.%d  %s%s%s", row->segment, row->cluster,
	                       (char *)g_ptr_array_index(timeline->nodes, low),
	                       low < high ? " .. " : "",
	                       low < high ? (char *)g_ptr_array_index(timeline->nodes, high) : "");
}

static void put_filled(GString *text, int look, const char *path)
{
	g_string_append(text, "<path fill=\"");
	if (looks[look].mark)
		g_string_append_printf(text, "url(#l%d)", look);
	else
		g_string_append(text, looks[look].fill);
	g_string_append_printf(text, "\" d=\"%s\"/>\n", path);
}

/* Patterns of the looks that were drawn. */
static void put_patterns(GString *text, const struct picture *picture)
{
	for (int look = 0; look < LOOKS; look++)
		if (picture->seen[look] && looks[look].mark)
			g_string_append_printf(
				text,
				"<pattern id=\"l%d\" width=\"4\" height=\"4\" "
				"patternUnits=\"userSpaceOnUse\"><path fill=\"%s\" "
				"d=\"M0 0h4v4h-4z\"/><path stroke=\"#000\" "
				"stroke-opacity=\".4\" stroke-width=\".7\" d=\"%s\"/></pattern>\n",
				look, looks[look].fill, looks[look].mark);
}

/* Rows first to end - 1 are those of one resource. */
static void draw_resource(struct picture *picture, guint first, guint end)
{
	const struct tl_timeline *timeline = picture->timeline;
	g_autofree char *name = row_name(timeline, first, end);
	g_autofree char *label = escaped(name, LEFT - 12, CHARACTER);
	struct cell cell = { .look = -1 };

	for (guint i = first; i < end; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);
		struct cell piece = { .from_px = px_of(picture, row->start_ns),
			              .to_px = px_of(picture, row->end_ns),
			              .look = row->kind,
			              .microbatch = row->microbatch };

		if (i > first && row->segment == row[-1].segment &&
		    piece.from_px - px_of(picture, row[-1].end_ns) >= NARROW) {
			const struct cell gap = { .from_px = px_of(picture, row[-1].end_ns),
				                  .to_px = piece.from_px,
				                  .look = NOT_RECORDED,
				                  .microbatch = -1 };

			add_piece(picture, &cell, &gap);
		}
		if (row->kind == TL_COMPUTE && row->microbatch % 2 == 1)
			piece.look = COMPUTE_ODD;
		add_piece(picture, &cell, &piece);
	}
	if (cell.look >= 0)
		flush(picture, &cell);
	put_text(picture->body, LEFT - 6, picture->y_px + 9.5, " class=\"n\"", label);
	for (int look = 0; look < LOOKS; look++) {
		if (picture->bars[look]->len)
			put_filled(picture->body, look, picture->bars[look]->str);
		g_string_truncate(picture->bars[look], 0);
	}
	g_string_append(picture->body, picture->labels->str);
	g_string_truncate(picture->labels, 0);
	picture->y_px += ROW;
}

/* Where the rows of the resource of row `first` end. */
static guint end_of_resource(const struct tl_timeline *timeline, guint first)
{
	const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, first);
	guint end = first + 1;

	for (; end < timeline->rows->len; end++, row++)
		if (row[1].resource_kind != row->resource_kind || row[1].resource != row->resource)
			break;
	return end;
}

static void draw_rows(struct picture *picture)
{
	const struct tl_timeline *timeline = picture->timeline;
	bool chiplets = timeline->names[TL_CHIPLET]->len <= TRACE_SVG_CHIPLETS;

	for (guint i = 0, end; i < timeline->rows->len; i = end) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);

		end = end_of_resource(timeline, i);
		if (row->resource_kind == TL_CLUSTER ||
		    (row->resource_kind == TL_CHIPLET && chiplets))
			draw_resource(picture, i, end);
	}
}

static void put_line(GString *text, double x_px, double from_px, double to_px, const char *class)
{
	g_string_append_printf(text, "<path class=\"%s\" d=\"M", class);
	put_px(text, x_px);
	g_string_append_printf(text, " %dV%d\"/>\n", (int)from_px, (int)to_px);
}

/* A line where each segment begins, and its number where there is room. */
static void draw_segments(struct picture *picture)
{
	const struct tl_timeline *timeline = picture->timeline;
	g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(double));

	for (guint i = 0; i < timeline->rows->len; i++) {
		const struct tl_row *row = &g_array_index(timeline->rows, struct tl_row, i);

		for (double never_ns = INFINITY; (int64_t)starts->len <= row->segment;)
			g_array_append_val(starts, never_ns);
		if (row->segment >= 0) {
			double *start_ns = &g_array_index(starts, double, row->segment);

			*start_ns = MIN(*start_ns, row->start_ns);
		}
	}
	for (guint s = 0; s < starts->len; s++) {
		const double *start_ns = &g_array_index(starts, double, s);
		double x_px = px_of(picture, start_ns[0]);
		g_autofree char *label = g_strdup_printf("segment %u", s);
		double wide_px = CHARACTER * (double)strlen(label);

		if (!isfinite(start_ns[0]))
			continue;
		put_line(picture->body, x_px, TOP - 14, picture->y_px, "s");
		if (x_px + 3 + wide_px <=
		    (s + 1 < starts->len ? px_of(picture, start_ns[1]) : picture->width))
			put_text(picture->body, x_px + 3, TOP - 6, "", label);
	}
}

static const char *unit_name(const struct picture *picture, double span)
{
	static const char *const names[2][3] = { { "time, ns", "time, us", "time, ms" },
		                                 { "cycles", "thousand cycles",
		                                   "million cycles" } };
	return names[picture->cycles][span >= 1e6 ? 2 : span >= 1e3 ? 1 : 0];
}

/* Ticks 1, 2 or 5 times a power of ten apart, 5 to 12 of them. */
static void draw_axis(struct picture *picture, double span_ns)
{
	double rough_ns = span_ns / 10, step_ns = pow(10, floor(log10(rough_ns)));
	bool ms = span_ns >= 1e6, us = span_ns >= 1e3;
	double unit_ns = ms ? 1e6 : us ? 1e3 : 1;

	step_ns *= rough_ns > 5 * step_ns ? 10 : rough_ns > 2 * step_ns ? 5 : 2;
	for (double tick = ceil(picture->from_ns / step_ns);
	     tick * step_ns <= picture->from_ns + span_ns * (1 + 1e-9); tick++) {
		char label[G_ASCII_DTOSTR_BUF_SIZE];

		g_ascii_formatd(label, sizeof(label), "%.6g", tick * step_ns / unit_ns);
		put_line(picture->body, px_of(picture, tick * step_ns), picture->y_px,
		         picture->y_px + 4, "t");
		put_text(picture->body, px_of(picture, tick * step_ns), picture->y_px + 14,
		         " text-anchor=\"middle\"", label);
	}
	put_text(picture->body, LEFT - 6, picture->y_px + 14, " class=\"n\"",
	         unit_name(picture, span_ns));
	picture->y_px += 34;
}

static void draw_legend(struct picture *picture)
{
	double x_px = 12;

	for (int i = 0; i < LOOKS; i++) {
		/* The two shades of computing beside each other. */
		int look = i == 0             ? TL_COMPUTE
		           : i == 1           ? COMPUTE_ODD
		           : i <= COMPUTE_ODD ? i - 1
		                              : i;
		double wide_px = 20 + CHARACTER * (double)strlen(looks[look].legend) + 8;

		if (!picture->seen[look])
			continue;
		if (x_px + wide_px > picture->width) {
			x_px = 12;
			picture->y_px += ROW;
		}
		g_autoptr(GString) box = g_string_new("M");
		put_px(box, x_px);
		g_string_append_printf(box, " %dh%dv-10h-%dz", (int)picture->y_px, BAR, BAR);
		put_filled(picture->body, look, box->str);
		put_text(picture->body, x_px + 16, picture->y_px - 1.5, "", looks[look].legend);
		x_px += wide_px;
	}
	picture->y_px += 10;
}

static double first_ns(const struct tl_timeline *timeline)
{
	double from_ns = timeline->rows->len ? INFINITY : 0;

	for (guint i = 0; i < timeline->rows->len; i++)
		from_ns = MIN(from_ns, g_array_index(timeline->rows, struct tl_row, i).start_ns);
	return from_ns;
}

bool trace_write_svg(const struct tl_timeline *timeline, const struct trace_options *options,
                     const char *path, GError **error)
{
	static const struct trace_options defaults = { 0 };
	const struct trace_options *how = options ? options : &defaults;
	unsigned width_px = how->width_px ? how->width_px : TRACE_SVG_WIDTH;
	double unit_px = (how->font_px ? how->font_px : TRACE_SVG_FONT) / 9.0;
	struct trace_output *output = trace_open(path, options);
	struct picture picture = { .timeline = timeline, .y_px = TOP, .cycles = how->cycles };
	double from_ns = first_ns(timeline);
	double span_ns = timeline->end_ns > from_ns ? timeline->end_ns - from_ns : 1;

	/* As wide as the names are, at least. */
	picture.width = MAX(width_px / unit_px, LEFT * 1.5);
	picture.right = picture.width - MARGIN;
	picture.from_ns = from_ns;
	picture.px_per_ns = (picture.right - LEFT) / span_ns;
	g_autofree char *title = escaped(timeline->title, picture.width - 24, CHARACTER * 12 / 9);
	picture.body = g_string_new(NULL);
	picture.labels = g_string_new(NULL);
	for (int look = 0; look < LOOKS; look++)
		picture.bars[look] = g_string_new(NULL);
	draw_rows(&picture);
	draw_segments(&picture);
	draw_axis(&picture, span_ns);
	if (how->no_legend)
		picture.y_px -= 18; /* the space that the axis leaves to it */
	else
		draw_legend(&picture);

	g_autoptr(GString) heading = g_string_new(
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
	put_px(heading, picture.width * unit_px);
	g_string_append(heading, "\" height=\"");
	put_px(heading, picture.y_px * unit_px);
	g_string_append(heading, "\" viewBox=\"0 0 ");
	put_px(heading, picture.width);
	g_string_append_printf(heading, " %d\"", (int)picture.y_px);
	g_string_append(heading, " font-family=\"sans-serif\" font-size=\"9\">\n"
	                         "<style>.n{text-anchor:end}.m{text-anchor:middle;fill:#fff}"
	                         ".s{stroke:#000;stroke-dasharray:2 2}.t{stroke:#000}</style>\n"
	                         "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
	put_patterns(heading, &picture);
	put_text(heading, 12, 18, " font-size=\"12\"", title);
	trace_put(output, heading->str);
	trace_put(output, picture.body->str);
	trace_put(output, "</svg>\n");
	g_string_free(picture.body, TRUE);
	g_string_free(picture.labels, TRUE);
	for (int look = 0; look < LOOKS; look++)
		g_string_free(picture.bars[look], TRUE);
	return trace_close(output, error);
}
