#!/bin/bash
# 0201: what a member asks for, and what is refused. Cases A02, A03, A04, A09, A10, A11, A16.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new
slot=$queue/20001.alias.json

# What a file is and holds: another one would differ.
identity_of() {
	stat -c '%i %Y %s' "$1" && sha256sum "$1"
}

pending_id() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

expect_exit 0 'setup' postigo-admin setup --domain club.example

# A first request
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example --note 'forum mail'
like 'it says so' "$stdout" '^Request sent\.'
like 'and what for' "$stdout" 'ana@club\.example  →  ana@elsewhere\.example'
like 'and what comes next' "$stdout" 'postigo cancel'
is 'without a word on stderr' "$stderr" ''
is 'one file is in the queue' "$(ls $queue)" 20001.alias.json
is 'it is hers' "$(stat -c %U $slot)" ana
is_json 'for her' $slot .username ana
is_json 'with the destination' $slot '.destinations[0]' ana@elsewhere.example
is_json 'with the note' $slot .note 'forum mail'

# A02: one can wait at a time
before=$(identity_of $slot)
expect_exit 2 'a second request is refused' as ana postigo request ana@other.example
like 'it says why' "$stderr" 'already pending'
like 'it names status' "$stderr" 'postigo status'
like 'and cancel' "$stderr" 'postigo cancel'
like 'and --replace' "$stderr" '--replace'
is 'nothing is on stdout' "$stdout" ''
is 'the first one is untouched' "$(identity_of $slot)" "$before"

# A03: --replace
expect_exit 0 'with --replace it is taken' as ana postigo request ana@other.example --replace --json
is_json 'it changed something' "$stdout_file" .changed true
is_json 'the new one waits' "$stdout_file" '.pending.destinations[0]' ana@other.example
is 'there is still one file' "$(ls $queue)" 20001.alias.json
is_json 'with the new destination' $slot '.destinations[0]' ana@other.example
expect_exit 0 'beto replaces nothing' as beto postigo request beto@elsewhere.example --replace
is 'which is a request' "$(ls $queue/20002.alias.json)" $queue/20002.alias.json

# A04: cancel
expect_exit 0 'ana withdraws' as ana postigo cancel
like 'it says so' "$stdout" withdrawn
is 'only the other request is left' "$(ls $queue)" 20002.alias.json
expect_exit 20 'there is nothing more to withdraw' as ana postigo cancel
like 'it says so' "$stderr" 'nothing of yours is pending'
expect_exit 0 'beto withdraws with --json' as beto postigo cancel --json
is_json 'something changed' "$stdout_file" .changed true
is_json 'nothing is there' "$stdout_file" .state none
expect_exit 20 'and then no more' as beto postigo cancel --json
is_json 'said in JSON' "$stderr_file" .error.code nothing_pending
is 'with nothing on stdout' "$stdout" ''

# A09: what is so already
ok 'ana asks again' as ana postigo request ana@elsewhere.example
ok 'and gets it' postigo-admin approve "$(pending_id ana)" --no-sync
expect_exit 0 'asking for what is so' as ana postigo request Ana@Elsewhere.example
like 'is told' "$stdout" 'Nothing to do'
is 'and leaves no file' "$(ls $queue)" ''
expect_exit 0 'the same in JSON' as ana postigo request ana@elsewhere.example --json
is_json 'nothing changed' "$stdout_file" .changed false
is_json 'the alias is there' "$stdout_file" .state active

# A change of destination
expect_exit 0 'another destination is a request' as ana postigo request ana@other.example
like 'the present one is named' "$stdout" 'ana@elsewhere\.example +\(now\)'
like 'and the new one' "$stdout" 'ana@other\.example +\(waiting\)'
expect_exit 0 'status' as ana postigo status --json
is_json 'is still active' "$stdout_file" .state active
is_json 'at the old destination' "$stdout_file" '.destinations[0]' ana@elsewhere.example
is_json 'with a change waiting' "$stdout_file" '.pending.destinations[0]' ana@other.example
ok 'which is withdrawn' as ana postigo cancel

# A10: who is no member
expect_exit 77 'op is no member' as op postigo request op@elsewhere.example
like 'it says why' "$stderr" 'not in group members'
expect_exit 77 'and status says the same' as op postigo
like 'with the reason' "$stderr" 'not in group members'
expect_exit 20 'but withdrawing is nobody barred from' as op postigo cancel

# A11: root
expect_exit 77 'root is sent away' postigo request root@elsewhere.example
like 'to the other program' "$stderr" postigo-admin
is 'no file' "$(ls $queue)" ''

# A16: names of the server
number=20500
for name in admin postmaster abuse security support contato contact noreply no-reply \
	mailer-daemon hostmaster webmaster entre join welcome; do
	number=$((number + 1))
	echo "$name:x:$number:20000::/:/bin/sh" >>/etc/passwd
	expect_exit 10 "$name is reserved" as $name postigo request someone@elsewhere.example
	like 'it says so' "$stderr" 'reserved for the server'
done
is 'no file' "$(ls $queue)" ''
echo 'daemonize:x:900:20000::/:/bin/sh' >>/etc/passwd
expect_exit 77 'a system account' as daemonize postigo request someone@elsewhere.example
like 'is none of a member' "$stderr" 'system account'
echo 'Upper:x:20601:20000::/:/bin/sh' >>/etc/passwd
expect_exit 77 'a capital letter' as Upper postigo request someone@elsewhere.example
like 'is in no address' "$stderr" 'name that cannot be an alias'
echo 'twin:x:20003:20000::/:/bin/sh' >>/etc/passwd
expect_exit 77 'a shared user id' as carla postigo request carla@elsewhere.example
like 'is nobody in particular' "$stderr" 'shares the user id'
is 'no file' "$(ls $queue)" ''

done_testing
