#!/bin/bash
# The harness itself: what the other tests rely on, and that nothing of it stays on the host.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"

marker=86399.75

host_processes() {
	pgrep -f "sleep $marker" | wc -l
}

# First run, on the host: run ourselves in the namespaces, then look what is left.
if [ ! -e /run/postigo-tests ]; then
	mounts=$(sort /proc/self/mounts)
	places='/home /var/mail /var/lib /var/spool /etc /usr/local /run/postigo-tests'
	# shellcheck disable=SC2086
	before=$(ls -A $places 2>&1)
	output=$("$support/namespace" tests/e2e/0001-harness.sh)
	inner=$?
	grep -v '^1\.\.[1-9]' <<<"$output"
	case $output in
	1..0*) exit 0 ;;
	esac
	tests_run=$(grep -cE '^(not )?ok ' <<<"$output")
	tests_failed=$(grep -c '^not ok ' <<<"$output")
	is 'the inner run ended as planned' "$inner" 0
	is 'no mount is left on the host' "$(sort /proc/self/mounts)" "$mounts"
	is 'no process is left on the host' "$(host_processes)" 0
	# shellcheck disable=SC2086
	is 'no file is left on the host' "$(ls -A $places 2>&1)" "$before"
	done_testing
fi

in_namespace

is 'ana is a member' "$(id -Gn ana)" 'users members'
is 'm200 has her number' "$(id -u m200)" 20300
is 'op is no member' "$(id -Gn op)" users
is 'a home belongs to its user' "$(mode_of /home/beto)" '755 beto:users'
is 'a command runs as its user' "$(as ana id -u)" 20001
is 'with the groups of a login' "$(as ana id -Gn)" 'users members'
is 'without root capabilities' "$(as ana grep CapEff /proc/self/status | tr -d '\t')" \
	'CapEff:0000000000000000'
not_ok 'without a controlling terminal' as ana sh -c ': >/dev/tty'
ok 'and with one on demand' as_terminal ana sh -c 'test -t 0 && : >/dev/tty'
printf 'yes\n' >"$scratch/typed"
input=$scratch/typed run as_terminal ana sh -c 'read -r answer; echo "answer=$answer"'
like 'which can be typed at' "$stdout" 'answer=yes'
expect_exit 7 'an exit code comes through a terminal' as_terminal ana sh -c 'exit 7'

# Set-group-ID works on the scratch file systems, for it is what the helper is about.
cp /usr/bin/id /usr/local/bin/id-of-mail
chgrp mail /usr/local/bin/id-of-mail
chmod 2755 /usr/local/bin/id-of-mail
is 'the setgid bit takes effect' "$(as ana /usr/local/bin/id-of-mail -g)" 8
is 'and leaves the real group' "$(as ana /usr/local/bin/id-of-mail -rg)" 100

not_ok 'the project is read-only' touch "$support/written"
not_ok 'the host is read-only' touch /usr/written
is 'only the loopback is there' "$(ip -o link | grep -vc ': lo:')" 0

printf '{"rows": [{"address": "ana@club.example"}], "live": true}' >"$scratch/value"
is_json 'a string of a JSON file' "$scratch/value" '.rows[0].address' ana@club.example
is_json 'a truth of a JSON file' "$scratch/value" .live true
is_json 'a length in a JSON file' "$scratch/value" '.rows#' 1
not_ok 'a value that is not there' json .nothing "$scratch/value"

echo 'ana@club.example ana@elsewhere.example' >$postfix_map
ok 'Postfix starts' postfix_start lmdb
like 'an alias is accepted' "$(smtp_rcpt ana@club.example)" '^250 '
like 'an unknown one is refused' "$(smtp_rcpt nobody@club.example)" '^550 5\.1\.1 '
like 'no relay is open' "$(smtp_rcpt x@foreign.example)" '^554 '
ok 'a message is taken' smtp_send beto@elsewhere.example ana@club.example 'through the window'
message=$(wait_for_mail ana)
like 'and arrives' "$(cat "$message")" 'Subject: through the window'
like 'for its destination' "$(cat "$message")" 'Delivered-To: ana@elsewhere.example'
like 'which was the alias' "$(cat "$message")" 'X-Original-To: ana@club.example'
echo 'beto@club.example beto@elsewhere.example' >>$postfix_map
postmap lmdb:$postfix_map
like 'a new alias is live in the next session' "$(smtp_rcpt beto@club.example)" '^250 '
is 'without a reload' "$(postfix_reloads)" 0
postfix reload 2>/dev/null
wait_until 5 grep -q 'reload' $postfix_log
is 'and a reload is counted' "$(postfix_reloads)" 1
printf 'Subject: local\n\nHello.\n' >"$scratch/letter"
input=$scratch/letter ok 'sendmail takes a letter of a member' as beto /usr/sbin/sendmail carla
ok 'and carla reads it' wait_until 10 grep -q 'Subject: local' /var/mail/carla

sleep $marker &
setsid sleep $marker &
done_testing
