#!/bin/bash
# timeout: 600
# 0316: real small file systems: the state directory, the queue and the map's directory run full of bytes or of files at every point of an approval and of a
# sync. What was there stays, what is told is true, and once there is room the same command does the rest. Cases A36, A37 and A69; A35 on a file system with
# quotas, where the kernel has such.
# shellcheck disable=SC2154,SC2317 # variables of tap.sh and postfix.sh; functions that are called by name
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'

state=/var/lib/postigo
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 0 'beto' postigo-admin member add beto beto@elsewhere.example
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
id=$(postigo-admin pending --plain | cut -f1)
cp -a $state "$scratch/state"
cp -a /etc/postfix "$scratch/postfix"

# small PLACE COPY OPTIONS: PLACE on a file system of its own.
small() {
	umount "$1" 2>/dev/null
	mount -t tmpfs -o "$3,mode=$(stat -c %a "$2"),uid=0,gid=0" small "$1" && cp -a "$2/." "$1/"
}

answers() {
	postmap -q - lmdb:$postfix_map <<<"$(printf 'beto@club.example\nana@club.example')" 2>&1 | cut -f2 | xargs
}

said() {
	grep -q '^error: ' "$stderr_file" && grep -q '^  why:  .' "$stderr_file" && grep -q '^  fix:  .' "$stderr_file"
}

# judge WHERE: what an approval on the small file system left, then with room.
judge() {
	local code=$status
	case $code in
	0) [ "$(answers)" = 'beto@elsewhere.example ana@elsewhere.example' ] || complain "$1: 0, but $(answers)" ;;
	6 | 21 | 22 | 27 | 75) said || complain "$1: $code: $stderr" ;;
	*) complain "$1: exits with $code: $stderr" ;;
	esac
	case $(answers) in
	beto@elsewhere.example | 'beto@elsewhere.example ana@elsewhere.example') ;;
	*) complain "$1: the map answers $(answers)" ;;
	esac
	[ $code -eq 0 ] && whole=$((whole + 1)) || stopped=$((stopped + 1))
	mount -o remount,size=64m,nr_inodes=10000 "$2"
	postigo-admin approve "$id" >/dev/null 2>&1
	postigo-admin sync >/dev/null 2>"$stderr_file" || complain "$1: with room: $(cat "$stderr_file")"
	[ "$(answers)" = 'beto@elsewhere.example ana@elsewhere.example' ] || complain "$1: with room: $(answers)"
	[ -z "$(find $state/queue/new $state/work/claimed -name '*.json')" ] || complain "$1: with room the request still waits"
}

complain() {
	bad=$((bad + 1))
	[ $bad -gt 8 ] || diag "$1"
}

# fill PLACE COPY UNIT LIMIT: approvals on PLACE with 0, 1, 2, ... of UNIT ("blocks" or "files") left.
fill() {
	local left
	bad=0
	whole=0
	stopped=0
	for ((left = 0; left <= $4; left += ${5:-1})); do
		umount $state /etc/postfix 2>/dev/null
		rm -rf "${state:?}"/* /etc/postfix/postigo-aliases*
		cp -a "$scratch/state/." $state/
		cp -a "$scratch/postfix"/postigo-aliases* /etc/postfix/
		small "$1" "$2" size=64m,nr_inodes=10000
		if [ "$3" = files ]; then
			mount -o "remount,nr_inodes=$(($(stat -f -c '%c' "$1") - $(stat -f -c '%d' "$1") + left))" "$1"
		else
			mount -o "remount,size=$((($(stat -f -c '%b' "$1") - $(stat -f -c '%f' "$1") + left) * 4))k" "$1"
		fi
		run postigo-admin approve "$id"
		judge "$left $3 left in $1" "$1"
	done
	umount "$1"
	is "$1 with 0 to $4 $3 left: what is told is true, and nothing is lost" $bad 0
	isnt "some approvals were stopped" $stopped 0
	isnt "and some found room enough" $whole 0
	points=$((${points:-0} + stopped + whole))
}

fill $state "$scratch/state" blocks 16
fill $state "$scratch/state" files 14
fill /etc/postfix "$scratch/postfix" blocks 20
fill /etc/postfix "$scratch/postfix" files 5

# ---- A35
umount $state 2>/dev/null
bytes=4096
if mount -t tmpfs -o "size=64m,mode=0711,usrquota,usrquota_block_hardlimit=$bytes" quota $state 2>/dev/null; then
	cp -a "$scratch/state/." $state/
	rm -f $state/queue/new/*
	expect_exit 0 'within the quota a request is taken' as ana postigo request ana@elsewhere.example
	expect_exit 6 'at the quota it is not' as ana postigo request other@elsewhere.example --replace
	like 'that is told' "$stderr" 'stored'
	is_json 'the first one stays' $state/queue/new/20001.alias.json '.destinations[0]' ana@elsewhere.example
	is 'nothing is staged' "$(ls $state/queue/tmp)" ''
	expect_exit 0 'others are not concerned' as beto postigo request other@elsewhere.example
	umount $state
else
	skip 'a member at the disk quota' 'this kernel has no quota on tmpfs; 0105 injects EDQUOT'
fi
diag "points of fullness: $points"
done_testing
