#include "system/configuration_files.h"

#include "base/message.h"
#include "base/string_list.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)256 << 10)
#define FILES_LIMIT 64

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t tail = strlen(suffix);

	return length > tail && strcmp(text + length - tail, suffix) == 0;
}

/* A file that the caller names: root holds it to the rule of its own files, others may show themselves what they can read. */
static enum lookup_result read_named(const char *path, struct arena *arena, struct source_text *ret_file,
	struct error *err)
{
	int fd cleanup_close = -1;

	ret_file->path = path;
	if (geteuid() == 0)
		return trusted_file_read(AT_FDCWD, path, FILE_LIMIT, arena, &ret_file->text, &ret_file->length, err);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return LOOKUP_NOT_FOUND;
	if (fd < 0) {
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"), path);
		return LOOKUP_FAILED;
	}
	return file_read(fd, FILE_LIMIT, arena, &ret_file->text, &ret_file->length, err) ? LOOKUP_FOUND
											   : LOOKUP_FAILED;
}

static enum lookup_result read_one(const char *path, struct arena *arena, struct source_text *ret_files,
	size_t *ret_count, struct error *err)
{
	enum lookup_result result = read_named(path, arena, ret_files, err);

	if (result == LOOKUP_FOUND)
		*ret_count = 1;
	if (result == LOOKUP_FAILED)
		error_prefix(err, "%s", path);
	return result;
}

static bool read_fragments(const char *directory, struct arena *arena, struct source_text *files, size_t *count,
	struct error *err)
{
	const char *path = arena_printf(arena, "%s/conf.d", directory);
	int fd cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct string_list names = STRING_LIST_INIT;

	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"), path);
	if (!directory_list(fd, FILES_LIMIT, arena, &names, err))
		return error_prefix(err, "%s", path);
	for (size_t i = 0; i < names.count && *count < FILES_LIMIT; i++) {
		struct source_text *file = &files[*count];

		if (names.items[i][0] == '.' || !ends_with(names.items[i], ".json"))
			continue;
		file->path = arena_printf(arena, "%s/%s", path, names.items[i]);
		switch (trusted_file_read(fd, names.items[i], FILE_LIMIT, arena, &file->text, &file->length, err)) {
		case LOOKUP_FAILED:
			return error_prefix(err, "%s", file->path);
		case LOOKUP_FOUND:
			(*count)++;
			break;
		case LOOKUP_NOT_FOUND:
			break;
		}
	}
	return true;
}

enum lookup_result configuration_files_read(const char *directory, const char *file, struct arena *arena,
	struct source_text **ret_files, size_t *ret_count, struct error *err)
{
	struct source_text *files = arena_alloc_array(arena, FILES_LIMIT, sizeof(*files));
	const char *path = file ? file : arena_printf(arena, "%s/postigo.json", directory);
	size_t count = 0;
	enum lookup_result result = read_one(path, arena, files, &count, err);

	if (result == LOOKUP_NOT_FOUND && file) {
		error_set(err, ERROR_CONFIG, _("there is no file %s"), file);
		return LOOKUP_FAILED;
	}
	if (result != LOOKUP_FOUND)
		return result;
	if (!file && !read_fragments(directory, arena, files, &count, err))
		return LOOKUP_FAILED;
	*ret_files = files;
	*ret_count = count;
	return LOOKUP_FOUND;
}
