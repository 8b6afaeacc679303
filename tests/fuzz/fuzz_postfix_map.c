/* A live map's text, whoever made it: walking it reads every byte once, and what counts as a row of
 * ours is rendered the same again. */
#include "format/postfix_map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void insist(bool condition)
{
	if (!condition)
		abort();
}

/* When a row passes the judge, its line is the one that we would write. */
static void check_row(const char *text, size_t key_length, size_t value_length, size_t line)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf again cleanup_strbuf = STRBUF_INIT;
	struct string_list destinations = STRING_LIST_INIT;
	const char *key = arena_strndup(&arena, text, key_length);
	const char *value = arena_strndup(&arena, text + key_length + 1, value_length);
	const char *fault = NULL;

	insist(strlen(key) == key_length && strlen(value) == value_length);
	insist(key_length + value_length + 2 == line);
	insist(postfix_map_compare(key, key) == 0);
	insist(postfix_map_compare_bytes(text, key_length, value, value_length) ==
		-postfix_map_compare(value, key));
	string_list_split(&destinations, &arena, value, ", ");
	if (!postfix_map_row_check(key, &destinations, &fault)) {
		insist(fault != NULL);
		return;
	}
	postfix_map_row_append(&again, key, &destinations);
	insist(strpbrk(strbuf_text(&again), "|\"\\;:<>()") == NULL);
	insist(strchr(strbuf_text(&again), '\n') == strbuf_text(&again) + again.length - 1);
	insist(again.length <= POSTFIX_MAP_LINE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = malloc(length + 1);
	size_t offset = 0;

	if (!text)
		abort();
	memcpy(text, bytes, length);
	while (offset < length) {
		size_t key;
		size_t value;
		size_t line;

		if (postfix_map_row_read(text + offset, length - offset, &key, &value, &line))
			check_row(text + offset, key, value, line);
		insist(line > 0 && line <= length - offset);
		offset += line;
	}
	free(text);
	return 0;
}
