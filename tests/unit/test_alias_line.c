/* The short way for the canonical form against the long one: what it takes, the long one takes, too, and
 * with the same meaning. */
#include "format/alias_line.h"

#include "unit.h"

#define GOOD                                                                                       \
	"{\"uid\":5001,\"username\":\"ana\",\"alias\":\"ana@club.example\","                       \
	"\"destinations\":[\"Ana.B@mail.example.org\",\"ana@x.example\"],\"keep_copy\":false,"     \
	"\"status\":\"active\","                                                                   \
	"\"created_at\":\"2026-05-19T23:55:18Z\",\"updated_at\":\"2026-05-20T00:00:00Z\","         \
	"\"approved_by\":\"root (maria)\","                                                        \
	"\"request_id\":\"5001-0123456789abcdef0123456789abcdef\","                                \
	"\"expires_at\":\"2027-01-01T00:00:00Z\",\"orphaned_at\":\"2026-06-01T00:00:00Z\",\"source\":\"request\",\"note\":\"a / b\"}"

/* Whether the short way takes the text; then the long one must, too, and mean the same. */
static bool scan(const char *text, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf mine cleanup_strbuf = STRBUF_INIT;
	struct strbuf theirs cleanup_strbuf = STRBUF_INIT;
	struct alias_line line;
	struct alias_entry entry;
	struct alias_entry again;
	struct error err;

	if (!alias_line_scan(text, length, &line))
		return false;
	entry = alias_line_entry(&line, &arena);
	unit_assert_ok(alias_entry_parse_any(text, length, &arena, &again, &err), err);
	alias_entry_print(&entry, &mine);
	alias_entry_print(&again, &theirs);
	ck_assert_str_eq(strbuf_text(&mine), strbuf_text(&theirs));
	ck_assert_uint_eq(mine.length, length);
	ck_assert_int_eq(memcmp(mine.text, text, length), 0);
	return true;
}

START_TEST(takes_the_canonical_form)
{
	struct alias_line line;

	ck_assert(scan(GOOD, strlen(GOOD)));
	ck_assert(alias_line_scan(GOOD, strlen(GOOD), &line));
	ck_assert_uint_eq(line.destination_count, 2);
	ck_assert(span_equal(line.destinations[1], span_of("ana@x.example")));
	ck_assert(span_equal(line.note, span_of("a / b")));
	ck_assert_int_eq(line.created, 1779234918);
}
END_TEST

/* Every byte replaced by every other: most are refused, and none is taken that the long way would not. */
START_TEST(no_byte_makes_a_difference)
{
	char text[] = GOOD;
	size_t place = (size_t)_i;
	size_t taken = 0;

	for (int byte = 0; byte < 256; byte++) {
		text[place] = (char)byte;
		taken += scan(text, sizeof(text) - 1);
	}
	ck_assert_uint_ge(taken, 1);
	ck_assert_uint_lt(taken, 100);
}
END_TEST

START_TEST(every_cut_and_every_gap)
{
	char text[sizeof(GOOD) + 1];

	for (size_t length = 0; length < strlen(GOOD); length++) {
		ck_assert(!scan(GOOD, length));
		memcpy(text, GOOD, length);
		memcpy(text + length, &GOOD[length + 1], strlen(GOOD) - length);
		(void)scan(text, strlen(GOOD) - 1);
		text[length] = GOOD[length];
		memcpy(text + length + 1, &GOOD[length], strlen(GOOD) - length);
		(void)scan(text, strlen(GOOD) + 1);
	}
}
END_TEST

/* Text that is right, but not as we write it, or that breaks a rule: both are left to the long way. */
static const struct {
	const char *from;
	const char *to;
	bool taken;
} changes[] = {
	{"\"uid\":5001", "\"uid\": 5001", false},
	{"\"uid\":5001", "\"uid\":0", false},
	{"\"uid\":5001", "\"uid\":05001", false},
	{"\"uid\":5001", "\"uid\":4294967295", false},
	{"\"uid\":5001", "\"uid\":4294967294", true},
	{"\"uid\":5001", "\"uid\":42949672950", false},
	{"a / b", "a \\/ b", false},
	{"a / b", "ol\xc3\xa1", false},
	{"a / b", "", true},
	{"Ana.B@mail.example.org", "Ana.B@Mail.example.org", false},
	{"ana@x.example", "ana.b@mail.EXAMPLE.org", false},
	{"ana@x.example", "ana.b@mail.example.org", false},
	{"\"alias\":\"ana@", "\"alias\":\"anb@", false},
	{",\"ana@x.example\"", "", true},
	{"\"Ana.B@mail.example.org\",\"ana@x.example\"", "", false},
	{"[\"Ana", "[\"a@x.ex\",\"b@x.ex\",\"c@x.ex\",\"Ana", true},
	{"[\"Ana", "[\"a@x.ex\",\"b@x.ex\",\"c@x.ex\",\"d@x.ex\",\"Ana", false},
	{"\"expires_at\":\"2027-01-01T00:00:00Z\",", "", true},
	{"2027-01-01T00:00:00Z", "1970-01-01T00:00:00Z", false},
	{"2026-05-19", "2026-02-30", false},
	{"\"active\"", "\"paused\"", true},
	{"\"active\"", "\"activex\"", false},
	{"false", "true", true},
	{"false", "null", false},
	{"5001-0123", "5001-g123", false},
	{"\"source\":\"request\",", "", false},
	{"\"note\"", "\"more\":\"\",\"note\"", false},
};

START_TEST(knows_what_is_not_its_own)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	const char *place = strstr(GOOD, changes[_i].from);

	ck_assert_ptr_nonnull(place);
	strbuf_append(&text, GOOD, (size_t)(place - GOOD));
	strbuf_append_text(&text, changes[_i].to);
	strbuf_append_text(&text, place + strlen(changes[_i].from));
	ck_assert_int_eq(scan(text.text, text.length), changes[_i].taken);
}
END_TEST

START_TEST(spans_of_an_entry_are_its_texts)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_entry entry;
	struct alias_line line;
	struct error err;

	unit_assert_ok(alias_entry_parse_any(GOOD, strlen(GOOD), &arena, &entry, &err), err);
	line = alias_line_of(&entry);
	entry = alias_line_entry(&line, &arena);
	alias_entry_print(&entry, &text);
	ck_assert_str_eq(strbuf_text(&text), GOOD);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alias_line");
	TCase *line = unit_case(suite, "line");

	tcase_add_test(line, takes_the_canonical_form);
	tcase_add_loop_test(line, no_byte_makes_a_difference, 0, (int)strlen(GOOD));
	tcase_add_test(line, every_cut_and_every_gap);
	tcase_add_loop_test(line, knows_what_is_not_its_own, 0, (int)ARRAY_LENGTH(changes));
	tcase_add_test(line, spans_of_an_entry_are_its_texts);
	return unit_run(suite);
}
