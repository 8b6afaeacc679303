/* The names of tables and columns in section "sync_table": what a site may call them. */
#ifndef POSTIGO_FORMAT_SETTINGS_TABLE_H
#define POSTIGO_FORMAT_SETTINGS_TABLE_H

#include "base/error.h"
#include "format/settings.h"

/*
 * Whether all names are identifiers, those that must be there are, no column is named twice, and the database is of the kind that sync.type says. Fails with config,
 * and then *ret_key is the key at fault, static.
 */
must_check bool settings_table_check(const struct settings *settings, const char **ret_key, struct error *err);

#endif
