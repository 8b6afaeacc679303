#include "format/name_server.h"

#include "base/number.h"

#include <arpa/inet.h>
#include <string.h>

#define TEXT_MAX 63

static bool is_address(int family, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(family, text, address) == 1;
}

static bool is_port(const char *text)
{
	int64_t port;

	return parse_int64(text, &port) && port >= 1 && port <= 65535;
}

bool name_server_is_valid(const char *text)
{
	char host[TEXT_MAX + 1];
	bool bracketed = text[0] == '[';
	char *end;

	if (strlen(text) > TEXT_MAX)
		return false;
	if (is_address(AF_INET, text) || is_address(AF_INET6, text))
		return true;
	memcpy(host, text + bracketed, strlen(text + bracketed) + 1);
	end = strrchr(host, bracketed ? ']' : ':');
	if (!end)
		return false;
	*end++ = '\0';
	if (!bracketed)
		return is_address(AF_INET, host) && is_port(end);
	return is_address(AF_INET6, host) && (*end == '\0' || (*end == ':' && is_port(end + 1)));
}
