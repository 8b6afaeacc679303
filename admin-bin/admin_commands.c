#include "admin.h"

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
			      "terminal, one by one."),
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
		.words = "gc",
		.operands = "",
		.help = N_("apply what members may do themselves, set bad files aside"),
		OPTIONS(sync_after_options),
		.examples = EXAMPLES("postigo-admin gc"),
		.needs_root = true,
		.run = command_gc,
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
		.words = "setup",
		.operands = "",
		.help = N_("make groups, directories, the helper's setgid bit, a first configuration and an empty store"),
		.details = N_("Prints each act before doing it. A second run does nothing."),
		OPTIONS(setup_options),
		.examples = EXAMPLES("postigo-admin setup --domain club.example", "postigo-admin setup --dry-run"),
		.needs_root = true,
		.run = command_setup,
	},
	{
		.words = "config check",
		.operands = "",
		.help = N_("check the configuration files"),
		.examples = EXAMPLES("postigo-admin config check"),
		.run = command_config_check,
	},
	{
		.words = "version",
		.operands = "",
		.help = N_("print the version and the formats it speaks"),
		.examples = EXAMPLES("postigo-admin version"),
		.run = command_version,
	},
};

const struct command_program admin_program = {
	.name = "postigo-admin",
	.summary = N_("decides on members' aliases and keeps Postfix in step"),
	.manual = "postigo-admin(8)",
	.commands = commands,
	.command_count = ARRAY_LENGTH(commands),
};
