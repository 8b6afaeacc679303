#include "base/string_list.h"

#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

void string_list_add_bytes(struct string_list *list, struct arena *arena, const char *text, size_t length)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 8;
		const char **items = arena_alloc_array(arena, capacity, sizeof(*items));

		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = arena_strndup(arena, text, length);
}

void string_list_add(struct string_list *list, struct arena *arena, const char *text)
{
	string_list_add_bytes(list, arena, text, strlen(text));
}

bool string_list_contains(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

void string_list_split(struct string_list *list, struct arena *arena, const char *text,
	const char *separators)
{
	while (*text) {
		size_t length = strcspn(text, separators);

		if (length > 0)
			string_list_add_bytes(list, arena, text, length);
		text += length;
		text += strspn(text, separators);
	}
}

const char *string_list_join(const struct string_list *list, struct arena *arena, const char *separator)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			strbuf_append_text(&text, separator);
		strbuf_append_text(&text, list->items[i]);
	}
	return arena_strdup(arena, strbuf_text(&text));
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

bool string_list_contains_sorted(const struct string_list *list, const char *text)
{
	return list->count > 0 && bsearch(&text, list->items, list->count, sizeof(*list->items),
					  compare_texts) != NULL;
}

void string_list_sort(struct string_list *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), compare_texts);
}
