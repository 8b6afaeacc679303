/*
 * Files that the person behind sudo names on a command line: opened with that person's rights, not
 * with root's.
 *
 * An administrator whom sudo allows one command of ours must not be able to read through it what
 * root can read: an error message that quotes a line of /etc/shadow is enough. The open happens in
 * a short child that gives every right up for good and passes the descriptor back. seteuid() in
 * this process would do it too, but leaves something to restore in every path, groups included, and
 * a hanging FUSE or NFS mount would hold the whole command; a child is killed.
 */
#ifndef POSTIGO_SYSTEM_INVOKER_FILE_H
#define POSTIGO_SYSTEM_INVOKER_FILE_H

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Reads `path` whole into `ret_bytes`; "-" is standard input. Under sudo and doas (SUDO_UID,
 * DOAS_USER; their word is as good as their being root) the file is opened as that user with their
 * groups; otherwise as who runs this. Must be a regular file. Fails with permission, not_found,
 * usage (no regular file), capacity (longer than `limit` bytes), temporary (the mount does not
 * answer, accounts cannot be asked) or filesystem.
 */
must_check bool invoker_file_read(const char *path, size_t limit, struct strbuf *ret_bytes,
	struct error *err);

#endif
