#!/bin/bash
# 1501 [POINTS [SEED]]: the power fails while members ask and administrators decide and sync, on ext4 and on XFS, on a disk that may lose or tear
# whatever it was not told to flush. What a program said is there afterwards; what was under way is old or new; the map is one of the whole maps;
# the next commands put everything in order. Cases A68, A102. The same judge sees the loss when fsync is taken away.
# timeout: 3600
# shellcheck disable=SC2317 # functions that others call
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
. "$(dirname "$0")/../support/power.sh"
in_namespace "$@"

points=${1:-50}
seed=${2:-1}
for device in fuse loop-control; do
	[ -e /dev/$device ] || skip_all "no /dev/$device"
done
helper=/usr/local/libexec/postigo/postigo-drop
export ASAN_OPTIONS=detect_leaks=0

install_on_disk() {
	install_clean lmdb >/dev/null 2>&1
	for number in {1..10}; do
		postigo-admin member add "m$number" "m$number@elsewhere.example" --no-sync >/dev/null || return 1
	done
	postigo-admin sync >/dev/null 2>&1
}

id_of() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

map_rows() {
	postmap -s "lmdb:$postfix_map" 2>&1 | sort
}

# ---------------------------------------------------------------- what is recorded

# act WORD COMMAND...: the mark says that COMMAND reported success.
act() {
	"${@:2}" >"$scratch/act" 2>&1 || {
		diag "$1: $(cat "$scratch/act")"
		return 1
	}
	power_mark "$1"
}

# keep_map: the next of the whole maps that may be found.
keep_map() {
	maps=$((maps + 1))
	map_rows >"$scratch/map.$maps"
}

approve() {
	postigo-admin approve "$(id_of "$1")" "${@:2}"
}

record() {
	maps=0
	keep_map
	act recorded as carla postigo request carla@elsewhere.example &&
		act decided approve carla --no-sync && act synced postigo-admin sync && keep_map &&
		act changing as ana postigo change ana@other.example &&
		act changed approve ana && keep_map &&
		act revoked postigo-admin member revoke beto --reason left && keep_map
}

# ---------------------------------------------------------------- what is found

has_passed() {
	[[ " $marks " == *" $1 "* ]]
}

# state_of USER: pending, or where the alias goes, or both, or nothing.
state_of() {
	printf '%s%s\n' "$(id_of "$1" | sed 's/.*/pending /')" "$(postigo-admin member show "$1" --plain 2>/dev/null | awk -F '\t' '$1 == "destination" { print $2 }')"
}

# found: which of the whole maps Postfix would answer from; 0 for none.
found() {
	local number
	map_rows >"$scratch/map.found"
	for ((number = 1; number <= maps; number++)); do
		cmp -s "$scratch/map.found" "$scratch/map.$number" && {
			echo $number
			return
		}
	done
	echo 0
}

# states_are USER STATE...: one of them.
states_are() {
	local user=$1 state
	shift
	state=$(state_of "$user")
	state=${state% }
	for word; do
		[ "$state" != "$word" ] || return 0
	done
	echo "$user: \"$state\""
}

judge_decisions() {
	local new=carla@elsewhere.example
	if has_passed decided; then
		states_are carla $new
	elif has_passed recorded; then
		states_are carla pending $new
	else
		states_are carla '' pending $new
	fi
	if has_passed changed; then
		states_are ana ana@other.example
	elif has_passed changing; then
		states_are ana 'pending ana@elsewhere.example' ana@other.example
	else
		states_are ana ana@elsewhere.example 'pending ana@elsewhere.example' ana@other.example
	fi
	if has_passed revoked; then
		states_are beto ''
	else
		states_are beto beto@elsewhere.example ''
	fi
}

judge_map() {
	local least=1 map
	! has_passed synced || least=2
	! has_passed changed || least=3
	! has_passed revoked || least=4
	map=$(found)
	[ "$map" -ge $least ] || echo "map $map, not $least or later"
}

# The next commands, as an administrator or a timer would give them, end whatever was under way.
judge_repair() {
	postigo-admin gc --no-sync >"$scratch/out" 2>&1 || echo "gc: $(head -n 1 "$scratch/out")"
	postigo-admin journal verify >"$scratch/out" 2>&1 || echo "journal: $(head -n 1 "$scratch/out")"
	[ -z "$(ls "$state/work/claimed")" ] || echo 'still claimed'
}

judge_rest() {
	local findings
	postigo-admin sync >"$scratch/out" 2>&1 || echo "sync: $(head -n 1 "$scratch/out")"
	postigo-admin member list --plain | awk -F '\t' '{ print $2 "\t" $3 }' | sort >"$scratch/rows"
	cmp -s <(postmap -s "lmdb:$postfix_map" | sort) "$scratch/rows" || echo "map and store differ: $(diff <(map_rows) "$scratch/rows" | head -3)"
	postigo-admin check --json >"$scratch/out" 2>/dev/null
	findings=$(ids "$scratch/out")
	[ -z "$findings" ] || echo "check: $findings"
}

# judge POINT LOSS SEED MARK...: prints what is wrong.
judge() {
	marks=${*:4}
	power_return "$1" "$2" "$3" 2>"$scratch/mount" || {
		echo "cannot be mounted: $(cat "$scratch/mount")"
		return
	}
	judge_map
	judge_repair
	judge_decisions
	judge_rest
	power_leave || echo 'cannot be unmounted'
}

# judge_all COUNT SEED: sets judged, bad.
judge_all() {
	local line wrong
	judged=0
	bad=0
	power_points "$1" "$2" >"$scratch/points"
	while read -r line; do
		judged=$((judged + 1))
		# shellcheck disable=SC2086
		wrong=$(judge $line)
		[ -n "$wrong" ] || continue
		bad=$((bad + 1))
		[ $bad -gt 5 ] || diag "power fails at $line: $wrong"
	done <"$scratch/points"
}

# ---------------------------------------------------------------- with fsync, and without

# without WHEN USER COMMAND...: fsync (WHEN 1+: always, 2: the second time) does nothing and says that it did. A tracer that is root leaves a setgid program
# its group.
without() {
	strace -f -qqq -o /dev/null -e trace=fsync,fdatasync -e inject="fsync,fdatasync:retval=0:when=$1" setpriv --reuid "$2" --regid "$(id -g "$2")" \
		--init-groups "${@:3}"
}

# sees_loss TITLE REGEX: what the last mark promised is gone, and the judge says so.
sees_loss() {
	local line
	power_off
	line=$("$support/power" last "$power_log")
	marks=${line#* * * }
	# shellcheck disable=SC2086
	power_return ${line% "$marks"}
	like "$1" "$(judge_map; judge_decisions)" "$2"
	power_leave
}

begin_anew() {
	power_prepare "$1" install_on_disk && power_on
	maps=0
	keep_map
}

printf 'op set\nuser carla\nto carla@elsewhere.example\n' >"$scratch/wish"

for type in ext4 xfs; do
	command -v mkfs.$type >/dev/null || {
		skip "$type" "no mkfs.$type"
		continue
	}
	ok "$type: an installation on a disk of its own" power_prepare $type install_on_disk
	ok "$type: the disk is watched" power_on
	ok "$type: people work" record
	ok "$type: until the end" power_off
	read -r writes flushes < <("$support/power" count "$power_log")
	ok "$type: the disk was told to flush ($flushes)" test "$flushes" -ge 10
	judge_all "$points" "$seed"
	is "$type: all is there or was never promised, and in order after the next command, at $judged points of failure" "$bad" 0
	diag "$type: $judged power failures among $writes writes and $flushes flushes: $bad wrong"

	# The proof that this judge can find something.
	for when in 1+ 2; do
		begin_anew $type
		input=$scratch/wish ok "$type: a request without fsync number $when" without $when carla $helper submit alias
		power_mark recorded
		sees_loss "$type: is found to be lost" '^carla: ""$'
	done
	begin_anew $type
	act recorded as carla postigo request carla@elsewhere.example
	ok "$type: an approval without fsync" without 1+ root postigo-admin approve "$(id_of carla)" --no-sync
	power_mark decided
	sees_loss "$type: is found not to have happened" '^carla: "pending"$'
	begin_anew $type
	postigo-admin member set m1 --to other@elsewhere.example --no-sync >/dev/null
	ok "$type: a sync without fsync" without 1+ root postigo-admin sync
	keep_map
	power_mark synced
	sees_loss "$type: is found not to have happened" '^map [01], not 2 or later$'
done
done_testing
