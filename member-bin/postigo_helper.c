#include "postigo_helper.h"

#include "base/message.h"
#include "base/string_list.h"
#include "format/request_file.h"
#include "system/process.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#define HELPER_TIMEOUT_MS 30000

/* The last line that the helper wrote on stderr: untranslated, for the reason of an error. */
static const char *last_words(const struct process_result *result, struct arena *arena)
{
	struct string_list lines = STRING_LIST_INIT;

	string_list_split(&lines, arena, result->errors, "\n");
	return lines.count > 0 ? lines.items[lines.count - 1] : "";
}

static bool refuse_sandbox(struct error *err)
{
	error_set(err, ERROR_PERMISSION, _("this session may not use the request queue"));
	error_why(err,
		_("it runs with \"no new privileges\" (a container or a sandbox), so postigo-drop "
		  "cannot join its group"));
	return error_fix(err, _("run the command from a normal SSH login"));
}

static bool explain_pending(struct error *err)
{
	error_set(err, ERROR_ALREADY_EXISTS, _("a request of yours is already pending"));
	error_why(err, _("one can wait at a time"));
	return error_fix(err, _("look at it: postigo status; withdraw it: postigo cancel; "
				"or ask again with --replace"));
}

/* Explains an exit status of the helper that is neither success nor "nothing is pending". */
static bool explain_status(enum error_code code, const char *words, struct error *err)
{
	switch ((int)code) {
	case ERROR_ALREADY_EXISTS:
		return explain_pending(err);
	case ERROR_CONFIG:
		error_set(err, ERROR_CONFIG, _("the request queue of this server is not in order"));
		error_fix(err, _("tell an administrator, who runs: postigo-admin setup"));
		break;
	case ERROR_CAPACITY:
	case ERROR_FILESYSTEM:
		error_set(err, code, _("the request could not be stored"));
		error_fix(err, _("try again later; tell an administrator if it stays so"));
		break;
	case ERROR_TEMPORARY:
		error_set(err, code, _("the request queue cannot take requests at the moment"));
		error_fix(err, _("try again in a few minutes"));
		break;
	case ERROR_PERMISSION:
		error_set(err, code, _("this session may not use the request queue"));
		error_fix(err, _("run the command from a normal SSH login"));
		break;
	case ERROR_RULE:
		error_set(err, code, _("the request queue refused the request"));
		break;
	default:
		error_set(err, ERROR_BUG, _("postigo-drop refused what postigo asked for"));
		error_fix(err,
			_("tell an administrator; the two programs may be of different versions"));
		break;
	}
	return *words ? error_why(err, "%s", words) : false;
}

static bool explain_absence(const struct process_request *request,
	const struct process_result *result, struct arena *arena, struct error *err)
{
	if (result->end == PROCESS_TIMED_OUT)
		error_set(err, ERROR_TEMPORARY, _("the request queue does not answer"));
	else
		error_set(err, ERROR_CONFIG, _("cannot run %s"), POSTIGO_HELPER);
	error_why(err, "%s", process_describe(request, result, arena));
	return error_fix(err, _("tell an administrator, who runs: postigo-admin setup"));
}

struct helper_call {
	const char *verb;
	enum request_kind kind;
	const char *input; /* NULL = none */
};

/* Runs the helper. Found: it did as told; not found: nothing is pending. */
static enum lookup_result run_helper(const struct helper_call *call, struct arena *arena,
	struct process_result *ret_result, struct error *err)
{
	const char *const argv[] = {POSTIGO_HELPER, call->verb, request_kind_name(call->kind),
		NULL};
	struct process_request request = {
		.argv = argv,
		.timeout_ms = HELPER_TIMEOUT_MS,
		.output_limit = REQUEST_FILE_MAX + 1,
		.input = call->input,
	};

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		refuse_sandbox(err);
		return LOOKUP_FAILED;
	}
	if (!process_run(&request, arena, ret_result, err))
		return LOOKUP_FAILED;
	if (process_succeeded(ret_result))
		return LOOKUP_FOUND;
	if (ret_result->end != PROCESS_EXITED) {
		explain_absence(&request, ret_result, arena, err);
		return LOOKUP_FAILED;
	}
	if (ret_result->status == ERROR_NOTHING_PENDING)
		return LOOKUP_NOT_FOUND;
	explain_status((enum error_code)ret_result->status, last_words(ret_result, arena), err);
	return LOOKUP_FAILED;
}

bool helper_submit(const struct request_record *record, bool replace, struct arena *arena,
	struct error *err)
{
	char input[REQUEST_WIRE_MAX + 1];
	const struct helper_call call = {
		.verb = replace ? "replace" : "submit",
		.kind = request_op_kind(record->op),
		.input = input,
	};
	struct process_result result;
	size_t length = request_record_print_wire(record, input, sizeof(input));

	if (length == 0)
		return error_set(err, ERROR_CAPACITY, _("the request is too long"));
	switch (run_helper(&call, arena, &result, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_NOT_FOUND:
		return explain_status(ERROR_NOTHING_PENDING, "", err);
	case LOOKUP_FAILED:
		break;
	}
	return false;
}

enum lookup_result helper_withdraw(enum request_kind kind, struct arena *arena, struct error *err)
{
	const struct helper_call call = {.verb = "withdraw", .kind = kind};
	struct process_result result;

	return run_helper(&call, arena, &result, err);
}

enum lookup_result helper_show(enum request_kind kind, struct arena *arena,
	struct request_record *ret_record, struct error *err)
{
	const struct helper_call call = {.verb = "show", .kind = kind};
	struct process_result result;
	struct request_record record;
	char detail[128] = "";
	enum request_fault fault;
	enum lookup_result answer = run_helper(&call, arena, &result, err);

	if (answer != LOOKUP_FOUND)
		return answer;
	fault = request_file_parse(result.output, result.output_length, &record, detail);
	if (fault != REQUEST_FAULT_NONE && fault != REQUEST_FAULT_DESTINATION) {
		error_set(err, ERROR_DATABASE, _("your waiting request cannot be read"));
		error_why(err, "%s", detail);
		error_fix(err, _("withdraw it with postigo cancel and ask again"));
		return LOOKUP_FAILED;
	}
	*ret_record = record;
	return LOOKUP_FOUND;
}
