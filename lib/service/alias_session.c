#include "service/alias_session.h"

#include "base/message.h"
#include "storage/member_status.h"

#include <string.h>

const char *decision_outcome(const char *op)
{
	static const struct {
		const char *op;
		const char *outcome;
	} outcomes[] = {
		{"approve", "approved"},
		{"reject", "rejected"},
		{"revoke", "revoked"},
		{"remove", "removed"},
		{"pause", "paused"},
		{"resume", "resumed"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(outcomes); i++) {
		if (strcmp(outcomes[i].op, op) == 0)
			return outcomes[i].outcome;
	}
	return NULL;
}

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
	status->since = entry.updated;
	status->expires = entry.expires;
	return true;
}

/* The member's status is a function of the store and the last event that concerns them. */
static bool publish(const struct alias_session *session, const struct journal_event *event, struct error *err)
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
	return member_status_publish(session->context->state_directory, &status, err);
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
		*ret_published = false;
		return true;
	case LOOKUP_FOUND:
		break;
	}
	*ret_published = status.generation == event->generation && status.decided == event->at &&
			 strcmp(status.decision_id, event->request_id) == 0;
	return true;
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
	bool published;

	if (outcome) {
		if (!is_published(session, last, &published, err))
			return false;
		if (!published && !publish(session, last, err))
			return false;
	}
	return request_queue_recover(&session->desk.queue, outcome ? last->request_id : "", &decision, err);
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

bool alias_session_commit(struct alias_session *session, const struct alias_change *change, struct error *err)
{
	const struct alias_commit commit = {.actor = session->context->actor, .at = session->context->now};

	if (!alias_store_commit(&session->desk.store, &commit, change, 1, err))
		return false;
	if (publish(session, &session->desk.store.last, err))
		return true;
	err->code = ERROR_AFTER_LIVE;
	return error_prefix(err, _("decided and stored, but the member cannot see it yet"));
}
