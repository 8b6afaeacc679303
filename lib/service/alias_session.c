#include "service/alias_session.h"

#include "base/message.h"
#include "service/alias_decision.h"
#include "service/member_status_repair.h"
#include "storage/journal_cursor.h"
#include "storage/member_status.h"
#include "system/atomic_batch.h"

#include <string.h>

static bool fill_present(const struct alias_session *session, const struct journal_event *event, struct arena *arena,
	struct status_file *status, struct error *err)
{
	struct alias_entry entry;

	switch (alias_store_find(&session->desk.store, event->username, arena, &entry, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FOUND:
		break;
	}
	if (entry.uid != event->uid)
		return true;
	status->state = alias_status_name(entry.status);
	status->destinations = entry.destinations;
	status->keep_copy = entry.keep_copy;
	status->since = entry.updated;
	status->expires = entry.expires;
	return true;
}

/* What the member remembers of a decision: what was asked for, or what was taken away. */
static void describe_decision(const struct alias_session *session, const struct journal_event *event,
	struct arena *arena, struct status_decision *ret_decision)
{
	const struct request_record *wish = session->wish;
	const struct alias_entry *entry = event->after ? event->after : event->before;
	bool is_request = strcmp(event->op, "approve") == 0 || strcmp(event->op, "reject") == 0 ||
			  strcmp(event->op, "lapse") == 0;

	*ret_decision = (struct status_decision){
		.at = event->at,
		.outcome = decision_outcome(event->op),
		.op = wish && decision_ends_request(event->op) ? request_op_name(wish->op) : is_request ? "set" : event->op,
		.id = event->request_id,
		.reason = event->reason,
	};
	for (size_t i = 0; wish && i < wish->destination_count; i++) {
		if (email_address_check(wish->destinations[i]) == EMAIL_OK) /* else it may be any bytes */
			string_list_add(&ret_decision->destinations, arena, wish->destinations[i]);
	}
	if (ret_decision->destinations.count == 0 && entry)
		ret_decision->destinations = entry->destinations;
}

/* The history is kept in the published file alone: one that cannot be read begins anew. */
static void add_history(const struct alias_session *session, const struct journal_event *event, struct arena *arena,
	struct status_file *status)
{
	struct status_file before;
	struct status_decision decision;
	struct error ignored;

	if (member_status_read(session->context->state_directory, event->uid, arena, &before, &ignored) == LOOKUP_FOUND &&
		strcmp(before.username, event->username) == 0) {
		status->history = before.history;
		status->history_count = before.history_count;
	}
	if (!status->decision)
		return;
	describe_decision(session, event, arena, &decision);
	status_file_remember(status, &decision, arena);
}

/* The member's status is a function of the store and the last event that concerns them. Without batch it is durable at once. */
static bool publish_status(const struct alias_session *session, const struct journal_event *event,
	struct atomic_batch *batch, struct error *err)
{
	const struct settings *settings = session->context->settings;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status = {
		.uid = event->uid,
		.username = event->username,
		.alias = member_alias(event->username, settings, &arena),
		.state = "none",
		.generation = event->generation,
		.decision = decision_outcome(event->op),
		.decision_id = event->request_id,
		.decided = event->at,
		.reason = event->reason,
	};

	if (!fill_present(session, event, &arena, &status, err))
		return false;
	if (strcmp(event->op, "reject") == 0)
		status.cooldown_until = event->at + settings->policy.cooldown_after_reject;
	add_history(session, event, &arena, &status);
	return batch ? member_status_stage(batch, &status, err)
		     : member_status_publish(session->context->state_directory, &status, err);
}

/*
 * Whether the event shows in a status file at all: a uid that belongs to another name now must not read what was its predecessor's, and a purged member has
 * none. While accounts cannot be asked, the name stands as it was decided on.
 */
static bool is_for_member(const struct alias_session *session, const struct journal_event *event)
{
	if (strcmp(event->op, "purge-user") == 0)
		return false;
	switch (member_identify(session->context->accounts, event->uid, event->username)) {
	case MEMBER_IS_SAME:
	case MEMBER_IS_UNKNOWN:
		return true;
	case MEMBER_IS_GONE:
	case MEMBER_IS_OTHER:
		break;
	}
	return false;
}

/* Removes what was published to the former owner of a uid; the present owner's own file stays. */
static bool unpublish(const struct alias_session *session, const struct journal_event *event,
	struct atomic_batch *batch, struct error *err)
{
	const char *directory = session->context->state_directory;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status;
	struct error damaged;

	switch (member_status_read(directory, event->uid, &arena, &status, &damaged)) {
	case LOOKUP_FOUND:
		if (strcmp(status.username, event->username) != 0)
			return true;
		break;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FAILED:
		break;
	}
	return batch ? member_status_stage_removal(batch, event->uid, err)
		     : member_status_remove(directory, event->uid, err);
}

static bool publish(const struct alias_session *session, const struct journal_event *event, struct atomic_batch *batch,
	struct error *err)
{
	return is_for_member(session, event) ? publish_status(session, event, batch, err)
					     : unpublish(session, event, batch, err);
}

static bool is_published(const struct alias_session *session, const struct journal_event *event, bool *ret_published,
	struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status;
	struct error damaged;

	switch (member_status_read(session->context->state_directory, event->uid, &arena, &status, &damaged)) {
	case LOOKUP_FAILED:
		if (damaged.code != ERROR_DATABASE) {
			*err = damaged;
			return false;
		}
		*ret_published = false; /* derived: a damaged one is written again */
		return true;
	case LOOKUP_NOT_FOUND:
		*ret_published = !is_for_member(session, event);
		return true;
	case LOOKUP_FOUND:
		break;
	}
	*ret_published = is_for_member(session, event) && status.generation == event->generation &&
			 status.decided == event->at && strcmp(status.decision_id, event->request_id) == 0;
	return true;
}

/* Whether two events were made by one commit that touched entries. */
static bool is_of_commit(const struct journal_event *event, const struct journal_event *last)
{
	return event->generation == last->generation && strcmp(event->from, event->to) != 0 &&
	       strcmp(event->from, last->from) == 0 && strcmp(event->to, last->to) == 0;
}

static bool publish_missing(const struct alias_session *session, const struct journal_event *event,
	struct atomic_batch *batch, struct error *err)
{
	bool published;

	return is_published(session, event, &published, err) && (published || publish(session, event, batch, err));
}

/* Every event of the journal's last commit but its last one. */
static bool publish_others(const struct alias_session *session, struct atomic_batch *batch, struct error *err)
{
	const struct alias_store *store = &session->desk.store;
	struct journal_cursor cursor cleanup_journal_cursor = JOURNAL_CURSOR_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct journal_event event;

	if (!journal_cursor_open(&cursor, &store->journal, err))
		return false;
	for (;;) {
		arena_clear(&arena);
		switch (journal_cursor_previous(&cursor, &arena, &event, err)) {
		case LOOKUP_FAILED:
			return false;
		case LOOKUP_NOT_FOUND:
			return true;
		case LOOKUP_FOUND:
			break;
		}
		if (event.sequence == store->last.sequence)
			continue;
		if (!is_of_commit(&event, &store->last))
			return true;
		if (!publish_missing(session, &event, batch, err))
			return false;
	}
}

/* In the order of publish_changes(), so that a crash in here leaves the sign unset. */
static bool publish_commit(const struct alias_session *session, struct error *err)
{
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;

	return member_status_batch_begin(&batch, session->context->state_directory, err) &&
	       publish_others(session, &batch, err) && atomic_batch_settle(&batch, err) &&
	       publish(session, &session->desk.store.last, NULL, err);
}

/* Whether the file says of the alias what the store says; its last decision may be of any age. */
static bool shows_entry(const struct alias_session *session, const struct alias_entry *entry)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status;
	struct error ignored;

	return member_status_read(session->context->state_directory, entry->uid, &arena, &status, &ignored) ==
		       LOOKUP_FOUND &&
	       member_status_tells(&status, entry);
}

/* The restore as the event of one member. */
static bool publish_restored(const struct alias_session *session, const char *username, uint32_t uid,
	struct atomic_batch *batch, struct error *err)
{
	struct journal_event event = session->desk.store.last;

	event.username = username;
	event.uid = uid;
	return publish(session, &event, batch, err);
}

/* Members who have no alias any more, but still see one. */
static bool publish_lost(const struct alias_session *session, uid_t uid, struct atomic_batch *batch, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status;
	struct alias_entry entry;
	struct error ignored;

	if (member_status_read(session->context->state_directory, uid, &arena, &status, &ignored) != LOOKUP_FOUND ||
		strcmp(status.state, "none") == 0)
		return true;
	switch (alias_store_find(&session->desk.store, status.username, &arena, &entry, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	return publish_restored(session, status.username, uid, batch, err);
}

/* Entries whose members see something else. */
static bool publish_entries(const struct alias_session *session, struct atomic_batch *batch, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	enum lookup_result found;

	alias_store_rewind(&session->desk.store, &cursor);
	while ((found = alias_store_next(&cursor, &arena, &entry, err)) == LOOKUP_FOUND) {
		if (!shows_entry(session, &entry) &&
			!publish_restored(session, entry.username, entry.uid, batch, err))
			return false;
		arena_clear(&arena);
	}
	return found == LOOKUP_NOT_FOUND;
}

/* After a restore over a damaged store nobody knows what changed: every status that says something else is written anew. */
static bool publish_store(const struct alias_session *session, struct error *err)
{
	const char *directory = session->context->state_directory;
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct member_status_list list = {.count = 0};

	if (!member_status_batch_begin(&batch, directory, err) || !publish_entries(session, &batch, err) ||
		!atomic_batch_settle(&batch, err) || !member_status_list(directory, &arena, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		if (!publish_lost(session, list.uids[i], &batch, err))
			return false;
	}
	return atomic_batch_settle(&batch, err);
}

/*
 * Publishes what the journal's last commit changed, if that has not been done: see publish_changes(). A last event without reader leaves no sign, so each of its
 * commit is looked at.
 */
static bool recover_statuses(struct alias_session *session, struct error *err)
{
	const struct journal_event *last = &session->desk.store.last;
	bool published;

	if (*last->username == '\0')
		return publish_store(session, err);
	return is_published(session, last, &published, err) &&
	       ((published && is_for_member(session, last)) || publish_commit(session, err));
}

/* Ends what the last session may have left half done: first the member's status, then the claimed file that is the sign of it. */
static bool recover(struct alias_session *session, struct error *err)
{
	const struct journal_event *last = &session->desk.store.last;
	const char *outcome = last->sequence ? decision_outcome(last->op) : NULL;
	struct queue_decision decision = {
		.outcome = outcome ? outcome : "",
		.actor = outcome ? last->actor->login : "",
		.reason = outcome ? last->reason : "",
		.at = last->at,
	};

	if (outcome && !recover_statuses(session, err))
		return false;
	return request_queue_recover(&session->desk.queue,
		outcome && decision_ends_request(last->op) ? last->request_id : "", &decision, err);
}

bool alias_session_open(struct alias_session *session, const struct alias_context *context, struct error *err)
{
	session->context = context;
	if (!request_desk_open(&session->desk, context, ALIAS_STORE_WRITE, err))
		return false;
	if (strcmp(session->desk.store.domain, context->settings->domain) != 0) {
		error_set(err, ERROR_CONFIG, _("the store is for %s, the configuration says %s"), session->desk.store.domain,
			context->settings->domain);
		return error_fix(err, _("set \"domain\" back to %s"), session->desk.store.domain);
	}
	return recover(session, err);
}

void alias_session_close(struct alias_session *session)
{
	request_desk_close(&session->desk);
	arena_clear(&session->arena);
}

struct alias_commit alias_commit_of(const struct alias_context *context)
{
	return (struct alias_commit){
		.actor = context->actor,
		.at = context->now,
		.journal_size = context->settings->policy.journal_size,
	};
}

bool alias_session_commit(struct alias_session *session, const struct alias_change *change, struct error *err)
{
	return alias_session_commit_all(session, change, 1, err);
}

/* What is no decision, such as a mark of housekeeping, is no news for the member. */
static bool publish_change(const struct alias_session *session, const struct alias_change *change,
	struct atomic_batch *batch, struct error *err)
{
	const struct journal_event event = {
		.generation = session->desk.store.generation,
		.at = session->context->now,
		.op = change->op,
		.username = change->username,
		.uid = change->uid,
		.request_id = change->request_id,
		.before = change->before,
		.after = change->after,
		.reason = change->reason,
	};

	return !decision_outcome(event.op) || publish(session, &event, batch, err);
}

/* One member's status that cannot be written keeps nobody else's from being. */
static bool publish_all(const struct alias_session *session, const struct alias_change *changes, size_t count,
	struct error *err)
{
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct error failure;
	bool published = true;

	if (count == 0)
		return true;
	if (!member_status_batch_begin(&batch, session->context->state_directory, err))
		return false;
	for (size_t i = 0; i < count; i++)
		published = publish_change(session, &changes[i], &batch, published ? err : &failure) && published;
	return atomic_batch_settle(&batch, published ? err : &failure) && published;
}

/*
 * The last status is published only behind all others, because it is the sign by which the next session knows that nothing is missing:
 *
 * - All others are written under temporary names, one syncfs puts them on the disk, they are renamed, one fsync puts their names there. Only then the last is
 *   written, as durably. Whoever finds the last in its place, after a kill or without power, finds all others in theirs.
 * - Whoever does not find it (killed or failed anywhere before) publishes the commit once more, from store and journal. That changes nothing where it was done:
 *   a decision that heads a member's history is not added again.
 * - No file is named before its content is on the disk. So in between each member reads the old status or the new, and a history, which stands nowhere else, is
 *   never lost. Temporaries that a kill leaves behind are housekeeping's.
 */
static bool publish_changes(struct alias_session *session, const struct alias_change *changes, size_t count,
	struct error *err)
{
	return count == 0 || (publish_all(session, changes, count - 1, err) &&
				     publish_change(session, &changes[count - 1], NULL, err));
}

bool alias_session_commit_all(struct alias_session *session, const struct alias_change *changes, size_t count,
	struct error *err)
{
	const struct alias_commit commit = alias_commit_of(session->context);

	if (!alias_store_commit(&session->desk.store, &commit, changes, count, err))
		return false;
	if (publish_changes(session, changes, count, err))
		return true;
	err->code = ERROR_AFTER_LIVE;
	return error_prefix(err, _("decided and stored, but the member cannot see it yet"));
}
