#include "hw/base/heap.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

struct item {
	unsigned key, order;
};

static bool is_before(const struct item *a, const struct item *b)
{
	return a->key != b->key ? a->key < b->key : a->order < b->order;
}

HW_HEAP(item_heap, struct item, is_before)

static int compare(const void *a, const void *b)
{
	return is_before(a, b) ? -1 : is_before(b, a);
}

/* Items of few keys go in and out in any order: what comes out is always the least of what is in,
 * which is kept in a sorted list beside. */
START_TEST(the_least_comes_out)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	g_autoptr(GArray) sorted = g_array_new(FALSE, FALSE, sizeof(struct item));
	struct item_heap heap = { 0 };
	for (unsigned step = 0; step < 500; step++) {
		bool in = g_rand_int_range(rand, 0, 3) > (step < 300 ? 0 : 1);
		if (in || heap.count == 0) {
			struct item item = { (unsigned)g_rand_int_range(rand, 0, 20), step };
			item_heap_push(&heap, item);
			g_array_append_val(sorted, item);
			qsort(sorted->data, sorted->len, sizeof item, compare);
		} else {
			struct item top = item_heap_pop(&heap);
			ck_assert_mem_eq(&top, sorted->data, sizeof top);
			g_array_remove_index(sorted, 0);
		}
		ck_assert_uint_eq(heap.count, sorted->len);
	}
	while (heap.count > 0) {
		struct item top = item_heap_pop(&heap);
		ck_assert_mem_eq(&top, sorted->data, sizeof top);
		g_array_remove_index(sorted, 0);
	}
	g_free(heap.items);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hw/heap");
	TCase *tests = tcase_create("heap");
	tcase_add_loop_test(tests, the_least_comes_out, 0, 50);
	suite_add_tcase(s, tests);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
