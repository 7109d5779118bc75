/*
 * Invariant: between a refusal and the end nothing is allocated. What a replaced malloc needs to
 * know can only be static.
 */
#include "tools/text/out_of_memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hw/base/output.h"

static bool in_worker;

void out_of_memory_in_worker(void)
{
	in_worker = true;
}

/* Threads may be refused at the same time: the first one speaks for all. */
_Noreturn void out_of_memory(size_t bytes)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	char line[80];
	if (atomic_flag_test_and_set(&told))
		for (;;)
			pause();
	hw_output_abandon();
	int length = snprintf(line, sizeof line, "mcmsim: out of memory: %zu more bytes refused\n",
	                      bytes);
	if (!in_worker && write(STDERR_FILENO, line, (size_t)length) < 0)
		_exit(EXIT_FAILURE);
	_exit(in_worker ? OUT_OF_MEMORY_STATUS : EXIT_FAILURE);
}
