/* Domain names as people type them: Unicode to the A-labels that DNS and Postfix speak (IDNA2008 by libidn2), and back for display. */
#ifndef POSTIGO_FORMAT_DOMAIN_NAME_H
#define POSTIGO_FORMAT_DOMAIN_NAME_H

#include "base/arena.h"
#include "base/error.h"

/*
 * Converts the domain of the address `text` to lower-case A-labels; the local part stays as it is. ASCII addresses pass unchanged
 * but for the case of the domain. The result still has to pass email_address_check().
 * Fails with rule_violation when the domain cannot be converted or `text` is not UTF-8.
 */
must_check bool email_address_to_ascii(const char *text, struct arena *arena, const char **ret_address,
	struct error *err);

/* The domain as a person reads it (U-labels), when it has A-labels and they convert both ways; else NULL. In the arena. */
const char *domain_name_unicode(const char *domain, struct arena *arena);

/*
 * Whether a label of `unicode` (UTF-8) holds letters of scripts that nobody writes together, such as Latin and Cyrillic: a sign of a name that is made to be
 * mistaken for another. Latin beside Han with kana, Bopomofo or Hangul is what people write (UTS 39, highly restrictive). False for what is not UTF-8.
 */
must_check bool domain_name_mixes_scripts(const char *unicode);

#endif
