#!/bin/bash
# 0808: what check finds about a table in a database that takes the map's place.
# shellcheck disable=SC2317 # functions that "advised" calls
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

table=/etc/postfix/sqlite-aliases.cf
fragment=/etc/postigo/conf.d/table.json
# The aliases go into SQLite; the map stays where it was.
use_table() {
	install -d -m 0755 /etc/postigo/conf.d
	echo '{"sync": {"type": "sqlite", "path": "'$table'"}}' >$fragment
}
name_table() {
	cp /etc/postfix/main.cf "$scratch/main.cf"
	postconf -e "virtual_alias_maps = sqlite:$table"
	printf 'dbpath = %s/mail.db\nquery = SELECT goto FROM alias WHERE address = "%%s" AND active = 1\n' "$state" >"$table"
}

install_clean lmdb
is_clean 'with a map all is well'
advised postfix.database error 'postigo-admin schema init' use_table "rm $fragment"
expect_exit 0 'the database is made' postigo-admin schema init
expect_exit 0 'and the domain' postigo-admin domain add club.example
advised postfix.sqlite warning 'set sync.type to lmdb' 'use_table; name_table' "rm $fragment $table; cp $scratch/main.cf /etc/postfix/main.cf"

# A table that is in use: out of date, and with a row that somebody has removed.
use_table
expect_exit 0 'a first sync into the table' postigo-admin sync
run postigo-admin check --json
is 'is up to date' "$(field postfix.map-out-of-date severity)" ''
sqlite3 $state/mail.db "DELETE FROM alias WHERE address = 'ana@club.example'"
raised postfix.map-drift error
ok 'its cure runs' sh -c "$(field postfix.map-drift cure)"
run postigo-admin check --json
is 'and it is gone' "$(field postfix.map-drift severity)" ''
is 'with the row back' "$(sqlite3 $state/mail.db "SELECT goto FROM alias WHERE address = 'ana@club.example'")" ana@elsewhere.example
postigo-admin member suspend ana --no-sync >/dev/null
run postigo-admin check --json
is 'what was decided since is found' "$(field postfix.map-out-of-date severity)" warning
ok 'its cure runs, too' sh -c "$(field postfix.map-out-of-date cure)"
run postigo-admin check --json
is 'and it is gone, too' "$(field postfix.map-out-of-date severity)" ''
done_testing
