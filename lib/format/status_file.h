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

struct status_file {
	uint32_t uid;
	const char *username;
	const char *alias;
	const char *state; /* active, suspended, paused, none */
	struct string_list destinations; /* empty for none */
	int64_t since;	   /* of that state; 0 for none */
	int64_t expires;   /* 0 = never */
	int64_t generation; /* of the store when this became true: live once live.json has it or a higher one */
	const char *decision;	 /* approved, rejected, revoked, removed … ; "" = none yet */
	const char *decision_id; /* request id or "" */
	int64_t decided;
	const char *reason;	/* for the member; "" = none */
	int64_t cooldown_until; /* 0 = may ask now */
};

struct live_status {
	int64_t generation;
	int64_t installed; /* seconds since the epoch */
};

/* Parses a status file. Fails with database. */
must_check bool status_file_parse(const char *text, size_t length, struct arena *arena, struct status_file *ret_status,
	struct error *err);

/* Adds the file's text with a final newline. */
void status_file_print(const struct status_file *status, struct strbuf *buffer);

/* Parses live.json. Fails with database. */
must_check bool live_status_parse(const char *text, size_t length, struct live_status *ret_live, struct error *err);

/* Adds live.json's text with a final newline. */
void live_status_print(const struct live_status *live, struct strbuf *buffer);

#endif
