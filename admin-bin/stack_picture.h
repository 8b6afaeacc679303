/* A mail server drawn in text, for somebody who has to understand it at night: what comes in, which
 * table answers, who delivers. */
#ifndef POSTIGO_STACK_PICTURE_H
#define POSTIGO_STACK_PICTURE_H

#include "admin.h"
#include "service/mail_stack.h"

/* Prints a picture of each Postfix, and a line for each of its neighbours. */
void stack_picture_say(struct admin *admin, const struct mail_stack *stack);

#endif
