#!/bin/bash
# 0202: the wrong ways of every command of postigo, and destinations that are none.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new

# refused TITLE REASON DEST...: exit 10, the reason, no file.
refused() {
	local title=$1 reason=$2
	shift 2
	expect_exit 10 "$title" as ana postigo request "$@"
	like "$title: why" "$stderr" "$reason"
}

expect_exit 4 'before setup' as ana postigo request ana@elsewhere.example
like 'it says what to do' "$stderr" 'postigo-admin setup'
expect_exit 4 'status too' as ana postigo status --json
is_json 'in JSON' "$stderr_file" .error.exit 4
expect_exit 0 'help needs no setup' as ana postigo help
expect_exit 0 'nor does the version' as ana postigo --version
expect_exit 0 'setup' postigo-admin setup --domain club.example

# Command lines
expect_exit 64 'no destination' as ana postigo request
expect_exit 64 'an unknown command' as ana postigo reqest ana@elsewhere.example
like 'with a guess' "$stderr" request
expect_exit 64 'an unknown option' as ana postigo request ana@elsewhere.example --force
expect_exit 64 'an abbreviated option' as ana postigo request ana@elsewhere.example --not x
expect_exit 64 'an option without its value' as ana postigo request ana@elsewhere.example --note
expect_exit 64 'an option twice' as ana postigo request ana@elsewhere.example --note a --note b
expect_exit 64 'a word too many for status' as ana postigo status ana
expect_exit 64 'for cancel' as ana postigo cancel 20001
expect_exit 64 'for remove' as ana postigo remove --yes ana
expect_exit 64 'an option of another command' as ana postigo status --replace
expect_exit 64 'in JSON as well' as ana postigo request --json
is_json 'with its name' "$stderr_file" .error.code usage
is 'and nothing on stdout' "$stdout" ''

# Destinations
refused 'two signs' 'two @' 'ana@@mail.example'
refused 'no sign' '@' ana
refused 'nothing' '' ''
refused 'a blank' '' 'ana b@elsewhere.example'
refused 'a new line' '' $'ana@elsewhere.example\nto: x'
refused 'a list' '' 'ana@elsewhere.example,x@elsewhere.example'
refused 'a command' '' '|/bin/sh@elsewhere.example'
refused 'an include' '' ':include:/etc/passwd'
refused 'one label' 'no dot' ana@elsewhere
refused 'an IP address' 'IP address' ana@192.0.2.1
refused 'localhost' '' ana@mail.localhost
refused 'a hyphen first' '' -- -f@elsewhere.example
refused 'the own domain' "server's own domain" beto@club.example
refused 'below it' "server's own domain" beto@mail.Club.example
refused 'the alias' 'the alias itself' ana@club.example
refused 'two, where one is allowed' 'allows 1' a@elsewhere.example b@elsewhere.example
refused 'a copy' 'only forwards' ana@elsewhere.example --keep-copy
refused 'not UTF-8' '' $'ana@\xff\xfe.example'
refused 'a long note' 'bytes' ana@elsewhere.example --note "$(printf 'x%.0s' {1..201})"
refused 'a note with escapes' 'control characters' ana@elsewhere.example --note $'\e[2J'
refused 'a note that turns round' 'invisible' ana@elsewhere.example --note $'a\u202eb'
expect_exit 10 'the field is named' as ana postigo request 'ana@@mail.example' --json
is_json 'in JSON' "$stderr_file" .error.field destination
is_json 'with the code' "$stderr_file" .error.code rule_violation
expect_exit 10 'escapes of the argument' as ana postigo request $'\e[31mred\e[0m@elsewhere.example'
unlike 'do not reach the terminal' "$stderr" $'\e'
is 'no file came of it' "$(ls $queue)" ''

# More than one, where that is allowed
mkdir -p /etc/postigo/conf.d
echo '{"policy": {"max_destinations": 2, "keep_copy": true, "allow_local_destinations": true}}' \
	>/etc/postigo/conf.d/50-policy.json
expect_exit 0 'two destinations and a copy' as ana postigo request a@elsewhere.example \
	b@club.example --keep-copy --json
is_json 'both wait' "$stdout_file" '.pending.destinations#' 2
is_json 'with the copy' "$stdout_file" .pending.keep_copy true
ok 'withdrawn' as ana postigo cancel
refused 'the same twice' 'named twice' a@elsewhere.example A@ELSEWHERE.example
refused 'three' 'allows 2' a@elsewhere.example b@elsewhere.example c@elsewhere.example
refused 'the alias itself, still' 'the alias itself' ana@club.example
rm /etc/postigo/conf.d/50-policy.json

# remove
expect_exit 1 'nothing to give up' as ana postigo remove --yes
like 'it says so' "$stderr" 'no alias'

# A queue that is not in order
chmod 0755 /usr/local/libexec/postigo/postigo-drop
expect_exit 4 'a helper without its bit' as ana postigo request ana@elsewhere.example
like 'names the cure' "$stderr" 'postigo-admin setup'
mv /usr/local/libexec/postigo/postigo-drop /usr/local/libexec/postigo/away
expect_exit 4 'no helper' as ana postigo request ana@elsewhere.example
like 'names it' "$stderr" postigo-drop
expect_exit 0 'status works without' as ana postigo status --json
is_json 'but does not know the queue' "$stdout_file" .queue_known false
like 'and says so' "$stderr" 'cannot tell'
mv /usr/local/libexec/postigo/away /usr/local/libexec/postigo/postigo-drop
expect_exit 0 'setup repairs it' postigo-admin setup
chmod 0777 /var/lib/postigo/queue/new
expect_exit 4 'a queue open to all is not used' as ana postigo request ana@elsewhere.example
is 'no file' "$(ls $queue)" ''

# A configuration that is not in order
cp /etc/postigo/postigo.json "$scratch/good"
echo '{"domain": "club.example", "polcy": {}}' >/etc/postigo/postigo.json
expect_exit 4 'a fault in the configuration' as ana postigo request ana@elsewhere.example
like 'is named' "$stderr" 'polcy'
cp "$scratch/good" /etc/postigo/postigo.json

done_testing
