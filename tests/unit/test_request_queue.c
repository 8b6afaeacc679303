#include "storage/request_queue.h"

#include "queue_fixture.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

/* Cases A21 to A24 and A54 on files made for the purpose, each with its code. */

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

int main(void)
{
	Suite *suite = suite_create("request_queue");
	TCase *reading = unit_case(suite, "reading");
	TCase *codes = unit_case(suite, "codes");

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
	return unit_run(suite);
}
