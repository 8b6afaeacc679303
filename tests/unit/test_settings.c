#include "format/settings.h"

#include "unit.h"

#define FILE_NAME "/etc/postigo/postigo.json"

static bool load(struct arena *arena, const char *text, struct settings *settings,
	struct error *err)
{
	const struct source_text source = {FILE_NAME, text, strlen(text)};

	return settings_load(&source, 1, arena, settings, NULL, err);
}

START_TEST(has_the_defaults_of_the_manual)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings;
	struct error err;

	unit_assert_ok(load(&arena, "{\"domain\": \"club.example\"}", &settings, &err), err);
	ck_assert_str_eq(settings.domain, "club.example");
	ck_assert_str_eq(settings.language, "");
	ck_assert_str_eq(settings.members.group, "members");
	ck_assert_int_eq(settings.members.uid_min, 1000);
	ck_assert(!settings.members.allow_shared_uid);
	ck_assert_int_eq(settings.policy.max_destinations, 1);
	ck_assert(!settings.policy.keep_copy);
	ck_assert(!settings.policy.allow_local_destinations);
	ck_assert_uint_eq(settings.policy.reserved_add.count, 0);
	ck_assert_uint_eq(settings.policy.reserved_remove.count, 0);
	ck_assert_int_eq(settings.policy.cooldown_after_reject, 3600);
	ck_assert_int_eq(settings.policy.pending_ttl, 30 * 86400);
	ck_assert(!settings.policy.allow_blind_approve);
}
END_TEST

START_TEST(has_the_defaults_of_sync)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings;
	struct error err;

	unit_assert_ok(load(&arena, "{\"domain\": \"club.example\"}", &settings, &err), err);
	ck_assert(settings.sync.enabled);
	ck_assert(settings.sync.after_approve);
	ck_assert_str_eq(settings.sync.type, "auto");
	ck_assert_str_eq(settings.sync.path, "/etc/postfix/postigo-aliases");
	ck_assert_uint_eq(settings.sync.mode, 0640);
	ck_assert_str_eq(settings.sync.group, "postfix");
	ck_assert_str_eq(settings.sync.postfix_config_directory, "/etc/postfix");
	ck_assert_str_eq(settings.sync.postconf, "/usr/sbin/postconf");
	ck_assert_str_eq(settings.sync.postmap, "");
	ck_assert_str_eq(settings.sync.reload, "auto");
	ck_assert(!settings.sync.require_reference);
	ck_assert_int_eq(settings.sync.lock_timeout, 30);
	ck_assert_int_eq(settings.sync.command_timeout, 60);
	ck_assert_int_eq(settings.sync.max_drop_count, 5);
	ck_assert_int_eq(settings.sync.max_drop_percent, 10);
	ck_assert_int_eq(settings.sync.max_change_percent, 50);
}
END_TEST

START_TEST(lowers_the_domain)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings;
	struct error err;

	unit_assert_ok(load(&arena, "{\"domain\": \"Club.EXAMPLE\"}", &settings, &err), err);
	ck_assert_str_eq(settings.domain, "club.example");
}
END_TEST

START_TEST(keeps_the_result_on_failure)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings = {.domain = "before"};
	struct error err;

	ck_assert(!load(&arena, "{\"domain\": \"club.example\", \"language\": \"english\"}",
		&settings, &err));
	ck_assert_str_eq(settings.domain, "before");
}
END_TEST

static const struct {
	const char *text;
	const char *what;
	const char *field;
} faults[] = {
	{"{}", "\"domain\" is not configured", "domain"},
	{"{\"domain\": \"\"}", FILE_NAME ":1: \"\" cannot be the domain of the aliases", "domain"},
	{"{\n\"domain\": \"club\"}", FILE_NAME ":2: \"club\" cannot be the domain of the aliases",
		"domain"},
	{"{\"domain\": \"ana@club.example\"}",
		FILE_NAME ":1: \"ana@club.example\" cannot be the domain of the aliases", "domain"},
	{"{\"domain\": \"munic\xc3\xadpio.example\"}",
		FILE_NAME ":1: \"munic\xc3\xadpio.example\" cannot be the domain of the aliases",
		"domain"},
	{"{\"domain\": \"a.example\", \"language\": \"pt-BR\"}",
		FILE_NAME ":1: \"pt-BR\" is no language", "language"},
	{"{\"domain\": \"a.example\", \"sync\": {\n\"path\": \"/etc/postfix/aliases.lmdb\"}}",
		FILE_NAME ":2: \"sync.path\" must not end in \".lmdb\"", "sync.path"},
	{"{\"domain\": \"a.example\", \"sync\": {\"path\": \"/etc/postfix/\"}}",
		FILE_NAME ":1: \"sync.path\" must not end in \"/\"", "sync.path"},
	{"{\"domain\": \"a.example\", \"policy\": {\"reserved_add\": [\"info\", \"a@b\"]}}",
		FILE_NAME ":1: \"a@b\" cannot be the name of a member", "reserved_add"},
	{"{\"domain\": \"a.example\", \"policy\": {\"max_destinations\": 6}}",
		FILE_NAME ":1: \"policy.max_destinations\" must be a whole number from 1 to 5",
		"policy.max_destinations"},
	{"{\"domain\": \"a.example\", \"sync\": {\"typ\": \"hash\"}}",
		FILE_NAME ":1: unknown key \"sync.typ\"; did you mean \"sync.type\"?", "sync.typ"},
};

START_TEST(refuses_what_cannot_work)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings;
	struct error err;

	ck_assert_msg(!load(&arena, faults[_i].text, &settings, &err), "accepted: %s",
		faults[_i].text);
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.what, faults[_i].what);
	ck_assert_str_eq(err.field, faults[_i].field);
}
END_TEST

START_TEST(passes_over_the_sections_of_others)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings;
	struct error err;

	unit_assert_ok(load(&arena,
			       "{\"domain\":\"a.example\",\"maps\":[{\"name\":\"x\"}],"
			       "\"database\":{\"credentials_file\":\"/x\"},\"x-mine\":1}",
			       &settings, &err),
		err);
}
END_TEST

START_TEST(knows_where_values_come_from)
{
	const struct source_text sources[] = {
		{"/a", "{\"domain\": \"a.example\"}", 23},
		{"/b", "{\n\"policy\": {\n\"keep_copy\": true}}", 33},
	};
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct config_table *table = settings_table();
	const char **origins = arena_alloc_array(&arena, table->count, sizeof(*origins));
	struct settings settings;
	struct error err;

	unit_assert_ok(settings_load(sources, 2, &arena, &settings, origins, &err), err);
	for (size_t i = 0; i < table->count; i++) {
		const char *expected = "default";

		if (strcmp(table->fields[i].key, "domain") == 0)
			expected = "/a:1";
		if (strcmp(table->fields[i].key, "keep_copy") == 0)
			expected = "/b:3";
		ck_assert_str_eq(origins[i], expected);
	}
}
END_TEST

START_TEST(reserves_names)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings;
	struct error err;

	unit_assert_ok(load(&arena,
			       "{\"domain\":\"a.example\",\"policy\":{\"reserved_add\":[\"board\","
			       "\"news\"],"
			       "\"reserved_remove\":[\"sales\",\"news\"]}}",
			       &settings, &err),
		err);
	ck_assert(settings_reserve_name(&settings, "postmaster"));
	ck_assert(settings_reserve_name(&settings, "board"));
	ck_assert(settings_reserve_name(&settings, "Board"));
	ck_assert(!settings_reserve_name(&settings, "sales"));
	ck_assert(!settings_reserve_name(&settings, "ana"));
	/* named in both lists: kept back */
	ck_assert(settings_reserve_name(&settings, "news"));
}
END_TEST

/* The commented example says the defaults; tests run in the top directory. */
START_TEST(reads_the_example)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	FILE *file cleanup_fclose = fopen("config-examples/postigo.json", "re");
	char *text = arena_alloc(&arena, CONFIG_FILE_MAX);
	struct source_text source = {FILE_NAME, text, 0};
	const struct config_table *table = settings_table();
	const char **origins = arena_alloc_array(&arena, table->count, sizeof(*origins));
	struct settings settings;
	struct settings defaults;
	struct error err;

	unit_assert_ok(load(&arena, "{\"domain\": \"club.example\"}", &defaults, &err), err);
	ck_assert_ptr_nonnull(file);
	source.length = fread(text, 1, CONFIG_FILE_MAX - 1, file);
	unit_assert_ok(settings_load(&source, 1, &arena, &settings, origins, &err), err);
	for (size_t i = 0; i < table->count; i++) {
		const struct config_field *field = &table->fields[i];

		/* A path cannot be set to nothing: one that may be unset stands there as a comment. */
		if (!field->initial || (field->type == CONFIG_PATH && !*field->initial))
			continue;
		ck_assert_msg(strcmp(origins[i], "default") != 0, "%s is not there", field->key);
		ck_assert_str_eq(config_value_text(field, &settings, &arena),
			config_value_text(field, &defaults, &arena));
	}
}
END_TEST

START_TEST(explains_every_field)
{
	const struct config_table *table = settings_table();

	for (size_t i = 0; i < table->count; i++) {
		const struct config_field *field = &table->fields[i];

		ck_assert_msg(field->help && field->help[0], "%s", field->key);
		ck_assert(field->type != CONFIG_CHOICE || field->choices);
		ck_assert((field->type != CONFIG_INTEGER && field->type != CONFIG_DURATION) ||
			  field->minimum < field->maximum);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *load_case = unit_case(suite, "load");
	TCase *names = unit_case(suite, "names");

	tcase_add_test(load_case, has_the_defaults_of_the_manual);
	tcase_add_test(load_case, has_the_defaults_of_sync);
	tcase_add_test(load_case, lowers_the_domain);
	tcase_add_test(load_case, keeps_the_result_on_failure);
	tcase_add_loop_test(load_case, refuses_what_cannot_work, 0, ARRAY_LENGTH(faults));
	tcase_add_test(load_case, passes_over_the_sections_of_others);
	tcase_add_test(load_case, knows_where_values_come_from);
	tcase_add_test(load_case, reads_the_example);
	tcase_add_test(load_case, explains_every_field);
	tcase_add_test(names, reserves_names);
	return unit_run(suite);
}
