/* "history" of postigo(1): the last decisions on the caller's own alias. */
#ifndef POSTIGO_MEMBER_HISTORY_H
#define POSTIGO_MEMBER_HISTORY_H

#include "cli/command.h"

/* "history". */
int run_history(void *context, const struct command_line *line);

#endif
