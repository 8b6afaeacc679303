/* Words of a command line that people copy into a shell. */
#ifndef POSTIGO_FORMAT_SHELL_WORD_H
#define POSTIGO_FORMAT_SHELL_WORD_H

#include "base/arena.h"

/* Returns `text` so that sh(1) reads it as one word, quoted only where that is needed, in the
 * arena. */
const char *shell_word(const char *text, struct arena *arena) must_check;

#endif
