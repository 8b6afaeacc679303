/*
 * The index of a map, made and read with the library that Postfix itself uses for it. Made: each row
 * as postmap stores it: key and value with a final NUL, but for cdb without. Read: every row of the text it was made of
 * is looked up as Postfix does, and the rows are counted; keys and values are taken with or without
 * a final NUL, as Postfix does, but all in the same way.
 *
 * A library that trusts its files may crash on a damaged one: call in a process of its own.
 */
#ifndef POSTIGO_STORAGE_MAP_INDEX_H
#define POSTIGO_STORAGE_MAP_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tells how many bytes of rows are there, more than `seen`, waiting for them; `seen` = there will be no more. */
typedef size_t index_growth(void *context, size_t seen);

/* "key<TAB>value<NEWLINE>" a row, of a mapped file: its memory is given back while it is read. */
struct index_rows {
	const char *bytes;
	size_t length; /* while they grow: of that much memory, enough for all */
	int64_t count; /* while they grow: about so many */
	index_growth *growth; /* NULL = all are there; else they may only be walked over to build */
	void *context;
};

enum index_verdict {
	INDEX_EQUAL,
	INDEX_DIFFERENT,  /* the row at .offset is missing or has another value */
	INDEX_COUNT,	  /* all rows are there, but the index holds .count */
	INDEX_UNREADABLE,
};

struct index_finding {
	enum index_verdict verdict;
	size_t offset;
	int64_t count;
};

/* Holds the index at `path` against the rows. */
typedef struct index_finding index_compare(const char *path, const struct index_rows *rows);

/* One row that is to be different: value NULL = gone. */
struct index_change {
	const char *key;
	const char *value;
	bool present; /* the index has the key */
};

/*
 * Applies changes to the index at `path`, which nobody else may have open, as one transaction. False
 * when anything is not as the changes say, or fails: then the file is not to be used.
 */
typedef bool index_update(const char *path, const struct index_change *changes, size_t count);

/*
 * Makes a new index of the rows, whose keys differ, at `path`, where nothing is; not yet durable. Flat
 * memory. False when that fails: then what is there is not to be used.
 */
typedef bool index_build(const char *path, const struct index_rows *rows);

index_build hash_index_build;
index_build lmdb_index_build;
index_build cdb_index_build;

index_update lmdb_index_update;

index_compare hash_index_compare;
index_compare lmdb_index_compare;
index_compare cdb_index_compare;

#endif
