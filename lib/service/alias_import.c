#include "service/alias_import.h"

#include "base/message.h"
#include "format/username.h"
#include "service/alias_rules.h"
#include "service/alias_session.h"

#include <string.h>

/* One import: the session of the store, and what becomes of the rows. */
struct import_run {
	const struct alias_context *context;
	struct account_snapshot *accounts; /* the context's; filled when the store is locked */
	const struct alias_import_request *request;
	struct alias_session session;
	struct arena *arena;
	struct alias_import_result result;
	struct alias_change *changes;
	size_t change_count;
};

/* A row next to what the system and the store know of its member. */
struct candidate {
	struct import_row *row;
	struct account account;
	struct alias_entry *before; /* NULL = none */
	struct alias_entry *after;
};

const char *alias_import_outcome_name(enum alias_import_outcome outcome)
{
	switch (outcome) {
	case ALIAS_IMPORT_REFUSED:
		return N_("refused");
	case ALIAS_IMPORT_ADDED:
		return N_("added");
	case ALIAS_IMPORT_CHANGED:
		return N_("changed");
	case ALIAS_IMPORT_UNCHANGED:
		return N_("unchanged");
	}
	return "";
}

/* ---------------------------------------------------------------- faults */

/* What speaks against a row is its fault; what speaks against the system is a failure of the whole.
 */
static bool note_fault(struct import_run *run, struct import_row *row, const char *field,
	struct error *err)
{
	const char *detail = *err->why ? err->why : err->what;

	if (err->code != ERROR_RULE && err->code != ERROR_NOT_FOUND && err->code != ERROR_USAGE)
		return false;
	if (strcmp(err->field, "destination") == 0) {
		field = "destination";
		detail = arena_printf(run->arena, "%s: %s", err->what, err->why);
	}
	import_row_fault(row, run->arena, field, detail);
	return true;
}

static int compare_rows(const void *left, const void *right)
{
	const struct import_row *a = *(struct import_row *const *)left;
	const struct import_row *b = *(struct import_row *const *)right;
	int order = strcmp(a->entry.username, b->entry.username);

	return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* One line must not undo another: the first of each name stands. */
static void refuse_repeated(struct import_rows *rows, struct arena *arena)
{
	struct import_row **sorted =
		arena_alloc_array(arena, rows->count + 1, sizeof(struct import_row *));

	for (size_t i = 0; i < rows->count; i++)
		sorted[i] = &rows->items[i];
	if (rows->count > 1)
		qsort(sorted, rows->count, sizeof(struct import_row *), compare_rows);
	for (size_t i = 1, first = 0; i < rows->count; i++) {
		if (*sorted[i]->entry.username == '\0' ||
			strcmp(sorted[first]->entry.username, sorted[i]->entry.username) != 0)
			first = i;
		else
			import_row_fault(sorted[i], arena, "user",
				arena_printf(arena, _("\"%s\" stands in line %zu already"),
					sorted[i]->entry.username, sorted[first]->line));
	}
}

/* ---------------------------------------------------------------- one row */

static void check_name(struct import_run *run, struct import_row *row)
{
	if (!username_is_valid(row->entry.username) && !row->faults)
		import_row_fault(row, run->arena, "user",
			arena_printf(run->arena, _("\"%s\" cannot be the name of a member"),
				row->entry.username));
}

static bool find_before(struct import_run *run, struct candidate *candidate, struct error *err)
{
	struct alias_entry *entry = arena_alloc(run->arena, sizeof(*entry));

	switch (alias_store_find(&run->session.desk.store, candidate->row->entry.username,
		run->arena, entry, err)) {
	case LOOKUP_FOUND:
		candidate->before = entry;
		return true;
	case LOOKUP_NOT_FOUND:
		return true;
	case LOOKUP_FAILED:
		break;
	}
	return false;
}

static void check_claims(struct import_run *run, const struct candidate *candidate)
{
	struct import_row *row = candidate->row;
	const char *alias = member_alias(row->entry.username, run->context->settings, run->arena);

	if ((row->given & IMPORT_UID) && row->entry.uid != candidate->account.uid)
		import_row_fault(row, run->arena, "uid",
			arena_printf(run->arena, _("%s has the user id %u, not %u"),
				row->entry.username, candidate->account.uid, row->entry.uid));
	if ((row->given & IMPORT_ALIAS) && !email_address_equal(row->entry.alias, alias))
		import_row_fault(row, run->arena, "alias",
			arena_printf(run->arena, _("\"%s\" is not %s"), row->entry.alias, alias));
}

static bool are_addresses(const struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (email_address_check(list->items[i]) != EMAIL_OK)
			return false;
	}
	return list->count > 0;
}

/* What the alias does, over what is there or over nothing. */
static void merge_content(const struct import_row *row, struct alias_entry *after,
	struct arena *arena)
{
	after->destinations = row->entry.destinations;
	if (are_addresses(&row->entry.destinations))
		alias_rules_canonical(&row->entry.destinations, arena, &after->destinations);
	if (row->given & IMPORT_EXPIRES)
		after->expires = row->entry.expires;
	if (row->given & IMPORT_NOTE)
		after->note = row->entry.note;
	if (row->given & IMPORT_KEEP_COPY)
		after->keep_copy = row->entry.keep_copy;
	if (row->given & IMPORT_STATUS)
		after->status = row->entry.status;
}

/* Who made it, and when. */
static void merge_origin(const struct import_run *run, const struct candidate *candidate,
	struct alias_entry *after)
{
	const struct import_row *row = candidate->row;
	int64_t now = run->context->now;

	if (!candidate->before)
		after->created = row->given & IMPORT_CREATED ? row->entry.created : now;
	after->updated = candidate->before ? now : after->created;
	if ((row->given & IMPORT_UPDATED) && (!candidate->before || run->request->keep_newer))
		after->updated = row->entry.updated;
	after->approved_by = row->given & IMPORT_APPROVED_BY ? row->entry.approved_by
							     : run->context->actor->login;
	after->request_id = row->given & IMPORT_REQUEST_ID ? row->entry.request_id : "";
	after->source = row->given & IMPORT_SOURCE ? row->entry.source : run->request->source;
}

static void merge(struct import_run *run, struct candidate *candidate)
{
	struct alias_entry *after = arena_alloc(run->arena, sizeof(*after));

	if (candidate->before)
		*after = *candidate->before;
	else
		*after = (struct alias_entry){.username = candidate->row->entry.username,
			.note = ""};
	after->uid = candidate->account.uid;
	after->alias = member_alias(after->username, run->context->settings, run->arena);
	merge_content(candidate->row, after, run->arena);
	candidate->after = after;
}

static bool is_same(const struct alias_entry *before, const struct alias_entry *after)
{
	struct strbuf old cleanup_strbuf = STRBUF_INIT;
	struct strbuf new cleanup_strbuf = STRBUF_INIT;

	alias_entry_print(before, &old);
	alias_entry_print(after, &new);
	return strcmp(strbuf_text(&old), strbuf_text(&new)) == 0;
}

static void check_present(struct import_run *run, const struct candidate *candidate)
{
	const struct alias_entry *before = candidate->before;
	const struct import_row *row = candidate->row;
	const char *detail = NULL;

	if (before && run->request->keep_newer && before->updated >= candidate->row->entry.updated)
		detail = _("what the store has is newer");
	else if (before && !run->request->replace)
		detail = arena_printf(run->arena,
			_("%s exists and is different; --replace changes it"), row->entry.username);
	if (detail)
		import_row_fault(candidate->row, run->arena, "alias", detail);
}

static void check_end(struct import_run *run, const struct candidate *candidate)
{
	const struct import_row *row = candidate->row;

	if ((row->given & IMPORT_EXPIRES) && !(row->given & IMPORT_STATUS) &&
		row->entry.expires > 0 && row->entry.expires <= run->context->now)
		import_row_fault(candidate->row, run->arena, "expires", _("it is over already"));
}

/* The rules of a request, then those of the store's format for what requests do not have. */
static bool check_rules(struct import_run *run, const struct candidate *candidate,
	struct error *err)
{
	struct arena scratch cleanup_arena = ARENA_INIT;
	struct import_row *row = candidate->row;

	if (row->entry.destinations.count > 0 &&
		!alias_rules_check(run->context, &run->session.desk.store, candidate->after,
			&scratch, err) &&
		!note_fault(run, row, "user", err))
		return false;
	if (!alias_text_check(candidate->after->note, "note", err))
		import_row_fault(row, run->arena, "note", err->what);
	merge_origin(run, candidate, candidate->after);
	if (!row->faults && !alias_entry_validate(candidate->after, err))
		import_row_fault(row, run->arena, "row", err->why);
	return true;
}

static void take(struct import_run *run, const struct candidate *candidate,
	enum alias_import_outcome outcome)
{
	run->result.outcomes[candidate->row - run->request->rows->items] = outcome;
	run->result.counts[outcome]++;
	if (outcome != ALIAS_IMPORT_ADDED && outcome != ALIAS_IMPORT_CHANGED)
		return;
	run->changes[run->change_count++] = (struct alias_change){
		.op = "import",
		.username = candidate->after->username,
		.uid = candidate->after->uid,
		.before = candidate->before,
		.after = candidate->after,
		.request_id = "",
		.reason = "",
	};
	run->result.removals += candidate->before && candidate->before->status == ALIAS_ACTIVE &&
				candidate->after->status != ALIAS_ACTIVE;
}

static bool judge_known(struct import_run *run, struct candidate *candidate, struct error *err)
{
	check_claims(run, candidate);
	if (!find_before(run, candidate, err))
		return false;
	merge(run, candidate);
	if (candidate->before && !candidate->row->faults &&
		is_same(candidate->before, candidate->after)) {
		take(run, candidate, ALIAS_IMPORT_UNCHANGED);
		return true;
	}
	check_end(run, candidate);
	if (!check_rules(run, candidate, err))
		return false;
	check_present(run, candidate);
	if (candidate->row->faults)
		take(run, candidate, ALIAS_IMPORT_REFUSED);
	else
		take(run, candidate, candidate->before ? ALIAS_IMPORT_CHANGED : ALIAS_IMPORT_ADDED);
	return true;
}

static bool judge(struct import_run *run, struct import_row *row, struct error *err)
{
	struct candidate candidate = {.row = row};

	check_name(run, row);
	if (username_is_valid(row->entry.username)) {
		if (alias_rules_account(run->context, row->entry.username, run->arena,
			    &candidate.account, err))
			return judge_known(run, &candidate, err);
		if (err->code != ERROR_NOT_FOUND)
			return false;
		import_row_fault(row, run->arena, "user", err->what);
	}
	take(run, &candidate, ALIAS_IMPORT_REFUSED);
	return true;
}

/* ---------------------------------------------------------------- the whole */

static bool open_store(struct import_run *run, struct error *err)
{
	run->session.context = run->context;
	if (run->request->dry_run)
		return request_desk_open(&run->session.desk, run->context, ALIAS_STORE_READ, err);
	return alias_session_open(&run->session, run->context, err);
}

static bool judge_all(struct import_run *run, struct error *err)
{
	struct import_rows *rows = run->request->rows;

	run->result.outcomes =
		arena_alloc_array(run->arena, rows->count + 1, sizeof(*run->result.outcomes));
	run->changes = arena_alloc_array(run->arena, rows->count + 1, sizeof(*run->changes));
	refuse_repeated(rows, run->arena);
	for (size_t i = 0; i < rows->count; i++) {
		if (!judge(run, &rows->items[i], err))
			return false;
	}
	return true;
}

static bool is_to_be_written(const struct import_run *run)
{
	const struct alias_import_request *request = run->request;

	return !request->dry_run && !request->rows->broken && !request->rows->full &&
	       run->change_count > 0 &&
	       (request->skip_errors || run->result.counts[ALIAS_IMPORT_REFUSED] == 0);
}

static bool import(struct import_run *run, struct alias_import_result *ret_result,
	struct error *err)
{
	bool done = true;

	if (!open_store(run, err))
		return false;
	account_snapshot_take(run->context->settings->members.group, run->arena, run->accounts);
	if (!judge_all(run, err))
		return false;
	if (is_to_be_written(run)) {
		done = alias_session_commit_all(&run->session, run->changes, run->change_count,
			err);
		if (!done && err->code != ERROR_AFTER_LIVE)
			return false;
		run->result.written = true;
	}
	run->result.generation = run->session.desk.store.generation;
	*ret_result = run->result;
	return done;
}

bool alias_import(const struct alias_context *context, const struct alias_import_request *request,
	struct arena *arena, struct alias_import_result *ret_result, struct error *err)
{
	struct account_snapshot accounts = {0};
	struct alias_context own = *context;
	struct import_run run = {
		.context = &own,
		.accounts = &accounts,
		.request = request,
		.session = ALIAS_SESSION_INIT,
		.arena = arena,
	};
	bool done;

	own.accounts = &accounts;
	done = import(&run, ret_result, err);
	alias_session_close(&run.session);
	return done;
}
