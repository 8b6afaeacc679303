#include "cli/command.h"

#include "base/message.h"
#include "cli/command_private.h"

#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

#define HELP_WIDTH 80
#define HELP_INDENT 2
#define HELP_COLUMN_MAX 30 /* what stands left is at most this wide, or gets a line of its own */
#define HELP_EXAMPLES 2    /* of the whole program */

static int width_of(const char *text, size_t length)
{
	return u8_width((const uint8_t *)text, length, "UTF-8");
}

static int text_width(const char *text)
{
	return width_of(text, strlen(text));
}

/* ---------------------------------------------------------------- wrapping */

/* Prints words up to the edge, further lines from `indent` on; the cursor stands at `column`. */
static void print_wrapped(FILE *out, const char *text, int column, int indent)
{
	bool first = true;

	while (*text) {
		size_t length = strcspn(text, " \n");
		int width = width_of(text, length);

		if (!first && column + 1 + width > HELP_WIDTH) {
			(void)fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (!first) {
			(void)fputc(' ', out);
			column++;
		}
		(void)fprintf(out, "%.*s", (int)length, text);
		column += width;
		first = false;
		text += length;
		text += strspn(text, " ");
		if (*text != '\n')
			continue;
		(void)fprintf(out, "\n%*s", indent, "");
		column = indent;
		first = true;
		text++;
	}
	(void)fputc('\n', out);
}

static void print_paragraph(FILE *out, const char *text, int indent)
{
	(void)fprintf(out, "%*s", indent, "");
	print_wrapped(out, text, indent, indent);
}

/* "  name      text", the text wrapped below itself. */
static void print_row(FILE *out, const char *name, const char *text, int column)
{
	int width = HELP_INDENT + text_width(name);

	(void)fprintf(out, "%*s%s", HELP_INDENT, "", name);
	if (width + HELP_INDENT > column) {
		(void)fputc('\n', out);
		width = 0;
	}
	(void)fprintf(out, "%*s", column - width, "");
	print_wrapped(out, text, column, column);
}

static void print_heading(FILE *out, const char *title)
{
	(void)fprintf(out, "\n%s\n", title);
}

/* ---------------------------------------------------------------- options */

static const char *option_label(const struct command_option *option, struct arena *arena)
{
	const char *letter = option->letter ? arena_printf(arena, "-%c, ", option->letter) : "    ";

	return arena_printf(arena, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
		option->argument ? option->argument : "");
}

static int wider(int column, const char *name)
{
	int width = HELP_INDENT + text_width(name) + HELP_INDENT;

	return width > column && width <= HELP_COLUMN_MAX ? width : column;
}

static void print_options(FILE *out, const struct command_option *options, size_t count)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int column = 0;

	for (size_t i = 0; i < count; i++)
		column = wider(column, option_label(&options[i], &arena));
	for (size_t i = 0; i < count; i++)
		print_row(out, option_label(&options[i], &arena), _(options[i].help), column);
}

/* ---------------------------------------------------------------- a program */

/* "postigo-admin(8)" becomes "man 8 postigo-admin". */
static void print_manual(FILE *out, const char *manual)
{
	size_t length = strcspn(manual, "(");
	const char *section = manual + length + (manual[length] == '(');

	(void)fprintf(out, _("\nMore: man %.*s %.*s\n"), (int)strcspn(section, ")"), section,
		(int)length, manual);
}

static void print_program_examples(FILE *out, const struct command_program *program)
{
	size_t printed = 0;

	print_heading(out, _("EXAMPLES"));
	for (size_t i = 0; i < program->command_count && printed < HELP_EXAMPLES; i++) {
		const struct command *command = &program->commands[i];

		if (command->hidden || !command->examples || !command->examples[0])
			continue;
		(void)fprintf(out, "%*s%s\n", HELP_INDENT, "", command->examples[0]);
		printed++;
	}
}

static void print_commands(FILE *out, const struct command_program *program)
{
	int column = 0;

	for (size_t i = 0; i < program->command_count; i++) {
		if (!program->commands[i].hidden)
			column = wider(column, program->commands[i].words);
	}
	print_heading(out, _("COMMANDS"));
	for (size_t i = 0; i < program->command_count; i++) {
		const struct command *command = &program->commands[i];

		if (!command->hidden)
			print_row(out, command->words, _(command->help), column);
	}
}

static void print_program(FILE *out, const struct command_program *program)
{
	(void)fprintf(out, "%s: ", program->name);
	print_wrapped(out, _(program->summary), text_width(program->name) + 2, HELP_INDENT);
	print_heading(out, _("USAGE"));
	(void)fprintf(out, _("  %s COMMAND [ARGUMENT...] [OPTION...]\n"), program->name);
	(void)fprintf(out, _("  %s help COMMAND\n"), program->name);
	print_program_examples(out, program);
	print_commands(out, program);
	print_heading(out, _("GLOBAL OPTIONS"));
	print_options(out, command_global_options, GLOBAL_OPTION_COUNT);
	print_manual(out, program->manual);
}

/* ---------------------------------------------------------------- a command */

static void print_command(FILE *out, const struct command_program *program,
	const struct command *command)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	print_wrapped(out, command_synopsis(program, command, &arena), 0, 2 * HELP_INDENT);
	(void)fputc('\n', out);
	print_paragraph(out, _(command->help), HELP_INDENT);
	if (command->details) {
		(void)fputc('\n', out);
		print_paragraph(out, _(command->details), HELP_INDENT);
	}
	if (command->option_count > 0) {
		print_heading(out, _("OPTIONS"));
		print_options(out, command->options, command->option_count);
	}
	if (command->examples) {
		print_heading(out, _("EXAMPLES"));
		for (const char *const *example = command->examples; *example; example++)
			(void)fprintf(out, "%*s%s\n", HELP_INDENT, "", *example);
	}
	print_manual(out, program->manual);
}

void command_help(const struct command_line *line, struct output *output)
{
	if (line->command)
		print_command(output->out, line->program, line->command);
	else
		print_program(output->out, line->program);
}
