/* What the files of alias_store share among themselves. */
#ifndef POSTIGO_STORAGE_ALIAS_STORE_PRIVATE_H
#define POSTIGO_STORAGE_ALIAS_STORE_PRIVATE_H

#include "base/span.h"
#include "format/digest.h"
#include "storage/alias_store.h"
#include "storage/alias_store_text.h"
#include "system/atomic_file.h"

#include <sys/stat.h>

#define STORE_NAME "aliases.json"
#define STORE_WRITER "postigo-admin/" POSTIGO_VERSION

/* Opens the directories, takes the lock in mode write. Fails as alias_store_open(). */
must_check bool store_begin(struct alias_store *store, const char *state_directory,
	enum alias_store_mode mode, struct error *err);

#define STORE_WINDOW ((size_t)4 << 20) /* bytes of a mapped store that are resident at a time */

/* Sets database: "cannot be trusted", and why. Returns false. */
bool store_untrusted(struct error *err, const char *why);

/* Lets the kernel take back the memory of a stretch of the mapped file that has been read. */
void store_release(const struct alias_store *store, const char *bytes, size_t length);

/* Takes the digest of a text, the mapped file's in flat memory. */
void store_digest(struct alias_store *store, const char *bytes, size_t length);

/* Maps the file that now stands under the store's name; digest and generation are left alone. */
must_check bool store_map(struct alias_store *store, struct stat *ret_status, struct error *err);

/* Gives back what store_map() or a rendition took. */
void store_unmap(struct alias_store *store);

/* Judges file and journal and, in mode write, recovers. */
must_check bool store_load(
	struct alias_store *store, enum alias_store_mode mode, struct error *err);

/* The mapped text with what open already checked. */
void store_text_of(const struct alias_store *store, struct store_text *ret_text);

/* Opens STATE/work/quarantine, made if absent. Fails with filesystem or config. */
must_check bool store_open_quarantine(
	const struct alias_store *store, int *ret_fd, struct error *err);

/* Opens STATE/store/backup, made if absent. Fails with filesystem or config. */
must_check bool store_open_backups(int directory, int *ret_fd, struct error *err);

/* Lists at most `limit` intact backups, newest first; no backup directory is an empty list. */
must_check bool store_list_backups(int directory, size_t limit, struct arena *arena,
	struct alias_backup **ret_backups, size_t *ret_count, struct error *err);

/*
 * Reads backup `generation` in form into `buffer`. Found, not found, or failed (database: damaged;
 * filesystem).
 */
must_check enum lookup_result store_read_backup(
	int backups, int64_t generation, struct strbuf *buffer, struct error *err);

/* Keeps the present file as backup of its generation. Fails with filesystem. */
must_check bool store_keep_backup(const struct alias_store *store, struct error *err);

/* Removes backups beyond ALIAS_STORE_BACKUPS. What cannot be removed is left for the next time. */
void store_prune_backups(const struct alias_store *store);

/* Notes that a generation with this digest has reached the store's name. Best effort. */
void store_mark(const struct alias_store *store, int64_t generation, const char *digest);

/* Whether store_mark() noted exactly this last. */
bool store_is_marked(const struct alias_store *store, int64_t generation, const char *digest);

/*
 * Whether the file of `status` is the very one that store_mark() noted last, by its identity, and
 * was not written since; then its digest is known without reading it.
 */
must_check bool store_is_known(const struct alias_store *store, const struct stat *status,
	char ret_digest[DIGEST_HEX_LENGTH + 1]);

/* Appends events, cutting a torn tail. Fails as alias_journal_append(). */
must_check bool store_append(struct alias_store *store, struct journal_event *events, size_t count,
	struct error *err);

/* Begins a new file of the journal when the present one is full. Fails with filesystem; nothing is lost then. */
must_check bool store_rotate(struct alias_store *store, const struct alias_commit *commit, struct error *err);

/* A new store file: its pieces are collected, then written and digested at once. */
struct store_writer {
	struct atomic_file file;
	struct arena arena;
	struct span *pieces;
	size_t count;
	size_t capacity;
	struct digest digest; /* of what was written already */
	bool any; /* an entry was added: the next one needs a comma before it */
};

#define STORE_WRITER_INIT {.file = ATOMIC_FILE_INIT}
#define cleanup_store_writer __attribute__((cleanup(store_writer_discard)))

/* Begins the file with its header. Fails with filesystem. */
must_check bool store_writer_begin(struct store_writer *writer, int directory,
	const struct store_header *header, struct error *err);

/*
 * Adds whole lines as they stand in another store text, the last one's newline and comma or not.
 * Long ones are borrowed until the writer is sealed. Fails with filesystem.
 */
must_check bool store_writer_add(
	struct store_writer *writer, const char *lines, size_t length, struct error *err);

/* Writes everything and the footer, makes the content durable and tells its digest; it has no name yet. */
must_check bool store_writer_seal(struct store_writer *writer,
	char ret_digest[DIGEST_HEX_LENGTH + 1], struct error *err);

/* Undoes what was not committed. */
void store_writer_discard(struct store_writer *writer);

#endif
