/*
 * A stretch of bytes that somebody else owns, without terminator: for parsing in place what is too
 * much to be copied. Inline, so that postigo-drop may use it.
 */
#ifndef POSTIGO_BASE_SPAN_H
#define POSTIGO_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *bytes;
	size_t length;
};

/* The bytes of a terminated text. */
static inline struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* Whether both hold the same bytes. */
static inline bool span_equal(struct span left, struct span right)
{
	return left.length == right.length &&
	       (left.length == 0 || memcmp(left.bytes, right.bytes, left.length) == 0);
}

#endif
