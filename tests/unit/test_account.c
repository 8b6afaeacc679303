#include "system/account.h"

#include "base/strbuf.h"
#include "private_etc.h"
#include "unit.h"

static const char passwd_text[] = "root:x:0:0:root:/root:/bin/sh\n"
				  "ana:x:1001:1001:Ana,,,:/home/ana:/bin/bash\n"
				  "bia:x:1002:500::/home/bia:/bin/bash\n"
				  "twin:x:1003:1003::/home/twin:/bin/bash\n"
				  "other:x:1003:1003::/home/other:/bin/bash\n"
				  "twice:x:1004:1004::/home/twice:/bin/bash\n"
				  "twice:x:1004:1004::/home/twice:/bin/bash\n"
				  "+::::::\n";
static const char group_text[] = "root:x:0:\nmembers:x:500:ana\nana:x:1001:\nempty:x:600:\n";

START_TEST(an_account_is_found_by_name_and_uid)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account account;
	struct error err;

	close(private_etc(passwd_text, group_text));
	ck_assert_int_eq(account_by_name("ana", &arena, &account, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(account.uid, 1001);
	ck_assert_uint_eq(account.gid, 1001);
	ck_assert_str_eq(account.home, "/home/ana");
	ck_assert_int_eq(account_by_uid(1002, &arena, &account, &err), LOOKUP_FOUND);
	ck_assert_str_eq(account.name, "bia");
	ck_assert_uint_eq(account.gid, 500);
}
END_TEST

START_TEST(an_absent_account_is_not_found)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account account = {.name = "untouched"};
	struct error err;
	gid_t gid = 42;

	close(private_etc(passwd_text, group_text));
	ck_assert_int_eq(account_by_name("zoe", &arena, &account, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(account_by_name("Ana", &arena, &account, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(account_by_name("", &arena, &account, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(account_by_uid(4242, &arena, &account, &err), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(group_by_name("nobodies", &gid, &err), LOOKUP_NOT_FOUND);
	ck_assert_str_eq(account.name, "untouched");
	ck_assert_uint_eq(gid, 42);
}
END_TEST

/* The file away for a moment, or a directory service down: the members are not gone. */
START_TEST(a_database_that_is_away_is_no_absence)
{
	const struct account ana = {.name = "ana", .uid = 1001, .gid = 1001};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account account;
	struct error err;
	bool answer = true;
	gid_t gid;

	close(private_etc(NULL, NULL));
	ck_assert_int_eq(account_by_name("ana", &arena, &account, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_TEMPORARY);
	ck_assert_int_eq(account_by_uid(1001, &arena, &account, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_TEMPORARY);
	ck_assert_int_eq(group_by_name("members", &gid, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_TEMPORARY);
	ck_assert(!account_in_group(&ana, 500, &answer, &err));
	unit_assert_error(err, ERROR_TEMPORARY);
	ck_assert(!account_uid_is_shared(1001, &answer, &err));
	unit_assert_error(err, ERROR_TEMPORARY);
	ck_assert(answer);
}
END_TEST

static bool is_in(const char *name, gid_t gid)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account account;
	struct error err;
	bool inside = false;

	ck_assert_int_eq(account_by_name(name, &arena, &account, &err), LOOKUP_FOUND);
	unit_assert_ok(account_in_group(&account, gid, &inside, &err), err);
	return inside;
}

START_TEST(membership_is_the_databases)
{
	struct error err;
	gid_t gid = 0;

	close(private_etc(passwd_text, group_text));
	ck_assert_int_eq(group_by_name("members", &gid, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(gid, 500);
	ck_assert(is_in("ana", 500));  /* listed */
	ck_assert(is_in("bia", 500));  /* primary */
	ck_assert(is_in("ana", 1001)); /* own */
	ck_assert(!is_in("ana", 600));
	ck_assert(!is_in("ana", 0));
	ck_assert(!is_in("twin", 500));
	ck_assert(!is_in("twin", 9999));
}
END_TEST

START_TEST(many_groups_are_no_obstacle)
{
	struct strbuf groups cleanup_strbuf = STRBUF_INIT;
	int etc cleanup_close = -1;

	strbuf_append_text(&groups, group_text);
	for (int i = 0; i < 1000; i++)
		strbuf_printf(&groups, "g%d:x:%d:ana\n", i, 10000 + i);
	etc = private_etc(passwd_text, strbuf_text(&groups));
	ck_assert(is_in("ana", 10000));
	ck_assert(is_in("ana", 10999));
	ck_assert(!is_in("bia", 10999));
}
END_TEST

START_TEST(a_group_with_many_members_is_read)
{
	struct strbuf groups cleanup_strbuf = STRBUF_INIT;
	int etc cleanup_close = -1;
	struct error err;
	gid_t gid = 0;

	strbuf_append_text(&groups, "members:x:500:");
	for (int i = 0; i < 5000; i++)
		strbuf_printf(&groups, "member%d,", i);
	strbuf_append_text(&groups, "ana\n");
	etc = private_etc(passwd_text, strbuf_text(&groups));
	ck_assert_int_eq(group_by_name("members", &gid, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(gid, 500);
	ck_assert(is_in("ana", 500));
}
END_TEST

static bool is_shared(uid_t uid)
{
	struct error err;
	bool shared = false;

	unit_assert_ok(account_uid_is_shared(uid, &shared, &err), err);
	return shared;
}

START_TEST(a_uid_with_two_names_is_shared)
{
	close(private_etc(passwd_text, group_text));
	ck_assert(is_shared(1003));
	ck_assert(!is_shared(1001));
	ck_assert(!is_shared(1004)); /* one name, written twice */
	ck_assert(!is_shared(0));    /* the line of the old NIS syntax is no name */
	ck_assert(!is_shared(4242));
}
END_TEST

START_TEST(long_and_strange_lines_hide_nothing)
{
	struct strbuf passwd cleanup_strbuf = STRBUF_INIT;
	int etc cleanup_close = -1;
	struct error err;
	bool shared;

	strbuf_append_text(&passwd, "# a comment\n\nnonsense\nana:x:1001:1001:");
	for (int i = 0; i < 3000; i++)
		strbuf_append_text(&passwd, "long ");
	strbuf_append_text(&passwd, ":/home/ana:/bin/sh\nana2:x:1001:1001::/:/bin/sh\n");
	etc = private_etc(strbuf_text(&passwd), group_text);
	ck_assert(is_shared(1001));
	for (int i = 0; i < 20000; i++)
		strbuf_append_text(&passwd, "endless");
	unit_write_file(etc, "passwd", strbuf_text(&passwd), 0644);
	strbuf_append_text(&passwd, ":x:1:1::/:/bin/sh\n");
	unit_write_file(etc, "passwd", strbuf_text(&passwd), 0644);
	ck_assert(!account_uid_is_shared(1001, &shared, &err));
	unit_assert_error(err, ERROR_TEMPORARY);
}
END_TEST

START_TEST(root_is_known_everywhere)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct account account;
	struct error err;
	gid_t gid = 42;

	ck_assert_int_eq(account_by_name("root", &arena, &account, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(account.uid, 0);
	ck_assert_int_eq(account_by_uid(0, &arena, &account, &err), LOOKUP_FOUND);
	ck_assert_str_eq(account.name, "root");
	ck_assert_int_eq(group_by_name("root", &gid, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(gid, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account");
	TCase *account = unit_case(suite, "account");
	TCase *group = unit_case(suite, "group");
	TCase *shared = unit_case(suite, "shared");

	tcase_add_test(account, root_is_known_everywhere);
	unit_add_root_test(account, an_account_is_found_by_name_and_uid);
	unit_add_root_test(account, an_absent_account_is_not_found);
	unit_add_root_test(account, a_database_that_is_away_is_no_absence);
	unit_add_root_test(group, membership_is_the_databases);
	unit_add_root_test(group, many_groups_are_no_obstacle);
	unit_add_root_test(group, a_group_with_many_members_is_read);
	unit_add_root_test(shared, a_uid_with_two_names_is_shared);
	unit_add_root_test(shared, long_and_strange_lines_hide_nothing);
	return unit_run(suite);
}
