/*
 * Reading a request's JSON as it lies in the queue: strict, bounded, every field validated again.
 *
 * Only what the bytes alone can tell is judged here: whether owner, file name and account agree
 * with them is the caller's business, and so is whether the username is one that may own an alias.
 */
#ifndef POSTIGO_FORMAT_REQUEST_FILE_H
#define POSTIGO_FORMAT_REQUEST_FILE_H

#include "base/compiler.h"
#include "format/request_record.h"

#define REQUEST_DETAIL_SIZE 128 /* bytes, with the terminator */

/* Why a request file was refused: the codes of queue-spec. */
enum request_fault {
	REQUEST_FAULT_NONE,
	REQUEST_FAULT_SYNTAX,  /* Q06: not strict JSON, not an object */
	REQUEST_FAULT_FORMAT,  /* Q07: format unknown */
	REQUEST_FAULT_NEWER,   /* Q07: format above ours: left in place */
	REQUEST_FAULT_FIELD,   /* Q08: missing, wrong type, or breaks the format's own rules */
	REQUEST_FAULT_UNKNOWN, /* Q09: unknown field; those that start with "x-" are passed over */
	REQUEST_FAULT_DESTINATION, /* Q14: a destination breaks the present grammar */
};

/*
 * Parses the `length` bytes of a queue file; they may be hostile. `ret_record` is filled without a
 * fault and with REQUEST_FAULT_DESTINATION; then the destinations may hold any text, cut to the
 * field's size. The username is at most USERNAME_MAX bytes without control characters, no more.
 * `detail` becomes "" or says what was found: the field's name, or hostile text that must go
 * through printable.
 */
must_check enum request_fault request_file_parse(const char *text, size_t length,
	struct request_record *ret_record, char detail[REQUEST_DETAIL_SIZE]);

#endif
