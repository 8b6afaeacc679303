#include "service/map_sync_result.h"

#include "base/clock.h"
#include "format/json.h"
#include "format/printable.h"
#include "format/timestamp.h"

#include <string.h>

#define NOTES_FIRST 8

static void add_note(struct map_sync_note **notes, size_t *number, struct arena *arena,
	const struct map_sync_note *note)
{
	size_t count = *number;
	struct map_sync_note *old = *notes;

	/* Full at NOTES_FIRST and at every doubling of it. */
	if (count == 0 || (count >= NOTES_FIRST && (count & (count - 1)) == 0)) {
		*notes = arena_alloc_array(arena, count ? count * 2 : NOTES_FIRST, sizeof(*old));
		if (old)
			memcpy(*notes, old, count * sizeof(*old));
	}
	(*notes)[(*number)++] = (struct map_sync_note){
		.code = note->code,
		.key = arena_strdup(arena, note->key),
		.detail = arena_strdup(arena, note->detail),
	};
}

void map_sync_result_note(struct map_sync_result *result, struct arena *arena, const char *code,
	const char *key, const char *detail)
{
	const struct map_sync_note note = {.code = code, .key = key, .detail = detail};

	add_note(&result->warnings, &result->warning_count, arena, &note);
}

void map_sync_result_refuse(struct map_sync_result *result, struct arena *arena, const char *code,
	const char *key, const char *detail)
{
	const struct map_sync_note note = {.code = code, .key = key, .detail = detail};

	add_note(&result->refused, &result->refused_listed, arena, &note);
}

void map_sync_result_step(struct map_sync_result *result, const char *name, int64_t started_ms,
	const char *detail)
{
	if (result->step_count == MAP_SYNC_STEPS_MAX)
		return;
	result->steps[result->step_count++] = (struct map_sync_step){
		.name = name,
		.elapsed_ms = clock_monotonic_ms() - started_ms,
		.detail = detail,
	};
}

static void add_rows(struct json *json, const struct map_sync_result *result)
{
	struct json *rows = json_set(json, "rows", json_new_object());

	json_set_integer(rows, "wanted", result->wanted);
	json_set_integer(rows, "live_before", result->live_before);
	json_set_integer(rows, "added", result->added);
	json_set_integer(rows, "changed", result->changed_rows);
	json_set_integer(rows, "removed", result->removed);
	json_set_integer(rows, "refused", result->refused_count);
}

static void add_notes(struct json *json, const char *name, const struct map_sync_note *notes,
	size_t count)
{
	struct json *array = json_set(json, name, json_new_array());

	for (size_t i = 0; i < count; i++) {
		struct json *element = json_add(array, json_new_object());

		json_set_text(element, "code", notes[i].code);
		if (*notes[i].key)
			json_set_text(element, "key", notes[i].key);
		json_set_text(element, "detail", notes[i].detail);
	}
}

static void add_differences(struct json *json, const struct map_sync_result *result)
{
	struct json *differences;

	if (result->difference_count == 0)
		return;
	differences = json_set(json, "changes", json_new_array());
	for (size_t i = 0; i < result->difference_count; i++) {
		const struct map_difference *difference = &result->differences[i];
		struct json *element = json_add(differences, json_new_object());

		json_set_text(element, "sign", (char[]){difference->sign, '\0'});
		json_set_text(element, "key", difference->key);
		json_set_text(element, "before", difference->before);
		json_set_text(element, "after", difference->after);
	}
}

static void add_steps(struct json *json, const struct map_sync_result *result)
{
	struct json *steps = json_set(json, "steps", json_new_array());

	for (size_t i = 0; i < result->step_count; i++) {
		struct json *element = json_add(steps, json_new_object());

		json_set_text(element, "name", result->steps[i].name);
		json_set_integer(element, "ms", result->steps[i].elapsed_ms);
		if (*result->steps[i].detail)
			json_set_text(element, "detail", result->steps[i].detail);
	}
}

/* An error may quote what other programs said. */
static void set_printable(struct json *json, const char *key, const char *text)
{
	struct strbuf buffer cleanup_strbuf = STRBUF_INIT;

	printable_append(&buffer, text, strlen(text));
	json_set_text(json, key, strbuf_text(&buffer));
}

static void add_failure(struct json *json, const struct error *failure)
{
	struct json *error;

	if (!failure)
		return;
	error = json_set(json, "error", json_new_object());
	json_set_text(error, "code", error_name(failure->code));
	set_printable(error, "what", failure->what);
	if (*failure->why)
		set_printable(error, "why", failure->why);
	if (*failure->fix)
		set_printable(error, "fix", failure->fix);
}

static void add_time(struct json *json, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	timestamp_format(seconds, text);
	json_set_text(json, key, text);
}

static int64_t exit_code(const struct map_sync_result *result)
{
	return result->refused_count > 0 ? ERROR_PARTIAL : ERROR_NONE;
}

void map_sync_result_fill(struct json *json, const struct map_sync_result *result)
{
	json_set_boolean(json, "changed", result->changed);
	json_set_boolean(json, "dry_run", result->dry_run);
	json_set_integer(json, "generation", result->generation);
	json_set_text(json, "type", result->type);
	json_set_text(json, "path", result->path);
	add_rows(json, result);
	add_notes(json, "warnings", result->warnings, result->warning_count);
	add_notes(json, "refused", result->refused, result->refused_listed);
	add_differences(json, result);
	add_steps(json, result);
	json_set_text(json, "reload", result->reload);
	add_time(json, "started", result->started);
	add_time(json, "ended", result->ended);
}

struct json *map_sync_result_to_json(const struct map_sync_result *result,
	const struct error *failure)
{
	struct json *json = json_new_object();
	struct json *digests;

	json_set_boolean(json, "ok", !failure);
	json_set_integer(json, "exit", failure ? (int64_t)failure->code : exit_code(result));
	json_set_text(json, "target", "members");
	map_sync_result_fill(json, result);
	if (result->difference_count > 0)
		json_set_boolean(json, "changes_cut", result->differences_cut);
	digests = json_set(json, "digests", json_new_object());
	json_set_text(digests, "text", result->text_digest);
	json_set_text(digests, "index", result->index_digest);
	add_failure(json, failure);
	return json;
}
