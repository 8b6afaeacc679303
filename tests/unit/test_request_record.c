#include "format/request_record.h"

#include "unit.h"

#define N50 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define N200 N50 N50 N50 N50

static struct request_record complete_record(void)
{
	return (struct request_record){
		.op = REQUEST_SET,
		.username = "ana",
		.destinations = {"ana@elsewhere.example"},
		.destination_count = 1,
		.language = "pt_BR",
		.nonce = "00112233445566778899aabbccddeeff",
		.uid = 20001,
		.created = 1779234918,
	};
}

/* ---------------------------------------------------------------- JSON */

static void assert_json(const struct request_record *record, const char *expected)
{
	char text[REQUEST_FILE_MAX + 1];
	const char *field = "none";
	size_t length;

	ck_assert_msg(request_record_validate(record, &field), "field %s", field);
	length = request_record_print_json(record, text, sizeof(text));
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(length, strlen(expected));
}

START_TEST(prints_a_set_byte_for_byte)
{
	struct request_record record = complete_record();

	assert_json(&record,
		"{\"format\":1,\"kind\":\"alias\",\"op\":\"set\",\"nonce\":\"00112233445566778899aabbccddeeff\","
		"\"uid\":20001,\"username\":\"ana\",\"destinations\":[\"ana@elsewhere.example\"],"
		"\"keep_copy\":false,\"note\":\"\",\"lang\":\"pt_BR\",\"created_at\":\"2026-05-19T23:55:18Z\","
		"\"tool\":\"postigo-drop/" POSTIGO_VERSION "\"}\n");
}
END_TEST

START_TEST(prints_escapes_and_several_destinations)
{
	struct request_record record = complete_record();

	snprintf(record.destinations[1], sizeof(record.destinations[1]), "o'neil@x.example");
	record.destination_count = 2;
	record.keep_copy = true;
	snprintf(record.note, sizeof(record.note), "a \"b\" \\c\\ /ol\xc3\xa1\xf0\x9f\x98\x80");
	snprintf(record.language, sizeof(record.language), "en");
	record.uid = UINT32_C(4294967293);
	record.created = 0;
	assert_json(&record,
		"{\"format\":1,\"kind\":\"alias\",\"op\":\"set\",\"nonce\":\"00112233445566778899aabbccddeeff\","
		"\"uid\":4294967293,\"username\":\"ana\",\"destinations\":[\"ana@elsewhere.example\","
		"\"o'neil@x.example\"],\"keep_copy\":true,\"note\":\"a \\\"b\\\" \\\\c\\\\ "
		"/ol\xc3\xa1\xf0\x9f\x98\x80\",\"lang\":\"en\",\"created_at\":\"1970-01-01T00:00:00Z\","
		"\"tool\":\"postigo-drop/" POSTIGO_VERSION "\"}\n");
}
END_TEST

START_TEST(prints_a_change_of_state)
{
	static const enum request_op ops[] = {REQUEST_PAUSE, REQUEST_RESUME, REQUEST_REMOVE, REQUEST_CONFIRM};
	static const char *const names[] = {"pause", "resume", "remove", "confirm"};
	static const char token[] = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
	bool confirms = ops[_i] == REQUEST_CONFIRM;
	struct request_record record = complete_record();
	char expected[512];

	record.op = ops[_i];
	record.destination_count = 0;
	memcpy(record.token, confirms ? token : "", confirms ? sizeof(token) : 1);
	snprintf(expected, sizeof(expected),
		"{\"format\":1,\"kind\":\"alias-state\",\"op\":\"%s\","
		"\"nonce\":\"00112233445566778899aabbccddeeff\",\"uid\":20001,\"username\":\"ana\","
		"%s\"lang\":\"pt_BR\",\"created_at\":\"2026-05-19T23:55:18Z\","
		"\"tool\":\"postigo-drop/" POSTIGO_VERSION "\"}\n",
		names[_i], confirms ? "\"token\":\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\"," : "");
	assert_json(&record, expected);
}
END_TEST

/* The largest record there is fits; one byte less of room is refused, at every size. */
START_TEST(never_cuts_what_it_prints)
{
	struct request_record record = complete_record();
	char text[REQUEST_FILE_MAX + 1];
	size_t length;
	size_t wire;

	record.destination_count = REQUEST_DESTINATIONS_MAX;
	for (size_t i = 0; i < REQUEST_DESTINATIONS_MAX; i++) {
		memset(record.destinations[i], 'a', EMAIL_ADDRESS_MAX);
		record.destinations[i][0] = (char)('a' + i);
		record.destinations[i][60] = '@';
		record.destinations[i][120] = '.';
		record.destinations[i][180] = '.';
		record.destinations[i][240] = '.';
	}
	memset(record.username, 'u', USERNAME_MAX);
	memset(record.note, '"', REQUEST_NOTE_MAX);
	length = request_record_print_json(&record, text, sizeof(text));
	ck_assert_uint_gt(length, 5 * EMAIL_ADDRESS_MAX + 2 * REQUEST_NOTE_MAX);
	ck_assert_uint_lt(length, REQUEST_FILE_MAX);
	wire = request_record_print_wire(&record, text, sizeof(text));
	ck_assert_uint_gt(wire, 5 * EMAIL_ADDRESS_MAX + REQUEST_NOTE_MAX);
	ck_assert_uint_lt(wire, REQUEST_WIRE_MAX);
	for (size_t size = 0; size <= length; size++)
		ck_assert_uint_eq(request_record_print_json(&record, text, size), 0);
	ck_assert_uint_eq(request_record_print_json(&record, text, length + 1), length);
	for (size_t size = 0; size <= wire; size++)
		ck_assert_uint_eq(request_record_print_wire(&record, text, size), 0);
	ck_assert_uint_eq(request_record_print_wire(&record, text, wire + 1), wire);
}
END_TEST

/* ---------------------------------------------------------------- the wire */

static const struct {
	const char *text;
	const char *field; /* NULL = good */
} wires[] = {
	{"op set\nuser ana\nto ana@x.example\n", NULL},
	{"to ana@x.example\nuser ana\nop set\n", NULL},
	{"op set\nuser ana\nto a@x.example\nto b@x.example\nto c@x.example\nto d@x.example\nto e@x.example\n", NULL},
	{"op set\nuser ana\nto ana@x.example\nkeep-copy yes\nnote hello  there \nlang pt_BR\n", NULL},
	{"op set\nuser ana\nto ana@x.example\nkeep-copy no\nnote \n", NULL},
	{"op set\nuser ana\nto ana@x.example\nnote " N200 "\n", NULL},
	{"op pause\nuser ana\n", NULL},
	{"op resume\nuser ana\nlang pt\n", NULL},
	{"op remove\nuser ana\n", NULL},
	{"op confirm\nuser ana\ntoken 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n", NULL},
	{"op confirm\nuser ana\n", "token"},
	{"op confirm\nuser ana\ntoken 0F1e2d3c4b5a69788796a5b4c3d2e1f0\n", "token"},
	{"op confirm\nuser ana\ntoken 0f1e2d3c4b5a69788796a5b4c3d2e1f\n", "token"},
	{"op confirm\nuser ana\ntoken 0f1e2d3c4b5a69788796a5b4c3d2e1f00\n", "token"},
	{"op confirm\nuser ana\nto a@b.example\ntoken 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n", "to"},
	{"op pause\nuser ana\ntoken 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n", "token"},
	{"op set\nuser root\nto ana@x.example\n", NULL},

	{"", "record"},
	{"\n", "record"},
	{"op set\nuser ana\nto ana@x.example", "record"},
	{"op set\nuser ana\n\nto ana@x.example\n", "record"},
	{"op set\nuser ana\nto ana@x.example\n\n", "record"},
	{"op set\r\nuser ana\r\nto ana@x.example\r\n", "op"},
	{"op set\nuser ana\nto ana@x.example\nuid 0\n", "record"},
	{"op set\nuser ana\nto ana@x.example\nnonce 00112233445566778899aabbccddeeff\n", "record"},
	{"op set\nuser ana\nto ana@x.example\nformat 2\n", "record"},
	{"op set\nuser ana\nto ana@x.example\nOP set\n", "record"},
	{"op set\nuser ana\nto ana@x.example\nx-extra 1\n", "record"},
	{"op set\nuser ana\nto ana@x.example\nnote\n", "record"},
	{" op set\nuser ana\nto ana@x.example\n", "record"},
	{"op=set\nuser=ana\nto=ana@x.example\n", "record"},
	{"op\tset\nuser ana\nto ana@x.example\n", "record"},
	{"{\"op\":\"set\"}\n", "record"},
	{"op\n", "record"},
	{"op \n", "op"},
	{"op set \nuser ana\nto ana@x.example\n", "op"},
	{"op  set\nuser ana\nto ana@x.example\n", "op"},
	{"op SET\nuser ana\nto ana@x.example\n", "op"},
	{"op delete\nuser ana\n", "op"},
	{"op set\nop set\nuser ana\nto ana@x.example\n", "op"},
	{"user ana\nto ana@x.example\n", "op"},
	{"op set\nto ana@x.example\n", "user"},
	{"op pause\n", "user"},
	{"op set\nuser ana\nuser ana\nto ana@x.example\n", "user"},
	{"op set\nuser \nto ana@x.example\n", "user"},
	{"op set\nuser Ana\nto ana@x.example\n", "user"},
	{"op set\nuser 1500\nto ana@x.example\n", "user"},
	{"op set\nuser ana beto\nto ana@x.example\n", "user"},
	{"op set\nuser ../ana\nto ana@x.example\n", "user"},
	{"op set\nuser abcdefghijklmnopqrstuvwxyz0123456\nto ana@x.example\n", "user"},
	{"op set\nuser abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\nto ana@x.example\n", "user"},
	{"op set\nuser ana\n", "to"},
	{"op set\nuser ana\nto \n", "to"},
	{"op set\nuser ana\nto ana@x.example \n", "to"},
	{"op set\nuser ana\nto  ana@x.example\n", "to"},
	{"op set\nuser ana\nto a@x.example,b@x.example\n", "to"},
	{"op set\nuser ana\nto |/bin/id\n", "to"},
	{"op set\nuser ana\nto ana@x.example\r\n", "to"},
	{"op set\nuser ana\nto ana@x.example\nto ANA@X.example\n", "to"},
	{"op set\nuser ana\nto a@x.example\nto b@x.example\nto c@x.example\nto d@x.example\nto e@x.example\n"
	 "to f@x.example\n",
		"to"},
	{"op pause\nuser ana\nto ana@x.example\n", "to"},
	{"op remove\nuser ana\nto ana@x.example\n", "to"},
	{"op set\nuser ana\nto ana@x.example\nkeep-copy true\n", "keep-copy"},
	{"op set\nuser ana\nto ana@x.example\nkeep-copy \n", "keep-copy"},
	{"op set\nuser ana\nto ana@x.example\nkeep-copy yes\nkeep-copy yes\n", "keep-copy"},
	{"op pause\nuser ana\nkeep-copy yes\n", "keep-copy"},
	{"op pause\nuser ana\nnote hello\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nnote a\nnote b\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nnote " N200 "n\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nnote a\tb\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nnote \x1b[2J\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nnote \xc2\x9b\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nnote \xff\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nnote \xc0\xaf\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nnote \xed\xa0\x80\n", "note"},
	{"op set\nuser ana\nto ana@x.example\nlang \n", "lang"},
	{"op set\nuser ana\nto ana@x.example\nlang p\n", "lang"},
	{"op set\nuser ana\nto ana@x.example\nlang PT\n", "lang"},
	{"op set\nuser ana\nto ana@x.example\nlang por\n", "lang"},
	{"op set\nuser ana\nto ana@x.example\nlang pt-BR\n", "lang"},
	{"op set\nuser ana\nto ana@x.example\nlang pt_br\n", "lang"},
	{"op set\nuser ana\nto ana@x.example\nlang pt_BR.UTF-8\n", "lang"},
	{"op set\nuser ana\nto ana@x.example\nlang pt\nlang pt\n", "lang"},
};

START_TEST(parses_the_wire)
{
	struct request_record record = {.uid = 77};
	const char *field = NULL;
	bool good = request_record_parse(wires[_i].text, strlen(wires[_i].text), &record, &field);

	ck_assert_pstr_eq(field, wires[_i].field);
	ck_assert_int_eq(good, wires[_i].field == NULL);
	if (!good)
		ck_assert_uint_eq(record.uid, 77);
}
END_TEST

START_TEST(refuses_nul_bytes_and_size)
{
	static const char text[] = "op set\nuser ana\nto ana@x.example\nnote a\0b\n";
	char big[REQUEST_WIRE_MAX + 2];
	struct request_record record;
	const char *field = NULL;

	ck_assert(!request_record_parse(text, sizeof(text) - 1, &record, &field));
	ck_assert_str_eq(field, "record");
	ck_assert(!request_record_parse("op pause\nuser ana\n\0", 19, &record, &field));
	ck_assert_str_eq(field, "record");
	memset(big, 'n', sizeof(big));
	memcpy(big, "op set\nuser ana\nto a@x.example\nnote ", 36);
	big[REQUEST_WIRE_MAX - 1] = '\n';
	ck_assert(!request_record_parse(big, REQUEST_WIRE_MAX, &record, &field));
	ck_assert_str_eq(field, "note");
	big[REQUEST_WIRE_MAX - 1] = 'n';
	big[REQUEST_WIRE_MAX] = '\n';
	ck_assert(!request_record_parse(big, REQUEST_WIRE_MAX + 1, &record, &field));
	ck_assert_str_eq(field, "record");
}
END_TEST

START_TEST(brings_destinations_into_canonical_form)
{
	static const char text[] = "op set\nuser ana\nto Ana.M@X.EXAMPLE\nkeep-copy yes\nnote  b \nlang pt\n";
	struct request_record record;
	const char *field;

	ck_assert(request_record_parse(text, strlen(text), &record, &field));
	ck_assert_int_eq(record.op, REQUEST_SET);
	ck_assert_str_eq(record.username, "ana");
	ck_assert_uint_eq(record.destination_count, 1);
	ck_assert_str_eq(record.destinations[0], "Ana.M@x.example");
	ck_assert(record.keep_copy);
	ck_assert_str_eq(record.note, " b ");
	ck_assert_str_eq(record.language, "pt");
	ck_assert_str_eq(record.nonce, "");
	ck_assert_uint_eq(record.uid, 0);
	ck_assert_int_eq(record.created, 0);
	ck_assert(request_record_parse("op pause\nuser ana\n", 18, &record, &field));
	ck_assert_str_eq(record.language, REQUEST_LANGUAGE_DEFAULT);
}
END_TEST

START_TEST(reads_back_what_it_wrote)
{
	struct request_record record = complete_record();
	struct request_record back;
	char text[REQUEST_WIRE_MAX + 1];
	char again[REQUEST_WIRE_MAX + 1];
	const char *field = NULL;
	size_t length;

	snprintf(record.note, sizeof(record.note), "for \"me\" \\ \xc3\xa9");
	record.keep_copy = true;
	length = request_record_print_wire(&record, text, sizeof(text));
	ck_assert_str_eq(text, "op set\nuser ana\nto ana@elsewhere.example\nkeep-copy yes\n"
			       "note for \"me\" \\ \xc3\xa9\nlang pt_BR\n");
	ck_assert(request_record_parse(text, length, &back, &field));
	ck_assert_uint_eq(request_record_print_wire(&back, again, sizeof(again)), length);
	ck_assert_str_eq(again, text);
}
END_TEST

/* ---------------------------------------------------------------- rules */

START_TEST(validates_what_the_helper_adds)
{
	struct request_record record = complete_record();
	const char *field = NULL;

	ck_assert(request_record_validate(&record, &field));
	record.nonce[0] = '\0';
	ck_assert(request_record_validate_wish(&record, &field));
	ck_assert(!request_record_validate(&record, &field));
	ck_assert_str_eq(field, "nonce");
	record = complete_record();
	record.nonce[31] = 'A';
	ck_assert(!request_record_validate(&record, &field));
	record.nonce[31] = '\0';
	ck_assert(!request_record_validate(&record, &field));
	ck_assert_str_eq(field, "nonce");
	record = complete_record();
	record.uid = 0;
	ck_assert(!request_record_validate(&record, &field));
	ck_assert_str_eq(field, "uid");
	record.uid = UINT32_C(4294967294);
	ck_assert(!request_record_validate(&record, &field));
	record = complete_record();
	record.created = -1;
	ck_assert(!request_record_validate(&record, &field));
	ck_assert_str_eq(field, "created_at");
}
END_TEST

START_TEST(validates_records_made_otherwise)
{
	struct request_record record = complete_record();
	const char *field = NULL;

	record.op = (enum request_op)17;
	ck_assert(!request_record_validate_wish(&record, &field));
	ck_assert_str_eq(field, "op");
	record = complete_record();
	record.destination_count = REQUEST_DESTINATIONS_MAX + 1;
	ck_assert(!request_record_validate_wish(&record, &field));
	ck_assert_str_eq(field, "to");
	record = complete_record();
	snprintf(record.note, sizeof(record.note), "a\nb");
	ck_assert(!request_record_validate_wish(&record, &field));
	ck_assert_str_eq(field, "note");
	record = complete_record();
	record.language[0] = '\0';
	ck_assert(!request_record_validate_wish(&record, &field));
	ck_assert_str_eq(field, "lang");
}
END_TEST

static const struct {
	const char *text;
	size_t limit;
	bool plain;
} plains[] = {
	{"", 0, true},
	{"a", 0, false},
	{"abc", 3, true},
	{"abcd", 3, false},
	{"\xc3\xa9", 2, true},
	{"\xc3\xa9", 1, false},
	{" ~", 9, true},
	{"\x1f", 9, false},
	{"\x7f", 9, false},
	{"\xc2\x80", 9, false},
	{"\xc2\x9f", 9, false},
	{"\xc2\xa0", 9, true},
	{"\xc1\xbf", 9, false},
	{"\xdf\xbf", 9, true},
	{"\xe0\x9f\xbf", 9, false},
	{"\xe0\xa0\x80", 9, true},
	{"\xed\x9f\xbf", 9, true},
	{"\xed\xa0\x80", 9, false},
	{"\xee\x80\x80", 9, true},
	{"\xef\xbf\xbd", 9, true},
	{"\xf0\x8f\xbf\xbf", 9, false},
	{"\xf0\x90\x80\x80", 9, true},
	{"\xf4\x8f\xbf\xbd", 9, true},
	{"\xf4\x90\x80\x80", 9, false},
	{"\xf5\x80\x80\x80", 9, false},
	{"\xf8\x88\x80\x80\x80", 9, false},
	{"\x80", 9, false},
	{"\xc3", 9, false},
	{"\xe2\x82", 9, false},
	{"\xf0\x9f\x98", 9, false},
	{"\xc3\x28", 9, false},
	{"a\xe2\x28\xa1", 9, false},
};

START_TEST(knows_plain_text)
{
	ck_assert_int_eq(request_text_is_plain(plains[_i].text, plains[_i].limit), plains[_i].plain);
}
END_TEST

/* ---------------------------------------------------------------- names */

static const struct {
	const char *name;
	uint32_t uid; /* 0 = refused */
	enum request_kind kind;
} names[] = {
	{"20001.alias.json", 20001, REQUEST_ALIAS},
	{"20001.alias-state.json", 20001, REQUEST_ALIAS_STATE},
	{"1.alias.json", 1, REQUEST_ALIAS},
	{"4294967293.alias.json", UINT32_C(4294967293), REQUEST_ALIAS},
	{"4294967294.alias.json", 0, REQUEST_ALIAS},
	{"4294967295.alias.json", 0, REQUEST_ALIAS},
	{"4294987297.alias.json", 0, REQUEST_ALIAS},
	{"9999999999.alias.json", 0, REQUEST_ALIAS},
	{"18446744073709571617.alias.json", 0, REQUEST_ALIAS},
	{"0.alias.json", 0, REQUEST_ALIAS},
	{"020001.alias.json", 0, REQUEST_ALIAS},
	{"+1.alias.json", 0, REQUEST_ALIAS},
	{"-1.alias.json", 0, REQUEST_ALIAS},
	{" 1.alias.json", 0, REQUEST_ALIAS},
	{"1 .alias.json", 0, REQUEST_ALIAS},
	{"1.alias.json ", 0, REQUEST_ALIAS},
	{"1.alias.jsonx", 0, REQUEST_ALIAS},
	{"1.alias.JSON", 0, REQUEST_ALIAS},
	{"1.Alias.json", 0, REQUEST_ALIAS},
	{"1.mailbox.json", 0, REQUEST_ALIAS},
	{"1.alias-.json", 0, REQUEST_ALIAS},
	{"1.alias.state.json", 0, REQUEST_ALIAS},
	{"1..json", 0, REQUEST_ALIAS},
	{"1.alias", 0, REQUEST_ALIAS},
	{"1", 0, REQUEST_ALIAS},
	{".alias.json", 0, REQUEST_ALIAS},
	{"ana.alias.json", 0, REQUEST_ALIAS},
	{"1.alias.json/../x", 0, REQUEST_ALIAS},
	{"../1.alias.json", 0, REQUEST_ALIAS},
	{"", 0, REQUEST_ALIAS},
	{".", 0, REQUEST_ALIAS},
	{"..", 0, REQUEST_ALIAS},
};

START_TEST(parses_names)
{
	char name[REQUEST_NAME_MAX];
	enum request_kind kind = REQUEST_ALIAS;
	uint32_t uid = 0;
	bool good = request_name_parse(names[_i].name, &uid, &kind);

	ck_assert_int_eq(good, names[_i].uid != 0);
	ck_assert_uint_eq(uid, names[_i].uid);
	if (!good)
		return;
	ck_assert_int_eq(kind, names[_i].kind);
	request_name(uid, kind, name);
	ck_assert_str_eq(name, names[_i].name);
}
END_TEST

START_TEST(names_kinds_and_ops)
{
	enum request_kind kind;
	enum request_op op;

	for (int i = REQUEST_ALIAS; i <= REQUEST_ALIAS_STATE; i++) {
		ck_assert(request_kind_parse(request_kind_name((enum request_kind)i), &kind));
		ck_assert_int_eq((int)kind, i);
	}
	for (int i = REQUEST_SET; i <= REQUEST_CONFIRM; i++) {
		ck_assert(request_op_parse(request_op_name((enum request_op)i), &op));
		ck_assert_int_eq((int)op, i);
		ck_assert_int_eq(request_op_kind(op), i == REQUEST_SET ? REQUEST_ALIAS : REQUEST_ALIAS_STATE);
	}
	ck_assert(!request_kind_parse("", &kind));
	ck_assert(!request_kind_parse("Alias", &kind));
	ck_assert(!request_op_parse("", &op));
	ck_assert(!request_op_parse("sett", &op));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request_record");
	TCase *json = unit_case(suite, "json");
	TCase *wire = unit_case(suite, "wire");
	TCase *rules = unit_case(suite, "rules");
	TCase *name = unit_case(suite, "names");

	tcase_add_test(json, prints_a_set_byte_for_byte);
	tcase_add_test(json, prints_escapes_and_several_destinations);
	tcase_add_loop_test(json, prints_a_change_of_state, 0, 4);
	tcase_add_test(json, never_cuts_what_it_prints);
	tcase_add_loop_test(wire, parses_the_wire, 0, (int)ARRAY_LENGTH(wires));
	tcase_add_test(wire, refuses_nul_bytes_and_size);
	tcase_add_test(wire, brings_destinations_into_canonical_form);
	tcase_add_test(wire, reads_back_what_it_wrote);
	tcase_add_test(rules, validates_what_the_helper_adds);
	tcase_add_test(rules, validates_records_made_otherwise);
	tcase_add_loop_test(rules, knows_plain_text, 0, (int)ARRAY_LENGTH(plains));
	tcase_add_loop_test(name, parses_names, 0, (int)ARRAY_LENGTH(names));
	tcase_add_test(name, names_kinds_and_ops);
	return unit_run(suite);
}
