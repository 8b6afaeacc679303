/* postigo-admin: the program of administrators. Parses, calls one service, prints. */
#include "admin.h"

#include "base/clock.h"
#include "base/message.h"
#include "cli/language.h"
#include "format/printable.h"
#include "system/configuration_files.h"
#include "system/environment.h"

#include <syslog.h>
#include <unistd.h>

static bool read_files(struct admin *admin, const struct command_line *line, struct error *err)
{
	switch (configuration_files_read(POSTIGO_CONFIG_DIRECTORY, line->globals.config, &admin->arena, &admin->files,
		&admin->file_count, err)) {
	case LOOKUP_FOUND:
		return true;
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_NOT_FOUND:
		break;
	}
	error_set(err, ERROR_CONFIG, _("there is no configuration in %s"), POSTIGO_CONFIG_DIRECTORY);
	return error_fix(err, "postigo-admin setup --domain club.example");
}

bool admin_load_settings(struct admin *admin, const struct command_line *line, struct error *err)
{
	const struct string_list *warnings = &admin->settings.warnings;

	admin->origins = arena_alloc_array(&admin->arena, settings_table()->count, sizeof(*admin->origins));
	if (!read_files(admin, line, err) || !settings_load(admin->files, admin->file_count, &admin->arena,
						     &admin->settings, admin->origins, err))
		return false;
	language_begin(admin->settings.language);
	for (size_t i = 0; i < warnings->count; i++)
		output_warn(&admin->output, "%s", printable_text(warnings->items[i], &admin->arena));
	return true;
}

struct alias_context admin_alias_context(struct admin *admin)
{
	return (struct alias_context){
		.settings = &admin->settings,
		.state_directory = POSTIGO_STATE_DIRECTORY,
		.actor = &admin->identity,
		.now = admin->now,
		.watch = {.report = admin_log_set_aside, .context = admin},
	};
}

static int run(struct admin *admin, const struct command_line *line)
{
	struct error err;

	if (line->help || !line->command) {
		command_help(line, &admin->output);
		return line->help ? ERROR_NONE : ERROR_USAGE;
	}
	if (line->command->needs_root && !identity_require_root(line->command->words, &err))
		return output_error(&admin->output, &err);
	return line->command->run(admin, line);
}

/* Options that cannot be parsed still decide how the complaint about them looks. */
static void begin_output(struct admin *admin, const struct command_line *line)
{
	const struct output_options options = {
		.json = line->globals.json,
		.json_lines = line->globals.json_lines,
		.plain = line->globals.plain,
		.quiet = line->globals.quiet,
		.no_color = line->globals.no_color,
	};

	output_init(&admin->output, admin_program.name, &options, admin->now);
}

/* Even what is said about a line that cannot be parsed is in the server's language where the environment names none. */
static void begin_language(struct admin *admin)
{
	const struct command_line nothing = {.globals = {.config = NULL}};
	struct settings settings;
	struct error ignored;

	language_begin("");
	if (read_files(admin, &nothing, &ignored) &&
		settings_load(admin->files, admin->file_count, &admin->arena, &settings, NULL, &ignored))
		language_begin(settings.language);
}

int main(int argc, char *argv[])
{
	const struct clock clock = {0};
	struct admin admin = {.arena = ARENA_INIT};
	struct command_line line = {0};
	struct error err;
	bool parsed;
	int code;

	environment_sanitise();
	openlog(admin_program.name, LOG_PID, LOG_MAIL); /* argv[0] may be anything */
	begin_language(&admin);
	admin.now = clock_now(&clock);
	identity_read(&admin.identity, &admin.arena);
	parsed = command_parse(&admin_program, argc, argv, &admin.arena, &line, &err);
	begin_output(&admin, &line);
	code = parsed ? run(&admin, &line) : output_error(&admin.output, &err);
	admin_log_finish(&admin);
	code = output_finish(&admin.output, code);
	arena_clear(&admin.arena);
	return code;
}
