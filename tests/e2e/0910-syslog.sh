#!/bin/bash
# 0910: what reaches the system log: a line a sync, in one form, and nobody's bytes but ours. Case A56, the log's half.
# shellcheck disable=SC2317,SC2034 # functions that tests name are called by run; tap.sh reads variables
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace "$@"

# A /dev of our own: the host's is shared with us, its log is not ours to take.
private_dev() {
	local dev=$scratch/dev node
	mkdir "$dev"
	mount -t tmpfs -o mode=0755 tmpfs "$dev"
	for node in null zero full random urandom tty; do
		: >"$dev/$node"
		mount --bind "/dev/$node" "$dev/$node"
	done
	mkdir "$dev/pts" "$dev/shm"
	mount --bind /dev/pts "$dev/pts"
	mount --bind /dev/shm "$dev/shm"
	ln -s pts/ptmx "$dev/ptmx"
	ln -s /proc/self/fd "$dev/fd"
	mount --rbind "$dev" /dev
	umount -l "$dev"
}
private_dev
log=$scratch/log
: >"$log"
"$support/syslog" /dev/log "$log" >"$scratch/ready" &
listener=$!
ok 'a log listens' wait_until 10 grep -q ready "$scratch/ready"

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
ok 'ana asks' as ana postigo request ana@elsewhere.example
id=$(postigo-admin pending --plain | cut -f1)
turn=0

# logged: the lines of this program since the last time, with \ for every byte that must not be there.
logged() {
	logger -u /dev/log -t mark 'done'
	wait_until 10 grep -q 'mark: done' "$log" || diag 'the log does not answer'
	/usr/bin/python3 -I - "$log" <<-'PYTHON'
		import json, sys, unicodedata
		for line in open(sys.argv[1], encoding="ascii"):
		    text = json.loads(line).rstrip("\0")
		    if "mark: done" in text or " postfix" in text:
		        continue
		    print("".join("\\!" if unicodedata.category(c)[0] in "CZ" and c != " " else c for c in text))
	PYTHON
	: >"$log"
}
# well_formed TITLE LINES: each is <PRIORITY>TIME postigo-admin[PID]: and one of our two sentences; none has a raw byte.
head_of_line='^<2[0-9]>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} postigo-admin\[[0-9]+\]: '
done_line="${head_of_line}sync members: generation=[0-9]+ type=[a-z]+ rows=[0-9]+ added=[0-9]+ changed=[0-9]+ removed=[0-9]+ refused=[0-9]+ reload=[a-z ]+\$"
failed_line="${head_of_line}sync members: [a-z_]+: .+ \\(.*\\)\$"
well_formed() {
	is "$1: one line, and of our form" "$(grep -cE "$done_line|$failed_line" <<<"$2") $(wc -l <<<"$2")" '1 1'
	unlike "$1: no raw byte" "$2" '\\!'
}

logged >/dev/null # of useradd and others
expect_exit 0 'ana gets an alias' postigo-admin approve "$id"
lines=$(logged)
well_formed 'a sync' "$lines"
like 'with its figures' "$lines" 'generation=1 type=lmdb rows=1 added=1 changed=0 removed=0 refused=0'
expect_exit 0 'a sync that has nothing to do' postigo-admin sync
is 'is not logged' "$(logged)" ''

change() {
	postigo-admin member set ana --to "ana$((++turn))@elsewhere.example" --no-sync >/dev/null
}

# Who starts it chooses its name, and a lower name for the log with it.
named() {
	change
	(exec -a "$1" /usr/local/sbin/postigo-admin sync)
}
for name in $'other\033[31m' $'sshd[1]: Accepted password for root\n<38>sshd'; do
	ok 'a sync under another name' named "$name"
	well_formed 'under another name' "$(logged)"
done

# ---- A56: what a member can file
hostile=$'a\033[31mb\r\n<22>Jan  1 00:00:00 postigo-admin[1]: sync members: generation=99\302\233c\342\200\256d\b'
gid=$(getent group postigo-drop | cut -d: -f3)
for field in note destinations username lang tool nonce; do
	/usr/bin/python3 -I - "/var/lib/postigo/queue/new/20003.alias.json" "$gid" "$field" "$hostile" <<-'PYTHON'
		import json, os, sys
		path, gid, field, text = sys.argv[1:]
		record = {"format": 1, "kind": "alias", "op": "set", "nonce": "0" * 32, "uid": 20003, "username": "carla", "destinations": ["carla@elsewhere.example"],
		          "keep_copy": False, "note": "", "lang": "en", "created_at": "2026-05-19T23:55:18Z", "tool": "postigo-drop/1.0.0"}
		record[field] = [text] if field == "destinations" else text
		os.setgroups([]); os.setgid(int(gid)); os.setuid(20003); os.umask(0o077)
		open(path, "w").write(json.dumps(record) + "\n")
	PYTHON
	postigo-admin approve carla >/dev/null 2>&1
	postigo-admin approve "$(postigo-admin pending --plain | cut -f1 | head -n 1)" >/dev/null 2>&1
	later +2m postigo-admin gc >/dev/null 2>&1
	rm -rf /var/lib/postigo/queue/new/* /var/lib/postigo/work/claimed/*
	lines=$(logged)
	unlike "A56: a hostile $field leaves no byte" "$lines" '\\!'
	unlike "A56: and forges no line: $field" "$lines" 'generation=99'
done

# ---- files of the queue that are no requests: who left them, and who set them aside
aside="^<8[45]>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} postigo-admin\\[[0-9]+\\]: queue: set aside code=(Q[0-9]{2}) owner=([0-9]+) by=root uid=0 file="
# leave NAME TEXT: a file of carla's.
leave() {
	/usr/bin/python3 -I - "/var/lib/postigo/queue/new/$1" "$gid" "$2" <<-'PYTHON'
		import os, sys
		path, gid, text = sys.argv[1:]
		os.setgroups([]); os.setgid(int(gid)); os.setuid(20003); os.umask(0o077)
		open(path, "w").write(text)
	PYTHON
}
logged >/dev/null
leave 20003.alias.json '{]'
leave $'x\033[31m\n<22>Jan  1 00:00:00 postigo-admin[1]: y\302\233' '{}'
expect_exit 0 'gc sets two files aside' later +2m postigo-admin gc
lines=$(logged)
is 'each has its line' "$(grep -cE "$aside" <<<"$lines") $(wc -l <<<"$lines")" '2 2'
like 'with code and owner' "$lines" 'code=Q06 owner=20003 by=root uid=0 file=20003.alias.json'
like 'a name is made harmless, once' "$lines" 'code=Q18 owner=20003 by=root uid=0 file=x\\x1B\[31m\\x0A<22>'
unlike 'and leaves no raw byte' "$lines" '\\!'
expect_exit 0 'gc with nothing to do' later +2m postigo-admin gc
is 'is not logged' "$(logged)" ''
for number in {1..23}; do
	leave "flood$number" x
done
expect_exit 0 'a flood is set aside, too' later +2m postigo-admin gc
lines=$(logged)
is 'of which twenty have a line' "$(grep -cE "$aside" <<<"$lines")" 20
like 'and all others one' "$lines" 'queue: set aside 3 more files$'
is 'which is all' "$(wc -l <<<"$lines")" 21
leave 20003.alias.json '{]'
expect_exit 0 'purge-user sets aside' postigo-admin purge-user carla --no-sync
like 'and says so' "$(logged)" 'code=Q06 owner=20003 by=root uid=0 file=20003.alias.json'

# ---- A56: what other programs say, and what stands in a store that somebody forged
commands=/usr/local/sbin/mta
mkdir $commands
for command in postconf postmap postfix; do
	ln -s /usr/sbin/$command $commands/$command
done
postconf -e "command_directory = $commands"
printf '%s\377' "$hostile" >/usr/local/share/hostile-words
# says COMMAND CONDITION: it prints those words and fails, where CONDITION holds.
says() {
	rm $commands/"$1"
	printf '#!/bin/sh\nif %s; then cat /usr/local/share/hostile-words >&2; exit 1; fi\nexec /usr/sbin/%s "$@"\n' "$2" "$1" >$commands/"$1"
	chmod 0755 $commands/"$1"
}
says postmap true
change
expect_exit 21 'A56: a postmap that fails with hostile words' postigo-admin sync
lines=$(logged)
well_formed 'A56: postmap' "$lines"
like 'A56: what it said is told, made harmless once' "$lines" 'a\\x1B\[31mb'
like 'A56: on the terminal, too' "$stderr" 'a\\x1B\[31mb'
is_json 'A56: and in the result that is kept' /var/lib/postigo/sync/last-result.json .ok false
like 'A56: as harmless there' "$(json .error.why /var/lib/postigo/sync/last-result.json)" 'a\\x1B\[31mb'
unlike 'A56: its lines are none of the log' "$lines" 'generation=99'
says postmap '[ "$3" = -q ] || [ "$3" = -s ]'
change
expect_exit 21 'A56: one that reads back hostile words' postigo-admin sync
well_formed 'A56: reading back' "$(logged)"
says postmap false
says postfix '[ "$3" != status ] || exit 0'
sync_configure lmdb reload '"always"'
expect_exit 27 'A56: a reload that fails with them' postigo-admin sync
lines=$(logged)
well_formed 'A56: the reload' "$lines"
like 'A56: which is told' "$lines" 'after_live: .*did not reload'
says postfix false
says postconf true
sync_configure lmdb postconf "\"$commands/postconf\""
change
run postigo-admin sync
isnt 'A56: a postconf that fails with them' "$status" 0
lines=$(logged)
unlike 'A56: postconf: no raw byte' "$lines" '\\!'
unlike 'A56: postconf: no line of its own' "$lines" 'generation=99'
sync_configure lmdb
expect_exit 0 'a sync with the right programs' postigo-admin sync
well_formed 'it' "$(logged)"
kill $listener
done_testing
