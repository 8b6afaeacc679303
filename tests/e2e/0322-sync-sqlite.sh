#!/bin/bash
# 0322: aliases as rows of a table in an SQLite database (case A94): ours and nobody else's, whole or not at all, and a warning when Postfix reads it itself.
# timeout: 600
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace "$@"

database=/var/lib/postigo/mail.db
RANDOM=${SEED:-20260519}

# sql STATEMENT: prints rows with blanks between the columns.
sql() {
	/usr/bin/python3 -I -c 'import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=20)
for row in connection.execute(sys.argv[2]):
    print(*row)
connection.commit()' $database "$1"
}

configure() {
	cat >/etc/postigo/postigo.json <<-CONFIGURATION
		{
			"domain": "club.example",
			"sync": {"type": "sqlite", "path": "/etc/postfix/sqlite-aliases.cf", "max_change_percent": 100${2:-}},
			"sync_table": ${1:-{\}},
			"database": {"engine": "sqlite", "path": "$database"}
		}
	CONFIGURATION
	chmod 0644 /etc/postigo/postigo.json
}

sync_forget
install -d /etc/postigo
configure
postfix_configure texthash
store_rows 6
expect_exit 5 'a database that is not there' sync
like 'is named' "$stderr" "there is no database $database"
sql "CREATE TABLE domain (domain TEXT PRIMARY KEY, active INTEGER, backupmx INTEGER, aliases INTEGER)" >/dev/null
sql "INSERT INTO domain VALUES ('club.example', 1, 0, 0)"
expect_exit 5 'a database without the table' sync
like 'says so' "$stderr" 'has no table alias'
sql "CREATE TABLE alias (address VARCHAR(255) NOT NULL PRIMARY KEY, goto TEXT NOT NULL, domain VARCHAR(255) NOT NULL,
	created DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', modified DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
	active TINYINT(1) NOT NULL DEFAULT 1)"
sql "INSERT INTO alias (address, goto, domain, created) VALUES ('carla@club.example', 'carla@club.example', 'club.example', '2020-02-02 02:02:02')"
foreign() {
	sql "SELECT * FROM alias WHERE created = '2020-02-02 02:02:02'"
}
before=$(foreign)
chmod 0640 $database

expect_exit 0 'a first sync' sync
like 'adds the rows' "$stdout" '6 added'
is 'as PostfixAdmin would' "$(sql "SELECT address, goto, domain, active FROM alias WHERE address = 'm3@club.example'")" \
	'm3@club.example m3@elsewhere.example club.example 1'
is 'mode and owner stay' "$(mode_of $database)" '640 root:root'
expect_exit 0 'a second has nothing to do' sync --json
is_json 'and says so' "$stdout_file" .changed false
store carla=carla@elsewhere.example
expect_exit 25 'a row of somebody else' sync --json
is 'refuses ours' "$(refused "$stdout_file")" 'carla:foreign'
expect_exit 0 'and is adopted' postigo-admin adopt carla@club.example
expect_exit 0 'to be written' sync
store -carla
expect_exit 0 'when it goes' sync
is 'it is what it was' "$(foreign)" "$before"

# Postfix itself reading what we write.
cat >/etc/postfix/sqlite-aliases.cf <<-CONFIGURATION
	dbpath = $database
	query = SELECT goto FROM alias WHERE address = '%s' AND active = 1
CONFIGURATION
unlike 'nothing is said while Postfix does not read it' "$(sync --check --json | tr -d '\n')" sqlite-read-by-postfix
for reference in sqlite proxy:sqlite; do
	sed -i "s|^virtual_alias_maps.*|virtual_alias_maps = $reference:/etc/postfix/sqlite-aliases.cf|" /etc/postfix/main.cf
	touch -d '1 minute ago' /etc/postfix/main.cf
	expect_exit 0 "with $reference: in main.cf" sync --check --json
	like 'there is a warning' "$(warnings "$stdout_file")" sqlite-read-by-postfix
done
sed -i 's|^virtual_alias_maps.*|virtual_alias_maps =|' /etc/postfix/main.cf

# Killed at any time.
values() {
	sql "SELECT DISTINCT goto FROM alias WHERE address LIKE 'm_@club.example'" | tr '\n' ' '
}
round=0 mixed=0 repaired=0 old=0
next_round() {
	round=$((round + 1))
	store {m1,m2,m3,m4,m5,m6}=round$round@elsewhere.example
}
next_round
sync >/dev/null
for ((i = 0; i < 100; i++)); do
	next_round
	postigo-admin sync >/dev/null 2>&1 &
	syncing=$!
	sleep "$(printf '0.%03d' $((RANDOM % 40 + 1)))"
	kill -KILL "$syncing" 2>/dev/null
	wait "$syncing" 2>/dev/null
	now=$(values)
	case $now in
	"round$round@elsewhere.example ") ;;
	"round$((round - 1))@elsewhere.example ") old=$((old + 1)) ;;
	*) mixed=$((mixed + 1)); diag "after kill $i: $now" ;;
	esac
	if sync >/dev/null 2>"$scratch/errors" && [ "$(values)" = "round$round@elsewhere.example " ]; then
		repaired=$((repaired + 1))
	else
		diag "$(cat "$scratch/errors")"
	fi
done
is 'killed a hundred times, the rows were all old or all new' "$mixed" 0
is 'and the next sync made them new' "$repaired" 100
isnt 'some kills came before the commit' "$old" 0
is 'rows of others are as they were' "$(foreign)" "$before"

# Somebody writes, and somebody holds the database.
configure '{}' ', "lock_timeout": "30s"'
sed -i 's|"path": "/var/lib/postigo/mail.db"|&, "lock_timeout": "1s"|' /etc/postigo/postigo.json
next_round
/usr/bin/python3 -I -c 'import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(5)' $database >"$scratch/held" &
holder=$!
ok 'somebody holds the database' wait_until 5 test -s "$scratch/held"
expect_exit 8 'a lock that is not had in time' sync
wait "$holder"
expect_exit 0 'is had the next time' sync
is 'and the rows are new' "$(values)" "round$round@elsewhere.example "

# What must not be believed.
cp $database "$scratch/good"
head -c 5000 /dev/urandom >$database
next_round
expect_exit 5 'a damaged file' sync
like 'is damaged' "$stderr" 'no SQLite database'
cp "$scratch/good" $database
chmod 0777 /var/lib/postigo
expect_exit 4 'a directory that all may write into' sync
chmod 0711 /var/lib/postigo
mv $database /var/lib/postigo/real.db
ln -s /var/lib/postigo/real.db $database
expect_exit 5 'a link' sync
rm $database
mv /var/lib/postigo/real.db $database
expect_exit 0 'all in order again' sync
done_testing
