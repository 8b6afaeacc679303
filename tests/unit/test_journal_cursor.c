#include "storage/journal_cursor.h"

#include "store_fixture.h"

#define LINES 300

/* A journal whose n-th line has n in its reason, with lines short and long. */
static int make_journal(const char *name, struct alias_journal *journal)
{
	int directory = unit_directory(name);
	struct arena arena cleanup_arena = ARENA_INIT;
	struct journal_event last;
	struct error err;
	bool torn;

	unit_assert_ok(alias_journal_create(directory, &err), err);
	unit_assert_ok(alias_journal_open(journal, directory, &arena, &last, &torn, &err), err);
	for (int i = 1; i <= LINES; i++) {
		struct journal_event event = {
			.generation = 1, .at = FIXTURE_TIME, .op = "reject", .username = "ana", .uid = 5001};
		int padding = i % 50 == 0 ? 30000 : i % 7 * 100;

		event.request_id = "";
		event.reason = arena_printf(&arena, "%d %0*d", i, padding + 1, 0);
		event.actor = &fixture_actor;
		memset(event.from, 'a', DIGEST_HEX_LENGTH);
		memset(event.to, 'a', DIGEST_HEX_LENGTH);
		unit_assert_ok(alias_journal_append(journal, -1, &event, 1, &err), err);
	}
	return directory;
}

START_TEST(walks_back_to_the_first)
{
	struct journal_cursor cursor cleanup_journal_cursor = JOURNAL_CURSOR_INIT;
	struct alias_journal journal;
	int directory cleanup_close = make_journal("back", &journal);
	struct journal_event event;
	struct error err;

	unit_assert_ok(journal_cursor_open(&cursor, &journal, &err), err);
	for (int i = LINES; i >= 1; i--) {
		struct arena arena cleanup_arena = ARENA_INIT;

		ck_assert_int_eq(journal_cursor_previous(&cursor, &arena, &event, &err), LOOKUP_FOUND);
		ck_assert_int_eq(event.sequence, i);
		ck_assert_int_eq(strtol(event.reason, NULL, 10), i);
	}
	for (int i = 0; i < 2; i++) {
		struct arena arena cleanup_arena = ARENA_INIT;

		ck_assert_int_eq(journal_cursor_previous(&cursor, &arena, &event, &err), LOOKUP_NOT_FOUND);
	}
	ck_assert_int_ge(directory, 0);
}
END_TEST

START_TEST(an_empty_journal_has_none)
{
	struct journal_cursor cursor cleanup_journal_cursor = JOURNAL_CURSOR_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("empty");
	struct alias_journal journal;
	struct journal_event event;
	struct error err;
	bool torn;

	unit_assert_ok(alias_journal_create(directory, &err), err);
	unit_assert_ok(alias_journal_open(&journal, directory, &arena, &event, &torn, &err), err);
	unit_assert_ok(journal_cursor_open(&cursor, &journal, &err), err);
	ck_assert_int_eq(journal_cursor_previous(&cursor, &arena, &event, &err), LOOKUP_NOT_FOUND);
}
END_TEST

/* The lines behind the changed one come out; it and everything before does not. */
START_TEST(stops_at_a_changed_line)
{
	struct journal_cursor cursor cleanup_journal_cursor = JOURNAL_CURSOR_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_journal journal;
	int directory cleanup_close = make_journal("changed", &journal);
	struct fixture_bytes file = fixture_read(directory, "journal.jsonl");
	char *line = strstr(file.bytes, "\"reason\":\"290 ");
	struct journal_event event;
	struct error err;

	ck_assert_ptr_nonnull(line);
	line[strlen("\"reason\":\"29")] = '1';
	fixture_write(directory, "journal.jsonl", file.bytes, file.length, 0640);
	free(file.bytes);
	unit_assert_ok(journal_cursor_open(&cursor, &journal, &err), err);
	for (int i = LINES; i > 290; i--)
		ck_assert_int_eq(journal_cursor_previous(&cursor, &arena, &event, &err), LOOKUP_FOUND);
	ck_assert_int_eq(journal_cursor_previous(&cursor, &arena, &event, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_ptr_nonnull(strstr(err.what, "290"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal_cursor");
	TCase *plain = unit_case(suite, "plain");

	unit_add_root_test(plain, walks_back_to_the_first);
	unit_add_root_test(plain, an_empty_journal_has_none);
	unit_add_root_test(plain, stops_at_a_changed_line);
	return unit_run(suite);
}
