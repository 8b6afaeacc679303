#!/bin/bash
# 0704: what the timer does, and what it must not do: accounts re-used or gone, an account database that does not answer, a clock that jumps.
# Cases A48, A49, A50, A51, A106.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

state=/var/lib/postigo
cp /etc/passwd "$scratch/passwd"
cp /etc/group "$scratch/group"

accounts_back() {
	cp "$scratch/passwd" /etc/passwd
	cp "$scratch/group" /etc/group
}

in_map() {
	postmap -q "$1@club.example" "lmdb:$postfix_map" || echo absent
}

snapshot() {
	(cd $state && find store queue status work -type f ! -name '*.stored' -exec sha256sum {} + | sort -k 2)
}

# The programs' clock, moved by SHIFT seconds.
cat >"$scratch/clock.c" <<'SOURCE'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

time_t time(time_t *result)
{
	time_t (*real)(time_t *) = (time_t (*)(time_t *))dlsym(RTLD_NEXT, "time");
	const char *shift = getenv("SHIFT");
	time_t now = real(NULL) + (shift ? atol(shift) : SHIFT);

	if (result)
		*result = now;
	return now;
}
SOURCE
# shellcheck disable=SC2317 # called by expect_exit
shifted() {
	local seconds=$1
	shift
	[ -e "$scratch/clock$seconds.so" ] ||
		cc -shared -fPIC "-DSHIFT=($seconds)" -o "$scratch/clock$seconds.so" "$scratch/clock.c" -ldl
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 LD_PRELOAD=$scratch/clock$seconds.so "$@"
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 0 'nothing to do' postigo-admin gc --json
is_json 'changes nothing' "$stdout_file" .changed false
is_json 'and has found nobody lost' "$stdout_file" '.orphans#' 0

# A48: the uid of ana goes to zed, with an alias and a request left behind
expect_exit 0 'ana has an alias' postigo-admin member add ana ana@elsewhere.example
expect_exit 0 'and wants another destination' as ana postigo request more@elsewhere.example
id=$(postigo-admin pending --plain | cut -f1)
sed -i 's/^ana:/zed:/; s|/home/ana|/home/zed|' /etc/passwd
sed -i 's/ana,/zed,/' /etc/group
mkdir -p /home/zed
expect_exit 0 'a dry run' postigo-admin gc --dry-run --json
is_json 'sees the request' "$stdout_file" '.set_aside[0].code' Q12
is_json 'the alias' "$stdout_file" '.orphans[0].user' ana
is_json 'and the status file' "$stdout_file" '.stale_statuses[0]' 20001.json
is_json 'and does nothing' "$stdout_file" .changed false
is 'the request stands' "$(ls $state/queue/new)" 20001.alias.json
ok 'zed could read the old status' test -e $state/status/20001.json
expect_exit 10 'approving it' postigo-admin approve "$id"
like 'sets it aside' "$stderr" 'set aside'
is 'out of the queue' "$(ls $state/queue/new)" ''
is 'with its code' "$(json .code $state/work/quarantine/*.why.json)" Q12
expect_exit 0 'housekeeping' postigo-admin gc --json
is_json 'reports the alias' "$stdout_file" '.orphans[0].uid' 20001
like 'and whose the uid is' "$(json '.orphans[0].detail' "$stdout_file")" 'zed'
is_json 'counts the quarantine' "$stdout_file" .quarantine 1
not_ok 'nobody can read the status' test -e $state/status/20001.json
is 'the alias stays' "$(in_map ana)" ana@elsewhere.example
expect_exit 0 'and is reported to people' postigo-admin gc
like 'with the way out' "$stderr" 'purge-user ana'
expect_exit 0 'zed sees nothing of it' as zed postigo status --json
is_json 'has none' "$stdout_file" .state none
expect_exit 0 'zed asks for an own alias' as zed postigo request zed@elsewhere.example
expect_exit 0 'and gets it' postigo-admin approve "$(postigo-admin pending --plain | cut -f1)"
is 'the old one is untouched' "$(in_map ana)" ana@elsewhere.example
expect_exit 0 'a decision on the old alias' postigo-admin member suspend ana --reason 'private matter'
expect_exit 0 'is not told to zed' as zed postigo status --json
unlike 'in no word' "$stdout" 'private matter'
is_json 'whose own alias shows' "$stdout_file" .state active
expect_exit 0 'zed gives up the own alias' as zed postigo remove --yes
expect_exit 0 'housekeeping' postigo-admin gc --json
is_json 'takes that one' "$stdout_file" '.results[0].user' zed
expect_exit 0 'and not the other' postigo-admin member show ana
accounts_back

# T31: the name comes back with another uid
sed -i 's/^ana:x:20001:/ana:x:20777:/' /etc/passwd
expect_exit 0 'the new ana asks' as ana postigo request evil@elsewhere.example
expect_exit 10 'the old alias is not handed on' postigo-admin approve "$(postigo-admin pending --plain | cut -f1)"
like 'because it is of another account' "$stderr" 'earlier account'
expect_exit 10 'nor by add' postigo-admin member set ana --to evil@elsewhere.example
like 'with the way out' "$stderr" 'purge-user ana'
expect_exit 0 'housekeeping' postigo-admin gc --json
is_json 'reports it' "$stdout_file" '.orphans[0].user' ana

# A49: purge
expect_exit 0 'purge' postigo-admin purge-user ana --json
is_json 'changed' "$stdout_file" .changed true
is_json 'request and alias' "$stdout_file" '.results#' 2
is_json 'are purged' "$stdout_file" '.results[1].outcome' purged
is 'the queue is empty' "$(ls $state/queue/new)" ''
is 'the request is archived' "$(find $state/work/archive -name '20777-*.json' -exec grep -c '"outcome": "purged"' {} +)" 1
expect_exit 1 'the alias is gone' postigo-admin member show ana
expect_exit 0 'again' postigo-admin purge-user ana --json
is_json 'is nothing to do' "$stdout_file" .changed false
accounts_back
expect_exit 0 'm1' postigo-admin member add m1 m1@elsewhere.example
expect_exit 0 'asks for more' as m1 postigo request more@elsewhere.example
expect_exit 0 'and pauses' as m1 postigo pause
sed -i '/^m1:/d' /etc/passwd
expect_exit 0 'after the account is gone' postigo-admin purge-user m1 --json
is_json 'all three are purged' "$stdout_file" '.results#' 3
is 'the map has it not' "$(in_map m1)" absent
not_ok 'no status' test -e $state/status/20101.json
expect_exit 0 'm2' postigo-admin member add m2 m2@elsewhere.example
expect_exit 0 'by uid' postigo-admin purge-user 20102 --json
is_json 'the alias' "$stdout_file" '.results[0].user' m2
for name in '' a.b 'x y' ../x -1; do
	expect_exit 64 "\"$name\" is nobody" postigo-admin purge-user -- "$name"
done
expect_exit 0 'm3' postigo-admin member add m3 m3@elsewhere.example
sed -i 's/^m3:/neu:/' /etc/passwd
sed -i 's/,m3,/,neu,/' /etc/group
expect_exit 0 'becomes neu' postigo-admin member add neu neu@elsewhere.example
expect_exit 0 'm3 is purged' postigo-admin purge-user m3 --json
is_json 'with the alias' "$stdout_file" '.results#' 1
is 'neu keeps status and alias' "$(json .username $state/status/20103.json) $(in_map neu)" 'neu neu@elsewhere.example'
expect_exit 0 'neu goes' postigo-admin purge-user 20103
accounts_back

# A50: an account database that does not answer
expect_exit 0 'beto' postigo-admin member add beto beto@elsewhere.example
expect_exit 0 'carla asks' as carla postigo request carla@elsewhere.example
expect_exit 0 'beto asks for a pause' as beto postigo pause
cp /etc/nsswitch.conf "$scratch/nsswitch.conf"
printf 'passwd: nosuchservice\ngroup: files\n' >/etc/nsswitch.conf
snapshot >"$scratch/before"
expect_exit 75 'housekeeping concludes nothing' postigo-admin gc --json
is_json 'and says so' "$stdout_file" .accounts_unknown true
is_json 'reports nobody as lost' "$stdout_file" '.orphans#' 0
is_json 'leaves what waits' "$stdout_file" .left 2
snapshot >"$scratch/after"
ok 'and changes no file' cmp "$scratch/before" "$scratch/after"
expect_exit 75 'add waits too' postigo-admin member add m5 m5@elsewhere.example
expect_exit 0 'sync' postigo-admin sync --json
is_json 'changes nothing' "$stdout_file" .changed false
cp "$scratch/nsswitch.conf" /etc/nsswitch.conf
expect_exit 0 'with the accounts back' postigo-admin gc --json
is_json 'the pause is applied' "$stdout_file" '.results[0].outcome' paused
is 'and live' "$(in_map beto)" absent
is_json 'carla waits' "$stdout_file" .left 1

# A51: the clock
year=31536000
expect_exit 0 'beto resumes' postigo-admin member resume beto
expect_exit 0 'with an end' postigo-admin member set beto --expires 10d
snapshot >"$scratch/before"
expect_exit 0 'a year back' shifted -$year postigo-admin gc --json
is_json 'nothing expires' "$stdout_file" .changed false
is_json 'the request waits' "$stdout_file" .left 1
snapshot >"$scratch/after"
ok 'and no file changes' cmp "$scratch/before" "$scratch/after"
touch $state/queue/tmp/.left
expect_exit 0 'half an hour on' shifted 1800 postigo-admin gc --json
is_json 'no temporary is old' "$stdout_file" .temporary_files 0
expect_exit 0 'twenty-nine days on' shifted 2505600 postigo-admin expire --dry-run --json
is_json 'beto has expired' "$stdout_file" '.results[0].user' beto
expect_exit 0 'a year on, a dry run' shifted $year postigo-admin gc --dry-run --json
is_json 'would reject' "$stdout_file" '.results[0].outcome' rejected
is_json 'would expire' "$stdout_file" '.results[1].outcome' expired
is_json 'would clear' "$stdout_file" .temporary_files 1
ok 'but did not' test -e $state/queue/tmp/.left
expect_exit 0 'a year on' shifted $year postigo-admin gc --json
is_json 'the request is rejected' "$stdout_file" '.results[0].outcome' rejected
is_json 'the alias has expired' "$stdout_file" '.results[1].outcome' expired
is 'it is out of the map' "$(in_map beto)" absent
not_ok 'the temporary is gone' test -e $state/queue/tmp/.left
expect_exit 0 'carla' as carla postigo status --json
is_json 'reads it' "$stdout_file" .last_decision.reason expired
is 'it is archived' "$(find $state/work/archive -name '20003-*.json' | wc -l)" 1

# A106: quarantine only grows
before=$(find $state/work/quarantine -type f | wc -l)
ok 'there is something' test "$before" -gt 0
expect_exit 0 'housekeeping, years later' shifted $((3 * year)) postigo-admin gc --json
is_json 'counts it' "$stdout_file" .quarantine "$(find $state/work/quarantine -type f ! -name '*.why.json' | wc -l)"
is 'and removes nothing' "$(find $state/work/quarantine -type f | wc -l)" "$before"
expect_exit 77 'a member keeps no house' as ana /usr/local/sbin/postigo-admin gc
expect_exit 77 'and purges nobody' as ana /usr/local/sbin/postigo-admin purge-user beto
done_testing
