#!/bin/bash
# timeout: 300
# 0609: somebody with the queue's group swaps their file for a link to a stranger's, without pause, while the administrator looks and decides: nothing foreign is
# ever shown or granted, and every open in the queue refuses links. Case A25.
# shellcheck disable=SC2154,SC2016 # stdout and stderr are set by run; words for another shell
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new
looks=${SWEEP:+1000}
looks=${looks:-250}
decisions=${SWEEP:+200}
decisions=${decisions:-50}
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 0 'beto asks' as beto postigo request victim@elsewhere.example
gid=$(getent group postigo-drop | cut -d: -f3)

# Two baits: a request of root's making that names ana, and the file of beto, who is a stranger to it.
printf '{"format":1,"kind":"alias","op":"set","nonce":"00112233445566778899aabbccddeeff","uid":20001,"username":"ana","destinations":["%s"],"keep_copy":false,"note":"","lang":"en","created_at":"2026-05-19T23:55:18Z","tool":"postigo-drop/1.0.0"}\n' \
	ana@elsewhere.example >"$scratch/mine"
sed 's/ana@elsewhere/foreign@elsewhere/' "$scratch/mine" >/etc/postigo/foreign.json
chmod 0644 "$scratch/mine" /etc/postigo/foreign.json
cat >"$scratch/swap" <<'PYTHON'
import os, sys
queue, mine, targets = sys.argv[1], open(sys.argv[2], "rb").read(), sys.argv[3:]
os.chdir(queue)
os.umask(0o077)
turn = 0
while True:
    turn += 1
    try:
        if turn % 2:
            descriptor = os.open("../tmp/swap", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, mine)
            os.close(descriptor)
        else:
            os.symlink(targets[turn // 2 % len(targets)], "../tmp/swap")
        os.rename("../tmp/swap", "20001.alias.json")
    except OSError:
        try:
            os.unlink("../tmp/swap")
        except OSError:
            pass
PYTHON
setpriv --reuid 20001 --regid "$gid" --clear-groups /usr/bin/python3 -I "$scratch/swap" $queue "$scratch/mine" \
	/etc/postigo/foreign.json $queue/20002.alias.json /etc/shadow &
swapper=$!
wait_until 5 test -e $queue/20001.alias.json

shown=0
failed=0
for ((look = 0; look < looks; look++)); do
	timeout 5 postigo-admin pending --json >"$scratch/pending" 2>/dev/null || failed=$((failed + 1))
	grep -q 'foreign@\|root:' "$scratch/pending" && shown=$((shown + 1))
	[ "$(grep -c 'victim@' "$scratch/pending")" -eq 1 ] || shown=$((shown + 1))
done
is "looked at $looks times: the list is given" $failed 0
is 'and shows nothing but what is in the queue' $shown 0

granted=0
foreign=0
# Sooner or later one is: what swaps the files is sometimes too fast for all of them.
for ((decision = 0; decision < decisions || (granted == 0 && decision < 20 * decisions); decision++)); do
	id=$(postigo-admin pending --plain 2>/dev/null | awk -F '\t' '$2 == "ana" { print $1 }')
	[ -n "$id" ] || continue
	timeout 10 postigo-admin approve "$id" --no-sync >/dev/null 2>&1 && granted=$((granted + 1))
	postigo-admin member list --plain | grep -q 'foreign@\|^ana.*victim@' && foreign=$((foreign + 1))
done
is "decided on $decision times: nothing foreign is granted" $foreign 0
isnt 'some of what was shown was granted' $granted 0
ok "beto's request is untouched" test -f $queue/20002.alias.json

if command -v strace >/dev/null; then
	strace -f -y -e trace=openat,open,openat2 -o "$scratch/trace" postigo-admin pending >/dev/null 2>&1
	id=$(postigo-admin pending --plain 2>/dev/null | awk -F '\t' '$2 == "ana" { print $1 }')
	strace -f -y -e trace=openat,open,openat2 -o "$scratch/more" postigo-admin approve "${id:-20001-00000000000000000000000000000000}" --no-sync >/dev/null 2>&1
	grep -hE '"[0-9]+\.alias\.json"|<[^>]*/(new|claimed)>, "[^"]*\.json"' "$scratch/trace" "$scratch/more" >"$scratch/opens"
	isnt 'traced: requests are opened' "$(wc -l <"$scratch/opens")" 0
	is 'never through a link' "$(grep -v 'O_NOFOLLOW' "$scratch/opens")" ''
else
	skip 'how requests are opened' 'no strace'
fi
kill $swapper
wait $swapper 2>/dev/null
rm -f $queue/20001.alias.json
expect_exit 0 'housekeeping afterwards' postigo-admin gc
expect_exit 0 'and the journal is whole' postigo-admin journal verify
done_testing
