/* Reading a request's JSON as it lies in the queue: strict, bounded, every field validated again. */
#ifndef POSTIGO_FORMAT_REQUEST_FILE_H
#define POSTIGO_FORMAT_REQUEST_FILE_H

#include "base/error.h"
#include "format/request_record.h"

/* Why a request file was refused: the codes of queue-spec. */
enum request_fault {
	REQUEST_FAULT_NONE,
	REQUEST_FAULT_SYNTAX, /* Q06: not strict JSON, not an object */
	REQUEST_FAULT_FORMAT, /* Q07: format unknown */
	REQUEST_FAULT_NEWER,  /* Q07: format above ours: left in place */
	REQUEST_FAULT_FIELD,  /* Q08: missing, wrong type, or breaks the format's own rules */
	REQUEST_FAULT_UNKNOWN, /* Q09: unknown field */
	REQUEST_FAULT_DESTINATION, /* Q14: well-formed, but a destination breaks the present grammar */
};

/*
 * Parses the `length` bytes of a queue file. On REQUEST_FAULT_DESTINATION `ret_record` is filled nevertheless (the destinations may hold any
 * printable or unprintable text, cut to the field's size). `detail` (may be hostile text) says what was found; print it through printable.
 */
must_check enum request_fault request_file_parse(const char *text, size_t length, struct request_record *ret_record,
	char detail[128]);

#endif
