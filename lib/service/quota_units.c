#include "service/quota_units.h"

#include "base/message.h"
#include "format/quota.h"

#include <string.h>

static int64_t in_megabytes(const struct mail_context *context, int64_t limit)
{
	int64_t multiplier = context->settings->domains.quota_multiplier;

	return quota_limit_is_suspect(limit) ? limit / multiplier + (limit % multiplier != 0) : limit;
}

static void add_fix(const struct mail_context *context, const struct sql_statement *row, struct arena *arena,
	struct quota_unit_fixes *fixes)
{
	struct quota_unit_fix fix = {
		.domain = sql_column_copy(row, 0, arena),
		.max_quota_before = sql_column_integer(row, 1),
		.quota_before = sql_column_integer(row, 2),
	};

	fix.max_quota_after = in_megabytes(context, fix.max_quota_before);
	fix.quota_after = in_megabytes(context, fix.quota_before);
	if (fix.max_quota_after == fix.max_quota_before && fix.quota_after == fix.quota_before)
		return;
	/* Rooms double at the powers of two. */
	if ((fixes->count & (fixes->count - 1)) == 0) {
		struct quota_unit_fix *items = arena_alloc_array(arena, fixes->count ? 2 * fixes->count : 1, sizeof(*items));

		if (fixes->count > 0)
			memcpy(items, fixes->items, fixes->count * sizeof(*items));
		fixes->items = items;
	}
	fixes->items[fixes->count++] = fix;
}

bool quota_units_find(const struct mail_context *context, struct arena *arena, struct quota_unit_fixes *ret_fixes,
	struct error *err)
{
	struct sql_statement *rows cleanup_sql_statement = NULL;
	struct quota_unit_fixes fixes = {NULL, 0};
	enum sql_step step;

	if (!sql_query(context->sql, SQL("SELECT domain, maxquota, quota FROM {domain} WHERE UPPER(domain) <> 'ALL' ORDER BY domain"), SQL_NO_VALUES,
		    &rows, err))
		return false;
	while ((step = sql_step(rows, err)) == SQL_ROW)
		add_fix(context, rows, arena, &fixes);
	if (step == SQL_FAILED)
		return false;
	*ret_fixes = fixes;
	return true;
}

struct apply_request {
	const struct quota_unit_fixes *fixes;
	struct arena *arena;
};

static bool apply_one(const struct mail_context *context, const struct quota_unit_fix *fix, struct arena *arena,
	struct error *err)
{
	int64_t found = 0;

	if (!sql_execute(context->sql, SQL("UPDATE {domain} SET maxquota = ?, quota = ?, modified = ? WHERE domain = ? AND maxquota = ? AND quota = ?"),
		    SQL_VALUES(sql_integer(fix->max_quota_after), sql_integer(fix->quota_after), sql_time(context->now),
			    sql_text(fix->domain), sql_integer(fix->max_quota_before), sql_integer(fix->quota_before)),
		    &found, err))
		return false;
	if (found == 0) {
		error_set(err, ERROR_CHANGED, _("somebody changed the limits of domain %s meanwhile"), fix->domain);
		return error_fix(err, "postigo-admin quota fix-units");
	}
	return mail_audit(context, fix->domain, "domain.fix_units",
		arena_printf(arena, "%s maxquota %lld->%lld quota %lld->%lld", fix->domain, (long long)fix->max_quota_before,
			(long long)fix->max_quota_after, (long long)fix->quota_before, (long long)fix->quota_after),
		err);
}

static bool apply(const struct mail_context *context, void *data, struct mail_change *change, struct error *err)
{
	const struct apply_request *request = data;

	for (size_t i = 0; i < request->fixes->count; i++) {
		if (!apply_one(context, &request->fixes->items[i], request->arena, err))
			return false;
		change->changed = true;
	}
	return true;
}

bool quota_units_apply(const struct mail_context *context, const struct quota_unit_fixes *fixes, struct arena *arena,
	struct mail_change *ret_change, struct error *err)
{
	struct apply_request request = {fixes, arena};

	return mail_transact(context, apply, &request, ret_change, err);
}
