#include "format/postfix_map.h"

#include "unit.h"

struct row_case {
	const char *key;
	const char *destinations; /* blank-separated */
	bool good;
};

/* What a hand-made store could hold: nothing of it may reach a map. */
static const struct row_case row_cases[] = {
	{"ana@club.example", "ana@elsewhere.example", true},
	{"ana@club.example", "ana@elsewhere.example ana@club.example", true},
	{"_x9-y@club.example", "User.Name+tag@Elsewhere.example", true},
	{"1a@club.example", "a@b.example", true},
	{"ana@club.example", "", false},
	{"", "a@b.example", false},
	{"ana", "a@b.example", false},
	{"@club.example", "a@b.example", false},
	{"ana@", "a@b.example", false},
	{"Ana@club.example", "a@b.example", false},
	{"ana@Club.example", "a@b.example", false},
	{"#ana@club.example", "a@b.example", false},
	{"+ana@club.example", "a@b.example", false},
	{"~ana@club.example", "a@b.example", false},
	{"'ana@club.example", "a@b.example", false},
	{"a na@club.example", "a@b.example", false},
	{"ana\n@club.example", "a@b.example", false},
	{"ana\t@club.example", "a@b.example", false},
	{"ana,x@club.example", "a@b.example", false},
	{"\"ana\"@club.example", "a@b.example", false},
	{"jos\xc3\xa9@club.example", "a@b.example", false},
	{"ana@club.example", "a@b.example,c@d.example", false},
	{"ana@club.example", "a@b.example\nroot@club.example", false},
	{"ana@club.example", "a@b.example\tc@d.example", false},
	{"ana@club.example", "|/bin/id", false},
	{"ana@club.example", ":include:/etc/passwd", false},
	{"ana@club.example", "/etc/passwd", false},
	{"ana@club.example", "@b.example", false},
	{"ana@club.example", "a@", false},
	{"ana@club.example", "a@b.example |id", false},
	{"ana@club.example", "root", false},
};

START_TEST(judges_rows)
{
	const struct row_case *row = &row_cases[_i];
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list destinations = STRING_LIST_INIT;
	const char *fault = "untouched";
	bool good;

	string_list_split(&destinations, &arena, row->destinations, " ");
	good = postfix_map_row_check(row->key, &destinations, &fault);
	ck_assert_msg(good == row->good, "\"%s\" -> \"%s\": %s", row->key, row->destinations,
		fault);
	ck_assert(good == (strcmp(fault, "untouched") == 0));
}
END_TEST

/* A blank inside a destination: the list is made by hand, for the splitter above would cut there.
 */
START_TEST(refuses_blanks_in_destinations)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list destinations = STRING_LIST_INIT;
	const char *fault;

	string_list_add(&destinations, &arena, "a@b.example c@d.example");
	ck_assert(!postfix_map_row_check("ana@club.example", &destinations, &fault));
}
END_TEST

START_TEST(limits_the_line)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list destinations = STRING_LIST_INIT;
	struct strbuf line cleanup_strbuf = STRBUF_INIT;
	const char *fault;

	while (line.length <= POSTFIX_MAP_LINE_MAX) {
		ck_assert(postfix_map_row_check("ana@club.example", &destinations, &fault) ||
			  destinations.count == 0);
		string_list_add(&destinations, &arena,
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@"
			"bbbbbbbbbbbbbbbbbbbbbbbbbb.example");
		strbuf_reset(&line);
		postfix_map_row_append(&line, "ana@club.example", &destinations);
	}
	ck_assert(!postfix_map_row_check("ana@club.example", &destinations, &fault));
	ck_assert_str_eq(fault, "the line is too long");
}
END_TEST

START_TEST(renders_a_row)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list destinations = STRING_LIST_INIT;
	struct strbuf line cleanup_strbuf = STRBUF_INIT;
	size_t key;
	size_t value;
	size_t length;

	string_list_split(&destinations, &arena, "a@b.example c@d.example", " ");
	postfix_map_row_append(&line, "ana@club.example", &destinations);
	ck_assert_str_eq(strbuf_text(&line), "ana@club.example\ta@b.example, c@d.example\n");
	ck_assert(postfix_map_row_read(strbuf_text(&line), line.length, &key, &value, &length));
	ck_assert_uint_eq(key, strlen("ana@club.example"));
	ck_assert_uint_eq(value, strlen("a@b.example, c@d.example"));
	ck_assert_uint_eq(length, line.length);
}
END_TEST

static const struct {
	const char *text;
	size_t line;
} no_rows[] = {
	{"", 0},
	{"\n", 1},
	{"# comment\twith tab\nx", 19},
	{"key value\n", 10},
	{"key\tvalue", 9},
	{"\tvalue\n", 7},
	{"key\t\n", 5},
	{" key\tvalue\n", 11},
	{"key\tval\x01ue\n", 11},
	{"k\xc3\xa9y\tvalue\n", 11},
	{"key\tvalue\tmore\n", 15},
};

START_TEST(reads_only_rows_of_ours)
{
	size_t key = 99;
	size_t value = 99;
	size_t line;

	ck_assert(!postfix_map_row_read(no_rows[_i].text, strlen(no_rows[_i].text), &key, &value,
		&line));
	ck_assert_uint_eq(line, no_rows[_i].line);
	ck_assert_uint_eq(key, 99);
	ck_assert_uint_eq(value, 99);
}
END_TEST

/* Names in the bytewise order of the store give keys in the order of the map: the one is streamed
 * into the other. */
START_TEST(keeps_the_order_of_the_store)
{
	static const char *const names[] = {
		"_",
		"_a",
		"a",
		"a-",
		"a-b",
		"a0",
		"a1",
		"a_b",
		"aa",
		"ab",
		"ana",
		"ana-maria",
		"ana2",
		"ana_x",
		"anabela",
		"b",
		"z",
		"zz",
	};

	for (size_t i = 1; i < ARRAY_LENGTH(names); i++) {
		char left[64];
		char right[64];

		ck_assert_int_lt(strcmp(names[i - 1], names[i]), 0);
		snprintf(left, sizeof(left), "%s@club.example", names[i - 1]);
		snprintf(right, sizeof(right), "%s@club.example", names[i]);
		ck_assert_int_lt(postfix_map_compare(left, right), 0);
		ck_assert_int_gt(postfix_map_compare(right, left), 0);
		ck_assert_int_eq(postfix_map_compare(left, left), 0);
	}
}
END_TEST

START_TEST(orders_prefixes_and_bytes)
{
	ck_assert_int_lt(postfix_map_compare("a", "a@"), 0);
	ck_assert_int_lt(postfix_map_compare("a@", "a!"), 0);
	ck_assert_int_lt(postfix_map_compare("a\x7f", "a\xc3"), 0);
	ck_assert_int_lt(postfix_map_compare_bytes("ab", 1, "ab", 2), 0);
	ck_assert_int_eq(postfix_map_compare_bytes("abX", 2, "abY", 2), 0);
}
END_TEST

START_TEST(starts_with_comments)
{
	const char *header = postfix_map_header();

	ck_assert_int_eq(header[0], '#');
	ck_assert_int_eq(header[strlen(header) - 1], '\n');
	for (const char *line = strchr(header, '\n') + 1; *line; line = strchr(line, '\n') + 1)
		ck_assert_int_eq(*line, '#');
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("postfix_map");
	TCase *rows = unit_case(suite, "rows");
	TCase *order = unit_case(suite, "order");

	tcase_add_loop_test(rows, judges_rows, 0, (int)ARRAY_LENGTH(row_cases));
	tcase_add_test(rows, refuses_blanks_in_destinations);
	tcase_add_test(rows, limits_the_line);
	tcase_add_test(rows, renders_a_row);
	tcase_add_loop_test(rows, reads_only_rows_of_ours, 0, (int)ARRAY_LENGTH(no_rows));
	tcase_add_test(rows, starts_with_comments);
	tcase_add_test(order, keeps_the_order_of_the_store);
	tcase_add_test(order, orders_prefixes_and_bytes);
	return unit_run(suite);
}
