/* Configuration by a small table of its own: values, merging, lines, and what is refused. */
#include "format/config.h"

#include "unit.h"

#include "base/strbuf.h"

#include <inttypes.h>

#define PATH "/etc/club.json"

struct club {
	const char *name;
	const char *colour;
	const char *file;
	const char *spare_file;
	const char *type;
	bool open;
	int64_t seats;
	int64_t pause;
	unsigned mode;
	struct string_list guests;
};

#define AT(member) #member, .offset = offsetof(struct club, member)

static const struct config_field fields[] = {
	{"", AT(name), .type = CONFIG_TEXT, .help = "the name"},
	{"", AT(colour), .type = CONFIG_TEXT, .initial = "", .help = "the colour"},
	{"door", AT(open), .type = CONFIG_BOOLEAN, .initial = "true", .help = "open"},
	{"door", AT(file), .type = CONFIG_PATH, .initial = "/etc/door", .help = "a file"},
	{"door", AT(spare_file), .type = CONFIG_PATH, .initial = "", .help = "another file"},
	{"door", AT(type), .type = CONFIG_CHOICE, .initial = "auto", .choices = "auto oak pine",
		.help = "the wood"},
	{"door", AT(mode), .type = CONFIG_MODE, .initial = "0640", .help = "a mode"},
	{"room", AT(seats), .type = CONFIG_INTEGER, .initial = "4", .minimum = 1, .maximum = 9,
		.help = "seats"},
	{"room", AT(pause), .type = CONFIG_DURATION, .initial = "1h", .minimum = 60,
		.maximum = 864000, .help = "a pause"},
	{"room", AT(guests), .type = CONFIG_LIST, .initial = "ana beto", .help = "guests"},
};

static const char *const foreign[] = {"kitchen", NULL};
static const struct config_table table = {fields, ARRAY_LENGTH(fields), foreign};

static bool load(const char *text, struct arena *arena, struct club *club, struct error *err)
{
	const struct source_text source = {PATH, text, strlen(text)};

	return config_load(&table, &source, 1, arena, club, NULL, err);
}

static const struct config_field *field_of(const char *key)
{
	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	}
	ck_abort_msg("no field %s", key);
	return NULL;
}

/* ---- values */

START_TEST(has_defaults)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct club club = {0};
	struct error err;

	unit_assert_ok(load("{\"name\": \"x\"}", &arena, &club, &err), err);
	ck_assert_str_eq(club.name, "x");
	ck_assert_str_eq(club.colour, "");
	ck_assert(club.open);
	ck_assert_str_eq(club.file, "/etc/door");
	ck_assert_str_eq(club.spare_file, "");
	ck_assert_str_eq(club.type, "auto");
	ck_assert_uint_eq(club.mode, 0640);
	ck_assert_int_eq(club.seats, 4);
	ck_assert_int_eq(club.pause, 3600);
	ck_assert_uint_eq(club.guests.count, 2);
	ck_assert_str_eq(club.guests.items[1], "beto");
}
END_TEST

/* The member of a section, and how the field is shown then. */
static const struct {
	const char *section;
	const char *member;
	const char *key;
	const char *shown;
} values[] = {
	{"door", "\"open\": false", "open", "false"},
	{"door", "\"open\": true", "open", "true"},
	{"door", "\"file\": \"/\"", "file", "/"},
	{"door", "\"file\": \"/a b/\\u00e1\"", "file", "/a b/\xc3\xa1"},
	{"door", "\"type\": \"oak\"", "type", "oak"},
	{"door", "\"type\": \"pine\"", "type", "pine"},
	{"door", "\"mode\": \"0660\"", "mode", "0660"},
	{"door", "\"mode\": \"0o600\"", "mode", "0600"},
	{"door", "\"mode\": \"0\"", "mode", "0000"},
	{"room", "\"seats\": 1", "seats", "1"},
	{"room", "\"seats\": 9", "seats", "9"},
	{"room", "\"pause\": 60", "pause", "1m"},
	{"room", "\"pause\": 61", "pause", "61s"},
	{"room", "\"pause\": \"90s\"", "pause", "90s"},
	{"room", "\"pause\": \"90\"", "pause", "90s"},
	{"room", "\"pause\": \"2h\"", "pause", "2h"},
	{"room", "\"pause\": \"10d\"", "pause", "10d"},
	{"room", "\"guests\": []", "guests", ""},
	{"room", "\"guests\": [\"eva\"]", "guests", "eva"},
	{"room", "\"guests\": [\n\"eva\",\n\"ana\"]", "guests", "eva ana"},
};

START_TEST(reads_and_shows_a_value)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = arena_printf(&arena, "{\"name\": \"x\", \"%s\": {%s}}",
		values[_i].section, values[_i].member);
	struct club club = {0};
	struct error err;

	unit_assert_ok(load(text, &arena, &club, &err), err);
	ck_assert_str_eq(config_value_text(field_of(values[_i].key), &club, &arena),
		values[_i].shown);
}
END_TEST

START_TEST(keeps_texts_when_the_file_is_gone)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	char text[] = "{\"name\": \"long gone\", \"room\": {\"guests\": [\"eva\"]}}";
	struct club club = {0};
	struct error err;

	unit_assert_ok(load(text, &arena, &club, &err), err);
	memset(text, '#', sizeof(text) - 1);
	ck_assert_str_eq(club.name, "long gone");
	ck_assert_str_eq(club.guests.items[0], "eva");
}
END_TEST

static const struct {
	const char *section;
	const char *member;
	const char *field;
} bad_values[] = {
	{"door", "\"open\": \"true\"", "door.open"},
	{"door", "\"open\": 1", "door.open"},
	{"door", "\"open\": null", "door.open"},
	{"door", "\"open\": []", "door.open"},
	{"door", "\"file\": \"\"", "door.file"},
	{"door", "\"spare_file\": \"\"", "door.spare_file"},
	{"door", "\"file\": \"etc/door\"", "door.file"},
	{"door", "\"file\": \"./door\"", "door.file"},
	{"door", "\"file\": \"/a\\nb\"", "door.file"},
	{"door", "\"file\": 1", "door.file"},
	{"door", "\"type\": \"\"", "door.type"},
	{"door", "\"type\": \"Oak\"", "door.type"},
	{"door", "\"type\": \"auto oak\"", "door.type"},
	{"door", "\"type\": true", "door.type"},
	{"door", "\"mode\": 640", "door.mode"},
	{"door", "\"mode\": \"0644\"", "door.mode"},
	{"door", "\"mode\": \"0750\"", "door.mode"},
	{"door", "\"mode\": \"4640\"", "door.mode"},
	{"door", "\"mode\": \"0690\"", "door.mode"},
	{"door", "\"mode\": \"\"", "door.mode"},
	{"door", "\"mode\": \"u=rw\"", "door.mode"},
	{"room", "\"seats\": 0", "room.seats"},
	{"room", "\"seats\": 10", "room.seats"},
	{"room", "\"seats\": -4", "room.seats"},
	{"room", "\"seats\": \"4\"", "room.seats"},
	{"room", "\"seats\": 9007199254740992", "room.seats"},
	{"room", "\"pause\": 59", "room.pause"},
	{"room", "\"pause\": \"59s\"", "room.pause"},
	{"room", "\"pause\": \"11d\"", "room.pause"},
	{"room", "\"pause\": \"1 h\"", "room.pause"},
	{"room", "\"pause\": \"-1h\"", "room.pause"},
	{"room", "\"pause\": \"1w\"", "room.pause"},
	{"room", "\"pause\": \"\"", "room.pause"},
	{"room", "\"pause\": true", "room.pause"},
	{"room", "\"guests\": \"eva\"", "room.guests"},
	{"room", "\"guests\": [1]", "room.guests"},
	{"room", "\"guests\": [\"eva\", [\"ana\"]]", "room.guests"},
	{"room", "\"guests\": [\"e\\u001bva\"]", "room.guests"},
	{"room", "\"guests\": {}", "room.guests"},
};

START_TEST(refuses_a_value_by_file_line_and_key)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = arena_printf(&arena, "{\n\"name\": \"x\",\n\"%s\": {\n%s\n}\n}",
		bad_values[_i].section, bad_values[_i].member);
	const char *start = arena_printf(&arena, PATH ":4: \"%s\" must be ", bad_values[_i].field);
	struct club club = {0};
	struct error err;

	ck_assert_msg(!load(text, &arena, &club, &err), "%s", bad_values[_i].member);
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_msg(strncmp(err.what, start, strlen(start)) == 0, "%s", err.what);
	ck_assert_msg(strlen(err.what) > strlen(start), "%s: what is allowed?", err.what);
	ck_assert_str_eq(err.field, bad_values[_i].field);
}
END_TEST

START_TEST(says_what_is_allowed)
{
	static const struct {
		const char *text;
		const char *what;
	} cases[] = {
		{"{\"name\": 1}", "\"name\" must be a text"},
		{"{\"door\": {\"type\": \"elm\"}}", "must be one of auto, oak, pine"},
		{"{\"room\": {\"seats\": 10}}", "from 1 to 9"},
		{"{\"room\": {\"pause\": 1}}", "from 1m to 10d"},
		{"{\"door\": {\"open\": 0}}", "must be true or false"},
		{"{\"door\": {\"mode\": \"0644\"}}", "\"0640\""},
		{"{\"door\": []}", "\"door\" must be an object"},
		{"{\"door\": \"oak\"}", "\"door\" must be an object"},
		{"{\"room\": null}", "\"room\" must be an object"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct club club = {0};
		struct error err;

		ck_assert(!load(cases[i].text, &arena, &club, &err));
		unit_assert_error(err, ERROR_CONFIG);
		ck_assert_msg(strncmp(err.what, PATH ":1: ", strlen(PATH ":1: ")) == 0 &&
				strstr(err.what, cases[i].what),
			"%s: %s", cases[i].text, err.what);
	}
}
END_TEST

/* ---- keys */

static const struct {
	const char *text;
	const char *what;
} bad_keys[] = {
	{"{\"nam\": \"x\"}", PATH ":1: unknown key \"nam\"; did you mean \"name\"?"},
	{"{\n\"name\": \"x\",\n\"colur\": \"\"}",
		PATH ":3: unknown key \"colur\"; did you mean \"colour\"?"},
	{"{\"door\":\n{\n\"typ\": \"oak\"}}",
		PATH ":3: unknown key \"door.typ\"; did you mean \"door.type\"?"},
	{"{\"room\": {\"setas\": 1}}",
		PATH ":1: unknown key \"room.setas\"; did you mean \"room.seats\"?"},
	{"{\"dor\": {}}", PATH ":1: unknown key \"dor\"; did you mean \"door\"?"},
	{"{\"kitchn\": {}}", PATH ":1: unknown key \"kitchn\"; did you mean \"kitchen\"?"},
	/* right key, wrong place */
	{"{\"seats\": 4}", PATH ":1: unknown key \"seats\"; did you mean \"room.seats\"?"},
	{"{\"door\": {\"name\": \"x\"}}",
		PATH ":1: unknown key \"door.name\"; did you mean \"name\"?"},
	/* nothing resembles it */
	{"{\"pantry\": 1}", PATH ":1: unknown key \"pantry\""},
	{"{\"\": 1}", PATH ":1: unknown key \"\""},
	{"{\"NAME\": \"x\"}", PATH ":1: unknown key \"NAME\""},
	{"{\"X-name\": \"x\"}", PATH ":1: unknown key \"X-name\"; did you mean \"name\"?"},
	{"{\"door\": {\"\": 1}}", PATH ":1: unknown key \"door.\""},
	{"{\"door.type\": \"oak\"}",
		PATH ":1: unknown key \"door.type\"; did you mean \"door.type\"?"},
};

START_TEST(refuses_an_unknown_key)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct club club = {0};
	struct error err;

	ck_assert(!load(bad_keys[_i].text, &arena, &club, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.what, bad_keys[_i].what);
	ck_assert_str_ne(err.fix, "");
}
END_TEST

START_TEST(passes_over_what_others_read)
{
	static const char *const good[] = {
		"{\"name\": \"x\", \"x-note\": \"no concern\"}",
		"{\"name\": \"x\", \"x-\": null}",
		"{\"x-open\": {\"door\": {\"typ\": 1}}, \"name\": \"x\"}",
		"{\"name\": \"x\", \"door\": {\"x-open\": [1, {\"a\": 2}]}}",
		"{\"name\": \"x\", \"kitchen\": {\"knife\": {\"sharp\": true}, \"pan\": 2}}",
		"{\"name\": \"x\", \"kitchen\": [{\"knife\": 1}, {\"pan\": 2}]}",
		"{\"name\": \"x\", \"kitchen\": 1}",
		"{\"name\": \"x\", \"door\": {}, \"room\": {}}",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct club club = {0};
		struct error err;

		ck_assert_msg(load(good[i], &arena, &club, &err), "%s: %s", good[i], err.what);
		ck_assert(club.open);
	}
}
END_TEST

START_TEST(needs_what_has_no_default)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct club club = {0};
	struct error err;

	ck_assert(!load("{\"colour\": \"red\"}", &arena, &club, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.what, "\"name\" is not configured");
	ck_assert_str_eq(err.field, "name");
	ck_assert_ptr_nonnull(strstr(err.fix, PATH));
	ck_assert(!config_load(&table, NULL, 0, &arena, &club, NULL, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.field, "name");
	ck_assert_str_ne(err.why, "");
}
END_TEST

/* ---- lines */

/* Each has the bad key "seats" once, and much before it that looks like it. */
static const struct {
	const char *text;
	size_t line;
} lines[] = {
	{"{\"room\": {\"seats\": 0}}", 1},
	{"\n\n{\"room\": {\"seats\": 0}}", 3},
	{"{\"room\":\n{\n\n\"seats\"\n:\n0}}", 4},
	{"{\"room\": {\r\n\"seats\": 0}}", 2},
	{"// \"seats\": 0\n{\"room\": {\n// \"seats\": 1\n\"seats\": 0}}", 4},
	{"/* \"seats\": 0\n\n*/ {\"room\": { /* \"seats\":\n*/ \"seats\": 0}}", 4},
	{"{\"name\": \"\\\"seats\\\": 0\",\n\"room\": {\n\"seats\": 0}}", 3},
	{"{\"name\": \"}{][ // /*\",\n\"room\": {\"seats\": 0}}", 2},
	{"{\"name\": \"\\\\\",\n\"room\": {\"seats\": 0}}", 2},
	{"{\"name\": \"seats\",\n\"colour\": \"seats\",\n\"room\": {\"seats\": 0}}", 3},
	{"{\"x-seats\": {\"seats\": 0},\n\"room\": {\"seats\": 0}}", 2},
	{"{\"x-room\": {\"room\":\n{\"seats\": 0}},\n\"room\": {\"seats\": 0}}", 3},
	{"{\"x-all\": [{\"seats\": 1},\n{\"seats\": 0}],\n\"room\": {\"seats\": 0}}", 3},
	{"{\"kitchen\": {\"seats\": 1,\n\"a\": {\"seats\": 1}},\n\"room\": {\"seats\": 0}}", 3},
	{"{\"kitchen\": [\"a\", {\"b\": 1}],\n\"room\": {\"seats\": 0}}", 2},
	{"{\"room\": {\"guests\": [\n\"seats\",\n\"seats\"],\n\"seats\": 0}}", 4},
	{"{\"room\": {\"x-a\": {\n\"seats\": 1},\n\"seats\": 0}}", 3},
	{"{\"room\": {\n\"se\\u0061ts\": 0}}", 2},
	{"{\"door\": {},\n\"room\": {\"x-a\": \"\", \"pause\": 60,\n\"seats\": 0}}", 3},
};

START_TEST(names_the_line_of_the_key)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *start = arena_printf(&arena, PATH ":%zu: \"room.seats\" ", lines[_i].line);
	struct club club = {0};
	struct error err;

	ck_assert(!load(lines[_i].text, &arena, &club, &err));
	ck_assert_msg(strncmp(err.what, start, strlen(start)) == 0, "%s instead of %s", err.what,
		start);
}
END_TEST

/* ---- several files */

static const char *origin(const char *const *origins, const char *key)
{
	return origins[field_of(key) - fields];
}

START_TEST(later_files_win_key_by_key)
{
	static const char first[] = "{\n\"name\": \"x\",\n\"room\": {\"seats\": 2, \"guests\": [\"eva\"]}}";
	static const char second[] = "{\"room\": {\n\"seats\": 3},\n\"door\": {\"open\": false}}";
	const struct source_text sources[] = {
		{"a.json", first, strlen(first)},
		{"b.json", second, strlen(second)},
		{"c.json", "{}", 2},
	};
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *origins[ARRAY_LENGTH(fields)];
	struct club club = {0};
	struct error err;

	unit_assert_ok(config_load(&table, sources, 3, &arena, &club, origins, &err), err);
	ck_assert_int_eq(club.seats, 3);
	ck_assert(!club.open);
	ck_assert_uint_eq(club.guests.count, 1);
	ck_assert_str_eq(origin(origins, "name"), "a.json:2");
	ck_assert_str_eq(origin(origins, "guests"), "a.json:3");
	ck_assert_str_eq(origin(origins, "seats"), "b.json:2");
	ck_assert_str_eq(origin(origins, "open"), "b.json:3");
	ck_assert_str_eq(origin(origins, "mode"), "default");
	ck_assert_str_eq(origin(origins, "colour"), "default");
}
END_TEST

START_TEST(names_the_file_at_fault)
{
	const struct source_text sources[] = {
		{"a.json", "{\"name\": \"x\"}", 13},
		{"b.json", "{\n\"nam\": \"y\"}", 13},
	};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct club club = {0};
	struct error err;

	ck_assert(!config_load(&table, sources, 2, &arena, &club, NULL, &err));
	ck_assert_str_eq(err.what, "b.json:2: unknown key \"nam\"; did you mean \"name\"?");
}
END_TEST

/* ---- files that are no configuration at all */

START_TEST(refuses_what_is_no_object)
{
	static const char *const bad[] = {
		"", " ", "// only a comment\n", "[]", "\"name\"", "1", "null", "true",
		"{", "{\"name\": }", "{\"name\": \"x\",}", "{\"name\": \"x\"} {}",
		"{\"name\": \"x\", \"name\": \"y\"}", "{\"name\": \"x\", \"n\\u0061me\": \"y\"}",
		"{\"name\": \"\\u0000\"}", "{\"name\": \"\xff\"}", "{name: \"x\"}", "{'name': 'x'}",
		"{\"name\": \"x\"} /* open", "{\"name\": \"x\", \"room\": {\"seats\": 1.5}}",
		"\xef\xbb\xbf{\"name\": \"x\"}", "name = x", "{\"name\": \"x\n\"}",
		"{\"name\": \"x\", \"x-a\": [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct club club = {0};
		struct error err;

		ck_assert_msg(!load(bad[i], &arena, &club, &err), "accepted: %s", bad[i]);
		unit_assert_error(err, ERROR_CONFIG);
		ck_assert_msg(strncmp(err.what, PATH ":", strlen(PATH ":")) == 0, "%s", err.what);
	}
}
END_TEST

START_TEST(names_line_and_column_of_a_syntax_error)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct club club = {0};
	struct error err;

	ck_assert(!load("{\n  \"name\": x\n}", &arena, &club, &err));
	ck_assert_msg(strncmp(err.what, PATH ":2:11: ", strlen(PATH ":2:11: ")) == 0, "%s", err.what);
}
END_TEST

START_TEST(refuses_a_file_beyond_the_limit)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct club club = {0};
	struct error err;

	strbuf_append_text(&text, "{\"name\": \"x\"}");
	while (text.length < CONFIG_FILE_MAX)
		strbuf_append_char(&text, ' ');
	unit_assert_ok(load(strbuf_text(&text), &arena, &club, &err), err);
	strbuf_append_char(&text, ' ');
	ck_assert(!load(strbuf_text(&text), &arena, &club, &err));
	unit_assert_error(err, ERROR_CONFIG);
}
END_TEST

START_TEST(refuses_every_truncation)
{
	static const char whole[] = "{\"name\": \"x\", \"door\": {\"type\": \"oak\", /* c */\n"
				    "\"mode\": \"0600\"}, // d\n\"room\": {\"guests\": [\"a\"]}}";
	struct club club = {0};
	struct error err;

	for (size_t length = 0; length < strlen(whole); length++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		char *text cleanup_free = strndup(whole, length);

		ck_assert_msg(!load(text, &arena, &club, &err), "%s", text);
		unit_assert_error(err, ERROR_CONFIG);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *value = unit_case(suite, "values");
	TCase *key = unit_case(suite, "keys");
	TCase *file = unit_case(suite, "files");

	tcase_add_test(value, has_defaults);
	tcase_add_loop_test(value, reads_and_shows_a_value, 0, ARRAY_LENGTH(values));
	tcase_add_test(value, keeps_texts_when_the_file_is_gone);
	tcase_add_loop_test(value, refuses_a_value_by_file_line_and_key, 0,
		ARRAY_LENGTH(bad_values));
	tcase_add_test(value, says_what_is_allowed);
	tcase_add_loop_test(key, refuses_an_unknown_key, 0, ARRAY_LENGTH(bad_keys));
	tcase_add_test(key, passes_over_what_others_read);
	tcase_add_test(key, needs_what_has_no_default);
	tcase_add_loop_test(key, names_the_line_of_the_key, 0, ARRAY_LENGTH(lines));
	tcase_add_test(file, later_files_win_key_by_key);
	tcase_add_test(file, names_the_file_at_fault);
	tcase_add_test(file, refuses_what_is_no_object);
	tcase_add_test(file, names_line_and_column_of_a_syntax_error);
	tcase_add_test(file, refuses_a_file_beyond_the_limit);
	tcase_add_test(file, refuses_every_truncation);
	return unit_run(suite);
}
