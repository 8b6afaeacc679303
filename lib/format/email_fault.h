/* What is wrong with a destination, in words. Apart from email_address, which must not translate: it links into postigo-drop. */
#ifndef POSTIGO_FORMAT_EMAIL_FAULT_H
#define POSTIGO_FORMAT_EMAIL_FAULT_H

#include "base/error.h"
#include "format/email_address.h"

/* The reason as a clause, such as "it has two @ signs"; translated; static. */
const char *email_fault_text(enum email_fault fault);

/* Sets a rule error with field "destination" that quotes `text` (made printable) and says why it is no destination. Returns false. */
bool email_fault_error(struct error *err, const char *text, enum email_fault fault);

#endif
