/*
 * Programs of the site that are told of changes, with the arguments that PostfixAdmin gives its scripts. All are optional.
 *
 * A hook runs after COMMIT, as the configured user, in a process group of its own that is killed when the time is over; its standard input is /dev/null, but for
 * mailbox_postpassword, which reads there the old password (always empty: nobody knows it), a NUL, and the new one. What it prints goes to syslog, except from that one.
 */
#ifndef POSTIGO_SERVICE_HOOK_H
#define POSTIGO_SERVICE_HOOK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"
#include "format/settings.h"

/* What a hook is told. Texts that its point does not have are "". */
struct hook_call {
	const char *name;   /* "mailbox_postcreation" and so on: the key of section "hooks" */
	const char *username;
	const char *domain;
	const char *maildir; /* below the base, "/" at its end */
	int64_t quota_bytes;
	const struct secret *password; /* of mailbox_postpassword */
};

/* Whether a hook of this name is configured. */
bool hook_is_configured(const struct hook_settings *settings, const char *name);

/*
 * Runs a hook to its end; does nothing when none is configured. Fails with hook (not root's own program, cannot be run, exit status, no end in time; the beginning
 * of what it printed is the reason) or temporary.
 */
must_check bool hook_run(const struct hook_settings *settings, const struct hook_call *call, struct arena *arena, struct error *err);

#endif
