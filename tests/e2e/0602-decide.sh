#!/bin/bash
# 0602: deciding on exactly what was shown. Cases A41, A42, A16 (admin side), A10 at decision time.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

pending_id() {
	run postigo-admin pending --plain
	printf '%s\n' "$stdout" | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example

# A41: bait and switch
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
shown=$(pending_id ana)
expect_exit 0 'the admin looks' postigo-admin show "$shown"
like 'at the destination' "$stdout" 'ana@elsewhere.example'
expect_exit 0 'ana withdraws' as ana postigo cancel
expect_exit 20 'what is withdrawn cannot be approved' postigo-admin approve "$shown"
expect_exit 0 'ana asks for something else' as ana postigo request trap@elsewhere.example
expect_exit 28 'what was shown is not what would be approved' postigo-admin approve "$shown"
like 'the error names the new id' "$stderr" "$(pending_id ana)"
expect_exit 28 'nor rejected' postigo-admin reject "$shown" --reason no
is 'the new request still waits' "$(ls /var/lib/postigo/queue/new)" 20001.alias.json
expect_exit 0 'and the store' postigo-admin member list --json
is 'is empty' "$stdout" '[]'
expect_exit 0 'replaced in place it is another request too' as ana postigo request other@elsewhere.example --replace
isnt 'with another id' "$(pending_id ana)" "$shown"

# A42: a name without a terminal
expect_exit 64 'approve USER without a terminal' postigo-admin approve ana
like 'says to name the id' "$stderr" 'id'
expect_exit 64 'even with --yes' postigo-admin approve ana --yes
printf 'n\n' >"$scratch/no"
input=$scratch/no run as_terminal root /usr/local/sbin/postigo-admin approve ana
is 'no at the prompt' "$status" 24
like 'after showing the request' "$stdout" 'other@elsewhere.example'
is 'leaves it pending' "$(ls /var/lib/postigo/queue/new)" 20001.alias.json
printf 'y\n' >"$scratch/yes"
input=$scratch/yes run as_terminal root /usr/local/sbin/postigo-admin approve ana --no-sync
is 'yes at the prompt' "$status" 0
expect_exit 0 'approves' postigo-admin member show ana
like 'what was shown' "$stdout" 'other@elsewhere.example'

# Several at once: a result each, the code of the first failure
expect_exit 0 'beto asks' as beto postigo request beto@elsewhere.example
expect_exit 0 'carla asks' as carla postigo request carla@elsewhere.example
beto=$(pending_id beto)
carla=$(pending_id carla)
expect_exit 20 'one of three is gone' postigo-admin approve "$beto" "$shown" "$carla" --json
is_json 'the first is approved' "$stdout_file" '.results[0].outcome' approved
is_json 'the second failed' "$stdout_file" '.results[1].outcome' failed
is_json 'the third is approved' "$stdout_file" '.results[2].outcome' approved
is_json 'the exit code is in the result' "$stdout_file" '.exit' 20
is_json 'the error is on stderr' "$stderr_file" '.error.exit' 20

# Rules bind at the admin side whatever the member's side let through
expect_exit 0 'm1 asks' as m1 postigo request m1@elsewhere.example
id=$(pending_id m1)
sed -i 's/,m1,/,/' /etc/group
expect_exit 10 'm1 is no member any more' postigo-admin approve "$id"
like 'the reason is named' "$stderr" 'not in group members'
is 'the request waits' "$(ls /var/lib/postigo/queue/new)" 20101.alias.json
expect_exit 0 'pending marks it' postigo-admin pending --json
is_json 'as ineligible' "$stdout_file" '[0].checks[0].code' ineligible
expect_exit 0 'and it can be rejected' postigo-admin reject "$id" --reason 'not a member'

# Wrong ways
expect_exit 77 'a member is no administrator' as ana /usr/local/sbin/postigo-admin approve "$id"
expect_exit 1 'an unknown user' postigo-admin show nobody-here
expect_exit 20 'a user who asks for nothing' postigo-admin show m2
expect_exit 1 'revoking what is not there' postigo-admin member revoke m2 --reason x
expect_exit 64 'revoking without a reason' postigo-admin member revoke ana
expect_exit 64 'approve wants something' postigo-admin approve
expect_exit 64 'an unknown command' postigo-admin aprove x
like 'is guessed' "$stderr" 'approve'
expect_exit 64 'an abbreviated option' postigo-admin pending --js
expect_exit 0 'help' postigo-admin help approve
like 'shows the synopsis' "$stdout" 'approve ID'
expect_exit 0 'version' postigo-admin version --json
is_json 'says its formats' "$stdout_file" '.queue_format' 1
done_testing
