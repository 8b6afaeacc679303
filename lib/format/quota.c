#include "format/quota.h"

#include "base/ascii.h"
#include "base/number.h"

#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 19
#define SUSPECT ((int64_t)10000000)

static const char suffixes[] = "BKMGT";

static bool split_suffix(const char *text, char digits[DIGITS_MAX + 1], unsigned *ret_shift)
{
	size_t length = strlen(text);
	const char *suffix;

	*ret_shift = 0;
	if (length == 0 || length > DIGITS_MAX + 1)
		return false;
	if (!ascii_is_digit(text[length - 1])) {
		suffix = memchr(suffixes, ascii_is_lower(text[length - 1]) ? text[length - 1] - 'a' + 'A' : text[length - 1],
			sizeof(suffixes) - 1);
		if (!suffix)
			return false;
		*ret_shift = 10 * (unsigned)(suffix - suffixes);
		length--;
	}
	if (length == 0 || length > DIGITS_MAX || !ascii_is_digit(text[0]))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	return true;
}

bool quota_parse(const char *text, int64_t *ret_bytes)
{
	char digits[DIGITS_MAX + 1];
	unsigned shift;
	int64_t number;

	if (!split_suffix(text, digits, &shift) || !parse_int64(digits, &number) || number > INT64_MAX >> shift)
		return false;
	*ret_bytes = (int64_t)((uint64_t)number << shift);
	return true;
}

bool quota_parse_limit(const char *text, int64_t multiplier, int64_t *ret_megabytes)
{
	int64_t bytes;

	if (strcmp(text, "-1") == 0) {
		*ret_megabytes = QUOTA_NONE;
		return true;
	}
	if (!quota_parse(text, &bytes) || bytes % multiplier != 0)
		return false;
	*ret_megabytes = bytes / multiplier;
	return true;
}

void quota_format(int64_t bytes, char ret_text[QUOTA_TEXT_LENGTH + 1])
{
	uint64_t whole = (uint64_t)(bytes > 0 ? bytes : 0);
	uint64_t rest = 0;
	size_t unit = 0;

	while (whole >= 1024 && unit < sizeof(suffixes) - 2) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	if (unit == 0)
		(void)snprintf(ret_text, QUOTA_TEXT_LENGTH + 1, "%lluB", (unsigned long long)whole);
	else
		(void)snprintf(ret_text, QUOTA_TEXT_LENGTH + 1, "%llu.%llu%c", (unsigned long long)whole,
			(unsigned long long)(rest * 10 / 1024), suffixes[unit]);
}

void quota_format_exact(int64_t bytes, char ret_text[QUOTA_TEXT_LENGTH + 1])
{
	size_t unit = 0;

	while (bytes > 0 && bytes % 1024 == 0 && unit < sizeof(suffixes) - 2) {
		bytes /= 1024;
		unit++;
	}
	(void)snprintf(ret_text, QUOTA_TEXT_LENGTH + 1, unit == 0 ? "%lld" : "%lld%c", (long long)bytes, suffixes[unit]);
}

int64_t quota_limit_bytes(int64_t megabytes, int64_t multiplier)
{
	int64_t bytes;

	if (megabytes <= 0)
		return megabytes < 0 ? QUOTA_NONE : 0;
	return __builtin_mul_overflow(megabytes, multiplier, &bytes) ? INT64_MAX : bytes;
}

int64_t quota_percent(int64_t used, int64_t quota)
{
	int64_t hundredfold;

	if (used <= 0 || quota <= 0)
		return 0;
	if (!__builtin_mul_overflow(used, 100, &hundredfold))
		return hundredfold / quota;
	return quota / 100 > 0 ? used / (quota / 100) : INT64_MAX;
}

bool quota_limit_is_suspect(int64_t megabytes)
{
	return megabytes > SUSPECT;
}
