/* The commands of postigo(1) that ask an administrator for something: request, change, cancel. */
#ifndef POSTIGO_MEMBER_REQUEST_H
#define POSTIGO_MEMBER_REQUEST_H

#include "cli/command.h"
#include "format/request_record.h"
#include "postigo_session.h"

/* "request DEST...": asks for an alias, or for another destination of the one there is. */
int run_request(void *context, const struct command_line *line);

/* "change DEST...": the same for an alias that is there already; it works on until the approval. */
int run_change(void *context, const struct command_line *line);

/* "cancel": withdraws what waits. */
int run_cancel(void *context, const struct command_line *line);

/* Fills in whose wish this is, and the language of answers to it. */
void request_set_author(const struct session *session, struct request_record *record);

#endif
