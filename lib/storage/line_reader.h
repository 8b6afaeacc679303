/*
 * Reads a file line by line from an offset on, in flat memory: for the journal, whose lines are
 * bounded. A line without its newline is no line; the reader says so.
 */
#ifndef POSTIGO_STORAGE_LINE_READER_H
#define POSTIGO_STORAGE_LINE_READER_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct line_reader {
	int fd; /* borrowed */
	char *buffer;
	size_t size;   /* longest line with its newline */
	size_t start;  /* of what was not handed out yet */
	size_t filled;
	int64_t offset; /* in the file, of the line to come */
	bool ended;	/* the file has no more bytes */
};

enum line_result {
	LINE_READ,
	LINE_END,  /* nothing is behind the last newline */
	LINE_TORN, /* what follows has no newline within the bound */
	LINE_FAILED,
};

#define cleanup_line_reader __attribute__((cleanup(line_reader_end)))

/* Starts at byte `offset` of the open file. Lines are at most `longest` bytes without newline. */
void line_reader_begin(struct line_reader *reader, int fd, int64_t offset, size_t longest);

/* Reads one line; it is valid until the next call. Fails with filesystem. */
must_check enum line_result line_reader_next(struct line_reader *reader, const char **ret_line,
	size_t *ret_length, struct error *err);

/* Frees the buffer. */
void line_reader_end(struct line_reader *reader);

#endif
