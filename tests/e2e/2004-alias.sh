#!/bin/bash
# timeout: 600
# shellcheck disable=SC2317,SC2154 # functions are called by name
# 2004: aliases of the mail database, on SQLite and on MariaDB: targets, whole domains (Z5), the aliases that mailboxes have, rows of any spelling (Z7, Z17, Z18), loops,
# limits as PostfixAdmin counts them, two at once at a limit, the oldest schema (Z38), a hundred thousand rows in flat memory.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$support/mail_database.sh"

goto_of() {
	query "SELECT goto FROM alias WHERE address = '$1'"
}

unchanged() {
	local title=$1 code=$2 before
	shift 2
	before=$(dump)
	expect_exit "$code" "$title" "$@"
	is "$title: nothing was written" "$(dump)" "$before"
}

adds() {
	postigo-admin domain add example.org --quiet
	add_mailbox ana@example.org
	expect_exit 0 "$engine: an alias is made" postigo-admin alias add Info@Example.ORG Ana@Example.org,x@Example.NET y@example.net x@example.net --json
	is_json "$engine: in lower case" "$stdout_file" .alias.address info@example.org
	is_json "$engine: with its targets" "$stdout_file" '.alias.destinations#' 3
	is "$engine: as one list, doubles once" "$(goto_of info@example.org)" 'ana@example.org,x@example.net,y@example.net'
	is "$engine: the log has it" "$(query "SELECT data FROM log WHERE action = 'postigo.alias.create'")" \
		'info@example.org->ana@example.org,x@example.net,y@example.net'
	unchanged "$engine: a second time" 2 postigo-admin alias add INFO@example.org z@example.net
	unchanged "$engine: a mailbox's address" 2 postigo-admin alias add ana@example.org z@example.net
	unchanged "$engine: an unknown domain" 1 postigo-admin alias add info@ghost.test z@example.net
	like "$engine: is named" "$stderr" 'domain ghost.test does not exist'
	unchanged "$engine: itself" 10 postigo-admin alias add self@example.org SELF@example.org
	unchanged "$engine: a dry run" 0 postigo-admin alias add dry@example.org z@example.net --dry-run --json
	is_json "$engine: would change" "$stdout_file" .would_change true
	expect_exit 0 "$engine: a description" postigo-admin alias add desc@example.org z@example.net --description 'Só um'
	is "$engine: is kept" "$(query "SELECT description FROM alias WHERE address = 'desc@example.org'")" 'Só um'
	for name in 'a/b@example.org' '.a@example.org' '-a@example.org' $'a\nb@example.org' 'a b@example.org' 'a@b@example.org' 'noat' '' \
		'"a"@example.org' '|sh@example.org' 'a@single'; do
		unchanged "$engine: \"$name\" is no address" 64 postigo-admin alias add -- "$name" z@example.net
		unchanged "$engine: \"$name\" is no target" 64 postigo-admin alias add -- new@example.org "$name"
	done
	unchanged "$engine: ALL is no domain of an address" 64 postigo-admin alias add info@ALL z@example.net
	unchanged "$engine: nor of all addresses" 1 postigo-admin alias add @ALL z@example.net
	expect_exit 0 "$engine: an address of ours that nobody has" postigo-admin alias add dead@example.org ghost@example.org
	like "$engine: is warned of" "$stderr" 'there is no ghost@example.org'
	postigo-admin alias del dead@example.org --yes --quiet
}

catches_all() {
	postigo-admin domain add all.test --quiet
	postigo-admin domain add other.test --quiet
	expect_exit 0 "$engine: a whole domain" postigo-admin alias add '*@all.test' ana@example.org
	is "$engine: stands as PostfixAdmin writes it" "$(goto_of @all.test)" ana@example.org
	unchanged "$engine: both spellings are one" 2 postigo-admin alias add @ALL.test x@example.net
	expect_exit 0 "$engine: it is listed" postigo-admin alias list --domain all.test --json
	is_json "$engine: by its address" "$stdout_file" '[0].address' @all.test
	expect_exit 0 "$engine: a domain to a domain" postigo-admin alias set @all.test @other.test
	unchanged "$engine: not an address to a domain" 10 postigo-admin alias add one@all.test @other.test
	unchanged "$engine: not a domain to itself" 10 postigo-admin alias set @all.test @all.test
	unchanged "$engine: not in a circle" 10 postigo-admin alias add @other.test @all.test
	expect_exit 0 "$engine: shown by the other spelling" postigo-admin alias show '*@all.test'
	expect_exit 0 "$engine: and removed" postigo-admin alias del '*@all.test' --yes
	expect_exit 0 "$engine: to an address of its own domain" postigo-admin alias add @all.test ana@example.org boss@all.test
	is "$engine: which is no loop" "$(goto_of @all.test)" 'ana@example.org,boss@all.test'
	unchanged "$engine: what leads back through it is one" 10 postigo-admin alias add boss@all.test nobody@all.test
}

changes() {
	expect_exit 0 "$engine: other targets" postigo-admin alias set info@example.org beto@example.net --json
	is_json "$engine: replace those that were" "$stdout_file" '.alias.destinations#' 1
	unchanged "$engine: the same again" 0 postigo-admin alias set info@example.org BETO@example.net --json || true
	expect_exit 0 "$engine: one more" postigo-admin alias add-target info@example.org carla@example.net
	is "$engine: stands behind" "$(goto_of info@example.org)" 'beto@example.net,carla@example.net'
	unchanged "$engine: it is there already" 0 postigo-admin alias add-target info@example.org Carla@Example.NET --json
	is_json "$engine: no change" "$stdout_file" .changed false
	expect_exit 0 "$engine: one less" postigo-admin alias rm-target info@example.org BETO@example.net
	is "$engine: the other stays" "$(goto_of info@example.org)" 'carla@example.net'
	unchanged "$engine: one that it has not" 1 postigo-admin alias rm-target info@example.org beto@example.net
	unchanged "$engine: the last one" 10 postigo-admin alias rm-target info@example.org carla@example.net
	expect_exit 0 "$engine: only the description" postigo-admin alias set info@example.org --description neu --json
	is_json "$engine: is a change" "$stdout_file" .changed true
	is_json "$engine: of that alone" "$stdout_file" '.alias.destinations[0]' carla@example.net
	unchanged "$engine: an absent one" 1 postigo-admin alias set ghost@example.org x@example.net
	expect_exit 0 "$engine: disable" postigo-admin alias disable info@example.org
	is "$engine: it is off" "$(query "SELECT active FROM alias WHERE address = 'info@example.org'")" 0
	unchanged "$engine: disable again" 0 postigo-admin alias disable info@example.org --json
	is_json "$engine: is no change" "$stdout_file" .changed false
	expect_exit 0 "$engine: enable" postigo-admin alias enable INFO@example.org
	for verb in enable disable 'del --yes' show; do
		# shellcheck disable=SC2086 # words
		unchanged "$engine: $verb of none" 1 postigo-admin alias $verb ghost@example.org
		like "$engine: it is named" "$stderr" 'alias ghost@example.org does not exist'
	done
	unchanged "$engine: del wants --yes" 64 postigo-admin alias del info@example.org
	expect_exit 0 "$engine: del" postigo-admin alias del info@example.org --yes --json
	is_json "$engine: is a change" "$stdout_file" .changed true
	is "$engine: it is gone" "$(query "SELECT COUNT(*) FROM alias WHERE address = 'info@example.org'")" 0
}

keeps_mailboxes() {
	unchanged "$engine: what a mailbox has is not removed" 10 postigo-admin alias del ana@example.org --yes
	unchanged "$engine: nor switched off" 10 postigo-admin alias disable ana@example.org
	expect_exit 0 "$engine: it is not listed" postigo-admin alias list --domain example.org --json
	unlike "$engine: by itself" "$stdout" 'ana@example.org"'
	expect_exit 0 "$engine: unless asked for" postigo-admin alias list --all --jsonl
	like "$engine: with a mark" "$stdout" '"address":"ana@example.org".*"mailbox":true'
	expect_exit 0 "$engine: it may forward, too" postigo-admin alias add-target ana@example.org copy@example.net
	is "$engine: and keep" "$(goto_of ana@example.org)" 'ana@example.org,copy@example.net'
	expect_exit 0 "$engine: or only forward" postigo-admin alias set ana@example.org copy@example.net
	expect_exit 0 "$engine: and itself again" postigo-admin alias set ana@example.org ana@example.org
}

finds_loops() {
	local i
	for i in a b c; do
		postigo-admin alias add $i@example.org out@example.net --quiet
	done
	postigo-admin alias set a@example.org b@example.org --quiet
	postigo-admin alias set b@example.org c@example.org --quiet
	unchanged "$engine: a circle of three" 10 postigo-admin alias set c@example.org x@example.net a@example.org
	like "$engine: shows the way" "$stderr" 'c@example.org -> a@example.org -> b@example.org -> c@example.org'
	expect_exit 0 "$engine: a disabled one does not close it" postigo-admin alias disable b@example.org
	expect_exit 0 "$engine: so it may be written" postigo-admin alias set c@example.org a@example.org
	unchanged "$engine: and not enabled" 10 postigo-admin alias enable b@example.org
	postigo-admin domain add mirror.test --quiet
	postigo-admin domain alias add mirror.test --target example.org --quiet
	unchanged "$engine: nor closed through an alias domain" 10 postigo-admin alias set a@example.org c@mirror.test
	for i in $(seq 1 25); do
		query "INSERT INTO alias (address, goto, domain) VALUES ('d$i@example.org', 'd$((i + 1))@example.org', 'example.org')"
	done
	unchanged "$engine: a way that is too long" 10 postigo-admin alias add long@example.org d1@example.org
	expect_exit 0 "$engine: one that is not" postigo-admin alias add short@example.org d12@example.org
	unchanged "$engine: too many targets" 64 postigo-admin alias add many@example.org "$(seq -f 'm%g@example.net' -s, 1001)"
}

holds_limits() {
	local first second round
	postigo-admin domain add cap.test --max-aliases 2 --quiet
	add_mailbox a@cap.test
	add_mailbox b@cap.test
	add_mailbox c@cap.test
	expect_exit 0 "$engine: mailboxes do not count" postigo-admin alias add one@cap.test x@example.net
	expect_exit 0 "$engine: up to the limit" postigo-admin alias add two@cap.test x@example.net
	unchanged "$engine: no further" 3 postigo-admin alias add three@cap.test x@example.net
	like "$engine: with the numbers" "$stderr" '2 of at most 2'
	postigo-admin domain set cap.test --max-aliases -1 --quiet
	unchanged "$engine: -1 is none" 3 postigo-admin alias add three@cap.test x@example.net
	postigo-admin domain set cap.test --max-aliases 3 --quiet
	for round in 1 2 3 4 5; do
		postigo-admin alias add "p$round@cap.test" x@example.net >"$scratch/first" 2>&1 &
		postigo-admin alias add "q$round@cap.test" x@example.net >"$scratch/second" 2>&1
		second=$?
		wait $!
		first=$?
		is "$engine: of two at the limit one is made ($round)" "$((first + second))" 3 || diag "$(cat "$scratch/first" "$scratch/second")"
		query "DELETE FROM alias WHERE domain = 'cap.test' AND (address LIKE 'p%' OR address LIKE 'q%')"
	done
	postigo-admin domain set cap.test --max-aliases 0 --quiet
	expect_exit 0 "$engine: 0 is no limit" postigo-admin alias add three@cap.test x@example.net
}

# Two changes of different domains that only together are a circle.
closes_no_circle_in_two() {
	local first second round
	postigo-admin domain add left.test --quiet
	postigo-admin domain add right.test --quiet
	for round in 1 2 3 4 5 6 7 8; do
		postigo-admin alias add "a$round@left.test" "b$round@right.test" >"$scratch/first" 2>&1 &
		postigo-admin alias add "b$round@right.test" "a$round@left.test" >"$scratch/second" 2>&1
		second=$?
		wait $!
		first=$?
		is "$engine: of two halves of a circle one is refused ($round)" "$((first + second))" 10 || diag "$(cat "$scratch/first" "$scratch/second")"
	done
}

reads_any_row() {
	query "INSERT INTO alias (address, goto, domain) VALUES ('Mixed.Case@example.org', 'A@Example.NET , b@example.net', 'example.org')"
	query "INSERT INTO alias (address, goto, domain) VALUES ('weird name', 'user#x@autoreply.example', 'ghost.local')"
	expect_exit 0 "$engine: rows of any spelling are listed" postigo-admin alias list --plain
	like "$engine: as they are" "$stdout" $'weird name\tuser#x@autoreply.example'
	expect_exit 0 "$engine: and found in lower case" postigo-admin alias show mixed.case@example.org --json
	is_json "$engine: targets without blanks" "$stdout_file" '.destinations[1]' b@example.net
	expect_exit 0 "$engine: and changed" postigo-admin alias add-target mixed.case@example.org c@example.net
	is "$engine: what stood there stays" "$(goto_of Mixed.Case@example.org)" 'A@Example.NET,b@example.net,c@example.net'
}

works_on_the_oldest_schema() {
	mail_database_empty
	postigo-admin schema init --quiet
	older_schema
	postigo-admin domain add old.test --max-aliases 1 --quiet
	expect_exit 0 "$engine: level 1835: add" postigo-admin alias add info@old.test x@example.net
	expect_exit 3 "$engine: level 1835: limit" postigo-admin alias add more@old.test x@example.net
	expect_exit 4 "$engine: level 1835: no description" postigo-admin alias set info@old.test --description x
	like "$engine: level 1835: by its name" "$stderr" 'alias.description'
	expect_exit 0 "$engine: level 1835: set" postigo-admin alias set info@old.test y@example.net
	expect_exit 0 "$engine: level 1835: list" postigo-admin alias list --json
	is_json "$engine: level 1835: lists" "$stdout_file" '[0].destinations[0]' y@example.net
	expect_exit 0 "$engine: level 1835: del" postigo-admin alias del info@old.test --yes
}

# memory COMMAND...: the most that it had, in KiB.
memory() {
	/usr/bin/time -f %M -o "$scratch/memory" "$@" >"$scratch/list" || return
	cat "$scratch/memory"
}

lists_many_flat() {
	local few many
	few=$(memory postigo-admin alias list --jsonl)
	{
		echo 'INSERT INTO alias (address, goto, domain) VALUES'
		seq -f "('n%06g@many.test', 'somebody@example.net', 'many.test')," 1 100000 | sed '$s/,$/;/'
	} >"$scratch/many.sql"
	if [ $engine = mariadb ]; then
		mariadb --no-defaults --socket=$mariadb_socket --user=root --max-allowed-packet=64M mail <"$scratch/many.sql"
	else
		sqlite3 -batch $mail_database <"$scratch/many.sql"
	fi
	many=$(memory postigo-admin alias list --jsonl)
	is "$engine: a hundred thousand rows are listed" "$(wc -l <"$scratch/list")" 100000
	ok "$engine: in flat memory ($few KiB, then $many KiB)" test "$many" -lt $((few + 4096))
	many=$(memory postigo-admin alias list --json)
	ok "$engine: as one array, too ($many KiB)" test "$many" -lt $((few + 4096))
	ok "$engine: which is JSON" python3 -c 'import json, sys; sys.exit(len(json.load(open(sys.argv[1]))) != 100000)' "$scratch/list"
	many=$(memory postigo-admin alias list --plain)
	ok "$engine: and for scripts ($many KiB)" test "$many" -lt $((few + 4096))
}

all_of_it() {
	postigo-admin schema init --quiet
	adds
	catches_all
	changes
	keeps_mailboxes
	finds_loops
	holds_limits
	closes_no_circle_in_two
	reads_any_row
	works_on_the_oldest_schema
	if [ -z "${SANITIZE:-}" ]; then
		lists_many_flat
	else
		skip "$engine: flat memory" 'sanitizers keep what was freed'
	fi
}

on_each_database all_of_it
done_testing
