/* One alias of the active store: a struct, and the one line of JSON by which it stands in the store and the journal (store format 1). */
#ifndef POSTIGO_FORMAT_ALIAS_ENTRY_H
#define POSTIGO_FORMAT_ALIAS_ENTRY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <stdint.h>

#define ALIAS_ENTRY_MAX 8192 /* bytes of one line */
#define ALIAS_TEXT_MAX 500   /* bytes of a reason or an administrator's note */
#define ALIAS_DESTINATIONS_MAX 5

struct json;

enum alias_status {
	ALIAS_ACTIVE,	 /* the only one that reaches the map */
	ALIAS_SUSPENDED, /* by an administrator, by expiry, or as an orphan */
	ALIAS_PAUSED,	 /* by the member */
};

struct alias_entry {
	uint32_t uid;
	const char *username; /* also the key in the store */
	const char *alias;    /* username@domain */
	struct string_list destinations;
	bool keep_copy;
	enum alias_status status;
	int64_t created;
	int64_t updated;
	const char *approved_by;
	const char *request_id; /* "" = not made by a request */
	int64_t expires;	/* 0 = never */
	int64_t orphaned;	/* when its account was first missed; 0 = it is there */
	const char *source;	/* request, admin, import-runv, … */
	const char *note;	/* the administrator's, or "" */
};

/*
 * Reads an entry from parsed JSON, checking every field again (grammar of destinations, username, alias, times); unknown members are refused. Texts are
 * copied into `arena`. Fails with database, naming the field.
 */
must_check bool alias_entry_from_json(const struct json *json, struct arena *arena, struct alias_entry *ret_entry,
	struct error *err);

/*
 * Whether every field keeps the rules that alias_entry_parse() checks: what passes here can be
 * written and read back. Fails with database, naming the field.
 */
must_check bool alias_entry_validate(const struct alias_entry *entry, struct error *err);

/* Parses one entry's object text, bounded by ALIAS_ENTRY_MAX, strictly; then as alias_entry_from_json(). */
must_check bool alias_entry_parse(const char *text, size_t length, struct arena *arena, struct alias_entry *ret_entry,
	struct error *err);

/* The same without the short way for the canonical form: what alias_line_scan() is held against. */
must_check bool alias_entry_parse_any(const char *text, size_t length, struct arena *arena,
	struct alias_entry *ret_entry, struct error *err);

/* The entry as JSON with its members in the order of the format. The caller frees it. */
struct json *alias_entry_to_json(const struct alias_entry *entry);

/* Adds the entry as one line of JSON without a newline: canonical, so equal entries are equal bytes. */
void alias_entry_print(const struct alias_entry *entry, struct strbuf *buffer);

/* "active", "suspended", "paused"; static. */
const char *alias_status_name(enum alias_status status);

/* Finds a status by its name. */
must_check bool alias_status_parse(const char *name, enum alias_status *ret_status);

#endif
