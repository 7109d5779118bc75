/* A command line as it may be typed again. */
#ifndef TOOLS_INPUT_COMMAND_LINE_H
#define TOOLS_INPUT_COMMAND_LINE_H

/* "mcmsim NAME WORD...", quoted for a shell where a word needs it, without --jobs, --out and
 * --quiet, which change no figure. Caller frees. */
char *command_line(const char *name, int argc, char **argv);

#endif
