/* Invariant: the copy is UTF-8 and one line. */
#include "tools/text/printable.h"

bool printable_as_is(gunichar c)
{
	if ((c & 0xFFFE) ==
	    0xFFFE) /* no characters, says Unicode; XML has no place for two of them */
		return false;
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return false;
	default:
		return true;
	}
}

static void append_escaped(GString *out, gunichar c)
{
	if (c == '\n' || c == '\t' || c == '\r')
		g_string_append_printf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else if (c < 0x80)
		g_string_append_printf(out, "\\x%02x", c);
	else
		g_string_append_printf(out, "\\u{%x}", c);
}

char *printable(const char *text)
{
	GString *out = g_string_new(NULL);
	while (*text) {
		gunichar c = g_utf8_get_char_validated(text, -1);
		if (c >= (gunichar)-2) { /* no character begins here, or it is cut short */
			g_string_append_printf(out, "\\x%02x", (unsigned char)*text++);
			continue;
		}
		if (printable_as_is(c))
			g_string_append_unichar(out, c);
		else
			append_escaped(out, c);
		text = g_utf8_next_char(text);
	}
	return g_string_free(out, FALSE);
}
