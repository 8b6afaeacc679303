#include "decisions.h"

#include "admin_json.h"
#include "base/message.h"

static struct json *decision_json(const struct alias_decision *decision)
{
	struct json *object = json_new_object();

	json_set_text(object, "outcome", decision->outcome);
	if (*decision->id)
		json_set_text(object, "id", decision->id);
	json_set_text(object, "user", decision->username);
	json_set_text(object, "alias", decision->alias);
	json_set(object, "destinations", admin_list_json(&decision->destinations));
	json_set_integer(object, "generation", decision->generation);
	return object;
}

static void say_decision(struct admin *admin, const struct alias_decision *decision)
{
	const char *destinations = string_list_join(&decision->destinations, &admin->arena, ", ");

	if (decision->destinations.count > 0)
		output_say(&admin->output, "%s  %s -> %s", _(decision->outcome), decision->alias, destinations);
	else
		output_say(&admin->output, "%s  %s", _(decision->outcome), decision->alias);
}

void decisions_begin(struct decisions *decisions)
{
	*decisions = (struct decisions){.results = json_new_array(), .details = json_new_object()};
}

void decisions_note(struct admin *admin, struct decisions *decisions, const struct alias_decision *decision)
{
	json_add(decisions->results, decision_json(decision));
	decisions->changed |= decision->changed;
	if (decision->changed && decision->left_map)
		decisions->decided.removals++;
	else if (decision->changed)
		string_list_add(&decisions->decided.aliases, &admin->arena, decision->alias);
	decisions->done = true;
	say_decision(admin, decision);
}

void decisions_note_all(struct admin *admin, struct decisions *decisions, const struct alias_decision_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		decisions_note(admin, decisions, &list->items[i]);
}

void decisions_fail(struct admin *admin, struct decisions *decisions, const char *argument,
	const struct alias_decision *decision, const struct error *err)
{
	struct json *failed = json_add(decisions->results, json_new_object());

	if (decision && err->code == ERROR_AFTER_LIVE)
		decisions_note(admin, decisions, decision);
	json_set_text(failed, "outcome", "failed");
	json_set_text(failed, "argument", argument);
	json_set_text(failed, "error", error_name(err->code));
	json_set_text(failed, "message", err->what);
	if (decisions->failures++ == 0) {
		decisions->code = err->code;
		decisions->failure = *err;
	}
	if (admin->output.shape != OUTPUT_JSON)
		output_error(&admin->output, err);
}

/* Hands the record's JSON over to the result. */
static void fill_document(struct decisions *decisions, struct json *document)
{
	json_set_boolean(document, "changed", decisions->changed || decisions->acted);
	json_set(document, "results", decisions->results);
	decisions->results = NULL;
	for (const struct json *detail = json_first(decisions->details); detail; detail = json_next(detail))
		json_set(document, json_key(detail), json_copy(detail));
	json_free(&decisions->details);
}

int decisions_finish(struct admin *admin, const struct command_line *line, struct decisions *decisions)
{
	struct json *document cleanup_json = json_new_object();
	struct sync_outcome sync = {0};
	int code = (int)decisions->code;

	if (decisions->changed)
		admin_sync_after_decision(admin, line, &decisions->decided, &sync);
	if (code == ERROR_NONE && sync.failed)
		code = (int)sync.error.code;
	fill_document(decisions, document);
	if (sync.ran)
		json_set(document, "sync", admin_sync_json(&sync.result));
	if (code != ERROR_NONE)
		json_set_integer(document, "exit", code);
	if (decisions->done || decisions->failures == 0)
		output_json(&admin->output, document);
	if (admin->output.shape == OUTPUT_JSON && decisions->failures > 0)
		output_error(&admin->output, &decisions->failure);
	if (admin->output.shape == OUTPUT_JSON && sync.failed)
		output_error(&admin->output, &sync.error);
	return code;
}
