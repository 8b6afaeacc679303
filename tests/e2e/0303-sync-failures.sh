#!/bin/bash
# Held here: A88.
# timeout: 600
# 0303: A64, A65. Whatever is wrong with the store, the directories or postmap: the old map stays live, and the exit code says why.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'
postfix_write_main_cf lmdb
sync_forget
sync_configure lmdb
store_rows 9
sync >/dev/null 2>&1
before=$(fingerprint)

still_live() {
	is "$1: nothing was touched" "$(fingerprint)" "$before"
	is "$1: the old map answers" "$(answer m1@club.example)" m1@elsewhere.example
	is_swept "$1: the stage is swept"
}

# ---------------------------------------------------------------- the store

cp -a $state/store "$scratch/store"

restore_store() {
	rm -rf $state/store
	cp -a "$scratch/store" $state/store
}

broken_store() {
	expect_exit 5 "$1: the sync stops" sync
	expect_exit 5 "$1: --dry-run too" sync --dry-run
	still_live "$1"
	restore_store
}

: >$state/store/aliases.json
broken_store 'an empty store file'
rm $state/store/aliases.json
broken_store 'a missing store'
truncate -s -10 $state/store/aliases.json
broken_store 'a truncated store'
sed -i 's/m1@elsewhere/x1@elsewhere/' $state/store/aliases.json
broken_store 'an edited store'
echo '{"format":1,"generation":1,"domain":"club.example","aliases":{}}' >$state/store/aliases.json
broken_store 'a store made by hand'
for text in 'm1@elsewhere.example\n evil@elsewhere.example' 'm1@elsewhere.example, evil@elsewhere.example' \
	'm1@elsewhere.example\tx' '|/bin/id'; do
	sed -i "s#m1@elsewhere.example#$text#" $state/store/aliases.json
	broken_store "a destination $(printf '%q' "$text")"
done
rm $state/store/journal.head
broken_store 'a store without the head of its journal'
ok 'restored, it has nothing to do' sync
is 'and touches nothing' "$(fingerprint)" "$before"

# ---------------------------------------------------------------- postmap

lie=/usr/local/sbin/lying-postmap

# liar TITLE SCRIPT: a postmap that does this. $table, $file and $what (build, query or list) are set.
liar() {
	cat >$lie <<-SCRIPT
		#!/bin/bash
		exec 2>>/dev/stderr
		table=\${!#}
		file=\${table#*:}
		type=\${table%%:*}
		what=build
		case \$3 in
		-q) what=query ;;
		-s) what=list ;;
		esac
		real() { /usr/sbin/postmap "\$@"; }
		# rebuild EDIT: the index is of an edited text, the text stays.
		rebuild() {
			mkdir /tmp/rebuild
			sed "\$1" "\$file" >/tmp/rebuild/\${file##*/}
			real "\$type:/tmp/rebuild/\${file##*/}"
			cp /tmp/rebuild/\${file##*/}.* "\${file%/*}"
			rm -r /tmp/rebuild
		}
		$2
	SCRIPT
	chmod 0755 $lie
}

# caught TITLE SCRIPT [PATTERN]: the sync sees through it, whatever the type.
caught() {
	local type
	liar "$1" "$2"
	for type in lmdb hash cdb; do
		sync_forget
		sync_configure $type
		store_rows 9
		sync >/dev/null 2>&1
		before=$(fingerprint)
		store m1=new@elsewhere.example m10=m10@elsewhere.example
		sync_configure $type postmap "\"$lie\"" command_timeout "${timeout:-20}"
		expect_exit 21 "$type: $1" sync
		[ -z "${3:-}" ] || like "$type: $1: why" "$stderr" "$3"
		expect_exit 21 "$type: $1: --dry-run" sync --dry-run
		still_live "$type: $1"
		is_json "$type: $1: recorded" $state/sync/last-result.json .exit 21
	done
}

caught 'does nothing, says nothing' ':' 'no file'
caught 'fails' 'echo "fatal: no space" >&2; exit 1' 'no space'
caught 'dies of a signal' 'kill -9 $$' 'signal 9'
caught 'fails after its work' 'real "$@"; exit 1' 'exit status 1'
caught 'makes an empty index' 'if [ $what = build ]; then
	real "$@"; for index in $file.*; do : >"$index"; done
else real "$@"; fi' 'empty'
caught 'makes a truncated index' 'if [ $what = build ]; then
	real "$@"; for index in $file.*; do truncate -s $(($(stat -c %s "$index") / 2)) "$index"; done
else real "$@"; fi'
caught 'leaves a key out' 'if [ $what = build ]; then rebuild /^m5@/d; else real "$@"; fi' 'm5@club\.example'
caught 'leaves the first key out' 'if [ $what = build ]; then rebuild /^m1@/d; else real "$@"; fi' 'm1@club\.example'
caught 'leaves the last key out' 'if [ $what = build ]; then rebuild /^m9@/d; else real "$@"; fi' 'm9@club\.example'
caught 'makes a wrong value' 'if [ $what = build ]; then rebuild s/m7@else/x7@else/; else real "$@"; fi' 'm7@club\.example'
caught 'makes the old map' 'if [ $what = build ]; then rebuild "s/new@/m1@/; /^m10@/d"; else real "$@"; fi'
caught 'adds a key' 'if [ $what = build ]; then rebuild "\$aevil@club.example\tevil@elsewhere.example"
else real "$@"; fi' 'rows'
caught 'answers whatever is asked' 'if [ $what = query ]; then sed "s/\$/\tx@elsewhere.example/"; else real "$@"; fi'
caught 'makes an index of another type' 'if [ $what = build ]; then
	for other in hash cdb lmdb; do [ $other = $type ] || real $other:$file; done
else real "$@"; fi' 'no file'
caught 'makes the index a link' 'if [ $what = build ]; then
	real "$@"; for index in $file.*; do mv "$index" /etc/postfix-index; ln -s /etc/postfix-index "$index"; done
else real "$@"; fi'
rm -f /etc/postfix-index
caught 'edits the text' 'real "$@"; status=$?; [ $what != build ] || echo "#" >>$file; exit $status'
timeout=1 caught 'hangs' '[ $what != build ] || sleep 300; real "$@"' ''
is 'no hanging postmap is left' "$(pgrep -fc 'sleep 300' || true)" 0
timeout=1 caught 'hangs in the read-back' '[ $what = build ] || sleep 300; real "$@"' ''

liar 'warns' 'real "$@"; status=$?; [ $what != build ] || echo "warning: it is late" >&2; exit $status'
sync_forget
sync_configure lmdb postmap "\"$lie\""
store ana=ana@elsewhere.example
ok 'a warning with exit status 0 is none of an error' sync --json
is 'but is passed on' "$(warnings "$stdout_file")" postmap-output
is 'and the map is live' "$(answer ana@club.example)" ana@elsewhere.example

before=$(fingerprint)
store beto=beto@elsewhere.example
for command in lying-postmap /nowhere/postmap /etc/passwd; do
	sync_configure lmdb postmap "\"$command\""
	expect_exit 4 "postmap = $command" sync
	is 'touches nothing' "$(fingerprint)" "$before"
done
chmod 0775 $lie
sync_configure lmdb postmap "\"$lie\""
expect_exit 4 'a postmap that a group may write' sync
sync_configure lmdb postconf '"/nowhere/postconf"'
expect_exit 4 'a postconf that is missing' sync
is 'touches nothing' "$(fingerprint)" "$before"

# ---------------------------------------------------------------- traps in the directories

sync_configure lmdb
sync_forget
store ana=ana@elsewhere.example
sync >/dev/null 2>&1
store ana=new@elsewhere.example
before=$(fingerprint)
stage=/etc/postfix/.postigo-stage

# trapped TITLE: refused with 4, nothing happened behind the trap.
trapped() {
	expect_exit 4 "$1: refused" sync
	is "$1: nothing was touched" "$(fingerprint)" "$before"
	is "$1: the old map answers" "$(answer ana@club.example)" ana@elsewhere.example
}

mkdir /root/elsewhere
touch /root/elsewhere/precious
ln -s /root/elsewhere $stage
trapped 'the stage as a symbolic link'
ok 'what is behind it is there' test -e /root/elsewhere/precious
rm $stage
touch $stage
trapped 'the stage as a file'
rm $stage
install -d -o ana -m 0700 $stage
touch $stage/precious
trapped 'the stage of a member'
ok 'it is not swept' test -e $stage/precious
rm -r $stage
install -d -m 0755 $stage
trapped 'a stage that others may enter'
rm -r $stage
install -d -m 0700 $stage $stage/directory
trapped 'a stage with a directory in it'
rm -r $stage
install -d -m 0700 $stage
echo 'set_flags DB_TXN_NOSYNC' >$stage/DB_CONFIG
ln -s /root/elsewhere/precious $stage/postigo-aliases.lmdb
ln -s /root/elsewhere/precious $stage/postigo-aliases
ok 'what a killed run or anybody left in the stage is swept' sync
is 'the new map answers' "$(answer ana@club.example)" new@elsewhere.example
is 'what a link named is as it was' "$(cat /root/elsewhere/precious)" ''
is_swept 'and the stage is gone'

store ana=ana@elsewhere.example
sync >/dev/null 2>&1
store ana=new@elsewhere.example
for file in $map $map.lmdb; do
	cp -a "$file" "$scratch/kept"
	before=$(fingerprint)
	ln -f "$file" /etc/hard-link
	before=$(fingerprint)
	trapped "${file##*/} with another name"
	rm /etc/hard-link
	chown ana "$file"
	before=$(fingerprint)
	trapped "${file##*/} of a member"
	rm "$file"
	ln -s "$scratch/kept" "$file"
	before=$(fingerprint)
	trapped "${file##*/} as a symbolic link"
	rm "$file"
	cp -a "$scratch/kept" "$file"
done
before=$(fingerprint)
chmod 0775 /etc/postfix
trapped 'a directory that a group may write'
chmod 0755 /etc/postfix
chown ana /etc/postfix
trapped 'a directory of a member'
chown root /etc/postfix
ok 'with all that put right' sync
is 'it is live' "$(answer ana@club.example)" new@elsewhere.example

# ---------------------------------------------------------------- lock, disk

store ana=ana@elsewhere.example
before=$(fingerprint)
sync_configure lmdb lock_timeout 1
(exec 9>$state/lock/sync-members.lock && flock 9 && exec sleep 20) &
wait_until 5 bash -c "! flock -n $state/lock/sync-members.lock true"
expect_exit 75 'another sync at work' sync
is 'nothing was touched' "$(fingerprint)" "$before"
kill $! && wait $! 2>/dev/null
ok 'the lock of a dead process is free' sync

mkdir -p /etc/full
mount -t tmpfs -o size=64k,mode=0755 tmpfs /etc/full
sync_forget
map=/etc/full/postigo-aliases
sync_configure lmdb
store_rows 9
sed -i "s|^virtual_alias_maps.*|virtual_alias_maps = lmdb:$map|" /etc/postfix/main.cf
sync >/dev/null 2>&1
first=$(answer m1@club.example)
store fill:3000
run sync
case $status in
6 | 21) pass 'a full disk is an error' ;;
*) fail "a full disk is an error" ;;
esac
is 'the old map answers as before' "$(answer m1@club.example)" "$first"
is 'the stage is swept' "$(find /etc/full -name '.postigo-stage')" ''
umount /etc/full
done_testing
