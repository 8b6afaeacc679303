#!/bin/bash
# shellcheck disable=SC2317,SC2154,SC2034,SC2086,SC2046 # paths without blanks; functions are called by name
# 2106: how full mailboxes are, limits in the wrong unit, and lists of a hundred thousand mailboxes in flat memory, on both databases (Q3, Z16).
# timeout: 600
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/mailbox.sh"

count=100000

shows() {
	add_user ana@club.example --quota 1000
	add_user beto@club.example --quota 1M
	add_user carla@club.example --quota 0
	query "UPDATE quota2 SET bytes = 950, messages = 3 WHERE username = 'ana@club.example'"
	query "UPDATE quota2 SET bytes = 99, messages = 1 WHERE username = 'carla@club.example'"
	query "DELETE FROM quota2 WHERE username = 'beto@club.example'"
	expect_exit 0 "$engine: one" postigo-admin quota show ana@club.example --json
	is_json "$engine: its bytes" "$stdout_file" .bytes_used 950
	is_json "$engine: its messages" "$stdout_file" .messages 3
	is_json "$engine: how full" "$stdout_file" .percent 95
	expect_exit 0 "$engine: the option is the operand" postigo-admin quota show --username ANA@club.example --json
	is_json "$engine: the same" "$stdout_file" .bytes_used 950
	expect_exit 1 "$engine: nobody" postigo-admin quota show nobody@club.example
	expect_exit 0 "$engine: all" postigo-admin quota show --plain
	is "$engine: also those that Dovecot never counted" "$stdout" "$(printf 'ana@club.example\t950\t1000\t95\t3\nbeto@club.example\t0\t1048576\t0\t0\ncarla@club.example\t99\t0\t\t1')"
	expect_exit 0 "$engine: over 90" postigo-admin quota show --over 90 --json
	is_json "$engine: one" "$stdout_file" '#' 1
	is_json "$engine: the full one" "$stdout_file" '[0].username' ana@club.example
	expect_exit 0 "$engine: over 95" postigo-admin quota show --over 95 --json
	is "$engine: none" "$stdout" '[]'
	expect_exit 64 "$engine: no percentage" postigo-admin quota show --over -1
	expect_exit 64 "$engine: nor this" postigo-admin quota show --over 9.5
}

units() {
	ok "$engine: a domain" postigo-admin domain add old.example
	query "UPDATE domain SET maxquota = 1073741825, quota = 10000000 WHERE domain = 'old.example'"
	expect_exit 0 "$engine: a dry run" postigo-admin quota fix-units --dry-run --json
	is_json "$engine: finds it" "$stdout_file" '.domains[0].maxquota' 1025
	is "$engine: and writes nothing" "$(query "SELECT maxquota FROM domain WHERE domain = 'old.example'")" 1073741825
	expect_exit 64 "$engine: without a terminal it wants --yes" postigo-admin quota fix-units
	expect_exit 0 "$engine: with it" postigo-admin quota fix-units --yes
	is "$engine: what was bytes is megabytes" "$(query "SELECT maxquota, quota FROM domain WHERE domain = 'old.example'")" '1025|10000000'
	expect_exit 0 "$engine: a second time" postigo-admin quota fix-units --json
	is_json "$engine: changes nothing" "$stdout_file" .changed false
	is "$engine: the log has it" "$(query "SELECT COUNT(*) FROM log WHERE action = 'postigo.domain.fix_units'")" 1
}

# peak COMMAND...: the most memory that it had, in KiB.
peak() {
	/usr/bin/python3 -I -c 'import resource, subprocess, sys
subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], "w"), check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$scratch/listed" "$@"
}

fill() {
	query "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000), m (j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM m WHERE j < $((count / 1000 - 1)))
		$1"
}

many() {
	local few most shape
	few=$(peak postigo-admin user list --json)
	if [ $engine = mariadb ]; then
		query "INSERT INTO mailbox (username, password, name, maildir, local_part, domain)
			SELECT CONCAT('u', j * 1000 + i, '@club.example'), 'x', '', 'x/', 'x', 'club.example' FROM
			(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n) AS a,
			(WITH RECURSIVE m (j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM m WHERE j < $((count / 1000 - 1))) SELECT j FROM m) AS b"
	else
		fill "INSERT INTO mailbox (username, password, name, maildir, local_part, domain)
			SELECT 'u' || (j * 1000 + i) || '@club.example', 'x', '', 'x/', 'x', 'club.example' FROM n, m"
	fi
	for shape in --json --jsonl --plain; do
		most=$(peak postigo-admin user list $shape)
		ok "$engine: $count mailboxes, $shape: $most KiB instead of $few" test "$most" -lt $((few + 4096))
		is "$engine: all of them, $shape" "$(grep -o '@club.example' "$scratch/listed" | wc -l)" $((count + 3))
	done
	most=$(peak postigo-admin quota show --plain)
	ok "$engine: quota show: $most KiB" test "$most" -lt $((few + 4096))
}

everything() {
	shows
	units
	many
}

on_mailboxes everything
done_testing
