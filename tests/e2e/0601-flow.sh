#!/bin/bash
# 0601: the whole way, from a member's shell to a delivered message, and back to a refused one.
# Cases A01, A05, A06, A07.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

# The id of what USER waits for, as an administrator's script would read it.
pending_id() {
	run postigo-admin pending --plain
	printf '%s\n' "$stdout" | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

type=${MAP_TYPE:-lmdb}
ok 'Postfix starts' postfix_start "$type"
expect_exit 0 'setup makes the house' postigo-admin setup --domain club.example
is 'the helper is setgid' "$(stat -c '%a %U:%G' /usr/local/libexec/postigo/postigo-drop)" '2755 root:postigo-drop'
like 'before, the alias is unknown' "$(smtp_rcpt ana@club.example)" '^550 '

# A01: request, pending, approve, list, status, live
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example --note 'forum mail'
is 'her file lies in the queue' "$(ls /var/lib/postigo/queue/new)" '20001.alias.json'
expect_exit 0 'pending shows it' postigo-admin pending --json
is_json 'with the member' "$stdout_file" '[0].user' ana
is_json 'with the destination' "$stdout_file" '[0].destinations[0]' ana@elsewhere.example
is_json 'with the note' "$stdout_file" '[0].note' 'forum mail'
is_json 'and nothing against it' "$stdout_file" '[0].checks#' 0
id=$(pending_id ana)
like 'the id says whose it is' "$id" '^20001-[0-9a-f]{32}$'
expect_exit 0 'the admin approves what was shown' postigo-admin approve "$id" --json
is_json 'it changed something' "$stdout_file" '.changed' true
is_json 'it is approved' "$stdout_file" '.results[0].outcome' approved
is_json 'and synced' "$stdout_file" '.sync.rows.added' 1
is_json 'without a reload' "$stdout_file" '.sync.reload' skipped
is 'nothing is left in the queue' "$(ls /var/lib/postigo/queue/new)" ''
is 'nothing is left claimed' "$(ls /var/lib/postigo/work/claimed)" ''
is 'the decision is archived' "$(find /var/lib/postigo/work/archive -name "$id.json" | wc -l)" 1
expect_exit 0 'the list has it' postigo-admin member list --plain
like 'as one line of fields' "$stdout" $'^ana\tana@club.example\tana@elsewhere.example\tactive\t'
expect_exit 0 'ana sees it' as ana postigo status --json
is_json 'as active' "$stdout_file" '.state' active
is_json 'as live' "$stdout_file" '.live' true
is_json 'with the decision' "$stdout_file" '.last_decision.outcome' approved
expect_exit 0 'beto sees nothing of it' as beto postigo status --json
unlike 'not even a byte' "$stdout" 'elsewhere'
not_ok 'beto cannot read the status of ana' as beto cat /var/lib/postigo/status/20001.json
like 'Postfix takes the alias' "$(smtp_rcpt ana@club.example)" '^250 '
ok 'a message is sent' smtp_send friend@far.example ana@club.example 'first'
file=$(wait_for_mail ana)
like 'it arrives in the mailbox behind the alias' "$(cat "$file")" 'Delivered-To: ana@elsewhere.example'
like 'having been sent to the alias' "$(cat "$file")" 'X-Original-To: ana@club.example'

# A06: change of destination
created=$(postigo-admin member show ana --json >"$scratch/before" && json .created_at "$scratch/before")
expect_exit 0 'ana asks for another destination' as ana postigo request beto@elsewhere.example
like 'the old one works until then' "$(smtp_rcpt ana@club.example)" '^250 '
sleep 1
expect_exit 0 'it is approved' postigo-admin approve "$(pending_id ana)"
expect_exit 0 'the entry' postigo-admin member show ana --json
is_json 'has the new destination' "$stdout_file" '.destinations[0]' beto@elsewhere.example
is_json 'keeps its birthday' "$stdout_file" '.created_at' "$created"
isnt 'and has a new date of change' "$(json .updated_at "$stdout_file")" "$created"
is 'the store counts one generation more' "$(head -n 1 /var/lib/postigo/store/aliases.json | grep -o '"generation":[0-9]*')" '"generation":2'
ok 'a second message is sent' smtp_send friend@far.example ana@club.example 'second'
file=$(wait_for_mail beto)
like 'it arrives at the new destination' "$(cat "$file")" 'Delivered-To: beto@elsewhere.example'

# A05: reject with a reason, cooldown
expect_exit 0 'beto asks' as beto postigo request beto@elsewhere.example
expect_exit 64 'a rejection wants a reason' postigo-admin reject "$(pending_id beto)"
like 'and says how' "$stderr" '--reason'
expect_exit 64 'a blank is none' postigo-admin reject "$(pending_id beto)" --reason '   '
expect_exit 0 'the admin rejects' postigo-admin reject beto --reason 'please use your own address'
expect_exit 0 'beto sees why' as beto postigo status
like 'in words' "$stdout" 'please use your own address'
expect_exit 10 'asking again at once is too early' as beto postigo request beto@elsewhere.example
is 'and leaves no file' "$(ls /var/lib/postigo/queue/new)" ''

# Revocation, in the next session, without a reload
expect_exit 0 'the alias of ana is revoked' postigo-admin member revoke ana --reason 'left the club' --json
is_json 'gone from the map at once' "$stdout_file" '.sync.rows.removed' 1
like 'RCPT is refused in the next session' "$(smtp_rcpt ana@club.example)" '^550 '
expect_exit 0 'ana sees why' as ana postigo status
like 'in words' "$stdout" 'left the club'

# A07: the member removes
expect_exit 0 'carla asks' as carla postigo request carla@elsewhere.example
expect_exit 0 'and gets' postigo-admin approve "$(pending_id carla)"
like 'it is live' "$(smtp_rcpt carla@club.example)" '^250 '
expect_exit 64 'removing asks, and nobody is there to answer' as carla postigo remove
expect_exit 0 'carla removes her alias' as carla postigo remove --yes
like 'still live until it is applied' "$(smtp_rcpt carla@club.example)" '^250 '
expect_exit 0 'housekeeping applies it' postigo-admin gc --json
is_json 'as a removal' "$stdout_file" '.results[0].outcome' removed
like 'RCPT is refused in the next session' "$(smtp_rcpt carla@club.example)" '^550 '
expect_exit 0 'her status' as carla postigo status --json
is_json 'says so' "$stdout_file" '.state' none

is 'Postfix was never reloaded' "$(postfix_reloads)" 0
is 'no file of ours is readable by everybody but the two public ones' \
	"$(find /var/lib/postigo -type f -perm -o=r | sort)" '/var/lib/postigo/status/live.json'
done_testing
