#!/bin/bash
# Held here: A72.
# Decided and stored, but a rail refuses the row: approve ends with 25 and the reason, and only for what it decided itself. A name that
# a system account has, too, is refused at approval (clash-local).
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'

pending_id() {
	run postigo-admin pending --plain
	printf '%s\n' "$stdout" | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
printf 'ana@club.example other@elsewhere.example\n' >/etc/postfix/foreign
postmap lmdb:/etc/postfix/foreign
sed -i "s|^virtual_alias_maps.*|virtual_alias_maps = lmdb:$map lmdb:/etc/postfix/foreign|" /etc/postfix/main.cf
touch -d '1 minute ago' /etc/postfix/main.cf
sync_type=lmdb

ok 'ana asks' as ana postigo request ana@elsewhere.example
expect_exit 25 'what is approved but refused' postigo-admin approve "$(pending_id ana)" --json
is_json 'is decided' "$stdout_file" '.results[0].outcome' approved
is_json 'and listed' "$stdout_file" '.sync.refused[0].code' clash-alias
is_json 'by its key' "$stdout_file" '.sync.refused[0].key' ana@club.example
is_json 'with the exit code' "$stdout_file" .exit 25
like 'and the reason' "$stderr" 'clash-alias'
ok 'it is stored' postigo-admin member show ana
is 'and not live' "$(answer ana@club.example)" ''

ok 'beto asks' as beto postigo request beto@elsewhere.example
ok 'what is refused of others is no failure of his' postigo-admin approve "$(pending_id beto)"
like 'but a warning' "$stderr" 'ana@club\.example'
is 'he is live' "$(answer beto@club.example)" beto@elsewhere.example
expect_exit 25 'a sync tells of it' postigo-admin sync
rm /etc/postfix/foreign*
sed -i "s|^virtual_alias_maps.*|virtual_alias_maps = lmdb:$map|" /etc/postfix/main.cf
touch -d '1 minute ago' /etc/postfix/main.cf
ok 'without the other table' postigo-admin sync
is 'she is live' "$(answer ana@club.example)" ana@elsewhere.example

ok 'carla asks' as carla postigo request carla@elsewhere.example
id=$(pending_id carla)
sed -i '1i carla:x:77:77::/nonexistent:/usr/sbin/nologin' /etc/passwd
expect_exit 10 'a name that a system account has, too' postigo-admin approve "$id"
like 'is refused by name' "$stderr" 'system account'
sed -i 1d /etc/passwd
ok 'without it' postigo-admin approve "$id"
ok 'the sync is whole' postigo-admin sync
done_testing
