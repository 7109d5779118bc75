/* Invariant: nodes get equal numbers exactly if they and their edges look alike from where they
 * stand. */
#include "search/tables/repeated_blocks.h"

static void describe_edges(GString *text, const struct search_space *space, unsigned node)
{
	const struct wl_node *n = &space->workload->nodes[node];
	for (unsigned i = 0; i < n->edge_in_count; i++) {
		int from = space->workload->edges[n->edges_in[i]].from;
		g_string_append_printf(text, " %u<%d", space->edge_kind[n->edges_in[i]],
		                       from < 0 ? 0 : (int)node - from);
	}
	for (unsigned i = 0; i < n->edge_out_count; i++)
		g_string_append_printf(text, " %u>%u", space->edge_kind[n->edges_out[i]],
		                       space->workload->edges[n->edges_out[i]].to - node);
}

/* Equal numbers for equal nodes. */
static unsigned *number_nodes(const struct search_space *space)
{
	unsigned nodes = space->workload->node_count, *numbers = g_new(unsigned, nodes);
	GHashTable *known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned i = 0; i < nodes; i++) {
		const struct wl_node *n = &space->workload->nodes[i];
		GString *text = g_string_new(NULL);
		gpointer number;
		g_string_printf(text, "%u %d %" G_GUINT64_FORMAT, space->node_kind[i], n->is_output,
		                (guint64)n->weight_bytes);
		describe_edges(text, space, i);
		if (!g_hash_table_lookup_extended(known, text->str, NULL, &number))
			number = GUINT_TO_POINTER(g_hash_table_size(known));
		numbers[i] = GPOINTER_TO_UINT(number);
		g_hash_table_replace(known, g_string_free(text, FALSE), number);
	}
	g_hash_table_destroy(known);
	return numbers;
}

void search_repeats_init(struct search_repeats *alike, const struct search_space *space)
{
	unsigned nodes = space->workload->node_count;
	g_autofree unsigned *numbers = number_nodes(space);
	/* common[b]: nodes that runs from a (as it goes down) and from b have in common. */
	g_autofree unsigned *common = g_new0(unsigned, nodes + 1);
	alike->like = g_new0(unsigned, nodes);
	alike->length = g_new0(unsigned, nodes);
	for (unsigned a = nodes; a-- > 0;)
		for (unsigned b = 0; b < a; b++) {
			/* Still that of a + 1 and b + 1. */
			common[b] = numbers[a] == numbers[b]
			                    ? 1 + (a + 1 < nodes ? common[b + 1] : 0)
			                    : 0;
			if (common[b] && common[b] >= alike->length[a]) {
				alike->length[a] = common[b];
				alike->like[a] = b;
			}
		}
}

void search_repeats_release(struct search_repeats *alike)
{
	g_clear_pointer(&alike->like, g_free);
	g_clear_pointer(&alike->length, g_free);
}
