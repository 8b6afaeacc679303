/* The part of check_postfix that looks at the map itself: its files, what the last sync remembers
 * of them, and what they answer. */
#ifndef POSTIGO_SERVICE_CHECK_MAP_H
#define POSTIGO_SERVICE_CHECK_MAP_H

#include "service/check_subject.h"
#include "service/map_sync_file.h"
#include "service/postfix_instance.h"
#include "storage/alias_store.h"

/* Looks at the map of the settings, which is of `type`. */
void check_map(struct consistency_check *check, const struct postfix_instance *instance,
	const struct map_type *type);

/* Looks at the table in a database that stands in the place of a map; `referenced` by Postfix or not. Writes nothing. */
void check_table(struct consistency_check *check, bool referenced);

/*
 * Asks the live map through postmap(1) for up to 1000 rows of the store, spread evenly, and notes
 * "postfix.map-answers" when one is not answered exactly as the store says. `cure` is the command
 * line for that.
 */
void check_map_answers(struct consistency_check *check, const struct postfix_instance *instance,
	const struct map_type *type, const struct alias_store *store, const char *cure);

#endif
