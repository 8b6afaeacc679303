#include "postigo_history.h"

#include "base/message.h"
#include "format/json.h"
#include "format/timestamp.h"
#include "postigo_session.h"

static void add_decision(struct json *rows, const struct status_decision *decision)
{
	struct json *row = json_add(rows, json_new_object());
	struct json *destinations = json_new_array();
	char at[TIMESTAMP_LENGTH + 1];

	timestamp_format(decision->at, at);
	json_set_text(row, "at", at);
	json_set_text(row, "outcome", decision->outcome);
	json_set_text(row, "op", decision->op);
	for (size_t i = 0; i < decision->destinations.count; i++)
		json_add(destinations, json_new_text(decision->destinations.items[i]));
	json_set(row, "destinations", destinations);
	if (*decision->reason)
		json_set_text(row, "reason", decision->reason);
	if (*decision->id)
		json_set_text(row, "id", decision->id);
}

/* An id is for scripts: people have no command that takes one. */
static void print_history(const struct session *session, const struct json *rows)
{
	static const struct output_column columns[] = {
		{"at", N_("WHEN"), COLUMN_TIME},
		{"outcome", N_("OUTCOME"), COLUMN_STATE},
		{"op", N_("WISH"), COLUMN_STATE},
		{"destinations", N_("FORWARDS TO"), COLUMN_LIST},
		{"reason", N_("REASON"), COLUMN_TEXT},
		{"id", N_("ID"), COLUMN_TEXT},
	};
	size_t count = ARRAY_LENGTH(columns) - (session->output->shape == OUTPUT_HUMAN);

	output_rows(session->output, NULL, rows, columns, count, N_("Nothing was decided about you yet."));
}

int run_history(void *context, const struct command_line *line)
{
	struct session *session = context;
	struct json *rows cleanup_json = json_new_array();
	struct status_file published;
	struct error err;

	(void)line;
	if (!session_settle(session, &err) ||
		session_read_status(session, &published, &err) == LOOKUP_FAILED)
		return output_error(session->output, &err);
	for (size_t i = 0; i < published.history_count; i++)
		add_decision(rows, &published.history[i]);
	print_history(session, rows);
	return ERROR_NONE;
}
