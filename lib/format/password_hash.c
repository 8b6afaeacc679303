#include "format/password_hash.h"

#include "base/ascii.h"
#include "base/message.h"

#include <crypt.h>
#include <string.h>

#define BCRYPT_COST 12
#define SCHEME_MAX 15 /* bytes between the braces */

static const struct {
	const char *name;    /* Dovecot's */
	const char *setting; /* what crypt_gensalt() wants */
} schemes[] = {
	[PASSWORD_BLF_CRYPT] = {"BLF-CRYPT", "$2b$"},
	[PASSWORD_SHA512_CRYPT] = {"SHA512-CRYPT", "$6$"},
	[PASSWORD_YESCRYPT] = {"CRYPT", "$y$"},
};

/* Prefixes that are verified, and how the hash behind each begins. */
static const struct {
	const char *name;
	const char *start;
} verified[] = {
	{"BLF-CRYPT", "$2"},
	{"SHA512-CRYPT", "$6$"},
	{"SHA256-CRYPT", "$5$"},
	{"MD5-CRYPT", "$1$"},
	{"CRYPT", ""},
};

/* What libxcrypt works in: the passphrase is copied there. */
struct crypt_memory {
	void *data;
	int size;
};

#define cleanup_crypt __attribute__((cleanup(crypt_memory_wipe)))

static void crypt_memory_wipe(struct crypt_memory *memory)
{
	if (memory->data)
		explicit_bzero(memory->data, (size_t)memory->size);
	free(memory->data);
}

/* ---------------------------------------------------------------- schemes */

const char *password_scheme_name(enum password_scheme scheme)
{
	return schemes[scheme].name;
}

bool password_scheme_parse(const char *name, enum password_scheme *ret_scheme, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
		if (!ascii_equal_nocase(name, schemes[i].name))
			continue;
		*ret_scheme = (enum password_scheme)i;
		return true;
	}
	error_set(err, ERROR_USAGE, _("\"%s\" is no scheme for new passwords"), name);
	if (ascii_equal_nocase(name, "MD5-CRYPT"))
		error_why(err, _("it is broken; passwords that have it are still verified"));
	return error_fix(err, "--scheme BLF-CRYPT, --scheme SHA512-CRYPT, --scheme CRYPT");
}

bool password_check(const struct secret *password, enum password_scheme scheme, struct error *err)
{
	if (password->length == 0) {
		error_set(err, ERROR_CONFIG, _("empty password"));
		return error_fix(err, _("type one, or give it as the first line of standard input with --password-stdin"));
	}
	for (size_t i = 0; i < password->length; i++) {
		if ((unsigned char)password->text[i] >= 0x20 && password->text[i] != 0x7f)
			continue;
		error_set(err, ERROR_USAGE, _("the password holds a control character"));
		return error_fix(err, _("take another one"));
	}
	if (scheme == PASSWORD_BLF_CRYPT && password->length > PASSWORD_BCRYPT_MAX) {
		error_set(err, ERROR_USAGE, _("the password is longer than %d bytes"), PASSWORD_BCRYPT_MAX);
		error_why(err, _("BLF-CRYPT does not look at what comes behind"));
		return error_fix(err, "--scheme SHA512-CRYPT");
	}
	return true;
}

/* ---------------------------------------------------------------- making */

static unsigned long cost_of(const struct password_recipe *recipe)
{
	switch (recipe->scheme) {
	case PASSWORD_BLF_CRYPT:
		return BCRYPT_COST;
	case PASSWORD_SHA512_CRYPT:
		return (unsigned long)recipe->sha512_rounds;
	case PASSWORD_YESCRYPT:
		break;
	}
	return 0; /* the library's choice */
}

bool password_hash_make(const struct secret *password, const struct password_recipe *recipe, struct arena *arena,
	const char **ret_stored, struct error *err)
{
	const char *name = schemes[recipe->scheme].name;
	struct crypt_memory memory cleanup_crypt = {.data = NULL};
	char *setting cleanup_free = crypt_gensalt_ra(schemes[recipe->scheme].setting, cost_of(recipe),
		(const char *)recipe->salt, sizeof(recipe->salt));
	const char *hash = setting ? crypt_ra(password->text, setting, &memory.data, &memory.size) : NULL;

	if (!hash || *hash == '*') {
		error_set(err, ERROR_CONFIG, _("the system's libcrypt cannot make a password of scheme %s"), name);
		return error_fix(err, "--scheme SHA512-CRYPT");
	}
	*ret_stored = arena_printf(arena, "{%s}%s", name, hash);
	return true;
}

/* ---------------------------------------------------------------- verifying */

/* Splits "{SCHEME}rest"; without braces the scheme is crypt(3)'s own. NULL when the scheme is none of ours or does not fit the hash. */
static const char *find_hash(const char *stored)
{
	const char *end = stored[0] == '{' ? strchr(stored, '}') : NULL;
	char scheme[SCHEME_MAX + 1] = "CRYPT";
	const char *hash = stored;

	if (stored[0] == '{') {
		if (!end || end - stored - 1 > SCHEME_MAX)
			return NULL;
		memcpy(scheme, stored + 1, (size_t)(end - stored - 1));
		scheme[end - stored - 1] = '\0';
		hash = end + 1;
	} else if (stored[0] != '$') {
		return NULL; /* clear text, perhaps: nobody's business to guess */
	}
	for (size_t i = 0; i < ARRAY_LENGTH(verified); i++) {
		if (ascii_equal_nocase(scheme, verified[i].name))
			return strncmp(hash, verified[i].start, strlen(verified[i].start)) == 0 ? hash : NULL;
	}
	return NULL;
}

static bool is_hash(const char *hash)
{
	int verdict = hash && *hash ? crypt_checksalt(hash) : CRYPT_SALT_INVALID;

	return verdict != CRYPT_SALT_INVALID && verdict != CRYPT_SALT_METHOD_DISABLED;
}

enum password_kind password_hash_kind(const char *stored)
{
	if (strcmp(stored, PASSWORD_NOAUTH) == 0)
		return PASSWORD_ABSENT;
	return is_hash(find_hash(stored)) ? PASSWORD_HASH : PASSWORD_FOREIGN;
}

enum lookup_result password_hash_verify(const char *stored, const struct secret *password, struct error *err)
{
	struct crypt_memory memory cleanup_crypt = {.data = NULL};
	const char *hash = find_hash(stored);
	const char *made;

	if (strcmp(stored, PASSWORD_NOAUTH) == 0)
		return LOOKUP_NOT_FOUND;
	made = is_hash(hash) ? crypt_ra(password->text, hash, &memory.data, &memory.size) : NULL;
	if (made && *made != '*')
		return secret_equal(made, hash) ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
	error_set(err, ERROR_CONFIG, _("the stored password cannot be verified"));
	error_why(err, _("it is of no scheme that is known here, or malformed"));
	error_fix(err, _("set a new one"));
	return LOOKUP_FAILED;
}
