/*
 * The record by which a member's wish travels: from `postigo` to `postigo-drop` as "key value" lines, into the queue as JSON
 * (queue-spec, format 1). This file links into the setgid helper: libc only, no allocation; JSON is only written here.
 * Reading a queue file back is format/request_file.
 */
#ifndef POSTIGO_FORMAT_REQUEST_RECORD_H
#define POSTIGO_FORMAT_REQUEST_RECORD_H

#include "base/compiler.h"
#include "format/email_address.h"
#include "format/timestamp.h"
#include "format/username.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_FORMAT 1
#define REQUEST_DESTINATIONS_MAX 5
#define REQUEST_NOTE_MAX 200	 /* bytes of UTF-8 */
#define REQUEST_LANGUAGE_MAX 5	 /* "pt" or "pt_BR" */
#define REQUEST_LANGUAGE_DEFAULT "en" /* when the wire says none */
#define REQUEST_NONCE_LENGTH 32	 /* hex digits */
#define REQUEST_TOKEN_LENGTH 32	 /* hex digits */
#define REQUEST_FILE_MIN 2	 /* bytes of a queue file */
#define REQUEST_FILE_MAX 4096
#define REQUEST_WIRE_MAX 4096	 /* bytes on the helper's stdin */
#define REQUEST_NAME_MAX 48	 /* "<uid>.<kind>.json" */

enum request_kind {
	REQUEST_ALIAS,	     /* set: needs approval */
	REQUEST_ALIAS_STATE, /* pause, resume, remove, confirm: applied without approval */
};

enum request_op {
	REQUEST_SET,
	REQUEST_PAUSE,
	REQUEST_RESUME,
	REQUEST_REMOVE,
	REQUEST_CONFIRM,
};

struct request_record {
	enum request_op op;
	char username[USERNAME_MAX + 1]; /* as claimed; the inode's owner is the identity */
	char destinations[REQUEST_DESTINATIONS_MAX][EMAIL_ADDRESS_MAX + 1];
	size_t destination_count;
	bool keep_copy;
	char note[REQUEST_NOTE_MAX + 1];
	char language[REQUEST_LANGUAGE_MAX + 1];
	char token[REQUEST_TOKEN_LENGTH + 1]; /* confirm: from the message to the destination; else "" */
	/* filled by postigo-drop, never by the member's side */
	char nonce[REQUEST_NONCE_LENGTH + 1];
	uint32_t uid;
	int64_t created; /* seconds since the epoch; for display only */
};

/*
 * Parses the lines of `text` (`length` bytes, may be hostile): op, user, to (repeated), keep-copy (yes, no), note, token, lang. Unknown or doubled
 * keys, NUL bytes, a missing last newline and values that break a rule are refused; destinations come out in canonical form.
 * On failure returns false and `*ret_field` names the key at fault, "record" when it is the shape of the whole (static).
 */
must_check bool request_record_parse(const char *text, size_t length, struct request_record *ret_record,
	const char **ret_field);

/* Writes the lines that request_record_parse() reads. Returns the length without NUL, or 0 when `size` is too small. */
must_check size_t request_record_print_wire(const struct request_record *record, char *buffer, size_t size);

/* Checks what the member chose by the rules of format 1, however the record was made: op, user, to, keep-copy, note, token, lang. On failure
 * `*ret_field` is one of these (static). */
must_check bool request_record_validate_wish(const struct request_record *record, const char **ret_field);

/* Checks a complete record: the wish, and what postigo-drop adds. On failure `*ret_field` names the field as above, or nonce, uid, created_at. */
must_check bool request_record_validate(const struct request_record *record, const char **ret_field);

/* Writes the queue file's JSON with a final newline. Returns its length, or 0 when it would exceed `size`. */
must_check size_t request_record_print_json(const struct request_record *record, char *buffer, size_t size);

/* Writes "<uid>.<kind>.json". */
void request_name(uint32_t uid, enum request_kind kind, char ret_name[REQUEST_NAME_MAX]);

/* Parses a queue file's name, the exact reverse of request_name(); root's and the two highest uids are refused. */
must_check bool request_name_parse(const char *name, uint32_t *ret_uid, enum request_kind *ret_kind);

/* "alias" or "alias-state"; static. */
const char *request_kind_name(enum request_kind kind);

/* Finds a kind by its name. */
must_check bool request_kind_parse(const char *name, enum request_kind *ret_kind);

/* "set", "pause" …; static. */
const char *request_op_name(enum request_op op);

/* Finds an op by its name. */
must_check bool request_op_parse(const char *name, enum request_op *ret_op);

/* The slot in which an op travels. */
enum request_kind request_op_kind(enum request_op op);

/* Whether `text` has the shape of a token. */
bool request_token_is_valid(const char *text);

/* Whether `text` is well-formed UTF-8 without control characters (C0, DEL, C1), at most `limit` bytes. */
bool request_text_is_plain(const char *text, size_t limit);

#endif
