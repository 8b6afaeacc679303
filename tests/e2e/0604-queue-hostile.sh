#!/bin/bash
# 0604: what somebody who gained the queue group can lay into the queue, and what the administrator's side makes of it. Cases A21, A22, A23, A24, A54 and the
# forged part of A55.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new
quarantine=/var/lib/postigo/work/quarantine

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
gid=$(getent group postigo-drop | cut -d: -f3)

# hostile UID COMMAND...: a process of that member that holds the queue group, as a broken helper would.
hostile() {
	local uid=$1
	shift
	setpriv --reuid "$uid" --regid "$gid" --clear-groups --inh-caps=-all "$@" </dev/null
}

# json UID NAME: a well-formed request file.
request() {
	printf '{"format":1,"kind":"alias","op":"set","nonce":"%s","uid":%s,"username":"%s","destinations":["%s"],"keep_copy":false,"note":"","lang":"en","created_at":"2026-05-19T23:55:18Z","tool":"postigo-drop/1.0.0"}\n' \
		00112233445566778899aabbccddeeff "$1" "$2" "${3:-evil@elsewhere.example}"
}

# lay UID NAME TEXT: that member's process writes the file as the helper would.
lay() {
	# shellcheck disable=SC2016
	hostile "$1" sh -c 'umask 077; printf %s "$2" >'"$queue"'/"$1"' sh "$2" "$3"
}

expect_exit 0 'beto, who has nothing to do with it, asks' as beto postigo request beto@elsewhere.example

# A21: the slot of ana, filled by carla
lay 20003 20001.alias.json "$(request 20001 ana)"
expect_exit 0 'pending lives with it' postigo-admin pending --json
like 'and says whose file it is' "$stdout" 'Q02'
like 'beto is still there' "$stdout" 'beto@elsewhere.example'
id=$(json '[0].id' "$stdout_file")
isnt 'looking moved nothing' "$(ls $queue)" ''
run postigo-admin approve "20001-00000000000000000000000000000000"
isnt 'it cannot be approved' "$status" 0
expect_exit 0 'housekeeping' postigo-admin gc --json
is 'sets it aside' "$(ls $queue)" '20002.alias.json'
is 'with its reason beside it' "$(find $quarantine -name '*.why.json' | wc -l)" 1
like 'which names the case' "$(cat $quarantine/*.why.json)" 'Q02'
expect_exit 0 'ana herself can ask afterwards' as ana postigo request ana@elsewhere.example
expect_exit 0 'and withdraw' as ana postigo cancel

# A22: a file of carla that claims to be ana's
lay 20003 20003.alias.json "$(request 20001 ana)"
expect_exit 0 'pending' postigo-admin pending --json
like 'sees through it' "$stdout" 'Q10'
expect_exit 0 'housekeeping' postigo-admin gc
is 'sets it aside too' "$(ls $queue)" '20002.alias.json'
not_ok 'nothing of ana came of it' test -e /var/lib/postigo/status/20001.json
lay 20003 20003.alias.json "$(request 20003 ana)"
expect_exit 0 'a name that is not the account' postigo-admin pending --json
like 'is marked' "$stdout" 'account-changed|Q12'
run postigo-admin approve "$(json '[1].id' "$stdout_file")"
is 'and not approved' "$status" 10
not_ok 'but set aside' test -e $queue/20003.alias.json

# A23: things that are no files
hostile 20003 ln -s /etc/shadow $queue/20003.alias.json
hostile 20003 mkfifo $queue/20003.alias-state.json
hostile 20003 ln -s $queue/20002.alias.json $queue/20001.alias.json
hostile 20003 ln -s /nonexistent $queue/20101.alias.json
hostile 20003 mkdir -p $queue/20102.alias.json/child
mknod $queue/20103.alias.json c 1 3
hostile 20003 /usr/bin/python3 -I -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' $queue/20104.alias.json
hostile 20003 sh -c "umask 077; echo x >$queue/no-request"
ok 'pending does not block on any of it' timeout 5 postigo-admin pending --json
run postigo-admin pending --json
unlike 'shows nothing of what they point to' "$stdout" 'root:'
is_json 'and lists them all' "$stdout_file" '#' 9
id=$(postigo-admin pending --plain | awk -F '\t' '$2 == "beto" { print $1 }')
expect_exit 0 'beto can be decided on among them' postigo-admin approve "$id" --no-sync
ok 'housekeeping does not block either' timeout 10 postigo-admin gc --no-sync
is 'and leaves what may still be half made' "$(ls -A $queue)" no-request
expect_exit 0 'two minutes later' later +2m postigo-admin gc --no-sync
is 'and leaves an empty queue' "$(ls -A $queue)" ''
is 'each has its reason' "$(find $quarantine -name '*.why.json' | wc -l)" 11
ok 'the child of the directory is still there' test -n "$(find $quarantine -name child)"
is 'nothing was deleted' "$(find $quarantine -mindepth 1 -maxdepth 1 ! -name '*.why.json' | wc -l)" 11

# A24: a second link
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
hostile 20001 ln $queue/20001.alias.json $queue/20001.alias-state.json
expect_exit 0 'pending' postigo-admin pending --json
like 'sees two names' "$stdout" 'unsettled|Q04'
run postigo-admin approve ana --yes
isnt 'it cannot be approved' "$status" 0
expect_exit 0 'housekeeping' postigo-admin gc --no-sync
is 'leaves a young one alone' "$(find $queue -type f | wc -l)" 2
expect_exit 0 'two minutes later' later +2m postigo-admin gc --no-sync
is 'it is set aside' "$(ls -A $queue)" ''

# A54: sizes. 4096 bytes are the most that is read; one more, and nothing in it counts.
# padded UID NAME BYTES: a well-formed request of exactly this size.
padded() {
	local text
	text=$(request "$1" "$2" "$2@elsewhere.example")
	printf '{%*s%s\n' $(($3 - ${#text} - 1)) '' "${text#?}"
}
lay 20001 20001.alias.json ''
lay 20002 20002.alias.json 'x'
lay 20003 20003.alias.json '{}'
# shellcheck disable=SC2016
padded 20104 m4 4096 | setpriv --reuid 20104 --regid "$gid" --clear-groups sh -c 'umask 077; cat >"$1"' sh $queue/20104.alias.json
# shellcheck disable=SC2016
padded 20105 m5 4097 | setpriv --reuid 20105 --regid "$gid" --clear-groups sh -c 'umask 077; cat >"$1"' sh $queue/20105.alias.json
is 'sizes are as meant' "$(stat -c %s $queue/20104.alias.json $queue/20105.alias.json | tr '\n' ' ')" '4096 4097 '
hostile 20102 sh -c "umask 077; truncate -s 1G $queue/20102.alias.json"
hostile 20103 sh -c "umask 077; head -c 10000000 /dev/zero >$queue/20103.alias.json"
if [ -n "${SANITIZE:-}" ]; then
	skip 'a gigabyte of nothing does not need memory' 'a sanitizer needs much more memory itself'
else
	run /usr/bin/python3 -I -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 32768)' postigo-admin pending --json
	is 'a gigabyte of nothing does not need memory' "$stdout" True
fi
expect_exit 0 'pending' postigo-admin pending --json
is_json 'lists all seven' "$stdout_file" '#' 7
expect_exit 0 'two minutes later' later +2m postigo-admin pending --json
cp "$stdout_file" "$scratch/pending"
is 'each with what is wrong, but for the one of 4096 bytes' "$(/usr/bin/python3 -I -c 'import json, sys
print(*sorted(str(row["uid"]) + "=" + (",".join(check["code"] for check in row["checks"]) or "good") for row in json.load(sys.stdin)))' <"$scratch/pending")" \
	'20001=Q05 20002=Q05 20003=Q08 20102=Q05 20103=Q05 20104=good 20105=Q05'
id=$(postigo-admin pending --plain | awk -F '\t' '$2 == "m4" { print $1 }')
expect_exit 0 'that one can be approved' postigo-admin approve "$id" --no-sync
rm -f $queue/*

# A55, the part that goes through the queue: JSON that lax parsers take
number=0
while IFS= read -r text; do
	number=$((number + 1))
	lay 20001 20001.alias.json "$text"
	postigo-admin pending --json >"$scratch/pending"
	like "refused: ${text:0:60}" "$(cat "$scratch/pending")" '"Q0[6-9]"|"destination"|"Q1[01]"|unsettled'
	run postigo-admin approve "$(json '[0].id' "$scratch/pending")"
	isnt 'and not approved' "$status" 0
	rm -f $queue/*
done <<CASES
$(request 20001 ana | sed 's/"uid":20001/"uid":20001,"uid":20001/')
$(request 20001 ana | sed 's/"uid":20001/"uid":020001/')
$(request 20001 ana | sed 's/"uid":20001/"uid":20001.0/')
$(request 20001 ana | sed 's/"uid":20001/"UID":20001/')
$(request 20001 ana)x
$(request 20001 ana | sed 's/"note":""/"note":"a\\u0000b"/')
$(request 20001 ana | sed "s/\"note\":\"\"/\"note\":\"a$(printf '\t')b\"/")
$(request 20001 ana | sed "s/\"note\":\"\"/\"note\":\"$(printf '\xff\xfe')\"/")
$(request 20001 ana | sed 's/"note":""/"note":"","admin":true/')
$(request 20001 ana | sed 's/"format":1/"format":0/')
$(request 20001 ana | sed 's/"format":1/"format":"1"/')
$(request 20001 ana | sed 's/"op":"set"/"op":"grant"/')
$(request 20001 ana | sed 's/\["evil@elsewhere.example"\]/[]/')
$(request 20001 ana | sed 's/\["evil@elsewhere.example"\]/"evil@elsewhere.example"/')
$(request 20001 ana 'a@elsewhere.example, b@elsewhere.example')
$(request 20001 ana ':include:/etc/passwd')
$(request 20001 root)
[[[[[[[[[[1]]]]]]]]]]
CASES
done_testing
