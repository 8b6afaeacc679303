#!/bin/bash
# 0702: history, undo, and the proof that nobody changed the journal. Case A104.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

store=/var/lib/postigo/store

destination() {
	run postigo-admin member show "$1" --json
	json '.destinations[0]' "$stdout_file" 2>/dev/null || echo none
}

newest() {
	run postigo-admin history --json --limit 1
	json '[0].id' "$stdout_file"
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 0 'a first history' postigo-admin history --json
is_json 'begins with the store' "$stdout_file" '[0].op' init

expect_exit 0 'add' postigo-admin member add ana one@elsewhere.example --no-sync
expect_exit 0 'set' postigo-admin member set ana --to two@elsewhere.example --no-sync
expect_exit 0 'beto' postigo-admin member add beto beto@elsewhere.example --no-sync
expect_exit 0 'suspend' postigo-admin member suspend ana --reason bounces --no-sync
expect_exit 0 'carla asks' as carla postigo request carla@elsewhere.example
expect_exit 0 'and is rejected' postigo-admin reject "$(postigo-admin pending --plain | cut -f1)" --reason 'not now'

expect_exit 0 'the history' postigo-admin history --json
is_json 'has the newest first' "$stdout_file" '[0].op' reject
is_json 'with its reason' "$stdout_file" '[0].reason' 'not now'
is_json 'then the suspension' "$stdout_file" '[1].id' h-5
is_json 'with before' "$stdout_file" '[1].before.state' active
is_json 'and after' "$stdout_file" '[1].after.state' suspended
is_json 'and who' "$stdout_file" '[1].actor.uid' 0
expect_exit 0 'of one member' postigo-admin history ana --json
is_json 'only theirs' "$stdout_file" '#' 3
expect_exit 0 'the last two' postigo-admin history ana --limit 2 --plain
is 'are two lines' "$(wc -l <"$stdout_file")" 2
like 'of fields' "$(tail -n 1 "$stdout_file")" $'^2.*Z\th-3\tset\tana\tone@elsewhere.example -> two@elsewhere.example\t'
expect_exit 0 'of nobody' postigo-admin history nobody --json
is 'is empty' "$stdout" '[]'
for limit in 0 -1 x 99999999999; do
	expect_exit 64 "--limit $limit" postigo-admin history "--limit=$limit"
done

# undo
expect_exit 28 'what was changed later is not undone' postigo-admin undo h-3
like 'and says where to look' "$stderr" 'history ana'
expect_exit 0 'the last change is' postigo-admin undo h-5 --json --no-sync
is_json 'as an undo' "$stdout_file" '.results[0].outcome' undone
expect_exit 0 'the alias' postigo-admin member show ana --json
is_json 'is active again' "$stdout_file" .state active
expect_exit 0 'the status' as ana postigo status --json
is_json 'too' "$stdout_file" .state active
undo=$(newest)
expect_exit 0 'the undo is undone' postigo-admin undo "$undo" --no-sync
expect_exit 0 'the alias' postigo-admin member show ana --json
is_json 'is suspended again' "$stdout_file" .state suspended
expect_exit 28 'not twice' postigo-admin undo "$undo"
expect_exit 0 'and once more, by the bare number' postigo-admin undo "$(newest | cut -c3-)" --no-sync
expect_exit 0 'revoke' postigo-admin member revoke ana --reason left --no-sync
is 'gone' "$(destination ana)" none
expect_exit 0 'undo brings it back' postigo-admin undo "$(newest)" --no-sync
is 'as it was' "$(destination ana)" two@elsewhere.example
expect_exit 0 'undo of an addition' postigo-admin undo h-4 --no-sync
is 'removes' "$(destination beto)" none
expect_exit 0 'the map' postigo-admin sync
is 'is of the same mind' "$(postmap -q ana@club.example "lmdb:$postfix_map")" two@elsewhere.example

expect_exit 10 'a rejection cannot be undone' postigo-admin undo h-6
expect_exit 10 'nor the beginning' postigo-admin undo h-1
expect_exit 1 'nor what is not there' postigo-admin undo h-1000
for id in h-0 h- x '' -- 1x; do
	expect_exit 64 "\"$id\" is no id" postigo-admin undo -- "$id"
done

# An alias comes back only to the account that had it.
expect_exit 0 'revoke' postigo-admin member revoke ana --reason left --no-sync
id=$(newest)
cp /etc/passwd "$scratch/passwd"
sed -i 's/^ana:/zed:/' /etc/passwd
expect_exit 10 'the uid is somebody else now' postigo-admin undo "$id"
like 'which is said' "$stderr" 'another account'
sed -i '/^zed:/d' /etc/passwd
expect_exit 10 'the account is gone' postigo-admin undo "$id"
cp "$scratch/passwd" /etc/passwd
expect_exit 0 'back again' postigo-admin undo "$id" --no-sync

# verify
expect_exit 0 'the journal is whole' postigo-admin journal verify --json
is_json 'which is said' "$stdout_file" .ok true
is_json 'with its lines' "$stdout_file" .lines "$(wc -l <$store/journal.jsonl)"
is_json 'and the generation' "$stdout_file" .generation "$(head -n 1 $store/aliases.json | sed 's/.*"generation":\([0-9]*\).*/\1/')"
cp -a $store "$scratch/store"
put_back() {
	find $store -mindepth 1 -delete
	cp -a "$scratch/store/." $store/
}
lines=$(wc -l <$store/journal.jsonl)

broken() {
	expect_exit 5 "$1" postigo-admin journal verify
	like 'the line is named' "$stderr" "line $2 "
	like 'with a way out' "$stderr" 'backup'
	put_back
}
sed -i '3s/two@/owt@/' $store/journal.jsonl
broken 'a changed byte' 4
sed -i "${lines}s/\"op\":\"undo\"/\"op\":\"odnu\"/" $store/journal.jsonl
broken 'a changed byte in the last line' "$lines"
sed -i 3d $store/journal.jsonl
broken 'a removed line' 3
sed -i "$((lines - 1)),\$d" $store/journal.jsonl
broken 'a removed tail' "$((lines - 1))"
sed -i '2{h;d};3{G}' $store/journal.jsonl
broken 'two lines exchanged' 2
: >$store/journal.jsonl
broken 'an empty journal' 1
rm $store/journal.head
expect_exit 5 'no head' postigo-admin journal verify
put_back
sed -i 's/two@elsewhere/owt@elsewhere/' $store/aliases.json
expect_exit 5 'a store that the journal does not know' postigo-admin journal verify
like 'as such' "$stderr" 'alias store'
put_back
expect_exit 0 'and whole again' postigo-admin journal verify
expect_exit 77 'a member does not read it' as ana /usr/local/sbin/postigo-admin history
expect_exit 77 'nor undoes' as ana /usr/local/sbin/postigo-admin undo h-2
done_testing
