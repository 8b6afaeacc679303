#include "storage/alias_store.h"

#include "base/clock.h"
#include "base/message.h"
#include "base/string_list.h"
#include "format/username.h"
#include "storage/alias_store_private.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define STORE_DIRECTORY_NAMES_MAX 100000

static const char *const part_names[] = {STORE_NAME, "journal.jsonl", "journal.head"};

static bool directory_holds_store(int directory)
{
	struct stat status;

	for (size_t i = 0; i < ARRAY_LENGTH(part_names); i++) {
		if (fstatat(directory, part_names[i], &status, AT_SYMLINK_NOFOLLOW) == 0 ||
			errno != ENOENT)
			return true;
	}
	return false;
}

bool alias_store_exists(const char *state_directory)
{
	struct strbuf path cleanup_strbuf = STRBUF_INIT;
	int directory cleanup_close = -1;

	strbuf_printf(&path, "%s/store", state_directory);
	directory = open(strbuf_text(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return errno != ENOENT;
	return directory_holds_store(directory);
}

/* ---------------------------------------------------------------- judging */

enum verdict {
	VERDICT_CURRENT, /* what the journal's last line says */
	VERDICT_BEFORE,  /* what stood before its last line, an intent that never happened */
	VERDICT_FOREIGN,
};

/* What was seen at one look, to know whether a writer passed by. */
struct look {
	struct stat status;
	int64_t sequence;
	enum verdict verdict;
	struct error reason; /* of VERDICT_FOREIGN: why the file is not in form, or code none */
};

static enum verdict judge(const struct alias_store *store, int64_t generation)
{
	const struct journal_event *last = &store->last;

	if (strcmp(store->digest, last->to) == 0 && generation == last->generation)
		return VERDICT_CURRENT;
	if (strcmp(store->digest, last->from) == 0 && generation + 1 == last->generation &&
		!store_is_marked(store, last->generation, last->to))
		return VERDICT_BEFORE;
	return VERDICT_FOREIGN;
}

/* `file` is what `bytes` were mapped from, or NULL. */
static enum verdict judge_text(struct alias_store *store, const char *bytes, size_t length,
	const struct stat *file, struct error *reason)
{
	struct store_text text;
	enum verdict verdict;

	if (!store_text_open(&text, bytes, length, &store->arena, reason))
		return VERDICT_FOREIGN;
	if (!file || store->verify || !store_is_known(store, file, store->digest))
		store_digest(store, bytes, length);
	verdict = judge(store, text.header.generation);
	store->generation = text.header.generation;
	store->domain = text.header.domain;
	return verdict;
}

/*
 * The file is opened before the journal is read: a writer appends first and renames then, so a
 * reader that comes in between sees the old file with the intent of the new one, which is in order.
 */
static bool look_once(struct alias_store *store, struct look *ret_look, struct error *err)
{
	store_unmap(store);
	if (!store_map(store, &ret_look->status, err) ||
		!alias_journal_open(&store->journal, store->directory, &store->arena, &store->last,
			&store->torn, err))
		return false;
	ret_look->sequence = store->journal.sequence;
	ret_look->reason.code = ERROR_NONE;
	ret_look->verdict = judge_text(store, store->bytes, store->length, &ret_look->status,
		&ret_look->reason);
	return true;
}

/* Whether store or journal are not what was looked at any more. */
static bool has_moved_on(const struct alias_store *store, const struct look *look)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_journal journal;
	struct journal_event last;
	struct error ignored;
	struct stat status;
	bool torn;

	if (fstatat(store->directory, STORE_NAME, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		status.st_ino != look->status.st_ino || status.st_dev != look->status.st_dev)
		return true;
	return alias_journal_open(&journal, store->directory, &arena, &last, &torn, &ignored) &&
	       journal.sequence != look->sequence;
}

static bool look_patiently(struct alias_store *store, enum alias_store_mode mode,
	struct look *ret_look, struct error *err)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	for (int tries = 0; tries < ALIAS_STORE_READ_TRIES; tries++) {
		if (!look_once(store, ret_look, err))
			return false;
		if (ret_look->verdict != VERDICT_FOREIGN || mode == ALIAS_STORE_WRITE ||
			!has_moved_on(store, ret_look))
			return true;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* Somebody may have re-indented the file: the same content in form is the same store. */
static void judge_rendition(struct alias_store *store, struct look *look)
{
	struct strbuf form cleanup_strbuf = STRBUF_INIT;
	struct error reason = {.code = ERROR_NONE};

	if (!store_text_reshape(store->bytes, store->length, &form, &reason)) {
		look->reason = reason;
		return;
	}
	look->reason.code = ERROR_NONE;
	look->verdict = judge_text(store, form.text, form.length, NULL, &look->reason);
	if (look->verdict == VERDICT_FOREIGN)
		return;
	store_unmap(store);
	store->reshaped = true;
	store->rendition = form.text;
	store->bytes = form.text;
	store->length = form.length;
	form = (struct strbuf)STRBUF_INIT;
}

/* ---------------------------------------------------------------- damage */

static void advise(const struct alias_store *store, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf list cleanup_strbuf = STRBUF_INIT;
	struct alias_backup *backups;
	struct error ignored;
	size_t count;

	if (err->fix[0] != '\0' ||
		!store_list_backups(store->directory, 3, &arena, &backups, &count, &ignored))
		return;
	if (count == 0) {
		error_fix(err,
			_("there is no usable backup: put aliases.json back from the machine's"));
		return;
	}
	for (size_t i = 1; i < count; i++)
		strbuf_printf(&list, "%s%" PRId64, i > 1 ? ", " : "", backups[i].generation);
	if (count == 1)
		error_fix(err, "postigo-admin restore %" PRId64, backups[0].generation);
	else
		error_fix(err, _("postigo-admin restore %" PRId64 " (also usable: %s)"),
			backups[0].generation, strbuf_text(&list));
}

static bool explain(const struct alias_store *store, const struct look *look, struct error *err)
{
	const struct error *reason = &look->reason;

	store_untrusted(err, _("its journal is empty"));
	if (reason->code != ERROR_NONE) {
		error_why(err, "%s%s%s", reason->what, *reason->why ? ": " : "", reason->why);
		if (*reason->fix)
			error_fix(err, "%s", reason->fix);
	} else if (store->last.sequence == 0) {
		return false;
	} else if (store->generation < store->last.generation) {
		error_why(err,
			_("an older one was put back: generation %" PRId64
			  ", but the journal's last is %" PRId64),
			store->generation, store->last.generation);
	} else if (store->generation > store->last.generation) {
		error_why(err,
			_("generation %" PRId64 " is newer than the journal's last, %" PRId64),
			store->generation, store->last.generation);
	} else {
		error_why(err,
			_("edited by hand: generation %" PRId64
			  " is not what the journal recorded"),
			store->generation);
	}
	return false;
}

/* ---------------------------------------------------------------- recovery */

bool store_open_quarantine(const struct alias_store *store, int *ret_fd, struct error *err)
{
	int work cleanup_close = -1;

	return directory_ensure(store->state, "work", 0700, 0, &work, err) &&
	       directory_ensure(work, "quarantine", 0700, 0, ret_fd, err);
}

bool store_append(struct alias_store *store, struct journal_event *events, size_t count,
	struct error *err)
{
	int quarantine cleanup_close = -1;

	if (store->torn && !store_open_quarantine(store, &quarantine, err))
		return false;
	if (!alias_journal_append(&store->journal, quarantine, events, count, err))
		return false;
	store->torn = false;
	return true;
}

bool store_rotate(struct alias_store *store, const struct alias_commit *commit, struct error *err)
{
	const struct alias_journal *journal = &store->journal;

	if (commit->journal_size == 0 || journal->end < commit->journal_size)
		return true;
	if ((store->torn || journal->acknowledged != journal->sequence) && !store_append(store, NULL, 0, err))
		return false;
	return alias_journal_rotate(&store->journal, err);
}

/* Says in the journal that its last change was never stored. */
static bool take_back(struct alias_store *store, struct error *err)
{
	static const struct clock clock = {0};
	struct identity identity;
	struct journal_event event = {
		.generation = store->generation,
		.at = clock_now(&clock),
		.op = "abort",
		.username = "",
		.request_id = "",
		.actor = &identity,
	};

	identity_read(&identity, &store->arena);
	event.reason = arena_printf(&store->arena,
		"generation %" PRId64 " was never stored: takes back its events up to seq %" PRId64,
		store->last.generation, store->last.sequence);
	memcpy(event.from, store->digest, sizeof(event.from));
	memcpy(event.to, store->digest, sizeof(event.to));
	if (!store_append(store, &event, 1, err))
		return false;
	store->recovered = true;
	return alias_journal_open(&store->journal, store->directory, &store->arena, &store->last,
		&store->torn, err);
}

/* Under the lock every temporary is an orphan. */
static bool remove_temporaries(const struct alias_store *store, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list names = STRING_LIST_INIT;

	if (!directory_list(store->directory, STORE_DIRECTORY_NAMES_MAX, &arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (atomic_file_is_temporary(names.items[i]))
			unlinkat(store->directory, names.items[i], 0);
	}
	return true;
}

static bool recover(struct alias_store *store, enum verdict verdict, struct error *err)
{
	if (!remove_temporaries(store, err))
		return false;
	if (verdict == VERDICT_BEFORE)
		return take_back(store, err);
	if (!store->torn && store->journal.acknowledged == store->journal.sequence)
		return true;
	store->recovered = true;
	return store_append(store, NULL, 0, err);
}

/* ---------------------------------------------------------------- open, close */

bool store_begin(struct alias_store *store, const char *state_directory, enum alias_store_mode mode,
	struct error *err)
{
	struct strbuf path cleanup_strbuf = STRBUF_INIT;

	if (!trusted_directory_open(state_directory, &store->state, err))
		return false;
	strbuf_printf(&path, "%s/store", state_directory);
	if (!trusted_directory_open(strbuf_text(&path), &store->directory, err))
		return false;
	if (!directory_holds_store(store->directory)) {
		error_set(err, ERROR_CONFIG, _("there is no alias store in %s"),
			strbuf_text(&path));
		return error_fix(err, "postigo-admin setup");
	}
	if (mode != ALIAS_STORE_WRITE)
		return true;
	strbuf_reset(&path);
	strbuf_printf(&path, "%s/lock/store.lock", state_directory);
	if (!lock_file_acquire(&store->lock, strbuf_text(&path), ALIAS_STORE_LOCK_MS, err))
		return error_prefix(err, _("cannot lock the alias store"));
	return true;
}

bool store_load(struct alias_store *store, enum alias_store_mode mode, struct error *err)
{
	struct look look;

	store->verify = mode == ALIAS_STORE_VERIFY;
	if (!look_patiently(store, mode, &look, err)) {
		if (err->code == ERROR_DATABASE)
			advise(store, err);
		return false;
	}
	if (look.verdict == VERDICT_FOREIGN)
		judge_rendition(store, &look);
	if (look.verdict == VERDICT_FOREIGN) {
		explain(store, &look, err);
		advise(store, err);
		return false;
	}
	return mode != ALIAS_STORE_WRITE || recover(store, look.verdict, err);
}

bool alias_store_open(struct alias_store *store, const char *state_directory,
	enum alias_store_mode mode, struct error *err)
{
	struct alias_store opened cleanup_alias_store = ALIAS_STORE_INIT;

	if (!store_begin(&opened, state_directory, mode, err) || !store_load(&opened, mode, err))
		return false;
	*store = opened;
	opened = (struct alias_store)ALIAS_STORE_INIT;
	return true;
}

void alias_store_close(struct alias_store *store)
{
	store_unmap(store);
	if (store->directory >= 0)
		close(store->directory);
	if (store->state >= 0)
		close(store->state);
	lock_file_release(&store->lock);
	arena_clear(&store->arena);
	*store = (struct alias_store)ALIAS_STORE_INIT;
}

/* ---------------------------------------------------------------- reading */

void store_text_of(const struct alias_store *store, struct store_text *ret_text)
{
	const char *newline = memchr(store->bytes, '\n', store->length);

	*ret_text = (struct store_text){
		.bytes = store->bytes,
		.start = (size_t)(newline - store->bytes) + 1,
		.end = store->length - strlen(STORE_FOOTER),
		.header = {.generation = store->generation, .domain = store->domain},
	};
}

enum lookup_result alias_store_find(const struct alias_store *store, const char *username,
	struct arena *arena, struct alias_entry *ret_entry, struct error *err)
{
	struct store_text text;
	size_t offset;

	if (!username_is_valid(username))
		return LOOKUP_NOT_FOUND;
	store_text_of(store, &text);
	offset = store_text_position(&text, username);
	if (store_text_line(&text, offset, username) == 0)
		return LOOKUP_NOT_FOUND;
	return store_text_entry(&text, &offset, arena, ret_entry, err) ? LOOKUP_FOUND
								       : LOOKUP_FAILED;
}

void alias_store_rewind(const struct alias_store *store, struct alias_cursor *ret_cursor)
{
	struct store_text text;

	store_text_of(store, &text);
	*ret_cursor = (struct alias_cursor){.store = store, .offset = text.start};
}

enum lookup_result alias_store_next(struct alias_cursor *cursor, struct arena *arena,
	struct alias_entry *ret_entry, struct error *err)
{
	struct store_text text;

	store_text_of(cursor->store, &text);
	if (cursor->offset >= text.end)
		return LOOKUP_NOT_FOUND;
	return store_text_entry(&text, &cursor->offset, arena, ret_entry, err) ? LOOKUP_FOUND
									       : LOOKUP_FAILED;
}

enum lookup_result alias_store_next_line(struct alias_cursor *cursor, struct arena *arena,
	struct alias_line *ret_line, struct error *err)
{
	const struct alias_store *store = cursor->store;
	/* Without the start, which would have to be looked for at each line. */
	const struct store_text text = {
		.bytes = store->bytes,
		.end = store->length - strlen(STORE_FOOTER),
		.header = {.domain = store->domain},
	};

	if (cursor->offset - cursor->released >= STORE_WINDOW) {
		store_release(store, text.bytes + cursor->released, STORE_WINDOW);
		cursor->released += STORE_WINDOW;
	}
	if (cursor->offset >= text.end)
		return LOOKUP_NOT_FOUND;
	return store_text_next(&text, &cursor->offset, arena, ret_line, err) ? LOOKUP_FOUND
									     : LOOKUP_FAILED;
}
