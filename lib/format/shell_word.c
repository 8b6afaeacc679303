#include "format/shell_word.h"

#include "base/strbuf.h"

#include <string.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "_-./:@%+=,";

const char *shell_word(const char *text, struct arena *arena)
{
	struct strbuf word cleanup_strbuf = STRBUF_INIT;

	if (*text && text[strspn(text, plain)] == '\0')
		return arena_strdup(arena, text);
	strbuf_append_char(&word, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			strbuf_append_text(&word, "'\\''");
		else
			strbuf_append_char(&word, *text);
	}
	strbuf_append_char(&word, '\'');
	return arena_strndup(arena, strbuf_text(&word), word.length);
}
