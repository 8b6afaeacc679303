/* The address of a name server as the configuration writes it: "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53". */
#ifndef POSTIGO_FORMAT_NAME_SERVER_H
#define POSTIGO_FORMAT_NAME_SERVER_H

#include "base/compiler.h"

#include <stdbool.h>

/* Whether `text` is the address of a name server, with or without a port. */
must_check bool name_server_is_valid(const char *text);

#endif
