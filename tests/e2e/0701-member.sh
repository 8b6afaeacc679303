#!/bin/bash
# 0701: add, set, suspend, resume, revoke, expire: after each of them store, journal, status and live map say the same. Cases A08, A104 (contents).
# timeout: 300
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

store=/var/lib/postigo/store

# What the four places say of a member: "STATE DESTINATION", "none" for no alias.
in_store() {
	run postigo-admin member show "$1" --json
	if [ "$status" -eq 0 ]; then
		echo "$(json .state "$stdout_file") $(json '.destinations[0]' "$stdout_file")"
	else
		echo none
	fi
}

in_status() {
	run as "$1" postigo status --json
	if [ "$(json .state "$stdout_file")" = none ]; then
		echo none
	else
		echo "$(json .state "$stdout_file") $(json '.destinations[0]' "$stdout_file")"
	fi
}

in_map() {
	postmap -q "$1@club.example" "lmdb:$postfix_map" || echo absent
}

last_event() {
	tail -n 1 $store/journal.jsonl >"$scratch/event"
	json "$1" "$scratch/event"
}

# agree TITLE USER STATE-AND-DESTINATION MAP OP
agree() {
	is "$1: the store" "$(in_store "$2")" "$3"
	is "$1: the status of the member" "$(in_status "$2")" "$3"
	is "$1: the live map" "$(in_map "$2")" "$4"
	is "$1: the journal's op" "$(last_event .op)" "$5"
	is "$1: the journal's member" "$(last_event .username)" "$2"
	is "$1: the journal's actor has a login uid" "$(last_event .actor.loginuid 2>/dev/null || echo -1)" "$login_uid"
}

login_uid=$(cat /proc/self/loginuid 2>/dev/null || echo -1)
[ "$login_uid" != 4294967295 ] || login_uid=-1
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example

# add
expect_exit 0 'an alias without a request' postigo-admin member add ana Ana@Elsewhere.example --note guest --json
is_json 'it changed something' "$stdout_file" .changed true
is_json 'as an addition' "$stdout_file" '.results[0].outcome' added
is_json 'and is live' "$stdout_file" .sync.rows.added 1
agree added ana 'active Ana@elsewhere.example' Ana@elsewhere.example add
is 'the journal has no before' "$(last_event .before 2>/dev/null || echo none)" none
is 'and the entry after' "$(last_event .after.source)" admin
expect_exit 0 'the note' postigo-admin member show ana --json
is_json 'is kept' "$stdout_file" .note guest
is_json 'the source is named' "$stdout_file" .source admin
expect_exit 0 'the member' as ana postigo status
like 'reads of it' "$stdout" 'added'
unlike 'and not the note' "$stdout" guest
expect_exit 2 'a second one is refused' postigo-admin member add ana other@elsewhere.example
like 'with what to type' "$stderr" 'member set ana'

# set
expect_exit 0 'another destination' postigo-admin member set ana --to new@elsewhere.example --json
is_json 'changed' "$stdout_file" '.results[0].outcome' changed
agree set ana 'active new@elsewhere.example' new@elsewhere.example set
is 'the journal has the entry before' "$(last_event '.before.destinations[0]')" Ana@elsewhere.example
generation=$(head -n 1 $store/aliases.json)
lines=$(wc -l <$store/journal.jsonl)
expect_exit 0 'the same again' postigo-admin member set ana --to new@ELSEWHERE.example --json
is_json 'is no change' "$stdout_file" .changed false
is_json 'and says so' "$stdout_file" '.results[0].outcome' unchanged
expect_exit 0 'nothing at all' postigo-admin member set ana --json
is_json 'is no change either' "$stdout_file" .changed false
is 'no generation was made' "$(head -n 1 $store/aliases.json)" "$generation"
is 'and no event' "$(wc -l <$store/journal.jsonl)" "$lines"

# suspend, resume
expect_exit 0 'suspend' postigo-admin member suspend ana --reason 'your mailbox bounces' --json
is_json 'takes the row away' "$stdout_file" .sync.rows.removed 1
agree suspended ana 'suspended new@elsewhere.example' absent suspend
is 'the journal has the reason' "$(last_event .reason)" 'your mailbox bounces'
expect_exit 0 'the member' as ana postigo status
like 'reads the reason' "$stdout" 'your mailbox bounces'
expect_exit 0 'suspending again' postigo-admin member suspend ana --json
is_json 'changes nothing' "$stdout_file" .changed false
expect_exit 0 'resume' postigo-admin member resume ana --json
agree resumed ana 'active new@elsewhere.example' new@elsewhere.example resume
expect_exit 0 'resuming again' postigo-admin member resume ana --json
is_json 'changes nothing either' "$stdout_file" .changed false

# expire
expect_exit 0 'an end in three seconds' postigo-admin member set ana --expires 3s
expect_exit 0 'nothing has expired yet' postigo-admin expire --json
is_json 'so nothing changes' "$stdout_file" .changed false
expect_exit 0 'beto has another end' postigo-admin member add beto beto@elsewhere.example --expires 3s
sleep 4
expect_exit 0 'a dry run' postigo-admin expire --dry-run --json
is_json 'tells who' "$stdout_file" '.results[0].user' ana
is_json 'and changes nothing' "$stdout_file" .changed false
is 'the map still has it' "$(in_map ana)" new@elsewhere.example
lines=$(wc -l <$store/journal.jsonl)
expect_exit 0 'expire' postigo-admin expire --json
is_json 'takes both' "$stdout_file" '.results#' 2
is_json 'in one sync' "$stdout_file" .sync.rows.removed 2
is_json 'and one generation' "$stdout_file" '.results[0].generation' "$(json '.results[1].generation' "$stdout_file")"
is 'with an event each' "$(($(wc -l <$store/journal.jsonl) - lines))" 2
agree expired beto 'suspended beto@elsewhere.example' absent expire
is 'the first of the two has its status too' "$(in_status ana)" 'suspended new@elsewhere.example'
expect_exit 10 'what has expired is not resumed' postigo-admin member resume ana
like 'but says how' "$stderr" 'member set ana --no-expires'
expect_exit 0 'without an end' postigo-admin member set ana --no-expires
expect_exit 0 'it is' postigo-admin member resume ana
agree 'resumed after expiry' ana 'active new@elsewhere.example' new@elsewhere.example resume

# times
expect_exit 0 'a day' postigo-admin member set ana --expires 2090-01-31
expect_exit 0 'means its end' postigo-admin member show ana --json
is_json 'in UTC' "$stdout_file" .expires_at 2090-01-31T23:59:59Z
expect_exit 0 'a moment' postigo-admin member set ana --expires 2090-01-31T12:00:00Z
expect_exit 0 'the member' as ana postigo status --json
is_json 'sees it' "$stdout_file" .expires_at 2090-01-31T12:00:00Z
for time in 2090-02-30 2001-01-01 30 -1d tomorrow '' 2090-01-31T12:00:00+01:00 999999999y; do
	expect_exit 64 "\"$time\" is no end" postigo-admin member set ana "--expires=$time"
done
like 'and the error shows the forms' "$stderr" '2027-01-31'
expect_exit 64 'an end and none' postigo-admin member set ana --expires 1d --no-expires
expect_exit 64 'a copy and none' postigo-admin member set ana --keep-copy --no-keep-copy

# revoke
expect_exit 0 'revoke' postigo-admin member revoke ana --reason 'left the club'
agree revoked ana none absent revoke
is 'the journal has the entry before' "$(last_event '.before.destinations[0]')" new@elsewhere.example
is 'and none after' "$(last_event .after 2>/dev/null || echo none)" none
expect_exit 0 'the member' as ana postigo status
like 'reads why' "$stdout" 'left the club'
expect_exit 0 'the journal is whole' postigo-admin journal verify

# keep_copy reaches the member, so that asking for what is there already is no request
printf '{"domain":"club.example","policy":{"keep_copy":true}}\n' >/etc/postigo/postigo.json
expect_exit 0 'carla keeps a copy' postigo-admin member add carla carla@elsewhere.example --keep-copy
like 'in the map' "$(in_map carla)" 'carla@club.example'
expect_exit 0 'asking for the same' as carla postigo request carla@elsewhere.example --keep-copy
is 'is no request' "$(ls /var/lib/postigo/queue/new)" ''
expect_exit 0 'asking for it without the copy' as carla postigo request carla@elsewhere.example
is 'is one' "$(ls /var/lib/postigo/queue/new)" 20003.alias.json

# wrong ways
expect_exit 1 'no such account' postigo-admin member add nobody-here x@elsewhere.example
expect_exit 10 'no member' postigo-admin member add op x@elsewhere.example
like 'with the reason' "$stderr" 'not in group members'
expect_exit 10 'a system account' postigo-admin member add daemon x@elsewhere.example
expect_exit 10 'a destination in the own domain' postigo-admin member add m1 m2@club.example
expect_exit 10 'the alias itself' postigo-admin member add m1 m1@club.example
expect_exit 10 'no address' postigo-admin member add m1 m1
expect_exit 10 'a pipe' postigo-admin member add m1 '|cat@elsewhere.example'
expect_exit 10 'too many' postigo-admin member add m1 a@x.example b@x.example
expect_exit 10 'far too many' postigo-admin member add m1 {a,b,c,d,e,f}@x.example
expect_exit 10 'the same twice' postigo-admin member set carla --to a@x.example --to A@X.example
expect_exit 64 'a note over the limit' postigo-admin member set carla --note "$(printf 'x%.0s' {1..501})"
expect_exit 64 'a note with an escape' postigo-admin member set carla --note $'a\033[2J'
expect_exit 64 'a reason with a newline' postigo-admin member suspend carla --reason $'a\nb'
expect_exit 64 'no destination' postigo-admin member add m1
for verb in set suspend resume; do
	expect_exit 1 "$verb of what is not there" postigo-admin member $verb m2
	like 'says where to look' "$stderr" 'member list'
	expect_exit 77 "$verb by a member" as ana /usr/local/sbin/postigo-admin member $verb ana
done
is 'none of this left an alias' "$(in_store m1)" none
done_testing
