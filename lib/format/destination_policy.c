#include "format/destination_policy.h"

#include "base/message.h"
#include "format/email_address.h"

static bool is_listed(const struct string_list *domains, const char *domain)
{
	for (size_t i = 0; i < domains->count; i++) {
		if (email_domain_is_within(domain, domains->items[i]))
			return true;
	}
	return false;
}

enum destination_verdict destination_judge(const char *address, const char *alias,
	const struct settings *settings)
{
	const struct policy_settings *policy = &settings->policy;
	const char *domain = email_address_domain(address);

	if (email_address_equal(address, alias))
		return DESTINATION_ITSELF;
	if (!policy->allow_local_destinations && email_domain_is_within(domain, settings->domain))
		return DESTINATION_OWN_DOMAIN;
	if (is_listed(&policy->block_domains, domain))
		return DESTINATION_BLOCKED;
	if (policy->allow_domains.count > 0 && !is_listed(&policy->allow_domains, domain))
		return DESTINATION_NOT_ALLOWED;
	return DESTINATION_ALLOWED;
}

const char *destination_verdict_code(enum destination_verdict verdict)
{
	switch (verdict) {
	case DESTINATION_ALLOWED:
		return "";
	case DESTINATION_ITSELF:
		return "itself";
	case DESTINATION_OWN_DOMAIN:
		return "own-domain";
	case DESTINATION_BLOCKED:
		return "blocked-domain";
	case DESTINATION_NOT_ALLOWED:
		return "not-allowed-domain";
	}
	return "";
}

const char *destination_verdict_text(enum destination_verdict verdict)
{
	switch (verdict) {
	case DESTINATION_ALLOWED:
		return _("it is allowed");
	case DESTINATION_ITSELF:
		return _("it is the alias itself");
	case DESTINATION_OWN_DOMAIN:
		return _("it is in this server's own domain");
	case DESTINATION_BLOCKED:
		return _("its domain is blocked on this server");
	case DESTINATION_NOT_ALLOWED:
		return _("its domain is not one of those that this server forwards to");
	}
	return "";
}

bool destination_domain_is_valid(const char *text)
{
	enum email_fault fault = email_domain_check(text);

	return fault == EMAIL_OK || fault == EMAIL_DOMAIN_SINGLE;
}
