/* sync, and the sync that follows a decision. */
#include "admin.h"
#include "admin_json.h"
#include "base/message.h"
#include "format/printable.h"

#include <string.h>

static struct json *rows_json(const struct map_sync_result *result)
{
	struct json *rows = json_new_object();

	json_set_integer(rows, "wanted", result->wanted);
	json_set_integer(rows, "live_before", result->live_before);
	json_set_integer(rows, "added", result->added);
	json_set_integer(rows, "changed", result->changed_rows);
	json_set_integer(rows, "removed", result->removed);
	json_set_integer(rows, "refused", result->refused_count);
	return rows;
}

static struct json *notes_json(const struct map_sync_note *notes, size_t count)
{
	struct json *array = json_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json *note = json_add(array, json_new_object());

		json_set_text(note, "code", notes[i].code);
		if (*notes[i].key)
			json_set_text(note, "key", notes[i].key);
		json_set_text(note, "detail", notes[i].detail);
	}
	return array;
}

static struct json *steps_json(const struct map_sync_result *result)
{
	struct json *steps = json_new_array();

	for (size_t i = 0; i < result->step_count; i++) {
		struct json *step = json_add(steps, json_new_object());

		json_set_text(step, "name", result->steps[i].name);
		json_set_integer(step, "ms", result->steps[i].elapsed_ms);
		if (*result->steps[i].detail)
			json_set_text(step, "detail", result->steps[i].detail);
	}
	return steps;
}

static struct json *differences_json(const struct map_sync_result *result)
{
	struct json *changes = json_new_array();

	for (size_t i = 0; i < result->difference_count; i++) {
		const struct map_difference *difference = &result->differences[i];
		struct json *change = json_add(changes, json_new_object());
		const char sign[] = {difference->sign, '\0'};

		json_set_text(change, "sign", sign);
		json_set_text(change, "key", difference->key);
		json_set_text(change, "before", difference->before);
		json_set_text(change, "after", difference->after);
	}
	return changes;
}

struct json *admin_sync_json(const struct map_sync_result *result)
{
	struct json *object = json_new_object();

	json_set_boolean(object, "changed", result->changed);
	json_set_boolean(object, "dry_run", result->dry_run);
	json_set_integer(object, "generation", result->generation);
	json_set_text(object, "type", result->type);
	json_set_text(object, "path", result->path);
	json_set(object, "rows", rows_json(result));
	json_set(object, "warnings", notes_json(result->warnings, result->warning_count));
	json_set(object, "refused", notes_json(result->refused, result->refused_listed));
	if (result->difference_count > 0)
		json_set(object, "changes", differences_json(result));
	json_set(object, "steps", steps_json(result));
	json_set_text(object, "reload", result->reload);
	admin_set_time(object, "started", result->started);
	admin_set_time(object, "ended", result->ended);
	return object;
}

/* In JSON they are part of the result. */
static void warn_all(struct admin *admin, const struct map_sync_result *result)
{
	if (admin->output.shape == OUTPUT_JSON)
		return;
	for (size_t i = 0; i < result->warning_count; i++)
		output_warn(&admin->output, "%s: %s", result->warnings[i].code,
			printable_text(result->warnings[i].detail, &admin->arena));
	for (size_t i = 0; i < result->refused_listed; i++)
		output_warn(&admin->output, _("%s refused: %s: %s"), result->refused[i].key,
			result->refused[i].code,
			printable_text(result->refused[i].detail, &admin->arena));
}

/* What a sync ends with that left rows out. */
static void set_partial(const struct map_sync_result *result, const struct map_sync_note *first, struct error *err)
{
	error_set(err, ERROR_PARTIAL,
		ngettext("%jd alias is not live as it was approved", "%jd aliases are not live as they were approved",
			(unsigned long)result->refused_count),
		(intmax_t)result->refused_count);
	error_why(err, "%s: %s: %s", first->key, first->code, first->detail);
	if (strcmp(first->code, "foreign") == 0)
		error_fix(err, _("have the row removed by whoever made it, or make it ours: postigo-admin adopt %s"), first->key);
	else
		error_fix(err, _("put right what is named there and sync again; to do it nevertheless: postigo-admin sync "
				 "--force=%s"),
			first->code);
}

static void say_difference(struct admin *admin, const struct map_difference *difference)
{
	struct output *output = &admin->output;
	const char *key = printable_text(difference->key, &admin->arena);
	const char *before = printable_text(difference->before ? difference->before : "", &admin->arena);
	const char *after = printable_text(difference->after ? difference->after : "", &admin->arena);

	if (difference->before && difference->after)
		output_say(output, "  %c %s  %s -> %s", difference->sign, key, before, after);
	else
		output_say(output, "  %c %s  %s%s", difference->sign, key, before, after);
}

void admin_say_sync(struct admin *admin, const struct map_sync_result *result)
{
	struct output *output = &admin->output;

	if (!result->changed) {
		output_say(output, _("sync: %s:%s is up to date, %lld aliases"), result->type, result->path,
			(long long)result->wanted);
		return;
	}
	for (size_t i = 0; i < result->difference_count; i++)
		say_difference(admin, &result->differences[i]);
	if (result->differences_cut)
		output_say(output, _("  … and more"));
	output_say(output, _("sync: %lld added, %lld changed, %lld removed in %s:%s"), (long long)result->added,
		(long long)result->changed_rows, (long long)result->removed, result->type, result->path);
	if (result->dry_run)
		output_say(output, _("Nothing was installed.  Apply with: postigo-admin sync"));
}

/* Of what was decided just now, the first that was refused. What was refused before is a warning here. */
static const struct map_sync_note *refused_decision(const struct map_sync_result *result,
	const struct string_list *aliases)
{
	for (size_t i = 0; i < result->refused_listed; i++) {
		if (string_list_contains(aliases, result->refused[i].key))
			return &result->refused[i];
	}
	return NULL;
}

static void end_partial(struct admin *admin, const struct decided_aliases *decided, struct sync_outcome *outcome)
{
	const struct map_sync_note *refused = refused_decision(&outcome->result, &decided->aliases);

	if (!refused)
		return;
	outcome->failed = true;
	outcome->code = ERROR_PARTIAL;
	set_partial(&outcome->result, refused, &outcome->error);
	error_prefix(&outcome->error, _("decided and stored, but"));
	if (admin->output.shape != OUTPUT_JSON)
		output_error(&admin->output, &outcome->error);
}

void admin_sync_after_decision(struct admin *admin, const struct command_line *line,
	const struct decided_aliases *decided, struct sync_outcome *ret_outcome)
{
	const struct map_sync_request request = {
		.state_directory = POSTIGO_STATE_DIRECTORY,
		.settings = &admin->settings,
		.decided_removals = decided->removals,
		.decided = decided->aliases,
		.now = admin->now,
	};
	bool wanted = admin->settings.sync.enabled && admin->settings.sync.after_approve;

	if (command_has(line, "sync"))
		wanted = true;
	else if (command_has(line, "no-sync"))
		wanted = false;
	if (!wanted) {
		output_say(&admin->output, _("Not live yet.  Make it so:  postigo-admin sync"));
		return;
	}
	ret_outcome->ran = true;
	ret_outcome->failed =
		!map_sync_members(&request, &admin->arena, &ret_outcome->result, &ret_outcome->error);
	warn_all(admin, &ret_outcome->result);
	if (!ret_outcome->failed) {
		admin_say_sync(admin, &ret_outcome->result);
		end_partial(admin, decided, ret_outcome);
		return;
	}
	ret_outcome->code = ret_outcome->error.code;
	if (ret_outcome->code != ERROR_AFTER_LIVE) {
		ret_outcome->error.code = ERROR_NOT_SYNCED;
		error_prefix(&ret_outcome->error, _("decided and stored, but not live"));
	}
	if (admin->output.shape != OUTPUT_JSON)
		output_error(&admin->output, &ret_outcome->error);
}

/* Rails are named as --force=drop,churn, once or several times. */
static void read_forced(const struct command_line *line, struct arena *arena, struct string_list *ret_force)
{
	const struct string_list *values = command_values(line, "force");

	for (size_t i = 0; i < values->count; i++)
		string_list_split(ret_force, arena, values->items[i], ", ");
}

static int finish_sync(struct admin *admin, const struct map_sync_result *result, enum error_code code)
{
	struct json *object cleanup_json = admin_sync_json(result);

	if (code != ERROR_NONE)
		json_set_integer(object, "exit", code);
	output_json(&admin->output, object);
	return (int)code;
}

int command_sync(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct map_sync_request request = {
		.state_directory = POSTIGO_STATE_DIRECTORY,
		.settings = &admin->settings,
		.dry_run = command_has(line, "dry-run"),
		.check = command_has(line, "check"),
		.allow_empty = command_has(line, "allow-empty"),
		.difference_limit = 100,
		.now = admin->now,
	};
	struct map_sync_result result = {0};
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	read_forced(line, &admin->arena, &request.force);
	if (!map_sync_members(&request, &admin->arena, &result, &err)) {
		warn_all(admin, &result);
		if (err.code == ERROR_AFTER_LIVE)
			finish_sync(admin, &result, err.code);
		return output_error(&admin->output, &err);
	}
	warn_all(admin, &result);
	admin_say_sync(admin, &result);
	if (request.check && result.changed)
		return finish_sync(admin, &result, ERROR_WOULD_CHANGE);
	if (result.refused_count == 0)
		return finish_sync(admin, &result, ERROR_NONE);
	set_partial(&result, &result.refused[0], &err);
	finish_sync(admin, &result, err.code);
	return output_error(&admin->output, &err);
}
