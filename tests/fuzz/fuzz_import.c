/* A file to import, of any bytes, by each reader: it ends, every row has its line and complete
 * texts, and a broken file says so. */
#include "format/alias_csv.h"
#include "format/alias_import_json.h"
#include "format/email_address.h"
#include "format/postfix_virtual.h"
#include "format/username.h"

#include "fuzz.h"

#define NOW 1779234918

static size_t count_lines(const uint8_t *bytes, size_t length)
{
	size_t count = 1;

	for (size_t i = 0; i < length; i++)
		count += bytes[i] == '\n';
	return count;
}

static void check_row(const struct import_row *row, size_t lines)
{
	const struct alias_entry *entry = &row->entry;

	insist(row->line >= 1 && row->line <= lines);
	insist(entry->username && entry->alias && entry->approved_by && entry->request_id &&
		entry->source && entry->note);
	insist(row->faults || entry->destinations.count > 0);
	for (const struct import_fault *fault = row->faults; fault; fault = fault->next)
		insist(*fault->field && *fault->detail);
}

static bool is_exportable(const struct import_row *row)
{
	if (row->faults || strpbrk(row->entry.note, "\r\n") || !username_is_valid(row->entry.username))
		return false;
	for (size_t i = 0; i < row->entry.destinations.count; i++) {
		if (email_address_check(row->entry.destinations.items[i]) != EMAIL_OK)
			return false;
	}
	return true;
}

/* What CSV says of an entry that a store can hold it also reads again. */
static void check_printed(const struct import_row *row, struct arena *arena)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct import_rows rows = {.count = 0};
	struct source_text source = {.path = "F"};
	const struct alias_entry *again;

	alias_csv_print_header(&text);
	alias_csv_print(&row->entry, &text);
	source.text = strbuf_text(&text);
	source.length = text.length;
	alias_csv_read(&source, NOW, arena, &rows);
	insist(!rows.broken && rows.count == 1);
	again = &rows.items[0].entry;
	insist(strcmp(again->note, row->entry.note) == 0 && strcmp(again->username, row->entry.username) == 0);
	insist(again->expires == row->entry.expires && again->keep_copy == row->entry.keep_copy);
	insist(again->destinations.count == row->entry.destinations.count);
	for (size_t i = 0; i < again->destinations.count; i++)
		insist(strcmp(again->destinations.items[i], row->entry.destinations.items[i]) == 0);
}

static void check_rows(const struct import_rows *rows, size_t lines, struct arena *arena)
{
	insist(!rows->broken || (rows->count > 0 && rows->items[rows->count - 1].faults));
	for (size_t i = 0; i < rows->count; i++) {
		check_row(&rows->items[i], lines);
		if (is_exportable(&rows->items[i]))
			check_printed(&rows->items[i], arena);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = arena_strndup(&arena, (const char *)bytes, length);
	const struct source_text source = {"F", text, length};
	size_t lines = count_lines(bytes, length);

	for (int reader = 0; reader < 4; reader++) {
		struct import_rows rows = {.count = 0};

		if (reader == 0)
			alias_csv_read(&source, NOW, &arena, &rows);
		else if (reader == 1)
			alias_import_json_read(&source, &arena, &rows);
		else if (reader == 2)
			alias_import_runv_read(&source, &arena, &rows);
		else
			postfix_virtual_read(&source, "club.example", &arena, &rows);
		check_rows(&rows, lines, &arena);
	}
	return 0;
}
