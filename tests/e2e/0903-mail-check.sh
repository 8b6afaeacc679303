#!/bin/bash
# 0903: destinations without a mail server are marked, never refused; DNS that is away marks nothing.
# shellcheck disable=SC2154,SC2317,SC2001,SC2012 # stdout and status are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

zone=$scratch/zone
questions=$scratch/questions

# ask USER DESTINATION: files a request without passing the member's courtesy checks.
ask() {
	printf 'op set\nuser %s\nto %s\n' "$1" "$2" >"$scratch/wire"
	chmod 0644 "$scratch/wire"
	input=$scratch/wire as "$1" /usr/local/libexec/postigo/postigo-drop submit alias
}

# codes USER: of the checks in the last pending --plain.
codes() {
	printf '%s\n' "$stdout" | awk -F '\t' -v user="$1" '$2 == user { print $7 }'
}

asked() {
	grep -c "^$1 " "$questions"
}

cat >"$zone" <<'ZONE'
good.example MX 10 mx.good.example
mx.good.example A 192.0.2.1
address.example A 192.0.2.2
six.example AAAA 2001:db8::1
null.example MX 0 .
bare.example TXT nothing
silent.example SILENT
broken.example BROKEN
gmail.com MX 10 mx.good.example
ZONE

expect_exit 0 'setup' postigo-admin setup --domain club.example
ok 'ana asks' ask ana ana@good.example
ok 'beto asks' ask beto beto@null.example
ok 'carla asks' ask carla carla@gone.example
ok 'm1 asks' ask m1 m1@address.example
ok 'm2 asks' ask m2 m2@six.example
ok 'm3 asks' ask m3 m3@bare.example
ok 'm4 asks' ask m4 m4@gmial.com
ok 'm5 asks' ask m5 m5@GONE.example

# No name server at all
expect_exit 0 'without a name server' timeout 10 postigo-admin pending --plain
is 'nothing is marked' "$(codes carla)" ok

"$support/dns" "$zone" >"$questions" &
ok 'a name server' wait_until 5 grep -q ready "$questions"

expect_exit 0 'with one' postigo-admin pending --plain
is 'MX: good' "$(codes ana)" ok
is 'null MX: none' "$(codes beto)" no-mx
is 'no such domain: none' "$(codes carla)" no-mx
is 'an address alone: good' "$(codes m1)" ok
is 'an IPv6 address alone: good' "$(codes m2)" ok
is 'neither MX nor address: none' "$(codes m3)" no-mx
is 'a slip: none' "$(codes m4)" no-mx
is 'each domain is asked once' "$(asked gone.example)" 1
is 'and nothing but the question' "$(grep -c 'example.club' "$questions")" 0
expect_exit 0 'show' postigo-admin show m4
like 'names the domain that was meant' "$stdout" 'gmial\.com has no mail server \(did they mean gmail\.com\?\)'
expect_exit 0 'show another' postigo-admin show carla
unlike 'guesses nothing' "$stdout" 'did they mean'
expect_exit 0 'show as JSON' postigo-admin show carla --json
is_json 'has the check' "$stdout_file" '.checks[0].code' no-mx
is_json 'which does not block' "$stdout_file" '.checks[0].blocks' false
printf 'n\n' >"$scratch/no"
input=$scratch/no run as_terminal root /usr/local/sbin/postigo-admin approve carla
like 'approve shows it before it asks' "$stdout" 'no-mx: gone.example has no mail server'
id=$(postigo-admin show carla --json | json .id)
: >"$questions"
expect_exit 0 'it warns and does not refuse' postigo-admin approve "$id" --no-sync
is 'and deciding asks nobody' "$(cat "$questions")" ''

# Silence and failure
ok 'm6 asks' ask m6 m6@silent.example
ok 'm7 asks' ask m7 m7@broken.example
began=$(date +%s%N)
expect_exit 0 'a silent server' postigo-admin pending --plain
took=$((($(date +%s%N) - began) / 1000000))
is 'marks nothing' "$(codes m6)" ok
is 'nor does a broken one' "$(codes m7)" ok
is 'while the others are known' "$(codes beto)" no-mx
ok "within the time limit ($took ms)" test $took -lt 3600

# Two hundred requests, most of them to domains of their own that never answer
for ((number = 8; number <= 200; number++)); do
	echo "d$number.example SILENT" >>"$zone"
	ask "m$number" "m$number@d$number.example"
done
began=$(date +%s%N)
expect_exit 0 'two hundred silent domains' postigo-admin pending --plain
took=$((($(date +%s%N) - began) / 1000000))
is 'hide no answer' "$(codes beto)" no-mx
ok "and take no longer than one ($took ms)" test $took -lt 3900

# Settings
setting() {
	install -d /etc/postigo/conf.d
	echo "{\"policy\": {$1}}" >/etc/postigo/conf.d/50-test.json
}
setting '"mx_timeout": "1s"'
began=$(date +%s%N)
expect_exit 0 'a shorter limit' postigo-admin pending --plain
took=$((($(date +%s%N) - began) / 1000000))
ok "holds ($took ms)" test $took -lt 1900
setting '"check_mx": false'
: >"$questions"
expect_exit 0 'switched off' postigo-admin pending --plain
is 'nothing is asked' "$(grep -c . "$questions")" 0
is 'nothing is marked' "$(codes beto)" ok
printf 'null.example MX 5 mx.good.example\n' >"$scratch/other"
"$support/dns" "$scratch/other" 5353 >"$scratch/others" &
ok 'another name server' wait_until 5 grep -q ready "$scratch/others"
setting '"mx_servers": ["127.0.0.1:5353"]'
expect_exit 0 'another server' postigo-admin pending --plain
is 'is asked instead' "$(codes beto)" ok
is 'and says otherwise' "$(codes ana)" no-mx
setting '"mx_servers": ["dns.example"]'
expect_exit 4 'a name is no address of a server' postigo-admin pending
like 'it names the setting' "$stderr" 'policy.mx_servers'

kill %1 %2
done_testing
