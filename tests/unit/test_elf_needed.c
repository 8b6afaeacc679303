/* Libraries of programs that are at hand, and every way in which a file can be cut off or changed.
 */
#include "format/elf_needed.h"

#include "system/trusted_file.h"

#include "unit.h"

static void read_program(const char *path, struct arena *arena, const char **ret_bytes,
	size_t *ret_length)
{
	int fd cleanup_close = open(path, O_RDONLY | O_CLOEXEC);
	struct error err;

	ck_assert_int_ge(fd, 0);
	unit_assert_ok(file_read(fd, (size_t)64 << 20, arena, ret_bytes, ret_length, &err), err);
}

static bool read_names(const char *bytes, size_t length, struct arena *arena,
	struct string_list *ret_names)
{
	return elf_needed((const unsigned char *)bytes, length, arena, ret_names);
}

START_TEST(finds_the_libraries)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;
	const char *bytes = "";
	size_t length = 0;

	read_program("/bin/ls", &arena, &bytes, &length);
	ck_assert(read_names(bytes, length, &arena, &names));
	ck_assert_uint_ge(names.count, 2);
	ck_assert(string_list_contains(&names, "libc.so.6"));
}
END_TEST

START_TEST(refuses_what_is_no_program)
{
	static const char *const texts[] = {"", "#!/bin/sh\n", "\177ELF", "\177ELF\1\1\1"};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;

	ck_assert(!read_names(texts[_i], strlen(texts[_i]), &arena, &names));
	ck_assert_uint_eq(names.count, 0);
}
END_TEST

/* Under the sanitizers this proves that no byte behind the end is looked at. */
START_TEST(survives_cut_files)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list whole = STRING_LIST_INIT;
	const char *bytes = "";
	size_t length = 0;

	read_program("/bin/true", &arena, &bytes, &length);
	ck_assert(read_names(bytes, length, &arena, &whole));
	ck_assert_uint_ge(whole.count, 1);
	for (size_t cut = 0; cut < length; cut += cut < 2000 ? 1 : 97) {
		struct arena small cleanup_arena = ARENA_INIT;
		struct string_list names = STRING_LIST_INIT;
		char *copy cleanup_free = malloc(cut ? cut : 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, bytes, cut);
		/* A file without its end may still name all of its libraries, but never fewer. */
		if (read_names(copy, cut, &small, &names))
			ck_assert_uint_eq(names.count, whole.count);
	}
}
END_TEST

START_TEST(survives_changed_bytes)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *bytes = "";
	char *copy;
	size_t length = 0;
	unsigned random = 4711;

	read_program("/bin/true", &arena, &bytes, &length);
	copy = arena_strndup(&arena, bytes, length);
	memcpy(copy, bytes, length);
	for (int i = 0; i < 20000; i++) {
		struct arena small cleanup_arena = ARENA_INIT;
		struct string_list names = STRING_LIST_INIT;
		size_t at;

		random = random * 1103515245U + 12345U;
		at = (random >> 8) % 1024;
		copy[at] = (char)(random >> 16);
		(void)!read_names(copy, length, &small, &names);
		copy[at] = bytes[at];
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elf_needed");
	TCase *files = unit_case(suite, "files");

	tcase_add_test(files, finds_the_libraries);
	tcase_add_loop_test(files, refuses_what_is_no_program, 0, 4);
	tcase_add_test(files, survives_cut_files);
	tcase_add_test(files, survives_changed_bytes);
	return unit_run(suite);
}
