/*
 * Walks over a command line piece by piece: operands and options in the order typed. For command.c
 * only.
 *
 * getopt_long() splits it; here its taste for abbreviations, its permuting of argv and its
 * obedience to POSIXLY_CORRECT are undone. It has one state a process: end one walk before another
 * begins.
 */
#ifndef POSTIGO_CLI_COMMAND_SCAN_H
#define POSTIGO_CLI_COMMAND_SCAN_H

#include "cli/command.h"

#include <getopt.h>

enum scan_kind {
	SCAN_END,
	SCAN_OPERAND,
	SCAN_OPTION,
	SCAN_UNKNOWN,
	SCAN_ABBREVIATED,
	SCAN_ARGUMENT_MISSING,
	SCAN_ARGUMENT_UNWANTED,
	SCAN_REPEATED, /* the parser's own finding */
};

struct scan_item {
	enum scan_kind kind;
	const struct command_option *option; /* NULL for an operand and for an unknown option */
	size_t index;     /* below GLOBAL_OPTION_COUNT: global, else the command's */
	const char *text; /* the operand; the value, "" for a switch; a bad option as typed */
};

struct command_scan {
	int argc;
	char *const *argv;
	struct arena *arena;
	struct command_option *table; /* the global ones, then the command's */
	size_t count;
	struct option *options; /* the same for getopt_long() */
	char *letters;
	bool operands_only; /* behind "--" */
};

/* Starts a walk that knows the global options and those of `command` (NULL = none). argv is
 * borrowed. */
void command_scan_begin(struct command_scan *scan, const struct command *command, int argc,
	char *const argv[], struct arena *arena);

/* The next piece; SCAN_END at the end, again and again. */
struct scan_item command_scan_next(struct command_scan *scan);

#endif
