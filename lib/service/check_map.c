#include "service/check_map.h"

#include "base/message.h"
#include "service/check_stack.h"
#include "service/map_sync_run.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define DENIED "postfix.denied"
#define FOREIGN_MAX 10000

struct map_check {
	struct consistency_check *check;
	const struct postfix_instance *instance;
	const struct map_type *type;
	const char *paths[MAP_PARTS]; /* NULL = the type has no such file */
	struct map_sync_file file;
	struct map_sync_state state;
	bool known; /* `state` is filled */
};

#define cleanup_map_check __attribute__((cleanup(map_check_close)))

static void map_check_close(struct map_check *map)
{
	map_sync_file_close(&map->file);
}

/* ---------------------------------------------------------------- the files */

static void note_untrusted(struct map_check *map, const char *path, const char *evidence,
	const char *cure)
{
	check_find(map->check, FINDING_ERROR, "postfix.map-untrusted",
		_("the map file %s cannot be trusted, so no sync touches it"), path);
	check_evidence(map->check, "%s", evidence);
	check_cure(map->check, "%s && %s", cure, check_command(map->check, "sync"));
}

/* What sync refuses, said with the way out. */
static bool judge_part(struct map_check *map, const char *path, const struct stat *status)
{
	struct arena *arena = map->check->arena;
	const char *word = check_word(map->check, path);
	const char *aside = arena_printf(arena, "mv %s %s.aside", word, word);

	if (!S_ISREG(status->st_mode))
		note_untrusted(map, path, _("it is no regular file"), aside);
	else if (status->st_nlink != 1)
		note_untrusted(map, path, _("it has another name elsewhere: a hard link"), aside);
	else if (status->st_uid != 0)
		note_untrusted(map, path, _("it does not belong to root"),
			arena_printf(arena, "chown root: %s", word));
	else
		return true;
	return false;
}

static bool look_at_parts(struct map_check *map)
{
	bool there = true;

	for (size_t i = 0; i < MAP_PARTS; i++) {
		struct stat status;

		if (!map->paths[i])
			continue;
		switch (check_look(map->check, DENIED, map->paths[i], &status)) {
		case LOOKUP_FAILED:
			return false;
		case LOOKUP_NOT_FOUND:
			check_find(map->check, FINDING_ERROR, "postfix.map-missing",
				_("the map file %s is missing"), map->paths[i]);
			check_cure_by(map->check, "sync");
			there = false;
			break;
		case LOOKUP_FOUND:
			there &= judge_part(map, map->paths[i], &status);
			break;
		}
	}
	return there;
}

static bool open_files(struct map_check *map)
{
	struct consistency_check *check = map->check;
	struct error failure;

	if (map_sync_file_open(&map->file, &check->settings->sync, map->type, check->arena,
		    &failure))
		return true;
	check_failed(check, "postfix.map-directory", &failure);
	return false;
}

static void cure_modes(struct map_check *map)
{
	struct consistency_check *check = map->check;
	struct strbuf cure cleanup_strbuf = STRBUF_INIT;

	for (size_t i = 0; i < MAP_PARTS; i++) {
		const char *word = map->paths[i] ? check_word(check, map->paths[i]) : NULL;

		if (!word)
			continue;
		strbuf_printf(&cure, "%schown root:%s %s && chmod %04o %s",
			cure.length > 0 ? " && " : "",
			check_word(check, check->settings->sync.group), word,
			(unsigned)map->file.mode, word);
	}
	check_cure(check, "%s", strbuf_text(&cure));
}

static void show_mode(struct consistency_check *check, const struct stat *status)
{
	const char *owner = status->st_uid == 0 ? "root"
						: arena_printf(check->arena, "%u", status->st_uid);

	check_evidence(check, "%04o %s:%s", (unsigned)status->st_mode & 07777, owner,
		check_group_name(check, status->st_gid));
}

bool check_map_readable(struct consistency_check *check, const char *path,
	const struct stat *status)
{
	if (!(status->st_mode & S_IROTH))
		return false;
	check_find(check, FINDING_WARNING, "postfix.map-world-readable",
		_("everybody may read %s, and lock it so that Postfix waits"), path);
	show_mode(check, status);
	return true;
}

static bool mode_differs(struct map_check *map, const char *path, const struct stat *status)
{
	if ((status->st_mode & 07777) == map->file.mode && status->st_gid == map->file.group)
		return false;
	check_find(map->check, FINDING_WARNING, "postfix.map-mode",
		_("%s has not the mode and group of the configuration"), path);
	show_mode(map->check, status);
	return true;
}

static void look_at_modes(struct map_check *map)
{
	for (size_t i = 0; i < MAP_PARTS; i++) {
		const struct map_part_file *part = &map->file.parts[i];

		if (part->fd >= 0 &&
			(check_map_readable(map->check, map->paths[i], &part->status) ||
				mode_differs(map, map->paths[i], &part->status)))
			cure_modes(map);
	}
}

bool check_index_older(struct consistency_check *check, const char *path, const struct stat *index,
	const struct stat *text)
{
	if (index->st_mtim.tv_sec >= text->st_mtim.tv_sec)
		return false;
	check_find(check, FINDING_WARNING, "postfix.index-older",
		_("%s is older than its text: Postfix complains in its log"), path);
	check_evidence(check, "%jd < %jd", (intmax_t)index->st_mtim.tv_sec,
		(intmax_t)text->st_mtim.tv_sec);
	return true;
}

static void look_at_times(struct map_check *map)
{
	const struct map_part_file *index = &map->file.parts[MAP_INDEX];
	const struct map_part_file *text = &map->file.parts[MAP_TEXT];

	if (index->fd < 0 || text->fd < 0 ||
		!check_index_older(map->check, map->paths[MAP_INDEX], &index->status,
			&text->status))
		return;
	check_cure(map->check, "touch %s", check_word(map->check, map->paths[MAP_INDEX]));
}

static void look_at_strays(struct map_check *map)
{
	struct string_list strays = STRING_LIST_INIT;

	map_sync_file_strays(&map->file, map->check->arena, &strays);
	for (size_t i = 0; i < strays.count; i++) {
		const char *path = arena_printf(map->check->arena, "%s/%s",
			map->file.directory_path, strays.items[i]);

		check_find(map->check, FINDING_INFO, "postfix.stray-index",
			_("%s is an index that is no longer written"), path);
		check_cure(map->check, "rm %s", check_word(map->check, path));
	}
}

/* ---------------------------------------------------------------- what the last sync remembers */

static bool read_state(struct map_check *map, int home)
{
	struct consistency_check *check = map->check;
	struct error failure;

	switch (map_sync_state_read(home, MAP_SYNC_STATE_NAME, check->arena, &map->state,
		&failure)) {
	case LOOKUP_FOUND:
		map->known = true;
		return true;
	case LOOKUP_NOT_FOUND:
		check_find(check, FINDING_WARNING, "postfix.never-synced",
			_("no sync of the map is on record"));
		break;
	case LOOKUP_FAILED:
		check_find(check, FINDING_WARNING, "postfix.sync-state",
			_("the record of the last sync cannot be read"));
		check_evidence(check, "%s", failure.what);
		break;
	}
	check_cure_by(check, "sync");
	return false;
}

static void look_at_foreign(struct map_check *map, int home)
{
	struct consistency_check *check = map->check;
	const char *path =
		arena_printf(check->arena, "%s/sync/foreign", check->request->state_directory);
	int fd cleanup_close =
		openat(home, "foreign", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct string_list names = STRING_LIST_INIT;
	struct error ignored;

	if (fd < 0 || !directory_list(fd, FOREIGN_MAX, check->arena, &names, &ignored) ||
		names.count == 0)
		return;
	check_find(check, FINDING_INFO, "postfix.foreign-edits",
		_("%zu files that somebody else had made of the map are kept in %s"), names.count,
		path);
	check_evidence(check, "%s", names.items[names.count - 1]);
	check_cure(check, "rm -r %s", check_word(check, path));
	check_advice(check, _("look at them first"));
}

/* Also what a crash between the two renames leaves. */
static bool look_at_drift(struct map_check *map)
{
	const struct map_part_file *parts = map->file.parts;
	bool text = strcmp(parts[MAP_TEXT].digest, map->state.text) != 0;
	bool index = strcmp(parts[MAP_INDEX].digest, map->state.index) != 0;

	if (!text && !index)
		return true;
	check_find(map->check, FINDING_ERROR, "postfix.map-drift",
		_("the map is not what the last sync installed"));
	check_evidence(map->check, "%s%s%s", text ? map->paths[MAP_TEXT] : "",
		text && index ? ", " : "",
		index ? map->paths[MAP_INDEX] ? map->paths[MAP_INDEX] : "" : "");
	check_cure_by(map->check, "sync");
	return false;
}

static bool note_outdated(struct map_check *map, const char *evidence)
{
	check_find(map->check, FINDING_WARNING, "postfix.map-out-of-date",
		_("the map is older than what was decided"));
	check_evidence(map->check, "%s", evidence);
	check_cure_by(map->check, "sync");
	return false;
}

static bool is_current(struct map_check *map, const struct alias_store *store)
{
	struct consistency_check *check = map->check;
	char config[DIGEST_HEX_LENGTH + 1];

	map_sync_config_digest(check->settings, map->type->name, config);
	if (strcmp(map->state.path, check->settings->sync.path) != 0 ||
		strcmp(map->state.type, map->type->name) != 0 ||
		strcmp(map->state.config, config) != 0)
		return note_outdated(map, _("the configuration changed"));
	if (store->generation != map->state.generation)
		return note_outdated(map,
			arena_printf(check->arena, _("live is generation %jd, the store has %jd"),
				(intmax_t)map->state.generation, (intmax_t)store->generation));
	if (strcmp(store->digest, map->state.store_digest) != 0)
		return note_outdated(map, _("the store was replaced"));
	return true;
}

static void look_at_answers(struct map_check *map)
{
	struct consistency_check *check = map->check;
	const char *state = arena_printf(check->arena, "%s/sync/%s",
		check->request->state_directory, MAP_SYNC_STATE_NAME);
	const char *cure =
		arena_printf(check->arena, "rm %s && %s", check_word(check, state),
			check_command(check, "sync"));
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct error ignored; /* a store that cannot be opened is a finding of its own section */

	if (!alias_store_open(&store, check->request->state_directory, ALIAS_STORE_READ,
		    &ignored) ||
		!is_current(map, &store))
		return;
	check_map_answers(check, map->instance, map->type, &store, cure);
}

static void look_at_record(struct map_check *map)
{
	struct consistency_check *check = map->check;
	const char *path = arena_printf(check->arena, "%s/sync", check->request->state_directory);
	int home cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct error failure;

	if (home < 0) {
		check_denied(check, DENIED, path);
		check_evidence(check, "%s", strerror(errno));
		return;
	}
	look_at_foreign(map, home);
	if (!read_state(map, home))
		return;
	if (map->state.reload_owed) {
		check_find(check, FINDING_WARNING, "postfix.reload-owed",
			_("the map is newer than what Postfix uses: a reload failed"));
		check_cure_by(check, "sync");
	}
	if (!map_sync_file_digest(&map->file, &failure)) {
		check_failed(check, "postfix.map-drift", &failure);
		return;
	}
	if (look_at_drift(map) && !check->request->tables_unasked)
		look_at_answers(map);
}

void check_map(struct consistency_check *check, const struct postfix_instance *instance,
	const struct map_type *type)
{
	const char *path = check->settings->sync.path;
	struct map_check map cleanup_map_check = {
		.check = check,
		.instance = instance,
		.type = type,
		.paths = {path, *type->suffix
					? arena_printf(check->arena, "%s%s", path, type->suffix)
					: NULL},
		.file = MAP_SYNC_FILE_INIT,
	};

	if (!look_at_parts(&map) || !open_files(&map))
		return;
	look_at_modes(&map);
	look_at_times(&map);
	look_at_strays(&map);
	look_at_record(&map);
}
