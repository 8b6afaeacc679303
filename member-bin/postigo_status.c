#include "postigo_status.h"

#include "base/message.h"
#include "format/printable.h"
#include "format/timestamp.h"
#include "postigo_helper.h"

#include <string.h>

/* ---------------------------------------------------------------- reading */

static void read_queue(const struct session *session, struct member_state *state)
{
	enum lookup_result request =
		helper_show(REQUEST_ALIAS, session->arena, &state->request, &state->queue_fault);
	enum lookup_result change = LOOKUP_FAILED;

	if (request != LOOKUP_FAILED)
		change = helper_show(REQUEST_ALIAS_STATE, session->arena, &state->change,
			&state->queue_fault);
	state->alias_pending = request == LOOKUP_FOUND;
	state->change_pending = change == LOOKUP_FOUND;
	state->queue_known = change != LOOKUP_FAILED;
}

bool member_state_read(const struct session *session, struct member_state *ret_state,
	struct error *err)
{
	struct member_state state = {0};
	enum lookup_result result = session_read_status(session, &state.published, err);

	if (result == LOOKUP_FAILED)
		return false;
	state.decided = result == LOOKUP_FOUND;
	state.live =
		state.decided && session_generation_is_live(session, state.published.generation);
	read_queue(session, &state);
	*ret_state = state;
	return true;
}

/* ---------------------------------------------------------------- as JSON */

static void set_time(struct json *json, const char *key, int64_t seconds)
{
	char text[TIMESTAMP_LENGTH + 1];

	if (seconds <= 0)
		return;
	timestamp_format(seconds, text);
	json_set_text(json, key, text);
}

static void set_words(struct json *json, const char *key, const char *text)
{
	if (*text)
		json_set_text(json, key, text);
}

static struct json *new_list(const struct string_list *list)
{
	struct json *array = json_new_array();

	for (size_t i = 0; i < list->count; i++)
		json_add(array, json_new_text(list->items[i]));
	return array;
}

static struct json *new_wishes(const struct request_record *record)
{
	struct json *array = json_new_array();

	for (size_t i = 0; i < record->destination_count; i++)
		json_add(array, json_new_text(record->destinations[i]));
	return array;
}

static void set_pending(struct json *json, const char *key, const struct request_record *record)
{
	struct json *pending = json_set(json, key, json_new_object());

	json_set_text(pending, "op", request_op_name(record->op));
	if (record->op == REQUEST_SET) {
		json_set(pending, "destinations", new_wishes(record));
		json_set_boolean(pending, "keep_copy", record->keep_copy);
		set_words(pending, "note", record->note);
	}
	set_time(pending, "created_at", record->created);
}

static void set_decision(struct json *json, const struct status_file *published)
{
	struct json *decision;

	if (!*published->decision)
		return;
	decision = json_set(json, "last_decision", json_new_object());
	json_set_text(decision, "outcome", published->decision);
	set_words(decision, "id", published->decision_id);
	set_time(decision, "decided_at", published->decided);
	set_words(decision, "reason", published->reason);
}

static const char *state_word(const struct member_state *state)
{
	if (!session_has_alias(&state->published) && state->alias_pending)
		return "pending";
	return state->published.state;
}

struct json *member_state_json(const struct session *session, const struct member_state *state,
	const bool *changed)
{
	const struct status_file *published = &state->published;
	struct json *json = json_new_object();

	if (changed)
		json_set_boolean(json, "changed", *changed);
	json_set_text(json, "username", session->account.name);
	json_set_text(json, "alias", session->alias);
	json_set_text(json, "state", state_word(state));
	json_set(json, "destinations", new_list(&published->destinations));
	set_time(json, "since", published->since);
	set_time(json, "expires_at", published->expires);
	if (state->decided)
		json_set_boolean(json, "live", state->live);
	if (!state->queue_known)
		json_set_boolean(json, "queue_known", false);
	if (state->alias_pending)
		set_pending(json, "pending", &state->request);
	if (state->change_pending)
		set_pending(json, "pending_change", &state->change);
	set_decision(json, published);
	if (published->cooldown_until > session->now)
		set_time(json, "cooldown_until", published->cooldown_until);
	return json;
}

/* ---------------------------------------------------------------- for people */

static void add_row(const struct session *session, struct json *rows, struct json *destinations,
	const char *state, int64_t since)
{
	struct json *row = json_add(rows, json_new_object());

	json_set_text(row, "alias", session->alias);
	json_set(row, "destinations", destinations);
	json_set_text(row, "state", state);
	set_time(row, "since", since);
}

static void print_table(const struct session *session, const struct member_state *state)
{
	static const struct output_column columns[] = {
		{"alias", N_("ADDRESS"), COLUMN_TEXT},
		{"destinations", N_("FORWARDS TO"), COLUMN_LIST},
		{"state", N_("STATE"), COLUMN_STATE},
		{"since", N_("SINCE"), COLUMN_TIME},
	};
	struct json *rows cleanup_json = json_new_array();

	if (session_has_alias(&state->published))
		add_row(session, rows, new_list(&state->published.destinations),
			state->published.state, state->published.since);
	if (state->alias_pending)
		add_row(session, rows, new_wishes(&state->request), "pending",
			state->request.created);
	if (json_count(rows) > 0)
		output_rows(session->output, NULL, rows, columns, ARRAY_LENGTH(columns), "");
}

static const char *decision_text(const char *decision)
{
	static const struct {
		const char *decision;
		const char *text;
	} texts[] = {
		{"approved", N_("Your last request was approved")},
		{"rejected", N_("Your last request was rejected")},
		{"revoked", N_("Your alias was taken away")},
		{"removed", N_("You gave your alias up")},
		{"paused", N_("You paused your alias")},
		{"suspended", N_("Your alias was suspended")},
		{"resumed", N_("Your alias works again")},
		{"expired", N_("Your alias has expired")},
		{"added", N_("You were given an alias")},
		{"changed", N_("Your alias was changed")},
		{"undone", N_("The last decision on your alias was taken back")},
		{"imported", N_("Your alias was taken over from a list")},
		{"restored", N_("Your alias was restored from a backup")},
		{"awaiting-confirmation", N_("An administrator agrees, and a message with a token went to the destination")},
		{"confirmed", N_("You confirmed the destination")},
		{"refused", N_("The token was refused")},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		if (strcmp(decision, texts[i].decision) == 0)
			return _(texts[i].text);
	}
	return NULL;
}

static void say_decision(const struct session *session, const struct status_file *published)
{
	const char *text = decision_text(published->decision);
	char when[64];

	relative_time(published->decided, session->now, when, sizeof(when));
	/* That an alias was approved, the table shows. */
	if (text && (strcmp(published->decision, "approved") != 0 || *published->reason))
		output_say(session->output, "%s, %s.", text, when);
	if (*published->reason)
		output_say(session->output, _("  Reason: %s"),
			printable_text(published->reason, session->arena));
	if (published->cooldown_until > session->now) {
		relative_time(published->cooldown_until, session->now, when, sizeof(when));
		output_say(session->output, _("  You can ask again %s."), when);
	}
}

/* A decision that is older than the request was on another one. */
static bool is_awaited(const struct member_state *state)
{
	return strcmp(state->published.decision, "awaiting-confirmation") == 0 &&
	       state->published.decided >= state->request.created;
}

static void say_next(const struct session *session, const struct member_state *state)
{
	struct output *output = session->output;

	if (state->change_pending && state->change.op == REQUEST_REMOVE)
		output_say(output, _("You gave the alias up: it goes within minutes. "
				     "Keep it: postigo cancel"));
	else if (state->change_pending && state->change.op == REQUEST_PAUSE)
		output_say(output, _("It will be paused within minutes. Take that back: postigo cancel"));
	else if (state->change_pending && state->change.op == REQUEST_RESUME)
		output_say(output, _("It will work again within minutes. Take that back: postigo cancel"));
	else if (state->change_pending && state->change.op == REQUEST_CONFIRM)
		output_say(output, _("Your token is being looked at."));
	else if (state->change_pending)
		output_say(output, _("A change of your alias is on its way. Take it back: "
				     "postigo cancel"));
	if (state->alias_pending && is_awaited(state))
		output_say(output, _("Confirm with the token from it: postigo confirm TOKEN    Withdraw the request: "
				     "postigo cancel"));
	else if (state->alias_pending)
		output_say(output,
			_("An administrator decides. Withdraw the request: postigo cancel"));
	else if (strcmp(state->published.state, "paused") == 0 && !state->change_pending)
		output_say(output, _("Mail to it is refused. Let it work again: postigo resume"));
	else if (session_has_alias(&state->published) && !state->change_pending)
		output_say(output, _("Change the destination: postigo change NEW@ADDRESS    "
				     "Pause: postigo pause    Give the alias up: postigo remove"));
}

static void print_for_people(const struct session *session, const struct member_state *state)
{
	struct output *output = session->output;
	bool anything = session_has_alias(&state->published) || state->alias_pending;

	if (anything) {
		print_table(session, state);
	} else {
		output_say(output, _("You have no alias yet."));
		output_say(output, _("  Your address would be   %s"), session->alias);
		output_say(output,
			_("  Ask for it with         postigo request YOUR-OTHER-ADDRESS"));
	}
	if (state->decided && !state->live && state->published.generation > 0)
		output_say(output, _("The mail server has not taken this over yet."));
	say_decision(session, &state->published);
	say_next(session, state);
}

/* ---------------------------------------------------------------- for scripts */

static const char *plain_value(const struct json *value, struct arena *arena)
{
	struct string_list items = STRING_LIST_INIT;
	bool truth;

	if (json_boolean(value, &truth))
		return truth ? "true" : "false";
	if (!json_is_array(value))
		return json_text(value);
	for (const struct json *item = json_first(value); item; item = json_next(item))
		string_list_add(&items, arena, json_text(item));
	return string_list_join(&items, arena, ",");
}

static void print_line(const struct session *session, const char *prefix, const struct json *member)
{
	const char *key = arena_printf(session->arena, "%s%s", prefix, json_key(member));

	output_field(session->output, key, key, plain_value(member, session->arena));
}

/* One line a member; those of an inner object are called "outer.inner". */
static void print_plain(const struct session *session, const struct json *json)
{
	for (const struct json *member = json_first(json); member; member = json_next(member)) {
		const char *prefix;

		if (!json_is_object(member)) {
			print_line(session, "", member);
			continue;
		}
		prefix = arena_printf(session->arena, "%s.", json_key(member));
		for (const struct json *inner = json_first(member); inner; inner = json_next(inner))
			print_line(session, prefix, inner);
	}
}

/* ---------------------------------------------------------------- commands */

static void warn_about_queue(const struct session *session, const struct member_state *state)
{
	const struct error *fault = &state->queue_fault;

	if (!state->queue_known)
		output_warn(session->output, _("cannot tell whether a request is pending: %s"),
			printable_text(*fault->why ? fault->why : fault->what, session->arena));
}

static void print_state(const struct session *session, const struct member_state *state)
{
	struct json *json cleanup_json = member_state_json(session, state, NULL);

	switch (session->output->shape) {
	case OUTPUT_HUMAN:
		print_for_people(session, state);
		break;
	case OUTPUT_PLAIN:
		print_plain(session, json);
		break;
	case OUTPUT_JSON:
		output_json(session->output, json);
		break;
	}
}

int member_state_report(const struct session *session, bool changed)
{
	struct member_state state;
	struct error err;
	struct json *json cleanup_json = NULL;

	if (session->output->shape != OUTPUT_JSON)
		return ERROR_NONE;
	if (!member_state_read(session, &state, &err))
		return output_error(session->output, &err);
	json = member_state_json(session, &state, &changed);
	output_json(session->output, json);
	return ERROR_NONE;
}

int run_status(void *context, const struct command_line *line)
{
	struct session *session = context;
	struct member_state state;
	struct error err;

	(void)line;
	if (!session_settle(session, &err) || !member_state_read(session, &state, &err))
		return output_error(session->output, &err);
	/* Nobody is told to ask who would only be refused. */
	if (!state.decided && !state.alias_pending && !session_require_member(session, &err))
		return output_error(session->output, &err);
	warn_about_queue(session, &state);
	print_state(session, &state);
	return ERROR_NONE;
}
