#include "format/timestamp.h"

#include "unit.h"

#include <time.h>

static const struct {
	int64_t seconds;
	const char *text;
} known[] = {
	{0, "1970-01-01T00:00:00Z"},
	{59, "1970-01-01T00:00:59Z"},
	{86399, "1970-01-01T23:59:59Z"},
	{86400, "1970-01-02T00:00:00Z"},
	{951782399, "2000-02-28T23:59:59Z"},
	{951782400, "2000-02-29T00:00:00Z"},
	{951868800, "2000-03-01T00:00:00Z"},
	{1078012800, "2004-02-29T00:00:00Z"},
	{2147483647, "2038-01-19T03:14:07Z"},
	{2147483648, "2038-01-19T03:14:08Z"},
	{4107542400, "2100-03-01T00:00:00Z"},
	{1779234918, "2026-05-19T23:55:18Z"},
	{1798761599, "2026-12-31T23:59:59Z"},
	{253402300799, "9999-12-31T23:59:59Z"},
};

static const char *const refused[] = {
	"",
	"2026",
	"2026-05-19",
	"2026-05-19T23:55:18",
	"2026-05-19T23:55:18z",
	"2026-05-19t23:55:18Z",
	"2026-05-19 23:55:18Z",
	"2026-05-19T23:55:18Z ",
	" 2026-05-19T23:55:18Z",
	"2026-05-19T23:55:18ZZ",
	"2026-05-19T23:55:18+00:00",
	"2026-05-19T23:55:18.5Z",
	"2026-5-19T23:55:18Z",
	"2026-05-19T24:00:00Z",
	"2026-05-19T23:60:00Z",
	"2026-05-19T23:59:60Z",
	"2026-00-19T23:55:18Z",
	"2026-13-19T23:55:18Z",
	"2026-05-00T23:55:18Z",
	"2026-05-32T23:55:18Z",
	"2026-04-31T23:55:18Z",
	"2026-02-29T00:00:00Z",
	"2100-02-29T00:00:00Z",
	"1969-12-31T23:59:59Z",
	"0000-01-01T00:00:00Z",
	"-026-05-19T23:55:18Z",
	"+026-05-19T23:55:18Z",
	"20x6-05-19T23:55:18Z",
	"2026/05/19T23:55:18Z",
	"2026-05-19T23.55.18Z",
	"\xd9\xa2\xd9\xa0-05-19T23:55:18Z",
};

START_TEST(formats_known_times)
{
	char text[TIMESTAMP_LENGTH + 1];

	timestamp_format(known[_i].seconds, text);
	ck_assert_str_eq(text, known[_i].text);
}
END_TEST

START_TEST(parses_known_times)
{
	int64_t seconds = -1;

	ck_assert(timestamp_parse(known[_i].text, &seconds));
	ck_assert_int_eq(seconds, known[_i].seconds);
}
END_TEST

START_TEST(refuses_other_forms)
{
	int64_t seconds = 42;

	ck_assert_msg(!timestamp_parse(refused[_i], &seconds), "accepted %s", refused[_i]);
	ck_assert_int_eq(seconds, 42);
}
END_TEST

START_TEST(clamps_what_lies_outside)
{
	char text[TIMESTAMP_LENGTH + 1];

	timestamp_format(-1, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
	timestamp_format(INT64_MIN, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
	timestamp_format(253402300800, text);
	ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
	timestamp_format(INT64_MAX, text);
	ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
}
END_TEST

/* Every day of 180 years, held against the C library. */
START_TEST(agrees_with_the_c_library)
{
	for (int64_t seconds = 3661; seconds < (int64_t)66000 * 86400; seconds += 86399) {
		char text[TIMESTAMP_LENGTH + 1];
		char expected[64];
		struct tm fields;
		time_t moment = (time_t)seconds;
		int64_t back = 0;

		ck_assert_ptr_nonnull(gmtime_r(&moment, &fields));
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &fields);
		timestamp_format(seconds, text);
		ck_assert_str_eq(text, expected);
		ck_assert(timestamp_parse(text, &back));
		ck_assert_int_eq(back, seconds);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timestamp");
	TCase *format = unit_case(suite, "format");
	TCase *parse = unit_case(suite, "parse");

	tcase_add_loop_test(format, formats_known_times, 0, (int)ARRAY_LENGTH(known));
	tcase_add_test(format, clamps_what_lies_outside);
	tcase_add_loop_test(parse, parses_known_times, 0, (int)ARRAY_LENGTH(known));
	tcase_add_loop_test(parse, refuses_other_forms, 0, (int)ARRAY_LENGTH(refused));
	tcase_add_test(parse, agrees_with_the_c_library);
	return unit_run(suite);
}
