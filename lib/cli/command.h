/*
 * Command lines from tables: parsing, help, usage errors and "did you mean" come from one static description a program.
 *
 * A command is one word ("pending") or a noun and a verb ("member list"). Global options stand anywhere on the line; a command's own options behind its
 * words. Abbreviated options are refused, "--" ends options.
 */
#ifndef POSTIGO_CLI_COMMAND_H
#define POSTIGO_CLI_COMMAND_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "cli/output.h"

#include <stdbool.h>
#include <stddef.h>

struct command_option {
	const char *name;     /* without "--" */
	char letter;	      /* 0 = none */
	const char *argument; /* its name in help, such as "TEXT"; NULL = a switch */
	const char *help;     /* one line, N_() */
	bool repeatable;      /* several values are collected; else a second one is a usage error */
};

struct command_line; /* what the parser found */

struct command {
	const char *words;    /* "pending", "member list" */
	const char *operands; /* as in help: "ID|USER...", "" = none */
	size_t operands_min;
	size_t operands_max;  /* SIZE_MAX = any */
	const char *help;     /* one line, N_() */
	const char *details;  /* more lines for "help COMMAND", N_(), or NULL */
	const struct command_option *options;
	size_t option_count;
	const char *const *examples; /* command lines, NULL-terminated; the tests parse each */
	bool needs_root;
	bool hidden;
	int (*run)(void *context, const struct command_line *line); /* returns the exit code */
};

struct command_program {
	const char *name;    /* "postigo-admin": never argv[0] */
	const char *summary; /* one line, N_() */
	const char *manual;  /* "postigo-admin(8)" */
	const struct command *commands;
	size_t command_count;
	const char *default_command; /* run when no word is given; NULL = help */
};

/* Values of the global options, which every program of the house has. */
struct command_globals {
	bool json;
	bool json_lines;
	bool plain;
	bool quiet;
	bool no_color;
	bool yes;
	const char *config; /* --config FILE or NULL */
};

struct command_line {
	const struct command_program *program;
	const struct command *command;
	struct command_globals globals;
	struct string_list operands;
	const char **values; /* one for each of the command's options: NULL = not given; switches: "" */
	struct string_list *lists; /* one for each option: all values of a repeatable one */
	bool help; /* -h, --help: the frontend calls command_help() instead of running */
};

/*
 * Parses `argv`. Everything lives in `arena` or borrows argv. Fails with usage; err.fix names the command to type. A missing command with no default gives
 * ret_line->help with command NULL. -V, --version is parsed as the command "version", "help WORDS" and --help as .help. After a
 * failure ret_line->globals holds what was recognised, so that --json decides how the complaint looks; the rest is empty or half done.
 */
must_check bool command_parse(const struct command_program *program, int argc, char *const argv[], struct arena *arena,
	struct command_line *ret_line, struct error *err);

/* The value of option `name` of the parsed command, NULL when it was not given; "" for a switch that was. Aborts for a name that is not in the table. */
const char *command_value(const struct command_line *line, const char *name);

/* All values of a repeatable option; empty when it was not given. */
const struct string_list *command_values(const struct command_line *line, const char *name);

/* Whether a switch was given. */
bool command_has(const struct command_line *line, const char *name);

/* Prints help for the whole program (line->command NULL) or for one command, at most 80 columns. */
void command_help(const struct command_line *line, struct output *output);

#endif
