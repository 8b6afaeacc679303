#!/bin/bash
# 0606: a store that cannot be vouched for stops every writer and every sync, and says which backups are good. Case A58 from outside, and the cut journal of A59.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

store=/var/lib/postigo/store
ok 'Postfix starts' postfix_start lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
for user in ana beto carla; do
	as $user postigo request $user@elsewhere.example >/dev/null
	postigo-admin approve "$(postigo-admin pending --plain | cut -f1)" >/dev/null
done
expect_exit 0 'one more waits' as m1 postigo request m1@elsewhere.example
id=$(postigo-admin pending --plain | cut -f1)
expect_exit 0 'generation three is live' postigo-admin sync --check
cp -a $store "$scratch/good"

restore() {
	rm -rf $store
	cp -a "$scratch/good" $store
}

# stopped TITLE: nothing may write, nothing may sync, and the live map stays.
stopped() {
	expect_exit 5 "$1: approve stops" postigo-admin approve "$id"
	like "$1: and says what to do" "$stderr" 'restore [0-9]|backup|chown root'
	expect_exit 5 "$1: reject stops" postigo-admin reject "$id" --reason no
	expect_exit 5 "$1: revoke stops" postigo-admin member revoke ana --reason no
	expect_exit 5 "$1: sync stops" postigo-admin sync
	expect_exit 5 "$1: gc stops" postigo-admin gc
	expect_exit 5 "$1: even a list does not pretend" postigo-admin member list
	is "$1: the request still waits" "$(ls /var/lib/postigo/queue/new)" 20101.alias.json
	like "$1: mail flows on" "$(smtp_rcpt ana@club.example)" '^250 '
	restore
	expect_exit 0 "$1: put right, all is well" postigo-admin sync --check
}

rm $store/aliases.json
stopped 'missing'
: >$store/aliases.json
stopped 'empty'
truncate -s -10 $store/aliases.json
stopped 'cut off'
sed -i 's/beto@elsewhere/evil@elsewhere/' $store/aliases.json
stopped 'one word edited'
sed -i '/^"beto"/d' $store/aliases.json
stopped 'one line removed'
# shellcheck disable=SC2012
cp $store/backup/"$(ls $store/backup | sort | head -n 1)" $store/aliases.json
stopped 'the oldest put back'
# shellcheck disable=SC2012
cp $store/backup/"$(ls -v $store/backup | tail -n 1)" $store/aliases.json
stopped 'the last before put back'
echo '{}' >$store/aliases.json
stopped 'an empty object'
chmod 0666 $store/aliases.json
stopped 'writable by everybody'
chown ana $store/aliases.json
stopped 'of a member'
ln -sf "$scratch/good/aliases.json" $store/aliases.json
stopped 'a link'
truncate -s -5 $store/journal.jsonl
stopped 'the journal cut'
sed -i '$d' $store/journal.jsonl
stopped 'the last line of the journal gone'
sed -i '$s/"op":"approve"/"op":"revoke"/' $store/journal.jsonl
stopped 'the last line of the journal edited'
rm $store/journal.jsonl
stopped 'the journal gone'
rm $store/journal.head
stopped 'the head gone'

# What only looks different is no damage.
/usr/bin/python3 -I -m json.tool $store/aliases.json >"$scratch/pretty"
cat "$scratch/pretty" >$store/aliases.json
expect_exit 0 'a store that was only re-indented is taken' postigo-admin member list --plain
is 'whole' "$(wc -l <"$stdout_file")" 3
expect_exit 0 'and written back in form by the next change' postigo-admin approve "$id"
is 'one entry a line' "$(wc -l <$store/aliases.json)" 6
expect_exit 0 'setup does not touch a store that is there' postigo-admin setup
done_testing
