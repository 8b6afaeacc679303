#include "base/message.h"
#include "base/number.h"
#include "base/string_list.h"
#include "storage/alias_store_private.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#define BACKUP_DIRECTORY "backup"
#define BACKUP_NAME_MAX 64
#define BACKUPS_LISTED_MAX 10000

static void backup_name(int64_t generation, char name[BACKUP_NAME_MAX])
{
	(void)snprintf(name, BACKUP_NAME_MAX, "aliases.%" PRId64 ".json", generation);
}

static bool parse_name(const char *name, int64_t *ret_generation)
{
	static const char prefix[] = "aliases.";
	char again[BACKUP_NAME_MAX];
	char digits[24];
	size_t length;
	int64_t generation;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	length = strspn(name + sizeof(prefix) - 1, "0123456789");
	if (length >= sizeof(digits))
		return false;
	memcpy(digits, name + sizeof(prefix) - 1, length);
	digits[length] = '\0';
	if (!parse_int64(digits, &generation))
		return false;
	backup_name(generation, again);
	if (strcmp(name, again) != 0)
		return false;
	*ret_generation = generation;
	return true;
}

static int compare_newest_first(const void *left_pointer, const void *right_pointer)
{
	const int64_t *left = left_pointer;
	const int64_t *right = right_pointer;

	if (*left == *right)
		return 0;
	return *left > *right ? -1 : 1;
}

/* All generations of which there is a file, newest first. */
static bool list_generations(int backups, struct arena *arena, int64_t **ret_generations,
	size_t *ret_count, struct error *err)
{
	struct string_list names = STRING_LIST_INIT;
	int64_t *generations;
	size_t count = 0;

	if (!directory_list(backups, BACKUPS_LISTED_MAX, arena, &names, err))
		return false;
	generations = arena_alloc_array(arena, names.count + 1, sizeof(*generations));
	for (size_t i = 0; i < names.count; i++)
		count += parse_name(names.items[i], &generations[count]);
	if (count > 1)
		qsort(generations, count, sizeof(*generations), compare_newest_first);
	*ret_generations = generations;
	*ret_count = count;
	return true;
}

/* ---------------------------------------------------------------- reading */

struct mapping {
	char *bytes;
	size_t length;
};

static void unmap(const struct mapping *mapping)
{
	if (mapping->bytes)
		munmap(mapping->bytes, mapping->length);
}

static enum lookup_result map_backup(int backups, int64_t generation, struct mapping *ret_mapping,
	struct stat *ret_status, struct error *err)
{
	char name[BACKUP_NAME_MAX];
	int fd cleanup_close = -1;
	void *bytes;

	backup_name(generation, name);
	fd = openat(backups, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return LOOKUP_NOT_FOUND;
	if (fd < 0 || fstat(fd, ret_status) != 0) {
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open the backup %s"), name);
		return LOOKUP_FAILED;
	}
	if (!S_ISREG(ret_status->st_mode) || ret_status->st_size == 0) {
		error_set(err, ERROR_DATABASE, _("the backup %s is empty"), name);
		return LOOKUP_FAILED;
	}
	bytes = mmap(NULL, (size_t)ret_status->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot read the backup %s"), name);
		return LOOKUP_FAILED;
	}
	*ret_mapping = (struct mapping){bytes, (size_t)ret_status->st_size};
	return LOOKUP_FOUND;
}

/* In form the backup is checked line by line; otherwise a rendition in form goes into `buffer`. */
static bool check_backup(const struct mapping *mapping, int64_t generation, struct strbuf *buffer,
	struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct store_text text;
	struct error ignored;

	if (!store_text_open(&text, mapping->bytes, mapping->length, &arena, &ignored) ||
		!store_text_check(&text, &ignored)) {
		if (!store_text_reshape(mapping->bytes, mapping->length, buffer, err) ||
			!store_text_open(&text, buffer->text, buffer->length, &arena, err))
			return false;
	}
	if (text.header.generation != generation)
		return error_set(err, ERROR_DATABASE,
			_("the backup named %" PRId64 " is of generation %" PRId64), generation,
			text.header.generation);
	return true;
}

enum lookup_result store_read_backup(int backups, int64_t generation, struct strbuf *buffer,
	struct error *err)
{
	struct mapping mapping __attribute__((cleanup(unmap))) = {NULL, 0};
	struct strbuf form cleanup_strbuf = STRBUF_INIT;
	struct stat status;
	enum lookup_result found = map_backup(backups, generation, &mapping, &status, err);

	if (found != LOOKUP_FOUND)
		return found;
	if (!check_backup(&mapping, generation, &form, err))
		return LOOKUP_FAILED;
	if (form.length > 0)
		strbuf_append(buffer, form.text, form.length);
	else
		strbuf_append(buffer, mapping.bytes, mapping.length);
	return LOOKUP_FOUND;
}

/* ---------------------------------------------------------------- the list */

static bool is_intact(int backups, int64_t generation, struct alias_backup *ret_backup)
{
	struct mapping mapping __attribute__((cleanup(unmap))) = {NULL, 0};
	struct strbuf form cleanup_strbuf = STRBUF_INIT;
	struct error ignored;
	struct stat status;

	if (map_backup(backups, generation, &mapping, &status, &ignored) != LOOKUP_FOUND ||
		!check_backup(&mapping, generation, &form, &ignored))
		return false;
	*ret_backup = (struct alias_backup){generation, status.st_mtim.tv_sec, status.st_size};
	return true;
}

bool store_open_backups(int directory, int *ret_fd, struct error *err)
{
	return directory_ensure(directory, BACKUP_DIRECTORY, 0700, 0, ret_fd, err);
}

bool store_list_backups(int directory, size_t limit, struct arena *arena,
	struct alias_backup **ret_backups, size_t *ret_count, struct error *err)
{
	int backups cleanup_close = openat(directory, BACKUP_DIRECTORY,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct alias_backup *list;
	int64_t *generations = NULL;
	size_t candidates = 0;
	size_t count = 0;

	if (backups < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot list the backups"));
	if (backups >= 0 && !list_generations(backups, arena, &generations, &candidates, err))
		return false;
	list = arena_alloc_array(arena, candidates + 1, sizeof(*list));
	for (size_t i = 0; i < candidates && count < limit; i++)
		count += is_intact(backups, generations[i], &list[count]);
	*ret_backups = list;
	*ret_count = count;
	return true;
}

/* ---------------------------------------------------------------- making, pruning */

/*
 * A hard link costs nothing, and the store's inode is never written again. Made without fsync: the
 * rename that replaces the store is ordered behind it.
 */
bool store_keep_backup(const struct alias_store *store, struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	int backups cleanup_close = -1;
	char name[BACKUP_NAME_MAX];

	backup_name(store->generation, name);
	if (!store_open_backups(store->directory, &backups, err))
		return false;
	if (linkat(store->directory, STORE_NAME, backups, name, 0) == 0 || errno == EEXIST)
		return true;
	if (errno != EMLINK && errno != ENOTSUP && errno != EPERM)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot keep a backup"));
	return atomic_file_replace(backups, name, &settings, store->bytes, store->length, err);
}

void store_prune_backups(const struct alias_store *store)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int backups cleanup_close = -1;
	struct error ignored;
	int64_t *generations;
	size_t count;

	if (!store_open_backups(store->directory, &backups, &ignored) ||
		!list_generations(backups, &arena, &generations, &count, &ignored))
		return;
	for (size_t i = ALIAS_STORE_BACKUPS; i < count; i++) {
		char name[BACKUP_NAME_MAX];

		backup_name(generations[i], name);
		unlinkat(backups, name, 0);
	}
}
