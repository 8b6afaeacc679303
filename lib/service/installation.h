/*
 * What `make install` leaves to be done: groups, the daemons' user, directories with their modes, the helper's setgid bit, a first configuration, an empty store.
 * Every act is found by looking at what is there, so a second run does nothing.
 */
#ifndef POSTIGO_SERVICE_INSTALLATION_H
#define POSTIGO_SERVICE_INSTALLATION_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

#define GROUP_QUEUE "postigo-drop"
#define GROUP_DAEMONS "postigo"
#define GROUP_ADMINS "postigo-admin"

struct installation_request {
	const char *state_directory;
	const char *config_directory;
	const char *config_file; /* stands for the directory's, which is left alone; NULL = the directory's, made when absent */
	const char *helper;
	const char *domain; /* for a first configuration; NULL = there must be one */
	bool dry_run;
};

/* Called for each act before it is done: "make directory /var/lib/postigo/queue/new 1730 root:postigo-drop". */
typedef void installation_report(void *context, const char *act);

/*
 * Brings the installation into order and reports each act. Stops at the first failure; what was done stays and a later run goes on from there.
 * Fails with config (unsuitable file system, queue group has members, no domain known), mta_command never, filesystem, permission.
 */
must_check bool installation_set_up(const struct installation_request *request, installation_report *report,
	void *context, size_t *ret_acts, struct error *err);

#endif
