/*
 * Small networks for tests, written as JSON with ' for ". Origin is "net.json",
 * activations have 1 byte, weights 2.
 */
#ifndef TESTS_WORKLOADS_NETWORK_H
#define TESTS_WORKLOADS_NETWORK_H

#include <stdlib.h>

#include "tests/support/made.h"
#include "tests/support/suite.h"

/* Caller frees. `inputs` and `layers` are the elements of the arrays. */
static inline char *network_text(const char *inputs, const char *layers)
{
	return made_workload_text(
		(struct made_workload){ .weight_bytes = 2, .inputs = inputs, .layers = layers });
}

static inline struct wl_workload *network(const char *inputs, const char *layers)
{
	return made_workload(
		(struct made_workload){ .weight_bytes = 2, .inputs = inputs, .layers = layers });
}

/* The text must be refused with exactly this message. */
static inline void assert_refused(const char *text, const char *const *overrides,
                                  const char *message)
{
	g_autoptr(GError) error = NULL;
	struct wl_workload *w = wl_workload_parse(text, "net.json", overrides, &error);

	ck_assert_msg(w == NULL, "accepted, not refused with: %s", message);
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, message);
}

static inline void assert_shape(struct wl_shape shape, uint32_t channels, uint32_t rows,
                                uint32_t columns)
{
	ck_assert_uint_eq(shape.channels, channels);
	ck_assert_uint_eq(shape.rows, rows);
	ck_assert_uint_eq(shape.columns, columns);
}

/* What the steps come to as long as nothing is clipped: output o reaches rows from
 * (o * down - pad) / up on, `window` of them before division. */
static inline void assert_reach(const struct wl_reach *reach, int64_t down, int64_t up, int64_t pad,
                                int64_t window)
{
	int64_t total[4] = { 1, 1, 0, 1 };
	for (; reach != NULL; reach = reach->next) {
		total[2] = total[2] * reach->down + reach->pad * total[1];
		total[3] = (total[3] - 1) * reach->down +
		           (reach->taps - 1) * reach->dilation * total[1] + 1;
		total[0] *= reach->down;
		total[1] *= reach->up;
	}
	ck_assert_int_eq(total[0], down);
	ck_assert_int_eq(total[1], up);
	ck_assert_int_eq(total[2], pad);
	ck_assert_int_eq(total[3], window);
}

#endif
