#include "cli/output.h"

#include "base/message.h"

enum unit {
	UNIT_MINUTE,
	UNIT_HOUR,
	UNIT_DAY,
	UNIT_MONTH,
	UNIT_YEAR,
};

static const int64_t unit_seconds[] = {
	[UNIT_MINUTE] = 60,
	[UNIT_HOUR] = 3600,
	[UNIT_DAY] = 86400,
	[UNIT_MONTH] = INT64_C(30) * 86400,
	[UNIT_YEAR] = INT64_C(365) * 86400,
};

/* The largest unit that fits at least once; a minute for what is shorter. */
static enum unit unit_of(int64_t seconds)
{
	enum unit unit = UNIT_MINUTE;

	while (unit < UNIT_YEAR && seconds >= unit_seconds[unit + 1])
		unit++;
	return unit;
}

/* Whole sentences, one a unit: languages differ in more than the number. */
static void write_past(enum unit unit, unsigned long n, char *buffer, size_t size)
{
	switch (unit) {
	case UNIT_MINUTE:
		(void)snprintf(buffer, size, ngettext("%lu minute ago", "%lu minutes ago", n), n);
		break;
	case UNIT_HOUR:
		(void)snprintf(buffer, size, ngettext("%lu hour ago", "%lu hours ago", n), n);
		break;
	case UNIT_DAY:
		(void)snprintf(buffer, size, ngettext("%lu day ago", "%lu days ago", n), n);
		break;
	case UNIT_MONTH:
		(void)snprintf(buffer, size, ngettext("%lu month ago", "%lu months ago", n), n);
		break;
	case UNIT_YEAR:
		(void)snprintf(buffer, size, ngettext("%lu year ago", "%lu years ago", n), n);
		break;
	}
}

static void write_future(enum unit unit, unsigned long n, char *buffer, size_t size)
{
	switch (unit) {
	case UNIT_MINUTE:
		(void)snprintf(buffer, size, ngettext("in %lu minute", "in %lu minutes", n), n);
		break;
	case UNIT_HOUR:
		(void)snprintf(buffer, size, ngettext("in %lu hour", "in %lu hours", n), n);
		break;
	case UNIT_DAY:
		(void)snprintf(buffer, size, ngettext("in %lu day", "in %lu days", n), n);
		break;
	case UNIT_MONTH:
		(void)snprintf(buffer, size, ngettext("in %lu month", "in %lu months", n), n);
		break;
	case UNIT_YEAR:
		(void)snprintf(buffer, size, ngettext("in %lu year", "in %lu years", n), n);
		break;
	}
}

void relative_time(int64_t then, int64_t now, char *buffer, size_t size)
{
	int64_t past;
	int64_t distance;
	enum unit unit;

	if (__builtin_sub_overflow(now, then, &past) || past == INT64_MIN)
		past = now < then ? -INT64_MAX : INT64_MAX;
	distance = past < 0 ? -past : past;
	unit = unit_of(distance);
	if (distance < unit_seconds[UNIT_MINUTE])
		(void)snprintf(buffer, size, "%s", past < 0 ? _("in a moment") : _("just now"));
	else if (past < 0)
		write_future(unit, (unsigned long)(distance / unit_seconds[unit]), buffer, size);
	else
		write_past(unit, (unsigned long)(distance / unit_seconds[unit]), buffer, size);
}
