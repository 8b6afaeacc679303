#include "base/number.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool only_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

bool parse_int64(const char *text, int64_t *ret_value)
{
	const char *digits = *text == '-' ? text + 1 : text;
	long long value;

	/* Zero is written "0": a file name or a JSON number has no second form. */
	if (!only_digits(digits) || (digits[0] == '0' && (digits[1] != '\0' || digits != text)))
		return false;
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno != 0)
		return false;
	*ret_value = value;
	return true;
}

bool parse_id(const char *text, uint32_t *ret_value)
{
	int64_t value;

	if (!parse_int64(text, &value) || value < 0 || value >= (int64_t)UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

bool parse_octal_mode(const char *text, unsigned *ret_mode)
{
	const char *digits = strncmp(text, "0o", 2) == 0 ? text + 2 : text;
	size_t length = strlen(digits);
	unsigned mode = 0;

	if (length < 3 || length > 5 || digits[strspn(digits, "01234567")] != '\0')
		return false;
	for (; *digits; digits++)
		mode = mode * 8 + (unsigned)(*digits - '0');
	if (mode > 07777)
		return false;
	*ret_mode = mode;
	return true;
}

static bool duration_unit(const char *suffix, int64_t *ret_factor)
{
	static const struct {
		const char *suffix;
		int64_t seconds;
	} units[] = {
		{"", 1},
		{"s", 1},
		{"m", 60},
		{"h", 3600},
		{"d", 86400},
		{"y", 365 * (int64_t)86400},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
		if (strcmp(suffix, units[i].suffix) == 0) {
			*ret_factor = units[i].seconds;
			return true;
		}
	}
	return false;
}

bool parse_duration(const char *text, int64_t *ret_seconds)
{
	size_t length = strspn(text, "0123456789");
	char digits[20];
	int64_t value;
	int64_t factor;

	if (length == 0 || length >= sizeof(digits) || !duration_unit(text + length, &factor))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	return parse_int64(digits, &value) && !__builtin_mul_overflow(value, factor, ret_seconds);
}
