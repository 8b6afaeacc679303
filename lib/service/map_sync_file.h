/*
 * The live files of one map: the text and, for most types, the index that postmap makes of it. They lie in a directory that only root writes, and are looked at
 * through descriptors that are opened once a run.
 */
#ifndef POSTIGO_SERVICE_MAP_SYNC_FILE_H
#define POSTIGO_SERVICE_MAP_SYNC_FILE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/string_list.h"
#include "format/digest.h"
#include "format/settings.h"
#include "storage/map_index.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* How many rows an index has, by its head; false when the head does not tell. */
typedef bool map_row_count(const unsigned char *head, size_t length, int64_t *ret_rows);

struct map_type {
	const char *name;
	const char *suffix;	 /* of the index; "" = Postfix reads the text itself */
	bool reload_when_direct; /* Postfix does not notice a new file, even when it names the map directly */
	map_row_count *count;	 /* NULL = only postmap -s can tell */
	index_compare *compare;	 /* NULL = only postmap -q can tell what it answers */
	index_build *build;	 /* NULL = only postmap makes one */
	index_update *update;	 /* NULL = any change needs a new index */
};

/* The type called `name`, or NULL when we do not write it. Static. */
const struct map_type *map_type_find(const char *name);

/* The digest of an open file, read from its start. Fails with filesystem. */
must_check bool file_digest(int fd, char ret_hex[DIGEST_HEX_LENGTH + 1], struct error *err);

enum map_part {
	MAP_TEXT,
	MAP_INDEX,
	MAP_PARTS,
};

struct map_part_file {
	const char *name; /* in the directory; NULL = the type has no such file */
	int fd;		  /* -1 = absent */
	struct stat status;
	char digest[DIGEST_HEX_LENGTH + 1]; /* "" = absent, or not yet taken */
};

struct map_sync_file {
	const struct map_type *type;
	int directory;
	const char *directory_path;
	mode_t mode; /* as configured, for both files */
	gid_t group;
	struct map_part_file parts[MAP_PARTS];
};

#define MAP_SYNC_FILE_INIT {.directory = -1, .parts = {{.fd = -1}, {.fd = -1}}}
#define cleanup_map_sync_file __attribute__((cleanup(map_sync_file_close)))

/*
 * Opens the map's directory and what there is of its files. Fails with config: the group is unknown, somebody else may write into the directory or one above it, or
 * a file is a link, has several names, is not regular, or not root's.
 */
must_check bool map_sync_file_open(struct map_sync_file *file, const struct sync_settings *settings,
	const struct map_type *type, struct arena *arena, struct error *err);

/* Closes the descriptors. */
void map_sync_file_close(struct map_sync_file *file);

/* Takes the digests of the files that are there, once. Fails with filesystem. */
must_check bool map_sync_file_digest(struct map_sync_file *file, struct error *err);

/* Whether both files are there with these digests ("" = no such file wanted), and mode and owner as configured. Needs map_sync_file_digest(). */
bool map_sync_file_matches(const struct map_sync_file *file, const char *text, const char *index);

/*
 * Copies one live file into `directory` as "<utc>-<name>", 0600: what somebody else made of the map is never just overwritten. Fails with filesystem.
 */
must_check bool map_sync_file_keep(const struct map_sync_file *file, enum map_part part, int directory, int64_t now,
	struct error *err);

/* Adds the names of index files of other types that lie beside the map. */
void map_sync_file_strays(const struct map_sync_file *file, struct arena *arena, struct string_list *ret_names);

#endif
