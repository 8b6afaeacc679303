#include "service/map_rails.h"

#include "base/message.h"
#include "base/strbuf.h"
#include "service/map_sync_result.h"

#include <string.h>

#define KEYS_NOTED 20
#define ROWS_LISTED 1000
#define SELVES_FIRST 8
#define CHURN_FREE 20 /* changes that are never too many */

enum lifting {
	LIFT_BY_FORCE,
	LIFT_BY_OPTION, /* one of its own */
	LIFT_BY_ADOPTION, /* row by row, by a command of its own */
	LIFT_NEVER,
};

static const struct rail {
	const char *name;
	enum lifting lifting;
	const char *cure; /* besides lifting it; "" = none */
} rail_table[RAILS] = {
	[RAIL_GENERATION] = {"generation", LIFT_BY_FORCE,
		N_("restore the store by postigo-admin, which makes a new generation")},
	[RAIL_BARE_KEY] = {"bare-key", LIFT_NEVER, N_("remove the entry")},
	[RAIL_RESERVED] = {"reserved", LIFT_BY_FORCE,
		N_("revoke the alias, or name it in policy.reserved_remove")},
	[RAIL_DOMAIN] = {"domain", LIFT_BY_FORCE,
		N_("name the domain in virtual_alias_domains of main.cf")},
	[RAIL_NOT_REFERENCED] = {"not-referenced", LIFT_BY_FORCE,
		N_("name the map in virtual_alias_maps of main.cf")},
	[RAIL_EMPTY] = {"empty", LIFT_BY_OPTION, ""},
	[RAIL_DROP] = {"drop", LIFT_BY_FORCE, ""},
	[RAIL_CHURN] = {"churn", LIFT_BY_FORCE, ""},
	[RAIL_FOREIGN] = {"foreign", LIFT_BY_ADOPTION, ""},
	[RAIL_DRIFT] = {"drift", LIFT_BY_FORCE, ""},
	[RAIL_OWN_DOMAIN] = {"own-domain", LIFT_BY_FORCE, ""},
	[RAIL_LIMITS] = {"limits", LIFT_BY_FORCE, ""},
	[RAIL_CLASH_ALIAS] = {"clash-alias", LIFT_BY_FORCE, ""},
	[RAIL_CLASH_MAILBOX] = {"clash-mailbox", LIFT_BY_FORCE, ""},
	[RAIL_LOOP] = {"loop", LIFT_BY_FORCE, ""},
	[RAIL_DANGLING] = {"dangling", LIFT_BY_FORCE, ""},
};

const char *map_rail_name(enum map_rail rail)
{
	return rail_table[rail].name;
}

static const struct rail *find_rail(const char *name)
{
	for (size_t i = 0; i < RAILS; i++) {
		if (strcmp(rail_table[i].name, name) == 0)
			return &rail_table[i];
	}
	return NULL;
}

bool map_rails_check_force(const struct string_list *force, struct error *err)
{
	for (size_t i = 0; i < force->count; i++) {
		const struct rail *rail = find_rail(force->items[i]);

		if (!rail) {
			error_set(err, ERROR_USAGE, _("there is no safety rail \"%s\""),
				force->items[i]);
			return error_fix(err, _("one of: generation, reserved, domain, "
						"not-referenced, drop, churn, drift, own-domain, limits, "
						"clash-alias, clash-mailbox, loop, dangling"));
		}
		if (rail->lifting == LIFT_BY_OPTION) {
			error_set(err, ERROR_USAGE, _("--force does not lift the rail \"%s\""),
				rail->name);
			return error_fix(err, "--allow-empty");
		}
		if (rail->lifting == LIFT_BY_ADOPTION) {
			error_set(err, ERROR_USAGE, _("--force does not lift the rail \"%s\""), rail->name);
			return error_fix(err, "postigo-admin adopt ADDRESS");
		}
		if (rail->lifting == LIFT_NEVER)
			return error_set(err, ERROR_USAGE, _("nothing lifts the rail \"%s\""),
				rail->name);
	}
	return true;
}

static bool is_lifted(const struct map_rails *rails, enum map_rail rail)
{
	switch (rail_table[rail].lifting) {
	case LIFT_BY_FORCE:
		return string_list_contains(&rails->request->force, rail_table[rail].name);
	case LIFT_BY_OPTION:
		return rails->request->allow_empty;
	case LIFT_BY_ADOPTION:
	case LIFT_NEVER:
		return false;
	}
	return false;
}

static void note_lifted(struct map_rails *rails, enum map_rail rail, const char *key,
	const char *sentence)
{
	if (rails->lifted[rail]++ < KEYS_NOTED)
		map_sync_result_note(rails->result, rails->arena, rail_table[rail].name, key,
			arena_printf(rails->arena, _("%s (lifted on demand)"), sentence));
}

void map_rails_hit(struct map_rails *rails, enum map_rail rail, const char *key,
	const char *sentence)
{
	const char *name = rail_table[rail].name;

	if (is_lifted(rails, rail)) {
		note_lifted(rails, rail, key, sentence);
		return;
	}
	if (rails->hits[rail]++ == 0)
		rails->sentence[rail] = sentence;
	if (rails->hits[rail] <= KEYS_NOTED)
		map_sync_result_note(rails->result, rails->arena, name, key, sentence);
}

static bool is_decided(const struct map_rails *rails, struct span key)
{
	const struct string_list *decided = &rails->request->decided;

	for (size_t i = 0; i < decided->count; i++) {
		if (span_equal(span_of(decided->items[i]), key))
			return true;
	}
	return false;
}

bool map_rails_lists(const struct map_rails *rails, struct span key)
{
	return rails->result->refused_count < ROWS_LISTED || is_decided(rails, key);
}

bool map_rails_refuse_row(struct map_rails *rails, enum map_rail rail, struct span key,
	const char *detail)
{
	const char *name = rail_table[rail].name;

	if (is_lifted(rails, rail)) {
		if (rails->lifted[rail] < KEYS_NOTED)
			note_lifted(rails, rail,
				arena_strndup(rails->arena, key.bytes, key.length), detail);
		return false;
	}
	if (map_rails_lists(rails, key))
		map_sync_result_refuse(rails->result, rails->arena, name,
			arena_strndup(rails->arena, key.bytes, key.length), detail);
	rails->result->refused_count++;
	return true;
}

void map_rails_note_self(struct map_rails *rails, size_t number)
{
	size_t count = rails->self_count;
	size_t *old = rails->selves;

	/* Full at SELVES_FIRST and at every doubling of it. */
	if (count == 0 || (count >= SELVES_FIRST && (count & (count - 1)) == 0)) {
		rails->selves = arena_alloc_array(rails->arena, count ? count * 2 : SELVES_FIRST,
			sizeof(*old));
		if (old)
			memcpy(rails->selves, old, count * sizeof(*old));
	}
	rails->selves[rails->self_count++] = number;
}

static void judge_drop(struct map_rails *rails, const struct map_counts *counts, int64_t undecided)
{
	const struct sync_settings *settings = &rails->request->settings->sync;
	int64_t limit = counts->live * settings->max_drop_percent / 100;

	if (limit < settings->max_drop_count)
		limit = settings->max_drop_count;
	if (undecided > limit)
		map_rails_hit(rails, RAIL_DROP, "",
			arena_printf(rails->arena,
				_("%jd of %jd aliases would vanish, at most %jd may at once"),
				(intmax_t)undecided, (intmax_t)counts->live, (intmax_t)limit));
}

static void judge_churn(struct map_rails *rails, const struct map_counts *counts)
{
	int64_t limit = counts->live * rails->request->settings->sync.max_change_percent / 100;

	if (counts->changed > limit && counts->changed > CHURN_FREE)
		map_rails_hit(rails, RAIL_CHURN, "",
			arena_printf(rails->arena,
				_("%jd of %jd aliases would get other destinations, at most %jd "
				  "may at once"),
				(intmax_t)counts->changed, (intmax_t)counts->live,
				(intmax_t)limit));
}

void map_rails_judge(struct map_rails *rails, const struct map_counts *counts)
{
	/* What somebody has just decided row by row is no accident. */
	int64_t undecided = counts->removed - rails->request->decided_removals;

	if (counts->first)
		return;
	if (counts->wanted == 0 && undecided > 0) {
		map_rails_hit(rails, RAIL_EMPTY, "",
			arena_printf(rails->arena, _("no alias would be left of %jd"),
				(intmax_t)counts->live));
		/* Who allows an empty map has allowed the loss of every row, too. */
		if (rails->request->allow_empty)
			return;
	}
	judge_drop(rails, counts, undecided);
	judge_churn(rails, counts);
}

/* The options that would lift everything that was hit, or "" when one of them cannot be lifted. */
static void add_options(const struct map_rails *rails, struct strbuf *options)
{
	const char *separator = " --force=";

	for (size_t i = 0; i < RAILS; i++) {
		if (rails->hits[i] == 0 || rail_table[i].lifting == LIFT_BY_OPTION)
			continue;
		if (rail_table[i].lifting == LIFT_NEVER) {
			strbuf_reset(options);
			return;
		}
		strbuf_printf(options, "%s%s", separator, rail_table[i].name);
		separator = ",";
	}
	if (rails->hits[RAIL_EMPTY] > 0)
		strbuf_append_text(options, " --allow-empty");
}

static bool refuse(const struct map_rails *rails, enum map_rail first, int others,
	struct error *err)
{
	const struct rail *rail = &rail_table[first];
	struct strbuf options cleanup_strbuf = STRBUF_INIT;
	struct strbuf fix cleanup_strbuf = STRBUF_INIT;

	error_set(err, ERROR_RULE, _("the map was not replaced: safety rail \"%s\""), rail->name);
	if (others > 0)
		error_why(err,
			ngettext("%s; and %d rail more", "%s; and %d rails more",
				(unsigned long)others),
			rails->sentence[first], others);
	else
		error_why(err, "%s", rails->sentence[first]);
	add_options(rails, &options);
	if (*rail->cure)
		strbuf_append_text(&fix, _(rail->cure));
	if (options.length > 0)
		strbuf_printf(&fix,
			_("%slook at it with --dry-run; to do it nevertheless: postigo-admin "
			  "sync%s"),
			fix.length > 0 ? "; " : "", strbuf_text(&options));
	return error_fix(err, "%s", strbuf_text(&fix));
}

bool map_rails_pass(const struct map_rails *rails, struct error *err)
{
	enum map_rail first = RAILS;
	int others = 0;

	for (unsigned i = 0; i < RAILS; i++) {
		if (rails->hits[i] == 0)
			continue;
		if (first == RAILS)
			first = (enum map_rail)i;
		else
			others++;
	}
	return first == RAILS || refuse(rails, first, others, err);
}
