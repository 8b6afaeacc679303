#!/bin/bash
# 0203: what a member sees, in its three shapes; giving an alias up; sandboxes; other scripts.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new

pending_id() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

# value KEY: of the plain form in $stdout.
value() {
	printf '%s\n' "$stdout" | awk -F '\t' -v key="$1" '$1 == key { print $2 }'
}

expect_exit 0 'setup' postigo-admin setup --domain club.example

# Nothing yet
expect_exit 0 'nothing yet' as_terminal ana postigo
like 'says so' "$stdout" 'You have no alias yet'
like 'shows the address' "$stdout" 'ana@club\.example'
like 'and how to ask' "$stdout" 'postigo request'
expect_exit 0 'nothing yet, for a script' as ana postigo
is 'the state' "$(value state)" none
is 'the alias' "$(value alias)" ana@club.example
expect_exit 0 'nothing yet, as JSON' as ana postigo --json
is_json 'the user' "$stdout_file" .username ana
is_json 'the state' "$stdout_file" .state none
is_json 'no destinations' "$stdout_file" '.destinations#' 0
not_ok 'no pending' json .pending "$stdout_file"
not_ok 'no decision' json .last_decision "$stdout_file"
not_ok 'nothing is said about live' json .live "$stdout_file"

# Pending
ok 'ana asks' as ana postigo request ana@elsewhere.example --note 'forum "mail" ☂'
expect_exit 0 'pending, for people' as_terminal ana postigo status
like 'a heading' "$stdout" 'ADDRESS +FORWARDS TO +STATE'
like 'a row' "$stdout" 'ana@club\.example +ana@elsewhere\.example +.*pending'
like 'and what to do' "$stdout" 'postigo cancel'
expect_exit 0 'pending, for a script' as ana postigo status --plain
is 'the state' "$(value state)" pending
is 'the destination' "$(value pending.destinations)" ana@elsewhere.example
is 'the note' "$(value pending.note)" 'forum "mail" ☂'
like 'the time' "$(value pending.created_at)" '^20[0-9-]+T[0-9:]+Z$'
expect_exit 0 'pending, as JSON' as ana postigo status --json
is_json 'the state' "$stdout_file" .state pending
is_json 'the wish' "$stdout_file" .pending.op set
is_json 'the note' "$stdout_file" .pending.note 'forum "mail" ☂'
expect_exit 0 'no colours on request' as_terminal ana postigo status --no-color
unlike 'indeed' "$stdout" $'\e\\['

# A rejection
ok 'it is rejected' postigo-admin reject "$(pending_id ana)" --reason $'use your own address'
expect_exit 0 'rejected, for people' as_terminal ana postigo
like 'is told' "$stdout" 'request was rejected'
like 'with the reason' "$stdout" 'use your own address'
expect_exit 0 'rejected, as JSON' as ana postigo --json
is_json 'the outcome' "$stdout_file" .last_decision.outcome rejected
is_json 'the reason' "$stdout_file" .last_decision.reason 'use your own address'
like 'the wait' "$(json .cooldown_until "$stdout_file")" '^20'
expect_exit 10 'too early' as ana postigo request ana@elsewhere.example
like 'it says when' "$stderr" 'after 20[0-9-]+T'
expect_exit 0 'beto has nothing to do with it' as beto postigo --json
not_ok 'no decision there' json .last_decision "$stdout_file"
not_ok 'and no look into her state' as beto cat /var/lib/postigo/status/20001.json

# An alias
ok 'beto asks' as beto postigo request beto@elsewhere.example
ok 'and gets it' postigo-admin approve "$(pending_id beto)" --no-sync
expect_exit 0 'active, for people' as_terminal beto postigo
like 'a row' "$stdout" 'beto@club\.example +beto@elsewhere\.example +.*active'
like 'not live yet' "$stdout" 'not taken this over yet'
like 'and what can be done' "$stdout" 'postigo remove'
expect_exit 0 'active, for a script' as beto postigo
is 'the state' "$(value state)" active
is 'not live' "$(value live)" false
is 'the destination' "$(value destinations)" beto@elsewhere.example
expect_exit 0 'quiet is the result alone' as beto postigo status --quiet --json
is_json 'the state' "$stdout_file" .state active

# Giving it up
expect_exit 64 'without a terminal there is nobody to ask' as beto postigo remove
like 'it names the option' "$stderr" 'remove --yes'
printf 'n\n' >"$scratch/no"
input=$scratch/no expect_exit 24 'no' as_terminal beto postigo remove
is 'changes nothing' "$(ls $queue)" ''
printf 'y\n' >"$scratch/yes"
input=$scratch/yes expect_exit 0 'yes' as_terminal beto postigo remove
is 'is on its way' "$(ls $queue)" 20002.alias-state.json
expect_exit 2 'once is enough' as beto postigo remove --yes
expect_exit 0 'status' as beto postigo --json
is_json 'has the removal' "$stdout_file" .pending_change.op remove
is_json 'and the alias' "$stdout_file" .state active
expect_exit 0 'it can be taken back' as beto postigo cancel --json
not_ok 'then it is gone' json .pending_change "$stdout_file"
expect_exit 0 'without asking' as beto postigo remove --yes --json
is_json 'it changed something' "$stdout_file" .changed true
ok 'housekeeping' postigo-admin gc --no-sync
expect_exit 0 'afterwards' as beto postigo --json
is_json 'there is no alias' "$stdout_file" .state none
expect_exit 1 'and nothing to give up' as beto postigo remove --yes

# A sandbox
expect_exit 77 'no new privileges' as carla setpriv --no-new-privs postigo request carla@elsewhere.example
like 'is explained' "$stderr" 'no new privileges'
like 'with the way out' "$stderr" 'SSH'
is 'no file' "$(ls $queue)" ''
expect_exit 0 'status is shown there' as ana setpriv --no-new-privs postigo status --json
is_json 'as far as it is known' "$stdout_file" .last_decision.outcome rejected
is_json 'and says how far' "$stdout_file" .queue_known false
like 'with a warning' "$stderr" 'cannot tell'

# Other scripts
expect_exit 0 'a domain in another script' as carla postigo request 'carla@Município.example' --json
is_json 'travels in ASCII' "$stdout_file" '.pending.destinations[0]' 'carla@xn--municpio-g2a.example'
ok 'withdrawn' as carla postigo cancel
expect_exit 0 'for people' as carla postigo request carla@münchen.example
like 'the spelling is shown' "$stdout" 'xn--mnchen-3ya\.example'
expect_exit 10 'but not the part before the sign' as carla postigo request joão@elsewhere.example --replace

# Help
expect_exit 0 'help' as ana postigo help request
like 'explains the options' "$stdout" '--replace'
expect_exit 0 'help of all' as ana postigo --help
like 'names the commands' "$stdout" 'cancel'
expect_exit 0 'version' as ana postigo version --json
like 'is a number' "$(json .version "$stdout_file")" '^[0-9]+\.[0-9]+'

# A full disk behind stdout is no success
expect_exit 6 'what cannot be printed' as ana sh -c 'postigo status >/dev/full'

done_testing
