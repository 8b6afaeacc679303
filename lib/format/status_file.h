/* The status files that root publishes and members read: structs and their JSON. */
#ifndef POSTIGO_FORMAT_STATUS_FILE_H
#define POSTIGO_FORMAT_STATUS_FILE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <stdint.h>

#define STATUS_FILE_MAX 16384 /* bytes */
#define STATUS_HISTORY_MAX 20

/* One of the last decisions on a member's affairs, as the member reads it. */
struct status_decision {
	int64_t at;
	const char *outcome; /* approved, rejected, revoked, paused … */
	const char *op;      /* what was asked for: set, pause …; or the administrator's act */
	const char *id;      /* request id or "" */
	const char *reason;  /* "" = none */
	struct string_list destinations;
};

struct status_file {
	uint32_t uid;
	const char *username;
	const char *alias;
	const char *state; /* active, suspended, paused, none */
	struct string_list destinations; /* empty for none */
	bool keep_copy;	   /* the member's own mailbox gets a copy */
	int64_t since;	   /* of that state; 0 for none */
	int64_t expires;   /* 0 = never */
	int64_t generation; /* of the store when this became true: live once live.json has it or a higher one */
	const char *decision;	 /* approved, rejected, revoked, removed … ; "" = none yet */
	const char *decision_id; /* request id or "" */
	int64_t decided;
	const char *reason;	/* for the member; "" = none */
	int64_t cooldown_until; /* 0 = may ask now */
	const struct status_decision *history; /* newest first */
	size_t history_count;	/* at most STATUS_HISTORY_MAX */
};

struct live_status {
	int64_t generation;
	int64_t installed; /* seconds since the epoch */
};

/* Parses a status file. Fails with database. */
must_check bool status_file_parse(const char *text, size_t length, struct arena *arena, struct status_file *ret_status,
	struct error *err);

/* Adds the file's text with a final newline. The oldest decisions are left out where it would be longer than STATUS_FILE_MAX. */
void status_file_print(const struct status_file *status, struct strbuf *buffer);

/* Puts `decision` before the history of `status`, dropping the oldest beyond STATUS_HISTORY_MAX. One that is there already is not
 * put twice. Its texts are borrowed. */
void status_file_remember(struct status_file *status, const struct status_decision *decision, struct arena *arena);

/* How many requests for an alias were decided after `since`: for policy.max_requests_per_day. */
int64_t status_file_requests_since(const struct status_file *status, int64_t since);

/* Parses live.json. Fails with database. */
must_check bool live_status_parse(const char *text, size_t length, struct live_status *ret_live, struct error *err);

/* Adds live.json's text with a final newline. */
void live_status_print(const struct live_status *live, struct strbuf *buffer);

#endif
