#!/bin/bash
# 0705: member set, expire, undo and restore killed before their system calls. After each kill the next command finds the old or the new state, whole: store,
# journal, status. As 0603 does for decisions on requests (case A103). Sampled: SWEEP=all takes every call.
# timeout: 600
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

kill_at=$BUILD/tests/support/kill_at
state=/var/lib/postigo
store=$state/store

keep() {
	rm -rf "$scratch/before"
	cp -a $state "$scratch/before"
}

restore() {
	find $state -mindepth 1 -delete
	cp -a "$scratch/before/." $state/
}

entry_of() {
	postigo-admin member show "$1" --plain 2>/dev/null |
		awk -F '\t' '$1 == "destination" { to = $2 } $1 == "state" { state = $2 } END { print state == "" ? "none" : to "/" state }'
}

status_of() {
	[ ! -e "$state/status/$1.json" ] ||
		sed 's/.*"state":"\([a-z]*\)","destinations":\[\("\([^"]*\)"\)*[^]]*\].*/\3\/\1/' "$state/status/$1.json"
}

# What an administrator finds after the next writing command (which recovers): entry and status of ana and m1, which must be of one mind.
outcome() {
	local ana m1
	postigo-admin purge-user m200 --no-sync >/dev/null 2>"$scratch/error" || {
		echo "recovery fails: $(head -n 1 "$scratch/error")"
		return
	}
	postigo-admin journal verify --quiet 2>"$scratch/error" || {
		echo "journal: $(head -n 1 "$scratch/error")"
		return
	}
	[ "$(entry_of beto)" = beto@elsewhere.example/active ] || {
		echo 'beto is lost'
		return
	}
	ana=$(entry_of ana)
	m1=$(entry_of m1)
	[ "$(status_of 20001)" = "$ana" ] || {
		echo "status of ana $(status_of 20001), entry $ana"
		return
	}
	[ "$(status_of 20101)" = "$m1" ] || {
		echo "status of m1 $(status_of 20101), entry $m1"
		return
	}
	echo "$ana $m1"
}

# sweep TITLE BEFORE AFTER STEP COMMAND...: kills at every STEP-th of the last 320 system calls, and at every fortieth before.
sweep() {
	local title=$1 before=$2 after=$3 step=$4 stop=0 bad=0 old=0 new=0 result early killed
	shift 4
	[ "${SWEEP:-}" != all ] || step=1
	restore
	early=$("$kill_at" 0 "$@" 3>&1 >/dev/null 2>&1)
	early=$((${early##* } - 320))
	restore
	while :; do
		if [ $stop -lt $early ] && [ "${SWEEP:-}" != all ]; then
			stop=$((stop + 40))
		else
			stop=$((stop + step))
		fi
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
		[ $stop -lt 5000 ] || break
	done
	is "$title: nothing half done at any of $stop stops" "$bad" 0
	ok "$title: some kills came before the decision ($old)" test "$old" -gt 5
	ok "$title: some kills came after it ($new)" test "$new" -gt 2
	is "$title: without a kill it ends well" "$killed" 0
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 0 'beto' postigo-admin member add beto beto@elsewhere.example --no-sync
expect_exit 0 'ana' postigo-admin member add ana one@elsewhere.example --expires 1s --no-sync
expect_exit 0 'm1' postigo-admin member add m1 m1@elsewhere.example --expires 1s --no-sync
keep
a=one@elsewhere.example/active
m=m1@elsewhere.example/active
sweep set "$a $m" "two@elsewhere.example/active $m" 3 postigo-admin member set ana --to two@elsewhere.example --no-sync
sleep 1
sweep expire "$a $m" 'one@elsewhere.example/suspended m1@elsewhere.example/suspended' 3 postigo-admin expire --no-sync
restore
postigo-admin member revoke ana --reason left --no-sync >/dev/null
id=$(postigo-admin history --limit 1 --plain | cut -f2)
keep
# A revoked member's status says "none" without a destination.
status_of() {
	local text
	text=$(sed 's/.*"state":"\([a-z]*\)","destinations":\[\("\([^"]*\)"\)*[^]]*\].*/\3\/\1/' "$state/status/$1.json" 2>/dev/null)
	[ "$text" != /none ] || text=none
	echo "${text:-none}"
}
sweep undo "none $m" "$a $m" 3 postigo-admin undo "$id" --no-sync
sweep restore "none $m" "$a none" 3 postigo-admin restore 2 --yes --no-sync

# Over a store that is gone: damaged still, or restored; a second restore always ends it.
rm $store/aliases.json
keep
outcome_over_damage() {
	if ! postigo-admin member show beto --quiet >/dev/null 2>&1; then
		postigo-admin restore 2 --yes --no-sync >/dev/null 2>"$scratch/error" || {
			echo "restore fails: $(head -n 1 "$scratch/error")"
			return
		}
		[ "$(outcome_of_store)" = "$a none" ] && echo damaged
		return
	fi
	outcome_of_store
}
eval "$(declare -f outcome | sed '1s/outcome/outcome_of_store/')"
outcome() {
	outcome_over_damage
}
sweep 'restore over damage' damaged "$a none" 4 postigo-admin restore 2 --yes --no-sync
done_testing
