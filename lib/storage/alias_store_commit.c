#include "base/message.h"
#include "format/email_address.h"
#include "format/timestamp.h"
#include "format/username.h"
#include "storage/alias_store_private.h"

#include <string.h>

/* A change together with the line of the present store that it replaces. */
struct splice {
	const struct alias_change *change;
	size_t offset; /* of the old line, or where a new one goes */
	size_t length; /* of the old line; 0 = none */
};

static bool bug(const struct alias_change *change, const char *why, struct error *err)
{
	error_set(err, ERROR_BUG, _("a change of the alias store cannot be applied"));
	return error_why(err, "%s: %s", change->username ? change->username : "?", why);
}

/* ---------------------------------------------------------------- checking */

static bool touches_entry(const struct alias_change *change)
{
	return change->before || change->after;
}

static bool equals_line(const struct store_text *text, size_t offset,
	const struct alias_entry *entry, bool *ret_equal, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf held cleanup_strbuf = STRBUF_INIT;
	struct strbuf expected cleanup_strbuf = STRBUF_INIT;
	struct alias_entry present;

	if (!store_text_entry(text, &offset, &arena, &present, err))
		return false;
	alias_entry_print(&present, &held);
	alias_entry_print(entry, &expected);
	*ret_equal = strcmp(strbuf_text(&held), strbuf_text(&expected)) == 0;
	return true;
}

/* What the store is about to hold must be readable again. */
static bool check_after(const struct store_text *text, const struct alias_change *change,
	struct error *err)
{
	const struct alias_entry *after = change->after;
	struct error reason;

	if (!after)
		return true;
	if (!alias_entry_validate(after, &reason))
		return bug(change, *reason.why ? reason.why : reason.what, err);
	if (strcmp(after->username, change->username) != 0 || after->uid != change->uid)
		return bug(change, "the new entry belongs to somebody else", err);
	if (strcmp(email_address_domain(after->alias), text->header.domain) != 0)
		return bug(change, "the new alias is not of the store's domain", err);
	return true;
}

static bool make_splice(const struct store_text *text, const struct alias_change *change,
	struct splice *ret_splice, struct error *err)
{
	struct splice splice = {.change = change};
	bool equal = true;

	if (!username_is_valid(change->username))
		return bug(change, "no username", err);
	splice.offset = store_text_position(text, change->username);
	splice.length = store_text_line(text, splice.offset, change->username);
	if (!change->before && splice.length > 0)
		return bug(change, "the store has an entry of that name already", err);
	if (change->before && splice.length == 0)
		return bug(change, "the store has no entry of that name", err);
	if (change->before && !equals_line(text, splice.offset, change->before, &equal, err))
		return false;
	if (!equal)
		return bug(change, "the store's entry is not the one that was changed", err);
	if (!check_after(text, change, err))
		return false;
	*ret_splice = splice;
	return true;
}

static int compare_splices(const void *left, const void *right)
{
	return strcmp(((const struct splice *)left)->change->username,
		((const struct splice *)right)->change->username);
}

struct splice_list {
	struct splice *items;
	size_t count;
};

/* Checks every change and sorts those that touch an entry. */
static bool make_splices(const struct store_text *text, const struct alias_change *changes,
	size_t count, struct splice_list *list, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct alias_change *change = &changes[i];

		if (!change->op || change->op[0] == '\0')
			return bug(change, "no op", err);
		if (!touches_entry(change))
			continue;
		if (!make_splice(text, change, &list->items[list->count], err))
			return false;
		list->count++;
	}
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), compare_splices);
	for (size_t i = 1; i < list->count; i++) {
		if (compare_splices(&list->items[i - 1], &list->items[i]) == 0)
			return bug(list->items[i].change, "changed twice in one commit", err);
	}
	return true;
}

/* ---------------------------------------------------------------- writing */

static bool write_entry(struct store_writer *writer, const struct alias_entry *entry,
	struct error *err)
{
	struct strbuf line cleanup_strbuf = STRBUF_INIT;

	strbuf_printf(&line, "\"%s\":", entry->username);
	alias_entry_print(entry, &line);
	return store_writer_add(writer, line.text, line.length, err);
}

/* Whatever does not change is copied as it stands, in as few pieces as there are changes. */
static bool write_spliced(struct store_writer *writer, const struct store_text *text,
	const struct splice_list *list, struct error *err)
{
	size_t copied = text->start;

	for (size_t i = 0; i < list->count; i++) {
		const struct splice *splice = &list->items[i];

		if (!store_writer_add(writer, text->bytes + copied, splice->offset - copied, err))
			return false;
		if (splice->change->after && !write_entry(writer, splice->change->after, err))
			return false;
		copied = splice->offset + splice->length;
	}
	return store_writer_add(writer, text->bytes + copied, text->end - copied, err);
}

static bool write_next(const struct alias_store *store, const struct alias_commit *commit,
	const struct splice_list *list, struct store_writer *writer, struct error *err)
{
	char updated[TIMESTAMP_LENGTH + 1];
	const struct store_header header = {
		.generation = store->generation + 1,
		.domain = store->domain,
		.updated = updated,
		.writer = STORE_WRITER,
	};
	struct store_text text;

	store_text_of(store, &text);
	timestamp_format(commit->at, updated);
	return store_writer_begin(writer, store->directory, &header, err) &&
	       write_spliced(writer, &text, list, err);
}

/* ---------------------------------------------------------------- journal */

static struct journal_event *make_events(const struct alias_store *store,
	const struct alias_commit *commit, const struct alias_change *changes, size_t count,
	struct arena *arena)
{
	struct journal_event *events = arena_alloc_array(arena, count + 1, sizeof(*events));

	for (size_t i = 0; i < count; i++) {
		const struct alias_change *change = &changes[i];

		events[i] = (struct journal_event){
			.generation = store->generation,
			.at = commit->at,
			.op = change->op,
			.username = change->username,
			.uid = change->uid,
			.request_id = change->request_id,
			.before = change->before,
			.after = change->after,
			.reason = change->reason,
			.actor = commit->actor,
		};
		memcpy(events[i].from, store->digest, sizeof(store->digest));
		memcpy(events[i].to, store->digest, sizeof(store->digest));
	}
	return events;
}

/* Shows the journal's new last event, as it stands on disk. */
static bool reload_journal(struct alias_store *store, struct error *err)
{
	return alias_journal_open(&store->journal, store->directory, &store->arena, &store->last,
		&store->torn, err);
}

/* Shows the new file. Its digest is known: it was written by us, under the lock. */
static bool reload_file(struct alias_store *store, const char *digest, struct error *err)
{
	struct stat status;

	store_unmap(store);
	if (!store_map(store, &status, err))
		return false;
	memcpy(store->digest, digest, sizeof(store->digest));
	store->generation++;
	return true;
}

/* From the journal's first byte on, a failure leaves something for the next open to sort out. */
static bool publish(struct alias_store *store, struct store_writer *writer,
	struct journal_event *events, size_t count, struct error *err)
{
	char digest[DIGEST_HEX_LENGTH + 1];

	if (!store_writer_seal(writer, digest, err) || !store_keep_backup(store, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		events[i].generation = store->generation + 1;
		memcpy(events[i].to, digest, sizeof(digest));
	}
	store->failed = true;
	if (!store_append(store, events, count, err) || !atomic_file_commit(&writer->file, err))
		return false;
	store_mark(store, store->generation + 1, digest);
	store_prune_backups(store);
	if (!reload_file(store, digest, err) || !reload_journal(store, err))
		return false;
	store->failed = false;
	return true;
}

static bool append_only(struct alias_store *store, struct journal_event *events, size_t count,
	struct error *err)
{
	store->failed = true;
	if (!store_append(store, events, count, err) || !reload_journal(store, err))
		return false;
	store->failed = false;
	return true;
}

bool alias_store_commit(struct alias_store *store, const struct alias_commit *commit,
	const struct alias_change *changes, size_t count, struct error *err)
{
	struct store_writer writer cleanup_store_writer = STORE_WRITER_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct splice_list list = {
		.items = arena_alloc_array(&arena, count + 1, sizeof(*list.items))};
	struct journal_event *events;
	struct store_text text;

	if (store->lock.fd < 0 || store->failed)
		return error_set(err, ERROR_BUG, _("the alias store is not open for writing"));
	if (count == 0)
		return true;
	store_text_of(store, &text);
	if (!make_splices(&text, changes, count, &list, err) || !store_rotate(store, commit, err))
		return false;
	events = make_events(store, commit, changes, count, &arena);
	if (list.count == 0)
		return append_only(store, events, count, err);
	return write_next(store, commit, &list, &writer, err) &&
	       publish(store, &writer, events, count, err);
}
