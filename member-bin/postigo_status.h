/*
 * The caller's own state, put together from what root published and what waits in the queue; in the
 * one shape in which every command of postigo(1) reports it.
 */
#ifndef POSTIGO_MEMBER_STATUS_H
#define POSTIGO_MEMBER_STATUS_H

#include "cli/command.h"
#include "format/json.h"
#include "format/request_record.h"
#include "format/status_file.h"
#include "postigo_session.h"

#include <stdbool.h>

struct member_state {
	struct status_file published;
	bool decided;        /* root has published something */
	bool live;           /* and the mail server answers by it */
	bool alias_pending;  /* .request waits */
	bool change_pending; /* .change waits: remove, pause … */
	bool queue_known;    /* the queue could be asked; else .queue_fault says why not */
	struct request_record request;
	struct request_record change;
	struct error queue_fault;
};

/* Reads both sides. A queue that cannot be asked is no failure. Fails with permission, filesystem
 * or database. */
must_check bool member_state_read(const struct session *session, struct member_state *ret_state,
	struct error *err);

/* The state as the JSON object of postigo(1), with "changed" when `changed` is not NULL. The caller
 * frees it. */
struct json *member_state_json(const struct session *session, const struct member_state *state,
	const bool *changed);

/* Ends a command that wrote: with --json prints the new state and whether it changed. Returns the
 * exit code. */
int member_state_report(const struct session *session, bool changed);

/* "status". */
int run_status(void *context, const struct command_line *line);

#endif
