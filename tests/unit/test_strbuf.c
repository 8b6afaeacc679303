#include "base/strbuf.h"

#include "unit.h"

START_TEST(an_empty_buffer_is_an_empty_text)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	ck_assert_str_eq(strbuf_text(&buffer), "");
	strbuf_append(&buffer, NULL, 0);
	ck_assert_str_eq(strbuf_text(&buffer), "");
	strbuf_reset(&buffer);
	ck_assert_uint_eq(buffer.length, 0);
}
END_TEST

START_TEST(pieces_follow_each_other)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	strbuf_append_text(&buffer, "one");
	strbuf_append_char(&buffer, ',');
	strbuf_append(&buffer, "two and more", 3);
	strbuf_printf(&buffer, ",%d%s", 3, "!");
	ck_assert_str_eq(strbuf_text(&buffer), "one,two,3!");
	ck_assert_uint_eq(buffer.length, 10);
}
END_TEST

START_TEST(nul_bytes_are_kept)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	strbuf_append(&buffer, "a\0b", 3);
	strbuf_append_char(&buffer, '\0');
	ck_assert_uint_eq(buffer.length, 4);
	ck_assert_mem_eq(buffer.text, "a\0b\0", 5);
}
END_TEST

START_TEST(it_grows_without_limit)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	for (int i = 0; i < 200000; i++)
		strbuf_printf(&buffer, "%06d\n", i);
	ck_assert_uint_eq(buffer.length, 1400000);
	ck_assert_uint_eq(strlen(buffer.text), 1400000);
	ck_assert_mem_eq(buffer.text + buffer.length - 7, "199999\n", 7);
}
END_TEST

START_TEST(printf_longer_than_the_room)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	strbuf_append_text(&buffer, "x");
	strbuf_printf(&buffer, "%010000d", 5);
	ck_assert_uint_eq(buffer.length, 10001);
	ck_assert_int_eq(buffer.text[10000], '5');
}
END_TEST

START_TEST(reset_keeps_the_memory)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;
	size_t capacity;

	strbuf_append_text(&buffer, "something");
	capacity = buffer.capacity;
	strbuf_reset(&buffer);
	ck_assert_str_eq(strbuf_text(&buffer), "");
	ck_assert_uint_eq(buffer.capacity, capacity);
	strbuf_append_text(&buffer, "new");
	ck_assert_str_eq(strbuf_text(&buffer), "new");
}
END_TEST

START_TEST(clear_allows_more)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	strbuf_append_text(&buffer, "old");
	strbuf_clear(&buffer);
	ck_assert_uint_eq(buffer.length, 0);
	ck_assert_str_eq(strbuf_text(&buffer), "");
	strbuf_append_text(&buffer, "new");
	ck_assert_str_eq(strbuf_text(&buffer), "new");
}
END_TEST

START_TEST(reserve_gives_room_behind_the_text)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;
	char *end;

	strbuf_append_text(&buffer, "ab");
	end = strbuf_reserve(&buffer, 1000);
	ck_assert_ptr_eq(end, buffer.text + 2);
	ck_assert_uint_ge(buffer.capacity, 1003);
	memcpy(end, "cd", 3);
	buffer.length += 2;
	strbuf_append_text(&buffer, "ef");
	ck_assert_str_eq(strbuf_text(&buffer), "abcdef");
}
END_TEST

START_TEST(an_absurd_size_ends_the_process)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	ck_assert_ptr_null(strbuf_reserve(&buffer, SIZE_MAX / 2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strbuf");
	TCase *content = unit_case(suite, "content");
	TCase *memory = unit_case(suite, "memory");

	tcase_add_test(content, an_empty_buffer_is_an_empty_text);
	tcase_add_test(content, pieces_follow_each_other);
	tcase_add_test(content, nul_bytes_are_kept);
	tcase_add_test(content, it_grows_without_limit);
	tcase_add_test(content, printf_longer_than_the_room);
	tcase_add_test(memory, reset_keeps_the_memory);
	tcase_add_test(memory, clear_allows_more);
	tcase_add_test(memory, reserve_gives_room_behind_the_text);
	tcase_add_exit_test(memory, an_absurd_size_ends_the_process, ERROR_OUT_OF_MEMORY);
	return unit_run(suite);
}
