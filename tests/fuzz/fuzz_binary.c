/* Files that are no text: a program's libraries and an index's count of rows are read out of the bytes that are there, or not at all. */
#include "base/string_list.h"
#include "format/elf_needed.h"
#include "format/postfix_index.h"

#include "fuzz.h"

#include <endian.h>

/* Every name stands in the file with its terminator, and more bytes behind the file change nothing. */
static void check_elf(const uint8_t *bytes, size_t length, struct arena *arena)
{
	struct string_list names = STRING_LIST_INIT;
	struct string_list again = STRING_LIST_INIT;
	unsigned char *longer = arena_alloc(arena, length + 64);

	if (!elf_needed(bytes, length, arena, &names))
		return;
	for (size_t i = 0; i < names.count; i++)
		insist(memmem(bytes, length, names.items[i], strlen(names.items[i]) + 1) != NULL);
	memcpy(longer, bytes, length);
	insist(elf_needed(longer, length + 64, arena, &again) && names.count == again.count);
	for (size_t i = 0; i < names.count; i++)
		insist(strcmp(names.items[i], again.items[i]) == 0);
}

static uint64_t word_at(const uint8_t *bytes, size_t offset, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, bytes + offset, size);
	return le64toh(word);
}

static void check_cdb(const uint8_t *bytes, size_t length)
{
	uint64_t slots = 0;
	int64_t rows;

	insist(cdb_row_count(bytes, length, &rows) == (length >= 2048));
	if (length < 2048)
		return;
	for (size_t i = 0; i < 256; i++)
		slots += word_at(bytes, i * 8 + 4, 4);
	insist(rows == (int64_t)(slots / 2));
}

/* What is told is what one of the two meta pages says, the one with the later transaction. */
static void check_lmdb(const uint8_t *bytes, size_t length)
{
	uint64_t page;
	uint64_t chosen;
	int64_t rows;

	if (!lmdb_row_count(bytes, length, &rows))
		return;
	page = word_at(bytes, 40, 4);
	insist(length >= page + 152 && word_at(bytes, 16, 4) == 0xBEEFC0DE && word_at(bytes, page + 16, 4) == 0xBEEFC0DE);
	chosen = word_at(bytes, page + 144, 8) > word_at(bytes, 144, 8) ? page : 0;
	insist(rows >= 0 && word_at(bytes, chosen + 120, 8) == (uint64_t)rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	check_elf(bytes, length, &arena);
	check_cdb(bytes, length);
	check_lmdb(bytes, length);
	return 0;
}
