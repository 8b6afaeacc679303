#!/bin/bash
# 1302: what a newer postigo wrote is left as it is, and said. Case A109.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

state=/var/lib/postigo
slot=$state/queue/new/20001.alias.json

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
expect_exit 0 'beto has an alias' postigo-admin member add beto beto@elsewhere.example

# A request
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
sed 's/"format":1/"format":2/' $slot >"$scratch/newer"
cat "$scratch/newer" >$slot
before=$(stat -c '%i %Y' $slot)$(cat $slot)
expect_exit 0 'pending shows the file' postigo-admin pending --json
like 'as one that is too new' "$stdout$stderr" 'Q07.*newer postigo|newer postigo.*Q07'
for command in 'pending' 'gc' 'gc --dry-run' 'sync' 'check --section queue'; do
	# shellcheck disable=SC2086 # words
	run postigo-admin $command
	is "$command leaves it as it is" "$(stat -c '%i %Y' $slot)$(cat $slot)" "$before"
done
id=$(postigo-admin pending --plain | cut -f1 | head -n 1)
expect_exit 10 'it cannot be approved' postigo-admin approve "$id"
like 'and says why' "$stderr" 'needs a newer postigo'
expect_exit 10 'nor rejected' postigo-admin reject "$id" --reason no
is 'and is still there' "$(cat $slot)" "$(cat "$scratch/newer")"
is 'nothing is set aside' "$(ls $state/work/quarantine)" ''
# shellcheck disable=SC2317 # expect_exit calls it
faketime_gc() {
	later +31d postigo-admin gc
}
expect_exit 0 'not even a month later' faketime_gc
is 'it is still there' "$(cat $slot)" "$(cat "$scratch/newer")"
run postigo-admin check --section queue
like 'check says what to do' "$stdout" 'newer'

# The store
sed -i '1s/"format":1/"format":2/' $state/store/aliases.json
before=$(find $state/store /etc/postfix -printf '%p %i %s %T@\n' | sort)
for command in 'member list' 'member show beto' 'sync' 'gc' 'member add carla carla@elsewhere.example' 'undo h-2'; do
	# shellcheck disable=SC2086 # words
	expect_exit 5 "$command refuses" postigo-admin $command
	like 'and says what is needed' "$stderr" 'needs a newer postigo'
done
is 'nothing was touched' "$(find $state/store /etc/postfix -printf '%p %i %s %T@\n' | sort)" "$before"
is 'the map serves on' "$(postmap -q beto@club.example lmdb:$postfix_map)" beto@elsewhere.example
sed -i '1s/"format":2/"format":1/' $state/store/aliases.json
expect_exit 0 'put back, it is as before' postigo-admin member show beto
done_testing
