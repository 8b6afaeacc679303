#include "system/mount_point.h"

#include "base/message.h"
#include "base/number.h"
#include "base/string_list.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MOUNTS "/proc/self/mountinfo"

/* The words of a line of proc(5)'s mountinfo; optional ones stand between OPTIONS and a "-". */
enum word {
	WORD_ID = 0,
	WORD_PATH = 4,
	WORD_OPTIONS = 5,
	WORD_OPTIONAL = 6,
};

static bool cannot_tell(struct error *err, int number)
{
	return error_set_errno(err, ERROR_FILESYSTEM, number, _("cannot read %s"), MOUNTS);
}

static bool is_octal(const char *text)
{
	return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' &&
	       text[2] >= '0' && text[2] <= '7';
}

/* Blanks and backslashes in a path are written as \040. */
static const char *decode(const char *text, struct arena *arena)
{
	char *path = arena_strdup(arena, text);
	char *to = path;

	while (*text) {
		if (text[0] == '\\' && is_octal(text + 1)) {
			*to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 +
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
	return path;
}

static bool read_line(const char *line, uint64_t id, struct arena *arena,
	struct mount_point *ret_mount)
{
	struct string_list words = STRING_LIST_INIT;
	size_t dash = WORD_OPTIONAL;
	int64_t number;

	string_list_split(&words, arena, line, " \n");
	while (dash < words.count && strcmp(words.items[dash], "-") != 0)
		dash++;
	if (dash + 1 >= words.count || !parse_int64(words.items[WORD_ID], &number) ||
		(uint64_t)number != id)
		return false;
	*ret_mount = (struct mount_point){
		.path = decode(words.items[WORD_PATH], arena),
		.options = words.items[WORD_OPTIONS],
		.type = words.items[dash + 1],
	};
	return true;
}

static bool find_mount(FILE *file, uint64_t id, struct arena *arena, struct mount_point *ret_mount)
{
	char *line cleanup_free = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		struct arena words cleanup_arena = ARENA_INIT;

		if (!read_line(line, id, &words, ret_mount))
			continue;
		ret_mount->path = arena_strdup(arena, ret_mount->path);
		ret_mount->options = arena_strdup(arena, ret_mount->options);
		ret_mount->type = arena_strdup(arena, ret_mount->type);
		return true;
	}
	return false;
}

bool mount_point_of(int fd, struct arena *arena, struct mount_point *ret_mount, struct error *err)
{
	FILE *file cleanup_fclose = fopen(MOUNTS, "re");
	struct statx status;

	if (!file || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0)
		return cannot_tell(err, errno);
	return find_mount(file, status.stx_mnt_id, arena, ret_mount) || cannot_tell(err, ENOENT);
}
