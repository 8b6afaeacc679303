/* A journal over several files: what of it can be lost or changed is seen, and what an interruption leaves is not taken for a loss. */
#include "storage/journal_cursor.h"
#include "storage/journal_file.h"

#include "store_fixture.h"

#include <fcntl.h>

#define FULL_FILES 3
#define PER_FILE 4
#define LINES (FULL_FILES * PER_FILE + 2)

static struct journal_event example(struct arena *arena, int number)
{
	struct journal_event event = {
		.generation = 1,
		.at = FIXTURE_TIME,
		.op = "reject",
		.username = "ana",
		.uid = 5001,
		.request_id = "",
		.actor = &fixture_actor,
	};

	event.reason = arena_printf(arena, "number %d", number);
	memset(event.from, 'a', DIGEST_HEX_LENGTH);
	memset(event.to, 'a', DIGEST_HEX_LENGTH);
	return event;
}

static void add(struct alias_journal *journal, int quarantine)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct journal_event event = example(&arena, (int)journal->sequence + 1);
	struct error err;

	unit_assert_ok(alias_journal_append(journal, quarantine, &event, 1, &err), err);
}

static void rotate(struct alias_journal *journal)
{
	struct error err;

	unit_assert_ok(alias_journal_rotate(journal, &err), err);
}

/* Opens; returns whether the tail is torn. */
static bool reopen(struct alias_journal *journal, int directory)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct journal_event last;
	struct error err;
	bool torn;

	unit_assert_ok(alias_journal_open(journal, directory, &arena, &last, &torn, &err), err);
	ck_assert_int_eq(last.sequence, journal->sequence);
	return torn;
}

/* Lines 1 to 12 in three full files, 13 and 14 in journal.jsonl. */
static int make_journal(const char *name, struct alias_journal *journal)
{
	int directory = unit_directory(name);
	struct error err;

	unit_assert_ok(alias_journal_create(directory, &err), err);
	ck_assert(!reopen(journal, directory));
	for (int i = 0; i < LINES; i++) {
		if (i > 0 && i % PER_FILE == 0)
			rotate(journal);
		add(journal, -1);
	}
	return directory;
}

static const char *const full_names[FULL_FILES] = {
	"journal.000000000004.jsonl", "journal.000000000008.jsonl", "journal.000000000012.jsonl"};

static bool walks_back(const struct alias_journal *journal, struct error *err)
{
	struct journal_cursor cursor cleanup_journal_cursor = JOURNAL_CURSOR_INIT;
	enum lookup_result found = LOOKUP_FOUND;

	if (!journal_cursor_open(&cursor, journal, err))
		return false;
	for (int64_t i = journal->sequence; i >= 0; i--) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct journal_event event = {.sequence = -1};
		struct journal_event again;

		found = journal_cursor_previous(&cursor, &arena, &event, err);
		if (found != LOOKUP_FOUND)
			break;
		ck_assert_int_eq(event.sequence, i);
		if (strcmp(event.op, "reject") == 0)
			ck_assert_str_eq(event.reason, arena_printf(&arena, "number %d", (int)i));
		unit_assert_ok(journal_cursor_again(&cursor, &arena, &again, err), *err);
		ck_assert_int_eq(again.sequence, i);
	}
	return found == LOOKUP_NOT_FOUND;
}

static bool count_lines(void *context, const char *line, size_t length)
{
	int *count = context;

	ck_assert_int_eq(line[length - 1], '}');
	return ++*count < 6;
}

static void assert_whole(int directory, int64_t lines)
{
	struct alias_journal journal;
	struct error err;

	ck_assert(!reopen(&journal, directory));
	ck_assert_int_eq(journal.sequence, lines);
	unit_assert_ok(alias_journal_verify(directory, NULL, NULL, &err), err);
	unit_assert_ok(walks_back(&journal, &err), err);
}

/* Verifying refuses; looking at the last line need not. */
static void assert_broken(int directory, const char *what)
{
	struct alias_journal journal;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct journal_event last;
	struct error err;
	bool torn;

	ck_assert_msg(!alias_journal_verify(directory, NULL, NULL, &err), "%s is not seen", what);
	unit_assert_error(err, ERROR_DATABASE);
	if (alias_journal_open(&journal, directory, &arena, &last, &torn, &err))
		ck_assert_msg(!walks_back(&journal, &err), "%s is not seen by the way back", what);
	unit_assert_error(err, ERROR_DATABASE);
}

START_TEST(names_are_numbers)
{
	static const struct {
		const char *name;
		int64_t last; /* 0 = no name */
	} rows[] = {
		{"journal.000000000001.jsonl", 1},
		{"journal.000000001200.jsonl", 1200},
		{"journal.1234567890123.jsonl", 1234567890123},
		{"journal.000000000000.jsonl", 0},
		{"journal.1200.jsonl", 0},
		{"journal.0000000001200.jsonl", 0},
		{"journal.00000000120x.jsonl", 0},
		{"journal.000000001200.jsonl.gz", 0},
		{"journal.99999999999999999999.jsonl", 0},
		{"journal.jsonl", 0},
		{"journal.head", 0},
		{"aliases.json", 0},
	};
	char name[JOURNAL_FULL_NAME_MAX];
	int64_t last = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		ck_assert_msg(journal_full_name_parse(rows[i].name, &last) == (rows[i].last > 0), "%s", rows[i].name);
		if (rows[i].last == 0)
			continue;
		ck_assert_int_eq(last, rows[i].last);
		journal_full_name(last, name);
		ck_assert_str_eq(name, rows[i].name);
	}
}
END_TEST

START_TEST(runs_on_over_the_files)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("over", &journal);
	struct stat status;
	struct error err;
	int count = 0;

	assert_whole(directory, LINES);
	for (int i = 0; i < FULL_FILES; i++) {
		ck_assert_int_eq(fstatat(directory, full_names[i], &status, 0), 0);
		ck_assert_uint_eq(status.st_mode & 07777, 0640);
	}
	ck_assert_int_eq(fstatat(directory, "journal.jsonl", &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	unit_assert_ok(alias_journal_verify(directory, count_lines, &count, &err), err);
	ck_assert_int_eq(count, 6);
}
END_TEST

START_TEST(a_rotation_of_nothing_is_none)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("nothing", &journal);

	rotate(&journal);
	rotate(&journal);
	assert_whole(directory, LINES);
	add(&journal, -1);
	assert_whole(directory, LINES + 1);
}
END_TEST

/* The machine stops right behind the new name; the next append makes the file. */
START_TEST(survives_without_the_new_file)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("between", &journal);

	rotate(&journal);
	assert_whole(directory, LINES);
	ck_assert(!reopen(&journal, directory));
	ck_assert_int_eq(journal.acknowledged, journal.sequence);
	add(&journal, -1);
	add(&journal, -1);
	assert_whole(directory, LINES + 2);
}
END_TEST

START_TEST(an_empty_file_gets_its_mode)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("empty", &journal);
	struct stat status;

	rotate(&journal);
	fixture_write(directory, "journal.jsonl", "", 0, 0600);
	assert_whole(directory, LINES);
	ck_assert(!reopen(&journal, directory));
	add(&journal, -1);
	ck_assert_int_eq(fstatat(directory, "journal.jsonl", &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	assert_whole(directory, LINES + 1);
}
END_TEST

/* Written lines whose head is not, at every length: whole ones are taken in, the rest is set aside. */
START_TEST(a_torn_first_line_is_cut)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("torn", &journal);
	int quarantine cleanup_close = unit_directory("torn-quarantine");
	struct fixture_bytes head = fixture_read(directory, "journal.head");
	struct fixture_bytes file;
	struct error err;

	rotate(&journal);
	add(&journal, -1);
	file = fixture_read(directory, "journal.jsonl");
	for (size_t length = 0; length <= file.length; length++) {
		bool whole = length == file.length;

		fixture_write(directory, "journal.head", head.bytes, head.length, 0600);
		fixture_write(directory, "journal.jsonl", file.bytes, length, 0640);
		ck_assert(reopen(&journal, directory) == (length > 0 && !whole));
		ck_assert_int_eq(journal.sequence, whole ? LINES + 1 : LINES);
		unit_assert_ok(alias_journal_append(&journal, quarantine, NULL, 0, &err), err);
		assert_whole(directory, journal.sequence);
		add(&journal, -1);
		assert_whole(directory, journal.sequence);
	}
	free(head.bytes);
	free(file.bytes);
}
END_TEST

/* However far the head lags, lines that continue the chain are taken in. */
START_TEST(a_head_behind_catches_up)
{
	struct fixture_bytes heads[LINES];
	int directory cleanup_close = unit_directory("behind");
	struct alias_journal journal;
	struct error err;

	unit_assert_ok(alias_journal_create(directory, &err), err);
	ck_assert(!reopen(&journal, directory));
	for (int i = 0; i < LINES; i++) {
		if (i > 0 && i % PER_FILE == 0)
			rotate(&journal);
		heads[i] = fixture_read(directory, "journal.head");
		add(&journal, -1);
	}
	for (int i = 0; i < LINES; i++) {
		fixture_write(directory, "journal.head", heads[i].bytes, heads[i].length, 0600);
		free(heads[i].bytes);
		ck_assert(!reopen(&journal, directory));
		ck_assert_int_eq(journal.acknowledged, i);
		ck_assert_int_eq(journal.sequence, LINES);
		unit_assert_ok(alias_journal_append(&journal, -1, NULL, 0, &err), err);
		assert_whole(directory, LINES);
		ck_assert(!reopen(&journal, directory));
		ck_assert_int_eq(journal.acknowledged, LINES);
	}
}
END_TEST

START_TEST(a_changed_byte_is_seen)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("changed", &journal);

	for (int i = 0; i < FULL_FILES; i++) {
		struct fixture_bytes file = fixture_read(directory, full_names[i]);

		for (size_t at = 0; at < file.length; at += at % 7 + 1) {
			file.bytes[at] ^= 1;
			fixture_write(directory, full_names[i], file.bytes, file.length, 0640);
			assert_broken(directory, "a changed byte");
			file.bytes[at] ^= 1;
		}
		fixture_write(directory, full_names[i], file.bytes, file.length, 0640);
		free(file.bytes);
	}
	assert_whole(directory, LINES);
}
END_TEST

START_TEST(a_cut_or_longer_file_is_seen)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("cut", &journal);

	for (int i = 0; i < FULL_FILES; i++) {
		struct fixture_bytes file = fixture_read(directory, full_names[i]);

		for (size_t length = 0; length < file.length; length += length % 5 + 1) {
			fixture_write(directory, full_names[i], file.bytes, length, 0640);
			assert_broken(directory, "a cut file");
		}
		file.bytes[file.length] = '{';
		fixture_write(directory, full_names[i], file.bytes, file.length + 1, 0640);
		assert_broken(directory, "a longer file");
		fixture_write(directory, full_names[i], file.bytes, file.length, 0640);
		free(file.bytes);
	}
	assert_whole(directory, LINES);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("missing", &journal);
	static const char *const first_lines[FULL_FILES] = {"line 1 ", "line 5 ", "line 9 "};
	struct fixture_bytes file;
	struct error err;

	for (int i = 0; i < FULL_FILES; i++) {
		file = fixture_read(directory, full_names[i]);
		ck_assert_int_eq(unlinkat(directory, full_names[i], 0), 0);
		assert_broken(directory, full_names[i]);
		ck_assert(!alias_journal_verify(directory, NULL, NULL, &err));
		ck_assert_msg(strstr(err.what, first_lines[i]) && strstr(err.what, "missing"), "%s", err.what);
		ck_assert_msg(strstr(err.fix, full_names[i]), "%s", err.fix);
		fixture_write(directory, full_names[i], file.bytes, file.length, 0640);
		free(file.bytes);
	}
	file = fixture_read(directory, "journal.jsonl");
	ck_assert_int_eq(unlinkat(directory, "journal.jsonl", 0), 0);
	assert_broken(directory, "the file that grows");
	fixture_write(directory, "journal.jsonl", file.bytes, file.length, 0640);
	free(file.bytes);
	assert_whole(directory, LINES);
}
END_TEST

/* Two files that have changed places, one under a wrong number, one that stands there twice. */
START_TEST(a_wrong_name_is_seen)
{
	struct alias_journal journal;
	int directory cleanup_close = make_journal("names", &journal);
	struct fixture_bytes file = fixture_read(directory, full_names[1]);
	static const char *const wrong[] = {
		"journal.000000000005.jsonl", "journal.000000000007.jsonl", "journal.000000000009.jsonl", "journal.000000000099.jsonl"};

	for (int i = 0; i < FULL_FILES; i++) {
		const char *other = full_names[(i + 1) % FULL_FILES];

		ck_assert_int_eq(renameat2(directory, full_names[i], directory, other, RENAME_EXCHANGE), 0);
		assert_broken(directory, "a swap");
		ck_assert_int_eq(renameat2(directory, full_names[i], directory, other, RENAME_EXCHANGE), 0);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		ck_assert_int_eq(renameat(directory, full_names[1], directory, wrong[i]), 0);
		assert_broken(directory, wrong[i]);
		ck_assert_int_eq(renameat(directory, wrong[i], directory, full_names[1]), 0);
	}
	fixture_write(directory, wrong[3], file.bytes, file.length, 0640);
	assert_broken(directory, "a copy behind the end");
	ck_assert_int_eq(unlinkat(directory, wrong[3], 0), 0);
	assert_whole(directory, LINES);
	free(file.bytes);
}
END_TEST

/* Who looked before the rotation finds the lines under the file's new name. */
START_TEST(a_reader_is_overtaken)
{
	struct alias_journal journal;
	struct alias_journal before;
	int directory cleanup_close = make_journal("overtaken", &journal);
	struct error err;

	before = journal;
	for (int i = 0; i < 3; i++) {
		add(&journal, -1);
		rotate(&journal);
		unit_assert_ok(walks_back(&before, &err), err);
		add(&journal, -1);
		unit_assert_ok(walks_back(&before, &err), err);
	}
	assert_whole(directory, LINES + 6);
}
END_TEST

/* The store closes the file before a commit, never within one. */
START_TEST(the_store_rotates)
{
	int state cleanup_close = -1;
	const char *path = fixture_store("rotating", &state);
	int directory cleanup_close = openat(state, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct alias_commit commit = {.actor = &fixture_actor, .at = FIXTURE_TIME, .journal_size = 2000};
	struct stat status;
	int files = 0;

	for (int i = 0; i < 12; i++) {
		struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
		struct arena arena cleanup_arena = ARENA_INIT;
		const char *name = arena_printf(&arena, "m%d", i + 10);
		struct alias_entry entry = fixture_entry(&arena, name, 5001, "a@x.example.org");
		const struct alias_change change = {
			.op = "add", .username = name, .uid = 5001, .after = &entry, .request_id = "", .reason = ""};
		struct error err;

		unit_assert_ok(alias_store_open(&store, path, ALIAS_STORE_WRITE, &err), err);
		unit_assert_ok(alias_store_commit(&store, &commit, &change, 1, &err), err);
		ck_assert_int_eq(fstatat(directory, "journal.jsonl", &status, 0), 0);
		ck_assert_int_lt(status.st_size, 4000);
	}
	assert_whole(directory, 13);
	for (int i = 1; i <= 13; i++) {
		char name[JOURNAL_FULL_NAME_MAX];

		journal_full_name(i, name);
		files += fstatat(directory, name, &status, 0) == 0;
	}
	ck_assert_int_ge(files, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal_rotation");
	TCase *rotation = unit_case(suite, "rotation");

	tcase_set_timeout(rotation, 120);
	tcase_add_test(rotation, names_are_numbers);
	unit_add_root_test(rotation, runs_on_over_the_files);
	unit_add_root_test(rotation, a_rotation_of_nothing_is_none);
	unit_add_root_test(rotation, survives_without_the_new_file);
	unit_add_root_test(rotation, an_empty_file_gets_its_mode);
	unit_add_root_test(rotation, a_torn_first_line_is_cut);
	unit_add_root_test(rotation, a_head_behind_catches_up);
	unit_add_root_test(rotation, a_changed_byte_is_seen);
	unit_add_root_test(rotation, a_cut_or_longer_file_is_seen);
	unit_add_root_test(rotation, a_missing_file_is_named);
	unit_add_root_test(rotation, a_wrong_name_is_seen);
	unit_add_root_test(rotation, a_reader_is_overtaken);
	unit_add_root_test(rotation, the_store_rotates);
	return unit_run(suite);
}
