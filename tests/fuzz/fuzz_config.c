/* A configuration of any bytes: it loads, or the error names the file; and what loads can be shown.
 */
#include "format/settings.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct config_table *table = settings_table();
	const char **origins = arena_alloc_array(&arena, table->count, sizeof(*origins));
	struct source_text source = {"F", arena_strndup(&arena, (const char *)bytes, length),
		length};
	struct settings settings;
	struct error err = {0};

	if (settings_load(&source, 1, &arena, &settings, origins, &err))
		check_settings(&settings, origins, &arena);
	else
		insist(err.code == ERROR_CONFIG && err.what[0]);
	return 0;
}
