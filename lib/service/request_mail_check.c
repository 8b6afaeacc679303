#include "service/request_mail_check.h"

#include "base/message.h"
#include "format/nearest_word.h"
#include "network/mail_exchanger.h"

#include <stdlib.h>
#include <string.h>

/* Where people have their mail: a guess for typing slips, no more. */
static const char *const well_known[] = {
	"aol.com", "bol.com.br", "fastmail.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com",
	"hotmail.com", "hotmail.com.br", "icloud.com", "live.com", "mailbox.org", "me.com", "msn.com", "outlook.com",
	"outlook.com.br", "posteo.de", "proton.me", "protonmail.com", "riseup.net", "terra.com.br", "tutanota.com",
	"uol.com.br", "web.de", "yahoo.com", "yahoo.com.br", "yandex.com", "ymail.com", "zoho.com",
};

struct domain_set {
	struct mail_exchanger_query *queries; /* sorted by domain, each once */
	size_t count;
};

/* Whether the destinations passed the grammar and a mail server matters for them. */
static bool is_asked(const struct alias_request *request)
{
	return request->queued.code == QUEUE_GOOD && request->queued.record.op == REQUEST_SET;
}

static int compare_domains(const void *left, const void *right)
{
	const struct mail_exchanger_query *a = left;
	const struct mail_exchanger_query *b = right;

	return strcmp(a->domain, b->domain);
}

static void collect(const struct alias_request *requests, size_t count, struct arena *arena, struct domain_set *ret_set)
{
	struct domain_set set = {
		.queries = arena_alloc_array(arena, count * REQUEST_DESTINATIONS_MAX, sizeof(*set.queries)),
	};
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct request_record *record = &requests[i].queued.record;

		for (size_t j = 0; is_asked(&requests[i]) && j < record->destination_count; j++)
			set.queries[set.count++].domain = email_address_domain(record->destinations[j]);
	}
	qsort(set.queries, set.count, sizeof(*set.queries), compare_domains);
	for (size_t i = 0; i < set.count; i++) {
		if (kept == 0 || strcmp(set.queries[i].domain, set.queries[kept - 1].domain) != 0)
			set.queries[kept++] = set.queries[i];
	}
	set.count = kept;
	*ret_set = set;
}

static enum mail_exchanger_answer answer_of(const struct domain_set *set, const char *domain)
{
	const struct mail_exchanger_query wanted = {.domain = domain};
	const struct mail_exchanger_query *found =
		bsearch(&wanted, set->queries, set->count, sizeof(*set->queries), compare_domains);

	return found ? found->answer : MAIL_EXCHANGER_UNKNOWN;
}

static void warn(struct alias_request *request, const char *domain, struct arena *arena)
{
	const char *near = nearest_word_within(domain, well_known, ARRAY_LENGTH(well_known), 1);

	if (near && strcmp(near, domain) != 0)
		alias_request_add_check(request, "no-mx", ERROR_NONE,
			arena_printf(arena, _("%s has no mail server (did they mean %s?)"), domain, near));
	else
		alias_request_add_check(request, "no-mx", ERROR_NONE,
			arena_printf(arena, _("%s has no mail server"), domain));
}

static void mark(struct alias_request *request, const struct domain_set *set, struct arena *arena)
{
	const struct request_record *record = &request->queued.record;

	for (size_t i = 0; is_asked(request) && i < record->destination_count; i++) {
		const char *domain = email_address_domain(record->destinations[i]);

		if (answer_of(set, domain) == MAIL_EXCHANGER_NONE)
			warn(request, domain, arena);
	}
}

void alias_requests_check_mail(const struct alias_context *context, struct alias_request *requests, size_t count,
	struct arena *arena)
{
	const struct policy_settings *policy = &context->settings->policy;
	struct domain_set set;
	struct error ignored; /* without a resolver nothing is known, which is no warning */

	if (!policy->check_mx)
		return;
	collect(requests, count, arena, &set);
	if (!mail_exchanger_ask(&policy->mx_servers, policy->mx_timeout * 1000, set.queries, set.count, &ignored))
		return;
	for (size_t i = 0; i < count; i++)
		mark(&requests[i], &set, arena);
}
