#include "storage/alias_journal.h"

#include "base/clock.h"
#include "base/message.h"
#include "format/json.h"
#include "format/timestamp.h"
#include "storage/journal_line.h"
#include "storage/line_reader.h"
#include "system/atomic_file.h"
#include "system/directory.h"
#include "system/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define JOURNAL_NAME "journal.jsonl"
#define HEAD_NAME "journal.head"
#define HEAD_FORMAT 1
#define HEAD_MAX 512

static const char no_hash[] = "0000000000000000000000000000000000000000000000000000000000000000";

static bool damaged(struct error *err, const char *why)
{
	error_set(err, ERROR_DATABASE, _("the journal of the store is damaged"));
	error_why(err, "%s", why);
	return error_fix(err, _("put back %s and %s from the machine's backup"), JOURNAL_NAME,
		HEAD_NAME);
}

/* ---------------------------------------------------------------- head */

static bool parse_head(const char *text, size_t length, struct alias_journal *journal,
	struct error *err)
{
	static const struct json_rules rules = {.bytes = HEAD_MAX, .depth = 1};
	struct json *json cleanup_json = NULL;
	const char *hash;
	int64_t format;

	if (!json_parse(text, length, &rules, &json, err))
		return damaged(err, _("its head is no JSON"));
	hash = json_get_text(json, "hash");
	if (!json_integer(json_get(json, "format"), &format) || format != HEAD_FORMAT ||
		!json_integer(json_get(json, "sequence"), &journal->sequence) ||
		!json_integer(json_get(json, "end"), &journal->end) || !hash ||
		!digest_is_valid(hash) || journal->sequence < 0 || journal->end < 0)
		return damaged(err, _("its head has not the expected fields"));
	if ((journal->sequence == 0) != (journal->end == 0) ||
		(journal->sequence == 0) != (strcmp(hash, no_hash) == 0))
		return damaged(err, _("its head contradicts itself"));
	memcpy(journal->hash, hash, sizeof(journal->hash));
	journal->acknowledged = journal->sequence;
	return true;
}

static bool read_head(struct alias_journal *journal, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text;
	size_t length;

	switch (trusted_file_read(journal->directory, HEAD_NAME, HEAD_MAX, &arena, &text, &length,
		err)) {
	case LOOKUP_FOUND:
		return parse_head(text, length, journal, err);
	case LOOKUP_NOT_FOUND:
		return damaged(err, _("its head is missing"));
	case LOOKUP_FAILED:
		if (err->code == ERROR_CONFIG || err->code == ERROR_CAPACITY)
			err->code = ERROR_DATABASE;
		return false;
	}
	return false;
}

static bool write_head(const struct alias_journal *journal, struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	char text[HEAD_MAX];
	int length = snprintf(text, sizeof(text),
		"{\"format\":%d,\"sequence\":%" PRId64 ",\"hash\":\"%s\",\"end\":%" PRId64 "}\n",
		HEAD_FORMAT, journal->sequence, journal->hash, journal->end);

	return atomic_file_replace(journal->directory, HEAD_NAME, &settings, text, (size_t)length,
		err);
}

/* ---------------------------------------------------------------- create */

bool alias_journal_create(int directory, struct error *err)
{
	struct alias_journal journal = {.directory = directory};
	struct stat status;
	int fd cleanup_close = -1;

	memcpy(journal.hash, no_hash, sizeof(no_hash));
	if (fstatat(directory, HEAD_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, ERROR_ALREADY_EXISTS, _("there is a journal already"));
	fd = openat(directory, JOURNAL_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_ALREADY_EXISTS, _("there is a journal already"));
	if (fd < 0 || fstat(directory, &status) != 0 || fchown(fd, 0, status.st_gid) != 0 ||
		fchmod(fd, 0640) != 0 || fsync(fd) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make the journal"));
	return write_head(&journal, err);
}

/* ---------------------------------------------------------------- open */

static bool open_trusted(const struct alias_journal *journal, int *ret_fd, struct stat *ret_status,
	struct error *err)
{
	switch (trusted_file_open(journal->directory, JOURNAL_NAME, ret_fd, ret_status, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_NOT_FOUND:
		return damaged(err, _("it is missing"));
	case LOOKUP_FAILED:
		break;
	}
	if (err->code == ERROR_CONFIG)
		err->code = ERROR_DATABASE;
	return false;
}

static bool open_file(const struct alias_journal *journal, int *ret_fd, struct stat *ret_status,
	struct error *err)
{
	if (!open_trusted(journal, ret_fd, ret_status, err))
		return false;
	if (ret_status->st_size < journal->end)
		return damaged(err, _("it is shorter than its head says: its end was cut off"));
	return true;
}

/* The bytes of the line that ends at journal->end, without newline; in `arena`. */
static bool read_last_line(int fd, const struct alias_journal *journal, struct arena *arena,
	const char **ret_line, size_t *ret_length, struct error *err)
{
	const int64_t most = (int64_t)JOURNAL_LINE_MAX + 2; /* newlines before and behind it */
	size_t size = (size_t)(journal->end < most ? journal->end : most);
	char *text = arena_alloc(arena, size);
	ssize_t count = pread(fd, text, size, (off_t)(journal->end - (int64_t)size));
	const char *before;
	const char *line;

	if (count < 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot read the journal"));
	if (count != (ssize_t)size || text[size - 1] != '\n')
		return damaged(err, _("its last line does not end where its head says"));
	before = memrchr(text, '\n', size - 1);
	if (!before && (int64_t)size < journal->end)
		return damaged(err, _("its last line is too long"));
	line = before ? before + 1 : text;
	*ret_line = line;
	*ret_length = (size_t)(text + size - 1 - line);
	return true;
}

static bool check_last(int fd, const struct alias_journal *journal, struct arena *arena,
	struct journal_event *ret_last, struct error *err)
{
	struct arena scratch cleanup_arena = ARENA_INIT;
	char hash[DIGEST_HEX_LENGTH + 1];
	const char *line = "";
	size_t length = 0;

	if (!read_last_line(fd, journal, &scratch, &line, &length, err))
		return false;
	digest_bytes(line, length, hash);
	if (strcmp(hash, journal->hash) != 0)
		return damaged(err, _("its last line is not the one that its head knows"));
	if (!journal_event_parse(line, length, arena, ret_last, err))
		return false;
	if (ret_last->sequence != journal->sequence)
		return damaged(err, _("its last line has not the number that its head knows"));
	return true;
}

/* Whether the line continues the journal; then it has become its last. */
static bool take_in(struct alias_journal *journal, const char *line, size_t length,
	struct arena *arena, struct journal_event *ret_last)
{
	char previous[DIGEST_HEX_LENGTH + 1];
	struct journal_event event;
	struct error ignored;

	if (!journal_line_parse(line, length, arena, &event, previous, &ignored) ||
		event.sequence != journal->sequence + 1 || strcmp(previous, journal->hash) != 0)
		return false;
	digest_bytes(line, length, journal->hash);
	journal->sequence++;
	journal->end += (int64_t)length + 1;
	*ret_last = event;
	return true;
}

/*
 * Behind the head stands what was being written when the machine stopped. Nothing there was ever
 * acknowledged, so whatever does not continue the chain may be cut off.
 */
static bool read_tail(int fd, struct alias_journal *journal, struct arena *arena,
	struct journal_event *last, bool *ret_torn, struct error *err)
{
	struct line_reader reader cleanup_line_reader;
	enum line_result result;
	const char *line;
	size_t length;

	line_reader_begin(&reader, fd, journal->end, JOURNAL_LINE_MAX);
	result = line_reader_next(&reader, &line, &length, err);
	while (result == LINE_READ && take_in(journal, line, length, arena, last))
		result = line_reader_next(&reader, &line, &length, err);
	*ret_torn = result != LINE_END;
	return result != LINE_FAILED;
}

bool alias_journal_open(struct alias_journal *journal, int directory, struct arena *arena,
	struct journal_event *ret_last, bool *ret_torn, struct error *err)
{
	struct alias_journal opened = {.directory = directory};
	int fd cleanup_close = -1;
	struct journal_event last = {0};
	struct stat status;
	bool torn;

	if (!read_head(&opened, err) || !open_file(&opened, &fd, &status, err))
		return false;
	if (opened.sequence > 0 && !check_last(fd, &opened, arena, &last, err))
		return false;
	if (!read_tail(fd, &opened, arena, &last, &torn, err))
		return false;
	*journal = opened;
	*ret_last = last;
	*ret_torn = torn;
	return true;
}

/* ---------------------------------------------------------------- append */

static bool render(struct alias_journal *journal, struct journal_event *events, size_t count,
	struct strbuf *buffer, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		size_t start = buffer->length;
		size_t length;

		events[i].sequence = ++journal->sequence;
		journal_line_print(&events[i], journal->hash, buffer);
		length = buffer->length - start;
		if (length > JOURNAL_LINE_MAX)
			return error_set(err, ERROR_CAPACITY,
				_("a line of the journal would exceed %zu bytes"),
				JOURNAL_LINE_MAX);
		digest_bytes(buffer->text + start, length, journal->hash);
		strbuf_append_char(buffer, '\n');
	}
	journal->end += (int64_t)buffer->length;
	return true;
}

static bool copy_bytes(int from, int64_t offset, struct atomic_file *file, struct error *err)
{
	char bytes[8192];

	for (;;) {
		ssize_t count = pread(from, bytes, sizeof(bytes), (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno,
				_("cannot read the journal"));
		if (count == 0)
			return true;
		if (!atomic_file_write(file, bytes, (size_t)count, err))
			return false;
		offset += count;
	}
}

/* Keeps what is cut off: it may tell an administrator what somebody was doing. */
static bool set_tail_aside(int fd, int64_t end, int quarantine, struct error *err)
{
	static const struct atomic_file_settings settings = {.mode = 0600};
	static const struct clock clock = {0};
	struct atomic_file file cleanup_atomic_file = ATOMIC_FILE_INIT;
	char time[TIMESTAMP_LENGTH + 1];
	char name[64];
	unsigned random;

	if (quarantine < 0)
		return error_set(err, ERROR_BUG, _("the journal has an unexpected tail"));
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("no random numbers"));
	timestamp_format(clock_now(&clock), time);
	(void)snprintf(name, sizeof(name), "%.4s%.2s%.2sT%.2s%.2s%.2sZ-%s-%06x", time, time + 5,
		time + 8, time + 11, time + 14, time + 17, JOURNAL_NAME, random & 0xffffffU);
	if (!atomic_file_begin(&file, quarantine, name, &settings, err) ||
		!copy_bytes(fd, end, &file, err) || !atomic_file_commit(&file, err))
		return false;
	if (ftruncate(fd, (off_t)end) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot cut off the journal's torn end"));
	return true;
}

static bool open_for_append(const struct alias_journal *journal, int quarantine, int *ret_fd,
	struct error *err)
{
	int fd cleanup_close = openat(journal->directory, JOURNAL_NAME,
		O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open the journal"));
	if (!S_ISREG(status.st_mode) || status.st_size < journal->end)
		return damaged(err, _("it changed while it was in use"));
	if (status.st_size > journal->end && !set_tail_aside(fd, journal->end, quarantine, err))
		return false;
	*ret_fd = take_fd(&fd);
	return true;
}

static bool write_all(int fd, const struct strbuf *buffer, struct error *err)
{
	size_t written = 0;

	while (written < buffer->length) {
		ssize_t count = write(fd, buffer->text + written, buffer->length - written);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno,
				_("cannot write the journal"));
		written += (size_t)count;
	}
	if (fdatasync(fd) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot make the journal durable"));
	return true;
}

bool alias_journal_append(struct alias_journal *journal, int quarantine,
	struct journal_event *events, size_t count, struct error *err)
{
	struct alias_journal longer = *journal;
	struct strbuf lines cleanup_strbuf = STRBUF_INIT;
	int fd cleanup_close = -1;

	if (!render(&longer, events, count, &lines, err) ||
		!open_for_append(journal, quarantine, &fd, err))
		return false;
	if (!write_all(fd, &lines, err)) {
		/* A full disk is the usual reason. What cannot be cut off is a tail for the next
		 * open. */
		if (ftruncate(fd, (off_t)journal->end) != 0)
			error_fix(err, "postigo-admin check");
		return false;
	}
	*journal = longer;
	if (!write_head(journal, err))
		return false;
	journal->acknowledged = journal->sequence;
	return true;
}

/* ---------------------------------------------------------------- verify */

struct verification {
	const struct alias_journal *head;
	struct alias_journal seen;
	struct arena *arena; /* of one line */
};

static bool bad_line(const struct verification *walk, const char *why, struct error *err)
{
	error_set(err, ERROR_DATABASE, _("line %" PRId64 " of the journal is wrong"),
		walk->seen.sequence + 1);
	error_why(err, "%s", why);
	return error_fix(err, _("put back %s and %s from the machine's backup"), JOURNAL_NAME, HEAD_NAME);
}

/* Where the head stands the chain must be what it was when the head was written. */
static bool verify_head(const struct verification *walk, struct error *err)
{
	const struct alias_journal *head = walk->head;

	if (walk->seen.sequence != head->sequence ||
		(walk->seen.end == head->end && strcmp(walk->seen.hash, head->hash) == 0))
		return true;
	error_set(err, ERROR_DATABASE, _("line %" PRId64 " of the journal is wrong"),
		walk->seen.sequence);
	error_why(err, _("its head knows another line there"));
	return error_fix(err, _("put back %s and %s from the machine's backup"), JOURNAL_NAME, HEAD_NAME);
}

static bool verify_line(struct verification *walk, const char *line, size_t length,
	struct error *err)
{
	char previous[DIGEST_HEX_LENGTH + 1];
	struct journal_event event;
	struct error reason;

	arena_clear(walk->arena);
	if (!journal_line_parse(line, length, walk->arena, &event, previous, &reason))
		return bad_line(walk, reason.what, err);
	if (strcmp(previous, walk->seen.hash) != 0)
		return bad_line(walk,
			_("it does not continue the line before: one of them was changed"), err);
	if (event.sequence != walk->seen.sequence + 1)
		return bad_line(walk, _("its number does not follow the one before"), err);
	digest_bytes(line, length, walk->seen.hash);
	walk->seen.sequence++;
	walk->seen.end += (int64_t)length + 1;
	return verify_head(walk, err);
}

static bool verify_end(const struct verification *walk, enum line_result result, struct error *err)
{
	if (result == LINE_FAILED)
		return false;
	if (walk->seen.sequence >= walk->head->sequence)
		return true;
	error_set(err, ERROR_DATABASE, _("line %" PRId64 " of the journal is missing"),
		walk->seen.sequence + 1);
	error_why(err, _("its head knows %" PRId64 " lines: the end was cut off"), walk->head->sequence);
	return error_fix(err, _("put back %s and %s from the machine's backup"), JOURNAL_NAME, HEAD_NAME);
}

bool alias_journal_verify(int directory, journal_visitor *visitor, void *context, struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct alias_journal head = {.directory = directory};
	struct verification walk = {.head = &head, .arena = &arena};
	struct line_reader reader cleanup_line_reader = {0};
	int fd cleanup_close = -1;
	enum line_result result;
	struct stat status;
	const char *line;
	size_t length;

	/* Even a file that is too short is walked: the line that breaks is worth naming. */
	if (!read_head(&head, err) || !open_trusted(&head, &fd, &status, err))
		return false;
	memcpy(walk.seen.hash, no_hash, sizeof(no_hash));
	line_reader_begin(&reader, fd, 0, JOURNAL_LINE_MAX);
	while ((result = line_reader_next(&reader, &line, &length, err)) == LINE_READ) {
		if (!verify_line(&walk, line, length, err))
			return false;
		if (visitor && !visitor(context, line, length))
			return true;
	}
	return verify_end(&walk, result, err);
}
