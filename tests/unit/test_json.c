#include "format/json.h"

#include "unit.h"

static const struct json_rules rules = {.bytes = 1 << 20, .depth = 16};

static struct json *parsed(const char *text)
{
	struct json *document = NULL;
	struct error err;

	unit_assert_ok(json_parse(text, strlen(text), &rules, &document, &err), err);
	return document;
}

static void assert_printed(const struct json *json, const char *expected)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	json_print(json, &text);
	ck_assert_str_eq(strbuf_text(&text), expected);
}

/* ---- parsing */

START_TEST(names_line_and_column)
{
	static const char text[] = "{\n  \"a\": 01\n}";
	struct json *document = NULL;
	struct error err;

	ck_assert(!json_parse(text, strlen(text), &rules, &document, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.what, "line 2, column 8: leading zero");
	ck_assert_ptr_null(document);
}
END_TEST

START_TEST(parses_bytes_without_terminator)
{
	struct json *document cleanup_json = NULL;
	char bytes[7];
	struct error err;

	memcpy(bytes, "[12345]", 7);
	unit_assert_ok(json_parse(bytes, 7, &rules, &document, &err), err);
	assert_printed(document, "[12345]");
}
END_TEST

START_TEST(leaves_the_text_alone)
{
	static const struct json_rules with_comments = {.bytes = 100, .depth = 2, .comments = true};
	char text[] = "[1] // one";
	struct json *document cleanup_json = NULL;
	struct error err;

	unit_assert_ok(json_parse(text, strlen(text), &with_comments, &document, &err), err);
	ck_assert_str_eq(text, "[1] // one");
	assert_printed(document, "[1]");
}
END_TEST

/* ---- looking */

START_TEST(looks_up_by_exact_key)
{
	struct json *document cleanup_json = parsed("{\"A\":1,\"a\":2,\"t\":\"x\",\"\\u00e9\":3}");
	int64_t value = 0;

	ck_assert(json_integer(json_get(document, "a"), &value));
	ck_assert_int_eq(value, 2);
	ck_assert(json_integer(json_get(document, "\xc3\xa9"), &value));
	ck_assert_int_eq(value, 3);
	ck_assert_str_eq(json_get_text(document, "t"), "x");
	ck_assert_ptr_null(json_get(document, "T"));
	ck_assert_ptr_null(json_get_text(document, "a"));
	ck_assert_ptr_null(json_get(json_get(document, "a"), "a"));
	ck_assert_ptr_null(json_get(NULL, "a"));
	ck_assert_ptr_null(json_get_text(NULL, "a"));
}
END_TEST

START_TEST(looks_into_no_array)
{
	struct json *document cleanup_json = parsed("[{\"a\":1}]");

	ck_assert_ptr_null(json_get(document, "a"));
	ck_assert_ptr_nonnull(json_get(json_first(document), "a"));
}
END_TEST

START_TEST(tells_the_kinds_apart)
{
	struct json *document cleanup_json = parsed("[{},[],\"\",0,true,null]");
	const struct json *value = json_first(document);
	bool boolean;
	int64_t integer;

	ck_assert(json_is_object(value) && !json_is_array(value) && !json_is_null(value));
	value = json_next(value);
	ck_assert(json_is_array(value) && !json_is_object(value));
	value = json_next(value);
	ck_assert(json_is_text(value) && !json_integer(value, &integer));
	value = json_next(value);
	ck_assert(json_integer(value, &integer) && !json_boolean(value, &boolean));
	ck_assert_ptr_null(json_text(value));
	value = json_next(value);
	ck_assert(json_boolean(value, &boolean) && boolean && !json_integer(value, &integer));
	value = json_next(value);
	ck_assert(json_is_null(value) && !json_boolean(value, &boolean));
	ck_assert_ptr_null(json_next(value));
	ck_assert(!json_is_object(NULL) && !json_is_array(NULL) && !json_is_text(NULL));
	ck_assert(!json_is_null(NULL) && !json_integer(NULL, &integer) &&
		  !json_boolean(NULL, &boolean));
	ck_assert_ptr_null(json_text(NULL));
}
END_TEST

START_TEST(walks_in_order)
{
	struct json *document cleanup_json = parsed("{\"z\":1,\"a\":2,\"m\":3}");
	char keys[8] = "";

	for (const struct json *item = json_first(document); item; item = json_next(item))
		strncat(keys, json_key(item), sizeof(keys) - strlen(keys) - 1);
	ck_assert_str_eq(keys, "zam");
	ck_assert_uint_eq(json_count(document), 3);
	ck_assert_uint_eq(json_count(NULL), 0);
	ck_assert_ptr_null(json_first(NULL));
	ck_assert_ptr_null(json_key(document));
}
END_TEST

/* ---- building and printing */

START_TEST(builds_a_tree)
{
	struct json *object cleanup_json = json_new_object();
	struct json *array = json_set(object, "list", json_new_array());

	json_set_text(object, "text", "a\"b");
	json_set_text(object, "absent", NULL);
	json_set_integer(object, "integer", -5);
	json_set_boolean(object, "yes", true);
	json_set(object, "null", json_new_null());
	json_add(array, json_new_integer(1));
	json_add(json_add(array, json_new_array()), json_new_object());
	assert_printed(object, "{\"list\":[1,[{}]],\"text\":\"a\\\"b\",\"integer\":-5,\"yes\":true,"
			       "\"null\":null}");
}
END_TEST

START_TEST(copies_deeply)
{
	struct json *document cleanup_json = parsed("{\"a\":[1,{\"b\":\"x\"}]}");
	struct json *copy cleanup_json = json_copy(document);

	json_free(&document);
	ck_assert_ptr_null(document);
	assert_printed(copy, "{\"a\":[1,{\"b\":\"x\"}]}");
}
END_TEST

START_TEST(prints_integers_exactly)
{
	static const struct {
		int64_t value;
		const char *text;
	} integers[] = {
		{0, "0"},
		{-1, "-1"},
		{2147483647, "2147483647"},
		{2147483648, "2147483648"},
		{4294967296, "4294967296"},
		{1000000000000000, "1000000000000000"},
		{9007199254740991, "9007199254740991"},
		{9007199254740992, "9007199254740992"},
		{-9007199254740992, "-9007199254740992"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(integers); i++) {
		struct json *built cleanup_json = json_new_integer(integers[i].value);
		struct json *read cleanup_json = parsed(integers[i].text);
		int64_t value = 1;

		assert_printed(built, integers[i].text);
		ck_assert(json_integer(read, &value));
		ck_assert_int_eq(value, integers[i].value);
	}
}
END_TEST

START_TEST(prints_what_a_terminal_may_have)
{
	static const struct {
		const char *text;
		const char *printed;
	} texts[] = {
		{"", "\"\""},
		{"plain ~!/", "\"plain ~!/\""},
		{"\"\\", "\"\\\"\\\\\""},
		{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
		{"\x01\x1f", "\"\\u0001\\u001f\""},
		{"\x1b[31m", "\"\\u001b[31m\""},
		{"\x7f", "\"\\u007f\""},
		{"\xc2\x9b"
		 "31m",
			"\"\\u009b31m\""},
		{"\xc3\xa1\xe2\x82\xac", "\"\xc3\xa1\xe2\x82\xac\""},
		{"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
		{"a\xe2\x80\xae"
		 "b",
			"\"a\\u202eb\""},
		{"\xe2\x80\x8b", "\"\\u200b\""},
		{"\xe2\x80\xa8", "\"\\u2028\""},
		{"\xef\xbb\xbf", "\"\\ufeff\""},
		{"\xee\x80\x80", "\"\\ue000\""},
		{"\xf3\xa0\x80\x81", "\"\\udb40\\udc01\""},
		{"\xff", "\"\\ufffd\""},
		{"a\xc3", "\"a\\ufffd\""},
		{"\xc0\xaf", "\"\\ufffd\\ufffd\""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct json *value cleanup_json = json_new_text(texts[i].text);
		struct strbuf text cleanup_strbuf = STRBUF_INIT;

		assert_printed(value, texts[i].printed);
		json_print_text(texts[i].text, strlen(texts[i].text), &text);
		ck_assert_str_eq(strbuf_text(&text), texts[i].printed);
	}
}
END_TEST

START_TEST(prints_what_it_reads)
{
	static const char *const documents[] = {
		"{}",
		"[]",
		"null",
		"\"\"",
		"[[],{},[[{}]]]",
		"{\"a\":{\"b\":{\"c\":[1,2,3]}},\"d\":[true,false,null]}",
		"{\"\":\"\",\"k\\n\":\"\\u0001\",\"\xc3\xa9\":\"\xc3\xa9\"}",
		"[\"\\udb40\\udc01\",\"\xf0\x9f\x98\x80\",\"\\u202e\"]",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(documents); i++) {
		struct json *document cleanup_json = parsed(documents[i]);

		assert_printed(document, documents[i]);
	}
}
END_TEST

/* A text with every code point comes back as the same bytes. */
START_TEST(round_trips_every_code_point)
{
	struct strbuf printed cleanup_strbuf = STRBUF_INIT;

	for (uint32_t code_point = 1; code_point <= 0x10ffff;
		code_point += code_point < 0x3000 ? 1 : 37) {
		char text[5] = "";
		struct json *document cleanup_json = NULL;
		struct error err;

		if (code_point >= 0xd800 && code_point <= 0xdfff)
			continue;
		if (code_point < 0x80) {
			text[0] = (char)code_point;
		} else if (code_point < 0x800) {
			text[0] = (char)(0xc0 | code_point >> 6);
			text[1] = (char)(0x80 | (code_point & 0x3f));
		} else if (code_point < 0x10000) {
			text[0] = (char)(0xe0 | code_point >> 12);
			text[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
			text[2] = (char)(0x80 | (code_point & 0x3f));
		} else {
			text[0] = (char)(0xf0 | code_point >> 18);
			text[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
			text[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
			text[3] = (char)(0x80 | (code_point & 0x3f));
		}
		strbuf_reset(&printed);
		json_print_text(text, strlen(text), &printed);
		unit_assert_ok(json_parse(printed.text, printed.length, &rules, &document, &err),
			err);
		ck_assert_str_eq(json_text(document), text);
	}
}
END_TEST

START_TEST(prints_for_eyes)
{
	struct json *document cleanup_json =
		parsed("{\"a\":1,\"b\":[],\"c\":{},\"d\":[1,{\"e\":\"x\"}]}");
	struct strbuf text cleanup_strbuf = STRBUF_INIT;

	json_print_pretty(document, &text);
	ck_assert_str_eq(strbuf_text(&text), "{\n"
					     "  \"a\": 1,\n"
					     "  \"b\": [],\n"
					     "  \"c\": {},\n"
					     "  \"d\": [\n"
					     "    1,\n"
					     "    {\n"
					     "      \"e\": \"x\"\n"
					     "    }\n"
					     "  ]\n"
					     "}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *parse = unit_case(suite, "parse");
	TCase *look = unit_case(suite, "look");
	TCase *print = unit_case(suite, "print");

	tcase_add_test(parse, names_line_and_column);
	tcase_add_test(parse, parses_bytes_without_terminator);
	tcase_add_test(parse, leaves_the_text_alone);
	tcase_add_test(look, looks_up_by_exact_key);
	tcase_add_test(look, looks_into_no_array);
	tcase_add_test(look, tells_the_kinds_apart);
	tcase_add_test(look, walks_in_order);
	tcase_add_test(print, builds_a_tree);
	tcase_add_test(print, copies_deeply);
	tcase_add_test(print, prints_integers_exactly);
	tcase_add_test(print, prints_what_a_terminal_may_have);
	tcase_add_test(print, prints_what_it_reads);
	tcase_add_test(print, round_trips_every_code_point);
	tcase_add_test(print, prints_for_eyes);
	return unit_run(suite);
}
