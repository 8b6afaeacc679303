#!/bin/bash
# 0103: postigo-drop and the file system: durable, complete or nothing, one winner, also where O_TMPFILE
# or /proc is missing, where the disk is full, and where it is killed.
# Cases A28, A36, A37, A38 (member's side); one winner of many.
# shellcheck disable=SC2154,SC2317 # stdout and stderr are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

helper=/usr/local/libexec/postigo/postigo-drop
[ -x $helper ] || skip_all 'postigo-drop is not built'
install_helper_by_hand
new=/var/lib/postigo/queue/new
staging=/var/lib/postigo/queue/tmp
slot=$new/20001.alias.json
printf 'op set\nuser ana\nto ana@elsewhere.example\n' >"$scratch/ana"
printf 'op set\nuser ana\nto other@elsewhere.example\n' >"$scratch/other"

bare() {
	setpriv --reuid ana --regid users --clear-groups env -i $helper "$@"
}
files() {
	find $new $staging -name '*.json' | wc -l
}

# ---- one winner of many
wins=0
odd=0
for _ in {1..10}; do
	: >"$scratch/codes"
	for _ in {1..8}; do
		{
			code=0
			bare submit alias <"$scratch/ana" 2>/dev/null || code=$?
			echo $code >>"$scratch/codes"
		} &
	done
	wait
	[ "$(grep -cx 0 "$scratch/codes")" -eq 1 ] && wins=$((wins + 1))
	odd=$((odd + $(grep -cvxE '0|2' "$scratch/codes")))
	bare withdraw alias
done
is 'eight at once: one is taken, ten times' "$wins" 10
is 'and the others hear that one is pending' "$odd" 0
is 'nothing is left' "$(files)" 0
for number in {1..200}; do
	printf 'op set\nuser m%s\nto m%s@elsewhere.example\n' "$number" "$number" |
		setpriv --reuid "m$number" --regid users --clear-groups $helper submit alias &
done
wait
is 'two hundred members at once: all are taken' "$(files)" 200
is 'each owns the file of the own number' "$(stat -c '%n %u' $new/*.json | awk '{split($1, p, "[/.]"); if (p[7] != $2) print}')" ''
rm -f $new/*.json

# ---- durability, and what is missing
if command -v strace >/dev/null; then
	# traced OPTION... -- VERB: as root traces, the program keeps its group
	traced() {
		local options=()
		while [ "$1" != -- ]; do
			options+=("$1")
			shift
		done
		run strace -o "$scratch/trace" "${options[@]}" setpriv --reuid ana --regid users --clear-groups \
			$helper "$2" alias
	}
	input=$scratch/ana
	traced -e trace=openat,write,fsync,linkat,renameat2,unlinkat -- submit
	is 'traced: a request is taken' "$status" 0
	is 'fsync stands before and behind the name' "$(grep -oE '^(fsync|linkat)' "$scratch/trace" | tr '\n' ' ')" \
		'fsync linkat fsync '
	place=$(grep '^openat' "$scratch/trace" | grep -n O_TMPFILE | cut -d: -f1)
	traced -e trace=write,fsync,renameat,renameat2,unlinkat -- replace
	is 'traced: a request is replaced' "$status" 0
	is 'fsync again on both sides' "$(grep -oE '^(fsync|rename)' "$scratch/trace" | tr '\n' ' ')" \
		'fsync rename fsync '
	bare withdraw alias

	missing=(-e inject="openat:error=EOPNOTSUPP:when=$place")
	traced "${missing[@]}" -- submit
	is 'without O_TMPFILE a request is taken' "$status" 0
	is 'with owner and mode' "$(mode_of $slot) $(stat -c %h $slot)" '600 ana:postigo-drop 1'
	is_json 'whole' $slot '.destinations[0]' ana@elsewhere.example
	is 'nothing stays staged' "$(ls $staging)" ''
	input=$scratch/other traced "${missing[@]}" -- submit
	is 'a second one is refused there too' "$status" 2
	is_json 'and the first untouched' $slot '.destinations[0]' ana@elsewhere.example
	is 'nothing stays staged' "$(ls $staging)" ''
	bare withdraw alias

	for call in fsync:1 fsync:2 linkat:1; do
		traced -e inject="${call%:*}:error=EIO:when=${call#*:}" -- submit
		is "a failing ${call%:*} (${call#*:}) is told" "$status" 6
		is 'and nothing is left' "$(files)" 0
	done
	traced -e inject=write:error=ENOSPC:when=1 -- submit
	is 'a full disk is told' "$status" 6
	is 'and nothing is left' "$(files)" 0
	traced -e inject=fsync:error=EIO:when=1 -- replace
	is 'a failing replace is told' "$status" 6
	is 'and nothing is left' "$(files)" 0

	# ---- killed at each call that touches the queue
	half=
	for call in openat write fsync:1 linkat fsync:2 setresgid:1 setresgid:2 setresgid:3 setresgid:4; do
		when=1
		case $call in *:*) when=${call#*:} ;; openat) when=$place ;; esac
		traced -e inject="${call%:*}:signal=KILL:when=$when" -- submit
		[ ! -e $slot ] || json .tool $slot >/dev/null || half="$half $call"
		[ -z "$(ls $staging)" ] || half="$half staged:$call"
		bare withdraw alias 2>/dev/null
	done
	is 'killed anywhere: no file or a whole one' "$half" ''
	bare submit alias <"$scratch/ana"
	for call in write fsync:1 renameat,renameat2 fsync:2; do
		when=1
		case $call in *:*) when=${call#*:} ;; esac
		input=$scratch/other traced -e inject="${call%:*}:signal=KILL:when=$when" -- replace
		json .tool $slot >/dev/null || half="$half $call"
	done
	is 'killed while replacing: the old one or the new one' "$half" ''
	input=$scratch/other
	run bare replace alias
	is 'what a kill left staged is no obstacle' "$status" 0
	is 'and goes away' "$(ls $staging)" ''
	bare withdraw alias
	unset input
else
	skip 'fsync, faults and kills' 'no strace'
fi

# ---- no /proc
cat >"$scratch/no-proc" <<EOF
mount -t tmpfs none /proc || exit 99
exec setpriv --reuid ana --regid users --clear-groups $helper submit alias
EOF
input=$scratch/ana expect_exit 0 'without /proc a request is taken' unshare -m sh "$scratch/no-proc"
is 'with owner and mode' "$(mode_of $slot) $(stat -c %h $slot)" '600 ana:postigo-drop 1'
is 'nothing stays staged' "$(ls $staging)" ''
input=$scratch/ana expect_exit 2 'a second one is refused' unshare -m sh "$scratch/no-proc"
bare withdraw alias

# ---- A38: a loop of requests leaves nothing
room() {
	stat -f -c '%f %d' $new
}
before=$(room)
for _ in {1..300}; do
	bare submit alias <"$scratch/ana" && bare replace alias <"$scratch/other" && bare withdraw alias
done
is '300 requests, replaced and withdrawn, take no room' "$(room)" "$before"

# ---- A36, A37: small and full file systems
small() {
	umount /var/lib/postigo/queue 2>/dev/null
	mount -t tmpfs -o "$1,mode=0710,gid=$(getent group postigo-drop | cut -d: -f3)" small /var/lib/postigo/queue
	install -d -o root -g postigo-drop -m 1730 $new $staging
}
small size=256k,nr_inodes=64
input=$scratch/ana expect_exit 0 'a small file system serves' bare submit alias
dd if=/dev/zero of=/var/lib/postigo/queue/ballast bs=4k 2>/dev/null
input=$scratch/ana expect_exit 75 'full of bytes, it is told' bare replace alias
is 'in one line' "$stderr" 'postigo-drop: the disk is nearly full; try again later'
is_json 'what was there is whole' $slot '.destinations[0]' ana@elsewhere.example
expect_exit 0 'and can be shown' bare show alias
expect_exit 0 'and withdrawn' bare withdraw alias
rm /var/lib/postigo/queue/ballast
for number in {1..64}; do
	: >"/var/lib/postigo/queue/$number" || break
done 2>/dev/null
input=$scratch/ana expect_exit 75 'full of files, it is told' bare submit alias
is 'and nothing is left' "$(files)" 0
small size=64m,nr_inodes=0
input=$scratch/ana expect_exit 0 'a file system that counts no inodes serves' bare submit alias
umount /var/lib/postigo/queue

done_testing
