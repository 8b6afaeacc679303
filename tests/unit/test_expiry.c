#include "format/expiry.h"

#include "unit.h"

#define NOW 1779234918 /* 2026-05-19T23:55:18Z */

static const struct {
	const char *text;
	int64_t seconds; /* -1 = refused */
} rows[] = {
	{"2026-05-19T23:55:18Z", NOW},
	{"2026-05-19", NOW + 281}, /* the last second of the day */
	{"2024-02-29", 1709251199},
	{"1970-01-01", 86399},
	{"9999-12-31", INT64_C(253402300799)},
	{"30d", NOW + 30 * 86400},
	{"90s", NOW + 90},
	{"2y", NOW + 2 * 365 * INT64_C(86400)},
	{"0s", NOW},
	{"", -1},
	{"30", -1}, /* seconds to one reader, days to another */
	{"d", -1},
	{"-1d", -1},
	{"+1d", -1},
	{"1.5d", -1},
	{"1 d", -1},
	{"9000y", -1}, /* beyond the year 9999 */
	{"9999999999999999999s", -1},
	{"2023-02-29", -1},
	{"2026-13-01", -1},
	{"2026-05-19 ", -1},
	{"2026-5-19", -1},
	{"2026-05-19T23:55:18", -1},
	{"2026-05-19T23:55:18+01:00", -1},
	{"20260519", -1},
	{"tomorrow", -1},
};

START_TEST(reads_what_people_write)
{
	int64_t seconds = -1;

	ck_assert_msg(expiry_parse(rows[_i].text, NOW, &seconds) == (rows[_i].seconds >= 0), "\"%s\"", rows[_i].text);
	ck_assert_msg(seconds == rows[_i].seconds, "\"%s\" gives %lld", rows[_i].text, (long long)seconds);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expiry");
	TCase *plain = unit_case(suite, "plain");

	tcase_add_loop_test(plain, reads_what_people_write, 0, (int)ARRAY_LENGTH(rows));
	return unit_run(suite);
}
