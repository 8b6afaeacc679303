/* The last part of a renewal: from the sealed stage to what is live, and to the books about it. */
#include "service/map_renewal_private.h"

#include "base/clock.h"
#include "base/message.h"
#include "service/map_sync_result.h"
#include "storage/member_status.h"
#include "system/directory.h"
#include "system/file_identity.h"
#include "system/signal_hold.h"

#include <string.h>

bool renewal_keep_foreign(const struct renewal *renewal, struct error *err)
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

/* The identity of a live file; "" for the index of a type that has none. */
static const char *live_identity(const struct map_sync_run *run, enum map_part part)
{
	const char *name = run->file.parts[part].name;

	return name ? file_identity(run->file.directory, name, run->arena) : "";
}

struct map_sync_state renewal_state(const struct renewal *renewal)
{
	struct map_sync_state state = map_draft_state(&renewal->draft);

	state.text_file = live_identity(renewal->run, MAP_TEXT);
	state.index_file = live_identity(renewal->run, MAP_INDEX);
	return state;
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

bool renewal_install(struct renewal *renewal, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	int64_t started = clock_monotonic_ms();
	struct signal_hold hold cleanup_signal_hold; /* from the first rename until the state is written */
	struct map_sync_state state;
	bool settled;
	bool live;

	signal_hold_begin(&hold);
	if (!map_stage_install(&renewal->draft.stage, &live, err)) {
		run->result->changed = live;
		if (live)
			err->code = ERROR_AFTER_LIVE;
		return false;
	}
	run->result->changed = true;
	run->result->reload = strcmp(run->settings->reload, "never") == 0 ? "none" : "skipped";
	memcpy(run->result->index_digest, renewal->draft.stage.index_digest,
		sizeof(run->result->index_digest));
	map_sync_result_step(run->result, "install", started, "");
	state = renewal_state(renewal);
	state.reload_owed = reload_is_needed(renewal);
	settled = map_renewal_settle(run, &state, err);
	/* Still held: a signal that waits must not leave the stage behind. */
	map_stage_close(&renewal->draft.stage);
	return settled;
}
