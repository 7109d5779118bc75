/* Invariant: an index is handed out once, by one atomic counter. */
#include "search/parallel.h"

#include <glib.h>

struct team {
	void (*work)(void *data, unsigned thread, unsigned index);
	void *data;
	unsigned count;
	int next; /* atomic */
};

struct member {
	struct team *team;
	unsigned thread;
};

static gpointer run_member(gpointer data)
{
	const struct member *member = data;
	struct team *team = member->team;
	for (;;) {
		unsigned index = (unsigned)g_atomic_int_add(&team->next, 1);
		if (index >= team->count)
			return NULL;
		team->work(team->data, member->thread, index);
	}
}

void search_parallel(unsigned jobs, unsigned count,
                     void (*work)(void *data, unsigned thread, unsigned index), void *data)
{
	struct team team = { work, data, count, 0 };
	unsigned helpers = CLAMP(jobs, 1, MAX(count, 1)) - 1;
	g_autofree struct member *members = g_new(struct member, helpers + 1);
	g_autofree GThread **threads = g_new(GThread *, helpers + 1);
	for (unsigned i = 0; i <= helpers; i++)
		members[i] = (struct member){ &team, i };
	/* NULL where the system has no more threads to give: the others do its work. */
	for (unsigned i = 1; i <= helpers; i++)
		threads[i] = g_thread_try_new("search", run_member, &members[i], NULL);
	run_member(&members[0]);
	for (unsigned i = 1; i <= helpers; i++)
		if (threads[i])
			g_thread_join(threads[i]);
}
