/*
 * Requests as an administrator looks at them: who asks for what, and everything that speaks against it.
 *
 * Looking changes nothing and needs no lock. The checks made here are the ones that deciding makes again on the claimed file: one rule, one function.
 */
#ifndef POSTIGO_SERVICE_ALIAS_REQUEST_H
#define POSTIGO_SERVICE_ALIAS_REQUEST_H

#include "base/arena.h"
#include "base/error.h"
#include "format/settings.h"
#include "service/member.h"
#include "storage/alias_store.h"
#include "storage/request_queue.h"

/* What the services of requests and aliases share: who acts, when, under which rules. */
struct alias_context {
	const struct settings *settings;
	const char *state_directory;
	const struct identity *actor;
	int64_t now;
	struct queue_watch watch;		 /* who is told of files that are set aside, if anybody */
	const struct account_snapshot *accounts; /* where thousands are asked for; NULL = one by one */
};

struct request_check {
	const char *code;   /* stable: ineligible, idn, replaces, cooldown … */
	const char *detail; /* a clause for people; may hold text of the member: print through printable */
	enum error_code refusal; /* with which approve refuses: rule or temporary; NONE = worth knowing only */
};

/* Store and queue, open together: to look (no lock) or to decide (the store lock held). */
struct request_desk {
	struct alias_store store;
	struct request_queue queue;
};

#define REQUEST_DESK_INIT {.store = ALIAS_STORE_INIT, .queue = REQUEST_QUEUE_INIT}
#define cleanup_request_desk __attribute__((cleanup(request_desk_close)))

/* Opens both. Fails as alias_store_open() and request_queue_open(). */
must_check bool request_desk_open(struct request_desk *desk, const struct alias_context *context,
	enum alias_store_mode mode, struct error *err);

/* Closes both. */
void request_desk_close(struct request_desk *desk);

#define REQUEST_CHECKS_MAX 32

struct alias_request {
	struct queued_request queued;
	enum member_verdict verdict;
	struct account account;		   /* of the inode's owner; name NULL when absent */
	const char *alias;		   /* username@domain, or "" */
	const struct alias_entry *present; /* what is in the store under this name, or NULL */
	struct request_check checks[REQUEST_CHECKS_MAX];
	size_t check_count;
};

struct alias_request_page {
	struct alias_request *requests;
	size_t count;
	bool truncated; /* the queue holds more than REQUEST_QUEUE_SCAN_MAX names */
};

/*
 * Fills `request` around a file that was read from the queue: account, present entry, checks.
 * Fails with temporary (accounts cannot be asked), config or database.
 */
must_check bool alias_request_examine(const struct alias_context *context, const struct alias_store *store,
	const struct queued_request *queued, struct arena *arena, struct alias_request *ret_request, struct error *err);

/* Whether the account that filed the request still has the name it is for (Q12); true while accounts cannot be asked. */
bool alias_request_is_of_account(const struct alias_request *request);

/* Adds a check; `code` and `detail` are kept. One beyond REQUEST_CHECKS_MAX is dropped. */
void alias_request_add_check(struct alias_request *request, const char *code, enum error_code refusal,
	const char *detail);

/* The first check that refuses approval, or NULL. */
const struct request_check *alias_request_obstacle(const struct alias_request *request);

/*
 * Finds what waits under an id or a member's name. Found, not found (err is set too, for printing: nothing_pending, not_found for an unknown
 * name, changed for an id that has been replaced), or failed.
 */
must_check enum lookup_result alias_request_find(const struct alias_context *context, const struct request_desk *desk,
	const char *id_or_user, struct arena *arena, struct alias_request *ret_request, struct error *err);

/* All requests of the queue, oldest first, bad files with them. Fails as alias_request_examine(), or with filesystem. */
must_check bool alias_request_list(const struct alias_context *context, const struct request_desk *desk,
	struct arena *arena, struct alias_request_page *ret_page, struct error *err);

#endif
