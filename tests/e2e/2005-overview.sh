#!/bin/bash
# shellcheck disable=SC2317,SC2154 # functions are called by name
# 2005: status, log and search over the mail database, on SQLite and on MariaDB.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/mail_database.sh"
in_namespace "$@"

fill() {
	postigo-admin schema init --quiet
	postigo-admin domain add example.org --description 'São Paulo' --quiet
	postigo-admin domain add second.test --quiet
	postigo-admin domain alias add second.test --target example.org --quiet
	add_mailbox ana@example.org
	add_mailbox a_b@example.org
	postigo-admin alias add info@example.org ana@example.org --quiet
	postigo-admin alias add sales@example.org xy@example.net --quiet
	postigo-admin alias disable sales@example.org --quiet
}

counts() {
	expect_exit 0 "$engine: status" postigo-admin status --json
	is "$engine: counts rows, ALL is no domain" "$stdout" '{"domains":2,"mailboxes":2,"aliases":4,"alias_domains":1,"quota2":2}'
	expect_exit 0 "$engine: for scripts" postigo-admin status --plain
	like "$engine: a line each" "$stdout" $'^domains\t2'
}

logs() {
	expect_exit 0 "$engine: log" postigo-admin log --json
	is_json "$engine: all acts" "$stdout_file" '#' 6
	is_json "$engine: the newest first" "$stdout_file" '[0].action' postigo.alias.set_status
	is_json "$engine: with its data" "$stdout_file" '[0].data' 'sales@example.org=DISABLED'
	like "$engine: and its time" "$stdout" '"time":"2[0-9]{3}-[0-9-]+T[0-9:]+Z"'
	expect_exit 0 "$engine: of one domain" postigo-admin log --domain SECOND.test --jsonl
	is "$engine: only these" "$(wc -l <"$stdout_file")" 2
	expect_exit 0 "$engine: a few" postigo-admin log --limit 2 --plain
	is "$engine: only so many" "$(wc -l <"$stdout_file")" 2
	expect_exit 64 "$engine: not none" postigo-admin log --limit 0
	query "INSERT INTO log (timestamp, username, domain, action, data) VALUES ('2031-01-01 00:00:00', 'web (192.0.2.1)', 'example.org', 'create_alias', 'x')"
	expect_exit 0 "$engine: what PostfixAdmin wrote" postigo-admin log --limit 1 --plain
	like "$engine: is shown, too" "$stdout" 'create_alias'
}

# found TEXT NAME...: exactly these are found.
found() {
	local text=$1
	shift
	expect_exit 0 "$engine: search $text" postigo-admin search "$text" --plain
	is "$engine: search $text finds" "$(cut -f 1,2 <"$stdout_file" | tr '\t\n' ': ')" "${*:+$* }"
}

searches() {
	found SECOND alias_domain:second.test domain:second.test
	found paulo domain:example.org
	found ana@ alias:info@example.org mailbox:ana@example.org
	found _ mailbox:a_b@example.org
	found a_b mailbox:a_b@example.org
	found %
	found '|'
	found "' OR 1=1 --"
	found 'São' domain:example.org
	found '📮'
	expect_exit 64 "$engine: nothing" postigo-admin search ''
	expect_exit 0 "$engine: as JSON" postigo-admin search sales --json
	is_json "$engine: with its state" "$stdout_file" '[0].active' false
}

all_of_it() {
	fill
	counts
	logs
	searches
}

on_each_database all_of_it
done_testing
