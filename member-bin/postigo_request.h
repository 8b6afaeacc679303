/* The commands of postigo(1) that ask for something: request, cancel, remove. */
#ifndef POSTIGO_MEMBER_REQUEST_H
#define POSTIGO_MEMBER_REQUEST_H

#include "cli/command.h"

/* "request DEST...": asks for an alias, or for another destination of the one there is. */
int run_request(void *context, const struct command_line *line);

/* "cancel": withdraws what waits. */
int run_cancel(void *context, const struct command_line *line);

/* "remove": gives the alias up. */
int run_remove(void *context, const struct command_line *line);

#endif
