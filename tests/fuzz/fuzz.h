/*
 * What every libFuzzer program shares. A program asserts a property of its parser for any bytes: a round trip, one canonical form, the verdict of a second
 * implementation. Not crashing is the least of it.
 */
#ifndef POSTIGO_TESTS_FUZZ_H
#define POSTIGO_TESTS_FUZZ_H

#include "base/arena.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What libFuzzer calls for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Ends the run with a finding unless the property holds. */
static inline void insist(bool condition)
{
	if (!condition)
		abort();
}

/* The same for two texts that must be equal. */
static inline void insist_equal(const struct strbuf *left, const struct strbuf *right)
{
	insist(left->length == right->length);
	insist(strcmp(strbuf_text(left), strbuf_text(right)) == 0);
}

#endif
