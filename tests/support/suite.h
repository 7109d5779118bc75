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

/*
 * Check writes the place of every assertion that holds into a file, to say where a test was when
 * it crashed: two thirds of the time of tests with a million assertions. A debugger knows, too.
 */
#define _mark_point(file, line) ((void)0)

/* Runs and frees the suite; the program's exit status. */
int suite_run(Suite *suite);

/* The same with a process for each test: where tests change the environment, the locale or
 * limits. */
int suite_run_forked(Suite *suite);

#endif
