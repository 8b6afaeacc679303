/*
 * Approvals that wait until the destinations are confirmed: STATE/work/confirm/<uid>.json, root's alone, one a member.
 *
 * A token is known here by its digest only: whoever reads the file cannot confirm with it.
 */
#ifndef POSTIGO_STORAGE_CONFIRMATION_H
#define POSTIGO_STORAGE_CONFIRMATION_H

#include "base/arena.h"
#include "base/error.h"
#include "format/request_record.h"

#include <stdbool.h>
#include <stdint.h>

struct confirmation_item {
	const char *destination;
	const char *token_digest; /* SHA-256, hex */
	bool confirmed;
};

struct confirmation {
	uint32_t uid;
	const char *request_id; /* names the request and its content: another one is another id */
	const char *approved_by;
	int64_t expires; /* seconds since the epoch, for what is not confirmed yet */
	struct confirmation_item items[REQUEST_DESTINATIONS_MAX];
	size_t count;
};

/* Reads what is awaited of a member. Found, not found (also what is not understood: approving again makes a new one), or failed: config, filesystem. */
must_check enum lookup_result confirmation_read(const char *state_directory, uint32_t uid, struct arena *arena,
	struct confirmation *ret_confirmation, struct error *err);

/* Replaces what is awaited of the member, durably. Fails with config or filesystem. Call with the store locked. */
must_check bool confirmation_write(const char *state_directory, const struct confirmation *confirmation,
	struct error *err);

/* Forgets what is awaited of a member, if anything is. Fails with config or filesystem. Call with the store locked. */
must_check bool confirmation_remove(const char *state_directory, uint32_t uid, struct error *err);

#endif
