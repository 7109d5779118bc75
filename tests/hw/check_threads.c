/* A crew: every item once, whatever the threads; again and again; after a fork; work of any
 * size. */
#include "hw/base/threads.h"
#include "tests/support/suite.h"

#include <check.h>
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ITEMS 1000

struct tally {
	unsigned size;
	int done[ITEMS];
	int threads[16];  /* items by thread; atomic */
	int out_of_range; /* atomic */
};

static void count_item(void *data, unsigned thread, unsigned index)
{
	struct tally *tally = data;
	if (thread >= tally->size || index >= ITEMS) {
		g_atomic_int_inc(&tally->out_of_range);
		return;
	}
	tally->done[index]++; /* its own */
	g_atomic_int_inc(&tally->threads[thread]);
}

static void assert_each_once(struct search_crew *crew, unsigned count)
{
	struct tally tally = { .size = search_crew_size(crew) };
	search_parallel(crew, count, count_item, &tally);
	ck_assert_int_eq(tally.out_of_range, 0);
	for (unsigned i = 0; i < ITEMS; i++)
		ck_assert_int_eq(tally.done[i], i < count ? 1 : 0);
}

START_TEST(every_item_once)
{
	static const unsigned jobs[] = { 0, 1, 2, 3, 16 }, counts[] = { 0, 1, 2, 3, 17, ITEMS };
	struct search_crew *crew = search_crew_new(jobs[_i]);
	ck_assert_uint_eq(search_crew_size(crew), MAX(jobs[_i], 1));
	for (unsigned again = 0; again < 200; again++)
		for (unsigned c = 0; c < G_N_ELEMENTS(counts); c++)
			assert_each_once(crew, counts[c]);
	search_crew_free(crew);
}
END_TEST

/* Items that wait for each other: they are done only if as many threads are at work. */
struct meeting {
	GMutex lock;
	GCond here;
	unsigned present, wanted;
	bool met;
};

static void meet(void *data, unsigned thread, unsigned index)
{
	struct meeting *m = data;
	gint64 until_us = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
	(void)thread;
	(void)index;
	g_mutex_lock(&m->lock);
	m->present++;
	g_cond_broadcast(&m->here);
	while (m->present < m->wanted && g_cond_wait_until(&m->here, &m->lock, until_us))
		;
	m->met = m->present >= m->wanted;
	g_mutex_unlock(&m->lock);
}

static bool all_meet(struct search_crew *crew)
{
	struct meeting meeting = { .wanted = search_crew_size(crew) };
	g_mutex_init(&meeting.lock);
	g_cond_init(&meeting.here);
	search_parallel(crew, meeting.wanted, meet, &meeting);
	return meeting.met;
}

START_TEST(all_members_work_at_once)
{
	struct search_crew *crew = search_crew_new(4);
	for (unsigned again = 0; again < 100; again++)
		ck_assert(all_meet(crew));
	search_crew_free(crew);
}
END_TEST

static unsigned threads_alive(void)
{
	unsigned count = 0;
	GDir *tasks = g_dir_open("/proc/self/task", 0, NULL);
	ck_assert_ptr_nonnull(tasks);
	while (g_dir_read_name(tasks))
		count++;
	g_dir_close(tasks);
	return count;
}

/* As many as the largest work has a use for, whatever the number of works. */
START_TEST(threads_are_made_once)
{
	unsigned before = threads_alive();
	struct search_crew *crew = search_crew_new(1000);
	ck_assert_uint_eq(threads_alive(), before);
	for (unsigned again = 0; again < 50; again++)
		assert_each_once(crew, 5);
	ck_assert_uint_eq(threads_alive(), before + 4);
	search_crew_free(crew);
	ck_assert_uint_eq(threads_alive(), before);
}
END_TEST

/* The threads stay with the parent; parent and child both go on. */
START_TEST(a_forked_process_has_its_own)
{
	struct search_crew *crew = search_crew_new(3);
	ck_assert(all_meet(crew));
	for (unsigned again = 0; again < 50; again++) {
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			alarm(20); /* a thread that is not there is waited for in vain */
			bool met = all_meet(crew);
			search_crew_free(crew);
			_exit(met ? 0 : 1);
		}
		assert_each_once(crew, 7);
		int status;
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	search_crew_free(crew);
}
END_TEST

/* Freed by a child that never used it. */
START_TEST(a_forked_process_may_free_it)
{
	struct search_crew *crew = search_crew_new(3);
	ck_assert(all_meet(crew));
	pid_t child = fork();
	if (child == 0) {
		alarm(20);
		search_crew_free(crew);
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	search_crew_free(crew);
	search_crew_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parallel");
	TCase *tcase = tcase_create("crew");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, every_item_once, 0, 5);
	tcase_add_test(tcase, all_members_work_at_once);
	tcase_add_test(tcase, threads_are_made_once);
	tcase_add_test(tcase, a_forked_process_has_its_own);
	tcase_add_test(tcase, a_forked_process_may_free_it);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
