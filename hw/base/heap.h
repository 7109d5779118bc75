/*
 * A heap of any type, made for it so that comparing costs no call:
 *
 *   HW_HEAP(timer_heap, struct timer, is_before)
 *
 * makes struct timer_heap { struct timer *items; size_t count, room; } (all 0: empty; items[0] is
 * on top), timer_heap_push and timer_heap_pop. is_before(const struct timer *, const struct timer
 * *) says which of two leaves first; equal ones leave in any order. Free items with g_free.
 */
#ifndef HW_BASE_HEAP_H
#define HW_BASE_HEAP_H

#include <glib.h>

#define HW_HEAP(name, type, is_before)                                                   \
	struct name {                                                                    \
		type *items;                                                             \
		size_t count, room;                                                      \
	};                                                                               \
	static inline void name##_push(struct name *heap, type item)                     \
	{                                                                                \
		if (heap->count == heap->room) {                                         \
			heap->room = MAX(2 * heap->room, 4);                             \
			heap->items = g_renew(type, heap->items, heap->room);            \
		}                                                                        \
		size_t hole = heap->count++;                                             \
		for (size_t up; hole > 0; hole = up) {                                   \
			up = (hole - 1) / 2;                                             \
			if (!is_before(&item, &heap->items[up]))                         \
				break;                                                   \
			heap->items[hole] = heap->items[up];                             \
		}                                                                        \
		heap->items[hole] = item;                                                \
	}                                                                                \
	/* Not of an empty one. */                                                       \
	static inline type name##_pop(struct name *heap)                                 \
	{                                                                                \
		type top = heap->items[0], last = heap->items[--heap->count];            \
		size_t hole = 0;                                                         \
		for (size_t child; (child = 2 * hole + 1) < heap->count; hole = child) { \
			if (child + 1 < heap->count &&                                   \
			    is_before(&heap->items[child + 1], &heap->items[child]))     \
				child++;                                                 \
			if (!is_before(&heap->items[child], &last))                      \
				break;                                                   \
			heap->items[hole] = heap->items[child];                          \
		}                                                                        \
		heap->items[hole] = last;                                                \
		return top;                                                              \
	}

#endif
