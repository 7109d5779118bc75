/* Invariant: an interval whose elements all count has no rows, and lo and hi of one that has rows
 * are its outermost elements, unless it is an overlap. */
#include "search/mapping/interval.h"

#define GRIDS_AT_FIRST 16

/* Blocks only get larger; one is left behind for the next when it is full. */
struct map_block {
	struct map_block *before, *next;
	unsigned start, capacity; /* in all blocks; in this one */
	struct map_interval intervals[];
};

static struct map_block *block_new(struct map_block *before, size_t capacity)
{
	struct map_block *block = g_malloc(sizeof *block + capacity * sizeof *block->intervals);
	*block = (struct map_block){ .before = before,
		                     .start = before ? before->start + before->capacity : 0,
		                     .capacity = (unsigned)capacity };
	if (before)
		before->next = block;
	return block;
}

void map_scratch_init(struct map_scratch *scratch, unsigned chiplets)
{
	scratch->block = block_new(NULL, GRIDS_AT_FIRST * ((size_t)chiplets + 4));
	scratch->used = 0;
}

static void free_behind(struct map_block *block)
{
	while (block->next) {
		struct map_block *next = block->next;
		block->next = next->next;
		g_free(next);
	}
}

void map_scratch_release(struct map_scratch *scratch)
{
	if (!scratch->block)
		return;
	while (scratch->block->before)
		scratch->block = scratch->block->before;
	free_behind(scratch->block);
	g_clear_pointer(&scratch->block, g_free);
}

static void next_block(struct map_scratch *scratch, size_t count)
{
	struct map_block *block = scratch->block;
	if (block->next && block->next->capacity < count)
		free_behind(block);
	if (!block->next)
		block_new(block, MAX(2 * (size_t)block->capacity, count));
	scratch->block = block->next;
	scratch->used = scratch->block->start;
}

struct map_interval *map_scratch_take(struct map_scratch *scratch, size_t count)
{
	while (scratch->used < scratch->block->start)
		scratch->block = scratch->block->before;
	if (scratch->used - scratch->block->start + count > scratch->block->capacity)
		next_block(scratch, count);
	struct map_interval *taken = scratch->block->intervals +
	                             (scratch->used - scratch->block->start);
	scratch->used += (unsigned)count;
	return taken;
}

static unsigned units(size_t bytes)
{
	const size_t unit = sizeof(struct map_interval);
	return (unsigned)((bytes + unit - 1) / unit);
}

void *map_scratch_room(struct map_scratch *scratch, size_t bytes)
{
	return map_scratch_take(scratch, units(bytes));
}

/* Elements of word `w`, which is within lo and hi if the interval has rows. */
static uint64_t word_of(struct map_interval i, uint32_t w)
{
	uint64_t bits = wl_row_bits(w, i.lo, i.hi);
	return bits && i.rows ? bits & i.rows->words[w - i.rows->first_word] : bits;
}

/* Words that an interval lies in; not for empty ones. */
static uint32_t first_word(struct map_interval i)
{
	return i.lo / WL_ROW_BITS;
}

static uint32_t last_word(struct map_interval i)
{
	return (i.hi - 1) / WL_ROW_BITS;
}

uint32_t map_rows_length(struct map_interval i)
{
	uint32_t length = 0;
	if (i.lo >= i.hi)
		return 0;
	for (uint32_t w = first_word(i); w <= last_word(i); w++)
		length += (uint32_t)__builtin_popcountll(word_of(i, w));
	return length;
}

bool map_rows_same(struct map_interval a, struct map_interval b)
{
	if (a.lo >= a.hi || b.lo >= b.hi)
		return map_length(a) == map_length(b);
	uint32_t last = MAX(last_word(a), last_word(b));
	for (uint32_t w = MIN(first_word(a), first_word(b)); w <= last; w++)
		if (word_of(a, w) != word_of(b, w))
			return false;
	return true;
}

static size_t rows_bytes(size_t words)
{
	return sizeof(struct map_rows) + words * sizeof(uint64_t);
}

/* Rows that were just taken as `words` words, without what is not needed of them. */
static struct map_interval settle(struct map_interval i, size_t words, struct map_scratch *scratch)
{
	uint32_t length = map_rows_length(i);
	scratch->used -= units(rows_bytes(words));
	if (length == 0)
		return (struct map_interval){ 0 };
	uint32_t first = first_word(i), last = last_word(i);
	while (!word_of(i, first))
		first++;
	while (!word_of(i, last))
		last--;
	i.lo = first * WL_ROW_BITS + (uint32_t)__builtin_ctzll(word_of(i, first));
	i.hi = (last + 1) * WL_ROW_BITS - (uint32_t)__builtin_clzll(word_of(i, last));
	if (i.hi - i.lo == length)
		return (struct map_interval){ i.lo, i.hi, NULL };
	scratch->used += units(rows_bytes(last - i.rows->first_word + 1));
	return i;
}

struct map_interval map_minus(struct map_interval i, struct map_interval without,
                              struct map_scratch *scratch)
{
	if (without.lo >= i.hi || without.hi <= i.lo)
		return i;
	if (!i.rows && !without.rows && without.lo <= i.lo)
		return (struct map_interval){ MIN(without.hi, i.hi), i.hi, NULL };
	size_t words = last_word(i) - first_word(i) + 1;
	struct map_rows *rows = map_scratch_room(scratch, rows_bytes(words));
	rows->first_word = first_word(i);
	for (uint32_t w = 0; w < words; w++)
		rows->words[w] = word_of(i, rows->first_word + w) &
		                 ~word_of(without, rows->first_word + w);
	i.rows = rows;
	return settle(i, words, scratch);
}

struct map_interval map_reach(const struct wl_reach *reach, struct map_interval output,
                              struct map_scratch *scratch)
{
	struct map_interval need = output;
	if (wl_reach_interval(reach, &need.lo, &need.hi))
		return need;
	size_t words = wl_reach_words(reach, output.lo, output.hi);
	struct map_rows *rows = map_scratch_room(scratch, rows_bytes(words));
	need = output;
	wl_reach_rows(reach, &need.lo, &need.hi, rows->words);
	rows->first_word = need.lo / WL_ROW_BITS;
	need.rows = rows;
	return settle(need, words, scratch);
}
