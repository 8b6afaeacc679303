#include "postigo_alias_state.h"

#include "base/message.h"
#include "cli/prompt.h"
#include "postigo_helper.h"
#include "postigo_request.h"
#include "postigo_status.h"

#include <stdio.h>
#include <string.h>

static bool require_alias(const struct session *session, struct member_state *ret_state, struct error *err)
{
	if (!member_state_read(session, ret_state, err))
		return false;
	if (session_has_alias(&ret_state->published))
		return true;
	error_set(err, ERROR_NOT_FOUND, _("you have no alias"));
	return error_fix(err, _("withdraw a request that waits with: postigo cancel"));
}

/* Files the wish. Another one that waits gives way: the last word counts. */
static bool submit(const struct session *session, const struct member_state *state, enum request_op op,
	struct error *err)
{
	struct request_record record = {.op = op};
	bool replace = state->change_pending && state->change.op != op;

	request_set_author(session, &record);
	return helper_submit(&record, replace, session->arena, err);
}

/* ---------------------------------------------------------------- pause, resume */

struct alias_switch {
	enum request_op op;
	const char *reached;	/* the state in which there is nothing to do */
	const char *done_text;	/* N_() */
	const char *coming_text; /* it waits already */
	const char *sent_text;
};

static const struct alias_switch pausing = {
	.op = REQUEST_PAUSE,
	.reached = "paused",
	.done_text = N_("Nothing to do: your alias is already paused."),
	.coming_text = N_("Nothing to do: your alias is about to be paused."),
	.sent_text = N_("Your alias will be paused within minutes; mail to it is refused then."),
};

static const struct alias_switch resuming = {
	.op = REQUEST_RESUME,
	.reached = "active",
	.done_text = N_("Nothing to do: your alias is not paused."),
	.coming_text = N_("Nothing to do: your alias is about to be resumed."),
	.sent_text = N_("Your alias will work again within minutes."),
};

/* Only an administrator ends what an administrator began. */
static bool refuse_suspended(const struct member_state *state, struct error *err)
{
	if (strcmp(state->published.state, "suspended") != 0)
		return true;
	error_set(err, ERROR_RULE, _("your alias is suspended"));
	error_why(err, _("an administrator switched it off"));
	return error_fix(err, _("ask an administrator to switch it on again"));
}

static int say_result(const struct session *session, const char *text, bool changed)
{
	output_say(session->output, "%s", _(text));
	if (changed)
		output_say(session->output, _("  Until then it can be taken back: postigo cancel"));
	return member_state_report(session, changed);
}

static int turn(struct session *session, const struct alias_switch *wish)
{
	struct member_state state;
	struct error err;

	if (!session_settle(session, &err) || !require_alias(session, &state, &err) ||
		!refuse_suspended(&state, &err))
		return output_error(session->output, &err);
	if (!state.change_pending && strcmp(state.published.state, wish->reached) == 0)
		return say_result(session, wish->done_text, false);
	if (state.change_pending && state.change.op == wish->op)
		return say_result(session, wish->coming_text, false);
	if (!submit(session, &state, wish->op, &err))
		return output_error(session->output, &err);
	return say_result(session, wish->sent_text, true);
}

int run_pause(void *context, const struct command_line *line)
{
	(void)line;
	return turn(context, &pausing);
}

int run_resume(void *context, const struct command_line *line)
{
	(void)line;
	return turn(context, &resuming);
}

/* ---------------------------------------------------------------- confirm */

static bool check_token(const char *token, struct error *err)
{
	if (request_token_is_valid(token))
		return true;
	error_set(err, ERROR_USAGE, _("that is no token"));
	error_why(err, _("a token has %d digits, of 0 to 9 and a to f"), REQUEST_TOKEN_LENGTH);
	error_field(err, "token");
	return error_fix(err, _("copy it from the message that went to the destination"));
}

/* Another wish that waits must not be lost over it: pausing is done within minutes. */
static bool require_free_slot(const struct member_state *state, struct error *err)
{
	if (!state->alias_pending) {
		error_set(err, ERROR_NOTHING_PENDING, _("no request of yours is pending"));
		return error_fix(err, "postigo status");
	}
	if (!state->change_pending || state->change.op == REQUEST_CONFIRM)
		return true;
	error_set(err, ERROR_ALREADY_EXISTS, _("another change of yours is on its way"));
	error_why(err, _("one can wait at a time"));
	return error_fix(err, _("try again in a few minutes, or take it back: postigo cancel"));
}

static bool hand_in(const struct session *session, const char *token, const struct member_state *state,
	struct error *err)
{
	struct request_record record = {.op = REQUEST_CONFIRM};

	request_set_author(session, &record);
	(void)snprintf(record.token, sizeof(record.token), "%s", token);
	return helper_submit(&record, state->change_pending, session->arena, err);
}

int run_confirm(void *context, const struct command_line *line)
{
	struct session *session = context;
	const char *token = line->operands.items[0];
	struct member_state state;
	struct error err;

	if (!check_token(token, &err) || !session_settle(session, &err) || !member_state_read(session, &state, &err) ||
		!require_free_slot(&state, &err) || !hand_in(session, token, &state, &err))
		return output_error(session->output, &err);
	output_say(session->output, _("The token is on its way; what became of it: postigo status"));
	return member_state_report(session, true);
}

/* ---------------------------------------------------------------- remove */

static bool confirm_removal(const struct session *session, const struct command_line *line,
	struct error *err)
{
	const char *question = arena_printf(session->arena,
		_("Mail to %s will be refused from then on. Give it up?"), session->alias);
	bool yes = line->globals.yes;

	if (yes)
		return true;
	if (!prompt_is_possible()) {
		error_set(err, ERROR_USAGE, _("there is no terminal to ask on"));
		return error_fix(err, "postigo remove --yes");
	}
	if (!prompt_yes(question, &yes, err))
		return false;
	if (yes)
		return true;
	error_set(err, ERROR_ANSWERED_NO, _("nothing was changed"));
	return error_why(err, _("the answer was no"));
}

int run_remove(void *context, const struct command_line *line)
{
	struct session *session = context;
	struct member_state state;
	struct error err;

	if (!session_settle(session, &err) || !require_alias(session, &state, &err) ||
		!confirm_removal(session, line, &err) || !submit(session, &state, REQUEST_REMOVE, &err))
		return output_error(session->output, &err);
	output_say(session->output, _("Your alias %s will be removed within minutes."),
		session->alias);
	output_say(session->output, _("  Until then it can be taken back: postigo cancel"));
	return member_state_report(session, true);
}
