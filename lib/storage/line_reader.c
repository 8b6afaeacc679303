#include "storage/line_reader.h"

#include "base/arena.h"
#include "base/message.h"

#include <errno.h>
#include <string.h>

void line_reader_begin(struct line_reader *reader, int fd, int64_t offset, size_t longest)
{
	*reader = (struct line_reader){.fd = fd, .size = longest + 1, .offset = offset};
	reader->buffer = malloc(reader->size);
	if (!reader->buffer)
		out_of_memory();
}

void line_reader_end(struct line_reader *reader)
{
	free(reader->buffer);
	reader->buffer = NULL;
}

/* Moves the rest to the front and fills up behind it. */
static bool refill(struct line_reader *reader, struct error *err)
{
	reader->filled -= reader->start;
	memmove(reader->buffer, reader->buffer + reader->start, reader->filled);
	reader->start = 0;
	while (reader->filled < reader->size && !reader->ended) {
		ssize_t count = pread(reader->fd, reader->buffer + reader->filled,
			reader->size - reader->filled,
			(off_t)(reader->offset + (int64_t)reader->filled));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(err, ERROR_FILESYSTEM, errno,
				_("cannot read the journal"));
		reader->ended = count == 0;
		reader->filled += (size_t)count;
	}
	return true;
}

static const char *find_newline(const struct line_reader *reader)
{
	return memchr(reader->buffer + reader->start, '\n', reader->filled - reader->start);
}

enum line_result line_reader_next(struct line_reader *reader, const char **ret_line,
	size_t *ret_length, struct error *err)
{
	const char *newline = find_newline(reader);

	if (!newline) {
		if (!refill(reader, err))
			return LINE_FAILED;
		newline = find_newline(reader);
	}
	if (!newline)
		return reader->filled == 0 ? LINE_END : LINE_TORN;
	*ret_line = reader->buffer + reader->start;
	*ret_length = (size_t)(newline - *ret_line);
	reader->start += *ret_length + 1;
	reader->offset += (int64_t)*ret_length + 1;
	return LINE_READ;
}
