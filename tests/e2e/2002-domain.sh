#!/bin/bash
# shellcheck disable=SC2317,SC2154 # functions are called by name
# 2002: domains, on SQLite and on MariaDB: made, listed, changed, removed with all that is of them (Z6, Z8, Z17, Z25, Z26), on the oldest schema of PostfixAdmin's and on the
# newest (Z38).
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/mail_database.sh"
in_namespace "$@"

# unchanged TITLE CODE COMMAND...: refused with CODE, and no row is another one.
unchanged() {
	local title=$1 code=$2 before
	shift 2
	before=$(dump)
	expect_exit "$code" "$title" "$@"
	is "$title: nothing was written" "$(dump)" "$before"
}

adds() {
	expect_exit 0 "$engine: a domain is made" postigo-admin domain add Example.ORG --description 'Um domínio' --max-aliases 5 \
		--max-mailboxes 3 --max-quota 1G --quota 10G --transport lmtp --json
	is_json "$engine: the answer says so" "$stdout_file" .changed true
	is_json "$engine: in lower case" "$stdout_file" .domain.domain example.org
	is_json "$engine: sizes are bytes" "$stdout_file" .domain.max_quota_bytes 1073741824
	is_json "$engine: the word of the transport" "$stdout_file" .domain.transport lmtp
	is "$engine: the row is PostfixAdmin's" "$(query "SELECT domain, description, aliases, mailboxes, maxquota, quota, transport, backupmx, active
		FROM domain WHERE domain = 'example.org'")" 'example.org|Um domínio|5|3|1024|10240|lmtp:unix:private/dovecot-lmtp|0|1'
	is "$engine: the log has it" "$(query "SELECT domain, action, data FROM log")" 'example.org|postigo.domain.create|example.org'
	like "$engine: with who did it" "$(query 'SELECT username FROM log')" '^root \(uid 0\)'
	unchanged "$engine: a second time" 2 postigo-admin domain add EXAMPLE.org
	expect_exit 0 "$engine: a domain in Unicode" postigo-admin domain add 'município.example' --json
	is_json "$engine: stands as A-labels" "$stdout_file" .domain.domain xn--municpio-g2a.example
	expect_exit 0 "$engine: default aliases" postigo-admin domain add second.test --default-aliases Ana@Example.NET --default-quota 2G
	is "$engine: are four" "$(query "SELECT address, goto FROM alias WHERE domain = 'second.test' ORDER BY address" | tr '\n' ' ')" \
		'abuse@second.test|ana@example.net hostmaster@second.test|ana@example.net postmaster@second.test|ana@example.net webmaster@second.test|ana@example.net '
	is "$engine: the quota of new mailboxes is ours to keep" "$(query "SELECT default_quota FROM postigo_domain WHERE domain = 'second.test'")" 2147483648
	unchanged "$engine: a dry run" 0 postigo-admin domain add third.test --dry-run
	mail_configure ', "domains": {"default_aliases": ["abuse", "a b"]}'
	unchanged "$engine: a default alias that is no address" 4 postigo-admin domain add third.test --default-aliases ana@example.net
	mail_configure ', "domains": {"default_aliases": ["Abuse"]}'
	expect_exit 0 "$engine: default aliases of the site" postigo-admin domain add third.test --default-aliases Abuse@Third.test
	is "$engine: none forwards to itself" "$(query "SELECT COUNT(*) FROM alias WHERE domain = 'third.test'")" 0
	postigo-admin domain del third.test --yes --quiet
	mail_configure
	unchanged "$engine: a dry run refuses what the run would" 2 postigo-admin domain add second.test --dry-run
}

refuses() {
	for name in all ALL All; do
		unchanged "$engine: add $name" 4 postigo-admin domain add "$name"
		like "$engine: it names ALL" "$stderr" 'ALL'
		for verb in show enable disable 'del --yes' set; do
			# shellcheck disable=SC2086 # words
			unchanged "$engine: $verb $name" 1 postigo-admin domain $verb "$name"
		done
		unchanged "$engine: alias domain add $name" 1 postigo-admin domain alias add "$name" --target example.org
	done
	for name in '' 'a b.example' 'a/b.example' '../x.example' "a'b.example" 'single' '-a.example' 'a..example' '1.2.3.4' "a
b.example" '@example.org'; do
		unchanged "$engine: \"$name\" is no domain" 64 postigo-admin domain add -- "$name"
	done
	for option in --max-aliases=-2 --max-mailboxes=x --max-quota=1.5G --max-quota=100 --quota=-1G --transport=mlmmj "--transport=a b:" --password-expiry=-1; do
		unchanged "$engine: $option" 64 postigo-admin domain add third.test "$option"
	done
	unchanged "$engine: a description with control characters" 64 postigo-admin domain add third.test --description $'a\033b'
	unchanged "$engine: contradiction" 64 postigo-admin domain set example.org --backupmx --no-backupmx
}

lists() {
	query "INSERT INTO domain (domain, description, transport, created, modified) VALUES ('a.local', '', 'smtp:[h]:25', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
	query "INSERT INTO domain (domain, description, transport, created, modified) VALUES ('b.local', '', 'local', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
	query "INSERT INTO domain (domain, description, transport, created, modified) VALUES ('c.local', '', '', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
	if [ "$engine" = mariadb ]; then
		query "SET sql_mode = ''; INSERT INTO domain (domain, description, transport, created, modified) VALUES ('d.local', '', 'virtual', '0000-00-00 00:00:00', '0000-00-00 00:00:00')"
	else
		query "INSERT INTO domain (domain, description, transport, created, modified) VALUES ('d.local', '', 'virtual', '0000-00-00 00:00:00', '0000-00-00 00:00:00')"
	fi
	add_mailbox ana@example.org
	add_mailbox beto@example.org
	query "INSERT INTO alias (address, goto, domain) VALUES ('info@example.org', 'ana@example.org', 'example.org')"
	expect_exit 0 "$engine: rows of any transport and date are listed" postigo-admin domain list --json
	is_json "$engine: all but ALL" "$stdout_file" '#' 7
	is_json "$engine: a transport as it is" "$stdout_file" '[0].transport' 'smtp:[h]:25'
	is_json "$engine: by name" "$stdout_file" '[4].domain' example.org
	is_json "$engine: mailboxes are counted" "$stdout_file" '[4].mailboxes' 2
	is_json "$engine: aliases without the mailboxes' own" "$stdout_file" '[4].aliases' 1
	unlike "$engine: a date that is none is left out" "$(postigo-admin domain show d.local --json)" 'created'
	expect_exit 0 "$engine: a line each" postigo-admin domain list --jsonl
	is "$engine: seven" "$(wc -l <"$stdout_file")" 7
	expect_exit 0 "$engine: tabs for scripts" postigo-admin domain list --plain
	like "$engine: nothing is cut off" "$stdout" $'xn--municpio-g2a.example\tactive\t0\t0\t0\t0\tvirtual'
	expect_exit 0 "$engine: one for people" postigo-admin domain show example.org
	like "$engine: with its limits" "$stdout" '2 of 3'
	for name in a b c d; do
		postigo-admin domain del "$name.local" --yes --quiet
	done
}

changes() {
	expect_exit 0 "$engine: limits are changed" postigo-admin domain set EXAMPLE.org --max-aliases -1 --transport "smtp:[relay.example]:25" --backupmx --json
	is_json "$engine: that is a change" "$stdout_file" .changed true
	is_json "$engine: -1 is kept" "$stdout_file" .domain.max_aliases -1
	is "$engine: what was not named stays" "$(query "SELECT description, aliases, mailboxes, maxquota, transport, backupmx FROM domain WHERE domain = 'example.org'")" \
		'Um domínio|-1|3|1024|smtp:[relay.example]:25|1'
	unchanged "$engine: the same again" 0 postigo-admin domain set example.org --max-aliases -1 --json
	is_json "$engine: is no change" "$stdout_file" .changed false
	unchanged "$engine: a dry run" 0 postigo-admin domain set example.org --max-aliases 9 --dry-run --json
	is_json "$engine: would be one" "$stdout_file" .would_change true
	expect_exit 0 "$engine: no transport of its own" postigo-admin domain set example.org --transport virtual --no-backupmx
	expect_exit 0 "$engine: bytes for megabytes" postigo-admin domain set example.org --quota 20000000M
	like "$engine: are warned of" "$stderr" 'megabytes'
	unchanged "$engine: an absent one" 1 postigo-admin domain set ghost.test --max-aliases 1
	expect_exit 0 "$engine: disable" postigo-admin domain disable example.org --json
	is_json "$engine: it is off" "$stdout_file" .domain.active false
	unchanged "$engine: disable again" 0 postigo-admin domain disable example.org --json
	is_json "$engine: is no change" "$stdout_file" .changed false
	expect_exit 0 "$engine: enable" postigo-admin domain enable example.org
	is "$engine: it is on" "$(query "SELECT active FROM domain WHERE domain = 'example.org'")" 1
	for verb in enable disable show; do
		unchanged "$engine: $verb of an absent one" 1 postigo-admin domain "$verb" ghost.test
		like "$engine: it is named" "$stderr" 'domain ghost.test does not exist'
	done
	is "$engine: the log has the acts" "$(query "SELECT data FROM log WHERE action = 'postigo.domain.set_status' ORDER BY id" | tr '\n' ' ')" \
		'example.org=DISABLED example.org=ACTIVE '
}

# fill_domain NAME: a row of it in every table that has any.
fill_domain() {
	add_mailbox "ana@$1"
	query "INSERT INTO alias (address, goto, domain) VALUES ('@$1', 'ana@$1', '$1')"
	query "INSERT INTO domain_admins (username, domain) VALUES ('admin@$1', '$1')"
	query "INSERT INTO quota (username, path, current) VALUES ('ana@$1', 'quota/storage', 1)"
	query "INSERT INTO vacation (email, subject, body, cache, domain) VALUES ('ana@$1', '', '', '', '$1')"
	query "INSERT INTO vacation_notification (on_vacation, notified) VALUES ('ana@$1', 'x@example.net')"
	query "INSERT INTO fetchmail (domain, mailbox, src_server, src_user, src_password, src_folder) VALUES ('$1', 'ana@$1', 'h', 'u', 'p', 'f')"
	[ "${2:-}" ] && return
	query "INSERT INTO dkim (domain_name, private_key, public_key) VALUES ('$1', 'k', 'p')"
	query "INSERT INTO dkim_signing (author, dkim_id) SELECT '@$1', id FROM dkim WHERE domain_name = '$1'"
	query "INSERT INTO totp_exception_address (ip, username) VALUES ('192.0.2.1', 'ana@$1')"
	query "INSERT INTO mailbox_app_password (username, password_hash) VALUES ('ana@$1', 'h')"
}

# rows_in TABLE...: how many rows they have together.
rows_in() {
	local sum=0 table
	for table; do
		sum=$((sum + $(query "SELECT COUNT(*) FROM $table")))
	done
	echo "$sum"
}

removes() {
	local tables='alias mailbox quota quota2 vacation vacation_notification fetchmail dkim dkim_signing totp_exception_address mailbox_app_password domain_admins'
	local before
	# shellcheck disable=SC2086 # words
	before=$(rows_in $tables alias_domain)
	postigo-admin domain add full.test --default-quota 1G --quiet
	postigo-admin domain add other.test --quiet
	postigo-admin domain alias add other.test --target full.test --quiet
	unchanged "$engine: a target of an alias domain is not removed" 3 postigo-admin domain del full.test --yes
	like "$engine: and the reason is a number" "$stderr" 'alias domains: 1'
	unchanged "$engine: nor is its source" 3 postigo-admin domain del other.test --yes
	fill_domain full.test
	unchanged "$engine: nor what has mailboxes" 3 postigo-admin domain del full.test --yes
	unchanged "$engine: without a terminal it wants --yes" 64 postigo-admin domain del full.test --force
	printf '%s\n' 'expect [y/N]' 'send n\r' 'expect nothing was changed' >"$scratch/steps"
	unchanged "$engine: no on a terminal" 24 "$support/dialogue" "$scratch/steps" /usr/local/sbin/postigo-admin domain del full.test --force
	unchanged "$engine: a dry run of force" 0 postigo-admin domain del full.test --force --dry-run
	install -d "$mailboxes/full.test/ana/cur"
	echo mail >"$mailboxes/full.test/ana/cur/1"
	expect_exit 0 "$engine: force removes it" postigo-admin domain del FULL.test --force --yes --keep-maildir --json
	is_json "$engine: that is a change" "$stdout_file" .changed true
	ok "$engine: the directory stays" test -e "$mailboxes/full.test/ana/cur/1"
	run postigo-admin domain add full.test
	expect_exit 3 "$engine: an empty domain whose directory holds mail" postigo-admin domain del full.test --yes
	like "$engine: is told where" "$stderr" "$mailboxes/full.test"
	expect_exit 0 "$engine: goes with force" postigo-admin domain del full.test --yes --force
	is "$engine: and its directory with it" "$(ls -A "$mailboxes")" ''
	# shellcheck disable=SC2086 # words
	is "$engine: with its rows in all tables" "$(rows_in $tables alias_domain)" "$before"
	is "$engine: and ours" "$(query "SELECT COUNT(*) FROM postigo_domain WHERE domain = 'full.test'")" 0
	is "$engine: the log keeps what was and has the removal" "$(query "SELECT data FROM log WHERE action = 'postigo.domain.delete' AND domain = 'full.test'")" \
		$'full.test force=true keep_maildir=true\nfull.test force=true keep_maildir=false'
	expect_exit 0 "$engine: an empty one goes without force" postigo-admin domain del other.test --yes
	expect_exit 0 "$engine: force on an empty one" postigo-admin domain add other.test
	expect_exit 0 "$engine: works, too" postigo-admin domain del other.test --yes --force
	unchanged "$engine: an absent one" 1 postigo-admin domain del other.test --yes
}

works_on_the_oldest_schema() {
	mail_database_empty
	postigo-admin schema init --quiet
	older_schema
	expect_exit 0 "$engine: level 1835: add" postigo-admin domain add old.test --max-mailboxes 2 --default-aliases ana@example.net
	expect_exit 4 "$engine: level 1835: what has no column is refused" postigo-admin domain set old.test --password-expiry 30
	like "$engine: level 1835: by its name" "$stderr" 'domain.password_expiry'
	expect_exit 4 "$engine: level 1835: what has no table of ours, too" postigo-admin domain set old.test --default-quota 1G
	like "$engine: level 1835: with the cure" "$stderr" 'schema migrate'
	expect_exit 0 "$engine: level 1835: set" postigo-admin domain set old.test --max-mailboxes 3
	expect_exit 0 "$engine: level 1835: show" postigo-admin domain show old.test --json
	is_json "$engine: level 1835: shows" "$stdout_file" .max_mailboxes 3
	expect_exit 0 "$engine: level 1835: list" postigo-admin domain list
	expect_exit 0 "$engine: level 1835: disable" postigo-admin domain disable old.test
	postigo-admin domain add source.test --quiet
	expect_exit 0 "$engine: level 1835: alias domain" postigo-admin domain alias add source.test --target old.test
	expect_exit 4 "$engine: level 1835: its description" postigo-admin domain alias retarget source.test --target old.test --description x
	expect_exit 0 "$engine: level 1835: its list" postigo-admin domain alias list
	fill_domain old.test old
	expect_exit 0 "$engine: level 1835: del" postigo-admin domain del old.test --force --yes
	is "$engine: level 1835: nothing is left" "$(rows_in alias mailbox quota quota2 vacation fetchmail domain_admins alias_domain)" 0
	expect_exit 0 "$engine: level 1835: our tables" postigo-admin schema migrate
	is "$engine: level 1835: the level stays" "$(query "SELECT value FROM config WHERE name = 'version'")" 1835
	expect_exit 0 "$engine: level 1835: are used then" postigo-admin domain add old.test --default-quota 1G
}

all_of_it() {
	postigo-admin schema init --quiet
	adds
	refuses
	lists
	changes
	removes
	works_on_the_oldest_schema
}

on_each_database all_of_it
expect_exit 0 'domain alias is offered' postigo-admin domain --help
like 'by help' "$stdout" 'domain alias add'
done_testing
