/*
 * Finds and reads the configuration: DIRECTORY/postigo.json and DIRECTORY/conf.d/NAME.json in the
 * order of their names. Names that begin with a dot or end otherwise are left out.
 */
#ifndef POSTIGO_SYSTEM_CONFIGURATION_FILES_H
#define POSTIGO_SYSTEM_CONFIGURATION_FILES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/source_text.h"

/*
 * Reads all files (each at most 256 KiB, root's, not writable by others, and so the directories; at
 * most 64 names in conf.d). `file` names one file instead (--config), read alone and, when the
 * caller is not root, without the ownership rule: it can only show the caller what the caller may
 * read. NULL = the directory's. Returns found, not found (no postigo.json), or failed with config
 * (also: no such `file`) or filesystem.
 */
must_check enum lookup_result configuration_files_read(const char *directory, const char *file,
	struct arena *arena, struct source_text **ret_files, size_t *ret_count, struct error *err);

#endif
