#include "traces/tile_index.h"

#include <string.h>

struct tile_key {
	int32_t segment, cluster, node, microbatch, tile;
};

struct trace_tile_index {
	GHashTable *places; /* struct tile_key -> place + 1 */
};

static guint hash_tile(gconstpointer data)
{
	const struct tile_key *key = data;
	uint32_t hash = (uint32_t)key->microbatch;
	hash = hash * 1000003u + (uint32_t)key->tile;
	hash = hash * 1000003u + (uint32_t)key->node;
	return (hash * 1000003u + (uint32_t)key->cluster) * 1000003u + (uint32_t)key->segment;
}

static gboolean same_tile(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct tile_key)) == 0;
}

struct trace_tile_index *trace_tile_index_new(void)
{
	struct trace_tile_index *index = g_new(struct trace_tile_index, 1);
	index->places = g_hash_table_new_full(hash_tile, same_tile, g_free, NULL);
	return index;
}

void trace_tile_index_free(struct trace_tile_index *index)
{
	g_hash_table_unref(index->places);
	g_free(index);
}

static struct tile_key key_of(const struct tl_row *row)
{
	return (struct tile_key){ row->segment, row->cluster, row->node, row->microbatch,
		                  row->tile };
}

uint32_t trace_tile_index_find(const struct trace_tile_index *index, const struct tl_row *row)
{
	struct tile_key key = key_of(row);
	return GPOINTER_TO_UINT(g_hash_table_lookup(index->places, &key)) - 1;
}

uint32_t trace_tile_index_add(struct trace_tile_index *index, const struct tl_row *row,
                              uint32_t place)
{
	struct tile_key key = key_of(row);
	uint32_t known = trace_tile_index_find(index, row);
	if (known != UINT32_MAX)
		return known;
	g_hash_table_insert(index->places, g_memdup2(&key, sizeof key),
	                    GUINT_TO_POINTER(place + 1));
	return place;
}
