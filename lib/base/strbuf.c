#include "base/strbuf.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_clear(struct strbuf *buffer)
{
	free(buffer->text);
	buffer->text = NULL;
	buffer->length = 0;
	buffer->capacity = 0;
}

void strbuf_reset(struct strbuf *buffer)
{
	buffer->length = 0;
	if (buffer->text)
		buffer->text[0] = '\0';
}

char *strbuf_reserve(struct strbuf *buffer, size_t length)
{
	size_t wanted;
	char *grown;

	if (length > SIZE_MAX / 4 || buffer->length > SIZE_MAX / 4)
		out_of_memory();
	wanted = buffer->length + length + 1;
	if (wanted > buffer->capacity) {
		if (wanted < buffer->capacity * 2)
			wanted = buffer->capacity * 2;
		grown = realloc(buffer->text, wanted);
		if (!grown)
			out_of_memory();
		buffer->text = grown;
		buffer->capacity = wanted;
	}
	return buffer->text + buffer->length;
}

void strbuf_append(struct strbuf *buffer, const char *bytes, size_t length)
{
	char *end = strbuf_reserve(buffer, length);

	if (length > 0)
		memcpy(end, bytes, length);
	buffer->length += length;
	buffer->text[buffer->length] = '\0';
}

void strbuf_append_text(struct strbuf *buffer, const char *text)
{
	strbuf_append(buffer, text, strlen(text));
}

void strbuf_append_char(struct strbuf *buffer, char byte)
{
	strbuf_append(buffer, &byte, 1);
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
	va_list arguments;
	int length;
	char *end;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	end = strbuf_reserve(buffer, (size_t)length);
	va_start(arguments, format);
	(void)vsnprintf(end, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t)length;
}

const char *strbuf_text(const struct strbuf *buffer)
{
	return buffer->text ? buffer->text : "";
}
