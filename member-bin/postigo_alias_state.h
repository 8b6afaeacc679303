/* The commands of postigo(1) that need nobody's approval: pause, resume, remove. The server applies them within minutes. */
#ifndef POSTIGO_MEMBER_ALIAS_STATE_H
#define POSTIGO_MEMBER_ALIAS_STATE_H

#include "cli/command.h"

/* "pause": mail to the alias is refused until it is resumed. */
int run_pause(void *context, const struct command_line *line);

/* "confirm TOKEN": hands a token of policy.confirm_destination back. */
int run_confirm(void *context, const struct command_line *line);

/* "resume": ends the member's own pause. */
int run_resume(void *context, const struct command_line *line);

/* "remove": gives the alias up. */
int run_remove(void *context, const struct command_line *line);

#endif
