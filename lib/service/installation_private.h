/* What the parts of service/installation share, and what service/check_installation must know of it; nobody
 * else includes it. */
#ifndef POSTIGO_SERVICE_INSTALLATION_PRIVATE_H
#define POSTIGO_SERVICE_INSTALLATION_PRIVATE_H

#include "format/settings.h"
#include "service/installation.h"

#include <sys/types.h>

#define GROUP_UNKNOWN ((gid_t)-1) /* not made yet: only in a dry run */
#define HELPER_MODE 02755U
#define STATE_MODE 0711 /* of the state directory itself */

/* A directory below the state directory as it has to be. */
struct tree_entry {
	const char *path; /* below the state directory */
	mode_t mode;
	const char *group;
};

struct installation {
	const struct installation_request *request;
	installation_report *report;
	void *context;
	size_t acts;
	struct arena *arena;
	struct settings settings;
};

/* A directory as it has to be; it belongs to root. */
struct directory_plan {
	const char *name; /* its last component */
	const char *path; /* as it is shown */
	mode_t mode;
	const char *group;
	gid_t gid;
};

/* Reports an act that is about to be done. */
void installation_act(struct installation *installation, const char *format, ...) printf_like(2, 3);

/* Reads the configuration, or writes the first one. Fills .settings. Fails with config or
 * filesystem. */
must_check bool installation_configure(struct installation *installation, struct error *err);

/* Refuses a queue group that is not empty, then makes the groups and the daemons' user. Fails with
 * config or temporary. */
must_check bool installation_make_accounts(struct installation *installation, struct error *err);

/* The gid of a group of ours, or GROUP_UNKNOWN. Fails with temporary. */
must_check bool installation_group(const char *name, gid_t *ret_gid, struct error *err);

/*
 * Makes or corrects one directory below the open `parent` (-1 = not made yet, in a dry run).
 * `ret_fd` becomes its descriptor, or -1. Fails with config (a symbolic link or no directory) or
 * filesystem.
 */
must_check bool installation_directory(struct installation *installation, int parent,
	const struct directory_plan *plan, int *ret_fd, struct error *err);

/* Opens the directory in which `path` stands; `ret_name` is the last component, inside `path`. */
must_check bool installation_open_parent(struct installation *installation, const char *path,
	int *ret_fd, const char **ret_name, struct error *err);

/* All directories below the state directory, parents before children. Static. */
const struct tree_entry *installation_tree(size_t *ret_count);

/* The name of a type of file system (statfs) on which the queue cannot be, NULL for any other. Static. */
const char *installation_unsuitable_type(unsigned long type);

/* Makes everything below the state directory. Fails with config (unsuitable file system …) or
 * filesystem. */
must_check bool installation_make_directories(struct installation *installation, struct error *err);

#endif
