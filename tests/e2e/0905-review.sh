#!/bin/bash
# 0905: review: one key a request, exactly what was shown, one sync, a terminal that stays whole.
# shellcheck disable=SC2154,SC2317,SC2001,SC2012 # stdout and status are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new
keys='(a)pprove (r)eject (d)etails (s)kip (q)uit?'

# review STEP...: with this dialogue.
review() {
	printf '%s\n' "$@" >"$scratch/steps"
	run "$support/dialogue" "$scratch/steps" /usr/local/sbin/postigo-admin review
}

ok 'Postfix starts' postfix_start lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 64 'without a terminal' postigo-admin review
like 'it says what to use' "$stderr" 'postigo-admin approve ID'
expect_exit 64 'nor for a machine' as_terminal root /usr/local/sbin/postigo-admin review --json
review
is 'nothing to do is no failure' "$status" 0
like 'and is said' "$stdout" 'Nothing is pending'

for user in ana beto carla m1 m2 m3; do
	as $user postigo request $user@elsewhere.example --note "from $user" >/dev/null
	sleep 0.01
done
review 'expect [1/6] ana' "expect $keys" 'send z' 'send a' \
	'expect approved  ana@club.example' 'expect [2/6] beto' "expect $keys" 'send d' \
	'expect received' "expect $keys" 'send r' \
	'expect Reason, shown to beto [not approved]:' 'send \r' 'expect rejected  beto@club.example' \
	'expect [3/6] carla' "expect $keys" 'send r' 'expect [not approved]:' 'send use your own address\r' \
	'expect rejected  carla' 'expect [4/6] m1' "expect $keys" 'send s' \
	'expect [5/6] m2' "expect $keys" 'run setpriv --reuid m2 --regid users --clear-groups /usr/local/bin/postigo request trap@elsewhere.example --replace' \
	'send a' 'expect changed meanwhile' 'expect [6/6] m3' "expect $keys" 'send q' 'expect 1 approved, 2 rejected, 1 changed meanwhile, 2 left'
is 'a whole review' "$status" 0
like 'one sync' "$stdout" 'sync: 1 added'
is 'and only one' "$(grep -c 'sync:' <<<"$stdout")" 1
like 'the terminal is as before' "$stdout" 'modes: restored'
like 'the details have the id' "$stdout" '20002-[0-9a-f]{32}'
like 'the note is shown' "$stdout" 'note: from ana'
is 'what was not decided waits' "$(ls $queue | tr '\n' ' ')" '20101.alias.json 20102.alias.json 20103.alias.json '
expect_exit 0 'the store' postigo-admin member list --plain
is 'has one alias' "$(wc -l <"$stdout_file")" 1
like 'that of ana is live' "$(smtp_rcpt ana@club.example)" '^250 '
expect_exit 0 'beto reads why' as beto postigo status
like 'the default' "$stdout" 'not approved'
expect_exit 0 'carla reads why' as carla postigo status
like 'what was typed' "$stdout" 'use your own address'

# Every way out leaves the terminal whole and what was decided live
review 'expect [1/3] m1' "expect $keys" 'send a' 'expect approved' 'expect [2/3]' "expect $keys" 'send \x03' 'expect 1 approved'
is 'Ctrl-C' "$status" 130
like 'the terminal is as before' "$stdout" 'modes: restored'
like 'what was decided is live' "$(smtp_rcpt m1@club.example)" '^250 '
for signal in SIGINT SIGTERM SIGHUP SIGQUIT; do
	review 'expect [1/2]' "expect $keys" "signal $signal" 'expect 0 approved'
	is "$signal" "$status" 130
	like 'the terminal is as before' "$stdout" 'modes: restored'
done
review 'expect [1/2]' "expect $keys" 'send r' 'expect Reason' 'send \x03' 'expect 0 approved'
is 'Ctrl-C at the reason' "$status" 130
like 'the terminal is as before' "$stdout" 'modes: restored'
review 'expect [1/2]' "expect $keys" 'send \x04' 'expect 0 approved'
is 'Ctrl-D is quitting' "$status" 0
is 'nothing was decided by that' "$(ls $queue | wc -l)" 2

# Somebody else decides meanwhile; no lock is held while a key is awaited
review 'expect [1/2]' "expect $keys" 'send s' 'expect [2/2]' "expect $keys" \
	"run timeout 5 /usr/local/sbin/postigo-admin pending --plain" \
	"run timeout 5 /usr/local/sbin/postigo-admin $(postigo-admin pending --plain | awk -F '\t' 'NR == 2 { print "approve " $1 }') --no-sync" \
	'send a' 'expect withdrawn meanwhile' 'expect 0 approved'
is 'deciding goes on beside a review' "$status" 0

# Keys typed before the question answer nothing
ok 'm5 asks' as m5 postigo request m5@elsewhere.example
review 'expect [1/2]' "expect $keys" 'send saaaaa' 'expect [2/2]' "expect $keys" 'send q' 'expect 0 approved'
is 'keys typed ahead decide nothing' "$status" 0

# A refusal goes on
ok 'm4 asks' as m4 postigo request m4@elsewhere.example
sed -i 's/,m5,/,/' /etc/group
review 'expect [1/3]' "expect $keys" 'send s' 'expect [2/3] m5' 'expect obstacle: ineligible' "expect $keys" 'send a' \
	'expect cannot approve' 'expect [3/3] m4' "expect $keys" 'send a' 'expect approved' 'expect 1 approved'
is 'the code of the first failure' "$status" 10
like 'the later one is live' "$(smtp_rcpt m4@club.example)" '^250 '
done_testing
