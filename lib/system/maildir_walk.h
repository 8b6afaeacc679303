/* How system/maildir goes from directory to directory, and removes a tree: for that room only. */
#ifndef POSTIGO_SYSTEM_MAILDIR_WALK_H
#define POSTIGO_SYSTEM_MAILDIR_WALK_H

#include "system/maildir.h"

struct maildir_path {
	char names[MAILDIR_DEPTH_MAX][MAILDIR_NAME_MAX + 1];
	size_t count;
};

/* Splits a path that is valid. Fails with filesystem. */
must_check bool maildir_path_parse(const char *path, struct maildir_path *ret_path, struct error *err);

/* Opens a directory without following a link; -1 with errno. */
int maildir_open_directory(int parent, const char *name);

/* Says why an entry could not be opened as a directory, from errno. Returns false. */
bool maildir_cannot_open(const char *name, struct error *err);

/* Opens the base. Its own path may lead over links of root. */
must_check bool maildir_open_base(const struct maildir_base *base, int *ret_fd, struct error *err);

/* Opens the directory at `path` (the base itself for none): found, not found, or failed with filesystem. */
must_check enum lookup_result maildir_walk(const struct maildir_base *base, const struct maildir_path *path, int *ret_fd,
	struct error *err);

/* Takes one name; false ends the walk. */
typedef bool maildir_visit(int directory, const char *name, void *context);

/* Calls for each name in an open directory. Fails with filesystem. */
must_check bool maildir_each(int directory, maildir_visit *visit, void *context, struct error *err);

/* Whether an open directory holds nothing but empty cur, new and tmp. */
bool maildir_is_skeleton(int directory);

#endif
