/*
 * Knowing a file again without reading it: in a directory that only root writes, a file with the
 * same device, inode, size and times has the same bytes. Whoever writes to it or puts another one
 * in its place changes its ctime, which nobody can set back without setting back the clock. It says
 * nothing about a disk that forgets: whoever judges a file as a whole reads it.
 */
#ifndef POSTIGO_SYSTEM_FILE_IDENTITY_H
#define POSTIGO_SYSTEM_FILE_IDENTITY_H

#include "base/arena.h"
#include "base/compiler.h"

#include <sys/stat.h>

#define FILE_IDENTITY_MAX 192 /* bytes of the text, with its end */

/* Device, inode, size and times as one text without blanks. */
void file_identity_print(const struct stat *status, char ret_text[FILE_IDENTITY_MAX]);

/* The identity of the file `name` below `directory`, in the arena; "" when it cannot be had. */
must_check const char *file_identity(int directory, const char *name, struct arena *arena);

#endif
