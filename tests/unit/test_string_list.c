#include "base/string_list.h"

#include "unit.h"

START_TEST(texts_are_copied_in_order)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list list = STRING_LIST_INIT;
	char text[] = "one";

	string_list_add(&list, &arena, text);
	text[0] = 'X';
	string_list_add_bytes(&list, &arena, "twofold", 3);
	string_list_add(&list, &arena, "");
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.items[0], "one");
	ck_assert_str_eq(list.items[1], "two");
	ck_assert_str_eq(list.items[2], "");
}
END_TEST

START_TEST(it_grows)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list list = STRING_LIST_INIT;
	char text[16];

	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		string_list_add(&list, &arena, text);
	}
	ck_assert_uint_eq(list.count, 10000);
	ck_assert_str_eq(list.items[0], "0");
	ck_assert_str_eq(list.items[9999], "9999");
}
END_TEST

START_TEST(contains_compares_bytes)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list list = STRING_LIST_INIT;

	ck_assert(!string_list_contains(&list, ""));
	string_list_add(&list, &arena, "Ana");
	ck_assert(string_list_contains(&list, "Ana"));
	ck_assert(!string_list_contains(&list, "ana"));
	ck_assert(!string_list_contains(&list, "An"));
}
END_TEST

START_TEST(split_leaves_out_empty_pieces)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list list = STRING_LIST_INIT;

	string_list_split(&list, &arena, ", a,b ,,  c,", ", ");
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.items[0], "a");
	ck_assert_str_eq(list.items[1], "b");
	ck_assert_str_eq(list.items[2], "c");
}
END_TEST

START_TEST(split_of_nothing_is_nothing)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list list = STRING_LIST_INIT;

	string_list_split(&list, &arena, "", ",");
	string_list_split(&list, &arena, ",,,", ",");
	ck_assert_uint_eq(list.count, 0);
	string_list_split(&list, &arena, "whole", ",");
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.items[0], "whole");
}
END_TEST

START_TEST(join_puts_the_separator_between)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list list = STRING_LIST_INIT;

	ck_assert_str_eq(string_list_join(&list, &arena, ", "), "");
	string_list_add(&list, &arena, "a");
	ck_assert_str_eq(string_list_join(&list, &arena, ", "), "a");
	string_list_add(&list, &arena, "b");
	string_list_add(&list, &arena, "");
	ck_assert_str_eq(string_list_join(&list, &arena, ", "), "a, b, ");
}
END_TEST

START_TEST(sort_is_by_bytes)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list list = STRING_LIST_INIT;

	string_list_sort(&list);
	string_list_split(&list, &arena, "b \xc3\xa1 B ab a _ 10 9", " ");
	string_list_sort(&list);
	ck_assert_str_eq(string_list_join(&list, &arena, " "), "10 9 B _ a ab b \xc3\xa1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("string_list");
	TCase *list = unit_case(suite, "list");

	tcase_add_test(list, texts_are_copied_in_order);
	tcase_add_test(list, it_grows);
	tcase_add_test(list, contains_compares_bytes);
	tcase_add_test(list, split_leaves_out_empty_pieces);
	tcase_add_test(list, split_of_nothing_is_nothing);
	tcase_add_test(list, join_puts_the_separator_between);
	tcase_add_test(list, sort_is_by_bytes);
	return unit_run(suite);
}
