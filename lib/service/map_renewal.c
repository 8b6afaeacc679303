#include "service/map_sync_run.h"

#include "base/clock.h"
#include "base/message.h"
#include "service/map_build.h"
#include "service/map_rails.h"
#include "service/map_row_rails.h"
#include "service/map_rows.h"
#include "service/map_stage.h"
#include "service/map_sync_result.h"
#include "service/map_walk.h"
#include "service/postfix_domains.h"
#include "storage/member_status.h"
#include "system/directory.h"
#include "system/file_identity.h"
#include "system/signal_hold.h"

#include <string.h>

#define SPLICED_LEAST 1000 /* rows; of fewer, all are rendered as fast */

/* What one renewal builds up. */
struct renewal {
	struct map_sync_run *run;
	struct map_stage stage;
	struct map_walk walk;
	struct map_rails rails;
	struct map_library library;
	struct strbuf changed; /* the rows that are judged, when they are not all of the stage */
	bool spliced;	       /* the text was made from the live one by the entries that the journal names */
	bool text_foreign;
	bool index_foreign;
	enum map_reference reference;
};

#define cleanup_renewal __attribute__((cleanup(renewal_close)))

static void renewal_close(struct renewal *renewal)
{
	map_library_stop(&renewal->library);
	map_walk_close(&renewal->walk);
	map_stage_close(&renewal->stage);
	strbuf_clear(&renewal->changed);
}

static void note(const struct map_sync_run *run, const char *code, const char *key,
	const char *detail)
{
	map_sync_result_note(run->result, run->arena, code, key, detail);
}

static bool read_store(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	int64_t started = clock_monotonic_ms();

	if (!map_sync_run_open_store(run, err))
		return false;
	if (run->known && run->store.generation < run->before.generation)
		map_rails_hit(&renewal->rails, RAIL_GENERATION, "",
			arena_printf(run->arena, _("the store has generation %jd, live is %jd"),
				(intmax_t)run->store.generation, (intmax_t)run->before.generation));
	map_sync_result_step(run->result, "store", started, "");
	return true;
}

/* A trial must not touch the map's directory: its stage is in our own. */
static struct map_stage_place stage_place(const struct map_sync_run *run)
{
	if (run->request->dry_run || run->request->check)
		return (struct map_stage_place){
			.parent = run->home,
			.parent_path =
				arena_printf(run->arena, "%s/sync", run->request->state_directory),
			.name = "stage",
		};
	return (struct map_stage_place){
		.parent = run->file.directory,
		.parent_path = run->file.directory_path,
		.name = MAP_STAGE_NAME,
	};
}

static bool begin_text(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	const struct map_part_file *text = &run->file.parts[MAP_TEXT];
	const struct map_stage_place place = stage_place(run);

	return map_stage_begin(&renewal->stage, &place, &run->file, run->arena, err) &&
	       map_walk_open(&renewal->walk, text->fd, (size_t)text->status.st_size, err);
}

static bool finish_text(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;

	if (!map_stage_finish(&renewal->stage, err))
		return false;
	memcpy(run->result->text_digest, renewal->stage.text_digest,
		sizeof(run->result->text_digest));
	return true;
}

static struct map_rows rows_of(struct renewal *renewal)
{
	return (struct map_rows){
		.store = &renewal->run->store,
		.settings = renewal->run->request->settings,
		.stage = &renewal->stage,
		.walk = &renewal->walk,
		.rails = &renewal->rails,
	};
}

static bool render(struct renewal *renewal, struct error *err)
{
	const struct map_rows rows = rows_of(renewal);
	int64_t started = clock_monotonic_ms();

	if (!begin_text(renewal, err) || !map_rows_write(&rows, err) || !finish_text(renewal, err))
		return false;
	map_sync_result_step(renewal->run->result, "render", started, "");
	return true;
}

/*
 * Whether the live files are as the last sync left them. Of a type whose index can be changed they are
 * known by their identity: the read-back holds a copy of the one against a copy of the other.
 */
static bool live_is_ours(struct map_sync_run *run)
{
	const char *const known[MAP_PARTS] = {run->before.text_file, run->before.index_file};
	const char *const digests[MAP_PARTS] = {run->before.text, run->before.index};
	struct error ignored;

	for (size_t i = 0; i < MAP_PARTS && run->type->update; i++) {
		struct map_part_file *part = &run->file.parts[i];
		char identity[FILE_IDENTITY_MAX];

		if (part->fd < 0 || *part->digest)
			continue;
		file_identity_print(&part->status, identity);
		if (strcmp(identity, known[i]) == 0)
			memcpy(part->digest, digests[i], DIGEST_HEX_LENGTH + 1);
	}
	return map_sync_file_digest(&run->file, &ignored) &&
	       map_sync_file_matches(&run->file, run->before.text, run->before.index);
}

/* What was refused or lifted may have to be judged otherwise by now: that takes all rows. */
static bool may_splice(struct map_sync_run *run, struct string_list *ret_names)
{
	const struct map_sync_state *before = &run->before;

	return run->same_type && strcmp(run->config, before->config) == 0 &&
	       before->refused == 0 && !before->lifted && run->request->force.count == 0 &&
	       run->type->build && !*run->settings->postmap && before->rows >= SPLICED_LEAST &&
	       alias_store_changed_since(&run->store, before->generation, before->store_digest,
		       MAP_UPDATE_MAX, run->arena, ret_names) &&
	       live_is_ours(run);
}

/* *ret_fit tells whether that could be done; else all rows have to be rendered. */
static bool splice(struct renewal *renewal, bool *ret_fit, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	const struct map_rows rows = rows_of(renewal);
	struct string_list names = STRING_LIST_INIT;
	const struct map_splice map_splice = {
		.names = &names,
		.live = run->before.rows,
		.changed = &renewal->changed,
	};
	int64_t started = clock_monotonic_ms();

	*ret_fit = false;
	renewal->spliced = true;
	if (!may_splice(run, &names))
		return true;
	if (!begin_text(renewal, err) || !map_rows_splice(&rows, &map_splice, ret_fit, err))
		return false;
	if (!*ret_fit)
		return true;
	if (!finish_text(renewal, err))
		return false;
	map_sync_result_step(run->result, "splice", started, "");
	return true;
}

/* The table that answers for what is live, or NULL. */
static const char *live_table(const struct map_sync_run *run)
{
	const struct map_part_file *parts = run->file.parts;
	const char *type = parts[MAP_INDEX].fd >= 0 ? run->type->name : "texthash";

	if (parts[MAP_INDEX].fd < 0 && parts[MAP_TEXT].fd < 0)
		return NULL;
	return arena_printf(run->arena, "%s:%s", type, run->settings->path);
}

/* Makes the stage anew of the rows that stand; its first text stays mapped as long as it is read. */
static bool render_rest(struct renewal *renewal, const struct map_verdicts *verdicts,
	struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_stage draft cleanup_map_stage = renewal->stage;

	renewal->stage = (struct map_stage)MAP_STAGE_INIT;
	close(take_fd(&draft.directory));
	map_walk_close(&renewal->walk);
	renewal->walk =
		(struct map_walk){.arena = run->arena, .limit = map_build_differences(run)};
	return begin_text(renewal, err) &&
	       map_verdicts_write(verdicts, &renewal->stage, &renewal->walk, err) &&
	       finish_text(renewal, err);
}

/* *ret_fit is false when rows that were judged alone do not stand: all have to be judged then. */
static bool judge_rows(struct renewal *renewal, bool *ret_fit, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_stage *stage = &renewal->stage;
	struct map_verdicts verdicts cleanup_map_verdicts = {
		.rails = &renewal->rails,
		.settings = run->request->settings,
		.instance = &run->instance,
		.live = renewal->spliced ? NULL : live_table(run),
		.arena = run->arena,
	};
	int64_t started = clock_monotonic_ms();

	if (!map_sync_run_ask_postfix(run, err))
		return false;
	if (renewal->spliced)
		map_verdicts_open(&verdicts, strbuf_text(&renewal->changed),
			renewal->changed.length);
	else
		map_verdicts_open(&verdicts, stage->bytes, stage->length);
	map_row_rails_judge(&verdicts);
	*ret_fit = verdicts.refused == 0 || !renewal->spliced;
	if (verdicts.refused > 0 && *ret_fit) {
		map_library_stop(&renewal->library);
		if (!render_rest(renewal, &verdicts, err))
			return false;
	}
	map_sync_result_step(run->result, "rows", started, "");
	return true;
}

static void note_foreign(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;
	const struct map_part_file *parts = run->file.parts;
	bool index_gone = run->same_type && parts[MAP_INDEX].name && parts[MAP_INDEX].fd < 0;

	if (renewal->text_foreign && run->same_path)
		note(run, "foreign-edit", "",
			_("somebody has changed the text of the map; what they made is kept in "
			  "sync/foreign"));
	else if (renewal->text_foreign)
		note(run, "foreign-edit", "",
			_("the map that was there was not ours; it is kept in sync/foreign"));
	else if (renewal->index_foreign)
		note(run, "foreign-index", "",
			_("the index of the map was not the one we installed; it is kept in "
			  "sync/foreign"));
	if ((run->same_path && parts[MAP_TEXT].fd < 0) || index_gone)
		note(run, "missing", "", _("a file of the live map was gone"));
}

/* What lies there but is not what the last sync installed was made by somebody else, or by a sync
 * that was cut off. */
static bool find_foreign(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	const struct map_part_file *text = &run->file.parts[MAP_TEXT];
	const struct map_part_file *index = &run->file.parts[MAP_INDEX];
	bool as_wanted;
	bool ours;

	if (!map_sync_file_digest(&run->file, err))
		return false;
	as_wanted = strcmp(text->digest, renewal->stage.text_digest) == 0;
	ours = run->same_path && strcmp(text->digest, run->before.text) == 0;
	renewal->text_foreign = text->fd >= 0 && !as_wanted && !ours;
	ours = run->same_type ? strcmp(index->digest, run->before.index) == 0 : as_wanted;
	renewal->index_foreign = index->fd >= 0 && !ours;
	note_foreign(renewal);
	return true;
}

static int64_t at_least_zero(int64_t number)
{
	return number > 0 ? number : 0;
}

/* Counts that a foreign text cannot falsify: the rails must not be fooled, and must not block the
 * repair of its rows. */
static struct map_counts count_rows(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;
	const struct map_walk *walk = &renewal->walk;
	struct map_counts counts = {.wanted = renewal->stage.rows};
	bool absent = run->file.parts[MAP_TEXT].fd < 0;

	counts.first = absent && !run->same_path;
	counts.live = walk->live;
	counts.removed = walk->removed;
	counts.changed = walk->changed;
	if (!walk->strange && !(run->same_path && (absent || renewal->text_foreign)))
		return counts;
	if (run->same_path)
		counts.live = run->before.rows;
	counts.removed = at_least_zero(counts.live - counts.wanted);
	counts.changed = 0;
	return counts;
}

static void report_counts(const struct renewal *renewal, const struct map_counts *counts)
{
	const struct map_walk *walk = &renewal->walk;
	struct map_sync_result *result = renewal->run->result;
	size_t limit = renewal->run->request->difference_limit;

	result->wanted = counts->wanted;
	result->live_before = counts->live;
	result->added = walk->strange ? at_least_zero(counts->wanted - counts->live) : walk->added;
	result->changed_rows = walk->strange ? counts->changed : walk->changed;
	result->removed = walk->strange ? counts->removed : walk->removed;
	if (walk->strange)
		return;
	/* The walk keeps more of them than were asked for: the index may be made from them. */
	result->differences = walk->differences;
	result->difference_count =
		walk->difference_count < limit ? walk->difference_count : limit;
	result->differences_cut = limit > 0 && (walk->cut || walk->difference_count > limit);
}

static void judge_domain(struct renewal *renewal)
{
	struct map_sync_run *run = renewal->run;
	const char *domain = run->request->settings->domain;
	struct error failure;

	switch (postfix_serves_domain(&run->instance, domain, run->arena, &failure)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		map_rails_hit(&renewal->rails, RAIL_DOMAIN, "",
			arena_printf(run->arena, _("Postfix takes no mail for %s"), domain));
		break;
	case LOOKUP_FAILED:
		note(run, "domain-unknown", "",
			arena_printf(run->arena, _("whether Postfix serves %s is not known: %s"),
				domain, failure.what));
		break;
	}
}

static void judge_reference(struct renewal *renewal)
{
	struct map_sync_run *run = renewal->run;
	struct string_list strays = STRING_LIST_INIT;
	const char *sentence = arena_printf(run->arena, _("virtual_alias_maps does not name %s:%s"),
		run->type->name, run->settings->path);

	renewal->reference =
		postfix_map_reference(&run->instance, run->type->name, run->settings->path,
			run->arena);
	if (renewal->reference == MAP_REFERENCE_NONE && run->settings->require_reference)
		map_rails_hit(&renewal->rails, RAIL_NOT_REFERENCED, "", sentence);
	else if (renewal->reference == MAP_REFERENCE_NONE)
		note(run, "not-referenced", "", sentence);
	map_sync_file_strays(&run->file, run->arena, &strays);
	for (size_t i = 0; i < strays.count; i++)
		note(run, "stale-index", strays.items[i],
			arena_printf(run->arena,
				_("%s is no longer written; remove it when nothing reads it"),
				strays.items[i]));
}

static bool judge(struct renewal *renewal, const struct map_counts *counts, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	int64_t started = clock_monotonic_ms();

	if (!map_sync_run_ask_postfix(run, err))
		return false;
	judge_domain(renewal);
	judge_reference(renewal);
	map_rails_judge(&renewal->rails, counts);
	map_sync_result_step(run->result, "rails", started, "");
	return map_rails_pass(&renewal->rails, err);
}

static bool keep_foreign(const struct renewal *renewal, struct error *err)
{
	const struct map_sync_run *run = renewal->run;
	int directory cleanup_close = -1;

	if (!renewal->text_foreign && !renewal->index_foreign)
		return true;
	if (!directory_ensure(run->home, "foreign", 0700, 0, &directory, err))
		return false;
	if (renewal->text_foreign &&
		!map_sync_file_keep(&run->file, MAP_TEXT, directory, run->request->now, err))
		return false;
	return !renewal->index_foreign ||
	       map_sync_file_keep(&run->file, MAP_INDEX, directory, run->request->now, err);
}

static bool reload_is_needed(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;

	if (strcmp(run->settings->reload, "never") == 0)
		return false;
	if (strcmp(run->settings->reload, "always") == 0)
		return true;
	return renewal->reference == MAP_REFERENCE_PROXIED ||
	       (renewal->reference == MAP_REFERENCE_DIRECT && run->type->reload_when_direct);
}

static bool has_lifted(const struct map_rails *rails)
{
	for (size_t i = 0; i < RAILS; i++) {
		if (rails->lifted[i] > 0)
			return true;
	}
	return false;
}

/* The identity of a live file; "" for the index of a type that has none. */
static const char *live_identity(const struct map_sync_run *run, enum map_part part)
{
	const char *name = run->file.parts[part].name;

	return name ? file_identity(run->file.directory, name, run->arena) : "";
}

static struct map_sync_state new_state(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;

	return (struct map_sync_state){
		.generation = run->store.generation,
		.rows = renewal->stage.rows,
		.refused = run->result->refused_count,
		.installed = run->request->now,
		.type = run->type->name,
		.path = run->settings->path,
		.store = run->store_identity,
		.postfix = run->postfix_identity,
		.store_digest = run->store.digest,
		.config = run->config,
		.text = renewal->stage.text_digest,
		.index = renewal->stage.index_digest,
		.lifted = has_lifted(&renewal->rails),
		.text_file = live_identity(run, MAP_TEXT),
		.index_file = live_identity(run, MAP_INDEX),
	};
}

static void keep_first(struct error *first, const struct error *failure)
{
	if (first->code != ERROR_NONE)
		return;
	*first = *failure;
	first->code = ERROR_AFTER_LIVE;
	error_prefix(first, _("the map is live, but"));
}

static void reload(struct map_sync_run *run, struct map_sync_state *state, struct error *first)
{
	int64_t started = clock_monotonic_ms();
	struct error failure;
	bool running;

	if (!map_sync_run_ask_postfix(run, &failure) ||
		!postfix_reload(&run->instance, run->arena, &running, &failure)) {
		run->result->reload = "failed";
		error_fix(&failure, "postfix reload");
		keep_first(first, &failure);
		return;
	}
	state->reload_owed = false;
	run->result->reload = running ? "done" : "not running";
	map_sync_result_step(run->result, "reload", started, run->result->reload);
}

bool map_renewal_settle(struct map_sync_run *run, struct map_sync_state *state, struct error *err)
{
	const struct live_status live = {.generation = state->generation,
		.installed = run->request->now};
	struct error first = {.code = ERROR_NONE};
	struct error failure;

	if (!map_sync_state_write(run->home, MAP_SYNC_STATE_NAME, state, &failure))
		keep_first(&first, &failure);
	if (state->reload_owed) {
		reload(run, state, &first);
		if (!state->reload_owed &&
			!map_sync_state_write(run->home, MAP_SYNC_STATE_NAME, state, &failure))
			keep_first(&first, &failure);
	}
	if (!live_status_publish(run->request->state_directory, &live, &failure))
		keep_first(&first, &failure);
	if (first.code == ERROR_NONE)
		return true;
	*err = first;
	return false;
}

static bool install(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	int64_t started = clock_monotonic_ms();
	struct signal_hold hold cleanup_signal_hold; /* from the first rename until the state is written */
	struct map_sync_state state;
	bool settled;
	bool live;

	signal_hold_begin(&hold);
	if (!map_stage_install(&renewal->stage, &live, err)) {
		run->result->changed = live;
		if (live)
			err->code = ERROR_AFTER_LIVE;
		return false;
	}
	run->result->changed = true;
	run->result->reload = strcmp(run->settings->reload, "never") == 0 ? "none" : "skipped";
	memcpy(run->result->index_digest, renewal->stage.index_digest,
		sizeof(run->result->index_digest));
	map_sync_result_step(run->result, "install", started, "");
	state = new_state(renewal);
	state.reload_owed = reload_is_needed(renewal);
	settled = map_renewal_settle(run, &state, err);
	/* Still held: a signal that waits must not leave the stage behind. */
	map_stage_close(&renewal->stage);
	return settled;
}

/* The store went on, but no row is different: only the books are brought up to date. */
static bool is_only_newer(const struct renewal *renewal)
{
	const struct map_sync_run *run = renewal->run;

	return run->same_type && strcmp(run->config, run->before.config) == 0 &&
	       strcmp(renewal->stage.text_digest, run->before.text) == 0 &&
	       map_sync_file_matches(&run->file, run->before.text, run->before.index);
}

static bool finish_newer(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_sync_state state = new_state(renewal);

	if (!map_rails_pass(&renewal->rails, err))
		return false;
	memcpy(run->result->index_digest, run->before.index, strlen(run->before.index) + 1);
	run->result->reload = "skipped";
	state.index = run->before.index;
	state.installed = run->before.installed;
	state.reload_owed = run->before.reload_owed;
	if (run->request->dry_run || run->request->check)
		return true;
	return map_renewal_settle(run, &state, err);
}

/* From the text to the live map. *ret_fit as judge_rows(). */
static bool complete(struct renewal *renewal, bool *ret_fit, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	struct map_counts counts;

	if (!map_sync_file_digest(&run->file, err))
		return false;
	/* Beside the judgement, for mostly it refuses nothing. */
	if (!run->request->check && !is_only_newer(renewal))
		map_build_begin(run, &renewal->library, &renewal->stage, &renewal->walk);
	/* Rows that are live as they are were judged when they became so. */
	if (run->before.refused > 0 || !is_only_newer(renewal)) {
		if (!judge_rows(renewal, ret_fit, err))
			return false;
		if (!*ret_fit)
			return true;
	}
	if (!find_foreign(renewal, err))
		return false;
	counts = count_rows(renewal);
	report_counts(renewal, &counts);
	if (is_only_newer(renewal))
		return finish_newer(renewal, err);
	if (!judge(renewal, &counts, err))
		return false;
	run->result->changed = run->request->check || run->request->dry_run;
	if (run->request->check)
		return true;
	map_build_begin(run, &renewal->library, &renewal->stage, &renewal->walk);
	if (renewal->spliced) {
		*ret_fit = map_build_by_library(run, &renewal->library, &renewal->stage);
		if (!*ret_fit)
			return true;
	} else if (!map_build(run, &renewal->library, &renewal->stage, err)) {
		return false;
	}
	if (run->request->dry_run)
		return true;
	return keep_foreign(renewal, err) && map_stage_seal(&renewal->stage, err) &&
	       install(renewal, err);
}

/* Once by the changes alone, or once by all rows. *ret_fit false: the changes alone did not do. */
static bool renew(struct map_sync_run *run, bool by_changes, bool *ret_fit, struct error *err)
{
	struct renewal renewal cleanup_renewal = {
		.run = run,
		.stage = MAP_STAGE_INIT,
		.library = MAP_LIBRARY_INIT,
		.walk = {.arena = run->arena, .limit = map_build_differences(run)},
		.rails = {.request = run->request, .result = run->result, .arena = run->arena},
	};

	*ret_fit = true;
	if (!read_store(&renewal, err))
		return false;
	if (!by_changes)
		return render(&renewal, err) && complete(&renewal, ret_fit, err);
	if (!splice(&renewal, ret_fit, err))
		return false;
	return !*ret_fit || complete(&renewal, ret_fit, err);
}

bool map_renewal(struct map_sync_run *run, struct error *err)
{
	struct map_sync_result clean = *run->result;
	bool fit;

	if (!renew(run, true, &fit, err))
		return false;
	if (fit)
		return true;
	/* Store and Postfix were asked already; what was found out about rows is found out again. */
	clean.generation = run->result->generation;
	*run->result = clean;
	return renew(run, false, &fit, err);
}
