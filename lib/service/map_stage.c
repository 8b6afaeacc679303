#include "service/map_stage.h"

#include "base/message.h"
#include "format/postfix_map.h"
#include "service/map_read_back.h"
#include "system/directory.h"
#include "system/file_identity.h"
#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define CHUNK ((size_t)256 << 10)
#define COOL_SECONDS 10
#define OUTPUT_LIMIT ((size_t)64 << 10)
#define PARTS_TOLD 64 /* the follower hears of growth by one in so many, lest it drown */

static bool stage_error(const struct map_stage *stage, const char *action, struct error *err)
{
	return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot %s in %s/%s"), action,
		stage->place.parent_path, stage->place.name);
}

static bool open_directory(struct map_stage *stage, struct error *err)
{
	const struct map_stage_place *place = &stage->place;
	struct stat status;

	if (!directory_ensure_scratch(place->parent, place->name, &stage->directory, err))
		return false;
	if (fstat(stage->directory, &status) < 0)
		return stage_error(stage, "stat", err);
	if (status.st_uid != 0 || (status.st_mode & 077) != 0) {
		/* Somebody else's: its content is none of our business, close must not sweep it. */
		close(take_fd(&stage->directory));
		error_set(err, ERROR_CONFIG, _("%s/%s is not private to root"), place->parent_path,
			place->name);
		return error_fix(err, "rm -r %s/%s", place->parent_path, place->name);
	}
	return directory_empty(stage->directory, err);
}

bool map_stage_begin(struct map_stage *stage, const struct map_stage_place *place,
	const struct map_sync_file *file, struct arena *arena, struct error *err)
{
	const char *name = file->parts[MAP_TEXT].name;

	stage->place = *place;
	stage->file = file;
	stage->arena = arena;
	stage->output = "";
	if (!open_directory(stage, err))
		return false;
	stage->table = arena_printf(arena, "%s:%s/%s/%s", file->type->name, place->parent_path,
		place->name, name);
	stage->text = openat(stage->directory, name,
		O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (stage->text < 0)
		return stage_error(stage, "create a file", err);
	digest_begin(&stage->digest);
	stage->head = strlen(postfix_map_header());
	strbuf_append_text(&stage->buffer, postfix_map_header());
	return true;
}

/* A follower that is gone, or lags behind, is no trouble of the text's; of its end it has to hear. */
static void tell_follower(struct map_stage *stage, bool whole)
{
	const struct map_stage_growth growth = {stage->length, stage->rows, whole};

	if (stage->follower < 0 ||
		(!whole && stage->length - stage->told < stage->length / PARTS_TOLD))
		return;
	stage->told = stage->length;
	(void)send(stage->follower, &growth, sizeof(growth),
		MSG_NOSIGNAL | (whole ? 0 : MSG_DONTWAIT));
}

static bool write_bytes(struct map_stage *stage, struct span bytes, struct error *err)
{
	digest_add(&stage->digest, bytes.bytes, bytes.length);
	stage->length += bytes.length;
	while (bytes.length > 0) {
		ssize_t written = write(stage->text, bytes.bytes, bytes.length);

		if (written < 0 && errno != EINTR)
			return stage_error(stage, "write", err);
		if (written > 0) {
			bytes.bytes += written;
			bytes.length -= (size_t)written;
		}
	}
	tell_follower(stage, false);
	return true;
}

static bool flush(struct map_stage *stage, struct error *err)
{
	const struct span bytes = {strbuf_text(&stage->buffer), stage->buffer.length};

	if (!write_bytes(stage, bytes, err))
		return false;
	strbuf_reset(&stage->buffer);
	return true;
}

bool map_stage_copy(struct map_stage *stage, struct span bytes, struct error *err)
{
	return flush(stage, err) && write_bytes(stage, bytes, err);
}

bool map_stage_add(struct map_stage *stage, const char *line, size_t length, struct error *err)
{
	strbuf_append(&stage->buffer, line, length);
	stage->rows++;
	return stage->buffer.length < CHUNK || flush(stage, err);
}

/*
 * Whoever opens a texthash that was changed in the last second or two reads it again and again
 * until it has cooled down, for it may be half written. Ours gets its name only when it is whole.
 */
static bool cool_down(const struct map_stage *stage, struct error *err)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - COOL_SECONDS}};

	if (*stage->file->type->suffix || futimens(stage->text, times) == 0)
		return true;
	return stage_error(stage, "set a time", err);
}

void map_stage_follow(struct map_stage *stage, int follower)
{
	stage->follower = follower;
	stage->told = 0;
	if (stage->bytes)
		tell_follower(stage, true);
}

bool map_stage_finish(struct map_stage *stage, struct error *err)
{
	void *bytes;

	if (!flush(stage, err) || !cool_down(stage, err))
		return false;
	digest_end(&stage->digest, stage->text_digest);
	bytes = mmap(NULL, stage->length, PROT_READ, MAP_SHARED, stage->text, 0);
	if (bytes == MAP_FAILED)
		return stage_error(stage, "map a file", err);
	stage->bytes = bytes;
	stage->identity =
		file_identity(stage->directory, stage->file->parts[MAP_TEXT].name, stage->arena);
	tell_follower(stage, true);
	return true;
}

bool map_stage_build(struct map_stage *stage, const struct map_stage_tools *tools,
	struct error *err)
{
	const char *const argv[] = {tools->instance->postmap, "-c",
		tools->instance->config_directory, stage->table, NULL};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = tools->timeout_ms,
		.output_limit = OUTPUT_LIMIT,
	};
	struct process_result result;

	if (!*stage->file->type->suffix)
		return true;
	if (!process_run(&request, stage->arena, &result, err))
		return false;
	if (!process_succeeded(&result))
		return read_back_command_error(&request, &result, stage->arena, err);
	if (*result.errors || *result.output)
		stage->output = *result.errors ? result.errors : result.output;
	return true;
}

/* What postmap has made under another name, and the type that this Postfix means by it. */
static bool advise_type(const struct map_stage *stage, struct error *err)
{
	struct map_sync_file made = *stage->file;
	struct string_list names = STRING_LIST_INIT;
	const char *suffix;

	made.directory = stage->directory;
	map_sync_file_strays(&made, stage->arena, &names);
	if (names.count == 0)
		return error_fix(err,
			_("set sync.type to a type that this Postfix writes (postconf -m)"));
	suffix = strrchr(names.items[0], '.') + 1;
	error_why(err, _("it has made %s instead: this Postfix redirects the type %s"),
		names.items[0], stage->file->type->name);
	return error_fix(err, _("set sync.type to %s and name the map so in virtual_alias_maps"),
		strcmp(suffix, "db") == 0 ? "hash" : suffix);
}

/* An index may have come out under another name: newer versions of Postfix redirect hash: to lmdb:.
 */
static bool check_index(const struct map_stage *stage, struct error *err)
{
	const char *name = stage->file->parts[MAP_INDEX].name;
	struct stat status;

	if (!name)
		return true;
	if (fstatat(stage->directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open %s"),
				name);
		error_set(err, ERROR_MTA_COMMAND, _("postmap has made no file %s"), name);
		return advise_type(stage, err);
	}
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 || status.st_nlink != 1)
		error_set(err, ERROR_MTA_COMMAND,
			_("what postmap has made as %s is no file of root"), name);
	else if (status.st_size == 0)
		error_set(err, ERROR_MTA_COMMAND, _("postmap has made an empty file %s"), name);
	else
		return true;
	error_why(err, _("the index that postmap made is not whole"));
	return error_fix(err, _("the map that was live still is; look at what postmap is"));
}

static bool check_text(const struct map_stage *stage, struct error *err)
{
	const char *name = stage->file->parts[MAP_TEXT].name;

	if (strcmp(file_identity(stage->directory, name, stage->arena), stage->identity) == 0)
		return true;
	error_set(err, ERROR_MTA_COMMAND, _("%s was changed while postmap ran"), name);
	error_why(err, _("another program writes in the directory, or the file cannot be looked at"));
	return error_fix(err, _("the map that was live still is; try again with --dry-run"));
}

bool map_stage_verify(struct map_stage *stage, const struct map_stage_tools *tools, bool read_back,
	struct error *err)
{
	return check_index(stage, err) &&
	       (read_back ? map_read_back_sample(stage, tools, err)
			  : map_read_back(stage, tools, err)) &&
	       check_text(stage, err);
}

static bool dress(const struct map_stage *stage, int fd, struct error *err)
{
	if (fchown(fd, 0, stage->file->group) < 0 || fchmod(fd, stage->file->mode) < 0 ||
		fsync(fd) < 0)
		return stage_error(stage, "finish a file", err);
	return true;
}

bool map_stage_seal_text(struct map_stage *stage, struct error *err)
{
	if (stage->sealed)
		return true;
	if (stage->unsealed.code == ERROR_NONE && !dress(stage, stage->text, err)) {
		stage->unsealed = *err;
		return false;
	}
	if (stage->unsealed.code != ERROR_NONE) {
		*err = stage->unsealed;
		return false;
	}
	stage->sealed = true;
	/* Its owner and mode are part of that. */
	stage->identity =
		file_identity(stage->directory, stage->file->parts[MAP_TEXT].name, stage->arena);
	return true;
}

bool map_stage_seal(struct map_stage *stage, struct error *err)
{
	const char *name = stage->file->parts[MAP_INDEX].name;
	int index cleanup_close = -1;

	if (!map_stage_seal_text(stage, err))
		return false;
	if (!name)
		return true;
	index = openat(stage->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (index < 0)
		return stage_error(stage, "open a file", err);
	if (!dress(stage, index, err))
		return false;
	return *stage->index_digest || file_digest(index, stage->index_digest, err);
}

static bool install_part(const struct map_stage *stage, enum map_part part, struct error *err)
{
	const char *name = stage->file->parts[part].name;

	if (!name || renameat(stage->directory, name, stage->file->directory, name) == 0)
		return true;
	return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot replace %s/%s"),
		stage->file->directory_path, name);
}

/*
 * Postfix reads only the index: with its rename the new map is live. A text that is newer than its
 * index would make Postfix warn, an older one does not. Where there is no index, the text's rename
 * is the moment.
 */
bool map_stage_install(struct map_stage *stage, bool *ret_live, struct error *err)
{
	*ret_live = false;
	if (!install_part(stage, MAP_INDEX, err))
		return false;
	*ret_live = stage->file->parts[MAP_INDEX].name != NULL;
	if (!install_part(stage, MAP_TEXT, err))
		return false;
	*ret_live = true;
	return directory_sync(stage->file->directory, stage->file->directory_path, err);
}

struct span map_stage_rows(const struct map_stage *stage)
{
	return (struct span){stage->bytes + stage->head, stage->length - stage->head};
}

const char *map_stage_index_path(const struct map_stage *stage)
{
	return arena_printf(stage->arena, "%s/%s/%s", stage->place.parent_path, stage->place.name,
		stage->file->parts[MAP_INDEX].name);
}

static void sweep(struct map_stage *stage)
{
	struct error ignored;

	/* What stays is swept by the next begin, which reports why it cannot. */
	if (directory_empty(stage->directory, &ignored))
		unlinkat(stage->place.parent, stage->place.name, AT_REMOVEDIR);
	close(take_fd(&stage->directory));
}

void map_stage_close(struct map_stage *stage)
{
	union {
		const char *text;
		void *memory;
	} mapping = {.text = stage->bytes};

	if (mapping.memory)
		munmap(mapping.memory, stage->length);
	stage->bytes = NULL;
	digest_discard(&stage->digest);
	strbuf_clear(&stage->buffer);
	if (stage->text >= 0)
		close(take_fd(&stage->text));
	if (stage->directory >= 0)
		sweep(stage);
}

void map_stage_sweep(const struct map_stage_place *place)
{
	struct map_stage left = {
		.place = *place,
		.directory = openat(place->parent, place->name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
		.text = -1,
		.follower = -1,
	};
	struct stat status;

	if (left.directory < 0)
		return;
	if (fstat(left.directory, &status) < 0 || status.st_uid != 0 ||
		(status.st_mode & 077) != 0)
		close(take_fd(&left.directory));
	else
		sweep(&left);
}
