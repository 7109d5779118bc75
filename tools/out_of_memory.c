/*
 * Invariant: between a refusal and the end nothing is allocated. The C library's allocation
 * functions are replaced by ones that call it and look at what comes back, because GLib ends with a trap
 * where memory is refused, its slices with an abort, and others take a null pointer for what
 * it is not. What a replaced malloc needs to know can only be static.
 */
#include "tools/out_of_memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static bool in_worker;

void out_of_memory_in_worker(void)
{
	in_worker = true;
}

#ifndef __SANITIZE_ADDRESS__ /* which has an allocator of its own, and says what is refused */

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hw/output.h"

/* The C library's own. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

/* Threads may be refused at the same time: the first one speaks for all. */
static _Noreturn void end(size_t bytes)
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

void *malloc(size_t bytes)
{
	void *memory = __libc_malloc(bytes);
	if (!memory)
		end(bytes);
	return memory;
}

void *calloc(size_t count, size_t bytes)
{
	void *memory = __libc_calloc(count, bytes);
	if (!memory)
		end(count * bytes);
	return memory;
}

void *realloc(void *memory, size_t bytes)
{
	void *moved = __libc_realloc(memory, bytes);
	if (!moved && bytes)
		end(bytes);
	return moved;
}

void *memalign(size_t alignment, size_t bytes)
{
	void *memory = __libc_memalign(alignment, bytes);
	if (!memory)
		end(bytes);
	return memory;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
	return memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
	if (alignment < sizeof(void *) || (alignment & (alignment - 1)))
		return EINVAL;
	*memory = memalign(alignment, bytes);
	return 0;
}

#endif
