/*
 * Case A55: a second parser judges the gate. Documents and requests are changed at random from a fixed seed; what our reader said of each is written to a
 * file, and tests/support/json_judge, which knows Python's parser only, says whether it agrees.
 */
#include "format/json.h"
#include "format/request_file.h"

#include "unit.h"

#include "system/process.h"

#include <inttypes.h>
#include <limits.h>

#define SEED UINT64_C(20260519)
#define DOCUMENTS 40000
#define REQUESTS 1000000
#define MUTATIONS_MAX 4
#define PYTHON "/usr/bin/python3"
#define JUDGE "tests/support/json_judge"
#define NONCE "00112233445566778899aabbccddeeff"

static const char *const documents[] = {
	("{\"format\":1,\"generation\":3,\"domain\":\"club.example\",\"aliases\":{\"ana\":{\"uid\":5001,\"keep_copy\":false,"
	"\"destinations\":[\"ana@elsewhere.example\",\"b@two.example\"],\"note\":\"ol\xc3\xa1 \\u00e1\"}}}\n"),
	"{ \"policy\" : { \"max\" : 5 , \"on\" : true , \"off\" : false , \"none\" : null } , \"list\" : [ ] }",
	"[0,-1,10,9007199254740992,-9007199254740992,[[],{},[[]]],\"\"]",
	"{\"a\\u0062\":\"\\ud83d\\ude00 \\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\xe2\x82\xac\xf0\x9f\x98\x80\":\"\xc2\x80\xdf\xbf\"}\n",
	"[[[[[[[[[[[[[[[{\"k\":1}]]]]]]]]]]]]]]]",
	"\"text\"",
	" \t\r\n-12",
	"true",
};

static const char *const requests[] = {
	"{\"format\":1,\"kind\":\"alias\",\"op\":\"set\",\"nonce\":\"" NONCE "\",\"uid\":20001,\"username\":\"ana\",\"destinations\":"
	"[\"Ana.b+c@Elsewhere.Example\",\"b@two.example\"],\"keep_copy\":false,\"note\":\"ol\xc3\xa1\",\"lang\":\"pt_BR\","
	"\"created_at\":\"2026-05-19T23:55:18Z\",\"tool\":\"postigo-drop/1.0\"}\n",
	"{\"format\":1,\"kind\":\"alias-state\",\"op\":\"pause\",\"nonce\":\"" NONCE "\",\"uid\":20001,\"username\":\"ana\","
	"\"lang\":\"en\",\"created_at\":\"2026-05-19T23:55:18Z\",\"tool\":\"postigo-drop/1.0\",\"x-more\":[1]}\n",
};

/* What a parser may stumble over. */
static const char *const tokens[] = {"\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\t", "\r", "0", "-", "-0", "1e3", "1.0",
	"01", "9007199254740993", "123456789012345678901", "NaN", "-Infinity", "nul", "null", "true", "[]", "{\"\":0}", "\\u0000", "\\ud800", "\\udc00",
	"\\ud83d\\ude00", "\\u00e1", "\\x41", "\\/", "\xef\xbb\xbf", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x1f", "\x7f",
	"//", "/**/", "\"a\":1,", "\"a\":1,\"a\":2", "\"a\":1,\"\\u0061\":2", "[[[[[[[[[[[[[[[[[", "x-", "'", "+", ".", "\x0b", "\xc2\xa0"};

struct stream {
	uint64_t state;
	FILE *file;
	size_t accepted;
};

static size_t pick(struct stream *stream, size_t count)
{
	stream->state ^= stream->state << 13;
	stream->state ^= stream->state >> 7;
	stream->state ^= stream->state << 17;
	return count == 0 ? 0 : (size_t)(stream->state >> 11) % count;
}

/* Puts `length` bytes in the place of `gone` ones. */
static void replace_bytes(struct strbuf *text, size_t at, size_t gone, const char *bytes, size_t length)
{
	struct strbuf spliced cleanup_strbuf = STRBUF_INIT;

	strbuf_append(&spliced, strbuf_text(text), at);
	strbuf_append(&spliced, bytes, length);
	strbuf_append(&spliced, strbuf_text(text) + at + gone, text->length - at - gone);
	strbuf_reset(text);
	strbuf_append(text, strbuf_text(&spliced), spliced.length);
}

static void mutate(struct stream *stream, struct strbuf *text)
{
	size_t at = pick(stream, text->length + 1);
	size_t rest = text->length - at;
	size_t few = pick(stream, rest < 12 ? rest + 1 : 12);
	const char *token = tokens[pick(stream, ARRAY_LENGTH(tokens))];
	char piece[12];

	switch (pick(stream, 6)) {
	case 0: /* another byte, any or printable */
		piece[0] = (char)(pick(stream, 2) == 0 ? pick(stream, 256) : 0x20 + pick(stream, 0x5f));
		replace_bytes(text, at, rest > 0, piece, 1);
		break;
	case 1:
		replace_bytes(text, at, 0, token, strlen(token));
		break;
	case 2:
		replace_bytes(text, at, few, token, strlen(token));
		break;
	case 3:
		replace_bytes(text, at, few, "", 0);
		break;
	case 4:
		memcpy(piece, strbuf_text(text) + at, few);
		replace_bytes(text, pick(stream, text->length + 1), 0, piece, few);
		break;
	default:
		if (rest > 0)
			text->text[at] = (char)(text->text[at] ^ (char)(1 << pick(stream, 8)));
		break;
	}
}

/* ---- documents that are right, of any shape */

static void append_text(struct stream *stream, struct strbuf *text)
{
	static const char *const pieces[] = {"a", "B", " ", "/", "\\/", "\\\"", "\\\\", "\\n", "\\u0061", "\\u00E9", "\\ud83d\\ude00", "\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x7f", "0"};

	strbuf_append_char(text, '"');
	for (size_t left = pick(stream, 4); left > 0; left--)
		strbuf_append_text(text, pieces[pick(stream, ARRAY_LENGTH(pieces))]);
	strbuf_append_char(text, '"');
}

static void append_blank(struct stream *stream, struct strbuf *text)
{
	static const char *const blanks[] = {"", "", "", " ", "\n", "\t", "\r\n"};

	strbuf_append_text(text, blanks[pick(stream, ARRAY_LENGTH(blanks))]);
}

static void append_value(struct stream *stream, struct strbuf *text, unsigned depth);

static void append_container(struct stream *stream, struct strbuf *text, unsigned depth)
{
	bool object = pick(stream, 2) == 0;

	strbuf_append_char(text, object ? '{' : '[');
	append_blank(stream, text);
	for (size_t left = pick(stream, 4); left > 0; left--) {
		if (object)
			append_text(stream, text);
		if (object)
			strbuf_append_char(text, ':');
		append_value(stream, text, depth + 1);
		if (left > 1)
			strbuf_append_char(text, ',');
		append_blank(stream, text);
	}
	strbuf_append_char(text, object ? '}' : ']');
}

static void append_value(struct stream *stream, struct strbuf *text, unsigned depth)
{
	static const char *const words[] = {"true", "false", "null", "0", "-7", "12", "3000000000", "9007199254740992", "-9007199254740992",
		"9007199254740993", "-0", "1.5", "1e3"};

	append_blank(stream, text);
	if (depth < 7 && pick(stream, 8) < 5)
		append_container(stream, text, depth);
	else if (pick(stream, 2) == 0)
		append_text(stream, text);
	else
		strbuf_append_text(text, words[pick(stream, ARRAY_LENGTH(words))]);
	append_blank(stream, text);
}

/* Up to a little deeper than the gate lets through. */
static void append_document(struct stream *stream, struct strbuf *text)
{
	size_t around = pick(stream, 8) == 0 ? pick(stream, 20) : 0;

	for (size_t i = 0; i < around; i++)
		strbuf_append_char(text, '[');
	append_value(stream, text, 0);
	for (size_t i = 0; i < around; i++)
		strbuf_append_char(text, ']');
}

/* ---- what our side says */

static void write_part(FILE *file, const char *bytes, size_t length)
{
	const unsigned char size[] = {(unsigned char)length, (unsigned char)(length >> 8), (unsigned char)(length >> 16),
		(unsigned char)(length >> 24)};

	ck_assert_uint_eq(fwrite(size, 1, sizeof(size), file), sizeof(size));
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
}

static void write_record(struct stream *stream, const char *head, const struct strbuf *text, const char *made, size_t length)
{
	ck_assert_int_ne(fputs(head, stream->file), EOF);
	write_part(stream->file, strbuf_text(text), text->length);
	write_part(stream->file, made, length);
}

static void put_document(struct stream *stream, const struct strbuf *text)
{
	static const struct json_rules rules = {.bytes = (size_t)1 << 20, .depth = 16};
	struct strbuf printed cleanup_strbuf = STRBUF_INIT;
	struct json *json cleanup_json = NULL;
	struct json_fault fault;
	struct error err;
	bool passed = json_gate(strbuf_text(text), text->length, &rules, &fault);

	ck_assert(json_parse(strbuf_text(text), text->length, &rules, &json, &err) == passed);
	if (passed)
		json_print(json, &printed);
	stream->accepted += passed;
	write_record(stream, passed ? "d1" : "d0", text, strbuf_text(&printed), printed.length);
}

/* Only what is accepted can mean something else. */
static void put_request(struct stream *stream, const struct strbuf *text)
{
	char detail[REQUEST_DETAIL_SIZE];
	char json[REQUEST_FILE_MAX + 1];
	struct request_record record;
	size_t length;

	if (request_file_parse(strbuf_text(text), text->length, &record, detail) != REQUEST_FAULT_NONE)
		return;
	length = request_record_print_json(&record, json, sizeof(json));
	/* The writer takes less: a name of another grammar is refused later, by whose file it is. */
	if (length == 0)
		return;
	stream->accepted++;
	write_record(stream, "r1", text, json, length);
}

static void open_stream(struct stream *stream, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", unit_scratch(), name);
	*stream = (struct stream){.state = SEED, .file = fopen(path, "we")};
	ck_assert_ptr_nonnull(stream->file);
}

static struct process_result judge(struct stream *stream, const char *name, struct arena *arena)
{
	const char *path = arena_printf(arena, "%s/%s", unit_scratch(), name);
	char program[PATH_MAX];
	const char *argv[] = {PYTHON, "-I", program, path, NULL};
	const struct process_request request = {.argv = argv, .timeout_ms = 120000, .output_limit = 65536};
	struct process_result result = {0};
	struct error err;

	ck_assert_int_eq(fclose(stream->file), 0);
	ck_assert_ptr_nonnull(realpath(JUDGE, program));
	unit_assert_ok(process_run(&request, arena, &result, &err), err);
	return result;
}

static void assert_agreed(struct stream *stream, const char *name)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct process_result result = judge(stream, name, &arena);

	ck_assert_msg(process_succeeded(&result), "%s%s", result.output, result.errors);
	printf("# figures: seed %" PRIu64 ": %s", SEED, result.output);
	fflush(stdout);
}

START_TEST(documents_are_judged_alike)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct stream stream;

	open_stream(&stream, "documents");
	for (size_t i = 0; i < DOCUMENTS; i++) {
		strbuf_reset(&text);
		if (i % 2 == 0)
			append_document(&stream, &text);
		else
			strbuf_append_text(&text, documents[pick(&stream, ARRAY_LENGTH(documents))]);
		for (size_t left = pick(&stream, MUTATIONS_MAX); left > 0; left--)
			mutate(&stream, &text);
		put_document(&stream, &text);
	}
	ck_assert_uint_gt(stream.accepted, DOCUMENTS / 10);
	ck_assert_uint_lt(stream.accepted, DOCUMENTS * 9 / 10);
	assert_agreed(&stream, "documents");
}
END_TEST

START_TEST(requests_mean_what_they_say)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct stream stream;

	open_stream(&stream, "requests");
	for (size_t i = 0; i < REQUESTS; i++) {
		strbuf_reset(&text);
		strbuf_append_text(&text, requests[pick(&stream, ARRAY_LENGTH(requests))]);
		for (size_t left = 1 + pick(&stream, MUTATIONS_MAX); left > 0; left--)
			mutate(&stream, &text);
		put_request(&stream, &text);
	}
	ck_assert_uint_gt(stream.accepted, REQUESTS / 1000);
	assert_agreed(&stream, "requests");
}
END_TEST

/* A judge that never objects would prove nothing. */
START_TEST(the_judge_objects)
{
	static const struct {
		const char *head;
		const char *text;
		const char *made;
		const char *complaint;
	} wrong[] = {
		{"d1", "{\"a\":1,\"a\":2}", "{\"a\":1}", "accepted:"},
		{"d1", "[1.0]", "[1]", "accepted:"},
		{"d0", "{}", "", "refused:"},
		{"d1", "[1]", "[true]", "read as something else:"},
		{"d1", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "read as something else:"},
		{"r1", "{\"tool\":\"t\",\"uid\":1}", "{\"tool\":\"t\",\"uid\":2}", "read with another uid:"},
		{"r1", "{\"tool\":\"t\"}", "{\"tool\":\"t\",\"note\":\"n\"}", "read with a note of its own:"},
	};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct process_result result;
	struct stream stream;

	open_stream(&stream, "wrong");
	strbuf_append_text(&text, wrong[_i].text);
	write_record(&stream, wrong[_i].head, &text, wrong[_i].made, strlen(wrong[_i].made));
	result = judge(&stream, "wrong", &arena);
	ck_assert_int_eq(result.status, 1);
	ck_assert_msg(strncmp(result.output, wrong[_i].complaint, strlen(wrong[_i].complaint)) == 0, "%s%s", result.output,
		result.errors);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_differential");
	TCase *alike = unit_case(suite, "alike");

	tcase_set_timeout(alike, 240);
	tcase_add_loop_test(alike, the_judge_objects, 0, 7);
	tcase_add_test(alike, documents_are_judged_alike);
	tcase_add_test(alike, requests_mean_what_they_say);
	return unit_run(suite);
}
