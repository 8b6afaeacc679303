/*
 * Memory of mapped files that has been read: given back, a walk over a file of any size stays small.
 * What is read again comes from the kernel's cache. Only for mappings of files: other memory would
 * be lost.
 */
#ifndef POSTIGO_SYSTEM_MAPPED_MEMORY_H
#define POSTIGO_SYSTEM_MAPPED_MEMORY_H

/* Gives back the whole pages from `low` to `high`, both within one mapping of a file. */
void mapped_memory_release(const char *low, const char *high);

#endif
