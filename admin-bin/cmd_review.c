/* review: the pending requests one by one, a key each. */
#include "admin.h"

#include "base/message.h"
#include "cli/terminal.h"
#include "decisions.h"
#include "format/printable.h"
#include "request_view.h"
#include "service/request_mail_check.h"

#include <string.h>

struct review {
	struct admin *admin;
	struct alias_context services;
	struct terminal *terminal;
	struct decisions decisions;
	size_t approved;
	size_t rejected;
	size_t changed; /* by their members, while they were shown */
	bool interrupted;
};

enum review_answer {
	REVIEW_NEXT,
	REVIEW_AGAIN,
	REVIEW_STOP,
};

static const char *destinations_of(const struct alias_request *request, struct arena *arena)
{
	struct string_list list = STRING_LIST_INIT;

	for (size_t i = 0; i < request->queued.record.destination_count; i++)
		string_list_add(&list, arena, request->queued.record.destinations[i]);
	return printable_text(string_list_join(&list, arena, ", "), arena);
}

static void say_checks(const struct review *review, const struct alias_request *request)
{
	struct output *output = &review->admin->output;

	for (size_t i = 0; i < request->check_count; i++) {
		const char *detail = printable_text(request->checks[i].detail, &review->admin->arena);

		output_say(output, "      %s: %s: %s", request->checks[i].refusal ? _("obstacle") : _("warning"),
			request->checks[i].code, detail);
	}
}

static void say_request(const struct review *review, const struct alias_request *request, size_t number, size_t count)
{
	struct output *output = &review->admin->output;
	struct arena *arena = &review->admin->arena;
	const struct request_record *record = &request->queued.record;
	char when[64];

	relative_time(request->queued.received, review->admin->now, when, sizeof(when));
	if (record->op == REQUEST_SET)
		output_say(output, "[%zu/%zu] %s  %s → %s   %s", number, count,
			printable_text(record->username, arena), printable_text(request->alias, arena),
			destinations_of(request, arena), when);
	else
		output_say(output, "[%zu/%zu] %s  %s: %s   %s", number, count, printable_text(record->username, arena),
			printable_text(request->alias, arena), output_word(output, request_op_name(record->op)), when);
	if (*record->note)
		output_say(output, "      %s: %s", _("note"), printable_text(record->note, arena));
	say_checks(review, request);
}

/* A request that the member took back or changed while it was shown is no failure of the review. */
static bool is_overtaken(struct review *review, const struct error *err)
{
	if (err->code == ERROR_CHANGED)
		output_say(&review->admin->output, _("changed meanwhile: it waits for another review"));
	else if (err->code == ERROR_NOTHING_PENDING)
		output_say(&review->admin->output, _("withdrawn meanwhile"));
	else
		return false;
	review->changed++;
	return true;
}

static enum review_answer approve(struct review *review, const struct alias_request *request)
{
	struct alias_decision decision;
	struct error err;

	if (alias_approve(&review->services, request->queued.id, &review->admin->arena, &decision, &err)) {
		decisions_note(review->admin, &review->decisions, &decision);
		review->approved++;
	} else if (!is_overtaken(review, &err)) {
		decisions_fail(review->admin, &review->decisions, request->queued.id, &decision, &err);
		review->approved += err.code == ERROR_AFTER_LIVE; /* decided, if not published */
	}
	return REVIEW_NEXT;
}

/* What an administrator would most likely write. */
static const char *likely_reason(const struct alias_request *request)
{
	static const struct {
		const char *code;
		const char *reason;
	} reasons[] = {
		{"no-mx", N_("no mail server at the destination")},
		{"ineligible", N_("this account cannot have an alias")},
		{"blocked-domain", N_("this server does not forward to that domain")},
		{"not-allowed-domain", N_("this server does not forward to that domain")},
		{"own-domain", N_("please use an address at another server")},
		{"itself", N_("please use an address at another server")},
	};

	for (size_t i = 0; i < request->check_count; i++) {
		for (size_t j = 0; j < ARRAY_LENGTH(reasons); j++) {
			if (strcmp(request->checks[i].code, reasons[j].code) == 0)
				return _(reasons[j].reason);
		}
	}
	return _("not approved");
}

static enum review_answer reject(struct review *review, const struct alias_request *request)
{
	struct admin *admin = review->admin;
	const char *name = printable_text(request->queued.record.username, &admin->arena);
	const char *question = arena_printf(&admin->arena, _("Reason, shown to %s"), name);
	struct alias_decision decision;
	const char *reason;
	struct error err;

	if (!terminal_ask_line(review->terminal, question, likely_reason(request), &admin->arena, &reason, &err)) {
		if (err.code == ERROR_INTERRUPTED) {
			review->interrupted = true;
			return REVIEW_STOP;
		}
		output_error(&admin->output, &err);
		return REVIEW_AGAIN;
	}
	if (alias_reject(&review->services, request->queued.id, reason, &admin->arena, &decision, &err)) {
		decisions_note(admin, &review->decisions, &decision);
		review->rejected++;
	} else if (err.code == ERROR_USAGE) {
		output_error(&admin->output, &err);
		return REVIEW_AGAIN;
	} else if (!is_overtaken(review, &err)) {
		decisions_fail(admin, &review->decisions, request->queued.id, &decision, &err);
		review->rejected += err.code == ERROR_AFTER_LIVE;
	}
	return REVIEW_NEXT;
}

static enum review_answer ask(struct review *review, const struct alias_request *request)
{
	struct error err;
	char key = 'q';

	(void)fflush(review->admin->output.out);
	if (!terminal_ask_key(review->terminal, _("(a)pprove (r)eject (d)etails (s)kip (q)uit?"), "ardsq", 'q', &key, &err)) {
		review->interrupted = true;
		return REVIEW_STOP;
	}
	switch (key) {
	case 'a':
		return approve(review, request);
	case 'r':
		return reject(review, request);
	case 'd':
		request_view_print(review->admin, request);
		return REVIEW_AGAIN;
	case 's':
		return REVIEW_NEXT;
	default:
		return REVIEW_STOP;
	}
}

/* A file that is no request has no id to decide by; gc sets it aside. */
static bool can_be_decided(const struct alias_request *request)
{
	return request->queued.code == QUEUE_GOOD || request->queued.code == QUEUE_DESTINATION;
}

static void walk(struct review *review, const struct alias_request_page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		enum review_answer answer = REVIEW_AGAIN;

		if (!can_be_decided(&page->requests[i]))
			continue;
		say_request(review, &page->requests[i], i + 1, page->count);
		while (answer == REVIEW_AGAIN)
			answer = ask(review, &page->requests[i]);
		if (answer == REVIEW_STOP)
			return;
	}
}

/* Reads all that waits, as it is now; nothing stays locked while somebody thinks. */
static bool read_page(struct review *review, struct alias_request_page *ret_page, struct error *err)
{
	struct request_desk desk cleanup_request_desk = REQUEST_DESK_INIT;
	struct arena *arena = &review->admin->arena;

	if (!request_desk_open(&desk, &review->services, ALIAS_STORE_READ, err) ||
		!alias_request_list(&review->services, &desk, arena, ret_page, err))
		return false;
	alias_requests_check_mail(&review->services, ret_page->requests, ret_page->count, arena);
	return true;
}

static int finish(struct review *review, const struct command_line *line, size_t count)
{
	size_t left = count - review->approved - review->rejected - review->changed;
	int code;

	output_say(&review->admin->output, _("%zu approved, %zu rejected, %zu changed meanwhile, %zu left"), review->approved,
		review->rejected, review->changed, left);
	code = decisions_finish(review->admin, line, &review->decisions);
	return code == ERROR_NONE && review->interrupted ? ERROR_INTERRUPTED : code;
}

static bool require_person(const struct admin *admin, struct error *err)
{
	if (admin->output.shape == OUTPUT_HUMAN)
		return true;
	error_set(err, ERROR_USAGE, _("review needs a terminal"));
	error_why(err, _("it shows each request to a person and waits for a key"));
	return error_fix(err, "postigo-admin pending; postigo-admin approve ID");
}

int command_review(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct terminal terminal cleanup_terminal = TERMINAL_INIT;
	struct review review = {.admin = admin, .terminal = &terminal};
	struct alias_request_page page;
	struct error err;

	if (!admin_load_settings(admin, line, &err) || !require_person(admin, &err))
		return output_error(&admin->output, &err);
	review.services = admin_alias_context(admin);
	if (!read_page(&review, &page, &err) || !terminal_open(&terminal, &err))
		return output_error(&admin->output, &err);
	if (page.count == 0)
		output_say(&admin->output, _("Nothing is pending."));
	decisions_begin(&review.decisions);
	walk(&review, &page);
	/* The sync runs with the signals held back too: what was decided becomes live before anything ends. */
	return finish(&review, line, page.count);
}
