/*
 * Double opt-in (policy.confirm_destination): an approved destination becomes live when the member proves to read what arrives there.
 *
 * Approving a request whose destinations are new mails a token to each of them and leaves the request where it is; what is live stays live. The member hands
 * each token back with "postigo confirm", which needs nobody's approval; when none is missing the request is granted in the name of who approved it. A token is
 * good for one member, one request and policy.confirm_ttl. Nothing is mailed before an administrator saw the address: no member can make the server write to
 * strangers.
 */
#ifndef POSTIGO_SERVICE_ALIAS_CONFIRMATION_H
#define POSTIGO_SERVICE_ALIAS_CONFIRMATION_H

#include "service/alias_request.h"
#include "storage/confirmation.h"

/* Tokens on their way: kept in memory only. */
struct confirmation_letter {
	char destination[EMAIL_ADDRESS_MAX + 1];
	char token[REQUEST_TOKEN_LENGTH + 1];
};

struct confirmation_letters {
	struct confirmation_letter items[REQUEST_DESTINATIONS_MAX];
	size_t count;
};

/* What a token is worth. */
enum token_verdict {
	TOKEN_GOOD,
	TOKEN_WRONG, /* also: of another member, or of a request that was replaced */
	TOKEN_EXPIRED,
};

/* Reads the confirmation that is awaited for the request `id` of `uid`, complete or not. Fails as confirmation_read(). */
must_check enum lookup_result alias_confirmation_find(const struct alias_context *context, uint32_t uid, const char *id,
	struct arena *arena, struct confirmation *ret_confirmation, struct error *err);

/* Whether no token is missing any more. */
bool alias_confirmation_is_complete(const struct confirmation *confirmation);

/* Whether granting the request needs a confirmation first: it is demanded here, and a destination is new. */
bool alias_confirmation_is_needed(const struct alias_context *context, const struct alias_request *request);

/*
 * Begins to await the new destinations of a request: makes tokens, records their digests. What is confirmed already stays so; older tokens are void.
 * Call with the store locked. Fails as confirmation_write().
 */
must_check bool alias_confirmation_begin(const struct alias_context *context, const struct alias_request *request,
	struct confirmation_letters *ret_letters, struct error *err);

struct token_judgement {
	enum token_verdict verdict;
	struct confirmation confirmation; /* of a good token: what it belongs to, with its destination confirmed */
};

/* Judges the token of a request of op confirm. Fails as confirmation_read(). */
must_check bool alias_confirmation_judge(const struct alias_context *context, const struct request_record *record,
	struct arena *arena, struct token_judgement *ret_judgement, struct error *err);

/* Why a token is worth nothing, for the member and the journal: a constant; "" for a good one. */
const char *token_verdict_reason(enum token_verdict verdict);

/* Mails the tokens, each to its destination. Fails with config (the command cannot be trusted), mta_command, or temporary. */
must_check bool alias_confirmation_mail(const struct alias_context *context, const char *alias,
	const struct confirmation_letters *letters, struct error *err);

#endif
