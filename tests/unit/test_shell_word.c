/* Quoting, with sh(1) itself as the judge. */
#include "format/shell_word.h"

#include "unit.h"

static const struct {
	const char *text;
	const char *word;
} rows[] = {
	{"/var/lib/postigo", "/var/lib/postigo"},
	{"root:postigo-drop", "root:postigo-drop"},
	{"", "''"},
	{"a b", "'a b'"},
	{"it's", "'it'\\''s'"},
	{"$HOME `id` \\", "'$HOME `id` \\'"},
	{"line\nbreak", "'line\nbreak'"},
	{"~root", "'~root'"},
	{"*", "'*'"},
	{"a;b&c|d<e>f", "'a;b&c|d<e>f'"},
	{"virtual_alias_maps = $virtual_maps, lmdb:/x",
		"'virtual_alias_maps = $virtual_maps, lmdb:/x'"},
};

START_TEST(quotes)
{
	struct arena arena cleanup_arena = ARENA_INIT;

	ck_assert_str_eq(shell_word(rows[_i].text, &arena), rows[_i].word);
}
END_TEST

START_TEST(is_one_word_to_sh)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *command =
		arena_printf(&arena, "printf %%s %s", shell_word(rows[_i].text, &arena));
	char got[256] = "";
	int pipes[2];
	ssize_t length;

	ck_assert_int_eq(pipe(pipes), 0);
	if (fork() == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(pipes[1]);
	length = read(pipes[0], got, sizeof(got) - 1);
	ck_assert_int_ge(length, 0);
	ck_assert_str_eq(got, rows[_i].text);
	close(pipes[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shell_word");
	TCase *words = unit_case(suite, "words");

	tcase_add_loop_test(words, quotes, 0, (int)ARRAY_LENGTH(rows));
	tcase_add_loop_test(words, is_one_word_to_sh, 0, (int)ARRAY_LENGTH(rows));
	return unit_run(suite);
}
