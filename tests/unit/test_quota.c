#include "format/quota.h"

#include "unit.h"

START_TEST(sizes_are_powers_of_1024)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {{"0", 0}, {"0G", 0}, {"1024", 1024}, {"1024B", 1024}, {"1K", 1024}, {"5k", 5120}, {"1M", 1048576}, {"5G", 5368709120},
		{"5g", 5368709120}, {"1T", 1099511627776}, {"9223372036854775807", INT64_MAX}, {"8388607T", 9223370937343148032}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		int64_t bytes = 42;

		ck_assert_msg(quota_parse(cases[i].text, &bytes), "%s", cases[i].text);
		ck_assert_msg(bytes == cases[i].bytes, "%s: %lld", cases[i].text, (long long)bytes);
	}
}
END_TEST

START_TEST(all_else_is_no_size)
{
	static const char *const texts[] = {"", "-1", "-1G", "+5G", " 5G", "5G ", "5 G", "5x", "5GB", "5GiB", "1_000", "1.5G", "1e3", "G", "K1", "05", "0x10",
		"9223372036854775808", "8388608T", "99999999999999999999", "99999999999999999999T", "5G\n", "\xd9\xa1"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		int64_t bytes = 42;

		ck_assert_msg(!quota_parse(texts[i], &bytes), "\"%s\"", texts[i]);
		ck_assert_int_eq(bytes, 42);
	}
}
END_TEST

START_TEST(limits_are_whole_megabytes)
{
	int64_t limit = 42;

	ck_assert(quota_parse_limit("5G", QUOTA_MEGABYTE, &limit));
	ck_assert_int_eq(limit, 5120);
	ck_assert(quota_parse_limit("1024000", 1024000, &limit));
	ck_assert_int_eq(limit, 1);
	ck_assert(quota_parse_limit("-1", QUOTA_MEGABYTE, &limit));
	ck_assert_int_eq(limit, QUOTA_NONE);
	ck_assert(quota_parse_limit("0", QUOTA_MEGABYTE, &limit));
	ck_assert_int_eq(limit, 0);
	ck_assert(!quota_parse_limit("1048577", QUOTA_MEGABYTE, &limit));
	ck_assert(!quota_parse_limit("-2", QUOTA_MEGABYTE, &limit));
	ck_assert(!quota_parse_limit("1G", 1024000, &limit));
	ck_assert_int_eq(limit, 0);
}
END_TEST

START_TEST(people_read_one_decimal)
{
	static const struct {
		int64_t bytes;
		const char *text;
		const char *exact;
	} cases[] = {{0, "0B", "0"}, {1, "1B", "1"}, {1023, "1023B", "1023"}, {1024, "1.0K", "1K"}, {1536, "1.5K", "1536"}, {5368709120, "5.0G", "5G"},
		{1572864, "1.5M", "1536K"}, {1099511627776, "1.0T", "1T"}, {1125899906842624, "1024.0T", "1024T"},
		{INT64_MAX, "8388607.9T", "9223372036854775807"}, {-1, "0B", "-1"}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char text[QUOTA_TEXT_LENGTH + 1];
		int64_t bytes = 0;

		quota_format(cases[i].bytes, text);
		ck_assert_str_eq(text, cases[i].text);
		quota_format_exact(cases[i].bytes, text);
		ck_assert_str_eq(text, cases[i].exact);
		ck_assert(cases[i].bytes < 0 || (quota_parse(text, &bytes) && bytes == cases[i].bytes));
	}
}
END_TEST

START_TEST(products_do_not_overflow)
{
	ck_assert_int_eq(quota_limit_bytes(0, QUOTA_MEGABYTE), 0);
	ck_assert_int_eq(quota_limit_bytes(-1, QUOTA_MEGABYTE), QUOTA_NONE);
	ck_assert_int_eq(quota_limit_bytes(-7, QUOTA_MEGABYTE), QUOTA_NONE);
	ck_assert_int_eq(quota_limit_bytes(3, 1024000), 3072000);
	ck_assert_int_eq(quota_limit_bytes(INT64_MAX / 2, QUOTA_MEGABYTE), INT64_MAX);
	ck_assert_int_eq(quota_percent(0, 10), 0);
	ck_assert_int_eq(quota_percent(-5, 10), 0);
	ck_assert_int_eq(quota_percent(9, 0), 0);
	ck_assert_int_eq(quota_percent(999, 1000), 99);
	ck_assert_int_eq(quota_percent(1500, 1000), 150);
	ck_assert_int_eq(quota_percent(INT64_MAX, INT64_MAX), 100);
	ck_assert_int_eq(quota_percent(INT64_MAX, 1), INT64_MAX);
}
END_TEST

START_TEST(bytes_in_a_megabyte_column_are_noticed)
{
	ck_assert(!quota_limit_is_suspect(-1));
	ck_assert(!quota_limit_is_suspect(10000000));
	ck_assert(quota_limit_is_suspect(1073741824));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("quota");
	TCase *tcase = unit_case(suite, "quota");

	tcase_add_test(tcase, sizes_are_powers_of_1024);
	tcase_add_test(tcase, all_else_is_no_size);
	tcase_add_test(tcase, limits_are_whole_megabytes);
	tcase_add_test(tcase, people_read_one_decimal);
	tcase_add_test(tcase, products_do_not_overflow);
	tcase_add_test(tcase, bytes_in_a_megabyte_column_are_noticed);
	return unit_run(suite);
}
