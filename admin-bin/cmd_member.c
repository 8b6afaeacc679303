/* member: the aliases that stand in the store, shown and changed. */
#include "admin.h"
#include "admin_json.h"
#include "base/message.h"
#include "decisions.h"
#include "format/expiry.h"
#include "format/timestamp.h"
#include "service/alias_member.h"
#include "storage/alias_store.h"

static bool collect(const struct alias_store *store, struct json *rows, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;

	alias_store_rewind(store, &cursor);
	for (;;) {
		arena_clear(&arena);
		switch (alias_store_next(&cursor, &arena, &entry, err)) {
		case LOOKUP_FOUND:
			json_add(rows, admin_entry_json(&entry));
			break;
		case LOOKUP_NOT_FOUND:
			return true;
		case LOOKUP_FAILED:
			return false;
		}
	}
}

int command_member_list(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"user", N_("MEMBER"), COLUMN_TEXT},
		{"alias", N_("ALIAS"), COLUMN_TEXT},
		{"destinations", N_("FORWARDS TO"), COLUMN_LIST},
		{"state", N_("STATE"), COLUMN_STATE},
		{"updated_at", N_("SINCE"), COLUMN_TIME},
		{"approved_by", N_("APPROVED BY"), COLUMN_TEXT},
	};
	struct admin *admin = context;
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct json *rows cleanup_json = json_new_array();
	struct error err;

	if (!admin_load_settings(admin, line, &err) ||
		!alias_store_open(&store, POSTIGO_STATE_DIRECTORY, ALIAS_STORE_READ, &err) ||
		!collect(&store, rows, &err))
		return output_error(&admin->output, &err);
	output_rows(&admin->output, NULL, rows, columns, ARRAY_LENGTH(columns), N_("No member has an alias."));
	return ERROR_NONE;
}

static void show_time(struct admin *admin, const char *title, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	timestamp_format(seconds, text);
	output_field(&admin->output, title, key, text);
}

static void print_entry(struct admin *admin, const struct alias_entry *entry)
{
	struct output *output = &admin->output;

	output_field(output, _("member"), "user", entry->username);
	output_field(output, _("alias"), "alias", entry->alias);
	for (size_t i = 0; i < entry->destinations.count; i++)
		output_field(output, _("forwards to"), "destination", entry->destinations.items[i]);
	if (entry->keep_copy)
		output_field(output, _("keeps a copy"), "keep_copy", output_word(output, N_("yes")));
	output_field(output, _("state"), "state", output_word(output, alias_status_name(entry->status)));
	show_time(admin, _("created"), "created_at", entry->created);
	show_time(admin, _("updated"), "updated_at", entry->updated);
	if (entry->expires)
		show_time(admin, _("expires"), "expires_at", entry->expires);
	output_field(output, _("approved by"), "approved_by", entry->approved_by);
	if (*entry->request_id)
		output_field(output, _("request"), "request_id", entry->request_id);
	if (*entry->note)
		output_field(output, _("note"), "note", entry->note);
}

static bool find(const char *username, struct arena *arena, struct alias_entry *ret_entry, struct error *err)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;

	if (!alias_store_open(&store, POSTIGO_STATE_DIRECTORY, ALIAS_STORE_READ, err))
		return false;
	switch (alias_store_find(&store, username, arena, ret_entry, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	error_set(err, ERROR_NOT_FOUND, _("\"%s\" has no alias"), username);
	return error_fix(err, "postigo-admin member list");
}

int command_member_show(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct json *object cleanup_json = NULL;
	struct alias_entry entry;
	struct error err;

	if (!admin_load_settings(admin, line, &err) ||
		!find(line->operands.items[0], &admin->arena, &entry, &err))
		return output_error(&admin->output, &err);
	object = admin_entry_json(&entry);
	if (admin->output.shape == OUTPUT_JSON)
		output_json(&admin->output, object);
	else
		print_entry(admin, &entry);
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- changing */

static bool refuse_expiry(const char *text, const char *why, struct error *err)
{
	error_set(err, ERROR_USAGE, _("\"%s\" cannot be the end of an alias"), text);
	error_why(err, "%s", why);
	error_field(err, "expires");
	return error_fix(err, "--expires 30d, --expires 2027-01-31, --expires 2027-01-31T12:00:00Z");
}

static bool read_expiry(const struct admin *admin, const char *text, struct alias_wish *wish, struct error *err)
{
	if (!text)
		return true;
	if (!expiry_parse(text, admin->now, &wish->expires))
		return refuse_expiry(text, _("it is neither a time, a day, nor a duration with its unit"), err);
	if (wish->expires <= admin->now)
		return refuse_expiry(text, _("it is over already"), err);
	wish->has_expires = true;
	return true;
}

static int finish_one(struct admin *admin, const struct command_line *line, const struct alias_decision *decision,
	const struct error *err)
{
	struct decisions decisions;

	decisions_begin(&decisions);
	if (!err)
		decisions_note(admin, &decisions, decision);
	else
		decisions_fail(admin, &decisions, line->operands.items[0], decision, err);
	return decisions_finish(admin, line, &decisions);
}

int command_member_add(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct alias_wish wish = {.keep_copy = command_has(line, "keep-copy"), .note = command_value(line, "note")};
	struct alias_context services;
	struct alias_decision decision;
	struct error err;

	if (!admin_load_settings(admin, line, &err) || !read_expiry(admin, command_value(line, "expires"), &wish, &err))
		return output_error(&admin->output, &err);
	for (size_t i = 1; i < line->operands.count; i++)
		string_list_add(&wish.destinations, &admin->arena, line->operands.items[i]);
	services = admin_alias_context(admin);
	if (alias_member_add(&services, line->operands.items[0], &wish, &admin->arena, &decision, &err))
		return finish_one(admin, line, &decision, NULL);
	return finish_one(admin, line, &decision, &err);
}

static bool both_given(const struct command_line *line, const char *option, const char *opposite, struct error *err)
{
	if (!command_has(line, opposite) || !command_value(line, option))
		return false;
	error_set(err, ERROR_USAGE, _("--%s and --%s contradict each other"), option, opposite);
	error_fix(err, "postigo-admin help member set");
	return true;
}

static bool read_wish(struct admin *admin, const struct command_line *line, struct alias_wish *wish, struct error *err)
{
	if (both_given(line, "expires", "no-expires", err) || both_given(line, "keep-copy", "no-keep-copy", err))
		return false;
	wish->destinations = *command_values(line, "to");
	wish->note = command_value(line, "note");
	wish->has_expires = command_has(line, "no-expires");
	wish->keep_copy = command_has(line, "keep-copy");
	wish->has_keep_copy = wish->keep_copy || command_has(line, "no-keep-copy");
	return read_expiry(admin, command_value(line, "expires"), wish, err);
}

int command_member_set(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct alias_wish wish = {.note = NULL};
	struct alias_context services;
	struct alias_decision decision;
	struct error err;

	if (!admin_load_settings(admin, line, &err) || !read_wish(admin, line, &wish, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	if (alias_member_set(&services, line->operands.items[0], &wish, &admin->arena, &decision, &err))
		return finish_one(admin, line, &decision, NULL);
	return finish_one(admin, line, &decision, &err);
}

/* What takes an alias out of the map for a reason that the member is told. */
typedef bool act_for_reason(const struct alias_context *services, const char *username, const char *reason,
	struct arena *arena, struct alias_decision *ret_decision, struct error *err);

static int act_on_member(struct admin *admin, const struct command_line *line, act_for_reason *act)
{
	struct alias_context services;
	struct alias_decision decision;
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	if (act(&services, line->operands.items[0], admin_reason(line), &admin->arena, &decision, &err))
		return finish_one(admin, line, &decision, NULL);
	return finish_one(admin, line, &decision, &err);
}

int command_member_suspend(void *context, const struct command_line *line)
{
	return act_on_member(context, line, alias_member_suspend);
}

int command_member_revoke(void *context, const struct command_line *line)
{
	return act_on_member(context, line, alias_revoke);
}

int command_member_resume(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct alias_context services;
	struct alias_decision decision;
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	if (alias_member_resume(&services, line->operands.items[0], &admin->arena, &decision, &err))
		return finish_one(admin, line, &decision, NULL);
	return finish_one(admin, line, &decision, &err);
}
