/* A state directory for the tests of storage, and entries to put into it. */
#ifndef POSTIGO_TESTS_STORE_FIXTURE_H
#define POSTIGO_TESTS_STORE_FIXTURE_H

#include "storage/alias_store.h"

#include "unit.h"

#define FIXTURE_TIME 1779234918 /* 2026-05-19T23:55:18Z */
#define FIXTURE_FILE_MAX ((size_t)1 << 22)

struct fixture_bytes {
	char *bytes;
	size_t length;
};

static inline void fixture_mkdir(int parent, const char *name, mode_t mode, gid_t group)
{
	ck_assert_msg(mkdirat(parent, name, 0700) == 0, "mkdir %s: %s", name, strerror(errno));
	ck_assert_int_eq(fchownat(parent, name, 0, group, 0), 0);
	ck_assert_int_eq(fchmodat(parent, name, mode, 0), 0);
}

/* Makes a state directory without store; returns its path (static) and a descriptor. */
static inline const char *fixture_state(const char *name, int *ret_directory)
{
	static char path[256];
	int directory = unit_directory(name);

	snprintf(path, sizeof(path), "%s/%s", unit_scratch(), name);
	fixture_mkdir(directory, "lock", 0700, 0);
	fixture_mkdir(directory, "status", 0711, 0);
	fixture_mkdir(directory, "work", 0700, 0);
	fixture_mkdir(directory, "work/claimed", 0700, 0);
	fixture_mkdir(directory, "work/quarantine", 0700, 0);
	*ret_directory = directory;
	return path;
}

/* The same with an empty store for club.example. */
static inline const char *fixture_store(const char *name, int *ret_directory)
{
	const char *path = fixture_state(name, ret_directory);
	struct error err;

	unit_assert_ok(alias_store_create(path, "club.example", 0, &err), err);
	return path;
}

static inline struct fixture_bytes fixture_read(int directory, const char *name)
{
	struct fixture_bytes file = {malloc(FIXTURE_FILE_MAX), 0};
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	ck_assert_msg(fd >= 0, "open %s: %s", name, strerror(errno));
	ck_assert_ptr_nonnull(file.bytes);
	while ((count = read(fd, file.bytes + file.length, FIXTURE_FILE_MAX - file.length)) > 0)
		file.length += (size_t)count;
	ck_assert_int_eq(count, 0);
	close(fd);
	return file;
}

/* Replaces a file by a new inode: backups are other names of the old one. */
static inline void fixture_write(int directory, const char *name, const char *bytes, size_t length,
	mode_t mode)
{
	int fd;

	unlinkat(directory, name, 0);
	fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_msg(fd >= 0, "open %s: %s", name, strerror(errno));
	ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* An active entry; `destination` and the texts are kept, not copied. */
static inline struct alias_entry fixture_entry(struct arena *arena, const char *username,
	uint32_t uid, const char *destination)
{
	struct alias_entry entry = {
		.uid = uid,
		.username = username,
		.alias = arena_printf(arena, "%s@club.example", username),
		.status = ALIAS_ACTIVE,
		.created = FIXTURE_TIME,
		.updated = FIXTURE_TIME,
		.approved_by = "root",
		.request_id = "",
		.source = "admin",
		.note = "",
	};

	string_list_add(&entry.destinations, arena, destination);
	return entry;
}

static const struct identity fixture_actor = {.login = "root",
	.login_uid = -1,
	.claim = "",
	.terminal = ""};
static const struct alias_commit fixture_commit = {.actor = &fixture_actor, .at = FIXTURE_TIME};

/* Commits one change; before and after as in alias_change. */
static inline bool fixture_change(struct alias_store *store, const struct alias_entry *before,
	const struct alias_entry *after, struct error *err)
{
	const struct alias_change change = {
		.op = after ? "approve" : "revoke",
		.username = after ? after->username : before->username,
		.uid = after ? after->uid : before->uid,
		.before = before,
		.after = after,
		.request_id = "",
		.reason = "",
	};

	return alias_store_commit(store, &fixture_commit, &change, 1, err);
}

/* Opens for writing, puts or replaces one entry, closes. */
static inline void fixture_put(const char *state, const char *username, const char *destination)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_entry before;
	struct alias_entry after = fixture_entry(&arena, username, 5001, destination);
	enum lookup_result found;
	struct error err;

	unit_assert_ok(alias_store_open(&store, state, ALIAS_STORE_WRITE, &err), err);
	found = alias_store_find(&store, username, &arena, &before, &err);
	ck_assert_int_ne(found, LOOKUP_FAILED);
	unit_assert_ok(fixture_change(&store, found == LOOKUP_FOUND ? &before : NULL, &after, &err),
		err);
}

/* The whole content as text: "username destination\n" an entry; in `arena`. */
static inline const char *fixture_content(const struct alias_store *store, struct arena *arena)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	enum lookup_result found;
	struct error err;

	alias_store_rewind(store, &cursor);
	while ((found = alias_store_next(&cursor, arena, &entry, &err)) == LOOKUP_FOUND)
		strbuf_printf(&text, "%s %s\n", entry.username, entry.destinations.items[0]);
	ck_assert_msg(found == LOOKUP_NOT_FOUND, "%s: %s", err.what, err.why);
	return arena_strdup(arena, strbuf_text(&text));
}

#endif
