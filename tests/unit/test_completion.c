/*
 * The completion scripts made from a table: every command and option is in them, the shells themselves find nothing to complain of, and words of a table
 * cannot break out of their quotes. A shell that is not installed is skipped by name.
 */
#include "cli/completion.h"

#include "system/process.h"

#include "unit.h"

#include <stdint.h>

#define HOSTILE "it's $(touch broken) `touch broken` \"quoted\" [x]: \\ %s ; touch broken #"

static const struct command_option set_options[] = {
	{.name = "to", .letter = 't', .argument = "ADDRESS", .help = HOSTILE, .repeatable = true},
	{.name = "format", .argument = "csv|json", .help = "how"},
	{.name = "reply-file", .argument = "FILE", .help = "'" },
	{.name = "dry-run", .letter = 'n', .help = "a \\ at the end \\"},
};

static const struct command commands[] = {
	{.words = "pending", .operands = "", .help = HOSTILE},
	{.words = "member list", .operands = "", .help = "'"},
	{.words = "member set",
		.operands = "USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = "\"",
		.options = set_options,
		.option_count = ARRAY_LENGTH(set_options)},
	{.words = "approve",
		.operands = "ID|USER...",
		.operands_min = 1,
		.operands_max = SIZE_MAX,
		.help = "$(touch broken)"},
	{.words = "secret", .operands = "", .help = "hidden", .hidden = true},
};

static const struct command_program program = {
	.name = "tool-of-test",
	.summary = HOSTILE,
	.manual = "tool(8)",
	.commands = commands,
	.command_count = ARRAY_LENGTH(commands),
};

static const char *const shells[] = {"bash", "zsh", "fish"};

static void make(const char *shell, struct strbuf *text)
{
	struct error err;

	unit_assert_ok(completion_print(&program, shell, text, &err), err);
	ck_assert_uint_gt(text->length, 0);
}

START_TEST(all_that_can_be_typed_is_there)
{
	static const char *const words[] = {"tool-of-test", "pending", "member", "list", "set",
		"approve", "to", "format", "csv", "json", "reply-file", "dry-run", "config",
		"quiet", "no-color", "help"};
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	make(shells[_i], &text);
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
		ck_assert_msg(strstr(strbuf_text(&text), words[i]) != NULL, "%s has no %s",
			shells[_i], words[i]);
	ck_assert_msg(!strstr(strbuf_text(&text), "secret"), "%s tells what is hidden", shells[_i]);
}
END_TEST

static bool succeeds(const char *command)
{
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	const struct process_request request = {.argv = argv, .timeout_ms = 20000, .output_limit = 4096};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result = {0};
	struct error err;

	return process_run(&request, &arena, &result, &err) && process_succeeded(&result);
}

static bool is_installed(const char *shell)
{
	char command[64];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", shell);
	return succeeds(command);
}

/* Whether the shell reads the script without a word. */
static bool is_read_by(const char *shell, const char *arguments)
{
	char command[512];

	snprintf(command, sizeof(command), "cd %s/shell && %s %s >out 2>&1 && test ! -s out",
		unit_scratch(), shell, arguments);
	return succeeds(command);
}

/* Quotes, brackets and blocks are closed, and reading the script runs nothing of its texts. */
START_TEST(shells_read_it)
{
	static const char *const readings[][3] = {
		{"-n script", "--noprofile --norc script", NULL},
		{"-n script", "-f -c '_describe() :; _arguments() :; _users() :; _files() :; compdef() :; '"
				"'words=(tool-of-test \"\"); CURRENT=2; source ./script'", NULL},
		{"--no-execute script", "--no-config script", NULL},
	};
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	int directory = unit_directory("shell");

	make(shells[_i], &text);
	unit_write_file(directory, "script", strbuf_text(&text), 0644);
	for (size_t i = 0; readings[_i][i]; i++)
		ck_assert_msg(is_read_by(shells[_i], readings[_i][i]), "%s %s", shells[_i],
			readings[_i][i]);
	ck_assert_msg(faccessat(directory, "broken", F_OK, 0) != 0, "%s ran a help text", shells[_i]);
	close(directory);
}
END_TEST

/* What fish offers is the help text as it stands in the table. */
START_TEST(fish_offers_the_true_text)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	char offered[8192] = "";
	int directory = unit_directory("shell");
	int fd;

	make("fish", &text);
	unit_write_file(directory, "script", strbuf_text(&text), 0644);
	snprintf(offered, sizeof(offered), "cd %s/shell && fish --no-config -c 'source script; complete -C \"tool-of-test \"' >out 2>&1",
		unit_scratch());
	ck_assert(succeeds(offered));
	memset(offered, 0, sizeof(offered));
	fd = openat(directory, "out", O_RDONLY | O_CLOEXEC);
	ck_assert_int_gt(read(fd, offered, sizeof(offered) - 1), 0);
	close(fd);
	ck_assert_msg(strstr(offered, "pending\t" HOSTILE "\n") != NULL, "%s", offered);
	ck_assert_ptr_nonnull(strstr(offered, "approve\t$(touch broken)\n"));
	ck_assert(faccessat(directory, "broken", F_OK, 0) != 0);
	close(directory);
}
END_TEST

START_TEST(an_unknown_shell_is_refused)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct error err;

	ck_assert(!completion_print(&program, "tcsh", &text, &err));
	unit_assert_error(err, ERROR_USAGE);
	ck_assert_uint_eq(text.length, 0);
}
END_TEST

static const struct kind_row {
	const char *name;
	enum word_kind kind;
} kinds[] = {
	{"USER", WORD_USER},
	{"FILE", WORD_FILE},
	{"csv|json", WORD_CHOICE},
	{"ADDRESS", WORD_ANY},
	{"TEXT", WORD_ANY},
	{"", WORD_ANY},
};

START_TEST(names_tell_what_can_be_offered)
{
	const struct kind_row *row = &kinds[_i];

	ck_assert_msg(completion_kind(row->name, strlen(row->name)) == row->kind, "%s", row->name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("completion");
	TCase *scripts = unit_case(suite, "scripts");

	tcase_add_loop_test(scripts, all_that_can_be_typed_is_there, 0, (int)ARRAY_LENGTH(shells));
	for (int i = 0; i < (int)ARRAY_LENGTH(shells); i++)
		tcase_add_loop_test(scripts, unit_test_if(is_installed(shells[i]), shells_read_it, "no such shell"), i, i + 1);
	tcase_add_test(scripts, unit_test_if(is_installed("fish"), fish_offers_the_true_text, "no fish"));
	tcase_add_test(scripts, an_unknown_shell_is_refused);
	tcase_add_loop_test(scripts, names_tell_what_can_be_offered, 0, (int)ARRAY_LENGTH(kinds));
	return unit_run(suite);
}
