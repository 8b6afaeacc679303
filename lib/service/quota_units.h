/* Limits of domains that an older program wrote in bytes, where PostfixAdmin wants megabytes. */
#ifndef POSTIGO_SERVICE_QUOTA_UNITS_H
#define POSTIGO_SERVICE_QUOTA_UNITS_H

#include "service/mail_context.h"

/* One domain whose limits are put right; what is right already is the same before and after. */
struct quota_unit_fix {
	const char *domain;
	int64_t max_quota_before;
	int64_t max_quota_after;
	int64_t quota_before;
	int64_t quota_after;
};

struct quota_unit_fixes {
	struct quota_unit_fix *items;
	size_t count;
};

/* Finds the domains whose limits can only be bytes, by name. Fails with database. */
must_check bool quota_units_find(const struct mail_context *context, struct arena *arena, struct quota_unit_fixes *ret_fixes,
	struct error *err);

/*
 * Converts exactly these, a part of a megabyte counting as a whole one. Fails with changed when one is not any more what was found: nothing is written then; else with database or
 * deadlock.
 */
must_check bool quota_units_apply(const struct mail_context *context, const struct quota_unit_fixes *fixes, struct arena *arena,
	struct mail_change *ret_change, struct error *err);

#endif
