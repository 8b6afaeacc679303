#include "service/map_adoption.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/alias_entry.h"
#include "format/printable.h"
#include "service/map_table.h"
#include "storage/alias_store.h"
#include "system/lock_file.h"

#include <string.h>

/* One act on one row, with everything it holds. */
struct ownership {
	const struct map_adoption *adoption;
	const char *address; /* lower case */
	bool adopt;
	struct arena *arena;
	struct lock_file lock;
	struct alias_store store;
	struct alias_entry entry;
	bool known; /* the store has the entry */
	struct map_table table;
	const char *before;
};

#define cleanup_ownership __attribute__((cleanup(ownership_close)))

static void ownership_close(struct ownership *ownership)
{
	map_table_close(&ownership->table);
	alias_store_close(&ownership->store);
	lock_file_release(&ownership->lock);
}

static const char *lower_case(const char *address, struct arena *arena)
{
	char *lower = arena_strdup(arena, address);

	for (char *at = lower; *at; at++)
		*at = ascii_to_lower(*at);
	return lower;
}

static bool check_target(const struct map_adoption *adoption, struct error *err)
{
	if (settings_sync_is_sql(adoption->settings))
		return true;
	error_set(err, ERROR_CONFIG, _("aliases are written to a map, and not to a table in a database"));
	error_why(err, _("\"sync.type\" is %s"), adoption->settings->sync.type);
	return error_field(err, "sync.type");
}

static bool find_entry(struct ownership *ownership, struct error *err)
{
	const char *name = arena_strndup(ownership->arena, ownership->address, strcspn(ownership->address, "@"));
	enum lookup_result result = alias_store_find(&ownership->store, name, ownership->arena, &ownership->entry, err);

	if (result == LOOKUP_FAILED)
		return false;
	ownership->known = result == LOOKUP_FOUND && strcmp(ownership->entry.alias, ownership->address) == 0;
	if (ownership->known || !ownership->adopt)
		return true;
	error_set(err, ERROR_NOT_FOUND, _("nobody has the alias %s"), printable_text(ownership->address, ownership->arena));
	return error_fix(err, "postigo-admin member list");
}

static bool open_all(struct ownership *ownership, struct error *err)
{
	const struct map_adoption *adoption = ownership->adoption;
	const char *lock = arena_printf(ownership->arena, "%s/lock/sync-members.lock", adoption->state_directory);
	struct sql_settings place;

	return check_target(adoption, err) &&
	       lock_file_acquire(&ownership->lock, lock, (int)adoption->settings->sync.lock_timeout * 1000, err) &&
	       alias_store_open(&ownership->store, adoption->state_directory, ALIAS_STORE_WRITE, err) &&
	       find_entry(ownership, err) &&
	       sql_settings_read(&adoption->settings->database, ownership->arena, &place, err) &&
	       map_table_open(&ownership->table, adoption->settings, &place, err) && map_table_check(&ownership->table, err) &&
	       map_table_create(&ownership->table, err);
}

/* An event that leaves the store alone. A row that was ours although nobody has its alias any more has nobody to tell of. */
static bool write_journal(struct ownership *ownership, struct error *err)
{
	const struct map_adoption *adoption = ownership->adoption;
	const struct alias_commit commit = {.actor = adoption->actor, .at = adoption->now};
	const char *before = ownership->before ? ownership->before : "";
	const struct alias_change change = {
		.op = ownership->adopt ? "adopt" : "release",
		.username = ownership->entry.username,
		.uid = ownership->entry.uid,
		.request_id = "",
		.reason = ownership->adopt ? arena_printf(ownership->arena, "row: %.400s", printable_text(before, ownership->arena)) : "",
	};

	return !ownership->known || alias_store_commit(&ownership->store, &commit, &change, 1, err);
}

static bool change_owner(struct ownership *ownership, struct error *err)
{
	const struct map_table_stamp stamp = {ownership->store.generation, ownership->adoption->now};

	if (!ownership->adopt)
		return map_table_release(&ownership->table, ownership->address, err);
	return map_table_adopt(&ownership->table, ownership->address, &stamp, ownership->arena, &ownership->before, err);
}

/* The mark no longer says what the rows are: the next sync looks at all of them. */
static bool unmark(struct ownership *ownership, struct error *err)
{
	struct map_table_mark mark;

	if (!map_table_read_mark(&ownership->table, true, &mark, err))
		return false;
	mark.digest[0] = '\0';
	return map_table_write_mark(&ownership->table, &mark, err);
}

static bool act(struct ownership *ownership, struct error *err)
{
	struct sql_transaction transaction cleanup_sql_transaction = SQL_TRANSACTION_INIT;

	return open_all(ownership, err) && sql_begin(&transaction, ownership->table.sql, err) &&
	       change_owner(ownership, err) && unmark(ownership, err) && write_journal(ownership, err) &&
	       sql_commit(&transaction, err);
}

static struct ownership ownership_of(const struct map_adoption *adoption, const char *address, bool adopt, struct arena *arena)
{
	return (struct ownership){
		.adoption = adoption,
		.address = lower_case(address, arena),
		.adopt = adopt,
		.arena = arena,
		.lock = LOCK_FILE_INIT,
		.store = ALIAS_STORE_INIT,
		.table = MAP_TABLE_INIT,
	};
}

bool map_row_adopt(const struct map_adoption *adoption, const char *address, struct arena *arena, const char **ret_before,
	struct error *err)
{
	struct ownership ownership cleanup_ownership = ownership_of(adoption, address, true, arena);

	if (!act(&ownership, err))
		return false;
	*ret_before = ownership.before;
	return true;
}

bool map_row_release(const struct map_adoption *adoption, const char *address, struct arena *arena, struct error *err)
{
	struct ownership ownership cleanup_ownership = ownership_of(adoption, address, false, arena);

	return act(&ownership, err);
}
