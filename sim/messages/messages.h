/*
 * Message lists: what is sent when on the NoP, apart from any mapping. The
 * reader lives here and not in search/, because what a list means (when a
 * message starts) is a matter of execution; sim/messages/replay.h runs it.
 *
 * A list is CSV with a header. Columns, in any order: `src`, `dst` (chiplets,
 * row-major), `bytes` (whole; 0: a synchronisation), and, where there is something to say,
 * `start` (ns, earliest time), `dep` (rows, counted from 0 below the header and
 * joined by ';', that must have arrived), `tag` (a name that groups messages). A
 * value left out is 0, none and "0".
 *
 * Errors name file, line, column and value, and say what is allowed; those of the CSV itself
 * (hw/base/csv.h) are in HW_CSV_ERROR.
 */
#ifndef SIM_MESSAGES_MESSAGES_H
#define SIM_MESSAGES_MESSAGES_H

#include "hw/package.h"

#include <glib.h>
#include <stdint.h>

#define SIM_MESSAGES_ERROR (g_quark_from_static_string("sim-messages-error"))
enum sim_messages_error { SIM_MESSAGES_ERROR_FORMAT = 1 };

struct sim_message {
	unsigned src, dst; /* chiplets, different */
	double bytes;
	double start_ns;
	uint32_t first_dep, dep_count; /* in deps: ascending, each once */
	uint32_t depth;                /* longest chain of dependencies behind it; 0: it has none */
	uint32_t tag;                  /* in tags */
	uint32_t line;                 /* of the file, from 1 */
};

struct sim_messages {
	struct sim_message *at;
	uint32_t count;
	uint32_t *deps;  /* indices of messages; no cycles */
	GPtrArray *tags; /* char *, in order of first use */
};

/* NULL and `error` on failure. Free with sim_messages_free. */
struct sim_messages *sim_messages_read(const char *path, const struct hw_package *package,
                                       GError **error);
/* The same from text; `origin` names it in messages. */
struct sim_messages *sim_messages_parse(const char *text, const char *origin,
                                        const struct hw_package *package, GError **error);
void sim_messages_free(struct sim_messages *messages); /* NULL is allowed */

#endif
