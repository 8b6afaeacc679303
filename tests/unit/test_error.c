#include "base/error.h"

#include "unit.h"

START_TEST(set_fills_code_and_sentence)
{
	struct error err;

	memset(&err, 'x', sizeof(err));
	ck_assert(!error_set(&err, ERROR_NOT_FOUND, "no member called \"%s\"", "ana"));
	ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
	ck_assert_str_eq(err.what, "no member called \"ana\"");
	ck_assert_str_eq(err.why, "");
	ck_assert_str_eq(err.fix, "");
	ck_assert_str_eq(err.field, "");
}
END_TEST

START_TEST(set_errno_gives_the_reason)
{
	struct error err;

	ck_assert(!error_set_errno(&err, ERROR_FILESYSTEM, ENOSPC, "cannot write %s", "map"));
	ck_assert_int_eq(err.code, ERROR_FILESYSTEM);
	ck_assert_str_eq(err.what, "cannot write map");
	ck_assert_str_eq(err.why, strerror(ENOSPC));
	ck_assert_str_eq(err.fix, "make room on the disk, then try again");
	ck_assert(!error_set_errno(&err, ERROR_FILESYSTEM, ENOENT, "cannot open %s", "map"));
	ck_assert_str_eq(err.fix, "");
}
END_TEST

START_TEST(why_fix_and_field_are_added)
{
	struct error err;

	error_set(&err, ERROR_RULE, "refused");
	ck_assert(!error_why(&err, "because of %d", 7));
	ck_assert(!error_fix(&err, "postigo-admin %s", "check"));
	ck_assert(!error_field(&err, "destination"));
	ck_assert_str_eq(err.what, "refused");
	ck_assert_str_eq(err.why, "because of 7");
	ck_assert_str_eq(err.fix, "postigo-admin check");
	ck_assert_str_eq(err.field, "destination");
}
END_TEST

START_TEST(arguments_may_come_from_the_same_error)
{
	struct error err;

	error_set(&err, ERROR_DATABASE, "inner");
	error_why(&err, "reason");
	error_set(&err, ERROR_CONFIG, "outer (%s, %s)", err.what, err.why);
	ck_assert_str_eq(err.what, "outer (inner, reason)");
	error_why(&err, "%s again", err.what);
	ck_assert_str_eq(err.why, "outer (inner, reason) again");
	error_prefix(&err, "%s", err.what);
	ck_assert_str_eq(err.what, "outer (inner, reason): outer (inner, reason)");
}
END_TEST

START_TEST(prefix_stands_before_what)
{
	struct error err;

	error_set(&err, ERROR_RULE, "no such thing");
	error_why(&err, "kept");
	ck_assert(!error_prefix(&err, "request %d", 3));
	ck_assert_str_eq(err.what, "request 3: no such thing");
	ck_assert_str_eq(err.why, "kept");
	ck_assert_int_eq(err.code, ERROR_RULE);
}
END_TEST

START_TEST(a_long_sentence_is_cut_visibly)
{
	char text[1000];
	struct error err;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, ERROR_RULE, "%s", text);
	ck_assert_uint_eq(strlen(err.what), sizeof(err.what) - 1);
	ck_assert_str_eq(err.what + sizeof(err.what) - 4, "...");
	error_why(&err, "%s", text);
	ck_assert_str_eq(err.why + sizeof(err.why) - 4, "...");
	error_set(&err, ERROR_RULE, "short");
	error_prefix(&err, "%s", text);
	ck_assert_str_eq(err.what + sizeof(err.what) - 4, "...");
}
END_TEST

START_TEST(a_field_name_that_is_too_long_stays_inside)
{
	struct error err;

	error_set(&err, ERROR_RULE, "x");
	error_field(&err, "a_field_name_that_is_much_longer_than_the_room_for_it");
	ck_assert_uint_eq(strlen(err.field), sizeof(err.field) - 1);
}
END_TEST

START_TEST(codes_are_the_exit_codes_of_the_house)
{
	ck_assert_int_eq(ERROR_NOT_FOUND, 1);
	ck_assert_int_eq(ERROR_CONFIG, 4);
	ck_assert_int_eq(ERROR_FILESYSTEM, 6);
	ck_assert_int_eq(ERROR_RULE, 10);
	ck_assert_int_eq(ERROR_NOT_SYNCED, 22);
	ck_assert_int_eq(ERROR_CHANGED, 28);
	ck_assert_int_eq(ERROR_USAGE, 64);
	ck_assert_int_eq(ERROR_TEMPORARY, 75);
	ck_assert_int_eq(ERROR_PERMISSION, 77);
	ck_assert_int_eq(ERROR_INTERRUPTED, 130);
}
END_TEST

START_TEST(every_code_has_a_name_of_its_own)
{
	static const enum error_code codes[] = {ERROR_NONE, ERROR_NOT_FOUND, ERROR_ALREADY_EXISTS,
		ERROR_CAPACITY, ERROR_CONFIG, ERROR_DATABASE, ERROR_FILESYSTEM, ERROR_HOOK,
		ERROR_DEADLOCK, ERROR_MLMMJ, ERROR_RULE, ERROR_PREFLIGHT, ERROR_COLLISION,
		ERROR_RENDER, ERROR_POST_CHECK, ERROR_NOTHING_PENDING, ERROR_MTA_COMMAND,
		ERROR_NOT_SYNCED, ERROR_WOULD_CHANGE, ERROR_ANSWERED_NO, ERROR_PARTIAL,
		ERROR_AFTER_LIVE, ERROR_CHANGED, ERROR_USAGE, ERROR_OUT_OF_MEMORY, ERROR_TEMPORARY,
		ERROR_PERMISSION, ERROR_BUG, ERROR_INTERRUPTED};

	for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(error_name(codes[i]), error_name(codes[j]));
	}
	ck_assert_str_eq(error_name(ERROR_RULE), "rule_violation");
	ck_assert_str_eq(error_name((enum error_code)42), "bug");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *set = unit_case(suite, "set");
	TCase *codes = unit_case(suite, "codes");

	tcase_add_test(set, set_fills_code_and_sentence);
	tcase_add_test(set, set_errno_gives_the_reason);
	tcase_add_test(set, why_fix_and_field_are_added);
	tcase_add_test(set, arguments_may_come_from_the_same_error);
	tcase_add_test(set, prefix_stands_before_what);
	tcase_add_test(set, a_long_sentence_is_cut_visibly);
	tcase_add_test(set, a_field_name_that_is_too_long_stays_inside);
	tcase_add_test(codes, codes_are_the_exit_codes_of_the_house);
	tcase_add_test(codes, every_code_has_a_name_of_its_own);
	return unit_run(suite);
}
