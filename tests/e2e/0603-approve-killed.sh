#!/bin/bash
# 0603: approve, reject and revoke killed before each of their system calls. Case A103, and with it the six rows of the crash table (claim, intent, rename,
# archive, unlink, publish). After each kill the next command must find exactly one of {pending, decided}, and nothing half done.
# timeout: 600
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"
export ASAN_OPTIONS=detect_leaks=0 # nobody can look for leaks while another traces

kill_at=$BUILD/tests/support/kill_at
state=/var/lib/postigo

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
# A member who is always there, so that losing the store would show.
expect_exit 0 'beto asks' as beto postigo request beto@elsewhere.example
expect_exit 0 'and gets' postigo-admin approve "$(postigo-admin pending --plain | cut -f1)" --no-sync
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
id=$(postigo-admin pending --plain | cut -f1)
cp -a $state "$scratch/before"

restore() {
	find $state -mindepth 1 -delete
	cp -a "$scratch/before/." $state/
}

journal_chain() {
	/usr/bin/python3 -I - "$state/store" <<'PYTHON'
import hashlib, json, sys
directory = sys.argv[1]
previous = "0" * 64
lines = open(directory + "/journal.jsonl", "rb").read().split(b"\n")
assert lines.pop() == b"", "torn"
for number, line in enumerate(lines, 1):
    event = json.loads(line)
    assert event["seq"] == number, "sequence"
    assert event["prev"] == previous, "chain"
    previous = hashlib.sha256(line).hexdigest()
store = open(directory + "/aliases.json", "rb").read()
assert event["to"] == hashlib.sha256(store).hexdigest(), "store"
json.loads(store)
PYTHON
}

# What became of ana's request, after the next writing command has repaired things.
outcome() {
	postigo-admin gc --no-sync --quiet >/dev/null || { echo "repair failed: $?"; return; }
	journal_chain || { echo 'journal broken'; return; }
	[ -z "$(ls $state/work/claimed)" ] || { echo 'still claimed'; return; }
	[ -z "$(find $state/store -name '.*')" ] || { echo 'temporary left'; return; }
	postigo-admin member show beto --plain | grep -q beto@elsewhere.example || { echo 'beto lost'; return; }
	local pending='' active='' archived='' status=''
	[ ! -e $state/queue/new/20001.alias.json ] || pending=pending
	! postigo-admin member show ana --quiet >/dev/null 2>&1 || active=active
	[ "$(find $state/work/archive -name "$id.json" | wc -l)" -eq 0 ] || archived=archived
	[ ! -e $state/status/20001.json ] || status=$(json .last_decision.outcome $state/status/20001.json 2>/dev/null || json .decision $state/status/20001.json)
	echo "$pending$active$archived$status"
}

# sweep TITLE BEFORE AFTER COMMAND...: kills COMMAND at its system calls: at all of the last 320, where everything happens, and at every tenth of those before
# (loading libraries, reading). SWEEP=all takes every one.
sweep() {
	local title=$1 before=$2 after=$3 stop=0 bad=0 old=0 new=0 result early
	shift 3
	restore
	early=$("$kill_at" 0 "$@" 3>&1 >/dev/null 2>&1)
	early=$((${early##* } - 320))
	while :; do
		if [ "${SWEEP:-}" != all ] && [ $stop -lt $early ]; then
			stop=$((stop + 9))
		fi
		stop=$((stop + 1))
		restore
		"$kill_at" $stop "$@" >/dev/null 2>&1
		killed=$?
		result=$(outcome)
		case $result in
		"$before") old=$((old + 1)) ;;
		"$after") new=$((new + 1)) ;;
		*)
			bad=$((bad + 1))
			[ $bad -gt 5 ] || diag "killed at system call $stop: $result"
			;;
		esac
		[ $killed -eq 137 ] || break
		[ $stop -lt 3000 ] || break
	done
	is "$title: nothing half done at any of $stop stops" "$bad" 0
	ok "$title: some kills came before the decision ($old)" test "$old" -gt 10
	ok "$title: some kills came after it ($new)" test "$new" -gt 5
	is "$title: without a kill it ends well" "$killed" 0
}

sweep approve pending activearchivedapproved postigo-admin approve "$id" --no-sync
sweep reject pending archivedrejected postigo-admin reject "$id" --reason 'not now'
restore
postigo-admin approve "$id" --no-sync >/dev/null
rm -rf "$scratch/before"
cp -a $state "$scratch/before"
sweep revoke activearchivedapproved archivedrevoked postigo-admin member revoke ana --reason 'left' --no-sync
done_testing
