/* Accounts from memory: the same answers as NSS gives, and its silence is never an absence. */
#include "system/account_snapshot.h"

#include "private_etc.h"
#include "unit.h"

static const char passwd_text[] = "root:x:0:0:root:/root:/bin/sh\n"
				  "zoe:x:1003:1003::/home/zoe:/bin/bash\n"
				  "ana:x:1001:1001:Ana,,,:/home/ana:/bin/bash\n"
				  "-bad:x:1001:1001::/home/bad:/bin/bash\n"
				  "bia:x:1002:500::/home/bia:/bin/bash\n"
				  "other:x:1003:1003::/home/other:/bin/bash\n"
				  "ana:x:1009:1009::/home/second:/bin/bash\n"
				  "twice:x:1004:1004::/home/twice:/bin/bash\n"
				  "twice:x:1004:1004::/home/twice:/bin/bash\n"
				  "+::::::\n";
static const char group_text[] = "root:x:0:\nmembers:x:500:zoe,ana\nother:x:501:twice\n";

static const char *const names[] = {"root", "zoe", "ana", "-bad", "bia", "other", "twice", "+",
	"", "Ana", "nobody-here"};
static const uid_t uids[] = {0, 1001, 1002, 1003, 1004, 1009, 4242};

static void assert_same(enum lookup_result result, const struct account *account,
	enum lookup_result expected_result, const struct account *expected, const char *title)
{
	ck_assert_msg(result == expected_result, "%s", title);
	if (result != LOOKUP_FOUND)
		return;
	ck_assert_msg(strcmp(account->name, expected->name) == 0, "%s: is %s", title,
		account->name);
	ck_assert_str_eq(account->home, expected->home);
	ck_assert_uint_eq(account->uid, expected->uid);
	ck_assert_uint_eq(account->gid, expected->gid);
}

START_TEST(answers_are_those_of_nss)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account_snapshot snapshot;
	struct account expected = {.name = NULL};
	struct account account = {.name = NULL};
	enum lookup_result nss;
	struct error err;

	close(private_etc(passwd_text, group_text));
	account_snapshot_take("members", &arena, &snapshot);
	ck_assert(snapshot.local_is_read && snapshot.local_is_first && snapshot.group);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		nss = account_by_name(names[i], &arena, &expected, &err);
		assert_same(account_snapshot_by_name(&snapshot, names[i], &arena, &account, &err),
			&account, nss, &expected, names[i]);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(uids); i++) {
		bool shared = false;
		bool expected_shared = false;

		nss = account_by_uid(uids[i], &arena, &expected, &err);
		assert_same(account_snapshot_by_uid(&snapshot, uids[i], &arena, &account, &err),
			&account, nss, &expected, arena_printf(&arena, "%u", uids[i]));
		unit_assert_ok(account_uid_is_shared(uids[i], &expected_shared, &err), err);
		unit_assert_ok(account_snapshot_uid_is_shared(&snapshot, uids[i], &shared, &err),
			err);
		ck_assert_msg(shared == expected_shared, "%u: shared", uids[i]);
	}
}
END_TEST

START_TEST(groups_are_those_of_nss)
{
	static const char *const groups[] = {"members", "other", "root", "no-such-group"};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account_snapshot snapshot;
	struct error err;

	close(private_etc(passwd_text, group_text));
	account_snapshot_take("members", &arena, &snapshot);
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		gid_t expected = 42;
		gid_t gid = 42;

		ck_assert_int_eq(account_snapshot_group(&snapshot, groups[i], &gid, &err),
			group_by_name(groups[i], &expected, &err));
		ck_assert_uint_eq(gid, expected);
		for (size_t k = 0; k < ARRAY_LENGTH(uids) - 1; k++) {
			struct account account;
			bool inside = false;
			bool expected_inside = false;

			if (account_by_uid(uids[k], &arena, &account, &err) != LOOKUP_FOUND)
				continue;
			unit_assert_ok(account_in_group(&account, gid, &expected_inside, &err),
				err);
			unit_assert_ok(account_snapshot_in_group(&snapshot, &account, gid, &inside,
					       &err),
				err);
			ck_assert_msg(inside == expected_inside, "%s in %s", account.name,
				groups[i]);
		}
	}
}
END_TEST

static enum lookup_result ask(const struct account_snapshot *snapshot, const char *name)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account account;
	struct error err;

	return account_snapshot_by_name(snapshot, name, &arena, &account, &err);
}

START_TEST(what_is_not_in_memory_is_asked_for)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account_snapshot snapshot;
	const struct account stranger = {.name = "stranger", .uid = 7, .gid = 7};
	const struct account zoe = {.name = "zoe", .uid = 1003, .gid = 1003};
	struct account account;
	struct error err;
	int directory = private_etc(passwd_text, group_text);
	bool inside = false;

	account_snapshot_take("members", &arena, &snapshot);
	ck_assert_int_eq(ask(&snapshot, "late"), LOOKUP_NOT_FOUND);
	unit_write_file(directory, "passwd", "late:x:1010:1010::/home/late:/bin/sh\n", 0644);
	ck_assert_int_eq(ask(&snapshot, "late"), LOOKUP_FOUND);
	ck_assert_int_eq(ask(&snapshot, "ana"), LOOKUP_FOUND);

	ck_assert_int_eq(unlinkat(directory, "passwd", 0), 0);
	ck_assert_int_eq(unlinkat(directory, "group", 0), 0);
	ck_assert_int_eq(ask(&snapshot, "ana"), LOOKUP_FOUND);
	ck_assert_int_eq(ask(&snapshot, "late"), LOOKUP_FAILED);
	ck_assert_int_eq(account_snapshot_by_uid(&snapshot, 4242, &arena, &account, &err),
		LOOKUP_FAILED);
	ck_assert_int_eq(err.code, ERROR_TEMPORARY);
	unit_assert_ok(account_snapshot_in_group(&snapshot, &zoe, 500, &inside, &err), err);
	ck_assert(inside);
	ck_assert(!account_snapshot_in_group(&snapshot, &stranger, 500, &inside, &err));
	ck_assert_int_eq(err.code, ERROR_TEMPORARY);
	close(directory);
}
END_TEST

START_TEST(nothing_read_is_nothing_known)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct account_snapshot nothing = {.group = NULL};
	struct account_snapshot snapshot;
	const struct account ana = {.name = "ana", .uid = 1001, .gid = 1001};
	struct error err;
	bool answer;
	gid_t gid;

	close(private_etc(NULL, NULL));
	account_snapshot_take("members", &arena, &snapshot);
	for (size_t i = 0; i < 3; i++) {
		const struct account_snapshot *const asked[] = {&snapshot, &nothing, NULL};

		ck_assert_int_eq(ask(asked[i], "ana"), LOOKUP_FAILED);
		ck_assert_int_eq(account_snapshot_group(asked[i], "members", &gid, &err),
			LOOKUP_FAILED);
		ck_assert(!account_snapshot_in_group(asked[i], &ana, 500, &answer, &err));
		ck_assert(!account_snapshot_uid_is_shared(asked[i], 1001, &answer, &err));
		ck_assert_int_eq(err.code, ERROR_TEMPORARY);
	}
}
END_TEST

static const struct services_row {
	const char *text;
	bool first;
} services[] = {
	{"passwd: files\n", true},
	{"passwd:\tfiles systemd\n", true},
	{"# where from\n  passwd:files # not sss\ngroup: files\n", true},
	{"passwd: systemd files\n", false},
	{"passwd: files [SUCCESS=continue] systemd\n", false},
	{"passwd: files[NOTFOUND=return] systemd\n", false},
	{"passwd: compat\n", false},
	{"passwd: filesystem files\n", false},
	{"passwd_compat: files\npasswd: systemd files\n", false},
	{"passwd: files\npasswd: systemd files\n", false},
	{"#passwd: files\n", false},
	{"", false},
};

/* Another service that is asked first may know the same name with another uid. */
START_TEST(memory_counts_only_where_the_list_comes_first)
{
	const struct services_row *row = &services[_i];
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account_snapshot snapshot;
	int directory = private_etc(passwd_text, group_text);

	unit_write_file(directory, "nsswitch.conf", row->text, 0644);
	account_snapshot_take("members", &arena, &snapshot);
	ck_assert_msg(snapshot.local_is_first == row->first, "row %d", _i);
	ck_assert(snapshot.local_is_read);
	unit_write_file(directory, "passwd", "zoe:x:1003:1003::/home/zoe:/bin/sh\n", 0644);
	ck_assert_msg((ask(&snapshot, "ana") == LOOKUP_FOUND) == row->first, "row %d", _i);
	close(directory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account_snapshot");
	TCase *answers = unit_case(suite, "answers");

	unit_add_root_test(answers, answers_are_those_of_nss);
	unit_add_root_test(answers, groups_are_those_of_nss);
	unit_add_root_test(answers, what_is_not_in_memory_is_asked_for);
	unit_add_root_test(answers, nothing_read_is_nothing_known);
	tcase_add_loop_test(answers, unit_root_test(memory_counts_only_where_the_list_comes_first), 0, (int)ARRAY_LENGTH(services));
	return unit_run(suite);
}
