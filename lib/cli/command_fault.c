#include "cli/command_private.h"

#include "base/message.h"
#include "base/strbuf.h"
#include "format/nearest_word.h"

#include <string.h>

/* ---------------------------------------------------------------- how a line is written */

const char *command_synopsis(const struct command_program *program, const struct command *command,
	struct arena *arena)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	strbuf_printf(&text, "%s %s", program->name, command->words);
	if (*command->operands)
		strbuf_printf(&text, " %s", command->operands);
	for (size_t i = 0; i < command->option_count; i++) {
		const struct command_option *option = &command->options[i];

		strbuf_printf(&text, " [--%s%s%s]%s", option->name, option->argument ? " " : "",
			option->argument ? option->argument : "", option->repeatable ? "..." : "");
	}
	return arena_strdup(arena, strbuf_text(&text));
}

const char *command_verb(const struct command *command, const char *group)
{
	size_t length = strlen(group);

	if (strncmp(command->words, group, length) != 0 || command->words[length] != ' ')
		return NULL;
	return command->words + length + 1;
}

const char *command_words_from(const struct command_parser *parser, size_t first)
{
	const struct string_list rest = {
		.items = parser->leading.items + first,
		.count = parser->leading.count - first,
	};

	return string_list_join(&rest, parser->arena, " ");
}

bool command_is_group(const struct command_program *program, const char *word)
{
	for (size_t i = 0; i < program->command_count; i++) {
		if (command_verb(&program->commands[i], word))
			return true;
	}
	return false;
}

/* "postigo-admin member list|show|revoke", in the arena. */
static const char *group_synopsis(const struct command_parser *parser, const char *group)
{
	struct string_list verbs = STRING_LIST_INIT;

	for (size_t i = 0; i < parser->program->command_count; i++) {
		const struct command *command = &parser->program->commands[i];
		const char *verb = command_verb(command, group);

		if (verb && !command->hidden)
			string_list_add(&verbs, parser->arena, verb);
	}
	return arena_printf(parser->arena, "%s %s %s", parser->program->name, group,
		string_list_join(&verbs, parser->arena, "|"));
}

static bool fix_synopsis(const struct command_parser *parser, const struct command *command,
	struct error *err)
{
	if (!command)
		return error_fix(err, "%s help", parser->program->name);
	return error_fix(err, "%s", command_synopsis(parser->program, command, parser->arena));
}

/* ---------------------------------------------------------------- words */

/* The command that was perhaps meant by the operands from `first` on, or NULL. */
static const struct command *guess_command(const struct command_parser *parser, size_t first)
{
	const struct command_program *program = parser->program;
	const struct string_list *leading = &parser->leading;
	const char **words =
		arena_alloc_array(parser->arena, program->command_count, sizeof(*words));
	const char *nearest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < program->command_count; i++) {
		if (!program->commands[i].hidden)
			words[count++] = program->commands[i].words;
	}
	if (first + 1 < leading->count) {
		const char *both = arena_printf(parser->arena, "%s %s", leading->items[first],
			leading->items[first + 1]);

		nearest = nearest_word(both, words, count);
	}
	if (!nearest)
		nearest = nearest_word(leading->items[first], words, count);
	return nearest ? command_find(program, nearest) : NULL;
}

bool command_refuse_words(const struct command_parser *parser, size_t first, struct error *err)
{
	const struct string_list *leading = &parser->leading;
	const char *all = command_words_from(parser, first);
	bool half = command_is_group(parser->program, all);
	const char *word = half ? all : leading->items[first];
	const struct command *guess = half ? NULL : guess_command(parser, first);
	bool group = command_is_group(parser->program, word);

	if (group && !half)
		error_set(err, ERROR_USAGE, _("unknown command \"%s %s\""), word,
			leading->items[first + 1]);
	else if (group)
		error_set(err, ERROR_USAGE, _("\"%s\" is only half a command"), word);
	else
		error_set(err, ERROR_USAGE, _("unknown command \"%s\""), word);
	if (guess)
		return error_fix(err, _("did you mean \"%s\"?  %s"), guess->words,
			command_synopsis(parser->program, guess, parser->arena));
	if (group)
		return error_fix(err, "%s", group_synopsis(parser, word));
	return fix_synopsis(parser, NULL, err);
}

/* ---------------------------------------------------------------- options */

/* Whether the command has an option typed as "--name" or "-x". */
static bool has_option(const struct command *command, const char *typed)
{
	for (size_t i = 0; i < command->option_count; i++) {
		const struct command_option *option = &command->options[i];

		if (strncmp(typed, "--", 2) == 0 && strcmp(typed + 2, option->name) == 0)
			return true;
		if (option->letter && typed[1] == option->letter && !typed[2])
			return true;
	}
	return false;
}

/* The commands that have an option; the first one is returned, too. */
static struct string_list owners_of(const struct command_parser *parser, const char *typed,
	const struct command **ret_first)
{
	struct string_list owners = STRING_LIST_INIT;

	*ret_first = NULL;
	for (size_t i = 0; i < parser->program->command_count; i++) {
		const struct command *command = &parser->program->commands[i];

		if (command->hidden || !has_option(command, typed))
			continue;
		if (!*ret_first)
			*ret_first = command;
		string_list_add(&owners, parser->arena, command->words);
	}
	return owners;
}

/* The option that was perhaps meant, or NULL: a global one or one of the command's. */
static const char *guess_option(const struct command_parser *parser, const char *typed)
{
	const struct command *command = parser->line->command;
	size_t own = command ? command->option_count : 0;
	const char **names =
		arena_alloc_array(parser->arena, own + GLOBAL_OPTION_COUNT, sizeof(*names));

	if (strncmp(typed, "--", 2) != 0)
		return NULL;
	for (size_t i = 0; i < GLOBAL_OPTION_COUNT; i++)
		names[i] = command_global_options[i].name;
	for (size_t i = 0; i < own; i++)
		names[GLOBAL_OPTION_COUNT + i] = command->options[i].name;
	return nearest_word(typed + 2, names, own + GLOBAL_OPTION_COUNT);
}

static bool refuse_unknown(const struct command_parser *parser, const char *typed,
	struct error *err)
{
	const struct command *command = parser->line->command;
	const struct command *owner;
	struct string_list owners = owners_of(parser, typed, &owner);
	const char *guess = owner ? NULL : guess_option(parser, typed);

	if (command)
		error_set(err, ERROR_USAGE, _("\"%s\" has no option %s"), command->words, typed);
	else if (owner)
		error_set(err, ERROR_USAGE, _("the option %s stands before its command"), typed);
	else
		error_set(err, ERROR_USAGE, _("unknown option %s"), typed);
	if (owner)
		error_why(err, _("it belongs to: %s"),
			string_list_join(&owners, parser->arena, ", "));
	if (!guess)
		return fix_synopsis(parser, command ? command : owner, err);
	if (!command)
		return error_fix(err, _("did you mean --%s?  %s help"), guess,
			parser->program->name);
	return error_fix(err, _("did you mean --%s?  %s"), guess,
		command_synopsis(parser->program, command, parser->arena));
}

bool command_refuse_option(const struct command_parser *parser, struct error *err)
{
	const struct scan_item *fault = &parser->fault;

	switch (fault->kind) {
	case SCAN_ABBREVIATED:
		error_set(err, ERROR_USAGE, _("unknown option %s"), fault->text);
		error_why(err, _("options are not abbreviated: --%s"), fault->option->name);
		break;
	case SCAN_ARGUMENT_MISSING:
		error_set(err, ERROR_USAGE, _("the option --%s wants a value: %s"),
			fault->option->name, fault->option->argument);
		break;
	case SCAN_ARGUMENT_UNWANTED:
		error_set(err, ERROR_USAGE, _("the option --%s takes no value"),
			fault->option->name);
		break;
	case SCAN_REPEATED:
		error_set(err, ERROR_USAGE, _("the option --%s is given twice"),
			fault->option->name);
		break;
	case SCAN_END:
	case SCAN_OPERAND:
	case SCAN_OPTION:
	case SCAN_UNKNOWN:
		return refuse_unknown(parser, fault->text, err);
	}
	return fix_synopsis(parser, parser->line->command, err);
}

/* ---------------------------------------------------------------- operands */

bool command_check_operands(const struct command_parser *parser, struct error *err)
{
	const struct command *command = parser->line->command;
	const struct string_list *operands = &parser->line->operands;

	if (operands->count >= command->operands_min && operands->count <= command->operands_max)
		return true;
	if (operands->count < command->operands_min)
		error_set(err, ERROR_USAGE, _("\"%s\" wants more: %s"), command->words,
			command->operands);
	else
		error_set(err, ERROR_USAGE, _("\"%s\" is one too many for \"%s\""),
			operands->items[command->operands_max], command->words);
	return fix_synopsis(parser, command, err);
}
