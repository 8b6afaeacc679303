/* history, undo, journal verify: what was decided, and taking it back. */
#include "service/alias_history.h"

#include "admin.h"
#include "admin_json.h"
#include "base/message.h"
#include "base/number.h"
#include "decisions.h"
#include "format/timestamp.h"

#include <inttypes.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000000

static struct json *actor_json(const struct identity *actor)
{
	struct json *object = json_new_object();

	json_set_text(object, "login", actor->login);
	json_set_integer(object, "uid", actor->uid);
	if (actor->login_uid >= 0)
		json_set_integer(object, "loginuid", actor->login_uid);
	if (*actor->claim)
		json_set_text(object, "claim", actor->claim);
	if (*actor->terminal)
		json_set_text(object, "terminal", actor->terminal);
	return object;
}

static struct json *entry_or_null(const struct alias_entry *entry)
{
	return entry ? admin_entry_json(entry) : json_new_null();
}

static void set_given(struct json *object, const char *key, const char *text)
{
	if (*text)
		json_set_text(object, key, text);
}

static struct json *event_json(const struct alias_event *event)
{
	const struct journal_event *journal = &event->journal;
	struct json *object = json_new_object();
	char id[32];

	(void)snprintf(id, sizeof(id), "h-%" PRId64, journal->sequence);
	json_set_text(object, "id", id);
	admin_set_time(object, "at", journal->at);
	json_set_integer(object, "generation", journal->generation);
	json_set_text(object, "op", journal->op);
	set_given(object, "user", journal->username);
	if (journal->uid != 0)
		json_set_integer(object, "uid", journal->uid);
	set_given(object, "request_id", journal->request_id);
	json_set(object, "before", entry_or_null(journal->before));
	json_set(object, "after", entry_or_null(journal->after));
	set_given(object, "reason", journal->reason);
	json_set(object, "actor", actor_json(journal->actor));
	if (event->taken_back)
		json_set_boolean(object, "taken_back", true);
	return object;
}

/* "ana@mail.example.org (suspended, until 2027-01-31)": what an event changed is to be seen in it. */
static const char *summary(struct admin *admin, const struct alias_entry *entry)
{
	struct arena *arena = &admin->arena;
	struct string_list remarks = STRING_LIST_INIT;
	char until[TIMESTAMP_LENGTH + 1];
	const char *destinations;

	if (!entry)
		return "-";
	destinations = string_list_join(&entry->destinations, arena, ", ");
	if (entry->status != ALIAS_ACTIVE)
		string_list_add(&remarks, arena, output_word(&admin->output, alias_status_name(entry->status)));
	if (entry->keep_copy)
		string_list_add(&remarks, arena, _("keeps a copy"));
	if (entry->expires) {
		timestamp_format(entry->expires, until);
		string_list_add(&remarks, arena, arena_printf(arena, _("until %.10s"), until));
	}
	if (remarks.count == 0)
		return destinations;
	return arena_printf(arena, "%s (%s)", destinations, string_list_join(&remarks, arena, ", "));
}

static const char *change_text(struct admin *admin, const struct alias_event *event)
{
	const struct journal_event *journal = &event->journal;

	if (!journal->before && !journal->after)
		return "";
	return arena_printf(&admin->arena, "%s -> %s", summary(admin, journal->before),
		summary(admin, journal->after));
}

static void add_row(struct admin *admin, struct json *rows, const struct alias_event *event)
{
	struct json *row = json_add(rows, json_new_object());
	const char *op = output_word(&admin->output, event->journal.op);
	char id[32];

	(void)snprintf(id, sizeof(id), "h-%" PRId64, event->journal.sequence);
	admin_set_time(row, "at", event->journal.at);
	json_set_text(row, "id", id);
	json_set_text(row, "op",
		event->taken_back ? arena_printf(&admin->arena, _("%s (never came true)"), op) : op);
	json_set_text(row, "user", event->journal.username);
	json_set_text(row, "change", change_text(admin, event));
	json_set_text(row, "actor", event->journal.actor->login);
	json_set_text(row, "reason", event->journal.reason);
}

static void print_events(struct admin *admin, const struct alias_event_list *list)
{
	static const struct output_column columns[] = {
		{"at", N_("WHEN"), COLUMN_TIME},
		{"id", N_("ID"), COLUMN_TEXT},
		{"op", N_("WHAT"), COLUMN_TEXT},
		{"user", N_("MEMBER"), COLUMN_TEXT},
		{"change", N_("FROM -> TO"), COLUMN_TEXT},
		{"actor", N_("BY"), COLUMN_TEXT},
		{"reason", N_("REASON"), COLUMN_TEXT},
	};
	struct json *rows cleanup_json = json_new_array();
	struct json *document cleanup_json = json_new_array();

	for (size_t i = 0; i < list->count; i++) {
		json_add(document, event_json(&list->items[i]));
		add_row(admin, rows, &list->items[i]);
	}
	output_rows(&admin->output, document, rows, columns, ARRAY_LENGTH(columns), N_("Nothing was decided yet."));
}

static bool read_limit(const struct command_line *line, size_t *ret_limit, struct error *err)
{
	const char *text = command_value(line, "limit");
	int64_t limit;

	*ret_limit = LIMIT_DEFAULT;
	if (!text)
		return true;
	if (!parse_int64(text, &limit) || limit < 1 || limit > LIMIT_MAX) {
		error_set(err, ERROR_USAGE, _("\"%s\" is no number of events"), text);
		error_field(err, "limit");
		return error_fix(err, "postigo-admin history --limit 50");
	}
	*ret_limit = (size_t)limit;
	return true;
}

int command_history(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	const char *username = line->operands.count > 0 ? line->operands.items[0] : NULL;
	struct alias_event_list list;
	struct alias_context services;
	struct error err;
	size_t limit;

	if (!read_limit(line, &limit, &err) || !admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	if (!alias_history_list(&services, username, limit, &admin->arena, &list, &err))
		return output_error(&admin->output, &err);
	print_events(admin, &list);
	return ERROR_NONE;
}

int command_undo(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	const char *id = line->operands.items[0];
	struct decisions decisions;
	struct alias_decision decision;
	struct alias_context services;
	struct error err;
	int64_t sequence;

	if (!alias_history_id_parse(id, &sequence)) {
		error_set(&err, ERROR_USAGE, _("\"%s\" is no id of the history"), id);
		error_fix(&err, "postigo-admin history; postigo-admin undo h-12");
		return output_error(&admin->output, &err);
	}
	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	decisions_begin(&decisions);
	if (alias_undo(&services, sequence, &admin->arena, &decision, &err))
		decisions_note(admin, &decisions, &decision);
	else
		decisions_fail(admin, &decisions, id, &decision, &err);
	return decisions_finish(admin, line, &decisions);
}

int command_journal_verify(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct json *document cleanup_json = json_new_object();
	struct journal_report report;
	struct alias_context services;
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	if (!alias_journal_examine(&services, &report, &err))
		return output_error(&admin->output, &err);
	json_set_boolean(document, "ok", true);
	json_set_integer(document, "lines", report.lines);
	json_set_integer(document, "generation", report.generation);
	json_set_text(document, "hash", report.hash);
	output_json(&admin->output, document);
	output_say(&admin->output, _("The journal is whole: %lld lines, and the store is what its last one says."),
		(long long)report.lines);
	return ERROR_NONE;
}
