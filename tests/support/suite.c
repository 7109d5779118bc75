#include "tests/support/suite.h"

#include <stdlib.h>
#include <unistd.h>

#define LONGEST_S 900 /* of a suite, with sanitizers on a slow machine; then SIGALRM ends it */

static int run(Suite *suite, enum fork_status fork)
{
	SRunner *runner = srunner_create(suite);
	if (!getenv("CK_FORK"))
		srunner_set_fork_status(runner, fork);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int suite_run(Suite *suite)
{
	alarm(LONGEST_S);
	return run(suite, CK_NOFORK);
}

int suite_run_forked(Suite *suite)
{
	return run(suite, CK_FORK);
}
