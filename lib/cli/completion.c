#include "cli/completion.h"

#include "base/message.h"
#include "cli/command_private.h"

#include <string.h>

#define WORDS_MAX 3 /* of a command */

/* ---------------------------------------------------------------- kinds of words */

static bool names(const char *name, size_t length, const char *what)
{
	return memmem(name, length, what, strlen(what)) != NULL;
}

enum word_kind completion_kind(const char *name, size_t length)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz-|";

	if (length > 0 && strspn(name, lower) >= length && memchr(name, '|', length))
		return WORD_CHOICE;
	if (names(name, length, "FILE"))
		return WORD_FILE;
	if (names(name, length, "USER") || names(name, length, "NAME|UID"))
		return WORD_USER;
	return WORD_ANY;
}

void completion_operands(const struct command *command, enum word_kind *ret_first, enum word_kind *ret_rest)
{
	const char *last = strrchr(command->operands, ' ');

	last = last ? last + 1 : command->operands;
	*ret_first = completion_kind(command->operands, strcspn(command->operands, " "));
	*ret_rest = strstr(last, "...") ? completion_kind(last, strlen(last)) : WORD_ANY;
}

/* ---------------------------------------------------------------- bash */

/* The name of the function: a dash is no letter of it. */
static void append_function(const struct command_program *program, struct strbuf *text)
{
	for (const char *letter = program->name; *letter; letter++)
		strbuf_append_char(text, *letter == '-' ? '_' : *letter);
}

/* "csv|json" as "csv json". */
static void append_choices(const char *name, struct strbuf *text)
{
	for (; *name; name++)
		strbuf_append_char(text, *name == '|' ? ' ' : *name);
}

static void bash_option_names(const struct command_option *options, size_t count, struct strbuf *text)
{
	for (size_t i = 0; i < count; i++)
		strbuf_printf(text, " --%s", options[i].name);
}

static const char *bash_kind(enum word_kind kind)
{
	switch (kind) {
	case WORD_USER:
		return "users";
	case WORD_FILE:
		return "files";
	case WORD_ANY:
	case WORD_CHOICE:
		break;
	}
	return "";
}

static size_t word_count(const char *words)
{
	size_t count = 1;

	for (; *words; words++)
		count += *words == ' ';
	return count;
}

static void bash_command(const struct command *command, struct strbuf *text)
{
	enum word_kind first;
	enum word_kind rest;

	completion_operands(command, &first, &rest);
	strbuf_printf(text, "\t'%s '*)\n\t\tlength=%zu", command->words, word_count(command->words));
	if (*bash_kind(first))
		strbuf_printf(text, " first=%s", bash_kind(first));
	if (*bash_kind(rest))
		strbuf_printf(text, " rest=%s", bash_kind(rest));
	strbuf_append_char(text, '\n');
	if (command->option_count > 0) {
		strbuf_append_text(text, "\t\toptions+='");
		bash_option_names(command->options, command->option_count, text);
		strbuf_append_text(text, "'\n");
	}
	strbuf_append_text(text, "\t\t;;\n");
}

/* Whether no command before this one begins with the same `length` bytes of words: nouns are offered once, whatever the number of their verbs. */
static bool is_first_of_group(const struct command_program *program, size_t index, size_t length)
{
	const char *words = program->commands[index].words;

	for (size_t i = 0; i < index; i++) {
		const char *other = program->commands[i].words;

		if (!program->commands[i].hidden && strncmp(other, words, length) == 0 &&
			(other[length] == ' ' || !other[length]))
			return false;
	}
	return true;
}

static void bash_first_words(const struct command_program *program, struct strbuf *text)
{
	strbuf_append_text(text, "\t' ') offer='help");
	for (size_t i = 0; i < program->command_count; i++) {
		const char *words = program->commands[i].words;
		size_t length = strcspn(words, " ");

		if (!program->commands[i].hidden && is_first_of_group(program, i, length))
			strbuf_printf(text, " %.*s", (int)length, words);
	}
	strbuf_append_text(text, "' ;;\n");
}

/* What may follow the group that is `length` bytes of words. */
static void bash_verbs(const struct command_program *program, const char *group, size_t length, struct strbuf *text)
{
	strbuf_printf(text, "\t'%.*s ') offer='", (int)length, group);
	for (size_t i = 0; i < program->command_count; i++) {
		const char *words = program->commands[i].words;
		size_t next;

		if (program->commands[i].hidden || strncmp(words, group, length + 1) != 0)
			continue;
		next = strcspn(words + length + 1, " ");
		if (is_first_of_group(program, i, length + 1 + next))
			strbuf_printf(text, " %.*s", (int)next, words + length + 1);
	}
	strbuf_append_text(text, "' ;;\n");
}

static void bash_groups(const struct command_program *program, struct strbuf *text)
{
	for (size_t i = 0; i < program->command_count; i++) {
		const char *words = program->commands[i].words;

		for (const char *blank = strchr(words, ' '); blank; blank = strchr(blank + 1, ' ')) {
			size_t length = (size_t)(blank - words);

			if (!program->commands[i].hidden && is_first_of_group(program, i, length))
				bash_verbs(program, words, length, text);
		}
	}
}

/* More words before fewer: their patterns are the narrower ones. */
static void bash_commands(const struct command_program *program, struct strbuf *text)
{
	for (size_t count = WORDS_MAX; count > 0; count--) {
		for (size_t i = 0; i < program->command_count; i++) {
			const struct command *command = &program->commands[i];

			if (!command->hidden && word_count(command->words) == count)
				bash_command(command, text);
		}
	}
	bash_groups(program, text);
	bash_first_words(program, text);
}

static bool is_first_of_name(const struct command_program *program, size_t command, size_t option)
{
	const char *name = program->commands[command].options[option].name;

	for (size_t i = 0; i <= command; i++) {
		size_t count = i < command ? program->commands[i].option_count : option;

		for (size_t j = 0; j < count; j++) {
			const struct command_option *other = &program->commands[i].options[j];

			if (other->argument && strcmp(other->name, name) == 0)
				return false;
		}
	}
	return true;
}

typedef void option_writer(const struct command_option *option, struct strbuf *text);

/* Calls `writer` for every option that has a value, once for a name: what several commands have means the same in each. */
static void for_each_value(const struct command_program *program, option_writer *writer, struct strbuf *text)
{
	for (size_t i = 0; i < GLOBAL_OPTION_COUNT; i++) {
		if (command_global_options[i].argument)
			writer(&command_global_options[i], text);
	}
	for (size_t i = 0; i < program->command_count; i++) {
		for (size_t j = 0; j < program->commands[i].option_count; j++) {
			if (program->commands[i].options[j].argument && is_first_of_name(program, i, j))
				writer(&program->commands[i].options[j], text);
		}
	}
}

/* One alternative of "case $previous": what is offered for the value. */
static void bash_value(const struct command_option *option, struct strbuf *text)
{
	strbuf_printf(text, "\t--%s) value=", option->name);
	switch (completion_kind(option->argument, strlen(option->argument))) {
	case WORD_CHOICE:
		strbuf_append_text(text, "words offer='");
		append_choices(option->argument, text);
		strbuf_append_text(text, "' ;;\n");
		break;
	case WORD_FILE:
		strbuf_append_text(text, "files ;;\n");
		break;
	case WORD_USER:
		strbuf_append_text(text, "users ;;\n");
		break;
	case WORD_ANY:
		strbuf_append_text(text, "none ;;\n");
		break;
	}
}

static void bash_skip(const struct command_option *option, struct strbuf *text)
{
	strbuf_printf(text, "\t\t--%s) skip=1 ;;\n", option->name);
}

/* The words of the command among those typed: without options and their values. */
static const char bash_begin[] = "{\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal word skip='' offer='' value='' length=0 first='' rest='' options=''\n"
	"\tlocal -a words=()\n\n"
	"\t# --name=VALUE arrives as three words.\n"
	"\t[[ $current != = ]] || current=''\n"
	"\t[[ $previous != = ]] || previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n"
	"\t\tif [[ $skip ]]; then\n"
	"\t\t\t[[ $word == = ]] || skip=''\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tcase $word in\n";

static const char bash_end[] = "\tesac\n"
	"\tif [[ ! $value && $current == -* ]]; then\n"
	"\t\tvalue=words offer=$options\n"
	"\telif [[ ! $value && ! $offer && $length -gt 0 ]]; then\n"
	"\t\t[[ ${#words[@]} -gt $length ]] && value=${rest:-none} || value=${first:-none}\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tcase $value in\n"
	"\tnone) ;;\n"
	"\tfiles)\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
	"\t\t;;\n"
	"\tusers) mapfile -t COMPREPLY < <(compgen -u -- \"$current\") ;;\n"
	"\t*) mapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$current\") ;;\n"
	"\tesac\n"
	"}\n";

void completion_bash(const struct command_program *program, struct strbuf *text)
{
	strbuf_printf(text, "# bash completion for %s, made from the program's own table of commands.\n# shellcheck shell=bash\n\n_",
		program->name);
	append_function(program, text);
	strbuf_append_text(text, "()\n");
	strbuf_append_text(text, bash_begin);
	for_each_value(program, bash_skip, text);
	strbuf_append_text(text, "\t\t-*) ;;\n\t\t*) words+=(\"$word\") ;;\n\t\tesac\n\tdone\n"
				 "\t[[ ${words[0]-} != help ]] || words=(\"${words[@]:1}\")\n\toptions='");
	bash_option_names(command_global_options, GLOBAL_OPTION_COUNT, text);
	strbuf_append_text(text, "'\n\tcase \"${words[*]} \" in\n");
	bash_commands(program, text);
	strbuf_append_text(text, "\tesac\n\tcase $previous in\n");
	for_each_value(program, bash_value, text);
	strbuf_append_text(text, bash_end);
	strbuf_append_text(text, "complete -F _");
	append_function(program, text);
	strbuf_printf(text, " %s\n", program->name);
}

/* ---------------------------------------------------------------- by name */

bool completion_print(const struct command_program *program, const char *format, struct strbuf *text, struct error *err)
{
	static const struct {
		const char *name;
		void (*print)(const struct command_program *program, struct strbuf *text);
	} formats[] = {
		{"bash", completion_bash},
		{"zsh", completion_zsh},
		{"fish", completion_fish},
		{"mdoc", completion_mdoc},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
		if (strcmp(formats[i].name, format) != 0)
			continue;
		formats[i].print(program, text);
		return true;
	}
	error_set(err, ERROR_USAGE, _("there is no format \"%s\""), format);
	return error_fix(err, "%s __dump bash|zsh|fish|mdoc", program->name);
}

int completion_run(struct output *output, const struct command_line *line)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct error err;

	if (!completion_print(line->program, line->operands.items[0], &text, &err))
		return output_error(output, &err);
	(void)fputs(strbuf_text(&text), output->out);
	return ERROR_NONE;
}
