/* What the parts of map_table share: opening and keeping (map_table.c), reading (map_table_read.c), writing (map_table_write.c). */
#ifndef POSTIGO_SERVICE_MAP_TABLE_PRIVATE_H
#define POSTIGO_SERVICE_MAP_TABLE_PRIVATE_H

#include "service/map_table.h"

#define MAP_TABLE_STATIC 8				/* columns of "sync_table.static" at most */
#define MAP_TABLE_COLUMNS (6 + MAP_TABLE_STATIC)

/* The column's text whatever its type, "" for NULL, in the arena. */
const char *map_table_column(const struct sql_statement *row, unsigned column, struct arena *arena);

/* Appends a row's value: the destinations as a map has them, or what stands for a row that is switched off or not to be read. */
void map_table_append_value(const struct map_table *table, const struct sql_statement *row, struct strbuf *text);

#endif
