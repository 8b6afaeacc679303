#include "system/identity.h"

#include "base/message.h"
#include "base/number.h"
#include "system/account.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CLAIM_MAX 64
#define NO_LOGIN_UID 4294967295u /* what the kernel says when nobody logged in */

static int64_t read_login_uid(void)
{
	int fd cleanup_close = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
	char text[16];
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int64_t uid;

	if (length <= 0)
		return -1;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return parse_int64(text, &uid) && uid >= 0 && uid < (int64_t)NO_LOGIN_UID ? uid : -1;
}

static const char *name_of(uid_t uid, struct arena *arena)
{
	struct account account;
	struct error ignored; /* the number says it too */

	if (account_by_uid(uid, arena, &account, &ignored) == LOOKUP_FOUND)
		return account.name;
	return arena_printf(arena, "%u", uid);
}

/* The variables are root's word at best; what no account name may hold is no claim. */
static bool is_plain(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	}
	return length > 0 && length <= CLAIM_MAX;
}

static const char *read_claim(struct arena *arena)
{
	static const char *const variables[] = {"SUDO_USER", "DOAS_USER"};

	for (size_t i = 0; i < ARRAY_LENGTH(variables); i++) {
		const char *value = getenv(variables[i]);

		if (value && is_plain(value))
			return arena_strdup(arena, value);
	}
	return "";
}

static const char *read_terminal(struct arena *arena)
{
	static const int descriptors[] = {STDERR_FILENO, STDIN_FILENO, STDOUT_FILENO};
	char name[64];

	for (size_t i = 0; i < ARRAY_LENGTH(descriptors); i++) {
		if (ttyname_r(descriptors[i], name, sizeof(name)) == 0)
			return arena_strdup(arena, name);
	}
	return "";
}

void identity_read(struct identity *ret_identity, struct arena *arena)
{
	struct identity identity = {
		.uid = getuid(),
		.login_uid = read_login_uid(),
		.claim = read_claim(arena),
		.terminal = read_terminal(arena),
	};

	if (identity.login_uid >= 0)
		identity.login = name_of((uid_t)identity.login_uid, arena);
	else if (*identity.claim)
		identity.login = identity.claim;
	else
		identity.login = name_of(identity.uid, arena);
	*ret_identity = identity;
}

bool identity_require_root(const char *command, struct error *err)
{
	if (geteuid() == 0)
		return true;
	error_set(err, ERROR_PERMISSION, _("only root may run \"%s\""), command);
	return error_fix(err, "sudo postigo-admin %s ...", command);
}
