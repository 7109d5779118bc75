/* Invariant: candidates are sorted; of equal values the one that came first stands first. */
#include "search/candidate_pool.h"

#include <string.h>

void search_pool_init(struct search_pool *pool, unsigned room)
{
	*pool = (struct search_pool){ .room = room };
	pool->candidates = g_new(struct search_candidate, room + 1);
}

void search_pool_release(struct search_pool *pool)
{
	for (unsigned i = 0; i < pool->count; i++)
		map_free(pool->candidates[i].mapping);
	g_clear_pointer(&pool->candidates, g_free);
	pool->count = 0;
}

static void remove_at(struct search_pool *pool, unsigned at)
{
	map_free(pool->candidates[at].mapping);
	pool->count--;
	memmove(pool->candidates + at, pool->candidates + at + 1,
	        (pool->count - at) * sizeof *pool->candidates);
}

/* The last that is not reserved; the last of all if all are. */
static unsigned worst_of(const struct search_pool *pool)
{
	for (unsigned i = pool->count; i > 0; i--)
		if (!pool->candidates[i - 1].reserved)
			return i - 1;
	return pool->count - 1;
}

void search_pool_offer(struct search_pool *pool, const struct map_mapping *mapping, double value,
                       bool reserved)
{
	unsigned at = 0;
	for (unsigned i = 0; i < pool->count; i++) {
		if (!map_same(pool->candidates[i].mapping, mapping))
			continue;
		pool->candidates[i].reserved |= reserved;
		return;
	}
	while (at < pool->count && pool->candidates[at].value <= value)
		at++;
	if (at == pool->room && !reserved)
		return;
	memmove(pool->candidates + at + 1, pool->candidates + at,
	        (pool->count - at) * sizeof *pool->candidates);
	pool->candidates[at] = (struct search_candidate){ map_copy(mapping), value, reserved };
	pool->count++;
	if (pool->count > pool->room)
		remove_at(pool, worst_of(pool));
}
