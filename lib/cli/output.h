/*
 * How results reach people and machines: one value, three shapes.
 *
 * A command builds JSON; output_rows() prints it as a table on a terminal (libsmartcols), as tab-separated lines without heading elsewhere or with --plain, or
 * as the JSON itself with --json. All texts go through format/printable first. Results go to stdout, messages to stderr.
 */
#ifndef POSTIGO_CLI_OUTPUT_H
#define POSTIGO_CLI_OUTPUT_H

#include "base/error.h"
#include "format/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum output_shape {
	OUTPUT_HUMAN,
	OUTPUT_PLAIN,
	OUTPUT_JSON,
};

struct output {
	enum output_shape shape;
	bool json_lines; /* of shape JSON: lists come as one object a line */
	bool quiet;
	bool color;	  /* on stdout */
	bool color_error; /* on stderr */
	const char *program; /* for messages */
	FILE *out;
	FILE *err;
	int64_t now; /* for relative times */
};

struct output_options {
	bool json;
	bool json_lines;
	bool plain;
	bool quiet;
	bool no_color;
};

enum column_kind {
	COLUMN_TEXT,
	COLUMN_TIME, /* an RFC 3339 text: "3 days ago" for people, as it is elsewhere */
	COLUMN_LIST, /* an array of texts: joined by ", " for people, by "," elsewhere */
	COLUMN_STATE, /* an N_() word, translated for people; some get a colour: active green, pending yellow, refused or broken red, suspended dim */
	COLUMN_NUMBER,
};

struct output_column {
	const char *key;   /* member of each row object */
	const char *title; /* N_(), upper case */
	enum column_kind kind;
};

/* Decides shape and colour: JSON if asked, human on a terminal, plain elsewhere; NO_COLOR, TERM=dumb and CI switch colour off. */
void output_init(struct output *output, const char *program, const struct output_options *options, int64_t now);

/*
 * Prints `rows`, a JSON array of objects, once for human and plain shapes. With --json prints `document` instead (NULL = `rows`).
 * `empty` is what a person reads when there are no rows (N_()).
 */
void output_rows(struct output *output, const struct json *document, const struct json *rows, const struct output_column *columns,
	size_t count, const char *empty);

/*
 * A list of any length, printed while it is read, in flat memory: begin, add each row, end. What is left of a list that was not ended is not printed; as JSON, such a
 * list is not closed, so that nobody takes it for a whole one.
 */
struct output_list {
	struct output *output;
	const struct output_column *columns;
	size_t count;
	struct json *rows; /* of the table that is being filled */
	size_t held;
	size_t total;
};

#define cleanup_output_list __attribute__((cleanup(output_list_discard)))

/* Begins a list of these columns. */
void output_list_begin(struct output_list *list, struct output *output, const struct output_column *columns, size_t count);

/* Adds a row, which belongs to the list from then on. */
void output_list_add(struct output_list *list, struct json *row);

/* Ends the list. `empty` is what a person reads when there were no rows (N_()). */
void output_list_end(struct output_list *list, const char *empty);

/* Frees a list; it may have been ended. */
void output_list_discard(struct output_list *list);

/* Prints a JSON value and a newline on stdout, only with --json. */
void output_json(struct output *output, const struct json *value);

/* Prints a sentence for people on stdout: not with --json, not with --quiet. Texts of others must have passed printable_text(). */
void output_say(struct output *output, const char *format, ...) printf_like(2, 3);

/* Prints a name and its value as an aligned line of a record for people, or "name<TAB>value" in plain shape; the value is made printable here. */
void output_field(struct output *output, const char *title, const char *key, const char *value);

/* An N_() word as it is to be shown: translated for people, as it is elsewhere. */
const char *output_word(const struct output *output, const char *word);

/* Prints a warning on stderr, in every shape but quiet. */
void output_warn(struct output *output, const char *format, ...) printf_like(2, 3);

/* Prints an error with why and fix (or one JSON object with --json) on stderr and returns its exit code. Texts are made printable here. */
int output_error(struct output *output, const struct error *err);

/* Flushes stdout; a failure to write the result is an error (filesystem) instead of `code`. */
int output_finish(struct output *output, int code);

/* "3 days ago", "in 2 hours", "just now"; translated. */
void relative_time(int64_t then, int64_t now, char *buffer, size_t size);

#endif
