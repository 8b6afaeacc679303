#include "format/digest.h"

#include "unit.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* FIPS 180-4's examples. */
static const struct {
	const char *text;
	const char *hex;
} examples[] = {
	{"", EMPTY},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

START_TEST(digests_the_examples)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	digest_bytes(examples[_i].text, strlen(examples[_i].text), hex);
	ck_assert_str_eq(hex, examples[_i].hex);
}
END_TEST

START_TEST(streams_to_the_same_digest)
{
	struct digest digest cleanup_digest = {NULL};
	char hex[DIGEST_HEX_LENGTH + 1];

	digest_begin(&digest);
	for (const char *at = examples[2].text; *at; at++)
		digest_add(&digest, at, 1);
	digest_add(&digest, NULL, 0);
	digest_end(&digest, hex);
	ck_assert_str_eq(hex, examples[2].hex);
	ck_assert_ptr_null(digest.state);
	digest_discard(&digest);
}
END_TEST

START_TEST(knows_a_digest)
{
	ck_assert(digest_is_valid(EMPTY));
	ck_assert(!digest_is_valid(""));
	ck_assert(!digest_is_valid(EMPTY "0"));
	ck_assert(!digest_is_valid(&EMPTY[1]));
	ck_assert(!digest_is_valid(
		"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
	ck_assert(!digest_is_valid(
		"g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *digest = unit_case(suite, "digest");

	tcase_add_loop_test(digest, digests_the_examples, 0, ARRAY_LENGTH(examples));
	tcase_add_test(digest, streams_to_the_same_digest);
	tcase_add_test(digest, knows_a_digest);
	return unit_run(suite);
}
