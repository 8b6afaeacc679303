/* A list of texts in an arena. Texts are copied when added. */
#ifndef POSTIGO_BASE_STRING_LIST_H
#define POSTIGO_BASE_STRING_LIST_H

#include "base/arena.h"

#include <stdbool.h>

struct string_list {
	const char **items;
	size_t count;
	size_t capacity;
};

#define STRING_LIST_INIT {NULL, 0, 0}

/* Adds a copy of `text`. */
void string_list_add(struct string_list *list, struct arena *arena, const char *text);

/* Adds a copy of `length` bytes of `text`. */
void string_list_add_bytes(struct string_list *list, struct arena *arena, const char *text, size_t length);

/* Whether an equal text is in the list, by bytes. */
bool string_list_contains(const struct string_list *list, const char *text);

/* The same for a list that is sorted bytewise, without looking at all of it. */
bool string_list_contains_sorted(const struct string_list *list, const char *text);

/* Adds the pieces of `text` between any bytes of `separators`; empty pieces are left out. */
void string_list_split(struct string_list *list, struct arena *arena, const char *text,
	const char *separators);

/* Returns all texts with `separator` between them, in the arena. */
const char *string_list_join(const struct string_list *list, struct arena *arena,
	const char *separator) must_check;

/* Sorts bytewise. */
void string_list_sort(struct string_list *list);

#endif
