/*
 * Puts entries into a store, making it first where there is none, all as one change: for benchmarks
 *and end-to-end tests of the sync, which need stores of their own making.
 *
 *	make_store STATE DOMAIN ACT...
 *	fill:COUNT	member0000001 to COUNT, each with a destination
 *	NAME=D1,D2	sets destinations; NAME=+D1,D2 keeps a copy, too
 *	-NAME		removes
 *	!NAME		suspends
 */
#include "base/arena.h"
#include "base/number.h"
#include "storage/alias_store.h"

#include <stdio.h>
#include <string.h>

#define AT ((int64_t)1769000000)
#define UID_FIRST 100000

struct acts {
	struct arena *arena;
	const struct alias_store *store;
	struct alias_change *changes;
	size_t count;
	size_t capacity;
};

static struct alias_change *add_change(struct acts *acts, const char *op, const char *name,
	uint32_t uid)
{
	struct alias_change *old = acts->changes;

	if (acts->count == acts->capacity) {
		acts->capacity = acts->capacity ? acts->capacity * 2 : 64;
		acts->changes = arena_alloc_array(acts->arena, acts->capacity, sizeof(*old));
		if (old)
			memcpy(acts->changes, old, acts->count * sizeof(*old));
	}
	acts->changes[acts->count] = (struct alias_change){.op = op,
		.username = name,
		.uid = uid,
		.request_id = "",
		.reason = ""};
	return &acts->changes[acts->count++];
}

static struct alias_entry *copy_entry(struct arena *arena, const struct alias_entry *entry)
{
	struct alias_entry *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *entry;
	return copy;
}

static struct alias_entry *find_entry(const struct acts *acts, const char *name)
{
	struct alias_entry entry;
	struct error err;

	if (alias_store_find(acts->store, name, acts->arena, &entry, &err) != LOOKUP_FOUND)
		return NULL;
	return copy_entry(acts->arena, &entry);
}

static void set_entry(struct acts *acts, const char *name, uint32_t uid, const char *destinations)
{
	struct alias_entry *before = find_entry(acts, name);
	struct alias_change *change = add_change(acts, "edit", name, before ? before->uid : uid);
	struct alias_entry entry = {
		.uid = change->uid,
		.username = name,
		.alias = arena_printf(acts->arena, "%s@%s", name, acts->store->domain),
		.keep_copy = *destinations == '+',
		.created = AT,
		.updated = AT,
		.approved_by = "root",
		.request_id = "",
		.source = "admin",
		.note = "",
	};

	string_list_split(&entry.destinations, acts->arena, destinations + entry.keep_copy, ",");
	change->before = before;
	change->after = copy_entry(acts->arena, &entry);
}

static void fill(struct acts *acts, int64_t count)
{
	for (int64_t i = 1; i <= count; i++)
		set_entry(acts, arena_printf(acts->arena, "member%07jd", (intmax_t)i),
			(uint32_t)(UID_FIRST + i),
			arena_printf(acts->arena, "user%07jd.v1@mail001.example.org", (intmax_t)i));
}

static bool take_out(struct acts *acts, const char *name, bool suspend)
{
	struct alias_entry *before = find_entry(acts, name);
	struct alias_entry *after = before && suspend ? copy_entry(acts->arena, before) : NULL;
	struct alias_change *change;

	if (!before)
		return false;
	if (after)
		after->status = ALIAS_SUSPENDED;
	change = add_change(acts, suspend ? "suspend" : "revoke", name, before->uid);
	change->before = before;
	change->after = after;
	return true;
}

static bool read_act(struct acts *acts, const char *act)
{
	const char *equals = strchr(act, '=');
	int64_t count;

	if (strncmp(act, "fill:", 5) == 0 && parse_int64(act + 5, &count)) {
		fill(acts, count);
		return true;
	}
	if (*act == '-' || *act == '!')
		return take_out(acts, act + 1, *act == '!');
	if (!equals)
		return false;
	set_entry(acts, arena_strndup(acts->arena, act, (size_t)(equals - act)),
		(uint32_t)(UID_FIRST - 1 - (int64_t)acts->count), equals + 1);
	return true;
}

static int fail(const struct error *err)
{
	fprintf(stderr, "make_store: %s: %s\n", err->what, err->why);
	return (int)err->code;
}

int main(int argc, char **argv)
{
	struct arena arena cleanup_arena = {.cap = (size_t)2 << 30};
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct acts acts = {.arena = &arena, .store = &store};
	const struct identity actor = {.login = "root",
		.login_uid = -1,
		.claim = "",
		.terminal = ""};
	const struct alias_commit commit = {.actor = &actor, .at = AT};
	struct error err;

	if (argc < 3)
		return ERROR_USAGE;
	if ((!alias_store_exists(argv[1]) && !alias_store_create(argv[1], argv[2], 0, &err)) ||
		!alias_store_open(&store, argv[1], ALIAS_STORE_WRITE, &err))
		return fail(&err);
	for (int i = 3; i < argc; i++) {
		if (!read_act(&acts, argv[i])) {
			fprintf(stderr, "make_store: not understood: %s\n", argv[i]);
			return ERROR_USAGE;
		}
	}
	if (acts.count > 0 && !alias_store_commit(&store, &commit, acts.changes, acts.count, &err))
		return fail(&err);
	printf("generation %jd\n", (intmax_t)store.generation);
	return 0;
}
