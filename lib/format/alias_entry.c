#include "format/alias_entry.h"

#include "base/message.h"
#include "format/alias_line.h"
#include "format/email_address.h"
#include "format/json.h"
#include "format/printable.h"
#include "format/timestamp.h"
#include "format/username.h"

#include <string.h>

static const char *const status_names[] = {
	[ALIAS_ACTIVE] = N_("active"),
	[ALIAS_SUSPENDED] = N_("suspended"),
	[ALIAS_PAUSED] = N_("paused"),
};

const char *alias_status_name(enum alias_status status)
{
	return status_names[status];
}

bool alias_status_parse(const char *name, enum alias_status *ret_status)
{
	for (size_t i = 0; i < ARRAY_LENGTH(status_names); i++) {
		if (strcmp(name, status_names[i]) == 0) {
			*ret_status = (enum alias_status)i;
			return true;
		}
	}
	return false;
}

static bool copy_text(const struct json *json, struct arena *arena, const char **ret_text)
{
	const char *text = json_text(json);

	if (!text || strlen(text) > ALIAS_TEXT_MAX || !printable_is_clean(text))
		return false;
	*ret_text = arena_strdup(arena, text);
	return true;
}

static bool copy_time(const struct json *json, int64_t *ret_seconds)
{
	const char *text = json_text(json);

	return text && timestamp_parse(text, ret_seconds);
}

/* One syntax for every address of the store, so that equal mailboxes are equal bytes. */
static bool is_canonical_address(const char *text)
{
	return email_address_check(text) == EMAIL_OK && email_address_is_canonical(span_of(text));
}

static bool destination_is_new(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (email_address_equal(list->items[i], text))
			return false;
	}
	return true;
}

static bool read_uid(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	int64_t value;

	(void)arena;
	if (!json_integer(json, &value) || value < 1 || value >= (int64_t)UINT32_MAX)
		return false;
	entry->uid = (uint32_t)value;
	return true;
}

static bool read_username(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	return copy_text(json, arena, &entry->username) && username_is_valid(entry->username);
}

static bool read_alias(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	return copy_text(json, arena, &entry->alias) && is_canonical_address(entry->alias);
}

static bool read_destinations(const struct json *json, struct arena *arena,
	struct alias_entry *entry)
{
	if (!json_is_array(json))
		return false;
	for (const struct json *item = json_first(json); item; item = json_next(item)) {
		const char *text = json_text(item);

		if (!text || !is_canonical_address(text) ||
			!destination_is_new(&entry->destinations, text))
			return false;
		if (entry->destinations.count == ALIAS_DESTINATIONS_MAX)
			return false;
		string_list_add(&entry->destinations, arena, text);
	}
	return entry->destinations.count > 0;
}

static bool read_keep_copy(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	(void)arena;
	return json_boolean(json, &entry->keep_copy);
}

static bool read_status(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	const char *text = json_text(json);

	(void)arena;
	return text && alias_status_parse(text, &entry->status);
}

static bool read_created(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	(void)arena;
	return copy_time(json, &entry->created);
}

static bool read_updated(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	(void)arena;
	return copy_time(json, &entry->updated);
}

static bool read_approved_by(const struct json *json, struct arena *arena,
	struct alias_entry *entry)
{
	return copy_text(json, arena, &entry->approved_by);
}

static bool read_request_id(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	return copy_text(json, arena, &entry->request_id) && alias_request_id_is_valid(entry->request_id);
}

/* "Never" is the absent member; the epoch would be a second way to write it. */
static bool read_expires(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	(void)arena;
	return copy_time(json, &entry->expires) && entry->expires > 0;
}

/* "Not missed" is the absent member, as with the expiry. */
static bool read_orphaned(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	(void)arena;
	return copy_time(json, &entry->orphaned) && entry->orphaned > 0;
}

static bool read_source(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	return copy_text(json, arena, &entry->source) && alias_source_is_valid(entry->source);
}

static bool read_note(const struct json *json, struct arena *arena, struct alias_entry *entry)
{
	return copy_text(json, arena, &entry->note);
}

static const struct {
	const char *key;
	bool (*read)(const struct json *json, struct arena *arena, struct alias_entry *entry);
	bool optional;
} fields[] = {
	{"uid", read_uid, false},
	{"username", read_username, false},
	{"alias", read_alias, false},
	{"destinations", read_destinations, false},
	{"keep_copy", read_keep_copy, false},
	{"status", read_status, false},
	{"created_at", read_created, false},
	{"updated_at", read_updated, false},
	{"approved_by", read_approved_by, false},
	{"request_id", read_request_id, false},
	{"expires_at", read_expires, true},
	{"orphaned_at", read_orphaned, true},
	{"source", read_source, false},
	{"note", read_note, false},
};

static bool field_error(struct error *err, const char *key, const char *why)
{
	error_set(err, ERROR_DATABASE, _("an entry of the store breaks the rules of its format"));
	error_why(err, "\"%s\": %s", key, why);
	return error_field(err, key);
}

static bool refuse_unknown(const struct json *json, struct error *err)
{
	for (const struct json *member = json_first(json); member; member = json_next(member)) {
		size_t i = 0;

		while (i < ARRAY_LENGTH(fields) && strcmp(fields[i].key, json_key(member)) != 0)
			i++;
		if (i == ARRAY_LENGTH(fields)) {
			struct arena arena cleanup_arena = ARENA_INIT;

			return field_error(err, printable_text(json_key(member), &arena),
				_("unknown member"));
		}
	}
	return true;
}

static bool alias_belongs(const struct alias_entry *entry)
{
	size_t length = strlen(entry->username);

	return strncmp(entry->alias, entry->username, length) == 0 && entry->alias[length] == '@';
}

bool alias_entry_from_json(const struct json *json, struct arena *arena,
	struct alias_entry *ret_entry, struct error *err)
{
	struct alias_entry entry = {0};

	if (!json_is_object(json))
		return error_set(err, ERROR_DATABASE, _("an entry of the store is no object"));
	if (!refuse_unknown(json, err))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		const struct json *value = json_get(json, fields[i].key);

		if (!value && fields[i].optional)
			continue;
		if (!value)
			return field_error(err, fields[i].key, _("it is missing"));
		if (!fields[i].read(value, arena, &entry))
			return field_error(err, fields[i].key, _("its value is not allowed"));
	}
	if (!alias_belongs(&entry))
		return field_error(err, "alias", _("it is not made from the username"));
	*ret_entry = entry;
	return true;
}

bool alias_entry_parse_any(const char *text, size_t length, struct arena *arena,
	struct alias_entry *ret_entry, struct error *err)
{
	static const struct json_rules rules = {.bytes = ALIAS_ENTRY_MAX, .depth = 2};
	struct json *json cleanup_json = NULL;

	if (!json_parse(text, length, &rules, &json, err)) {
		err->code = ERROR_DATABASE;
		return false;
	}
	return alias_entry_from_json(json, arena, ret_entry, err);
}

bool alias_entry_parse(const char *text, size_t length, struct arena *arena,
	struct alias_entry *ret_entry, struct error *err)
{
	struct alias_line line;

	if (alias_line_scan(text, length, &line)) {
		*ret_entry = alias_line_entry(&line, arena);
		return true;
	}
	return alias_entry_parse_any(text, length, arena, ret_entry, err);
}

static void set_time(struct json *json, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	timestamp_format(seconds, text);
	json_set_text(json, key, text);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

struct json *alias_entry_to_json(const struct alias_entry *entry)
{
	struct json *json = json_new_object();
	struct json *destinations;

	json_set_integer(json, "uid", entry->uid);
	json_set_text(json, "username", or_empty(entry->username));
	json_set_text(json, "alias", or_empty(entry->alias));
	destinations = json_set(json, "destinations", json_new_array());
	for (size_t i = 0; i < entry->destinations.count; i++)
		json_add(destinations, json_new_text(entry->destinations.items[i]));
	json_set_boolean(json, "keep_copy", entry->keep_copy);
	json_set_text(json, "status", alias_status_name(entry->status));
	set_time(json, "created_at", entry->created);
	set_time(json, "updated_at", entry->updated);
	json_set_text(json, "approved_by", or_empty(entry->approved_by));
	json_set_text(json, "request_id", or_empty(entry->request_id));
	if (entry->expires > 0)
		set_time(json, "expires_at", entry->expires);
	if (entry->orphaned > 0)
		set_time(json, "orphaned_at", entry->orphaned);
	json_set_text(json, "source", or_empty(entry->source));
	json_set_text(json, "note", or_empty(entry->note));
	return json;
}

void alias_entry_print(const struct alias_entry *entry, struct strbuf *buffer)
{
	struct json *json cleanup_json = alias_entry_to_json(entry);

	json_print(json, buffer);
}

bool alias_entry_validate(const struct alias_entry *entry, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_entry parsed;

	alias_entry_print(entry, &text);
	return alias_entry_parse(text.text, text.length, &arena, &parsed, err);
}
