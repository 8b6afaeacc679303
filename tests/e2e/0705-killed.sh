#!/bin/bash
# 0705: member set, expire, undo and restore killed before their system calls, and these calls failing. After each the next command finds the old or the new
# state, whole: store, journal, status. As 0603 does for decisions on requests (case A103).
# timeout: 1200
# shellcheck disable=SC2317 # functions that the sweep calls
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/sweep.sh"

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
	[ "${1:-}" = now ] || postigo-admin purge-user m200 --no-sync >/dev/null 2>"$scratch/error" || {
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

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 0 'beto' postigo-admin member add beto beto@elsewhere.example --no-sync
expect_exit 0 'ana' postigo-admin member add ana one@elsewhere.example --expires 1s --no-sync
expect_exit 0 'm1' postigo-admin member add m1 m1@elsewhere.example --expires 1s --no-sync
keep
a=one@elsewhere.example/active
m=m1@elsewhere.example/active
sweep_both set "$a $m" "two@elsewhere.example/active $m" postigo-admin member set ana --to two@elsewhere.example --no-sync
sleep 1
s='one@elsewhere.example/suspended m1@elsewhere.example/suspended'
sweep_both expire "$a $m" "$s" postigo-admin expire --no-sync

# The last of a commit has no account any more, so no status of theirs can say that all others are published.
restore
mv "$scratch/before" "$scratch/plain"
expect_exit 0 'm3' postigo-admin member add m3 m3@elsewhere.example --expires 1s --no-sync
keep
sleep 1
sed -i.all '/^m3:/d' /etc/passwd
sweep_kills 'expire, the last is gone' "$a $m" "$s" postigo-admin expire --no-sync
mv /etc/passwd.all /etc/passwd
rm -r "$scratch/before"
mv "$scratch/plain" "$scratch/before"
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
sweep_both undo "none $m" "$a $m" postigo-admin undo "$id" --no-sync
sweep_both restore "none $m" "$a none" postigo-admin restore 2 --yes --no-sync

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
	outcome_of_store "$@"
}
eval "$(declare -f outcome | sed '1s/outcome/outcome_of_store/')"
outcome() {
	outcome_over_damage "$@"
}
sweep_both 'restore over damage' damaged "$a none" postigo-admin restore 2 --yes --no-sync
sweep_figures
done_testing
