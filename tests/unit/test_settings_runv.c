#include "format/settings.h"
#include "format/settings_runv.h"

#include "unit.h"

#define BACKEND "\"backend\": \"postfix-hash\""

static bool load(const char *text, struct arena *arena, struct settings *settings,
	struct error *err)
{
	const struct source_text source = {"F", text, strlen(text)};

	return settings_load(&source, 1, arena, settings, NULL, err);
}

static const struct {
	const char *text;
	bool matches;
} texts[] = {
	{"{" BACKEND "}", true},
	{"{\"backend\": 1}", true},
	{"// runv\n{" BACKEND ", /* more */ \"x-note\": {}}", true},
	{"{\"enabled\": true}", false},
	{"{" BACKEND ", \"sync\": {}}", false},
	{"{" BACKEND ", \"members\": {}}", false},
	{"{\"sync\": {" BACKEND "}}", false},
	{"[\"backend\"]", false},
	{"{" BACKEND, false},
	{"", false},
};

START_TEST(is_known_by_its_backend)
{
	const struct source_text source = {"F", texts[_i].text, strlen(texts[_i].text)};

	ck_assert_msg(settings_runv_matches(&source) == texts[_i].matches, "%s", texts[_i].text);
}
END_TEST

START_TEST(has_the_defaults_of_runv)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings;
	struct error err;

	unit_assert_ok(load("{" BACKEND "}", &arena, &settings, &err), err);
	ck_assert_str_eq(settings.domain, "runv.club");
	ck_assert(!settings.sync.enabled);
	ck_assert(!settings.sync.after_approve);
	ck_assert_str_eq(settings.sync.type, "hash");
	ck_assert_str_eq(settings.sync.path, "/etc/postfix/runv-member-aliases");
	ck_assert_uint_eq(settings.sync.mode, 0640);
	ck_assert_str_eq(settings.sync.reload, "auto");
	ck_assert_uint_eq(settings.warnings.count, 0);
}
END_TEST

START_TEST(says_everything_that_runv_can)
{
	static const char text[] =
		"{\n\"enabled\": true,\n" BACKEND
		",\n\"virtual_alias_file\": \"/etc/postfix/other\",\n"
		"\"file_mode\": 436,\n\"check_maps\": false,\n\"run_postmap\": false,\n"
		"\"postmap_command\": null,\n\"reload_postfix\": false,\n\"reload_command\": [],\n"
		"\"auto_sync_on_approve\": true,\n\"domain\": \"Club.Example\"\n}";
	const struct source_text sources[] = {
		{"F", text, sizeof(text) - 1},
		{"G", "{\"sync\": {\"reload\": \"always\"}}", 30},
	};
	struct arena arena cleanup_arena = ARENA_INIT;
	const char **origins = arena_alloc_array(&arena, settings_table()->count, sizeof(*origins));
	struct settings settings;
	struct error err;

	unit_assert_ok(settings_load(sources, 2, &arena, &settings, origins, &err), err);
	ck_assert_str_eq(settings.domain, "club.example");
	ck_assert(settings.sync.enabled && settings.sync.after_approve);
	ck_assert_str_eq(settings.sync.enabled_origin, "F:2");
	ck_assert_str_eq(settings.sync.path, "/etc/postfix/other");
	ck_assert_uint_eq(settings.sync.mode, 0664);
	ck_assert_str_eq(settings.sync.reload, "always");
	ck_assert_str_eq(origins[0], "F:12");
	ck_assert_uint_eq(settings.warnings.count, 4);
	ck_assert(strstr(settings.warnings.items[0], "F:5: \"file_mode\"") ==
		  settings.warnings.items[0]);
}
END_TEST

static const struct {
	const char *member;
	const char *what; /* part of the message */
} refused[] = {
	{"\"enabled\": 1", "F:1: \"enabled\" must be"},
	{"\"virtual_alias_file\": \"aliases\"", "\"virtual_alias_file\" must be an absolute path"},
	{"\"virtual_alias_file\": \"/etc/postfix/a.db\"", "must not end in"},
	{"\"file_mode\": \"0o646\"", "\"file_mode\""},
	{"\"file_mode\": \"rw\"", "\"file_mode\""},
	{"\"file_mode\": 0", "\"file_mode\""},
	{"\"file_mode\": -1", "\"file_mode\""},
	{"\"file_mode\": [7]", "\"file_mode\""},
	{"\"postmap_command\": \"postmap\"", "\"postmap_command\" must be"},
	{"\"reload_postfix\": \"auto\"", "\"reload_postfix\" must be"},
	{"\"domain\": \"club\"", "cannot be the domain"},
	{"\"domain\": []", "\"domain\" must be"},
	{"\"enabeld\": true", "did you mean \"enabled\""},
	{"\"policy_group\": true", "unknown key"},
};

START_TEST(refuses_with_file_and_key)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	char *text = arena_printf(&arena, "{" BACKEND ", %s}", refused[_i].member);
	struct settings settings;
	struct error err;

	ck_assert_msg(!load(text, &arena, &settings, &err), "%s", text);
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_msg(strstr(err.what, refused[_i].what) != NULL, "%s: %s", text, err.what);
}
END_TEST

static const char *const backends[] = {"\"postfix-lmdb\"", "\"x\"", "\"\"", "7", "null"};

START_TEST(refuses_other_backends)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	char *text = arena_printf(&arena, "{\n\"backend\": %s}", backends[_i]);
	struct settings settings;
	struct error err;

	ck_assert(!load(text, &arena, &settings, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_msg(strncmp(err.what, "F:2: ", 5) == 0, "%s", err.what);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings_runv");
	TCase *file = unit_case(suite, "file");

	tcase_add_loop_test(file, is_known_by_its_backend, 0, ARRAY_LENGTH(texts));
	tcase_add_test(file, has_the_defaults_of_runv);
	tcase_add_test(file, says_everything_that_runv_can);
	tcase_add_loop_test(file, refuses_with_file_and_key, 0, ARRAY_LENGTH(refused));
	tcase_add_loop_test(file, refuses_other_backends, 0, ARRAY_LENGTH(backends));
	return unit_run(suite);
}
