#include "cli/command.h"

#include "unit.h"

#include <signal.h>

/* The table of the real program: its examples and its help are tested, its handlers are not. */
#include "../../admin-bin/admin_commands.c"

#define HANDLER(name)                                                                              \
	int name(void *context, const struct command_line *line)                                   \
	{                                                                                          \
		(void)context;                                                                     \
		(void)line;                                                                        \
		return 0;                                                                          \
	}

HANDLER(command_pending)
HANDLER(command_show)
HANDLER(command_approve)
HANDLER(command_reject)
HANDLER(command_gc)
HANDLER(command_member_list)
HANDLER(command_member_show)
HANDLER(command_member_revoke)
HANDLER(command_member_import)
HANDLER(command_member_export)
HANDLER(command_sync)
HANDLER(command_setup)
HANDLER(command_config_show)
HANDLER(command_config_get)
HANDLER(command_config_check)
HANDLER(command_version)
HANDLER(command_review)
HANDLER(command_expire)
HANDLER(command_purge_user)
HANDLER(command_member_add)
HANDLER(command_member_set)
HANDLER(command_member_suspend)
HANDLER(command_member_resume)
HANDLER(command_history)
HANDLER(command_undo)
HANDLER(command_journal_verify)
HANDLER(command_backup_list)
HANDLER(command_restore)
HANDLER(command_adopt)
HANDLER(command_release)
HANDLER(command_check)
HANDLER(command_discover)
HANDLER(command_proposed_config)
HANDLER(command_dump)
HANDLER(command_user_add)
HANDLER(command_user_list)
HANDLER(command_user_show)
HANDLER(command_user_set)
HANDLER(command_user_quota)
HANDLER(command_user_passwd)
HANDLER(command_user_claim)
HANDLER(command_user_release)
HANDLER(command_user_enable)
HANDLER(command_user_disable)
HANDLER(command_user_del)
HANDLER(command_quota_show)
HANDLER(command_quota_fix_units)
HANDLER(command_schema_init)
HANDLER(command_schema_migrate)
HANDLER(command_schema_status)
HANDLER(command_domain_add)
HANDLER(command_domain_list)
HANDLER(command_domain_show)
HANDLER(command_domain_set)
HANDLER(command_domain_enable)
HANDLER(command_domain_disable)
HANDLER(command_domain_del)
HANDLER(command_domain_alias_add)
HANDLER(command_domain_alias_list)
HANDLER(command_domain_alias_show)
HANDLER(command_domain_alias_retarget)
HANDLER(command_domain_alias_enable)
HANDLER(command_domain_alias_disable)
HANDLER(command_domain_alias_del)
HANDLER(command_alias_add)
HANDLER(command_alias_list)
HANDLER(command_alias_show)
HANDLER(command_alias_set)
HANDLER(command_alias_add_target)
HANDLER(command_alias_rm_target)
HANDLER(command_alias_enable)
HANDLER(command_alias_disable)
HANDLER(command_alias_del)
HANDLER(command_status)
HANDLER(command_log)
HANDLER(command_search)

#define WORDS_MAX 16

static const struct command_option grant_options[] = {
	{.name = "sync", .help = "sync afterwards"},
	{.name = "reason", .letter = 'r', .argument = "TEXT", .help = "what is told"},
	{.name = "force", .argument = "CODE", .repeatable = true, .help = "lift a rail"},
};

static const struct command_option list_options[] = {
	{.name = "dry-run", .letter = 'n', .help = "change nothing"},
};

static const struct command table[] = {
	{
		.words = "pending",
		.operands = "",
		.help = "list what waits",
		.examples = EXAMPLES("tool pending"),
	},
	{
		.words = "grant",
		.operands = "ID...",
		.operands_min = 1,
		.operands_max = SIZE_MAX,
		.help = "grant requests",
		.details = "An ID names exactly what was shown, so it is not asked about again, "
			   "whatever happens meanwhile.",
		OPTIONS(grant_options),
		.examples = EXAMPLES("tool grant r-1", "tool grant r-1 --sync"),
	},
	{
		.words = "member",
		.operands = "USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = "one",
	},
	{.words = "member list", .operands = "", .help = "list members", OPTIONS(list_options)},
	{.words = "alias add",
		.operands = "ADDRESS",
		.operands_min = 1,
		.operands_max = 1,
		.help = "add"},
	{.words = "alias drop",
		.operands = "ADDRESS",
		.operands_min = 1,
		.operands_max = 1,
		.help = "drop"},
	{.words = "version", .operands = "", .help = "show the version", .hidden = true},
};

static const struct command_program tool = {
	.name = "tool",
	.summary = "decides",
	.manual = "tool(8)",
	.commands = table,
	.command_count = ARRAY_LENGTH(table),
};

static const struct command_program bare_tool = {
	.name = "bare",
	.summary = "shows",
	.manual = "bare(1)",
	.commands = table,
	.command_count = 4,
	.default_command = "pending",
};

/* One command line, split. */
struct typed {
	char text[256];
	char *words[WORDS_MAX + 1];
	int count;
	struct arena arena;
	struct command_line line;
	struct error err;
};

/* Splits at blanks outside of double quotes. */
static void split(struct typed *typed, const char *text)
{
	char *to = typed->text;
	bool quoted = false;

	memset(typed, 0, sizeof(*typed));
	ck_assert_uint_lt(strlen(text), sizeof(typed->text));
	while (*text) {
		ck_assert_int_lt(typed->count, WORDS_MAX);
		typed->words[typed->count++] = to;
		for (; *text && (quoted || *text != ' '); text++) {
			if (*text == '"')
				quoted = !quoted;
			else
				*to++ = *text;
		}
		*to++ = '\0';
		while (*text == ' ')
			text++;
	}
}

static bool parse(struct typed *typed, const struct command_program *program, const char *text)
{
	split(typed, text);
	return command_parse(program, typed->count, typed->words, &typed->arena, &typed->line,
		&typed->err);
}

/* ---------------------------------------------------------------- lines that are right */

static const struct {
	const char *text;
	const char *words; /* NULL = none */
	const char *operands;
	const char *globals; /* of "jpqcy", then "h" for help */
} good[] = {
	{"tool", NULL, "", "h"},
	{"tool --help", NULL, "", "h"},
	{"tool -h", NULL, "", "h"},
	{"tool help", NULL, "", "h"},
	{"tool help grant", "grant", "", "h"},
	{"tool help member list", "member list", "", "h"},
	{"tool help member", "member", "", "h"},
	{"tool help alias", NULL, "", "h"},
	{"tool alias --help", NULL, "", "h"},
	{"tool grant --help", "grant", "", "h"},
	{"tool --help grant", "grant", "", "h"},
	{"tool grant r-1 -h", "grant", "r-1", "h"},
	{"tool pending a b c --help", "pending", "a b c", "h"},
	{"tool grant --bad --help", "grant", "", "h"},
	{"tool --version", "version", "", ""},
	{"tool -V", "version", "", ""},
	{"tool grant -V", "version", "", ""},
	{"tool version", "version", "", ""},
	{"tool pending", "pending", "", ""},
	{"tool --json pending", "pending", "", "j"},
	{"tool pending --json", "pending", "", "j"},
	{"tool pending --jsonl", "pending", "", "l"},
	{"tool --plain pending -q --no-color -y", "pending", "", "pqcy"},
	{"tool pending -qy", "pending", "", "qy"},
	{"tool --config pending pending", "pending", "", ""},
	{"tool member list", "member list", "", ""},
	{"tool member --json list", "member list", "", "j"},
	{"tool member ana", "member", "ana", ""},
	{"tool member -- list", "member list", "", ""},
	{"tool -- pending", "pending", "", ""},
	{"tool grant a b", "grant", "a b", ""},
	{"tool grant a --sync b", "grant", "a b", ""},
	{"tool grant --sync -- --json -x", "grant", "--json -x", ""},
	{"tool grant - a", "grant", "- a", ""},
	{"tool grant --reason --json a", "grant", "a", ""},
	{"tool grant --reason -V a", "grant", "a", ""},
	{"tool grant -rtext a", "grant", "a", ""},
	{"tool grant grant", "grant", "grant", ""},
	{"tool grant help", "grant", "help", ""},
};

static void globals_text(const struct command_line *line, char text[8])
{
	const struct command_globals *globals = &line->globals;

	snprintf(text, 8, "%s%s%s%s%s%s%s", globals->json ? "j" : "", globals->json_lines ? "l" : "",
		globals->plain ? "p" : "", globals->quiet ? "q" : "", globals->no_color ? "c" : "", globals->yes ? "y" : "",
		line->help ? "h" : "");
}

START_TEST(takes_good_lines)
{
	const char *text = good[_i].text;
	const struct command *command;
	struct typed typed;
	char globals[8];

	ck_assert_msg(parse(&typed, &tool, text), "%s: %s", text, typed.err.what);
	command = typed.line.command;
	ck_assert_msg(!command == !good[_i].words, "%s: command", text);
	ck_assert_msg(!command || strcmp(command->words, good[_i].words) == 0, "%s: %s", text,
		command ? command->words : "");
	ck_assert_msg(typed.line.help ||
			      strcmp(string_list_join(&typed.line.operands, &typed.arena, " "),
				      good[_i].operands) == 0,
		"%s: operands", text);
	globals_text(&typed.line, globals);
	ck_assert_msg(strcmp(globals, good[_i].globals) == 0, "%s: globals %s", text, globals);
	arena_clear(&typed.arena);
}
END_TEST

START_TEST(finds_values)
{
	struct typed typed;

	ck_assert(parse(&typed, &tool, "tool grant a --reason=x=y --force 1 --sync --force=2"));
	ck_assert_str_eq(command_value(&typed.line, "reason"), "x=y");
	ck_assert_str_eq(command_value(&typed.line, "sync"), "");
	ck_assert(command_has(&typed.line, "sync"));
	ck_assert_uint_eq(command_values(&typed.line, "force")->count, 2);
	ck_assert_str_eq(command_values(&typed.line, "force")->items[1], "2");
	arena_clear(&typed.arena);
	ck_assert(parse(&typed, &tool, "tool grant a --config=/f"));
	ck_assert_str_eq(typed.line.globals.config, "/f");
	ck_assert_ptr_null(command_value(&typed.line, "reason"));
	ck_assert(!command_has(&typed.line, "sync"));
	ck_assert_uint_eq(command_values(&typed.line, "force")->count, 0);
	arena_clear(&typed.arena);
}
END_TEST

START_TEST(aborts_for_an_option_that_is_none)
{
	struct typed typed;

	ck_assert(parse(&typed, &tool, "tool grant a"));
	command_value(&typed.line, "nothing");
}
END_TEST

START_TEST(takes_a_default_command)
{
	struct typed typed;

	ck_assert(parse(&typed, &bare_tool, "bare"));
	ck_assert_str_eq(typed.line.command->words, "pending");
	ck_assert(!typed.line.help);
	arena_clear(&typed.arena);
	ck_assert(parse(&typed, &bare_tool, "bare --json"));
	ck_assert_str_eq(typed.line.command->words, "pending");
	ck_assert(typed.line.globals.json);
	arena_clear(&typed.arena);
	ck_assert(!parse(&typed, &bare_tool, "bare --version"));
	ck_assert_str_eq(typed.err.what, "unknown option --version");
	arena_clear(&typed.arena);
}
END_TEST

START_TEST(does_not_obey_posixly_correct)
{
	struct typed typed;

	ck_assert_int_eq(setenv("POSIXLY_CORRECT", "1", 1), 0);
	ck_assert(parse(&typed, &tool, "tool grant a --sync"));
	ck_assert(command_has(&typed.line, "sync"));
	ck_assert_str_eq(typed.words[2], "a");
	arena_clear(&typed.arena);
}
END_TEST

/* ---------------------------------------------------------------- lines that are wrong */

#define GRANT "tool grant ID... [--sync] [--reason TEXT] [--force CODE]..."

static const struct {
	const char *text;
	const char *what;
	const char *why;
	const char *fix;
} bad[] = {
	{"tool frobnicate", "unknown command \"frobnicate\"", "", "tool help"},
	{"tool pendign", "unknown command \"pendign\"", "",
		"did you mean \"pending\"?  tool pending"},
	{"tool PENDING", "unknown command \"PENDING\"", "", "tool help"},
	{"tool pend", "unknown command \"pend\"", "", "tool help"},
	{"tool gran r-1", "unknown command \"gran\"", "", "did you mean \"grant\"?  " GRANT},
	{"tool \"\"", "unknown command \"\"", "", "tool help"},
	{"tool \"member list\"", "unknown command \"member list\"", "",
		"did you mean \"member list\"?  tool member list [--dry-run]"},
	{"tool memebr list", "unknown command \"memebr\"", "",
		"did you mean \"member list\"?  tool member list [--dry-run]"},
	{"tool versio", "unknown command \"versio\"", "", "tool help"},
	{"tool alias", "\"alias\" is only half a command", "", "tool alias add|drop"},
	{"tool alias erase", "unknown command \"alias erase\"", "", "tool alias add|drop"},
	{"tool alias addd x", "unknown command \"alias addd\"", "",
		"did you mean \"alias add\"?  tool alias add ADDRESS"},
	{"tool help frobnicate", "unknown command \"frobnicate\"", "", "tool help"},
	{"tool help alias erase", "unknown command \"alias erase\"", "", "tool alias add|drop"},
	{"tool frobnicate --help", "unknown command \"frobnicate\"", "", "tool help"},
	{"tool -", "unknown command \"-\"", "", "tool help"},
	{"tool grant", "\"grant\" wants more: ID...", "", GRANT},
	{"tool grant --", "\"grant\" wants more: ID...", "", GRANT},
	{"tool member", "\"member\" wants more: USER", "", "tool member USER"},
	{"tool pending x", "\"x\" is one too many for \"pending\"", "", "tool pending"},
	{"tool member ana beto", "\"beto\" is one too many for \"member\"", "", "tool member USER"},
	{"tool member list x", "\"x\" is one too many for \"member list\"", "",
		"tool member list [--dry-run]"},
	{"tool grant a --sink", "\"grant\" has no option --sink", "",
		"did you mean --sync?  " GRANT},
	{"tool grant a --frobnicate", "\"grant\" has no option --frobnicate", "", GRANT},
	{"tool grant a --frobnicate=1", "\"grant\" has no option --frobnicate", "", GRANT},
	{"tool grant a -z", "\"grant\" has no option -z", "", GRANT},
	{"tool grant a -qz", "\"grant\" has no option -z", "", GRANT},
	{"tool grant a -q-", "\"grant\" has no option --", "", GRANT},
	{"tool grant a -n", "\"grant\" has no option -n", "it belongs to: member list", GRANT},
	{"tool pending --sync", "\"pending\" has no option --sync", "it belongs to: grant",
		"tool pending"},
	{"tool --sync grant a", "the option --sync stands before its command",
		"it belongs to: grant", GRANT},
	{"tool --sync", "the option --sync stands before its command", "it belongs to: grant",
		GRANT},
	{"tool alias --sync add x", "the option --sync stands before its command",
		"it belongs to: grant", GRANT},
	{"tool --frobnicate", "unknown option --frobnicate", "", "tool help"},
	{"tool --jason pending", "unknown option --jason", "", "did you mean --json?  tool help"},
	{"tool -x", "unknown option -x", "", "tool help"},
	{"tool --pl pending", "unknown option --pl", "options are not abbreviated: --plain",
		"tool help"},
	{"tool pending --pl", "unknown option --pl", "options are not abbreviated: --plain",
		"tool pending"},
	{"tool grant a --sy", "unknown option --sy", "options are not abbreviated: --sync", GRANT},
	{"tool grant a --rea=x", "unknown option --rea", "options are not abbreviated: --reason",
		GRANT},
	{"tool pending --conf", "unknown option --conf", "options are not abbreviated: --config",
		"tool pending"},
	{"tool grant a --reason", "the option --reason wants a value: TEXT", "", GRANT},
	{"tool grant a -r", "the option --reason wants a value: TEXT", "", GRANT},
	{"tool --config", "the option --config wants a value: FILE", "", "tool help"},
	{"tool pending --json=yes", "the option --json takes no value", "", "tool pending"},
	{"tool grant a --sync=no", "the option --sync takes no value", "", GRANT},
	{"tool grant a --reason x --reason y", "the option --reason is given twice", "", GRANT},
	{"tool grant a --sync --sync", "the option --sync is given twice", "", GRANT},
	{"tool --json pending --json", "the option --json is given twice", "", "tool pending"},
	{"tool -qq", "the option --quiet is given twice", "", "tool help"},
	{"tool pending --config a --config b", "the option --config is given twice", "",
		"tool pending"},
};

START_TEST(refuses_bad_lines)
{
	const char *text = bad[_i].text;
	struct typed typed;

	ck_assert_msg(!parse(&typed, &tool, text), "%s: taken", text);
	ck_assert_msg(typed.err.code == ERROR_USAGE, "%s: code %d", text, (int)typed.err.code);
	ck_assert_msg(strcmp(typed.err.what, bad[_i].what) == 0, "%s: %s", text, typed.err.what);
	ck_assert_msg(strcmp(typed.err.why, bad[_i].why) == 0, "%s: %s", text, typed.err.why);
	ck_assert_msg(strcmp(typed.err.fix, bad[_i].fix) == 0, "%s: %s", text, typed.err.fix);
	arena_clear(&typed.arena);
}
END_TEST

static const struct {
	const char *text;
	const char *globals;
} recognised[] = {
	{"tool --json frobnicate", "j"},
	{"tool frobnicate --json", "j"},
	{"tool grant --json", "j"},
	{"tool grant a --bad --json -q", "jq"},
	{"tool --bad x --json", "j"},
	{"tool grant a --reason --json --bad", ""},
	{"tool pending x -- --json", ""},
};

START_TEST(keeps_globals_after_a_failure)
{
	struct typed typed;
	char globals[8];

	ck_assert(!parse(&typed, &tool, recognised[_i].text));
	globals_text(&typed.line, globals);
	ck_assert_msg(strcmp(globals, recognised[_i].globals) == 0, "%s: %s", recognised[_i].text,
		globals);
	arena_clear(&typed.arena);
}
END_TEST

/* ---------------------------------------------------------------- help */

static char *help_of(const struct command_program *program, const struct command *command)
{
	const struct command_line line = {.program = program, .command = command, .help = true};
	char *text;
	size_t size;
	struct output output = {.out = open_memstream(&text, &size)};

	command_help(&line, &output);
	fclose(output.out);
	return text;
}

START_TEST(prints_help_of_a_program)
{
	char *text cleanup_free = help_of(&tool, NULL);

	ck_assert_str_eq(text,
		"tool: decides\n"
		"\n"
		"USAGE\n"
		"  tool COMMAND [ARGUMENT...] [OPTION...]\n"
		"  tool help COMMAND\n"
		"\n"
		"EXAMPLES\n"
		"  tool pending\n"
		"  tool grant r-1\n"
		"\n"
		"COMMANDS\n"
		"  pending      list what waits\n"
		"  grant        grant requests\n"
		"  member       one\n"
		"  member list  list members\n"
		"  alias add    add\n"
		"  alias drop   drop\n"
		"\n"
		"GLOBAL OPTIONS\n"
		"      --json         print the result as JSON\n"
		"      --jsonl        print lists as JSON, one object a line\n"
		"      --plain        print tab-separated lines without headings\n"
		"  -q, --quiet        print results and errors only\n"
		"      --no-color     print without colours\n"
		"  -y, --yes          answer questions with yes\n"
		"      --config FILE  read this configuration instead of the installed one\n"
		"  -h, --help         show help\n"
		"  -V, --version      show the version\n"
		"\n"
		"More: man 8 tool\n");
}
END_TEST

START_TEST(prints_help_of_a_command)
{
	char *text cleanup_free = help_of(&tool, &table[1]);

	ck_assert_str_eq(text, GRANT
		"\n"
		"\n"
		"  grant requests\n"
		"\n"
		"  An ID names exactly what was shown, so it is not asked about again, whatever\n"
		"  happens meanwhile.\n"
		"\n"
		"OPTIONS\n"
		"      --sync         sync afterwards\n"
		"  -r, --reason TEXT  what is told\n"
		"      --force CODE   lift a rail\n"
		"\n"
		"EXAMPLES\n"
		"  tool grant r-1\n"
		"  tool grant r-1 --sync\n"
		"\n"
		"More: man 8 tool\n");
}
END_TEST

static void assert_narrow(char *text)
{
	char *rest = text;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (!*line)
			continue;
		ck_assert_msg(strlen(line) <= 80, "%s", line);
		ck_assert_msg(line[strlen(line) - 1] != ' ', "%s", line);
	}
}

START_TEST(keeps_help_within_80_columns)
{
	char *all cleanup_free = help_of(&admin_program, NULL);

	assert_narrow(all);
	for (size_t i = 0; i < admin_program.command_count; i++) {
		char *text cleanup_free = help_of(&admin_program, &admin_program.commands[i]);

		assert_narrow(text);
	}
}
END_TEST

START_TEST(parses_every_example)
{
	for (size_t i = 0; i < admin_program.command_count; i++) {
		const struct command *command = &admin_program.commands[i];

		for (size_t k = 0; command->examples && command->examples[k]; k++) {
			struct typed typed;

			ck_assert_msg(parse(&typed, &admin_program, command->examples[k]), "%s: %s",
				command->examples[k], typed.err.what);
			ck_assert_ptr_eq(typed.line.command, command);
			arena_clear(&typed.arena);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("command");
	TCase *right = unit_case(suite, "right");
	TCase *wrong = unit_case(suite, "wrong");
	TCase *help = unit_case(suite, "help");

	tcase_add_loop_test(right, takes_good_lines, 0, (int)ARRAY_LENGTH(good));
	tcase_add_test(right, finds_values);
	tcase_add_test_raise_signal(right, aborts_for_an_option_that_is_none, SIGABRT);
	tcase_add_test(right, takes_a_default_command);
	tcase_add_test(right, does_not_obey_posixly_correct);
	tcase_add_loop_test(wrong, refuses_bad_lines, 0, (int)ARRAY_LENGTH(bad));
	tcase_add_loop_test(wrong, keeps_globals_after_a_failure, 0, (int)ARRAY_LENGTH(recognised));
	tcase_add_test(help, prints_help_of_a_program);
	tcase_add_test(help, prints_help_of_a_command);
	tcase_add_test(help, keeps_help_within_80_columns);
	tcase_add_test(help, parses_every_example);
	return unit_run(suite);
}
