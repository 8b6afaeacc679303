/*
 * What every command of postigo(1) works with: the settings, the calling account, its published
 * state.
 *
 * session_begin() always comes first; it needs no file to be there. session_settle() fails when the
 * server is not set up, or the caller is nobody who could have an alias.
 */
#ifndef POSTIGO_MEMBER_SESSION_H
#define POSTIGO_MEMBER_SESSION_H

#include "base/arena.h"
#include "base/error.h"
#include "cli/output.h"
#include "format/settings.h"
#include "format/status_file.h"
#include "system/account.h"

#include <stdbool.h>

struct session {
	struct arena *arena;
	struct output *output;
	struct settings settings;
	bool configured;      /* settings are valid */
	struct error refusal; /* why they are not */
	struct account account;
	const char *alias; /* the address that is the caller's, or would be */
	int64_t now;
};

/* Reads the server's configuration, or only `file` when it is not NULL. A fault is kept for
 * session_settle(). */
void session_begin(struct session *session, const char *file);

/*
 * Finds out who is calling. Fails with config (no valid configuration), permission (root, or no
 * account) or temporary.
 */
must_check bool session_settle(struct session *session, struct error *err);

/* Fails with permission, rule_violation (a reserved name), config or temporary unless the caller
 * may have an alias. */
must_check bool session_require_member(const struct session *session, struct error *err);

/*
 * Reads the caller's published state. Not found = nothing was ever decided; then *ret_status says
 * "none". Fails with permission, filesystem or database.
 */
must_check enum lookup_result session_read_status(const struct session *session,
	struct status_file *ret_status, struct error *err);

/* Whether the mail server answers by the state of `generation` already. */
bool session_generation_is_live(const struct session *session, int64_t generation);

/* Whether `status` holds an alias: active, paused or suspended. */
bool session_has_alias(const struct status_file *status);

#endif
