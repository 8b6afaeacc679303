/*
 * postigo: a member's window to the mail server. Asks for an alias, shows what became of it, gives
 * it up.
 *
 * It has no privilege and trusts nobody: what it checks is a courtesy, so that a mistake is told at
 * once. The queue is reached only through postigo-drop; who may have what, postigo-admin decides.
 */
#include "base/clock.h"
#include "base/message.h"
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/language.h"
#include "cli/output.h"
#include "postigo_alias_state.h"
#include "postigo_history.h"
#include "postigo_request.h"
#include "postigo_session.h"
#include "postigo_status.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>

static int run_version(void *context, const struct command_line *line);
static int run_dump(void *context, const struct command_line *line);

static const struct command_option request_options[] = {
	{"note", 0, "TEXT", N_("a word to the administrators, at most 200 bytes"), false},
	{"replace", 0, NULL, N_("take the place of a request that is pending"), false},
	{"keep-copy", 0, NULL, N_("also deliver to the mailbox on this server"), false},
};

static const char *const request_examples[] = {
	"postigo request ana@example.org",
	"postigo request ana@example.net --replace --note \"new provider\"",
	NULL,
};

static const char *const change_examples[] = {"postigo change ana@example.net", NULL};
static const char *const pause_examples[] = {"postigo pause", NULL};
static const char *const resume_examples[] = {"postigo resume", NULL};
static const char *const confirm_examples[] = {"postigo confirm 0f1e2d3c4b5a69788796a5b4c3d2e1f0", NULL};
static const char *const history_examples[] = {"postigo history", "postigo history --json", NULL};
static const char *const status_examples[] = {"postigo", "postigo status --json", NULL};
static const char *const cancel_examples[] = {"postigo cancel", NULL};
static const char *const remove_examples[] = {"postigo remove", "postigo remove --yes", NULL};

static const struct command commands[] = {
	{
		.words = "request",
		.operands = "DEST...",
		.operands_min = 1,
		.operands_max = SIZE_MAX,
		.help = N_("ask for your alias, or for another destination of it"),
		.details = N_(
			"DEST is an address of yours at another server. An administrator decides;\n"
			"until then an alias that you have stays as it is."),
		.options = request_options,
		.option_count = ARRAY_LENGTH(request_options),
		.examples = request_examples,
		.run = run_request,
	},
	{
		.words = "change",
		.operands = "DEST...",
		.operands_min = 1,
		.operands_max = SIZE_MAX,
		.help = N_("ask for another destination of the alias that you have"),
		.details = N_(
			"The present destination works until an administrator has approved the\n"
			"new one."),
		.options = request_options,
		.option_count = ARRAY_LENGTH(request_options),
		.examples = change_examples,
		.run = run_change,
	},
	{
		.words = "status",
		.operands = "",
		.help = N_("show your alias and what is pending"),
		.examples = status_examples,
		.run = run_status,
	},
	{
		.words = "cancel",
		.operands = "",
		.help = N_("withdraw what is pending"),
		.examples = cancel_examples,
		.run = run_cancel,
	},
	{
		.words = "pause",
		.operands = "",
		.help = N_("let your alias refuse mail for a while"),
		.details = N_("No administrator has to agree; \"postigo resume\" ends it."),
		.examples = pause_examples,
		.run = run_pause,
	},
	{
		.words = "resume",
		.operands = "",
		.help = N_("let your paused alias work again"),
		.examples = resume_examples,
		.run = run_resume,
	},
	{
		.words = "confirm",
		.operands = "TOKEN",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("prove that you read what arrives at the destination"),
		.details = N_("TOKEN stands in the message that went to the destination when an administrator\n"
			      "approved it; not every server asks for it."),
		.examples = confirm_examples,
		.run = run_confirm,
	},
	{
		.words = "remove",
		.operands = "",
		.help = N_("give your alias up"),
		.details = N_("Asks first; --yes answers. No administrator has to agree."),
		.examples = remove_examples,
		.run = run_remove,
	},
	{
		.words = "history",
		.operands = "",
		.help = N_("show the last decisions about your alias"),
		.examples = history_examples,
		.run = run_history,
	},
	{
		.words = "version",
		.operands = "",
		.help = N_("show the version"),
		.hidden = true,
		.run = run_version,
	},
	{
		.words = "__dump",
		.operands = "bash|zsh|fish|mdoc",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("print what is made from this table"),
		.hidden = true,
		.run = run_dump,
	},
};

static const struct command_program program = {
	.name = "postigo",
	.summary = N_("ask for a mail alias on this server, and see what became of it"),
	.manual = "postigo(1)",
	.commands = commands,
	.command_count = ARRAY_LENGTH(commands),
	.default_command = "status",
};

static int run_version(void *context, const struct command_line *line)
{
	struct session *session = context;
	struct json *json cleanup_json = json_new_object();

	(void)line;
	json_set_text(json, "version", POSTIGO_VERSION);
	output_json(session->output, json);
	output_say(session->output, "postigo %s", POSTIGO_VERSION);
	return ERROR_NONE;
}

static int run_dump(void *context, const struct command_line *line)
{
	const struct session *session = context;

	return completion_run(session->output, line);
}

/* A line that cannot be parsed may still have said how it wants its answer. */
static bool wants_json(int argc, char *const argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

static int refuse_line(int argc, char *const argv[], const struct error *err, int64_t now)
{
	const struct output_options options = {.json = wants_json(argc, argv)};
	struct output output;

	output_init(&output, program.name, &options, now);
	return output_error(&output, err);
}

static int run_line(struct session *session, const struct command_line *line)
{
	const struct output_options options = {
		.json = line->globals.json,
		.json_lines = line->globals.json_lines,
		.plain = line->globals.plain,
		.quiet = line->globals.quiet,
		.no_color = line->globals.no_color,
	};
	struct output output;
	int code = ERROR_NONE;

	output_init(&output, program.name, &options, session->now);
	session->output = &output;
	if (line->globals.config)
		session_begin(session, line->globals.config);
	if (line->help || !line->command)
		command_help(line, &output);
	else
		code = line->command->run(session, line);
	code = output_finish(&output, code);
	session->output = NULL;
	return code;
}

int main(int argc, char *argv[])
{
	static const struct clock system_clock = {0};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct arena arena cleanup_arena = ARENA_INIT;
	struct session session = {.arena = &arena, .now = clock_now(&system_clock)};
	struct command_line line;
	struct error err;

	sigaction(SIGPIPE, &ignore, NULL);
	language_begin(NULL);
	session_begin(&session, NULL);
	if (session.configured)
		language_begin(session.settings.language);
	if (!command_parse(&program, argc, argv, &arena, &line, &err))
		return refuse_line(argc, argv, &err, session.now);
	return run_line(&session, &line);
}
