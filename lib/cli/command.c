#include "cli/command.h"

#include "base/message.h"
#include "cli/command_private.h"

#include <stdlib.h>
#include <string.h>

const struct command_option command_global_options[GLOBAL_OPTION_COUNT] = {
	[GLOBAL_JSON] = {.name = "json", .help = N_("print the result as JSON")},
	[GLOBAL_JSON_LINES] = {.name = "jsonl",
		.help = N_("print lists as JSON, one object a line")},
	[GLOBAL_PLAIN] = {.name = "plain",
		.help = N_("print tab-separated lines without headings")},
	[GLOBAL_QUIET] = {.name = "quiet",
		.letter = 'q',
		.help = N_("print results and errors only")},
	[GLOBAL_NO_COLOR] = {.name = "no-color", .help = N_("print without colours")},
	[GLOBAL_YES] = {.name = "yes", .letter = 'y', .help = N_("answer questions with yes")},
	[GLOBAL_CONFIG] = {.name = "config",
		.argument = "FILE",
		.help = N_("read this configuration instead of the installed one")},
	[GLOBAL_HELP] = {.name = "help", .letter = 'h', .help = N_("show help")},
	[GLOBAL_VERSION] = {.name = "version", .letter = 'V', .help = N_("show the version")},
};

/* ---------------------------------------------------------------- the table */

const struct command *command_find(const struct command_program *program, const char *words)
{
	for (size_t i = 0; i < program->command_count; i++) {
		if (strcmp(program->commands[i].words, words) == 0)
			return &program->commands[i];
	}
	return NULL;
}

/* How many operands from `first` on are the words of the command; 0 = it is another one. */
static size_t matching_words(const struct command *command, const struct string_list *operands,
	size_t first)
{
	const char *words = command->words;
	size_t count = 0;

	while (*words) {
		size_t length = strcspn(words, " ");
		const char *operand;

		if (first + count >= operands->count)
			return 0;
		operand = operands->items[first + count];
		if (strlen(operand) != length || memcmp(operand, words, length) != 0)
			return 0;
		count++;
		words += length + strspn(words + length, " ");
	}
	return count;
}

/* The command whose words stand at `first`, the longest one: "member list" before "member". */
static const struct command *match_command(const struct command_parser *parser, size_t first,
	size_t *ret_words)
{
	const struct command *found = NULL;

	*ret_words = 0;
	for (size_t i = 0; i < parser->program->command_count; i++) {
		const struct command *command = &parser->program->commands[i];
		size_t count = matching_words(command, &parser->leading, first);

		if (count <= *ret_words)
			continue;
		*ret_words = count;
		found = command;
	}
	return found;
}

/* ---------------------------------------------------------------- options */

static void note_fault(struct command_parser *parser, struct scan_item item)
{
	if (!parser->faulty)
		parser->fault = item;
	parser->faulty = true;
}

static void set_global(struct command_globals *globals, enum global_option option,
	const char *value)
{
	switch (option) {
	case GLOBAL_JSON:
		globals->json = true;
		break;
	case GLOBAL_JSON_LINES:
		globals->json_lines = true;
		break;
	case GLOBAL_PLAIN:
		globals->plain = true;
		break;
	case GLOBAL_QUIET:
		globals->quiet = true;
		break;
	case GLOBAL_NO_COLOR:
		globals->no_color = true;
		break;
	case GLOBAL_YES:
		globals->yes = true;
		break;
	case GLOBAL_CONFIG:
		globals->config = value;
		break;
	case GLOBAL_HELP:
	case GLOBAL_VERSION:
	case GLOBAL_OPTION_COUNT:
		break;
	}
}

static void take_global(struct command_parser *parser, struct scan_item item)
{
	bool again = parser->seen[item.index];

	if (item.index == GLOBAL_VERSION && !command_find(parser->program, "version"))
		item.kind = SCAN_UNKNOWN;
	else if (again)
		item.kind = SCAN_REPEATED;
	if (item.kind != SCAN_OPTION) {
		item.text = arena_printf(parser->arena, "--%s", item.option->name);
		note_fault(parser, item);
		return;
	}
	parser->seen[item.index] = true;
	set_global(&parser->line->globals, (enum global_option)item.index, item.text);
}

static void take_own(struct command_parser *parser, struct scan_item item)
{
	struct command_line *line = parser->line;
	size_t index = item.index - GLOBAL_OPTION_COUNT;

	if (line->values[index] && !item.option->repeatable) {
		item.kind = SCAN_REPEATED;
		note_fault(parser, item);
		return;
	}
	line->values[index] = item.text;
	if (item.option->repeatable)
		string_list_add(&line->lists[index], parser->arena, item.text);
}

/* ---------------------------------------------------------------- the two walks */

static void begin_walk(struct command_parser *parser)
{
	memset(&parser->line->globals, 0, sizeof(parser->line->globals));
	memset(parser->seen, 0, sizeof(parser->seen));
	parser->faulty = false;
}

/*
 * The first walk looks for the command. It knows the global options only, so the operand behind any
 * other might be its value: words behind it are not believed.
 */
static void walk_to_command(struct command_parser *parser)
{
	const char *standard = parser->program->default_command;
	struct command_scan scan;
	struct scan_item item;
	bool believed = true;

	begin_walk(parser);
	command_scan_begin(&scan, standard ? command_find(parser->program, standard) : NULL,
		parser->argc, parser->argv, parser->arena);
	while ((item = command_scan_next(&scan)).kind != SCAN_END) {
		if (item.kind == SCAN_OPERAND) {
			if (believed)
				string_list_add(&parser->leading, parser->arena, item.text);
		} else if (item.kind != SCAN_OPTION) {
			note_fault(parser, item);
			if (item.kind == SCAN_UNKNOWN || item.kind == SCAN_ABBREVIATED)
				believed = false;
		} else if (item.index < GLOBAL_OPTION_COUNT) {
			take_global(parser, item);
		}
	}
}

static void use_command(struct command_parser *parser, const struct command *command)
{
	struct command_line *line = parser->line;

	if (!command)
		abort(); /* the default command is not in the table */
	line->command = command;
	line->operands = (struct string_list)STRING_LIST_INIT;
	line->values =
		arena_alloc_array(parser->arena, command->option_count, sizeof(*line->values));
	line->lists = arena_alloc_array(parser->arena, command->option_count, sizeof(*line->lists));
}

/* The second walk knows the command's options too; `words` operands are the command itself. */
static void walk_command(struct command_parser *parser, const struct command *command, size_t words)
{
	struct command_scan scan;
	struct scan_item item;

	begin_walk(parser);
	use_command(parser, command);
	command_scan_begin(&scan, command, parser->argc, parser->argv, parser->arena);
	while ((item = command_scan_next(&scan)).kind != SCAN_END) {
		if (item.kind == SCAN_OPERAND && words > 0)
			words--;
		else if (item.kind == SCAN_OPERAND)
			string_list_add(&parser->line->operands, parser->arena, item.text);
		else if (item.kind != SCAN_OPTION)
			note_fault(parser, item);
		else if (item.index < GLOBAL_OPTION_COUNT)
			take_global(parser, item);
		else
			take_own(parser, item);
	}
}

static bool parse_command(struct command_parser *parser, const struct command *command,
	size_t words, struct error *err)
{
	walk_command(parser, command, words);
	parser->line->help = parser->seen[GLOBAL_HELP];
	if (parser->line->help)
		return true;
	if (parser->seen[GLOBAL_VERSION]) {
		use_command(parser, command_find(parser->program, "version"));
		return true;
	}
	if (parser->faulty)
		return command_refuse_option(parser, err);
	return command_check_operands(parser, err);
}

/* ---------------------------------------------------------------- the line */

/* Help on the words from the operand `first` on; a group has none of its own. */
static bool parse_help(struct command_parser *parser, size_t first, struct error *err)
{
	const struct string_list *leading = &parser->leading;
	const struct command *command;
	size_t words;

	command = match_command(parser, first, &words);
	if (command)
		use_command(parser, command);
	else if (first < leading->count && !command_is_group(parser->program, command_words_from(parser, first)))
		return command_refuse_words(parser, first, err);
	parser->line->help = true;
	return true;
}

/* A line that has no command word. */
static bool parse_bare(struct command_parser *parser, struct error *err)
{
	const struct command_program *program = parser->program;
	const char *words = parser->seen[GLOBAL_VERSION] ? "version" : program->default_command;

	if (parser->seen[GLOBAL_HELP]) {
		parser->line->help = true;
		return true;
	}
	if (parser->faulty)
		return command_refuse_option(parser, err);
	if (words)
		return parse_command(parser, command_find(program, words), 0, err);
	parser->line->help = true;
	return true;
}

static bool parse_line(struct command_parser *parser, struct error *err)
{
	const struct string_list *leading = &parser->leading;
	const struct command *command;
	size_t words;

	walk_to_command(parser);
	command = match_command(parser, 0, &words);
	if (command)
		return parse_command(parser, command, words, err);
	if (leading->count == 0)
		return parse_bare(parser, err);
	if (strcmp(leading->items[0], "help") == 0)
		return parse_help(parser, 1, err);
	if (parser->seen[GLOBAL_HELP])
		return parse_help(parser, 0, err);
	if (parser->faulty && command_is_group(parser->program, leading->items[0]))
		return command_refuse_option(parser, err);
	return command_refuse_words(parser, 0, err);
}

bool command_parse(const struct command_program *program, int argc, char *const argv[],
	struct arena *arena, struct command_line *ret_line, struct error *err)
{
	struct command_parser parser = {.program = program,
		.argc = argc,
		.argv = argv,
		.arena = arena,
		.line = ret_line};

	*ret_line = (struct command_line){.program = program};
	return parse_line(&parser, err);
}

/* ---------------------------------------------------------------- what was found */

static size_t option_index(const struct command_line *line, const char *name)
{
	for (size_t i = 0; i < line->command->option_count; i++) {
		if (strcmp(line->command->options[i].name, name) == 0)
			return i;
	}
	abort(); /* a program asks for an option that its own table does not have */
}

const char *command_value(const struct command_line *line, const char *name)
{
	return line->values[option_index(line, name)];
}

const struct string_list *command_values(const struct command_line *line, const char *name)
{
	return &line->lists[option_index(line, name)];
}

bool command_has(const struct command_line *line, const char *name)
{
	return command_value(line, name) != NULL;
}
