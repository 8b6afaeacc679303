#include "system/mapped_memory.h"

#include <stdint.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

void mapped_memory_release(const char *low, const char *high)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t before = (page - (uintptr_t)low % page) % page;
	size_t behind = (uintptr_t)high % page;
	union {
		const char *bytes;
		void *memory;
	} first = {.bytes = low + before};

	if ((size_t)(high - low) > before + behind)
		(void)madvise(first.memory, (size_t)(high - low) - before - behind, MADV_DONTNEED);
}
