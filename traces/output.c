/*
 * Invariant: used <= TRACE_BUFFER_SIZE, and after the first failure nothing more is written.
 */
#include "traces/output.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define MAX_DECIMALS 9

static const int64_t powers[MAX_DECIMALS + 1] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
};

struct trace_output *trace_open(const char *path)
{
	struct trace_output *output = g_malloc(sizeof(*output));

	output->path = g_strdup(path);
	output->used = 0;
	output->failure = hw_output_open(&output->file, path);
	return output;
}

static void flush(struct trace_output *output)
{
	size_t done = 0;

	while (done < output->used && output->failure == 0) {
		ssize_t count = write(output->file.descriptor, output->buffer + done,
		                      output->used - done);

		if (count >= 0)
			done += (size_t)count;
		else if (errno != EINTR)
			output->failure = errno;
	}
	output->used = 0;
}

bool trace_close(struct trace_output *output, GError **error)
{
	flush(output);
	const int failure = hw_output_close(&output->file, output->failure);
	if (failure != 0)
		g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(failure),
		            "%s: cannot write: %s", output->path, g_strerror(failure));
	g_free(output->path);
	g_free(output);
	return failure == 0;
}

static void put_bytes(struct trace_output *output, const char *text, size_t length)
{
	while (length > 0) {
		size_t room = TRACE_BUFFER_SIZE - output->used;
		size_t count = MIN(room, length);

		memcpy(output->buffer + output->used, text, count);
		output->used += count;
		text += count;
		length -= count;
		if (output->used == TRACE_BUFFER_SIZE)
			flush(output);
	}
}

void trace_put(struct trace_output *output, const char *text)
{
	put_bytes(output, text, strlen(text));
}

void trace_put_fixed(struct trace_output *output, int64_t value, unsigned decimals)
{
	char text[32];
	char *end = text + sizeof(text), *at = end;
	uint64_t digits = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	g_assert(decimals <= MAX_DECIMALS);
	while (decimals > 0 && digits % 10 == 0) {
		digits /= 10;
		decimals--;
	}
	for (; decimals > 0; decimals--) {
		*--at = (char)('0' + digits % 10);
		digits /= 10;
		if (decimals == 1)
			*--at = '.';
	}
	do {
		*--at = (char)('0' + digits % 10);
		digits /= 10;
	} while (digits > 0);
	if (value < 0)
		*--at = '-';
	put_bytes(output, at, (size_t)(end - at));
}

void trace_put_integer(struct trace_output *output, int64_t value)
{
	trace_put_fixed(output, value, 0);
}

void trace_put_number(struct trace_output *output, double value, unsigned decimals)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	double scaled;

	g_assert(decimals <= MAX_DECIMALS);
	scaled = value * (double)powers[decimals];
	if (!isfinite(value)) {
		trace_put(output, "0");
	} else if (fabs(scaled) < 0x1p53) { /* every integer up to here is a double */
		trace_put_fixed(output, llround(scaled), decimals);
	} else {
		trace_put(output, g_ascii_formatd(text, sizeof(text), "%.17g", value));
	}
}
