/* backup list, restore: stores of before. */
#include "admin.h"
#include "admin_json.h"
#include "base/message.h"
#include "base/number.h"
#include "cli/prompt.h"
#include "decisions.h"
#include "service/alias_restore.h"
#include "storage/alias_store.h"

#include <inttypes.h>

int command_backup_list(void *context, const struct command_line *line)
{
	static const struct output_column columns[] = {
		{"generation", N_("GENERATION"), COLUMN_NUMBER},
		{"at", N_("LAST CHANGED"), COLUMN_TIME},
		{"size", N_("BYTES"), COLUMN_NUMBER},
	};
	struct admin *admin = context;
	struct json *rows cleanup_json = json_new_array();
	struct alias_backup *backups;
	struct error err;
	size_t count;

	if (!admin_load_settings(admin, line, &err) ||
		!alias_store_backups(POSTIGO_STATE_DIRECTORY, &admin->arena, &backups, &count, &err))
		return output_error(&admin->output, &err);
	for (size_t i = 0; i < count; i++) {
		struct json *row = json_add(rows, json_new_object());

		json_set_integer(row, "generation", backups[i].generation);
		admin_set_time(row, "at", backups[i].modified);
		json_set_integer(row, "size", backups[i].size);
	}
	output_rows(&admin->output, NULL, rows, columns, ARRAY_LENGTH(columns), N_("There is no backup yet."));
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- restore */

static const char *sign_of(const struct alias_difference *difference)
{
	if (!difference->before)
		return "+";
	return difference->after ? "~" : "-";
}

static struct json *difference_json(const struct alias_restoration *plan)
{
	struct json *array = json_new_array();

	for (size_t i = 0; i < plan->count; i++) {
		const struct alias_difference *difference = &plan->items[i];
		struct json *object = json_add(array, json_new_object());

		json_set_text(object, "sign", sign_of(difference));
		json_set_text(object, "user", difference->username);
		if (difference->before)
			json_set(object, "before", admin_entry_json(difference->before));
		if (difference->after)
			json_set(object, "after", admin_entry_json(difference->after));
	}
	return array;
}

static const char *entry_text(struct admin *admin, const struct alias_entry *entry)
{
	struct arena *arena = &admin->arena;
	const char *destinations;

	if (!entry)
		return "";
	destinations = string_list_join(&entry->destinations, arena, ", ");
	if (entry->status == ALIAS_ACTIVE)
		return destinations;
	return arena_printf(arena, "%s (%s)", destinations,
		output_word(&admin->output, alias_status_name(entry->status)));
}

static void say_difference(struct admin *admin, const struct alias_restoration *plan)
{
	struct output *output = &admin->output;

	if (plan->damaged && output->shape != OUTPUT_JSON)
		output_warn(output, _("%s: %s. The difference is against what can still be read of it"), plan->damage.what,
			plan->damage.why);
	for (size_t i = 0; i < plan->count; i++) {
		const struct alias_difference *difference = &plan->items[i];
		const char *before = entry_text(admin, difference->before);
		const char *after = entry_text(admin, difference->after);

		output_say(output, "  %s %s  %s%s%s", sign_of(difference), difference->username, before,
			difference->before && difference->after ? " -> " : "", after);
	}
}

static bool confirm(const struct command_line *line, const struct alias_restoration *plan, struct error *err)
{
	bool yes;

	if (line->globals.yes)
		return true;
	if (!prompt_is_possible()) {
		error_set(err, ERROR_USAGE, _("there is no terminal to ask on"));
		error_why(err, _("a restore takes decisions back: somebody must have seen the difference"));
		return error_fix(err, "postigo-admin restore %" PRId64 " --yes", plan->backup);
	}
	if (!prompt_yes(_("Restore?"), &yes, err))
		return false;
	return yes || error_set(err, ERROR_ANSWERED_NO, _("not restored: backup %" PRId64), plan->backup);
}

static void begin(struct decisions *decisions, const struct alias_restoration *plan, bool dry_run)
{
	decisions_begin(decisions);
	json_set_integer(decisions->details, "backup", plan->backup);
	json_set_boolean(decisions->details, "dry_run", dry_run);
	json_set_boolean(decisions->details, "damaged", plan->damaged);
	json_set(decisions->details, "difference", difference_json(plan));
}

/* A damaged store is replaced even where nothing that can be read differs. */
static int carry_out(struct admin *admin, const struct command_line *line, const struct alias_restoration *plan)
{
	const struct alias_context services = admin_alias_context(admin);
	struct alias_decision_list list = {.count = 0};
	struct decisions decisions;
	struct error err;
	bool done;

	begin(&decisions, plan, false);
	done = alias_restore(&services, plan, &admin->arena, &list, &err);
	decisions_note_all(admin, &decisions, &list);
	decisions.changed = done || err.code == ERROR_AFTER_LIVE;
	if (!done)
		decisions_fail(admin, &decisions, line->operands.items[0], NULL, &err);
	return decisions_finish(admin, line, &decisions);
}

static int leave(struct admin *admin, const struct command_line *line, const struct alias_restoration *plan)
{
	struct decisions decisions;

	begin(&decisions, plan, command_has(line, "dry-run"));
	output_say(&admin->output, "%s",
		plan->count == 0 && !plan->damaged ? _("Nothing to do: the store is what the backup holds.")
						   : _("Nothing was done."));
	return decisions_finish(admin, line, &decisions);
}

int command_restore(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct alias_restoration plan;
	struct alias_context services;
	struct error err;
	int64_t generation;

	if (!parse_int64(line->operands.items[0], &generation) || generation < 0) {
		error_set(&err, ERROR_USAGE, _("\"%s\" is no generation"), line->operands.items[0]);
		error_fix(&err, "postigo-admin backup list");
		return output_error(&admin->output, &err);
	}
	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	if (!alias_restore_plan(&services, generation, &admin->arena, &plan, &err))
		return output_error(&admin->output, &err);
	say_difference(admin, &plan);
	if (command_has(line, "dry-run") || (plan.count == 0 && !plan.damaged))
		return leave(admin, line, &plan);
	if (!confirm(line, &plan, &err))
		return output_error(&admin->output, &err);
	return carry_out(admin, line, &plan);
}
