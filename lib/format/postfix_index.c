#include "format/postfix_index.h"

#define CDB_HEAD ((size_t)2048)

/* Offsets within an LMDB meta page (struct MDB_meta behind the page header), 64 bits. */
#define LMDB_MAGIC_AT ((size_t)16)
#define LMDB_VERSION_AT ((size_t)20)
#define LMDB_PAGE_SIZE_AT ((size_t)40)
#define LMDB_ENTRIES_AT ((size_t)120)
#define LMDB_TRANSACTION_AT ((size_t)144)
#define LMDB_META_END ((size_t)152)
#define LMDB_MAGIC 0xBEEFC0DE
#define LMDB_VERSION 1

static uint64_t little_endian(const unsigned char *bytes, size_t length)
{
	uint64_t number = 0;

	while (length > 0)
		number = number << 8 | bytes[--length];
	return number;
}

/* 256 pairs of 32-bit numbers: where a hash table lies and how many slots it has, two for every
 * row. */
bool cdb_row_count(const unsigned char *head, size_t length, int64_t *ret_rows)
{
	uint64_t slots = 0;

	if (length < CDB_HEAD)
		return false;
	for (size_t i = 4; i < CDB_HEAD; i += 8)
		slots += little_endian(head + i, 4);
	*ret_rows = (int64_t)(slots / 2);
	return true;
}

static bool is_meta_page(const unsigned char *page)
{
	return little_endian(page + LMDB_MAGIC_AT, 4) == LMDB_MAGIC &&
	       little_endian(page + LMDB_VERSION_AT, 4) == LMDB_VERSION;
}

bool lmdb_row_count(const unsigned char *head, size_t length, int64_t *ret_rows)
{
	const unsigned char *second;
	uint64_t page_size;

	if (sizeof(void *) != 8 || length < LMDB_META_END || !is_meta_page(head))
		return false;
	page_size = little_endian(head + LMDB_PAGE_SIZE_AT, 4);
	if (page_size < LMDB_META_END || page_size > length - LMDB_META_END)
		return false;
	second = head + page_size;
	if (!is_meta_page(second))
		return false;
	if (little_endian(second + LMDB_TRANSACTION_AT, 8) >
		little_endian(head + LMDB_TRANSACTION_AT, 8))
		head = second;
	*ret_rows = (int64_t)little_endian(head + LMDB_ENTRIES_AT, 8);
	return *ret_rows >= 0;
}
