#include "service/map_sync_file.h"

#include "base/message.h"
#include "format/postfix_index.h"
#include "format/timestamp.h"
#include "system/account.h"
#include "system/atomic_file.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)

/*
 * hash, lmdb and cdb: smtpd sees the renamed index in its next session. texthash is read once and
 * never again by a process, so different ones answer differently until a reload.
 */
static const struct map_type map_types[] = {
	{"hash", ".db", false, NULL, hash_index_compare, hash_index_build, NULL},
	{"lmdb", ".lmdb", false, lmdb_row_count, lmdb_index_compare, lmdb_index_build,
		lmdb_index_update},
	{"cdb", ".cdb", false, cdb_row_count, cdb_index_compare, cdb_index_build, NULL},
	{"texthash", "", true, NULL, NULL, NULL, NULL},
};

const struct map_type *map_type_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(map_types); i++) {
		if (strcmp(map_types[i].name, name) == 0)
			return &map_types[i];
	}
	return NULL;
}

bool file_digest(int fd, char ret_hex[DIGEST_HEX_LENGTH + 1], struct error *err)
{
	char *buffer cleanup_free = malloc(CHUNK);
	struct digest digest cleanup_digest = {NULL};
	off_t offset = 0;

	if (!buffer)
		out_of_memory();
	digest_begin(&digest);
	for (;;) {
		ssize_t length = pread(fd, buffer, CHUNK, offset);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno,
				_("cannot read a map file"));
		if (length == 0)
			break;
		digest_add(&digest, buffer, (size_t)length);
		offset += length;
	}
	digest_end(&digest, ret_hex);
	return true;
}

static bool refuse_part(const struct map_sync_file *file, const struct map_part_file *part,
	const char *reason, struct error *err)
{
	error_set(err, ERROR_CONFIG, _("the map file %s/%s cannot be trusted"),
		file->directory_path, part->name);
	return error_why(err, "%s", reason);
}

static bool open_part(const struct map_sync_file *file, struct map_part_file *part,
	struct error *err)
{
	part->fd =
		openat(file->directory, part->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (part->fd < 0 && errno == ENOENT)
		return true;
	if (part->fd < 0 && errno == ELOOP)
		return refuse_part(file, part, _("it is a symbolic link"), err);
	if (part->fd < 0 || fstat(part->fd, &part->status) < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s/%s"),
			file->directory_path, part->name);
	if (!S_ISREG(part->status.st_mode))
		return refuse_part(file, part, _("it is not a regular file"), err);
	if (part->status.st_uid != 0)
		return refuse_part(file, part, _("it does not belong to root"), err);
	if (part->status.st_nlink != 1)
		return refuse_part(file, part, _("it has another name elsewhere"), err);
	return true;
}

static bool find_group(const char *name, gid_t *ret_group, struct error *err)
{
	enum lookup_result result = group_by_name(name, ret_group, err);

	if (result == LOOKUP_NOT_FOUND) {
		error_set(err, ERROR_CONFIG, _("there is no group \"%s\""), name);
		error_field(err, "sync.group");
	}
	return result == LOOKUP_FOUND;
}

bool map_sync_file_open(struct map_sync_file *file, const struct sync_settings *settings,
	const struct map_type *type, struct arena *arena, struct error *err)
{
	const char *slash = strrchr(settings->path, '/');

	if (!slash || slash == settings->path || !slash[1])
		return error_set(err, ERROR_CONFIG, _("\"%s\" is not a path for a map"),
			settings->path);
	file->type = type;
	file->mode = (mode_t)settings->mode;
	file->directory_path =
		arena_strndup(arena, settings->path, (size_t)(slash - settings->path));
	file->parts[MAP_TEXT].name = slash + 1;
	if (*type->suffix)
		file->parts[MAP_INDEX].name = arena_printf(arena, "%s%s", slash + 1, type->suffix);
	if (!find_group(settings->group, &file->group, err) ||
		!trusted_path_open(file->directory_path, &file->directory, err))
		return false;
	for (size_t i = 0; i < MAP_PARTS; i++) {
		if (file->parts[i].name && !open_part(file, &file->parts[i], err))
			return false;
	}
	return true;
}

void map_sync_file_close(struct map_sync_file *file)
{
	for (size_t i = 0; i < MAP_PARTS; i++) {
		if (file->parts[i].fd >= 0)
			close(take_fd(&file->parts[i].fd));
	}
	if (file->directory >= 0)
		close(take_fd(&file->directory));
}

bool map_sync_file_digest(struct map_sync_file *file, struct error *err)
{
	for (size_t i = 0; i < MAP_PARTS; i++) {
		struct map_part_file *part = &file->parts[i];

		if (part->fd >= 0 && !*part->digest && !file_digest(part->fd, part->digest, err))
			return false;
	}
	return true;
}

static bool part_matches(const struct map_sync_file *file, enum map_part number, const char *digest)
{
	const struct map_part_file *part = &file->parts[number];

	if (!part->name)
		return !*digest;
	return part->fd >= 0 && strcmp(part->digest, digest) == 0 &&
	       (part->status.st_mode & 07777) == file->mode && part->status.st_gid == file->group;
}

bool map_sync_file_matches(const struct map_sync_file *file, const char *text, const char *index)
{
	return part_matches(file, MAP_TEXT, text) && part_matches(file, MAP_INDEX, index);
}

static bool copy_into(int fd, struct atomic_file *copy, struct error *err)
{
	char *buffer cleanup_free = malloc(CHUNK);
	off_t offset = 0;

	if (!buffer)
		out_of_memory();
	for (;;) {
		ssize_t length = pread(fd, buffer, CHUNK, offset);

		if (length < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno,
				_("cannot read a map file"));
		if (length == 0)
			return true;
		if (!atomic_file_write(copy, buffer, (size_t)length, err))
			return false;
		offset += length;
	}
}

bool map_sync_file_keep(const struct map_sync_file *file, enum map_part part, int directory,
	int64_t now, struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	struct atomic_file copy cleanup_atomic_file = ATOMIC_FILE_INIT;
	char time[TIMESTAMP_LENGTH + 1];
	char name[sizeof(copy.name)];
	int length;

	if (file->parts[part].fd < 0)
		return true;
	timestamp_format(now, time);
	length = snprintf(name, sizeof(name), "%s-%s", time, file->parts[part].name);
	if (length < 0 || (size_t)length >= sizeof(name))
		return error_set(err, ERROR_FILESYSTEM, _("the name of the map is too long"));
	return atomic_file_begin(&copy, directory, name, &settings, err) &&
	       copy_into(file->parts[part].fd, &copy, err) && atomic_file_commit(&copy, err);
}

void map_sync_file_strays(const struct map_sync_file *file, struct arena *arena,
	struct string_list *ret_names)
{
	for (size_t i = 0; i < ARRAY_LENGTH(map_types); i++) {
		const struct map_type *type = &map_types[i];
		const char *name =
			arena_printf(arena, "%s%s", file->parts[MAP_TEXT].name, type->suffix);
		struct stat status;

		if (type != file->type && *type->suffix &&
			fstatat(file->directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			string_list_add(ret_names, arena, name);
	}
}
