#!/bin/bash
# 0607: each reading command in its three shapes, and no byte that a member wrote reaches a terminal as it is. Case A56 as far as the queue goes.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

admin=/usr/local/sbin/postigo-admin
queue=/var/lib/postigo/queue/new
gid=

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
gid=$(getent group postigo-drop | cut -d: -f3)
expect_exit 0 'ana asks, with a note in her own letters' as ana postigo request ana@elsewhere.example --note 'olá, ã é ç'
expect_exit 0 'beto asks' as beto postigo request beto@elsewhere.example
expect_exit 0 'and gets' postigo-admin approve "$(postigo-admin pending --plain | awk -F '\t' '$2 == "beto" { print $1 }')"

# shapes COMMAND...: a heading for people only, tabs for machines, JSON that parses.
shapes() {
	local title="$*"
	as_terminal root $admin "$@" --no-color >"$scratch/human"
	run postigo-admin "$@"
	is "$title: without a terminal it is plain" "$stdout" "$($admin "$@" --plain)"
	like "$title: with tabs" "$stdout" $'\t'
	unlike "$title: without a heading" "$stdout" 'MEMBER|ALIAS'
	isnt "$title: people get another shape" "$(cat "$scratch/human")" "$stdout"
	run postigo-admin "$@" --json
	is "$title: nothing on stderr" "$stderr" ''
	cp "$stdout_file" "$scratch/json"
	ok "$title: JSON parses" /usr/bin/python3 -I -m json.tool "$scratch/json"
	run postigo-admin --json "$@"
	is "$title: a global option stands anywhere" "$status" 0
	is "$title: full disks are noticed" "$(postigo-admin "$@" >/dev/full 2>/dev/null; echo $?)" 6
}
shapes pending
like 'pending for people has headings' "$(cat "$scratch/human")" 'MEMBER +WANTS +FORWARDS TO'
like 'and relative times' "$(cat "$scratch/human")" 'just now|ago'
shapes show ana
like 'letters are left alone' "$(cat "$scratch/human")" 'olá, ã é ç'
shapes member list
like 'the list for people has headings' "$(cat "$scratch/human")" 'MEMBER +ALIAS +FORWARDS TO +STATE'
shapes member show beto
environment=(NO_COLOR=1)
unlike 'NO_COLOR is honoured' "$(as_terminal root $admin member list)" $'\033'
environment=()
like 'colour on a terminal' "$(as_terminal root $admin member list)" $'\033\\[3'

# Bytes that a hostile helper could file under the name of its own member.
hostile() {
	/usr/bin/python3 -I - "$queue/20003.alias.json" "$gid" "$1" "$2" <<'PYTHON'
import json, os, sys
path, gid, field, text = sys.argv[1:]
os.setgroups([]); os.setgid(int(gid)); os.setuid(20003); os.umask(0o077)
text = text.encode().decode("unicode_escape")
record = {"format": 1, "kind": "alias", "op": "set", "nonce": "0" * 32, "uid": 20003, "username": "carla", "destinations": ["carla@elsewhere.example"],
          "keep_copy": False, "note": "", "lang": "en", "created_at": "2026-05-19T23:55:18Z", "tool": "postigo-drop/1.0.0"}
if field == "destinations":
    record[field] = [text]
elif field == "key":
    record[text] = 1
else:
    record[field] = text
open(path, "w").write(json.dumps(record) + "\n")
PYTHON
}

# raw FILE: whether bytes are in it that may drive a terminal.
raw() {
	LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf' "$1"
}
bad=0
for field in note destinations username lang tool created_at nonce op key; do
	for text in 'a\x1b[31mb' 'a\x1b]0;x\x07b' 'a\x9bb' 'a\rb' 'a\x08b' 'a\u202eb' 'a\u200bb' 'a\u2028b' 'a\x7fb'; do
		hostile $field "$text"
		for command in pending 'show carla' 'reject carla --reason no' 'approve carla'; do
			# shellcheck disable=SC2086
			for shape in --plain --json --quiet; do
				postigo-admin $command $shape >"$scratch/out" 2>&1
				! raw "$scratch/out" || {
					bad=$((bad + 1))
					diag "$field $text: $command $shape"
				}
			done
		done
		# shellcheck disable=SC2086
		as_terminal root $admin pending --no-color >"$scratch/out"
		! raw "$scratch/out" || bad=$((bad + 1))
		rm -f $queue/20003.alias.json
	done
done
is 'no byte that drives a terminal comes out, whatever the field' $bad 0

printf 'x' >"$queue/"$'20003\033[31m.json'
postigo-admin pending >"$scratch/out" 2>&1
like 'nor from a file name' "$(cat "$scratch/out")" 'x1[bB]'
not_ok 'in any shape' raw "$scratch/out"
as ana postigo status --plain >"$scratch/out"
not_ok 'nor to the member' raw "$scratch/out"
done_testing
