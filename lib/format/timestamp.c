#include "format/timestamp.h"

#include "base/ascii.h"

#include <stdio.h>

#define SECONDS_A_DAY 86400
#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first of January of `year`. */
static int days_before_year(int year)
{
	int past = year - 1;

	return 365 * (year - 1970) + (past / 4 - past / 100 + past / 400) - 477;
}

void timestamp_format(int64_t seconds, char ret_text[TIMESTAMP_LENGTH + 1])
{
	int64_t clamped = seconds < 0 ? 0 : seconds > LAST_SECOND ? LAST_SECOND : seconds;
	int day = (int)(clamped / SECONDS_A_DAY);
	int second = (int)(clamped % SECONDS_A_DAY);
	int year = 1970 + day / 366;
	int month = 1;

	while (days_before_year(year + 1) <= day)
		year++;
	day -= days_before_year(year);
	while (day >= days_of_month(year, month))
		day -= days_of_month(year, month++);
	/* The remainders tell the compiler what the loops imply: every field fits its digits. */
	(void)snprintf(ret_text, TIMESTAMP_LENGTH + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		(unsigned)year % 10000, (unsigned)month % 100, (unsigned)(day + 1) % 100,
		(unsigned)second / 3600 % 24, (unsigned)second / 60 % 60, (unsigned)second % 60);
}

static bool has_form(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	for (size_t i = 0; i < TIMESTAMP_LENGTH; i++) {
		if (form[i] == 'd' ? !ascii_is_digit(text[i]) : text[i] != form[i])
			return false;
	}
	return text[TIMESTAMP_LENGTH] == '\0';
}

static int digits(const char *text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

bool timestamp_parse(const char *text, int64_t *ret_seconds)
{
	int year;
	int month;
	int day;
	int days;
	int seconds;

	if (!has_form(text))
		return false;
	year = digits(text, 4);
	month = digits(text + 5, 2);
	day = digits(text + 8, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
		return false;
	if (digits(text + 11, 2) > 23 || digits(text + 14, 2) > 59 || digits(text + 17, 2) > 59)
		return false;

	days = days_before_year(year) + day - 1;
	for (int past = 1; past < month; past++)
		days += days_of_month(year, past);
	seconds = digits(text + 11, 2) * 3600 + digits(text + 14, 2) * 60 + digits(text + 17, 2);
	*ret_seconds = (int64_t)days * SECONDS_A_DAY + seconds;
	return true;
}
