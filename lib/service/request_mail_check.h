/*
 * The one check of requests that asks the network: whether the destinations' domains have a mail server.
 *
 * For looking only: it warns and never refuses, so deciding does not wait for DNS. Its check is called "no-mx".
 */
#ifndef POSTIGO_SERVICE_REQUEST_MAIL_CHECK_H
#define POSTIGO_SERVICE_REQUEST_MAIL_CHECK_H

#include "service/alias_request.h"

/*
 * Adds "no-mx" to the requests that forward to a domain without a mail server, naming a well-known domain that differs by one typing slip. All domains
 * are asked at once, each once, within policy.mx_timeout; what is not known by then gets no check. Does nothing when policy.check_mx is off.
 */
void alias_requests_check_mail(const struct alias_context *context, struct alias_request *requests, size_t count,
	struct arena *arena);

#endif
