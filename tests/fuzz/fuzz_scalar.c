/* Numbers, sizes of time and moments: what is accepted is what the C library makes of it, written in the one form that it has. */
#include "base/number.h"
#include "format/expiry.h"
#include "format/name_server.h"
#include "format/timestamp.h"

#include "fuzz.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <time.h>

#define NOW INT64_C(1779234918)
#define LAST_SECOND INT64_C(253402300799)

static void check_numbers(const char *text)
{
	char again[64];
	int64_t number;
	uint32_t id;
	unsigned mode;
	bool parsed = parse_int64(text, &number);

	if (parsed) {
		snprintf(again, sizeof(again), "%" PRId64, number);
		insist(strcmp(text, again) == 0);
	}
	if (parse_id(text, &id)) {
		snprintf(again, sizeof(again), "%" PRIu32, id);
		insist(parsed && strcmp(text, again) == 0 && id != UINT32_MAX);
	}
	if (parse_octal_mode(text, &mode))
		insist(mode <= 07777 && strtoul(strncmp(text, "0o", 2) == 0 ? text + 2 : text, NULL, 8) == mode);
}

/* Counted in a wider type than the parser has. */
static void check_duration(const char *text)
{
	const char *unit = text + strspn(text, "0123456789");
	__extension__ __int128 wanted = 0;
	int64_t seconds;

	if (!parse_duration(text, &seconds))
		return;
	for (const char *digit = text; digit < unit; digit++)
		wanted = wanted * 10 + (*digit - '0');
	if (*unit && *unit != 's')
		wanted *= *unit == 'm' ? 60 : *unit == 'h' ? 3600 : *unit == 'd' ? 86400 : 365 * 86400;
	insist(strlen(unit) <= 1 && wanted == seconds);
}

static void check_timestamp(const char *text)
{
	char again[TIMESTAMP_LENGTH + 1];
	struct tm fields = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &fields);
	int64_t seconds;

	if (!timestamp_parse(text, &seconds))
		return;
	insist(end && *end == '\0' && timegm(&fields) == seconds);
	timestamp_format(seconds, again);
	insist(strcmp(text, again) == 0);
}

static void check_expiry(const char *text)
{
	char again[TIMESTAMP_LENGTH + 1];
	int64_t seconds;
	int64_t same;

	if (!expiry_parse(text, NOW, &seconds))
		return;
	insist(seconds >= 0 && seconds <= LAST_SECOND);
	timestamp_format(seconds, again);
	insist(expiry_parse(again, NOW, &same) && same == seconds);
	if (strlen(text) == 10 && text[4] == '-')
		insist(strncmp(text, again, 10) == 0);
}

/* Whatever passes is an address for the resolver, too. */
static void check_name_server(const char *text)
{
	const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found = NULL;
	char host[64] = "";
	bool bracketed = text[0] == '[';

	if (!name_server_is_valid(text))
		return;
	insist(strlen(text) < sizeof(host));
	(void)snprintf(host, sizeof(host), "%s", text + bracketed);
	if (bracketed)
		host[strcspn(host, "]")] = '\0';
	else if (strchr(host, '.') && strchr(host, ':') == strrchr(host, ':'))
		host[strcspn(host, ":")] = '\0';
	insist(getaddrinfo(host, NULL, &numeric, &found) == 0);
	freeaddrinfo(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = arena_strndup(&arena, (const char *)bytes, length);

	check_numbers(text);
	check_duration(text);
	check_timestamp(text);
	check_expiry(text);
	check_name_server(text);
	return 0;
}
