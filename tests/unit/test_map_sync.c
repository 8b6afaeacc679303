/* The parts of the sync engine that need no Postfix: state, rails, the walk beside the live text,
 * the live files. */
#include "service/map_sync.h"

#include "format/json.h"
#include "format/postfix_map.h"
#include "service/map_rails.h"
#include "service/map_sync_file.h"
#include "service/map_sync_result.h"
#include "service/map_sync_state.h"
#include "system/file_identity.h"
#include "service/map_walk.h"
#include "unit.h"

#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct map_sync_state some_state = {
	.generation = 412,
	.rows = 3,
	.installed = 1769000000,
	.reload_owed = true,
	.type = "lmdb",
	.path = "/etc/postfix/postigo-aliases",
	.store = "1:2:3:4.5:6.7",
	.postfix = "",
	.store_digest = DIGEST_A,
	.config = DIGEST_B,
	.text = DIGEST_A,
	.index = DIGEST_B,
	.text_file = "1:2:3:4.5:6.7",
	.index_file = "",
};

START_TEST(state_survives_a_round_trip)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct strbuf again cleanup_strbuf = STRBUF_INIT;
	struct map_sync_state state;
	struct error err;

	map_sync_state_print(&some_state, &text);
	unit_assert_ok(map_sync_state_parse(strbuf_text(&text), text.length, &arena, &state, &err),
		err);
	ck_assert_int_eq(state.generation, 412);
	ck_assert_int_eq(state.rows, 3);
	ck_assert(state.reload_owed);
	ck_assert_str_eq(state.path, some_state.path);
	map_sync_state_print(&state, &again);
	ck_assert_str_eq(strbuf_text(&again), strbuf_text(&text));
}
END_TEST

START_TEST(state_of_a_map_without_index)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct map_sync_state state = some_state;
	struct error err;

	state.index = "";
	map_sync_state_print(&state, &text);
	unit_assert_ok(map_sync_state_parse(strbuf_text(&text), text.length, &arena, &state, &err),
		err);
	ck_assert_str_eq(state.index, "");
}
END_TEST

/* A member that is missing, of another type, not valid, or unknown: whatever it is, the file is not
 * half believed. */
static const struct {
	const char *from;
	const char *to;
} bad_states[] = {
	{"\"format\":", "\"form\":"},
	{"412", "\"412\""},
	{"412", "-1"},
	{"412", "1.5"},
	{"true", "1"},
	{"\"lmdb\"", "7"},
	{"\"text\"", "\"tex\""},
	{"\"text\"", "\"index\""},
	{"bbbb\"", "bbbz\""},
	{"aaaa\"", "aaa\""},
	{"\"rows\"", "\"rows\":1,\"extra\""},
	{"}", ",\"more\": 1}"},
	{"}", "} x"},
	{"}", ""},
};

START_TEST(refuses_bad_states)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct strbuf bad cleanup_strbuf = STRBUF_INIT;
	struct map_sync_state state = {.generation = -7};
	struct error err;
	const char *place;

	map_sync_state_print(&some_state, &text);
	place = strstr(strbuf_text(&text), bad_states[_i].from);
	ck_assert_ptr_nonnull(place);
	strbuf_append(&bad, strbuf_text(&text), (size_t)(place - strbuf_text(&text)));
	strbuf_append_text(&bad, bad_states[_i].to);
	strbuf_append_text(&bad, place + strlen(bad_states[_i].from));
	ck_assert(!map_sync_state_parse(strbuf_text(&bad), bad.length, &arena, &state, &err));
	unit_assert_error(err, ERROR_DATABASE);
	ck_assert_int_eq(state.generation, -7);
}
END_TEST

START_TEST(refuses_every_truncated_state)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct map_sync_state state;
	struct error err;

	map_sync_state_print(&some_state, &text);
	for (size_t length = 0; length + 2 < text.length; length++)
		ck_assert(!map_sync_state_parse(strbuf_text(&text), length, &arena, &state, &err));
}
END_TEST

START_TEST(state_is_written_and_read)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("state");
	struct map_sync_state state;
	struct stat status;
	struct error err;

	ck_assert_int_eq(map_sync_state_read(directory, "m", &arena, &state, &err),
		LOOKUP_NOT_FOUND);
	unit_assert_ok(map_sync_state_write(directory, "m", &some_state, &err), err);
	ck_assert_int_eq(map_sync_state_read(directory, "m", &arena, &state, &err), LOOKUP_FOUND);
	ck_assert_str_eq(state.config, some_state.config);
	ck_assert_int_eq(fstatat(directory, "m", &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	unit_write_file(directory, "m", "{}", 0600);
	ck_assert_int_eq(map_sync_state_read(directory, "m", &arena, &state, &err), LOOKUP_FAILED);
	unit_assert_error(err, ERROR_DATABASE);
}
END_TEST

static struct settings some_settings(void)
{
	return (struct settings){
		.domain = "club.example",
		.sync =
			{
				.type = "lmdb",
				.path = "/etc/postfix/postigo-aliases",
				.mode = 0640,
				.group = "postfix",
				.postfix_config_directory = "/etc/postfix",
				.max_drop_count = 5,
				.max_drop_percent = 10,
				.max_change_percent = 50,
			},
	};
}

START_TEST(config_digest_knows_what_matters)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct settings settings = some_settings();
	char before[DIGEST_HEX_LENGTH + 1];
	char after[DIGEST_HEX_LENGTH + 1];

	map_sync_config_digest(&settings, "lmdb", before);
	ck_assert(digest_is_valid(before));
	settings.sync.max_drop_count = 99;
	map_sync_config_digest(&settings, "lmdb", after);
	ck_assert_str_eq(before, after);
	map_sync_config_digest(&settings, "hash", after);
	ck_assert_str_ne(before, after);
	settings.sync.mode = 0600;
	map_sync_config_digest(&settings, "lmdb", after);
	ck_assert_str_ne(before, after);
	settings = some_settings();
	string_list_add(&settings.policy.reserved_add, &arena, "vip");
	map_sync_config_digest(&settings, "lmdb", after);
	ck_assert_str_ne(before, after);
	settings = some_settings();
	settings.domain = "other.example";
	map_sync_config_digest(&settings, "lmdb", after);
	ck_assert_str_ne(before, after);
}
END_TEST

START_TEST(identity_sees_a_replaced_file)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("identity");
	const char *before;

	ck_assert_str_eq(file_identity(directory, "f", &arena), "");
	unit_write_file(directory, "f", "same", 0600);
	unit_write_file(directory, "g", "same", 0600);
	before = file_identity(directory, "f", &arena);
	ck_assert_str_ne(before, "");
	ck_assert_str_eq(file_identity(directory, "f", &arena), before);
	ck_assert_int_eq(renameat(directory, "g", directory, "f"), 0);
	ck_assert_str_ne(file_identity(directory, "f", &arena), before);
}
END_TEST

/* Live text, wanted rows, and what the walk must count: added, changed, removed, live, strange. */
static const struct {
	const char *live;
	const char *wanted[4];
	int64_t added, changed, removed, rows;
	bool strange;
} walks[] = {
	{"", {NULL}, 0, 0, 0, 0, false},
	{"", {"a@x\t1\n", "b@x\t2\n"}, 2, 0, 0, 0, false},
	{"# h\n# i\na@x\t1\nb@x\t2\n", {"a@x\t1\n", "b@x\t2\n"}, 0, 0, 0, 2, false},
	{"# h\na@x\t1\nb@x\t2\n", {"a@x\t1\n", "b@x\t3\n"}, 0, 1, 0, 2, false},
	{"# h\na@x\t1\nb@x\t2\nc@x\t3\n", {"b@x\t2\n"}, 0, 0, 2, 3, false},
	{"# h\na@x\t1\nc@x\t3\n", {"b@x\t2\n", "d@x\t4\n"}, 2, 0, 2, 2, false},
	{"# h\na@x\t1\n", {NULL}, 0, 0, 1, 1, false},
	{"a@x\t1\na-b@x\t2\n", {"a@x\t1\n", "a-b@x\t2\n"}, 0, 0, 0, 2, false},
	{"a@x 1\nb@x 2\n", {NULL}, 0, 0, 0, 2, true},
	{"b@x\t1\na@x\t2\n", {NULL}, 0, 0, 2, 2, true},
	{"a@x\t1\na@x\t2\n", {"a@x\t1\n"}, 0, 0, 1, 2, true},
	{"a@x\t1", {NULL}, 0, 0, 0, 1, true},
	{"a@x\t1\n  continued\n\n", {"a@x\t1\n"}, 0, 0, 0, 1, true},
};

static int live_file(const char *text)
{
	static int number;
	char name[32];
	int directory cleanup_close = open(unit_scratch(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(name, sizeof(name), "live%d.%d", getpid(), number++);
	unit_write_file(directory, name, text, 0600);
	return openat(directory, name, O_RDONLY | O_CLOEXEC);
}

static void walk_beside(struct map_walk *walk, const char *live, const char *const *wanted,
	size_t count)
{
	int fd cleanup_close = live_file(live);
	struct error err;

	unit_assert_ok(map_walk_open(walk, fd, strlen(live), &err), err);
	for (size_t i = 0; i < count && wanted[i]; i++)
		map_walk_row(walk, wanted[i], strcspn(wanted[i], "\t"), strlen(wanted[i]));
	map_walk_end(walk);
}

START_TEST(counts_differences)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct map_walk walk cleanup_map_walk = {.arena = &arena, .limit = 100};

	walk_beside(&walk, walks[_i].live, walks[_i].wanted, ARRAY_LENGTH(walks[_i].wanted));
	ck_assert_int_eq(walk.strange, walks[_i].strange);
	ck_assert_int_eq(walk.live, walks[_i].rows);
	ck_assert_int_eq(walk.added, walks[_i].added);
	ck_assert_int_eq(walk.changed, walks[_i].changed);
	ck_assert_int_eq(walk.removed, walks[_i].removed);
	ck_assert_uint_eq(walk.difference_count,
		(size_t)(walk.added + walk.changed + walk.removed));
	ck_assert(!walk.cut);
}
END_TEST

START_TEST(lists_differences)
{
	static const char *const wanted[] = {"a@x\t9\n", "c@x\t3\n"};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct map_walk walk cleanup_map_walk = {.arena = &arena, .limit = 2};

	walk_beside(&walk, "a@x\t1\nb@x\t2\n", wanted, ARRAY_LENGTH(wanted));
	ck_assert_uint_eq(walk.difference_count, 2);
	ck_assert(walk.cut);
	ck_assert_int_eq(walk.differences[0].sign, '~');
	ck_assert_str_eq(walk.differences[0].key, "a@x");
	ck_assert_str_eq(walk.differences[0].before, "1");
	ck_assert_str_eq(walk.differences[0].after, "9");
	ck_assert_int_eq(walk.differences[1].sign, '-');
	ck_assert_str_eq(walk.differences[1].before, "2");
	ck_assert_ptr_null(walk.differences[1].after);
}
END_TEST

START_TEST(keeps_no_difference_unasked)
{
	static const char *const wanted[] = {"c@x\t3\n"};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct map_walk walk cleanup_map_walk = {.arena = &arena};

	walk_beside(&walk, "a@x\t1\n", wanted, ARRAY_LENGTH(wanted));
	ck_assert_int_eq(walk.added, 1);
	ck_assert_int_eq(walk.removed, 1);
	ck_assert_uint_eq(walk.difference_count, 0);
	ck_assert(!walk.cut);
}
END_TEST

/* wanted, live, removed, changed → the rails that are hit, and the options offered. */
static const struct {
	struct map_counts counts;
	const char *force;
	bool allow_empty;
	const char *rails; /* "" = passes */
} judgements[] = {
	{{.wanted = 50, .live = 50}, "", false, ""},
	{{.wanted = 45, .live = 50, .removed = 5}, "", false, ""},
	{{.wanted = 44, .live = 50, .removed = 6}, "", false, "drop"},
	{{.wanted = 90, .live = 100, .removed = 10}, "", false, ""},
	{{.wanted = 89, .live = 100, .removed = 11}, "", false, "drop"},
	{{.wanted = 89, .live = 100, .removed = 11}, "drop", false, ""},
	{{.wanted = 89, .live = 100, .removed = 11}, "churn", false, "drop"},
	{{.wanted = 89, .live = 100, .removed = 11}, "", true, "drop"},
	{{.wanted = 0, .live = 50, .removed = 50}, "", false, "empty drop"},
	{{.wanted = 0, .live = 50, .removed = 50}, "drop", false, "empty"},
	{{.wanted = 0, .live = 50, .removed = 50}, "", true, ""},
	{{.wanted = 0, .live = 1, .removed = 1}, "", false, "empty"},
	{{.wanted = 0, .live = 0}, "", false, ""},
	{{.wanted = 0, .live = 0, .first = true}, "", false, ""},
	{{.wanted = 100, .live = 100, .changed = 50}, "", false, ""},
	{{.wanted = 100, .live = 100, .changed = 51}, "", false, "churn"},
	{{.wanted = 100, .live = 100, .changed = 51}, "churn", false, ""},
	{{.wanted = 20, .live = 20, .changed = 20}, "", false, ""},
	{{.wanted = 21, .live = 21, .changed = 21}, "", false, "churn"},
	{{.wanted = 60, .live = 100, .removed = 40, .changed = 60}, "", false, "drop churn"},
};

START_TEST(judges_counts)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct settings settings = some_settings();
	struct map_sync_request request = {.settings = &settings,
		.allow_empty = judgements[_i].allow_empty};
	struct map_sync_result result = {.warning_count = 0};
	struct map_rails rails = {.request = &request, .result = &result, .arena = &arena};
	struct string_list hit = STRING_LIST_INIT;
	struct error err;

	string_list_split(&request.force, &arena, judgements[_i].force, " ");
	map_rails_judge(&rails, &judgements[_i].counts);
	for (unsigned i = 0; i < RAILS; i++) {
		if (rails.hits[i] > 0)
			string_list_add(&hit, &arena, map_rail_name((enum map_rail)i));
	}
	ck_assert_str_eq(string_list_join(&hit, &arena, " "), judgements[_i].rails);
	if (hit.count == 0) {
		unit_assert_ok(map_rails_pass(&rails, &err), err);
		return;
	}
	ck_assert(!map_rails_pass(&rails, &err));
	unit_assert_error(err, ERROR_RULE);
	ck_assert_ptr_nonnull(strstr(err.what, hit.items[0]));
	ck_assert_ptr_nonnull(strstr(err.fix,
		hit.count == 1 && rails.hits[RAIL_EMPTY] ? "--allow-empty" : "--force="));
	ck_assert_uint_ge(result.warning_count, hit.count); /* lifted ones are noted, too */
}
END_TEST

/* What the syncing command has just decided row by row is no accident; what goes beside it may be one. */
START_TEST(decided_removals_hit_no_rail)
{
	static const struct {
		int64_t decided;
		bool passes;
	} cases[] = {{0, false}, {9, false}, {10, true}, {20, true}};
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct settings settings = some_settings();
	const struct map_counts counts = {.wanted = 80, .live = 100, .removed = 20};
	const struct map_counts last = {.wanted = 0, .live = 1, .removed = 1};

	/* At most ten of a hundred, so ten of the twenty must have been decided. */
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct map_sync_request request = {
			.settings = &settings, .decided_removals = cases[i].decided};
		struct map_sync_result result = {.warning_count = 0};
		struct map_rails rails = {.request = &request, .result = &result, .arena = &arena};
		struct error err;

		map_rails_judge(&rails, &counts);
		ck_assert_int_eq(map_rails_pass(&rails, &err), cases[i].passes);
	}
	for (int64_t decided = 0; decided <= 1; decided++) {
		const struct map_sync_request request = {
			.settings = &settings, .decided_removals = decided};
		struct map_sync_result result = {.warning_count = 0};
		struct map_rails rails = {.request = &request, .result = &result, .arena = &arena};
		struct error err;

		map_rails_judge(&rails, &last);
		ck_assert_int_eq(map_rails_pass(&rails, &err), decided == 1);
	}
}
END_TEST

START_TEST(reports_all_rails_in_order)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const struct settings settings = some_settings();
	const struct map_sync_request request = {.settings = &settings};
	struct map_sync_result result = {.warning_count = 0};
	struct map_rails rails = {.request = &request, .result = &result, .arena = &arena};
	struct error err;

	map_rails_hit(&rails, RAIL_DROP, "", "many would go");
	map_rails_hit(&rails, RAIL_DOMAIN, "", "not served");
	for (int i = 0; i < 100; i++)
		map_rails_hit(&rails, RAIL_RESERVED, "root@club.example", "belongs to the server");
	ck_assert(!map_rails_pass(&rails, &err));
	ck_assert_ptr_nonnull(strstr(err.what, "reserved"));
	ck_assert_ptr_nonnull(strstr(err.why, "2 rails more"));
	ck_assert_ptr_nonnull(strstr(err.fix, "--force=reserved,domain,drop"));
	ck_assert_uint_gt(result.warning_count, 3);
	ck_assert_uint_lt(result.warning_count, 50);
	map_rails_hit(&rails, RAIL_BARE_KEY, "@club.example", "no local part");
	ck_assert(!map_rails_pass(&rails, &err));
	ck_assert_ptr_nonnull(strstr(err.what, "bare-key"));
	ck_assert_ptr_null(strstr(err.fix, "--force"));
}
END_TEST

static const struct {
	const char *force;
	const char *fix; /* NULL = accepted */
} forces[] = {
	{"", NULL},
	{"drop", NULL},
	{"drop churn generation domain reserved not-referenced", NULL},
	{"all", "one of"},
	{"Drop", "one of"},
	{"drop empty", "--allow-empty"},
	{"bare-key", ""},
};

START_TEST(checks_forced_names)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct string_list force = STRING_LIST_INIT;
	struct error err;

	string_list_split(&force, &arena, forces[_i].force, " ");
	if (!forces[_i].fix) {
		unit_assert_ok(map_rails_check_force(&force, &err), err);
		return;
	}
	ck_assert(!map_rails_check_force(&force, &err));
	unit_assert_error(err, ERROR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.fix, forces[_i].fix));
}
END_TEST

START_TEST(result_as_json)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct map_difference difference = {'+', "a@x", NULL, "1"};
	struct map_sync_result result = {
		.type = "lmdb",
		.path = "/m",
		.reload = "skipped",
		.wanted = 7,
		.differences = &difference,
		.difference_count = 1,
	};
	struct json *json cleanup_json = NULL;
	struct error failure;
	int64_t number;

	for (int i = 0; i < 40; i++)
		map_sync_result_note(&result, &arena, "drop", i == 39 ? "last" : "", "text");
	error_set(&failure, ERROR_RULE, "refused");
	json = map_sync_result_to_json(&result, &failure);
	ck_assert(json_integer(json_get(json, "exit"), &number) && number == ERROR_RULE);
	ck_assert(json_integer(json_get(json_get(json, "rows"), "wanted"), &number) && number == 7);
	ck_assert_uint_eq(json_count(json_get(json, "warnings")), 40);
	ck_assert_str_eq(json_get_text(json_get(json, "error"), "code"), "rule_violation");
	ck_assert_str_eq(json_get_text(json_first(json_get(json, "changes")), "after"), "1");
}
END_TEST

START_TEST(knows_its_types)
{
	ck_assert_str_eq(map_type_find("hash")->suffix, ".db");
	ck_assert_str_eq(map_type_find("lmdb")->suffix, ".lmdb");
	ck_assert_str_eq(map_type_find("cdb")->suffix, ".cdb");
	ck_assert_str_eq(map_type_find("texthash")->suffix, "");
	ck_assert(map_type_find("texthash")->reload_when_direct);
	ck_assert(!map_type_find("lmdb")->reload_when_direct);
	ck_assert_ptr_null(map_type_find("btree"));
	ck_assert_ptr_null(map_type_find("auto"));
}
END_TEST

/* Root's directories below "/", for the scratch directory is in /tmp, which is nobody's alone. */
static void make_traps(int directory)
{
	unit_write_file(directory, "good", "x", 0640);
	unit_write_file(directory, "linked", "x", 0640);
	ck_assert_int_eq(linkat(directory, "linked", directory, "linked2", 0), 0);
	ck_assert_int_eq(symlinkat("good", directory, "symlink"), 0);
	ck_assert_int_eq(mkdirat(directory, "directory", 0755), 0);
	ck_assert_int_eq(mkfifoat(directory, "fifo", 0600), 0);
	unit_write_file(directory, "others", "x", 0640);
	ck_assert_int_eq(fchownat(directory, "others", 12345, 0, 0), 0);
	unit_write_file(directory, "index-trap", "x", 0640);
	ck_assert_int_eq(symlinkat("good", directory, "index-trap.lmdb"), 0);
}

static const struct {
	const char *name;
	bool trusted;
} live_names[] = {
	{"good", true},
	{"absent", true},
	{"linked", false},
	{"symlink", false},
	{"directory", false},
	{"fifo", false},
	{"others", false},
	{"index-trap", false},
};

START_TEST(trusts_only_plain_files_of_root)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("live");
	struct sync_settings settings = some_settings().sync;

	make_traps(directory);
	settings.group = "root";
	for (size_t i = 0; i < ARRAY_LENGTH(live_names); i++) {
		struct map_sync_file file cleanup_map_sync_file = MAP_SYNC_FILE_INIT;
		struct error err;

		settings.path =
			arena_printf(&arena, "%s/live/%s", unit_scratch(), live_names[i].name);
		if (live_names[i].trusted) {
			unit_assert_ok(map_sync_file_open(&file, &settings, map_type_find("lmdb"),
					       &arena, &err),
				err);
			continue;
		}
		ck_assert_msg(!map_sync_file_open(&file, &settings, map_type_find("lmdb"), &arena,
				      &err),
			"trusted %s", live_names[i].name);
		unit_assert_error(err, ERROR_CONFIG);
	}
}
END_TEST

START_TEST(refuses_directories_of_others)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("shared");
	struct sync_settings settings = some_settings().sync;
	struct map_sync_file file cleanup_map_sync_file = MAP_SYNC_FILE_INIT;
	struct error err;

	ck_assert_int_eq(fchmod(directory, 0775), 0);
	settings.group = "root";
	settings.path = arena_printf(&arena, "%s/shared/map", unit_scratch());
	ck_assert(!map_sync_file_open(&file, &settings, map_type_find("lmdb"), &arena, &err));
	unit_assert_error(err, ERROR_CONFIG);
	settings.group = "no-such-group-here";
	ck_assert(!map_sync_file_open(&file, &settings, map_type_find("lmdb"), &arena, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.field, "sync.group");
}
END_TEST

START_TEST(matches_by_digest_and_mode)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("match");
	struct sync_settings settings = some_settings().sync;
	struct map_sync_file file cleanup_map_sync_file = MAP_SYNC_FILE_INIT;
	char text[DIGEST_HEX_LENGTH + 1];
	struct error err;

	unit_write_file(directory, "map", "text", 0640);
	unit_write_file(directory, "map.lmdb", "index", 0640);
	unit_write_file(directory, "map.db", "old", 0640);
	settings.group = "root";
	settings.path = arena_printf(&arena, "%s/match/map", unit_scratch());
	unit_assert_ok(map_sync_file_open(&file, &settings, map_type_find("lmdb"), &arena, &err),
		err);
	unit_assert_ok(map_sync_file_digest(&file, &err), err);
	digest_bytes("text", 4, text);
	ck_assert_str_eq(file.parts[MAP_TEXT].digest, text);
	ck_assert(map_sync_file_matches(&file, text, file.parts[MAP_INDEX].digest));
	ck_assert(!map_sync_file_matches(&file, text, text));
	ck_assert(!map_sync_file_matches(&file, text, ""));
	file.mode = 0600;
	ck_assert(!map_sync_file_matches(&file, text, file.parts[MAP_INDEX].digest));
	file.mode = 0640;
	file.group = 7;
	ck_assert(!map_sync_file_matches(&file, text, file.parts[MAP_INDEX].digest));
}
END_TEST

START_TEST(keeps_what_is_foreign)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = unit_directory("keep");
	int foreign cleanup_close = unit_directory("foreign");
	struct sync_settings settings = some_settings().sync;
	struct map_sync_file file cleanup_map_sync_file = MAP_SYNC_FILE_INIT;
	struct string_list strays = STRING_LIST_INIT;
	struct error err;

	unit_write_file(directory, "map", "by hand\n", 0640);
	unit_write_file(directory, "map.db", "old", 0640);
	settings.group = "root";
	settings.path = arena_printf(&arena, "%s/keep/map", unit_scratch());
	unit_assert_ok(map_sync_file_open(&file, &settings, map_type_find("lmdb"), &arena, &err),
		err);
	unit_assert_ok(map_sync_file_keep(&file, MAP_TEXT, foreign, 0, &err), err);
	unit_assert_ok(map_sync_file_keep(&file, MAP_INDEX, foreign, 0, &err), err);
	unit_assert_file(foreign, "1970-01-01T00:00:00Z-map", "by hand\n");
	map_sync_file_strays(&file, &arena, &strays);
	ck_assert_str_eq(string_list_join(&strays, &arena, " "), "map.db");
}
END_TEST

static void add_file_tests(Suite *suite)
{
	TCase *files = unit_case(suite, "files");

	tcase_add_test(files, knows_its_types);
	unit_add_root_test(files, trusts_only_plain_files_of_root);
	unit_add_root_test(files, refuses_directories_of_others);
	unit_add_root_test(files, matches_by_digest_and_mode);
	unit_add_root_test(files, keeps_what_is_foreign);
}

int main(void)
{
	Suite *suite = suite_create("map_sync");
	TCase *state = unit_case(suite, "state");
	TCase *walk = unit_case(suite, "walk");
	TCase *rails = unit_case(suite, "rails");

	tcase_add_test(state, state_survives_a_round_trip);
	tcase_add_test(state, state_of_a_map_without_index);
	tcase_add_loop_test(state, refuses_bad_states, 0, (int)ARRAY_LENGTH(bad_states));
	tcase_add_test(state, refuses_every_truncated_state);
	unit_add_root_test(state, state_is_written_and_read);
	tcase_add_test(state, config_digest_knows_what_matters);
	tcase_add_test(state, identity_sees_a_replaced_file);
	tcase_add_loop_test(walk, counts_differences, 0, (int)ARRAY_LENGTH(walks));
	tcase_add_test(walk, lists_differences);
	tcase_add_test(walk, keeps_no_difference_unasked);
	tcase_add_loop_test(rails, judges_counts, 0, (int)ARRAY_LENGTH(judgements));
	tcase_add_test(rails, decided_removals_hit_no_rail);
	tcase_add_test(rails, reports_all_rails_in_order);
	tcase_add_loop_test(rails, checks_forced_names, 0, (int)ARRAY_LENGTH(forces));
	tcase_add_test(rails, result_as_json);
	add_file_tests(suite);
	return unit_run(suite);
}
