#include "format/postfix_index.h"

#include "unit.h"

#define PAGE 4096

static void put(unsigned char *bytes, uint64_t number, size_t length)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (unsigned char)(number >> (8 * i));
}

/* A meta page with what the counter looks at. */
static void put_meta(unsigned char *page, uint64_t entries, uint64_t transaction)
{
	put(page + 16, 0xBEEFC0DE, 4);
	put(page + 20, 1, 4);
	put(page + 40, PAGE, 4);
	put(page + 120, entries, 8);
	put(page + 144, transaction, 8);
}

START_TEST(lmdb_counts_by_the_newer_page)
{
	unsigned char head[2 * PAGE] = {0};
	int64_t rows = -1;

	put_meta(head, 7, 2);
	put_meta(head + PAGE, 5, 1);
	ck_assert(lmdb_row_count(head, sizeof(head), &rows));
	ck_assert_int_eq(rows, 7);
	put_meta(head + PAGE, 100000, 3);
	ck_assert(lmdb_row_count(head, sizeof(head), &rows));
	ck_assert_int_eq(rows, 100000);
}
END_TEST

START_TEST(lmdb_that_is_none)
{
	unsigned char head[2 * PAGE] = {0};
	int64_t rows = -1;

	ck_assert(!lmdb_row_count(head, sizeof(head), &rows));
	put_meta(head, 7, 2);
	ck_assert(!lmdb_row_count(head, sizeof(head), &rows));
	put_meta(head + PAGE, 5, 1);
	for (size_t length = 0; length < PAGE + 152; length++)
		ck_assert(!lmdb_row_count(head, length, &rows));
	put(head + 20, 2, 4);
	ck_assert(!lmdb_row_count(head, sizeof(head), &rows));
	put(head + 20, 1, 4);
	put(head + 40, 0xffffffff, 4);
	ck_assert(!lmdb_row_count(head, sizeof(head), &rows));
	ck_assert_int_eq(rows, -1);
}
END_TEST

START_TEST(cdb_counts_slots)
{
	unsigned char head[2048] = {0};
	int64_t rows = -1;

	ck_assert(!cdb_row_count(head, sizeof(head) - 1, &rows));
	ck_assert(cdb_row_count(head, sizeof(head), &rows));
	ck_assert_int_eq(rows, 0);
	put(head + 4, 6, 4);
	put(head + 2044, 200000, 4);
	ck_assert(cdb_row_count(head, sizeof(head), &rows));
	ck_assert_int_eq(rows, 100003);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("postfix_index");
	TCase *heads = unit_case(suite, "heads");

	tcase_add_test(heads, lmdb_counts_by_the_newer_page);
	tcase_add_test(heads, lmdb_that_is_none);
	tcase_add_test(heads, cdb_counts_slots);
	return unit_run(suite);
}
