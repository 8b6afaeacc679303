/*
 * The caller's own slot in the queue: the four things that postigo-drop can do with it.
 *
 * To be called with the queue's group as the effective one. A slot is a name in the directory, derived from the real uid
 * and the kind; no other name is ever touched.
 */
#ifndef POSTIGO_MEMBER_DROP_QUEUE_H
#define POSTIGO_MEMBER_DROP_QUEUE_H

#include "base/error.h"
#include "format/request_record.h"

#include <sys/types.h>

/* How something ended, without a text of anybody else's in it. */
struct outcome {
	enum error_code code;
	const char *text;  /* a sentence, static */
	const char *field; /* the field of a refused record, static, or NULL; then there is no text */
};

struct drop_slot {
	uid_t uid;
	gid_t queue_group;
	char name[REQUEST_NAME_MAX];
	char bytes[REQUEST_FILE_MAX + 1]; /* what goes into the queue, or comes from it */
	size_t length;
};

/* The outcome of what worked. */
struct outcome outcome_done(void);

/* The outcome of what did not. */
struct outcome outcome_stop(enum error_code code, const char *text);

/*
 * Files the slot's bytes, complete and durable, or nothing. Fails with already_exists (one is pending: untouched),
 * config (queue missing or not trustworthy), filesystem, or temporary (also: disk nearly full).
 */
struct outcome drop_queue_submit(struct drop_slot *slot);

/* The same in place of what is pending, if anything is; there is no moment without one. */
struct outcome drop_queue_replace(struct drop_slot *slot);

/* Removes what is pending. Fails with nothing_pending, config or filesystem. */
struct outcome drop_queue_withdraw(struct drop_slot *slot);

/* Reads what is pending into the slot's bytes. Fails with nothing_pending, config or filesystem. */
struct outcome drop_queue_show(struct drop_slot *slot);

#endif
