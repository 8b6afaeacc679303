#!/bin/bash
# 0901: change, pause, resume, history: what a member does about an alias that is there.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new

pending_id() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

state_of() {
	as "$1" postigo status --json >"$scratch/state" && json .state "$scratch/state"
}

ok 'Postfix starts' postfix_start lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example

# Without an alias
expect_exit 1 'nothing to change' as ana postigo change ana@elsewhere.example
like 'it names the command that fits' "$stderr" 'postigo request ana@elsewhere.example'
expect_exit 1 'nothing to pause' as ana postigo pause
expect_exit 1 'nothing to resume' as ana postigo resume
expect_exit 0 'no history' as ana postigo history
is 'is no line for a script' "$stdout" ''
expect_exit 0 'nor as JSON' as ana postigo history --json
is 'anything' "$stdout" '[]'
expect_exit 0 'for people' as_terminal ana postigo history
like 'it is a sentence' "$stdout" 'Nothing was decided'
is 'no file is left by any of it' "$(ls $queue)" ''

# change
ok 'ana asks' as ana postigo request ana@elsewhere.example
ok 'and gets it' postigo-admin approve "$(pending_id ana)"
expect_exit 0 'ana changes the destination' as ana postigo change ana@other.example
like 'the present one is shown' "$stdout" 'ana@elsewhere\.example +\(now\)'
like 'and the new one' "$stdout" 'ana@other\.example +\(waiting\)'
expect_exit 2 'one can wait' as ana postigo change ana@third.example
expect_exit 0 'or be replaced' as ana postigo change ana@third.example --replace --json
is_json 'in JSON' "$stdout_file" '.pending.destinations[0]' ana@third.example
ok 'a message is sent meanwhile' smtp_send friend@far.example ana@club.example first
like 'and arrives at the old destination' "$(cat "$(wait_for_mail ana)")" 'Delivered-To: ana@elsewhere.example'
ok 'the change is approved' postigo-admin approve "$(pending_id ana)"
expect_exit 0 'changing to what is so' as ana postigo change ana@third.example
like 'is nothing to do' "$stdout" 'Nothing to do'

# pause
expect_exit 0 'resuming what works' as ana postigo resume --json
is_json 'changes nothing' "$stdout_file" .changed false
expect_exit 0 'ana pauses' as ana postigo pause
like 'it says what happens' "$stdout" 'paused within minutes'
is 'a wish waits' "$(ls $queue)" 20001.alias-state.json
expect_exit 0 'pausing again' as ana postigo pause --json
is_json 'changes nothing' "$stdout_file" .changed false
is_json 'the wish is there' "$stdout_file" .pending_change.op pause
expect_exit 0 'status, for people' as_terminal ana postigo
like 'speaks of it' "$stdout" 'will be paused'
like 'it works until then' "$(smtp_rcpt ana@club.example)" '^250 '
ok 'housekeeping' postigo-admin gc
is 'ana is paused' "$(state_of ana)" paused
like 'mail is refused' "$(smtp_rcpt ana@club.example)" '^550 '
expect_exit 0 'once more' as ana postigo pause
like 'is known' "$stdout" 'already paused'
is 'and leaves no file' "$(ls $queue)" ''
expect_exit 0 'status of a paused one' as_terminal ana postigo
like 'names the way back' "$stdout" 'postigo resume'

# resume, and the last word counts
expect_exit 0 'ana resumes' as ana postigo resume
expect_exit 0 'and gives it up instead' as ana postigo remove --yes --json
is_json 'which replaces the wish' "$stdout_file" .pending_change.op remove
is 'in one file' "$(ls $queue)" 20001.alias-state.json
expect_exit 0 'and resumes after all' as ana postigo resume --json
is_json 'which replaces it again' "$stdout_file" .pending_change.op resume
ok 'housekeeping' postigo-admin gc
is 'ana is active' "$(state_of ana)" active
like 'mail is taken' "$(smtp_rcpt ana@club.example)" '^250 '
expect_exit 0 'a pause can be taken back' as ana postigo pause
ok 'in time' as ana postigo cancel
ok 'housekeeping' postigo-admin gc
is 'then nothing has happened' "$(state_of ana)" active

# history
ok 'ana asks for something odd' as ana postigo change ana@odd.example
ok 'and is refused' postigo-admin reject "$(pending_id ana)" --reason 'not this one'
expect_exit 0 'the history' as ana postigo history --json
is_json 'has all of it' "$stdout_file" '#' 5
is_json 'the last first' "$stdout_file" '[0].outcome' rejected
is_json 'with the reason' "$stdout_file" '[0].reason' 'not this one'
is_json 'and the wish' "$stdout_file" '[0].destinations[0]' ana@odd.example
is_json 'which was an alias' "$stdout_file" '[0].op' set
like 'with the id' "$(json '[0].id' "$stdout_file")" '^20001-[0-9a-f]{32}$'
like 'and the time' "$(json '[0].at' "$stdout_file")" '^20[0-9-]+T[0-9:]+Z$'
is_json 'resumed before' "$stdout_file" '[1].outcome' resumed
is_json 'paused before' "$stdout_file" '[2].op' pause
is_json 'the change' "$stdout_file" '[3].destinations[0]' ana@third.example
is_json 'the first' "$stdout_file" '[4].destinations[0]' ana@elsewhere.example
expect_exit 0 'for a script' as ana postigo history
is 'it is a line each' "$(wc -l <"$stdout_file")" 5
expect_exit 0 'for people' as_terminal ana postigo history
like 'it is a table' "$stdout" 'WHEN +OUTCOME +WISH'
expect_exit 0 'nobody else' as beto postigo history --json
is 'sees any of it' "$stdout" '[]'

# bounded
ok 'beto asks' as beto postigo request beto@elsewhere.example
ok 'and gets it' postigo-admin approve "$(pending_id beto)" --no-sync
reason=$(printf 'x%.0s' {1..500})
for ((round = 1; round <= 12; round++)); do
	as beto postigo pause >/dev/null && postigo-admin gc --no-sync >/dev/null
	as beto postigo resume >/dev/null && postigo-admin gc --no-sync >/dev/null
done
expect_exit 0 'after many decisions' as beto postigo history --json
is_json 'twenty are kept' "$stdout_file" '#' 20
for ((number = 1; number <= 20; number++)); do
	sed -i 's/"cooldown_until":"[^"]*"/"cooldown_until":"2001-01-01T00:00:00Z"/' /var/lib/postigo/status/20002.json
	as beto postigo change "$(printf '%060d' $number)@$(printf 'a%.0s' {1..60}).example" >/dev/null
	postigo-admin reject "$(pending_id beto)" --reason "$reason" --no-sync >/dev/null 2>&1 ||
		postigo-admin reject "$(pending_id beto)" --reason "$reason" >/dev/null
done
expect_exit 0 'with long reasons' as beto postigo history --json
is_json 'the newest is there' "$stdout_file" '[0].reason' "$reason"
ok 'the file keeps its limit' test "$(stat -c %s /var/lib/postigo/status/20002.json)" -le 16384
ok 'a damaged file' sh -c 'echo nonsense >/var/lib/postigo/status/20002.json'
ok 'is written anew by the next decision' postigo-admin member revoke beto --reason left --no-sync
expect_exit 0 'beto reads it' as beto postigo history --json
is_json 'with that decision' "$stdout_file" '[0].outcome' revoked
is_json 'and the one before, which the journal still told' "$stdout_file" '#' 2
done_testing
