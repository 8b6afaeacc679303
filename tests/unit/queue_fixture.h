/* A queue for the tests of storage, opened at a chosen time, and files laid into it as the helper does, or as it never would. */
#ifndef POSTIGO_TESTS_QUEUE_FIXTURE_H
#define POSTIGO_TESTS_QUEUE_FIXTURE_H

#include "storage/request_queue.h"

#include "store_fixture.h"

#include <time.h>

#define QUEUE_GROUP_ID 4242
#define READER_GROUP_ID 4343
#define ANA 5001
#define BIA 5002

struct fixture {
	const char *state;
	int directory;
	struct request_queue queue;
};

static inline int64_t now(void)
{
	return (int64_t)time(NULL);
}

/* A state directory with a queue, opened `ahead` seconds in the future. */
static inline void begin(struct fixture *fixture, const char *name, int64_t ahead)
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

static inline void end(struct fixture *fixture)
{
	request_queue_close(&fixture->queue);
	close(fixture->directory);
}

#define cleanup_fixture __attribute__((cleanup(end)))

static inline struct request_record example(uint32_t uid, const char *username, const char *destination)
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
static inline void lay_text(const struct fixture *fixture, const char *name, uid_t owner, const char *text)
{
	unit_write_file(fixture->queue.pending, name, text, 0600);
	ck_assert_int_eq(fchownat(fixture->queue.pending, name, owner, QUEUE_GROUP_ID, 0), 0);
}

static inline void lay_record(const struct fixture *fixture, const struct request_record *record,
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

static inline void lay_good(const struct fixture *fixture, uint32_t uid, const char *username)
{
	struct request_record record = example(uid, username, "someone@mail.example.org");

	lay_record(fixture, &record, uid);
}

/* The one file of the queue. */
static inline struct queued_request list_one(const struct fixture *fixture, struct arena *arena)
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

static inline void assert_code(const struct fixture *fixture, const char *name)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct queued_request request = list_one(fixture, &arena);

	ck_assert_msg(strcmp(queue_code_name(request.code), name) == 0, "%s (%s) instead of %s",
		queue_code_name(request.code), request.detail, name);
	ck_assert_str_ne(queue_code_text(request.code), "");
}

static inline size_t count_files(int parent, const char *name)
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

#endif
