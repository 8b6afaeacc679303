/*
 * A configuration of any bytes: it loads, or the error says what is wrong; what loads can be shown, and says the same without its comments and when it is
 * read twice.
 */
#include "format/json_gate.h"
#include "format/settings.h"
#include "format/settings_runv.h"

#include "fuzz.h"

static void check_settings(const struct settings *settings, const char *const *origins,
	struct arena *arena)
{
	const struct config_table *table = settings_table();

	insist(settings->policy.max_destinations >= 1 && settings->policy.max_destinations <= 5);
	insist((settings->sync.mode & ~0664U) == 0 && settings->sync.path[0] == '/');
	for (size_t i = 0; i < table->count; i++) {
		insist(strcmp(origins[i], "default") == 0 || strncmp(origins[i], "F:", 2) == 0);
		insist(config_value_text(&table->fields[i], settings, arena) != NULL);
	}
	(void)settings_reserve_name(settings, "postmaster");
}

/* Whether all fields have equal values, said as in a file. */
static void insist_same(const struct settings *left, const struct settings *right, struct arena *arena)
{
	const struct config_table *table = settings_table();

	for (size_t i = 0; i < table->count; i++)
		insist(strcmp(config_value_text(&table->fields[i], left, arena),
			       config_value_text(&table->fields[i], right, arena)) == 0);
}

static void check_again(const struct source_text *source, const struct settings *settings, struct arena *arena)
{
	char *blanked = arena_strndup(arena, source->text, source->length);
	const struct source_text twice[] = {*source, {"F", blanked, source->length}};
	struct settings again;
	struct error err;

	json_blank_comments(blanked, source->length);
	insist(settings_load(&twice[1], 1, arena, &again, NULL, &err));
	insist_same(settings, &again, arena);
	/* runv's form is taken in the first place only. */
	if (settings_runv_matches(source))
		return;
	insist(settings_load(twice, 2, arena, &again, NULL, &err));
	insist_same(settings, &again, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct config_table *table = settings_table();
	const char **origins = arena_alloc_array(&arena, table->count, sizeof(*origins));
	struct source_text source = {"F", arena_strndup(&arena, (const char *)bytes, length),
		length};
	struct settings settings;
	struct error err = {0};

	if (!settings_load(&source, 1, &arena, &settings, origins, &err)) {
		insist(err.code == ERROR_CONFIG && err.what[0]);
		return 0;
	}
	check_settings(&settings, origins, &arena);
	check_again(&source, &settings, &arena);
	return 0;
}
