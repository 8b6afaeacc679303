#include "format/postfix_map.h"

#include "base/ascii.h"
#include "format/email_address.h"

#include <string.h>

const char *postfix_map_header(void)
{
	return "# Written by postigo-admin from the store of approved aliases. A change made here\n"
	       "# is replaced by the next \"postigo-admin sync\".\n";
}

static unsigned byte_rank(char byte)
{
	return byte == '@' ? 0 : (unsigned)(unsigned char)byte + 1;
}

int postfix_map_compare_bytes(const char *left, size_t left_length, const char *right,
	size_t right_length)
{
	size_t shorter = left_length < right_length ? left_length : right_length;

	for (size_t i = 0; i < shorter; i++) {
		if (left[i] != right[i])
			return byte_rank(left[i]) < byte_rank(right[i]) ? -1 : 1;
	}
	if (left_length == right_length)
		return 0;
	return left_length < right_length ? -1 : 1;
}

int postfix_map_compare(const char *left, const char *right)
{
	return postfix_map_compare_bytes(left, strlen(left), right, strlen(right));
}

/* "#" opens a comment, a quote makes postmap parse the rest of the line, and postmap folds upper
 * case. */
static const char *key_fault(const char *key)
{
	if (email_address_check(key) != EMAIL_OK)
		return "the key is not an address";
	if (!ascii_is_lower(key[0]) && !ascii_is_digit(key[0]) && key[0] != '_')
		return "the key starts with a sign";
	for (const char *byte = key; *byte; byte++) {
		if (ascii_is_upper(*byte))
			return "the key has upper case";
	}
	return NULL;
}

static const char *row_fault(const char *key, const struct string_list *destinations)
{
	const char *fault = key_fault(key);
	size_t length = strlen(key); /* TAB and newline count below as the first separator */

	if (fault)
		return fault;
	if (destinations->count == 0)
		return "there is no destination";
	for (size_t i = 0; i < destinations->count; i++) {
		if (email_address_check(destinations->items[i]) != EMAIL_OK)
			return "a destination is not an address";
		length += strlen(destinations->items[i]) + 2;
	}
	return length > POSTFIX_MAP_LINE_MAX ? "the line is too long" : NULL;
}

bool postfix_map_row_check(const char *key, const struct string_list *destinations,
	const char **ret_fault)
{
	const char *fault = row_fault(key, destinations);

	if (fault)
		*ret_fault = fault;
	return !fault;
}

void postfix_map_row_append(struct strbuf *buffer, const char *key,
	const struct string_list *destinations)
{
	strbuf_append_text(buffer, key);
	for (size_t i = 0; i < destinations->count; i++) {
		strbuf_append_text(buffer, i == 0 ? "\t" : ", ");
		strbuf_append_text(buffer, destinations->items[i]);
	}
	strbuf_append_char(buffer, '\n');
}

static bool is_printable_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return true;
}

bool postfix_map_row_read(const char *text, size_t length, size_t *ret_key, size_t *ret_value,
	size_t *ret_line)
{
	const char *newline = length > 0 ? memchr(text, '\n', length) : NULL;
	size_t line = newline ? (size_t)(newline - text) : length;
	const char *tab = line > 0 ? memchr(text, '\t', line) : NULL;
	size_t key;

	*ret_line = newline ? line + 1 : line;
	if (!newline || !tab || tab == text || tab + 1 == newline || text[0] == '#' ||
		text[0] == ' ')
		return false;
	key = (size_t)(tab - text);
	if (!is_printable_ascii(text, key) || !is_printable_ascii(tab + 1, line - key - 1))
		return false;
	*ret_key = key;
	*ret_value = line - key - 1;
	return true;
}
