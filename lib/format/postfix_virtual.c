#include "format/postfix_virtual.h"

#include "base/ascii.h"
#include "base/message.h"
#include "base/strbuf.h"

#include <string.h>

#define BLANKS " \t\r\v\f"

/* A logical line: what Postfix joins before it looks at it. */
struct logical_line {
	struct strbuf text;
	size_t line; /* on which it begins; 0 = none yet */
	bool has_nul;
};

struct virtual_reading {
	const char *domain;
	struct arena *arena;
	struct import_rows *rows;
};

static bool is_whole_address(const char *key, const char *domain)
{
	const char *at = strchr(key, '@');

	return at && at != key && ascii_equal_nocase(at + 1, domain);
}

static const char *key_fault(const char *key, const char *domain, struct arena *arena)
{
	if (strpbrk(key, "\"\\"))
		return _("quotes are not taken");
	if (*key == '@')
		return _("a catch-all is not an alias of a member");
	if (!strchr(key, '@'))
		return _("a name without a domain is not taken");
	if (!is_whole_address(key, domain))
		return arena_printf(arena, _("it is not in %s"), domain);
	return NULL;
}

/* Postfix folds keys to lower case when it looks them up, and so do we. */
static const char *name_of(const char *key, struct arena *arena)
{
	char *name = arena_strndup(arena, key, strcspn(key, "@"));

	for (char *byte = name; *byte; byte++)
		*byte = ascii_to_lower(*byte);
	return name;
}

static void take_value(const char *value, const char *key, struct arena *arena,
	struct import_row *row)
{
	struct string_list items = STRING_LIST_INIT;

	string_list_split(&items, arena, value, BLANKS ",");
	for (size_t i = 0; i < items.count; i++) {
		if (ascii_equal_nocase(items.items[i], key))
			row->entry.keep_copy = true;
		else
			string_list_add(&row->entry.destinations, arena, items.items[i]);
	}
}

/* Whether the row says only that an address is itself, as PostfixAdmin writes one for each mailbox.
 */
static bool says_nothing(const struct import_row *row)
{
	return row->entry.keep_copy && row->entry.destinations.count == 0 && !row->faults;
}

static void take_row(struct virtual_reading *reading, const struct logical_line *line,
	const char *key, const char *value)
{
	struct import_row *row = import_rows_add(reading->rows, reading->arena, line->line);
	const char *fault = key_fault(key, reading->domain, reading->arena);

	if (!row)
		return;
	row->entry.username = fault ? key : name_of(key, reading->arena);
	row->given |= IMPORT_KEEP_COPY;
	if (line->has_nul)
		import_row_fault(row, reading->arena, "row", _("it holds a NUL byte"));
	if (fault)
		import_row_fault(row, reading->arena, "key",
			arena_printf(reading->arena, "\"%s\": %s", key, fault));
	if (strpbrk(value, "\"\\"))
		import_row_fault(row, reading->arena, "value", _("quotes are not taken"));
	else
		take_value(value, key, reading->arena, row);
	if (says_nothing(row))
		reading->rows->count--;
	else if (row->entry.destinations.count == 0 && !row->faults)
		import_row_fault(row, reading->arena, "value", _("there is no destination"));
}

static void end_line(struct virtual_reading *reading, struct logical_line *line)
{
	const char *text = strbuf_text(&line->text);
	size_t length = strcspn(text, BLANKS);
	const char *key = arena_strndup(reading->arena, text, length);
	const char *value = text + length + strspn(text + length, BLANKS);

	if (line->line > 0 && !ascii_equal_nocase(key, reading->domain))
		take_row(reading, line, key, value);
	strbuf_reset(&line->text);
	line->line = 0;
	line->has_nul = false;
}

static bool is_comment(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!strchr(BLANKS, text[i]) || text[i] == '\0')
			return text[i] == '#';
	}
	return true;
}

/* The first physical line begins with a blank: Postfix warns and drops it, we say so. */
static void refuse_stray(struct virtual_reading *reading, size_t line)
{
	struct import_row *row = import_rows_add(reading->rows, reading->arena, line);

	if (row)
		import_row_fault(row, reading->arena, "row",
			_("it continues a line that is not there"));
}

static void take_line(struct virtual_reading *reading, struct logical_line *line, size_t number,
	const char *text, size_t length)
{
	bool continues = strchr(BLANKS, text[0]) && text[0];

	if (continues && line->line == 0) {
		refuse_stray(reading, number);
		return;
	}
	if (!continues) {
		end_line(reading, line);
		line->line = number;
	}
	line->has_nul |= memchr(text, '\0', length) != NULL;
	strbuf_append(&line->text, text, strnlen(text, length));
}

void postfix_virtual_read(const struct source_text *source, const char *domain, struct arena *arena,
	struct import_rows *rows)
{
	struct virtual_reading reading = {.domain = domain, .arena = arena, .rows = rows};
	struct logical_line line = {.text = STRBUF_INIT};
	size_t number = 0;

	for (size_t offset = 0; offset < source->length;) {
		const char *text = source->text + offset;
		const char *end = memchr(text, '\n', source->length - offset);
		size_t length = end ? (size_t)(end - text) : source->length - offset;

		number++;
		if (!is_comment(text, length))
			take_line(&reading, &line, number, text, length);
		offset += length + 1;
	}
	end_line(&reading, &line);
	strbuf_clear(&line.text);
}
