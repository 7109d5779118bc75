/*
 * Invariant: an index is handed out once, by one atomic counter. Under the lock, `team` is the work
 * at hand or NULL, and `busy` counts the threads that are in it: only a thread that found a team
 * looks at it, and the giver waits for those alone. So threads that wake up late hold up nobody.
 */
#include "hw/base/threads.h"

#include <glib.h>
#include <stdbool.h>
#include <unistd.h>

struct team {
	void (*work)(void *data, unsigned thread, unsigned index);
	void *data;
	unsigned count;
	int next; /* atomic */
};

struct helper {
	struct search_crew *crew;
	GThread *thread;
	unsigned number; /* as `thread` of the work */
};

struct search_crew {
	unsigned size;
	struct helper *helpers; /* [size - 1] */
	unsigned started;       /* of them */
	pid_t process;          /* whose threads they are */
	GMutex lock;
	GCond given, done;
	struct team *team;
	unsigned round; /* of the team */
	unsigned busy;
	bool over;
};

static void run_member(struct team *team, unsigned thread)
{
	for (;;) {
		unsigned index = (unsigned)g_atomic_int_add(&team->next, 1);
		if (index >= team->count)
			return;
		team->work(team->data, thread, index);
	}
}

static gpointer help(gpointer data)
{
	const struct helper *helper = data;
	struct search_crew *crew = helper->crew;
	unsigned last = 0; /* round */
	g_mutex_lock(&crew->lock);
	while (!crew->over) {
		struct team *team = crew->team;
		if (!team || crew->round == last || helper->number >= team->count) {
			g_cond_wait(&crew->given, &crew->lock);
			continue;
		}
		last = crew->round;
		crew->busy++;
		g_mutex_unlock(&crew->lock);
		run_member(team, helper->number);
		g_mutex_lock(&crew->lock);
		if (--crew->busy == 0)
			g_cond_signal(&crew->done);
	}
	g_mutex_unlock(&crew->lock);
	return NULL;
}

/* No thread knows of the crew yet. */
static void found(struct search_crew *crew)
{
	crew->process = getpid();
	crew->started = 0;
	crew->team = NULL;
	crew->busy = 0;
	g_mutex_init(&crew->lock);
	g_cond_init(&crew->given);
	g_cond_init(&crew->done);
}

struct search_crew *search_crew_new(unsigned jobs)
{
	struct search_crew *crew = g_new0(struct search_crew, 1);
	crew->size = MAX(jobs, 1);
	crew->helpers = g_new0(struct helper, crew->size);
	found(crew);
	return crew;
}

static void dismiss(struct search_crew *crew)
{
	g_mutex_lock(&crew->lock);
	crew->over = true;
	g_cond_broadcast(&crew->given);
	g_mutex_unlock(&crew->lock);
	for (unsigned i = 0; i < crew->started; i++)
		g_thread_join(crew->helpers[i].thread);
	g_mutex_clear(&crew->lock);
	g_cond_clear(&crew->given);
	g_cond_clear(&crew->done);
}

void search_crew_free(struct search_crew *crew)
{
	if (!crew)
		return;
	/* A forked process has neither the threads nor, perhaps, the lock in good order. */
	if (crew->process == getpid())
		dismiss(crew);
	g_free(crew->helpers);
	g_free(crew);
}

unsigned search_crew_size(const struct search_crew *crew)
{
	return crew->size;
}

/* As many helpers as so many items have a use for; fewer where the system has no more threads to
 * give: the others do their work. */
static void start_helpers(struct search_crew *crew, unsigned count)
{
	while (crew->started + 1 < MIN(crew->size, count)) {
		struct helper *helper = &crew->helpers[crew->started];
		*helper = (struct helper){ crew, NULL, crew->started + 1 };
		helper->thread = g_thread_try_new("search", help, helper, NULL);
		if (!helper->thread)
			return;
		crew->started++;
	}
}

void search_parallel(struct search_crew *crew, unsigned count,
                     void (*work)(void *data, unsigned thread, unsigned index), void *data)
{
	struct team team = { work, data, count, 0 };
	if (crew->process != getpid())
		found(crew);
	start_helpers(crew, count);
	if (!crew->started || count < 2) {
		run_member(&team, 0);
		return;
	}
	g_mutex_lock(&crew->lock);
	g_assert(!crew->team); /* no work within work */
	crew->team = &team;
	crew->round++;
	g_cond_broadcast(&crew->given);
	g_mutex_unlock(&crew->lock);
	run_member(&team, 0);
	g_mutex_lock(&crew->lock);
	crew->team = NULL;
	while (crew->busy)
		g_cond_wait(&crew->done, &crew->lock);
	g_mutex_unlock(&crew->lock);
}
