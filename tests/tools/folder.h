/* A folder of the test's own, and what the program left there. */
#ifndef TESTS_TOOLS_FOLDER_H
#define TESTS_TOOLS_FOLDER_H

#include <cjson/cJSON.h>

#include "tests/tools/program.h"

static char *folder;

/* A checked fixture. */
static inline void setup(void)
{
	folder = g_dir_make_tmp("mcmsim-XXXXXX", NULL);
	ck_assert_ptr_nonnull(folder);
}

static inline void teardown(void)
{
	remove_all(folder);
	g_free(folder);
}

/* Makes folders of the name as well. */
static inline void write_text(const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);
	ck_assert_int_eq(g_mkdir_with_parents(parent, 0777), 0);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

/* A value of parsed JSON by its path: "error_percent.training.after.mean", "rows.0.name". */
static inline const cJSON *at(const cJSON *root, const char *path)
{
	g_auto(GStrv) keys = g_strsplit(path, ".", -1);
	for (unsigned i = 0; keys[i]; i++) {
		root = cJSON_IsArray(root) ? cJSON_GetArrayItem(root, atoi(keys[i]))
		                           : cJSON_GetObjectItemCaseSensitive(root, keys[i]);
		ck_assert_msg(root != NULL, "no %s of %s", keys[i], path);
	}
	return root;
}

static inline double number_at(const cJSON *root, const char *path)
{
	const cJSON *item = at(root, path);
	ck_assert_msg(cJSON_IsNumber(item), "%s is no number", path);
	return item->valuedouble;
}

#endif
