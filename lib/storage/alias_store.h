/*
 * The active store: STATE/store/aliases.json, one JSON object written one entry a line, sorted bytewise by username.
 *
 * Reading never builds the whole: an entry is found by binary search over lines, all entries by a cursor, in flat memory. The store fails closed: what the
 * journal does not vouch for (missing, corrupt, older, edited) is an error that lists usable backups, never "empty". A file that was only re-indented is
 * accepted and written back in form by the next change.
 *
 * Writing, under the store lock:
 *
 *	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
 *	alias_store_open(&store, state_directory, ALIAS_STORE_WRITE, err)   takes the lock, recovers
 *	alias_store_commit(&store, &commit, changes, count, err)            new store sealed → backup → journal → rename
 */
#ifndef POSTIGO_STORAGE_ALIAS_STORE_H
#define POSTIGO_STORAGE_ALIAS_STORE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "format/alias_entry.h"
#include "format/alias_line.h"
#include "storage/alias_journal.h"
#include "system/lock_file.h"

#include <stdint.h>

#define ALIAS_STORE_FORMAT 1
#define ALIAS_STORE_BACKUPS 20
#define ALIAS_STORE_LOCK_MS 10000
#define ALIAS_STORE_READ_TRIES 10 /* looks of a reader while writers pass by */

enum alias_store_mode {
	ALIAS_STORE_READ,  /* no lock; sees one whole generation; a file that is known by its identity is not digested again */
	ALIAS_STORE_VERIFY, /* the same, but every byte is digested */
	ALIAS_STORE_WRITE, /* holds the store lock until close; recovers from a crash first */
};

struct alias_store {
	struct arena arena;
	struct lock_file lock;
	int directory;	/* STATE/store */
	int state;	/* STATE */
	const char *bytes; /* of the file in form: the mapping or the rendition */
	size_t length;
	void *mapping;
	char *rendition;
	char digest[DIGEST_HEX_LENGTH + 1];
	bool verify; /* opened to be judged as a whole */
	int64_t generation;
	const char *domain;
	bool reshaped; /* bytes is a canonical rendition in memory, not the file */
	bool recovered; /* opening had to finish or take back an interrupted change */
	struct alias_journal journal;
	struct journal_event last; /* the journal's last event; sequence 0 = none */
	bool torn;
	bool failed; /* a commit stopped half-way: close, and open again to recover */
};

#define ALIAS_STORE_INIT {.lock = LOCK_FILE_INIT, .directory = -1, .state = -1}
#define cleanup_alias_store __attribute__((cleanup(alias_store_close)))

/* A change of one entry: before NULL = new, after NULL = removed. */
struct alias_change {
	const char *op;
	const char *username;
	uint32_t uid;
	const struct alias_entry *before;
	const struct alias_entry *after; /* both NULL: an event that leaves the store alone (reject) */
	const char *request_id;
	const char *reason;
};

/* What every change of one commit shares. */
struct alias_commit {
	const struct identity *actor;
	int64_t at;
	int64_t journal_size; /* bytes from which on journal.jsonl is full; 0 = never */
};

/*
 * Makes an empty store of generation 0 for `domain`, its journal and head. What an interrupted creation left is made anew. Fails with already_exists when any
 * part of a store that was ever used is there, config (the domain), or filesystem.
 */
must_check bool alias_store_create(const char *state_directory, const char *domain, gid_t reader, struct error *err);

/* Whether a store, or any part of one, is there. */
bool alias_store_exists(const char *state_directory);

/*
 * Opens the store below `state_directory`. Mode write waits up to ALIAS_STORE_LOCK_MS for the lock.
 * Fails with config (not set up), temporary (locked), database (missing, corrupt, older or edited: err.fix lists backups), filesystem.
 */
must_check bool alias_store_open(struct alias_store *store, const char *state_directory, enum alias_store_mode mode,
	struct error *err);

/* Closes everything and releases the lock. */
void alias_store_close(struct alias_store *store);

/* Finds the entry of `username`; texts live in `arena`. Found, not found, or failed (database). O(log n). */
must_check enum lookup_result alias_store_find(const struct alias_store *store, const char *username,
	struct arena *arena, struct alias_entry *ret_entry, struct error *err);

/*
 * Lists, sorted and each once, the usernames whose entries the journal has changed since the store was generation `generation` with `digest`. False when it cannot
 * tell: the store never was that, more than `limit` changes lie between, the whole was replaced, the file was reshaped by hand, or the journal cannot be read back so far.
 */
must_check bool alias_store_changed_since(const struct alias_store *store, int64_t generation, const char *digest,
	size_t limit, struct arena *arena, struct string_list *ret_names);

struct alias_cursor {
	const struct alias_store *store;
	size_t offset;
	size_t released; /* bytes before this are no longer resident */
};

/* Starts at the first entry. */
void alias_store_rewind(const struct alias_store *store, struct alias_cursor *ret_cursor);

/* Reads the next entry into `arena` (clear it between calls for flat memory). Found, not found = no more, or failed (database). */
must_check enum lookup_result alias_store_next(struct alias_cursor *cursor, struct arena *arena,
	struct alias_entry *ret_entry, struct error *err);

/* The same in place: the spans are of the store, or of `arena` for an entry that is not in canonical form. */
must_check enum lookup_result alias_store_next_line(struct alias_cursor *cursor, struct arena *arena,
	struct alias_line *ret_line, struct error *err);

/*
 * Applies `changes` (at most one a username) as one new generation, or, when none touches an entry, appends their events only. Needs mode write. Afterwards
 * the store shows the new state. Fails with filesystem, capacity or bug; then the old state stands, or the next open completes the new one.
 * The commit point is the rename, for events alone the journal's append.
 */
must_check bool alias_store_commit(struct alias_store *store, const struct alias_commit *commit,
	const struct alias_change *changes, size_t count, struct error *err);

/*
 * Makes backup `generation` the store again, as a new generation with one event "restore" for the whole, over a store that cannot be opened: it is kept in
 * work/quarantine, the event's "from" is its digest (64 zeros when it is missing), and one generation is left out. Over a store that is in order the same with
 * the generation that follows; there a commit of the differences says more. The journal must be intact. Takes the store lock; call with the store closed. Fails
 * with not_found (no such backup), database (the backup is damaged, or the journal), temporary (locked), filesystem.
 */
must_check bool alias_store_restore(const char *state_directory, int64_t generation, const struct alias_commit *commit,
	struct error *err);

/* Opens a backup for looking (find, rewind, next) without a lock. Fails with not_found, database (damaged), filesystem. */
must_check bool alias_store_open_backup(struct alias_store *store, const char *state_directory, int64_t generation,
	struct error *err);

/*
 * Opens for looking what can still be read of a store that alias_store_open() refuses: every whole entry of `domain`, whoever vouches for it; none when the file is missing.
 * store->digest is of the file as it stands, 64 zeros when it is missing. Fails with config or filesystem.
 */
must_check bool alias_store_salvage(struct alias_store *store, const char *state_directory, const char *domain,
	struct error *err);

struct alias_backup {
	int64_t generation;
	int64_t modified;
	int64_t size;
};

/* Lists backups that are intact by the journal's record or, failing that, by their own grammar; newest first. Fails with filesystem. */
must_check bool alias_store_backups(const char *state_directory, struct arena *arena, struct alias_backup **ret_backups,
	size_t *ret_count, struct error *err);

#endif
