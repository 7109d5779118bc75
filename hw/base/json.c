/*
 * Invariant: a node with an item lies in its file's tree, and its path leads
 * there from the root. A node without an item is the trace of an error that
 * has been reported already, so no function complains about it again.
 */
#include "hw/base/json.h"

#include <math.h>
#include <string.h>

/* Doubles hold every integer up to here. */
#define LARGEST_INTEGER (UINT64_C(1) << 53)

/* Elements from which on a list is looked up by index instead of walked. */
#define LONG_LIST 16

static struct hw_json empty_node(struct hw_json parent)
{
	parent.item = NULL;
	return parent;
}

static struct hw_json member_node(struct hw_json parent, const cJSON *item)
{
	struct hw_json node = { .file = parent.file, .item = item };

	g_snprintf(node.path, sizeof(node.path), "%s.%s", parent.path, item->string);
	return node;
}

static struct hw_json element_node(struct hw_json parent, const cJSON *item, unsigned index)
{
	struct hw_json node = { .file = parent.file, .item = item };

	g_snprintf(node.path, sizeof(node.path), "%s[%u]", parent.path, index);
	return node;
}

static bool failed(struct hw_json node, GError **error)
{
	return node.item == NULL || (error != NULL && *error != NULL);
}

/* Reading and syntax */

static void set_syntax_error(const char *text, const char *at, const char *origin, GError **error)
{
	unsigned line = 1;
	const char *line_start = text;

	for (const char *c = text; c < at; c++) {
		if (*c == '\n') {
			line++;
			line_start = c + 1;
		}
	}
	long column = g_utf8_validate(line_start, at - line_start, NULL)
	                      ? g_utf8_strlen(line_start, at - line_start)
	                      : at - line_start;
	g_autofree char *near = g_strndup(at, strcspn(at, "\r\n") < 20 ? strcspn(at, "\r\n") : 20);
	g_autofree char *near_utf8 = g_utf8_make_valid(near, -1);

	if (*near == '\0')
		g_set_error(error, HW_JSON_ERROR, HW_JSON_ERROR_SYNTAX,
		            "%s:%u:%ld: JSON syntax error at the end of the %s", origin, line,
		            column + 1, *at == '\0' ? "text" : "line");
	else
		g_set_error(error, HW_JSON_ERROR, HW_JSON_ERROR_SYNTAX,
		            "%s:%u:%ld: JSON syntax error at: %s", origin, line, column + 1,
		            near_utf8);
}

/*
 * Where a member's name should start, cJSON reports the character after the
 * wrong one. Step back onto a character that may not follow ',' or '{'.
 */
static const char *wrong_character(const char *text, const char *at)
{
	const char *wrong = at - 1;
	const char *before = at - 2;

	while (before > text && g_ascii_isspace(*before))
		before--;
	if (before < text || *wrong == '\0' || g_ascii_isspace(*wrong))
		return at;
	if ((*before == '{' && *wrong != '}') ||
	    (*before == ',' && strchr("\"[{-0123456789tfn", *wrong) == NULL))
		return wrong;
	return at;
}

/* A reader asks a list of 20,000 layers for each of them: not by counting from the first. */
static void note_elements(struct hw_json node)
{
	const int size = cJSON_GetArraySize(node.item);
	if (size < LONG_LIST)
		return;
	GPtrArray *elements = g_ptr_array_sized_new((guint)size);
	for (cJSON *item = node.item->child; item != NULL; item = item->next)
		g_ptr_array_add(elements, item);
	g_hash_table_insert(node.file->long_lists, (gpointer)node.item, elements);
}

/* Of a file just parsed: no key twice in an object; long lists are noted on the way. */
static bool look_through(struct hw_json node, GError **error)
{
	g_autoptr(GHashTable) keys = cJSON_IsObject(node.item)
	                                     ? g_hash_table_new(g_str_hash, g_str_equal)
	                                     : NULL;
	unsigned index = 0;

	note_elements(node);
	for (const cJSON *item = node.item->child; item != NULL; item = item->next) {
		struct hw_json child = keys != NULL ? member_node(node, item)
		                                    : element_node(node, item, index++);
		if (keys != NULL && !g_hash_table_add(keys, item->string)) {
			hw_json_fail(child, error, "key appears twice in its object");
			return false;
		}
		if (item->child != NULL && !look_through(child, error))
			return false;
	}
	return true;
}

struct hw_json_file *hw_json_parse(const char *text, const char *origin, GError **error)
{
	const char *at = text;

	if (!g_utf8_validate(text, -1, &at)) {
		set_syntax_error(text, at, origin, error);
		return NULL;
	}
	cJSON *root = cJSON_ParseWithOpts(text, &at, true);
	if (root == NULL) {
		set_syntax_error(text, wrong_character(text, at), origin, error);
		return NULL;
	}
	struct hw_json_file *file = g_new0(struct hw_json_file, 1);
	file->origin = g_strdup(origin);
	file->root = root;
	file->long_lists = g_hash_table_new_full(NULL, NULL, NULL,
	                                         (GDestroyNotify)g_ptr_array_unref);
	if (!look_through(hw_json_root(file), error)) {
		hw_json_close(file);
		return NULL;
	}
	return file;
}

struct hw_json_file *hw_json_open(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;
	size_t length;

	if (!g_file_get_contents(path, &text, &length, &cause)) {
		/* GLib's text names the file once more, in front of the reason. */
		const char *reason = g_strrstr(cause->message, ": ");
		g_set_error(error, HW_JSON_ERROR, HW_JSON_ERROR_READ, "%s: cannot read: %s", path,
		            reason != NULL ? reason + 2 : cause->message);
		return NULL;
	}
	if (strlen(text) != length) {
		g_set_error(error, HW_JSON_ERROR, HW_JSON_ERROR_SYNTAX,
		            "%s: not JSON text: byte %zu is zero", path, strlen(text));
		return NULL;
	}
	return hw_json_parse(text, path, error);
}

void hw_json_close(struct hw_json_file *file)
{
	if (file == NULL)
		return;
	g_hash_table_destroy(file->long_lists);
	cJSON_Delete(file->root);
	g_free(file->origin);
	g_free(file);
}

/* Moving about */

struct hw_json hw_json_root(const struct hw_json_file *file)
{
	return (struct hw_json){ .file = file, .item = file->root, .path = "$" };
}

bool hw_json_has(struct hw_json node, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(node.item, key) != NULL;
}

struct hw_json hw_json_get(struct hw_json node, const char *key, GError **error)
{
	if (failed(node, error) || !hw_json_is_object(node, error))
		return empty_node(node);

	const cJSON *item = cJSON_GetObjectItemCaseSensitive(node.item, key);
	if (item == NULL) {
		hw_json_fail(node, error, "key \"%s\" is missing", key);
		return empty_node(node);
	}
	return member_node(node, item);
}

static const GPtrArray *long_list(struct hw_json node)
{
	return node.item != NULL ? g_hash_table_lookup(node.file->long_lists, node.item) : NULL;
}

struct hw_json hw_json_at(struct hw_json node, unsigned index)
{
	if (index >= hw_json_size(node))
		return empty_node(node);

	const GPtrArray *elements = long_list(node);
	const cJSON *item = elements != NULL ? g_ptr_array_index(elements, index)
	                                     : cJSON_GetArrayItem(node.item, (int)index);
	return cJSON_IsObject(node.item) ? member_node(node, item)
	                                 : element_node(node, item, index);
}

unsigned hw_json_size(struct hw_json node)
{
	const GPtrArray *elements = long_list(node);

	if (elements != NULL)
		return elements->len;
	return cJSON_IsObject(node.item) || cJSON_IsArray(node.item)
	               ? (unsigned)cJSON_GetArraySize(node.item)
	               : 0;
}

const char *hw_json_key(struct hw_json node)
{
	return node.item != NULL ? node.item->string : NULL;
}

/* Errors */

void hw_json_fail(struct hw_json node, GError **error, const char *format, ...)
{
	va_list arguments;

	if (failed(node, error))
		return;
	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, HW_JSON_ERROR, HW_JSON_ERROR_VALUE, "%s: %s: %s", node.file->origin,
	            node.path, message);
}

/* The shortest of 15 or 17 digits that reads back as the same number. */
static char *number_text(double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_formatd(text, sizeof(text), "%.15g", value);
	if (g_ascii_strtod(text, NULL) != value)
		g_ascii_formatd(text, sizeof(text), "%.17g", value);
	return g_strdup(text);
}

static char *value_text(const cJSON *item)
{
	if (cJSON_IsString(item))
		return g_strdup_printf("\"%s\"", item->valuestring);
	if (cJSON_IsNumber(item))
		return number_text(item->valuedouble);
	if (cJSON_IsBool(item))
		return g_strdup(cJSON_IsTrue(item) ? "true" : "false");
	return g_strdup(cJSON_IsObject(item)  ? "an object"
	                : cJSON_IsArray(item) ? "an array"
	                                      : "null");
}

static void must_be(struct hw_json node, const char *what, GError **error)
{
	g_autofree char *got = value_text(node.item);

	hw_json_fail(node, error, "must be %s, got %s", what, got);
}

static char *quoted_list(const char *const *names)
{
	GString *list = g_string_new(NULL);

	for (unsigned i = 0; names[i] != NULL; i++)
		g_string_append_printf(list, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
	return g_string_free(list, FALSE);
}

/* Checks and values */

bool hw_json_keys(struct hw_json node, const char *const *allowed, GError **error)
{
	if (failed(node, error) || !hw_json_is_object(node, error))
		return false;
	for (const cJSON *item = node.item->child; item != NULL; item = item->next) {
		if (!g_strv_contains(allowed, item->string)) {
			g_autofree char *list = quoted_list(allowed);
			hw_json_fail(member_node(node, item), error,
			             "unknown key; allowed here: %s", list);
			return false;
		}
	}
	return true;
}

bool hw_json_is_object(struct hw_json node, GError **error)
{
	if (failed(node, error))
		return false;
	if (!cJSON_IsObject(node.item))
		must_be(node, "an object", error);
	return cJSON_IsObject(node.item);
}

bool hw_json_is_array(struct hw_json node, GError **error)
{
	if (failed(node, error))
		return false;
	if (!cJSON_IsArray(node.item))
		must_be(node, "an array", error);
	return cJSON_IsArray(node.item);
}

static double finite_number(struct hw_json node, const char *range, bool zero_allowed,
                            GError **error)
{
	if (failed(node, error))
		return 0;

	const double value = node.item->valuedouble;
	if (!cJSON_IsNumber(node.item)) {
		g_autofree char *what = g_strdup_printf("a number %s", range);
		must_be(node, what, error);
		return 0;
	}
	if (!isfinite(value)) {
		must_be(node, "a finite number", error);
		return 0;
	}
	if (value < 0 || (value == 0 && !zero_allowed)) {
		must_be(node, range, error);
		return 0;
	}
	if (value != 0 && (value < HW_JSON_SMALLEST || value > HW_JSON_LARGEST)) {
		must_be(node, "between 1e-15 and 1e+15", error);
		return 0;
	}
	return value;
}

double hw_json_positive(struct hw_json node, GError **error)
{
	return finite_number(node, "> 0", false, error);
}

double hw_json_non_negative(struct hw_json node, GError **error)
{
	return finite_number(node, ">= 0", true, error);
}

uint64_t hw_json_integer(struct hw_json node, uint64_t min, uint64_t max, GError **error)
{
	if (failed(node, error))
		return 0;

	const double value = node.item->valuedouble;
	const uint64_t most = MIN(max, LARGEST_INTEGER);
	if (!cJSON_IsNumber(node.item) || !(value >= (double)min && value <= (double)most) ||
	    floor(value) < value) {
		g_autofree char *what = g_strdup_printf(
			"an integer from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, min, most);
		must_be(node, what, error);
		return 0;
	}
	return (uint64_t)value;
}

bool hw_json_bool(struct hw_json node, GError **error)
{
	if (failed(node, error))
		return false;
	if (!cJSON_IsBool(node.item))
		must_be(node, "true or false", error);
	return cJSON_IsTrue(node.item);
}

const char *hw_json_string(struct hw_json node, GError **error)
{
	if (failed(node, error))
		return NULL;
	if (!cJSON_IsString(node.item)) {
		must_be(node, "a string", error);
		return NULL;
	}
	return node.item->valuestring;
}

unsigned hw_json_choice(struct hw_json node, const char *const *names, GError **error)
{
	if (failed(node, error))
		return 0;
	for (unsigned i = 0; cJSON_IsString(node.item) && names[i] != NULL; i++) {
		if (strcmp(names[i], node.item->valuestring) == 0)
			return i;
	}
	g_autofree char *list = quoted_list(names);
	g_autofree char *what = g_strdup_printf(
		"%s%s", names[0] != NULL && names[1] != NULL ? "one of " : "", list);
	must_be(node, what, error);
	return 0;
}
