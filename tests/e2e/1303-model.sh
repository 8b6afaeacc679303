#!/bin/bash
# 1303 [OPERATIONS [SECONDS [SEED]]]: random work, with kills, a full disk and jumping clocks; the system is always as the model says. Case A110.
# timeout: 7200
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

operations=${1:-300}
seconds=${2:-50}
seed=${3:-1}
state=/var/lib/postigo

ok 'Postfix is configured' postfix_configure lmdb
mkdir $state
mount -t tmpfs -o size=4m,mode=0711 tmpfs $state
expect_exit 0 'setup' postigo-admin setup --domain club.example
cat >/etc/postigo/conf.d/test.json <<-SETTINGS
	{"policy": {"cooldown_after_reject": 0, "check_mx": false, "journal_size": 65536},
	 "sync": {"type": "lmdb", "max_drop_count": 1000, "max_drop_percent": 100, "max_change_percent": 100}}
SETTINGS
# So that the map never becomes empty, which is a rail of its own.
expect_exit 0 'one alias that stays' postigo-admin member add carla carla@elsewhere.example
expect_exit 0 "$operations operations, at most $seconds s, seed $seed" "$support/model" "$operations" "$seconds" "$seed" $state $postfix_map
diag "$stdout"
expect_exit 0 'the journal is whole' postigo-admin journal verify
is 'nothing is left claimed' "$(ls $state/work/claimed)" ''
expect_exit 0 'the map is what the store says' postigo-admin sync --check

# What the model found once: a wish for an alias that was taken away waited for the next alias.
expect_exit 0 'an alias' postigo-admin member add ana ana@elsewhere.example
expect_exit 0 'its member wishes it away' as ana postigo remove --yes
expect_exit 0 'but it is revoked first' postigo-admin member revoke ana --reason test
expect_exit 0 'housekeeping' postigo-admin gc --json
is_json 'drops the wish' "$stdout_file" '.results[0].outcome' rejected
expect_exit 0 'another alias' postigo-admin member add ana ana@elsewhere.example
expect_exit 0 'housekeeping again' postigo-admin gc
expect_exit 0 'leaves it alone' postigo-admin member show ana
done_testing
