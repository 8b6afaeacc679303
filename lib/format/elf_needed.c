#include "format/elf_needed.h"

#include "base/error.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>

struct image {
	const unsigned char *bytes;
	size_t length;
	Elf64_Ehdr head;
};

/* Copies a structure out: nothing in a file is aligned, or even there. */
static bool take(const struct image *image, uint64_t offset, void *target, size_t size)
{
	if (offset > image->length || size > image->length - offset)
		return false;
	memcpy(target, image->bytes + offset, size);
	return true;
}

static bool take_segment(const struct image *image, size_t number, Elf64_Phdr *ret_segment)
{
	uint64_t distance = (uint64_t)number * sizeof(*ret_segment);

	return image->head.e_phoff <= image->length &&
	       take(image, image->head.e_phoff + distance, ret_segment, sizeof(*ret_segment));
}

/* A table that is cut off may have named libraries: that is a failure, not a static program. */
static enum lookup_result find_dynamic(const struct image *image, Elf64_Phdr *ret_segment)
{
	for (size_t i = 0; i < image->head.e_phnum; i++) {
		if (!take_segment(image, i, ret_segment))
			return LOOKUP_FAILED;
		if (ret_segment->p_type == PT_DYNAMIC)
			return LOOKUP_FOUND;
	}
	return LOOKUP_NOT_FOUND;
}

/* Where in the file an address of the running program comes from. */
static bool file_offset(const struct image *image, uint64_t address, uint64_t *ret_offset)
{
	for (size_t i = 0; i < image->head.e_phnum; i++) {
		Elf64_Phdr segment;

		if (!take_segment(image, i, &segment))
			return false;
		if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
			address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*ret_offset = segment.p_offset + (address - segment.p_vaddr);
		return true;
	}
	return false;
}

static bool find_names(const struct image *image, const Elf64_Phdr *dynamic, uint64_t *ret_offset)
{
	Elf64_Dyn entry;

	for (uint64_t at = 0; at + sizeof(entry) <= dynamic->p_filesz; at += sizeof(entry)) {
		if (!take(image, dynamic->p_offset + at, &entry, sizeof(entry)))
			return false;
		if (entry.d_tag == DT_STRTAB)
			return file_offset(image, entry.d_un.d_ptr, ret_offset);
		if (entry.d_tag == DT_NULL)
			break;
	}
	return false;
}

static bool add_name(const struct image *image, uint64_t offset, struct arena *arena,
	struct string_list *names)
{
	const char *name;

	if (offset >= image->length)
		return false;
	name = (const char *)image->bytes + offset;
	if (!memchr(name, '\0', image->length - offset))
		return false;
	string_list_add(names, arena, name);
	return true;
}

static bool is_name(Elf64_Sxword tag)
{
	return tag == DT_NEEDED || tag == DT_RPATH || tag == DT_RUNPATH;
}

static bool collect(const struct image *image, const Elf64_Phdr *dynamic, struct arena *arena,
	struct string_list *names)
{
	Elf64_Dyn entry;
	uint64_t table;

	if (!find_names(image, dynamic, &table))
		return false;
	for (uint64_t at = 0; at + sizeof(entry) <= dynamic->p_filesz; at += sizeof(entry)) {
		if (!take(image, dynamic->p_offset + at, &entry, sizeof(entry)))
			return false;
		if (entry.d_tag == DT_NULL)
			break;
		if (is_name(entry.d_tag) &&
			(entry.d_un.d_val >= image->length ||
				!add_name(image, table + entry.d_un.d_val, arena, names)))
			return false;
	}
	return true;
}

bool elf_needed(const unsigned char *bytes, size_t length, struct arena *arena,
	struct string_list *ret_names)
{
	const unsigned char order =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	struct image image = {.bytes = bytes, .length = length};
	Elf64_Phdr dynamic = {0};

	if (!take(&image, 0, &image.head, sizeof(image.head)) ||
		memcmp(image.head.e_ident, ELFMAG, SELFMAG) != 0 ||
		image.head.e_ident[EI_CLASS] != ELFCLASS64 ||
		image.head.e_ident[EI_DATA] != order ||
		image.head.e_phentsize != sizeof(Elf64_Phdr))
		return false;
	switch (find_dynamic(&image, &dynamic)) {
	case LOOKUP_FOUND:
		return collect(&image, &dynamic, arena, ret_names);
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FAILED:
		break;
	}
	return false;
}
