/* One code point of UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef POSTIGO_FORMAT_UTF8_H
#define POSTIGO_FORMAT_UTF8_H

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the code point at the start of `text`. Returns its length of 1 to 4 bytes, or 0 when
 * `length` is 0 or the bytes are malformed.
 */
must_check size_t utf8_decode(const char *text, size_t length, uint32_t *ret_code_point);

#endif
