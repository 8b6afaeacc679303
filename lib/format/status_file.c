#include "format/status_file.h"

#include "base/message.h"
#include "format/json.h"
#include "format/timestamp.h"
#include "format/username.h"

#include <string.h>

#define STATUS_FORMAT 1
#define LIVE_MAX 1024

/* An absent time is 0, a present one must be a time. */
static bool get_time(const struct json *json, const char *key, int64_t *ret_seconds)
{
	const struct json *value = json_get(json, key);
	const char *text = json_text(value);

	*ret_seconds = 0;
	return !value || (text && timestamp_parse(text, ret_seconds));
}

static bool get_text(const struct json *json, const char *key, struct arena *arena,
	const char **ret_text)
{
	const struct json *value = json_get(json, key);
	const char *text = value ? json_text(value) : "";

	if (!text)
		return false;
	*ret_text = arena_strdup(arena, text);
	return true;
}

/* Absent is false. */
static bool get_flag(const struct json *json, const char *key, bool *ret_flag)
{
	const struct json *value = json_get(json, key);

	*ret_flag = false;
	return !value || json_boolean(value, ret_flag);
}

static bool get_generation(const struct json *json, int64_t *ret_generation)
{
	return json_integer(json_get(json, "generation"), ret_generation) && *ret_generation >= 0;
}

static bool get_uid(const struct json *json, uint32_t *ret_uid)
{
	int64_t value;

	if (!json_integer(json_get(json, "uid"), &value) || value < 1 ||
		value >= (int64_t)UINT32_MAX)
		return false;
	*ret_uid = (uint32_t)value;
	return true;
}

static bool get_destinations(const struct json *json, struct arena *arena,
	struct string_list *ret_list)
{
	const struct json *value = json_get(json, "destinations");

	if (value && !json_is_array(value))
		return false;
	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		const char *text = json_text(item);

		if (!text)
			return false;
		string_list_add(ret_list, arena, text);
	}
	return true;
}

static bool state_is_known(const char *state)
{
	static const char *const states[] = {"active", "suspended", "paused", "none"};

	for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
		if (strcmp(state, states[i]) == 0)
			return true;
	}
	return false;
}

static bool bad_field(struct error *err, const char *key)
{
	error_set(err, ERROR_DATABASE, _("the status file has no valid \"%s\""), key);
	return error_field(err, key);
}

/* Members that a later postigo may add are passed over; a later format is not. */
static bool parse_format(const char *text, size_t length, size_t limit, struct json **ret_json,
	struct error *err)
{
	const struct json_rules rules = {.bytes = limit, .depth = 4};
	struct json *json cleanup_json = NULL;
	int64_t format;

	if (!json_parse(text, length, &rules, &json, err)) {
		err->code = ERROR_DATABASE;
		return false;
	}
	if (!json_integer(json_get(json, "format"), &format))
		return bad_field(err, "format");
	if (format != STATUS_FORMAT) {
		error_set(err, ERROR_DATABASE, _("the status file needs a newer postigo"));
		return error_field(err, "format");
	}
	*ret_json = json;
	json = NULL;
	return true;
}

static bool parse_alias(const struct json *json, struct arena *arena, struct status_file *status,
	struct error *err)
{
	if (!get_uid(json, &status->uid))
		return bad_field(err, "uid");
	if (!get_text(json, "username", arena, &status->username) ||
		!username_is_valid(status->username))
		return bad_field(err, "username");
	if (!get_text(json, "alias", arena, &status->alias))
		return bad_field(err, "alias");
	if (!get_text(json, "state", arena, &status->state) || !state_is_known(status->state))
		return bad_field(err, "state");
	if (!get_destinations(json, arena, &status->destinations))
		return bad_field(err, "destinations");
	if (!get_flag(json, "keep_copy", &status->keep_copy))
		return bad_field(err, "keep_copy");
	if (!get_time(json, "since", &status->since))
		return bad_field(err, "since");
	if (!get_time(json, "expires_at", &status->expires))
		return bad_field(err, "expires_at");
	if (!get_generation(json, &status->generation))
		return bad_field(err, "generation");
	return true;
}

static bool parse_decision(const struct json *json, struct arena *arena, struct status_file *status,
	struct error *err)
{
	if (!get_text(json, "decision", arena, &status->decision))
		return bad_field(err, "decision");
	if (!get_text(json, "decision_id", arena, &status->decision_id))
		return bad_field(err, "decision_id");
	if (!get_time(json, "decided_at", &status->decided))
		return bad_field(err, "decided_at");
	if (!get_text(json, "reason", arena, &status->reason))
		return bad_field(err, "reason");
	if (!get_time(json, "cooldown_until", &status->cooldown_until))
		return bad_field(err, "cooldown_until");
	return true;
}

static bool parse_remembered(
	const struct json *json, struct arena *arena, struct status_decision *ret_decision)
{
	return json_is_object(json) && get_time(json, "at", &ret_decision->at) &&
	       get_text(json, "outcome", arena, &ret_decision->outcome) &&
	       get_text(json, "op", arena, &ret_decision->op) &&
	       get_text(json, "id", arena, &ret_decision->id) &&
	       get_text(json, "reason", arena, &ret_decision->reason) &&
	       get_destinations(json, arena, &ret_decision->destinations);
}

static bool parse_history(
	const struct json *json, struct arena *arena, struct status_file *status, struct error *err)
{
	const struct json *array = json_get(json, "history");
	struct status_decision *history;

	if (!array)
		return true;
	if (!json_is_array(array) || json_count(array) > STATUS_HISTORY_MAX)
		return bad_field(err, "history");
	history = arena_alloc_array(arena, json_count(array), sizeof(*history));
	for (const struct json *item = json_first(array); item; item = json_next(item)) {
		if (!parse_remembered(item, arena, &history[status->history_count++]))
			return bad_field(err, "history");
	}
	status->history = history;
	return true;
}

bool status_file_parse(const char *text, size_t length, struct arena *arena,
	struct status_file *ret_status, struct error *err)
{
	struct json *json cleanup_json = NULL;
	struct status_file status = {0};

	if (!parse_format(text, length, STATUS_FILE_MAX, &json, err) ||
		!parse_alias(json, arena, &status, err) ||
		!parse_decision(json, arena, &status, err) ||
		!parse_history(json, arena, &status, err))
		return false;
	*ret_status = status;
	return true;
}

static void set_time(struct json *json, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	if (seconds <= 0)
		return;
	timestamp_format(seconds, text);
	json_set_text(json, key, text);
}

static void set_text(struct json *json, const char *key, const char *text)
{
	if (text && *text)
		json_set_text(json, key, text);
}

static void print_line(const struct json *json, struct strbuf *buffer)
{
	json_print(json, buffer);
	strbuf_append_char(buffer, '\n');
}

static void set_destinations(struct json *json, const struct string_list *list)
{
	struct json *destinations = json_set(json, "destinations", json_new_array());

	for (size_t i = 0; i < list->count; i++)
		json_add(destinations, json_new_text(list->items[i]));
}

static void set_history(struct json *json, const struct status_file *status, size_t count)
{
	struct json *array = count > 0 ? json_set(json, "history", json_new_array()) : NULL;

	for (size_t i = 0; i < count; i++) {
		const struct status_decision *decision = &status->history[i];
		struct json *item = json_add(array, json_new_object());

		set_time(item, "at", decision->at);
		set_text(item, "outcome", decision->outcome);
		set_text(item, "op", decision->op);
		set_text(item, "id", decision->id);
		set_text(item, "reason", decision->reason);
		set_destinations(item, &decision->destinations);
	}
}

static void print_with_history(const struct status_file *status, size_t count, struct strbuf *buffer)
{
	struct json *json cleanup_json = json_new_object();

	json_set_integer(json, "format", STATUS_FORMAT);
	json_set_integer(json, "uid", status->uid);
	set_text(json, "username", status->username);
	set_text(json, "alias", status->alias);
	set_text(json, "state", status->state);
	set_destinations(json, &status->destinations);
	if (status->keep_copy)
		json_set_boolean(json, "keep_copy", true);
	set_time(json, "since", status->since);
	set_time(json, "expires_at", status->expires);
	json_set_integer(json, "generation", status->generation);
	set_text(json, "decision", status->decision);
	set_text(json, "decision_id", status->decision_id);
	set_time(json, "decided_at", status->decided);
	set_text(json, "reason", status->reason);
	set_time(json, "cooldown_until", status->cooldown_until);
	set_history(json, status, count);
	print_line(json, buffer);
}

void status_file_print(const struct status_file *status, struct strbuf *buffer)
{
	size_t count = status->history_count;
	size_t start = buffer->length;

	print_with_history(status, count, buffer);
	while (buffer->length - start > STATUS_FILE_MAX && count > 0) {
		struct strbuf shorter cleanup_strbuf = STRBUF_INIT;

		print_with_history(status, --count, &shorter);
		buffer->length = start;
		strbuf_append(buffer, shorter.text, shorter.length);
	}
}

static bool is_same(const struct status_decision *left, const struct status_decision *right)
{
	return left->at == right->at && strcmp(left->outcome, right->outcome) == 0 &&
	       strcmp(left->id, right->id) == 0;
}

void status_file_remember(struct status_file *status, const struct status_decision *decision,
	struct arena *arena)
{
	struct status_decision *history;
	size_t count = status->history_count;

	if (count > 0 && is_same(&status->history[0], decision))
		return;
	if (count >= STATUS_HISTORY_MAX)
		count = STATUS_HISTORY_MAX - 1;
	history = arena_alloc_array(arena, count + 1, sizeof(*history));
	history[0] = *decision;
	for (size_t i = 0; i < count; i++)
		history[i + 1] = status->history[i];
	status->history = history;
	status->history_count = count + 1;
}

int64_t status_file_requests_since(const struct status_file *status, int64_t since)
{
	int64_t count = 0;

	for (size_t i = 0; i < status->history_count; i++) {
		const struct status_decision *decision = &status->history[i];

		count += decision->at > since && *decision->id && strcmp(decision->op, "set") == 0;
	}
	return count;
}

bool live_status_parse(
	const char *text, size_t length, struct live_status *ret_live, struct error *err)
{
	struct json *json cleanup_json = NULL;
	struct live_status live;

	if (!parse_format(text, length, LIVE_MAX, &json, err))
		return false;
	if (!get_generation(json, &live.generation))
		return bad_field(err, "generation");
	if (!get_time(json, "installed_at", &live.installed))
		return bad_field(err, "installed_at");
	*ret_live = live;
	return true;
}

void live_status_print(const struct live_status *live, struct strbuf *buffer)
{
	struct json *json cleanup_json = json_new_object();

	json_set_integer(json, "format", STATUS_FORMAT);
	json_set_integer(json, "generation", live->generation);
	set_time(json, "installed_at", live->installed);
	print_line(json, buffer);
}
