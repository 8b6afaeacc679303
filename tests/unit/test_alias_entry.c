#include "format/alias_entry.h"

#include "unit.h"

#define GOOD                                                                                       \
	"{\"uid\":5001,\"username\":\"ana\",\"alias\":\"ana@club.example\","                       \
	"\"destinations\":[\"Ana.B@mail.example.org\"],\"keep_copy\":false,\"status\":\"active\"," \
	"\"created_at\":\"2026-05-19T23:55:18Z\",\"updated_at\":\"2026-05-20T00:00:00Z\","         \
	"\"approved_by\":\"root (maria)\","                                                        \
	"\"request_id\":\"5001-0123456789abcdef0123456789abcdef\","                                \
	"\"expires_at\":\"2027-01-01T00:00:00Z\",\"orphaned_at\":\"2026-06-01T00:00:00Z\",\"source\":\"request\",\"note\":\"olá\"}"

static bool parse(const char *text, struct alias_entry *ret_entry, struct arena *arena,
	struct error *err)
{
	return alias_entry_parse(text, strlen(text), arena, ret_entry, err);
}

START_TEST(reads_every_field)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_entry entry;
	struct error err;

	unit_assert_ok(parse(GOOD, &entry, &arena, &err), err);
	ck_assert_uint_eq(entry.uid, 5001);
	ck_assert_str_eq(entry.username, "ana");
	ck_assert_str_eq(entry.alias, "ana@club.example");
	ck_assert_uint_eq(entry.destinations.count, 1);
	ck_assert_str_eq(entry.destinations.items[0], "Ana.B@mail.example.org");
	ck_assert(!entry.keep_copy);
	ck_assert_int_eq(entry.status, ALIAS_ACTIVE);
	ck_assert_int_eq(entry.created, 1779234918);
	ck_assert_int_eq(entry.expires, 1798761600);
	ck_assert_str_eq(entry.approved_by, "root (maria)");
	ck_assert_str_eq(entry.source, "request");
	ck_assert_str_eq(entry.note, "olá");
}
END_TEST

START_TEST(prints_what_it_read)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_entry entry;
	struct error err;

	unit_assert_ok(parse(GOOD, &entry, &arena, &err), err);
	alias_entry_print(&entry, &text);
	ck_assert_str_eq(strbuf_text(&text), GOOD);
}
END_TEST

START_TEST(leaves_out_an_expiry_of_never)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_entry entry;
	struct error err;

	unit_assert_ok(parse(GOOD, &entry, &arena, &err), err);
	entry.expires = 0;
	entry.orphaned = 0;
	alias_entry_print(&entry, &text);
	ck_assert_ptr_null(strstr(strbuf_text(&text), "expires_at"));
	ck_assert_ptr_null(strstr(strbuf_text(&text), "orphaned_at"));
	unit_assert_ok(parse(strbuf_text(&text), &entry, &arena, &err), err);
	ck_assert_int_eq(entry.expires, 0);
}
END_TEST

/* One place of the good text replaced, and the field that must be blamed. */
static const struct {
	const char *old;
	const char *replacement;
	const char *field;
} bad_entries[] = {
	{"\"uid\":5001", "\"uid\":0", "uid"},
	{"\"uid\":5001", "\"uid\":4294967295", "uid"},
	{"\"uid\":5001", "\"uid\":\"5001\"", "uid"},
	{"\"uid\":5001,", "", "uid"},
	{"\"username\":\"ana\"", "\"username\":\"Ana\"", "username"},
	{"\"username\":\"ana\"", "\"username\":\"bia\"", "alias"},
	{"\"username\":\"ana\"", "\"username\":\"an\"", "alias"},
	{"ana@club.example", "ana@Club.example", "alias"},
	{"ana@club.example", "ana", "alias"},
	{"[\"Ana.B@mail.example.org\"]", "[]", "destinations"},
	{"[\"Ana.B@mail.example.org\"]", "\"Ana.B@mail.example.org\"", "destinations"},
	{"[\"Ana.B@mail.example.org\"]", "[7]", "destinations"},
	{"[\"Ana.B@mail.example.org\"]", "[\"a@x.org\",\"A@x.org\"]", "destinations"},
	{"[\"Ana.B@mail.example.org\"]",
		"[\"a@x.org\",\"b@x.org\",\"c@x.org\",\"d@x.org\",\"e@x.org\",\"f@x.org\"]",
		"destinations"},
	{"Ana.B@mail.example.org", "Ana.B@Mail.example.org", "destinations"},
	{"Ana.B@mail.example.org", "a@x.org,b@y.org", "destinations"},
	{"Ana.B@mail.example.org", "|/bin/id", "destinations"},
	{"Ana.B@mail.example.org", "a@x.org\\nroot: /etc", "destinations"},
	{"\"keep_copy\":false", "\"keep_copy\":0", "keep_copy"},
	{"\"active\"", "\"Active\"", "status"},
	{"\"active\"", "\"revoked\"", "status"},
	{"2026-05-19T23:55:18Z", "2026-05-19 23:55:18", "created_at"},
	{"2026-05-20T00:00:00Z", "2026-02-30T00:00:00Z", "updated_at"},
	{"2027-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "expires_at"},
	{"2026-06-01T00:00:00Z", "1970-01-01T00:00:00Z", "orphaned_at"},
	{"2026-06-01T00:00:00Z", "soon", "orphaned_at"},
	{"root (maria)", "root\\u001b[31m", "approved_by"},
	{"5001-0123456789abcdef0123456789abcdef", "5001-0123", "request_id"},
	{"5001-0123456789abcdef0123456789abcdef", "0-0123456789abcdef0123456789abcdef",
		"request_id"},
	{"5001-0123456789abcdef0123456789abcdef", "5001-0123456789ABCDEF0123456789abcdef",
		"request_id"},
	{"\"source\":\"request\"", "\"source\":\"\"", "source"},
	{"\"source\":\"request\"", "\"source\":\"a b\"", "source"},
	{"\"note\":\"olá\"", "\"note\":null", "note"},
	{"\"note\":\"olá\"", "\"note\":\"\\u202e\"", "note"},
	{"\"note\":\"olá\"", "\"note\":\"\",\"extra\":1", "extra"},
};

START_TEST(refuses_a_bad_field)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *good = GOOD;
	const char *place = strstr(good, bad_entries[_i].old);
	struct alias_entry entry;
	struct error err;
	const char *bad;

	ck_assert_ptr_nonnull(place);
	bad = arena_printf(&arena, "%.*s%s%s", (int)(place - good), good,
		bad_entries[_i].replacement, place + strlen(bad_entries[_i].old));
	ck_assert_msg(!parse(bad, &entry, &arena, &err), "accepted: %s", bad);
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_str_eq(err.field, bad_entries[_i].field);
}
END_TEST

START_TEST(refuses_what_is_no_strict_object)
{
	static const char *const bad[] = {"", "[]", "null", "{}", "\"x\"", GOOD "x", "{" GOOD,
		"{\"uid\":1,\"uid\":2}"};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_entry entry;
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		ck_assert_msg(!parse(bad[i], &entry, &arena, &err), "accepted: %s", bad[i]);
		unit_assert_error(err, ERROR_DATABASE);
	}
}
END_TEST

START_TEST(bounds_text_and_entry)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_entry entry;
	struct error err;
	char *note = arena_alloc(&arena, ALIAS_ENTRY_MAX + 1);

	unit_assert_ok(parse(GOOD, &entry, &arena, &err), err);
	memset(note, 'n', ALIAS_TEXT_MAX);
	entry.note = note;
	unit_assert_ok(alias_entry_validate(&entry, &err), err);
	note[ALIAS_TEXT_MAX] = 'n';
	ck_assert(!alias_entry_validate(&entry, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_str_eq(err.field, "note");
	memset(note, 'n', ALIAS_ENTRY_MAX);
	ck_assert(!alias_entry_validate(&entry, &err));
	unit_assert_error(err, ERROR_DATABASE);
}
END_TEST

START_TEST(knows_its_states)
{
	enum alias_status status;

	ck_assert_str_eq(alias_status_name(ALIAS_PAUSED), "paused");
	ck_assert(alias_status_parse("suspended", &status));
	ck_assert_int_eq(status, ALIAS_SUSPENDED);
	ck_assert(!alias_status_parse("", &status));
	ck_assert(!alias_status_parse("gone", &status));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_entry");
	TCase *entry = unit_case(suite, "entry");

	tcase_add_test(entry, reads_every_field);
	tcase_add_test(entry, prints_what_it_read);
	tcase_add_test(entry, leaves_out_an_expiry_of_never);
	tcase_add_loop_test(entry, refuses_a_bad_field, 0, (int)ARRAY_LENGTH(bad_entries));
	tcase_add_test(entry, refuses_what_is_no_strict_object);
	tcase_add_test(entry, bounds_text_and_entry);
	tcase_add_test(entry, knows_its_states);
	return unit_run(suite);
}
