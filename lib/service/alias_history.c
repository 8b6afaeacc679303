#include "service/alias_history.h"

#include "base/message.h"
#include "base/number.h"
#include "service/alias_session.h"
#include "storage/journal_cursor.h"
#include "system/trusted_file.h"

#include <inttypes.h>
#include <string.h>

/* The journal walked backwards, knowing which generations were taken back. */
struct walk {
	struct journal_cursor cursor;
	int64_t aborted; /* the generation that the abort seen last took back; -1 = none */
};

#define cleanup_walk __attribute__((cleanup(walk_end)))

static void walk_end(struct walk *walk)
{
	journal_cursor_close(&walk->cursor);
}

static bool walk_begin(struct walk *walk, const struct alias_store *store, struct error *err)
{
	walk->aborted = -1;
	return journal_cursor_open(&walk->cursor, &store->journal, err);
}

static enum lookup_result walk_next(struct walk *walk, struct arena *arena, struct alias_event *ret_event,
	struct error *err)
{
	struct alias_event event = {.taken_back = false};
	enum lookup_result found = journal_cursor_previous(&walk->cursor, arena, &event.journal, err);

	if (found != LOOKUP_FOUND)
		return found;
	if (strcmp(event.journal.op, "abort") == 0)
		walk->aborted = event.journal.generation + 1;
	else if (event.journal.generation != walk->aborted)
		walk->aborted = -1;
	event.taken_back = strcmp(event.journal.op, "abort") != 0 && event.journal.generation == walk->aborted;
	*ret_event = event;
	return LOOKUP_FOUND;
}

/* ---------------------------------------------------------------- list */

/* Keeps the event when it concerns the member; what is passed over leaves no memory behind. */
static bool collect(struct walk *walk, const char *username, size_t limit, struct arena *arena,
	struct alias_event_list *list, struct error *err)
{
	struct arena scratch cleanup_arena = ARENA_INIT;
	struct alias_event event;

	while (list->count < limit) {
		struct alias_event *kept = &list->items[list->count];
		enum lookup_result found;

		arena_clear(&scratch);
		found = walk_next(walk, &scratch, &event, err);
		if (found != LOOKUP_FOUND)
			return found == LOOKUP_NOT_FOUND;
		if (username && strcmp(event.journal.username, username) != 0)
			continue;
		if (!journal_cursor_again(&walk->cursor, arena, &kept->journal, err))
			return false;
		kept->taken_back = event.taken_back;
		list->count++;
	}
	return true;
}

bool alias_history_list(const struct alias_context *context, const char *username, size_t limit, struct arena *arena,
	struct alias_event_list *ret_list, struct error *err)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct walk walk cleanup_walk = {.cursor = JOURNAL_CURSOR_INIT};
	struct alias_event_list list = {.count = 0};

	if (!alias_store_open(&store, context->state_directory, ALIAS_STORE_READ, err) ||
		!walk_begin(&walk, &store, err))
		return false;
	if (limit > (size_t)store.journal.sequence)
		limit = (size_t)store.journal.sequence;
	list.items = arena_alloc_array(arena, limit + 1, sizeof(*list.items));
	if (!collect(&walk, username, limit, arena, &list, err))
		return false;
	*ret_list = list;
	return true;
}

bool alias_history_id_parse(const char *text, int64_t *ret_sequence)
{
	int64_t sequence;

	if (strncmp(text, "h-", 2) == 0)
		text += 2;
	if (!parse_int64(text, &sequence) || sequence < 1)
		return false;
	*ret_sequence = sequence;
	return true;
}

/* ---------------------------------------------------------------- undo */

static bool find_event(const struct alias_session *session, int64_t sequence, struct arena *arena,
	struct alias_event *ret_event, struct error *err)
{
	struct walk walk cleanup_walk = {.cursor = JOURNAL_CURSOR_INIT};
	struct arena scratch cleanup_arena = ARENA_INIT;
	enum lookup_result found = LOOKUP_FOUND;

	if (!walk_begin(&walk, &session->desk.store, err))
		return false;
	while (found == LOOKUP_FOUND && walk.cursor.sequence >= sequence) {
		bool wanted = walk.cursor.sequence == sequence;

		arena_clear(&scratch);
		found = walk_next(&walk, wanted ? arena : &scratch, ret_event, err);
		if (found == LOOKUP_FOUND && wanted)
			return true;
	}
	if (found == LOOKUP_FAILED)
		return false;
	error_set(err, ERROR_NOT_FOUND, _("the history has no event h-%" PRId64), sequence);
	return error_fix(err, "postigo-admin history");
}

static bool refuse(const struct alias_event *event, const char *why, struct error *err)
{
	error_set(err, ERROR_RULE, _("h-%" PRId64 " (%s) cannot be undone"), event->journal.sequence, event->journal.op);
	error_why(err, "%s", why);
	return error_fix(err, "postigo-admin history");
}

static bool check_event(const struct alias_event *event, struct error *err)
{
	if (event->taken_back)
		return refuse(event, _("it was interrupted and never came true"), err);
	if (!event->journal.before && !event->journal.after)
		return refuse(event, _("it changed no alias"), err);
	return true;
}

static bool is_same(const struct alias_entry *left, const struct alias_entry *right)
{
	struct strbuf one cleanup_strbuf = STRBUF_INIT;
	struct strbuf other cleanup_strbuf = STRBUF_INIT;

	if (!left || !right)
		return left == right;
	alias_entry_print(left, &one);
	alias_entry_print(right, &other);
	return strcmp(one.text, other.text) == 0;
}

/* The alias as it stands now must be what the event left; else somebody decided after it. */
static bool find_unchanged(struct alias_session *session, const struct alias_event *event,
	const struct alias_entry **ret_present, struct error *err)
{
	struct alias_entry *entry = arena_alloc(&session->arena, sizeof(*entry));
	const char *username = event->journal.username;

	switch (alias_store_find(&session->desk.store, username, &session->arena, entry, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		entry = NULL;
		break;
	case LOOKUP_FOUND:
		break;
	}
	*ret_present = entry;
	if (is_same(entry, event->journal.after))
		return true;
	error_set(err, ERROR_CHANGED, _("the alias of \"%s\" changed since h-%" PRId64), username, event->journal.sequence);
	error_why(err, _("undoing it would also take back what was decided later"));
	return error_fix(err, "postigo-admin history %s", username);
}

/* An alias that comes back must come back to the account that had it. */
static bool check_owner(const struct alias_event *event, struct error *err)
{
	const struct alias_entry *entry = event->journal.before;

	if (event->journal.after || !entry)
		return true;
	switch (member_identify(NULL, entry->uid, entry->username)) {
	case MEMBER_IS_SAME:
		return true;
	case MEMBER_IS_OTHER:
		return refuse(event, _("its user id belongs to another account now"), err);
	case MEMBER_IS_GONE:
		return refuse(event, _("its account is gone"), err);
	case MEMBER_IS_UNKNOWN:
		break;
	}
	error_set(err, ERROR_TEMPORARY, _("the account database does not answer"));
	error_why(err, _("whether user id %" PRIu32 " is still that of %s cannot be known now"), entry->uid, entry->username);
	return error_fix(err, _("try again in a minute"));
}

static bool undo_event(struct alias_session *session, const struct alias_event *event, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	const struct alias_context *context = session->context;
	struct alias_entry restored;
	struct alias_change change = {
		.op = "undo",
		.username = event->journal.username,
		.uid = event->journal.uid,
		.request_id = "",
		.reason = arena_printf(arena, "h-%" PRId64, event->journal.sequence),
	};
	bool done;

	if (!find_unchanged(session, event, &change.before, err) || !check_owner(event, err))
		return false;
	if (event->journal.before) {
		restored = *event->journal.before;
		restored.updated = context->now;
		restored.orphaned = 0; /* an orphan gets the grace anew */
		change.after = &restored;
		change.uid = restored.uid;
	}
	done = alias_session_commit(session, &change, err);
	if (done || err->code == ERROR_AFTER_LIVE)
		alias_decision_of(&change, context, session->desk.store.generation, arena, ret_decision);
	return done;
}

bool alias_undo(const struct alias_context *context, int64_t sequence, struct arena *arena,
	struct alias_decision *ret_decision, struct error *err)
{
	struct alias_session session cleanup_alias_session = ALIAS_SESSION_INIT;
	struct alias_event event = {.taken_back = false};

	return alias_session_open(&session, context, err) && find_event(&session, sequence, arena, &event, err) &&
	       check_event(&event, err) && undo_event(&session, &event, arena, ret_decision, err);
}

/* ---------------------------------------------------------------- verify */

static bool walk_chain(const struct alias_context *context, struct error *err)
{
	struct strbuf path cleanup_strbuf = STRBUF_INIT;
	int directory cleanup_close = -1;

	strbuf_printf(&path, "%s/store", context->state_directory);
	return trusted_directory_open(strbuf_text(&path), &directory, err) &&
	       alias_journal_verify(directory, NULL, NULL, err);
}

bool alias_journal_examine(const struct alias_context *context, struct journal_report *ret_report, struct error *err)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;

	if (!walk_chain(context, err) || !alias_store_open(&store, context->state_directory, ALIAS_STORE_VERIFY, err))
		return false;
	ret_report->lines = store.journal.sequence;
	ret_report->generation = store.generation;
	memcpy(ret_report->hash, store.journal.hash, sizeof(ret_report->hash));
	return true;
}
