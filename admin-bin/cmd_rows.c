/* adopt and release: whose row in the database's table it is. */
#include "admin.h"
#include "admin_json.h"
#include "base/message.h"
#include "format/printable.h"
#include "service/map_adoption.h"

static struct map_adoption adoption_of(const struct admin *admin)
{
	return (struct map_adoption){
		.state_directory = POSTIGO_STATE_DIRECTORY,
		.settings = &admin->settings,
		.actor = &admin->identity,
		.now = admin->now,
	};
}

static int say_done(struct admin *admin, const char *address, const char *before)
{
	struct json *object cleanup_json = json_new_object();

	json_set_text(object, "address", address);
	json_set_boolean(object, "changed", true);
	json_set_text(object, "before", before);
	output_json(&admin->output, object);
	output_say(&admin->output, _("Make it live:  postigo-admin sync"));
	return ERROR_NONE;
}

int command_adopt(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	const char *address = line->operands.items[0];
	struct map_adoption adoption;
	const char *before = "";
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	adoption = adoption_of(admin);
	if (!map_row_adopt(&adoption, address, &admin->arena, &before, &err))
		return output_error(&admin->output, &err);
	output_say(&admin->output, _("adopted  %s, which has: %s"), address, printable_text(before, &admin->arena));
	return say_done(admin, address, before);
}

int command_release(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	const char *address = line->operands.items[0];
	struct map_adoption adoption;
	struct error err;

	if (!admin_load_settings(admin, line, &err))
		return output_error(&admin->output, &err);
	adoption = adoption_of(admin);
	if (!map_row_release(&adoption, address, &admin->arena, &err))
		return output_error(&admin->output, &err);
	output_say(&admin->output, _("released  %s"), address);
	return say_done(admin, address, NULL);
}
