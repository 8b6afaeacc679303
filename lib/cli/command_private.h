/* What the parser, its complaints and help share. Not for programs. */
#ifndef POSTIGO_CLI_COMMAND_PRIVATE_H
#define POSTIGO_CLI_COMMAND_PRIVATE_H

#include "cli/command.h"
#include "cli/command_scan.h"

enum global_option {
	GLOBAL_JSON,
	GLOBAL_JSON_LINES,
	GLOBAL_PLAIN,
	GLOBAL_QUIET,
	GLOBAL_NO_COLOR,
	GLOBAL_YES,
	GLOBAL_CONFIG,
	GLOBAL_HELP,
	GLOBAL_VERSION,
	GLOBAL_OPTION_COUNT,
};

/* The global options, by enum global_option. */
extern const struct command_option command_global_options[GLOBAL_OPTION_COUNT];

/* One parse in progress. */
struct command_parser {
	const struct command_program *program;
	int argc;
	char *const *argv;
	struct arena *arena;
	struct command_line *line;
	bool seen[GLOBAL_OPTION_COUNT];
	struct string_list leading; /* operands before the first option that is not global */
	bool faulty;
	struct scan_item fault; /* the first bad option of the walk */
};

/* The command of exactly these words, or NULL. */
const struct command *command_find(const struct command_program *program, const char *words);

/* The operands from `first` on as the words of a command, in the arena. */
const char *command_words_from(const struct command_parser *parser, size_t first);

/* What is left of "domain alias add" behind the group "domain alias", or "domain"; else NULL. */
const char *command_verb(const struct command *command, const char *group);

/* Whether some command's first of two words is `word`. */
bool command_is_group(const struct command_program *program, const char *word);

/* "postigo-admin approve ID|USER... [--sync] [--no-sync]", in the arena. */
const char *command_synopsis(const struct command_program *program, const struct command *command,
	struct arena *arena);

/* Complains that parser->leading names no command, from its operand `first` on. Returns false. */
bool command_refuse_words(const struct command_parser *parser, size_t first, struct error *err);

/* Complains about parser->fault. Returns false. */
bool command_refuse_option(const struct command_parser *parser, struct error *err);

/* Complains about too few or too many operands. True when there is nothing to complain about. */
must_check bool command_check_operands(const struct command_parser *parser, struct error *err);

#endif
