#!/bin/bash
# 0706 [ROUNDS]: 170 decisions a round: store, backups and journal have the size that was planned, over all its files, and one look at the history stays cheap.
# Case A105. "make soak" plays the ten thousand.
# timeout: 3600
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

store=/var/lib/postigo/store
rounds=${1:-3}
full=131072

pending_ids() {
	run postigo-admin pending --plain
	cut -f1 "$stdout_file"
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
echo "{\"policy\": {\"journal_size\": $full, \"check_mx\": false, \"cooldown_after_reject\": 0}}" >/etc/postigo/conf.d/test.json
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
cat $store/journal.0*.jsonl $store/journal.jsonl >"$scratch/journal"
is 'the journal has a line each' "$(wc -l <"$scratch/journal")" $((decided + 1))
is 'there are twenty backups' "$(find $store/backup -name 'aliases.*.json' | wc -l)" 20
size=$(stat -c %s $store/aliases.json)
ok "an entry takes at most 500 bytes ($((size / 170)))" test $((size / 170)) -lt 500
size=$(stat -c %s "$scratch/journal")
ok "a line takes 700 to 1500 bytes ($((size / decided)))" test $((size / decided)) -lt 1500 -a $((size / decided)) -gt 700
files=$(find $store -name 'journal.0*.jsonl' | wc -l)
ok "there are as many full files as the size says ($files)" test "$files" -gt 1 -a "$files" -le $((size / full)) -a "$files" -ge $((size / (full + 1500) - 1))
find $store -name 'journal.*jsonl' -size +$((full + 1500))c >"$scratch/large"
is 'none is larger than one decision more' "$(cat "$scratch/large")" ''
find $store -name 'journal.0*.jsonl' -size -${full}c >"$scratch/small"
is 'none was closed before it was full' "$(cat "$scratch/small")" ''
is 'the archive has each request' "$(find /var/lib/postigo/work/archive -name '*.json' | wc -l)" $decided
is 'every member has one status' "$(find /var/lib/postigo/status -name '2*.json' | wc -l)" 170
expect_exit 0 'the chain is whole' postigo-admin journal verify --json
is_json 'over all lines' "$stdout_file" .lines $((decided + 1))
expect_exit 0 'the first decision on m1' postigo-admin history m1 --limit 10 --json
is_json 'is found at the other end' "$stdout_file" "[$((rounds < 10 ? rounds - 1 : 9))].after.destinations[0]" "m1.$((rounds < 10 ? 1 : rounds - 9))@elsewhere.example"
is_json 'one a round' "$stdout_file" '#' $((rounds < 10 ? rounds : 10))
expect_exit 0 'undoing the first decision of the last round' postigo-admin undo "h-$((decided - 170 + 2))" --no-sync
expect_exit 0 'sync' postigo-admin sync --json
is_json 'has them all' "$stdout_file" .rows.added 170
done_testing
