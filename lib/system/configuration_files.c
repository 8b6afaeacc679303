#include "system/configuration_files.h"

#include "base/message.h"
#include "base/string_list.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)256 << 10)
#define FILES_LIMIT 64 /* names in conf.d */

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t tail = strlen(suffix);

	return length > tail && strcmp(text + length - tail, suffix) == 0;
}

/* Says which file it was, and that a file too long is the configuration's fault. */
static enum lookup_result blame(const char *path, struct error *err)
{
	if (err->code == ERROR_CAPACITY)
		err->code = ERROR_CONFIG;
	error_prefix(err, "%s", path);
	return LOOKUP_FAILED;
}

static enum lookup_result read_whole(int fd, struct arena *arena, struct source_text *ret_file,
	struct error *err)
{
	if (!file_read(fd, FILE_LIMIT, arena, &ret_file->text, &ret_file->length, err))
		return blame(ret_file->path, err);
	return LOOKUP_FOUND;
}

static enum lookup_result read_trusted(const char *path, struct arena *arena,
	struct source_text *ret_file, struct error *err)
{
	int fd cleanup_close = -1;
	enum lookup_result result = trusted_file_open(AT_FDCWD, path, &fd, NULL, err);

	ret_file->path = path;
	return result == LOOKUP_FOUND ? read_whole(fd, arena, ret_file, err) : result;
}

/* Root holds a file that is named to it to the rule of its own files, others may show themselves
 * what they can read. */
static enum lookup_result read_named(const char *path, struct arena *arena,
	struct source_text *ret_file, struct error *err)
{
	int fd cleanup_close = -1;

	if (geteuid() == 0)
		return read_trusted(path, arena, ret_file, err);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return LOOKUP_NOT_FOUND;
	if (fd < 0) {
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"), path);
		return LOOKUP_FAILED;
	}
	ret_file->path = path;
	return read_whole(fd, arena, ret_file, err);
}

static bool list_fragments(const char *path, struct arena *arena, struct string_list *ret_names,
	struct error *err)
{
	struct stat status;
	int fd cleanup_close = -1;

	if (lstat(path, &status) != 0)
		return errno == ENOENT || error_set_errno(err, ERROR_FILESYSTEM, errno,
						  _("cannot open %s"), path);
	if (!trusted_directory_open(path, &fd, err))
		return false;
	if (!directory_list(fd, FILES_LIMIT, arena, ret_names, err))
		return blame(path, err) == LOOKUP_FOUND;
	return true;
}

static bool read_fragments(const char *directory, struct arena *arena, struct source_text *files,
	size_t *count, struct error *err)
{
	const char *path = arena_printf(arena, "%s/conf.d", directory);
	struct string_list names = STRING_LIST_INIT;

	if (!list_fragments(path, arena, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		const char *file = arena_printf(arena, "%s/%s", path, names.items[i]);

		if (names.items[i][0] == '.' || !ends_with(file, ".json"))
			continue;
		switch (read_trusted(file, arena, &files[*count], err)) {
		case LOOKUP_FAILED:
			return false;
		case LOOKUP_FOUND:
			(*count)++;
			break;
		case LOOKUP_NOT_FOUND: /* removed since it was listed */
			break;
		}
	}
	return true;
}

static enum lookup_result read_directory(const char *directory, struct arena *arena,
	struct source_text *files, size_t *count, struct error *err)
{
	const char *path = arena_printf(arena, "%s/postigo.json", directory);
	int fd cleanup_close = -1;
	enum lookup_result result = read_trusted(path, arena, &files[0], err);

	if (result != LOOKUP_FOUND)
		return result;
	*count = 1;
	if (!trusted_directory_open(directory, &fd, err) ||
		!read_fragments(directory, arena, files, count, err))
		return LOOKUP_FAILED;
	return LOOKUP_FOUND;
}

enum lookup_result configuration_files_read(const char *directory, const char *file,
	struct arena *arena, struct source_text **ret_files, size_t *ret_count, struct error *err)
{
	struct source_text *files = arena_alloc_array(arena, 1 + FILES_LIMIT, sizeof(*files));
	size_t count = 1;
	enum lookup_result result = file ? read_named(file, arena, files, err)
					 : read_directory(directory, arena, files, &count, err);

	if (result == LOOKUP_NOT_FOUND && file) {
		error_set(err, ERROR_CONFIG, _("there is no file %s"), file);
		return LOOKUP_FAILED;
	}
	if (result != LOOKUP_FOUND)
		return result;
	*ret_files = files;
	*ret_count = count;
	return LOOKUP_FOUND;
}
