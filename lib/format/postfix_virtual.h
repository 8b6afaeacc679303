/*
 * Aliases from a hand-kept virtual(5) text: "local@our.domain   address[, address]...".
 *
 * Taken are whole addresses of our domain that forward to whole addresses. Comments, empty lines
 * and continuation lines are as in Postfix; the line that names the domain itself and rows that
 * forward an address only to itself say nothing and are left out. Whatever else Postfix understands
 * (quotes, bare names, catch-alls, commands) is a fault of its row: an alias of a member cannot say
 * it.
 */
#ifndef POSTIGO_FORMAT_POSTFIX_VIRTUAL_H
#define POSTIGO_FORMAT_POSTFIX_VIRTUAL_H

#include "base/source_text.h"
#include "format/import_rows.h"

/* Adds the rows of the text to `rows`. An address among its own destinations is a kept copy.
 * `domain` is lower case. The bytes may be hostile. */
void postfix_virtual_read(const struct source_text *source, const char *domain, struct arena *arena,
	struct import_rows *rows);

#endif
