/*
 * Invariant: `active` holds the rows that are under way at now_ns, and pieces end where it changes.
 */
#include "traces/busiest.h"

#include <math.h>

struct busy_sweep {
	const struct tl_row *rows;
	GArray *active; /* guint */
	GArray *pieces;
	double now_ns;
};

static double rate(const struct tl_row *row)
{
	return row->amount / (row->end_ns - row->start_ns);
}

/* The first of equals. */
static guint busiest(const struct busy_sweep *s)
{
	guint best = g_array_index(s->active, guint, 0);
	for (guint i = 1; i < s->active->len; i++) {
		guint row = g_array_index(s->active, guint, i);
		double more = rate(&s->rows[row]) - rate(&s->rows[best]);
		if (more > 0 || (more == 0 && row < best))
			best = row;
	}
	return best;
}

static void add_piece(struct busy_sweep *s, double end_ns)
{
	struct trace_piece piece = { s->now_ns, end_ns, 0, busiest(s), s->active->len };
	for (guint i = 0; i < s->active->len; i++)
		piece.bytes += rate(&s->rows[g_array_index(s->active, guint, i)]) *
		               (end_ns - s->now_ns);
	struct trace_piece *last = s->pieces->len ? &g_array_index(s->pieces, struct trace_piece,
	                                                           s->pieces->len - 1)
	                                          : NULL;
	if (!last || last->row != piece.row || last->end_ns < piece.start_ns) {
		g_array_append_val(s->pieces, piece);
		return;
	}
	last->end_ns = piece.end_ns;
	last->bytes += piece.bytes;
	last->transfers = MAX(last->transfers, piece.transfers);
}

static double first_end_ns(const struct busy_sweep *s)
{
	double first_ns = INFINITY;
	for (guint i = 0; i < s->active->len; i++)
		first_ns = fmin(first_ns, s->rows[g_array_index(s->active, guint, i)].end_ns);
	return first_ns;
}

/* Up to to_ns, with all that ends on the way. */
static void advance(struct busy_sweep *s, double to_ns)
{
	while (s->active->len > 0 && s->now_ns < to_ns) {
		double end_ns = fmin(first_end_ns(s), to_ns);
		if (end_ns > s->now_ns)
			add_piece(s, end_ns);
		s->now_ns = end_ns;
		for (guint i = s->active->len; i-- > 0;)
			if (s->rows[g_array_index(s->active, guint, i)].end_ns <= s->now_ns)
				g_array_remove_index_fast(s->active, i);
	}
	s->now_ns = to_ns;
}

GArray *trace_busiest(const struct tl_timeline *timeline, guint first, guint end)
{
	struct busy_sweep s = { .rows = (const struct tl_row *)(const void *)timeline->rows->data,
		                .active = g_array_new(FALSE, FALSE, sizeof(guint)),
		                .pieces = g_array_new(FALSE, FALSE, sizeof(struct trace_piece)) };
	for (guint i = first; i < end; i++) {
		if (!(s.rows[i].end_ns > s.rows[i].start_ns))
			continue;
		advance(&s, s.rows[i].start_ns);
		g_array_append_val(s.active, i);
	}
	advance(&s, INFINITY);
	g_array_unref(s.active);
	return s.pieces;
}
