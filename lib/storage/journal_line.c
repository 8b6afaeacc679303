#include "storage/journal_line.h"

#include "base/message.h"
#include "format/json.h"
#include "format/timestamp.h"

#include <string.h>

/* ---------------------------------------------------------------- print */

static void set_text(struct json *json, const char *key, const char *text)
{
	if (text && *text)
		json_set_text(json, key, text);
}

static void set_actor(struct json *json, const struct identity *actor)
{
	struct json *object = json_set(json, "actor", json_new_object());

	json_set_integer(object, "uid", actor->uid);
	set_text(object, "login", actor->login);
	if (actor->login_uid >= 0)
		json_set_integer(object, "loginuid", actor->login_uid);
	set_text(object, "claim", actor->claim);
	set_text(object, "tty", actor->terminal);
}

void journal_line_print(const struct journal_event *event, const char *previous,
	struct strbuf *buffer)
{
	struct json *json cleanup_json = json_new_object();
	char at[TIMESTAMP_LENGTH + 1];

	timestamp_format(event->at, at);
	json_set_integer(json, "seq", event->sequence);
	json_set_integer(json, "gen", event->generation);
	json_set_text(json, "at", at);
	json_set_text(json, "op", event->op);
	set_text(json, "username", event->username);
	if (event->uid != 0)
		json_set_integer(json, "uid", event->uid);
	set_text(json, "request_id", event->request_id);
	if (event->before)
		json_set(json, "before", alias_entry_to_json(event->before));
	if (event->after)
		json_set(json, "after", alias_entry_to_json(event->after));
	set_text(json, "reason", event->reason);
	set_actor(json, event->actor);
	json_set_text(json, "from", event->from);
	json_set_text(json, "to", event->to);
	json_set_text(json, "prev", previous);
	json_print(json, buffer);
}

/* ---------------------------------------------------------------- parse */

static bool bad_member(struct error *err, const char *key)
{
	error_set(err, ERROR_DATABASE, _("a line of the journal has no valid \"%s\""), key);
	return error_field(err, key);
}

static bool members_are_known(const struct json *json, const char *const *known, size_t count,
	struct error *err)
{
	for (const struct json *member = json_first(json); member; member = json_next(member)) {
		size_t i = 0;

		while (i < count && strcmp(known[i], json_key(member)) != 0)
			i++;
		if (i == count)
			return error_set(err, ERROR_DATABASE,
				_("a line of the journal has an unknown member"));
	}
	return true;
}

/* "" when the member is absent; a member of another type is refused. */
static bool copy_text(const struct json *json, const char *key, struct arena *arena,
	const char **ret_text)
{
	const struct json *value = json_get(json, key);
	const char *text = value ? json_text(value) : "";

	if (!text)
		return false;
	*ret_text = arena_strdup(arena, text);
	return true;
}

static bool copy_hash(const struct json *json, const char *key,
	char ret_hash[DIGEST_HEX_LENGTH + 1])
{
	const char *text = json_get_text(json, key);

	if (!text || !digest_is_valid(text))
		return false;
	memcpy(ret_hash, text, DIGEST_HEX_LENGTH + 1);
	return true;
}

static bool copy_uid(const struct json *value, uint32_t *ret_uid)
{
	int64_t number = 0;

	if (value && (!json_integer(value, &number) || number < 0 || number > (int64_t)UINT32_MAX))
		return false;
	*ret_uid = (uint32_t)number;
	return true;
}

static bool copy_entry(const struct json *json, const char *key, struct arena *arena,
	const struct alias_entry **ret_entry, struct error *err)
{
	const struct json *value = json_get(json, key);
	struct alias_entry *entry;

	if (!value)
		return true;
	entry = arena_alloc(arena, sizeof(*entry));
	if (!alias_entry_from_json(value, arena, entry, err))
		return error_prefix(err, "%s", key);
	*ret_entry = entry;
	return true;
}

static bool parse_actor(const struct json *json, struct arena *arena, struct journal_event *event,
	struct error *err)
{
	static const char *const known[] = {"uid", "login", "loginuid", "claim", "tty"};
	struct identity *actor = arena_alloc(arena, sizeof(*actor));
	const struct json *login_uid = json_get(json, "loginuid");

	if (!json_is_object(json) || !json_get(json, "uid"))
		return bad_member(err, "actor");
	actor->login_uid = -1;
	if (!members_are_known(json, known, ARRAY_LENGTH(known), err))
		return false;
	if (!copy_uid(json_get(json, "uid"), &actor->uid) ||
		!copy_text(json, "login", arena, &actor->login) ||
		(login_uid &&
			(!json_integer(login_uid, &actor->login_uid) || actor->login_uid < 0)) ||
		!copy_text(json, "claim", arena, &actor->claim) ||
		!copy_text(json, "tty", arena, &actor->terminal))
		return bad_member(err, "actor");
	event->actor = actor;
	return true;
}

static bool parse_numbers(const struct json *json, struct journal_event *event, struct error *err)
{
	const char *at = json_get_text(json, "at");

	if (!json_integer(json_get(json, "seq"), &event->sequence) || event->sequence < 1)
		return bad_member(err, "seq");
	if (!json_integer(json_get(json, "gen"), &event->generation) || event->generation < 0)
		return bad_member(err, "gen");
	if (!at || !timestamp_parse(at, &event->at))
		return bad_member(err, "at");
	if (!copy_uid(json_get(json, "uid"), &event->uid))
		return bad_member(err, "uid");
	return true;
}

static bool parse_texts(const struct json *json, struct arena *arena, struct journal_event *event,
	struct error *err)
{
	if (!copy_text(json, "op", arena, &event->op) || event->op[0] == '\0')
		return bad_member(err, "op");
	if (!copy_text(json, "username", arena, &event->username))
		return bad_member(err, "username");
	if (!copy_text(json, "request_id", arena, &event->request_id))
		return bad_member(err, "request_id");
	if (!copy_text(json, "reason", arena, &event->reason))
		return bad_member(err, "reason");
	if (!copy_hash(json, "from", event->from))
		return bad_member(err, "from");
	if (!copy_hash(json, "to", event->to))
		return bad_member(err, "to");
	return true;
}

bool journal_line_parse(const char *line, size_t length, struct arena *arena,
	struct journal_event *ret_event, char ret_previous[DIGEST_HEX_LENGTH + 1],
	struct error *err)
{
	static const struct json_rules rules = {.bytes = JOURNAL_LINE_MAX, .depth = 3};
	static const char *const known[] = {"seq", "gen", "at", "op", "username", "uid",
		"request_id", "before", "after", "reason", "actor", "from", "to", "prev"};
	struct json *json cleanup_json = NULL;
	struct journal_event event = {0};
	char previous[DIGEST_HEX_LENGTH + 1];

	if (!json_parse(line, length, &rules, &json, err)) {
		err->code = ERROR_DATABASE;
		return false;
	}
	if (!json_is_object(json))
		return error_set(err, ERROR_DATABASE, _("a line of the journal is no object"));
	if (!members_are_known(json, known, ARRAY_LENGTH(known), err) ||
		!parse_numbers(json, &event, err) || !parse_texts(json, arena, &event, err) ||
		!copy_entry(json, "before", arena, &event.before, err) ||
		!copy_entry(json, "after", arena, &event.after, err) ||
		!parse_actor(json_get(json, "actor"), arena, &event, err))
		return false;
	if (!copy_hash(json, "prev", previous))
		return bad_member(err, "prev");
	*ret_event = event;
	memcpy(ret_previous, previous, sizeof(previous));
	return true;
}

bool journal_event_parse(const char *line, size_t length, struct arena *arena,
	struct journal_event *ret_event, struct error *err)
{
	char previous[DIGEST_HEX_LENGTH + 1];

	return journal_line_parse(line, length, arena, ret_event, previous, err);
}
