#include "base/arena.h"

#include "unit.h"

#include <stdalign.h>
#include <stdint.h>

START_TEST(memory_is_zeroed_aligned_and_apart)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	unsigned char *previous = NULL;

	for (size_t i = 0; i < 5000; i++) {
		unsigned char *bytes = arena_alloc(&arena, 13);

		ck_assert_uint_eq((uintptr_t)bytes % alignof(max_align_t), 0);
		for (size_t j = 0; j < 13; j++)
			ck_assert_uint_eq(bytes[j], 0);
		memset(bytes, 0xff, 13);
		ck_assert_ptr_ne(bytes, previous);
		previous = bytes;
	}
}
END_TEST

START_TEST(a_large_piece_fits)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	char *small = arena_strdup(&arena, "small");
	char *large = arena_alloc(&arena, (size_t)10 << 20);

	memset(large, 'x', (size_t)10 << 20);
	ck_assert_str_eq(small, "small");
	ck_assert_str_eq(arena_strdup(&arena, "after"), "after");
}
END_TEST

START_TEST(clear_frees_and_allows_more)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	ck_assert_str_eq(arena_strdup(&arena, "one"), "one");
	ck_assert_uint_gt(arena.used, 0);
	arena_clear(&arena);
	ck_assert_uint_eq(arena.used, 0);
	ck_assert_ptr_null(arena.blocks);
	ck_assert_str_eq(arena_strdup(&arena, "two"), "two");
	arena_clear(&arena);
	arena_clear(&arena);
}
END_TEST

START_TEST(texts_are_copied)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	char text[] = "text";
	char *whole = arena_strdup(&arena, text);
	char *part = arena_strndup(&arena, text, 2);

	text[0] = 'X';
	ck_assert_str_eq(whole, "text");
	ck_assert_str_eq(part, "te");
	ck_assert_str_eq(arena_strndup(&arena, "", 0), "");
}
END_TEST

START_TEST(strndup_copies_bytes_behind_a_nul)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	ck_assert_mem_eq(arena_strndup(&arena, "a\0b", 3), "a\0b", 4);
}
END_TEST

START_TEST(printf_has_no_limit)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	char *text = arena_printf(&arena, "%0100000d|%s", 7, "end");

	ck_assert_uint_eq(strlen(text), 100004);
	ck_assert_str_eq(text + 100000, "|end");
	ck_assert_str_eq(arena_printf(&arena, "%s", ""), "");
}
END_TEST

START_TEST(an_empty_array_is_a_pointer)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	ck_assert_ptr_nonnull(arena_alloc_array(&arena, 0, 8));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 0));
}
END_TEST

START_TEST(the_cap_ends_the_process)
{
	struct arena arena cleanup_arena = {.cap = 1000};

	memset(arena_alloc(&arena, 900), 1, 900);
	memset(arena_alloc(&arena, 200), 1, 200);
}
END_TEST

START_TEST(one_piece_over_the_cap_ends_the_process)
{
	struct arena arena cleanup_arena = {.cap = 1000};

	memset(arena_alloc(&arena, SIZE_MAX), 1, 1);
}
END_TEST

START_TEST(an_overflowing_array_ends_the_process)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	memset(arena_alloc_array(&arena, SIZE_MAX / 2, 4), 1, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arena");
	TCase *memory = unit_case(suite, "memory");
	TCase *texts = unit_case(suite, "texts");
	TCase *limits = unit_case(suite, "limits");

	tcase_add_test(memory, memory_is_zeroed_aligned_and_apart);
	tcase_add_test(memory, a_large_piece_fits);
	tcase_add_test(memory, clear_frees_and_allows_more);
	tcase_add_test(memory, an_empty_array_is_a_pointer);
	tcase_add_test(texts, texts_are_copied);
	tcase_add_test(texts, strndup_copies_bytes_behind_a_nul);
	tcase_add_test(texts, printf_has_no_limit);
	tcase_add_exit_test(limits, the_cap_ends_the_process, ERROR_OUT_OF_MEMORY);
	tcase_add_exit_test(limits, one_piece_over_the_cap_ends_the_process, ERROR_OUT_OF_MEMORY);
	tcase_add_exit_test(limits, an_overflowing_array_ends_the_process, ERROR_OUT_OF_MEMORY);
	return unit_run(suite);
}
