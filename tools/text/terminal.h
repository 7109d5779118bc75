/* What the terminal is like that the output goes to. */
#ifndef TOOLS_TEXT_TERMINAL_H
#define TOOLS_TEXT_TERMINAL_H

/*
 * Characters in a line: the environment's COLUMNS, else what the terminal at the standard output
 * says, else 80. At least 40: below, tables could not be read anyway.
 */
unsigned terminal_columns(void);

#endif
