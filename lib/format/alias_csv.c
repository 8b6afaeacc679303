#include "format/alias_csv.h"

#include "base/message.h"
#include "format/expiry.h"
#include "format/nearest_word.h"
#include "format/timestamp.h"

#include <csv.h>
#include <string.h>

#define FIELDS_MAX 16
#define BLOCK_SIZE 4096 /* bytes by which libcsv's buffer grows */

/* ---------------------------------------------------------------- columns */

static const char *read_user(const char *text, int64_t now, struct arena *arena,
	struct import_row *row)
{
	(void)now;
	(void)arena;
	row->entry.username = text;
	return NULL;
}

static const char *read_destinations(const char *text, int64_t now, struct arena *arena,
	struct import_row *row)
{
	(void)now;
	string_list_split(&row->entry.destinations, arena, text, " \t\r\n");
	return row->entry.destinations.count > 0 ? NULL : _("there is none");
}

static const char *read_expires(const char *text, int64_t now, struct arena *arena,
	struct import_row *row)
{
	row->given |= IMPORT_EXPIRES;
	if (*text == '\0' || expiry_parse(text, now, &row->entry.expires))
		return NULL;
	return arena_printf(arena,
		_("\"%s\" is neither a time, a day, nor a duration with its unit"), text);
}

static const char *read_note(const char *text, int64_t now, struct arena *arena,
	struct import_row *row)
{
	(void)now;
	(void)arena;
	row->given |= IMPORT_NOTE;
	row->entry.note = text;
	return NULL;
}

static const char *read_keep_copy(const char *text, int64_t now, struct arena *arena,
	struct import_row *row)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"", false}, {"false", false}, {"no", false}, {"0", false}, {"true", true},
		{"yes", true}, {"1", true}};

	(void)now;
	row->given |= IMPORT_KEEP_COPY;
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcasecmp(text, words[i].word) != 0)
			continue;
		row->entry.keep_copy = words[i].value;
		return NULL;
	}
	return arena_printf(arena, _("\"%s\" is neither true nor false"), text);
}

static const char *read_state(const char *text, int64_t now, struct arena *arena,
	struct import_row *row)
{
	(void)now;
	if (*text == '\0')
		return NULL;
	row->given |= IMPORT_STATUS;
	if (alias_status_parse(text, &row->entry.status))
		return NULL;
	return arena_printf(arena, _("\"%s\" is none of active, suspended, paused"), text);
}

static const struct csv_column {
	const char *name;
	/* Takes a field; returns what is wrong with it, or NULL. */
	const char *(
		*read)(const char *text, int64_t now, struct arena *arena, struct import_row *row);
	bool required;
} columns[] = {
	{"user", read_user, true},
	{"destinations", read_destinations, true},
	{"expires", read_expires, false},
	{"note", read_note, false},
	{"keep_copy", read_keep_copy, false},
	{"state", read_state, false},
};

static const struct csv_column *find_column(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
		if (strcasecmp(columns[i].name, name) == 0)
			return &columns[i];
	}
	return NULL;
}

/* ---------------------------------------------------------------- reading */

/* One file on its way through libcsv: the fields of the row that is being read. */
struct csv_reading {
	struct import_rows *rows;
	struct arena *arena;
	int64_t now;
	size_t line;  /* physical, of the bytes being parsed */
	size_t start; /* line on which the present row begins */
	bool open;    /* a row has begun and not ended */
	const struct csv_column *header[FIELDS_MAX];
	size_t header_count; /* 0 = the header has not been seen */
	const char *fields[FIELDS_MAX];
	size_t field_count;
	bool has_nul;
};

static void take_field(void *bytes, size_t length, void *context)
{
	struct csv_reading *reading = context;
	const char *text =
		length > 0 ? bytes : ""; /* the parser has no buffer before the first byte */

	reading->has_nul |= memchr(text, '\0', length) != NULL;
	if (reading->field_count < FIELDS_MAX)
		reading->fields[reading->field_count] = arena_strndup(reading->arena, text, length);
	reading->field_count++;
}

static void refuse_header(struct csv_reading *reading, const char *detail)
{
	import_rows_break(reading->rows, reading->arena, reading->start,
		arena_printf(reading->arena, "%s; %s user,destinations,expires,note,keep_copy",
			detail, _("the first line names the columns, such as")));
}

static const char *unknown_column(struct csv_reading *reading, const char *name)
{
	const char *names[ARRAY_LENGTH(columns)];
	const char *nearest;

	for (size_t i = 0; i < ARRAY_LENGTH(columns); i++)
		names[i] = columns[i].name;
	nearest = nearest_word(name, names, ARRAY_LENGTH(columns));
	if (nearest)
		return arena_printf(reading->arena,
			_("unknown column \"%s\", did you mean \"%s\"?"), name, nearest);
	return arena_printf(reading->arena, _("unknown column \"%s\""), name);
}

static bool header_has(const struct csv_reading *reading, const struct csv_column *column)
{
	for (size_t i = 0; i < reading->header_count; i++) {
		if (reading->header[i] == column)
			return true;
	}
	return false;
}

static void take_header(struct csv_reading *reading)
{
	for (size_t i = 0; i < reading->field_count && i < FIELDS_MAX; i++) {
		const struct csv_column *column = find_column(reading->fields[i]);

		if (!column) {
			refuse_header(reading, unknown_column(reading, reading->fields[i]));
			return;
		}
		if (header_has(reading, column)) {
			refuse_header(reading,
				arena_printf(reading->arena, _("column \"%s\" stands there twice"),
					column->name));
			return;
		}
		reading->header[reading->header_count++] = column;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
		if (!columns[i].required || header_has(reading, &columns[i]))
			continue;
		refuse_header(reading, arena_printf(reading->arena, _("column \"%s\" is missing"),
					       columns[i].name));
		return;
	}
}

static void take_cells(struct csv_reading *reading, struct import_row *row)
{
	for (size_t i = 0; i < reading->header_count && i < reading->field_count; i++) {
		const struct csv_column *column = reading->header[i];
		const char *fault =
			column->read(reading->fields[i], reading->now, reading->arena, row);

		if (fault)
			import_row_fault(row, reading->arena, column->name, fault);
	}
}

static void take_values(struct csv_reading *reading)
{
	struct import_row *row = import_rows_add(reading->rows, reading->arena, reading->start);

	if (!row)
		return;
	take_cells(reading, row);
	if (reading->has_nul)
		import_row_fault(row, reading->arena, "row", _("it holds a NUL byte"));
	if (reading->field_count != reading->header_count)
		import_row_fault(row, reading->arena, "row",
			arena_printf(reading->arena, _("it has %zu fields, the header has %zu"),
				reading->field_count, reading->header_count));
}

static void take_row(int end, void *context)
{
	struct csv_reading *reading = context;

	(void)end;
	if (reading->rows->broken)
		return;
	if (reading->header_count == 0)
		take_header(reading);
	else
		take_values(reading);
	reading->field_count = 0;
	reading->has_nul = false;
	reading->open = false;
	reading->start = reading->line;
}

static size_t line_length(const char *text, size_t length)
{
	const char *end = memchr(text, '\n', length);

	return end ? (size_t)(end - text) + 1 : length;
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0' || !strchr(" \t\r\n", text[i]))
			return false;
	}
	return true;
}

static void break_off(struct csv_reading *reading, struct csv_parser *parser)
{
	if (csv_error(parser) != CSV_EPARSE)
		out_of_memory();
	import_rows_break(reading->rows, reading->arena, reading->start,
		_("a quotation mark stands where none may stand, or is never closed"));
}

/* Line by line, because libcsv does not count them. */
static void read_lines(struct csv_reading *reading, struct csv_parser *parser, const char *text,
	size_t length)
{
	for (size_t offset = 0; offset < length && !reading->rows->broken;) {
		size_t part = line_length(text + offset, length - offset);

		reading->line++;
		if (!reading->open)
			reading->start = reading->line;
		reading->open |= !is_blank(text + offset, part);
		if (csv_parse(parser, text + offset, part, take_field, take_row, reading) != part) {
			break_off(reading, parser);
			return;
		}
		offset += part;
	}
	if (!reading->rows->broken && csv_fini(parser, take_field, take_row, reading) != 0)
		break_off(reading, parser);
}

void alias_csv_read(const struct source_text *source, int64_t now, struct arena *arena,
	struct import_rows *rows)
{
	static const char mark[] = {'\xef', '\xbb', '\xbf'}; /* spreadsheets put it in front */
	struct csv_reading reading = {.rows = rows, .arena = arena, .now = now};
	bool marked =
		source->length >= sizeof(mark) && memcmp(source->text, mark, sizeof(mark)) == 0;
	size_t skipped = marked ? sizeof(mark) : 0;
	struct csv_parser parser;

	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		out_of_memory();
	csv_set_blk_size(&parser, BLOCK_SIZE);
	read_lines(&reading, &parser, source->text + skipped, source->length - skipped);
	csv_free(&parser);
	if (!rows->broken && reading.header_count == 0) {
		reading.start = 1;
		refuse_header(&reading, _("the file is empty"));
	}
}

/* ---------------------------------------------------------------- printing */

void alias_csv_print_header(struct strbuf *buffer)
{
	for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
		strbuf_append_text(buffer, i > 0 ? "," : "");
		strbuf_append_text(buffer, columns[i].name);
	}
	strbuf_append_char(buffer, '\n');
}

static void print_text(struct strbuf *buffer, const char *text)
{
	size_t length = strlen(text);
	size_t room = 2 * length + 3;

	if (length == 0 ||
		(!strpbrk(text, ",\"\r\n\t") && text[0] != ' ' && text[length - 1] != ' '))
		strbuf_append_text(buffer, text);
	else
		buffer->length += csv_write(strbuf_reserve(buffer, room), room, text, length);
	strbuf_append(buffer, "", 0);
}

void alias_csv_print(const struct alias_entry *entry, struct strbuf *buffer)
{
	char expires[TIMESTAMP_LENGTH + 1] = "";

	if (entry->expires > 0)
		timestamp_format(entry->expires, expires);
	print_text(buffer, entry->username);
	strbuf_append_char(buffer, ',');
	for (size_t i = 0; i < entry->destinations.count; i++) {
		strbuf_append_text(buffer, i > 0 ? " " : "");
		strbuf_append_text(buffer, entry->destinations.items[i]);
	}
	strbuf_printf(buffer, ",%s,", expires);
	print_text(buffer, entry->note);
	strbuf_printf(buffer, ",%s,%s\n", entry->keep_copy ? "true" : "false",
		alias_status_name(entry->status));
}
