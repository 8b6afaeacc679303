/*
 * Tests of single bytes by the ASCII table alone: whatever the locale, the answer is the same. For
 * names, addresses and keys; text for people is UTF-8 and goes through format/printable. Inline, so
 * that postigo-drop may use them.
 */
#ifndef POSTIGO_BASE_ASCII_H
#define POSTIGO_BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whether the byte is 0-9. */
static inline bool ascii_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Whether the byte is a-z. */
static inline bool ascii_is_lower(char byte)
{
	return byte >= 'a' && byte <= 'z';
}

/* Whether the byte is A-Z. */
static inline bool ascii_is_upper(char byte)
{
	return byte >= 'A' && byte <= 'Z';
}

/* Turns A-Z into a-z and leaves all else alone. */
static inline char ascii_to_lower(char byte)
{
	return ascii_is_upper(byte) ? (char)(byte - 'A' + 'a') : byte;
}

/* Whether two texts are equal when A-Z and a-z are taken as the same. */
static inline bool ascii_equal_nocase(const char *left, const char *right)
{
	while (*left && ascii_to_lower(*left) == ascii_to_lower(*right)) {
		left++;
		right++;
	}
	return ascii_to_lower(*left) == ascii_to_lower(*right);
}

/* Whether all bytes are from the blank to the tilde; eight at a time, for what is read by the million. */
static inline bool ascii_is_printable(const char *text, size_t length)
{
	const uint64_t ones = UINT64_MAX / 0xff;
	uint64_t faults = 0;
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= length; i += sizeof(uint64_t)) {
		uint64_t word;
		uint64_t rubout;

		memcpy(&word, text + i, sizeof(word));
		rubout = word ^ ones * 0x7f;
		/* Above 0x7f, below the blank, and 0x7f itself, each seen in the top bit. */
		faults |= word | ((word - ones * ' ') & ~word) | ((rubout - ones) & ~rubout);
	}
	for (; i < length; i++)
		faults |= text[i] < ' ' || text[i] > '~' ? 0x80U : 0U;
	return (faults & ones * 0x80) == 0;
}

#endif
