#include "service/member_status_repair.h"

#include "service/member.h"
#include "storage/member_status.h"
#include "system/atomic_batch.h"

#include <string.h>

static bool same_list(const struct string_list *left, const struct string_list *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++) {
		if (strcmp(left->items[i], right->items[i]) != 0)
			return false;
	}
	return true;
}

bool member_status_tells(const struct status_file *status, const struct alias_entry *entry)
{
	return strcmp(status->username, entry->username) == 0 &&
	       strcmp(status->alias, entry->alias) == 0 &&
	       strcmp(status->state, alias_status_name(entry->status)) == 0 &&
	       status->keep_copy == entry->keep_copy && status->expires == entry->expires &&
	       same_list(&status->destinations, &entry->destinations);
}

/* What a status says of its entry; decisions are kept if they are those on this member. */
static void describe(const struct alias_store *store, const struct alias_entry *entry,
	struct status_file *status)
{
	status->uid = entry->uid;
	status->username = entry->username;
	status->alias = entry->alias;
	status->state = alias_status_name(entry->status);
	status->destinations = entry->destinations;
	status->keep_copy = entry->keep_copy;
	status->since = entry->updated;
	status->expires = entry->expires;
	status->generation = store->generation;
	if (*status->decision)
		return;
	status->decision = "approved";
	status->decision_id = entry->request_id;
	status->decided = entry->created;
}

struct repair {
	const char *state_directory;
	const struct alias_store *store;
	struct atomic_batch *batch;
	bool dry_run;
	size_t repaired;
};

static bool repair_one(struct repair *repair, const struct alias_entry *entry, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct status_file status = {.decision = "", .decision_id = "", .reason = ""};
	struct status_file found;

	switch (member_status_read(repair->state_directory, entry->uid, &arena, &found, err)) {
	case LOOKUP_FAILED:
		if (err->code != ERROR_DATABASE)
			return false;
		break;
	case LOOKUP_NOT_FOUND:
		break;
	case LOOKUP_FOUND:
		if (member_status_tells(&found, entry))
			return true;
		if (strcmp(found.username, entry->username) == 0)
			status = found;
		break;
	}
	repair->repaired++;
	describe(repair->store, entry, &status);
	return repair->dry_run || member_status_stage(repair->batch, &status, err);
}

bool member_status_repair(const struct alias_context *context, const struct alias_store *store,
	bool dry_run, size_t *ret_repaired, struct error *err)
{
	struct atomic_batch batch cleanup_atomic_batch = ATOMIC_BATCH_INIT;
	struct repair repair = {.state_directory = context->state_directory,
		.store = store,
		.batch = &batch,
		.dry_run = dry_run};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	enum lookup_result result;

	if (!member_status_batch_begin(&batch, context->state_directory, err))
		return false;
	alias_store_rewind(store, &cursor);
	while ((result = alias_store_next(&cursor, &arena, &entry, err)) == LOOKUP_FOUND) {
		if (member_identify(context->accounts, entry.uid, entry.username) ==
				MEMBER_IS_SAME &&
			!repair_one(&repair, &entry, err))
			return false;
		arena_clear(&arena);
	}
	*ret_repaired = repair.repaired;
	return result == LOOKUP_NOT_FOUND && atomic_batch_settle(&batch, err);
}
