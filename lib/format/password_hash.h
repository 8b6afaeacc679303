/*
 * Passwords as mailbox.password holds them: "{SCHEME}hash", made and verified by libxcrypt, readable by Dovecot.
 *
 * Pure: the caller gives the random bytes of the salt. What libxcrypt wrote on the way is wiped.
 */
#ifndef POSTIGO_FORMAT_PASSWORD_HASH_H
#define POSTIGO_FORMAT_PASSWORD_HASH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"

#define PASSWORD_SALT_LENGTH 16 /* random bytes */
#define PASSWORD_BCRYPT_MAX 72	/* bytes: bcrypt hears no more of a password */
#define PASSWORD_NOAUTH "{NOAUTH}" /* no password here: somebody else authenticates this mailbox */

/* What new passwords are hashed with. */
enum password_scheme {
	PASSWORD_BLF_CRYPT,    /* bcrypt, cost 12 */
	PASSWORD_SHA512_CRYPT, /* with the configured rounds */
	PASSWORD_YESCRYPT,     /* as {CRYPT} */
};

/* What stands in a password column. */
enum password_kind {
	PASSWORD_HASH,	  /* one that password_hash_verify() knows */
	PASSWORD_ABSENT,  /* exactly {NOAUTH} */
	PASSWORD_FOREIGN, /* all else: another scheme, clear text, nothing */
};

/* Finds a scheme by its name, upper and lower case alike. Fails with usage, also for MD5-CRYPT, which is only verified. */
must_check bool password_scheme_parse(const char *name, enum password_scheme *ret_scheme, struct error *err);

/* Its name. */
const char *password_scheme_name(enum password_scheme scheme);

/*
 * Whether the scheme can hold this password. Fails with config (it is empty) or usage (a control byte, or longer than bcrypt hears).
 */
must_check bool password_check(const struct secret *password, enum password_scheme scheme, struct error *err);

/* How a password is hashed. */
struct password_recipe {
	enum password_scheme scheme;
	int64_t sha512_rounds; /* 1000 to 999999999 */
	unsigned char salt[PASSWORD_SALT_LENGTH]; /* random */
};

/* Hashes a password that passed password_check(), in about half a second. The result, with its scheme in front, is in `arena`. Fails with config. */
must_check bool password_hash_make(const struct secret *password, const struct password_recipe *recipe,
	struct arena *arena, const char **ret_stored, struct error *err);

/* What `stored` is. */
enum password_kind password_hash_kind(const char *stored);

/*
 * Whether `password` is the one behind `stored`: found or not found ({NOAUTH} is nobody's). Failed with config for a scheme that is not known here, a prefix
 * that is not the hash's, or a malformed hash. A hash without prefix is taken as crypt(3) does.
 */
must_check enum lookup_result password_hash_verify(const char *stored, const struct secret *password, struct error *err);

#endif
