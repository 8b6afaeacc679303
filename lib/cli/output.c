#include "cli/output.h"

#include "base/message.h"
#include "format/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <unistr.h>
#include <uniwidth.h>

#define FIELD_WIDTH 16 /* columns that the name of a field takes */

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

/* ---------------------------------------------------------------- shape and colour */

static bool environment_has(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

static bool colours_are_welcome(void)
{
	const char *terminal = getenv("TERM");

	return terminal && *terminal && strcmp(terminal, "dumb") != 0 &&
	       !environment_has("NO_COLOR") && !environment_has("CI");
}

static enum output_shape shape_of(const struct output_options *options)
{
	if (options->json || options->json_lines)
		return OUTPUT_JSON;
	return options->plain || !isatty(STDOUT_FILENO) ? OUTPUT_PLAIN : OUTPUT_HUMAN;
}

void output_init(struct output *output, const char *program, const struct output_options *options,
	int64_t now)
{
	bool color = !options->no_color && colours_are_welcome();

	*output = (struct output){
		.shape = shape_of(options),
		.json_lines = options->json_lines,
		.quiet = options->quiet,
		.program = program,
		.out = stdout,
		.err = stderr,
		.now = now,
	};
	output->color = color && output->shape == OUTPUT_HUMAN && isatty(STDOUT_FILENO);
	output->color_error = color && output->shape != OUTPUT_JSON && isatty(STDERR_FILENO);
}

/* ---------------------------------------------------------------- results */

static void print_json(FILE *file, const struct json *value)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	json_print(value, &text);
	strbuf_append_char(&text, '\n');
	(void)fwrite(text.text, 1, text.length, file);
}

void output_json(struct output *output, const struct json *value)
{
	if (output->shape == OUTPUT_JSON)
		print_json(output->out, value);
}

void output_say(struct output *output, const char *format, ...)
{
	va_list arguments;

	if (output->shape == OUTPUT_JSON || output->quiet)
		return;
	va_start(arguments, format);
	(void)vfprintf(output->out, format, arguments);
	va_end(arguments);
	(void)fputc('\n', output->out);
}

void output_field(struct output *output, const char *title, const char *key, const char *value)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	int gap = FIELD_WIDTH - u8_strwidth((const uint8_t *)title, "UTF-8");

	if (value)
		printable_append(&text, value, strlen(value));
	switch (output->shape) {
	case OUTPUT_HUMAN:
		(void)fprintf(output->out, "%s%*s%s\n", title, gap > 1 ? gap : 1, "",
			strbuf_text(&text));
		break;
	case OUTPUT_PLAIN:
		(void)fprintf(output->out, "%s\t%s\n", key, strbuf_text(&text));
		break;
	case OUTPUT_JSON:
		break;
	}
}

const char *output_word(const struct output *output, const char *word)
{
	return output->shape == OUTPUT_HUMAN && *word ? _(word) : word;
}

/* ---------------------------------------------------------------- messages */

static void print_label(const struct output *output, const char *color, const char *label)
{
	if (output->color_error)
		(void)fprintf(output->err, "%s%s%s ", color, label, PLAIN);
	else
		(void)fprintf(output->err, "%s ", label);
}

static void print_printable(FILE *file, const char *text)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	printable_append(&buffer, text, strlen(text));
	(void)fprintf(file, "%s\n", strbuf_text(&buffer));
}

/* JSON has escapes of its own; only what is no UTF-8 needs ours. */
static void set_message(struct json *object, const char *key, const char *text)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	if (!*text)
		return;
	if (!u8_check((const uint8_t *)text, strlen(text))) {
		json_set_text(object, key, text);
		return;
	}
	printable_append(&buffer, text, strlen(text));
	json_set_text(object, key, strbuf_text(&buffer));
}

static void warn_as_json(const struct output *output, const char *text)
{
	struct json *document cleanup_json = json_new_object();

	set_message(json_set(document, "warning", json_new_object()), "message", text);
	print_json(output->err, document);
}

void output_warn(struct output *output, const char *format, ...)
{
	char *text cleanup_free = NULL;
	va_list arguments;
	int length;

	if (output->quiet)
		return;
	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	if (output->shape == OUTPUT_JSON) {
		warn_as_json(output, text);
		return;
	}
	print_label(output, YELLOW, _("warning:"));
	(void)fprintf(output->err, "%s\n", text);
}

static void print_error_json(const struct output *output, const struct error *err)
{
	struct json *document cleanup_json = json_new_object();
	struct json *object = json_set(document, "error", json_new_object());

	json_set_text(object, "code", error_name(err->code));
	json_set_integer(object, "exit", err->code);
	set_message(object, "message", err->what);
	set_message(object, "why", err->why);
	set_message(object, "fix", err->fix);
	set_message(object, "field", err->field);
	print_json(output->err, document);
}

static void print_error(const struct output *output, const struct error *err)
{
	print_label(output, RED, _("error:"));
	print_printable(output->err, err->what);
	if (*err->why && !output->quiet) {
		(void)fprintf(output->err, "  %s  ", _("why:"));
		print_printable(output->err, err->why);
	}
	if (*err->fix && !output->quiet) {
		(void)fprintf(output->err, "  %s  ", _("fix:"));
		print_printable(output->err, err->fix);
	}
}

int output_error(struct output *output, const struct error *err)
{
	/* What was said before comes before, also when both go to one file. */
	(void)fflush(output->out);
	if (output->shape == OUTPUT_JSON)
		print_error_json(output, err);
	else
		print_error(output, err);
	return (int)err->code;
}

int output_finish(struct output *output, int code)
{
	struct error err;

	errno = 0;
	if (fflush(output->out) == 0 && !ferror(output->out))
		return code;
	error_set_errno(&err, ERROR_FILESYSTEM, errno ? errno : EIO,
		_("the result could not be written"));
	return output_error(output, &err);
}
