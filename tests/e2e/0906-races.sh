#!/bin/bash
# 0906: cycles leave nothing, locks of a member hurt nobody, a descriptor kept open changes nothing, cancel and approve have
# one winner. Cases A38, A39, A43, A44. The number of cycles is the first argument.
# timeout: 600
# shellcheck disable=SC2154,SC2016,SC2317,SC2012 # stdout and status are set by run; words for another shell
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

cycles=${1:-2000}
queue=/var/lib/postigo/queue/new
helper=/usr/local/libexec/postigo/postigo-drop

pending_id() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example

# ---- A38
usage() {
	find /var/lib/postigo -printf '%y %s %b %p\n' | sort | sha256sum
	df --output=iused,used /var/lib | tail -1
}
printf 'op set\nuser ana\nto ana@elsewhere.example\n' >"$scratch/wire"
chmod 0644 "$scratch/wire"
loop='for ((i = 0; i < $1; i++)); do "$2" submit alias <"$3" && "$2" withdraw alias || exit; done'
ok 'one cycle' as ana bash -c "$loop" bash 1 $helper "$scratch/wire"
before=$(usage)
ok "$cycles cycles of asking and withdrawing" as ana bash -c "$loop" bash "$cycles" $helper "$scratch/wire"
is 'leave inodes and bytes as they were' "$(usage)" "$before"

# ---- A39
for user in ana beto; do
	as $user postigo request $user@elsewhere.example >/dev/null
	ok "$user gets an alias" postigo-admin approve "$(pending_id $user)"
done
cat >"$scratch/hold" <<'PYTHON'
import fcntl, os, sys, time
kept = 0
held = []
paths = ["/var/lib/postigo/status/20001.json", "/var/lib/postigo/status/live.json", "/usr/local/bin/postigo",
    "/usr/local/sbin/postigo-admin", "/usr/local/libexec/postigo/postigo-drop"]
for top in ("/etc/postigo", "/etc/postfix", "/var/lib/postigo", "/usr/local"):
    for directory, _, names in os.walk(top):
        paths += [directory] + [os.path.join(directory, name) for name in names]
for path in sorted(set(paths)):
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        continue
    held.append(descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        pass
    kept += path.startswith("/var/lib/postigo/status/")
print("holding", kept, flush=True)
time.sleep(60)
PYTHON
chmod 0644 "$scratch/hold"
as ana python3 "$scratch/hold" >"$scratch/held" 2>&1 &
holder=$!
ok 'ana locks whatever she can open' wait_until 10 grep -q holding "$scratch/held"
is 'her own status and the public one among it' "$(cat "$scratch/held")" 'holding 2'
ok 'carla asks' as carla postigo request carla@elsewhere.example
ok 'ana asks' as ana postigo change ana@other.example
expect_exit 0 'approving carla' timeout 5 postigo-admin approve "$(pending_id carla)"
expect_exit 0 'approving ana herself' timeout 5 postigo-admin approve "$(pending_id ana)"
like 'with the sync' "$stdout" 'sync: 0 added, 1 changed'
expect_exit 0 'a sync' timeout 5 postigo-admin sync
expect_exit 0 'and what ana sees' as ana postigo status --json
is_json 'is new' "$stdout_file" '.destinations[0]' ana@other.example
kill $holder
wait $holder 2>/dev/null

# ---- A43: a broken helper keeps its own file open and writes after the claim
gid=$(getent group postigo-drop | cut -d: -f3)
cat >"$scratch/writer" <<'PYTHON'
import os, sys
path, go, done = sys.argv[1:4]
data = sys.stdin.buffer.read()
descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
os.write(descriptor, data)
os.fsync(descriptor)
open(done, "w").write("1")
open(go).read()
os.pwrite(descriptor, data.replace(b"shown@", b"trap1@"), 0)
open(done, "w").write("2")
PYTHON
ok 'm1 asks' as m1 postigo request shown@elsewhere.example
cp $queue/20101.alias.json "$scratch/request"
ok 'and withdraws' as m1 postigo cancel
late() {
	rm -f "$scratch/go" "$scratch/done"
	mkfifo -m 0666 "$scratch/go"
	install -m 0666 /dev/null "$scratch/done"
	setpriv --reuid 20101 --regid "$gid" --clear-groups python3 "$scratch/writer" $queue/20101.alias.json \
		"$scratch/go" "$scratch/done" <"$scratch/request" &
	wait_until 5 grep -q 1 "$scratch/done"
}
late
id=$(pending_id m1)
like 'the file is a request' "$id" '^20101-'
ok 'it is approved' postigo-admin approve "$id" --no-sync
echo >"$scratch/go"
ok 'the broken helper writes now' wait_until 5 grep -q 2 "$scratch/done"
expect_exit 0 'the store' postigo-admin member show m1
like 'has what was shown' "$stdout" 'shown@elsewhere.example'
archived=$(find /var/lib/postigo/work/archive -name "$id.json")
like 'and so has the archive' "$(cat "$archived")" 'shown@elsewhere.example'
is 'in a file of root' "$(stat -c %U "$archived")" root
is 'nowhere is the other one' "$(grep -rl trap1@ /var/lib/postigo)" ''
late
id=$(pending_id m1)
echo >"$scratch/go"
ok 'when it writes between showing and deciding' wait_until 5 grep -q 2 "$scratch/done"
expect_exit 28 'nothing is approved' postigo-admin approve "$id" --no-sync
rm -f $queue/20101.alias.json

# ---- A44
wins=0
losses=0
odd=
for ((number = 2; number <= 101; number++)); do
	as m$number postigo request m$number@elsewhere.example >/dev/null
	id=$(pending_id m$number)
	{
		sleep 0.00$((number % 7))
		as m$number $helper withdraw alias 2>/dev/null
		echo $? >"$scratch/cancel"
	} &
	sleep 0.00$((number / 7 % 10))
	postigo-admin approve "$id" --no-sync >/dev/null 2>&1
	approved=$?
	wait $!
	case $approved:$(cat "$scratch/cancel") in
	0:20) wins=$((wins + 1)) ;;
	20:0) losses=$((losses + 1)) ;;
	*) odd+=" m$number:$approved:$(cat "$scratch/cancel")" ;;
	esac
done
is 'each race has one winner' "$odd" ''
is 'in a hundred rounds' $((wins + losses)) 100
diag "approved: $wins, withdrawn: $losses"
is 'nothing waits' "$(ls $queue)" ''
is 'nothing is claimed' "$(ls /var/lib/postigo/work/claimed)" ''
is 'the store has the approved ones' "$(postigo-admin member list --plain | grep -c '^m')" $((wins + 1))
done_testing
