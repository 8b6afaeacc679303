# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # scratch and support are tap.sh's
# mariadb.sh: a private MariaDB server for the end-to-end tests; sourced after tap.sh and inside the namespaces only.

mariadb_directory=/run/postigo-tests/mariadb
mariadb_socket=$mariadb_directory/socket
mariadb_pid=

mariadb_answers() {
	mariadb --no-defaults --socket=$mariadb_socket --user=root --execute='SELECT 1' mail
}

# mariadb_start [OPTION...]: returns when it answers; data of an earlier start are still there.
mariadb_start() {
	[ -x /usr/sbin/mariadbd ] || return 1
	"$support/mariadb" $mariadb_directory "$@" >"$scratch/mariadb-start" 2>&1 &
	mariadb_pid=$!
	wait_until 60 mariadb_answers || {
		diag "$(tail -n 20 $mariadb_directory/log "$scratch/mariadb-start")"
		return 1
	}
}

# mariadb_stop [SIGNAL]
mariadb_stop() {
	kill "-${1:-TERM}" "$mariadb_pid" 2>/dev/null || return 0
	wait "$mariadb_pid" 2>/dev/null || true
}

# sql STATEMENT...: prints rows, tab-separated without heading. As root, in the database mail.
sql() {
	mariadb --no-defaults --socket=$mariadb_socket --user=root --batch --skip-column-names --execute="$*" mail
}

# mariadb_tables: those of PostfixAdmin that an alias is about, with its own column types, empty but for the domain.
mariadb_tables() {
	sql "
		CREATE TABLE domain (domain VARCHAR(255) NOT NULL PRIMARY KEY, description VARCHAR(255) CHARACTER SET utf8mb3 NOT NULL,
			aliases INT NOT NULL DEFAULT 0, mailboxes INT NOT NULL DEFAULT 0, maxquota BIGINT NOT NULL DEFAULT 0,
			quota BIGINT NOT NULL DEFAULT 0, transport VARCHAR(255) NOT NULL, backupmx TINYINT(1) NOT NULL DEFAULT 0,
			created DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', modified DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
			active TINYINT(1) NOT NULL DEFAULT 1) ENGINE=InnoDB CHARACTER SET latin1 COLLATE latin1_general_ci;
		CREATE TABLE alias (address VARCHAR(255) NOT NULL PRIMARY KEY, goto TEXT NOT NULL, domain VARCHAR(255) NOT NULL,
			created DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', modified DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
			active TINYINT(1) NOT NULL DEFAULT 1, KEY domain (domain)) ENGINE=InnoDB CHARACTER SET latin1 COLLATE latin1_general_ci;
		INSERT INTO domain (domain, description, transport) VALUES ('club.example', '', 'virtual');"
}

# mariadb_forget: the tables as after mariadb_tables.
mariadb_forget() {
	sql 'DROP TABLE IF EXISTS alias, domain, postigo_alias_owner, postigo_meta'
	mariadb_tables
}

# The file by which Postfix reads the table, with a user who may only look; and ours, with one who may write.
mariadb_credentials() {
	install -d -m 0755 /etc/postigo /etc/postfix
	cat >/etc/postfix/sql-aliases.cf <<-CONFIGURATION
		hosts = unix:$mariadb_socket
		user = reader
		password = secret
		dbname = mail
		query = SELECT goto FROM alias WHERE address = '%s' AND active = 1
	CONFIGURATION
	chown root:postfix /etc/postfix/sql-aliases.cf
	chmod 0640 /etc/postfix/sql-aliases.cf
	echo '{"user": "postigo", "password": "secret"}' >/etc/postigo/database.json
	chmod 0600 /etc/postigo/database.json
}

# mariadb_configure [SECTION-OF-TABLE-AS-JSON [SYNC-MORE]]: rows instead of a map.
mariadb_configure() {
	cat >/etc/postigo/postigo.json <<-CONFIGURATION
		{
			"domain": "club.example",
			"policy": ${sync_policy:-{\}},
			"sync": {"type": "mysql", "path": "/etc/postfix/sql-aliases.cf"${2:-}},
			"sync_table": ${1:-{\}},
			"database": {"engine": "mariadb", "socket": "$mariadb_socket", "dbname": "mail",
				"credentials_file": "/etc/postigo/database.json"${database_more:-}}
		}
	CONFIGURATION
	chmod 0644 /etc/postigo/postigo.json
}

# rows: what is in the table, a line each.
rows() {
	sql 'SELECT address, goto, active FROM alias ORDER BY address' | tr '\t' ' '
}
