#include "cli/completion.h"

#include "cli/command_private.h"

#include <string.h>

/* Inside single quotes, and inside what _arguments and _describe read. */
static void append_quoted(struct strbuf *text, const char *words)
{
	for (; *words; words++) {
		if (*words == '\'')
			strbuf_append_text(text, "'\\''");
		else if (strchr("[]:\\", *words))
			strbuf_printf(text, "\\%c", *words);
		else
			strbuf_append_char(text, *words == '\n' ? ' ' : *words);
	}
}

static void append_action(struct strbuf *text, const char *name)
{
	switch (completion_kind(name, strlen(name))) {
	case WORD_CHOICE:
		strbuf_append_char(text, '(');
		for (; *name; name++)
			strbuf_append_char(text, *name == '|' ? ' ' : *name);
		strbuf_append_char(text, ')');
		break;
	case WORD_FILE:
		strbuf_append_text(text, "_files");
		break;
	case WORD_USER:
		strbuf_append_text(text, "_users");
		break;
	case WORD_ANY:
		strbuf_append_char(text, ' ');
		break;
	}
}

static void zsh_spelling(struct strbuf *text, const struct command_option *option, bool by_letter)
{
	strbuf_append_char(text, '\'');
	if (option->repeatable)
		strbuf_append_char(text, '*');
	else if (option->letter)
		strbuf_printf(text, "(-%c --%s)", option->letter, option->name);
	if (by_letter)
		strbuf_printf(text, "-%c%s[", option->letter, option->argument ? "+" : "");
	else
		strbuf_printf(text, "--%s%s[", option->name, option->argument ? "=" : "");
	append_quoted(text, option->help);
	strbuf_append_char(text, ']');
	if (option->argument) {
		strbuf_append_char(text, ':');
		append_quoted(text, option->argument);
		strbuf_append_char(text, ':');
		append_action(text, option->argument);
	}
	strbuf_append_char(text, '\'');
}

static void zsh_options(struct strbuf *text, const struct command_option *options, size_t count, const char *indent)
{
	for (size_t i = 0; i < count; i++) {
		strbuf_append_text(text, indent);
		if (options[i].letter) {
			zsh_spelling(text, &options[i], true);
			strbuf_append_char(text, ' ');
		}
		zsh_spelling(text, &options[i], false);
	}
}

static void zsh_operand(struct strbuf *text, const char *position, enum word_kind kind, const struct command *command)
{
	strbuf_printf(text, " '%s:", position);
	append_quoted(text, command->operands);
	strbuf_printf(text, ":%s'", kind == WORD_USER ? "_users" : kind == WORD_FILE ? "_files" : " ");
}

static void zsh_command(const struct command *command, struct strbuf *text)
{
	enum word_kind first;
	enum word_kind rest;

	completion_operands(command, &first, &rest);
	strbuf_printf(text, "\t('%s')\n\t\t_arguments -s : $globals", command->words);
	zsh_options(text, command->options, command->option_count, " \\\n\t\t\t");
	if (command->operands_max > 0)
		zsh_operand(text, "1", first, command);
	if (command->operands_max > 1)
		zsh_operand(text, "*", rest, command);
	strbuf_append_text(text, "\n\t\t;;\n");
}

/* The words that may follow `group` ("" = the program's name), each once. */
static void zsh_words(const struct command_program *program, const char *group, size_t length, struct strbuf *text)
{
	const char *before = "";
	size_t before_length = 0;

	for (size_t i = 0; i < program->command_count; i++) {
		const struct command *command = &program->commands[i];
		const char *word = command->words;
		size_t word_length;

		if (command->hidden || (length > 0 && (strncmp(word, group, length) != 0 || word[length] != ' ')))
			continue;
		word += length > 0 ? length + 1 : 0;
		word_length = strcspn(word, " ");
		if (word_length == before_length && memcmp(word, before, word_length) == 0)
			continue;
		before = word;
		before_length = word_length;
		strbuf_printf(text, "\n\t\t'%.*s", (int)word_length, word);
		if (!word[word_length]) {
			strbuf_append_char(text, ':');
			append_quoted(text, command->help);
		}
		strbuf_append_char(text, '\'');
	}
}

/* The length of the first `level` words; 0 = there is none behind them. */
static size_t group_length(const char *words, size_t level)
{
	const char *blank = words - 1;

	for (; blank && level > 0; level--)
		blank = strchr(blank + 1, ' ');
	return blank ? (size_t)(blank - words) : 0;
}

static bool has_groups(const struct command_program *program, size_t level)
{
	for (size_t i = 0; i < program->command_count; i++) {
		if (group_length(program->commands[i].words, level) > 0)
			return true;
	}
	return false;
}

/* What may follow each group of `level` words. */
static void zsh_groups(const struct command_program *program, size_t level, struct strbuf *text)
{
	const char *before = "";
	size_t before_length = 0;

	for (size_t i = 0; i < program->command_count; i++) {
		const char *words = program->commands[i].words;
		size_t length = group_length(words, level);

		if (program->commands[i].hidden || length == 0 ||
			(length == before_length && memcmp(words, before, length) == 0))
			continue;
		before = words;
		before_length = length;
		strbuf_printf(text, "\t('%.*s') found=(", (int)length, words);
		zsh_words(program, words, length, text);
		strbuf_append_text(text, "\n\t) ;;\n");
	}
}

/* A noun and its verb are taken as one word; "help" is no word at all. */
static const char zsh_middle[] = "\n\t)\n"
	"\t_arguments -C -s : $globals '1: :->command' '*:: :->rest' && return 0\n"
	"\tif [[ $state == command ]]; then\n"
	"\t\t_describe -t commands command commands\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ $words[1] == help ]]; then\n"
	"\t\tshift words\n"
	"\t\t(( CURRENT-- ))\n"
	"\t\tif (( CURRENT == 1 )); then\n"
	"\t\t\t_describe -t commands command commands\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\tfi\n";

static const char zsh_verbs[] = "\tesac\n"
	"\tif (( $#found > 0 && CURRENT == 2 )); then\n"
	"\t\t_describe -t commands verb found\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif (( $#found > 0 )); then\n"
	"\t\twords=(\"$words[1] $words[2]\" \"${(@)words[3,-1]}\")\n"
	"\t\t(( CURRENT-- ))\n"
	"\tfi\n";

void completion_zsh(const struct command_program *program, struct strbuf *text)
{
	strbuf_printf(text, "#compdef %s\n# Made from the program's own table of commands.\n\n_%s()\n{\n", program->name, program->name);
	strbuf_append_text(text, "\tlocal curcontext=$curcontext state line\n\tlocal -A opt_args\n\tlocal -a globals commands found\n\n"
				 "\tglobals=(");
	zsh_options(text, command_global_options, GLOBAL_OPTION_COUNT, "\n\t\t");
	strbuf_append_text(text, "\n\t)\n\tcommands=(\n\t\t'help:explain a command'");
	zsh_words(program, "", 0, text);
	strbuf_append_text(text, zsh_middle);
	for (size_t level = 1; has_groups(program, level); level++) {
		strbuf_append_text(text, "\tfound=()\n\tcase $words[1] in\n");
		zsh_groups(program, level, text);
		strbuf_append_text(text, zsh_verbs);
	}
	strbuf_append_text(text, "\tcase $words[1] in\n");
	for (size_t i = 0; i < program->command_count; i++) {
		if (!program->commands[i].hidden)
			zsh_command(&program->commands[i], text);
	}
	strbuf_printf(text, "\tesac\n}\n\n_%s \"$@\"\n", program->name);
}
