/* Invariant: a line is begun for a word only if the one before it has a word already. */
#include "tools/text/wrap.h"

#include <stdbool.h>
#include <string.h>

static unsigned characters(const char *text, size_t bytes)
{
	return (unsigned)g_utf8_strlen(text, (gssize)bytes);
}

/* How much of the last line is written. */
static unsigned place_in_line(const GString *out)
{
	const char *end = strrchr(out->str, '\n');
	const char *line = end ? end + 1 : out->str;
	return characters(line, strlen(line));
}

/* The bytes up to the next blank at which a line may end. */
static size_t word_length(const char *text)
{
	size_t length = strcspn(text, " ");
	while (text[length] == ' ' && text[length + 1] == '%')
		length += 1 + strcspn(text + length + 1, " ");
	return length;
}

static void begin_line(GString *out, unsigned indent)
{
	g_string_append_printf(out, "\n%*s", (int)indent, "");
}

static void wrap_paragraph(GString *out, unsigned width, unsigned indent, const char *text)
{
	unsigned place = place_in_line(out);
	size_t blanks = strspn(text, " ");
	bool begun = place > indent; /* a word stands in the line */
	g_string_append_len(out, text, (gssize)blanks);
	place += (unsigned)blanks;
	text += blanks;
	while (*text) {
		const size_t length = word_length(text);
		const unsigned wide = characters(text, length);
		if (begun && width && place + wide > width) {
			while (out->len && out->str[out->len - 1] == ' ')
				g_string_truncate(out, out->len - 1);
			begin_line(out, indent);
			place = indent;
		}
		g_string_append_len(out, text, (gssize)length);
		place += wide;
		begun = true;
		text += length;
		blanks = strspn(text, " ");
		g_string_append_len(out, text, (gssize)blanks);
		place += (unsigned)blanks;
		text += blanks;
	}
}

void wrap_text(GString *out, unsigned width, unsigned indent, const char *text)
{
	g_auto(GStrv) paragraphs = g_strsplit(text, "\n", -1);
	for (unsigned i = 0; paragraphs[i]; i++) {
		if (i)
			g_string_append_c(out, '\n');
		wrap_paragraph(out, width, indent, paragraphs[i]);
	}
}

void wrap_printf(GString *out, unsigned width, unsigned indent, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	wrap_text(out, width, indent, text);
}

void wrap_command(GString *out, unsigned width, unsigned indent, const char *command)
{
	enum { DEEPER = 7, CUT = 2 }; /* " \" */
	unsigned place = indent;
	bool begun = false;
	g_string_append_printf(out, "%*s", (int)indent, "");
	while (*command) {
		const char *next = strstr(command + 1, " --");
		const size_t length = next ? (size_t)(next - command) : strlen(command);
		const unsigned wide = characters(command, length);
		if (begun && width && place + wide + (next ? CUT : 0) > width) {
			g_string_append(out, " \\");
			begin_line(out, indent + DEEPER);
			place = indent + DEEPER - 1; /* each part but the first has a blank first */
			g_string_truncate(out, out->len - 1);
		}
		g_string_append_len(out, command, (gssize)length);
		place += wide;
		begun = true;
		command += length;
	}
	g_string_append_c(out, '\n');
}
