/*
 * Talking to postigo-drop, the setgid program that alone reaches the caller's slots in the queue.
 *
 * Everything the helper says is checked again here; its refusals become errors that name the cure.
 */
#ifndef POSTIGO_MEMBER_HELPER_H
#define POSTIGO_MEMBER_HELPER_H

#include "base/arena.h"
#include "base/error.h"
#include "format/request_record.h"

#include <stdbool.h>

/*
 * Files `record` in the slot of its op; `replace` puts it in the place of one that waits, if any.
 * The record must have passed request_record_validate(). Fails with already_exists (one is
 * waiting), permission (the helper cannot join its group), config, filesystem or temporary; then
 * the queue is as it was.
 */
must_check bool helper_submit(const struct request_record *record, bool replace,
	struct arena *arena, struct error *err);

/* Takes the waiting request of `kind` back. Found (withdrawn), not found (none was waiting), or
 * failed as above. */
must_check enum lookup_result helper_withdraw(enum request_kind kind, struct arena *arena,
	struct error *err);

/* Reads the waiting request of `kind`; `ret_record` may hold any text. Found, not found, or failed
 * as above. */
must_check enum lookup_result helper_show(enum request_kind kind, struct arena *arena,
	struct request_record *ret_record, struct error *err);

#endif
