/*
 * The C library's allocation functions are replaced by ones that call it and look at what comes
 * back, because GLib ends with a trap where memory is refused, its slices with an abort, and others
 * take a null pointer for what it is not. Linked into the program only: tests and benchmarks have
 * their own.
 */
#include "tools/text/out_of_memory.h"

#ifndef __SANITIZE_ADDRESS__ /* which has an allocator of its own, and says what is refused */

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

/* The C library's own. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes)
{
	void *memory = __libc_malloc(bytes);
	if (!memory)
		out_of_memory(bytes);
	return memory;
}

void *calloc(size_t count, size_t bytes)
{
	void *memory = __libc_calloc(count, bytes);
	if (!memory)
		out_of_memory(count * bytes);
	return memory;
}

void *realloc(void *memory, size_t bytes)
{
	void *moved = __libc_realloc(memory, bytes);
	if (!moved && bytes)
		out_of_memory(bytes);
	return moved;
}

void *memalign(size_t alignment, size_t bytes)
{
	void *memory = __libc_memalign(alignment, bytes);
	if (!memory)
		out_of_memory(bytes);
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
