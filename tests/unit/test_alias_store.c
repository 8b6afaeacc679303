#include "storage/alias_store.h"

#include "format/json.h"
#include "store_fixture.h"

#define STORE "store/aliases.json"

static const char *const modes[] = {"read", "write"};

/* Opens and returns the content, or fails the test. */
static void assert_content(const char *state, int64_t generation, const char *expected)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err;

	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_READ, &err), err);
	ck_assert_int_eq(store.generation, generation);
	ck_assert_str_eq(fixture_content(&store, &arena), expected);
}

/* Both modes refuse with database, and `why` says what it is. */
static void assert_refused(const char *state, const char *why)
{
	for (int mode = 0; mode < (int)ARRAY_LENGTH(modes); mode++) {
		struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
		struct error err;

		ck_assert_msg(!alias_store_open(&store, state, (enum alias_store_mode)mode, &err),
			"opened to %s", modes[mode]);
		unit_assert_error(err, ERROR_DATABASE);
		ck_assert_msg(strstr(err.why, why), "\"%s\" does not say \"%s\"", err.why, why);
	}
}

/* ---------------------------------------------------------------- the plain way */

START_TEST(a_new_store_is_empty)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_state("new", &directory);
	struct alias_entry entry;
	struct stat status;
	struct error err;

	ck_assert(!alias_store_exists(state));
	ck_assert(!alias_store_open(&store, state, ALIAS_STORE_READ, &err));
	unit_assert_error(err, ERROR_CONFIG);
	unit_assert_ok(alias_store_create(state, "club.example", 4242, &err), err);
	ck_assert(alias_store_exists(state));
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_READ, &err), err);
	ck_assert_int_eq(store.generation, 0);
	ck_assert_str_eq(store.domain, "club.example");
	ck_assert_str_eq(store.last.op, "init");
	ck_assert_str_eq(fixture_content(&store, &arena), "");
	ck_assert_int_eq(alias_store_find(&store, "ana", &arena, &entry, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(fstatat(directory, STORE, &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	ck_assert_uint_eq(status.st_gid, 4242);
	ck_assert_int_eq(fstatat(directory, "store/journal.head", &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

START_TEST(creates_only_where_there_is_none)
{
	int directory cleanup_close = -1;
	const char *state = fixture_store("twice", &directory);
	struct error err;

	ck_assert(!alias_store_create(state, "club.example", 0, &err));
	unit_assert_error(err, ERROR_ALREADY_EXISTS);
	fixture_put(state, "ana", "a@x.example.org");
	ck_assert_int_eq(unlinkat(directory, STORE, 0), 0);
	ck_assert(!alias_store_create(state, "club.example", 0, &err));
	unit_assert_error(err, ERROR_ALREADY_EXISTS);
}
END_TEST

START_TEST(creation_may_be_interrupted)
{
	static const char *const left[][2] = {{STORE, NULL}, {STORE, "store/journal.head"}};

	for (size_t i = 0; i < ARRAY_LENGTH(left); i++) {
		int directory cleanup_close = -1;
		char name[32];
		const char *state;
		struct error err;

		snprintf(name, sizeof(name), "interrupted-%zu", i);
		state = fixture_store(name, &directory);
		for (size_t j = 0; j < 2 && left[i][j]; j++)
			ck_assert_int_eq(unlinkat(directory, left[i][j], 0), 0);
		if (i == 1)
			fixture_write(directory, "store/journal.jsonl", "", 0, 0640);
		unit_assert_ok(alias_store_create(state, "club.example", 0, &err), err);
		assert_content(state, 0, "");
	}
}
END_TEST

START_TEST(refuses_a_domain_that_is_none)
{
	static const char *const bad[] = {"", "localhost", "Club.example", "a b.example",
		"club.example."};
	int directory cleanup_close = -1;
	const char *state = fixture_state("domain", &directory);
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		ck_assert(!alias_store_create(state, bad[i], 0, &err));
		unit_assert_error(err, ERROR_CONFIG);
	}
	ck_assert(!alias_store_exists(state));
}
END_TEST

START_TEST(keeps_entries_in_order_and_form)
{
	int directory cleanup_close = -1;
	const char *state = fixture_store("order", &directory);
	struct fixture_bytes file;

	fixture_put(state, "bia", "b@x.example.org");
	fixture_put(state, "ana", "a@x.example.org");
	fixture_put(state, "zoe", "z@x.example.org");
	fixture_put(state, "_a", "u@x.example.org");
	fixture_put(state, "bia-2", "b2@x.example.org");
	assert_content(state, 5,
		"_a u@x.example.org\nana a@x.example.org\nbia b@x.example.org\n"
		"bia-2 b2@x.example.org\nzoe z@x.example.org\n");
	file = fixture_read(directory, STORE);
	file.bytes[file.length] = '\0';
	ck_assert_ptr_eq(strstr(file.bytes,
				 "{\"format\":1,\"generation\":5,\"domain\":\"club.example\","
				 "\"updated_at\":\"2026-05-19T23:55:18Z\",\"writer\":\"postigo-"
				 "admin/"),
		file.bytes);
	ck_assert_ptr_nonnull(strstr(file.bytes, "\",\"aliases\":{\n\"_a\":{\"uid\":5001,"));
	ck_assert_ptr_nonnull(strstr(file.bytes, "},\n\"zoe\":{"));
	ck_assert_str_eq(file.bytes + file.length - 5, "}\n}}\n");
	free(file.bytes);
}
END_TEST

START_TEST(finds_exactly_the_name)
{
	static const char *const others[] = {"an", "anaa", "a", "anb", "z", "_", "", "ANA", "ana\"",
		"0"};
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_store("find", &directory);
	struct alias_entry entry;
	struct error err;

	fixture_put(state, "ana", "a@x.example.org");
	fixture_put(state, "anna", "n@x.example.org");
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_READ, &err), err);
	ck_assert_int_eq(alias_store_find(&store, "ana", &arena, &entry, &err), LOOKUP_FOUND);
	ck_assert_str_eq(entry.alias, "ana@club.example");
	ck_assert_int_eq(alias_store_find(&store, "anna", &arena, &entry, &err), LOOKUP_FOUND);
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
		ck_assert_int_eq(alias_store_find(&store, others[i], &arena, &entry, &err),
			LOOKUP_NOT_FOUND);
}
END_TEST

START_TEST(many_changes_are_one_generation)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_store("batch", &directory);
	static const char *const names[] = {"zoe", "ana", "rui", "bia"};
	struct alias_change changes[ARRAY_LENGTH(names)] = {0};
	struct alias_entry entries[ARRAY_LENGTH(names)];
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		entries[i] = fixture_entry(&arena, names[i], 6000, "x@x.example.org");
		changes[i] = (struct alias_change){.op = "import",
			.username = names[i],
			.uid = 6000,
			.after = &entries[i]};
	}
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_WRITE, &err), err);
	unit_assert_ok(alias_store_commit(&store, &fixture_commit, changes, 4, &err), err);
	ck_assert_int_eq(store.generation, 1);
	ck_assert_int_eq(store.last.sequence, 5);
	ck_assert_str_eq(store.last.username, "bia");
	changes[0].before = &entries[0];
	changes[0].after = NULL;
	changes[1].before = &entries[3];
	changes[1].username = "bia";
	changes[1].after = NULL;
	unit_assert_ok(alias_store_commit(&store, &fixture_commit, changes, 2, &err), err);
	alias_store_close(&store);
	assert_content(state, 2, "ana x@x.example.org\nrui x@x.example.org\n");
}
END_TEST

START_TEST(an_event_alone_leaves_the_store)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_store("event", &directory);
	const struct alias_change rejected = {.op = "reject",
		.username = "ana",
		.uid = 5001,
		.request_id = "5001-0123456789abcdef0123456789abcdef",
		.reason = "no"};
	struct stat before;
	struct stat after;
	struct error err;

	fixture_put(state, "ana", "a@x.example.org");
	ck_assert_int_eq(fstatat(directory, STORE, &before, 0), 0);
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_WRITE, &err), err);
	unit_assert_ok(alias_store_commit(&store, &fixture_commit, &rejected, 1, &err), err);
	ck_assert_int_eq(store.generation, 1);
	ck_assert_str_eq(store.last.op, "reject");
	ck_assert_str_eq(store.last.request_id, rejected.request_id);
	ck_assert_int_eq(fstatat(directory, STORE, &after, 0), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	alias_store_close(&store);
	assert_content(state, 1, "ana a@x.example.org\n");
}
END_TEST

START_TEST(refuses_a_change_that_does_not_fit)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_store("misfit", &directory);
	struct alias_entry ana = fixture_entry(&arena, "ana", 5001, "a@x.example.org");
	struct alias_entry other = fixture_entry(&arena, "ana", 5001, "other@x.example.org");
	struct alias_entry bad = fixture_entry(&arena, "bia", 5002, "|/bin/id");
	struct alias_entry stranger = fixture_entry(&arena, "bia", 5002, "b@x.example.org");
	const struct alias_change twice[] =
		{{.op = "add", .username = "bia", .uid = 5002, .after = &stranger},
			{.op = "add", .username = "bia", .uid = 5002, .after = &stranger}};
	struct error err;

	fixture_put(state, "ana", "a@x.example.org");
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_WRITE, &err), err);
	ck_assert(!fixture_change(&store, NULL, &other, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!fixture_change(&store, &other, &ana, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!fixture_change(&store, &stranger, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert(!fixture_change(&store, NULL, &bad, &err));
	unit_assert_error(err, ERROR_BUG);
	stranger.alias = "bia@other.example";
	ck_assert(!fixture_change(&store, NULL, &stranger, &err));
	unit_assert_error(err, ERROR_BUG);
	stranger.alias = "bia@club.example";
	ck_assert(!alias_store_commit(&store, &fixture_commit, twice, 2, &err));
	unit_assert_error(err, ERROR_BUG);
	unit_assert_ok(fixture_change(&store, &ana, &other, &err), err);
	alias_store_close(&store);
	assert_content(state, 2, "ana other@x.example.org\n");
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_READ, &err), err);
	ck_assert(!fixture_change(&store, &other, NULL, &err));
	unit_assert_error(err, ERROR_BUG);
}
END_TEST

/* ---------------------------------------------------------------- damage */

#define TWO "ana a@x.example.org\nbia b@x.example.org\n"

static const char *two_entries(const char *name, int *ret_directory)
{
	const char *state = fixture_store(name, ret_directory);

	fixture_put(state, "ana", "a@x.example.org");
	fixture_put(state, "bia", "b@x.example.org");
	return state;
}

static void edit(int directory, const char *old, const char *replacement)
{
	struct fixture_bytes file = fixture_read(directory, STORE);
	struct strbuf edited cleanup_strbuf = STRBUF_INIT;
	char *place = memmem(file.bytes, file.length, old, strlen(old));

	ck_assert_ptr_nonnull(place);
	strbuf_append(&edited, file.bytes, (size_t)(place - file.bytes));
	strbuf_append_text(&edited, replacement);
	place += strlen(old);
	strbuf_append(&edited, place, file.length - (size_t)(place - file.bytes));
	fixture_write(directory, STORE, edited.text, edited.length, 0640);
	free(file.bytes);
}

START_TEST(edited_by_hand)
{
	static const char *const edits[][3] = {
		{"b@x.example.org", "c@x.example.org", "edited by hand"},
		{"\"generation\":2", "\"generation\":1", "older one"},
		{"\"generation\":2", "\"generation\":9", "newer than the journal"},
		{"\"format\":1", "\"format\":2", "format 2"},
		{"\"keep_copy\":false", "\"keep_copy\":0", "keep_copy"},
		{"\"bia\":{", "\"ana\":{", "duplicate"},
		{"{\"format\":1", "{\"format\":1,\"x\":1", "unknown members"},
		{"club.example\",\"updated", "other.example\",\"updated", "another name or domain"},
		{"}}\n", "", "line"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(edits); i++) {
		int directory cleanup_close = -1;
		char name[32];
		const char *state;

		snprintf(name, sizeof(name), "edit-%zu", i);
		state = two_entries(name, &directory);
		edit(directory, edits[i][0], edits[i][1]);
		assert_refused(state, edits[i][2]);
	}
}
END_TEST

START_TEST(missing_older_or_open_to_others)
{
	int directory cleanup_close = -1;
	const char *state = two_entries("missing", &directory);
	struct fixture_bytes now = fixture_read(directory, STORE);
	struct fixture_bytes older = fixture_read(directory, "store/backup/aliases.1.json");

	fixture_write(directory, STORE, older.bytes, older.length, 0640);
	assert_refused(state, "older one was put back: generation 1, but the journal's last is 2");
	fixture_write(directory, STORE, now.bytes, now.length, 0660);
	assert_refused(state, "others than root may write it");
	fixture_write(directory, STORE, now.bytes, now.length, 0640);
	ck_assert_int_eq(fchownat(directory, STORE, 5001, 0, 0), 0);
	assert_refused(state, "others than root may write it");
	ck_assert_int_eq(unlinkat(directory, STORE, 0), 0);
	assert_refused(state, "missing");
	ck_assert_int_eq(symlinkat("backup/aliases.1.json", directory, STORE), 0);
	assert_refused(state, "not a regular file");
	fixture_write(directory, STORE, "", 0, 0640);
	assert_refused(state, "empty");
	fixture_write(directory, STORE, now.bytes, now.length, 0640);
	assert_content(state, 2, TWO);
	free(now.bytes);
	free(older.bytes);
}
END_TEST

START_TEST(names_usable_backups)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	int directory cleanup_close = -1;
	const char *state = two_entries("advice", &directory);
	struct error err;

	for (int i = 0; i < 4; i++)
		fixture_put(state, "ana", i % 2 ? "a@x.example.org" : "b@x.example.org");
	fixture_write(directory, "store/backup/aliases.4.json", "{}", 2, 0640);
	ck_assert_int_eq(unlinkat(directory, STORE, 0), 0);
	ck_assert(!alias_store_open(&store, state, ALIAS_STORE_READ, &err));
	ck_assert_str_eq(err.fix, "postigo-admin restore 5 (also usable: 3, 2)");
}
END_TEST

START_TEST(a_changed_layout_is_the_same_store)
{
	static const struct json_rules rules = {.bytes = 1 << 20, .depth = 16};
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf pretty cleanup_strbuf = STRBUF_INIT;
	struct json *json cleanup_json = NULL;
	int directory cleanup_close = -1;
	const char *state = two_entries("layout", &directory);
	struct fixture_bytes file = fixture_read(directory, STORE);
	struct alias_entry entry;
	struct error err;

	unit_assert_ok(json_parse(file.bytes, file.length, &rules, &json, &err), err);
	json_print_pretty(json, &pretty);
	fixture_write(directory, STORE, pretty.text, pretty.length, 0644);
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_READ, &err), err);
	ck_assert(store.reshaped);
	ck_assert_str_eq(fixture_content(&store, &arena), TWO);
	ck_assert_int_eq(alias_store_find(&store, "bia", &arena, &entry, &err), LOOKUP_FOUND);
	alias_store_close(&store);
	fixture_put(state, "bia", "b2@x.example.org");
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_WRITE, &err), err);
	ck_assert(!store.reshaped);
	ck_assert_str_eq(fixture_content(&store, &arena),
		"ana a@x.example.org\nbia b2@x.example.org\n");
	free(file.bytes);
}
END_TEST

/* ---------------------------------------------------------------- backups */

START_TEST(keeps_twenty_backups)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_store("backups", &directory);
	struct alias_backup *backups;
	struct error err;
	size_t count;

	for (int i = 0; i < 25; i++)
		fixture_put(state, "ana", i % 2 ? "a@x.example.org" : "b@x.example.org");
	unit_assert_ok(alias_store_backups(state, &arena, &backups, &count, &err), err);
	ck_assert_uint_eq(count, ALIAS_STORE_BACKUPS);
	ck_assert_int_eq(backups[0].generation, 24);
	ck_assert_int_eq(backups[19].generation, 5);
	unit_write_file(directory, "store/backup/aliases.24.json", "{}", 0640);
	unit_write_file(directory, "store/backup/aliases.007.json", "{}", 0640);
	ck_assert_int_eq(renameat(directory, "store/backup/aliases.22.json", directory,
				 "store/backup/aliases.23.json"),
		0);
	unit_assert_ok(alias_store_backups(state, &arena, &backups, &count, &err), err);
	ck_assert_uint_eq(count, 17);
	ck_assert_int_eq(backups[0].generation, 21);
}
END_TEST

START_TEST(restores_over_damage_and_over_health)
{
	int directory cleanup_close = -1;
	int inside cleanup_close = -1;
	const char *state = two_entries("restore", &directory);
	struct error err;

	inside = openat(directory, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(!alias_store_restore(state, 77, &fixture_commit, &err));
	unit_assert_error(err, ERROR_NOT_FOUND);
	unit_assert_ok(alias_store_restore(state, 1, &fixture_commit, &err), err);
	assert_content(state, 3, "ana a@x.example.org\n");
	unit_assert_ok(alias_store_restore(state, 2, &fixture_commit, &err), err);
	assert_content(state, 4, TWO);
	edit(directory, "b@x.example.org", "c@x.example.org");
	assert_refused(state, "edited by hand");
	unit_assert_ok(alias_store_restore(state, 2, &fixture_commit, &err), err);
	assert_content(state, 6, TWO);
	ck_assert_int_eq(unlinkat(directory, STORE, 0), 0);
	unit_assert_ok(alias_store_restore(state, 1, &fixture_commit, &err), err);
	assert_content(state, 8, "ana a@x.example.org\n");
	unit_assert_ok(alias_journal_verify(inside, NULL, NULL, &err), err);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_store");
	TCase *plain = unit_case(suite, "plain");

	unit_add_root_test(plain, a_new_store_is_empty);
	unit_add_root_test(plain, creates_only_where_there_is_none);
	unit_add_root_test(plain, creation_may_be_interrupted);
	unit_add_root_test(plain, refuses_a_domain_that_is_none);
	unit_add_root_test(plain, keeps_entries_in_order_and_form);
	unit_add_root_test(plain, finds_exactly_the_name);
	unit_add_root_test(plain, many_changes_are_one_generation);
	unit_add_root_test(plain, an_event_alone_leaves_the_store);
	unit_add_root_test(plain, refuses_a_change_that_does_not_fit);
	unit_add_root_test(plain, edited_by_hand);
	unit_add_root_test(plain, missing_older_or_open_to_others);
	unit_add_root_test(plain, names_usable_backups);
	unit_add_root_test(plain, a_changed_layout_is_the_same_store);
	unit_add_root_test(plain, keeps_twenty_backups);
	unit_add_root_test(plain, restores_over_damage_and_over_health);
	return unit_run(suite);
}
