/* What is looked at beside the store that is in use: backups, and what can be read of a damaged one. */
#include "storage/alias_store.h"

#include "store_fixture.h"

#define STORE "store/aliases.json"
#define THREE "ana a@x.example.org\nbia b@x.example.org\nzoe z@x.example.org\n"

static const char *three_entries(const char *name, int *ret_directory)
{
	const char *state = fixture_store(name, ret_directory);

	fixture_put(state, "bia", "b@x.example.org");
	fixture_put(state, "ana", "a@x.example.org");
	fixture_put(state, "zoe", "z@x.example.org");
	return state;
}

static void assert_salvaged(const char *state, const char *expected)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err;

	unit_assert_ok(alias_store_salvage(&store, state, "club.example", &err), err);
	ck_assert_str_eq(fixture_content(&store, &arena), expected);
}

START_TEST(a_backup_is_a_store_to_look_at)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = three_entries("backup", &directory);
	struct alias_entry entry;
	struct error err;

	unit_assert_ok(alias_store_open_backup(&store, state, 2, &err), err);
	ck_assert_int_eq(store.generation, 2);
	ck_assert_str_eq(store.domain, "club.example");
	ck_assert_str_eq(fixture_content(&store, &arena), "ana a@x.example.org\nbia b@x.example.org\n");
	ck_assert_int_eq(alias_store_find(&store, "zoe", &arena, &entry, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(alias_store_find(&store, "bia", &arena, &entry, &err), LOOKUP_FOUND);
	alias_store_close(&store);
	ck_assert(!alias_store_open_backup(&store, state, 7, &err));
	unit_assert_error(err, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(reads_what_can_be_read)
{
	int directory cleanup_close = -1;
	const char *state = three_entries("salvage", &directory);
	struct fixture_bytes file = fixture_read(directory, STORE);
	char *bia = strstr(file.bytes, "\"bia\"");

	assert_salvaged(state, THREE);
	ck_assert_ptr_nonnull(bia);
	bia[10] = '\x01';
	fixture_write(directory, STORE, file.bytes, file.length, 0640);
	assert_salvaged(state, "ana a@x.example.org\nzoe z@x.example.org\n");
	fixture_write(directory, STORE, bia, file.length - (size_t)(bia - file.bytes), 0640);
	assert_salvaged(state, "zoe z@x.example.org\n");
	fixture_write(directory, STORE, "noise\n\"\n\"x\":\n", 12, 0640);
	assert_salvaged(state, "");
	fixture_write(directory, STORE, "", 0, 0640);
	assert_salvaged(state, "");
	ck_assert_int_eq(unlinkat(directory, STORE, 0), 0);
	assert_salvaged(state, "");
	free(file.bytes);
}
END_TEST

/* However much is missing at its end: never more than was there, never a failure. */
START_TEST(cut_at_every_byte)
{
	int directory cleanup_close = -1;
	const char *state = three_entries("cut", &directory);
	struct fixture_bytes file = fixture_read(directory, STORE);
	size_t most = 0;

	for (size_t length = 0; length < file.length; length++) {
		struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
		struct arena arena cleanup_arena = ARENA_INIT;
		const char *content;
		struct error err;

		fixture_write(directory, STORE, file.bytes, length, 0640);
		unit_assert_ok(alias_store_salvage(&store, state, "club.example", &err), err);
		content = fixture_content(&store, &arena);
		ck_assert_msg(strncmp(content, THREE, strlen(content)) == 0, "cut at %zu: %s", length, content);
		ck_assert_msg(strlen(content) >= most, "cut at %zu", length);
		most = strlen(content);
	}
	ck_assert_uint_eq(most, strlen(THREE));
	free(file.bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_store_salvage");
	TCase *plain = unit_case(suite, "plain");

	unit_add_root_test(plain, a_backup_is_a_store_to_look_at);
	unit_add_root_test(plain, reads_what_can_be_read);
	unit_add_root_test(plain, cut_at_every_byte);
	return unit_run(suite);
}
