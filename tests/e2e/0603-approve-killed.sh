#!/bin/bash
# 0603: approve, reject, revoke and gc killed before each of their system calls, and each of those calls failing. Case A103, and with it the six rows of the
# crash table (claim, intent, rename, archive, unlink, publish). After each the next command must find exactly one of {pending, decided}, and nothing half done.
# timeout: 1200
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/sweep.sh"
export ASAN_OPTIONS=detect_leaks=0 # nobody can look for leaks while another traces

state=/var/lib/postigo

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
# A member who is always there, so that losing the store would show.
expect_exit 0 'beto asks' as beto postigo request beto@elsewhere.example
expect_exit 0 'and gets' postigo-admin approve "$(postigo-admin pending --plain | cut -f1)" --no-sync
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
id=$(postigo-admin pending --plain | cut -f1)

keep() {
	rm -rf "$scratch/before"
	cp -a $state "$scratch/before"
}
keep

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
writing=(postigo-admin gc --no-sync --quiet)
outcome() {
	[ "${1:-}" = now ] || "${writing[@]}" >/dev/null 2>"$scratch/error" || { echo "repair failed: $(tr '\n' '|' <"$scratch/error")"; return; }
	journal_chain || { echo 'journal broken'; return; }
	[ -z "$(ls $state/work/claimed)" ] || { echo 'still claimed'; return; }
	[ -z "$(find $state/store -name '.*')" ] || { echo 'temporary left'; return; }
	postigo-admin member show beto --plain | grep -q beto@elsewhere.example || { echo 'beto lost'; return; }
	local pending='' active='' archived='' status=''
	[ ! -e $state/queue/new/20001.alias-state.json ] || pending='queued '
	[ ! -e $state/queue/new/20001.alias.json ] || pending=pending
	! postigo-admin member show ana --quiet >/dev/null 2>&1 || active=active
	[ "$(find $state/work/archive -name "$id.json" | wc -l)" -eq 0 ] || archived=archived
	[ ! -e $state/status/20001.json ] || status=$(json .last_decision.outcome $state/status/20001.json 2>/dev/null || json .decision $state/status/20001.json)
	echo "$pending$active$archived$status"
}

sweep_both approve pending activearchivedapproved postigo-admin approve "$id" --no-sync
sweep_both reject pending archivedrejected postigo-admin reject "$id" --reason 'not now'
restore
postigo-admin approve "$id" --no-sync >/dev/null
keep
sweep_both revoke activearchivedapproved archivedrevoked postigo-admin member revoke ana --reason 'left' --no-sync

# What a member may do alone waits for gc; the outcome of gc is looked at by a command that applies nothing.
restore
expect_exit 0 'ana removes it herself' as ana postigo remove --yes
keep
writing=(postigo-admin purge-user m200 --no-sync)
sweep_both 'gc' "queued activearchivedapproved" archivedremoved postigo-admin gc --no-sync
# What was being written stays under its temporary name; gc clears that away, but not while somebody may still be writing.
restore
stale() {
	find $state -name '.*' -type f | wc -l
}
number=0
while [ $((number += 1)) -le 8 ]; do
	fault_at kill@renameat,renameat2 $number postigo-admin member suspend beto --reason 'left' --no-sync
	postigo-admin gc --no-sync >/dev/null
	fault_at kill@renameat,renameat2 $number postigo-admin member resume beto --no-sync
	postigo-admin gc --no-sync >/dev/null
done
isnt 'kills leave temporaries' "$(stale)" 0
left=$(stale)
expect_exit 0 'a run at once' postigo-admin gc --no-sync
is 'does not touch them' "$(stale)" "$left"
expect_exit 0 'a run after two hours' later +2h postigo-admin gc --no-sync
like 'says how many' "$stdout" "removed  $left temporary files"
is 'and leaves none' "$(stale)" 0
sweep_figures
done_testing
