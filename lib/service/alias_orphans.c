#include "service/alias_orphans.h"

#include "base/message.h"
#include "service/alias_session.h"

#include <string.h>

/* Changes that one commit makes; entries and list live in the session's arena. */
struct batch {
	struct alias_change *items;
	size_t count;
};

struct search {
	struct alias_session *session;
	struct arena *arena; /* of the result */
	struct alias_orphans found;
	struct batch marks; /* missed for the first time, or back */
	struct batch acts;  /* suspended or removed */
};

static bool policy_is(const struct search *search, const char *policy)
{
	return strcmp(search->session->context->settings->policy.orphan_policy, policy) == 0;
}

/* ---------------------------------------------------------------- growing lists */

/* The items, or a copy with more room: full at every power of two. */
static void *with_room(void *items, size_t count, size_t size, struct arena *arena)
{
	void *larger;

	if ((count & (count - 1)) != 0)
		return items;
	larger = arena_alloc_array(arena, count * 2 + 1, size);
	if (count > 0)
		memcpy(larger, items, count * size);
	return larger;
}

/* Copies the entry, which the walk forgets; the caller says what becomes of the second copy. */
static struct alias_entry *add_change(struct search *search, struct batch *batch, const char *op,
	const struct alias_entry *entry)
{
	struct arena *arena = &search->session->arena;
	struct alias_entry *copies = arena_alloc_array(arena, 2, sizeof(*copies));
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct error ignored;

	alias_entry_print(entry, &text);
	if (!alias_entry_parse(text.text, text.length, arena, &copies[0], &ignored))
		return NULL;
	copies[1] = copies[0];
	batch->items = with_room(batch->items, batch->count, sizeof(*batch->items), arena);
	batch->items[batch->count++] = (struct alias_change){
		.op = op,
		.username = copies[0].username,
		.uid = copies[0].uid,
		.before = &copies[0],
		.after = &copies[1],
		.request_id = "",
		.reason = "",
	};
	return &copies[1];
}

/* ---------------------------------------------------------------- one entry */

static const char *reason_of(const struct alias_entry *entry, struct arena *arena)
{
	struct account account;
	struct error ignored;

	if (account_by_uid(entry->uid, arena, &account, &ignored) == LOOKUP_FOUND)
		return arena_printf(arena, _("user id %u belongs to %s now"), entry->uid, account.name);
	if (account_by_name(entry->username, arena, &account, &ignored) == LOOKUP_FOUND)
		return arena_printf(arena, _("%s is another account now, user id %u"), entry->username, account.uid);
	return _("has no account any more");
}

static struct alias_orphan *note(struct search *search, const struct alias_entry *entry)
{
	struct alias_orphans *found = &search->found;

	found->items = with_room(found->items, found->count, sizeof(*found->items), search->arena);
	found->items[found->count] = (struct alias_orphan){
		.username = arena_strdup(search->arena, entry->username),
		.uid = entry->uid,
		.why = reason_of(entry, search->arena),
		.since = entry->orphaned,
	};
	return &found->items[found->count++];
}

/* What the policy does once the grace is over. */
static bool act(struct search *search, const struct alias_entry *entry)
{
	bool removes = policy_is(search, "remove");
	struct alias_entry *after = add_change(search, &search->acts, removes ? "revoke" : "suspend", entry);
	struct alias_change *change;

	if (!after)
		return false;
	change = &search->acts.items[search->acts.count - 1];
	change->reason = "the account is gone";
	after->status = ALIAS_SUSPENDED;
	after->updated = search->session->context->now;
	if (removes)
		change->after = NULL;
	return true;
}

static bool miss(struct search *search, const struct alias_entry *entry)
{
	const struct alias_context *context = search->session->context;
	struct alias_orphan *orphan = note(search, entry);
	struct alias_entry *after;

	if (policy_is(search, "keep") || (policy_is(search, "suspend") && entry->status == ALIAS_SUSPENDED))
		return true;
	if (entry->orphaned == 0) {
		orphan->since = context->now;
		search->found.marked++;
		after = add_change(search, &search->marks, N_("orphan"), entry);
		if (!after)
			return false;
		after->orphaned = context->now;
	}
	orphan->until = orphan->since + context->settings->policy.orphan_grace;
	return context->now < orphan->until || act(search, entry);
}

static bool welcome(struct search *search, const struct alias_entry *entry)
{
	struct alias_entry *after;

	if (entry->orphaned == 0)
		return true;
	string_list_add(&search->found.returned, search->arena, entry->username);
	after = add_change(search, &search->marks, N_("return"), entry);
	if (after)
		after->orphaned = 0;
	return after;
}

static bool judge(struct search *search, const struct alias_entry *entry)
{
	switch (member_identify(search->session->context->accounts, entry->uid, entry->username)) {
	case MEMBER_IS_SAME:
		return welcome(search, entry);
	case MEMBER_IS_OTHER:
	case MEMBER_IS_GONE:
		return miss(search, entry);
	case MEMBER_IS_UNKNOWN:
		search->found.accounts_unknown = true;
		return true;
	}
	return true;
}

/* An outage in the middle says nothing about those before it either. */
static bool look(struct search *search, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	enum lookup_result found;

	alias_store_rewind(&search->session->desk.store, &cursor);
	while ((found = alias_store_next(&cursor, &arena, &entry, err)) == LOOKUP_FOUND) {
		if (!judge(search, &entry))
			return error_set(err, ERROR_BUG, _("an entry of the store cannot be copied"));
		if (search->found.accounts_unknown) {
			search->found = (struct alias_orphans){.accounts_unknown = true};
			search->marks.count = 0;
			search->acts.count = 0;
			return true;
		}
		arena_clear(&arena);
	}
	return found == LOOKUP_NOT_FOUND;
}

/* ---------------------------------------------------------------- all */

/* No person decided this: where many accounts vanish at once, the rails of the sync are to notice. */
static void describe(const struct search *search, bool dry_run, struct alias_decision_list *decisions)
{
	decisions->items = arena_alloc_array(search->arena, search->acts.count + 1, sizeof(*decisions->items));
	for (; decisions->count < search->acts.count; decisions->count++) {
		struct alias_decision *decision = &decisions->items[decisions->count];

		alias_decision_of(&search->acts.items[decisions->count], search->session->context,
			search->session->desk.store.generation, search->arena, decision);
		decision->changed = !dry_run;
		decision->left_map = false;
	}
}

/* What was missed for the first time cannot be due as well: the grace is never zero. So no entry is in both batches. */
bool alias_orphans_tidy(struct alias_session *session, bool dry_run, struct arena *arena,
	struct alias_orphans *ret_orphans, struct error *err)
{
	struct search search = {.session = session, .arena = arena};
	bool done = true;

	if (!look(&search, err))
		return false;
	if (!dry_run)
		done = alias_session_commit_all(session, search.marks.items, search.marks.count, err) &&
		       alias_session_commit_all(session, search.acts.items, search.acts.count, err);
	if (!done && err->code != ERROR_AFTER_LIVE)
		return false;
	describe(&search, dry_run, &search.found.decisions);
	*ret_orphans = search.found;
	return done;
}
