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

/* ---------------------------------------------------------------- backups */

bool alias_store_backups(const char *state_directory, struct arena *arena,
	struct alias_backup **ret_backups, size_t *ret_count, struct error *err)
{
	struct strbuf path cleanup_strbuf = STRBUF_INIT;
	int directory cleanup_close = -1;

	strbuf_printf(&path, "%s/store", state_directory);
	return trusted_directory_open(strbuf_text(&path), &directory, err) &&
	       store_list_backups(directory, SIZE_MAX, arena, ret_backups, ret_count, err);
}
