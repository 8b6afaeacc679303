#include "cli/output.h"
#include "cli/prompt.h"

#include "unit.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/wait.h>

#define NOW 1779234918 /* 2026-05-19T23:55:18Z */

/* An output that writes into memory. */
struct page {
	struct output output;
	char *out;
	char *err;
	size_t out_size;
	size_t err_size;
};

static void page_open(struct page *page, enum output_shape shape)
{
	memset(page, 0, sizeof(*page));
	ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
	page->output.shape = shape;
	page->output.program = "tool";
	page->output.now = NOW;
	page->output.out = open_memstream(&page->out, &page->out_size);
	page->output.err = open_memstream(&page->err, &page->err_size);
}

static void page_expect(struct page *page, const char *out, const char *err)
{
	fclose(page->output.out);
	fclose(page->output.err);
	ck_assert_str_eq(page->out, out);
	ck_assert_str_eq(page->err, err);
	free(page->out);
	free(page->err);
}

/* ---------------------------------------------------------------- rows */

static const struct output_column columns[] = {
	{"user", "MEMBER", COLUMN_TEXT},
	{"destinations", "FORWARDS TO", COLUMN_LIST},
	{"state", "STATE", COLUMN_STATE},
	{"since", "SINCE", COLUMN_TIME},
	{"count", "COUNT", COLUMN_NUMBER},
};

static struct json *new_rows(void)
{
	static const char text[] =
		"[{\"user\":\"ana\",\"destinations\":[\"a@x.example\",\"b@x.example\"],"
		"\"state\":\"active\",\"since\":\"2026-05-16T23:55:18Z\",\"count\":7},"
		"{\"user\":\"jo\xc3\xa3o\",\"destinations\":[],\"state\":\"pending\","
		"\"since\":\"soon\",\"count\":12},"
		"{\"user\":\"a\\u001b[2J\\u009b\\u202eb\\tc\\\\\",\"state\":\"odd\"}]";
	static const struct json_rules rules = {.bytes = 65536, .depth = 4};
	struct json *rows = NULL;
	struct error err;

	unit_assert_ok(json_parse(text, sizeof(text) - 1, &rules, &rows, &err), err);
	return rows;
}

static void print_rows(struct page *page, const struct json *document)
{
	struct json *rows cleanup_json = new_rows();

	output_rows(&page->output, document, rows, columns, ARRAY_LENGTH(columns), "Nothing.");
}

START_TEST(prints_a_table_for_people)
{
	struct page page;

	page_open(&page, OUTPUT_HUMAN);
	print_rows(&page, NULL);
	page_expect(&page,
		"MEMBER                            FORWARDS TO               STATE    SINCE       "
		"COUNT\n"
		"ana                               a@x.example, b@x.example  active   3 days ago   "
		"   7\n"
		"jo\xc3\xa3o                                                        pending  soon  "
		"         12\n"
		"a\\x1B[2J\\u{009B}\\u{202E}b\\x09c\\\\                            odd             "
		"     \n",
		"");
}
END_TEST

START_TEST(colours_states_only)
{
	static const struct output_column state[] = {{"state", "STATE", COLUMN_STATE}};
	struct json *rows cleanup_json = new_rows();
	struct page page;

	page_open(&page, OUTPUT_HUMAN);
	page.output.color = true;
	output_rows(&page.output, NULL, rows, state, 1, "");
	page_expect(&page, "STATE\n\033[32mactive\033[0m\n\033[33mpending\033[0m\nodd\n", "");
}
END_TEST

START_TEST(prints_plain_rows)
{
	struct page page;

	page_open(&page, OUTPUT_PLAIN);
	print_rows(&page, NULL);
	page_expect(&page,
		"ana\ta@x.example,b@x.example\tactive\t2026-05-16T23:55:18Z\t7\n"
		"jo\xc3\xa3o\t\tpending\tsoon\t12\n"
		"a\\x1B[2J\\u{009B}\\u{202E}b\\x09c\\\\\t\todd\t\t\n",
		"");
}
END_TEST

START_TEST(prints_rows_as_json)
{
	struct json *document cleanup_json = json_new_object();
	struct page page;

	page_open(&page, OUTPUT_JSON);
	print_rows(&page, NULL);
	page_expect(&page,
		"[{\"user\":\"ana\",\"destinations\":[\"a@x.example\",\"b@x.example\"],"
		"\"state\":\"active\",\"since\":\"2026-05-16T23:55:18Z\",\"count\":7},"
		"{\"user\":\"jo\xc3\xa3o\",\"destinations\":[],\"state\":\"pending\","
		"\"since\":\"soon\",\"count\":12},"
		"{\"user\":\"a\\u001b[2J\\u009b\\u202eb\\tc\\\\\",\"state\":\"odd\"}]\n",
		"");
	json_set_boolean(document, "changed", true);
	page_open(&page, OUTPUT_JSON);
	print_rows(&page, document);
	page_expect(&page, "{\"changed\":true}\n", "");
}
END_TEST

static const struct {
	enum output_shape shape;
	bool quiet;
	const char *expected;
} empty[] = {
	{OUTPUT_HUMAN, false, "Nothing.\n"},
	{OUTPUT_HUMAN, true, ""},
	{OUTPUT_PLAIN, false, ""},
	{OUTPUT_JSON, false, "[]\n"},
};

START_TEST(prints_no_rows)
{
	struct json *rows cleanup_json = json_new_array();
	struct page page;

	page_open(&page, empty[_i].shape);
	page.output.quiet = empty[_i].quiet;
	output_rows(&page.output, NULL, rows, columns, ARRAY_LENGTH(columns), "Nothing.");
	page_expect(&page, empty[_i].expected, "");
	page_open(&page, OUTPUT_HUMAN);
	output_rows(&page.output, NULL, rows, columns, ARRAY_LENGTH(columns), "");
	page_expect(&page, "", "");
}
END_TEST

/* ---------------------------------------------------------------- lists */

static void list_numbers(struct output *output, int64_t count)
{
	static const struct output_column numbers[] = {{"count", "COUNT", COLUMN_NUMBER}};
	struct output_list list cleanup_output_list = {.output = NULL};

	output_list_begin(&list, output, numbers, ARRAY_LENGTH(numbers));
	for (int64_t i = 1; i <= count; i++) {
		struct json *row = json_new_object();

		json_set_integer(row, "count", i);
		output_list_add(&list, row);
	}
	output_list_end(&list, "There is none.");
}

START_TEST(lists_come_as_they_are_read)
{
	struct page page;

	page_open(&page, OUTPUT_PLAIN);
	list_numbers(&page.output, 3);
	page_expect(&page, "1\n2\n3\n", "");
	page_open(&page, OUTPUT_JSON);
	list_numbers(&page.output, 2);
	page_expect(&page, "[{\"count\":1},{\"count\":2}]\n", "");
	page_open(&page, OUTPUT_JSON);
	page.output.json_lines = true;
	list_numbers(&page.output, 2);
	page_expect(&page, "{\"count\":1}\n{\"count\":2}\n", "");
	page_open(&page, OUTPUT_HUMAN);
	list_numbers(&page.output, 2);
	page_expect(&page, "COUNT\n    1\n    2\n", "");
}
END_TEST

START_TEST(lists_may_be_empty)
{
	struct page page;

	page_open(&page, OUTPUT_PLAIN);
	list_numbers(&page.output, 0);
	page_expect(&page, "", "");
	page_open(&page, OUTPUT_JSON);
	list_numbers(&page.output, 0);
	page_expect(&page, "[]\n", "");
	page_open(&page, OUTPUT_JSON);
	page.output.json_lines = true;
	list_numbers(&page.output, 0);
	page_expect(&page, "", "");
	page_open(&page, OUTPUT_HUMAN);
	list_numbers(&page.output, 0);
	page_expect(&page, "There is none.\n", "");
}
END_TEST

/* The heading of a long table stands once, and no row is lost where one part of it ends. */
START_TEST(long_lists_have_one_heading)
{
	struct page page;
	size_t lines = 0;

	page_open(&page, OUTPUT_HUMAN);
	list_numbers(&page.output, 1234);
	fflush(page.output.out);
	for (const char *at = page.out; *at; at++)
		lines += *at == '\n';
	ck_assert_uint_eq(lines, 1235);
	ck_assert_ptr_nonnull(strstr(page.out, "COUNT"));
	ck_assert_ptr_null(strstr(strstr(page.out, "COUNT") + 1, "COUNT"));
	fclose(page.output.out);
	fclose(page.output.err);
	free(page.out);
	free(page.err);
}
END_TEST

/* A list whose reading failed must not look like a whole one. */
START_TEST(a_list_that_was_cut_off_is_no_json)
{
	struct page page;
	struct output_list list cleanup_output_list = {.output = NULL};

	page_open(&page, OUTPUT_JSON);
	output_list_begin(&list, &page.output, columns, ARRAY_LENGTH(columns));
	output_list_add(&list, json_new_object());
	page_expect(&page, "[{}", "");
}
END_TEST

START_TEST(rows_come_one_a_line)
{
	struct page page;
	struct json *rows cleanup_json = new_rows();
	const char *newline;

	page_open(&page, OUTPUT_JSON);
	page.output.json_lines = true;
	output_rows(&page.output, NULL, rows, columns, ARRAY_LENGTH(columns), "");
	fflush(page.output.out);
	ck_assert_ptr_nonnull(strstr(page.out, "{\"user\":\"ana\""));
	newline = strchr(page.out, '\n');
	ck_assert_ptr_nonnull(newline);
	ck_assert_int_eq(newline[1], '{');
	fclose(page.output.out);
	fclose(page.output.err);
	free(page.out);
	free(page.err);
}
END_TEST

/* ---------------------------------------------------------------- fields and sentences */

START_TEST(prints_fields)
{
	struct page page;

	page_open(&page, OUTPUT_HUMAN);
	output_field(&page.output, "member", "user", "ana");
	output_field(&page.output, "endere\xc3\xa7o", "alias", "a\x1b[1m\n\\");
	output_field(&page.output, "a name that is too long", "long", "x");
	output_field(&page.output, "nothing", "none", NULL);
	page_expect(&page,
		"member          ana\n"
		"endere\xc3\xa7o        a\\x1B[1m\\x0A\\\\\n"
		"a name that is too long x\n"
		"nothing         \n",
		"");
	page_open(&page, OUTPUT_PLAIN);
	output_field(&page.output, "member", "user", "a\tb");
	page_expect(&page, "user\ta\\x09b\n", "");
	page_open(&page, OUTPUT_JSON);
	output_field(&page.output, "member", "user", "ana");
	page_expect(&page, "", "");
}
END_TEST

static const struct {
	enum output_shape shape;
	bool quiet;
	const char *out;
	const char *err;
} messages[] = {
	{OUTPUT_HUMAN, false, "done: \xc3\xa9\n", "warning: 2 files\n"},
	{OUTPUT_PLAIN, false, "done: \xc3\xa9\n", "warning: 2 files\n"},
	{OUTPUT_HUMAN, true, "", ""},
	{OUTPUT_JSON, false, "", "{\"warning\":{\"message\":\"2 files\"}}\n"},
	{OUTPUT_JSON, true, "", ""},
};

START_TEST(says_and_warns)
{
	struct page page;

	page_open(&page, messages[_i].shape);
	page.output.quiet = messages[_i].quiet;
	output_say(&page.output, "done: %s", "\xc3\xa9");
	output_warn(&page.output, "%d files", 2);
	page_expect(&page, messages[_i].out, messages[_i].err);
}
END_TEST

/* ---------------------------------------------------------------- errors */

static void set_hostile_error(struct error *err)
{
	error_set(err, ERROR_RULE, "no \"%s\"", "a\x1b]0;x\x07\xc2\x9b\xe2\x80\xae\\");
	error_why(err, "%s", "\xff\xe2\x80\x8b");
	error_fix(err, "ask \xe2\x80\x9c"
		       "ana\xe2\x80\x9d");
	error_field(err, "destination");
}

static const struct {
	enum output_shape shape;
	bool quiet;
	bool color;
	const char *expected;
} errors[] = {
	{OUTPUT_HUMAN, false, false,
		"error: no \"a\\x1B]0;x\\x07\\u{009B}\\u{202E}\\\\\"\n"
		"  why:  \\xFF\\u{200B}\n"
		"  fix:  ask \xe2\x80\x9c"
		"ana\xe2\x80\x9d\n"},
	{OUTPUT_PLAIN, true, false, "error: no \"a\\x1B]0;x\\x07\\u{009B}\\u{202E}\\\\\"\n"},
	{OUTPUT_HUMAN, true, true,
		"\033[31merror:\033[0m no \"a\\x1B]0;x\\x07\\u{009B}\\u{202E}\\\\\"\n"},
	{OUTPUT_JSON, true, false,
		"{\"error\":{\"code\":\"rule_violation\",\"exit\":10,"
		"\"message\":\"no \\\"a\\u001b]0;x\\u0007\\u009b\\u202e\\\\\\\"\","
		"\"why\":\"\\\\xFF\\\\u{200B}\","
		"\"fix\":\"ask \xe2\x80\x9c"
		"ana\xe2\x80\x9d\",\"field\":\"destination\"}}\n"},
};

START_TEST(prints_errors)
{
	struct error err;
	struct page page;

	set_hostile_error(&err);
	page_open(&page, errors[_i].shape);
	page.output.quiet = errors[_i].quiet;
	page.output.color_error = errors[_i].color;
	ck_assert_int_eq(output_error(&page.output, &err), 10);
	page_expect(&page, "", errors[_i].expected);
}
END_TEST

START_TEST(leaves_out_what_an_error_lacks)
{
	struct error err;
	struct page page;

	error_set(&err, ERROR_NOT_FOUND, "nothing");
	page_open(&page, OUTPUT_HUMAN);
	ck_assert_int_eq(output_error(&page.output, &err), 1);
	page_expect(&page, "", "error: nothing\n");
	page_open(&page, OUTPUT_JSON);
	ck_assert_int_eq(output_error(&page.output, &err), 1);
	page_expect(&page, "",
		"{\"error\":{\"code\":\"not_found\",\"exit\":1,\"message\":\"nothing\"}}\n");
}
END_TEST

START_TEST(reports_a_full_disk)
{
	struct page page;

	page_open(&page, OUTPUT_HUMAN);
	ck_assert_int_eq(output_finish(&page.output, 20), 20);
	fclose(page.output.out);
	free(page.out);
	page.output.out = fopen("/dev/full", "we");
	ck_assert_ptr_nonnull(page.output.out);
	output_say(&page.output, "x");
	ck_assert_int_eq(output_finish(&page.output, 0), ERROR_FILESYSTEM);
	fclose(page.output.out);
	fclose(page.output.err);
	ck_assert_str_eq(page.err,
		"error: the result could not be written\n  why:  No space left on device\n");
	free(page.err);
}
END_TEST

/* ---------------------------------------------------------------- shape, time, terminal */

START_TEST(decides_the_shape)
{
	int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int keep = dup(STDOUT_FILENO);
	struct output output;

	ck_assert_int_ge(dup2(file, STDOUT_FILENO), 0);
	output_init(&output, "tool", &(struct output_options){0}, NOW);
	ck_assert_int_eq(dup2(keep, STDOUT_FILENO), STDOUT_FILENO);
	close(keep);
	close(file);
	ck_assert_int_eq(output.shape, OUTPUT_PLAIN);
	ck_assert(!output.color);
	ck_assert_ptr_eq(output.out, stdout);
	output_init(&output, "tool", &(struct output_options){.json = true, .plain = true}, NOW);
	ck_assert_int_eq(output.shape, OUTPUT_JSON);
	ck_assert(!output.color && !output.color_error);
	output_init(&output, "tool", &(struct output_options){.plain = true, .quiet = true}, NOW);
	ck_assert_int_eq(output.shape, OUTPUT_PLAIN);
	ck_assert(output.quiet);
}
END_TEST

static const struct {
	int64_t seconds; /* from now on */
	const char *expected;
} times[] = {
	{0, "just now"},
	{-59, "just now"},
	{59, "in a moment"},
	{-60, "1 minute ago"},
	{-3599, "59 minutes ago"},
	{-3600, "1 hour ago"},
	{-86399, "23 hours ago"},
	{-3 * 86400, "3 days ago"},
	{-30 * 86400, "1 month ago"},
	{-364 * 86400, "12 months ago"},
	{-365 * 86400, "1 year ago"},
	{INT64_C(-20) * 365 * 86400, "20 years ago"},
	{60, "in 1 minute"},
	{7200, "in 2 hours"},
	{86400, "in 1 day"},
	{INT64_C(400) * 86400, "in 1 year"},
	{INT64_C(61) * 86400, "in 2 months"},
};

START_TEST(tells_relative_times)
{
	char text[64];

	relative_time(NOW + times[_i].seconds, NOW, text, sizeof(text));
	ck_assert_str_eq(text, times[_i].expected);
}
END_TEST

START_TEST(survives_absurd_times)
{
	char text[64];

	relative_time(INT64_MIN, INT64_MAX, text, sizeof(text));
	ck_assert_str_eq(text, "292471208677 years ago");
	relative_time(INT64_MAX, INT64_MIN, text, sizeof(text));
	ck_assert_str_eq(text, "in 292471208677 years");
	relative_time(INT64_MIN, 0, text, sizeof(text));
	ck_assert_str_eq(text, "292471208677 years ago");
}
END_TEST

START_TEST(asks_nobody_without_a_terminal)
{
	struct error err;
	bool yes = true;

	setsid(); /* no terminal from here on; fails harmlessly for a leader, which has none either
		   */
	ck_assert(!prompt_is_possible());
	ck_assert(!prompt_yes("Sure?", &yes, &err));
	unit_assert_error(err, ERROR_USAGE);
	ck_assert(yes);
}
END_TEST

/* ---------------------------------------------------------------- answers on a terminal */

static const struct {
	const char *typed;
	bool yes;
} answers[] = {
	{"y\n", true},
	{"yes\n", true},
	{"YES\n", true},
	{" y \n", true},
	{"\n", false},
	{"n\n", false},
	{"yess\n", false},
	{"ye\n", false},
	{"y y\n", false},
	{"y\x04\x04", false},
	{"\x04", false},
	{"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n", false},
};

/* In a session of its own on a new terminal: exits 0 for yes, 1 for no, 2 for a failure. */
static void answer_in_child(const char *terminal)
{
	struct error err;
	bool yes;
	int fd;

	setsid();
	fd = open(terminal, O_RDWR | O_CLOEXEC); /* becomes /dev/tty */
	if (fd < 0 || !prompt_is_possible() || !prompt_yes("Sure?", &yes, &err))
		_exit(2);
	_exit(yes ? 0 : 1);
}

START_TEST(reads_answers_from_the_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char screen[128] = "";
	char terminal[64];
	ssize_t length;
	int status;
	pid_t child;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	ck_assert_int_eq(ptsname_r(master, terminal, sizeof(terminal)), 0);
	child = fork();
	if (child == 0)
		answer_in_child(terminal);
	length = read(master, screen, sizeof(screen) - 1);
	ck_assert_int_gt(length, 0);
	ck_assert_msg(strncmp(screen, "Sure? ", 6) == 0, "%s", screen);
	length = (ssize_t)strlen(answers[_i].typed);
	ck_assert_int_eq(write(master, answers[_i].typed, (size_t)length), length);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), answers[_i].yes ? 0 : 1);
	close(master);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *lists = unit_case(suite, "lists");
	TCase *rows = unit_case(suite, "rows");
	TCase *texts = unit_case(suite, "texts");
	TCase *terminal = unit_case(suite, "terminal");

	tcase_add_test(rows, prints_a_table_for_people);
	tcase_add_test(rows, colours_states_only);
	tcase_add_test(rows, prints_plain_rows);
	tcase_add_test(rows, prints_rows_as_json);
	tcase_add_loop_test(rows, prints_no_rows, 0, (int)ARRAY_LENGTH(empty));
	tcase_add_test(texts, prints_fields);
	tcase_add_loop_test(texts, says_and_warns, 0, (int)ARRAY_LENGTH(messages));
	tcase_add_loop_test(texts, prints_errors, 0, (int)ARRAY_LENGTH(errors));
	tcase_add_test(texts, leaves_out_what_an_error_lacks);
	tcase_add_test(texts, reports_a_full_disk);
	tcase_add_loop_test(texts, tells_relative_times, 0, (int)ARRAY_LENGTH(times));
	tcase_add_test(texts, survives_absurd_times);
	tcase_add_test(terminal, decides_the_shape);
	tcase_add_test(terminal, asks_nobody_without_a_terminal);
	tcase_add_loop_test(terminal, reads_answers_from_the_terminal, 0,
		(int)ARRAY_LENGTH(answers));
	tcase_add_test(lists, lists_come_as_they_are_read);
	tcase_add_test(lists, lists_may_be_empty);
	tcase_add_test(lists, long_lists_have_one_heading);
	tcase_add_test(lists, a_list_that_was_cut_off_is_no_json);
	tcase_add_test(lists, rows_come_one_a_line);
	return unit_run(suite);
}
