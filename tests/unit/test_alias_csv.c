#include "format/alias_csv.h"

#include "unit.h"

#define NOW 1779234918
#define HEADER "user,destinations,expires,note,keep_copy\n"

static void read_text(const char *text, struct arena *arena, struct import_rows *rows)
{
	const struct source_text source = {"F", text, strlen(text)};

	*rows = (struct import_rows){.count = 0};
	alias_csv_read(&source, NOW, arena, rows);
}

START_TEST(reads_every_column)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct import_rows rows;
	const struct alias_entry *entry;

	read_text(HEADER "ana, a@x.org  b@y.org ,30d,\"one, \"\"two\"\"\",yes\n", &arena, &rows);
	ck_assert(!rows.broken);
	ck_assert_uint_eq(rows.count, 1);
	ck_assert_uint_eq(rows.items[0].line, 2);
	ck_assert_ptr_null(rows.items[0].faults);
	entry = &rows.items[0].entry;
	ck_assert_str_eq(entry->username, "ana");
	ck_assert_uint_eq(entry->destinations.count, 2);
	ck_assert_str_eq(entry->destinations.items[1], "b@y.org");
	ck_assert_int_eq(entry->expires, NOW + 30 * 86400);
	ck_assert_str_eq(entry->note, "one, \"two\"");
	ck_assert(entry->keep_copy);
	ck_assert_uint_eq(rows.items[0].given, IMPORT_EXPIRES | IMPORT_NOTE | IMPORT_KEEP_COPY);
}
END_TEST

START_TEST(takes_columns_in_any_order)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct import_rows rows;

	read_text("\xef\xbb\xbf"
		  "State,Destinations,USER\r\nsuspended,a@x.org,ana\r\n,b@x.org,bia",
		&arena, &rows);
	ck_assert_uint_eq(rows.count, 2);
	ck_assert_str_eq(rows.items[0].entry.username, "ana");
	ck_assert_int_eq(rows.items[0].entry.status, ALIAS_SUSPENDED);
	ck_assert_uint_eq(rows.items[0].given, IMPORT_STATUS);
	ck_assert_uint_eq(rows.items[1].given, 0);
}
END_TEST

/* Lines are those of an editor: quoted line ends, blank lines and CRLF included. */
START_TEST(counts_physical_lines)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct import_rows rows;

	read_text("\n" HEADER "\n  \na,\"a@x.org\n\nb@x.org\",,,\r\nb,b@x.org,,,\n\n\nc,c@x.org,,,",
		&arena, &rows);
	ck_assert_uint_eq(rows.count, 3);
	ck_assert_uint_eq(rows.items[0].line, 5);
	ck_assert_uint_eq(rows.items[0].entry.destinations.count, 2);
	ck_assert_uint_eq(rows.items[1].line, 8);
	ck_assert_uint_eq(rows.items[2].line, 11);
}
END_TEST

static const struct {
	const char *text;
	size_t line;
	const char *detail; /* part of it */
} broken_files[] = {
	{"", 1, "empty"},
	{"\n\n", 1, "empty"},
	{"ana,a@x.org\n", 1, "unknown column \"ana\""},
	{"user,destination\n", 1, "did you mean \"destinations\""},
	{"user,note\n", 1, "\"destinations\" is missing"},
	{"user,user,destinations\n", 1, "twice"},
	{HEADER "a,a@x.org,,,\nb,\"b@x.org,,,\n\n", 3, "quotation"},
	{HEADER "a,a@x\"y,,,\n", 2, "quotation"},
	{HEADER "a,\"a@x.org\"z,,,\n", 2, "quotation"},
};

START_TEST(stops_at_what_is_no_csv)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct import_rows rows;
	const struct import_row *last;

	read_text(broken_files[_i].text, &arena, &rows);
	ck_assert_msg(rows.broken, "%s", broken_files[_i].text);
	last = &rows.items[rows.count - 1];
	ck_assert_msg(last->line == broken_files[_i].line, "%s: line %zu", broken_files[_i].text,
		last->line);
	ck_assert_msg(strstr(last->faults->detail, broken_files[_i].detail) != NULL, "%s",
		last->faults->detail);
}
END_TEST

static const struct {
	const char *row;
	const char *field;
} bad_rows[] = {
	{"ana,,,,", "destinations"},
	{"ana,a@x.org,soon,,", "expires"},
	{"ana,a@x.org,,,maybe", "keep_copy"},
	{"ana,a@x.org,,", "row"},
	{"ana,a@x.org,,,,more", "row"},
	{"ana", "destinations row"},
	{"ana,,soon,,maybe", "destinations expires keep_copy"},
};

START_TEST(notes_every_fault_of_a_row)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct strbuf fields cleanup_strbuf = STRBUF_INIT;
	struct import_rows rows;

	strbuf_printf(&text, HEADER "%s\nbia,b@x.org,,,\n", bad_rows[_i].row);
	read_text(strbuf_text(&text), &arena, &rows);
	ck_assert(!rows.broken);
	ck_assert_uint_eq(rows.count, 2);
	for (const struct import_fault *fault = rows.items[0].faults; fault; fault = fault->next)
		strbuf_printf(&fields, "%s%s", fields.length > 0 ? " " : "", fault->field);
	/* A row that is too short has no destinations to be wrong about. */
	if (strcmp(bad_rows[_i].row, "ana") == 0)
		ck_assert_str_eq(strbuf_text(&fields), "row");
	else
		ck_assert_str_eq(strbuf_text(&fields), bad_rows[_i].field);
	ck_assert_ptr_null(rows.items[1].faults);
}
END_TEST

START_TEST(refuses_a_nul)
{
	static const char text[] = HEADER "ana,a@x.org,,a\0b,\n";
	const struct source_text source = {"F", text, sizeof(text) - 1};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct import_rows rows = {.count = 0};

	alias_csv_read(&source, NOW, &arena, &rows);
	ck_assert_uint_eq(rows.count, 1);
	ck_assert_str_eq(rows.items[0].faults->field, "row");
}
END_TEST

static const char *const notes[] = {"", "plain", "a, b", "\"", "\"\"", " leading", "trailing ",
	"tab\there", "olá", ";"};

START_TEST(reads_what_it_printed)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_entry entry = {.username = "ana",
		.note = notes[_i],
		.expires = 1798761600,
		.status = ALIAS_PAUSED};
	struct import_rows rows;

	string_list_add(&entry.destinations, &arena, "a@x.org");
	string_list_add(&entry.destinations, &arena, "b@x.org");
	alias_csv_print_header(&text);
	alias_csv_print(&entry, &text);
	read_text(strbuf_text(&text), &arena, &rows);
	ck_assert_uint_eq(rows.count, 1);
	ck_assert_ptr_null(rows.items[0].faults);
	ck_assert_str_eq(rows.items[0].entry.note, notes[_i]);
	ck_assert_int_eq(rows.items[0].entry.expires, entry.expires);
	ck_assert_int_eq(rows.items[0].entry.status, ALIAS_PAUSED);
	ck_assert_uint_eq(rows.items[0].entry.destinations.count, 2);
}
END_TEST

START_TEST(stops_at_the_limit_of_rows)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct import_rows rows;

	strbuf_append_text(&text, "user,destinations\n");
	for (size_t i = 0; i <= IMPORT_ROWS_MAX; i++)
		strbuf_append_text(&text, "a,b\n");
	read_text(strbuf_text(&text), &arena, &rows);
	ck_assert(rows.full);
	ck_assert_uint_eq(rows.count, IMPORT_ROWS_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_csv");
	TCase *reading = unit_case(suite, "reading");
	TCase *printing = unit_case(suite, "printing");

	tcase_add_test(reading, reads_every_column);
	tcase_add_test(reading, takes_columns_in_any_order);
	tcase_add_test(reading, counts_physical_lines);
	tcase_add_loop_test(reading, stops_at_what_is_no_csv, 0, ARRAY_LENGTH(broken_files));
	tcase_add_loop_test(reading, notes_every_fault_of_a_row, 0, ARRAY_LENGTH(bad_rows));
	tcase_add_test(reading, refuses_a_nul);
	tcase_add_test(reading, stops_at_the_limit_of_rows);
	tcase_add_loop_test(printing, reads_what_it_printed, 0, ARRAY_LENGTH(notes));
	return unit_run(suite);
}
