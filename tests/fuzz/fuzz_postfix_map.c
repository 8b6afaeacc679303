/* A live map's text, whoever made it: walking it reads every byte once, and what counts as a row of
 * ours is rendered the same again. Rows in order are found by their keys. */
#include "format/postfix_map.h"
#include "service/map_text.h"

#include "fuzz.h"

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

/* The addresses of a value are what stands between commas and blanks. */
static void check_addresses(struct span value, struct arena *arena)
{
	struct string_list pieces = STRING_LIST_INIT;
	struct span address;
	size_t number = 0;

	string_list_split(&pieces, arena, arena_strndup(arena, value.bytes, value.length), ", \t");
	for (; map_text_next_address(&value, &address); number++) {
		insist(number < pieces.count && address.length == strlen(pieces.items[number]));
		insist(memcmp(address.bytes, pieces.items[number], address.length) == 0);
	}
	insist(number == pieces.count);
}

/* Whether the rows ascend, which is when they can be looked up. */
static bool check_rows(const struct map_text *map, struct arena *arena)
{
	bool ascending = true;

	for (size_t i = 0; i < map->rows; i++) {
		struct map_text_row row = map_text_row(map, i);
		struct map_text_row before = map_text_row(map, i > 0 ? i - 1 : 0);

		check_addresses(row.value, arena);
		ascending &= i == 0 || postfix_map_compare_bytes(before.key.bytes, before.key.length, row.key.bytes,
					       row.key.length) < 0;
	}
	return ascending;
}

static void check_text(const char *text, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct map_text map;
	size_t found;

	map_text_open(&map, text, length, false);
	if (check_rows(&map, &arena)) {
		for (size_t i = 0; i < map.rows; i++)
			insist(map_text_find(&map, map_text_row(&map, i).key, &found) && found == i);
	}
	insist(!map_text_find(&map, (struct span){"\x7f\x7f\n", 3}, &found));
	map_text_close(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = malloc(length + 1);
	size_t offset = 0;

	insist(text != NULL);
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
	check_text(text, length);
	free(text);
	return 0;
}
