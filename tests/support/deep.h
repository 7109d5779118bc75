/*
 * Deep networks for tests and benchmarks: a stem and blocks of what a transformer's layer is to a
 * mapping as far as dense layers go, tokens being rows: queries, keys and values; heads;
 * projection; widening and narrowing, with the two residual adds.
 */
#ifndef TESTS_SUPPORT_DEEP_H
#define TESTS_SUPPORT_DEEP_H

#include "workloads/workload.h"

/* The file's text: a network of so many nodes (at least 1), of `features` channels and `tokens`
 * rows. The caller frees it. */
char *deep_text(unsigned nodes, unsigned features, unsigned tokens);

/* The same, read. Never NULL. */
struct wl_workload *deep_network(unsigned nodes, unsigned features, unsigned tokens);

#endif
