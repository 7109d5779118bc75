/* Intervals that leave elements out, against sets of booleans; and the room that they lie in. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "search/mapping/interval.h"
#include "tests/support/suite.h"

enum { EXTENT = 300, BLOCKS = 60 };

static struct map_scratch scratch;

static void set_up(void)
{
	map_scratch_init(&scratch, 1);
}

static void tear_down(void)
{
	map_scratch_release(&scratch);
}

/* What one layer's outputs [lo, hi) reach, as an interval and as it is defined. */
static struct map_interval random_reached(GRand *rand, bool has[EXTENT])
{
	struct wl_reach step = { .down = g_rand_int_range(rand, 1, 9),
		                 .up = 1,
		                 .pad = g_rand_int_range(rand, 0, 7),
		                 .taps = g_rand_int_range(rand, 1, 5),
		                 .dilation = g_rand_int_range(rand, 1, 6),
		                 .extent = EXTENT };
	struct map_interval output = { .lo = (uint32_t)g_rand_int_range(rand, 0, 40) };
	output.hi = output.lo + (uint32_t)g_rand_int_range(rand, 0, 30);
	if (step.taps == 1)
		step.dilation = 1;
	memset(has, 0, EXTENT * sizeof *has);
	for (int64_t o = output.lo; o < output.hi; o++)
		for (int64_t t = 0; t < step.taps; t++) {
			int64_t row = o * step.down - step.pad + t * step.dilation;
			if (row >= 0 && row < EXTENT)
				has[row] = true;
		}
	return map_reach(&step, output, &scratch);
}

/* Has these elements, and says so in as few words as it can. */
static void assert_elements(struct map_interval i, const bool has[EXTENT])
{
	uint32_t count = 0, first = EXTENT, end = 0;
	for (uint32_t x = 0; x < EXTENT; x++) {
		struct map_interval one = { .lo = x, .hi = x + 1 };
		ck_assert_uint_eq(map_length(map_overlap(one, i)), has[x]);
		first = has[x] ? MIN(first, x) : first;
		end = has[x] ? x + 1 : end;
		count += has[x];
	}
	ck_assert_uint_eq(map_length(i), count);
	if (!count)
		return;
	ck_assert_uint_eq(i.lo, first);
	ck_assert_uint_eq(i.hi, end);
	ck_assert((i.rows == NULL) == (count == end - first));
}

START_TEST(sets_of_elements)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)_i);
	bool first[EXTENT], second[EXTENT], both[EXTENT];
	struct map_interval a = random_reached(rand, first), b = random_reached(rand, second);
	assert_elements(a, first);
	assert_elements(b, second);
	for (unsigned x = 0; x < EXTENT; x++)
		both[x] = first[x] && !second[x];
	assert_elements(map_minus(a, b, &scratch), both);
	assert_elements(a, first);
	ck_assert(map_same_elements(a, b) == (memcmp(first, second, sizeof first) == 0));
	/* Overlaps with the same part of the extent, as parts of a producer are compared. */
	struct map_interval part = { .lo = (uint32_t)g_rand_int_range(rand, 0, EXTENT) };
	part.hi = (uint32_t)g_rand_int_range(rand, (int)part.lo + 1, EXTENT + 1);
	uint32_t length = 0;
	for (uint32_t x = part.lo; x < part.hi; x++)
		length += first[x];
	ck_assert_uint_eq(map_length(map_overlap(part, a)), length);
	ck_assert(map_same_elements(map_overlap(part, a), map_overlap(part, b)) ==
	          (memcmp(first + part.lo, second + part.lo, part.hi - part.lo) == 0));
}
END_TEST

/* Whatever is taken stays where it is until it is given back, in any number of blocks. */
START_TEST(room_grows)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);
	struct map_interval *blocks[BLOCKS];
	unsigned marks[BLOCKS], counts[BLOCKS], depth = 0;
	for (unsigned round = 0; round < 1000; round++) {
		if (depth < BLOCKS && g_rand_int_range(rand, 0, 5) > 0) {
			counts[depth] = (unsigned)g_rand_int_range(rand, 1, 50);
			marks[depth] = scratch.used;
			blocks[depth] = map_scratch_take(&scratch, counts[depth]);
			for (unsigned i = 0; i < counts[depth]; i++)
				blocks[depth][i] = (struct map_interval){ .lo = depth, .hi = i };
			depth++;
		} else if (depth > 0) {
			depth = (unsigned)g_rand_int_range(rand, 0, (int)depth);
			scratch.used = marks[depth];
		}
		for (unsigned d = 0; d < depth; d++)
			for (unsigned i = 0; i < counts[d]; i++)
				ck_assert(blocks[d][i].lo == d && blocks[d][i].hi == i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interval");
	TCase *tests = tcase_create("interval");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, sets_of_elements, 0, 2000);
	tcase_add_test(tests, room_grows);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
