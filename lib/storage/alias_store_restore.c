#include "base/clock.h"
#include "base/message.h"
#include "format/email_address.h"
#include "format/timestamp.h"
#include "format/username.h"
#include "storage/alias_store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

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

/* What follows on a damaged file: its own digest, or zeros when it is missing, so that the journal says over what was restored. */
static bool digest_damaged(const struct alias_store *store, char ret_digest[DIGEST_HEX_LENGTH + 1])
{
	struct alias_store file = {.lock = LOCK_FILE_INIT, .directory = store->directory, .state = -1};
	struct stat status;
	struct error ignored;

	memset(ret_digest, '0', DIGEST_HEX_LENGTH);
	ret_digest[DIGEST_HEX_LENGTH] = '\0';
	if (!store_map(&file, &status, &ignored))
		return false;
	digest_bytes(file.bytes, file.length, ret_digest);
	store_unmap(&file);
	return true;
}

/*
 * A generation is left out between the damaged file and the restored one: should the machine stop between journal and rename, no damaged file may pass for the
 * one that stood before the journal's last line. Then the restore is simply done again.
 */
static bool follow_damage(struct alias_store *store, struct journal_event *event, struct error *err)
{
	if (!alias_journal_open(
		    &store->journal, store->directory, &store->arena, &store->last, &store->torn, err) ||
		!keep_damaged(store, err))
		return false;
	(void)digest_damaged(store, event->from);
	event->generation = store->last.generation + 2;
	return true;
}

static bool follow_store(struct alias_store *store, struct journal_event *event, struct error *err)
{
	memcpy(event->from, store->last.to, sizeof(event->from));
	event->generation = store->last.generation + 1;
	return store_keep_backup(store, err);
}

bool alias_store_restore(const char *state_directory, int64_t generation,
	const struct alias_commit *commit, struct error *err)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct strbuf backup cleanup_strbuf = STRBUF_INIT;
	struct journal_event event = {
		.at = commit->at, .op = "restore", .username = "", .actor = commit->actor};
	struct error damage;

	if (!store_begin(&store, state_directory, ALIAS_STORE_WRITE, err) ||
		!read_backup(&store, generation, &backup, err))
		return false;
	if (!(store_load(&store, ALIAS_STORE_WRITE, &damage) ? follow_store(&store, &event, err)
							     : follow_damage(&store, &event, err)))
		return false;
	if (store.last.sequence == 0)
		return error_set(err, ERROR_DATABASE, _("the journal of the store is empty"));
	event.reason = arena_printf(&store.arena, "backup %" PRId64, generation);
	if (!store_rotate(&store, commit, err) || !write_restored(&store, &backup, commit, &event, err))
		return false;
	store_mark(&store, event.generation, event.to);
	store_prune_backups(&store);
	return true;
}

/* ---------------------------------------------------------------- looking */

/* Hands a text in form over to a store that is only looked at. */
static bool adopt(struct alias_store *store, struct strbuf *form, struct error *err)
{
	struct store_text text;

	if (!store_text_open(&text, form->text, form->length, &store->arena, err))
		return false;
	store->generation = text.header.generation;
	store->domain = text.header.domain;
	store->reshaped = true;
	store->rendition = form->text;
	store->bytes = form->text;
	store->length = form->length;
	*form = (struct strbuf)STRBUF_INIT;
	return true;
}

bool alias_store_open_backup(struct alias_store *store, const char *state_directory, int64_t generation,
	struct error *err)
{
	struct alias_store opened cleanup_alias_store = ALIAS_STORE_INIT;
	struct strbuf form cleanup_strbuf = STRBUF_INIT;

	if (!store_begin(&opened, state_directory, ALIAS_STORE_READ, err) ||
		!read_backup(&opened, generation, &form, err) || !adopt(&opened, &form, err))
		return false;
	*store = opened;
	opened = (struct alias_store)ALIAS_STORE_INIT;
	return true;
}

/* The entry on one line of a file in form, if it is whole: without the comma behind it. */
static bool parse_salvaged(const char *line, size_t length, struct arena *arena, struct alias_entry *ret_entry)
{
	const char *colon = length > 0 && line[0] == '"' ? memchr(line, ':', length) : NULL;
	struct error ignored;
	size_t rest;

	if (!colon)
		return false;
	rest = length - (size_t)(colon + 1 - line);
	if (rest > 0 && colon[rest] == ',')
		rest--;
	return rest <= ALIAS_ENTRY_MAX && alias_entry_parse(colon + 1, rest, arena, ret_entry, &ignored);
}

/* Every line that is an entry still, in order. What is not is lost, as the caller says. */
static void salvage_lines(const char *bytes, size_t length, const char *domain, struct strbuf *form)
{
	const struct store_header header = {
		.domain = domain, .updated = "1970-01-01T00:00:00Z", .writer = STORE_WRITER};
	struct arena arena cleanup_arena = ARENA_INIT;
	char last[USERNAME_MAX + 1] = "";
	const char *end = bytes + length;

	store_header_print(&header, form);
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = newline ? newline : end;
		struct alias_entry entry;

		if (parse_salvaged(bytes, (size_t)(stop - bytes), &arena, &entry) &&
			strcmp(last, entry.username) < 0 &&
			strcmp(email_address_domain(entry.alias), domain) == 0) {
			strbuf_printf(form, "%s\"%s\":", *last ? ",\n" : "", entry.username);
			alias_entry_print(&entry, form);
			(void)snprintf(last, sizeof(last), "%s", entry.username);
		}
		arena_clear(&arena);
		bytes = stop < end ? stop + 1 : end;
	}
	strbuf_append_text(form, *last ? "\n" STORE_FOOTER : STORE_FOOTER);
}

bool alias_store_salvage(struct alias_store *store, const char *state_directory, const char *domain,
	struct error *err)
{
	struct alias_store opened cleanup_alias_store = ALIAS_STORE_INIT;
	struct alias_store file = ALIAS_STORE_INIT;
	struct strbuf form cleanup_strbuf = STRBUF_INIT;
	struct stat status;
	struct error ignored;

	if (!store_begin(&opened, state_directory, ALIAS_STORE_READ, err))
		return false;
	(void)digest_damaged(&opened, opened.digest);
	file.directory = opened.directory;
	if (!store_map(&file, &status, &ignored)) {
		salvage_lines("", 0, domain, &form);
	} else if (!store_text_reshape(file.bytes, file.length, &form, &ignored)) {
		strbuf_reset(&form);
		salvage_lines(file.bytes, file.length, domain, &form);
	}
	store_unmap(&file);
	if (!adopt(&opened, &form, err))
		return false;
	*store = opened;
	opened = (struct alias_store)ALIAS_STORE_INIT;
	return true;
}
