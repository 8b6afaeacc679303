#include "format/expiry.h"

#include "base/ascii.h"
#include "base/number.h"
#include "format/timestamp.h"

#include <stdio.h>
#include <string.h>

#define DATE_LENGTH 10		   /* "2027-01-31" */
#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool parse_date(const char *text, int64_t *ret_seconds)
{
	char end_of_day[TIMESTAMP_LENGTH + 1];

	if (strlen(text) != DATE_LENGTH)
		return false;
	(void)snprintf(end_of_day, sizeof(end_of_day), "%.10sT23:59:59Z", text);
	return timestamp_parse(end_of_day, ret_seconds);
}

/* A bare number would be seconds to one reader and days to another. */
static bool parse_from_now(const char *text, int64_t now, int64_t *ret_seconds)
{
	size_t length = strlen(text);
	int64_t duration;

	if (length == 0 || ascii_is_digit(text[length - 1]) || !parse_duration(text, &duration) ||
		duration > LAST_SECOND - now)
		return false;
	*ret_seconds = now + duration;
	return true;
}

bool expiry_parse(const char *text, int64_t now, int64_t *ret_seconds)
{
	return timestamp_parse(text, ret_seconds) || parse_date(text, ret_seconds) ||
	       parse_from_now(text, now, ret_seconds);
}
