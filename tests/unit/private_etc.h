/* A test's own /etc, in a mount namespace of its own: for what NSS and the account list say. Needs
 * root. */
#ifndef POSTIGO_TESTS_PRIVATE_ETC_H
#define POSTIGO_TESTS_PRIVATE_ETC_H

#include "unit.h"

#include <sched.h>
#include <sys/mount.h>

/*
 * Hides /etc behind a directory that holds nsswitch.conf ("files" only), passwd and group with
 * these texts; NULL = the file is missing. Returns the directory. Call it before the first look-up
 * of the process.
 */
static inline int private_etc(const char *passwd, const char *group)
{
	char path[256];
	int directory = unit_directory("etc");

	snprintf(path, sizeof(path), "%s/etc", unit_scratch());
	unit_write_file(directory, "nsswitch.conf",
		"passwd: files\ngroup: files\ninitgroups: files\n", 0644);
	if (passwd)
		unit_write_file(directory, "passwd", passwd, 0644);
	if (group)
		unit_write_file(directory, "group", group, 0644);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount(path, "/etc", NULL, MS_BIND, NULL), 0);
	return directory;
}

#endif
