#include "cli/completion.h"

#include "cli/command_private.h"

#include <string.h>

#define LINE_MAX_BYTES 78 /* mandoc's lint complains from 80 on */

/* ---------------------------------------------------------------- text lines */

/* A word that is typed as it is: a dash stays a dash, a backslash a backslash. */
static void append_word(struct strbuf *text, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (word[i] == '\\')
			strbuf_append_text(text, "\\e");
		else if (word[i] == '"')
			strbuf_append_text(text, "\\(dq"); /* on a macro line the mark itself would vanish */
		else if (word[i] == '-' && (i == 0 || word[i - 1] == '-' || word[i - 1] == ' ' || word[i - 1] == '"'))
			strbuf_append_text(text, "\\-");
		else
			strbuf_append_char(text, word[i]);
	}
}

static bool ends_sentence(const char *word, size_t length)
{
	return length > 0 && strchr(".?", word[length - 1]) &&
	       (length < 3 || memcmp(word + length - 3, "...", 3) != 0);
}

/* Fills lines, a new one for every sentence; the first letter is made a capital. */
static void append_text(struct strbuf *text, const char *words)
{
	size_t column = 0;
	bool begins = true;

	while (*words) {
		size_t length = strcspn(words, " \n");
		char capital = *words >= 'a' && *words <= 'z' ? (char)(*words - 'a' + 'A') : *words;

		if (column > 0 && column + 1 + length > LINE_MAX_BYTES) {
			strbuf_append_char(text, '\n');
			column = 0;
		}
		if (column > 0)
			strbuf_append_char(text, ' ');
		else if (*words == '.' || *words == '\'')
			strbuf_append_text(text, "\\&");
		if (begins)
			strbuf_append_char(text, capital);
		append_word(text, words + begins, length - begins);
		column += length + (column > 0);
		begins = false;
		if (ends_sentence(words, length)) {
			strbuf_append_char(text, '\n');
			column = 0;
		}
		words += length;
		words += strspn(words, " \n");
	}
	if (column > 0)
		strbuf_append_char(text, '\n');
}

/* A clause of a table as a sentence. */
static void append_sentence(struct strbuf *text, const char *words)
{
	struct strbuf sentence cleanup_strbuf = STRBUF_INIT;

	strbuf_append_text(&sentence, words);
	if (!ends_sentence(words, strlen(words)))
		strbuf_append_char(&sentence, '.');
	append_text(text, strbuf_text(&sentence));
}

/* ---------------------------------------------------------------- items */

static void mdoc_option(struct strbuf *text, const struct command_option *option)
{
	strbuf_append_text(text, ".It Fl ");
	if (option->letter)
		strbuf_printf(text, "%c , ", option->letter);
	strbuf_printf(text, "-%s", option->name);
	if (option->argument)
		strbuf_printf(text, " Ar %s", option->argument);
	strbuf_append_char(text, '\n');
	append_sentence(text, option->help);
	if (option->repeatable)
		strbuf_append_text(text, "May be given several times.\n");
}

static void mdoc_options(struct strbuf *text, const struct command_option *options, size_t count)
{
	strbuf_append_text(text, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < count; i++)
		mdoc_option(text, &options[i]);
	strbuf_append_text(text, ".El\n");
}

static void mdoc_command(struct strbuf *text, const struct command_program *program, const struct command *command)
{
	strbuf_printf(text, ".It Cm %s", command->words);
	if (*command->operands)
		strbuf_printf(text, " Ar %s", command->operands);
	strbuf_append_char(text, '\n');
	append_sentence(text, command->help);
	if (command->details)
		append_text(text, command->details);
	if (program->default_command && strcmp(program->default_command, command->words) == 0)
		strbuf_append_text(text, "This is what happens when no command is given.\n");
	if (command->needs_root)
		strbuf_append_text(text, "Needs root.\n");
	if (command->option_count > 0)
		mdoc_options(text, command->options, command->option_count);
	if (!command->examples || !command->examples[0])
		return;
	strbuf_append_text(text, ".Pp\n");
	for (const char *const *example = command->examples; *example; example++) {
		strbuf_append_text(text, ".Dl ");
		append_word(text, *example, strlen(*example));
		strbuf_append_char(text, '\n');
	}
}

void completion_mdoc(const struct command_program *program, struct strbuf *text)
{
	strbuf_append_text(text, ".Sh COMMANDS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < program->command_count; i++) {
		if (!program->commands[i].hidden)
			mdoc_command(text, program, &program->commands[i]);
	}
	strbuf_append_text(text, ".It Cm help Op Ar COMMAND\nExplain a command.\n.El\n"
				 ".Sh OPTIONS\nThese stand anywhere on the line, those of a command behind its name.\n");
	mdoc_options(text, command_global_options, GLOBAL_OPTION_COUNT);
}
