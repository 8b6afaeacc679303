#include "cli/command_scan.h"

#include "cli/command_private.h"

#include <string.h>

#define LONG_OPTION 256 /* getopt's value of table[0]; below are letters */
#define IN_ORDER 1      /* getopt's value of an operand after a leading '-' in the letters */

static void fill_table(struct command_scan *scan, const struct command *command)
{
	size_t own = command ? command->option_count : 0;

	scan->count = GLOBAL_OPTION_COUNT + own;
	scan->table = arena_alloc_array(scan->arena, scan->count, sizeof(*scan->table));
	for (size_t i = 0; i < GLOBAL_OPTION_COUNT; i++)
		scan->table[i] = command_global_options[i];
	for (size_t i = 0; i < own; i++)
		scan->table[GLOBAL_OPTION_COUNT + i] = command->options[i];
}

void command_scan_begin(struct command_scan *scan, const struct command *command, int argc,
	char *const argv[], struct arena *arena)
{
	char *letter;

	*scan = (struct command_scan){.argc = argc, .argv = argv, .arena = arena};
	fill_table(scan, command);
	scan->options = arena_alloc_array(arena, scan->count + 1, sizeof(*scan->options));
	scan->letters = arena_alloc(arena, 2 * scan->count + 3);
	letter = scan->letters;
	*letter++ = '-';
	*letter++ = ':';
	for (size_t i = 0; i < scan->count; i++) {
		const struct command_option *option = &scan->table[i];

		scan->options[i].name = option->name;
		scan->options[i].has_arg = option->argument ? required_argument : no_argument;
		scan->options[i].val = LONG_OPTION + (int)i;
		if (option->letter)
			*letter++ = option->letter;
		if (option->letter && option->argument)
			*letter++ = ':';
	}
	optind = 0; /* glibc: start anew */
	opterr = 0;
}

static struct scan_item rest(const struct command_scan *scan)
{
	struct scan_item item = {.kind = SCAN_END};

	if (optind >= scan->argc)
		return item;
	item.kind = SCAN_OPERAND;
	item.text = scan->argv[optind++];
	return item;
}

/* The table's index of a letter or of a long option's value; scan->count when there is none. */
static size_t index_of(const struct command_scan *scan, int value)
{
	if (value >= LONG_OPTION)
		return (size_t)(value - LONG_OPTION);
	for (size_t i = 0; i < scan->count; i++) {
		if (value != 0 && scan->table[i].letter == value)
			return i;
	}
	return scan->count;
}

static bool is_long(const char *word)
{
	return strncmp(word, "--", 2) == 0;
}

/* What the person typed for the option: "--name" without the value, or "-x" out of "-qx". */
static const char *typed_option(const struct command_scan *scan, const char *word)
{
	if (is_long(word))
		return arena_strndup(scan->arena, word, strcspn(word, "="));
	if (optopt <= ' ' || optopt >= 0x7f)
		return word;
	return arena_printf(scan->arena, "-%c", optopt);
}

static enum scan_kind kind_of(int result)
{
	if (result == ':')
		return SCAN_ARGUMENT_MISSING;
	return result == '?' ? SCAN_ARGUMENT_UNWANTED : SCAN_OPTION;
}

struct scan_item command_scan_next(struct command_scan *scan)
{
	struct scan_item item = {.kind = SCAN_UNKNOWN};
	int at = optind > 0 ? optind : 1;
	int result;

	if (scan->operands_only)
		return rest(scan);
	result = getopt_long(scan->argc, scan->argv, scan->letters, scan->options, NULL);
	if (result == -1) {
		scan->operands_only = true;
		return rest(scan);
	}
	if (result == IN_ORDER)
		return (struct scan_item){.kind = SCAN_OPERAND, .text = optarg};
	item.text = typed_option(scan, scan->argv[at]);
	item.index = index_of(scan, result == '?' || result == ':' ? optopt : result);
	if (item.index >= scan->count)
		return item;
	item.option = &scan->table[item.index];
	item.kind = kind_of(result);
	if (is_long(scan->argv[at]) && strcmp(item.text + 2, item.option->name) != 0)
		item.kind = SCAN_ABBREVIATED;
	if (item.kind == SCAN_OPTION)
		item.text = optarg ? optarg : "";
	return item;
}
