#include "cli/completion.h"

#include "cli/command_private.h"

#include <string.h>

static void append_quoted(struct strbuf *text, const char *words)
{
	strbuf_append_char(text, '\'');
	for (; *words; words++) {
		if (*words == '\'' || *words == '\\')
			strbuf_append_char(text, '\\');
		strbuf_append_char(text, *words == '\n' ? ' ' : *words);
	}
	strbuf_append_char(text, '\'');
}

/* "complete -c NAME -n '__NAME_FUNCTION WORDS'": what follows holds behind these words. */
static void fish_begin(const struct command_program *program, const char *function, const char *words, size_t length,
	struct strbuf *text)
{
	strbuf_printf(text, "complete -c %s -n '__%s_%s %.*s'", program->name, program->name, function, (int)length, words);
}

static void fish_value(const char *argument, struct strbuf *text)
{
	switch (completion_kind(argument, strlen(argument))) {
	case WORD_CHOICE:
		strbuf_append_text(text, " -x -a '");
		for (; *argument; argument++)
			strbuf_append_char(text, *argument == '|' ? ' ' : *argument);
		strbuf_append_char(text, '\'');
		break;
	case WORD_FILE:
		strbuf_append_text(text, " -r -F");
		break;
	case WORD_USER:
		strbuf_append_text(text, " -x -a '(__fish_complete_users)'");
		break;
	case WORD_ANY:
		strbuf_append_text(text, " -x");
		break;
	}
}

static void fish_option(const struct command_option *option, struct strbuf *text)
{
	strbuf_printf(text, " -l %s", option->name);
	if (option->letter)
		strbuf_printf(text, " -s %c", option->letter);
	if (option->argument)
		fish_value(option->argument, text);
	strbuf_append_text(text, " -d ");
	append_quoted(text, option->help);
	strbuf_append_char(text, '\n');
}

static void fish_operand(const struct command_program *program, const char *function, const struct command *command,
	enum word_kind kind, struct strbuf *text)
{
	if (kind != WORD_USER && kind != WORD_FILE)
		return;
	fish_begin(program, function, command->words, strlen(command->words), text);
	strbuf_append_text(text, kind == WORD_FILE ? " -F\n" : " -a '(__fish_complete_users)'\n");
}

static void fish_command(const struct command_program *program, const struct command *command, struct strbuf *text)
{
	const char *verb = strrchr(command->words, ' ');
	enum word_kind first;
	enum word_kind rest;

	fish_begin(program, "at", command->words, verb ? (size_t)(verb - command->words) : 0, text);
	strbuf_printf(text, " -a %s -d ", verb ? verb + 1 : command->words);
	append_quoted(text, command->help);
	strbuf_append_char(text, '\n');
	for (size_t i = 0; i < command->option_count; i++) {
		fish_begin(program, "in", command->words, strlen(command->words), text);
		fish_option(&command->options[i], text);
	}
	completion_operands(command, &first, &rest);
	fish_operand(program, "at", command, first, text);
	fish_operand(program, "behind", command, rest, text);
}

/* A noun is offered with each of its verbs; fish itself shows it once. */
static void fish_nouns(const struct command_program *program, const struct command *command, struct strbuf *text)
{
	const char *words = command->words;
	const char *noun = words;
	const char *blank;

	for (; (blank = strchr(noun, ' ')); noun = blank + 1) {
		fish_begin(program, "at", words, noun > words ? (size_t)(noun - 1 - words) : 0, text);
		strbuf_printf(text, " -a %.*s\n", (int)(blank - noun), noun);
	}
}

static void fish_value_names(const struct command_option *options, size_t count, struct strbuf *text)
{
	for (size_t i = 0; i < count; i++) {
		if (options[i].argument)
			strbuf_printf(text, " --%s", options[i].name);
	}
}

/* The words of the command among those typed, and three questions about them: exactly these, these first, these and at least one more. */
static void fish_functions(const struct command_program *program, struct strbuf *text)
{
	const char *name = program->name;

	strbuf_printf(text,
		"function __%s_words\n"
		"    set -l skip 0\n"
		"    for token in (commandline -opc)[2..-1]\n"
		"        if test $skip = 1\n"
		"            set skip 0\n"
		"        else if contains -- $token",
		name);
	fish_value_names(command_global_options, GLOBAL_OPTION_COUNT, text);
	for (size_t i = 0; i < program->command_count; i++)
		fish_value_names(program->commands[i].options, program->commands[i].option_count, text);
	strbuf_append_text(text,
		"\n            set skip 1\n"
		"        else if not string match -q -- '-*' $token; and test \"$token\" != help\n"
		"            echo $token\n"
		"        end\n"
		"    end\n"
		"end\n\n");
	strbuf_printf(text, "function __%s_at\n    set -l words (__%s_words)\n    test \"$words\" = \"$argv\"\nend\n\n", name, name);
	strbuf_printf(text,
		"function __%s_in\n    set -l words (__%s_words)\n    string match -q -- \"$argv *\" \"$words \"\nend\n\n", name, name);
	strbuf_printf(text,
		"function __%s_behind\n    set -l words (__%s_words)\n    test (count $words) -gt (count $argv); and __%s_in $argv\nend\n\n",
		name, name, name);
}

void completion_fish(const struct command_program *program, struct strbuf *text)
{
	strbuf_printf(text, "# fish completion for %s, made from the program's own table of commands.\n\n", program->name);
	fish_functions(program, text);
	strbuf_printf(text, "complete -c %s -f\n", program->name);
	for (size_t i = 0; i < GLOBAL_OPTION_COUNT; i++) {
		strbuf_printf(text, "complete -c %s", program->name);
		fish_option(&command_global_options[i], text);
	}
	fish_begin(program, "at", "", 0, text);
	strbuf_append_text(text, " -a help -d 'explain a command'\n");
	for (size_t i = 0; i < program->command_count; i++) {
		if (program->commands[i].hidden)
			continue;
		fish_nouns(program, &program->commands[i], text);
		fish_command(program, &program->commands[i], text);
	}
}
