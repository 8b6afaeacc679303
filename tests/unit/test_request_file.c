#include "format/request_file.h"

#include "unit.h"

#include "base/arena.h"
#include "base/strbuf.h"

#define NONCE "00112233445566778899aabbccddeeff"
#define HEAD "\"format\":1,\"kind\":\"alias\",\"op\":\"set\",\"nonce\":\"" NONCE "\""
#define WHO "\"uid\":20001,\"username\":\"ana\""
#define WISH "\"destinations\":[\"ana@elsewhere.example\"],\"keep_copy\":false,\"note\":\"\""
#define TAIL                                                                                       \
	"\"lang\":\"pt_BR\",\"created_at\":\"2026-05-19T23:55:18Z\",\"tool\":\"postigo-drop/1.0\""
#define STATE_HEAD(op) "\"format\":1,\"kind\":\"alias-state\",\"op\":" op ",\"nonce\":\"" NONCE "\""

static const char good[] = "{" HEAD "," WHO "," WISH "," TAIL "}\n";

static enum request_fault parse(const char *text, struct request_record *record, char *detail)
{
	return request_file_parse(text, strlen(text), record, detail);
}

static void assert_fault(const char *text, enum request_fault fault, const char *detail)
{
	struct request_record record = {.uid = 7};
	char found[REQUEST_DETAIL_SIZE] = "old";
	enum request_fault result = parse(text, &record, found);

	ck_assert_msg(result == fault, "%s: fault %d (%s) instead of %d", text, (int)result, found,
		(int)fault);
	if (detail)
		ck_assert_str_eq(found, detail);
	if (fault != REQUEST_FAULT_NONE && fault != REQUEST_FAULT_DESTINATION)
		ck_assert_uint_eq(record.uid, 7);
}

START_TEST(reads_every_field)
{
	struct request_record record;
	char detail[REQUEST_DETAIL_SIZE];

	ck_assert_int_eq(parse("{\"tool\":\"t\",\"created_at\":\"2026-05-19T23:55:18Z\",\"lang\":"
			       "\"pt\","
			       "\"note\":\"ol\xc3\xa1\",\"keep_copy\":true,\"destinations\":"
			       "[\"Ana@Elsewhere.Example\",\"b@two.example\"]," WHO "," HEAD "}",
				 &record, detail),
		REQUEST_FAULT_NONE);
	ck_assert_str_eq(detail, "");
	ck_assert_int_eq(record.op, REQUEST_SET);
	ck_assert_str_eq(record.nonce, NONCE);
	ck_assert_uint_eq(record.uid, 20001);
	ck_assert_str_eq(record.username, "ana");
	ck_assert_uint_eq(record.destination_count, 2);
	ck_assert_str_eq(record.destinations[0], "Ana@elsewhere.example");
	ck_assert_str_eq(record.destinations[1], "b@two.example");
	ck_assert(record.keep_copy);
	ck_assert_str_eq(record.note, "ol\xc3\xa1");
	ck_assert_str_eq(record.language, "pt");
	ck_assert_int_eq(record.created, 1779234918);
}
END_TEST

START_TEST(reads_what_the_helper_writes)
{
	static const enum request_op ops[] = {REQUEST_SET, REQUEST_PAUSE, REQUEST_RESUME,
		REQUEST_REMOVE, REQUEST_CONFIRM};
	struct request_record written = {
		.op = ops[_i],
		.username = "ana",
		.language = "en",
		.nonce = NONCE,
		.uid = 20001,
		.created = 1779234918,
	};
	struct request_record read;
	char detail[REQUEST_DETAIL_SIZE];
	char text[REQUEST_FILE_MAX];
	size_t length;

	if (written.op == REQUEST_SET) {
		snprintf(written.destinations[0], EMAIL_ADDRESS_MAX, "ana@elsewhere.example");
		snprintf(written.note, sizeof(written.note), "\"quoted\" \\ \xe2\x82\xac");
		written.destination_count = 1;
		written.keep_copy = true;
	}
	if (written.op == REQUEST_CONFIRM)
		memcpy(written.token, NONCE, sizeof(written.token));
	length = request_record_print_json(&written, text, sizeof(text));
	ck_assert_uint_gt(length, 0);
	ck_assert_int_eq(request_file_parse(text, length, &read, detail), REQUEST_FAULT_NONE);
	ck_assert_int_eq(memcmp(&read, &written, sizeof(read)), 0);
}
END_TEST

static const struct {
	const char *text;
	enum request_fault fault;
	const char *detail;
} files[] = {
	{good, REQUEST_FAULT_NONE, ""},
	{"", REQUEST_FAULT_SYNTAX, "too small"},
	{"{", REQUEST_FAULT_SYNTAX, "too small"},
	{"[]", REQUEST_FAULT_SYNTAX, "not an object"},
	{"12", REQUEST_FAULT_SYNTAX, "not an object"},
	{"{\"format\":1,\"format\":1}", REQUEST_FAULT_SYNTAX, "line 1, column 13: duplicate key"},
	{"{\"format\":1}  ", REQUEST_FAULT_SYNTAX, NULL},
	{"{\"format\":1} // x", REQUEST_FAULT_SYNTAX, NULL},
	{"{\"format\":[[[1]]]}", REQUEST_FAULT_SYNTAX, NULL},
	{"{}", REQUEST_FAULT_FIELD, "format"},
	{"{\"format\":\"1\"}", REQUEST_FAULT_FIELD, "format"},
	{"{\"format\":0}", REQUEST_FAULT_FORMAT, "format 0"},
	{"{\"format\":-1}", REQUEST_FAULT_FORMAT, "format -1"},
	{"{\"format\":2,\"new\":1}", REQUEST_FAULT_NEWER, "format 2"},
	{"{\"format\":9007199254740992}", REQUEST_FAULT_NEWER, "format 9007199254740992"},
	{"{" HEAD "," WHO "," WISH "," TAIL ",\"alias\":\"root\"}", REQUEST_FAULT_UNKNOWN, "alias"},
	{"{" HEAD "," WHO "," WISH "," TAIL ",\"Note\":\"\"}", REQUEST_FAULT_UNKNOWN, "Note"},
	{"{" HEAD "," WHO "," WISH "," TAIL ",\"x\":\"\"}", REQUEST_FAULT_UNKNOWN, "x"},
	{"{" HEAD "," WHO "," WISH "," TAIL ",\"\":\"\"}", REQUEST_FAULT_UNKNOWN, ""},
	{"{" HEAD "," WHO "," WISH "," TAIL ",\"x-mine\":[1]}", REQUEST_FAULT_NONE, ""},
	/* missing */
	{"{" HEAD "," WHO "," WISH "}", REQUEST_FAULT_FIELD, "lang"},
	{"{" HEAD "," WHO "," TAIL "}", REQUEST_FAULT_FIELD, "destinations"},
	{"{" HEAD "," WISH "," TAIL "}", REQUEST_FAULT_FIELD, "uid"},
	{"{\"format\":1," WHO "," WISH "," TAIL "}", REQUEST_FAULT_FIELD, "kind"},
	/* kind and op */
	{"{\"format\":1,\"kind\":\"alias\",\"op\":\"pause\",\"nonce\":\"" NONCE "\"," WHO "," TAIL
	 "}",
		REQUEST_FAULT_FIELD, "op"},
	{"{" STATE_HEAD("\"set\"") "," WHO "," TAIL "}", REQUEST_FAULT_FIELD, "op"},
	{"{" STATE_HEAD("\"approve\"") "," WHO "," TAIL "}", REQUEST_FAULT_FIELD, "op"},
	{"{" STATE_HEAD("1") "," WHO "," TAIL "}", REQUEST_FAULT_FIELD, "op"},
	{"{" STATE_HEAD("\"pause\"") "," WHO "," TAIL "}", REQUEST_FAULT_NONE, ""},
	{"{" STATE_HEAD("\"confirm\"") "," WHO ",\"token\":\"" NONCE "\"," TAIL "}", REQUEST_FAULT_NONE, ""},
	{"{" STATE_HEAD("\"confirm\"") "," WHO "," TAIL "}", REQUEST_FAULT_FIELD, "token"},
	{"{" STATE_HEAD("\"confirm\"") "," WHO ",\"token\":\"\"," TAIL "}", REQUEST_FAULT_FIELD, "token"},
	{"{" STATE_HEAD("\"confirm\"") "," WHO ",\"token\":1," TAIL "}", REQUEST_FAULT_FIELD, "token"},
	{"{" STATE_HEAD("\"pause\"") "," WHO ",\"token\":\"" NONCE "\"," TAIL "}", REQUEST_FAULT_FIELD, "token"},
	{"{" STATE_HEAD("\"remove\"") "," WHO "," WISH "," TAIL "}", REQUEST_FAULT_FIELD,
		"destinations"},
	{"{" STATE_HEAD("\"remove\"") "," WHO ",\"note\":\"\"," TAIL "}", REQUEST_FAULT_FIELD,
		"note"},
	{"{\"format\":1,\"kind\":\"password\",\"op\":\"set\"}", REQUEST_FAULT_FIELD, "kind"},
};

START_TEST(judges_the_file)
{
	assert_fault(files[_i].text, files[_i].fault, files[_i].detail);
}
END_TEST

/* One member of the good file replaced by another. */
static const struct {
	const char *member;
	const char *instead;
	enum request_fault fault;
	const char *detail;
} changes[] = {
	{"\"uid\":20001", "\"uid\":\"20001\"", REQUEST_FAULT_FIELD, "uid"},
	{"\"uid\":20001", "\"uid\":0", REQUEST_FAULT_FIELD, "uid"},
	{"\"uid\":20001", "\"uid\":-1", REQUEST_FAULT_FIELD, "uid"},
	{"\"uid\":20001", "\"uid\":4294967294", REQUEST_FAULT_FIELD, "uid"},
	{"\"uid\":20001", "\"uid\":4294967295", REQUEST_FAULT_FIELD, "uid"},
	{"\"uid\":20001", "\"uid\":4294987297", REQUEST_FAULT_FIELD, "uid"},
	{"\"uid\":20001", "\"uid\":4294967293", REQUEST_FAULT_NONE, ""},
	{"\"username\":\"ana\"", "\"username\":\"\"", REQUEST_FAULT_FIELD, "username"},
	{"\"username\":\"ana\"", "\"username\":null", REQUEST_FAULT_FIELD, "username"},
	{"\"username\":\"ana\"", "\"username\":\"a\\u001b\"", REQUEST_FAULT_FIELD, "username"},
	{"\"username\":\"ana\"", "\"username\":\"abcdefghijabcdefghijabcdefghijabc\"",
		REQUEST_FAULT_FIELD, "username"},
	/* the name's grammar has a code of its own, the caller's */
	{"\"username\":\"ana\"", "\"username\":\"../ana\"", REQUEST_FAULT_NONE, ""},
	{"\"nonce\":\"" NONCE "\"", "\"nonce\":\"\"", REQUEST_FAULT_FIELD, "nonce"},
	{"\"nonce\":\"" NONCE "\"", "\"nonce\":\"" NONCE "0\"", REQUEST_FAULT_FIELD, "nonce"},
	{"\"nonce\":\"" NONCE "\"", "\"nonce\":\"00112233445566778899AABBCCDDEEFF\"",
		REQUEST_FAULT_FIELD, "nonce"},
	{"\"keep_copy\":false", "\"keep_copy\":\"no\"", REQUEST_FAULT_FIELD, "keep_copy"},
	{"\"keep_copy\":false", "\"keep_copy\":0", REQUEST_FAULT_FIELD, "keep_copy"},
	{"\"note\":\"\"", "\"note\":null", REQUEST_FAULT_FIELD, "note"},
	{"\"note\":\"\"", "\"note\":\"a\\nb\"", REQUEST_FAULT_FIELD, "note"},
	{"\"note\":\"\"", "\"note\":\"\\u0085\"", REQUEST_FAULT_FIELD, "note"},
	{"pt_BR", "", REQUEST_FAULT_FIELD, "lang"},
	{"pt_BR", "PT", REQUEST_FAULT_FIELD, "lang"},
	{"pt_BR", "pt-BR", REQUEST_FAULT_FIELD, "lang"},
	{"pt_BR", "../../", REQUEST_FAULT_FIELD, "lang"},
	{"2026-05-19T23:55:18Z", "2026-05-19 23:55:18", REQUEST_FAULT_FIELD, "created_at"},
	{"2026-05-19T23:55:18Z", "2026-02-30T23:55:18Z", REQUEST_FAULT_FIELD, "created_at"},
	{"postigo-drop/1.0", "", REQUEST_FAULT_NONE, ""},
	{"postigo-drop/1.0", "ol\xc3\xa1", REQUEST_FAULT_FIELD, "tool"},
	{"postigo-drop/1.0", "12345678901234567890123456789012345678901", REQUEST_FAULT_FIELD,
		"tool"},
	{"[\"ana@elsewhere.example\"]", "[]", REQUEST_FAULT_FIELD, "destinations"},
	{"[\"ana@elsewhere.example\"]", "\"ana@elsewhere.example\"", REQUEST_FAULT_FIELD,
		"destinations"},
	{"[\"ana@elsewhere.example\"]", "[1]", REQUEST_FAULT_FIELD, "destinations"},
	{"[\"ana@elsewhere.example\"]", "[\"a@b.example\",\"A@B.EXAMPLE\"]", REQUEST_FAULT_FIELD,
		"destinations"},
	{"[\"ana@elsewhere.example\"]",
		"[\"a@b.example\",\"b@b.example\",\"c@b.example\",\"d@b.example\",\"e@b.example\","
		"\"f@b.example\"]",
		REQUEST_FAULT_FIELD, "destinations"},
	{"[\"ana@elsewhere.example\"]",
		"[\"a@b.example\",\"b@b.example\",\"c@b.example\",\"d@b.example\",\"e@b.example\"]",
		REQUEST_FAULT_NONE, ""},
	{"ana@elsewhere.example", "|/bin/sh", REQUEST_FAULT_DESTINATION, "|/bin/sh"},
	{"ana@elsewhere.example", "", REQUEST_FAULT_DESTINATION, ""},
	{"ana@elsewhere.example", "a@b.example\\n:include:/x", REQUEST_FAULT_DESTINATION,
		"a@b.example\n:include:/x"},
	{"ana@elsewhere.example", "a@b.example\",\"c d@e.example", REQUEST_FAULT_DESTINATION,
		"c d@e.example"},
};

START_TEST(judges_each_value)
{
	const char *place = strstr(good, changes[_i].member);
	char text[4 * REQUEST_FILE_MAX];

	ck_assert_ptr_nonnull(place);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - good), good, changes[_i].instead,
		place + strlen(changes[_i].member));
	assert_fault(text, changes[_i].fault, changes[_i].detail);
}
END_TEST

static const char *with_note(struct arena *arena, const char *note)
{
	return arena_printf(arena,
		"{" HEAD "," WHO
		",\"destinations\":[\"a@b.example\"],\"keep_copy\":false,\"note\":\"%s\"," TAIL "}",
		note);
}

START_TEST(keeps_limits_in_bytes)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf note cleanup_strbuf = STRBUF_INIT;

	for (int i = 0; i < 100; i++)
		strbuf_append_text(&note, "\xc3\xa1");
	assert_fault(with_note(&arena, note.text), REQUEST_FAULT_NONE, "");
	strbuf_append_text(&note, "x");
	assert_fault(with_note(&arena, note.text), REQUEST_FAULT_FIELD, "note");
	for (int i = 0; i < REQUEST_FILE_MAX; i++)
		strbuf_append_text(&note, "x");
	assert_fault(with_note(&arena, note.text), REQUEST_FAULT_SYNTAX,
		"line 1, column 1: too large");
}
END_TEST

START_TEST(cuts_a_destination_that_is_too_long)
{
	struct request_record record;
	char detail[REQUEST_DETAIL_SIZE];
	char address[601];
	char text[REQUEST_FILE_MAX];

	memset(address, 'a', sizeof(address) - 1);
	address[sizeof(address) - 1] = '\0';
	snprintf(text, sizeof(text),
		"{" HEAD "," WHO ",\"destinations\":[\"%s\",\"b@two.example\"],\"keep_copy\":false,"
		"\"note\":\"\"," TAIL "}",
		address);
	ck_assert_int_eq(parse(text, &record, detail), REQUEST_FAULT_DESTINATION);
	ck_assert_uint_eq(record.destination_count, 2);
	ck_assert_uint_eq(strlen(record.destinations[0]), EMAIL_ADDRESS_MAX);
	ck_assert_str_eq(record.destinations[1], "b@two.example");
	ck_assert_uint_eq(strlen(detail), REQUEST_DETAIL_SIZE - 1);
}
END_TEST

START_TEST(refuses_every_truncation)
{
	struct request_record record;
	char detail[REQUEST_DETAIL_SIZE];

	for (size_t length = 0; length + 2 < sizeof(good); length++)
		ck_assert_int_eq(request_file_parse(good, length, &record, detail),
			REQUEST_FAULT_SYNTAX);
}
END_TEST

/* ---- the examples of queue-spec: a refused one is named after its code; tests run in the top
 * directory */

static const struct {
	const char *code;
	enum request_fault fault;
} example_codes[] = {
	{"Q06", REQUEST_FAULT_SYNTAX},
	{"Q07-format-0", REQUEST_FAULT_FORMAT},
	{"Q07", REQUEST_FAULT_NEWER},
	{"Q08", REQUEST_FAULT_FIELD},
	{"Q09", REQUEST_FAULT_UNKNOWN},
	{"Q14", REQUEST_FAULT_DESTINATION},
};

static enum request_fault expected_fault(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(example_codes); i++) {
		if (strncmp(name, example_codes[i].code, strlen(example_codes[i].code)) == 0)
			return example_codes[i].fault;
	}
	return REQUEST_FAULT_NONE; /* what the bytes do not tell is the caller's */
}

static void check_example(int directory, const char *name)
{
	char detail[REQUEST_DETAIL_SIZE];
	char text[2 * REQUEST_FILE_MAX];
	struct request_record record;
	int fd cleanup_close = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text));
	enum request_fault fault;

	ck_assert_msg(length >= 0, "%s: %s", name, strerror(errno));
	fault = request_file_parse(text, (size_t)length, &record, detail);
	ck_assert_msg(fault == expected_fault(name), "%s: fault %d (%s)", name, (int)fault, detail);
}

START_TEST(agrees_with_the_examples)
{
	DIR *examples cleanup_closedir = opendir("queue-spec/examples");
	size_t count = 0;

	ck_assert_ptr_nonnull(examples);
	for (const struct dirent *entry = readdir(examples); entry; entry = readdir(examples)) {
		if (entry->d_name[0] == '.')
			continue;
		check_example(dirfd(examples), entry->d_name);
		count++;
	}
	ck_assert_uint_ge(count, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request_file");
	TCase *read = unit_case(suite, "read");
	TCase *judge = unit_case(suite, "judge");

	tcase_add_test(read, reads_every_field);
	tcase_add_loop_test(read, reads_what_the_helper_writes, 0, 5);
	tcase_add_loop_test(judge, judges_the_file, 0, ARRAY_LENGTH(files));
	tcase_add_loop_test(judge, judges_each_value, 0, ARRAY_LENGTH(changes));
	tcase_add_test(judge, keeps_limits_in_bytes);
	tcase_add_test(judge, cuts_a_destination_that_is_too_long);
	tcase_add_test(judge, refuses_every_truncation);
	tcase_add_test(judge, agrees_with_the_examples);
	return unit_run(suite);
}
