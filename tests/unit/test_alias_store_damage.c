/*
 * Cases A58 and A59: the store, its journal, the journal's head and the marker, each cut at every byte and changed at every byte in five ways. What is damaged
 * is refused, or nothing but the layout differs, or the journal's verification tells; never is there a store with other or fewer aliases.
 */
#include "storage/alias_store.h"
#include "storage/journal_cursor.h"
#include "storage/journal_line.h"

#include "store_fixture.h"

#define LINES 9
#define FILES 4

enum file {
	FILE_STORE,
	FILE_JOURNAL,
	FILE_HEAD,
	FILE_MARKER,
};

static const char *const file_names[FILES] = {"store/aliases.json", "store/journal.jsonl", "store/journal.head",
	"store/aliases.stored"};

/* What a byte becomes; the last two are signs of the syntax. */
enum change {
	CHANGE_LOWEST_BIT,
	CHANGE_CASE_BIT,
	CHANGE_HIGHEST_BIT,
	CHANGE_TO_QUOTE,
	CHANGE_TO_NEWLINE,
	CHANGES,
};

struct good_state {
	const char *path;
	int directory;
	struct fixture_bytes files[FILES];
	const char *content;
	int64_t generation;
	struct arena arena;
};

struct tally {
	size_t offsets;
	size_t damages;
	size_t refused;	 /* by opening */
	size_t verified; /* opened, and the journal's verification refuses */
	size_t equal;	 /* nothing that counts has changed */
};

static mode_t mode_of(size_t file)
{
	return file == FILE_STORE || file == FILE_JOURNAL ? 0640 : 0600;
}

static void put(const struct good_state *good, size_t file, const char *bytes, size_t length)
{
	fixture_write(good->directory, file_names[file], bytes, length, mode_of(file));
}

/* Recovery writes: whatever was opened to write is put back whole. */
static void restore(const struct good_state *good)
{
	for (size_t i = 0; i < FILES; i++)
		put(good, i, good->files[i].bytes, good->files[i].length);
}

static void remove_entry(const char *state, const char *username)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_entry before;
	struct error err;

	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_WRITE, &err), err);
	ck_assert_int_eq(alias_store_find(&store, username, &arena, &before, &err), LOOKUP_FOUND);
	unit_assert_ok(fixture_change(&store, &before, NULL, &err), err);
}

/* Five entries after eight changes; the first line of the journal is that of the creation. */
static void make_state(const char *name, struct good_state *ret_good)
{
	static const char *const names[] = {"ana", "bia", "caio", "dora", "eva", "fabio"};
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct good_state good = {.arena = ARENA_INIT};
	struct error err;

	good.path = fixture_store(name, &good.directory);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		fixture_put(good.path, names[i], "old@mail.example.org");
	remove_entry(good.path, "fabio");
	fixture_put(good.path, "caio", "new@mail.example.org");
	for (size_t i = 0; i < FILES; i++)
		good.files[i] = fixture_read(good.directory, file_names[i]);
	unit_assert_ok(alias_store_open(&store, good.path, ALIAS_STORE_READ, &err), err);
	good.content = fixture_content(&store, &good.arena);
	good.generation = store.generation;
	ck_assert_int_eq(store.journal.sequence, LINES);
	*ret_good = good;
}

static void free_state(struct good_state *good)
{
	for (size_t i = 0; i < FILES; i++)
		free(good->files[i].bytes);
	arena_clear(&good->arena);
	close(good->directory);
}

/* ---- the oracle */

static bool verifies(const struct good_state *good)
{
	int inside cleanup_close = openat(good->directory, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err;

	return alias_journal_verify(inside, NULL, NULL, &err);
}

/* The line of the undamaged journal that ends where `ret_end` stands. */
static void assert_line(const struct good_state *good, const struct journal_event *event, size_t *end)
{
	const struct fixture_bytes *journal = &good->files[FILE_JOURNAL];
	const char *newline = *end > 1 ? memrchr(journal->bytes, '\n', *end - 1) : NULL;
	size_t start = newline ? (size_t)(newline - journal->bytes) + 1 : 0;
	struct arena arena cleanup_arena = ARENA_INIT;
	char previous[DIGEST_HEX_LENGTH + 1];
	struct strbuf read cleanup_strbuf = STRBUF_INIT;
	struct strbuf wanted cleanup_strbuf = STRBUF_INIT;
	struct journal_event original;
	struct error err;

	unit_assert_ok(journal_line_parse(journal->bytes + start, *end - start - 1, &arena, &original, previous, &err), err);
	journal_line_print(&original, previous, &wanted);
	journal_line_print(event, previous, &read);
	ck_assert_str_eq(strbuf_text(&read), strbuf_text(&wanted));
	*end = start;
}

/* The walk back tells true lines until it meets the damage. */
static void assert_history(const struct good_state *good, const struct alias_journal *journal)
{
	struct journal_cursor cursor cleanup_journal_cursor = JOURNAL_CURSOR_INIT;
	size_t end = good->files[FILE_JOURNAL].length;
	struct arena arena cleanup_arena = ARENA_INIT;
	enum lookup_result found;
	struct journal_event event;
	struct error err;

	unit_assert_ok(journal_cursor_open(&cursor, journal, &err), err);
	while ((found = journal_cursor_previous(&cursor, &arena, &event, &err)) == LOOKUP_FOUND)
		assert_line(good, &event, &end);
	ck_assert(found == LOOKUP_FAILED || end == 0);
}

/* Whether it opens; then it is the undamaged one with a true history, and else the error says what to do. */
static bool opens_equal(const struct good_state *good, enum alias_store_mode mode)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err;

	if (!alias_store_open(&store, good->path, mode, &err)) {
		unit_assert_error(err, ERROR_DATABASE);
		ck_assert_str_ne(err.why, "");
		ck_assert_str_ne(err.fix, "");
		return false;
	}
	ck_assert_str_eq(fixture_content(&store, &arena), good->content);
	ck_assert_int_eq(store.generation, good->generation);
	assert_history(good, &store.journal);
	return true;
}

static void judge(const struct good_state *good, enum file file, struct tally *tally)
{
	tally->damages++;
	if (!opens_equal(good, ALIAS_STORE_READ)) {
		tally->refused++;
		if (file == FILE_STORE)
			ck_assert(!opens_equal(good, ALIAS_STORE_WRITE));
		return;
	}
	if (!verifies(good)) {
		tally->verified++;
		return;
	}
	tally->equal++;
	ck_assert(opens_equal(good, ALIAS_STORE_WRITE));
	restore(good);
}

/* ---- the damages */

static char changed(char byte, enum change change)
{
	switch (change) {
	case CHANGE_LOWEST_BIT:
		return (char)(byte ^ 0x01);
	case CHANGE_CASE_BIT:
		return (char)(byte ^ 0x20);
	case CHANGE_HIGHEST_BIT:
		return (char)(byte ^ (char)0x80);
	case CHANGE_TO_QUOTE:
		return '"';
	case CHANGE_TO_NEWLINE:
	case CHANGES:
		break;
	}
	return '\n';
}

static void cut_and_change(const struct good_state *good, enum file file, struct tally *tally)
{
	const struct fixture_bytes *whole = &good->files[file];

	for (size_t i = 0; i < whole->length; i++) {
		char byte = whole->bytes[i];

		put(good, file, whole->bytes, i);
		judge(good, file, tally);
		for (enum change change = 0; change < CHANGES; change++) {
			whole->bytes[i] = changed(byte, change);
			put(good, file, whole->bytes, whole->length);
			if (whole->bytes[i] != byte)
				judge(good, file, tally);
			whole->bytes[i] = byte;
		}
	}
	tally->offsets += whole->length;
	restore(good);
}

static void report(enum file file, const struct tally *tally)
{
	printf("# figures: %s: %zu offsets, %zu damages: %zu refused, %zu found by verification, %zu change nothing\n", file_names[file] + 6,
		tally->offsets, tally->damages, tally->refused, tally->verified, tally->equal);
	fflush(stdout);
}

START_TEST(never_another_store)
{
	struct tally tally = {0};
	struct good_state good;

	make_state("damage", &good);
	cut_and_change(&good, (enum file)_i, &tally);
	report((enum file)_i, &tally);
	ck_assert_uint_gt(tally.offsets, 0);
	ck_assert_uint_eq(tally.refused + tally.verified + tally.equal, tally.damages);
	switch ((enum file)_i) {
	case FILE_STORE: /* without the last newline it is the same JSON, only not in form */
		ck_assert_uint_eq(tally.equal, 1);
		ck_assert_uint_eq(tally.verified, 0);
		break;
	case FILE_JOURNAL: /* no byte of it may change unnoticed */
		ck_assert_uint_eq(tally.equal, 0);
		break;
	case FILE_HEAD: /* as for the store */
		ck_assert_uint_eq(tally.equal, 1);
		break;
	case FILE_MARKER: /* only ever a help to tell an older store from a crash */
		ck_assert_uint_eq(tally.verified, 0);
		break;
	}
	ck_assert(opens_equal(&good, ALIAS_STORE_WRITE));
	ck_assert(verifies(&good));
	free_state(&good);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_store_damage");
	TCase *damage = unit_case(suite, "damage");

	tcase_set_timeout(damage, 240);
	tcase_add_loop_test(damage, unit_root_test(never_another_store), 0, FILES);
	return unit_run(suite);
}
