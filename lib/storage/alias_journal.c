#include "storage/alias_journal.h"

#include "base/clock.h"
#include "base/message.h"
#include "format/timestamp.h"
#include "storage/journal_file.h"
#include "storage/journal_head.h"
#include "storage/journal_line.h"
#include "storage/line_reader.h"
#include "system/atomic_file.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* ---------------------------------------------------------------- create */

/* journal.jsonl while nothing is in it yet: an interruption may have left it without owner and mode, or not at all. */
static bool make_file(int directory, int *ret_fd, struct error *err)
{
	int fd cleanup_close = openat(
		directory, JOURNAL_NAME, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat status;

	if (fd < 0 || fstat(directory, &status) != 0 || fchown(fd, 0, status.st_gid) != 0 || fchmod(fd, 0640) != 0 ||
		fsync(fd) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make the journal"));
	if (!directory_sync(directory, JOURNAL_NAME, err))
		return false;
	*ret_fd = take_fd(&fd);
	return true;
}

bool alias_journal_create(int directory, struct error *err)
{
	struct alias_journal journal = {.directory = directory};
	struct stat status;
	int fd cleanup_close = -1;

	memcpy(journal.hash, journal_no_hash, sizeof(journal_no_hash));
	if (fstatat(directory, JOURNAL_HEAD_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, ERROR_ALREADY_EXISTS, _("there is a journal already"));
	if (fstatat(directory, JOURNAL_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, ERROR_ALREADY_EXISTS, _("there is a journal already"));
	return make_file(directory, &fd, err) && journal_head_write(&journal, err);
}

/* ---------------------------------------------------------------- open */

/* Opens the file in which the head's line stands, and turns the end of a full file into an offset. */
static bool open_at_head(struct alias_journal *journal, struct journal_file *file, struct error *err)
{
	switch (journal_file_open(journal->directory, journal->sequence, file, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		return journal_damaged(err, _("it is missing"));
	case LOOKUP_FOUND:
		break;
	}
	if (journal->end == 0 && journal->sequence > 0) {
		if (file->last != journal->sequence)
			return journal_damaged(err, _("the file with its last line is missing"));
		journal->end = file->size;
	}
	if (file->size < journal->end)
		return journal_damaged(err, _("it is shorter than its head says: its end was cut off"));
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
		return journal_damaged(err, _("its last line does not end where its head says"));
	before = memrchr(text, '\n', size - 1);
	if (!before && (int64_t)size < journal->end)
		return journal_damaged(err, _("its last line is too long"));
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
		return journal_damaged(err, _("its last line is not the one that its head knows"));
	if (!journal_event_parse(line, length, arena, ret_last, err))
		return false;
	if (ret_last->sequence != journal->sequence)
		return journal_damaged(err, _("its last line has not the number that its head knows"));
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

/* The tail of a full file, should the head lag so far behind, goes on in the next one. */
static bool read_tails(struct journal_file *file, struct alias_journal *journal, struct arena *arena,
	struct journal_event *last, bool *ret_torn, struct error *err)
{
	while (read_tail(file->fd, journal, arena, last, ret_torn, err)) {
		if (file->last == 0)
			return true;
		if (*ret_torn || journal->sequence != file->last)
			return journal_damaged(err, _("a full file of it does not end with the line that its name says"));
		journal->end = 0;
		switch (journal_file_open(journal->directory, journal->sequence + 1, file, err)) {
		case LOOKUP_FOUND:
			break;
		case LOOKUP_NOT_FOUND: /* the machine stopped when the full file had just got its name */
			return true;
		case LOOKUP_FAILED:
			return false;
		}
	}
	return false;
}

bool alias_journal_open(struct alias_journal *journal, int directory, struct arena *arena,
	struct journal_event *ret_last, bool *ret_torn, struct error *err)
{
	struct alias_journal opened = {.directory = directory};
	struct journal_file file cleanup_journal_file = JOURNAL_FILE_INIT;
	struct journal_event last = {0};
	bool torn = false;

	if (!journal_head_read(&opened, err) || !open_at_head(&opened, &file, err))
		return false;
	if (opened.sequence > 0 && !check_last(file.fd, &opened, arena, &last, err))
		return false;
	if (!read_tails(&file, &opened, arena, &last, &torn, err))
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
	int fd cleanup_close = -1;
	struct stat status;

	if (journal->end == 0 && !make_file(journal->directory, &fd, err))
		return false;
	if (journal->end > 0)
		fd = openat(journal->directory, JOURNAL_NAME, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open the journal"));
	if (!S_ISREG(status.st_mode) || status.st_size < journal->end)
		return journal_damaged(err, _("it changed while it was in use"));
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
	if (!journal_head_write(journal, err))
		return false;
	journal->acknowledged = journal->sequence;
	return true;
}

/* ---------------------------------------------------------------- rotate */

bool alias_journal_rotate(struct alias_journal *journal, struct error *err)
{
	char name[JOURNAL_FULL_NAME_MAX];
	struct stat status;

	if (journal->end == 0)
		return true;
	if (fstatat(journal->directory, JOURNAL_NAME, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot open the journal"));
	if (journal->acknowledged != journal->sequence || status.st_size != journal->end)
		return error_set(err, ERROR_BUG, _("the journal has an unexpected tail"));
	journal_full_name(journal->sequence, name);
	if (renameat2(journal->directory, JOURNAL_NAME, journal->directory, name, RENAME_NOREPLACE) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot name the full journal %s"), name);
	journal->end = 0;
	return directory_sync(journal->directory, name, err);
}
