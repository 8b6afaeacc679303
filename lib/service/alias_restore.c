#include "service/alias_restore.h"

#include "base/message.h"
#include "service/alias_session.h"

#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- comparing */

/* One of the two stores that are walked side by side. */
struct side {
	struct alias_cursor cursor;
	struct arena arena; /* of the entry at hand */
	struct alias_entry entry;
	bool ended;
};

#define cleanup_side __attribute__((cleanup(side_end)))

static void side_end(struct side *side)
{
	arena_clear(&side->arena);
}

static bool side_next(struct side *side, struct error *err)
{
	enum lookup_result found;

	arena_clear(&side->arena);
	found = alias_store_next(&side->cursor, &side->arena, &side->entry, err);
	side->ended = found == LOOKUP_NOT_FOUND;
	return found != LOOKUP_FAILED;
}

static bool side_begin(struct side *side, const struct alias_store *store, struct error *err)
{
	alias_store_rewind(store, &side->cursor);
	return side_next(side, err);
}

static bool is_same(const struct alias_entry *left, const struct alias_entry *right)
{
	struct strbuf one cleanup_strbuf = STRBUF_INIT;
	struct strbuf other cleanup_strbuf = STRBUF_INIT;

	alias_entry_print(left, &one);
	alias_entry_print(right, &other);
	return strcmp(one.text, other.text) == 0;
}

/* Texts are in canonical form, so a printed entry parses again: into the arena that outlives the walk. */
static bool keep(const struct alias_entry *entry, struct arena *arena, const struct alias_entry **ret_entry,
	struct error *err)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_entry *copy = arena_alloc(arena, sizeof(*copy));

	alias_entry_print(entry, &text);
	if (!alias_entry_parse(text.text, text.length, arena, copy, err))
		return false;
	*ret_entry = copy;
	return true;
}

static struct alias_difference *make_room(struct alias_restoration *plan, struct arena *arena)
{
	size_t count = plan->count;

	if ((count & (count - 1)) == 0) { /* full at every power of two */
		struct alias_difference *items = arena_alloc_array(arena, count * 2 + 1, sizeof(*items));

		for (size_t i = 0; i < count; i++)
			items[i] = plan->items[i];
		plan->items = items;
	}
	return &plan->items[plan->count++];
}

static bool note(struct alias_restoration *plan, const struct alias_entry *before, const struct alias_entry *after,
	struct arena *arena, struct error *err)
{
	const struct alias_entry *either = after ? after : before;
	struct alias_difference *difference;

	if (!either || (before && after && is_same(before, after)))
		return true;
	difference = make_room(plan, arena);
	*difference = (struct alias_difference){.username = arena_strdup(arena, either->username)};
	return (!before || keep(before, arena, &difference->before, err)) &&
	       (!after || keep(after, arena, &difference->after, err));
}

static bool compare(const struct alias_store *present, const struct alias_store *backup, struct arena *arena,
	struct alias_restoration *plan, struct error *err)
{
	struct side old cleanup_side = {.ended = false};
	struct side new cleanup_side = {.ended = false};

	if (!side_begin(&old, present, err) || !side_begin(&new, backup, err))
		return false;
	while (!old.ended || !new.ended) {
		int order = old.ended	? 1
			    : new.ended ? -1
					: strcmp(old.entry.username, new.entry.username);

		if (!note(plan, order <= 0 ? &old.entry : NULL, order >= 0 ? &new.entry : NULL, arena, err))
			return false;
		if ((order <= 0 && !side_next(&old, err)) || (order >= 0 && !side_next(&new, err)))
			return false;
	}
	return true;
}

/* A store that is in order, or failing that, what can be read of it. */
static bool open_present(const struct alias_context *context, struct alias_store *store, struct alias_restoration *plan,
	struct error *err)
{
	const char *directory = context->state_directory;

	if (alias_store_open(store, directory, ALIAS_STORE_VERIFY, &plan->damage))
		return true;
	if (plan->damage.code != ERROR_DATABASE) {
		*err = plan->damage;
		return false;
	}
	plan->damaged = true;
	return alias_store_salvage(store, directory, context->settings->domain, err);
}

bool alias_restore_plan(const struct alias_context *context, int64_t generation, struct arena *arena,
	struct alias_restoration *ret_plan, struct error *err)
{
	struct alias_store present cleanup_alias_store = ALIAS_STORE_INIT;
	struct alias_store backup cleanup_alias_store = ALIAS_STORE_INIT;
	struct alias_restoration plan = {.backup = generation};

	if (!alias_store_open_backup(&backup, context->state_directory, generation, err) ||
		!open_present(context, &present, &plan, err))
		return false;
	if (strcmp(backup.domain, context->settings->domain) != 0) {
		error_set(err, ERROR_CONFIG, _("the backup is for %s, the configuration says %s"), backup.domain,
			context->settings->domain);
		return error_fix(err, _("set \"domain\" back to %s"), backup.domain);
	}
	if (!compare(&present, &backup, arena, &plan, err))
		return false;
	memcpy(plan.digest, present.digest, sizeof(plan.digest));
	*ret_plan = plan;
	return true;
}

/* ---------------------------------------------------------------- carrying out */

static bool changed_since(const struct alias_restoration *plan, struct error *err)
{
	error_set(err, ERROR_CHANGED, _("the store changed since the difference was shown"));
	error_why(err, _("another command decided meanwhile"));
	return error_fix(err, "postigo-admin restore %" PRId64, plan->backup);
}

static struct alias_change *make_changes(const struct alias_restoration *plan, struct arena *arena)
{
	struct alias_change *changes = arena_alloc_array(arena, plan->count + 1, sizeof(*changes));

	for (size_t i = 0; i < plan->count; i++) {
		const struct alias_difference *difference = &plan->items[i];

		changes[i] = (struct alias_change){
			.op = "restore",
			.username = difference->username,
			.uid = difference->after ? difference->after->uid : difference->before->uid,
			.before = difference->before,
			.after = difference->after,
			.request_id = "",
			.reason = arena_printf(arena, "backup %" PRId64, plan->backup),
		};
	}
	return changes;
}

/* The whole is replaced first; the session that is opened then finds a restore as the journal's last event, and publishes it. */
static bool replace_damaged(struct alias_session *session, const struct alias_context *context,
	const struct alias_restoration *plan, struct error *err)
{
	const struct alias_commit commit = alias_commit_of(context);
	struct alias_store again cleanup_alias_store = ALIAS_STORE_INIT;
	struct alias_restoration now = {.damaged = false};

	if (!open_present(context, &again, &now, err))
		return false;
	if (!now.damaged || strcmp(again.digest, plan->digest) != 0)
		return changed_since(plan, err);
	if (!alias_store_restore(context->state_directory, plan->backup, &commit, err))
		return false;
	if (alias_session_open(session, context, err))
		return true;
	err->code = ERROR_AFTER_LIVE;
	return error_prefix(err, _("restored, but the members cannot see it yet"));
}

static bool commit_differences(struct alias_session *session, const struct alias_context *context,
	const struct alias_restoration *plan, const struct alias_change *changes, struct error *err)
{
	if (!alias_session_open(session, context, err))
		return false;
	if (strcmp(session->desk.store.digest, plan->digest) != 0)
		return changed_since(plan, err);
	return alias_session_commit_all(session, changes, plan->count, err);
}

bool alias_restore(const struct alias_context *context, const struct alias_restoration *plan, struct arena *arena,
	struct alias_decision_list *ret_list, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_change *changes = make_changes(plan, arena);
	struct alias_decision_list list = {.count = 0};
	bool done = plan->damaged ? replace_damaged(&session, context, plan, err)
				  : commit_differences(&session, context, plan, changes, err);

	if (!done && err->code != ERROR_AFTER_LIVE)
		return false;
	list.items = arena_alloc_array(arena, plan->count + 1, sizeof(*list.items));
	for (; list.count < plan->count; list.count++)
		alias_decision_of(&changes[list.count], context, session.desk.store.generation, arena,
			&list.items[list.count]);
	*ret_list = list;
	return done;
}
