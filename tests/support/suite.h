/*
 * How a test program runs its suite. Results are lines that tools/dev/run-tests reads.
 *
 * All tests of a suite run in one process, one after another: a process of its own for each of
 * ten thousand checks takes longer than the checks. (SimGrid runs in a child of the engine's,
 * whoever calls it.) A crash ends the program, and the whole suite has failed; CK_FORK=yes says in
 * which test.
 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>

/* Runs and frees the suite; the program's exit status. */
int suite_run(Suite *suite);

/* The same with a process for each test: where tests change the environment, the locale or
 * limits. */
int suite_run_forked(Suite *suite);

#endif
