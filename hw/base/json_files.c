/* Where description files are; texts written to files. */
#include "hw/base/json.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hw/base/output.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *hw_preset_names(const char *dir)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);

	for (const char *name; entries != NULL && (name = g_dir_read_name(entries)) != NULL;) {
		if (g_str_has_suffix(name, ".json"))
			g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".json")));
	}
	if (names->len == 0)
		return g_strdup("none");
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(", ", (char **)names->pdata);
}

char *hw_json_locate(const char *path_or_preset, const char *dir, const char *what, GError **error)
{
	if (strchr(path_or_preset, '/') != NULL || g_str_has_suffix(path_or_preset, ".json"))
		return g_strdup(path_or_preset);

	g_autofree char *name = g_strconcat(path_or_preset, ".json", NULL);
	g_autofree char *preset = g_build_filename(dir, name, NULL);
	if (*path_or_preset != '\0' && g_file_test(preset, G_FILE_TEST_IS_REGULAR))
		return g_steal_pointer(&preset);
	if (g_file_test(path_or_preset, G_FILE_TEST_IS_REGULAR))
		return g_strdup(path_or_preset);

	g_autofree char *known = hw_preset_names(dir);
	g_set_error(error, HW_JSON_ERROR, HW_JSON_ERROR_READ,
	            "no %s \"%s\": neither a file nor a preset in %s; presets: %s", what,
	            path_or_preset, dir, known);
	return NULL;
}

static bool write_error(const char *path, int code, GError **error)
{
	g_set_error(error, HW_JSON_ERROR, HW_JSON_ERROR_WRITE, "%s: cannot write: %s", path,
	            g_strerror(code));
	return false;
}

/* Returns 0 or errno. */
static int write_all(int descriptor, const char *text, size_t length)
{
	while (length > 0) {
		const ssize_t written = write(descriptor, text, length);
		if (written < 0 && errno != EINTR)
			return errno;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return 0;
}

bool hw_write_file(const char *path, const char *text, size_t length, GError **error)
{
	struct hw_output output;
	int code = hw_output_open(&output, path);

	if (code == 0)
		code = write_all(output.descriptor, text, length);
	code = hw_output_close(&output, code);
	return code == 0 || write_error(path, code, error);
}
