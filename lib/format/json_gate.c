#include "format/json_gate.h"

#include "format/json_keys.h"
#include "format/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define DIGITS_MAX 16 /* of 2^53 */
#define INTEGER_MAX (INT64_C(1) << 53)
#define KEYS_FIRST 64 /* on the stack: a line of a store never needs more */

struct gate {
	const char *at;
	const char *end;
	unsigned depth_left;
	bool comments;
	const char *reason;   /* of the failure */
	const char *fault_at; /* its place */
	struct json_keys keys;
};

enum byte_class {
	BYTE_PLAIN,
	BYTE_QUOTE,
	BYTE_ESCAPE,
	BYTE_CONTROL,
	BYTE_MULTI,
};

#define CLASS_8(class) class, class, class, class, class, class, class, class
#define CLASS_32(class) CLASS_8(class), CLASS_8(class), CLASS_8(class), CLASS_8(class)

/* clang-format off */
/* Meaning of a byte inside a string. */
static const unsigned char byte_classes[256] = {
	CLASS_32(BYTE_CONTROL),
	BYTE_PLAIN, BYTE_PLAIN, BYTE_QUOTE, BYTE_PLAIN, BYTE_PLAIN, BYTE_PLAIN, BYTE_PLAIN, BYTE_PLAIN,
	CLASS_8(BYTE_PLAIN), CLASS_8(BYTE_PLAIN), CLASS_8(BYTE_PLAIN),
	CLASS_8(BYTE_PLAIN), CLASS_8(BYTE_PLAIN), CLASS_8(BYTE_PLAIN),
	BYTE_PLAIN, BYTE_PLAIN, BYTE_PLAIN, BYTE_PLAIN, BYTE_ESCAPE, BYTE_PLAIN, BYTE_PLAIN, BYTE_PLAIN,
	CLASS_32(BYTE_PLAIN),
	CLASS_32(BYTE_MULTI), CLASS_32(BYTE_MULTI), CLASS_32(BYTE_MULTI), CLASS_32(BYTE_MULTI),
};
/* clang-format on */

static bool fail_at(struct gate *gate, const char *at, const char *reason)
{
	gate->reason = reason;
	gate->fault_at = at;
	return false;
}

static bool fail(struct gate *gate, const char *reason)
{
	if (gate->at >= gate->end)
		reason = "unexpected end";
	return fail_at(gate, gate->at, reason);
}

/* The byte that comes next, -1 at the end. */
static int peek(const struct gate *gate)
{
	return gate->at < gate->end ? (unsigned char)*gate->at : -1;
}

/* ---- blanks and comments */

static bool skip_comment_byte(struct gate *gate)
{
	uint32_t code_point;
	size_t length = utf8_decode(gate->at, (size_t)(gate->end - gate->at), &code_point);

	if (length == 0)
		return fail(gate, "invalid UTF-8");
	if (code_point == 0 || (code_point < 0x20 && !strchr("\t\r\n", (int)code_point)))
		return fail(gate, "control character");
	gate->at += length;
	return true;
}

static bool skip_line_comment(struct gate *gate)
{
	while (gate->at < gate->end && *gate->at != '\n') {
		if (!skip_comment_byte(gate))
			return false;
	}
	return true;
}

static bool skip_block_comment(struct gate *gate)
{
	const char *start = gate->at;

	gate->at += 2;
	while (gate->end - gate->at >= 2) {
		if (gate->at[0] == '*' && gate->at[1] == '/') {
			gate->at += 2;
			return true;
		}
		if (!skip_comment_byte(gate))
			return false;
	}
	return fail_at(gate, start, "comment without end");
}

static bool skip_comment(struct gate *gate)
{
	if (gate->end - gate->at >= 2 && gate->at[1] == '/')
		return skip_line_comment(gate);
	if (gate->end - gate->at >= 2 && gate->at[1] == '*')
		return skip_block_comment(gate);
	return fail(gate, "unexpected character");
}

static bool is_blank(int byte)
{
	return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

static bool skip_blanks(struct gate *gate)
{
	for (;;) {
		while (is_blank(peek(gate)))
			gate->at++;
		if (!gate->comments || peek(gate) != '/')
			return true;
		if (!skip_comment(gate))
			return false;
	}
}

/* ---- strings */

/* Stands at "\u". */
static bool skip_unicode_escape(struct gate *gate)
{
	const char *start = gate->at;
	uint32_t unit;

	if (!json_read_hex(start + 2, gate->end, &unit))
		return fail(gate, "bad \\u escape");
	if (unit == 0)
		return fail(gate, "\\u0000 in a string");
	gate->at += 6;
	if (json_is_low_surrogate(unit))
		return fail_at(gate, start, "lone surrogate");
	if (!json_is_high_surrogate(unit))
		return true;
	if (gate->end - gate->at < 6 || gate->at[0] != '\\' || gate->at[1] != 'u' ||
		!json_read_hex(gate->at + 2, gate->end, &unit) || !json_is_low_surrogate(unit))
		return fail_at(gate, start, "lone surrogate");
	gate->at += 6;
	return true;
}

static bool skip_escape(struct gate *gate)
{
	int byte = gate->end - gate->at >= 2 ? (unsigned char)gate->at[1] : -1;

	switch (byte) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		gate->at += 2;
		return true;
	case 'u':
		return skip_unicode_escape(gate);
	default:
		return fail(gate, "bad escape");
	}
}

static bool skip_multibyte(struct gate *gate)
{
	uint32_t code_point;
	size_t length = utf8_decode(gate->at, (size_t)(gate->end - gate->at), &code_point);

	if (length == 0)
		return fail(gate, "invalid UTF-8");
	gate->at += length;
	return true;
}

/* Handles the byte that ended a run of plain ones; `*ret_closed` when it was the closing quote. */
static bool skip_special(struct gate *gate, bool *ret_closed)
{
	switch ((enum byte_class)byte_classes[(unsigned char)*gate->at]) {
	case BYTE_PLAIN:
		break;
	case BYTE_QUOTE:
		gate->at++;
		*ret_closed = true;
		return true;
	case BYTE_ESCAPE:
		return skip_escape(gate);
	case BYTE_CONTROL:
		return fail(gate, "control character in a string");
	case BYTE_MULTI:
		return skip_multibyte(gate);
	}
	return true;
}

/* Stands at the opening quote. */
static bool check_string(struct gate *gate)
{
	const char *start = gate->at;
	bool closed = false;

	gate->at++;
	while (!closed) {
		while (gate->at < gate->end && byte_classes[(unsigned char)*gate->at] == BYTE_PLAIN)
			gate->at++;
		if (gate->at == gate->end)
			return fail_at(gate, start, "string without end");
		if (!skip_special(gate, &closed))
			return false;
	}
	return true;
}

/* ---- values */

static bool check_value(struct gate *gate);

static bool check_number(struct gate *gate)
{
	const char *start = gate->at;
	const char *digits;
	int64_t value = 0;

	if (*gate->at == '-')
		gate->at++;
	digits = gate->at;
	while (peek(gate) >= '0' && peek(gate) <= '9') {
		if (gate->at - digits < DIGITS_MAX)
			value = value * 10 + (*gate->at - '0');
		gate->at++;
	}
	if (gate->at == digits)
		return fail(gate, "digit expected");
	if (*digits == '0' && gate->at - digits > 1)
		return fail_at(gate, start, "leading zero");
	if (*digits == '0' && digits != start)
		return fail_at(gate, start, "negative zero");
	if (peek(gate) == '.' || peek(gate) == 'e' || peek(gate) == 'E')
		return fail_at(gate, start, "number is no integer");
	if (gate->at - digits > DIGITS_MAX || value > INTEGER_MAX)
		return fail_at(gate, start, "number out of range");
	return true;
}

static bool check_word(struct gate *gate, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(gate->end - gate->at) < length || memcmp(gate->at, word, length) != 0)
		return fail_at(gate, gate->at, "value expected");
	gate->at += length;
	return true;
}

/* One `"key": value` of an object. */
static bool check_member(struct gate *gate)
{
	const char *key = gate->at + 1;

	if (peek(gate) != '"')
		return fail(gate, "key expected");
	if (!check_string(gate))
		return false;
	if (!json_keys_add(&gate->keys, key, (size_t)(gate->at - key - 1)))
		return fail_at(gate, key, "key too long");
	if (!skip_blanks(gate))
		return false;
	if (peek(gate) != ':')
		return fail(gate, "\":\" expected");
	gate->at++;
	return skip_blanks(gate) && check_value(gate) && skip_blanks(gate);
}

static bool check_element(struct gate *gate)
{
	return check_value(gate) && skip_blanks(gate);
}

/* The inside of an object or array up to and with `close`; stands behind the opening bracket. */
static bool check_items(struct gate *gate, char close, bool (*check_item)(struct gate *gate))
{
	if (!skip_blanks(gate))
		return false;
	if (peek(gate) == close) {
		gate->at++;
		return true;
	}
	for (;;) {
		if (!check_item(gate))
			return false;
		if (peek(gate) == close) {
			gate->at++;
			return true;
		}
		if (peek(gate) != ',')
			return fail(gate, close == '}' ? "\",\" or \"}\" expected"
						       : "\",\" or \"]\" expected");
		gate->at++;
		if (!skip_blanks(gate))
			return false;
	}
}

static bool check_container(struct gate *gate)
{
	bool is_object = *gate->at == '{';
	size_t base = gate->keys.count;
	const char *duplicate;

	if (gate->depth_left == 0)
		return fail(gate, "nested too deep");
	gate->depth_left--;
	gate->at++;
	if (!check_items(gate, is_object ? '}' : ']', is_object ? check_member : check_element))
		return false;
	gate->depth_left++;
	duplicate = is_object ? json_keys_end(&gate->keys, base) : NULL;
	return !duplicate || fail_at(gate, duplicate - 1, "duplicate key");
}

static bool check_value(struct gate *gate)
{
	int byte = peek(gate);

	switch (byte) {
	case '"':
		return check_string(gate);
	case '{':
	case '[':
		return check_container(gate);
	case 't':
		return check_word(gate, "true");
	case 'f':
		return check_word(gate, "false");
	case 'n':
		return check_word(gate, "null");
	default:
		if (byte == '-' || (byte >= '0' && byte <= '9'))
			return check_number(gate);
		return fail(gate, "value expected");
	}
}

/* Only one newline may follow; in a configuration blanks and comments, too. */
static bool check_end(struct gate *gate)
{
	if (gate->comments && !skip_blanks(gate))
		return false;
	if (!gate->comments && peek(gate) == '\n')
		gate->at++;
	if (gate->at != gate->end)
		return fail(gate, "something behind the value");
	return true;
}

static bool check_document(struct gate *gate)
{
	if (gate->end - gate->at >= 3 && memcmp(gate->at, "\xef\xbb\xbf", 3) == 0)
		return fail(gate, "byte order mark");
	return skip_blanks(gate) && check_value(gate) && check_end(gate);
}

static void locate(const char *text, const struct gate *gate, struct json_fault *ret_fault)
{
	ret_fault->reason = gate->reason;
	ret_fault->line = 1;
	ret_fault->column = 1;
	for (const char *at = text; at < gate->fault_at; at++) {
		ret_fault->column++;
		if (*at == '\n') {
			ret_fault->line++;
			ret_fault->column = 1;
		}
	}
}

bool json_gate(const char *text, size_t length, const struct json_rules *rules,
	struct json_fault *ret_fault)
{
	struct json_key first[KEYS_FIRST];
	struct gate gate = {
		.at = text,
		.end = text + length,
		.depth_left = rules->depth < DEPTH_MAX ? rules->depth : DEPTH_MAX,
		.comments = rules->comments,
		.keys = {first, 0, KEYS_FIRST, NULL},
	};
	bool passed;

	if (length > rules->bytes) {
		*ret_fault = (struct json_fault){"too large", 1, 1};
		return false;
	}
	passed = check_document(&gate);
	free(gate.keys.heap);
	if (!passed)
		locate(text, &gate, ret_fault);
	return passed;
}

/* ---- blanking */

/* The end of the string that starts at `at`, whatever stands in it. */
static char *string_end(char *at, char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at < end ? at + 1 : end;
}

static char *comment_end(char *at, char *end)
{
	char *close;

	if (at[1] == '/') {
		close = memchr(at, '\n', (size_t)(end - at));
		return close ? close : end;
	}
	close = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);
	return close ? close + 2 : end;
}

void json_blank_comments(char *text, size_t length)
{
	char *end = text + length;

	for (char *at = text; at < end;) {
		if (*at == '"') {
			at = string_end(at, end);
		} else if (*at == '/' && end - at >= 2 && (at[1] == '/' || at[1] == '*')) {
			for (char *close = comment_end(at, end); at < close; at++) {
				if (*at != '\n')
					*at = ' ';
			}
		} else {
			at++;
		}
	}
}
