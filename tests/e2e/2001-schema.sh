#!/bin/bash
# shellcheck disable=SC2317,SC2154 # functions are called by name
# 2001: the tables of the mail database, on SQLite and on MariaDB: made, complete, left alone by a second run, brought up to date, never set back (Z36); an outage, a
# missing table and a broken configuration are told apart (Z21, Z22, Z23), and help wants neither configuration nor database (Z24).
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$support/mail_database.sh"

says_what_is_missing() {
	expect_exit 5 "$engine: no command works without tables" postigo-admin domain list
	like "$engine: it names the cure" "$stderr" 'postigo-admin schema init'
}

makes_the_schema() {
	[ $engine = mariadb ] && says_what_is_missing
	expect_exit 0 "$engine: a dry run tells what would be made" postigo-admin schema init --dry-run --json
	is_json "$engine: it would change something" "$stdout_file" .would_change true
	is_json "$engine: and did not" "$stdout_file" .changed false
	[ $engine = mariadb ] || ok "$engine: there is no file yet" test ! -e $mail_database
	expect_exit 0 "$engine: the schema is made" postigo-admin schema init --json
	is_json "$engine: that is a change" "$stdout_file" .changed true
	is_json "$engine: PostfixAdmin would know the level" "$stdout_file" .level 1856
	is "$engine: it stands in its own table" "$(query "SELECT value FROM config WHERE name = 'version'")" 1856
	expect_exit 0 "$engine: a second run" postigo-admin schema init --json
	is_json "$engine: does nothing" "$stdout_file" .changed false
	expect_exit 0 "$engine: status" postigo-admin schema status --json
	is_json "$engine: all is there" "$stdout_file" .missing# 0
	is_json "$engine: nothing is pending" "$stdout_file" .pending# 0
	is_json "$engine: it is usable" "$stdout_file" .usable true
}

lets_daemons_read() {
	is 'the file is written by root only' "$(mode_of $mail_database)" '640 root:root'
	like 'the group postigo may read it' "$(getfacl -cp $mail_database 2>/dev/null)" 'group:postigo:r--'
}

migrates() {
	local newest
	newest=$(query 'SELECT MAX(version) FROM postigo_schema')
	query 'DROP TABLE postigo_domain'
	query 'DROP TABLE postigo_schema'
	expect_exit 0 "$engine: status without our tables" postigo-admin schema status --json
	is_json "$engine: the migrations are pending" "$stdout_file" .pending# "$newest"
	expect_exit 0 "$engine: a dry run" postigo-admin schema migrate --dry-run
	like "$engine: tells them" "$stdout" 'migration 1'
	is "$engine: and makes nothing" "$(postigo-admin schema status --plain | grep -c '^pending')" "$newest"
	expect_exit 0 "$engine: migrate" postigo-admin schema migrate --json
	is_json "$engine: brings it up to date" "$stdout_file" .schema "$newest"
	expect_exit 0 "$engine: a second time" postigo-admin schema migrate --json
	is_json "$engine: changes nothing" "$stdout_file" .changed false
}

never_goes_back() {
	query "INSERT INTO postigo_schema (version, what, applied) VALUES (9000, 'of the future', '2026-01-01 00:00:00')"
	query "UPDATE config SET value = '9000' WHERE name = 'version'"
	for verb in migrate init; do
		expect_exit 0 "$engine: $verb leaves what is newer" postigo-admin schema $verb --json
		is_json "$engine: $verb changes nothing" "$stdout_file" .changed false
		like "$engine: $verb says so" "$stderr" 'newer'
	done
	is "$engine: our version stays" "$(query 'SELECT MAX(version) FROM postigo_schema')" 9000
	is "$engine: PostfixAdmin's too" "$(query "SELECT value FROM config WHERE name = 'version'")" 9000
	query 'DELETE FROM postigo_schema WHERE version = 9000'
	query "UPDATE config SET value = '1856' WHERE name = 'version'"
}

knows_its_limits() {
	query "UPDATE config SET value = '1834' WHERE name = 'version'"
	expect_exit 5 "$engine: a schema that is too old" postigo-admin domain list
	like "$engine: is named" "$stderr" '1834'
	query "UPDATE config SET value = '1856' WHERE name = 'version'"
	query 'DROP TABLE quota2'
	expect_exit 5 "$engine: a missing table" postigo-admin domain list --json
	is_json "$engine: is an error of the database" "$stderr_file" .error.code database
	like "$engine: which names it" "$stderr" 'quota2'
	expect_exit 0 "$engine: status works all the same" postigo-admin schema status --json
	is_json "$engine: and says so" "$stdout_file" .usable false
}

refuses_strangers() {
	mail_database_empty
	query 'CREATE TABLE alias (address VARCHAR(255), goto TEXT)'
	expect_exit 10 "$engine: tables of another making are left alone" postigo-admin schema init
	is "$engine: nothing was made" "$(query 'SELECT COUNT(*) FROM alias')" 0
	expect_exit 0 "$engine: status sees a table without a level" postigo-admin schema status --json
	is_json "$engine: and no more of it" "$stdout_file" .level 0
}

takes_a_prefix() {
	mail_database_empty
	database_more=', "table_prefix": "pa_"' mail_configure
	expect_exit 0 "$engine: tables with a prefix are made" postigo-admin schema init
	expect_exit 0 "$engine: and used" postigo-admin domain add example.org
	is "$engine: they have it" "$(query "SELECT COUNT(*) FROM pa_domain WHERE domain = 'example.org'")" 1
	database_more=', "table_prefix": "pa-; "' mail_configure
	expect_exit 4 "$engine: what cannot be a name is refused" postigo-admin domain list
	mail_configure
}

completes_what_was_cut_off() {
	mail_database_empty
	postigo-admin schema init --quiet
	query 'DROP TABLE admin_preferences'
	query 'DROP TABLE mailbox'
	query "DELETE FROM config WHERE name = 'version'"
	expect_exit 0 "$engine: a run that was cut off is completed" postigo-admin schema init --json
	is_json "$engine: by the next" "$stdout_file" .changed true
	is "$engine: with all tables" "$(postigo-admin schema status --json | tr ',' '\n' | grep -c '"missing":\[\]')" 1
	for _ in 1 2; do
		mail_database_empty
		postigo-admin schema init --quiet 2>"$scratch/first" &
		postigo-admin schema init --quiet 2>"$scratch/second"
		local second=$?
		wait $!
		is "$engine: two at once succeed: first" $? 0 || diag "$(cat "$scratch/first")"
		is "$engine: two at once succeed: second" $second 0 || diag "$(cat "$scratch/second")"
	done
	expect_exit 0 "$engine: and what they made is complete" postigo-admin schema migrate --json
	is_json "$engine: nothing is left to do" "$stdout_file" .changed false
}

all_of_it() {
	makes_the_schema
	[ $engine = mariadb ] || lets_daemons_read
	migrates
	never_goes_back
	knows_its_limits
	refuses_strangers
	takes_a_prefix
	completes_what_was_cut_off
}

expect_exit 0 'help wants no configuration' postigo-admin domain add --help
expect_exit 64 'a usage error neither' postigo-admin domain add
expect_exit 4 'a command does' postigo-admin domain list
groupadd --system postigo 2>/dev/null
groupadd --system dovecot 2>/dev/null

on_each_database all_of_it

[ -n "$mariadb_pid" ] || done_testing
engine=mariadb
echo '{"user": "reader", "password": "secret"}' >/etc/postigo/database.json
echo '{"user": "postigo", "password": "secret"}' >/etc/postigo/owner.json
chmod 0600 /etc/postigo/owner.json
mail_database_empty
expect_exit 5 'a user who may only look makes no tables' postigo-admin schema init
expect_exit 0 'with the credentials of another they are made' postigo-admin schema init --admin-dsn /etc/postigo/owner.json
expect_exit 0 'and the first may look' postigo-admin domain list
expect_exit 5 'and not write' postigo-admin domain add example.org
mail_configure
mariadb_stop
for verb in 'domain list' 'domain show example.org' 'domain add example.org' 'domain del example.org --yes' 'schema status' 'schema migrate'; do
	# shellcheck disable=SC2086 # words
	expect_exit 5 "without a server: $verb" postigo-admin $verb
done
expect_exit 64 'a bad name is found without a server' postigo-admin domain add 'no domain'
printf '{\n"domain": "club.example",\n"database": {"engine": 7}\n}\n' >/etc/postigo/postigo.json
expect_exit 4 'a broken configuration' postigo-admin domain list
like 'is told with its line' "$stderr" 'postigo.json:3'
rm /etc/postigo/postigo.json
for words in 'schema' 'schema init' 'domain' 'domain add' 'domain del' 'domain alias' 'domain alias add' 'alias' 'alias add-target' 'log' 'search' 'status'; do
	# shellcheck disable=SC2086 # words
	expect_exit 0 "help without configuration and database: $words" postigo-admin $words --help
done
expect_exit 64 'half a command' postigo-admin domain alias
like 'is told what may follow' "$stderr" 'domain alias list[|]show[|]add'
done_testing
