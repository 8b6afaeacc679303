/*
 * An entry of the store read in place: for walks over a million of them, where a tree of JSON and a
 * copy of each text would cost ten times the rest. Only the canonical form that
 * alias_entry_print() writes is known here; whatever else stands there goes through
 * alias_entry_parse().
 */
#ifndef POSTIGO_FORMAT_ALIAS_LINE_H
#define POSTIGO_FORMAT_ALIAS_LINE_H

#include "base/compiler.h"
#include "base/span.h"
#include "format/alias_entry.h"

#include <stdbool.h>
#include <stddef.h>

struct alias_line {
	uint32_t uid;
	struct span username;
	struct span alias;
	struct span destinations[ALIAS_DESTINATIONS_MAX];
	size_t destination_count;
	bool keep_copy;
	enum alias_status status;
	int64_t created;
	int64_t updated;
	struct span approved_by;
	struct span request_id;
	int64_t expires;  /* 0 = never */
	int64_t orphaned; /* 0 = not */
	struct span source;
	struct span note;
};

/*
 * Reads the canonical text of an entry that alias_entry_parse() accepts, too; the spans are of
 * `text`. False for every other text, also for a good one that has an escape or a byte above 0x7e:
 * then nothing is said about it. `text` may be hostile.
 */
must_check bool alias_line_scan(const char *text, size_t length, struct alias_line *ret_line);

/* The entry with its texts copied into `arena`. */
struct alias_entry alias_line_entry(const struct alias_line *line, struct arena *arena);

/* The entry as spans of its own texts. */
struct alias_line alias_line_of(const struct alias_entry *entry);

/* Whether the text may stand as request_id: "" or "<uid>-<32 hex>". */
bool alias_request_id_is_valid(const char *id);

/* Whether the text may stand as source. */
bool alias_source_is_valid(const char *source);

#endif
