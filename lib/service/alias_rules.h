/*
 * The rules of a request for what no member asked for: an alias that an administrator adds, changes
 * or imports is examined as if its member had filed it.
 *
 * One rule, one function: this is alias_request_examine() on a request that was never in the queue.
 * How often a member may ask is left out.
 */
#ifndef POSTIGO_SERVICE_ALIAS_RULES_H
#define POSTIGO_SERVICE_ALIAS_RULES_H

#include "service/alias_request.h"

/* Finds the account that an alias is for. Fails with not_found, or temporary. */
must_check bool alias_rules_account(const struct alias_context *context, const char *username,
	struct arena *arena, struct account *ret_account, struct error *err);

/*
 * Whether `wanted` (uid, username, destinations, keep_copy) may stand in the store. Destinations
 * may be hostile. Fails with rule_violation (err.field names "destination" when one of them is at
 * fault), temporary, config, database.
 */
must_check bool alias_rules_check(const struct alias_context *context,
	const struct alias_store *store, const struct alias_entry *wanted, struct arena *arena,
	struct error *err);

/* Copies destinations that have passed in their one syntax, so that equal mailboxes are equal
 * bytes. */
void alias_rules_canonical(const struct string_list *from, struct arena *arena,
	struct string_list *ret_list);

#endif
