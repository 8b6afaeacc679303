/*
 * Who runs this program: for the journal and for permission checks.
 *
 * The login uid comes from the kernel (/proc/self/loginuid, set at login, kept through sudo);
 * sudo's and doas's variables are recorded as claims only.
 */
#ifndef POSTIGO_SYSTEM_IDENTITY_H
#define POSTIGO_SYSTEM_IDENTITY_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

struct identity {
	uid_t uid;            /* real uid */
	const char *login;    /* name of the login uid, else of sudo's or doas's claim, else of the
				 real uid; the number where no name is known */
	int64_t login_uid;    /* -1 = the kernel does not know */
	const char *claim;    /* SUDO_USER or DOAS_USER, or "" */
	const char *terminal; /* such as "/dev/pts/3", or "" */
};

/* Reads who runs this process; what cannot be known is empty. Texts live in `arena`. */
void identity_read(struct identity *ret_identity, struct arena *arena);

/* Fails with permission unless the effective uid is 0. `command` is a command of postigo-admin,
 * such as "approve". */
must_check bool identity_require_root(const char *command, struct error *err);

#endif
