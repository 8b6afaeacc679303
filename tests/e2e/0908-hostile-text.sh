#!/bin/bash
# 0908: text that is no text, or more than it seems, in whatever a member controls: refused, or shown harmless in every shape. Cases A53, A56.
# shellcheck disable=SC2154,SC2317,SC2001,SC2012 # stdout and status are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
gid=$(getent group postigo-drop | cut -d: -f3)

# ---- A53, the member's side: TITLE, BYTES, in a local part, in a domain, in a note (y taken, n refused)
slot=$queue/20001.alias.json
taken() {
	local title=$1 expected=$2
	shift 2
	run as ana postigo request "$@"
	if [ "$expected" = y ]; then
		is "$title: taken" "$status" 0
		as ana postigo cancel >/dev/null
	else
		is "$title: refused" "$status" 10
		is 'and nothing is filed' "$(ls $queue)" ''
		not_ok 'and nothing raw is said' grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xff' "$stderr_file"
	fi
}
while read -r title bytes domain note; do
	printf -v text '%b' "$bytes"
	taken "$title in a local part" n "a${text}b@elsewhere.example"
	taken "$title in a domain" "$domain" "ana@a${text}b.example"
	taken "$title in a note" "$note" ana@elsewhere.example --note "a${text}b"
done <<'CORPUS'
overlong-slash \xc0\xaf n n
overlong-nul \xc0\x80 n n
overlong-three \xe0\x80\xaf n n
surrogate \xed\xa0\x80 n n
surrogate-pair \xed\xa0\xbd\xed\xb8\x80 n n
beyond-unicode \xf4\x90\x80\x80 n n
lone-continuation \x80 n n
cut-short \xe2\x82 n n
byte-ff \xff n n
bidi-override \xe2\x80\xae n n
bidi-isolate \xe2\x81\xa6 n n
zero-width-joiner \xe2\x80\x8d n n
zero-width-space \xe2\x80\x8b n n
byte-order-mark \xef\xbb\xbf n n
line-separator \xe2\x80\xa8 n n
next-line-C1 \xc2\x85 n n
escape \x1b n n
backspace \x08 n n
carriage-return \x0d n n
composed \xc3\xa9 y y
decomposed e\xcc\x81 y y
emoji \xe2\x98\x82 n y
CORPUS
ok 'a composed name' as ana postigo request "ana@caf"$'\xc3\xa9'".example"
composed=$(json '.destinations[0]' $slot)
ok 'and the decomposed one' as ana postigo request "ana@cafe"$'\xcc\x81'".example" --replace
is 'are one domain' "$(json '.destinations[0]' $slot)" "$composed"
is 'the note goes through as it is' "$(as ana postigo request ana@elsewhere.example --replace --note $'e\xcc\x81' >/dev/null
	json .note $slot)" $'e\xcc\x81'
ok 'withdrawn' as ana postigo cancel

# ---- the administrator's side: what a broken helper would file
# field KEY JSON: the text of a request in which this member says that.
field() {
	/usr/bin/python3 -I - "$1" "$2" <<-'PYTHON'
		import sys
		members = {"format": "1", "kind": '"alias"', "op": '"set"', "nonce": '"00112233445566778899aabbccddeeff"',
		    "uid": "20001", "username": '"ana"', "destinations": '["ana@elsewhere.example"]', "keep_copy": "false",
		    "note": '""', "lang": '"en"', "created_at": '"2026-05-19T23:55:18Z"', "tool": '"postigo-drop/1.0.0"'}
		key = sys.argv[1].encode(errors="surrogateescape").decode("unicode_escape").encode("latin-1")
		value = sys.argv[2].encode(errors="surrogateescape").decode("unicode_escape").encode("latin-1")
		parts = [b'"' + name.encode() + b'":' + text.encode() for name, text in members.items() if name.encode() != key]
		sys.stdout.buffer.write(b"{" + b",".join(parts + [b'"' + key + b'":' + value]) + b"}\n")
	PYTHON
}

raw='[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf'
# harmless TITLE COMMAND...: nothing raw comes out, whatever the exit status.
harmless() {
	local title=$1
	shift
	run "$@"
	if grep -aqP "$raw" "$stdout_file" "$stderr_file"; then
		bad+=" [$title]"
		diag_command
	fi
}
# judged TITLE: all commands that show or decide, with the file that lies in the queue.
judged() {
	local shape id
	for shape in --plain --json; do
		harmless "$1 pending $shape" postigo-admin pending $shape
		harmless "$1 show $shape" postigo-admin show ana $shape
	done
	harmless "$1 pending" as_terminal root /usr/local/sbin/postigo-admin pending --no-color
	harmless "$1 show" as_terminal root /usr/local/sbin/postigo-admin show ana --no-color
	run postigo-admin pending --plain
	id=$(cut -f1 <<<"$stdout" | head -1)
	harmless "$1 reject" postigo-admin reject "$id" --reason no
	[ -z "$(ls -A $queue)" ] || harmless "$1 approve" postigo-admin approve "$id" --no-sync
	find $queue -mindepth 1 -exec touch -d '1 hour ago' {} +
	harmless "$1 gc" postigo-admin gc --no-sync --json
	find $queue -mindepth 1 -delete
}
umask 077
bad=
escapes=('\\x1b[2J' '\\xc2\\x9b31m' '\\r' '\\x08' '\\xe2\\x80\\xae' '\\\\u001b[2J' '\\\\u009b' '\\\\u000d' '\\\\u0008' '\\\\u202e' '\\\\u2066' '\\xff')
for escape in "${escapes[@]}"; do
	escape=${escape//\\\\/\\}
	for key in kind op nonce username note lang created_at tool "x-evil" "strange$escape"; do
		field "$key" "\"a${escape}b\"" >"$scratch/file"
		setpriv --reuid 20001 --regid "$gid" --clear-groups sh -c "umask 077; cat >$slot" <"$scratch/file"
		judged "$key $escape"
	done
	field destinations "[\"a${escape}b@elsewhere.example\"]" >"$scratch/file"
	setpriv --reuid 20001 --regid "$gid" --clear-groups sh -c "umask 077; cat >$slot" <"$scratch/file"
	judged "destination $escape"
done
is 'no raw byte reaches the terminal of an administrator' "$bad" ''
bad=
for name in $'20001.alias.json\e[2J' $'\e]0;evil\a' $'a\rb' $'a\bb' $'\xe2\x80\xae' $'\xc2\x9b31m' $'a\nb'; do
	# shellcheck disable=SC2016
	setpriv --reuid 20001 --regid "$gid" --clear-groups sh -c 'umask 077; echo "{}" >"$1"' sh "$queue/$name"
	judged "name $(printf %q "$name")"
done
is 'nor do names of files' "$bad" ''
is 'the status file of ana is still JSON' "$(json .format /var/lib/postigo/status/20001.json)" 1
expect_exit 0 'and she can read it' as ana postigo history
not_ok 'without a raw byte' grep -aqP "$raw" "$stdout_file"
done_testing
