/* Text of a file that may be compressed (gzip). */
#ifndef TRACES_TEXT_H
#define TRACES_TEXT_H

#include <glib.h>

/* NULL and a G_FILE_ERROR "PATH: cannot read: reason" on failure. */
GString *trace_read_text(const char *path, GError **error);

#endif
