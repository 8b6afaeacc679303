/*
 * Texts made from a program's command table when it is built: completion scripts for shells, and the part of the manual page that lists commands and options.
 *
 * All of them are English, whatever the locale: they are files that are installed.
 */
#ifndef POSTIGO_CLI_COMPLETION_H
#define POSTIGO_CLI_COMPLETION_H

#include "base/strbuf.h"
#include "cli/command.h"

/* What a word of the command line stands for. */
enum word_kind {
	WORD_ANY,    /* nothing can be offered */
	WORD_USER,   /* a login name */
	WORD_FILE,
	WORD_CHOICE, /* one of the words that its name consists of: "csv|json" */
};

/* The kind of what an option or an operand is called in help, such as "ID|USER..."; `length` bytes of `name`. */
enum word_kind completion_kind(const char *name, size_t length);

/* The kinds of a command's first and of all further operands. */
void completion_operands(const struct command *command, enum word_kind *ret_first, enum word_kind *ret_rest);

/* Appends the script for bash; it needs no other script. */
void completion_bash(const struct command_program *program, struct strbuf *text);

/* Appends the script for zsh, a file "_NAME" for fpath. */
void completion_zsh(const struct command_program *program, struct strbuf *text);

/* Appends the script for fish. */
void completion_fish(const struct command_program *program, struct strbuf *text);

/* Appends the sections COMMANDS and OPTIONS in mdoc(7). */
void completion_mdoc(const struct command_program *program, struct strbuf *text);

/* Appends the text that is called `format`: bash, zsh, fish or mdoc. Fails with usage. */
must_check bool completion_print(const struct command_program *program, const char *format, struct strbuf *text, struct error *err);

/* The body of the hidden command "__dump": prints the text that its operand calls for on stdout. Returns the exit code. */
int completion_run(struct output *output, const struct command_line *line);

#endif
