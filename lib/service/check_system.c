/* The machine: its clock, and room for what has to be written. */
#include "base/message.h"
#include "format/timestamp.h"
#include "service/check_stack.h"
#include "service/installation_private.h"
#include "storage/alias_store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define CLOCK_SLACK_SECONDS 60

/* The helper refuses requests below the first figures; the second leave some days to act. */
#define BYTES_NEEDED ((uintmax_t)16 << 20)
#define BYTES_WISHED ((uintmax_t)64 << 20)
#define FILES_NEEDED 1000
#define FILES_WISHED 5000
#define PERCENT_NEEDED 1

/* ---------------------------------------------------------------- the clock */

static void look_at_clock(struct consistency_check *check)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	char newest[TIMESTAMP_LENGTH + 1];
	char present[TIMESTAMP_LENGTH + 1];
	struct error failure;

	/* One that is damaged is a finding of the store. */
	if (!alias_store_open(&store, check->request->state_directory, ALIAS_STORE_READ,
		    &failure)) {
		if (failure.code == ERROR_FILESYSTEM)
			check_failed(check, "system.clock", &failure);
		return;
	}
	if (check->request->now + CLOCK_SLACK_SECONDS >= store.last.at)
		return;
	timestamp_format(store.last.at, newest);
	timestamp_format(check->request->now, present);
	check_find(check, FINDING_ERROR, "system.clock",
		_("the clock is behind the newest line of the journal"));
	check_evidence(check, _("it is %s, the journal's last line is of %s"), present, newest);
	check_advice(check, _("set the clock: timedatectl set-ntp true"));
}

/* ---------------------------------------------------------------- room */

static void look_at_bytes(struct consistency_check *check, const char *path,
	const struct statvfs *system)
{
	uintmax_t available = (uintmax_t)system->f_bavail * system->f_frsize;
	uintmax_t total = (uintmax_t)system->f_blocks * system->f_frsize;
	bool short_of = available < BYTES_NEEDED || available < total / 100 * PERCENT_NEEDED;

	if (total == 0 || (!short_of && available >= BYTES_WISHED)) /* some have no figures */
		return;
	check_find(check, short_of ? FINDING_ERROR : FINDING_WARNING, "system.disk-space",
		short_of ? _("there is no room left for %s")
			 : _("there is little room left for %s"),
		path);
	check_evidence(check, _("%ju KiB of %ju KiB are free"), available / 1024, total / 1024);
	check_advice(check, _("remove files there, or make the file system larger"));
}

static void look_at_inodes(struct consistency_check *check, const char *path,
	const struct statvfs *system)
{
	bool short_of = system->f_favail < FILES_NEEDED;

	if (system->f_files == 0 ||
		system->f_favail >= FILES_WISHED) /* XFS and Btrfs make them as needed */
		return;
	check_find(check, short_of ? FINDING_ERROR : FINDING_WARNING, "system.inodes",
		short_of ? _("no more files can be made in %s")
			 : _("few more files can be made in %s"),
		path);
	check_evidence(check, _("%ju of %ju inodes are free"), (uintmax_t)system->f_favail,
		(uintmax_t)system->f_files);
	check_advice(check, _("remove files there, or make a file system with more inodes"));
}

void check_room(struct consistency_check *check, const char *path)
{
	struct statvfs system;

	if (statvfs(path, &system) != 0) {
		if (errno == ENOENT) /* a finding of its own section */
			return;
		check_denied(check, "system.denied", path);
		check_evidence(check, "%s", strerror(errno));
		return;
	}
	look_at_bytes(check, path, &system);
	look_at_inodes(check, path, &system);
}

static const char *map_directory(const struct consistency_check *check)
{
	const char *path = check->settings->sync.path;
	const char *slash = strrchr(path, '/');

	return arena_strndup(check->arena, path, slash ? (size_t)(slash - path) : 0);
}

/* ---------------------------------------------------------------- one file system */

/* Whether `path` is where another file system begins. */
static bool is_mounted(struct consistency_check *check, const char *path)
{
	const char *above = arena_strndup(check->arena, path, (size_t)(strrchr(path, '/') - path));
	struct stat here;
	struct stat there;

	return lstat(path, &here) == 0 && lstat(above, &there) == 0 && here.st_dev != there.st_dev;
}

/* Requests are claimed, and files replaced, by renaming. */
static void look_at_devices(struct consistency_check *check)
{
	const char *state = check->request->state_directory;
	size_t count;
	const struct tree_entry *tree = installation_tree(&count);

	for (size_t i = 0; i < count; i++) {
		const char *path = arena_printf(check->arena, "%s/%s", state, tree[i].path);

		if (!is_mounted(check, path))
			continue;
		check_find(check, FINDING_ERROR, "system.file-systems",
			_("%s is on another file system than %s"), path, state);
		check_advice(check, _("keep %s in one piece: requests are taken by renaming"),
			state);
	}
}

void check_system(struct consistency_check *check)
{
	size_t first = check->report.count;

	look_at_clock(check);
	check_room(check, check->request->state_directory);
	if (check->settings && check->settings->sync.enabled)
		check_room(check, map_directory(check));
	look_at_devices(check);
	if (check_is_well(check, first))
		check_find(check, FINDING_OK, "system.room",
			_("the clock is plausible, and there is room"));
}
