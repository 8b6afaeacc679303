#!/bin/bash
# 0605: case A52. What the grammar takes, Postfix expands to exactly that one recipient, byte for byte; what it refuses is refused by the member's tool, by the helper alone, and
# by the administrator's side when somebody lays it into the queue by hand.
# timeout: 400
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

helper=/usr/local/libexec/postigo/postigo-drop
queue=/var/lib/postigo/queue/new

label63=$(printf 'a%.0s' {1..63})
local64=$(printf 'l%.0s' {1..64})
accepted=()
for byte in {a..z} {A..Z} {0..9} _ + = '~' "'"; do
	accepted+=("x${byte}y@far.example")
done
for byte in a Z 0 _ + = '~' "'"; do
	accepted+=("$byte@far.example" "${byte}x@far.example" "x$byte@far.example")
done
accepted+=(a-b@far.example a-@far.example a.b.c@far.example "$local64@far.example" "a@$label63.example" a@b.c.d.e.far.example
	a@xn--municpio-g2a.example a@1.example a@far.e1 a@9far.example a@FAR.example A.b@Far.Example a@a-b.example
	"$(printf 'l%.0s' {1..55})@$label63.$label63.$label63.far") # 55 + 1 + 195 bytes

refused=("a,b@far.example" "a@far.example,b@far.example" "a@far.example b@far.example" "a@far.example, b@far.example"
	':include:/etc/passwd' '/etc/passwd' '|/bin/id' '"|/bin/id"' 'a@far.example,|/bin/id' 'Name <a@far.example>' 'a@far.example (c)'
	'<a@far.example>' '@a:b@far.example' '@far.example' 'a@' root '' ' ' 'a@b@far.example' 'a@@far.example' 'grp: a@far.example;'
	'a..b@far.example' '.a@far.example' 'a.@far.example' '-oX@far.example' '"a b"@far.example' 'a\b@far.example' '\a@far.example'
	'a@far..example' 'a@.far.example' 'a@far.example.' 'a@-far.example' 'a@far-.example' 'a@far' 'a@localhost' 'a@x.localhost'
	'a@127.0.0.1' 'a@[127.0.0.1]' 'a@far.123' 'a@x.local' 'a@x.invalid' 'a@x.internal' 'a@x.arpa' 'a@x.onion' 'a@fa_r.example'
	"l$local64@far.example" "a@a$label63.example" "$local64@$label63.$label63.$label63.far.example" 'a%b@far.example' 'a!b@far.example'
	'a/b@far.example' 'a:b@far.example' 'a;b@far.example' 'a#b@far.example' 'a$b@far.example' 'a&b@far.example' 'a*b@far.example'
	'a?b@far.example' 'a^b@far.example' 'a{b@far.example' 'a}b@far.example' 'a`b@far.example' 'a(b@far.example' 'a)b@far.example'
	'a[b@far.example' 'a]b@far.example' 'a<b@far.example' 'a>b@far.example' 'a"b@far.example' 'josé@far.example' $'a\tb@far.example'
	$'a@far.example\n' $'a\r@far.example' $'a\x01@far.example' $'a\x7f@far.example' $'a@far.exam\xffple' 'a@club.example' 'a@sub.club.example')

ok 'Postfix is configured' postfix_configure hash
# Whatever is not at home here is thrown away, and the log says who it was for.
printf 'default_transport = discard\nrelay_transport = discard\nappend_dot_mydomain = no\n' >>/etc/postfix/main.cf
touch -d '1 minute ago' /etc/postfix/main.cf
ok 'Postfix starts' postfix_start
expect_exit 0 'setup' postigo-admin setup --domain club.example

number=0
for address in "${accepted[@]}"; do
	number=$((number + 1))
	run as m$number postigo request "$address"
	[ "$status" -eq 0 ] || fail "taken: $address"
done
is 'everything that is good is taken' "$(find $queue -type f | wc -l)" ${#accepted[@]}
# shellcheck disable=SC2046
expect_exit 0 'and approved' postigo-admin approve $(postigo-admin pending --plain | cut -f1) --json
is_json 'at once' "$stdout_file" '.sync.rows.added' ${#accepted[@]}

number=0
for address in "${accepted[@]}"; do
	number=$((number + 1))
	domain=${address##*@}
	expected[number]=${address%@*}@${domain,,}
	echo "m$number@club.example"
done >"$scratch/keys"
number=0
while IFS=$'\t' read -r key value; do
	number=$((number + 1))
	if [ "$key $value" != "m$number@club.example ${expected[number]}" ]; then
		fail "the map gives back what went in: ${expected[number]} (got $key $value)"
	fi
done < <(postmap -q - hash:$postfix_map <"$scratch/keys")
is 'the map gives back what went in' $number ${#accepted[@]}

/usr/bin/python3 -I - "$scratch/keys" <<'PYTHON'
import smtplib, sys
client = smtplib.SMTP("127.0.0.1", 25, local_hostname="client.example", timeout=20)
for key in open(sys.argv[1]).read().split():
    client.sendmail("sender@elsewhere.example", [key], "Subject: x\r\n\r\nx\r\n")
client.quit()
PYTHON
# shellcheck disable=SC2317 # called by wait_until
all_sent() {
	[ "$(grep -c 'postfix/discard.* status=sent' "$postfix_log")" -ge ${#accepted[@]} ]
}
ok 'Postfix delivers a message to each' wait_until 30 all_sent
wrong=0
for ((number = 1; number <= ${#accepted[@]}; number++)); do
	got=$(grep "orig_to=<m$number@club.example>" $postfix_log | sed 's/.* to=<\(.*\)>, orig_to=.*/\1/')
	[ "$got" = "${expected[number]}" ] || {
		wrong=$((wrong + 1))
		diag "m$number: ${expected[number]} became: $got"
	}
done
is 'to exactly that one recipient' $wrong 0

before=$(find $queue -type f | wc -l)
for address in "${refused[@]}"; do
	shown=$(printf '%q' "$address")
	run as ana postigo request -- "$address"
	is "refused: ${shown:0:50}" "$status" 10
	# Which domain is ours the helper does not know: it reads no configuration.
	[[ $address != *club.example ]] || continue
	printf 'op set\nuser ana\nto %s\n' "$address" >"$scratch/wire"
	input=$scratch/wire run as ana $helper submit alias
	is 'by the helper alone too' "$status" 10
done
is 'nothing of it came into the queue' "$(find $queue -type f | wc -l)" "$before"

gid=$(getent group postigo-drop | cut -d: -f3)
approved=0
for address in "${refused[@]}"; do
	/usr/bin/python3 -I -c '
import json, os, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(20001); os.umask(0o077)
record = {"format": 1, "kind": "alias", "op": "set", "nonce": "0" * 32, "uid": 20001, "username": "ana", "destinations": [os.fsencode(sys.argv[3]).decode("utf-8", "replace")],
          "keep_copy": False, "note": "", "lang": "en", "created_at": "2026-05-19T23:55:18Z", "tool": "postigo-drop/1.0.0"}
open(sys.argv[1], "w").write(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")' $queue/20001.alias.json "$gid" "$address"
	run postigo-admin approve "$(postigo-admin pending --plain | cut -f1)" --no-sync
	[ "$status" -ne 0 ] || {
		approved=$((approved + 1))
		diag "approved: $address"
	}
	rm -f $queue/20001.alias.json
done
is "laid into the queue by hand, none of ${#refused[@]} is approved" $approved 0
not_ok 'ana has nothing' postigo-admin member show ana
done_testing
