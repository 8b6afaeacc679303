#include "service/map_destinations.h"

#include "base/message.h"

#include <string.h>

static bool is_within(struct span address, struct span domain)
{
	const char *tail = address.bytes + address.length - domain.length;
	const char *at;

	if (address.length <= domain.length || (tail[-1] != '@' && tail[-1] != '.') ||
		strncasecmp(tail, domain.bytes, domain.length) != 0)
		return false;
	at = memrchr(address.bytes, '@', address.length);
	return at && at < tail;
}

static void refuse(struct map_verdicts *verdicts, size_t row, enum map_rail rail,
	struct span address, const char *sentence)
{
	const char *detail = "";

	if (map_rails_lists(verdicts->rails, map_text_row(&verdicts->text, row).key))
		detail = arena_printf(verdicts->arena, "%.*s: %s", (int)address.length,
			address.bytes, sentence);
	map_verdicts_refuse(verdicts, row, rail, detail);
}

static void judge_row(struct map_verdicts *verdicts, size_t number)
{
	const struct postfix_instance *instance = verdicts->instance;
	struct map_text_row row = map_text_row(&verdicts->text, number);
	struct span domain = span_of(verdicts->settings->domain);
	bool local = verdicts->settings->policy.allow_local_destinations;
	int64_t count = 0;
	struct span address;

	while (map_text_next_address(&row.value, &address)) {
		count++;
		if (is_within(address, domain) && !span_equal(address, row.key)) {
			verdicts->leads_outside = false;
			if (!local)
				refuse(verdicts, number, RAIL_OWN_DOMAIN, address,
					_("a destination in our own domain"));
		}
		if ((int64_t)address.length > instance->address_length_limit)
			refuse(verdicts, number, RAIL_LIMITS, address,
				_("longer than virtual_alias_address_length_limit"));
	}
	if (count > instance->expansion_limit)
		map_verdicts_refuse(verdicts, number, RAIL_LIMITS,
			_("it has more destinations than virtual_alias_expansion_limit"));
}

void map_destinations_judge(struct map_verdicts *verdicts)
{
	verdicts->leads_outside = true;
	for (size_t row = 0; row < verdicts->text.rows; row++) {
		map_text_pass(&verdicts->text, row);
		judge_row(verdicts, row);
	}
}
