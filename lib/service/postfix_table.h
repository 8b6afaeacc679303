/*
 * Look-up tables as main.cf names them: what a list of them means, and what they answer.
 *
 * A table is asked through postmap(1), many keys at once, without proxy: in front of its name: what Postfix would be told, not how it gets there.
 */
#ifndef POSTIGO_SERVICE_POSTFIX_TABLE_H
#define POSTIGO_SERVICE_POSTFIX_TABLE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "base/string_list.h"

#include <stdbool.h>
#include <stddef.h>

struct postfix_instance;

struct postfix_table {
	const char *name; /* TYPE:NAME */
	bool proxied;	  /* named through proxy: */
	bool piped;	  /* a stage of pipemap:{}, which is asked what the stage before it said */
	size_t place;	  /* of its item in the list: the members of one unionmap:{} share it */
};

struct postfix_tables {
	struct postfix_table *items;
	size_t count;
	size_t capacity;
};

/* Splits a parameter's value at commas and blanks, but not within braces, and adds the pieces. */
void postfix_list_split(struct string_list *list, struct arena *arena, const char *value);

/*
 * Adds the tables of a list in its order: unionmap:{} and plain braces are opened, pipemap:{} only where `own_path` is the path of a stage, for such a pipe cannot be
 * asked without it. Items that are no tables are left out.
 */
void postfix_tables_add(struct postfix_tables *tables, struct arena *arena, const struct string_list *list,
	const char *own_path);

/* Whether the table, of whatever type, stands at `path`. */
bool postfix_table_is_at(const struct postfix_table *table, const char *path);

/* Fills in the next key to ask; false = there are no more. The key has no newline and stays until the next call. */
typedef bool postfix_next_key(void *context, struct span *ret_key);

/* Takes one answer; answers come in the order of the keys. False = it answers none of them. */
typedef bool postfix_take_answer(void *context, struct span key, struct span value);

struct postfix_questions {
	postfix_next_key *next;
	postfix_take_answer *take;
	void *context;
	size_t count; /* keys at most: time is allowed for them */
};

/* Asks one table for all keys. Fails with mta_command: it could not be asked, or its answers make no sense; what was taken until then means nothing. */
must_check bool postfix_table_ask(const struct postfix_instance *instance, const char *table,
	const struct postfix_questions *questions, struct arena *arena, struct error *err);

/* Whether the table is of a type that can be listed, and its file has less than `bytes` bytes. */
must_check bool postfix_table_is_smaller(const char *table, size_t bytes, struct arena *arena);

/*
 * Hands every row of a table that can be listed to questions->take, whatever questions->next would ask: where the table is the smaller side, that is the cheaper way to the
 * same answers. Fails as postfix_table_ask().
 */
must_check bool postfix_table_list(const struct postfix_instance *instance, const char *table,
	const struct postfix_questions *questions, struct arena *arena, struct error *err);

/* Asks one table for one key. Found, not found, or failed (mta_command): postmap's exit status 1 alone does not tell the latter two apart. */
must_check enum lookup_result postfix_table_has(const struct postfix_instance *instance, const char *table,
	const char *key, struct arena *arena, struct error *err);

#endif
