/* Which shared libraries a program wants, read from its bytes: no loader runs, nothing is executed.
 */
#ifndef POSTIGO_FORMAT_ELF_NEEDED_H
#define POSTIGO_FORMAT_ELF_NEEDED_H

#include "base/string_list.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Adds the names of the libraries (DT_NEEDED) of a 64-bit ELF file, and search paths (DT_RPATH,
 * DT_RUNPATH) as they are. `bytes` may be anything. False when it is no such file, is cut off, or
 * is of another byte order; a static program has none.
 */
must_check bool elf_needed(const unsigned char *bytes, size_t length, struct arena *arena,
	struct string_list *ret_names);

#endif
