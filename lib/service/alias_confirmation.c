#include "service/alias_confirmation.h"

#include "base/message.h"
#include "format/digest.h"
#include "system/process.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define SENDMAIL_TIMEOUT_MS 30000
#define OUTPUT_LIMIT 4096

enum lookup_result alias_confirmation_find(const struct alias_context *context, uint32_t uid, const char *id,
	struct arena *arena, struct confirmation *ret_confirmation, struct error *err)
{
	struct confirmation confirmation;
	enum lookup_result found = confirmation_read(context->state_directory, uid, arena, &confirmation, err);

	if (found != LOOKUP_FOUND)
		return found;
	if (strcmp(confirmation.request_id, id) != 0)
		return LOOKUP_NOT_FOUND;
	*ret_confirmation = confirmation;
	return LOOKUP_FOUND;
}

bool alias_confirmation_is_complete(const struct confirmation *confirmation)
{
	for (size_t i = 0; i < confirmation->count; i++) {
		if (!confirmation->items[i].confirmed)
			return false;
	}
	return true;
}

/* A destination that the alias has already was approved, and confirmed if that was demanded then. */
static bool is_new(const struct alias_request *request, const char *destination)
{
	for (size_t i = 0; request->present && i < request->present->destinations.count; i++) {
		if (email_address_equal(request->present->destinations.items[i], destination))
			return false;
	}
	return true;
}

bool alias_confirmation_is_needed(const struct alias_context *context, const struct alias_request *request)
{
	const struct request_record *record = &request->queued.record;

	if (!context->settings->policy.confirm_destination || record->op != REQUEST_SET)
		return false;
	for (size_t i = 0; i < record->destination_count; i++) {
		if (is_new(request, record->destinations[i]))
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- begin */

static bool make_token(char ret_token[REQUEST_TOKEN_LENGTH + 1], struct error *err)
{
	unsigned char random[REQUEST_TOKEN_LENGTH / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set_errno(err, ERROR_TEMPORARY, errno, _("the kernel gives no random bytes"));
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(ret_token + 2 * i, 3, "%02x", random[i]);
	return true;
}

static bool is_confirmed(const struct confirmation *confirmation, const char *destination)
{
	for (size_t i = 0; i < confirmation->count; i++) {
		if (confirmation->items[i].confirmed && email_address_equal(confirmation->items[i].destination, destination))
			return true;
	}
	return false;
}

static const char *digest_of(const char *token, struct arena *arena)
{
	char digest[DIGEST_HEX_LENGTH + 1];

	digest_bytes(token, strlen(token), digest);
	return arena_strdup(arena, digest);
}

static bool await(const char *destination, bool confirmed, struct confirmation *confirmation,
	struct confirmation_letters *letters, struct arena *arena, struct error *err)
{
	struct confirmation_letter letter = {.token = ""};

	if (!make_token(letter.token, err))
		return false;
	confirmation->items[confirmation->count++] = (struct confirmation_item){
		.destination = destination,
		.token_digest = digest_of(letter.token, arena),
		.confirmed = confirmed,
	};
	(void)snprintf(letter.destination, sizeof(letter.destination), "%s", destination);
	if (!confirmed)
		letters->items[letters->count++] = letter;
	return true;
}

bool alias_confirmation_begin(const struct alias_context *context, const struct alias_request *request,
	struct confirmation_letters *ret_letters, struct error *err)
{
	const struct request_record *record = &request->queued.record;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct confirmation_letters letters = {.count = 0};
	struct confirmation before = {.count = 0};
	struct confirmation confirmation = {
		.uid = record->uid,
		.request_id = request->queued.id,
		.approved_by = context->actor->login,
		.expires = context->now + context->settings->policy.confirm_ttl,
	};

	if (alias_confirmation_find(context, record->uid, request->queued.id, &arena, &before, err) == LOOKUP_FAILED)
		return false;
	for (size_t i = 0; i < record->destination_count; i++) {
		const char *destination = record->destinations[i];

		if (is_new(request, destination) &&
			!await(destination, is_confirmed(&before, destination), &confirmation, &letters, &arena, err))
			return false;
	}
	if (!confirmation_write(context->state_directory, &confirmation, err))
		return false;
	*ret_letters = letters;
	return true;
}

/* ---------------------------------------------------------------- tokens */

bool alias_confirmation_judge(const struct alias_context *context, const struct request_record *record,
	struct arena *arena, struct token_judgement *ret_judgement, struct error *err)
{
	struct token_judgement judgement = {.verdict = TOKEN_WRONG};
	struct confirmation *confirmation = &judgement.confirmation;
	const char *digest = digest_of(record->token, arena);

	if (confirmation_read(context->state_directory, record->uid, arena, confirmation, err) == LOOKUP_FAILED)
		return false;
	for (size_t i = 0; i < confirmation->count; i++) {
		struct confirmation_item *item = &confirmation->items[i];

		if (strcmp(item->token_digest, digest) != 0)
			continue;
		judgement.verdict = item->confirmed || context->now <= confirmation->expires ? TOKEN_GOOD : TOKEN_EXPIRED;
		item->confirmed = judgement.verdict == TOKEN_GOOD;
	}
	*ret_judgement = judgement;
	return true;
}

const char *token_verdict_reason(enum token_verdict verdict)
{
	switch (verdict) {
	case TOKEN_GOOD:
		return "";
	case TOKEN_WRONG:
		return "wrong token";
	case TOKEN_EXPIRED:
		return "token expired";
	}
	return "";
}

/* ---------------------------------------------------------------- mail */

/* Nobody but the destination reads this, and nobody who did not ask can do harm by ignoring it. The subject needs no translation. */
static const char *letter_text(const char *domain, const char *alias, const struct confirmation_letter *letter,
	struct arena *arena)
{
	const char *body = arena_printf(arena,
		_("Mail to %s shall be forwarded to this address.\n\nIf you asked for that, confirm it on the server:\n\n"
		  "    postigo confirm %s\n\nIf you did not, do nothing: then nothing happens.\n"),
		alias, letter->token);

	return arena_printf(arena,
		"From: postmaster@%s\nTo: %s\nSubject: %s -> %s\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"
		"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s",
		domain, letter->destination, alias, letter->destination, body);
}

/* With the empty sender: what cannot be delivered comes back to nobody, and no answering machine answers. */
static bool mail_letter(const struct alias_context *context, const char *alias, const struct confirmation_letter *letter,
	struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *const argv[] = {context->settings->policy.sendmail, "-i", "-f", "<>", "--", letter->destination, NULL};
	const struct process_request request = {
		.argv = argv,
		.timeout_ms = SENDMAIL_TIMEOUT_MS,
		.output_limit = OUTPUT_LIMIT,
		.input = letter_text(context->settings->domain, alias, letter, &arena),
	};
	struct process_result result = {0};

	if (!process_run(&request, &arena, &result, err))
		return false;
	if (process_succeeded(&result))
		return true;
	error_set(err, ERROR_MTA_COMMAND, _("the token for %s could not be mailed"), letter->destination);
	error_why(err, "%s: %s %s", argv[0], process_describe(&request, &result, &arena), result.errors);
	return error_fix(err, _("approve the request again: that mails a new token"));
}

bool alias_confirmation_mail(const struct alias_context *context, const char *alias,
	const struct confirmation_letters *letters, struct error *err)
{
	if (letters->count > 0 && !trusted_program_check(context->settings->policy.sendmail, err))
		return false;
	for (size_t i = 0; i < letters->count; i++) {
		if (!mail_letter(context, alias, &letters->items[i], err))
			return false;
	}
	return true;
}
