/* The name of a table or a column as a site may choose it: letters, digits and underscores, and so nothing that could be SQL. */
#ifndef POSTIGO_FORMAT_SQL_IDENTIFIER_H
#define POSTIGO_FORMAT_SQL_IDENTIFIER_H

#include "base/compiler.h"

#include <stdbool.h>

#define SQL_IDENTIFIER_MAX 64 /* bytes */

/* Made by sql_identifier_parse() only. */
struct sql_identifier {
	char text[SQL_IDENTIFIER_MAX + 1];
};

/* Whether `text` may name a table or a column: [A-Za-z_][A-Za-z0-9_]*, at most 64 bytes. No dots: one database is one connection. */
must_check bool sql_identifier_parse(const char *text, struct sql_identifier *ret_identifier);

#endif
