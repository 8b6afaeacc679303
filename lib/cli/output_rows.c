#include "cli/output.h"

#include "base/message.h"
#include "format/printable.h"
#include "format/timestamp.h"

#include <libsmartcols.h>
#include <string.h>
#include <unistd.h>

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define DIM "\033[2m"

static const struct {
	const char *word;
	const char *color;
} states[] = {
	{N_("active"), GREEN},
	{N_("pending"), YELLOW},
	{N_("suspended"), DIM},
	{N_("paused"), DIM},
	{N_("none"), DIM},
	{N_("rejected"), RED},
	{N_("revoked"), RED},
	{N_("broken"), RED},
};

/* ---------------------------------------------------------------- one cell */

static void append_text(struct strbuf *buffer, const char *text)
{
	printable_append(buffer, text, strlen(text));
}

static void append_scalar(struct strbuf *buffer, const struct json *value)
{
	const char *text = json_text(value);
	int64_t number;
	bool truth;

	if (text)
		append_text(buffer, text);
	else if (json_integer(value, &number))
		strbuf_printf(buffer, "%lld", (long long)number);
	else if (json_boolean(value, &truth))
		strbuf_append_text(buffer, truth ? "true" : "false");
}

static void append_value(struct strbuf *buffer, const struct json *value, const char *separator)
{
	if (!json_is_array(value)) {
		append_scalar(buffer, value);
		return;
	}
	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		if (item != json_first(value))
			strbuf_append_text(buffer, separator);
		append_scalar(buffer, item);
	}
}

/* The index of a state's word, or the table's length. */
static size_t find_state(const char *word)
{
	size_t i = 0;

	while (word && i < ARRAY_LENGTH(states) && strcmp(states[i].word, word) != 0)
		i++;
	return word ? i : ARRAY_LENGTH(states);
}

static void append_for_people(struct strbuf *buffer, const struct output *output,
	const struct output_column *column, const struct json *value)
{
	const char *text = json_text(value);
	char when[64];
	int64_t seconds;

	if (column->kind == COLUMN_TIME && text && timestamp_parse(text, &seconds)) {
		relative_time(seconds, output->now, when, sizeof(when));
		strbuf_append_text(buffer, when);
	} else if (column->kind == COLUMN_STATE && text && *text) {
		append_text(buffer, _(text));
	} else {
		append_value(buffer, value, ", ");
	}
}

/* ---------------------------------------------------------------- plain */

static void print_plain(const struct output *output, const struct json *rows,
	const struct output_column *columns, size_t count)
{
	struct strbuf line cleanup_strbuf = STRBUF_INIT;

	for (const struct json *row = json_first(rows); row; row = json_next(row)) {
		strbuf_reset(&line);
		for (size_t i = 0; i < count; i++) {
			if (i > 0)
				strbuf_append_char(&line, '\t');
			append_value(&line, json_get(row, columns[i].key), ",");
		}
		(void)fprintf(output->out, "%s\n", strbuf_text(&line));
	}
}

/* ---------------------------------------------------------------- a table */

static void cleanup_table_function(struct libscols_table *const *table)
{
	scols_unref_table(*table);
}

#define cleanup_table __attribute__((cleanup(cleanup_table_function)))

/* Nothing is ever cut off, as it is decided on. Lists give way in a narrow terminal, names and ids
 * stay whole. */
static int column_flags(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_NUMBER:
		return SCOLS_FL_RIGHT;
	case COLUMN_LIST:
		return SCOLS_FL_WRAP;
	case COLUMN_TEXT:
	case COLUMN_TIME:
	case COLUMN_STATE:
		break;
	}
	return 0;
}

static struct libscols_table *new_table(const struct output *output,
	const struct output_column *columns, size_t count)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		out_of_memory();
	scols_table_set_stream(table, output->out);
	scols_table_enable_colors(table, output->color);
	scols_table_enable_noencoding(table, 1); /* the cells are printable, escapes too */
	scols_table_set_column_separator(table, "  ");
	if (!isatty(fileno(output->out)))
		scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (size_t i = 0; i < count; i++) {
		if (!scols_table_new_column(table, _(columns[i].title), 0,
			    column_flags(columns[i].kind)))
			out_of_memory();
	}
	return table;
}

static void fill_cell(const struct output *output, const struct output_column *column,
	const struct json *value, struct libscols_cell *cell)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	size_t state = find_state(json_text(value));

	append_for_people(&text, output, column, value);
	if (scols_cell_set_data(cell, strbuf_text(&text)) != 0)
		out_of_memory();
	if (column->kind == COLUMN_STATE && state < ARRAY_LENGTH(states) &&
		scols_cell_set_color(cell, states[state].color) != 0)
		out_of_memory();
}

static void print_table(const struct output *output, const struct json *rows,
	const struct output_column *columns, size_t count, bool headings)
{
	struct libscols_table *table cleanup_table = new_table(output, columns, count);

	scols_table_enable_noheadings(table, !headings);

	for (const struct json *row = json_first(rows); row; row = json_next(row)) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		if (!line)
			out_of_memory();
		for (size_t i = 0; i < count; i++)
			fill_cell(output, &columns[i], json_get(row, columns[i].key),
				scols_line_get_cell(line, i));
	}
	(void)scols_print_table(table); /* a failed write is output_finish()'s to find */
}

static void print_lines(struct output *output, const struct json *rows)
{
	for (const struct json *row = json_first(rows); row; row = json_next(row))
		output_json(output, row);
}

void output_rows(struct output *output, const struct json *document, const struct json *rows,
	const struct output_column *columns, size_t count, const char *empty)
{
	switch (output->shape) {
	case OUTPUT_HUMAN:
		if (json_first(rows))
			print_table(output, rows, columns, count, true);
		else if (*empty)
			output_say(output, "%s", _(empty));
		break;
	case OUTPUT_PLAIN:
		print_plain(output, rows, columns, count);
		break;
	case OUTPUT_JSON:
		if (output->json_lines && !document)
			print_lines(output, rows);
		else
			output_json(output, document ? document : rows);
		break;
	}
}

/* ---------------------------------------------------------------- a list */

#define TABLE_ROWS 500 /* of one table; the next one goes on below it */

void output_list_begin(struct output_list *list, struct output *output, const struct output_column *columns, size_t count)
{
	*list = (struct output_list){.output = output, .columns = columns, .count = count, .rows = json_new_array()};
	if (output->shape == OUTPUT_JSON && !output->json_lines)
		(void)fputc('[', output->out);
}

static void print_json_row(struct output_list *list, const struct json *row)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	if (list->total > 0 && !list->output->json_lines)
		strbuf_append_char(&text, ',');
	json_print(row, &text);
	if (list->output->json_lines)
		strbuf_append_char(&text, '\n');
	(void)fwrite(text.text, 1, text.length, list->output->out);
}

static void print_held(struct output_list *list)
{
	if (list->output->shape == OUTPUT_PLAIN)
		print_plain(list->output, list->rows, list->columns, list->count);
	else if (list->output->shape == OUTPUT_HUMAN && list->held > 0)
		print_table(list->output, list->rows, list->columns, list->count, list->total == list->held);
	json_free(&list->rows);
	list->rows = json_new_array();
	list->held = 0;
}

void output_list_add(struct output_list *list, struct json *row)
{
	if (list->output->shape == OUTPUT_JSON) {
		print_json_row(list, row);
		json_free(&row);
		list->total++;
		return;
	}
	json_add(list->rows, row);
	list->held++;
	list->total++;
	if (list->held == TABLE_ROWS)
		print_held(list);
}

void output_list_end(struct output_list *list, const char *empty)
{
	print_held(list);
	if (list->output->shape == OUTPUT_JSON && !list->output->json_lines)
		(void)fputs("]\n", list->output->out);
	if (list->output->shape == OUTPUT_HUMAN && list->total == 0 && *empty)
		output_say(list->output, "%s", _(empty));
}

void output_list_discard(struct output_list *list)
{
	json_free(&list->rows);
}
