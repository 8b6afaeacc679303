#include "format/password_hash.h"

#include "unit.h"

static void set(struct secret *secret, const char *text)
{
	secret_wipe(secret);
	for (const char *at = text; *at; at++)
		ck_assert(secret_add(secret, *at));
}

static const char *make(const char *password, enum password_scheme scheme, unsigned char salt, struct arena *arena)
{
	struct password_recipe recipe = {.scheme = scheme, .sha512_rounds = 1000};
	struct secret secret cleanup_secret = SECRET_INIT;
	const char *stored = NULL;
	struct error err;

	memset(recipe.salt, salt, sizeof(recipe.salt));
	set(&secret, password);
	unit_assert_ok(password_hash_make(&secret, &recipe, arena, &stored, &err), err);
	return stored;
}

static enum lookup_result verify(const char *stored, const char *password)
{
	struct secret secret cleanup_secret = SECRET_INIT;
	struct error err = {.code = ERROR_NONE};
	enum lookup_result result;

	set(&secret, password);
	result = password_hash_verify(stored, &secret, &err);
	if (result == LOOKUP_FAILED)
		unit_assert_error(err, ERROR_CONFIG);
	return result;
}

START_TEST(what_is_made_is_verified)
{
	static const struct {
		enum password_scheme scheme;
		const char *start;
	} cases[] = {{PASSWORD_BLF_CRYPT, "{BLF-CRYPT}$2b$12$"}, {PASSWORD_SHA512_CRYPT, "{SHA512-CRYPT}$6$rounds=1000$"},
		{PASSWORD_YESCRYPT, "{CRYPT}$y$"}};
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *stored = make("s\xc3\xa9same ouvre-toi", cases[_i].scheme, 7, &arena);

	ck_assert_msg(strncmp(stored, cases[_i].start, strlen(cases[_i].start)) == 0, "%s", stored);
	ck_assert_uint_lt(strlen(stored), 255);
	ck_assert_int_eq(verify(stored, "s\xc3\xa9same ouvre-toi"), LOOKUP_FOUND);
	ck_assert_int_eq(verify(stored, "s\xc3\xa9same ouvre-toi "), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(verify(stored, ""), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(password_hash_kind(stored), PASSWORD_HASH);
	ck_assert_str_ne(make("s\xc3\xa9same ouvre-toi", cases[_i].scheme, 8, &arena), stored);
}
END_TEST

/* Made with another implementation: the test vectors of their authors. */
START_TEST(known_hashes_are_verified)
{
	static const struct {
		const char *stored;
		const char *password;
	} cases[] = {
		{"{BLF-CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
		{"{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
			"Hello world!"},
		{"{sha256-crypt}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"},
		{"{MD5-CRYPT}$1$deadbeef$Q7g0UO4hRC0mgQUQ/qkjZ0", "password"},
	};

	ck_assert_int_eq(verify(cases[_i].stored, cases[_i].password), LOOKUP_FOUND);
	ck_assert_int_eq(verify(cases[_i].stored, "another"), LOOKUP_NOT_FOUND);
}
END_TEST

START_TEST(what_is_no_hash_of_ours_is_told)
{
	static const char *const foreign[] = {"", "secret", "{PLAIN}secret", "{SSHA256}x", "{BLF-CRYPT}", "{BLF-CRYPT}$6$saltstring$x", "{MD5-CRYPT}abc", "{CRYPT}",
		"{", "{}", "{BLF-CRYPT", "{NOAUTH}x", "{noauth}", "{A-SCHEME-NAME-WITHOUT-END}$6$a$b"};

	for (size_t i = 0; i < ARRAY_LENGTH(foreign); i++) {
		ck_assert_msg(password_hash_kind(foreign[i]) == PASSWORD_FOREIGN, "%s", foreign[i]);
		ck_assert_msg(verify(foreign[i], "secret") == LOOKUP_FAILED, "%s", foreign[i]);
	}
}
END_TEST

START_TEST(a_beginning_alone_is_malformed)
{
	ck_assert_int_eq(verify("{CRYPT}$2b$", "secret"), LOOKUP_FAILED);
	ck_assert_int_eq(verify("{BLF-CRYPT}$2b$12$short", "secret"), LOOKUP_FAILED);
}
END_TEST

START_TEST(noauth_is_nobodys_password)
{
	ck_assert_int_eq(password_hash_kind(PASSWORD_NOAUTH), PASSWORD_ABSENT);
	ck_assert_int_eq(verify(PASSWORD_NOAUTH, ""), LOOKUP_NOT_FOUND);
	ck_assert_int_eq(verify(PASSWORD_NOAUTH, PASSWORD_NOAUTH), LOOKUP_NOT_FOUND);
}
END_TEST

START_TEST(schemes_have_names)
{
	enum password_scheme scheme = PASSWORD_YESCRYPT;
	struct error err;

	ck_assert(password_scheme_parse("blf-crypt", &scheme, &err));
	ck_assert_int_eq(scheme, PASSWORD_BLF_CRYPT);
	ck_assert(password_scheme_parse("SHA512-CRYPT", &scheme, &err));
	ck_assert_int_eq(scheme, PASSWORD_SHA512_CRYPT);
	ck_assert_str_eq(password_scheme_name(scheme), "SHA512-CRYPT");
	ck_assert(!password_scheme_parse("MD5-CRYPT", &scheme, &err));
	unit_assert_error(err, ERROR_USAGE);
	ck_assert_str_ne(err.why, "");
	ck_assert(!password_scheme_parse("", &scheme, &err));
	ck_assert_int_eq(scheme, PASSWORD_SHA512_CRYPT);
}
END_TEST

START_TEST(bad_passwords_are_refused)
{
	struct secret secret cleanup_secret = SECRET_INIT;
	struct error err = {.code = ERROR_NONE};

	ck_assert(!password_check(&secret, PASSWORD_BLF_CRYPT, &err));
	unit_assert_error(err, ERROR_CONFIG);
	ck_assert_str_eq(err.what, "empty password");
	set(&secret, "a\tb");
	ck_assert(!password_check(&secret, PASSWORD_BLF_CRYPT, &err));
	unit_assert_error(err, ERROR_USAGE);
	set(&secret, "ab");
	ck_assert(secret_add(&secret, '\0'));
	ck_assert(!password_check(&secret, PASSWORD_SHA512_CRYPT, &err));
	unit_assert_error(err, ERROR_USAGE);
	set(&secret, "123456789012345678901234567890123456789012345678901234567890123456789012");
	unit_assert_ok(password_check(&secret, PASSWORD_BLF_CRYPT, &err), err);
	ck_assert(secret_add(&secret, '3'));
	unit_assert_ok(password_check(&secret, PASSWORD_SHA512_CRYPT, &err), err);
	ck_assert(!password_check(&secret, PASSWORD_BLF_CRYPT, &err));
	unit_assert_error(err, ERROR_USAGE);
}
END_TEST

START_TEST(secrets_are_wiped_and_bounded)
{
	struct secret secret = SECRET_INIT;

	for (size_t i = 0; i < SECRET_MAX; i++)
		ck_assert(secret_add(&secret, 'x'));
	ck_assert(!secret_add(&secret, 'y'));
	ck_assert_uint_eq(strlen(secret.text), SECRET_MAX);
	secret_wipe(&secret);
	for (size_t i = 0; i < sizeof(secret.text); i++)
		ck_assert_int_eq(secret.text[i], 0);
	ck_assert_uint_eq(secret.length, 0);
	ck_assert(secret_equal("", ""));
	ck_assert(secret_equal("abc", "abc"));
	ck_assert(!secret_equal("abc", "abd"));
	ck_assert(!secret_equal("abc", "ab"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("password_hash");
	TCase *tcase = unit_case(suite, "hash");

	tcase_add_loop_test(tcase, what_is_made_is_verified, 0, 3);
	tcase_add_loop_test(tcase, known_hashes_are_verified, 0, 5);
	tcase_add_test(tcase, what_is_no_hash_of_ours_is_told);
	tcase_add_test(tcase, a_beginning_alone_is_malformed);
	tcase_add_test(tcase, noauth_is_nobodys_password);
	tcase_add_test(tcase, schemes_have_names);
	tcase_add_test(tcase, bad_passwords_are_refused);
	tcase_add_test(tcase, secrets_are_wiped_and_bounded);
	return unit_run(suite);
}
