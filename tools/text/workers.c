/*
 * Invariant: an answer lies in a file without a name that parent and child
 * share, so a child never waits for its parent, and nothing is left behind.
 */
#include "tools/text/workers.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/text/out_of_memory.h"

#define TICK_US 100000

struct worker {
	pid_t process; /* 0: not running */
	int answer;    /* descriptor */
};

static bool write_all(int descriptor, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, text, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		text += written;
		length -= (size_t)written;
	}
	return true;
}

G_NORETURN static void child_main(const struct workers *workers, unsigned index, int descriptor,
                                  pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a dead parent leaves no orphans */
	if (getppid() != parent)
		_exit(1);
	out_of_memory_in_worker();
	GString *answer = g_string_new(NULL);
	workers->work(workers->data, index, answer);
	_exit(write_all(descriptor, answer->str, answer->len) ? 0 : 1);
}

static bool start(const struct workers *workers, unsigned index, struct worker *worker,
                  char **error)
{
	pid_t parent = getpid();
	worker->answer = memfd_create("answer", MFD_CLOEXEC);
	if (worker->answer >= 0)
		worker->process = fork();
	if (worker->answer >= 0 && worker->process == 0)
		child_main(workers, index, worker->answer, parent);
	if (worker->answer >= 0 && worker->process > 0)
		return true;
	*error = g_strdup_printf("cannot start a process: %s", g_strerror(errno));
	if (worker->answer >= 0)
		close(worker->answer);
	worker->process = 0;
	return false;
}

static GString *read_answer(int descriptor)
{
	char buffer[65536];
	GString *answer = g_string_new(NULL);
	lseek(descriptor, 0, SEEK_SET);
	for (ssize_t got; (got = read(descriptor, buffer, sizeof buffer)) != 0;) {
		if (got > 0)
			g_string_append_len(answer, buffer, got);
		else if (errno != EINTR)
			break;
	}
	return answer;
}

static void take_answer(struct worker *worker, int status, GString **answer, char **error)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		*answer = read_answer(worker->answer);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == OUT_OF_MEMORY_STATUS)
		*error = g_strdup("out of memory");
	else if (WIFSIGNALED(status))
		*error = g_strdup_printf("its process was ended by signal %d (%s)",
		                         WTERMSIG(status), g_strsignal(WTERMSIG(status)));
	else
		*error = g_strdup_printf("its process ended with status %d", WEXITSTATUS(status));
	close(worker->answer);
	worker->process = 0;
}

/* One of ours that has ended, and how; count if none has. Other children of the process are not
 * ours to wait for. */
static unsigned find_ended(const struct workers *workers, const struct worker *all, int *status)
{
	unsigned i = 0;
	while (i < workers->count &&
	       (all[i].process == 0 || waitpid(all[i].process, status, WNOHANG) == 0))
		i++;
	return i;
}

/* Waits until one of the running workers has ended; returns its index. */
static unsigned wait_for_one(const struct workers *workers, const struct worker *all, int *status)
{
	for (;;) {
		siginfo_t ended;
		unsigned i = find_ended(workers, all, status);
		if (i < workers->count)
			return i;
		if (workers->tick) {
			workers->tick(workers->data);
			g_usleep(TICK_US);
		} else {
			waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT); /* leaves it to its parent */
		}
	}
}

void *workers_share(size_t bytes, GError **error)
{
	void *memory = mmap(NULL, MAX(bytes, 1), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                    -1, 0);
	if (memory != MAP_FAILED)
		return memory;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOMEM, "no memory: %s", g_strerror(errno));
	return NULL;
}

void workers_unshare(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, MAX(bytes, 1));
}

void workers_run(const struct workers *workers, GString **answers, char **errors)
{
	g_autofree struct worker *all = g_new0(struct worker, workers->count);
	unsigned running = 0, next = 0;
	for (unsigned i = 0; i < workers->count; i++) {
		answers[i] = NULL;
		errors[i] = NULL;
	}
	while (running > 0 || next < workers->count) {
		if (next < workers->count && running < workers->jobs) {
			running += start(workers, next, &all[next], &errors[next]) ? 1 : 0;
			next++;
			continue;
		}
		int status = 0;
		unsigned i = wait_for_one(workers, all, &status);
		take_answer(&all[i], status, &answers[i], &errors[i]);
		running--;
	}
}
