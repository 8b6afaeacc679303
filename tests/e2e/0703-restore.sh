#!/bin/bash
# 0703: going back to a backup, over a store that is in order, edited, cut, or gone. Cases A58 (what an administrator does then), A61.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

state=/var/lib/postigo
store=$state/store

generation() {
	head -n 1 $store/aliases.json | sed 's/.*"generation":\([0-9]*\).*/\1/'
}

entries() {
	sed 1d $store/aliases.json
}

in_status() {
	run as "$1" postigo status --json
	echo "$(json .state "$stdout_file") $(json '.destinations[0]' "$stdout_file" 2>/dev/null)"
}

# The other alias is always there, so that losing the store would show.
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 0 'no backup yet' postigo-admin backup list --json
is 'is an empty list' "$stdout" '[]'
expect_exit 0 'ana' postigo-admin member add ana one@elsewhere.example
expect_exit 0 'beto' postigo-admin member add beto beto@elsewhere.example
expect_exit 0 'carla' postigo-admin member add carla carla@elsewhere.example
kept=$(entries)
sleep 1
expect_exit 0 'ana changes' postigo-admin member set ana --to two@elsewhere.example
expect_exit 0 'beto goes' postigo-admin member revoke beto --reason left
expect_exit 0 'm1 comes' postigo-admin member add m1 m1@elsewhere.example
expect_exit 0 'the backups' postigo-admin backup list --json
is_json 'newest first' "$stdout_file" '[0].generation' 5
is_json 'down to the empty one' "$stdout_file" '[5].generation' 0

# Over health
expect_exit 64 'without a terminal it wants --yes' postigo-admin restore 3
like 'and says so' "$stderr" 'restore 3 --yes'
like 'after the difference' "$stdout" '~ ana  two@elsewhere.example -> one@elsewhere.example'
like 'what comes back' "$stdout" '\+ beto  beto@elsewhere.example'
like 'what goes' "$stdout" '- m1  m1@elsewhere.example'
unlike 'and not what stays' "$stdout" 'carla'
is 'nothing was done' "$(generation)" 6
expect_exit 0 'a dry run' postigo-admin restore 3 --dry-run --json
is_json 'has the difference' "$stdout_file" '.difference#' 3
is_json 'with the signs' "$stdout_file" '.difference[2].sign' -
is_json 'and changes nothing' "$stdout_file" .changed false
printf 'n\n' >"$scratch/no"
input=$scratch/no run as_terminal root /usr/local/sbin/postigo-admin restore 3
is 'no at the prompt' "$status" 24
is 'nothing was done' "$(generation)" 6
expect_exit 0 'yes' postigo-admin restore 3 --yes --json
is_json 'changes three' "$stdout_file" '.results#' 3
is_json 'as restored' "$stdout_file" '.results[0].outcome' restored
is 'it is a new generation' "$(generation)" 7
is 'with the old entries' "$(entries)" "$kept"
is 'the map follows' "$(postmap -q ana@club.example "lmdb:$postfix_map")" one@elsewhere.example
not_ok 'in all three' postmap -q m1@club.example "lmdb:$postfix_map"
is 'the status of who changed' "$(in_status ana)" 'active one@elsewhere.example'
is 'of who came back' "$(in_status beto)" 'active beto@elsewhere.example'
is 'of who went' "$(in_status m1)" 'none '
expect_exit 0 'the history' postigo-admin history --limit 3 --json
is_json 'has an event each' "$stdout_file" '[2].op' restore
is_json 'for the right member' "$stdout_file" '[2].user' ana
is_json 'with the backup' "$stdout_file" '[2].reason' 'backup 3'
expect_exit 0 'one of them' postigo-admin undo "$(json '[2].id' "$stdout_file")"
is 'can be undone' "$(in_status ana)" 'active two@elsewhere.example'
expect_exit 0 'the newest backup' postigo-admin restore 7 --yes --json
is_json 'takes the undo back' "$stdout_file" '.difference[0].user' ana
expect_exit 0 'the journal is whole' postigo-admin journal verify
expect_exit 0 'back to three' postigo-admin restore 3 --yes
expect_exit 0 'once more' postigo-admin restore 3 --yes --json
is_json 'is nothing to do' "$stdout_file" .changed false

# Wrong ways
expect_exit 1 'no such backup' postigo-admin restore 77 --yes
like 'says where to look' "$stderr" 'backup list'
for generation in x -1 '' 1x; do
	expect_exit 64 "\"$generation\"" postigo-admin restore --yes -- "$generation"
done
cp $store/backup/aliases.4.json "$scratch/4"
printf '{"format":1' >$store/backup/aliases.4.json.new
mv $store/backup/aliases.4.json.new $store/backup/aliases.4.json
expect_exit 5 'a damaged backup' postigo-admin restore 4 --yes
expect_exit 0 'is not in the list' postigo-admin backup list --plain
unlike 'any more' "$stdout" $'(^|\n)4\t'
expect_exit 77 'a member restores nothing' as ana /usr/local/sbin/postigo-admin restore 3 --yes

# Over damage
cp -a $state "$scratch/state"
put_back() {
	find $state -mindepth 1 -delete
	cp -a "$scratch/state/." $state/
}

# damaged TITLE EXPECTED-FROM-DIGEST: every other command refuses, restore does not
damaged() {
	local digest=$2 after
	expect_exit 5 "$1: another command refuses" postigo-admin member suspend ana
	like "$1: and names the way" "$stderr" 'postigo-admin restore'
	expect_exit 5 "$1: sync refuses" postigo-admin sync
	expect_exit 0 "$1: the difference" postigo-admin restore 5 --dry-run --json
	is_json "$1: is against a damaged store" "$stdout_file" .damaged true
	expect_exit 0 "$1: restore" postigo-admin restore 5 --yes --json
	is_json "$1: changed" "$stdout_file" .changed true
	after=$(entries)
	is "$1: the backup is the store" "$after" "$(sed 1d $store/backup/aliases.5.json)"
	tail -n 1 $store/journal.jsonl >"$scratch/event"
	is_json "$1: the journal has the event" "$scratch/event" .op restore
	is_json "$1: over what stood there" "$scratch/event" .from "$digest"
	is_json "$1: behind the line before" "$scratch/event" .prev "$(sed '$d' $store/journal.jsonl | tail -n 1 | tr -d '\n' | sha256sum | cut -d' ' -f1)"
	expect_exit 0 "$1: the journal is whole" postigo-admin journal verify
	is "$1: the status of ana" "$(in_status ana)" 'active two@elsewhere.example'
	is "$1: the status of beto" "$(in_status beto)" 'none '
	is "$1: the map" "$(postmap -q ana@club.example "lmdb:$postfix_map")" two@elsewhere.example
	expect_exit 0 "$1: the next command works" postigo-admin member suspend carla
	is "$1: from then on the journal has one event each" "$(tail -n 1 $store/journal.jsonl | grep -c '"op":"suspend"')" 1
	put_back
}
digest_of() {
	sha256sum $store/aliases.json | cut -d' ' -f1
}

sed -i 's/one@elsewhere/evil@elsewhere/' $store/aliases.json
damaged 'edited by hand' "$(digest_of)"
truncate -s 300 $store/aliases.json
damaged 'cut' "$(digest_of)"
: >$store/aliases.json
expect_exit 5 'empty' postigo-admin member suspend ana
expect_exit 0 'restores too' postigo-admin restore 5 --yes
put_back
rm $store/aliases.json
damaged 'missing' "$(printf '0%.0s' {1..64})"
head -c 2000 /dev/urandom >$store/aliases.json
damaged 'noise' "$(digest_of)"

# What can still be read of it is what the difference is against; the damaged file is kept.
truncate -s -20 $store/aliases.json
expect_exit 0 'all but the last entry can be read' postigo-admin restore 3 --dry-run
unlike 'so it differs not in ana' "$stdout" ' ana '
like 'but in the last' "$stdout" '\+ carla'
expect_exit 0 'restore' postigo-admin restore 3 --yes
is 'the damaged file is kept' "$(find $state/work/quarantine -name '*aliases.json' | wc -l)" 1
put_back
# A journal that is damaged too is beyond a restore.
: >$store/aliases.json
sed -i '2s/ana/ann/' $store/journal.jsonl
sed -i '$d' $store/journal.jsonl
expect_exit 5 'no journal, no restore' postigo-admin restore 3 --yes
like 'which is said' "$stderr" 'journal'
done_testing
