/* The first half of a renewal: the staged text. */
#include "service/map_renewal_private.h"

#include "base/clock.h"
#include "service/map_build.h"
#include "service/map_sync_result.h"
#include "system/file_identity.h"

#include <string.h>

#define SPLICED_LEAST 1000 /* rows; of fewer, all are rendered as fast */
#define GUESSED_FROM ((size_t)64 << 10) /* bytes of the store */

/* A trial must not touch the map's directory: its stage is in our own. */
static struct map_stage_place stage_place(const struct map_sync_run *run)
{
	if (run->request->dry_run || run->request->check)
		return map_draft_own_place(run);
	return (struct map_stage_place){
		.parent = run->file.directory,
		.parent_path = run->file.directory_path,
		.name = MAP_STAGE_NAME,
	};
}

void renewal_open(struct renewal *renewal)
{
	struct map_sync_run *run = renewal->run;
	const struct map_part_file *text = &run->file.parts[MAP_TEXT];

	map_draft_open(&renewal->draft, run, map_build_differences(run));
	renewal->draft.place = stage_place(run);
	renewal->draft.file = &run->file;
	renewal->draft.live = (struct map_live_text){text->fd, (size_t)text->status.st_size};
}

/* Whether no live index can be built upon, whatever the rows will be. */
static bool must_be_new(const struct map_sync_run *run)
{
	return !run->type->update || !run->same_type || run->file.parts[MAP_INDEX].fd < 0;
}

/* By the lines at the store's start. */
static int64_t guess_rows(const struct alias_store *store)
{
	size_t looked = store->length < GUESSED_FROM ? store->length : GUESSED_FROM;
	size_t lines = 1;

	for (size_t i = 0; i < looked; i++)
		lines += store->bytes[i] == '\n';
	return looked > 0 ? (int64_t)(store->length / looked * lines) : 0;
}

bool renewal_render(struct renewal *renewal, struct error *err)
{
	const struct map_rows rows = map_draft_rows(&renewal->draft);
	int64_t started = clock_monotonic_ms();

	if (!map_draft_begin(&renewal->draft, err))
		return false;
	if (must_be_new(renewal->run))
		map_build_begin_early(renewal->run, &renewal->library, &renewal->draft.stage, NULL,
			guess_rows(&renewal->run->store));
	if (!map_rows_write(&rows, err) || !map_draft_finish(&renewal->draft, err))
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

bool renewal_splice(struct renewal *renewal, bool *ret_fit, struct error *err)
{
	struct map_sync_run *run = renewal->run;
	const struct map_rows rows = map_draft_rows(&renewal->draft);
	struct string_list names = STRING_LIST_INIT;
	struct map_splice splice = {
		.names = &names,
		.live = run->before.rows,
		.changed = &renewal->changed,
	};
	int64_t started = clock_monotonic_ms();

	*ret_fit = false;
	renewal->spliced = true;
	if (!may_splice(run, &names))
		return true;
	splice.patches = arena_alloc_array(run->arena, names.count + 1, sizeof(*splice.patches));
	if (!map_draft_begin(&renewal->draft, err) || !map_rows_plan(&rows, &splice, ret_fit, err))
		return false;
	if (!*ret_fit)
		return true;
	if (renewal->draft.walk.difference_count > 0)
		map_build_begin_early(run, &renewal->library, &renewal->draft.stage, &renewal->draft.walk,
			renewal->draft.stage.rows);
	if (!map_rows_splice(&rows, &splice, err) || !map_draft_finish(&renewal->draft, err))
		return false;
	map_sync_result_step(run->result, "splice", started, "");
	return true;
}
