/*
 * Invariant: a part is removed or replaced by whoever holds its lock, after a look whether it is
 * still the one that was locked.
 */
#include "hw/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_MARK ".mcmsim~"
#define PARTS 16 /* runs that may write one file at the same time */
#define RETRIES 3

static char *part_name(const char *target, unsigned number)
{
	return g_strdup_printf("%s" PART_MARK "%u", target, number);
}

/* Locks a file of ours that is there under that name and nobody has locked. */
static bool lock(int descriptor, const char *name)
{
	struct stat held, there;

	return flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &held) == 0 &&
	       lstat(name, &there) == 0 && S_ISREG(there.st_mode) && held.st_dev == there.st_dev &&
	       held.st_ino == there.st_ino && held.st_uid == geteuid();
}

/* Whoever was writing it is no more if it is not locked. */
static void remove_left_over(const char *name)
{
	const int descriptor = open(name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (descriptor < 0)
		return;
	if (lock(descriptor, name))
		(void)g_unlink(name);
	close(descriptor);
}

/* Returns a locked new file or -1: another run may take it for left over before it is locked. */
static int create_part(const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

	for (int i = 0; i < RETRIES; i++) {
		const int descriptor = open(name, flags, 0666); /* less the umask */
		if (descriptor < 0 || lock(descriptor, name))
			return descriptor;
		close(descriptor);
	}
	errno = EEXIST; /* always in somebody's hands: let it have another name */
	return -1;
}

static int open_part(struct hw_output *output)
{
	for (unsigned number = 1; number <= PARTS; number++) {
		g_autofree char *name = part_name(output->target, number);
		remove_left_over(name);
	}
	for (unsigned number = 1; number <= PARTS; number++) {
		output->part = part_name(output->target, number);
		output->descriptor = create_part(output->part);
		if (output->descriptor >= 0)
			return 0;
		const int failure = errno;
		g_clear_pointer(&output->part, g_free);
		if (failure != EEXIST || number == PARTS)
			return failure;
	}
	return 0;
}

static bool is_special(const char *path, const struct stat *status)
{
	return !S_ISREG(status->st_mode) || g_str_has_prefix(path, "/dev/") ||
	       g_str_has_prefix(path, "/proc/");
}

int hw_output_open(struct hw_output *output, const char *path)
{
	struct stat status;
	const bool exists = stat(path, &status) == 0;
	const bool link = lstat(path, &status) == 0 && S_ISLNK(status.st_mode);

	*output = (struct hw_output){ .descriptor = -1 };
	/* A link that leads nowhere makes a file where it leads to. */
	if (exists ? stat(path, &status) == 0 && is_special(path, &status) : link) {
		output->target = g_strdup(path);
		output->descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		return output->descriptor >= 0 ? 0 : errno;
	}
	char *real = link ? realpath(path, NULL) : NULL;
	output->target = g_strdup(real != NULL ? real : path);
	free(real);
	return open_part(output);
}

int hw_output_close(struct hw_output *output, int failure)
{
	/* The lock lasts as long as one of two descriptors; closing the other one tells whether
	 * all was written. */
	const int lock_descriptor = output->part != NULL ? dup(output->descriptor) : -1;

	if (output->descriptor >= 0 && close(output->descriptor) != 0 && failure == 0)
		failure = errno;
	if (output->part != NULL && failure == 0 && g_rename(output->part, output->target) != 0)
		failure = errno;
	if (output->part != NULL && failure != 0)
		(void)g_unlink(output->part);
	if (lock_descriptor >= 0)
		close(lock_descriptor);
	g_free(output->part);
	g_free(output->target);
	*output = (struct hw_output){ .descriptor = -1 };
	return failure;
}

void hw_output_abandon(void)
{
	char link[64], name[4096];
	const long most = MIN(sysconf(_SC_OPEN_MAX), 4096);

	for (int descriptor = 0; descriptor < most; descriptor++) {
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
		const ssize_t length = readlink(link, name, sizeof(name) - 1);
		if (length < 0)
			continue;
		name[length] = '\0';
		const char *mark = g_strrstr(name, PART_MARK);
		const size_t mark_length = strlen(PART_MARK);
		if (mark != NULL && strchr(mark, '/') == NULL && mark[mark_length] != '\0' &&
		    strspn(mark + mark_length, "0123456789") == strlen(mark + mark_length))
			(void)unlink(name);
	}
}
