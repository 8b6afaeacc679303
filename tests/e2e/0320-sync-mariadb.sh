#!/bin/bash
# 0320: aliases as rows of PostfixAdmin's table in a real MariaDB (cases A91, A93): ours and nobody else's.
# timeout: 600
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
. "$(dirname "$0")/../support/mariadb.sh"
in_namespace "$@"

[ -x /usr/sbin/mariadbd ] || skip_all 'needs mariadb-server'
sync_forget
ok 'MariaDB starts' mariadb_start
mariadb_tables
mariadb_credentials
mariadb_configure
postfix_configure texthash
sed -i 's|^virtual_alias_maps.*|virtual_alias_maps = mysql:/etc/postfix/sql-aliases.cf|' /etc/postfix/main.cf

# Rows of others: a mailbox's own alias, a catch-all, an alias of another domain.
sql "INSERT INTO alias (address, goto, domain, created) VALUES
	('carla@club.example', 'carla@club.example', 'club.example', '2020-02-02 02:02:02'),
	('@other.example', 'all@other.example', 'other.example', '2020-02-02 02:02:02'),
	('Beto@club.example ', 'somebody@elsewhere.example', 'club.example', '2020-02-02 02:02:02')"
foreign() {
	sql "SELECT * FROM alias WHERE created = '2020-02-02 02:02:02' ORDER BY address" | sha256sum
}
before=$(foreign)

store_rows 3
expect_exit 0 'a first sync writes rows' sync
like 'and counts them' "$stdout" '3 added, 0 changed, 0 removed'
is 'they are there' "$(sql "SELECT address, goto, domain, active FROM alias WHERE address LIKE 'm%'" | tr '\t' ' ')" \
	'm1@club.example m1@elsewhere.example club.example 1
m2@club.example m2@elsewhere.example club.example 1
m3@club.example m3@elsewhere.example club.example 1'
is 'Postfix answers by them' "$(postmap -q m2@club.example mysql:/etc/postfix/sql-aliases.cf)" m2@elsewhere.example
is 'they are ours' "$(sql 'SELECT address FROM postigo_alias_owner' | tr '\n' ' ')" 'm1@club.example m2@club.example m3@club.example '
expect_exit 0 'a second sync has nothing to do' sync --json
is_json 'and says so' "$stdout_file" .changed false
expect_exit 0 '--check compares in full' sync --check

store m1=new@elsewhere.example -m2 m4=m4@elsewhere.example
expect_exit 23 '--check sees a newer store' sync --check
expect_exit 0 '--dry-run shows the difference' sync --dry-run
like 'a change' "$stdout" '~ m1@club.example  m1@elsewhere.example -> new@elsewhere.example'
is 'and changes nothing' "$(sql "SELECT goto FROM alias WHERE address = 'm1@club.example'")" m1@elsewhere.example
expect_exit 0 'a sync changes, adds and removes' sync
like 'one of each' "$stdout" '1 added, 1 changed, 1 removed'
is 'the table follows' "$(sql "SELECT address, goto FROM alias WHERE address LIKE 'm%'" | tr '\t' ' ')" \
	'm1@club.example new@elsewhere.example
m3@club.example m3@elsewhere.example
m4@club.example m4@elsewhere.example'
is 'rows of others are as they were' "$(foreign)" "$before"

# Somebody else has a row for it, written otherwise.
store beto=beto@elsewhere.example carla=carla@elsewhere.example
expect_exit 25 'a row of somebody else refuses ours' sync --json
is 'both, by any spelling' "$(refused "$stdout_file")" 'beto:foreign carla:foreign'
is 'and is not touched' "$(foreign)" "$before"

expect_exit 64 'no --force makes it ours' sync --force=foreign
like 'but adopting does' "$stderr" 'adopt ADDRESS'
expect_exit 0 'adopting makes it ours' postigo-admin adopt carla@club.example
like 'and tells what it has' "$stdout" 'carla@club.example, which has: carla@club.example'
expect_exit 2 'once' postigo-admin adopt carla@club.example
expect_exit 1 'not a row that is not there' postigo-admin adopt m1000@club.example
expect_exit 1 'nor for an address that nobody has' postigo-admin adopt m2@club.example
expect_exit 25 'the next sync writes it' sync
is 'like ours' "$(sql "SELECT goto FROM alias WHERE address = 'carla@club.example'")" carla@elsewhere.example
like 'the journal has what it was' "$(postigo-admin history carla --json)" 'row: carla@club.example'
store -carla
expect_exit 25 'when the alias goes' sync
is 'the row is what it was, to the second' "$(foreign)" "$before"
is 'and not ours' "$(sql "SELECT COUNT(*) FROM postigo_alias_owner WHERE address = 'carla@club.example'")" 0
store -beto
expect_exit 0 'nobody is refused any more' sync

# Somebody changes our rows.
drift() {
	sql "UPDATE alias SET goto = 'drift@elsewhere.example' WHERE address = 'm1@club.example'"
}
drift
expect_exit 0 'while it is wanted as it was, it is not even looked at by the books alone' sync --json
expect_exit 25 'but by --check' sync --check --json
store m1=newer@elsewhere.example m4=newer@elsewhere.example
expect_exit 25 'a new value does not overwrite it' sync --json
is 'it is named' "$(refused "$stdout_file")" 'm1:drift'
is 'and left' "$(sql "SELECT goto FROM alias WHERE address = 'm1@club.example'")" drift@elsewhere.example
is 'the others are live' "$(sql "SELECT goto FROM alias WHERE address = 'm4@club.example'")" newer@elsewhere.example
store -m1
expect_exit 25 'it is not removed either' sync --json
is 'but named' "$(refused "$stdout_file")" 'm1:drift'
is 'and left again' "$(sql "SELECT goto FROM alias WHERE address = 'm1@club.example'")" drift@elsewhere.example
expect_exit 0 'releasing it' postigo-admin release m1@club.example
expect_exit 0 'makes it somebody else'\''s' sync
is 'as it is' "$(sql "SELECT goto FROM alias WHERE address = 'm1@club.example'")" drift@elsewhere.example
sql "DELETE FROM alias WHERE address = 'm1@club.example'"
store m1=m1@elsewhere.example
sync >/dev/null 2>&1
sql "UPDATE alias SET active = 0 WHERE address = 'm1@club.example'"
expect_exit 25 'a row that was switched off has drifted, too' sync --check --json
is 'it is named as well' "$(refused "$stdout_file")" 'm1:drift'
store m5=m5@elsewhere.example
expect_exit 0 '--force=drift overwrites' sync --force=drift
is 'it is on again' "$(sql "SELECT goto, active FROM alias WHERE address = 'm1@club.example'" | tr '\t' ' ')" 'm1@elsewhere.example 1'
mariadb_configure '{"on_drift": "release"}'
drift
store m1=newest@elsewhere.example
expect_exit 25 'on_drift release' sync --json
like 'gives it away' "$(warnings "$stdout_file")" released
is 'as it stands' "$(sql "SELECT COUNT(*) FROM postigo_alias_owner WHERE address = 'm1@club.example'")" 0
mariadb_configure '{"on_drift": "overwrite"}'
sql "DELETE FROM alias WHERE address = 'm1@club.example'"
expect_exit 0 'on_drift overwrite' sync
drift
store m1=overwritten@elsewhere.example
expect_exit 0 'takes it back' sync
is 'as it is wanted' "$(sql "SELECT goto FROM alias WHERE address = 'm1@club.example'")" overwritten@elsewhere.example
sql "DELETE FROM alias WHERE address = 'm4@club.example'"
store m5=other@elsewhere.example
expect_exit 0 'a row of ours that somebody removed' sync --json
like 'is noted' "$(warnings "$stdout_file")" missing
is 'and comes back' "$(sql "SELECT goto FROM alias WHERE address = 'm4@club.example'")" newer@elsewhere.example

# Rails are the same as a map's.
mariadb_configure
sync_rows=()
for number in {10..60}; do sync_rows+=("m$number=m$number@elsewhere.example"); done
store "${sync_rows[@]}"
expect_exit 0 'fifty more' sync
for i in "${!sync_rows[@]}"; do sync_rows[i]=-${sync_rows[i]%%=*}; done
store "${sync_rows[@]}"
expect_exit 10 'to drop them all at once is refused' sync
like 'by the rail' "$stderr" '"drop"'
is 'nothing is gone' "$(sql "SELECT COUNT(*) FROM alias WHERE address LIKE 'm%'")" 55
expect_exit 0 '--force=drop' sync --force=drop
is 'lifts it' "$(sql "SELECT COUNT(*) FROM alias WHERE address LIKE 'm%'")" 4
sql "UPDATE domain SET active = 0"
store m6=m6@elsewhere.example
expect_exit 10 'a domain that is switched off in the database' sync
like 'is a rail' "$stderr" '"domain"'
sql "UPDATE domain SET active = 1, aliases = 3"
expect_exit 0 'more aliases than it allows' sync --json
like 'are a warning' "$(warnings "$stdout_file")" alias-limit
sql "UPDATE domain SET aliases = 0"
is 'rows of others are what they ever were' "$(foreign)" "$before"

# What cannot be synced to.
refused_setting() {
	expect_exit 4 "$1" sync
	like 'it is named' "$stderr" "$2"
}
mariadb_configure '{"table": "alias; DROP TABLE alias"}'
refused_setting 'a name that is none' 'sync_table|postigo.json:5'
mariadb_configure '{"goto_column": "address"}'
expect_exit 4 'a column twice' postigo-admin config check
mariadb_configure '{"active_column": "enabled"}'
expect_exit 5 'a column that is not there' sync
like 'is what is wrong' "$stderr" "Unknown column 'a.enabled'"
mariadb_configure '{"table": "aliases"}'
expect_exit 5 'a table that is not there' sync
mariadb_configure
for engine in MyISAM Aria; do
	sql "ALTER TABLE alias ENGINE=$engine"
	expect_exit 4 "$engine knows no transactions" sync --check
	like 'it is named' "$stderr" "of the kind $engine"
done
sql 'ALTER TABLE alias ENGINE=InnoDB'
echo '{"user": "reader", "password": "secret"}' >/etc/postigo/database.json
store m6=reader@elsewhere.example
expect_exit 5 'a user who may only look' sync
like 'is told what to be given' "$stderr" GRANT
echo '{"user": "postigo", "password": "wrong"}' >/etc/postigo/database.json
expect_exit 5 'a wrong password' sync
unlike 'is not told' "$stderr" wrong
chmod 0644 /etc/postigo/database.json
expect_exit 4 'a password that all can read' sync
mariadb_credentials
sql "SET GLOBAL sql_mode = ''"
expect_exit 0 'a server that is not strict is used strictly' sync
mariadb_stop
store m6=away@elsewhere.example
expect_exit 5 'a server that is away' sync
like 'what to do' "$stderr" 'start the server'
ok 'it comes back' mariadb_start
expect_exit 0 'and the next sync is right' sync
is 'as it should' "$(sql "SELECT goto FROM alias WHERE address = 'm6@club.example'")" away@elsewhere.example
is 'and the rows of others' "$(foreign)" "$before"
done_testing
