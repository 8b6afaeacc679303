/* What /etc/postigo/postigo.json says to the member and the admin program, and the table of its
 * fields. */
#ifndef POSTIGO_FORMAT_SETTINGS_H
#define POSTIGO_FORMAT_SETTINGS_H

#include "format/config.h"

#include <stdbool.h>
#include <stdint.h>

struct member_settings {
	const char *group;
	int64_t uid_min;
	bool allow_shared_uid;
};

struct policy_settings {
	int64_t max_destinations;
	bool keep_copy;
	bool allow_local_destinations;
	struct string_list reserved_add;
	struct string_list reserved_remove;
	int64_t cooldown_after_reject; /* seconds */
	int64_t pending_ttl;           /* seconds */
	int64_t archive_keep;          /* seconds */
	int64_t journal_size;          /* bytes */
	const char *orphan_policy;     /* keep, suspend, remove */
	int64_t orphan_grace;          /* seconds */
	bool allow_blind_approve;
	bool confirm_destination;
	int64_t confirm_ttl;  /* seconds */
	const char *sendmail; /* absolute path */
	struct string_list allow_domains; /* empty = all */
	struct string_list block_domains;
	int64_t max_requests_per_day; /* 0 = unlimited */
	bool check_mx;
	int64_t mx_timeout; /* seconds */
	struct string_list mx_servers; /* empty = the system's */
};

struct sync_settings {
	bool enabled;
	const char *enabled_origin; /* where that was set, for messages: "FILE:LINE" or "default" */
	bool after_approve;
	const char *type; /* auto, hash, lmdb, cdb, texthash, mysql, sqlite */
	const char *path; /* the map's text file; of a table in a database, the file by which Postfix knows it */
	unsigned mode;
	const char *group;
	const char *postfix_config_directory;
	const char
		*postconf; /* absolute path; the other commands are found through it unless given */
	const char *postmap; /* "" = command_directory/postmap */
	const char *reload;  /* auto, never, always */
	bool require_reference;
	bool allow_divert;       /* an alias may take a mailbox its mail */
	int64_t lock_timeout;    /* seconds */
	int64_t command_timeout; /* seconds; postmap gets 30 more for every 100000 rows */
	int64_t max_drop_count;
	int64_t max_drop_percent;
	int64_t max_change_percent;
};

/* The table that aliases are written to when sync.type is one of a database. */
struct sync_table_settings {
	const char *table;
	const char *address_column;
	const char *goto_column;
	const char *domain_column; /* "" = there is no such column; so the next four */
	const char *active_column;
	const char *active_value;
	const char *created_column;
	const char *modified_column;
	struct string_list static_columns; /* "column=value" */
	const char *owner_table;
	const char *meta_table;
	const char *domain_table; /* "" = not looked at */
	const char *on_drift;	  /* refuse, overwrite, release */
};

struct database_settings {
	const char *engine; /* sqlite, mariadb */
	const char *path;   /* SQLite's file */
	const char *socket; /* MariaDB's, when host is "" */
	const char *host;
	int64_t port;
	const char *dbname;
	const char *credentials_file; /* "" = none: the server takes our user's name from the socket */
	const char *tls;	      /* auto, off, required, verified */
	const char *tls_ca_file;
	const char *tls_cert_file;
	const char *tls_key_file;
	int64_t timeout;      /* seconds */
	int64_t lock_timeout; /* seconds */
	const char *table_prefix; /* before the names of PostfixAdmin's tables */
};

/* The domains of the mail database. */
struct domain_settings {
	int64_t quota_multiplier;	    /* bytes of a "megabyte" in a domain's limits */
	const char *lmtp_destination;	    /* what transport "lmtp" stands for */
	struct string_list default_aliases; /* local parts */
	bool allow_special_use;		    /* .local, .internal and so on */
};

struct mailbox_settings {
	const char *directory; /* below which DOMAIN/LOCAL-PART/ are */
	const char *owner; /* name or uid; "" = root */
	const char *group;
	const char *identity_backend; /* local, noauth, hybrid */
	const char *password_scheme;
	int64_t sha512_rounds;
	bool self_alias;
};

struct hook_settings {
	const char *user;    /* "" = root */
	int64_t timeout;     /* seconds */
	const char *mailbox_postcreation; /* absolute paths, "" = none */
	const char *mailbox_postedit;
	const char *mailbox_postdeletion;
	const char *mailbox_postpassword;
	const char *domain_postcreation;
	const char *domain_postedit;
	const char *domain_postdeletion;
};

struct settings {
	const char *domain;   /* A-labels, lower case */
	const char *language; /* of texts when the environment names none; "" = English */
	struct member_settings members;
	struct policy_settings policy;
	struct sync_settings sync;
	struct sync_table_settings sync_table;
	struct database_settings database;
	struct domain_settings domains;
	struct mailbox_settings mailboxes;
	struct hook_settings hooks;
	struct string_list warnings; /* sentences for administrators about the files */
};

/* The table of all fields above. */
const struct config_table *settings_table(void);

/* config_load() with settings_table(), then the checks that span fields: the domain's grammar, the
 * map's path. A first source that is runv's own file is taken as it is (settings_runv). Fails with
 * config. */
must_check bool settings_load(const struct source_text *sources, size_t count, struct arena *arena,
	struct settings *ret_settings, const char **origins, struct error *err);

/* Whether sync.type is a table in a database. */
bool settings_sync_is_sql(const struct settings *settings);

/* Whether `name` is reserved under these settings: username_is_reserved() plus and minus the
 * configured names. */
bool settings_reserve_name(const struct settings *settings, const char *name);

#endif
