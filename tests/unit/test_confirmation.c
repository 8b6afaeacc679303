#include "storage/confirmation.h"

#include "store_fixture.h"

#define MEMBER 5001
#define DIGEST_ONE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DIGEST_TWO "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static const struct confirmation example = {
	.uid = MEMBER,
	.request_id = "5001-00112233445566778899aabbccddeeff",
	.approved_by = "op",
	.expires = FIXTURE_TIME,
	.items = {{"ana@one.example", DIGEST_ONE, true}, {"o'neil@two.example", DIGEST_TWO, false}},
	.count = 2,
};

static const char *make_state(const char *name, int *ret_directory)
{
	const char *state = fixture_state(name, ret_directory);

	fixture_mkdir(*ret_directory, "work/confirm", 0700, 0);
	return state;
}

static void write_file(int directory, const char *text, mode_t mode)
{
	int fd cleanup_close = openat(directory, "work/confirm/5001.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(reads_back_what_it_wrote)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = make_state("back", &directory);
	struct confirmation back = {.count = 0};
	struct stat status;
	struct error err;

	ck_assert_int_eq(confirmation_read(state, MEMBER, &arena, &back, &err), LOOKUP_NOT_FOUND);
	unit_assert_ok(confirmation_write(state, &example, &err), err);
	ck_assert_int_eq(fstatat(directory, "work/confirm/5001.json", &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(confirmation_read(state, MEMBER, &arena, &back, &err), LOOKUP_FOUND);
	ck_assert_uint_eq(back.uid, MEMBER);
	ck_assert_str_eq(back.request_id, example.request_id);
	ck_assert_str_eq(back.approved_by, "op");
	ck_assert_int_eq(back.expires, FIXTURE_TIME);
	ck_assert_uint_eq(back.count, 2);
	ck_assert_str_eq(back.items[0].destination, "ana@one.example");
	ck_assert_str_eq(back.items[1].token_digest, DIGEST_TWO);
	ck_assert(back.items[0].confirmed && !back.items[1].confirmed);
	ck_assert_int_eq(confirmation_read(state, MEMBER + 1, &arena, &back, &err), LOOKUP_NOT_FOUND);
	unit_assert_ok(confirmation_remove(state, MEMBER, &err), err);
	unit_assert_ok(confirmation_remove(state, MEMBER, &err), err);
	ck_assert_int_eq(confirmation_read(state, MEMBER, &arena, &back, &err), LOOKUP_NOT_FOUND);
}
END_TEST

#define HEAD "{\"format\":1,\"uid\":5001,\"request_id\":\"5001-0\",\"approved_by\":\"op\",\"expires_at\":\"2026-05-19T23:55:18Z\","
#define ITEM "{\"destination\":\"a@b.example\",\"token_sha256\":\"" DIGEST_ONE "\",\"confirmed\":true}"

static const char *const damaged[] = {
	"",
	"{",
	"[]",
	"{\"format\":1}",
	HEAD "\"destinations\":[]}",
	HEAD "\"destinations\":{}}",
	HEAD "\"destinations\":[1]}",
	HEAD "\"destinations\":[{\"destination\":\"a@b.example\",\"token_sha256\":\"00\",\"confirmed\":true}]}",
	HEAD "\"destinations\":[{\"destination\":\"a@b.example\",\"token_sha256\":\"" DIGEST_ONE "\",\"confirmed\":1}]}",
	HEAD "\"destinations\":[" ITEM "," ITEM "," ITEM "," ITEM "," ITEM "," ITEM "]}",
	"{\"format\":2,\"uid\":5001,\"request_id\":\"5001-0\",\"approved_by\":\"op\",\"expires_at\":\"2026-05-19T23:55:18Z\","
	"\"destinations\":[" ITEM "]}",
	"{\"format\":1,\"uid\":5002,\"request_id\":\"5001-0\",\"approved_by\":\"op\",\"expires_at\":\"2026-05-19T23:55:18Z\","
	"\"destinations\":[" ITEM "]}",
	"{\"format\":1,\"uid\":5001,\"request_id\":\"\",\"approved_by\":\"op\",\"expires_at\":\"2026-05-19T23:55:18Z\","
	"\"destinations\":[" ITEM "]}",
};

START_TEST(takes_what_is_damaged_for_nothing)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = make_state("damaged", &directory);
	struct confirmation back = {.count = 7};
	struct error err;

	for (size_t i = 0; i < ARRAY_LENGTH(damaged); i++) {
		write_file(directory, damaged[i], 0600);
		ck_assert_msg(confirmation_read(state, MEMBER, &arena, &back, &err) == LOOKUP_NOT_FOUND, "%s",
			damaged[i]);
		ck_assert_uint_eq(back.count, 7);
	}
	write_file(directory, HEAD "\"destinations\":[" ITEM "]}", 0600);
	ck_assert_int_eq(confirmation_read(state, MEMBER, &arena, &back, &err), LOOKUP_FOUND);
}
END_TEST

START_TEST(refuses_what_others_could_have_written)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	int directory cleanup_close = -1;
	const char *state = make_state("others", &directory);
	struct confirmation back;
	struct error err;

	write_file(directory, HEAD "\"destinations\":[" ITEM "]}", 0666);
	ck_assert_int_eq(confirmation_read(state, MEMBER, &arena, &back, &err), LOOKUP_FAILED);
	ck_assert_int_eq(err.code, ERROR_CONFIG);
	ck_assert_int_eq(unlinkat(directory, "work/confirm/5001.json", 0), 0);
	ck_assert_int_eq(unlinkat(directory, "work/confirm", AT_REMOVEDIR), 0);
	ck_assert_int_eq(confirmation_read(state, MEMBER, &arena, &back, &err), LOOKUP_FAILED);
	ck_assert_int_eq(err.code, ERROR_CONFIG);
	ck_assert(!confirmation_write(state, &example, &err));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("confirmation");
	TCase *file = unit_case(suite, "file");

	unit_add_root_test(file, reads_back_what_it_wrote);
	unit_add_root_test(file, takes_what_is_damaged_for_nothing);
	unit_add_root_test(file, refuses_what_others_could_have_written);
	return unit_run(suite);
}
