/*
 * Work on many independent items with a few threads. Which thread takes which item is left to
 * chance, so an item may only write what is its own.
 *
 * A crew's threads are started by the first work that has a use for them and stay until it is
 * freed. Whoever searches or fits owns one for that time. In a process forked meanwhile, which has
 * none of the threads, a crew starts others.
 */
#ifndef HW_BASE_THREADS_H
#define HW_BASE_THREADS_H

struct search_crew;

/* Of `jobs` members (0 is 1), the thread that gives the work included. */
struct search_crew *search_crew_new(unsigned jobs);
void search_crew_free(struct search_crew *crew); /* NULL is allowed */

unsigned search_crew_size(const struct search_crew *crew);

/* Calls work(data, thread, index) for every index below count; thread is below the crew's size, and
 * 0 is the caller's. Returns when all are done. No work of a crew gives it other work. */
void search_parallel(struct search_crew *crew, unsigned count,
                     void (*work)(void *data, unsigned thread, unsigned index), void *data);

#endif
