/*
 * Configuration: JSON files merged in order, read through one table of fields a program.
 *
 * The table yields parsing, defaults, "unknown key, did you mean", `config show --origin`, and what
 * the manual lists. A program validates its own sections and only the names of the others. Keys
 * that start with "x-" are ignored everywhere.
 */
#ifndef POSTIGO_FORMAT_CONFIG_H
#define POSTIGO_FORMAT_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "base/source_text.h"
#include "base/string_list.h"

#include <stddef.h>

#define CONFIG_FILE_MAX ((size_t)256 << 10) /* bytes */

enum config_type {
	CONFIG_TEXT,     /* const char * */
	CONFIG_PATH,     /* const char *: absolute; "" allowed only as default */
	CONFIG_CHOICE,   /* const char *: one of .choices, blank-separated */
	CONFIG_BOOLEAN,  /* bool */
	CONFIG_INTEGER,  /* int64_t within .minimum and .maximum */
	CONFIG_DURATION, /* int64_t seconds within the same; "30d" or a number in the file */
	CONFIG_MODE,     /* unsigned; "0640" in the file; no bits outside 0660 */
	CONFIG_LIST,     /* struct string_list; array of strings */
};

struct config_field {
	const char *section; /* "" = top level */
	const char *key;
	enum config_type type;
	size_t offset; /* in the program's settings struct */
	/* The default, as the file would say it; lists: blank-separated; NULL = must be given. */
	const char *initial;
	const char *choices;
	int64_t minimum;
	int64_t maximum;
	const char *help; /* one sentence, N_() */
};

struct config_table {
	const struct config_field *fields;
	size_t count;
	const char *const *foreign_sections; /* names that others validate; NULL-terminated */
};

/*
 * Fills `settings` from the sources, later ones winning key by key. `origins` (count entries) may
 * be NULL; else each becomes "default" or "FILE:LINE". Texts live in `arena`. Fails with config,
 * naming file, line, key and the nearest known key; then `settings` and `origins` are half filled.
 */
must_check bool config_load(const struct config_table *table, const struct source_text *sources,
	size_t count, struct arena *arena, void *settings, const char **origins, struct error *err);

/* The value of a field as the file would say it (a list: blank-separated), in the arena. */
const char *config_value_text(const struct config_field *field, const void *settings,
	struct arena *arena);

#endif
