/*
 * Invariant: an override either replaces one existing scalar by another of the
 * same type or changes nothing.
 */
#include "hw/base/json.h"

#include <math.h>
#include <string.h>

static void fail(const struct hw_json_file *file, const char *assignment, GError **error,
                 const char *format, ...) G_GNUC_PRINTF(4, 5);

static void fail(const struct hw_json_file *file, const char *assignment, GError **error,
                 const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, HW_JSON_ERROR, HW_JSON_ERROR_VALUE, "%s: cannot set \"%s\": %s",
	            file->origin, assignment, message);
}

/* What there is below a node: `it has "rows", "columns"`. */
static char *members_text(const cJSON *parent)
{
	if (cJSON_IsArray(parent))
		return g_strdup_printf("it has %d elements", cJSON_GetArraySize(parent));
	if (!cJSON_IsObject(parent))
		return g_strdup("it has no members");

	GString *text = g_string_new("it has ");
	for (const cJSON *item = parent->child; item != NULL; item = item->next)
		g_string_append_printf(text, "%s\"%s\"", item != parent->child ? ", " : "",
		                       item->string);
	return g_string_free(text, FALSE);
}

/*
 * Length of the path's first step: ".key" (the dot is optional at the start)
 * or "[12]"; 0 if it is neither.
 */
static size_t step_length(const char *path, bool first)
{
	if (*path == '[') {
		const size_t digits = strspn(path + 1, "0123456789");
		return digits > 0 && digits < 10 && path[1 + digits] == ']' ? digits + 2 : 0;
	}
	const size_t dot = *path == '.' ? 1 : 0;
	const size_t key = strcspn(path + dot, ".[]");
	return key > 0 && (dot == 1 || first) ? dot + key : 0;
}

static cJSON *step_into(cJSON *parent, const char *step, size_t length)
{
	if (*step == '[')
		return cJSON_IsArray(parent)
		               ? cJSON_GetArrayItem(parent,
		                                    (int)g_ascii_strtoll(step + 1, NULL, 10))
		               : NULL;
	const size_t dot = *step == '.' ? 1 : 0;
	g_autofree char *key = g_strndup(step + dot, length - dot);
	return cJSON_GetObjectItemCaseSensitive(parent, key);
}

static cJSON *find(const struct hw_json_file *file, const char *assignment, const char *path,
                   GError **error)
{
	cJSON *item = file->root;
	const char *start = path[0] == '$' && strchr(".[", path[1]) != NULL ? path + 1 : path;

	for (const char *at = start; *at != '\0' || at == start;) {
		const size_t length = step_length(at, at == start);
		if (length == 0) {
			fail(file, assignment, error,
			     "a path looks like \"grid.columns\" or \"dram.channels[0].GBps\"");
			return NULL;
		}
		cJSON *next = step_into(item, at, length);
		if (next == NULL) {
			g_autofree char *known = members_text(item);
			g_autofree char *parent = g_strndup(start, (size_t)(at - start));
			const char *joint = *parent == '\0' || *parent == '[' || *parent == '.'
			                            ? ""
			                            : ".";
			g_autofree char *missing = g_strndup(start, (size_t)(at - start) + length);
			fail(file, assignment, error, "no \"%s\" in the file; $%s%s: %s", missing,
			     joint, parent, known);
			return NULL;
		}
		item = next;
		at += length;
	}
	return item;
}

static bool set_number(cJSON *item, const char *text)
{
	char *end;
	const double value = g_ascii_strtod(text, &end);

	/* strtod alone also takes "inf", hexadecimal and leading blanks. */
	if (*text == '\0' || strspn(text, "0123456789+-.eE") != strlen(text) || *end != '\0' ||
	    !isfinite(value))
		return false;
	cJSON_SetNumberValue(item, value);
	return true;
}

static bool set_bool(cJSON *item, const char *text)
{
	const bool value = strcmp(text, "true") == 0;

	if (!value && strcmp(text, "false") != 0)
		return false;
	item->type = (item->type & ~(cJSON_True | cJSON_False)) |
	             (value ? cJSON_True : cJSON_False);
	return true;
}

bool hw_json_override(struct hw_json_file *file, const char *assignment, GError **error)
{
	const char *equals = strchr(assignment, '=');

	if (equals == NULL) {
		fail(file, assignment, error, "must be PATH=VALUE");
		return false;
	}
	g_autofree char *path = g_strndup(assignment, (size_t)(equals - assignment));
	const char *text = equals + 1;
	cJSON *item = find(file, assignment, path, error);
	if (item == NULL)
		return false;
	if (cJSON_IsNumber(item)) {
		if (set_number(item, text))
			return true;
		fail(file, assignment, error, "%s is a number, got \"%s\"", path, text);
	} else if (cJSON_IsBool(item)) {
		if (set_bool(item, text))
			return true;
		fail(file, assignment, error, "%s is true or false, got \"%s\"", path, text);
	} else if (cJSON_IsString(item)) {
		if (g_utf8_validate(text, -1, NULL) && cJSON_SetValuestring(item, text) != NULL)
			return true;
		fail(file, assignment, error, "%s is a string, the value is not valid UTF-8", path);
	} else {
		fail(file, assignment, error, "%s is not a single value; %s", path,
		     cJSON_IsNull(item) ? "it is null" : "name a value inside it");
	}
	return false;
}
