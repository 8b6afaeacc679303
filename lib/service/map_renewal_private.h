/* What the files of map_renewal share among themselves. */
#ifndef POSTIGO_SERVICE_MAP_RENEWAL_PRIVATE_H
#define POSTIGO_SERVICE_MAP_RENEWAL_PRIVATE_H

#include "service/map_draft.h"
#include "service/postfix_instance.h"

/* What one renewal builds up. */
struct renewal {
	struct map_sync_run *run;
	struct map_draft draft;
	struct map_library library;
	struct strbuf changed; /* the rows that are judged, when they are not all of the stage */
	bool spliced;	       /* the text was made from the live one by the entries that the journal names */
	bool text_foreign;
	bool index_foreign;
	enum map_reference reference;
};

/* Starts the draft on the run, its stage beside the map. */
void renewal_open(struct renewal *renewal);

/* Stages the rows of all entries. Fails with config, database or filesystem. */
must_check bool renewal_render(struct renewal *renewal, struct error *err);

/*
 * Stages the live text with the rows of those entries that the journal says were changed since. *ret_fit is false when it cannot tell, or more than these rows may be
 * affected: then all rows have to be rendered. Fails as renewal_render().
 */
must_check bool renewal_splice(struct renewal *renewal, bool *ret_fit, struct error *err);

/* Copies what others made of the live files. Fails with filesystem. */
must_check bool renewal_keep_foreign(const struct renewal *renewal, struct error *err);

/* The state after this renewal, without a reload that is owed. */
struct map_sync_state renewal_state(const struct renewal *renewal);

/* Makes the sealed stage live and settles. Fails with filesystem or after_live. */
must_check bool renewal_install(struct renewal *renewal, struct error *err);

#endif
