#!/bin/bash
# timeout: 600
# 0105: postigo-drop killed and stopped before each of its system calls, and each of them failing, with and without O_TMPFILE. After every one the queue holds the
# old request, the new one, or none, whole and with the right owner; a second run leaves nothing behind.
# Cases A28 and A29, A27 and A35 from inside: EMFILE, ENOMEM, EDQUOT, ENOSPC.
# shellcheck disable=SC2154,SC2317 # variables of tap.sh and sweep.sh; functions that the sweep calls
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/sweep.sh"

helper=/usr/local/libexec/postigo/postigo-drop
queue=/var/lib/postigo/queue
slot=$queue/new/20001.alias.json
expect_exit 0 'setup' postigo-admin setup --domain club.example
printf 'op set\nuser ana\nto one@elsewhere.example\n' >"$scratch/one"
printf 'op set\nuser ana\nto two@elsewhere.example\n' >"$scratch/two"
printf 'op set\nuser ana\nto ana@elsewhere.example\n' >"$scratch/ana"

bare() {
	setpriv --reuid ana --regid users --clear-groups env -i $helper "$@"
}

start=none
restore() {
	rm -f $queue/new/* $queue/tmp/*
	[ $start = none ] || bare submit alias <"$scratch/one" >/dev/null
}

pending() {
	if [ ! -e $slot ]; then
		echo none
	elif [ "$(mode_of $slot) $(stat -c %h $slot)" != '600 ana:postigo-drop 1' ]; then
		stat -c 'owner, mode or links are wrong: %A %U %G %h' $slot
	else
		json '.destinations[0]' $slot 2>/dev/null || echo 'half a file'
	fi
}

# The helper's next run is the repair: what is staged goes away, and what is pending was not touched by that.
outcome() {
	local found
	found=$(pending)
	[ -z "$(find $queue/new -mindepth 1 ! -path $slot)" ] || found="$found and more"
	if [ "${1:-}" != now ] && [ -n "$(ls $queue/tmp)" ]; then
		[ "$(ls $queue/tmp)" = 20001.alias.json ] || found="$found, foreign names are staged"
		bare replace alias <"$scratch/two" >/dev/null || found="$found, the next one is refused"
	fi
	[ -z "$(ls $queue/tmp)" ] || found="$found, staged"
	echo "$found"
}

# In one line; the interface makes what, why and fix of it.
told() {
	grep -q '^postigo-drop: .' "$stderr_file" && [ "$(wc -l <"$stderr_file")" -eq 1 ]
}

sweep_codes='4 6 71 75 77'
sweep_step=7
sweep_thin=1
one=one@elsewhere.example
two=two@elsewhere.example
for without in '' t; do
	fault_options=("-${without}u" 20001:100)
	way=${without:+ without O_TMPFILE}
	start=none
	input=$scratch/one sweep_both "submit$way" none $one $helper submit alias
	start=$one
	input=$scratch/two sweep_both "replace$way" $one $two $helper replace alias
	[ -z "$without" ] || continue
	sweep_both withdraw $one none $helper withdraw alias
	sweep_both show $one $one $helper show alias
done

# ---- A29: stopped at any call, it is in nobody's way
not_alive() {
	! kill -0 "$1"
}
start=none
restore
expect_exit 0 'beto asks' as beto postigo request beto@elsewhere.example
cp -a /var/lib/postigo "$scratch/before"
put_back() {
	find /var/lib/postigo -mindepth 1 -delete
	cp -a "$scratch/before/." /var/lib/postigo/
}
id=$(postigo-admin pending --plain | cut -f1)
slow=0
refused=0
lost=0
number=1
while :; do
	put_back
	"$fault" -u 20001:100 stop $number $helper submit alias 3>"$scratch/fault" <"$scratch/ana" >/dev/null 2>&1
	read -r _ _ _ hits pid <"$scratch/fault"
	[ "$hits" -eq 1 ] || break
	before=$(date +%s%3N)
	postigo-admin pending >/dev/null && postigo-admin approve "$id" --no-sync >/dev/null || refused=$((refused + 1))
	[ $(($(date +%s%3N) - before)) -lt 2000 ] || slow=$((slow + 1))
	kill -CONT "$pid"
	wait_until 5 not_alive "$pid" || lost=$((lost + 1))
	[ "$(pending)" = ana@elsewhere.example ] || lost=$((lost + 1))
	number=$((number + ${stop_step:-9}))
	[ "${SWEEP:-}" != all ] || stop_step=1
	swept_stops=$((swept_stops + 1))
done
isnt 'the helper was stopped at some calls' $number 1
is 'while it stands still, others are decided on' $refused 0
is 'in less than two seconds' $slow 0
is 'and when it goes on, its request is filed' $lost 0
sweep_figures
done_testing
