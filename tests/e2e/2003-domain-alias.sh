#!/bin/bash
# shellcheck disable=SC2317,SC2154 # functions are called by name
# 2003: alias domains, on SQLite and on MariaDB; two changes at once make no chain and go over no limit.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/mail_database.sh"
in_namespace "$@"

alias_rows() {
	query 'SELECT alias_domain, target_domain, active FROM alias_domain ORDER BY alias_domain' | tr '\n' ' '
}

verbs() {
	for name in a b c d; do
		postigo-admin domain add "$name.test" --quiet
	done
	expect_exit 0 "$engine: a domain becomes an alias" postigo-admin domain alias add A.test --target B.test --description 'o antigo' --json
	is_json "$engine: in lower case" "$stdout_file" .domain_alias.alias_domain a.test
	is_json "$engine: active" "$stdout_file" .domain_alias.active true
	is_json "$engine: with a description" "$stdout_file" .domain_alias.description 'o antigo'
	expect_exit 10 "$engine: not of itself" postigo-admin domain alias add c.test --target C.test
	like "$engine: says why" "$stderr" 'self-alias'
	expect_exit 1 "$engine: a source that is not there" postigo-admin domain alias add ghost.test --target b.test
	like "$engine: is named" "$stderr" 'domain ghost.test does not exist'
	expect_exit 1 "$engine: a target that is not there" postigo-admin domain alias add c.test --target ghost.test
	like "$engine: is named, too" "$stderr" 'domain ghost.test does not exist'
	expect_exit 10 "$engine: a target is no source" postigo-admin domain alias add b.test --target c.test
	like "$engine: chains are refused" "$stderr" 'would chain'
	expect_exit 10 "$engine: a source is no target" postigo-admin domain alias add c.test --target a.test
	expect_exit 2 "$engine: the same again" postigo-admin domain alias add a.test --target c.test
	like "$engine: exists" "$stderr" 'alias_domain a.test exists already'
	expect_exit 64 "$engine: no target" postigo-admin domain alias add c.test
	is "$engine: one row came of all that" "$(alias_rows)" 'a.test|b.test|1 '
	expect_exit 0 "$engine: disable" postigo-admin domain alias disable a.test
	expect_exit 0 "$engine: it is not listed" postigo-admin domain alias list --json
	is_json "$engine: unless" "$stdout_file" '#' 0
	expect_exit 0 "$engine: --all" postigo-admin domain alias list --all --json
	is_json "$engine: says so" "$stdout_file" '[0].active' false
	expect_exit 10 "$engine: a disabled one counts in a chain" postigo-admin domain alias add c.test --target a.test
	expect_exit 0 "$engine: enable" postigo-admin domain alias enable a.test --json
	is_json "$engine: is a change" "$stdout_file" .changed true
	expect_exit 0 "$engine: enable again" postigo-admin domain alias enable a.test --json
	is_json "$engine: is none" "$stdout_file" .changed false
	expect_exit 0 "$engine: retarget" postigo-admin domain alias retarget a.test --target c.test --json
	is_json "$engine: points there" "$stdout_file" .domain_alias.target_domain c.test
	expect_exit 0 "$engine: retarget to the same" postigo-admin domain alias retarget a.test --target c.test --json
	is_json "$engine: is no change" "$stdout_file" .changed false
	expect_exit 1 "$engine: retarget of none" postigo-admin domain alias retarget d.test --target c.test
	expect_exit 10 "$engine: retarget to itself" postigo-admin domain alias retarget a.test --target a.test
	expect_exit 1 "$engine: retarget to no domain" postigo-admin domain alias retarget a.test --target ghost.test
	postigo-admin domain alias add d.test --target b.test --quiet
	expect_exit 10 "$engine: retarget to a source" postigo-admin domain alias retarget a.test --target d.test
	expect_exit 0 "$engine: those of one target" postigo-admin domain alias list --target b.test --plain
	like "$engine: only these" "$stdout" '^d.test	b.test	active	'
	is "$engine: one line" "$(wc -l <"$stdout_file")" 1
	expect_exit 1 "$engine: show of none" postigo-admin domain alias show b.test
	expect_exit 64 "$engine: del wants --yes" postigo-admin domain alias del d.test
	expect_exit 0 "$engine: del" postigo-admin domain alias del D.test --yes
	expect_exit 1 "$engine: del again" postigo-admin domain alias del d.test --yes
	is "$engine: what is left" "$(alias_rows)" 'a.test|c.test|1 '
	add_mailbox ana@d.test
	expect_exit 0 "$engine: a source with addresses of its own" postigo-admin domain alias add d.test --target b.test
	like "$engine: is warned of" "$stderr" 'mailboxes: 1'
	is "$engine: the log has all of it" "$(query "SELECT COUNT(*) FROM log WHERE action LIKE 'postigo.alias_domain.%'")" 7
}

two_at_once() {
	local first second round
	for round in 1 2 3 4 5; do
		query 'DELETE FROM alias_domain'
		postigo-admin domain alias add a.test --target b.test >"$scratch/first" 2>&1 &
		postigo-admin domain alias add b.test --target c.test >"$scratch/second" 2>&1
		second=$?
		wait $!
		first=$?
		case "$first $second" in
		'0 10' | '10 0') pass "$engine: of two that together are a chain one is refused ($round)" ;;
		*)
			fail "$engine: of two that together are a chain one is refused ($round)"
			diag "first $first, second $second: $(cat "$scratch/first" "$scratch/second")"
			;;
		esac
		postigo-admin domain add race.test --quiet >"$scratch/first" 2>&1 &
		postigo-admin domain add race.test --quiet >"$scratch/second" 2>&1
		second=$?
		wait $!
		first=$?
		is "$engine: of two equal domains one is made ($round)" "$((first + second))" 2
		postigo-admin domain del race.test --yes --quiet
	done
}

all_of_it() {
	postigo-admin schema init --quiet
	verbs
	two_at_once
}

on_each_database all_of_it
done_testing
