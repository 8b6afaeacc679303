/* What interruptions leave behind: constructed states, killed writers, readers among writers. */
#include "storage/alias_store.h"

#include "store_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* Case A59: the journal torn at every byte of its last lines; the states that a crash leaves (A103). */

#define STORE "store/aliases.json"
#define JOURNAL "store/journal.jsonl"
#define HEAD "store/journal.head"

/* The three files that make up a store, at one moment. */
struct snapshot {
	struct fixture_bytes store;
	struct fixture_bytes journal;
	struct fixture_bytes head;
};

static struct snapshot take_snapshot(int directory)
{
	return (struct snapshot){fixture_read(directory, STORE), fixture_read(directory, JOURNAL),
		fixture_read(directory, HEAD)};
}

static void put_file(int directory, const char *name, const struct fixture_bytes *file, mode_t mode)
{
	fixture_write(directory, name, file->bytes, file->length, mode);
}

/* The marker of a later generation than the store's is what a crash cannot leave. */
static void put_state(int directory, const struct fixture_bytes *store,
	const struct fixture_bytes *journal, const struct fixture_bytes *head)
{
	put_file(directory, STORE, store, 0640);
	put_file(directory, JOURNAL, journal, 0640);
	put_file(directory, HEAD, head, 0600);
	unlinkat(directory, "store/aliases.stored", 0);
}

static void free_snapshots(struct snapshot *snapshots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(snapshots[i].store.bytes);
		free(snapshots[i].journal.bytes);
		free(snapshots[i].head.bytes);
	}
}

static void verify(int directory)
{
	int inside cleanup_close = openat(directory, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err;

	unit_assert_ok(alias_journal_verify(inside, NULL, NULL, &err), err);
}

/* Opens to read, to write and to read again; every time the store is the one of `generation`. */
static void assert_recovers(const char *state, int directory, int64_t generation, bool recovered)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *expected =
		arena_printf(&arena, "ana d%lld@x.example.org\n", (long long)generation);

	for (int i = 0; i < 3; i++) {
		struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
		enum alias_store_mode mode = i == 1 ? ALIAS_STORE_WRITE : ALIAS_STORE_READ;
		struct error err;

		unit_assert_ok(alias_store_open(&store, state, mode, &err), err);
		ck_assert_int_eq(store.generation, generation);
		ck_assert_str_eq(fixture_content(&store, &arena), expected);
		ck_assert(store.recovered == (recovered && i == 1));
	}
	verify(directory);
}

/* Three generations of one entry; snapshots[i] is the state of generation i + 1. */
static const char *three_generations(const char *name, int *ret_directory,
	struct snapshot snapshots[3])
{
	const char *state = fixture_store(name, ret_directory);

	for (int i = 0; i < 3; i++) {
		char destination[64];

		snprintf(destination, sizeof(destination), "d%d@x.example.org", i + 1);
		fixture_put(state, "ana", destination);
		snapshots[i] = take_snapshot(*ret_directory);
	}
	return state;
}

START_TEST(stopped_before_the_journal)
{
	int directory cleanup_close = -1;
	struct snapshot at[3];
	const char *state = three_generations("sealed", &directory, at);
	struct stat status;

	fixture_write(directory, "store/.aliases.json.0123456789abcdef", "half", 4, 0640);
	assert_recovers(state, directory, 3, false);
	ck_assert_int_ne(fstatat(directory, "store/.aliases.json.0123456789abcdef", &status, 0), 0);
	free_snapshots(at, 3);
}
END_TEST

START_TEST(stopped_between_journal_and_rename)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	int directory cleanup_close = -1;
	struct snapshot at[3];
	const char *state = three_generations("intent", &directory, at);
	struct error err;

	put_state(directory, &at[1].store, &at[2].journal, &at[2].head);
	assert_recovers(state, directory, 2, true);
	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_READ, &err), err);
	ck_assert_str_eq(store.last.op, "abort");
	ck_assert_str_eq(store.last.request_id, "");
	ck_assert_int_eq(store.last.generation, 2);
	alias_store_close(&store);
	fixture_put(state, "ana", "d3@x.example.org");
	assert_recovers(state, directory, 3, false);
	free_snapshots(at, 3);
}
END_TEST

START_TEST(stopped_before_the_head)
{
	int directory cleanup_close = -1;
	struct snapshot at[3];
	const char *state = three_generations("head", &directory, at);

	put_state(directory, &at[1].store, &at[2].journal, &at[1].head);
	assert_recovers(state, directory, 2, true);
	put_state(directory, &at[2].store, &at[2].journal, &at[1].head);
	assert_recovers(state, directory, 3, true);
	free_snapshots(at, 3);
}
END_TEST

/* The head is of generation 1, so the last two lines were never acknowledged. */
START_TEST(torn_at_every_byte_of_two_lines)
{
	int directory cleanup_close = -1;
	struct snapshot at[3];
	const char *state = three_generations("torn", &directory, at);
	const size_t start = at[0].journal.length;
	const size_t middle = at[1].journal.length;
	const size_t end = at[2].journal.length;

	for (size_t length = start; length <= end; length++) {
		struct fixture_bytes journal = {at[2].journal.bytes, length};
		size_t whole = length == end ? 2 : length >= middle;
		bool at_line = length == start || length == middle || length == end;

		put_state(directory, &at[whole].store, &journal, &at[0].head);
		assert_recovers(state, directory, (int64_t)whole + 1, !at_line || whole > 0);
		if (whole == 0)
			continue;
		put_state(directory, &at[whole - 1].store, &journal, &at[0].head);
		assert_recovers(state, directory, (int64_t)whole, true);
	}
	free_snapshots(at, 3);
}
END_TEST

/* The head knows all lines: nothing of them may be missing. */
START_TEST(an_acknowledged_tail_may_not_be_cut)
{
	int directory cleanup_close = -1;
	struct snapshot at[3];
	const char *state = three_generations("acknowledged", &directory, at);

	for (size_t length = at[1].journal.length; length < at[2].journal.length; length++) {
		struct fixture_bytes journal = {at[2].journal.bytes, length};

		for (size_t i = 1; i < 3; i++) {
			struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
			struct error err;

			put_state(directory, &at[i].store, &journal, &at[2].head);
			ck_assert(!alias_store_open(&store, state, ALIAS_STORE_READ, &err));
			unit_assert_error(err, ERROR_DATABASE);
			ck_assert_ptr_nonnull(strstr(err.why, "cut off"));
		}
	}
	free_snapshots(at, 3);
}
END_TEST

START_TEST(an_older_store_is_no_interruption)
{
	int directory cleanup_close = -1;
	struct snapshot at[3];
	const char *state = three_generations("older", &directory, at);
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct error err;

	put_state(directory, &at[0].store, &at[2].journal, &at[2].head);
	ck_assert(!alias_store_open(&store, state, ALIAS_STORE_WRITE, &err));
	unit_assert_error(err, ERROR_DATABASE);
	put_state(directory, &at[2].store, &at[1].journal, &at[1].head);
	ck_assert(!alias_store_open(&store, state, ALIAS_STORE_WRITE, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_int_eq(unlinkat(directory, HEAD, 0), 0);
	ck_assert(!alias_store_open(&store, state, ALIAS_STORE_WRITE, &err));
	unit_assert_error(err, ERROR_DATABASE);
	free_snapshots(at, 3);
}
END_TEST

START_TEST(the_previous_store_is_no_interruption)
{
	int directory cleanup_close = -1;
	struct snapshot at[3];
	const char *state = three_generations("previous", &directory, at);
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct error err;

	put_file(directory, STORE, &at[1].store, 0640);
	ck_assert(!alias_store_open(&store, state, ALIAS_STORE_WRITE, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_ptr_nonnull(strstr(err.why, "older one was put back"));
	fixture_write(directory, "store/aliases.stored", "3 torn", 6, 0600);
	assert_recovers(state, directory, 2, true);
	free_snapshots(at, 3);
}
END_TEST

START_TEST(garbage_behind_the_head_is_set_aside)
{
	int directory cleanup_close = -1;
	struct snapshot at[3];
	const char *state = three_generations("garbage", &directory, at);
	struct fixture_bytes journal = {calloc(1, at[2].journal.length + 4096), 0};
	int quarantine cleanup_close =
		openat(directory, "work/quarantine", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream cleanup_closedir = NULL;
	const struct dirent *entry;
	size_t files = 0;

	memcpy(journal.bytes, at[2].journal.bytes, at[2].journal.length);
	journal.length = at[2].journal.length + 4096;
	journal.bytes[journal.length - 1] = '\n';
	put_state(directory, &at[2].store, &journal, &at[2].head);
	assert_recovers(state, directory, 3, true);
	stream = fdopendir(take_fd(&quarantine));
	while ((entry = readdir(stream)) != NULL)
		files += strstr(entry->d_name, "journal.jsonl") != NULL;
	ck_assert_uint_eq(files, 1);
	free(journal.bytes);
	free_snapshots(at, 3);
}
END_TEST

/* ---------------------------------------------------------------- live */

/* Commits generation after generation; the destination says which. */
static void write_on(const char *state, int rounds)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct error err;

	if (!alias_store_open(&store, state, ALIAS_STORE_WRITE, &err))
		_exit(1);
	for (int i = 0; i < rounds; i++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct alias_entry before;
		struct alias_entry after = fixture_entry(&arena, "ana", 5001,
			arena_printf(&arena, "d%lld@x.example.org",
				(long long)store.generation + 1));
		enum lookup_result found = alias_store_find(&store, "ana", &arena, &before, &err);

		if (found == LOOKUP_FAILED ||
			!fixture_change(&store, found == LOOKUP_FOUND ? &before : NULL, &after,
				&err))
			_exit(1);
	}
}

START_TEST(killed_at_any_time)
{
	int directory cleanup_close = -1;
	const char *state = fixture_store("killed", &directory);
	int64_t generation = 1;

	fixture_put(state, "ana", "d1@x.example.org");
	srand(2);
	for (int i = 0; i < 150; i++) {
		struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
		const struct timespec pause = {.tv_nsec = rand() % 12000000};
		struct arena arena cleanup_arena = ARENA_INIT;
		pid_t child = fork();
		struct error err;
		int status;

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			write_on(state, 100000);
			_exit(0);
		}
		nanosleep(&pause, NULL);
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status));
		unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_WRITE, &err), err);
		ck_assert_int_ge(store.generation, generation);
		generation = store.generation;
		ck_assert_str_eq(fixture_content(&store, &arena),
			arena_printf(&arena, "ana d%lld@x.example.org\n", (long long)generation));
		verify(directory);
	}
	ck_assert_int_gt(generation, 1);
}
END_TEST

START_TEST(readers_see_whole_generations)
{
	int directory cleanup_close = -1;
	const char *state = fixture_store("readers", &directory);
	int64_t generation = 0;
	size_t reads = 0;
	int status;
	pid_t child;

	fixture_put(state, "ana", "d1@x.example.org");
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		write_on(state, 400);
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
		struct arena arena cleanup_arena = ARENA_INIT;
		struct error err;

		unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_READ, &err), err);
		ck_assert_int_ge(store.generation, generation);
		generation = store.generation;
		ck_assert_str_eq(fixture_content(&store, &arena),
			arena_printf(&arena, "ana d%lld@x.example.org\n", (long long)generation));
		reads++;
	}
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_uint_gt(reads, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_store_recovery");
	TCase *recovery = unit_case(suite, "recovery");

	tcase_set_timeout(recovery, 240);
	unit_add_root_test(recovery, stopped_before_the_journal);
	unit_add_root_test(recovery, stopped_between_journal_and_rename);
	unit_add_root_test(recovery, stopped_before_the_head);
	unit_add_root_test(recovery, torn_at_every_byte_of_two_lines);
	unit_add_root_test(recovery, an_acknowledged_tail_may_not_be_cut);
	unit_add_root_test(recovery, an_older_store_is_no_interruption);
	unit_add_root_test(recovery, the_previous_store_is_no_interruption);
	unit_add_root_test(recovery, garbage_behind_the_head_is_set_aside);
	unit_add_root_test(recovery, killed_at_any_time);
	unit_add_root_test(recovery, readers_see_whole_generations);
	return unit_run(suite);
}
