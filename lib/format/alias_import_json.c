#include "format/alias_import_json.h"

#include "base/message.h"
#include "format/json_items.h"

#include <string.h>

/* A member of an entry: takes it into the row, or returns what is wrong with it. */
typedef const char *import_reader(const struct json *value, struct arena *arena,
	struct import_row *row);

struct import_field {
	const char *key;
	import_reader *read;
	bool required;
};

/* ---------------------------------------------------------------- members */

static const char *take_text(const struct json *value, struct arena *arena, const char **ret_text)
{
	const char *text = json_text(value);

	if (!text)
		return _("it must be a text");
	*ret_text = arena_strdup(arena, text);
	return NULL;
}

static const char *take_time(const struct json *value, int64_t *ret_seconds)
{
	const char *text = json_text(value);

	return text && import_time_parse(text, ret_seconds)
		       ? NULL
		       : _("it must be a time such as 2027-01-31T12:00:00Z");
}

static const char *read_username(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	return take_text(value, arena, &row->entry.username);
}

static const char *read_uid(const struct json *value, struct arena *arena, struct import_row *row)
{
	int64_t uid;

	(void)arena;
	if (!json_integer(value, &uid) || uid < 1 || uid >= (int64_t)UINT32_MAX)
		return _("it must be a user id");
	row->given |= IMPORT_UID;
	row->entry.uid = (uint32_t)uid;
	return NULL;
}

static const char *read_alias(const struct json *value, struct arena *arena, struct import_row *row)
{
	row->given |= IMPORT_ALIAS;
	return take_text(value, arena, &row->entry.alias);
}

static const char *read_destination(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	const char *text = json_text(value);

	if (!text)
		return _("it must be a text");
	string_list_add(&row->entry.destinations, arena, text);
	return NULL;
}

static const char *read_destinations(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	if (!json_is_array(value) || !json_first(value))
		return _("it must be an array of texts");
	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		const char *fault = read_destination(item, arena, row);

		if (fault)
			return fault;
	}
	return NULL;
}

static const char *read_keep_copy(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	(void)arena;
	row->given |= IMPORT_KEEP_COPY;
	return json_boolean(value, &row->entry.keep_copy) ? NULL : _("it must be true or false");
}

static const char *read_status(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	const char *text = json_text(value);

	(void)arena;
	row->given |= IMPORT_STATUS;
	return text && alias_status_parse(text, &row->entry.status)
		       ? NULL
		       : _("it must be active, suspended or paused");
}

static const char *read_created(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	(void)arena;
	row->given |= IMPORT_CREATED;
	return take_time(value, &row->entry.created);
}

static const char *read_updated(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	(void)arena;
	row->given |= IMPORT_UPDATED;
	return take_time(value, &row->entry.updated);
}

static const char *read_expires(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	(void)arena;
	row->given |= IMPORT_EXPIRES;
	return take_time(value, &row->entry.expires);
}

static const char *read_approved_by(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	row->given |= IMPORT_APPROVED_BY;
	return take_text(value, arena, &row->entry.approved_by);
}

static const char *read_request_id(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	row->given |= IMPORT_REQUEST_ID;
	return take_text(value, arena, &row->entry.request_id);
}

static const char *read_source(const struct json *value, struct arena *arena,
	struct import_row *row)
{
	row->given |= IMPORT_SOURCE;
	return take_text(value, arena, &row->entry.source);
}

/* What another machine missed says nothing about the accounts of this one. */
static const char *read_orphaned(const struct json *value, struct arena *arena, struct import_row *row)
{
	int64_t ignored;

	(void)arena;
	(void)row;
	return take_time(value, &ignored);
}

static const char *read_note(const struct json *value, struct arena *arena, struct import_row *row)
{
	row->given |= IMPORT_NOTE;
	return take_text(value, arena, &row->entry.note);
}

static const struct import_field exported[] = {
	{"user", read_username, true},
	{"uid", read_uid, false},
	{"alias", read_alias, false},
	{"destinations", read_destinations, true},
	{"keep_copy", read_keep_copy, false},
	{"state", read_status, false},
	{"created_at", read_created, false},
	{"updated_at", read_updated, false},
	{"approved_by", read_approved_by, false},
	{"request_id", read_request_id, false},
	{"expires_at", read_expires, false},
	{"orphaned_at", read_orphaned, false},
	{"source", read_source, false},
	{"note", read_note, false},
};

static const struct import_field of_runv[] = {
	{"username", read_username, true},
	{"alias", read_alias, true},
	{"destination", read_destination, true},
	{"status", read_status, true},
	{"created_at", read_created, false},
	{"updated_at", read_updated, false},
	{"approved_by", read_approved_by, false},
};

struct import_form {
	const struct import_field *fields;
	size_t count;
	bool members;       /* a list of members, not of elements */
	bool open;          /* other members are left alone */
	const char *wanted; /* what the whole must be, N_() */
};

/* ---------------------------------------------------------------- one item */

static const struct import_field *find_field(const struct import_form *form, const char *key)
{
	for (size_t i = 0; i < form->count; i++) {
		if (strcmp(form->fields[i].key, key) == 0)
			return &form->fields[i];
	}
	return NULL;
}

static void read_entry(const struct import_form *form, const struct json *entry,
	struct arena *arena, struct import_row *row)
{
	if (!json_is_object(entry)) {
		import_row_fault(row, arena, "row", _("it is no object"));
		return;
	}
	for (size_t i = 0; i < form->count; i++) {
		const struct import_field *field = &form->fields[i];
		const struct json *value = json_get(entry, field->key);
		const char *fault = value ? field->read(value, arena, row) : NULL;

		if (!value && field->required)
			fault = _("it is missing");
		if (fault)
			import_row_fault(row, arena, field->key, fault);
	}
	for (const struct json *member = json_first(entry); member && !form->open;
		member = json_next(member)) {
		if (!find_field(form, json_key(member)))
			import_row_fault(row, arena, "row",
				arena_printf(arena, _("unknown member \"%s\""), json_key(member)));
	}
}

/* A list of members repeats each name as its key. */
static void check_key(const struct json *member, struct arena *arena, struct import_row *row)
{
	if (strcmp(json_key(member), row->entry.username) == 0)
		return;
	if (*row->entry.username)
		import_row_fault(row, arena, "username",
			arena_printf(arena, _("it is not its key, \"%s\""), json_key(member)));
	else
		row->entry.username = arena_strdup(arena, json_key(member));
}

static void read_item(const struct import_form *form, const struct json_items *items,
	const struct json_item *item, struct arena *arena, struct import_row *row)
{
	const struct json_rules rules = {.bytes = ALIAS_ENTRY_MAX, .depth = 3};
	struct json *json cleanup_json = NULL;
	struct error err;

	if (!json_item_parse(items, item, &rules, &json, &err)) {
		import_row_fault(row, arena, "row", err.what);
		return;
	}
	if (!form->members) {
		read_entry(form, json, arena, row);
		return;
	}
	read_entry(form, json_first(json), arena, row);
	check_key(json_first(json), arena, row);
}

/* ---------------------------------------------------------------- the list */

static void read_form(const struct import_form *form, const struct source_text *source,
	struct arena *arena, struct import_rows *rows)
{
	const struct json_rules rules = {.bytes = IMPORT_FILE_MAX, .depth = 4};
	struct json_fault fault;
	struct json_items items;
	struct json_item item;

	if (!json_gate(source->text, source->length, &rules, &fault)) {
		import_rows_break(rows, arena, fault.line,
			arena_printf(arena, _("column %zu: %s"), fault.column, fault.reason));
		return;
	}
	if (!json_items_begin(&items, source->text, source->length) ||
		items.members != form->members) {
		import_rows_break(rows, arena, 1, _(form->wanted));
		return;
	}
	while (json_items_next(&items, &item)) {
		struct import_row *row = import_rows_add(rows, arena, item.line);

		if (!row)
			return;
		read_item(form, &items, &item, arena, row);
	}
}

void alias_import_json_read(const struct source_text *source, struct arena *arena,
	struct import_rows *rows)
{
	static const struct import_form form = {
		.fields = exported,
		.count = ARRAY_LENGTH(exported),
		.wanted = N_("an array of aliases is wanted, as \"member export --format json\" "
			     "prints it"),
	};

	read_form(&form, source, arena, rows);
}

void alias_import_runv_read(const struct source_text *source, struct arena *arena,
	struct import_rows *rows)
{
	static const struct import_form form = {
		.fields = of_runv,
		.count = ARRAY_LENGTH(of_runv),
		.members = true,
		.open = true,
		.wanted = N_(
			"runv's store is wanted: an object of usernames, as in email-aliases.json"),
	};

	read_form(&form, source, arena, rows);
}
