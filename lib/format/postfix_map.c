#include "format/postfix_map.h"

#include "base/ascii.h"
#include "format/email_address.h"

#include <string.h>

#define NO_DESTINATION "a destination is not an address"

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
static const char *key_fault(struct span key)
{
	if (!ascii_is_lower(key.bytes[0]) && !ascii_is_digit(key.bytes[0]) && key.bytes[0] != '_')
		return "the key starts with a sign";
	for (size_t i = 0; i < key.length; i++) {
		if (ascii_is_upper(key.bytes[i]))
			return "the key has upper case";
	}
	return NULL;
}

/* What a destination adds to the line: with a comma and a blank; the first one's stand for TAB and
 * newline. */
static size_t destination_length(struct span destination)
{
	return destination.length + 2;
}

static const char *address_fault(struct span address, const char *fault)
{
	return email_address_check_span(address) == EMAIL_OK ? NULL : fault;
}

static const char *row_fault(struct span key, size_t count, bool addresses)
{
	const char *fault = addresses ? NULL : address_fault(key, "the key is not an address");

	if (!fault)
		fault = key_fault(key);
	return !fault && count == 0 ? "there is no destination" : fault;
}

static bool give_verdict(const char *fault, size_t length, const char **ret_fault)
{
	if (!fault && length > POSTFIX_MAP_LINE_MAX)
		fault = "the line is too long";
	if (fault)
		*ret_fault = fault;
	return !fault;
}

bool postfix_map_spans_check(const struct postfix_map_row *row, const char **ret_fault)
{
	const char *fault = row_fault(row->key, row->count, row->addresses);
	size_t length = row->key.length;

	for (size_t i = 0; i < row->count && !fault; i++) {
		length += destination_length(row->destinations[i]);
		if (!row->addresses)
			fault = address_fault(row->destinations[i], NO_DESTINATION);
	}
	return give_verdict(fault, length, ret_fault);
}

bool postfix_map_row_check(const char *key, const struct string_list *destinations,
	const char **ret_fault)
{
	const char *fault = row_fault(span_of(key), destinations->count, false);
	size_t length = strlen(key);

	for (size_t i = 0; i < destinations->count && !fault; i++) {
		length += destination_length(span_of(destinations->items[i]));
		fault = address_fault(span_of(destinations->items[i]), NO_DESTINATION);
	}
	return give_verdict(fault, length, ret_fault);
}

void postfix_map_spans_append(struct strbuf *buffer, const struct postfix_map_row *row)
{
	strbuf_append(buffer, row->key.bytes, row->key.length);
	for (size_t i = 0; i < row->count; i++) {
		strbuf_append(buffer, i == 0 ? "\t" : ", ", i == 0 ? 1 : 2);
		strbuf_append(buffer, row->destinations[i].bytes, row->destinations[i].length);
	}
	strbuf_append(buffer, "\n", 1);
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
	if (!ascii_is_printable(text, key) || !ascii_is_printable(tab + 1, line - key - 1))
		return false;
	*ret_key = key;
	*ret_value = line - key - 1;
	return true;
}
