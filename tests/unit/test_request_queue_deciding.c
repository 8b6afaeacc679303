#include "storage/request_queue.h"

#include "format/json.h"
#include "queue_fixture.h"

static struct queued_request claim(const struct fixture *fixture, uid_t uid, struct arena *arena)
{
	struct queued_request request;
	struct error err;

	ck_assert_int_eq(request_queue_claim(&fixture->queue, uid, REQUEST_ALIAS, arena, &request,
				 &err),
		LOOKUP_FOUND);
	ck_assert(request.claimed);
	return request;
}

START_TEST(claims_and_returns)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request shown;
	struct queued_request request;
	struct error err;

	begin(&fixture, "claim", 0);
	lay_good(&fixture, ANA, "ana");
	shown = list_one(&fixture, &arena);
	request = claim(&fixture, ANA, &arena);
	ck_assert_str_eq(request.id, shown.id);
	ck_assert_int_eq(request.received, shown.received);
	ck_assert_uint_eq(count_files(fixture.queue.pending, "."), 0);
	ck_assert_int_eq(request_queue_claim(&fixture.queue, ANA, REQUEST_ALIAS, &arena, &shown,
				 &err),
		LOOKUP_NOT_FOUND);
	unit_assert_ok(request_queue_return(&fixture.queue, &request, &err), err);
	unit_assert_ok(request_queue_return(&fixture.queue, &request, &err), err);
	shown = list_one(&fixture, &arena);
	ck_assert_str_eq(request.id, shown.id);
	ck_assert_uint_eq(count_files(fixture.queue.claimed, "."), 0);
}
END_TEST

/* Reads the one file of the archive. */
static struct json *read_archive(const struct fixture *fixture, const char *month, const char *id)
{
	static const struct json_rules rules = {.bytes = 16384, .depth = 8};
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *name = arena_printf(&arena, "%s/%s.json", month, id);
	struct fixture_bytes file = fixture_read(fixture->queue.archive, name);
	struct json *json = NULL;
	struct stat status;
	struct error err;

	unit_assert_ok(json_parse(file.bytes, file.length, &rules, &json, &err), err);
	ck_assert_int_eq(fstatat(fixture->queue.archive, name, &status, 0), 0);
	ck_assert_uint_eq(status.st_uid, 0);
	ck_assert_uint_eq(status.st_gid, READER_GROUP_ID);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	free(file.bytes);
	return json;
}

START_TEST(archives_with_its_decision)
{
	const struct queue_decision decision = {.outcome = "rejected",
		.actor = "maria",
		.reason = "não",
		.at = FIXTURE_TIME};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct json *json cleanup_json = NULL;
	struct queued_request request;
	struct error err;

	begin(&fixture, "archive", 0);
	lay_good(&fixture, ANA, "ana");
	request = claim(&fixture, ANA, &arena);
	unit_assert_ok(request_queue_archive(&fixture.queue, &request, &decision, &err), err);
	unit_assert_ok(request_queue_archive(&fixture.queue, &request, &decision, &err), err);
	ck_assert_uint_eq(count_files(fixture.queue.claimed, "."), 0);
	json = read_archive(&fixture, "2026-05", request.id);
	ck_assert_str_eq(json_get_text(json, "id"), request.id);
	ck_assert_str_eq(json_get_text(json, "outcome"), "rejected");
	ck_assert_str_eq(json_get_text(json, "decided_at"), "2026-05-19T23:55:18Z");
	ck_assert_str_eq(json_get_text(json, "actor"), "maria");
	ck_assert_str_eq(json_get_text(json, "reason"), "não");
	ck_assert_str_eq(json_get_text(json_get(json, "request"), "username"), "ana");
}
END_TEST

START_TEST(a_newer_request_supersedes_the_claimed_one)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct request_record newer = example(ANA, "ana", "newer@mail.example.org");
	struct json *json cleanup_json = NULL;
	struct queued_request request;
	char month[8];
	time_t seconds;
	struct tm parts;
	struct error err;

	begin(&fixture, "superseded", 0);
	lay_good(&fixture, ANA, "ana");
	request = claim(&fixture, ANA, &arena);
	lay_record(&fixture, &newer, ANA);
	unit_assert_ok(request_queue_return(&fixture.queue, &request, &err), err);
	ck_assert_str_eq(list_one(&fixture, &arena).record.destinations[0],
		"newer@mail.example.org");
	ck_assert_uint_eq(count_files(fixture.queue.claimed, "."), 0);
	seconds = (time_t)fixture.queue.now;
	strftime(month, sizeof(month), "%Y-%m", gmtime_r(&seconds, &parts));
	json = read_archive(&fixture, month, request.id);
	ck_assert_str_eq(json_get_text(json, "outcome"), "superseded");
}
END_TEST

START_TEST(quarantine_says_why)
{
	static const struct json_rules rules = {.bytes = 16384, .depth = 8};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;
	struct string_list names = STRING_LIST_INIT;
	struct json *json cleanup_json = NULL;
	struct fixture_bytes file;
	DIR *stream cleanup_closedir = NULL;
	const struct dirent *entry;
	struct error err;

	begin(&fixture, "why", 3600);
	lay_text(&fixture, "pass wd\033[31m", ANA, "root\033[31m");
	request = list_one(&fixture, &arena);
	ck_assert(!request.young);
	unit_assert_ok(request_queue_quarantine(&fixture.queue, &request, &err), err);
	unit_assert_ok(request_queue_quarantine(&fixture.queue, &request, &err), err);
	stream = fdopendir(
		openat(fixture.queue.quarantine, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	while ((entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] != '.')
			string_list_add(&names, &arena, entry->d_name);
	}
	string_list_sort(&names);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_ptr_nonnull(strstr(names.items[0], "Z-pass_wd__31m-"));
	ck_assert_str_eq(names.items[1], arena_printf(&arena, "%s.why.json", names.items[0]));
	file = fixture_read(fixture.queue.quarantine, names.items[1]);
	unit_assert_ok(json_parse(file.bytes, file.length, &rules, &json, &err), err);
	ck_assert_str_eq(json_get_text(json, "code"), "Q18");
	ck_assert_str_eq(json_get_text(json, "name"), "pass wd\\x1B[31m");
	free(file.bytes);
}
END_TEST

START_TEST(quarantine_spares_a_new_file_of_the_same_name)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;
	int held;
	struct error err;

	begin(&fixture, "spared", 0);
	lay_text(&fixture, "5001.alias.json", ANA, "[]");
	request = list_one(&fixture, &arena);
	held = openat(fixture.queue.pending, "5001.alias.json", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(unlinkat(fixture.queue.pending, "5001.alias.json", 0), 0);
	lay_good(&fixture, ANA, "ana");
	unit_assert_ok(request_queue_quarantine(&fixture.queue, &request, &err), err);
	ck_assert_int_eq(list_one(&fixture, &arena).code, QUEUE_GOOD);
	ck_assert_uint_eq(count_files(fixture.queue.quarantine, "."), 0);
	close(held);
}
END_TEST

START_TEST(recovers_what_was_claimed)
{
	const struct queue_decision decision = {.outcome = "approved",
		.actor = "maria",
		.reason = "",
		.at = FIXTURE_TIME};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct json *json cleanup_json = NULL;
	struct queued_request decided;
	struct error err;

	begin(&fixture, "recover", 0);
	lay_good(&fixture, ANA, "ana");
	lay_good(&fixture, BIA, "bia");
	lay_text(&fixture, "5003.alias.json", 5003, "[]");
	decided = claim(&fixture, ANA, &arena);
	claim(&fixture, BIA, &arena);
	claim(&fixture, 5003, &arena);
	unit_write_file(fixture.queue.claimed, "junk", "junk", 0600);
	for (int i = 0; i < 2; i++)
		unit_assert_ok(request_queue_recover(&fixture.queue, decided.id, &decision, &err),
			err);
	ck_assert_uint_eq(count_files(fixture.queue.claimed, "."), 0);
	ck_assert_uint_eq(count_files(fixture.queue.pending, "."), 2);
	ck_assert_uint_eq(count_files(fixture.queue.quarantine, "."), 2);
	json = read_archive(&fixture, "2026-05", decided.id);
	ck_assert_str_eq(json_get_text(json, "outcome"), "approved");
	ck_assert_int_eq(request_queue_read(&fixture.queue, BIA, REQUEST_ALIAS, &arena, &decided,
				 &err),
		LOOKUP_FOUND);
	ck_assert_int_eq(decided.code, QUEUE_GOOD);
}
END_TEST

START_TEST(recovers_without_a_decision)
{
	const struct queue_decision none = {.outcome = "", .actor = "", .reason = ""};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err;

	begin(&fixture, "undecided", 0);
	lay_good(&fixture, ANA, "ana");
	claim(&fixture, ANA, &arena);
	unit_assert_ok(request_queue_recover(&fixture.queue, "", &none, &err), err);
	ck_assert_int_eq(list_one(&fixture, &arena).code, QUEUE_GOOD);
	ck_assert_uint_eq(count_files(fixture.queue.archive, "."), 0);
}
END_TEST

/* A month goes as a whole once its last day is over; what is no month stays. */
START_TEST(the_archive_forgets_months)
{
	static const struct {
		const char *name;
		int64_t before; /* seconds from 2026-05-01T00:00:00Z */
		bool goes;
	} rows[] = {
		{"2026-04", 0, false}, /* counted as 31 days */
		{"2026-04", 86400, true},
		{"2026-05", 31 * 86400 - 1, false},
		{"2026-05", 31 * 86400, true},
		{"2025-12", 0, true},
		{"2026-13", 400 * 86400, false},
		{"2026-5", 400 * 86400, false},
		{"2026-05-01", 400 * 86400, false},
		{"2026", 400 * 86400, false},
		{"notes", 400 * 86400, false},
	};
	const int64_t may = 1777593600;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct fixture fixture cleanup_fixture;
		int month cleanup_close = -1;
		size_t count = 9;
		struct stat status;
		struct error err;

		begin(&fixture, arena_printf(&arena, "archive%zu", i), 0);
		ck_assert_int_eq(mkdirat(fixture.queue.archive, rows[i].name, 0750), 0);
		month = openat(fixture.queue.archive, rows[i].name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		unit_write_file(month, "one.json", "{}", 0640);
		unit_write_file(month, "two.json", "{}", 0640);
		unit_assert_ok(request_queue_prune(&fixture.queue, may + rows[i].before, false, &count, &err), err);
		ck_assert_msg(count == (rows[i].goes ? 2 : 0), "%s: %zu", rows[i].name, count);
		ck_assert_int_eq(fstatat(month, "one.json", &status, 0), 0);
		unit_assert_ok(request_queue_prune(&fixture.queue, may + rows[i].before, true, &count, &err), err);
		ck_assert_msg(count == (rows[i].goes ? 2 : 0), "%s: %zu", rows[i].name, count);
		ck_assert_int_eq(fstatat(fixture.queue.archive, rows[i].name, &status, 0) != 0, rows[i].goes);
	}
}
END_TEST

START_TEST(only_claimed_requests_are_archived)
{
	const struct queue_decision decision = {.outcome = "approved",
		.actor = "maria",
		.reason = ""};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;
	struct error err;

	begin(&fixture, "unclaimed", 0);
	lay_good(&fixture, ANA, "ana");
	request = list_one(&fixture, &arena);
	ck_assert(!request_queue_archive(&fixture.queue, &request, &decision, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert_uint_eq(count_files(fixture.queue.pending, "."), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request_queue_deciding");
	TCase *deciding = unit_case(suite, "deciding");

	unit_add_root_test(deciding, claims_and_returns);
	unit_add_root_test(deciding, archives_with_its_decision);
	unit_add_root_test(deciding, a_newer_request_supersedes_the_claimed_one);
	unit_add_root_test(deciding, quarantine_says_why);
	unit_add_root_test(deciding, quarantine_spares_a_new_file_of_the_same_name);
	unit_add_root_test(deciding, recovers_what_was_claimed);
	unit_add_root_test(deciding, recovers_without_a_decision);
	unit_add_root_test(deciding, only_claimed_requests_are_archived);
	unit_add_root_test(deciding, the_archive_forgets_months);
	return unit_run(suite);
}
