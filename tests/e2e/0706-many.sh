#!/bin/bash
# 0706: five hundred decisions: store, backups and journal have the size that was planned, and one look at the history stays cheap. Case A105.
# timeout: 300
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

store=/var/lib/postigo/store
rounds=3

pending_ids() {
	run postigo-admin pending --plain
	cut -f1 "$stdout_file"
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
decided=0
for ((round = 1; round <= rounds; round++)); do
	for ((number = 1; number <= 170; number++)); do
		as "m$number" postigo request "m$number.$round@elsewhere.example" >/dev/null 2>&1 || fail "m$number asks"
	done
	mapfile -t ids < <(pending_ids)
	is "round $round: all of them wait" "${#ids[@]}" 170
	expect_exit 0 "round $round: all are approved" postigo-admin approve "${ids[@]}" --no-sync --json
	is_json "round $round: each" "$stdout_file" '.results#' 170
	decided=$((decided + 170))
done
is 'the store counts a generation each' "$(head -n 1 $store/aliases.json | sed 's/.*"generation":\([0-9]*\).*/\1/')" $decided
is 'it has an entry each' "$(grep -c '"username"' $store/aliases.json)" 170
is 'the journal has a line each' "$(wc -l <$store/journal.jsonl)" $((decided + 1))
is 'there are twenty backups' "$(find $store/backup -name 'aliases.*.json' | wc -l)" 20
size=$(stat -c %s $store/aliases.json)
ok "an entry takes at most 500 bytes ($((size / 170)))" test $((size / 170)) -lt 500
size=$(stat -c %s $store/journal.jsonl)
ok "a line takes at most 1500 bytes ($((size / decided)))" test $((size / decided)) -lt 1500
is 'the archive has each request' "$(find /var/lib/postigo/work/archive -name '*.json' | wc -l)" $decided
is 'every member has one status' "$(find /var/lib/postigo/status -name '2*.json' | wc -l)" 170
expect_exit 0 'the chain is whole' postigo-admin journal verify --json
is_json 'over all lines' "$stdout_file" .lines $((decided + 1))
expect_exit 0 'the first decision on m1' postigo-admin history m1 --limit 10 --json
is_json 'is found at the other end' "$stdout_file" '[2].after.destinations[0]' m1.1@elsewhere.example
is_json 'one of three' "$stdout_file" '#' 3
expect_exit 0 'sync' postigo-admin sync --json
is_json 'has them all' "$stdout_file" .rows.added 170
done_testing
