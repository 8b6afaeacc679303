/* Rails on what other tables of Postfix say about our keys: shadowed, clash-alias, clash-mailbox. */
#ifndef POSTIGO_SERVICE_MAP_CLASH_H
#define POSTIGO_SERVICE_MAP_CLASH_H

#include "service/map_verdicts.h"

/*
 * Asks every other table of virtual_alias_maps and, unless the settings allow to divert mailboxes, every table of virtual_mailbox_maps for all keys. A table behind ours
 * with another value refuses the row; one before ours is a warning, for the row is right but does nothing; a mailbox refuses a row that keeps no copy. A table that
 * cannot be asked is a warning.
 */
void map_clash_judge(struct map_verdicts *verdicts);

#endif
