/*
 * JSON reading shared by all description files: every getter knows where it is,
 * so that an error names file, JSON path, value and what is allowed:
 *
 *   hw/x.json: $.nop.link_GBps: must be > 0, got -1
 *
 * A struct hw_json is a small value (copy it freely); the tree is owned by the
 * struct hw_json_file. The first error wins: once `*error` is set the getters
 * return 0 / NULL / an empty node without looking, so a reader can fetch
 * a whole object and check once.
 */
#ifndef HW_BASE_JSON_H
#define HW_BASE_JSON_H

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HW_JSON_ERROR (g_quark_from_static_string("hw-json-error"))
enum hw_json_error {
	HW_JSON_ERROR_READ,
	HW_JSON_ERROR_SYNTAX,
	HW_JSON_ERROR_VALUE,
	HW_JSON_ERROR_WRITE
};

struct hw_json_file {
	char *origin; /* file name for messages */
	cJSON *root;
	GHashTable *long_lists; /* array or object -> its elements, which cJSON only chains */
};

struct hw_json {
	const struct hw_json_file *file;
	const cJSON *item; /* NULL after an error */
	char path[200];    /* "$.nop.link_GBps" */
};

/*
 * Read a file; errors carry line and column of a syntax error. A key that
 * appears twice in one object is an error. Free with hw_json_close.
 */
struct hw_json_file *hw_json_open(const char *path, GError **error);
struct hw_json_file *hw_json_parse(const char *text, const char *origin, GError **error);
void hw_json_close(struct hw_json_file *file);

/*
 * Replace one existing scalar: "grid.columns=16", "dram.channels[0].GBps=50".
 * The new value must have the type of the old one (number, bool, string; a
 * string is written without quotes). Errors name file and assignment.
 */
bool hw_json_override(struct hw_json_file *file, const char *assignment, GError **error);

struct hw_json hw_json_root(const struct hw_json_file *file);
bool hw_json_has(struct hw_json node, const char *key);
struct hw_json hw_json_get(struct hw_json node, const char *key, GError **error); /* required */
/* Element of an array, or member of an object in file order; empty past the end. */
struct hw_json hw_json_at(struct hw_json node, unsigned index);
unsigned hw_json_size(struct hw_json node); /* of an array or object, else 0 */
/* A member's own key, owned by the file; NULL for an element, the root or an empty node. */
const char *hw_json_key(struct hw_json node);

/* Only these keys are allowed and node must be an object (NULL-terminated list). */
bool hw_json_keys(struct hw_json node, const char *const *allowed, GError **error);

bool hw_json_is_object(struct hw_json node, GError **error);
bool hw_json_is_array(struct hw_json node, GError **error);

/*
 * Typed values of a node. A positive number is > 0; numbers other than 0 must lie between these
 * two, beyond which no quantity is in its unit, so that products of a few stay finite. An integer
 * is never more than 2^53, whatever `max` says: JSON numbers are doubles.
 */
#define HW_JSON_SMALLEST 1e-15
#define HW_JSON_LARGEST 1e15
double hw_json_positive(struct hw_json node, GError **error);
double hw_json_non_negative(struct hw_json node, GError **error);
uint64_t hw_json_integer(struct hw_json node, uint64_t min, uint64_t max, GError **error);
bool hw_json_bool(struct hw_json node, GError **error);
const char *hw_json_string(struct hw_json node, GError **error); /* owned by the file */
/* Index of the string in a NULL-terminated list of names (not empty); the error lists them. */
unsigned hw_json_choice(struct hw_json node, const char *const *names, GError **error);

/* Set an error at a node: "FILE: PATH: " + message. */
void hw_json_fail(struct hw_json node, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/*
 * A preset's name or a path: names without '/' and without ".json" become
 * DIR/NAME.json if that exists, else a file of exactly that name; the error
 * for a name that is neither lists the presets there, `what` says of what
 * ("package"). Caller frees.
 */
char *hw_json_locate(const char *path_or_preset, const char *dir, const char *what, GError **error);

/* The presets of a directory, sorted: "a, b, c"; "none" if there are none. Caller frees. */
char *hw_preset_names(const char *dir);

/* Write text to PATH, which is never half written (hw/base/output.h). */
bool hw_write_file(const char *path, const char *text, size_t length, GError **error);

#endif
