/*
 * Work on many independent items with a few threads. Which thread takes which
 * item is left to chance, so an item may only write what is its own.
 */
#ifndef SEARCH_PARALLEL_H
#define SEARCH_PARALLEL_H

/* Calls work(data, thread, index) for every index below count, from at most `jobs` threads
 * (the caller's included); thread is below jobs. Returns when all are done. */
void search_parallel(unsigned jobs, unsigned count,
                     void (*work)(void *data, unsigned thread, unsigned index), void *data);

#endif
