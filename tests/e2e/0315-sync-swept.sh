#!/bin/bash
# timeout: 900
# 0315: a sync killed before each of its system calls, its children killed at theirs, and all of these calls failing; for every type of map. Every key that the
# map knew or will know is asked after each: the answers are all old or all new, the next sync makes them new, and it leaves nothing behind. Cases A67, A69 and
# A84, the last with a crash between the two renames.
# shellcheck disable=SC2154,SC2317 # variables of tap.sh and sweep.sh; functions that the sweep calls
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace "$@"
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'
. "$(dirname "$0")/../support/sweep.sh"

# m1 changes, m2 goes, m31 comes, all others stay.
printf 'm%s@club.example\n' {1..31} >"$scratch/keys"
for number in {1..30}; do
	printf 'm%s@club.example\tm%s@elsewhere.example\n' "$number" "$number"
done >"$scratch/old"
sed '/^m2@/d; s/^m1@.*/m1@club.example\tnew@elsewhere.example/' "$scratch/old" >"$scratch/new"
printf 'm31@club.example\tm31@elsewhere.example\n' >>"$scratch/new"

prepare() {
	sync_forget
	sync_configure "$1"
	postfix_write_main_cf "$1"
	store_rows 30
	ok "$1: a first sync" sync
	store m1=new@elsewhere.example -m2 m31=m31@elsewhere.example
	rm -rf "$scratch/before"
	mkdir "$scratch/before"
	cp -a $state "$scratch/before/state"
	cp -a "$map"* "$scratch/before"
}

restore() {
	find $state -mindepth 1 -delete
	cp -a "$scratch/before/state/." $state/
	rm -rf "$map"* /etc/postfix/.postigo*
	cp -a "$scratch/before/${map##*/}"* /etc/postfix/
}

live() {
	postmap -q - "$sync_type:$map" <"$scratch/keys" >"$scratch/answers" 2>&1
	if cmp -s "$scratch/answers" "$scratch/old"; then
		echo old
	elif cmp -s "$scratch/answers" "$scratch/new"; then
		echo new
	else
		echo "torn: $(diff "$scratch/old" "$scratch/answers" | tr '\n' '|' | head -c 300)"
	fi
}

outcome() {
	local found
	found=$(live)
	if [ "${1:-}" != now ]; then
		postigo-admin sync --quiet >/dev/null 2>"$scratch/error" || found="$found, the next sync fails: $(head -n 1 "$scratch/error")"
		[ "$(live)" = new ] || found="$found, the next sync leaves $(live)"
		[ ! -e /etc/postfix/.postigo-stage ] || found="$found, the stage is left"
	fi
	# What a kill leaves of a file in the state directory goes with gc, see 0603.
	[ "$(find $state -name '.*' -type f | wc -l)" -le 1 ] || found="$found, left: $(find $state -name '.*' | tr '\n' ' ')"
	echo "$found"
}

sweep_children() {
	local title=$1
	fault_options=(-c)
	sweep_faults() {
		cat <<-FAULTS
			kill@changes 1
			kill 197
			EIO@changes 2
			ENOSPC@changes 2 +
			EMFILE@openat 23 +
			ENOMEM@brk,mmap 23 +
		FAULTS
	}
	sweep_errors "$@"
	unset -f sweep_faults
	eval "$all_faults"
	fault_options=()
}
all_faults=$(declare -f sweep_faults)

# The types differ in how a map is built and read back, not in the rest: a sample of the others is enough but for make soak.
few_faults() {
	sweep_faults() {
		cat <<-FAULTS
			EIO@changes 2
			ENOSPC@changes 5 +
			EMFILE@openat,pipe2,socket 29 +
			EAGAIN@clone,clone3,fork,vfork 1
			ENOMEM@mmap,brk,mremap 29 +
		FAULTS
	}
}

sweep_step=150
for type in hash lmdb cdb texthash; do
	prepare $type
	sweep_kills $type old new postigo-admin sync
	sweep_children "$type, its children" old new postigo-admin sync
	[ "$type${SWEEP:-}" = lmdb ] || [ "${SWEEP:-}" = all ] || few_faults
	sweep_errors $type old new postigo-admin sync
done
sweep_figures
done_testing
