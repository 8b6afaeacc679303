/* How one request of the queue looks, in each shape: for every command that shows one. */
#ifndef POSTIGO_ADMIN_REQUEST_VIEW_H
#define POSTIGO_ADMIN_REQUEST_VIEW_H

#include "admin.h"

/* The request as JSON; a file that is none keeps its name, so that an administrator can find it. The caller owns it. */
struct json *request_view_json(const struct alias_request *request);

/* Prints the request in full, for people or as plain fields. */
void request_view_print(struct admin *admin, const struct alias_request *request);

#endif
