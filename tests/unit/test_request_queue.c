#include "storage/request_queue.h"

#include "format/digest.h"
#include "format/json.h"
#include "store_fixture.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>

/* Cases A21 to A24 and A54 on files made for the purpose, each with its code. */

#define QUEUE_GROUP_ID 4242
#define READER_GROUP_ID 4343
#define ANA 5001
#define BIA 5002

struct fixture {
	const char *state;
	int directory;
	struct request_queue queue;
};

static int64_t now(void)
{
	return (int64_t)time(NULL);
}

/* A state directory with a queue, opened `ahead` seconds in the future. */
static void begin(struct fixture *fixture, const char *name, int64_t ahead)
{
	struct error err;

	fixture->state = fixture_state(name, &fixture->directory);
	fixture_mkdir(fixture->directory, "queue", 0710, QUEUE_GROUP_ID);
	fixture_mkdir(fixture->directory, "queue/new", 01730, QUEUE_GROUP_ID);
	fixture_mkdir(fixture->directory, "queue/tmp", 01730, QUEUE_GROUP_ID);
	fixture_mkdir(fixture->directory, "work/archive", 0750, READER_GROUP_ID);
	fixture->queue = (struct request_queue)REQUEST_QUEUE_INIT;
	unit_assert_ok(request_queue_open(&fixture->queue, fixture->state, now() + ahead, &err),
		err);
}

static void end(struct fixture *fixture)
{
	request_queue_close(&fixture->queue);
	close(fixture->directory);
}

#define cleanup_fixture __attribute__((cleanup(end)))

static struct request_record example(uint32_t uid, const char *username, const char *destination)
{
	struct request_record record = {.op = REQUEST_SET,
		.destination_count = 1,
		.uid = uid,
		.created = FIXTURE_TIME};

	snprintf(record.username, sizeof(record.username), "%s", username);
	snprintf(record.destinations[0], sizeof(record.destinations[0]), "%s", destination);
	snprintf(record.language, sizeof(record.language), "pt");
	snprintf(record.nonce, sizeof(record.nonce), "0123456789abcdef0123456789abcdef");
	return record;
}

/* Lays a file into the queue as the helper does: the member's, the queue's group, 0600. */
static void lay_text(const struct fixture *fixture, const char *name, uid_t owner, const char *text)
{
	unit_write_file(fixture->queue.pending, name, text, 0600);
	ck_assert_int_eq(fchownat(fixture->queue.pending, name, owner, QUEUE_GROUP_ID, 0), 0);
}

static void lay_record(const struct fixture *fixture, const struct request_record *record,
	uid_t owner)
{
	char text[REQUEST_FILE_MAX + 1];
	char name[REQUEST_NAME_MAX];
	size_t length = request_record_print_json(record, text, sizeof(text) - 1);

	ck_assert_uint_gt(length, 0);
	text[length] = '\0';
	request_name(owner, request_op_kind(record->op), name);
	lay_text(fixture, name, owner, text);
}

static void lay_good(const struct fixture *fixture, uint32_t uid, const char *username)
{
	struct request_record record = example(uid, username, "someone@mail.example.org");

	lay_record(fixture, &record, uid);
}

/* The one file of the queue. */
static struct queued_request list_one(const struct fixture *fixture, struct arena *arena)
{
	struct queued_request *requests;
	struct error err;
	bool truncated;
	size_t count;

	unit_assert_ok(request_queue_list(&fixture->queue, arena, &requests, &count, &truncated,
			       &err),
		err);
	ck_assert_uint_eq(count, 1);
	ck_assert(!truncated);
	return requests[0];
}

static void assert_code(const struct fixture *fixture, const char *name)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request = list_one(fixture, &arena);

	ck_assert_msg(strcmp(queue_code_name(request.code), name) == 0, "%s (%s) instead of %s",
		queue_code_name(request.code), request.detail, name);
	ck_assert_str_ne(queue_code_text(request.code), "");
}

static size_t count_files(int parent, const char *name)
{
	int fd cleanup_close = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream cleanup_closedir = fdopendir(fd);
	const struct dirent *entry;
	size_t count = 0;

	ck_assert_ptr_nonnull(stream);
	take_fd(&fd);
	while ((entry = readdir(stream)) != NULL)
		count += entry->d_name[0] != '.';
	return count;
}

/* ---------------------------------------------------------------- reading */

START_TEST(a_good_request)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;
	struct queued_request again;
	uint32_t uid;
	struct error err;

	begin(&fixture, "good", 0);
	lay_good(&fixture, ANA, "ana");
	request = list_one(&fixture, &arena);
	ck_assert_int_eq(request.code, QUEUE_GOOD);
	ck_assert_str_eq(queue_code_name(request.code), "");
	ck_assert_str_eq(request.file, "5001.alias.json");
	ck_assert_uint_eq(request.uid, ANA);
	ck_assert_str_eq(request.record.username, "ana");
	ck_assert_str_eq(request.record.destinations[0], "someone@mail.example.org");
	ck_assert_int_le(request.received, now());
	ck_assert_int_gt(request.received, now() - 60);
	ck_assert(request_id_parse(request.id, &uid));
	ck_assert_uint_eq(uid, ANA);
	ck_assert_int_eq(request_queue_read(&fixture.queue, ANA, REQUEST_ALIAS, &arena, &again,
				 &err),
		LOOKUP_FOUND);
	ck_assert_str_eq(again.id, request.id);
	ck_assert_int_eq(request_queue_read(&fixture.queue, BIA, REQUEST_ALIAS, &arena, &again,
				 &err),
		LOOKUP_NOT_FOUND);
	ck_assert_int_eq(request_queue_read(&fixture.queue, ANA, REQUEST_ALIAS_STATE, &arena,
				 &again, &err),
		LOOKUP_NOT_FOUND);
}
END_TEST

START_TEST(the_id_is_the_digest_of_uid_and_bytes)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf bytes cleanup_strbuf = STRBUF_INIT;
	struct queued_request request;
	char hex[DIGEST_HEX_LENGTH + 1];

	begin(&fixture, "id", 0);
	lay_good(&fixture, ANA, "ana");
	request = list_one(&fixture, &arena);
	strbuf_append(&bytes, "postigo-request-1\0005001\0", 23);
	strbuf_append(&bytes, request.bytes, request.length);
	digest_bytes(bytes.text, bytes.length, hex);
	ck_assert_str_eq(request.id, arena_printf(&arena, "5001-%.32s", hex));
}
END_TEST

START_TEST(parses_ids)
{
	static const char *const bad[] = {"", "-", "5001", "5001-", "5001-0123",
		"05001-0123456789abcdef0123456789abcdef", "0-0123456789abcdef0123456789abcdef",
		"-5-0123456789abcdef0123456789abcdef", "5001-0123456789ABCDEF0123456789abcdef",
		"5001-0123456789abcdef0123456789abcdef0",
		"4294967295-0123456789abcdef0123456789abcdef",
		"99999999999999999999-0123456789abcdef0123456789abcdef"};
	uint32_t uid = 1;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		ck_assert_msg(!request_id_parse(bad[i], &uid), "accepted %s", bad[i]);
	ck_assert(request_id_parse("5001-0123456789abcdef0123456789abcdef", &uid));
	ck_assert_uint_eq(uid, 5001);
}
END_TEST

START_TEST(sorted_by_arrival)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request *requests;
	const struct timespec pause = {.tv_nsec = 20000000};
	struct error err;
	bool truncated;
	size_t count;

	begin(&fixture, "sorted", 0);
	lay_good(&fixture, 5009, "rui");
	nanosleep(&pause, NULL);
	lay_good(&fixture, 5003, "zoe");
	nanosleep(&pause, NULL);
	lay_good(&fixture, 5006, "ana");
	unit_write_file(fixture.queue.pending, ".hidden", "x", 0600);
	unit_assert_ok(request_queue_list(&fixture.queue, &arena, &requests, &count, &truncated,
			       &err),
		err);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(requests[0].uid, 5009);
	ck_assert_uint_eq(requests[1].uid, 5003);
	ck_assert_uint_eq(requests[2].uid, 5006);
}
END_TEST

/* ---------------------------------------------------------------- codes */

static const struct {
	const char *code;
	const char *name;
	uid_t owner;
	const char *text;
} bad_files[] = {
	{"Q02", "5001.alias.json", BIA, "{}"},
	{"Q02", "5001.alias.json", 0, "{}"},
	{"Q05", "5001.alias.json", ANA, ""},
	{"Q05", "5001.alias.json", ANA, "x"},
	{"Q06", "5001.alias.json", ANA, "{\"format\":1,"},
	{"Q06", "5001.alias.json", ANA, "[]"},
	{"Q06", "5001.alias.json", ANA, "{\"format\":1,\"format\":1}"},
	{"Q07", "5001.alias.json", ANA, "{\"format\":0}"},
	{"Q07", "5001.alias.json", ANA, "{\"format\":2}"},
	{"Q08", "5001.alias.json", ANA, "{\"format\":1}"},
	{"Q18", "5001.json", ANA, "{}"},
	{"Q18", "05001.alias.json", ANA, "{}"},
	{"Q18", "5001.alias.json~", ANA, "{}"},
	{"Q18", "passwd\033[31m", ANA, "{}"},
};

START_TEST(bad_files_have_their_code)
{
	struct fixture fixture cleanup_fixture;
	char name[32];

	snprintf(name, sizeof(name), "bad-%d", _i);
	begin(&fixture, name, 0);
	lay_text(&fixture, bad_files[_i].name, bad_files[_i].owner, bad_files[_i].text);
	assert_code(&fixture, bad_files[_i].code);
}
END_TEST

START_TEST(a_newer_format_is_left)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;

	begin(&fixture, "newer", 0);
	lay_text(&fixture, "5001.alias.json", ANA, "{\"format\":2}");
	request = list_one(&fixture, &arena);
	ck_assert_int_eq(request.code, QUEUE_FORMAT_NEWER);
	ck_assert(!queue_code_is_quarantined(request.code));
}
END_TEST

START_TEST(a_foreign_group_or_an_open_mode)
{
	struct fixture fixture cleanup_fixture;

	begin(&fixture, "group", 0);
	lay_good(&fixture, ANA, "ana");
	ck_assert_int_eq(fchownat(fixture.queue.pending, "5001.alias.json", ANA, 100, 0), 0);
	assert_code(&fixture, "Q03");
	ck_assert_int_eq(fchownat(fixture.queue.pending, "5001.alias.json", ANA, QUEUE_GROUP_ID, 0),
		0);
	ck_assert_int_eq(fchmodat(fixture.queue.pending, "5001.alias.json", 0620, 0), 0);
	assert_code(&fixture, "Q03");
}
END_TEST

START_TEST(a_second_name_is_young_first)
{
	for (int settled = 0; settled < 2; settled++) {
		struct fixture fixture cleanup_fixture;
		struct arena arena cleanup_arena = ARENA_INIT;
		struct queued_request request;
		struct error err;

		begin(&fixture, settled ? "links-old" : "links", settled ? 3600 : 0);
		lay_good(&fixture, ANA, "ana");
		ck_assert_int_eq(linkat(fixture.queue.pending, "5001.alias.json",
					 fixture.queue.staging, "5001.alias", 0),
			0);
		ck_assert_int_eq(request_queue_read(&fixture.queue, ANA, REQUEST_ALIAS, &arena,
					 &request, &err),
			LOOKUP_FOUND);
		ck_assert_str_eq(queue_code_name(request.code), "Q04");
		ck_assert(queue_code_is_quarantined(request.code));
		ck_assert(request.young == !settled);
	}
}
END_TEST

START_TEST(somebody_else_in_the_text)
{
	struct fixture fixture cleanup_fixture;
	struct request_record record = example(ANA, "ana", "a@mail.example.org");

	begin(&fixture, "else", 0);
	lay_record(&fixture, &record, BIA);
	assert_code(&fixture, "Q10");
}
END_TEST

START_TEST(a_reserved_name)
{
	struct fixture fixture cleanup_fixture;

	begin(&fixture, "reserved", 0);
	lay_good(&fixture, ANA, "postmaster");
	assert_code(&fixture, "Q11");
}
END_TEST

START_TEST(another_kind_than_the_name_says)
{
	struct fixture fixture cleanup_fixture;
	struct request_record record = example(ANA, "ana", "");

	begin(&fixture, "kind", 0);
	record.op = REQUEST_PAUSE;
	record.destination_count = 0;
	lay_record(&fixture, &record, ANA);
	ck_assert_int_eq(renameat(fixture.queue.pending, "5001.alias-state.json",
				 fixture.queue.pending, "5001.alias.json"),
		0);
	assert_code(&fixture, "Q08");
}
END_TEST

START_TEST(a_destination_that_is_none)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	char text[REQUEST_FILE_MAX];
	struct request_record record = example(ANA, "ana", "a@mail.example.org");
	size_t length = request_record_print_json(&record, text, sizeof(text) - 1);
	struct queued_request request;
	char *at;

	begin(&fixture, "destination", 0);
	text[length] = '\0';
	at = strstr(text, "a@mail");
	ck_assert_ptr_nonnull(at);
	at[1] = '%';
	lay_text(&fixture, "5001.alias.json", ANA, text);
	request = list_one(&fixture, &arena);
	ck_assert_int_eq(request.code, QUEUE_DESTINATION);
	ck_assert(!queue_code_is_quarantined(request.code));
	ck_assert_str_eq(request.record.username, "ana");
	ck_assert_str_ne(request.id, "");
}
END_TEST

static void make_special(int pending, int kind)
{
	static const char name[] = "5001.alias.json";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd cleanup_close = -1;

	switch (kind) {
	case 0:
		ck_assert_int_eq(mkfifoat(pending, name, 0600), 0);
		break;
	case 1:
		ck_assert_int_eq(symlinkat("/etc/shadow", pending, name), 0);
		break;
	case 2:
		ck_assert_int_eq(symlinkat("nowhere", pending, name), 0);
		break;
	case 3:
		ck_assert_int_eq(mkdirat(pending, name, 0700), 0);
		unit_write_file(pending, "5001.alias.json/child", "x", 0600);
		break;
	case 4:
		ck_assert_int_eq(mknodat(pending, name, S_IFCHR | 0600, makedev(1, 5)), 0);
		break;
	default:
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", pending,
			name);
		ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	}
	ck_assert_int_eq(fchownat(pending, name, ANA, QUEUE_GROUP_ID, AT_SYMLINK_NOFOLLOW), 0);
}

/* Whatever lies there: no blocking, no reading, set aside, and the others can be decided. */
START_TEST(what_is_no_regular_file)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request *requests;
	char name[32];
	struct error err;
	bool truncated;
	size_t count;

	snprintf(name, sizeof(name), "special-%d", _i);
	begin(&fixture, name, 0);
	make_special(fixture.queue.pending, _i);
	lay_good(&fixture, BIA, "bia");
	unit_assert_ok(request_queue_list(&fixture.queue, &arena, &requests, &count, &truncated,
			       &err),
		err);
	ck_assert_uint_eq(count, 2);
	for (size_t i = 0; i < count; i++) {
		if (requests[i].uid == BIA) {
			ck_assert_int_eq(requests[i].code, QUEUE_GOOD);
			continue;
		}
		ck_assert_int_eq(requests[i].code, QUEUE_NOT_REGULAR);
		ck_assert(!requests[i].young);
		unit_assert_ok(request_queue_quarantine(&fixture.queue, &requests[i], &err), err);
	}
	ck_assert_uint_eq(count_files(fixture.queue.pending, "."), 1);
	ck_assert_uint_eq(count_files(fixture.queue.quarantine, "."), 2);
}
END_TEST

START_TEST(a_huge_file_takes_no_memory)
{
	struct fixture fixture cleanup_fixture;
	struct rusage usage;
	long peak;
	int fd;

	begin(&fixture, "huge", 0);
	fd = openat(fixture.queue.pending, "5001.alias.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(ftruncate(fd, (off_t)1 << 30), 0);
	ck_assert_int_eq(fchown(fd, ANA, QUEUE_GROUP_ID), 0);
	close(fd);
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	peak = usage.ru_maxrss;
	assert_code(&fixture, "Q05");
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	ck_assert_int_lt(usage.ru_maxrss - peak, 4096);
}
END_TEST

START_TEST(sizes_at_the_border)
{
	static const size_t sizes[] = {4096, 4097, 10000000};
	char *text = malloc(10000001);

	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		struct fixture fixture cleanup_fixture;
		char name[32];

		snprintf(name, sizeof(name), "size-%zu", i);
		begin(&fixture, name, 0);
		memset(text, ' ', sizes[i]);
		text[sizes[i]] = '\0';
		lay_text(&fixture, "5001.alias.json", ANA, text);
		assert_code(&fixture, i == 0 ? "Q06" : "Q05");
	}
	free(text);
}
END_TEST

START_TEST(opens_only_what_can_be_trusted)
{
	static const struct {
		const char *name;
		mode_t bad;
		mode_t good;
	} directories[] = {
		{"queue/new", 0730, 01730},
		{"queue/new", 01770, 01730},
		{"queue/new", 03730, 01730},
		{"queue/tmp", 01777, 01730},
		{"work/claimed", 0710, 0700},
		{"work/quarantine", 0755, 0700},
		{"work/archive", 0770, 0750},
	};
	struct fixture fixture cleanup_fixture;
	struct request_queue queue = REQUEST_QUEUE_INIT;
	struct error err;

	begin(&fixture, "trust", 0);
	for (size_t i = 0; i < ARRAY_LENGTH(directories); i++) {
		ck_assert_int_eq(fchmodat(fixture.directory, directories[i].name,
					 directories[i].bad, 0),
			0);
		ck_assert_msg(!request_queue_open(&queue, fixture.state, now(), &err), "%s %04o",
			directories[i].name, directories[i].bad);
		unit_assert_error(err, ERROR_CONFIG);
		ck_assert_int_eq(fchmodat(fixture.directory, directories[i].name,
					 directories[i].good, 0),
			0);
	}
	ck_assert_int_eq(fchownat(fixture.directory, "queue/tmp", 0, 100, 0), 0);
	ck_assert(!request_queue_open(&queue, fixture.state, now(), &err));
	ck_assert_int_eq(fchownat(fixture.directory, "queue/tmp", 0, QUEUE_GROUP_ID, 0), 0);
	ck_assert_int_eq(fchownat(fixture.directory, "queue/new", ANA, QUEUE_GROUP_ID, 0), 0);
	ck_assert(!request_queue_open(&queue, fixture.state, now(), &err));
	ck_assert_int_eq(unlinkat(fixture.directory, "queue/new", AT_REMOVEDIR), 0);
	ck_assert(!request_queue_open(&queue, fixture.state, now(), &err));
	unit_assert_error(err, ERROR_CONFIG);
}
END_TEST

/* ---------------------------------------------------------------- deciding */

static struct queued_request claim(const struct fixture *fixture, uid_t uid, struct arena *arena)
{
	struct queued_request request;
	struct error err;

	ck_assert_int_eq(request_queue_claim(&fixture->queue, uid, REQUEST_ALIAS, arena, &request,
				 &err),
		LOOKUP_FOUND);
	ck_assert(request.claimed);
	return request;
}

START_TEST(claims_and_returns)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request shown;
	struct queued_request request;
	struct error err;

	begin(&fixture, "claim", 0);
	lay_good(&fixture, ANA, "ana");
	shown = list_one(&fixture, &arena);
	request = claim(&fixture, ANA, &arena);
	ck_assert_str_eq(request.id, shown.id);
	ck_assert_int_eq(request.received, shown.received);
	ck_assert_uint_eq(count_files(fixture.queue.pending, "."), 0);
	ck_assert_int_eq(request_queue_claim(&fixture.queue, ANA, REQUEST_ALIAS, &arena, &shown,
				 &err),
		LOOKUP_NOT_FOUND);
	unit_assert_ok(request_queue_return(&fixture.queue, &request, &err), err);
	unit_assert_ok(request_queue_return(&fixture.queue, &request, &err), err);
	shown = list_one(&fixture, &arena);
	ck_assert_str_eq(request.id, shown.id);
	ck_assert_uint_eq(count_files(fixture.queue.claimed, "."), 0);
}
END_TEST

/* Reads the one file of the archive. */
static struct json *read_archive(const struct fixture *fixture, const char *month, const char *id)
{
	static const struct json_rules rules = {.bytes = 16384, .depth = 8};
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *name = arena_printf(&arena, "%s/%s.json", month, id);
	struct fixture_bytes file = fixture_read(fixture->queue.archive, name);
	struct json *json = NULL;
	struct stat status;
	struct error err;

	unit_assert_ok(json_parse(file.bytes, file.length, &rules, &json, &err), err);
	ck_assert_int_eq(fstatat(fixture->queue.archive, name, &status, 0), 0);
	ck_assert_uint_eq(status.st_uid, 0);
	ck_assert_uint_eq(status.st_gid, READER_GROUP_ID);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	free(file.bytes);
	return json;
}

START_TEST(archives_with_its_decision)
{
	const struct queue_decision decision = {.outcome = "rejected",
		.actor = "maria",
		.reason = "não",
		.at = FIXTURE_TIME};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct json *json cleanup_json = NULL;
	struct queued_request request;
	struct error err;

	begin(&fixture, "archive", 0);
	lay_good(&fixture, ANA, "ana");
	request = claim(&fixture, ANA, &arena);
	unit_assert_ok(request_queue_archive(&fixture.queue, &request, &decision, &err), err);
	unit_assert_ok(request_queue_archive(&fixture.queue, &request, &decision, &err), err);
	ck_assert_uint_eq(count_files(fixture.queue.claimed, "."), 0);
	json = read_archive(&fixture, "2026-05", request.id);
	ck_assert_str_eq(json_get_text(json, "id"), request.id);
	ck_assert_str_eq(json_get_text(json, "outcome"), "rejected");
	ck_assert_str_eq(json_get_text(json, "decided_at"), "2026-05-19T23:55:18Z");
	ck_assert_str_eq(json_get_text(json, "actor"), "maria");
	ck_assert_str_eq(json_get_text(json, "reason"), "não");
	ck_assert_str_eq(json_get_text(json_get(json, "request"), "username"), "ana");
}
END_TEST

START_TEST(a_newer_request_supersedes_the_claimed_one)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct request_record newer = example(ANA, "ana", "newer@mail.example.org");
	struct json *json cleanup_json = NULL;
	struct queued_request request;
	char month[8];
	time_t seconds;
	struct tm parts;
	struct error err;

	begin(&fixture, "superseded", 0);
	lay_good(&fixture, ANA, "ana");
	request = claim(&fixture, ANA, &arena);
	lay_record(&fixture, &newer, ANA);
	unit_assert_ok(request_queue_return(&fixture.queue, &request, &err), err);
	ck_assert_str_eq(list_one(&fixture, &arena).record.destinations[0],
		"newer@mail.example.org");
	ck_assert_uint_eq(count_files(fixture.queue.claimed, "."), 0);
	seconds = (time_t)fixture.queue.now;
	strftime(month, sizeof(month), "%Y-%m", gmtime_r(&seconds, &parts));
	json = read_archive(&fixture, month, request.id);
	ck_assert_str_eq(json_get_text(json, "outcome"), "superseded");
}
END_TEST

START_TEST(quarantine_says_why)
{
	static const struct json_rules rules = {.bytes = 16384, .depth = 8};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;
	struct string_list names = STRING_LIST_INIT;
	struct json *json cleanup_json = NULL;
	struct fixture_bytes file;
	DIR *stream cleanup_closedir = NULL;
	const struct dirent *entry;
	struct error err;

	begin(&fixture, "why", 3600);
	lay_text(&fixture, "pass wd\033[31m", ANA, "root\033[31m");
	request = list_one(&fixture, &arena);
	ck_assert(!request.young);
	unit_assert_ok(request_queue_quarantine(&fixture.queue, &request, &err), err);
	unit_assert_ok(request_queue_quarantine(&fixture.queue, &request, &err), err);
	stream = fdopendir(
		openat(fixture.queue.quarantine, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	while ((entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] != '.')
			string_list_add(&names, &arena, entry->d_name);
	}
	string_list_sort(&names);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_ptr_nonnull(strstr(names.items[0], "Z-pass_wd__31m-"));
	ck_assert_str_eq(names.items[1], arena_printf(&arena, "%s.why.json", names.items[0]));
	file = fixture_read(fixture.queue.quarantine, names.items[1]);
	unit_assert_ok(json_parse(file.bytes, file.length, &rules, &json, &err), err);
	ck_assert_str_eq(json_get_text(json, "code"), "Q18");
	ck_assert_str_eq(json_get_text(json, "name"), "pass wd\\x1B[31m");
	free(file.bytes);
}
END_TEST

START_TEST(quarantine_spares_a_new_file_of_the_same_name)
{
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;
	int held;
	struct error err;

	begin(&fixture, "spared", 0);
	lay_text(&fixture, "5001.alias.json", ANA, "[]");
	request = list_one(&fixture, &arena);
	held = openat(fixture.queue.pending, "5001.alias.json", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(unlinkat(fixture.queue.pending, "5001.alias.json", 0), 0);
	lay_good(&fixture, ANA, "ana");
	unit_assert_ok(request_queue_quarantine(&fixture.queue, &request, &err), err);
	ck_assert_int_eq(list_one(&fixture, &arena).code, QUEUE_GOOD);
	ck_assert_uint_eq(count_files(fixture.queue.quarantine, "."), 0);
	close(held);
}
END_TEST

START_TEST(recovers_what_was_claimed)
{
	const struct queue_decision decision = {.outcome = "approved",
		.actor = "maria",
		.reason = "",
		.at = FIXTURE_TIME};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct json *json cleanup_json = NULL;
	struct queued_request decided;
	struct error err;

	begin(&fixture, "recover", 0);
	lay_good(&fixture, ANA, "ana");
	lay_good(&fixture, BIA, "bia");
	lay_text(&fixture, "5003.alias.json", 5003, "[]");
	decided = claim(&fixture, ANA, &arena);
	claim(&fixture, BIA, &arena);
	claim(&fixture, 5003, &arena);
	unit_write_file(fixture.queue.claimed, "junk", "junk", 0600);
	for (int i = 0; i < 2; i++)
		unit_assert_ok(request_queue_recover(&fixture.queue, decided.id, &decision, &err),
			err);
	ck_assert_uint_eq(count_files(fixture.queue.claimed, "."), 0);
	ck_assert_uint_eq(count_files(fixture.queue.pending, "."), 2);
	ck_assert_uint_eq(count_files(fixture.queue.quarantine, "."), 2);
	json = read_archive(&fixture, "2026-05", decided.id);
	ck_assert_str_eq(json_get_text(json, "outcome"), "approved");
	ck_assert_int_eq(request_queue_read(&fixture.queue, BIA, REQUEST_ALIAS, &arena, &decided,
				 &err),
		LOOKUP_FOUND);
	ck_assert_int_eq(decided.code, QUEUE_GOOD);
}
END_TEST

START_TEST(recovers_without_a_decision)
{
	const struct queue_decision none = {.outcome = "", .actor = "", .reason = ""};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct error err;

	begin(&fixture, "undecided", 0);
	lay_good(&fixture, ANA, "ana");
	claim(&fixture, ANA, &arena);
	unit_assert_ok(request_queue_recover(&fixture.queue, "", &none, &err), err);
	ck_assert_int_eq(list_one(&fixture, &arena).code, QUEUE_GOOD);
	ck_assert_uint_eq(count_files(fixture.queue.archive, "."), 0);
}
END_TEST

/* A month goes as a whole once its last day is over; what is no month stays. */
START_TEST(the_archive_forgets_months)
{
	static const struct {
		const char *name;
		int64_t before; /* seconds from 2026-05-01T00:00:00Z */
		bool goes;
	} rows[] = {
		{"2026-04", 0, false}, /* counted as 31 days */
		{"2026-04", 86400, true},
		{"2026-05", 31 * 86400 - 1, false},
		{"2026-05", 31 * 86400, true},
		{"2025-12", 0, true},
		{"2026-13", 400 * 86400, false},
		{"2026-5", 400 * 86400, false},
		{"2026-05-01", 400 * 86400, false},
		{"2026", 400 * 86400, false},
		{"notes", 400 * 86400, false},
	};
	const int64_t may = 1777593600;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct arena arena cleanup_arena = ARENA_INIT;
		struct fixture fixture cleanup_fixture;
		int month cleanup_close = -1;
		size_t count = 9;
		struct stat status;
		struct error err;

		begin(&fixture, arena_printf(&arena, "archive%zu", i), 0);
		ck_assert_int_eq(mkdirat(fixture.queue.archive, rows[i].name, 0750), 0);
		month = openat(fixture.queue.archive, rows[i].name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		unit_write_file(month, "one.json", "{}", 0640);
		unit_write_file(month, "two.json", "{}", 0640);
		unit_assert_ok(request_queue_prune(&fixture.queue, may + rows[i].before, false, &count, &err), err);
		ck_assert_msg(count == (rows[i].goes ? 2 : 0), "%s: %zu", rows[i].name, count);
		ck_assert_int_eq(fstatat(month, "one.json", &status, 0), 0);
		unit_assert_ok(request_queue_prune(&fixture.queue, may + rows[i].before, true, &count, &err), err);
		ck_assert_msg(count == (rows[i].goes ? 2 : 0), "%s: %zu", rows[i].name, count);
		ck_assert_int_eq(fstatat(fixture.queue.archive, rows[i].name, &status, 0) != 0, rows[i].goes);
	}
}
END_TEST

START_TEST(only_claimed_requests_are_archived)
{
	const struct queue_decision decision = {.outcome = "approved",
		.actor = "maria",
		.reason = ""};
	struct fixture fixture cleanup_fixture;
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request;
	struct error err;

	begin(&fixture, "unclaimed", 0);
	lay_good(&fixture, ANA, "ana");
	request = list_one(&fixture, &arena);
	ck_assert(!request_queue_archive(&fixture.queue, &request, &decision, &err));
	unit_assert_error(err, ERROR_BUG);
	ck_assert_uint_eq(count_files(fixture.queue.pending, "."), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request_queue");
	TCase *reading = unit_case(suite, "reading");
	TCase *codes = unit_case(suite, "codes");
	TCase *deciding = unit_case(suite, "deciding");

	tcase_add_test(reading, parses_ids);
	unit_add_root_test(reading, a_good_request);
	unit_add_root_test(reading, the_id_is_the_digest_of_uid_and_bytes);
	unit_add_root_test(reading, sorted_by_arrival);
	unit_add_root_test(reading, opens_only_what_can_be_trusted);
	tcase_add_loop_test(codes, unit_root_test(bad_files_have_their_code), 0,
		(int)ARRAY_LENGTH(bad_files));
	unit_add_root_test(codes, a_newer_format_is_left);
	unit_add_root_test(codes, a_foreign_group_or_an_open_mode);
	unit_add_root_test(codes, a_second_name_is_young_first);
	unit_add_root_test(codes, somebody_else_in_the_text);
	unit_add_root_test(codes, a_reserved_name);
	unit_add_root_test(codes, another_kind_than_the_name_says);
	unit_add_root_test(codes, a_destination_that_is_none);
	tcase_add_loop_test(codes, unit_root_test(what_is_no_regular_file), 0, 6);
	unit_add_root_test(codes, a_huge_file_takes_no_memory);
	unit_add_root_test(codes, sizes_at_the_border);
	unit_add_root_test(deciding, claims_and_returns);
	unit_add_root_test(deciding, archives_with_its_decision);
	unit_add_root_test(deciding, a_newer_request_supersedes_the_claimed_one);
	unit_add_root_test(deciding, quarantine_says_why);
	unit_add_root_test(deciding, quarantine_spares_a_new_file_of_the_same_name);
	unit_add_root_test(deciding, recovers_what_was_claimed);
	unit_add_root_test(deciding, recovers_without_a_decision);
	unit_add_root_test(deciding, only_claimed_requests_are_archived);
	unit_add_root_test(deciding, the_archive_forgets_months);
	return unit_run(suite);
}
