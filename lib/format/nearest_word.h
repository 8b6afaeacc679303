/* "Did you mean": the known word that a mistyped one resembles. */
#ifndef POSTIGO_FORMAT_NEAREST_WORD_H
#define POSTIGO_FORMAT_NEAREST_WORD_H

#include "base/compiler.h"

#include <stddef.h>

/*
 * Returns the nearest of `count` words within two edits (an edit adds, drops or changes a byte, or
 * swaps two neighbours), the first where several are as near. NULL when none is. A word of up to
 * three bytes may differ by one edit only: else it resembles everything.
 */
must_check const char *nearest_word(const char *word, const char *const *words, size_t count);

/* The same within `edits` edits, for words of any length. */
must_check const char *nearest_word_within(const char *word, const char *const *words, size_t count, size_t edits);

#endif
