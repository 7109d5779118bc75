/*
 * A file being written by a trace format: buffered, with fast number formatting
 * that does not know the locale.
 *
 * The file appears whole or not at all (hw/base/output.h). Errors stick: the putters may be
 * called without looking, trace_close reports the first one ("PATH: cannot write: reason").
 *
 * A file whose path ends in ".gz" is compressed; with options->gzip_large a large one becomes
 * PATH.gz, and of PATH and PATH.gz only the one just written is there afterwards.
 */
#ifndef TRACES_OUTPUT_H
#define TRACES_OUTPUT_H

#include "traces/format.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_BUFFER_SIZE (1 << 20)
#define TRACE_LARGE (10 << 20) /* bytes; larger ones are compressed */

struct trace_output;

/* Never fails (see above). Free with trace_close. */
struct trace_output *trace_open(const char *path, const struct trace_options *options);
bool trace_close(struct trace_output *output, GError **error);

void trace_put(struct trace_output *output, const char *text);
void trace_put_bytes(struct trace_output *output, const char *text, size_t length);
void trace_put_integer(struct trace_output *output, int64_t value);

/* value / 10^decimals, without trailing zeros: (12500, 3) is 12.5. */
void trace_put_fixed(struct trace_output *output, int64_t value, unsigned decimals);

/* Integers exactly, others rounded to `decimals` places; not finite ones as 0. */
void trace_put_number(struct trace_output *output, double value, unsigned decimals);

#endif
