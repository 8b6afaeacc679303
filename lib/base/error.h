/*
 * Errors as plain values: what happened, why, and how to fix it.
 *
 * Every function that can fail takes a `struct error *err` last. It is never NULL, untouched on
 * success, complete on failure. Only a frontend prints one. The setters return false, so a failing
 * function ends in one line:
 *
 *	return error_set(err, ERROR_NOT_FOUND, "no member called \"%s\"", name);
 *
 * Texts are whole sentences for people, already translated (see base/message.h).
 */
#ifndef POSTIGO_BASE_ERROR_H
#define POSTIGO_BASE_ERROR_H

#include "base/compiler.h"

#include <stdbool.h>

/* The values are the exit codes of every program of the house. */
enum error_code {
	ERROR_NONE = 0,
	ERROR_NOT_FOUND = 1,
	ERROR_ALREADY_EXISTS = 2, /* also: a request is already pending */
	ERROR_CAPACITY = 3,
	ERROR_CONFIG = 4,    /* configuration or installation */
	ERROR_DATABASE = 5,  /* database or store unusable */
	ERROR_FILESYSTEM = 6, /* also: could not be stored durably */
	ERROR_HOOK = 7,
	ERROR_DEADLOCK = 8,
	ERROR_MLMMJ = 9,
	ERROR_RULE = 10, /* destination, policy or safety rail refused it */
	ERROR_PREFLIGHT = 11,
	ERROR_COLLISION = 12,
	ERROR_RENDER = 13,
	ERROR_POST_CHECK = 14,
	ERROR_NOTHING_PENDING = 20, /* or already decided */
	ERROR_MTA_COMMAND = 21,     /* the old state is live */
	ERROR_NOT_SYNCED = 22,      /* decided and stored */
	ERROR_WOULD_CHANGE = 23,    /* --check */
	ERROR_ANSWERED_NO = 24,
	ERROR_PARTIAL = 25,     /* some rows refused, the rest is live */
	ERROR_AFTER_LIVE = 27,  /* live, but reload or bookkeeping failed */
	ERROR_CHANGED = 28,     /* the request changed since it was shown */
	ERROR_USAGE = 64,
	ERROR_OUT_OF_MEMORY = 71,
	ERROR_TEMPORARY = 75, /* busy or away */
	ERROR_PERMISSION = 77,
	ERROR_BUG = 99,
	ERROR_INTERRUPTED = 130,
};

struct error {
	enum error_code code;
	char what[256];
	char why[256];
	char fix[256];
	char field[32]; /* the request or configuration field at fault, or "" */
};

/* The three answers of a look-up. "Absent" is an answer, "failed" is not: mail bounces on the difference. */
enum lookup_result {
	LOOKUP_FOUND,
	LOOKUP_NOT_FOUND,
	LOOKUP_FAILED,
};

/* Fills `err` with `code` and a sentence; why, fix and field become empty. Returns false. */
bool error_set(struct error *err, enum error_code code, const char *format, ...) printf_like(3, 4);

/* Like error_set() with the text of `number` (an errno value) as the reason, and its cure where that is always the same. Returns false. */
bool error_set_errno(struct error *err, enum error_code code, int number, const char *format, ...)
	printf_like(4, 5);

/* Adds the reason to an error that is set. Returns false. */
bool error_why(struct error *err, const char *format, ...) printf_like(2, 3);

/* Adds the cure, preferably a command to type, to an error that is set. Returns false. */
bool error_fix(struct error *err, const char *format, ...) printf_like(2, 3);

/* Names the field at fault in an error that is set. Returns false. */
bool error_field(struct error *err, const char *field);

/* Puts "prefix: " before what happened. Returns false. */
bool error_prefix(struct error *err, const char *format, ...) printf_like(2, 3);

/* The stable name of a code as JSON output shows it, such as "rule_violation"; never translated. */
const char *error_name(enum error_code code);

#endif
