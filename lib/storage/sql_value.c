#include "storage/sql_value.h"

#include "format/timestamp.h"

#include <string.h>

struct sql_value sql_null(void)
{
	return (struct sql_value){.type = SQL_NULL};
}

struct sql_value sql_integer(int64_t integer)
{
	return (struct sql_value){.type = SQL_INTEGER, .integer = integer};
}

struct sql_value sql_boolean(bool boolean)
{
	return sql_integer(boolean ? 1 : 0);
}

struct sql_value sql_text(const char *text)
{
	return text ? sql_text_bytes(text, strlen(text)) : sql_null();
}

struct sql_value sql_text_bytes(const char *text, size_t length)
{
	return (struct sql_value){.type = SQL_TEXT, .bytes = text, .length = length};
}

struct sql_value sql_bytes(const void *bytes, size_t length)
{
	return (struct sql_value){.type = SQL_BYTES, .bytes = bytes, .length = length};
}

struct sql_value sql_time(int64_t seconds)
{
	struct sql_value value = {.type = SQL_TIME, .length = SQL_TIME_LENGTH};
	char text[TIMESTAMP_LENGTH + 1];

	timestamp_format(seconds, text);
	memcpy(value.time, text, SQL_TIME_LENGTH);
	value.time[strlen("2026-05-19")] = ' ';
	return value;
}
