/*
 * Rules that hold for postigo's own map and directories and for those of others alike: used by the
 * subjects of consistency_check and by mail_stack. Those that return a bool tell whether they noted
 * something; the cure is the caller's.
 */
#ifndef POSTIGO_SERVICE_CHECK_STACK_H
#define POSTIGO_SERVICE_CHECK_STACK_H

#include "service/check_subject.h"

/* Notes "postfix.not-running", with its cure. */
void check_postfix_stopped(struct consistency_check *check, const char *config_directory);

/* Notes "postfix.map-world-readable" for a file of a map that others than its group may read. */
bool check_map_readable(struct consistency_check *check, const char *path,
	const struct stat *status);

/* Notes "postfix.index-older" for an index that is older than its text. */
bool check_index_older(struct consistency_check *check, const char *path, const struct stat *index,
	const struct stat *text);

/*
 * The value `present` of virtual_alias_maps with the map `table` (TYPE:PATH) in it: in the place
 * where its file stands under another type, else at the end. In the arena.
 */
const char *postfix_maps_with(const char *present, const char *table, struct arena *arena);

/* Notes "system.disk-space" and "system.inodes" where the file system of `path` has little left. */
void check_room(struct consistency_check *check, const char *path);

#endif
