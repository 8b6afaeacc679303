/*
 * The table of aliases in a database: the one place that knows its SQL. It is somebody else's table (PostfixAdmin's by default), in which some rows are ours; which ones
 * stands in a table of our own beside it, with the digest of what we wrote. No statement here touches a row that is not ours.
 *
 * A row's value is written as in a map, "a@x.example, b@y.example"; one that is switched off, or that no map could hold, has a value that no row of ours could have.
 */
#ifndef POSTIGO_SERVICE_MAP_TABLE_H
#define POSTIGO_SERVICE_MAP_TABLE_H

#include "base/span.h"
#include "base/strbuf.h"
#include "format/digest.h"
#include "format/settings.h"
#include "service/map_merge.h"
#include "storage/sql_transaction.h"

#define MAP_TABLE_CHUNK 500 /* rows in one statement at most */

struct map_table {
	const struct sync_table_settings *settings;
	const char *domain;
	struct sql_connection *sql;
	bool ready; /* our own tables are there; set by check */
};

#define MAP_TABLE_INIT {.sql = NULL}
#define cleanup_map_table __attribute__((cleanup(map_table_close)))

/* What was written last: proof of a commit, and the lock that makes two hosts take turns. */
struct map_table_mark {
	int64_t generation;
	char digest[DIGEST_HEX_LENGTH + 1]; /* "" = nothing was ever written */
};

/* What the table has under one key. */
struct map_table_row {
	bool found;
	bool owned;
	bool drifted;	   /* owned, but not as we wrote it */
	const char *value; /* the arena's */
};

/* Connects with the credentials of section "database". Fails with config or database. */
must_check bool map_table_open(struct map_table *table, const struct settings *settings, const struct sql_settings *place,
	struct error *err);

/* Closes the connection; what was not committed is undone. */
void map_table_close(struct map_table *table);

/* Whether the tables are there and know transactions. Fails with config (they do not) or database. */
must_check bool map_table_check(struct map_table *table, struct error *err);

/* Makes our own tables unless they are there. Fails with database. */
must_check bool map_table_create(struct map_table *table, struct error *err);

/* Reads the mark; with `lock`, inside a transaction, nobody else passes until its end. Fails with database or deadlock. */
must_check bool map_table_read_mark(struct map_table *table, bool lock, struct map_table_mark *ret_mark, struct error *err);

/* Writes the mark. Fails with database. */
must_check bool map_table_write_mark(struct map_table *table, const struct map_table_mark *mark, struct error *err);

/* Adds all rows of ours as the sorted text of a map. `ret_missing` is how many of them somebody has removed. Fails with database. */
must_check bool map_table_read(struct map_table *table, struct strbuf *text, int64_t *ret_missing, struct error *err);

/* Looks at up to MAP_TABLE_CHUNK ascending keys; with `lock` they stay as they are until the transaction ends. Fails with database or deadlock. */
must_check bool map_table_look(struct map_table *table, const struct map_merge_row *keys, size_t count, bool lock,
	struct arena *arena, struct map_table_row *ret_rows, struct error *err);

/* When a change is made, and of which generation it is. */
struct map_table_stamp {
	int64_t generation;
	int64_t now;
};

/*
 * Add, change or remove up to MAP_TABLE_CHUNK rows by their `after`, inside a transaction; those to be changed or removed must be ours and locked. A row that was
 * adopted is not removed but gets back what it had. Fail with already_exists (add), database or deadlock.
 */
must_check bool map_table_add(struct map_table *table, const struct map_merge_row *rows, size_t count,
	const struct map_table_stamp *stamp, struct error *err);
must_check bool map_table_change(struct map_table *table, const struct map_merge_row *rows, size_t count,
	const struct map_table_stamp *stamp, struct error *err);
must_check bool map_table_remove(struct map_table *table, const struct map_merge_row *rows, size_t count, struct error *err);

/* Forgets the rows of ours that somebody has removed. Fails with database. */
must_check bool map_table_forget_missing(struct map_table *table, struct error *err);

/* Whether PostfixAdmin's table of domains lets the domain have `aliases`; `ret_reason` says why not, or is NULL. Fails with database. */
must_check bool map_table_judge_domain(struct map_table *table, int64_t aliases, struct arena *arena, const char **ret_refusal,
	const char **ret_warning, struct error *err);

/*
 * Makes the row of `address` ours, which is not; its old values (the first of them in *ret_before) come back when it is removed. Fails with not_found,
 * already_exists (it is ours), or database.
 */
must_check bool map_table_adopt(struct map_table *table, const char *address, const struct map_table_stamp *stamp,
	struct arena *arena, const char **ret_before, struct error *err);

/* Makes the row of `address` not ours any more, and leaves it as it is. Fails with not_found or database. */
must_check bool map_table_release(struct map_table *table, const char *address, struct error *err);

#endif
