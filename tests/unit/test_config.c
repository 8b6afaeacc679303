#include "format/config.h"

#include "unit.h"

#include "format/nearest_word.h"

struct sample {
	const char *name;
	const char *path;
	const char *tool;
	const char *type;
	bool on;
	int64_t count;
	int64_t wait;
	unsigned mode;
	struct string_list words;
};

/* clang-format off */
static const struct config_field fields[] = {
	{"", "name", CONFIG_TEXT, offsetof(struct sample, name), NULL, NULL, 0, 0, "a name"},
	{"", "on", CONFIG_BOOLEAN, offsetof(struct sample, on), "true", NULL, 0, 0, "on"},
	{"sync", "path", CONFIG_PATH, offsetof(struct sample, path), "/map", NULL, 0, 0, "a path"},
	{"sync", "tool", CONFIG_PATH, offsetof(struct sample, tool), "", NULL, 0, 0, "a command"},
	{"sync", "type", CONFIG_CHOICE, offsetof(struct sample, type), "auto", "auto hash lmdb", 0, 0, "a type"},
	{"sync", "mode", CONFIG_MODE, offsetof(struct sample, mode), "0640", NULL, 0, 0, "a mode"},
	{"policy", "count", CONFIG_INTEGER, offsetof(struct sample, count), "1", NULL, 1, 5, "a number"},
	{"policy", "wait", CONFIG_DURATION, offsetof(struct sample, wait), "1h", NULL, 0, 864000, "a time"},
	{"policy", "words", CONFIG_LIST, offsetof(struct sample, words), "one two", NULL, 0, 0, "words"},
};
/* clang-format on */

static const char *const foreign[] = {"maps", "database", NULL};
static const struct config_table table = {fields, ARRAY_LENGTH(fields), foreign};

static struct source_text source(const char *path, const char *text)
{
	return (struct source_text){path, text, strlen(text)};
}

static bool load(struct arena *arena, const char *text, struct sample *sample, struct error *err)
{
	struct source_text one = source("/etc/postigo/postigo.json", text);

	return config_load(&table, &one, 1, arena, sample, NULL, err);
}

/* ---- what is read */

START_TEST(fills_in_defaults)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct sample sample;
	struct error err;

	unit_assert_ok(load(&arena, "{\"name\":\"x\"}", &sample, &err), err);
	ck_assert_str_eq(sample.name, "x");
	ck_assert_str_eq(sample.path, "/map");
	ck_assert_str_eq(sample.tool, "");
	ck_assert_str_eq(sample.type, "auto");
	ck_assert(sample.on);
	ck_assert_int_eq(sample.count, 1);
	ck_assert_int_eq(sample.wait, 3600);
	ck_assert_uint_eq(sample.mode, 0640);
	ck_assert_uint_eq(sample.words.count, 2);
	ck_assert_str_eq(sample.words.items[1], "two");
}
END_TEST

START_TEST(reads_every_type)
{
	static const char text[] =
		"// a comment\n"
		"{\"name\": \"ol\xc3\xa1\", \"on\": false, /* more */\n"
		" \"sync\": {\"path\": \"/a\", \"tool\": \"/b\", \"type\": \"lmdb\", \"mode\": "
		"\"0o600\"},\n"
		" \"policy\": {\"count\": 5, \"wait\": \"2d\", \"words\": []}}\n";
	struct arena arena cleanup_arena = ARENA_INIT;
	struct sample sample;
	struct error err;

	unit_assert_ok(load(&arena, text, &sample, &err), err);
	ck_assert_str_eq(sample.name, "ol\xc3\xa1");
	ck_assert(!sample.on);
	ck_assert_str_eq(sample.path, "/a");
	ck_assert_str_eq(sample.tool, "/b");
	ck_assert_str_eq(sample.type, "lmdb");
	ck_assert_uint_eq(sample.mode, 0600);
	ck_assert_int_eq(sample.count, 5);
	ck_assert_int_eq(sample.wait, 172800);
	ck_assert_uint_eq(sample.words.count, 0);
}
END_TEST

START_TEST(takes_a_number_of_seconds)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct sample sample;
	struct error err;

	unit_assert_ok(load(&arena, "{\"name\":\"x\",\"policy\":{\"wait\":90}}", &sample, &err),
		err);
	ck_assert_int_eq(sample.wait, 90);
}
END_TEST

START_TEST(passes_over_what_is_not_ours)
{
	static const char text[] = "{\"x-note\": {\"a\": [1, {\"b\": 2}]}, \"maps\": {\"any\": "
				   "{\"thing\": 1}}, \"database\": [1],\n"
				   " \"sync\": {\"x-why\": {\"deep\": 1}, \"path\": \"/a\"},\n"
				   " \"name\": \"x\", \"policy\": {\"x-y\": null,\n"
				   "  \"count\": 9}}";
	struct arena arena cleanup_arena = ARENA_INIT;
	struct sample sample;
	struct error err;

	/* The fault's line shows that the passed-over keys were counted. */
	ck_assert(!load(&arena, text, &sample, &err));
	ck_assert_str_eq(err.what, "/etc/postigo/postigo.json:4: \"policy.count\" must be a whole "
				   "number from 1 to 5");
}
END_TEST

START_TEST(lets_later_sources_win_key_by_key)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct source_text sources[] = {
		source("/c/postigo.json",
			"{\n\"name\": \"first\",\n\"sync\": {\n\"path\": \"/one\",\n"
			"\"type\": \"hash\"}}"),
		source("/c/conf.d/10-a.json",
			"{\"policy\": {\"words\": [\"x\"]},\n\n \"sync\": {\"path\":"
			" \"/two\"}}"),
		source("/c/conf.d/20-b.json", "{}"),
	};
	const char *origins[ARRAY_LENGTH(fields)];
	struct sample sample;
	struct error err;

	unit_assert_ok(config_load(&table, sources, 3, &arena, &sample, origins, &err), err);
	ck_assert_str_eq(sample.name, "first");
	ck_assert_str_eq(sample.path, "/two");
	ck_assert_str_eq(sample.type, "hash");
	ck_assert_uint_eq(sample.words.count, 1);
	ck_assert_str_eq(origins[0], "/c/postigo.json:2");
	ck_assert_str_eq(origins[1], "default");
	ck_assert_str_eq(origins[2], "/c/conf.d/10-a.json:3");
	ck_assert_str_eq(origins[4], "/c/postigo.json:5");
	ck_assert_str_eq(origins[8], "/c/conf.d/10-a.json:1");
}
END_TEST

/* ---- what is refused */

static const struct {
	const char *text;
	const char *what;
	const char *field;
} faults[] = {
	{"{\"name\": 1}", "F:1: \"name\" must be a text without control characters", "name"},
	{"{\"name\": \"a\\u001b[31m\"}", "F:1: \"name\" must be a text without control characters",
		"name"},
	{"{\"name\": \"a\\u202eb\"}", "F:1: \"name\" must be a text without control characters",
		"name"},
	{"{\n\n\"on\": \"true\"}", "F:3: \"on\" must be true or false", "on"},
	{"{\"on\": 1}", "F:1: \"on\" must be true or false", "on"},
	{"{\"on\": null}", "F:1: \"on\" must be true or false", "on"},
	{"{\"sync\": {\n\"path\": \"map\"}}",
		"F:2: \"sync.path\" must be an absolute path, such as \"/etc/postfix\"",
		"sync.path"},
	{"{\"sync\": {\n\"tool\": \"\"}}",
		"F:2: \"sync.tool\" must be an absolute path, such as \"/etc/postfix\"",
		"sync.tool"},
	{"{\"sync\": {\"type\": \"btree\"}}", "F:1: \"sync.type\" must be one of auto, hash, lmdb",
		"sync.type"},
	{"{\"sync\": {\"type\": \"\"}}", "F:1: \"sync.type\" must be one of auto, hash, lmdb",
		"sync.type"},
	{"{\"sync\": {\"mode\": \"0644\"}}",
		"F:1: \"sync.mode\" must be a file mode such as \"0640\", nothing for others and "
		"nothing "
		"executable",
		"sync.mode"},
	{"{\"sync\": {\"mode\": 640}}",
		"F:1: \"sync.mode\" must be a file mode such as \"0640\", nothing for others and "
		"nothing "
		"executable",
		"sync.mode"},
	{"{\"policy\": {\"count\": 0}}", "F:1: \"policy.count\" must be a whole number from 1 to 5",
		"policy.count"},
	{"{\"policy\": {\"count\": \"1\"}}",
		"F:1: \"policy.count\" must be a whole number from 1 to 5", "policy.count"},
	{"{\"policy\": {\"wait\": \"11d\"}}",
		"F:1: \"policy.wait\" must be a duration such as \"90s\", \"12h\" or \"30d\", from "
		"0s to 10d",
		"policy.wait"},
	{"{\"policy\": {\"wait\": -1}}",
		"F:1: \"policy.wait\" must be a duration such as \"90s\", \"12h\" or \"30d\", from "
		"0s to 10d",
		"policy.wait"},
	{"{\"policy\": {\"words\": \"one\"}}",
		"F:1: \"policy.words\" must be a list of texts, such as [\"one\", \"two\"]",
		"policy.words"},
	{"{\"policy\": {\"words\": [1]}}",
		"F:1: \"policy.words\" must be a list of texts, such as [\"one\", \"two\"]",
		"policy.words"},
	{"{\"sync\": \"on\"}", "F:1: \"sync\" must be an object, such as {\"key\": \"value\"}",
		"sync"},
	/* unknown keys, with and without a neighbour */
	{"{\n\"sync\": {\n\"path\": \"/a\",\n\"typ\": \"hash\"}}",
		"F:4: unknown key \"sync.typ\"; did you mean \"sync.type\"?", "sync.typ"},
	{"{\"Name\": \"x\"}", "F:1: unknown key \"Name\"; did you mean \"name\"?", "Name"},
	{"{\"snyc\": {}}", "F:1: unknown key \"snyc\"; did you mean \"sync\"?", "snyc"},
	{"{\"databse\": {}}", "F:1: unknown key \"databse\"; did you mean \"database\"?",
		"databse"},
	{"{\"count\": 1}", "F:1: unknown key \"count\"; did you mean \"policy.count\"?", "count"},
	{"{\"sync\": {\"words\": []}}",
		"F:1: unknown key \"sync.words\"; did you mean \"policy.words\"?", "sync.words"},
	{"{\"backend\": \"x\"}", "F:1: unknown key \"backend\"", "backend"},
	{"{\"\": 1}", "F:1: unknown key \"\"", ""},
	/* lines behind comments, strings that look like keys, escapes in keys */
	{"/* 1\n2 */ {\n// \"on\": 1\n\"name\": \"{ \\\"on\\\": [\",\n\"on\": 7}",
		"F:5: \"on\" must be true or false", "on"},
	{"{\"\\u006eame\": \"x\",\n\"o\\u006e\"\n:\n7}", "F:2: \"on\" must be true or false", "on"},
	{"{\"policy\": {\"words\": [\"a\", \"b\"],\n\"count\": 7}}",
		"F:2: \"policy.count\" must be a whole number from 1 to 5", "policy.count"},
	/* files that are no configuration */
	{"", "F:1:1: unexpected end", ""},
	{"[]", "F: must be an object: { … }", ""},
	{"{\n  \"on\": true,\n}", "F:3:1: key expected", ""},
	{"{\"on\": true,\n \"on\": true}", "F:2:2: duplicate key", ""},
	{"{\"on\": 1.5}", "F:1:8: number is no integer", ""},
	{"{\"name\": \"\xff\"}", "F:1:11: invalid UTF-8", ""},
};

START_TEST(names_file_line_and_key)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct source_text one = source("F", faults[_i].text);
	struct sample sample;
	struct error err;

	ck_assert_msg(!config_load(&table, &one, 1, &arena, &sample, NULL, &err), "accepted: %s",
		faults[_i].text);
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.what, faults[_i].what);
	ck_assert_str_eq(err.field, faults[_i].field);
}
END_TEST

START_TEST(misses_what_has_no_default)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct sample sample;
	struct error err;

	ck_assert(!load(&arena, "{}", &sample, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.what, "\"name\" is not configured");
	ck_assert_str_eq(err.fix, "add \"name\" to /etc/postigo/postigo.json");
	ck_assert(!config_load(&table, NULL, 0, &arena, &sample, NULL, &err));
	ck_assert_str_eq(err.why, "there is no configuration file");
}
END_TEST

START_TEST(refuses_a_file_that_is_too_large)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	size_t length = CONFIG_FILE_MAX + 1;
	char *text = arena_alloc(&arena, length + 1);
	struct source_text one = {"F", text, length};
	struct sample sample;
	struct error err;

	memset(text, ' ', length);
	ck_assert(!config_load(&table, &one, 1, &arena, &sample, NULL, &err));
	ck_assert_str_eq(err.what, "F:1:1: too large");
}
END_TEST

/* ---- showing */

START_TEST(shows_values_as_the_file_says_them)
{
	static const char *const shown[] = {
		"x",
		"true",
		"/map",
		"",
		"auto",
		"0640",
		"1",
		"1h",
		"one two",
	};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct sample sample;
	struct error err;

	unit_assert_ok(load(&arena, "{\"name\":\"x\"}", &sample, &err), err);
	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
		ck_assert_str_eq(config_value_text(&fields[i], &sample, &arena), shown[i]);
	sample.wait = 90;
	ck_assert_str_eq(config_value_text(&fields[7], &sample, &arena), "90s");
	sample.wait = 120;
	ck_assert_str_eq(config_value_text(&fields[7], &sample, &arena), "2m");
	sample.wait = 0;
	ck_assert_str_eq(config_value_text(&fields[7], &sample, &arena), "0s");
	sample.wait = 30 * 86400;
	ck_assert_str_eq(config_value_text(&fields[7], &sample, &arena), "30d");
}
END_TEST

/* ---- did you mean */

START_TEST(finds_the_nearest_word)
{
	static const char *const words[] = {"pending", "approve", "reject", "sync", "show", "gc"};
	static const struct {
		const char *typed;
		const char *nearest;
	} pairs[] = {
		{"pending", "pending"},
		{"pendign", "pending"},
		{"aprove", "approve"},
		{"aproev", "approve"},
		{"apprrove", "approve"},
		{"rejct", "reject"},
		{"snyc", "sync"},
		{"shwo", "show"},
		{"gcc", "gc"},
		{"xy", NULL},
		{"g", "gc"},
		{"remove", NULL},
		{"", NULL},
		{"sh", NULL},
		{"approveapprove", NULL},
	};
	char long_word[200];

	for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
		const char *nearest = nearest_word(pairs[i].typed, words, ARRAY_LENGTH(words));

		ck_assert_msg(nearest == pairs[i].nearest ||
				      (nearest && pairs[i].nearest &&
					      strcmp(nearest, pairs[i].nearest) == 0),
			"%s: %s", pairs[i].typed, nearest ? nearest : "none");
	}
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	ck_assert_ptr_null(nearest_word(long_word, words, ARRAY_LENGTH(words)));
	ck_assert_ptr_null(nearest_word("x", words, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *read = unit_case(suite, "read");
	TCase *refuse = unit_case(suite, "refuse");
	TCase *show = unit_case(suite, "show");

	tcase_add_test(read, fills_in_defaults);
	tcase_add_test(read, reads_every_type);
	tcase_add_test(read, takes_a_number_of_seconds);
	tcase_add_test(read, passes_over_what_is_not_ours);
	tcase_add_test(read, lets_later_sources_win_key_by_key);
	tcase_add_loop_test(refuse, names_file_line_and_key, 0, ARRAY_LENGTH(faults));
	tcase_add_test(refuse, misses_what_has_no_default);
	tcase_add_test(refuse, refuses_a_file_that_is_too_large);
	tcase_add_test(show, shows_values_as_the_file_says_them);
	tcase_add_test(show, finds_the_nearest_word);
	return unit_run(suite);
}
