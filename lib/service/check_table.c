#include "service/check_map.h"

#include "base/message.h"
#include "service/map_sync_run.h"
#include "service/map_table.h"

#include <string.h>

static void look_at_mark(struct consistency_check *check, struct map_table *table)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct map_table_mark mark = {.generation = 0};
	struct error failure;

	if (!map_table_read_mark(table, false, &mark, &failure)) {
		check_failed(check, "postfix.database", &failure);
		return;
	}
	/* A store that cannot be opened is a finding of its own section. */
	if (!alias_store_open(&store, check->request->state_directory, ALIAS_STORE_READ, &failure) ||
		store.generation == mark.generation)
		return;
	check_find(check, FINDING_WARNING, "postfix.map-out-of-date", _("the map is older than what was decided"));
	check_evidence(check, _("live is generation %jd, the store has %jd"), (intmax_t)mark.generation, (intmax_t)store.generation);
	check_cure_by(check, "sync");
}

static void look_at_rows(struct consistency_check *check, struct map_table *table)
{
	const char *state = arena_printf(check->arena, "%s/sync/" MAP_SYNC_STATE_NAME, check->request->state_directory);
	struct strbuf rows cleanup_strbuf = STRBUF_INIT;
	struct error failure;
	int64_t missing;

	if (!map_table_read(table, &rows, &missing, &failure)) {
		check_failed(check, "postfix.database", &failure);
		return;
	}
	if (missing == 0)
		return;
	check_find(check, FINDING_ERROR, "postfix.map-drift", _("the map is not what the last sync installed"));
	check_evidence(check,
		ngettext("somebody has removed %jd row of ours", "somebody has removed %jd rows of ours", (unsigned long)missing),
		(intmax_t)missing);
	/* Without its books the next sync looks at every row. */
	check_cure(check, "rm %s && %s", check_word(check, state), check_command(check, "sync"));
}

void check_table(struct consistency_check *check, bool referenced)
{
	struct map_table table cleanup_map_table = MAP_TABLE_INIT;
	struct sql_settings place;
	struct error failure;

	if (!sql_settings_read(&check->settings->database, check->arena, &place, &failure) ||
		!map_table_open(&table, check->settings, &place, &failure) || !map_table_check(&table, &failure)) {
		check_failed(check, "postfix.database", &failure);
		return;
	}
	if (referenced && strcmp(check->settings->sync.type, "sqlite") == 0) {
		check_find(check, FINDING_WARNING, "postfix.sqlite",
			_("Postfix reads an SQLite database that is written to: its servers die when they meet a writer; let it "
			  "read a map instead"));
		check_advice(check, _("set sync.type to lmdb, hash, cdb or texthash in %s/postigo.json"), check->request->config_directory);
	}
	if (!table.ready) {
		check_find(check, FINDING_WARNING, "postfix.map-out-of-date", _("no alias was ever written to the table %s"),
			check->settings->sync_table.table);
		check_cure_by(check, "sync");
		return;
	}
	look_at_mark(check, &table);
	look_at_rows(check, &table);
}
