#include "base/message.h"
#include "format/postfix_map.h"
#include "service/check_map.h"
#include "service/map_rows.h"
#include "system/process.h"

#include <string.h>

#define SAMPLE_MAX 1000
#define OUTPUT_LIMIT ((size_t)SAMPLE_MAX * POSTFIX_MAP_LINE_MAX)

struct sample {
	size_t rows; /* active entries of the store */
	size_t taken;
	struct strbuf keys;
	struct strbuf expected;
};

#define cleanup_sample __attribute__((cleanup(sample_clear)))

static void sample_clear(struct sample *sample)
{
	strbuf_clear(&sample->keys);
	strbuf_clear(&sample->expected);
}

/* Every entry when there are few, else every n-th, the first always. */
static bool is_sampled(size_t number, size_t rows)
{
	return rows <= SAMPLE_MAX ||
	       number * SAMPLE_MAX / rows != (number + 1) * SAMPLE_MAX / rows || number == 0;
}

static void take_row(struct sample *sample, struct alias_entry *entry, struct arena *arena)
{
	map_row_complete(entry, arena);
	strbuf_printf(&sample->keys, "%s\n", entry->alias);
	postfix_map_row_append(&sample->expected, entry->alias, &entry->destinations);
	sample->taken++;
}

/* Goes through the active entries: counts them, or with `wanted` rows known takes the sample. */
static bool walk(const struct alias_store *store, size_t wanted, struct sample *sample)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	struct error ignored; /* a store that cannot be read is a finding of its own section */
	enum lookup_result result;
	size_t number = 0;

	alias_store_rewind(store, &cursor);
	while ((result = alias_store_next(&cursor, &arena, &entry, &ignored)) == LOOKUP_FOUND) {
		if (entry.status == ALIAS_ACTIVE) {
			if (wanted > 0 && is_sampled(number, wanted))
				take_row(sample, &entry, &arena);
			number++;
		}
		arena_clear(&arena);
	}
	sample->rows = number;
	return result == LOOKUP_NOT_FOUND;
}

/* The first line in which two texts differ, of the first text; NULL = they do not. */
static const char *first_difference(const char *expected, const char *got, struct arena *arena)
{
	while (*expected) {
		size_t length = strcspn(expected, "\n") + 1;

		if (strncmp(expected, got, length) != 0)
			return arena_strndup(arena, expected, length - 1);
		expected += length;
		got += length;
	}
	return NULL;
}

static void note_difference(struct consistency_check *check, const struct process_result *result,
	const char *row, const char *cure)
{
	const char *said =
		arena_strndup(check->arena, result->errors, strcspn(result->errors, "\n"));

	check_find(check, FINDING_ERROR, "postfix.map-answers",
		_("the live map does not answer what the store says"));
	check_evidence(check, _("the store says: %s%s%s"), row, *said ? "; " : "", said);
	check_cure(check, "%s", cure);
}

void check_map_answers(struct consistency_check *check, const struct postfix_instance *instance,
	const struct map_type *type, const struct alias_store *store, const char *cure)
{
	const char *table =
		arena_printf(check->arena, "%s:%s", type->name, check->settings->sync.path);
	const char *const argv[] = {instance->postmap, "-c", instance->config_directory, "-q", "-",
		table, NULL};
	struct sample sample cleanup_sample = {0};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = instance->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
	};
	struct process_result result;
	struct error failure;
	const char *row;

	if (!walk(store, 0, &sample) || !walk(store, sample.rows, &sample) || sample.taken == 0)
		return;
	request.input = strbuf_text(&sample.keys);
	if (!process_run(&request, check->arena, &result, &failure)) {
		check_failed(check, "postfix.map-answers", &failure);
		return;
	}
	row = first_difference(strbuf_text(&sample.expected), result.output, check->arena);
	if (row)
		note_difference(check, &result, row, cure);
}
