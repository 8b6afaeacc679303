#include "storage/alias_journal.h"

#include "storage/journal_line.h"
#include "store_fixture.h"

#define JOURNAL "journal.jsonl"
#define HEAD "journal.head"

static struct journal_event example(const char *op)
{
	struct journal_event event = {
		.generation = 1,
		.at = FIXTURE_TIME,
		.op = op,
		.username = "ana",
		.uid = 5001,
		.request_id = "",
		.reason = "",
		.actor = &fixture_actor,
	};

	memset(event.from, 'a', DIGEST_HEX_LENGTH);
	memset(event.to, 'b', DIGEST_HEX_LENGTH);
	return event;
}

/* An empty journal in a directory of its own. */
static int make_journal(const char *name, struct alias_journal *journal)
{
	int directory = unit_directory(name);
	struct arena arena cleanup_arena = ARENA_INIT;
	struct journal_event last;
	struct error err;
	bool torn;

	unit_assert_ok(alias_journal_create(directory, &err), err);
	unit_assert_ok(alias_journal_open(journal, directory, &arena, &last, &torn, &err), err);
	ck_assert_int_eq(last.sequence, 0);
	ck_assert(!torn);
	return directory;
}

static void add(struct alias_journal *journal, const char *op)
{
	struct journal_event event = example(op);
	struct error err;

	unit_assert_ok(alias_journal_append(journal, -1, &event, 1, &err), err);
}

START_TEST(a_line_holds_everything)
{
	static const struct identity actor = {.uid = 0,
		.login = "maria",
		.login_uid = 1002,
		.claim = "maria",
		.terminal = "/dev/pts/3"};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct strbuf again cleanup_strbuf = STRBUF_INIT;
	struct alias_entry before = fixture_entry(&arena, "ana", 5001, "a@x.example.org");
	struct alias_entry after = fixture_entry(&arena, "ana", 5001, "b@x.example.org");
	struct journal_event event = example("approve");
	struct journal_event back;
	char hash[DIGEST_HEX_LENGTH + 1];
	char previous[DIGEST_HEX_LENGTH + 1];
	struct error err;

	digest_bytes("x", 1, hash);
	event.sequence = 991;
	event.request_id = "5001-0123456789abcdef0123456789abcdef";
	event.before = &before;
	event.after = &after;
	event.reason = "ok";
	event.actor = &actor;
	journal_line_print(&event, hash, &text);
	unit_assert_ok(journal_line_parse(text.text, text.length, &arena, &back, previous, &err),
		err);
	ck_assert_str_eq(previous, hash);
	ck_assert_int_eq(back.sequence, 991);
	ck_assert_str_eq(back.op, "approve");
	ck_assert_str_eq(back.before->destinations.items[0], "a@x.example.org");
	ck_assert_str_eq(back.after->destinations.items[0], "b@x.example.org");
	ck_assert_int_eq(back.actor->login_uid, 1002);
	ck_assert_str_eq(back.actor->terminal, "/dev/pts/3");
	journal_line_print(&back, previous, &again);
	ck_assert_str_eq(strbuf_text(&again), strbuf_text(&text));
}
END_TEST

START_TEST(what_is_empty_is_absent)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct journal_event event = example("init");

	event.username = "";
	event.uid = 0;
	event.sequence = 1;
	journal_line_print(&event, event.from, &text);
	ck_assert_ptr_eq(strstr(strbuf_text(&text),
				 "{\"seq\":1,\"gen\":1,\"at\":\"2026-05-19T23:55:18Z\",\"op\":"
				 "\"init\","
				 "\"actor\":{\"uid\":0,\"login\":\"root\"},\"from\":\"aaaa"),
		text.text);
}
END_TEST

START_TEST(refuses_a_bad_line)
{
	static const char *const edits[][2] = {
		{"\"seq\":1", "\"seq\":0"},
		{"\"seq\":1", "\"seq\":\"1\""},
		{"\"gen\":1", "\"gen\":-1"},
		{"\"op\":\"add\"", "\"op\":\"\""},
		{"\"op\":\"add\"", "\"what\":\"add\""},
		{"2026-05-19T23:55:18Z", "yesterday"},
		{"\"actor\":{\"uid\":0", "\"actor\":{\"x\":0"},
		{"\"from\":\"aaaa", "\"from\":\"AAAA"},
		{"\"login\":\"root\"", "\"login\":7"},
		{"\"username\":\"ana\"", "\"username\":null"},
		{"\"uid\":5001", "\"uid\":-5"},
		{"\"uid\":5001", "\"after\":{}"},
	};
	static const char *const others[] = {"", "[0]", "7", "null", "{}", "{\"seq\":1"};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct journal_event event = example("add");
	struct error err;

	event.sequence = 1;
	journal_line_print(&event, event.from, &text);
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		struct journal_event back;

		ck_assert(!journal_event_parse(others[i], strlen(others[i]), &arena, &back, &err));
		unit_assert_error(err, ERROR_DATABASE);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(edits); i++) {
		const char *place = strstr(text.text, edits[i][0]);
		const char *bad = arena_printf(&arena, "%.*s%s%s", (int)(place - text.text),
			text.text, edits[i][1], place + strlen(edits[i][0]));
		struct journal_event back;

		ck_assert_ptr_nonnull(place);
		ck_assert_msg(!journal_event_parse(bad, strlen(bad), &arena, &back, &err),
			"accepted: %s", bad);
		unit_assert_error(err, ERROR_DATABASE);
	}
}
END_TEST

static bool count_lines(void *context, const char *line, size_t length)
{
	size_t *count = context;

	ck_assert_int_eq(line[0], '{');
	ck_assert_int_eq(line[length - 1], '}');
	(*count)++;
	return *count < 4;
}

START_TEST(appends_and_verifies)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_journal journal;
	int directory cleanup_close = make_journal("append", &journal);
	struct journal_event events[3] = {example("a"), example("b"), example("c")};
	struct journal_event last;
	struct error err;
	size_t count = 0;
	bool torn;

	unit_assert_ok(alias_journal_verify(directory, NULL, NULL, &err), err);
	add(&journal, "first");
	unit_assert_ok(alias_journal_append(&journal, -1, events, 3, &err), err);
	ck_assert_int_eq(events[2].sequence, 4);
	unit_assert_ok(alias_journal_open(&journal, directory, &arena, &last, &torn, &err), err);
	ck_assert_int_eq(last.sequence, 4);
	ck_assert_str_eq(last.op, "c");
	ck_assert(!torn);
	add(&journal, "last");
	unit_assert_ok(alias_journal_verify(directory, NULL, NULL, &err), err);
	unit_assert_ok(alias_journal_verify(directory, count_lines, &count, &err), err);
	ck_assert_uint_eq(count, 4);
	ck_assert(!alias_journal_create(directory, &err));
	unit_assert_error(err, ERROR_ALREADY_EXISTS);
}
END_TEST

START_TEST(a_line_too_long_writes_nothing)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("long", &journal);
	struct journal_event events[2] = {example("good"), example("long")};
	char *reason = calloc(1, JOURNAL_LINE_MAX + 1);
	struct stat status;
	struct error err;

	memset(reason, 'r', JOURNAL_LINE_MAX);
	events[1].reason = reason;
	ck_assert(!alias_journal_append(&journal, -1, events, 2, &err));
	unit_assert_error(err, ERROR_CAPACITY);
	ck_assert_int_eq(fstatat(directory, JOURNAL, &status, 0), 0);
	ck_assert_int_eq(status.st_size, 0);
	reason[JOURNAL_LINE_MAX - 1000] = '\0';
	unit_assert_ok(alias_journal_append(&journal, -1, events, 2, &err), err);
	unit_assert_ok(alias_journal_verify(directory, NULL, NULL, &err), err);
	free(reason);
}
END_TEST

START_TEST(a_changed_byte_is_seen)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("changed", &journal);
	struct fixture_bytes file;
	struct error err;

	for (int i = 0; i < 3; i++)
		add(&journal, "add");
	file = fixture_read(directory, JOURNAL);
	for (size_t i = 0; i < file.length; i++) {
		file.bytes[i] ^= 1;
		fixture_write(directory, JOURNAL, file.bytes, file.length, 0640);
		ck_assert_msg(!alias_journal_verify(directory, NULL, NULL, &err), "byte %zu", i);
		unit_assert_error(err, ERROR_DATABASE);
		file.bytes[i] ^= 1;
	}
	free(file.bytes);
}
END_TEST

START_TEST(a_changed_head_is_seen)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("head", &journal);
	struct arena arena cleanup_arena = ARENA_INIT;
	struct fixture_bytes file;
	struct journal_event last;
	struct error err;
	bool torn;

	for (int i = 0; i < 3; i++)
		add(&journal, "add");
	file = fixture_read(directory, HEAD);
	for (size_t i = 0; i + 1 < file.length; i++) {
		file.bytes[i] ^= 1;
		fixture_write(directory, HEAD, file.bytes, file.length, 0600);
		ck_assert_msg(!alias_journal_open(&journal, directory, &arena, &last, &torn, &err),
			"byte %zu: %.*s", i, (int)file.length, file.bytes);
		unit_assert_error(err, ERROR_DATABASE);
		file.bytes[i] ^= 1;
	}
	free(file.bytes);
}
END_TEST

START_TEST(a_removed_line_is_seen)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("removed", &journal);
	struct arena arena cleanup_arena = ARENA_INIT;
	struct fixture_bytes file;
	struct journal_event last;
	struct error err;
	size_t first;
	bool torn;

	for (int i = 0; i < 3; i++)
		add(&journal, "add");
	file = fixture_read(directory, JOURNAL);
	first = (size_t)((char *)memchr(file.bytes, '\n', file.length) - file.bytes) + 1;
	fixture_write(directory, JOURNAL, file.bytes + first, file.length - first, 0640);
	ck_assert(!alias_journal_verify(directory, NULL, NULL, &err));
	unit_assert_error(err, ERROR_DATABASE);
	for (size_t length = 0; length < file.length; length++) {
		fixture_write(directory, JOURNAL, file.bytes, length, 0640);
		ck_assert(!alias_journal_verify(directory, NULL, NULL, &err));
		unit_assert_error(err, ERROR_DATABASE);
		ck_assert(!alias_journal_open(&journal, directory, &arena, &last, &torn, &err));
		unit_assert_error(err, ERROR_DATABASE);
	}
	ck_assert_int_eq(unlinkat(directory, JOURNAL, 0), 0);
	ck_assert(!alias_journal_open(&journal, directory, &arena, &last, &torn, &err));
	unit_assert_error(err, ERROR_DATABASE);
	free(file.bytes);
}
END_TEST

START_TEST(a_torn_tail_is_kept_and_cut)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("tail", &journal);
	int quarantine cleanup_close = unit_directory("tail-quarantine");
	struct journal_event event = example("next");
	struct arena arena cleanup_arena = ARENA_INIT;
	struct fixture_bytes file;
	struct journal_event last;
	struct error err;
	bool torn;

	add(&journal, "add");
	file = fixture_read(directory, JOURNAL);
	memcpy(file.bytes + file.length, "{\"seq\":2,\"ge", 12);
	fixture_write(directory, JOURNAL, file.bytes, file.length + 12, 0640);
	unit_assert_ok(alias_journal_verify(directory, NULL, NULL, &err), err);
	unit_assert_ok(alias_journal_open(&journal, directory, &arena, &last, &torn, &err), err);
	ck_assert(torn);
	ck_assert_str_eq(last.op, "add");
	ck_assert(!alias_journal_append(&journal, -1, &event, 1, &err));
	unit_assert_error(err, ERROR_BUG);
	unit_assert_ok(alias_journal_append(&journal, quarantine, &event, 1, &err), err);
	unit_assert_ok(alias_journal_open(&journal, directory, &arena, &last, &torn, &err), err);
	ck_assert(!torn);
	ck_assert_str_eq(last.op, "next");
	unit_assert_ok(alias_journal_verify(directory, NULL, NULL, &err), err);
	free(file.bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_journal");
	TCase *journal = unit_case(suite, "journal");

	tcase_set_timeout(journal, 120);
	tcase_add_test(journal, a_line_holds_everything);
	tcase_add_test(journal, what_is_empty_is_absent);
	tcase_add_test(journal, refuses_a_bad_line);
	unit_add_root_test(journal, appends_and_verifies);
	unit_add_root_test(journal, a_line_too_long_writes_nothing);
	unit_add_root_test(journal, a_changed_byte_is_seen);
	unit_add_root_test(journal, a_changed_head_is_seen);
	unit_add_root_test(journal, a_removed_line_is_seen);
	unit_add_root_test(journal, a_torn_tail_is_kept_and_cut);
	return unit_run(suite);
}
