#include "traces/node_names.h"

/* Nor the space before them. */
static char *without_digits(const char *name)
{
	GString *rest = g_string_new(NULL);
	for (const char *c = name; *c; c++) {
		if (!g_ascii_isdigit(*c))
			g_string_append_c(rest, *c);
		else if (c > name && c[-1] == ' ')
			g_string_truncate(rest, rest->len - 1);
	}
	return g_string_free(rest, FALSE);
}

/* a, b, ..., z, aa, ab, ... */
static char *letters(unsigned index)
{
	GString *text = g_string_new(NULL);
	for (unsigned rest = index + 1; rest > 0; rest = (rest - 1) / 26)
		g_string_prepend_c(text, (char)('a' + (rest - 1) % 26));
	return g_string_free(text, FALSE);
}

/* The names without digits, and how many nodes have each. */
static GHashTable *count_alike(const struct tl_timeline *timeline)
{
	GHashTable *alike = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint n = 0; n < timeline->nodes->len; n++) {
		char *key = without_digits(g_ptr_array_index(timeline->nodes, n));
		guint count = GPOINTER_TO_UINT(g_hash_table_lookup(alike, key));
		g_hash_table_insert(alike, key, GUINT_TO_POINTER(count + 1));
	}
	return alike;
}

/* The name with the first letters from `next` on that no other node's name comes to. */
static char *lettered(const char *name, const char *key, GHashTable *alike, guint *next)
{
	for (;; ++*next) {
		g_autofree char *letter = letters(*next);
		g_autofree char *whole = g_strdup_printf("%s %s", key, letter);
		if (g_hash_table_contains(alike, whole))
			continue;
		++*next;
		return g_strdup_printf("%s %s", name, letter);
	}
}

GPtrArray *trace_node_names(const struct tl_timeline *timeline)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) alike = count_alike(timeline);
	g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint n = 0; n < timeline->nodes->len; n++) {
		const char *name = g_ptr_array_index(timeline->nodes, n);
		char *key = without_digits(name);
		guint next = GPOINTER_TO_UINT(g_hash_table_lookup(used, key));
		bool alone = GPOINTER_TO_UINT(g_hash_table_lookup(alike, key)) == 1;
		g_ptr_array_add(names, alone ? g_strdup(name) : lettered(name, key, alike, &next));
		g_hash_table_insert(used, key, GUINT_TO_POINTER(next));
	}
	return names;
}
