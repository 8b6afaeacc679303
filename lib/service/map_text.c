#include "service/map_text.h"

#include "base/arena.h"
#include "format/postfix_map.h"
#include "system/mapped_memory.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST 1024
#define ROWS_A_RELEASE 65536

static void add_row(struct map_text *text, size_t *capacity, size_t start)
{
	if (text->rows == *capacity) {
		*capacity = *capacity ? *capacity * 2 : ROWS_FIRST;
		text->starts = reallocarray(text->starts, *capacity, sizeof(*text->starts));
		if (!text->starts)
			out_of_memory();
	}
	text->starts[text->rows++] = start;
}

void map_text_pass(const struct map_text *text, size_t number)
{
	if (text->mapped && number > 0 && number % ROWS_A_RELEASE == 0)
		mapped_memory_release(text->bytes, text->bytes + text->starts[number]);
}

void map_text_open(struct map_text *text, const char *bytes, size_t length, bool mapped)
{
	size_t capacity = 0;
	size_t line;

	*text = (struct map_text){.bytes = bytes, .length = length, .mapped = mapped};
	for (size_t offset = 0; offset < length; offset += line) {
		size_t key;
		size_t value;

		if (postfix_map_row_read(bytes + offset, length - offset, &key, &value, &line))
			add_row(text, &capacity, offset);
		if (text->rows > 0)
			map_text_pass(text, text->rows - 1);
	}
	if (mapped)
		mapped_memory_release(bytes, bytes + length);
}

void map_text_close(struct map_text *text)
{
	free(text->starts);
	*text = (struct map_text){.bytes = NULL};
}

struct map_text_row map_text_row(const struct map_text *text, size_t number)
{
	/* Open has read it: it has its TAB and its newline. */
	const char *start = text->bytes + text->starts[number];
	const char *end = text->bytes + text->length;
	const char *tab = memchr(start, '\t', (size_t)(end - start));
	const char *newline = tab ? memchr(tab, '\n', (size_t)(end - tab)) : NULL;

	if (!newline)
		return (struct map_text_row){.key = {start, 0}, .value = {start, 0}};
	return (struct map_text_row){
		.key = {start, (size_t)(tab - start)},
		.value = {tab + 1, (size_t)(newline - tab) - 1},
	};
}

bool map_text_find(const struct map_text *text, struct span key, size_t *ret_number)
{
	size_t low = 0;
	size_t high = text->rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct span other = map_text_row(text, middle).key;
		int order = postfix_map_compare_bytes(other.bytes, other.length, key.bytes,
			key.length);

		if (order == 0) {
			*ret_number = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool is_between(char byte)
{
	return byte == ',' || byte == ' ' || byte == '\t';
}

bool map_text_next_address(struct span *rest, struct span *ret_address)
{
	size_t length = 0;

	while (rest->length > 0 && is_between(rest->bytes[0])) {
		rest->bytes++;
		rest->length--;
	}
	while (length < rest->length && !is_between(rest->bytes[length]))
		length++;
	*ret_address = (struct span){rest->bytes, length};
	rest->bytes += length;
	rest->length -= length;
	return length > 0;
}
