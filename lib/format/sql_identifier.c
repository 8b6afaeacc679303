#include "format/sql_identifier.h"

#include "base/ascii.h"

#include <string.h>

bool sql_identifier_parse(const char *text, struct sql_identifier *ret_identifier)
{
	size_t length = strlen(text);

	if (length == 0 || length > SQL_IDENTIFIER_MAX || ascii_is_digit(text[0]))
		return false;
	for (const char *at = text; *at; at++) {
		if (!ascii_is_digit(*at) && !ascii_is_lower(ascii_to_lower(*at)) && *at != '_')
			return false;
	}
	memcpy(ret_identifier->text, text, length + 1);
	return true;
}
