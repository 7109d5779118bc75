/* Invariant: what is not a width that a terminal can have counts as not said. */
#include "tools/text/terminal.h"

#include <glib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LEAST = 40, USUAL = 80, MOST = 10000 };

unsigned terminal_columns(void)
{
	const char *said = g_getenv("COLUMNS");
	guint64 columns = 0;
	struct winsize size;
	if (said && g_ascii_string_to_unsigned(said, 10, 1, MOST, &columns, NULL))
		return (unsigned)MAX(columns, LEAST);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return (unsigned)MAX(size.ws_col, LEAST);
	return USUAL;
}
