#include "base/clock.h"
#include "base/message.h"
#include "format/email_address.h"
#include "format/timestamp.h"
#include "storage/alias_store_private.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- create */

static bool is_absent(int directory, const char *name)
{
	struct stat status;

	return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* An interrupted creation: no store yet, and a journal that says nothing or only "init". */
static bool is_unfinished(int directory)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_journal journal;
	struct journal_event last;
	struct error ignored;
	struct stat status;
	bool torn;

	if (!is_absent(directory, STORE_NAME))
		return false;
	if (is_absent(directory, "journal.head"))
		return fstatat(directory, "journal.jsonl", &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		       status.st_size == 0;
	return alias_journal_open(&journal, directory, &arena, &last, &torn, &ignored) &&
	       (last.sequence == 0 || (last.sequence == 1 && strcmp(last.op, "init") == 0));
}

static bool write_empty(struct store_writer *writer, int directory, const char *domain,
	char *ret_digest, struct error *err)
{
	static const struct clock clock = {0};
	char updated[TIMESTAMP_LENGTH + 1];
	const struct store_header header = {.domain = domain,
		.updated = updated,
		.writer = STORE_WRITER};

	timestamp_format(clock_now(&clock), updated);
	return store_writer_begin(writer, directory, &header, err) &&
	       store_writer_seal(writer, ret_digest, err);
}

/* The journal first, the store last: only with its file is it a store. */
static bool create_in(int directory, const char *domain, struct error *err)
{
	static const struct clock clock = {0};
	struct store_writer writer cleanup_store_writer = STORE_WRITER_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct journal_event event = {.at = clock_now(&clock), .op = "init", .username = ""};
	struct alias_journal journal;
	struct identity identity;
	struct journal_event last;
	bool torn;

	identity_read(&identity, &arena);
	event.actor = &identity;
	if (!write_empty(&writer, directory, domain, event.to, err))
		return false;
	memset(event.from, '0', DIGEST_HEX_LENGTH);
	return alias_journal_create(directory, err) &&
	       alias_journal_open(&journal, directory, &arena, &last, &torn, err) &&
	       alias_journal_append(&journal, -1, &event, 1, err) &&
	       atomic_file_commit(&writer.file, err);
}

bool alias_store_create(const char *state_directory, const char *domain, gid_t reader,
	struct error *err)
{
	int state cleanup_close = -1;
	int directory cleanup_close = -1;
	int backups cleanup_close = -1;

	if (email_domain_check(domain) != EMAIL_OK ||
		domain[strcspn(domain, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
		return error_set(err, ERROR_CONFIG,
			_("the alias store needs a domain in lower case"));
	if (!trusted_directory_open(state_directory, &state, err) ||
		!directory_ensure(state, "store", 0750, reader, &directory, err))
		return false;
	if (!is_unfinished(directory))
		return error_set(err, ERROR_ALREADY_EXISTS,
			_("there is an alias store already in %s"), state_directory);
	unlinkat(directory, "journal.head", 0);
	unlinkat(directory, "journal.jsonl", 0);
	return store_open_backups(directory, &backups, err) && create_in(directory, domain, err) &&
	       directory_sync(directory, "store", err) &&
	       directory_sync(state, state_directory, err);
}

/* ---------------------------------------------------------------- backups, restore */

bool alias_store_backups(const char *state_directory, struct arena *arena,
	struct alias_backup **ret_backups, size_t *ret_count, struct error *err)
{
	struct strbuf path cleanup_strbuf = STRBUF_INIT;
	int directory cleanup_close = -1;

	strbuf_printf(&path, "%s/store", state_directory);
	return trusted_directory_open(strbuf_text(&path), &directory, err) &&
	       store_list_backups(directory, SIZE_MAX, arena, ret_backups, ret_count, err);
}

static bool read_backup(const struct alias_store *store, int64_t generation, struct strbuf *buffer,
	struct error *err)
{
	int backups cleanup_close = -1;

	if (!store_open_backups(store->directory, &backups, err))
		return false;
	switch (store_read_backup(backups, generation, buffer, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_NOT_FOUND:
		error_set(err, ERROR_NOT_FOUND, _("there is no backup %" PRId64), generation);
		return error_fix(err, "postigo-admin backup list");
	case LOOKUP_FAILED:
		return error_prefix(err, _("backup %" PRId64), generation);
	}
	return false;
}

/* A damaged store is evidence: it gets a second name before the first one is taken away. */
static bool keep_damaged(const struct alias_store *store, struct error *err)
{
	static const struct clock clock = {0};
	int quarantine cleanup_close = -1;
	char name[64];

	(void)snprintf(name, sizeof(name), "%" PRId64 "-%d-%s", clock_now(&clock), (int)getpid(),
		STORE_NAME);
	if (!store_open_quarantine(store, &quarantine, err))
		return false;
	if (linkat(store->directory, STORE_NAME, quarantine, name, 0) == 0 || errno == ENOENT)
		return true;
	return error_set_errno(err, ERROR_FILESYSTEM, errno,
		_("cannot keep the damaged store in work/quarantine"));
}

/* The new generation follows the journal, which may be ahead of any file. */
static bool write_restored(struct alias_store *store, const struct strbuf *backup,
	const struct alias_commit *commit, struct journal_event *event, struct error *err)
{
	struct store_writer writer cleanup_store_writer = STORE_WRITER_INIT;
	char updated[TIMESTAMP_LENGTH + 1];
	struct store_text text;

	if (!store_text_open(&text, backup->text, backup->length, &store->arena, err))
		return false;
	timestamp_format(commit->at, updated);
	text.header.generation = event->generation;
	text.header.updated = updated;
	text.header.writer = STORE_WRITER;
	return store_writer_begin(&writer, store->directory, &text.header, err) &&
	       store_writer_add(&writer, text.bytes + text.start, text.end - text.start, err) &&
	       store_writer_seal(&writer, event->to, err) && store_append(store, event, 1, err) &&
	       atomic_file_commit(&writer.file, err);
}

bool alias_store_restore(const char *state_directory, int64_t generation,
	const struct alias_commit *commit, struct error *err)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct strbuf backup cleanup_strbuf = STRBUF_INIT;
	struct journal_event event = {.at = commit->at, .op = "restore", .actor = commit->actor};
	struct error damage;
	bool whole;

	if (!store_begin(&store, state_directory, ALIAS_STORE_WRITE, err) ||
		!read_backup(&store, generation, &backup, err))
		return false;
	whole = store_load(&store, ALIAS_STORE_WRITE, &damage);
	if (!whole && !alias_journal_open(&store.journal, store.directory, &store.arena,
			      &store.last, &store.torn, err))
		return false;
	if (!(whole ? store_keep_backup(&store, err) : keep_damaged(&store, err)))
		return false;
	if (store.last.sequence == 0)
		return error_set(err, ERROR_DATABASE, _("the journal of the store is empty"));
	event.generation = store.last.generation + 1;
	event.username = "";
	event.reason = arena_printf(&store.arena, "backup %" PRId64, generation);
	memcpy(event.from, store.last.to, sizeof(event.from));
	if (!write_restored(&store, &backup, commit, &event, err))
		return false;
	store_mark(&store, event.generation, event.to);
	store_prune_backups(&store);
	return true;
}
