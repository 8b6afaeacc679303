#include "storage/member_status.h"

#include "store_fixture.h"
#include "system/atomic_batch.h"

#include <sys/wait.h>

#define MEMBER 5001
#define STRANGER 5002

static struct status_file example(struct arena *arena)
{
	struct status_file status = {
		.uid = MEMBER,
		.username = "ana",
		.alias = "ana@club.example",
		.state = "active",
		.since = FIXTURE_TIME,
		.generation = 5,
	};

	string_list_add(&status.destinations, arena, "ana@mail.example.org");
	return status;
}

/* Whether a process of `uid` can open the file for reading. */
static bool can_read(const char *state, const char *name, uid_t uid)
{
	char path[512];
	int status;
	pid_t child;

	snprintf(path, sizeof(path), "%s/status/%s", state, name);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (setgid(uid) != 0 || setuid(uid) != 0)
			_exit(2);
		_exit(open(path, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

START_TEST(member_reads_only_their_own)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_state("own", &directory);
	struct status_file status = example(&arena);
	struct status_file back;
	struct error err;

	unit_assert_ok(member_status_publish(state, &status, &err), err);
	ck_assert(can_read(state, "5001.json", MEMBER));
	ck_assert(!can_read(state, "5001.json", STRANGER));
	ck_assert_int_eq(member_status_read(state, MEMBER, &arena, &back, &err), LOOKUP_FOUND);
	ck_assert_str_eq(back.username, "ana");
	ck_assert_int_eq(back.generation, 5);
}
END_TEST

START_TEST(replaces_and_removes)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_state("replaced", &directory);
	struct status_file status = example(&arena);
	struct status_file back;
	struct error err;

	ck_assert_int_eq(member_status_read(state, MEMBER, &arena, &back, &err), LOOKUP_NOT_FOUND);
	unit_assert_ok(member_status_publish(state, &status, &err), err);
	status.generation = 6;
	unit_assert_ok(member_status_publish(state, &status, &err), err);
	ck_assert_int_eq(member_status_read(state, MEMBER, &arena, &back, &err), LOOKUP_FOUND);
	ck_assert_int_eq(back.generation, 6);
	ck_assert(can_read(state, "5001.json", MEMBER));
	unit_assert_ok(member_status_remove(state, MEMBER, &err), err);
	unit_assert_ok(member_status_remove(state, MEMBER, &err), err);
	ck_assert_int_eq(member_status_read(state, MEMBER, &arena, &back, &err), LOOKUP_NOT_FOUND);
}
END_TEST

START_TEST(many_are_seen_when_they_are_settled)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_state("many", &directory);
	struct status_file status = example(&arena);
	struct status_file back;
	struct error err;

	unit_assert_ok(member_status_publish(state, &status, &err), err);
	unit_assert_ok(member_status_batch_begin(&batch, state, &err), err);
	unit_assert_ok(member_status_stage_removal(&batch, MEMBER, &err), err);
	status.uid = STRANGER;
	unit_assert_ok(member_status_stage(&batch, &status, &err), err);
	ck_assert_int_eq(member_status_read(state, STRANGER, &arena, &back, &err), LOOKUP_NOT_FOUND);
	unit_assert_ok(atomic_batch_settle(&batch, &err), err);
	ck_assert_int_eq(member_status_read(state, MEMBER, &arena, &back, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(member_status_read(state, STRANGER, &arena, &back, &err), LOOKUP_FOUND);
	ck_assert(can_read(state, "5002.json", STRANGER));
	ck_assert(!can_read(state, "5002.json", MEMBER));
}
END_TEST

START_TEST(a_file_that_is_not_roots_proves_nothing)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_state("foreign", &directory);
	struct status_file status = example(&arena);
	struct status_file back;
	struct error err;

	unit_assert_ok(member_status_publish(state, &status, &err), err);
	ck_assert_int_eq(fchownat(directory, "status/5001.json", MEMBER, MEMBER, 0), 0);
	ck_assert_int_eq(member_status_read(state, MEMBER, &arena, &back, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(unlinkat(directory, "status/5001.json", 0), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", directory, "status/5001.json"), 0);
	ck_assert_int_eq(member_status_read(state, MEMBER, &arena, &back, &err), LOOKUP_NOT_FOUND);
}
END_TEST

START_TEST(damage_is_no_absence)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = fixture_state("damaged", &directory);
	struct status_file back;
	struct error err;

	unit_write_file(directory, "status/5001.json", "{\"format\":1", 0600);
	ck_assert_int_eq(member_status_read(state, MEMBER, &arena, &back, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_DATABASE);
}
END_TEST

START_TEST(everybody_reads_live)
{
	int directory cleanup_close = -1;
	const char *state = fixture_state("live", &directory);
	const struct live_status live = {.generation = 7, .installed = FIXTURE_TIME};
	struct error err;

	unit_assert_ok(live_status_publish(state, &live, &err), err);
	ck_assert(can_read(state, "live.json", MEMBER));
	unit_assert_file(directory, "status/live.json",
		"{\"format\":1,\"generation\":7,\"installed_at\":\"2026-05-19T23:55:18Z\"}\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("member_status");
	TCase *status = unit_case(suite, "status");

	unit_add_root_test(status, member_reads_only_their_own);
	unit_add_root_test(status, replaces_and_removes);
	unit_add_root_test(status, many_are_seen_when_they_are_settled);
	unit_add_root_test(status, a_file_that_is_not_roots_proves_nothing);
	unit_add_root_test(status, damage_is_no_absence);
	unit_add_root_test(status, everybody_reads_live);
	return unit_run(suite);
}
