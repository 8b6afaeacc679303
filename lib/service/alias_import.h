/*
 * Importing aliases: every row judged by the rules of a request, all faults collected, then one
 * transaction or nothing.
 *
 * The journal gets one event "import" a changed entry; members see their aliases as after any
 * decision.
 */
#ifndef POSTIGO_SERVICE_ALIAS_IMPORT_H
#define POSTIGO_SERVICE_ALIAS_IMPORT_H

#include "format/import_rows.h"
#include "service/alias_request.h"

enum alias_import_outcome {
	ALIAS_IMPORT_REFUSED, /* the row's faults say why */
	ALIAS_IMPORT_ADDED,
	ALIAS_IMPORT_CHANGED,
	ALIAS_IMPORT_UNCHANGED,
};

#define ALIAS_IMPORT_OUTCOMES 4

struct alias_import_request {
	struct import_rows *rows; /* faults are added to its rows */
	const char *source;       /* of entries whose rows name none: import, import-runv, … */
	bool dry_run;
	bool skip_errors; /* write the good rows although others are refused */
	bool replace;     /* change an entry that is there and different, else a fault */
	bool keep_newer;  /* never replace an entry that was changed after the row's updated_at */
};

struct alias_import_result {
	enum alias_import_outcome *outcomes; /* one a row */
	size_t counts[ALIAS_IMPORT_OUTCOMES];
	bool written; /* the store has a new generation */
	int64_t generation;
	int64_t removals; /* aliases that left the map */
};

/* "refused", "added", "changed", "unchanged"; N_(), static. */
const char *alias_import_outcome_name(enum alias_import_outcome outcome);

/*
 * Judges all rows and, unless one is refused without skip_errors, the file is broken or too long,
 * or it is a dry run, commits the good ones. Fails with temporary (locked, accounts away), config,
 * database, filesystem: nothing is written; or after_live (*ret_result is filled; a member cannot
 * see it yet).
 */
must_check bool alias_import(const struct alias_context *context,
	const struct alias_import_request *request, struct arena *arena,
	struct alias_import_result *ret_result, struct error *err);

#endif
