#!/bin/bash
# 0708: aliases whose account is gone, under each orphan_policy: reported, suspended or removed after the grace, and never because the account database was
# silent. Old decided requests leave the archive; a request that lapsed costs its member no cooldown. Cases A48, A50.
# timeout: 300
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

export ASAN_OPTIONS=detect_leaks=0 # nobody can look for leaks while another traces

fault=$BUILD/tests/support/fault
state=/var/lib/postigo
store=$state/store
day=86400
cp /etc/passwd "$scratch/passwd"
cp /etc/nsswitch.conf "$scratch/nsswitch.conf"

accounts_back() {
	cp "$scratch/passwd" /etc/passwd
}

policy() {
	echo "{\"policy\": {\"orphan_policy\": \"$1\", \"orphan_grace\": \"7d\", \"check_mx\": false}}" >/etc/postigo/conf.d/test.json
}

in_map() {
	postmap -q "$1@club.example" "lmdb:$postfix_map" || echo absent
}

state_of() {
	postigo-admin member show "$1" --json 2>/dev/null | json .state /dev/stdin 2>/dev/null || echo none
}

marked() {
	grep -c '"orphaned_at"' $store/aliases.json
}

generation() {
	head -n 1 $store/aliases.json | sed 's/.*"generation":\([0-9]*\).*/\1/'
}

# The programs' clock, moved by so many seconds.
cat >"$scratch/clock.c" <<'SOURCE'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

time_t time(time_t *result)
{
	time_t (*real)(time_t *) = (time_t (*)(time_t *))dlsym(RTLD_NEXT, "time");
	time_t now = real(NULL) + SHIFT;

	if (result)
		*result = now;
	return now;
}
SOURCE
# shellcheck disable=SC2317 # called by expect_exit
shifted() {
	local seconds=$1
	shift
	[ -e "$scratch/clock$seconds.so" ] || cc -shared -fPIC "-DSHIFT=($seconds)" -o "$scratch/clock$seconds.so" "$scratch/clock.c" -ldl
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 LD_PRELOAD=$scratch/clock$seconds.so "$@"
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
for name in ana beto carla m1 m2; do
	expect_exit 0 "$name" postigo-admin member add $name $name@elsewhere.example --no-sync
done
expect_exit 0 'all are live' postigo-admin sync
echo '{"policy": {"orphan_policy": "delete"}}' >/etc/postigo/conf.d/test.json
expect_exit 4 'no such policy' postigo-admin config check
like 'by its name' "$stderr" 'orphan_policy'

# keep: nothing is marked, however long
policy keep
sed -i '/^ana:/d' /etc/passwd
before=$(sha256sum <$store/aliases.json)
expect_exit 0 'keep' shifted $((30 * day)) postigo-admin gc --json
is_json 'reports' "$stdout_file" '.orphans[0].user' ana
is_json 'and changes nothing' "$stdout_file" .changed false
is 'not a byte' "$(sha256sum <$store/aliases.json)" "$before"

# suspend: marked, then suspended when the grace is over
policy suspend
expect_exit 0 'a dry run' postigo-admin gc --dry-run --json
like 'tells since when' "$(json '.orphans[0].since' "$stdout_file")" '^20.*Z$'
is 'and marks nobody' "$(marked)" 0
expect_exit 0 'the first look' postigo-admin gc --json
is_json 'changes the store' "$stdout_file" .changed true
is_json 'decides nothing' "$stdout_file" '.results#' 0
is 'marks one' "$(marked)" 1
ok 'in order' postigo-admin journal verify
is 'the op says what' "$(postigo-admin history --limit 1 --json | json '[0].op' /dev/stdin)" orphan
is 'its mail goes on' "$(in_map ana)" ana@elsewhere.example
generation=$(generation)
expect_exit 0 'a second look' postigo-admin gc --json
is_json 'changes nothing' "$stdout_file" .changed false
expect_exit 0 'six days on' shifted $((6 * day)) postigo-admin gc
like 'says until when' "$stderr" 'orphan_policy is "suspend" from 20'
is 'nothing has happened' "$(generation)" "$generation"
expect_exit 0 'a year back' shifted $((-365 * day)) postigo-admin gc --json
is_json 'nothing either' "$stdout_file" .changed false

# The account comes back within the grace: the mark goes, and counting begins anew.
accounts_back
expect_exit 0 'ana is back' postigo-admin gc --json
is_json 'which is said' "$stdout_file" '.returned[0]' ana
is_json 'nobody is lost' "$stdout_file" '.orphans#' 0
is 'no mark is left' "$(marked)" 0
expect_exit 0 'ana still has a status' as ana postigo status --json
is_json 'which says active' "$stdout_file" .state active
sed -i '/^ana:/d' /etc/passwd
expect_exit 0 'gone again, later' shifted $((8 * day)) postigo-admin gc --json
is_json 'is the first time' "$stdout_file" '.results#' 0
is 'active' "$(state_of ana)" active

# An account database that does not answer is no account that is gone, whatever the clock says.
printf 'passwd: nosuchservice\ngroup: files\n' >/etc/nsswitch.conf
generation=$(generation)
expect_exit 75 'silence' shifted $((400 * day)) postigo-admin gc --json
is_json 'concludes nothing' "$stdout_file" '.orphans#' 0
is_json 'and says so' "$stdout_file" .accounts_unknown true
is 'all stand' "$(generation) $(marked)" "$generation 1"
cp "$scratch/nsswitch.conf" /etc/nsswitch.conf

expect_exit 0 'the grace is over' shifted $((16 * day)) postigo-admin gc --json
is_json 'now it is suspended' "$stdout_file" '.results[0].outcome' suspended
is 'in the store' "$(state_of ana)" suspended
is 'and not in the map' "$(in_map ana)" absent
expect_exit 0 'a further run' shifted $((17 * day)) postigo-admin gc --json
is_json 'does nothing more' "$stdout_file" .changed false
ok 'the journal is whole' postigo-admin journal verify
accounts_back
expect_exit 0 'too late' postigo-admin gc --json
is_json 'ana is back' "$stdout_file" '.returned[0]' ana
is 'but only an administrator resumes' "$(state_of ana)" suspended
is_json 'the member can see it' $state/status/20001.json .state suspended
expect_exit 0 'resume' postigo-admin member resume ana
is 'live again' "$(in_map ana)" ana@elsewhere.example

# A resumed alias without account gets the grace anew.
sed -i '/^ana:/d' /etc/passwd
expect_exit 0 'gone' postigo-admin gc
expect_exit 0 'for long' shifted $((8 * day)) postigo-admin gc
expect_exit 0 'an administrator wants it live' postigo-admin member resume ana
is 'no mark' "$(marked)" 0
expect_exit 0 'later' shifted $((9 * day)) postigo-admin gc --json
is 'marked, not suspended' "$(marked) $(state_of ana)" '1 active'
accounts_back
expect_exit 0 'back' postigo-admin gc

# remove; the uid goes to somebody else, who inherits nothing
policy remove
sed -i 's/^beto:/bento:/' /etc/passwd
expect_exit 0 'marked' postigo-admin gc --json
like 'with the new owner of the uid' "$(json '.orphans[0].detail' "$stdout_file")" bento
expect_exit 0 'removed' shifted $((8 * day)) postigo-admin gc --json
is_json 'which is said' "$stdout_file" '.results[0].outcome' revoked
is 'gone' "$(state_of beto)" none
is 'from the map, too' "$(in_map beto)" absent
not_ok 'its status is nobody'"'"'s to read' test -e $state/status/20002.json
accounts_back
expect_exit 0 'the name is back' postigo-admin gc
expect_exit 0 'undo' postigo-admin undo "$(postigo-admin history beto --limit 1 --plain | cut -f2)"
is 'brings it back' "$(in_map beto)" beto@elsewhere.example

# Very many at once are what the rails of the sync are for.
for ((number = 10; number < 20; number++)); do
	expect_exit 0 "m$number" postigo-admin member add m$number m$number@elsewhere.example --no-sync
done
expect_exit 0 'sync' postigo-admin sync
sed -i '/^m1[0-9]:/d' /etc/passwd
expect_exit 0 'ten are missed' postigo-admin gc
is 'and marked' "$(marked)" 10
expect_exit 22 'a week later' shifted $((8 * day)) postigo-admin gc --json
is_json 'the sync refuses to drop so many' "$stdout_file" '.sync.warnings[0].code' drop
is 'their mail goes on' "$(in_map m15)" m15@elsewhere.example
accounts_back

# An expired request costs no cooldown; a rejected one does.
expect_exit 0 'm20 asks' as m20 postigo request one@elsewhere.example
expect_exit 0 'nobody decides' shifted $((40 * day)) postigo-admin gc --no-sync --json
is_json 'it lapses' "$stdout_file" '.results[0].outcome' rejected
is_json 'as expired' $state/status/20120.json .history[0].reason expired
expect_exit 0 'm20 may ask at once' shifted $((40 * day)) as m20 postigo request two@elsewhere.example
expect_exit 0 'a rejection' postigo-admin reject "$(postigo-admin pending --plain | cut -f1)" --reason no
expect_exit 10 'has a cooldown' as m20 postigo request three@elsewhere.example

# The archive keeps decided requests for archive_keep, by months.
is 'two are archived' "$(find $state/work/archive -name '20120-*.json' | wc -l)" 2
mkdir $state/work/archive/2020-01 $state/work/archive/notes
echo '{}' >$state/work/archive/2020-01/20001-00000000000000000000000000000000.json
echo x >$state/work/archive/notes/x
expect_exit 0 'a dry run' postigo-admin gc --dry-run --no-sync --json
is_json 'counts the old one' "$stdout_file" .archive_removed 1
ok 'and keeps it' test -d $state/work/archive/2020-01
expect_exit 0 'gc' postigo-admin gc --no-sync --json
is_json 'removes it' "$stdout_file" .archive_removed 1
is_json 'which is a change' "$stdout_file" .changed true
not_ok 'with its month' test -e $state/work/archive/2020-01
is 'and nothing else' "$(find $state/work/archive -type f | wc -l)" 3
expect_exit 0 'nearly two years on' shifted $((700 * day)) postigo-admin gc --no-sync --json
is_json 'all are kept' "$stdout_file" .archive_removed 0

# A status file that does not tell the truth is repaired, and counted.
rm $state/status/20003.json
expect_exit 0 'gc' postigo-admin gc --no-sync
like 'says what it repaired' "$stdout" 'repaired  1 '
rm $state/status/20003.json
expect_exit 0 'gc' postigo-admin gc --no-sync --json
is_json 'in JSON, too' "$stdout_file" .repaired_statuses 1
is_json 'as a change' "$stdout_file" .changed true
expect_exit 0 'an end' postigo-admin member set carla --expires 30d --no-sync
sed -i 's/"expires_at":"20/"expires_at":"21/' $state/status/20003.json
run postigo-admin check --json --section store
like 'another end is no truth either' "$stdout" 'store\.status-stale'
expect_exit 0 'gc' postigo-admin gc --no-sync --json
is_json 'repairs that' "$stdout_file" .repaired_statuses 1

# Killed between its two commits, marks and acts, and around them: the next run ends it.
policy suspend
sed -i '/^ana:/d' /etc/passwd
expect_exit 0 'ana is missed a week ago' shifted $((-8 * day)) postigo-admin gc --no-sync
sed -i '/^beto:/d' /etc/passwd
cp -a $state "$scratch/before"
stop=0 bad=0 marks=0 both=0
while :; do
	stop=$((stop + 1))
	find $state -mindepth 1 -delete
	cp -a "$scratch/before/." $state/
	"$fault" kill@changes $stop postigo-admin gc --no-sync >/dev/null 2>&1
	killed=$?
	found="$(state_of ana) $(state_of beto) $(marked)"
	case $found in
	'active active 1') ;;
	'active active 2') marks=$((marks + 1)) ;;
	'suspended active 2') both=$((both + 1)) ;;
	*) bad=$((bad + 1)) && diag "killed at change $stop: $found" ;;
	esac
	postigo-admin gc --no-sync >/dev/null 2>&1
	found="$(state_of ana) $(state_of beto) $(marked)"
	if [ "$found" != 'suspended active 2' ] || ! postigo-admin journal verify --quiet; then
		bad=$((bad + 1))
		diag "after a kill at change $stop: $found"
	fi
	[ $killed -eq 137 ] || break
	[ $stop -lt 5000 ] || break
done
is 'nothing half done' "$bad" 0
ok "some kills came between the commits ($marks)" test "$marks" -gt 0
ok "some came after both ($both)" test "$both" -gt 0
is 'without a kill it ends well' "$killed" 0
done_testing
