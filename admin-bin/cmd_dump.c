/* What is made from the command table when the program is built. */
#include "admin.h"

#include "cli/completion.h"

int command_dump(void *context, const struct command_line *line)
{
	struct admin *admin = context;

	return completion_run(&admin->output, line);
}
