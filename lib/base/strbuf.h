/*
 * A growing text or byte buffer: for building; results go into an arena.
 *
 *	struct strbuf text cleanup_strbuf = STRBUF_INIT;
 */
#ifndef POSTIGO_BASE_STRBUF_H
#define POSTIGO_BASE_STRBUF_H

#include "base/compiler.h"

#include <stddef.h>

struct strbuf {
	char *text;    /* always terminated once something was added; see strbuf_text() */
	size_t length; /* bytes without the terminator */
	size_t capacity;
};

#define STRBUF_INIT {NULL, 0, 0}
#define cleanup_strbuf __attribute__((cleanup(strbuf_clear)))

/* Frees the buffer; it may be used again. */
void strbuf_clear(struct strbuf *buffer);

/* Empties the buffer and keeps its memory. */
void strbuf_reset(struct strbuf *buffer);

/* Adds `length` bytes. */
void strbuf_append(struct strbuf *buffer, const char *bytes, size_t length);

/* Adds a NUL-terminated text. */
void strbuf_append_text(struct strbuf *buffer, const char *text);

/* Adds one byte. */
void strbuf_append_char(struct strbuf *buffer, char byte);

/* Adds formatted text. */
void strbuf_printf(struct strbuf *buffer, const char *format, ...) printf_like(2, 3);

/* Makes room for `length` more bytes and returns where they go; commit them by raising length. */
char *strbuf_reserve(struct strbuf *buffer, size_t length) must_check;

/* The content, terminated; "" when nothing was added. Valid until the next change. */
const char *strbuf_text(const struct strbuf *buffer) must_check;

#endif
