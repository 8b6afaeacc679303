#include "admin.h"

#include "admin_mail.h"
#include "base/message.h"

#include <stdint.h>

static const struct command_option sync_after_options[] = {
	{.name = "sync", .help = N_("sync the map afterwards, whatever the configuration says")},
	{.name = "no-sync", .help = N_("do not sync the map afterwards")},
};

static const struct command_option decide_options[] = {
	{.name = "reason", .argument = "TEXT", .help = N_("what the member is told (required)")},
};

static const struct command_option revoke_options[] = {
	{.name = "reason", .argument = "TEXT", .help = N_("what the member is told (required)")},
	{.name = "sync", .help = N_("sync the map afterwards, whatever the configuration says")},
	{.name = "no-sync", .help = N_("do not sync the map afterwards")},
};

#define SYNC_AFTER \
	{.name = "sync", .help = N_("sync the map afterwards, whatever the configuration says")}, \
	{.name = "no-sync", .help = N_("do not sync the map afterwards")}
#define EXPIRES {.name = "expires", .argument = "TIME", \
	.help = N_("when it ends: a time, a day (2027-01-31) or a duration (30d)")}

static const struct command_option add_options[] = {
	EXPIRES,
	{.name = "note", .argument = "TEXT", .help = N_("a note for administrators; the member does not see it")},
	{.name = "keep-copy", .help = N_("also deliver to the member's own mailbox")},
	SYNC_AFTER,
};

static const struct command_option set_options[] = {
	{.name = "to", .argument = "ADDRESS", .repeatable = true, .help = N_("forward to this address instead; may be repeated")},
	EXPIRES,
	{.name = "no-expires", .help = N_("let it never end")},
	{.name = "keep-copy", .help = N_("also deliver to the member's own mailbox")},
	{.name = "no-keep-copy", .help = N_("deliver to the destinations only")},
	{.name = "note", .argument = "TEXT", .help = N_("a note for administrators; \"\" removes it")},
	SYNC_AFTER,
};

static const struct command_option suspend_options[] = {
	{.name = "reason", .argument = "TEXT", .help = N_("what the member is told")},
	SYNC_AFTER,
};

static const struct command_option tidy_options[] = {
	{.name = "dry-run", .letter = 'n', .help = N_("only tell what would be done")},
	SYNC_AFTER,
};

static const struct command_option history_options[] = {
	{.name = "limit", .letter = 'n', .argument = "COUNT", .help = N_("how many events at most (50)")},
};

static const struct command_option restore_options[] = {
	{.name = "dry-run", .letter = 'n', .help = N_("only show the difference")},
	SYNC_AFTER,
};

static const struct command_option import_options[] = {
	{.name = "format", .argument = "csv|json", .help = N_("how the file is written (default: as it looks)")},
	{.name = "from", .argument = "runv|postfix-virtual", .help = N_("the file is of another program")},
	{.name = "dry-run", .letter = 'n', .help = N_("check everything, write nothing")},
	{.name = "skip-errors", .help = N_("write the good rows although others are refused")},
	{.name = "replace", .help = N_("change aliases that exist and are different")},
	{.name = "sync", .help = N_("sync the map afterwards, whatever the configuration says")},
	{.name = "no-sync", .help = N_("do not sync the map afterwards")},
};

static const struct command_option export_options[] = {
	{.name = "format", .argument = "csv|json", .help = N_("how to write it (default: csv, with --json json)")},
};

static const struct command_option sync_options[] = {
	{.name = "dry-run", .letter = 'n', .help = N_("build and verify, show the difference, install nothing")},
	{.name = "check", .help = N_("only tell whether the map is out of date (exit status 23)")},
	{.name = "force", .argument = "CODE,...", .repeatable = true, .help = N_("lift the safety rails of these names")},
	{.name = "allow-empty", .help = N_("let the map become empty")},
};

static const struct command_option check_options[] = {
	{.name = "section", .argument = "NAME,...", .repeatable = true,
		.help = N_("only look at this (installation, accounts, store, queue, postfix, system)")},
};

static const struct command_option discover_options[] = {
	{.name = "section", .argument = "NAME,...", .repeatable = true,
		.help = N_("only look at this (host, packages, services, postfix, databases, dovecot, webmail, filters, ports, "
			   "accounts, postigo, runv)")},
	{.name = "deep", .help = N_("also what takes long: count rows, ask the tables")},
};

static const struct command_option config_options[] = {
	{.name = "origin", .help = N_("also show where each value comes from")},
};

static const struct command_option setup_options[] = {
	{.name = "domain", .argument = "DOMAIN", .help = N_("the domain of the aliases, for a first configuration")},
	{.name = "dry-run", .letter = 'n', .help = N_("only print what would be done")},
};

#define EXAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define OPTIONS(table) .options = (table), .option_count = ARRAY_LENGTH(table)

static const struct command commands[] = {
	{
		.words = "pending",
		.operands = "",
		.help = N_("list what members ask for"),
		.details = N_("Looks only: nothing is changed, not even a bad file. The column CHECKS tells what speaks for or against "
			      "a request."),
		.examples = EXAMPLES("postigo-admin pending", "postigo-admin pending --json"),
		.run = command_pending,
	},
	{
		.words = "show",
		.operands = "ID|USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("show one request in full"),
		.examples = EXAMPLES("postigo-admin show ana"),
		.run = command_show,
	},
	{
		.words = "approve",
		.operands = "ID|USER...",
		.operands_min = 1,
		.operands_max = SIZE_MAX,
		.help = N_("grant requests"),
		.details = N_("An ID names exactly what was shown, so it is not asked about again; when the member has changed the "
			      "request since, nothing is approved (exit status 28). A USER is shown first and asked about on the "
			      "terminal, one by one. With policy.confirm_destination a new destination is mailed a token first, "
			      "and the request waits until the member has handed it back; approving again mails another one."),
		OPTIONS(sync_after_options),
		.examples = EXAMPLES("postigo-admin approve ana", "postigo-admin approve ana beto --sync"),
		.needs_root = true,
		.run = command_approve,
	},
	{
		.words = "reject",
		.operands = "ID|USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("refuse a request and tell the member why"),
		OPTIONS(decide_options),
		.examples = EXAMPLES("postigo-admin reject ana --reason \"please use your own address\""),
		.needs_root = true,
		.run = command_reject,
	},
	{
		.words = "review",
		.operands = "",
		.help = N_("decide on what is pending one by one, a key each"),
		.details = N_("Shows each request on the terminal, oldest first: (a)pprove, (r)eject, (d)etails, (s)kip, (q)uit. What "
			      "is approved is exactly what was shown; a request that its member changed meanwhile is left. One "
			      "sync follows at the end."),
		OPTIONS(sync_after_options),
		.examples = EXAMPLES("postigo-admin review"),
		.needs_root = true,
		.run = command_review,
	},
	{
		.words = "gc",
		.operands = "",
		.help = N_("tidy up: apply what members may do themselves, expire, set bad files aside"),
		.details = N_("Applies members' pauses, resumptions, removals and confirmations, rejects requests older than policy.pending_ttl, "
			      "suspends aliases whose time is over, sets aside files that can never become a request, removes "
			      "status files of former members, temporary files older than an hour and decided requests older "
			      "than policy.archive_keep, and writes status files anew that do not tell what the store says. "
			      "Aliases whose account is gone or is somebody else's now are reported and, after "
			      "policy.orphan_grace, treated as policy.orphan_policy says; one that was suspended is resumed by an "
			      "administrator only. While the account database does not answer, nothing is concluded from it (exit "
			      "status 75). Quarantine is only counted."),
		OPTIONS(tidy_options),
		.examples = EXAMPLES("postigo-admin gc", "postigo-admin gc --dry-run"),
		.needs_root = true,
		.run = command_gc,
	},
	{
		.words = "expire",
		.operands = "",
		.help = N_("suspend the aliases whose time is over"),
		.details = N_("All of them in one transaction. gc does the same and more."),
		OPTIONS(tidy_options),
		.examples = EXAMPLES("postigo-admin expire", "postigo-admin expire --dry-run"),
		.needs_root = true,
		.run = command_expire,
	},
	{
		.words = "purge-user",
		.operands = "NAME|UID",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("remove a former member: requests, alias, status"),
		.details = N_("For a hook of deluser(8); the account may be gone already. Digits alone are a uid. What waits is "
			      "archived as purged. When nothing is there, nothing happens."),
		OPTIONS(sync_after_options),
		.examples = EXAMPLES("postigo-admin purge-user ana", "postigo-admin purge-user 1500"),
		.needs_root = true,
		.run = command_purge_user,
	},
	{
		.words = "history",
		.operands = "[USER]",
		.operands_max = 1,
		.help = N_("show what was decided, newest first"),
		.details = N_("A view of the journal. With --json every event has the entry before and after, and the actor in full."),
		OPTIONS(history_options),
		.examples = EXAMPLES("postigo-admin history", "postigo-admin history ana --limit 5"),
		.needs_root = true,
		.run = command_history,
	},
	{
		.words = "undo",
		.operands = "HISTORY-ID",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("take one event of the history back"),
		.details = N_("Makes the opposite change, only if the alias still is what that event left (else exit status 28). An undo "
			      "can be undone. A rejection cannot: the member asks again."),
		OPTIONS(sync_after_options),
		.examples = EXAMPLES("postigo-admin undo h-12"),
		.needs_root = true,
		.run = command_undo,
	},
	{
		.words = "journal verify",
		.operands = "",
		.help = N_("prove that nobody changed the journal"),
		.details = N_("Walks the chain of hashes, and holds the last line against the journal's head and the store. Exit status 5 "
			      "when a line was changed or is missing; it names the line."),
		.examples = EXAMPLES("postigo-admin journal verify"),
		.needs_root = true,
		.run = command_journal_verify,
	},
	{
		.words = "backup list",
		.operands = "",
		.help = N_("list the stores that can be restored"),
		.examples = EXAMPLES("postigo-admin backup list"),
		.needs_root = true,
		.run = command_backup_list,
	},
	{
		.words = "restore",
		.operands = "GENERATION",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("make a backup the store again, as a new generation"),
		.details = N_("Shows the difference and asks; without a terminal it wants --yes. Works also when the present store is damaged "
			      "or missing: then the difference is against what of it can still be read, and the damaged file is kept in "
			      "work/quarantine."),
		OPTIONS(restore_options),
		.examples = EXAMPLES("postigo-admin restore 12 --dry-run", "postigo-admin restore 12 --yes"),
		.needs_root = true,
		.run = command_restore,
	},
	{
		.words = "member list",
		.operands = "",
		.help = N_("list the aliases of members"),
		.examples = EXAMPLES("postigo-admin member list", "postigo-admin member list --plain"),
		.run = command_member_list,
	},
	{
		.words = "member show",
		.operands = "USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("show the alias of one member"),
		.examples = EXAMPLES("postigo-admin member show ana"),
		.run = command_member_show,
	},
	{
		.words = "member add",
		.operands = "USER DESTINATION...",
		.operands_min = 2,
		.operands_max = SIZE_MAX,
		.help = N_("give a member an alias without a request"),
		.details = N_("The rules are those of a request: the account must be a member's, the destinations allowed."),
		OPTIONS(add_options),
		.examples = EXAMPLES("postigo-admin member add ana ana@mail.example.org",
			"postigo-admin member add ana ana@mail.example.org --expires 30d --note \"guest\""),
		.needs_root = true,
		.run = command_member_add,
	},
	{
		.words = "member set",
		.operands = "USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("change a member's alias"),
		.details = N_("What is not named stays. When nothing is to change, nothing happens (exit status 0). A suspended alias stays "
			      "suspended: member resume."),
		OPTIONS(set_options),
		.examples = EXAMPLES("postigo-admin member set ana --to ana@mail.example.org",
			"postigo-admin member set ana --expires 2027-01-31", "postigo-admin member set ana --no-expires"),
		.needs_root = true,
		.run = command_member_set,
	},
	{
		.words = "member suspend",
		.operands = "USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("take a member's alias out of the map, and keep it"),
		OPTIONS(suspend_options),
		.examples = EXAMPLES("postigo-admin member suspend ana --reason \"your mailbox bounces\""),
		.needs_root = true,
		.run = command_member_suspend,
	},
	{
		.words = "member resume",
		.operands = "USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("end a suspension, or the member's own pause"),
		OPTIONS(sync_after_options),
		.examples = EXAMPLES("postigo-admin member resume ana"),
		.needs_root = true,
		.run = command_member_resume,
	},
	{
		.words = "member revoke",
		.operands = "USER",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("take a member's alias away"),
		OPTIONS(revoke_options),
		.examples = EXAMPLES("postigo-admin member revoke ana --reason \"left the club\""),
		.needs_root = true,
		.run = command_member_revoke,
	},
	{
		.words = "member export",
		.operands = "",
		.help = N_("print all aliases of members as a file"),
		.details = N_("What it prints, member import takes. JSON keeps everything, CSV what spreadsheets can hold."),
		OPTIONS(export_options),
		.examples = EXAMPLES("postigo-admin member export", "postigo-admin member export --format json"),
		.run = command_member_export,
	},
	{
		.words = "member import",
		.operands = "[FILE|-]",
		.operands_max = 1,
		.help = N_("make aliases of members from a file"),
		.details = N_("Each row passes the rules of a request. All faults are listed with their lines; unless every row is "
			      "good, nothing is written (exit status 10), or with --skip-errors the good ones (25). A CSV file begins "
			      "with the line user,destinations,expires,note,keep_copy. --from runv takes its email-aliases.json, keeps "
			      "times and approvers, skips refused entries, and never overwrites what is newer here. Files are opened with "
			      "the rights of whoever called sudo."),
		OPTIONS(import_options),
		.examples = EXAMPLES("postigo-admin member import --dry-run members.csv",
			"postigo-admin member import --from runv /var/lib/runv/email-aliases.json"),
		.needs_root = true,
		.run = command_member_import,
	},
	{
		.words = "sync",
		.operands = "",
		.help = N_("make Postfix answer what the store says"),
		.details = N_("Safety rails: empty, drop, churn, generation, domain, reserved, bare-key, not-referenced. Each refuses "
			      "with exit status 10 and names itself; --force lifts exactly the named ones."),
		OPTIONS(sync_options),
		.examples = EXAMPLES("postigo-admin sync", "postigo-admin sync --dry-run", "postigo-admin sync --force=drop"),
		.needs_root = true,
		.run = command_sync,
	},
	{
		.words = "adopt",
		.operands = "ADDRESS",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("make a row of somebody else in the database's table ours"),
		.details = N_("For a table in a database (sync.type mysql or sqlite). A sync leaves rows alone that it did not write; an adopted one "
			      "is written like ours from then on, and gets back what it had when its alias goes. The journal keeps what it had."),
		.examples = EXAMPLES("postigo-admin adopt ana@club.example"),
		.needs_root = true,
		.run = command_adopt,
	},
	{
		.words = "release",
		.operands = "ADDRESS",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("give a row of ours in the database's table away as it is"),
		.details = N_("The row stays and is somebody else's from then on."),
		.examples = EXAMPLES("postigo-admin release ana@club.example"),
		.needs_root = true,
		.run = command_release,
	},
	{
		.words = "check",
		.operands = "",
		.help = N_("look at everything that must agree, and tell the command that cures what does not"),
		.details = N_("Writes nothing and takes no lock. Without root it tells what it could not look at. Exit status 4 when "
			      "there is an error, 0 otherwise, warnings or not."),
		OPTIONS(check_options),
		.examples = EXAMPLES("postigo-admin check", "postigo-admin check --section postfix", "postigo-admin check --json"),
		.run = command_check,
	},
	{
		.words = "discover",
		.operands = "",
		.help = N_("show the mail server that is already there, and recommend what would mend it"),
		.details = N_("Reads files and runs commands that only print, each with a deadline; changes nothing, logs into "
			      "nothing, shows no secret. Without root it tells what it could not look at. On a terminal it draws "
			      "what comes in, which table answers and who delivers; elsewhere it prints a name and a value a line. "
			      "The exit status is 0 whatever was found."),
		OPTIONS(discover_options),
		.examples = EXAMPLES("postigo-admin discover", "postigo-admin discover --section postfix,ports",
			"postigo-admin discover --deep --json"),
		.run = command_discover,
	},
	{
		.words = "proposed-config",
		.operands = "",
		.help = N_("print a postigo.json that fits the Postfix of this machine"),
		.details = N_("Writes nothing. Its comments tell which command lets Postfix use the map."),
		.examples = EXAMPLES("postigo-admin proposed-config"),
		.run = command_proposed_config,
	},
	{
		.words = "setup",
		.operands = "",
		.help = N_("make groups, directories, the helper's setgid bit, a first configuration and an empty store"),
		.details = N_("Prints each act before doing it. A second run does nothing. With --config that file is the configuration: "
			      "it must exist, and the installed one is neither read nor made."),
		OPTIONS(setup_options),
		.examples = EXAMPLES("postigo-admin setup --domain club.example", "postigo-admin setup --dry-run"),
		.needs_root = true,
		.run = command_setup,
	},
	{
		.words = "config show",
		.operands = "",
		.help = N_("show what every setting is"),
		OPTIONS(config_options),
		.examples = EXAMPLES("postigo-admin config show", "postigo-admin config show --origin"),
		.run = command_config_show,
	},
	{
		.words = "config get",
		.operands = "KEY",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("print one setting"),
		.examples = EXAMPLES("postigo-admin config get sync.type"),
		.run = command_config_get,
	},
	{
		.words = "config check",
		.operands = "",
		.help = N_("check the configuration files, and say which were read"),
		.examples = EXAMPLES("postigo-admin config check"),
		.run = command_config_check,
	},
#include "mail_commands.inc"
#include "user_commands.inc"
	{
		.words = "version",
		.operands = "",
		.help = N_("print the version and the formats it speaks"),
		.examples = EXAMPLES("postigo-admin version"),
		.run = command_version,
	},
	{
		.words = "__dump",
		.operands = "bash|zsh|fish|mdoc",
		.operands_min = 1,
		.operands_max = 1,
		.help = N_("print what is made from this table"),
		.hidden = true,
		.run = command_dump,
	},
};

const struct command_program admin_program = {
	.name = "postigo-admin",
	.summary = N_("decides on members' aliases and keeps Postfix in step"),
	.manual = "postigo-admin(8)",
	.commands = commands,
	.command_count = ARRAY_LENGTH(commands),
};
