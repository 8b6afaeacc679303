#include "format/json_gate.h"

#include "unit.h"

#include "base/strbuf.h"
#include "format/json.h"

/* Case A55: what lax parsers take is refused. */
#define ANY_SIZE ((size_t)64 << 20)

static const struct json_rules strict = {.bytes = ANY_SIZE, .depth = 16};
static const struct json_rules commented = {.bytes = ANY_SIZE, .depth = 16, .comments = true};

/* A text with its length: some cases hold a NUL. */
#define CASE(text) text, sizeof(text) - 1

static const struct {
	const char *text;
	size_t length;
} accepted[] = {
	{CASE("{}")},
	{CASE("[]")},
	{CASE("null")},
	{CASE("true")},
	{CASE("false")},
	{CASE("\"\"")},
	{CASE("0")},
	{CASE("1")},
	{CASE("-1")},
	{CASE("10")},
	{CASE("9007199254740992")},
	{CASE("-9007199254740992")},
	{CASE("9007199254740991")},
	{CASE("3000000000")},
	{CASE("{}\n")},
	{CASE(" {}")},
	{CASE("\t\r\n [ ]")},
	{CASE("[1,2,3]")},
	{CASE("[ 1 , 2 , 3 ]")},
	{CASE("[[],{},[[]]]")},
	{CASE("{\"a\":1}")},
	{CASE("{ \"a\" : 1 , \"b\" : [ ] }")},
	{CASE("{\"\":0}")},
	{CASE("{\"a\":1,\"A\":2}")},
	{CASE("{\"a\":{\"a\":1},\"b\":{\"a\":1}}")},
	{CASE("[{\"a\":1},{\"a\":1}]")},
	{CASE("{\"a\":\"a\"}")},
	{CASE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")},
	{CASE("\"\\u0041\\u00e1\\u20ac\"")},
	{CASE("\"\\ud83d\\ude00\"")},
	{CASE("\"\\uD83D\\uDE00\"")},
	{CASE("\"\\uffff\\ufffe\"")},
	{CASE("\"\\u0001\\u001f\"")},
	{CASE("\"\x7f\"")},
	{CASE("\"\xc2\x80\"")},
	{CASE("\"\xc3\xa1 \xe2\x82\xac \xf0\x9f\x98\x80\"")},
	{CASE("\"\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"")},
	{CASE("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"")},
	{CASE("\"\xef\xbf\xbf\"")},
	{CASE("\"a\xef\xbb\xbf\"")},
	{CASE("\"// no comment /* at all */\"")},
	{CASE("[\"a\",1,true,false,null,{},[]]")},
	{CASE("{\"a\":\"\\u0061\",\"b\":\"\\u0061\"}")},
	{CASE("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]")},
};

static const struct {
	const char *text;
	size_t length;
	const char *reason;
	size_t line;
	size_t column;
} refused[] = {
	/* nothing, or not all of it */
	{CASE(""), "unexpected end", 1, 1},
	{CASE(" "), "unexpected end", 1, 2},
	{CASE("\n"), "unexpected end", 2, 1},
	{CASE("{"), "unexpected end", 1, 2},
	{CASE("["), "unexpected end", 1, 2},
	{CASE("[1"), "unexpected end", 1, 3},
	{CASE("[1,"), "unexpected end", 1, 4},
	{CASE("{\"a\""), "unexpected end", 1, 5},
	{CASE("{\"a\":"), "unexpected end", 1, 6},
	{CASE("\"abc"), "string without end", 1, 1},
	{CASE("\"abc\\\""), "string without end", 1, 1},
	{CASE("\"\\"), NULL, 0, 0},
	{CASE("\"\\u12"), NULL, 0, 0},
	{CASE("-"), "unexpected end", 1, 2},
	{CASE("tru"), NULL, 0, 0},
	/* bytes in the wrong place */
	{CASE("}"), "value expected", 1, 1},
	{CASE("]"), "value expected", 1, 1},
	{CASE("[1 2]"), "\",\" or \"]\" expected", 1, 4},
	{CASE("[1,]"), "value expected", 1, 4},
	{CASE("[,1]"), "value expected", 1, 2},
	{CASE("[1}"), "\",\" or \"]\" expected", 1, 3},
	{CASE("{\"a\":1]"), "\",\" or \"}\" expected", 1, 7},
	{CASE("{\"a\":1,}"), "key expected", 1, 8},
	{CASE("{,}"), "key expected", 1, 2},
	{CASE("{a:1}"), "key expected", 1, 2},
	{CASE("{'a':1}"), "key expected", 1, 2},
	{CASE("{1:1}"), "key expected", 1, 2},
	{CASE("{\"a\" 1}"), "\":\" expected", 1, 6},
	{CASE("{\"a\"=1}"), "\":\" expected", 1, 5},
	{CASE("{\"a\":}"), "value expected", 1, 6},
	{CASE("{\"a\":1 \"b\":2}"), "\",\" or \"}\" expected", 1, 8},
	{CASE("True"), "value expected", 1, 1},
	{CASE("nul"), NULL, 0, 0},
	{CASE("nulL"), "value expected", 1, 1},
	{CASE("truetrue"), "something behind the value", 1, 5},
	{CASE("NaN"), "value expected", 1, 1},
	{CASE("Infinity"), "value expected", 1, 1},
	{CASE("-Infinity"), "digit expected", 1, 2},
	{CASE("'a'"), "value expected", 1, 1},
	/* blanks that are none in JSON: cJSON skips every byte up to 0x20 */
	{CASE("\x01[]"), "value expected", 1, 1},
	{CASE("[\x0b]"), "value expected", 1, 2},
	{CASE("[\x0c]"), "value expected", 1, 2},
	{CASE("[\xc2\xa0]"), "value expected", 1, 2},
	{CASE("[\0]"), "value expected", 1, 2},
	{CASE("\xef\xbb\xbf{}"), "byte order mark", 1, 1},
	/* behind the value */
	{CASE("{}x"), "something behind the value", 1, 3},
	{CASE("{\"n\":1}xyz"), "something behind the value", 1, 8},
	{CASE("{}{}"), "something behind the value", 1, 3},
	{CASE("{} "), "something behind the value", 1, 3},
	{CASE("{}\n\n"), "something behind the value", 2, 1},
	{CASE("{}\n "), "something behind the value", 2, 1},
	{CASE("{}\r\n"), "something behind the value", 1, 3},
	{CASE("{}\0"), "something behind the value", 1, 3},
	/* numbers */
	{CASE("00"), "leading zero", 1, 1},
	{CASE("01"), "leading zero", 1, 1},
	{CASE("-01"), "leading zero", 1, 1},
	{CASE("-0"), "negative zero", 1, 1},
	{CASE("+1"), "value expected", 1, 1},
	{CASE(".5"), "value expected", 1, 1},
	{CASE("1."), "number is no integer", 1, 1},
	{CASE("1.0"), "number is no integer", 1, 1},
	{CASE("1.5"), "number is no integer", 1, 1},
	{CASE("1e3"), "number is no integer", 1, 1},
	{CASE("1E3"), "number is no integer", 1, 1},
	{CASE("1e400"), "number is no integer", 1, 1},
	{CASE("0e0"), "number is no integer", 1, 1},
	{CASE("0x10"), "something behind the value", 1, 2},
	{CASE("--1"), "digit expected", 1, 2},
	{CASE("- 1"), "digit expected", 1, 2},
	{CASE("9007199254740993"), "number out of range", 1, 1},
	{CASE("-9007199254740993"), "number out of range", 1, 1},
	{CASE("10000000000000000"), "number out of range", 1, 1},
	{CASE("12345678901234567890"), "number out of range", 1, 1},
	{CASE("999999999999999999999999999999"), "number out of range", 1, 1},
	/* strings */
	{CASE("\"a\nb\""), "control character in a string", 1, 3},
	{CASE("\"a\tb\""), "control character in a string", 1, 3},
	{CASE("\"\x1b[31m\""), "control character in a string", 1, 2},
	{CASE("\"\x1f\""), "control character in a string", 1, 2},
	{CASE("\"a\0b\""), "control character in a string", 1, 3},
	{CASE("\"x\\u0000y\""), "\\u0000 in a string", 1, 3},
	{CASE("{\"\\u0000\":1}"), "\\u0000 in a string", 1, 3},
	{CASE("\"\\a\""), "bad escape", 1, 2},
	{CASE("\"\\'\""), "bad escape", 1, 2},
	{CASE("\"\\x41\""), "bad escape", 1, 2},
	{CASE("\"\\U0041\""), "bad escape", 1, 2},
	{CASE("\"\\u004\""), "bad \\u escape", 1, 2},
	{CASE("\"\\u00g0\""), "bad \\u escape", 1, 2},
	{CASE("\"\\u+041\""), "bad \\u escape", 1, 2},
	{CASE("\"\\u 041\""), "bad \\u escape", 1, 2},
	{CASE("\"\\ud800\""), "lone surrogate", 1, 2},
	{CASE("\"\\udc00\""), "lone surrogate", 1, 2},
	{CASE("\"\\ud800\\ud800\""), "lone surrogate", 1, 2},
	{CASE("\"\\ud800\\u0041\""), "lone surrogate", 1, 2},
	{CASE("\"\\ud800x\\udc00\""), "lone surrogate", 1, 2},
	{CASE("\"\\ude00\\ud83d\""), "lone surrogate", 1, 2},
	/* UTF-8 */
	{CASE("\"\xff\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xfe\""), "invalid UTF-8", 1, 2},
	{CASE("\"\x80\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xc0\xaf\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xc1\xbf\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xe0\x80\xaf\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xe0\x9f\xbf\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xf0\x80\x80\xaf\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xf0\x8f\xbf\xbf\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xed\xa0\x80\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xed\xbf\xbf\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xf4\x90\x80\x80\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xf5\x80\x80\x80\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xf8\x88\x80\x80\x80\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xc3\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xe2\x82\""), "invalid UTF-8", 1, 2},
	{CASE("\"\xc3("), "invalid UTF-8", 1, 2},
	/* duplicate keys */
	{CASE("{\"a\":1,\"a\":2}"), "duplicate key", 1, 8},
	{CASE("{\"a\":1,\"b\":2,\"a\":2}"), "duplicate key", 1, 14},
	{CASE("{\"\":1,\"\":2}"), "duplicate key", 1, 7},
	{CASE("{\"a\":1,\"\\u0061\":2}"), "duplicate key", 1, 8},
	{CASE("{\"\\u0061\":1,\"a\":2}"), "duplicate key", 1, 13},
	{CASE("{\"\\u00e1\":1,\"\xc3\xa1\":2}"), "duplicate key", 1, 13},
	{CASE("{\"\\u20ac\":1,\"\xe2\x82\xac\":2}"), "duplicate key", 1, 13},
	{CASE("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"), "duplicate key", 1, 19},
	{CASE("{\"/\":1,\"\\/\":2}"), "duplicate key", 1, 8},
	{CASE("{\"\\n\":1,\"\\u000a\":2}"), "duplicate key", 1, 9},
	{CASE("{\"\\\\\":1,\"\\u005C\":2}"), "duplicate key", 1, 9},
	{CASE("{\"\\\"\":1,\"\\u0022\":2}"), "duplicate key", 1, 9},
	{CASE("{\"\\b\\f\\r\\t\":1,\"\\u0008\\u000C\\u000d\\u0009\":2}"), "duplicate key", 1, 15},
	{CASE("{\"x\":{\"a\":1,\n\"a\":2}}"), "duplicate key", 2, 1},
	{CASE("[{\"x\":[{\"a\":1,\"a\":2}]}]"), "duplicate key", 1, 15},
	/* depth */
	{CASE("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), "nested too deep", 1, 17},
	/* comments are for configuration only */
	{CASE("// x\n{}"), "value expected", 1, 1},
	{CASE("{}// x"), "something behind the value", 1, 3},
	{CASE("[1/* x */]"), "\",\" or \"]\" expected", 1, 3},
};

START_TEST(accepts_what_is_json)
{
	struct json_fault fault = {"", 0, 0};
	struct json *document cleanup_json = NULL;
	struct error err;

	ck_assert_msg(json_gate(accepted[_i].text, accepted[_i].length, &strict, &fault),
		"%s: %s at %zu:%zu", accepted[_i].text, fault.reason, fault.line, fault.column);
	unit_assert_ok(json_parse(accepted[_i].text, accepted[_i].length, &strict, &document, &err),
		err);
}
END_TEST

START_TEST(refuses_what_is_not)
{
	struct json_fault fault;
	const char *text = refused[_i].text;
	char *copy = malloc(refused[_i].length + 1);

	/* A copy of exactly this size: the address sanitizer sees a byte read too many. */
	ck_assert_ptr_nonnull(copy);
	copy = realloc(copy, refused[_i].length > 0 ? refused[_i].length : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, refused[_i].length);
	ck_assert_msg(!json_gate(copy, refused[_i].length, &strict, &fault), "accepted: %s", text);
	free(copy);
	if (!refused[_i].reason)
		return;
	ck_assert_msg(strcmp(fault.reason, refused[_i].reason) == 0, "%s: %s instead of %s", text,
		fault.reason, refused[_i].reason);
	ck_assert_msg(fault.line == refused[_i].line && fault.column == refused[_i].column,
		"%s: at %zu:%zu instead of %zu:%zu", text, fault.line, fault.column,
		refused[_i].line, refused[_i].column);
}
END_TEST

START_TEST(refuses_every_truncation)
{
	static const char document[] =
		"{\"format\":1,\"a\\u00e9\\ud83d\\ude00\":[\"x\",-12,true,false,null,{\"k\":\"\xc3\xa1"
		"\xe2\x82\xac\xf0\x9f\x98\x80\"}],\"b\":{},\"c\":[]}";
	struct json_fault fault;

	ck_assert(json_gate(document, sizeof(document) - 1, &strict, &fault));
	for (size_t length = 0; length < sizeof(document) - 1; length++) {
		char *cut = malloc(length + 1);

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, document, length);
		ck_assert_msg(!json_gate(cut, length, &strict, &fault), "accepted %zu bytes", length);
		free(cut);
	}
}
END_TEST

/* Each byte value at each place of a document: never a crash, and cJSON reads what passes. */
START_TEST(survives_every_byte)
{
	static const char document[] = "{\"a\":[1,\"\\u0041\xc3\xa1\"],\"b\":true}";
	char text[sizeof(document)];

	for (size_t place = 0; place < sizeof(document) - 1; place++) {
		for (int byte = 0; byte < 256; byte++) {
			struct json *parsed cleanup_json = NULL;
			struct json_fault fault;
			struct error err;

			memcpy(text, document, sizeof(document));
			text[place] = (char)byte;
			if (json_gate(text, sizeof(document) - 1, &strict, &fault))
				unit_assert_ok(json_parse(text, sizeof(document) - 1, &strict, &parsed, &err),
					err);
			else
				ck_assert(fault.line == 1 || byte == '\n');
		}
	}
}
END_TEST

START_TEST(keeps_the_callers_limits)
{
	const struct json_rules three = {.bytes = ANY_SIZE, .depth = 3};
	const struct json_rules scalars = {.bytes = ANY_SIZE, .depth = 0};
	const struct json_rules many = {.bytes = ANY_SIZE, .depth = 1000};
	const struct json_rules small = {.bytes = 4, .depth = 16};
	struct json_fault fault;

	ck_assert(json_gate(CASE("{\"a\":[{}]}"), &three, &fault));
	ck_assert(!json_gate(CASE("{\"a\":[{\"b\":[]}]}"), &three, &fault));
	ck_assert_str_eq(fault.reason, "nested too deep");
	ck_assert(json_gate(CASE("12"), &scalars, &fault));
	ck_assert(!json_gate(CASE("[]"), &scalars, &fault));
	ck_assert(!json_gate(CASE("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), &many, &fault));
	ck_assert(json_gate(CASE("[11]"), &small, &fault));
	ck_assert(!json_gate(CASE("[111]"), &small, &fault));
	ck_assert_str_eq(fault.reason, "too large");
	/* depth counts what is open, not what there was */
	ck_assert(json_gate(CASE("[[[]],[[]],[[]],{\"a\":[]}]"), &three, &fault));
}
END_TEST

/* ---- many keys */

static void append_keys(struct strbuf *text, size_t count)
{
	strbuf_append_char(text, '{');
	for (size_t i = 0; i < count; i++)
		strbuf_printf(text, "\"key%zu\":%zu,", i, i);
}

START_TEST(finds_a_duplicate_among_many)
{
	static const size_t counts[] = {7, 8, 9, 63, 64, 65, 1000, 200000};
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct json_fault fault;

	append_keys(&text, counts[_i]);
	strbuf_append_text(&text, "\"last\":1}");
	ck_assert(json_gate(text.text, text.length, &strict, &fault));
	strbuf_reset(&text);
	append_keys(&text, counts[_i]);
	strbuf_append_text(&text, "\"\\u006bey3\":1}");
	ck_assert(!json_gate(text.text, text.length, &strict, &fault));
	ck_assert_str_eq(fault.reason, "duplicate key");
	ck_assert_uint_eq(fault.column, text.length - strlen("\"\\u006bey3\":1}") + 1);
}
END_TEST

START_TEST(keeps_the_keys_of_open_objects_apart)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct json_fault fault;

	/* The inner objects push the outer one's keys out of the first array. */
	append_keys(&text, 60);
	strbuf_append_text(&text, "\"inner\":");
	append_keys(&text, 60);
	strbuf_append_text(&text, "\"x\":");
	append_keys(&text, 60);
	strbuf_append_text(&text, "\"y\":1}}");
	strbuf_append_text(&text, ",\"z\":1}");
	ck_assert(json_gate(text.text, text.length, &strict, &fault));
	text.length -= strlen(",\"z\":1}");
	strbuf_append_text(&text, ",\"key0\":1}");
	ck_assert(!json_gate(text.text, text.length, &strict, &fault));
	ck_assert_str_eq(fault.reason, "duplicate key");
}
END_TEST

/* ---- comments */

START_TEST(allows_comments_where_asked)
{
	static const char *const good[] = {
		"// first\n{}",
		"{} // last",
		"{} // last\n\n  \n",
		"/* a */ { /* b */ \"a\" /* c */ : /* d */ 1 /* e */ , /* f */ \"b\" : 2 } /* g */",
		"[/**/]",
		"[/***/]",
		"[/* // */]",
		"[// /*\n]",
		"[\"// text\", \"/* text */\"]",
		"/* ol\xc3\xa1\n\ttab */[]",
	};
	static const char *const bad[] = {
		"/", "/* ", "/*/", "/* *", "[] / x", "[1 / 2]", "//", "/* x */", "[/* \xff */]",
		"[] // \x1b[31m", "[1, // no more\n]", "[] # x",
	};
	struct json_fault fault;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		struct json *document cleanup_json = NULL;
		struct error err;

		ck_assert_msg(json_gate(good[i], strlen(good[i]), &commented, &fault), "%s", good[i]);
		ck_assert(json_parse(good[i], strlen(good[i]), &commented, &document, &err));
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		ck_assert_msg(!json_gate(bad[i], strlen(bad[i]), &commented, &fault), "%s", bad[i]);
}
END_TEST

START_TEST(blanks_comments_in_place)
{
	static const struct {
		const char *before;
		const char *after;
	} texts[] = {
		{"[] // x\n", "[]     \n"},
		{"/* a\nb */[]", "    \n    []"},
		{"[\"// x\"]", "[\"// x\"]"},
		{"[\"\\\"// x\"]", "[\"\\\"// x\"]"},
		{"[\"\\\\\"]// x", "[\"\\\\\"]    "},
		{"/* open", "       "},
		{"\"open // x", "\"open // x"},
		{"a / b", "a / b"},
		{"/*\xc3\xa1*/", "      "},
		{"/*/ */1", "      1"},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", texts[i].before);
		json_blank_comments(text, strlen(text));
		ck_assert_str_eq(text, texts[i].after);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_gate");
	TCase *grammar = unit_case(suite, "grammar");
	TCase *keys = unit_case(suite, "keys");
	TCase *comments = unit_case(suite, "comments");

	tcase_add_loop_test(grammar, accepts_what_is_json, 0, ARRAY_LENGTH(accepted));
	tcase_add_loop_test(grammar, refuses_what_is_not, 0, ARRAY_LENGTH(refused));
	tcase_add_test(grammar, refuses_every_truncation);
	tcase_add_test(grammar, survives_every_byte);
	tcase_add_test(grammar, keeps_the_callers_limits);
	tcase_add_loop_test(keys, finds_a_duplicate_among_many, 0, 8);
	tcase_add_test(keys, keeps_the_keys_of_open_objects_apart);
	tcase_add_test(comments, allows_comments_where_asked);
	tcase_add_test(comments, blanks_comments_in_place);
	return unit_run(suite);
}
