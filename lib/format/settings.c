#include "format/settings.h"

#include "base/ascii.h"
#include "base/message.h"
#include "format/destination_policy.h"
#include "format/email_address.h"
#include "format/email_fault.h"
#include "format/name_server.h"
#include "format/settings_runv.h"
#include "format/settings_table.h"
#include "format/username.h"

#include <stdint.h>
#include <string.h>

#define YEAR (365 * (int64_t)86400) /* seconds */

#define TOP(member) "", #member, .offset = offsetof(struct settings, member)
#define MEMBERS(member) "members", #member, .offset = offsetof(struct settings, members.member)
#define POLICY(member) "policy", #member, .offset = offsetof(struct settings, policy.member)
#define SYNC(member) "sync", #member, .offset = offsetof(struct settings, sync.member)
#define TABLE(member) "sync_table", #member, .offset = offsetof(struct settings, sync_table.member)
#define DATABASE(member) "database", #member, .offset = offsetof(struct settings, database.member)
#define DOMAINS(member) "domains", #member, .offset = offsetof(struct settings, domains.member)
#define MAILBOXES(member) "mailboxes", #member, .offset = offsetof(struct settings, mailboxes.member)
#define HOOK(member) "hooks", #member, .type = CONFIG_PATH, .initial = "", .offset = offsetof(struct settings, hooks.member)

static const char *const foreign_sections[] = {"maps", NULL};

static const struct config_field fields[] = {
	{TOP(domain), .type = CONFIG_TEXT,
		.help = N_("the domain of the members' addresses, as A-labels")},
	{TOP(language), .type = CONFIG_TEXT, .initial = "",
		.help = N_("the language of texts when the environment names none, such as pt_BR")},

	{MEMBERS(group), .type = CONFIG_TEXT, .initial = "members",
		.help = N_("the group whose users may ask for an alias; it gives no other right")},
	{MEMBERS(uid_min), .type = CONFIG_INTEGER, .initial = "1000", .minimum = 1,
		.maximum = UINT32_MAX - 2, .help = N_("the lowest uid of a member")},
	{MEMBERS(allow_shared_uid), .type = CONFIG_BOOLEAN, .initial = "false",
		.help = N_("whether a uid with several names may have an alias")},

	{POLICY(max_destinations), .type = CONFIG_INTEGER, .initial = "1", .minimum = 1,
		.maximum = 5, .help = N_("the most addresses that one alias may forward to")},
	{POLICY(keep_copy), .type = CONFIG_BOOLEAN, .initial = "false",
		.help = N_("whether members may also keep a copy in their own mailbox")},
	{POLICY(allow_local_destinations), .type = CONFIG_BOOLEAN, .initial = "false",
		.help = N_("whether an alias may forward into the domain itself")},
	{POLICY(reserved_add), .type = CONFIG_LIST, .initial = "",
		.help = N_(
			"names that no member may have as an address, besides the built-in ones")},
	{POLICY(reserved_remove), .type = CONFIG_LIST, .initial = "",
		.help = N_("built-in reserved names that members may have nevertheless")},
	{POLICY(cooldown_after_reject), .type = CONFIG_DURATION, .initial = "1h", .maximum = YEAR,
		.help = N_("how long a member waits after a rejection before asking again")},
	{POLICY(pending_ttl), .type = CONFIG_DURATION, .initial = "30d", .minimum = 3600,
		.maximum = 10 * YEAR,
		.help = N_("after which time a request that nobody decided is rejected")},
	{POLICY(archive_keep), .type = CONFIG_DURATION, .initial = "2y", .minimum = 86400,
		.maximum = 100 * YEAR,
		.help = N_("how long decided requests are kept in work/archive")},
	{POLICY(journal_size), .type = CONFIG_INTEGER, .initial = "67108864", .minimum = 65536,
		.maximum = INT64_C(1) << 40,
		.help = N_("at how many bytes a file of the journal is full and the next one begins")},
	{POLICY(orphan_policy), .type = CONFIG_CHOICE, .initial = "keep",
		.choices = "keep suspend remove",
		.help = N_("what gc does with an alias whose account is gone or somebody else's; "
			   "keep only reports it")},
	{POLICY(orphan_grace), .type = CONFIG_DURATION, .initial = "7d", .minimum = 3600,
		.maximum = 10 * YEAR,
		.help = N_("how long gc waits with that after it first missed the account")},
	{POLICY(allow_blind_approve), .type = CONFIG_BOOLEAN, .initial = "false",
		.help = N_("whether approve USER --yes works without a terminal")},
	{POLICY(confirm_destination), .type = CONFIG_BOOLEAN, .initial = "false",
		.help = N_("whether a new destination must be confirmed with a token that is mailed "
			   "to it, after the approval")},
	{POLICY(confirm_ttl), .type = CONFIG_DURATION, .initial = "3d", .minimum = 60, .maximum = YEAR,
		.help = N_("how long such a token is good")},
	{POLICY(sendmail), .type = CONFIG_PATH, .initial = "/usr/sbin/sendmail",
		.help = N_("the command that mails it")},
	{POLICY(allow_domains), .type = CONFIG_LIST, .initial = "",
		.help = N_("the only domains, with all below them, that aliases may forward to; "
			   "empty allows all")},
	{POLICY(block_domains), .type = CONFIG_LIST, .initial = "",
		.help = N_("domains, with all below them, that no alias may forward to")},
	{POLICY(max_requests_per_day), .type = CONFIG_INTEGER, .initial = "0", .maximum = 1000,
		.help = N_("how many requests of a member may be decided within 24 hours before a "
			   "further one is refused; 0 is unlimited")},
	{POLICY(check_mx), .type = CONFIG_BOOLEAN, .initial = "true",
		.help = N_("whether administrators are warned of destinations without a mail server")},
	{POLICY(mx_timeout), .type = CONFIG_DURATION, .initial = "3s", .minimum = 1, .maximum = 60,
		.help = N_("how long the look for mail servers may take in all")},
	{POLICY(mx_servers), .type = CONFIG_LIST, .initial = "",
		.help = N_("name servers to ask, as ADDRESS or ADDRESS:PORT; empty takes the system's")},

	{SYNC(enabled), .type = CONFIG_BOOLEAN, .initial = "true",
		.help = N_("whether the store is turned into a Postfix map at all")},
	{SYNC(after_approve), .type = CONFIG_BOOLEAN, .initial = "true",
		.help = N_("whether a decision syncs the map at once")},
	{SYNC(type), .type = CONFIG_CHOICE, .initial = "auto",
		.choices = "auto hash lmdb cdb texthash mysql sqlite",
		.help = N_("the map's type; auto takes Postfix's default_database_type; mysql and sqlite "
			   "write rows into a table of the database instead")},
	{SYNC(path), .type = CONFIG_PATH, .initial = "/etc/postfix/postigo-aliases",
		.help = N_("the map's text file, the index stands beside it; or the .cf file by which "
			   "Postfix reads the table of the database")},
	{SYNC(mode), .type = CONFIG_MODE, .initial = "0640",
		.help = N_("the mode of the map's files")},
	{SYNC(group), .type = CONFIG_TEXT, .initial = "postfix",
		.help = N_("the group of the map's files")},
	{SYNC(postfix_config_directory), .type = CONFIG_PATH, .initial = "/etc/postfix",
		.help = N_("the directory of Postfix's main.cf")},
	{SYNC(postconf), .type = CONFIG_PATH, .initial = "/usr/sbin/postconf",
		.help = N_("the postconf command; Postfix's other commands are found through it")},
	{SYNC(postmap), .type = CONFIG_PATH, .initial = "",
		.help = N_("the postmap command; unset, it is taken from Postfix's "
			   "command_directory")},
	{SYNC(reload), .type = CONFIG_CHOICE, .initial = "auto", .choices = "auto never always",
		.help = N_("whether Postfix is reloaded; auto only where the map's type needs it")},
	{SYNC(require_reference), .type = CONFIG_BOOLEAN, .initial = "false",
		.help = N_("whether a map that virtual_alias_maps does not name is refused")},
	{SYNC(allow_divert), .type = CONFIG_BOOLEAN, .initial = "false",
		.help = N_("whether an alias that keeps no copy may have the address of a "
			   "mailbox in virtual_mailbox_maps")},
	{SYNC(lock_timeout), .type = CONFIG_DURATION, .initial = "30s", .maximum = 3600,
		.help = N_("how long a sync waits for another one")},
	{SYNC(command_timeout), .type = CONFIG_DURATION, .initial = "60s", .minimum = 1,
		.maximum = 3600, .help = N_("how long a command of Postfix may take")},
	{SYNC(max_drop_count), .type = CONFIG_INTEGER, .initial = "5", .maximum = 1000000000,
		.help = N_("how many aliases may vanish in one sync whatever their share is")},
	{SYNC(max_drop_percent), .type = CONFIG_INTEGER, .initial = "10", .maximum = 100,
		.help = N_("which share of the aliases may vanish in one sync, in percent")},
	{SYNC(max_change_percent), .type = CONFIG_INTEGER, .initial = "50", .maximum = 100,
		.help = N_("which share of the aliases may change in one sync, in percent")},

	{TABLE(table), .type = CONFIG_TEXT, .initial = "alias",
		.help = N_("the table that aliases are written to; the defaults are PostfixAdmin's")},
	{TABLE(address_column), .type = CONFIG_TEXT, .initial = "address",
		.help = N_("its column with the alias, the table's key")},
	{TABLE(goto_column), .type = CONFIG_TEXT, .initial = "goto",
		.help = N_("its column with the destinations")},
	{TABLE(domain_column), .type = CONFIG_TEXT, .initial = "domain",
		.help = N_("its column with the domain; empty where there is none")},
	{TABLE(active_column), .type = CONFIG_TEXT, .initial = "active",
		.help = N_("its column that tells live rows; empty where there is none")},
	{TABLE(active_value), .type = CONFIG_TEXT, .initial = "1",
		.help = N_("what a live row has there")},
	{TABLE(created_column), .type = CONFIG_TEXT, .initial = "created",
		.help = N_("its column with the time a row was made; empty where there is none")},
	{TABLE(modified_column), .type = CONFIG_TEXT, .initial = "modified",
		.help = N_("its column with the time a row was changed; empty where there is none")},
	{"sync_table", "static", .offset = offsetof(struct settings, sync_table.static_columns),
		.type = CONFIG_LIST, .initial = "",
		.help = N_("what other columns of our rows get, as \"column=value\"")},
	{TABLE(owner_table), .type = CONFIG_TEXT, .initial = "postigo_alias_owner",
		.help = N_("our table that says which rows are ours")},
	{TABLE(meta_table), .type = CONFIG_TEXT, .initial = "postigo_meta",
		.help = N_("our table that says what was written last")},
	{TABLE(domain_table), .type = CONFIG_TEXT, .initial = "domain",
		.help = N_("PostfixAdmin's table of domains, where ours must be active; empty where there "
			   "is none")},
	{TABLE(on_drift), .type = CONFIG_CHOICE, .initial = "refuse",
		.choices = "refuse overwrite release",
		.help = N_("what happens to a row of ours that somebody else has changed: it is left "
			   "as it is and reported, overwritten, or theirs from then on")},

	{DATABASE(engine), .type = CONFIG_CHOICE, .initial = "sqlite", .choices = "sqlite mariadb",
		.help = N_("the kind of the database")},
	{DATABASE(path), .type = CONFIG_PATH, .initial = "/var/lib/postigo/mail.db",
		.help = N_("the file of an SQLite database")},
	{DATABASE(socket), .type = CONFIG_PATH, .initial = "",
		.help = N_("the socket of a MariaDB server; unset, what credentials_file says, or "
			   "/run/mysqld/mysqld.sock")},
	{DATABASE(host), .type = CONFIG_TEXT, .initial = "",
		.help = N_("the host of a MariaDB server that is reached over TCP instead")},
	{DATABASE(port), .type = CONFIG_INTEGER, .initial = "3306", .minimum = 1, .maximum = 65535,
		.help = N_("the TCP port of that server")},
	{DATABASE(dbname), .type = CONFIG_TEXT, .initial = "",
		.help = N_("the name of the database on the server; unset, what credentials_file says")},
	{DATABASE(credentials_file), .type = CONFIG_PATH, .initial = "",
		.help = N_("the file with user and password: {\"user\": …, \"password\": …} that root alone may "
			   "read, or a .cf file of a Postfix SQL table; unset, the server knows us by the socket")},
	{DATABASE(tls), .type = CONFIG_CHOICE, .initial = "auto", .choices = "auto off required verified",
		.help = N_("whether TCP connections are encrypted, and the server's certificate is verified; auto "
			   "verifies unless the host is this machine")},
	{DATABASE(tls_ca_file), .type = CONFIG_PATH, .initial = "",
		.help = N_("the authorities that may have signed the server's certificate; unset, the system's")},
	{DATABASE(tls_cert_file), .type = CONFIG_PATH, .initial = "",
		.help = N_("our own certificate for the server")},
	{DATABASE(tls_key_file), .type = CONFIG_PATH, .initial = "", .help = N_("its key")},
	{DATABASE(timeout), .type = CONFIG_DURATION, .initial = "10s", .minimum = 1, .maximum = 3600,
		.help = N_("how long the server may take to connect and to answer")},
	{DATABASE(lock_timeout), .type = CONFIG_DURATION, .initial = "10s", .minimum = 1, .maximum = 3600,
		.help = N_("how long a change waits for another one to end")},
	{DATABASE(table_prefix), .type = CONFIG_TEXT, .initial = "",
		.help = N_("what stands before the names of PostfixAdmin's tables")},

	{DOMAINS(quota_multiplier), .type = CONFIG_INTEGER, .initial = "1048576", .minimum = 1, .maximum = 1073741824,
		.help = N_("the bytes of a megabyte in the limits of domains; PostfixAdmin's own may be 1024000")},
	{DOMAINS(lmtp_destination), .type = CONFIG_TEXT, .initial = "unix:private/dovecot-lmtp",
		.help = N_("where the transport \"lmtp\" of a domain delivers to")},
	{DOMAINS(default_aliases), .type = CONFIG_LIST, .initial = "abuse hostmaster postmaster webmaster",
		.help = N_("the aliases that a new domain gets when default ones are asked for, without the domain")},
	{DOMAINS(allow_special_use), .type = CONFIG_BOOLEAN, .initial = "true",
		.help = N_("whether domains may end in .local, .internal and others that mail from the internet never reaches")},

	{MAILBOXES(directory), .type = CONFIG_PATH, .initial = "/var/vmail",
		.help = N_("the directory with the mailboxes, as Postfix's virtual_mailbox_base")},
	{MAILBOXES(owner), .type = CONFIG_TEXT, .initial = "vmail",
		.help = N_("the user, by name or number, whose the directories of mailboxes are; empty: root's")},
	{MAILBOXES(group), .type = CONFIG_TEXT, .initial = "vmail",
		.help = N_("their group, by name or number; empty: root's")},
	{MAILBOXES(identity_backend), .type = CONFIG_CHOICE, .initial = "local", .choices = "local noauth hybrid",
		.help = N_("who knows the passwords: the database (local), somebody else (noauth), or each mailbox its own way (hybrid)")},
	{MAILBOXES(password_scheme), .type = CONFIG_CHOICE, .initial = "BLF-CRYPT",
		.choices = "BLF-CRYPT SHA512-CRYPT CRYPT",
		.help = N_("how new passwords are hashed; CRYPT is yescrypt")},
	{MAILBOXES(sha512_rounds), .type = CONFIG_INTEGER, .initial = "100000", .minimum = 1000, .maximum = 999999999,
		.help = N_("the rounds of SHA512-CRYPT; each login costs as much")},
	{MAILBOXES(self_alias), .type = CONFIG_BOOLEAN, .initial = "true",
		.help = N_("whether each mailbox has an alias to itself, as PostfixAdmin keeps it; a catch-all takes its mail otherwise")},

	{"hooks", "user", .type = CONFIG_TEXT, .initial = "", .offset = offsetof(struct settings, hooks.user),
		.help = N_("the user that hooks run as; empty: root")},
	{"hooks", "timeout", .type = CONFIG_DURATION, .initial = "30s", .minimum = 1, .maximum = 3600,
		.offset = offsetof(struct settings, hooks.timeout), .help = N_("how long a hook may take")},
	{HOOK(mailbox_postcreation), .help = N_("a program that runs after a mailbox was made: USERNAME DOMAIN MAILDIR QUOTA")},
	{HOOK(mailbox_postedit), .help = N_("after a mailbox was changed: USERNAME DOMAIN MAILDIR QUOTA")},
	{HOOK(mailbox_postdeletion), .help = N_("after a mailbox was deleted: USERNAME DOMAIN")},
	{HOOK(mailbox_postpassword), .help = N_("after a password was set: USERNAME DOMAIN; old and new password on standard input")},
	{HOOK(domain_postcreation), .help = N_("after a domain was made: DOMAIN")},
	{HOOK(domain_postedit), .help = N_("after a domain was changed: DOMAIN")},
	{HOOK(domain_postdeletion), .help = N_("after a domain was deleted: DOMAIN")},
};

static const struct config_table table = {
	.fields = fields,
	.count = ARRAY_LENGTH(fields),
	.foreign_sections = foreign_sections,
};

const struct config_table *settings_table(void)
{
	return &table;
}

/* ---- checks that need more than the table */

/* Where a field was set, for messages: "FILE:LINE" or "default". */
static const char *origin_of(const char *const *origins, const char *section, const char *key)
{
	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		if (strcmp(fields[i].section, section) == 0 && strcmp(fields[i].key, key) == 0)
			return origins[i];
	}
	return "";
}

static bool fail_domain(const char *origin, const char *domain, struct error *err)
{
	enum email_fault fault = email_domain_check(domain);

	error_set(err, ERROR_CONFIG, _("%s: \"%s\" cannot be the domain of the aliases"), origin,
		domain);
	error_field(err, "domain");
	error_why(err, "%s", email_fault_text(fault));
	if (fault == EMAIL_NOT_ASCII || fault == EMAIL_DOMAIN_BYTE)
		return error_fix(err, _("write the domain with A-labels, as DNS has it (xn--…)"));
	return error_fix(err, _("write a domain such as \"club.example\""));
}

static bool check_domain(struct settings *settings, const char *const *origins, struct arena *arena,
	struct error *err)
{
	char *lower = arena_strdup(arena, settings->domain);

	if (email_domain_check(settings->domain) != EMAIL_OK)
		return fail_domain(origin_of(origins, "", "domain"), settings->domain, err);
	for (char *at = lower; *at; at++)
		*at = ascii_to_lower(*at);
	settings->domain = lower;
	return true;
}

/* "pt" or "pt_BR": what catalogues are called. */
static bool is_language(const char *text)
{
	if (text[0] == '\0')
		return true;
	if (!ascii_is_lower(text[0]) || !ascii_is_lower(text[1]))
		return false;
	if (text[2] == '\0')
		return true;
	return text[2] == '_' && ascii_is_upper(text[3]) && ascii_is_upper(text[4]) &&
	       text[5] == '\0';
}

static bool check_language(const struct settings *settings, const char *const *origins,
	struct error *err)
{
	if (is_language(settings->language))
		return true;
	error_set(err, ERROR_CONFIG, _("%s: \"%s\" is no language"),
		origin_of(origins, "", "language"), settings->language);
	error_field(err, "language");
	return error_fix(err, _("write a language such as \"pt\" or \"pt_BR\""));
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t suffix_length = strlen(suffix);

	return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

/* The text file must not take an index's name: postmap would write the one over the other. */
static bool check_map_path(const struct settings *settings, const char *const *origins,
	struct error *err)
{
	static const char *const suffixes[] = {"/", ".db", ".lmdb", ".cdb"};
	const char *path = settings->sync.path;

	if (settings_sync_is_sql(settings))
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
		if (!has_suffix(path, suffixes[i]))
			continue;
		error_set(err, ERROR_CONFIG, _("%s: \"sync.path\" must not end in \"%s\""),
			origin_of(origins, "sync", "path"), suffixes[i]);
		error_field(err, "sync.path");
		error_why(err, _("it names the map's text file; the index stands beside it"));
		return error_fix(err, "\"path\": \"/etc/postfix/postigo-aliases\"");
	}
	return true;
}

/* Refuses the first item of a list of the policy for which `is_valid` is false. */
static bool check_items(const struct string_list *items, bool (*is_valid)(const char *text), const char *key,
	const char *const *origins, struct error *err)
{
	for (size_t i = 0; i < items->count; i++) {
		if (is_valid(items->items[i]))
			continue;
		error_set(err, ERROR_CONFIG, _("%s: \"%s\" cannot stand in \"policy.%s\""),
			origin_of(origins, "policy", key), items->items[i], key);
		return error_field(err, key);
	}
	return true;
}

static bool check_policy(const struct policy_settings *policy, const char *const *origins, struct error *err)
{
	if (!check_items(&policy->mx_servers, name_server_is_valid, "mx_servers", origins, err))
		return error_fix(err, _("write an address, such as \"192.0.2.1\" or \"192.0.2.1:5353\""));
	if (!check_items(&policy->allow_domains, destination_domain_is_valid, "allow_domains", origins, err) ||
		!check_items(&policy->block_domains, destination_domain_is_valid, "block_domains", origins, err))
		return error_fix(err, _("write a domain with A-labels, such as \"example.org\""));
	return true;
}

static bool check_names(const struct string_list *names, const char *key,
	const char *const *origins, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		if (username_is_valid(names->items[i]))
			continue;
		error_set(err, ERROR_CONFIG, _("%s: \"%s\" cannot be the name of a member"),
			origin_of(origins, "policy", key), names->items[i]);
		error_field(err, key);
		return error_fix(err, _("write names as in /etc/passwd, without a domain"));
	}
	return true;
}

static bool check_table(const struct settings *settings, const char *const *origins, struct error *err)
{
	const char *key;

	if (settings_table_check(settings, &key, err))
		return true;
	return error_prefix(err, "%s", origin_of(origins, strcmp(key, "engine") == 0 ? "database" : "sync_table", key));
}

static bool check_all(struct settings *settings, const char *const *origins, struct arena *arena,
	struct error *err)
{
	return check_domain(settings, origins, arena, err) && check_language(settings, origins, err) &&
	       check_map_path(settings, origins, err) && check_table(settings, origins, err) &&
	       check_names(&settings->policy.reserved_add, "reserved_add", origins, err) &&
	       check_names(&settings->policy.reserved_remove, "reserved_remove", origins, err) &&
	       check_policy(&settings->policy, origins, err);
}

/* ---- runv's file in place of ours */

static size_t field_index(const char *section, const char *key)
{
	size_t i = 0;

	while (strcmp(fields[i].section, section) != 0 || strcmp(fields[i].key, key) != 0)
		i++;
	return i;
}

/* Whether no later file has set the field. */
static bool is_of(const char *origin, const struct source_text *source)
{
	size_t length = strlen(source->path);

	return strcmp(origin, "default") == 0 ||
	       (strncmp(origin, source->path, length) == 0 && origin[length] == ':');
}

static void adopt_runv(const struct settings_runv *runv, struct settings *settings, const char **origins)
{
	if (runv->mode && is_of(origins[field_index("sync", "mode")], &runv->native))
		settings->sync.mode = runv->mode;
	for (size_t i = 0; i < runv->origin_count; i++) {
		const char **origin = &origins[field_index(runv->origins[i].section, runv->origins[i].key)];

		if (is_of(*origin, &runv->native))
			*origin = runv->origins[i].origin;
	}
	settings->warnings = runv->warnings;
}

static bool load_runv(const struct source_text *sources, size_t count, struct arena *arena,
	struct settings *settings, const char **origins, struct error *err)
{
	struct source_text *native = arena_alloc_array(arena, count, sizeof(*native));
	struct settings_runv runv = {.mode = 0};

	if (!settings_runv_translate(&sources[0], arena, &runv, err))
		return false;
	memcpy(native, sources, count * sizeof(*native));
	native[0] = runv.native;
	if (!config_load(&table, native, count, arena, settings, origins, err))
		return false;
	adopt_runv(&runv, settings, origins);
	return true;
}

bool settings_load(const struct source_text *sources, size_t count, struct arena *arena,
	struct settings *ret_settings, const char **origins, struct error *err)
{
	struct settings settings = {0};
	const char *own_origins[ARRAY_LENGTH(fields)] = {0};

	if (count > 0 && settings_runv_matches(&sources[0])) {
		if (!load_runv(sources, count, arena, &settings, own_origins, err))
			return false;
	} else if (!config_load(&table, sources, count, arena, &settings, own_origins, err)) {
		return false;
	}
	if (!check_all(&settings, own_origins, arena, err))
		return false;
	settings.sync.enabled_origin = origin_of(own_origins, "sync", "enabled");
	if (origins)
		memcpy(origins, own_origins, sizeof(own_origins));
	*ret_settings = settings;
	return true;
}

bool settings_sync_is_sql(const struct settings *settings)
{
	return strcmp(settings->sync.type, "mysql") == 0 || strcmp(settings->sync.type, "sqlite") == 0;
}

/* ---- reserved names */

static bool contains_name(const struct string_list *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (ascii_equal_nocase(names->items[i], name))
			return true;
	}
	return false;
}

bool settings_reserve_name(const struct settings *settings, const char *name)
{
	if (contains_name(&settings->policy.reserved_add, name))
		return true;
	return username_is_reserved(name) &&
	       !contains_name(&settings->policy.reserved_remove, name);
}
