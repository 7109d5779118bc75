/*
 * The parent's side: shared memory, the platform file, the child and its last
 * words. Invariant: whatever way sim_execute ends, the child has been waited
 * for and no descriptor is left open.
 */
#include "sim/engine/engine.h"

#include "sim/engine/dispatch.h"
#include "sim/engine/platform.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_US 30000
#define LOG_BYTES 16384

/* ---- the shared block ---- */

static size_t aligned(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

/* Places for instances: once tasks have as many as others. */
static uint64_t place_count(const struct sim_program *program)
{
	uint64_t count = 0;
	for (guint s = 0; s < program->segments->len; s++) {
		const struct sim_segment *segment = &g_array_index(program->segments,
		                                                   struct sim_segment, s);
		count += (uint64_t)segment->microbatches * segment->task_count;
	}
	return count;
}

static void number_instances(const struct sim_program *program, struct sim_shared *shared)
{
	uint64_t next = 0;
	for (guint s = 0; s < program->segments->len; s++) {
		const struct sim_segment *segment = &g_array_index(program->segments,
		                                                   struct sim_segment, s);
		shared->segments[s].first_instance = next;
		next += (uint64_t)segment->microbatches * segment->task_count;
	}
	shared->progress_total = sim_instance_count(program);
}

/* Pages that are never written cost nothing: skipped micro-batches have none. */
static struct sim_result *new_result(const struct sim_program *program, GError **error)
{
	uint64_t instances = place_count(program);
	size_t head = aligned(sizeof(struct sim_shared));
	size_t segments = aligned(program->segments->len * sizeof(struct sim_segment_result));
	size_t times = aligned((size_t)instances * sizeof(double));
	size_t bytes = head + segments + 2 * times;
	char *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (block == MAP_FAILED) {
		g_set_error(error, SIM_ERROR, SIM_ERROR_CHILD,
		            "no memory for %" G_GUINT64_FORMAT " task instances (%zu bytes): %s",
		            instances, bytes, g_strerror(errno));
		return NULL;
	}
	struct sim_shared *shared = (struct sim_shared *)(void *)block;
	shared->segments = (struct sim_segment_result *)(void *)(block + head);
	shared->start_ns = (double *)(void *)(block + head + segments);
	shared->end_ns = (double *)(void *)(block + head + segments + times);
	number_instances(program, shared);

	struct sim_result *result = g_new0(struct sim_result, 1);
	*result = (struct sim_result){ .segments = shared->segments,
		                       .segment_count = program->segments->len,
		                       .start_ns = shared->start_ns,
		                       .end_ns = shared->end_ns,
		                       .instance_count = instances,
		                       .shared = block,
		                       .shared_bytes = bytes };
	return result;
}

void sim_result_free(struct sim_result *result)
{
	if (!result)
		return;
	munmap(result->shared, result->shared_bytes);
	g_free(result);
}

/* ---- the child ---- */

/* SimGrid's words go to `log`; a crash leaves no core file, a dead parent no orphan. */
G_NORETURN static void child_main(const struct sim_program *program,
                                  const struct hw_package *package, const char *platform_path,
                                  bool exact, struct sim_shared *shared, int log)
{
	const struct rlimit no_core = { 0, 0 };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	bool done = sim_dispatch(program, platform_path, package, exact, shared);
	_exit(done ? 0 : 1);
}

static void report_progress(const struct sim_shared *shared, const struct sim_options *options)
{
	if (!options->progress)
		return;
	uint64_t done = atomic_load_explicit(&shared->progress_done, memory_order_relaxed);
	double time_ns = atomic_load_explicit(&shared->progress_ns, memory_order_relaxed);
	double total = (double)MAX(shared->progress_total, 1);
	options->progress(options->progress_data, MIN((double)done / total, 1.0), time_ns);
}

static int wait_for_child(pid_t child, const struct sim_shared *shared,
                          const struct sim_options *options)
{
	int status = 0;
	pid_t ended;
	do {
		ended = waitpid(child, &status, options->progress ? WNOHANG : 0);
		if (ended == 0) {
			report_progress(shared, options);
			g_usleep(POLL_US);
		}
	} while (ended == 0 || (ended < 0 && errno == EINTR));
	report_progress(shared, options);
	return status;
}

/*
 * SimGrid's complaint, on one line: from its first error on, four lines at
 * most, without the backtrace. Free with g_free.
 */
static char *last_words(int log)
{
	char text[LOG_BYTES];
	off_t size = lseek(log, 0, SEEK_END);
	ssize_t length = pread(log, text, sizeof(text) - 1, MAX(size - (off_t)sizeof(text) + 1, 0));
	text[MAX(length, 0)] = '\0';
	char *critical = strstr(text, "CRITICAL] "),
	     *from = critical ? critical : strstr(text, "ERROR] ");
	g_auto(GStrv) lines = g_strsplit(g_strstrip(from ? strchr(from, ' ') : text), "\n", -1);
	GString *words = g_string_new(NULL);
	for (unsigned i = 0; i < 4 && lines[i] && !strstr(lines[i], "acktrace"); i++)
		g_string_append_printf(words, "%s%s", i ? " | " : "", lines[i]);
	if (words->len == 0)
		g_string_append(words, "it left no message");
	return g_string_free(words, FALSE);
}

static bool check_end(int status, int log, const struct sim_shared *shared, GError **error)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (shared->error[0]) {
		g_set_error_literal(error, SIM_ERROR, shared->error_code, shared->error);
		return false;
	}
	g_autofree char *words = last_words(log);
	if (WIFSIGNALED(status))
		g_set_error(error, SIM_ERROR, SIM_ERROR_CHILD,
		            "SimGrid ended by signal %d (%s): %s", WTERMSIG(status),
		            g_strsignal(WTERMSIG(status)), words);
	else
		g_set_error(error, SIM_ERROR, SIM_ERROR_CHILD, "SimGrid ended with status %d: %s",
		            WEXITSTATUS(status), words);
	return false;
}

static bool run_child(const struct hw_package *package, const struct sim_program *program,
                      const struct sim_options *options, const char *platform_path,
                      struct sim_result *result, GError **error)
{
	struct sim_shared *shared = result->shared;
	gint64 begin_us = g_get_monotonic_time();
	int log = memfd_create("simgrid-log", MFD_CLOEXEC);
	pid_t child = log < 0 ? -1 : fork();
	if (child < 0) {
		g_set_error(error, SIM_ERROR, SIM_ERROR_CHILD, "cannot start the simulation: %s",
		            g_strerror(errno));
		if (log >= 0)
			close(log);
		return false;
	}
	if (child == 0)
		child_main(program, package, platform_path, options->exact, shared, log);
	int status = wait_for_child(child, shared, options);
	bool done = check_end(status, log, shared, error);
	close(log);
	result->wall_s = (double)(g_get_monotonic_time() - begin_us) / 1e6;
	result->load_wall_s = shared->load_wall_s;
	result->activities = shared->activities;
	result->end_ns_clock = shared->end_ns_clock;
	return done;
}

static struct sim_result *execute_on(const struct hw_package *package,
                                     const struct sim_program *program,
                                     const struct sim_options *options, const char *platform_path,
                                     GError **error)
{
	struct sim_result *result = new_result(program, error);
	if (!result || run_child(package, program, options, platform_path, result, error))
		return result;
	sim_result_free(result);
	return NULL;
}

struct sim_result *sim_execute(const struct hw_package *package, const struct sim_program *program,
                               const struct sim_options *options, GError **error)
{
	if (options->platform_path)
		return sim_platform_write(package, program, options->platform_path, error)
		               ? execute_on(package, program, options, options->platform_path,
		                            error)
		               : NULL;
	/* A file without a name, so that nothing is left of it however the run ends. */
	int file = memfd_create("platform", MFD_CLOEXEC);
	if (file < 0) {
		g_set_error(error, SIM_ERROR, SIM_ERROR_CHILD, "cannot keep the platform: %s",
		            g_strerror(errno));
		return NULL;
	}
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", file);
	struct sim_result *result = NULL;
	if (sim_platform_write(package, program, path, error))
		result = execute_on(package, program, options, path, error);
	close(file);
	return result;
}
