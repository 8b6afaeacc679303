#!/bin/bash
# 0910: double opt-in. An approved destination gets a token by mail through a real Postfix, and only the member who hands it back has the alias; a wrong one, an
# expired one, another member's and one of a request that was replaced are worth nothing; what is live stays live meanwhile. Case A77.
# timeout: 600
# shellcheck disable=SC2317 # functions that others call
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"
export ASAN_OPTIONS=detect_leaks=0 # nobody can look for leaks while another traces
fault=$BUILD/tests/support/fault
confirm=$state/work/confirm

# policy NAME VALUE...: on top of what all of this needs.
policy() {
	local more=
	while [ $# -gt 0 ]; do
		more+=", \"$1\": $2"
		shift 2
	done
	echo "{\"policy\": {\"confirm_destination\": true, \"check_mx\": false, \"cooldown_after_reject\": 0$more}}" >/etc/postigo/conf.d/test.json
}

id_of() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user && $3 == "set" { print $1 }'
}

# asks USER DESTINATION...: and an administrator approves.
asks() {
	as "$1" postigo request --replace "${@:2}" >/dev/null && postigo-admin approve "$(id_of "$1")" >"$scratch/approved"
}

# token USER COUNT: from the newest of COUNT messages to USER@elsewhere.example.
token() {
	sed -n 's/^    postigo confirm \([0-9a-f]*\)$/\1/p' "$(wait_for_mail "$1" "$2")"
}

live() {
	postmap -q "$1@club.example" "lmdb:$map"
}

ok 'Postfix starts' postfix_start lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
policy
postigo-admin member add m200 m200@elsewhere.example >/dev/null

# ---------------------------------------------------------------- ask, approve, confirm
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
expect_exit 0 'housekeeping runs' postigo-admin gc
sleep 1
is 'nobody is written to because a member asked' "$(mail_files ana)" ''
expect_exit 20 'there is nothing to confirm before there is a request' as beto postigo confirm 00112233445566778899aabbccddeeff
expect_exit 0 'an administrator approves' postigo-admin approve "$(id_of ana)" --json
is_json 'and is told that it waits' "$stdout_file" '.results[0].outcome' awaiting-confirmation
is 'nothing is live' "$(live ana)" ''
like 'Postfix refuses the address' "$(smtp_rcpt ana@club.example)" '^550 '
letter=$(wait_for_mail ana)
like 'the destination has a message' "$(cat "$letter")" 'Mail to ana@club.example shall be forwarded to this address'
like 'that says who it is for' "$(cat "$letter")" 'Delivered-To: ana@elsewhere.example'
like 'with the empty sender' "$(cat "$letter")" 'Return-Path: <>'
first=$(token ana 1)
like 'and a token' "$first" '^[0-9a-f]{32}$'
is 'which nobody can read on the server' "$(grep -rl "$first" /var/lib/postigo /etc/postigo)" ''
is 'what is kept is root'\''s' "$(mode_of $confirm/20001.json)" '600 root:root'
expect_exit 0 'ana looks' as_terminal ana postigo status
like 'and is told' "$stdout" 'postigo confirm TOKEN'
expect_exit 0 'the administrator looks' postigo-admin pending --json
is_json 'and sees what it waits for' "$stdout_file" '[0].checks[0].code' unconfirmed

expect_exit 64 'what has not the shape of a token is told at once' as ana postigo confirm 1234
expect_exit 0 'a wrong token is taken' as ana postigo confirm 00112233445566778899aabbccddeeff
expect_exit 0 'housekeeping' postigo-admin gc --json
is_json 'refuses it' "$stdout_file" '.results[0].outcome' refused
expect_exit 0 'ana looks' as ana postigo status --json
is_json 'and reads why' "$stdout_file" .last_decision.reason 'wrong token'
is 'nothing is live' "$(live ana)" ''

ok 'beto has one awaited too' asks beto beto@elsewhere.example
second=$(token beto 1)
expect_exit 0 'he hands ana'\''s in' as beto postigo confirm "$first"
expect_exit 0 'an administrator looks' postigo-admin pending --json
like 'and sees what it is worth' "$stdout" 'wrong token'
run postigo-admin approve "$(postigo-admin pending --plain | awk -F '\t' '$3 == "confirm" { print $1 }')"
is 'cannot force it' "$status" 10
ok 'housekeeping' postigo-admin gc
is 'neither is live' "$(live ana)$(live beto)" ''

expect_exit 0 'ana hands hers in' as ana postigo confirm "$first"
expect_exit 0 'housekeeping' postigo-admin gc --json
is_json 'takes it' "$stdout_file" '.results[0].outcome' confirmed
is_json 'grants what it was for' "$stdout_file" '.results[1].outcome' approved
is 'it is live' "$(live ana)" ana@elsewhere.example
like 'for Postfix too' "$(smtp_rcpt ana@club.example)" '^250 '
is 'nothing is awaited of her any more' "$(ls $confirm)" 20002.json
is 'beto still waits' "$(live beto)" ''
expect_exit 20 'a token is good once' as ana postigo confirm "$first"
expect_exit 0 'beto hands his own in' as beto postigo confirm "$second"
ok 'housekeeping' postigo-admin gc
is 'and he is live' "$(live beto)" beto@elsewhere.example

# ---------------------------------------------------------------- another destination
ok 'ana wishes another destination, which is approved' asks ana op@elsewhere.example
is 'the old one is live' "$(live ana)" ana@elsewhere.example
ok 'housekeeping' postigo-admin gc
is 'and stays it' "$(live ana)" ana@elsewhere.example
third=$(token op 1)
expect_exit 0 'she changes her mind' as ana postigo change --replace rd@elsewhere.example
expect_exit 0 'and hands in the token of the request that was replaced' as ana postigo confirm "$third"
ok 'housekeeping' postigo-admin gc
is 'which grants nothing' "$(live ana)" ana@elsewhere.example
expect_exit 0 'she withdraws' as ana postigo cancel

# ---------------------------------------------------------------- time
ok 'she asks once more' asks ana op@elsewhere.example
old=$(token op 2)
expect_exit 0 'she waits too long' as ana postigo confirm "$old"
expect_exit 0 'housekeeping four days later' later +4d postigo-admin gc --json
is_json 'refuses the token' "$stdout_file" '.results[0].outcome' refused
expect_exit 0 'ana looks' as ana postigo status --json
is_json 'and reads why' "$stdout_file" .last_decision.reason 'token expired'
expect_exit 0 'approving again' postigo-admin approve "$(id_of ana)"
new=$(token op 3)
isnt 'mails another token' "$new" "$old"
expect_exit 0 'the old one' as ana postigo confirm "$old"
ok 'housekeeping' postigo-admin gc
is 'is worth nothing' "$(live ana)" ana@elsewhere.example
expect_exit 0 'the new one' as ana postigo confirm "$new"
ok 'housekeeping' postigo-admin gc
is 'is' "$(live ana)" op@elsewhere.example

# ---------------------------------------------------------------- several destinations, one of them known
policy max_destinations 3
ok 'three destinations' asks ana op@elsewhere.example m1@elsewhere.example m2@elsewhere.example
expect_exit 0 'one is confirmed' as ana postigo confirm "$(token m1 1)"
ok 'housekeeping' postigo-admin gc
is 'that is not enough' "$(live ana)" op@elsewhere.example
expect_exit 0 'the other, too' as ana postigo confirm "$(token m2 1)"
ok 'housekeeping' postigo-admin gc
is 'now it is' "$(live ana)" 'op@elsewhere.example, m1@elsewhere.example, m2@elsewhere.example'
is 'the one that was there was not asked again' "$(mail_files op | wc -l)" 3
ok 'fewer of the same' asks ana m1@elsewhere.example
is 'need no confirmation' "$(live ana)" m1@elsewhere.example

# ---------------------------------------------------------------- what is kept, damaged
ok 'one more is awaited' asks m4 m4@elsewhere.example
old=$(token m4 1)
echo '{"format":1' >$confirm/20104.json
ok 'a damaged file hides no request' postigo-admin pending
as m4 postigo confirm "$old" >/dev/null
ok 'housekeeping' postigo-admin gc
is 'it confirms nothing' "$(live m4)" ''
ok 'approving again' postigo-admin approve "$(id_of m4)"
as m4 postigo confirm "$(token m4 2)" >/dev/null
ok 'housekeeping' postigo-admin gc
is 'begins anew' "$(live m4)" m4@elsewhere.example

# ---------------------------------------------------------------- mail that does not go out
policy sendmail '"/bin/false"'
as carla postigo request carla@elsewhere.example >/dev/null
expect_exit 21 'a token that cannot be mailed is told' postigo-admin approve "$(id_of carla)"
like 'with what to do' "$stderr" 'approve the request again'
isnt 'the request waits on' "$(id_of carla)" ''
install -m 0777 /bin/true /usr/local/sbin/anybodys
policy sendmail '"/usr/local/sbin/anybodys"'
expect_exit 4 'a command that others may write is not run' postigo-admin approve "$(id_of carla)"
policy
ok 'with the mail system back it is approved again' postigo-admin approve "$(id_of carla)"
expect_exit 0 'and confirmed' as carla postigo confirm "$(token carla 1)"

# ---------------------------------------------------------------- killed
keep() {
	rm -rf "$scratch/before"
	cp -a $state "$scratch/before"
}
restore() {
	find $state -mindepth 1 -delete
	cp -a "$scratch/before/." $state/
}
# sweep TITLE COMMAND...: killed before every call that changes a file; whatever was done, what follows grants the request.
sweep() {
	local title=$1 bad='' stop=0 status=137
	shift
	keep
	while [ $status -eq 137 ]; do
		stop=$((stop + 1))
		restore
		"$fault" kill@changes $stop "$@" >/dev/null 2>&1
		status=$?
		finish >"$scratch/finish" 2>&1
		[ "$(postigo-admin member show "$who" --plain 2>/dev/null | awk -F '\t' '$1 == "destination" { print $2 }')" = $who@elsewhere.example ] || { bad+=" $stop"; cp "$scratch/finish" "$scratch/finished"; }
		postigo-admin journal verify --quiet || bad+=" $stop:journal"
		[ -z "$(id_of $who)$(ls $state/work/claimed)" ] || bad+=" $stop:left"
	done
	is "$title: without a kill it ends well" $status 0
	is "$title: killed at any of $((stop - 1)) changes, it can go on" "$bad" '' || diag "$(cat "$scratch/finished")"
}
who=carla
finish() {
	postigo-admin gc --no-sync
}
sweep 'the grant' postigo-admin gc --no-sync
restore
who=m3
as m3 postigo request m3@elsewhere.example >/dev/null
policy sendmail '"/usr/local/sbin/letterbox"'
install -m 0755 /dev/stdin /usr/local/sbin/letterbox <<SENDMAIL
#!/bin/sh
exec cat >$scratch/letter
SENDMAIL
finish() {
	postigo-admin gc --no-sync # a claimed request is back in the queue after the next writing command
	postigo-admin approve "$(id_of m3)" --no-sync
	as m3 postigo confirm "$(sed -n 's/^    postigo confirm //p' "$scratch/letter")"
	postigo-admin gc --no-sync
}
sweep 'the approval' postigo-admin approve "$(id_of m3)" --no-sync
policy
ok 'all is live' postigo-admin sync
expect_exit 0 'the journal is whole' postigo-admin journal verify
is_clean 'and nothing is found wrong'
expect_exit 0 'history tells of it' postigo-admin history ana --plain
like 'in these words' "$stdout" 'await-confirmation'
done_testing
