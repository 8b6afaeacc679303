#include "format/status_file.h"

#include "unit.h"

static void print(const struct status_file *status, struct strbuf *text)
{
	strbuf_reset(text);
	status_file_print(status, text);
}

START_TEST(round_trip_of_a_full_status)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct status_file status = {
		.uid = 5001,
		.username = "ana",
		.alias = "ana@club.example",
		.state = "active",
		.since = 1779234918,
		.expires = 1798761600,
		.generation = 412,
		.decision = "approved",
		.decision_id = "5001-0123456789abcdef0123456789abcdef",
		.decided = 1779234918,
		.reason = "bem-vinda",
		.cooldown_until = 1779334918,
	};
	struct status_file back;
	struct error err;

	string_list_add(&status.destinations, &arena, "ana@mail.example.org");
	print(&status, &text);
	ck_assert_int_eq(text.text[text.length - 1], '\n');
	unit_assert_ok(status_file_parse(text.text, text.length, &arena, &back, &err), err);
	ck_assert_uint_eq(back.uid, 5001);
	ck_assert_str_eq(back.username, "ana");
	ck_assert_str_eq(back.alias, "ana@club.example");
	ck_assert_str_eq(back.state, "active");
	ck_assert_uint_eq(back.destinations.count, 1);
	ck_assert_str_eq(back.destinations.items[0], "ana@mail.example.org");
	ck_assert_int_eq(back.since, status.since);
	ck_assert_int_eq(back.expires, status.expires);
	ck_assert_int_eq(back.generation, 412);
	ck_assert_str_eq(back.decision, "approved");
	ck_assert_str_eq(back.decision_id, status.decision_id);
	ck_assert_int_eq(back.decided, status.decided);
	ck_assert_str_eq(back.reason, "bem-vinda");
	ck_assert_int_eq(back.cooldown_until, status.cooldown_until);
}
END_TEST

START_TEST(absent_members_are_empty)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct status_file status = {.uid = 7,
		.username = "bia",
		.alias = "bia@club.example",
		.state = "none"};
	struct status_file back;
	struct error err;

	print(&status, &text);
	ck_assert_str_eq(text.text,
		"{\"format\":1,\"uid\":7,\"username\":\"bia\",\"alias\":\"bia@club.example\","
		"\"state\":\"none\",\"destinations\":[],\"generation\":0}\n");
	unit_assert_ok(status_file_parse(text.text, text.length, &arena, &back, &err), err);
	ck_assert_uint_eq(back.destinations.count, 0);
	ck_assert_int_eq(back.since, 0);
	ck_assert_str_eq(back.decision, "");
	ck_assert_str_eq(back.reason, "");
}
END_TEST

START_TEST(refuses_a_bad_status)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"format\":2,\"uid\":7,\"username\":\"bia\",\"state\":\"none\",\"generation\":0}",
		"{\"format\":1,\"uid\":0,\"username\":\"bia\",\"state\":\"none\",\"generation\":0}",
		"{\"format\":1,\"uid\":7,\"username\":\"B\",\"state\":\"none\",\"generation\":0}",
		"{\"format\":1,\"uid\":7,\"username\":\"bia\",\"state\":\"x\",\"generation\":0}",
		"{\"format\":1,\"uid\":7,\"username\":\"bia\",\"state\":\"none\",\"generation\":-"
		"1}",
		"{\"format\":1,\"uid\":7,\"username\":\"bia\",\"state\":\"none\"}",
		"{\"format\":1,\"uid\":7,\"username\":\"bia\",\"state\":\"none\",\"generation\":0,"
		"\"since\":5}",
		"{\"format\":1,\"uid\":7,\"username\":\"bia\",\"state\":\"none\",\"generation\":0,"
		"\"destinations\":[1]}",
		"{\"format\":1,\"uid\":7,\"username\":\"bia\",\"state\":\"none\",\"generation\":0,"
		"\"reason\":null}",
	};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status;
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		ck_assert_msg(!status_file_parse(bad[i], strlen(bad[i]), &arena, &status, &err),
			"accepted: %s", bad[i]);
		unit_assert_error(err, ERROR_DATABASE);
	}
}
END_TEST

START_TEST(passes_over_what_a_later_version_adds)
{
	static const char text[] =
		"{\"format\":1,\"uid\":7,\"username\":\"bia\",\"state\":\"none\","
		"\"generation\":3,\"mood\":\"good\"}\n";
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status;
	struct error err;

	unit_assert_ok(status_file_parse(text, strlen(text), &arena, &status, &err), err);
	ck_assert_int_eq(status.generation, 3);
}
END_TEST

START_TEST(round_trip_of_live)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	const struct live_status live = {.generation = 412, .installed = 1779234918};
	struct live_status back;
	struct error err;

	live_status_print(&live, &text);
	ck_assert_str_eq(text.text,
		"{\"format\":1,\"generation\":412,\"installed_at\":\"2026-05-19T23:55:18Z\"}\n");
	unit_assert_ok(live_status_parse(text.text, text.length, &back, &err), err);
	ck_assert_int_eq(back.generation, 412);
	ck_assert_int_eq(back.installed, 1779234918);
	ck_assert(!live_status_parse("{\"format\":1}", 12, &back, &err));
	unit_assert_error(err, ERROR_DATABASE);
}
END_TEST

static struct status_decision rejection(int64_t at, const char *id, const char *reason)
{
	return (struct status_decision){.at = at, .outcome = "rejected", .op = "set", .id = id, .reason = reason};
}

START_TEST(remembers_decisions)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct status_file status = {.uid = 7, .username = "bia", .alias = "bia@club.example", .state = "none"};
	struct status_decision decision = rejection(1779234918, "7-01", "no");
	struct status_file back;
	struct error err;

	string_list_add(&decision.destinations, &arena, "bia@elsewhere.example");
	status_file_remember(&status, &decision, &arena);
	status_file_remember(&status, &decision, &arena);
	ck_assert_uint_eq(status.history_count, 1);
	for (int i = 1; i <= 30; i++) {
		decision = rejection(1779234918 + i, "7-02", "");
		status_file_remember(&status, &decision, &arena);
	}
	ck_assert_uint_eq(status.history_count, STATUS_HISTORY_MAX);
	ck_assert_int_eq(status_file_requests_since(&status, 1779234918 + 25), 5);
	ck_assert_int_eq(status_file_requests_since(&status, 1779234918 + 30), 0);
	print(&status, &text);
	unit_assert_ok(status_file_parse(text.text, text.length, &arena, &back, &err), err);
	ck_assert_uint_eq(back.history_count, STATUS_HISTORY_MAX);
	ck_assert_int_eq(back.history[0].at, 1779234918 + 30);
	ck_assert_str_eq(back.history[0].outcome, "rejected");
	ck_assert_str_eq(back.history[0].id, "7-02");
	ck_assert_str_eq(back.history[0].reason, "");
}
END_TEST

/* Quotes double in JSON: the longest reasons do not fit twenty times. */
START_TEST(keeps_within_its_limit)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct status_file status = {.uid = 7, .username = "bia", .alias = "bia@club.example", .state = "none"};
	struct status_file back;
	struct error err;
	char reason[501];

	memset(reason, '"', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	for (int i = 1; i <= STATUS_HISTORY_MAX; i++) {
		struct status_decision decision = rejection(1779234918 + i, "7-03", reason);

		status_file_remember(&status, &decision, &arena);
	}
	print(&status, &text);
	ck_assert_uint_le(text.length, STATUS_FILE_MAX);
	unit_assert_ok(status_file_parse(text.text, text.length, &arena, &back, &err), err);
	ck_assert_uint_gt(back.history_count, 10);
	ck_assert_int_eq(back.history[0].at, 1779234918 + STATUS_HISTORY_MAX);
	ck_assert_str_eq(back.history[0].reason, reason);
}
END_TEST

START_TEST(counts_only_requests)
{
	static const struct status_decision history[] = {
		{.at = 100, .outcome = "approved", .op = "set", .id = "7-1", .reason = ""},
		{.at = 100, .outcome = "paused", .op = "pause", .id = "7-2", .reason = ""},
		{.at = 100, .outcome = "revoked", .op = "revoke", .id = "", .reason = ""},
		{.at = 100, .outcome = "approved", .op = "set", .id = "", .reason = ""},
		{.at = 50, .outcome = "rejected", .op = "set", .id = "7-3", .reason = ""},
	};
	const struct status_file status = {.history = history, .history_count = ARRAY_LENGTH(history)};

	ck_assert_int_eq(status_file_requests_since(&status, 60), 1);
	ck_assert_int_eq(status_file_requests_since(&status, 0), 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status_file");
	TCase *status = unit_case(suite, "status");

	tcase_add_test(status, round_trip_of_a_full_status);
	tcase_add_test(status, absent_members_are_empty);
	tcase_add_test(status, refuses_a_bad_status);
	tcase_add_test(status, passes_over_what_a_later_version_adds);
	tcase_add_test(status, round_trip_of_live);
	tcase_add_test(status, remembers_decisions);
	tcase_add_test(status, keeps_within_its_limit);
	tcase_add_test(status, counts_only_requests);
	return unit_run(suite);
}
