/*
 * Invariant: used <= TRACE_BUFFER_SIZE, and after the first failure nothing more is written.
 *
 * What may have to be compressed is kept in memory until it is known to be small or large.
 */
#include "traces/output.h"

#include "hw/base/output.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define MAX_DECIMALS 9
#define GZIP_LEVEL 6  /* a tenth smaller than level 4 */
#define GZIP_BITS 31  /* window of 32 KiB, with the header of gzip */
#define GZIP_MEMORY 9 /* the most */

struct trace_output {
	char *path;
	GByteArray *held; /* of what may stay small; NULL: goes to the file */
	struct hw_output file;
	z_stream gzip;
	bool either; /* PATH or PATH.gz, by size */
	bool compressed;
	int failure; /* errno of the first error, 0: none */
	size_t used;
	char buffer[TRACE_BUFFER_SIZE];
};

static const int64_t powers[MAX_DECIMALS + 1] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
};

static void write_all(struct trace_output *output, const void *bytes, size_t count)
{
	size_t done = 0;
	while (done < count && output->failure == 0) {
		ssize_t written = write(output->file.descriptor, (const char *)bytes + done,
		                        count - done);
		if (written >= 0)
			done += (size_t)written;
		else if (errno != EINTR)
			output->failure = errno;
	}
}

static void compress_all(struct trace_output *output, const void *bytes, size_t count, int flush)
{
	unsigned char out[65536];
	output->gzip.next_in = (unsigned char *)(uintptr_t)bytes;
	output->gzip.avail_in = (uInt)count;
	do {
		output->gzip.next_out = out;
		output->gzip.avail_out = sizeof out;
		deflate(&output->gzip, flush);
		write_all(output, out, sizeof out - output->gzip.avail_out);
	} while (output->gzip.avail_out == 0 && output->failure == 0);
}

static void send(struct trace_output *output, const void *bytes, size_t count)
{
	if (output->compressed)
		compress_all(output, bytes, count, Z_NO_FLUSH);
	else
		write_all(output, bytes, count);
}

static void open_file(struct trace_output *output, bool compressed)
{
	output->compressed = compressed;
	output->gzip = (z_stream){ 0 };
	output->failure = hw_output_open(&output->file, output->path);
	if (compressed && deflateInit2(&output->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_BITS,
	                               GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		output->failure = ENOMEM;
	if (output->held)
		send(output, output->held->data, output->held->len);
	g_clear_pointer(&output->held, g_byte_array_unref);
}

struct trace_output *trace_open(const char *path, const struct trace_options *options)
{
	struct trace_output *output = g_malloc(sizeof *output);
	output->path = g_strdup(path);
	output->used = 0;
	output->either = options && options->gzip_large;
	output->held = output->either ? g_byte_array_new() : NULL;
	if (!output->either)
		open_file(output, g_str_has_suffix(path, ".gz"));
	return output;
}

/* Large enough to be compressed: under another name. */
static void become_large(struct trace_output *output)
{
	char *path = g_strconcat(output->path, ".gz", NULL);
	g_free(output->path);
	output->path = path;
	open_file(output, true);
}

static void flush(struct trace_output *output)
{
	if (output->held)
		g_byte_array_append(output->held, (guint8 *)output->buffer, (guint)output->used);
	else
		send(output, output->buffer, output->used);
	output->used = 0;
	if (output->held && output->held->len > TRACE_LARGE)
		become_large(output);
}

/* What an earlier run may have left under the other name. */
static void remove_other(const struct trace_output *output)
{
	g_autofree char *other = g_str_has_suffix(output->path, ".gz")
	                                 ? g_strndup(output->path, strlen(output->path) - 3)
	                                 : g_strconcat(output->path, ".gz", NULL);
	if (g_file_test(other, G_FILE_TEST_IS_REGULAR))
		g_unlink(other);
}

bool trace_close(struct trace_output *output, GError **error)
{
	flush(output);
	if (output->held)
		open_file(output, false);
	if (output->compressed) {
		compress_all(output, NULL, 0, Z_FINISH);
		deflateEnd(&output->gzip);
	}
	const int failure = hw_output_close(&output->file, output->failure);
	if (failure != 0)
		g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(failure),
		            "%s: cannot write: %s", output->path, g_strerror(failure));
	else if (output->either)
		remove_other(output);
	g_free(output->path);
	g_free(output);
	return failure == 0;
}

void trace_put_bytes(struct trace_output *output, const char *text, size_t length)
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
	trace_put_bytes(output, text, strlen(text));
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
	trace_put_bytes(output, at, (size_t)(end - at));
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
