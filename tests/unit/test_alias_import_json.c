#include "format/alias_import_json.h"
#include "format/json_items.h"
#include "format/postfix_virtual.h"

#include "unit.h"

/* ---------------------------------------------------------------- json_items */

START_TEST(walks_with_lines)
{
	static const char text[] = " [\n1,\n\"a,]}\\\"\\\\\" ,\n{\"b\":[2,{}]\n}\n]\n";
	static const struct {
		const char *text;
		size_t line;
	} expected[] = {{"1", 2}, {"\"a,]}\\\"\\\\\"", 3}, {"{\"b\":[2,{}]\n}", 4}};
	struct json_items items;
	struct json_item item;

	ck_assert(json_items_begin(&items, text, strlen(text)));
	ck_assert(!items.members);
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		ck_assert(json_items_next(&items, &item));
		ck_assert_uint_eq(item.line, expected[i].line);
		ck_assert_uint_eq(item.length, strlen(expected[i].text));
		ck_assert_int_eq(memcmp(item.text, expected[i].text, item.length), 0);
	}
	ck_assert(!json_items_next(&items, &item));
	ck_assert(!json_items_next(&items, &item));
}
END_TEST

START_TEST(walks_members)
{
	static const char text[] = "{\"a\": {\"x\": 1},\n \"b\\u0063\" : 2}";
	const struct json_rules rules = {.bytes = 100, .depth = 3};
	struct json *json cleanup_json = NULL;
	struct json_items items;
	struct json_item item;
	struct error err;

	ck_assert(json_items_begin(&items, text, strlen(text)));
	ck_assert(items.members);
	ck_assert(json_items_next(&items, &item) && json_items_next(&items, &item));
	ck_assert_uint_eq(item.line, 2);
	unit_assert_ok(json_item_parse(&items, &item, &rules, &json, &err), err);
	ck_assert_str_eq(json_key(json_first(json)), "bc");
	ck_assert(!json_items_next(&items, &item));
}
END_TEST

static const char *const no_lists[] = {"", "1", "\"a\"", "null"};

START_TEST(wants_a_list)
{
	struct json_items items;

	ck_assert(!json_items_begin(&items, no_lists[_i], strlen(no_lists[_i])));
}
END_TEST

/* ---------------------------------------------------------------- times */

static const struct {
	const char *text;
	int64_t seconds; /* -1 = refused */
} times[] = {
	{"2025-03-01T10:00:00Z", 1740823200},
	{"2025-03-01T10:00:00.5Z", 1740823200},
	{"2025-03-01T10:00:00.123456+00:00", 1740823200},
	{"2025-03-01T10:00:00+00:00", 1740823200},
	{"2025-03-01T10:00:00", -1},
	{"2025-03-01T10:00:00+01:00", -1},
	{"2025-03-01T10:00:00.Zz", -1},
	{"2025-02-30T10:00:00Z", -1},
	{"2025-03-01", -1},
	{"", -1},
};

START_TEST(reads_times_of_python)
{
	int64_t seconds = -1;
	bool done = import_time_parse(times[_i].text, &seconds);

	ck_assert_msg(done == (times[_i].seconds >= 0), "%s", times[_i].text);
	ck_assert_msg(seconds == times[_i].seconds, "%s", times[_i].text);
}
END_TEST

/* ---------------------------------------------------------------- files */

typedef void reader(const struct source_text *source, struct arena *arena,
	struct import_rows *rows);

static void read_virtual(const struct source_text *source, struct arena *arena,
	struct import_rows *rows)
{
	postfix_virtual_read(source, "club.example", arena, rows);
}

#define RUNV(members) "{\"ana\": {\"username\": \"ana\", \"alias\": \"ana@x.org\", " members "}}"

/* The faults of a file as "LINE FIELD", in order; "" for none. */
static const struct {
	reader *read;
	const char *text;
	const char *faults;
} files[] = {
	{alias_import_json_read, "[]", ""},
	{alias_import_json_read, "[{\"user\":\"ana\",\"destinations\":[\"a@x.org\"]}]", ""},
	{alias_import_json_read, "[{\"user\":\"ana\",\n\"destinations\":[]},\n{},7]",
		"1 destinations 3 user 3 destinations 3 row"},
	{alias_import_json_read,
		"[{\"user\":7,\"destinations\":\"a@x.org\",\"uid\":0,\"state\":\"gone\"}]",
		"1 user 1 uid 1 destinations 1 state"},
	{alias_import_json_read,
		"[{\"user\":\"ana\",\"destinations\":[1],\"frob\":1,\"expires_at\":\"never\"}]",
		"1 destinations 1 expires_at 1 row"},
	{alias_import_json_read, "{}", "1 row"},
	{alias_import_json_read, "[\n{\"user\":\"ana\"},\n]", "3 row"},
	{alias_import_json_read, "[{\"user\":\"a\\u0000b\"}]", "1 row"},
	{alias_import_runv_read, "{}", ""},
	{alias_import_runv_read, "[]", "1 row"},
	{alias_import_runv_read,
		RUNV("\"destination\": \"a@x.org\", \"status\": \"active\", \"more\": 1"), ""},
	{alias_import_runv_read, RUNV("\"destination\": \"a@x.org\", \"status\": \"pending\""),
		"1 status"},
	{alias_import_runv_read, RUNV("\"status\": \"active\", \"created_at\": \"x\""),
		"1 destination 1 created_at"},
	{alias_import_runv_read, "{\"bia\": {}}", "1 username 1 alias 1 destination 1 status"},
	{alias_import_runv_read, "{\"ana\": 1}", "1 row"},
	{read_virtual, "", ""},
	{read_virtual, "# a\n\nclub.example x\nana@club.example a@x.org\n", ""},
	{read_virtual, "ana@club.example\ta@x.org,\n b@x.org\n#c\n\n c@x.org", ""},
	{read_virtual, " a\nana@club.example", "1 row 2 value"},
	{read_virtual, "a\nb@other.example c\n@club.example d\n\"e\"@club.example f",
		"1 key 2 key 3 key 4 key"},
	{read_virtual, "ana@club.example \"a b\"@x.org", "1 value"},
};

START_TEST(tells_faults_with_lines)
{
	struct source_text source = {"F", files[_i].text, strlen(files[_i].text)};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf found cleanup_strbuf = STRBUF_INIT;
	struct import_rows rows = {.count = 0};

	files[_i].read(&source, &arena, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		for (const struct import_fault *fault = rows.items[i].faults; fault;
			fault = fault->next)
			strbuf_printf(&found, "%s%zu %s", found.length > 0 ? " " : "",
				rows.items[i].line, fault->field);
	}
	ck_assert_msg(strcmp(strbuf_text(&found), files[_i].faults) == 0, "%s: %s", files[_i].text,
		strbuf_text(&found));
}
END_TEST

START_TEST(joins_continued_lines)
{
	static const char text[] = "Ana@Club.Example a@x.org,\n# no end\n\t "
				   "ana@club.example\nbia@club.example bia@club.example\n";
	struct source_text source = {"F", text, sizeof(text) - 1};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct import_rows rows = {.count = 0};

	read_virtual(&source, &arena, &rows);
	ck_assert_uint_eq(rows.count, 1);
	ck_assert_str_eq(rows.items[0].entry.username, "ana");
	ck_assert_uint_eq(rows.items[0].entry.destinations.count, 1);
	ck_assert(rows.items[0].entry.keep_copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_import_json");
	TCase *items = unit_case(suite, "items");
	TCase *texts = unit_case(suite, "files");

	tcase_add_test(items, walks_with_lines);
	tcase_add_test(items, walks_members);
	tcase_add_loop_test(items, wants_a_list, 0, ARRAY_LENGTH(no_lists));
	tcase_add_loop_test(texts, reads_times_of_python, 0, ARRAY_LENGTH(times));
	tcase_add_loop_test(texts, tells_faults_with_lines, 0, ARRAY_LENGTH(files));
	tcase_add_test(texts, joins_continued_lines);
	return unit_run(suite);
}
