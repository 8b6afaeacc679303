#include "base/number.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "unit.h"

START_TEST(int64_takes_decimal_digits)
{
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = {{"0", 0}, {"7", 7}, {"-1", -1}, {"1048576", 1048576},
		{"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		int64_t value = 42;

		ck_assert_msg(parse_int64(cases[i].text, &value), "%s", cases[i].text);
		ck_assert_int_eq(value, cases[i].value);
	}
}
END_TEST

START_TEST(int64_refuses_all_else)
{
	static const char *const texts[] = {"", "-", "+1", " 1", "1 ", "1.0", "0x10", "01", "-01",
		"-0", "--1", "1e3", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999999", "١", "1\n"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		int64_t value = 42;

		ck_assert_msg(!parse_int64(texts[i], &value), "\"%s\"", texts[i]);
		ck_assert_int_eq(value, 42);
	}
}
END_TEST

START_TEST(id_is_below_the_invalid_uid)
{
	static const char *const refused[] = {"", "-1", "-0", "4294967295", "4294967296", "007",
		"+1", "root", "1 "};
	uint32_t value = 42;

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		ck_assert_msg(!parse_id(refused[i], &value), "\"%s\"", refused[i]);
		ck_assert_uint_eq(value, 42);
	}
	ck_assert(parse_id("0", &value));
	ck_assert_uint_eq(value, 0);
	ck_assert(parse_id("4294967294", &value));
	ck_assert_uint_eq(value, 4294967294u);
}
END_TEST

START_TEST(mode_is_octal)
{
	static const char *const refused[] = {"", "0", "64", "8", "0680", "0o", "0o64", "000640",
		"17777", "u=rw", "-640", "0x1ff", " 640"};
	unsigned mode = 42;

	ck_assert(parse_octal_mode("0640", &mode));
	ck_assert_uint_eq(mode, 0640);
	ck_assert(parse_octal_mode("640", &mode));
	ck_assert_uint_eq(mode, 0640);
	ck_assert(parse_octal_mode("0o640", &mode));
	ck_assert_uint_eq(mode, 0640);
	ck_assert(parse_octal_mode("7777", &mode));
	ck_assert_uint_eq(mode, 07777);
	ck_assert(parse_octal_mode("1730", &mode));
	ck_assert_uint_eq(mode, 01730);
	ck_assert(parse_octal_mode("000", &mode));
	ck_assert_uint_eq(mode, 0);
	mode = 42;
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		ck_assert_msg(!parse_octal_mode(refused[i], &mode), "\"%s\"", refused[i]);
		ck_assert_uint_eq(mode, 42);
	}
}
END_TEST

START_TEST(duration_has_units)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {{"0", 0}, {"30", 30}, {"90s", 90}, {"10m", 600}, {"12h", 43200},
		{"30d", 2592000}, {"2y", 63072000}, {"9223372036854775807", INT64_MAX}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		int64_t seconds = 42;

		ck_assert_msg(parse_duration(cases[i].text, &seconds), "%s", cases[i].text);
		ck_assert_int_eq(seconds, cases[i].seconds);
	}
}
END_TEST

START_TEST(duration_refuses_all_else)
{
	static const char *const texts[] = {"", "s", "-1", "+1", "1.5h", " 1", "1 d", "1w", "1D",
		"1hh", "9223372036854775807m", "9223372036854775808", "99999999999999999999999y"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		int64_t seconds;

		ck_assert_msg(!parse_duration(texts[i], &seconds), "\"%s\"", texts[i]);
	}
}
END_TEST

START_TEST(a_fixed_clock_stands_still)
{
	const struct clock fixed = {.fixed = 1700000000};
	const struct clock system = {.fixed = 0};

	ck_assert_int_eq(clock_now(&fixed), 1700000000);
	ck_assert_int_gt(clock_now(&system), 1700000000);
}
END_TEST

START_TEST(the_monotonic_clock_counts_milliseconds)
{
	int64_t before = clock_monotonic_ms();

	usleep(30000);
	ck_assert_int_ge(clock_monotonic_ms() - before, 29);
	ck_assert_int_lt(clock_monotonic_ms() - before, 10000);
}
END_TEST

START_TEST(ascii_knows_no_locale)
{
	ck_assert(ascii_is_digit('0') && ascii_is_digit('9') && !ascii_is_digit('/') &&
		  !ascii_is_digit(':'));
	ck_assert(ascii_is_lower('a') && ascii_is_lower('z') && !ascii_is_lower('A') &&
		  !ascii_is_lower('{'));
	ck_assert(ascii_is_upper('A') && ascii_is_upper('Z') && !ascii_is_upper('a') &&
		  !ascii_is_upper('['));
	ck_assert(!ascii_is_lower((char)0xe1) && !ascii_is_upper((char)0xc1));
	ck_assert_int_eq(ascii_to_lower('Q'), 'q');
	ck_assert_int_eq(ascii_to_lower('['), '[');
	ck_assert_int_eq(ascii_to_lower((char)0xc1), (char)0xc1);
	ck_assert(ascii_equal_nocase("Ana", "aNA"));
	ck_assert(ascii_equal_nocase("", ""));
	ck_assert(!ascii_equal_nocase("ana", "an"));
	ck_assert(!ascii_equal_nocase("an", "ana"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("number");
	TCase *parse = unit_case(suite, "parse");
	TCase *clock = unit_case(suite, "clock");
	TCase *ascii = unit_case(suite, "ascii");

	tcase_add_test(parse, int64_takes_decimal_digits);
	tcase_add_test(parse, int64_refuses_all_else);
	tcase_add_test(parse, id_is_below_the_invalid_uid);
	tcase_add_test(parse, mode_is_octal);
	tcase_add_test(parse, duration_has_units);
	tcase_add_test(parse, duration_refuses_all_else);
	tcase_add_test(clock, a_fixed_clock_stands_still);
	tcase_add_test(clock, the_monotonic_clock_counts_milliseconds);
	tcase_add_test(ascii, ascii_knows_no_locale);
	return unit_run(suite);
}
