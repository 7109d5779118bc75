/*
 * Memory that nobody has: whoever asks for it (we, GLib, cJSON, SimGrid, the C library) and whether
 * or not he would look at what he gets, the process ends with one line on stderr and status 1.
 * Files being written are taken back.
 */
#ifndef TOOLS_TEXT_OUT_OF_MEMORY_H
#define TOOLS_TEXT_OUT_OF_MEMORY_H

#include <stddef.h>

#define OUT_OF_MEMORY_STATUS 3 /* of a worker, whose parent says it */

/* From now on this process, which has a parent that waits for it, says nothing and ends with
 * OUT_OF_MEMORY_STATUS. */
void out_of_memory_in_worker(void);

/* What the allocation functions of the program (tools/allocators.c) do where `bytes` more are
 * refused. */
_Noreturn void out_of_memory(size_t bytes);

#endif
