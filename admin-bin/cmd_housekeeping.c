/* gc, expire, purge-user: what timers and hooks call. */
#include "service/alias_housekeeping.h"

#include "admin.h"
#include "admin_json.h"
#include "base/message.h"
#include "decisions.h"
#include "format/printable.h"
#include "format/timestamp.h"
#include "service/alias_member.h"
#include "service/alias_purge.h"

/* ---------------------------------------------------------------- gc */

static struct json *set_aside_json(const struct alias_housekeeping *done)
{
	struct json *array = json_new_array();

	for (size_t i = 0; i < done->set_aside_count; i++) {
		struct json *object = json_add(array, json_new_object());

		json_set_text(object, "file", done->set_aside[i].file);
		json_set_text(object, "code", queue_code_name(done->set_aside[i].code));
		json_set_text(object, "detail", queue_code_text(done->set_aside[i].code));
	}
	return array;
}

static struct json *orphans_json(const struct alias_orphans *orphans)
{
	struct json *array = json_new_array();

	for (size_t i = 0; i < orphans->count; i++) {
		const struct alias_orphan *orphan = &orphans->items[i];
		struct json *object = json_add(array, json_new_object());

		json_set_text(object, "user", orphan->username);
		json_set_integer(object, "uid", orphan->uid);
		json_set_text(object, "detail", orphan->why);
		if (orphan->since > 0)
			admin_set_time(object, "since", orphan->since);
		if (orphan->until > 0)
			admin_set_time(object, "until", orphan->until);
	}
	return array;
}

static void fill_details(struct json *details, const struct alias_housekeeping *done, bool dry_run)
{
	json_set_boolean(details, "dry_run", dry_run);
	json_set(details, "set_aside", set_aside_json(done));
	json_set(details, "orphans", orphans_json(&done->orphans));
	json_set(details, "returned", admin_list_json(&done->orphans.returned));
	json_set(details, "stale_statuses", admin_list_json(&done->stale));
	json_set_integer(details, "repaired_statuses", (int64_t)done->repaired);
	json_set_integer(details, "temporary_files", (int64_t)done->temporaries);
	json_set_integer(details, "archive_removed", (int64_t)done->archived);
	json_set_integer(details, "quarantine", (int64_t)done->quarantine);
	json_set_integer(details, "left", (int64_t)done->left);
	json_set_boolean(details, "accounts_unknown", done->accounts_unknown);
}

static void warn_orphan(struct admin *admin, const struct alias_orphan *orphan)
{
	char until[TIMESTAMP_LENGTH + 1];

	if (orphan->until <= admin->now) {
		output_warn(&admin->output, _("the alias of %s has lost its account: %s (postigo-admin purge-user %s)"),
			orphan->username, orphan->why, orphan->username);
		return;
	}
	timestamp_format(orphan->until, until);
	output_warn(&admin->output, _("the alias of %s has lost its account: %s (policy.orphan_policy is \"%s\" from %s on)"),
		orphan->username, orphan->why, admin->settings.policy.orphan_policy, until);
}

static void say_housekeeping(struct admin *admin, const struct alias_housekeeping *done)
{
	struct output *output = &admin->output;

	for (size_t i = 0; i < done->set_aside_count; i++)
		output_say(output, _("set aside  %s: %s"), printable_text(done->set_aside[i].file, &admin->arena),
			queue_code_text(done->set_aside[i].code));
	for (size_t i = 0; i < done->stale.count; i++)
		output_say(output, _("removed  status/%s of a former member"), done->stale.items[i]);
	if (done->repaired > 0)
		output_say(output, _("repaired  %zu status files that did not tell what the store says"), done->repaired);
	if (done->temporaries > 0)
		output_say(output, _("removed  %zu temporary files"), done->temporaries);
	if (done->archived > 0)
		output_say(output, _("removed  %zu decided requests that were kept long enough"), done->archived);
	for (size_t i = 0; i < done->orphans.returned.count; i++)
		output_say(output, _("back  %s has an account again"), done->orphans.returned.items[i]);
	if (done->quarantine > 0)
		output_say(output, _("quarantine  %zu files stand there; nothing removes them"), done->quarantine);
	if (output->shape == OUTPUT_JSON)
		return;
	for (size_t i = 0; i < done->orphans.count; i++)
		warn_orphan(admin, &done->orphans.items[i]);
}

static bool did_nothing(const struct alias_housekeeping *done)
{
	return done->decisions.count == 0 && done->set_aside_count == 0 && done->stale.count == 0 &&
	       done->temporaries + done->archived + done->repaired + done->orphans.marked +
			       done->orphans.returned.count ==
		       0;
}

static void note_outage(struct admin *admin, struct decisions *decisions)
{
	struct error err;

	error_set(&err, ERROR_TEMPORARY, _("the account database does not answer"));
	error_why(&err, _("nothing was concluded about accounts; the rest was done"));
	error_fix(&err, "getent passwd; postigo-admin gc");
	decisions_fail(admin, decisions, "accounts", NULL, &err);
}

int command_gc(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	bool dry_run = command_has(line, "dry-run");
	struct decisions decisions;
	struct alias_housekeeping done;
	struct alias_context services;
	struct error err;
	bool finished;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	finished = alias_housekeep(&services, dry_run, &admin->arena, &done, &err);
	decisions_begin(&decisions);
	decisions_note_all(admin, &decisions, &done.decisions);
	decisions.acted = !dry_run && !did_nothing(&done);
	decisions.done = true;
	fill_details(decisions.details, &done, dry_run);
	say_housekeeping(admin, &done);
	if (!finished)
		decisions_fail(admin, &decisions, "gc", NULL, &err);
	else if (done.accounts_unknown)
		note_outage(admin, &decisions);
	else if (did_nothing(&done))
		output_say(&admin->output, _("Nothing to do."));
	else if (dry_run)
		output_say(&admin->output, _("Nothing was done."));
	return decisions_finish(admin, line, &decisions);
}

/* ---------------------------------------------------------------- expire, purge-user */

int command_expire(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	bool dry_run = command_has(line, "dry-run");
	struct alias_decision_list list = {.items = NULL};
	struct decisions decisions;
	struct alias_context services;
	struct error err;
	bool done;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	done = alias_expire(&services, dry_run, &admin->arena, &list, &err);
	decisions_begin(&decisions);
	decisions_note_all(admin, &decisions, &list);
	json_set_boolean(decisions.details, "dry_run", dry_run);
	if (!done)
		decisions_fail(admin, &decisions, "expire", NULL, &err);
	else if (list.count == 0)
		output_say(&admin->output, _("No alias has expired."));
	else if (dry_run)
		output_say(&admin->output, _("Nothing was done."));
	return decisions_finish(admin, line, &decisions);
}

int command_purge_user(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct alias_purge purge;
	struct decisions decisions;
	struct alias_context services;
	struct error err;
	bool done;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	services = admin_alias_context(admin);
	done = alias_purge(&services, line->operands.items[0], &admin->arena, &purge, &err);
	decisions_begin(&decisions);
	decisions_note_all(admin, &decisions, &purge.decisions);
	decisions.acted = purge.decisions.count + purge.statuses > 0;
	json_set_integer(decisions.details, "statuses", (int64_t)purge.statuses);
	if (!done)
		decisions_fail(admin, &decisions, line->operands.items[0], NULL, &err);
	else if (!decisions.acted)
		output_say(&admin->output, _("Nothing is here of %s."), line->operands.items[0]);
	return decisions_finish(admin, line, &decisions);
}
