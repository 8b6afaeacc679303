/* The store, its journal and backups, and the status files that are derived from them. */
#include "base/message.h"
#include "service/check_subject.h"
#include "service/member_status_repair.h"
#include "storage/alias_store.h"
#include "storage/journal_file.h"
#include "storage/member_status.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define DENIED "store.denied"
#define ADMIN_GROUP "postigo-admin"
#define NAMES_MAX 100000

static const char *store_path(const struct consistency_check *check, const char *name)
{
	return arena_printf(check->arena, "%s/store/%s", check->request->state_directory, name);
}

/* ---------------------------------------------------------------- files */

static void look_at_file(struct consistency_check *check, const char *name, unsigned mode)
{
	const char *path = store_path(check, name);
	const char *word = check_word(check, path);
	struct stat status;

	if (check_look(check, DENIED, path, &status) != LOOKUP_FOUND || !S_ISREG(status.st_mode))
		return;
	if (status.st_uid == 0 && ((unsigned)status.st_mode & 07777 & ~mode) == 0)
		return;
	check_find(check, FINDING_ERROR, "store.file-mode", _("%s must be %04o and root's"), path,
		mode);
	check_evidence(check, "%04o %u:%s", (unsigned)status.st_mode & 07777, status.st_uid,
		check_group_name(check, status.st_gid));
	check_cure(check, "chown root:%s %s && chmod %04o %s", mode & 040 ? ADMIN_GROUP : "root",
		word, mode, word);
}

/* The full files of the journal are as open, and as closed, as the one that grows. */
static void look_at_full_files(struct consistency_check *check)
{
	const char *path = store_path(check, "");
	int fd cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct string_list names = STRING_LIST_INIT;
	struct error ignored;
	int64_t last;

	if (fd < 0 || !directory_list(fd, NAMES_MAX, check->arena, &names, &ignored))
		return;
	for (size_t i = 0; i < names.count; i++) {
		if (journal_full_name_parse(names.items[i], &last))
			look_at_file(check, names.items[i], 0640);
	}
}

/* ---------------------------------------------------------------- store and journal */

static void note_unusable(struct consistency_check *check, const struct error *failure)
{
	struct alias_backup *backups;
	struct error ignored;
	size_t count;

	check_failed(check, "store.unusable", failure);
	if (*check->report.findings[check->report.count - 1].cure)
		return;
	if ((failure->code != ERROR_DATABASE && failure->code != ERROR_CONFIG) ||
		!alias_store_backups(check->request->state_directory, check->arena, &backups,
			&count, &ignored))
		return;
	if (failure->code == ERROR_DATABASE && count > 0) {
		check_cure_by(check, "restore %jd", (intmax_t)backups[0].generation);
		check_advice(check, "%s", "");
	} else if (failure->code == ERROR_CONFIG && count == 0) {
		check_cure_by(check, "setup");
		check_advice(check, "%s", "");
	} else if (failure->code == ERROR_CONFIG) {
		/* There was a store once: an empty one would be a loss. */
		check_advice(check, _("put %s back from the machine's backup"),
			store_path(check, ""));
	}
}

/* What a crash leaves is put right by the next command that writes. */
static void look_at_interruption(struct consistency_check *check, const struct alias_store *store)
{
	if (store->generation < store->last.generation) {
		check_find(check, FINDING_WARNING, "store.interrupted",
			_("the last change was never finished"));
		check_evidence(check, _("the journal has generation %jd, the store %jd"),
			(intmax_t)store->last.generation, (intmax_t)store->generation);
		check_cure_by(check, "gc");
	}
	if (store->torn) {
		check_find(check, FINDING_WARNING, "store.journal-torn",
			_("behind the journal's last line stands something that was never "
			  "finished"));
		check_cure_by(check, "gc");
	} else if (store->journal.acknowledged != store->journal.sequence) {
		check_find(check, FINDING_WARNING, "store.journal-head",
			_("the journal's head lags behind"));
		check_evidence(check, _("line %jd of %jd"), (intmax_t)store->journal.acknowledged,
			(intmax_t)store->journal.sequence);
		check_cure_by(check, "gc");
	}
	if (store->reshaped)
		check_find(check, FINDING_INFO, "store.reshaped",
			_("somebody re-formatted aliases.json; the next change writes it back in "
			  "form"));
}

/* Without a journal nothing vouches for the store, nor for a backup of it. */
static bool look_at_journal(struct consistency_check *check)
{
	const char *path = arena_printf(check->arena, "%s/store", check->request->state_directory);
	int fd cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct error failure;

	if (fd < 0 || !alias_store_exists(check->request->state_directory) ||
		alias_journal_verify(fd, NULL, NULL, &failure))
		return true;
	check_failed(check, "store.journal", &failure);
	if (failure.fix[0] == '\0')
		check_advice(check, _("put journal.jsonl and journal.head back from the machine's backup"));
	return false;
}

static void look_at_domain(struct consistency_check *check, const struct alias_store *store)
{
	const char *domain = check->settings->domain;

	if (strcmp(store->domain, domain) == 0)
		return;
	check_find(check, FINDING_ERROR, "store.domain",
		_("the store is for %s, the configuration says %s"), store->domain, domain);
	check_advice(check, _("set \"domain\" back to %s in %s"), store->domain,
		check_settings_file(check));
}

/* ---------------------------------------------------------------- backups */

static bool is_listed(const char *name, const struct alias_backup *backups, size_t count)
{
	char expected[64];

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(expected, sizeof(expected), "aliases.%jd.json",
			(intmax_t)backups[i].generation);
		if (strcmp(expected, name) == 0)
			return true;
	}
	return false;
}

static void look_at_backups(struct consistency_check *check)
{
	const char *path = store_path(check, "backup");
	int fd cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct string_list names = STRING_LIST_INIT;
	struct alias_backup *backups;
	struct error failure;
	size_t count;

	if (fd < 0 && errno == EACCES) {
		check_denied(check, DENIED, path);
		return;
	}
	if (fd < 0) /* a finding of the installation */
		return;
	if (!directory_list(fd, NAMES_MAX, check->arena, &names, &failure) ||
		!alias_store_backups(check->request->state_directory, check->arena, &backups,
			&count, &failure)) {
		check_failed(check, "store.backups", &failure);
		check_advice(check, _("move what is no backup out of %s"), path);
		return;
	}
	for (size_t i = 0; i < names.count; i++) {
		if (is_listed(names.items[i], backups, count))
			continue;
		check_find(check, FINDING_WARNING, "store.backup-damaged",
			_("%s/%s is no backup that could be restored"), path, names.items[i]);
		check_cure(check, "rm -r %s",
			check_word(check,
				arena_printf(check->arena, "%s/%s", path, names.items[i])));
	}
}

/* ---------------------------------------------------------------- status files */

static void note_status(struct consistency_check *check, const char *id, const char *username,
	const char *evidence)
{
	check_find(check, FINDING_WARNING, id, _("%s cannot see the true state of their alias"),
		username);
	check_evidence(check, "%s", evidence);
	check_cure_by(check, "gc");
}

static bool look_at_status(struct consistency_check *check, const struct alias_entry *entry)
{
	const char *path = arena_printf(check->arena, "%s/status/%u.json",
		check->request->state_directory, entry->uid);
	struct status_file status;
	struct error failure;

	switch (member_status_read(check->request->state_directory, entry->uid, check->arena,
		&status, &failure)) {
	case LOOKUP_FOUND:
		if (!member_status_tells(&status, entry))
			note_status(check, "store.status-stale", entry->username,
				arena_printf(check->arena, _("%s says %s"), path, status.state));
		return true;
	case LOOKUP_NOT_FOUND:
		note_status(check, "store.status-missing", entry->username,
			arena_printf(check->arena, _("there is no %s of root's"), path));
		return true;
	case LOOKUP_FAILED:
		break;
	}
	if (failure.code == ERROR_DATABASE) {
		note_status(check, "store.status-stale", entry->username, failure.what);
		return true;
	}
	check_failed(check, "store.status", &failure);
	return false;
}

static size_t look_at_entries(struct consistency_check *check, const struct alias_store *store)
{
	struct alias_cursor cursor;
	struct alias_entry entry;
	struct error failure;
	enum lookup_result result;
	bool readable = true;
	size_t count = 0;

	alias_store_rewind(store, &cursor);
	while ((result = alias_store_next(&cursor, check->arena, &entry, &failure)) ==
		LOOKUP_FOUND) {
		readable = readable && look_at_status(check, &entry);
		count++;
	}
	if (result == LOOKUP_FAILED)
		note_unusable(check, &failure);
	return count;
}

void check_store(struct consistency_check *check)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	size_t first = check->report.count;
	struct error failure;
	size_t count;

	look_at_file(check, "aliases.json", 0640);
	look_at_file(check, "journal.jsonl", 0640);
	look_at_file(check, "journal.head", 0600);
	look_at_full_files(check);
	if (!check_is_well(check, first) || !look_at_journal(check))
		return;
	if (!alias_store_open(&store, check->request->state_directory, ALIAS_STORE_VERIFY,
		    &failure)) {
		note_unusable(check, &failure);
		return;
	}
	look_at_domain(check, &store);
	look_at_interruption(check, &store);
	look_at_backups(check);
	count = look_at_entries(check, &store);
	if (check_is_well(check, first))
		check_find(check, FINDING_OK, "store.entries",
			_("%s: %zu aliases, generation %jd, format %d"),
			store_path(check, "aliases.json"), count, (intmax_t)store.generation,
			ALIAS_STORE_FORMAT);
}
