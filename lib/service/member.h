/* Who may have an alias: the binding answer of the admin side, from the inode's owner and the account database. */
#ifndef POSTIGO_SERVICE_MEMBER_H
#define POSTIGO_SERVICE_MEMBER_H

#include "base/arena.h"
#include "base/error.h"
#include "format/settings.h"
#include "system/account_snapshot.h"

enum member_verdict {
	MEMBER_ELIGIBLE,
	MEMBER_ABSENT,	     /* no account has this uid */
	MEMBER_NAME,	     /* the account's name cannot be an alias */
	MEMBER_RESERVED,     /* the name belongs to the server */
	MEMBER_SYSTEM,	     /* uid below members.uid_min */
	MEMBER_NOT_IN_GROUP,
	MEMBER_SHARED_UID,
	MEMBER_UNKNOWN, /* for callers that go on after member_judge() failed with temporary */
};

/* By what a member is judged. */
struct member_rules {
	const struct settings *settings;
	const struct account_snapshot *accounts; /* NULL = NSS is asked for each */
};

/*
 * Judges the account of `uid`. `ret_account` is filled unless absent. Fails with temporary (the account database cannot answer: nothing may be concluded) or
 * config (the member group does not exist).
 */
must_check bool member_judge(uid_t uid, const struct member_rules *rules, struct arena *arena,
	enum member_verdict *ret_verdict, struct account *ret_account, struct error *err);

/* Whose a uid is, compared with whom it was given to. */
enum member_identity {
	MEMBER_IS_SAME,
	MEMBER_IS_OTHER, /* the uid belongs to another name */
	MEMBER_IS_GONE,	 /* no account has it */
	MEMBER_IS_UNKNOWN, /* the account database does not answer: nothing may be concluded */
};

/* Asks whether `uid` still belongs to `username`; `accounts` may be NULL. */
enum member_identity member_identify(const struct account_snapshot *accounts, uid_t uid, const char *username);

/* Why, as a clause: "is not in group members"; translated, static. */
const char *member_verdict_text(enum member_verdict verdict);

/* username@domain of the settings, in the arena. */
const char *member_alias(const char *username, const struct settings *settings, struct arena *arena);

#endif
