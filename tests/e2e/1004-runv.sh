#!/bin/bash
# 1004: runv's configuration as it is (A14), and runv's commands (A15).
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

map=/etc/postfix/runv-member-aliases
configure() {
	install -d -m 0755 /etc/postigo
	cat >/etc/postigo/postigo.json
	chmod 0644 /etc/postigo/postigo.json
}
# The example that runv shipped; more keys or other values by sed.
example() {
	sed "${1:-}" <<'JSON' | configure
{
  "enabled": false,
  "backend": "postfix-hash",
  "virtual_alias_file": "/etc/postfix/runv-member-aliases",
  "file_mode": "0o644",
  "check_maps": true,
  "run_postmap": true,
  "postmap_command": ["postmap", "/etc/postfix/runv-member-aliases"],
  "reload_postfix": true,
  "reload_command": ["systemctl", "reload", "postfix"],
  "auto_sync_on_approve": false
}
JSON
}

ok 'Postfix starts' postfix_start hash
postconf -e "virtual_alias_maps = hash:$map"

# ---- A14
example
expect_exit 0 'the example of runv is a configuration' postigo-admin config check --json
is_json 'of runv.club' "$stdout_file" '.domain' runv.club
is_json 'from one file' "$stdout_file" '.files[0]' /etc/postigo/postigo.json
is_json 'with three warnings' "$stdout_file" '.warnings#' 3
like 'on the mode, saying why' "$stdout" 'postigo.json:5: ."file_mode.": everybody on this server can read'
like 'on postmap' "$stdout" 'postmap_command.": is replaced'
like 'on reload' "$stdout" 'reload_command.": is replaced'
expect_exit 0 'a person sees them too' postigo-admin config check
like 'on stderr' "$stderr" '^warning: /etc/postigo/postigo.json:5: "file_mode"'
expect_exit 0 'its values' postigo-admin config show --origin --plain
like 'the type' "$stdout" $'sync.type\thash\t/etc/postigo/postigo.json:3'
like 'the path' "$stdout" $'sync.path\t/etc/postfix/runv-member-aliases\t/etc/postigo/postigo.json:4'
like 'the mode' "$stdout" $'sync.mode\t0644\t/etc/postigo/postigo.json:5'
like 'no sync after a decision' "$stdout" $'sync.after_approve\tfalse\t/etc/postigo/postigo.json:11'
like 'the rest is ours' "$stdout" $'sync.lock_timeout\t30s\tdefault'

sed -i 's/^{/{ "domain": "club.example",/' /etc/postigo/postigo.json
expect_exit 0 'setup with a domain of its own' postigo-admin setup
expect_exit 4 'enabled=false: sync refuses' postigo-admin sync --allow-empty
like 'naming the file' "$stderr" '/etc/postigo/postigo.json:2 sets "enabled" to false'
like 'and the line of backend when enabled is not there' "$(example '/enabled/d'; postigo-admin sync 2>&1)" 'postigo.json:2 sets'
example 's/postfix-hash/x/'
expect_exit 4 'another backend' postigo-admin sync
like 'is named' "$stderr" 'postigo.json:3: the backend "x" is not supported'
example 's/postfix-hash/postfix-mysql/'
expect_exit 0 'the one of later versions' postigo-admin config get sync.type
is 'is a table in a database' "$stdout" mysql
example 's/postfix-hash/postfix-mysql/; s|^{|{ "mysql": {"map_file": "/etc/postfix/aliases.cf", "table": "forwards", "managed_column": "x"},|'
expect_exit 0 'with its own section' postigo-admin config show --origin
like 'the table is the one it names' "$stdout" $'sync_table.table\tforwards\t'
like 'so is the file of Postfix' "$stdout" $'sync.path\t/etc/postfix/aliases.cf\t/etc/postigo/postigo.json:'
like 'which also has the password' "$stdout" $'database.credentials_file\t/etc/postfix/aliases.cf\t'
like 'on a server' "$stdout" $'database.engine\tmariadb\t'
like 'what does not hold is said' "$stderr" '"managed_column": is ignored'
example 's/"check_maps"/"chek_maps"/'
expect_exit 4 'an unknown key' postigo-admin config check
like 'is guessed' "$stderr" 'did you mean "check_maps"'
example 's/0o644/0o666/'
expect_exit 4 'a map that everybody may write' postigo-admin config check
example 's/"0o644"/416/'
expect_exit 0 'a mode as a number' postigo-admin config get sync.mode
is 'is understood' "$stdout" 0640
example 's/"check_maps": true/"check_maps": "yes"/'
expect_exit 4 'a wrong type' postigo-admin config check
like 'with line and key' "$stderr" 'postigo.json:6: "check_maps" must be true or false'
example
install -d -m 0755 /etc/postigo/conf.d
echo '{"sync": {"mode": "0600", "after_approve": true}}' >/etc/postigo/conf.d/own.json
chmod 0644 /etc/postigo/conf.d/own.json
expect_exit 0 'a file in conf.d' postigo-admin config get sync.mode
is 'stands above it' "$stdout" 0600
rm -r /etc/postigo/conf.d

# ---- A15
example 's/"enabled": false/"domain": "club.example", "enabled": true/'
export PATH=$PATH:/usr/local/sbin
expect_exit 0 'a member asks with the command of runv' as ana /usr/local/bin/runv-email-alias request ana@elsewhere.example
expect_exit 1 'twice is a failure' as ana /usr/local/bin/runv-email-alias request ana@elsewhere.example
expect_exit 0 'status' as ana /usr/local/bin/runv-email-alias status
expect_exit 0 'pending' runv-admin-email-alias pending
like 'lists it' "$stdout" 'ana@club.example'
expect_exit 0 'approve' runv-admin-email-alias approve ana
like 'does not sync, as runv said' "$stdout" 'Not live yet'
not_ok 'so there is no map' test -e $map.db
expect_exit 0 'sync' runv-admin-email-alias sync
is 'makes it' "$(postmap -q ana@club.example hash:$map)" ana@elsewhere.example
is 'with the mode of the file' "$(stat -c %a $map $map.db | sort -u)" 644
expect_exit 0 'list' runv-admin-email-alias list
like 'lists it' "$stdout" $'^ana\tana@club.example\tana@elsewhere.example'
ok 'beto asks' as beto /usr/local/bin/runv-email-alias request beto@elsewhere.example
expect_exit 0 '--sync-mail' runv-admin-email-alias approve beto --sync-mail
is 'syncs' "$(postmap -q beto@club.example hash:$map)" beto@elsewhere.example
sed -i 's/"auto_sync_on_approve": false/"auto_sync_on_approve": true/' /etc/postigo/postigo.json
ok 'carla asks' as carla /usr/local/bin/runv-email-alias request carla@elsewhere.example
expect_exit 0 '--no-sync-mail' runv-admin-email-alias approve --no-sync-mail carla
is 'does not, whatever the file says' "$(postmap -q carla@club.example hash:$map)" ''
ok 'm1 asks' as m1 /usr/local/bin/runv-email-alias request m1@elsewhere.example
expect_exit 0 'both' runv-admin-email-alias approve m1 --no-sync-mail --sync-mail
is '--sync-mail wins' "$(postmap -q m1@club.example hash:$map)" m1@elsewhere.example
ok 'm4 asks' as m4 /usr/local/bin/runv-email-alias request m4@elsewhere.example
mv $map $map.away
mkdir $map
expect_exit 1 'a sync that fails after a decision is a failure here' runv-admin-email-alias approve m4 --sync-mail
like 'that is told' "$stderr" 'not synced|not live|error'
like 'the decision stands' "$(postigo-admin member show m4 --plain)" 'm4@elsewhere.example'
rmdir $map
mv $map.away $map
ok 'm2 asks' as m2 /usr/local/bin/runv-email-alias request m2@elsewhere.example
expect_exit 1 'an empty reason' runv-admin-email-alias reject m2 --reason ''
expect_exit 0 'a rejection' runv-admin-email-alias reject m2 --reason 'please use your own'
ok 'm3 asks' as m3 /usr/local/bin/runv-email-alias request m3@elsewhere.example
expect_exit 0 'and withdraws' as m3 /usr/local/bin/runv-email-alias cancel
expect_exit 1 'twice is a failure' as m3 /usr/local/bin/runv-email-alias cancel
expect_exit 1 'nothing to approve' runv-admin-email-alias approve m3
expect_exit 1 'an unknown user' runv-admin-email-alias approve nobody-here
for bad in '' 'frob' 'approve' 'approve a b' 'approve --frob ana' 'reject ana' 'reject --reason' 'sync now'; do
	# shellcheck disable=SC2086 # words
	expect_exit 2 "usage: $bad" runv-admin-email-alias $bad
done
expect_exit 2 'usage: request without an address' as ana /usr/local/bin/runv-email-alias request
expect_exit 2 'usage: nothing' as ana /usr/local/bin/runv-email-alias
done_testing
