#include "traces/text.h"

#include <errno.h>
#include <zlib.h>

GString *trace_read_text(const char *path, GError **error)
{
	GString *text = g_string_new(NULL);
	char buffer[65536];
	int count = -1;
	errno = 0;
	gzFile file = gzopen(path, "rb");
	while (file && (count = gzread(file, buffer, sizeof buffer)) > 0)
		g_string_append_len(text, buffer, count);
	int failure = errno;
	if (file && gzclose(file) != Z_OK)
		count = -1;
	if (count == 0)
		return text;
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(failure),
	            "%s: cannot read: %s", path,
	            failure ? g_strerror(failure) : "it is not compressed as it says");
	g_string_free(text, TRUE);
	return NULL;
}
