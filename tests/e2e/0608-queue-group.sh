#!/bin/bash
# 0608: more of what somebody who gained the queue's group can try: floods of names, leases and locks on their own request, content that flips while it is read, hard
# links into other slots, junk in the staging directory; an id that is nearly right; a reader of the store who locks it. Others ask and are decided on all the
# while. Cases A17 to A19 (staging), A24, A39, A43, A44.
# timeout: 600
# shellcheck disable=SC2317 # functions that others call
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

queue=$state/queue/new
staging=$state/queue/tmp
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
gid=$(getent group postigo-drop | cut -d: -f3)

# hostile UID COMMAND...: a process of that member that holds the queue group, as a broken helper would. start_hostile: in the background.
hostile() {
	setpriv --reuid "$1" --regid "$gid" --clear-groups --inh-caps=-all "${@:2}" </dev/null
}
start_hostile() {
	setpriv --reuid "$1" --regid "$gid" --clear-groups --inh-caps=-all "${@:2}" </dev/null &
}

# hostile_python UID SCRIPT ARGUMENT...
hostile_python() {
	hostile "$1" /usr/bin/python3 -I -c "${@:2}"
}

id_of() {
	postigo-admin pending --plain 2>/dev/null | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

# decided USER: asks and is decided on, in bounded time.
decided() {
	as "$1" postigo request "$1@elsewhere.example" >/dev/null || return 1
	timeout 10 postigo-admin approve "$(id_of "$1")" --no-sync >/dev/null
}

request() {
	printf '{"format":1,"kind":"alias","op":"set","nonce":"%s","uid":%s,"username":"%s","destinations":["%s"],"keep_copy":false,"note":"","lang":"en","created_at":"2026-05-19T23:55:18Z","tool":"postigo-drop/1.0.0"}\n' \
		00112233445566778899aabbccddeeff "$1" "$2" "$3"
}

# ---------------------------------------------------------------- the staging directory is no easier
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
hostile 20003 sh -c "echo x >$staging/20001.alias.json"
refused() {
	not_ok "$1" hostile 20002 "${@:3}"
	like 'by permission' "$stderr" "$2"
}
refused 'another one in the group cannot list it' 'Permission denied' ls $staging
refused 'nor unlink what is there' 'Operation not permitted' unlink $staging/20001.alias.json
refused 'nor rename it' 'Operation not permitted' mv -T $staging/20001.alias.json $staging/x
refused 'nor lock the queue' 'Permission denied' flock -n $queue true
expect_exit 75 'ana, whose name is taken there, is told to try again' as ana postigo request --replace other@elsewhere.example
expect_exit 0 'but can withdraw' as ana postigo cancel
expect_exit 0 'and ask anew' as ana postigo request other@elsewhere.example
expect_exit 0 'housekeeping two hours later' later +2h postigo-admin gc --no-sync
is 'has cleared the name' "$(ls $staging)" ''
expect_exit 0 'and all is well' as ana postigo request --replace ana@elsewhere.example
expect_exit 0 'she withdraws' as ana postigo cancel

hostile 20003 mkdir -p $staging/20001.alias.json/child
hostile 20003 mkfifo $staging/fifo
hostile 20003 ln -s /etc $staging/link
hostile_python 20003 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' $staging/socket
expect_exit 0 'housekeeping lives with what is no file there' later +2h timeout 20 postigo-admin gc --no-sync
is 'and /etc is where it was' "$(test -e /etc/passwd && echo yes)" yes
ok 'a member asks and is decided on' decided m1
rm -rf ${staging:?}/*

# ---------------------------------------------------------------- hard links
hostile 20003 sh -c 'umask 077; printf %s "$1" >"$2"; ln "$2" "$3"' sh "$(request 20003 carla carla@elsewhere.example)" \
	$queue/20003.alias.json $queue/20001.alias.json
expect_exit 0 'carla has linked her request into the slot of ana' postigo-admin pending --json
unlike 'which makes no request of ana' "$(id_of ana)" '^20001-'
id=$(id_of carla)
run postigo-admin approve "${id:-20003-00000000000000000000000000000000}" --no-sync
isnt 'nothing with two names is approved' "$status" 0
hostile 20003 sh -c "echo x >$queue/20003.first; ln $queue/20003.first $staging/elsewhere"
not_ok 'a request of another cannot be linked' hostile 20002 ln $queue/20003.alias.json $queue/20002.alias.json
expect_exit 0 'two minutes later' later +2m postigo-admin gc --no-sync
is 'all of it is set aside' "$(ls -A $queue)" ''
rm -rf ${staging:?}/*

# ---------------------------------------------------------------- leases and locks on the own request
cat >"$scratch/hold" <<'PYTHON'
import fcntl, os, sys, time
path, ready, data = sys.argv[1:4]
descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
os.write(descriptor, data.encode())
os.fsync(descriptor)
fcntl.flock(descriptor, fcntl.LOCK_EX)
fcntl.lockf(descriptor, fcntl.LOCK_EX)
fcntl.fcntl(descriptor, fcntl.F_SETSIG, 0)
fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
import signal
signal.signal(signal.SIGIO, signal.SIG_IGN)
open(ready, "w").write("held")
time.sleep(60)
PYTHON
chmod 0644 "$scratch/hold"
install -m 0666 /dev/null "$scratch/ready"
start_hostile 20003 /usr/bin/python3 -I "$scratch/hold" $queue/20003.alias.json "$scratch/ready" "$(request 20003 carla carla@elsewhere.example)"
holder=$!
ok 'carla holds her own request by every lock and a lease' wait_until 10 grep -q held "$scratch/ready"
expect_exit 0 'pending does not wait for her' timeout 3 postigo-admin pending --json
ok 'another member is decided on' decided m2
expect_exit 0 'housekeeping does not wait either' timeout 5 postigo-admin gc --no-sync
run timeout 5 postigo-admin approve "20003-00000000000000000000000000000000" --no-sync
ok "nor does deciding on hers ($status)" test "$status" -ne 124
kill $holder
wait $holder 2>/dev/null
ok 'when she lets go it can be decided' postigo-admin reject "$(id_of carla)" --reason enough

# ---------------------------------------------------------------- content that flips while it is read
cat >"$scratch/flip" <<'PYTHON'
import os, sys
path, stop, one, two = sys.argv[1:5]
one, two = one.encode(), two.encode()
descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
while not os.path.exists(stop):
    try:
        for data in (one, two, one[: len(one) // 2], two):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, data, 0)
    except OSError:
        break
PYTHON
chmod 0644 "$scratch/flip"
flip() {
	rm -f $queue/20101.alias.json "$scratch/stop"
	start_hostile 20101 /usr/bin/python3 -I "$scratch/flip" $queue/20101.alias.json "$scratch/stop" \
		"$(request 20101 m1 shown@one.example)" "$(request 20101 m1 trap@two.example)"
	flipper=$!
	wait_until 5 test -e $queue/20101.alias.json
}
odd=
shown=0
decisions=0
flip
for _ in {1..300}; do
	postigo-admin pending --json >"$scratch/pending" 2>&1 || odd+=" pending:$?"
	id=$(json '[0].id' "$scratch/pending" 2>/dev/null || echo none)
	seen=$(json '[0].destinations[0]' "$scratch/pending" 2>/dev/null)
	case $seen in
	shown@one.example | trap@two.example) shown=$((shown + 1)) ;;
	'') continue ;;
	*) odd+=" shown:$seen" ;;
	esac
	[ "${id#20101-}" != "$id" ] || continue
	postigo-admin approve "$id" --no-sync >/dev/null 2>&1
	case $? in
	0)
		decisions=$((decisions + 1))
		stored=$(postigo-admin member show m1 --plain | awk -F '\t' '$1 == "destination" { print $2 }')
		[ "$stored" = "$seen" ] || odd+=" approved:$seen:$stored"
		: >"$scratch/stop"
		wait $flipper
		grep -q "\"$seen\"" "$(find $state/work/archive -name "$id.json")" || odd+=" archived:$id"
		flip
		;;
	1 | 10 | 20 | 28 | 75) ;;
	*) odd+=" code" ;;
	esac
done
: >"$scratch/stop"
wait $flipper
is 'a request that flips is shown whole or not, and granted as shown or not' "$odd" ''
ok "it was seen ($shown times)" test "$shown" -gt 10
diag "flips: shown $shown times, approved $decisions times, never anything else than what was shown"
expect_exit 0 'housekeeping' later +2m postigo-admin gc --no-sync
rm -f $queue/20101.alias.json

# ---------------------------------------------------------------- ids that are nearly right
expect_exit 0 'beto asks' as beto postigo request beto@elsewhere.example
id=$(id_of beto)
last=${id: -1}
other=$([ "$last" = 0 ] && echo 1 || echo 0)
for wrong in "${id%?}$other" "20001-${id#*-}" "20003-${id#*-}"; do
	run postigo-admin approve "$wrong" --no-sync
	like "no approval under $wrong" "$status" '^(20|28)$'
done
for wrong in "${id%?}" "${id}0" "${id^^}" "0$id" "$id " "${id/-/_}"; do
	[ "$wrong" != "$id" ] || continue
	run postigo-admin approve "$wrong" --no-sync
	like "no id: '$wrong'" "$status" '^(1|20|64)$'
done
is 'beto waits on' "$(id_of beto)" "$id"
ok 'and is approved under the right one' postigo-admin approve "$id" --no-sync

# ---------------------------------------------------------------- a reader of the store locks whatever can be read
usermod -aG postigo-admin rd
cat >"$scratch/read" <<'PYTHON'
import fcntl, os, sys, time
held = []
for top in ("/var/lib/postigo", "/etc/postigo", "/etc/postfix"):
    for directory, _, names in os.walk(top):
        for path in [directory] + [os.path.join(directory, name) for name in names]:
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                held.append(descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                continue
print("holding", os.path.exists("/var/lib/postigo/store/aliases.json"), flush=True)
time.sleep(60)
PYTHON
chmod 0644 "$scratch/read"
ok 'rd may read the store' as rd cat $state/store/aliases.json
as rd python3 "$scratch/read" >"$scratch/held" 2>&1 &
holder=$!
ok 'rd locks all that the group may read' wait_until 10 grep -q 'holding True' "$scratch/held"
ok 'a member is decided on meanwhile' decided m3
expect_exit 0 'and a sync runs' timeout 10 postigo-admin sync
expect_exit 0 'and housekeeping' timeout 10 postigo-admin gc
for path in store/aliases.json store/journal.jsonl; do
	not_ok "rd cannot write $path" as rd sh -c "echo >>$state/$path"
	not_ok "nor remove $path" as rd rm -f $state/$path
done
kill $holder
wait $holder 2>/dev/null

# ---------------------------------------------------------------- floods of names
flood() {
	hostile_python 20003 'import os, sys
directory, count, prefix = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for number in range(count):
    os.close(os.open("%s/%s%d" % (directory, prefix, number), os.O_CREAT | os.O_WRONLY, 0o600))' "$@"
}
hostile_python 20003 'import os, sys
for name in (b"a" * 255, b"line\nfeed", b"\x1b[2J", b"\xff\xfe", b"-rf", b"a b;c", b"..."):
    os.close(os.open(sys.argv[1].encode() + b"/" + name, os.O_CREAT | os.O_WRONLY, 0o600))' $queue
expect_exit 0 'names that are long or hostile are listed' postigo-admin pending
unlike 'without a byte that a terminal obeys' "$stdout" $'\033'
expect_exit 0 'and set aside' later +2m postigo-admin gc --no-sync
is 'but for those with a dot first, which are passed over' "$(ls -A $queue)" '...'
rm -f "$queue/..."
is 'under harmless names' "$(find $state/work/quarantine -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C grep -c '[^A-Za-z0-9._-]')" 0

if [ -n "${SANITIZE:-}" ]; then
	skip 'floods of names' 'they take a sanitized program too long'
	done_testing
fi
flood $queue 21000 junk
expect_exit 0 'ana asks among twenty-one thousand names' as ana postigo request ana@elsewhere.example
expect_exit 0 'pending lives' timeout 60 postigo-admin pending --json
like 'and says that it did not read all' "$stderr" '20000'
expect_exit 0 'the request is found by its member, whatever the flood hides' postigo-admin show ana --json
ok 'and decided on' postigo-admin approve "$(json .id "$stdout_file")" --no-sync
flood $staging 100100 junk
expect_exit 0 'housekeeping lives with a hundred thousand names in the staging directory' later +2h timeout 200 postigo-admin gc --no-sync --quiet
ok 'a second run' later +2h timeout 200 postigo-admin gc --no-sync --quiet
is 'leaves nothing of it' "$(find $queue $staging -type f | wc -l)" 0
before=$(find $state/work/quarantine -type f | wc -l)
ok "and all of the queue's junk is kept ($before files)" test "$before" -gt 42000
(cd $state/work/quarantine && seq -f old-%.0f 60000 | xargs touch)
expect_exit 0 'housekeeping lives with more than a hundred thousand files set aside' timeout 60 postigo-admin gc --no-sync
ok 'and members are decided on' decided m4
expect_exit 0 'the journal is whole' postigo-admin journal verify
done_testing
