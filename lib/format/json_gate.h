/*
 * The gate before cJSON: RFC 8259 and nothing more, checked over the bytes without building
 * anything.
 *
 * Refused: invalid UTF-8, a byte order mark, raw control characters in strings, \u0000, lone
 * surrogates, duplicate keys, numbers that are no integers within ±2^53, leading zeros, negative
 * zero, too much depth, anything behind the value but one newline. Of these RFC 8259 would let pass
 * fractions and exponents, large numbers, -0, \u0000, any depth and blanks at the end.
 */
#ifndef POSTIGO_FORMAT_JSON_GATE_H
#define POSTIGO_FORMAT_JSON_GATE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct json_rules {
	size_t bytes;   /* most that is read; more is refused */
	unsigned depth; /* nested objects and arrays, the outermost counted; at most 16 */
	bool comments;  /* allow // and block comments: configuration only */
};

struct json_fault {
	const char *reason; /* a clause, untranslated, static: "duplicate key" */
	size_t line;        /* from 1 */
	size_t column;      /* bytes, from 1 */
};

/* Whether the bytes pass. False fills `ret_fault`. `text` may be hostile and need not be
 * terminated. */
must_check bool json_gate(const char *text, size_t length, const struct json_rules *rules,
	struct json_fault *ret_fault);

/* Blanks out comments in place with spaces, so that line and column stay true; string contents are
 * left alone. */
void json_blank_comments(char *text, size_t length);

#endif
