/* member import, member export: the store's aliases out to files and in from files, also from what
 * was there before us. */
#include "admin.h"
#include "admin_json.h"
#include "base/message.h"
#include "format/alias_csv.h"
#include "format/alias_import_json.h"
#include "format/postfix_virtual.h"
#include "format/printable.h"
#include "service/alias_import.h"
#include "system/invoker_file.h"

#include <string.h>

/* ---------------------------------------------------------------- forms of files */

enum file_form {
	FORM_CSV,
	FORM_JSON,
	FORM_RUNV,
	FORM_VIRTUAL,
};

static const struct {
	const char *option;
	const char *name;
	enum file_form form;
	const char *source; /* of entries made from it */
} forms[] = {
	{"format", "csv", FORM_CSV, "import"},
	{"format", "json", FORM_JSON, "import"},
	{"from", "runv", FORM_RUNV, "import-runv"},
	{"from", "postfix-virtual", FORM_VIRTUAL, "import-postfix"},
};

static bool refuse_form(const char *option, const char *value, struct error *err)
{
	error_set(err, ERROR_USAGE, _("\"%s\" is no value of --%s"), value, option);
	error_field(err, option);
	return error_fix(err,
		strcmp(option, "from") == 0 ? "--from runv|postfix-virtual" : "--format csv|json");
}

static bool find_form(const char *option, const char *value, enum file_form *ret_form,
	struct error *err)
{
	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		if (strcmp(forms[i].option, option) != 0 || strcmp(forms[i].name, value) != 0)
			continue;
		*ret_form = forms[i].form;
		return true;
	}
	return refuse_form(option, value, err);
}

/* ---------------------------------------------------------------- export */

static void print_json_row(const struct alias_entry *entry, struct strbuf *text)
{
	struct json *object cleanup_json = admin_entry_json(entry);

	json_print(object, text);
}

/* Entry by entry, so that a large store needs no more memory than a small one. */
static bool print_entries(struct admin *admin, enum file_form form, const struct alias_store *store,
	struct error *err)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	struct alias_cursor cursor;
	struct alias_entry entry;
	enum lookup_result found;
	bool first = true;

	alias_store_rewind(store, &cursor);
	while ((found = alias_store_next(&cursor, &arena, &entry, err)) == LOOKUP_FOUND) {
		strbuf_reset(&text);
		if (form == FORM_CSV)
			alias_csv_print(&entry, &text);
		else {
			strbuf_append_text(&text, first ? "\n" : ",\n");
			print_json_row(&entry, &text);
		}
		(void)fwrite(text.text, 1, text.length, admin->output.out);
		first = false;
		arena_clear(&arena);
	}
	return found == LOOKUP_NOT_FOUND;
}

static bool export(struct admin *admin, enum file_form form, struct error *err)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct strbuf header cleanup_strbuf = STRBUF_INIT;

	if (!alias_store_open(&store, POSTIGO_STATE_DIRECTORY, ALIAS_STORE_READ, err))
		return false;
	if (form == FORM_CSV)
		alias_csv_print_header(&header);
	(void)fputs(form == FORM_CSV ? strbuf_text(&header) : "[", admin->output.out);
	if (!print_entries(admin, form, &store, err))
		return false;
	if (form == FORM_JSON)
		(void)fputs("\n]\n", admin->output.out);
	return true;
}

int command_member_export(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	const char *format = command_value(line, "format");
	enum file_form form = admin->output.shape == OUTPUT_JSON ? FORM_JSON : FORM_CSV;
	struct error err;

	if ((format && !find_form("format", format, &form, &err)) ||
		!admin_load_settings(admin, line, &err) || !export(admin, form, &err))
		return output_error(&admin->output, &err);
	return ERROR_NONE;
}

/* ---------------------------------------------------------------- reading */

struct import {
	struct admin *admin;
	const char *file; /* as messages call it */
	enum file_form form;
	struct strbuf bytes;
	struct import_rows rows;
	struct alias_import_request request;
	struct alias_import_result result;
};

/* A file that begins with "[" can be no CSV with our header. */
static enum file_form guess_form(const struct strbuf *bytes)
{
	const char *text = strbuf_text(bytes);

	return text[strspn(text, " \t\r\n")] == '[' ? FORM_JSON : FORM_CSV;
}

static bool choose_form(struct import *import, const struct command_line *line, struct error *err)
{
	const char *format = command_value(line, "format");
	const char *from = command_value(line, "from");

	if (format && from) {
		error_set(err, ERROR_USAGE, _("--format and --from contradict each other"));
		return error_fix(err, "postigo-admin help member import");
	}
	if (format)
		return find_form("format", format, &import->form, err);
	if (from)
		return find_form("from", from, &import->form, err);
	import->form = guess_form(&import->bytes);
	return true;
}

static void read_rows(struct import *import)
{
	struct admin *admin = import->admin;
	const struct source_text source = {import->file, strbuf_text(&import->bytes),
		import->bytes.length};

	switch (import->form) {
	case FORM_CSV:
		alias_csv_read(&source, admin->now, &admin->arena, &import->rows);
		break;
	case FORM_JSON:
		alias_import_json_read(&source, &admin->arena, &import->rows);
		break;
	case FORM_RUNV:
		alias_import_runv_read(&source, &admin->arena, &import->rows);
		break;
	case FORM_VIRTUAL:
		postfix_virtual_read(&source, admin->settings.domain, &admin->arena, &import->rows);
		break;
	}
}

static bool read_file(struct import *import, const struct command_line *line, struct error *err)
{
	const char *path = line->operands.count > 0 ? line->operands.items[0] : "-";

	import->file = strcmp(path, "-") == 0 ? "-" : path;
	if (!invoker_file_read(path, IMPORT_FILE_MAX, &import->bytes, err) ||
		!choose_form(import, line, err))
		return false;
	read_rows(import);
	if (!import->rows.full)
		return true;
	error_set(err, ERROR_CAPACITY, _("%s has more than %d aliases"), import->file,
		IMPORT_ROWS_MAX);
	return error_fix(err, _("split the file"));
}

/* ---------------------------------------------------------------- telling */

static struct json *faults_json(const struct import_row *row)
{
	struct json *array = json_new_array();

	for (const struct import_fault *fault = row->faults; fault; fault = fault->next) {
		struct json *object = json_add(array, json_new_object());

		json_set_text(object, "field", fault->field);
		json_set_text(object, "message", fault->detail);
	}
	return array;
}

static void set_printable(struct json *object, const char *key, const char *text,
	struct arena *arena)
{
	json_set_text(object, key, printable_text(text, arena));
}

static const char *fault_text(const struct import_fault *fault, struct arena *arena)
{
	return printable_text(arena_printf(arena, "%s: %s", fault->field, fault->detail), arena);
}

static struct json *row_json(const struct import *import, size_t index)
{
	const struct import_row *row = &import->rows.items[index];
	enum alias_import_outcome outcome = import->result.outcomes[index];
	struct json *object = json_new_object();
	struct arena arena cleanup_arena = ARENA_INIT;

	json_set_integer(object, "line", (int64_t)row->line);
	json_set_text(object, "outcome", alias_import_outcome_name(outcome));
	set_printable(object, "user", row->entry.username, &arena);
	if (outcome != ALIAS_IMPORT_REFUSED) {
		json_set(object, "destinations", admin_list_json(&row->entry.destinations));
		return object;
	}
	json_set(object, "faults", faults_json(row));
	return object;
}

/* What was refused, for everybody who reads messages; the same stands in the JSON. */
static void say_faults(struct import *import)
{
	FILE *file = import->admin->output.err;

	if (import->admin->output.shape == OUTPUT_JSON)
		return;
	(void)fflush(import->admin->output.out);
	for (size_t i = 0; i < import->rows.count; i++) {
		const struct import_row *row = &import->rows.items[i];

		for (const struct import_fault *fault = row->faults; fault; fault = fault->next) {
			struct arena arena cleanup_arena = ARENA_INIT;

			(void)fprintf(file, "%s:%zu: %s\n", printable_text(import->file, &arena),
				row->line, fault_text(fault, &arena));
		}
	}
}

static const char *plain_detail(const struct import *import, size_t index, struct arena *arena)
{
	const struct import_row *row = &import->rows.items[index];

	if (row->faults)
		return fault_text(row->faults, arena);
	return printable_text(string_list_join(&row->entry.destinations, arena, ","), arena);
}

/* One line a row, for machines; a person reads the counts. */
static void print_plain(struct import *import)
{
	if (import->admin->output.shape != OUTPUT_PLAIN || import->admin->output.quiet)
		return;
	for (size_t i = 0; i < import->rows.count; i++) {
		const struct import_row *row = &import->rows.items[i];
		struct arena arena cleanup_arena = ARENA_INIT;

		(void)fprintf(import->admin->output.out, "%zu\t%s\t%s\t%s\n", row->line,
			alias_import_outcome_name(import->result.outcomes[i]),
			printable_text(row->entry.username, &arena),
			plain_detail(import, i, &arena));
	}
}

static struct json *counts_json(const struct import *import)
{
	struct json *object = json_new_object();

	json_set_integer(object, "total", (int64_t)import->rows.count);
	for (int i = 0; i < ALIAS_IMPORT_OUTCOMES; i++)
		json_set_integer(object, alias_import_outcome_name((enum alias_import_outcome)i),
			(int64_t)import->result.counts[i]);
	return object;
}

static struct json *result_json(const struct import *import)
{
	struct json *document = json_new_object();
	struct json *results;

	json_set_boolean(document, "changed", import->result.written);
	json_set_boolean(document, "dry_run", import->request.dry_run);
	json_set(document, "rows", counts_json(import));
	results = json_set(document, "results", json_new_array());
	for (size_t i = 0; i < import->rows.count; i++)
		json_add(results, row_json(import, i));
	return document;
}

static void say_counts(struct import *import)
{
	struct output *output = &import->admin->output;
	const size_t *counts = import->result.counts;

	if (output->shape != OUTPUT_HUMAN)
		return;
	output_say(output, _("%zu of %zu rows are good: %zu new, %zu changed, %zu as they were."),
		import->rows.count - counts[ALIAS_IMPORT_REFUSED], import->rows.count,
		counts[ALIAS_IMPORT_ADDED], counts[ALIAS_IMPORT_CHANGED],
		counts[ALIAS_IMPORT_UNCHANGED]);
	if (!import->result.written)
		output_say(output, _("Nothing written."));
}

/* ---------------------------------------------------------------- the command */

/* What refused rows mean for the whole: nothing, when the good ones are written. */
static enum error_code judge_refused(const struct import *import, struct error *err)
{
	size_t refused = import->result.counts[ALIAS_IMPORT_REFUSED];

	if (refused == 0)
		return ERROR_NONE;
	if (import->request.skip_errors && !import->rows.broken && refused < import->rows.count)
		return ERROR_PARTIAL;
	error_set(err, ERROR_RULE, _("%zu of %zu rows are refused: nothing is written"), refused,
		import->rows.count);
	if (import->rows.broken)
		error_why(err, _("the file cannot be read to its end"));
	else if (!import->request.skip_errors)
		error_fix(err, _("correct the file, or take the good rows: --skip-errors"));
	return ERROR_RULE;
}

static int finish(struct import *import, const struct command_line *line,
	const struct error *unpublished)
{
	struct admin *admin = import->admin;
	struct json *document cleanup_json = result_json(import);
	const struct decided_aliases decided = {.removals = import->result.removals};
	struct sync_outcome sync = {.ran = false};
	struct error refusal;
	int code = (int)judge_refused(import, &refusal);

	say_faults(import);
	print_plain(import);
	say_counts(import);
	if (import->result.written)
		admin_sync_after_decision(admin, line, &decided, &sync);
	if (sync.ran)
		json_set(document, "sync", admin_sync_json(&sync.result));
	if (sync.failed)
		code = (int)sync.error.code;
	if (unpublished)
		code = (int)unpublished->code;
	if (code != ERROR_NONE)
		json_set_integer(document, "exit", code);
	output_json(&admin->output, document);
	if (unpublished)
		(void)output_error(&admin->output, unpublished);
	if (code == ERROR_RULE)
		(void)output_error(&admin->output, &refusal);
	if (sync.failed && admin->output.shape == OUTPUT_JSON)
		(void)output_error(&admin->output, &sync.error);
	return code;
}

static int run_import(struct import *import, const struct command_line *line)
{
	struct alias_context services;
	struct error err;

	if (!admin_load_settings(import->admin, line, &err) || !read_file(import, line, &err))
		return output_error(&import->admin->output, &err);
	services = admin_alias_context(import->admin);
	import->request = (struct alias_import_request){
		.rows = &import->rows,
		.dry_run = command_has(line, "dry-run"),
		.skip_errors = command_has(line, "skip-errors") || import->form == FORM_RUNV,
		.replace = command_has(line, "replace"),
		.keep_newer = import->form == FORM_RUNV,
	};
	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		if (forms[i].form == import->form)
			import->request.source = forms[i].source;
	}
	if (alias_import(&services, &import->request, &import->admin->arena, &import->result, &err))
		return finish(import, line, NULL);
	if (err.code == ERROR_AFTER_LIVE)
		return finish(import, line, &err);
	return output_error(&import->admin->output, &err);
}

int command_member_import(void *context, const struct command_line *line)
{
	struct import import = {.admin = context, .bytes = STRBUF_INIT};
	int code = run_import(&import, line);

	strbuf_clear(&import.bytes);
	return code;
}
