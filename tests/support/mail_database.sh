# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # scratch and support are tap.sh's
# mail_database.sh: one test on both databases, with nothing changed but the configuration; sourced after tap.sh and inside the namespaces only.
#
#	on_each_database FUNCTION	# calls it with $engine set to sqlite, then to mariadb, each time with an empty database

. "$(dirname "$0")/../support/mariadb.sh"

mail_database=/var/lib/postigo/mail.db
mailboxes=/var/lib/mailboxes
engine=

# mail_configure [MORE]: the configuration of $engine; MORE are further sections.
mail_configure() {
	local database="\"engine\": \"sqlite\", \"path\": \"$mail_database\""
	install -d -m 0755 /etc/postigo
	if [ "$engine" = mariadb ]; then
		echo '{"user": "postigo", "password": "secret"}' >/etc/postigo/database.json
		chmod 0600 /etc/postigo/database.json
		database="\"engine\": \"mariadb\", \"socket\": \"$mariadb_socket\", \"dbname\": \"mail\", \"credentials_file\": \"/etc/postigo/database.json\""
	fi
	printf '{"domain": "club.example", "mailboxes": {"directory": "%s"%s}, "database": {%s%s}%s}\n' $mailboxes "${mailboxes_more:-}" "$database" "${database_more:-}" "${1:-}" >/etc/postigo/postigo.json
	chmod 0644 /etc/postigo/postigo.json
}

mail_database_empty() {
	install -d -m 0711 /var/lib/postigo
	if [ "$engine" = mariadb ]; then
		sql 'DROP DATABASE mail; CREATE DATABASE mail CHARACTER SET utf8mb4'
	else
		rm -f "$mail_database" "$mail_database-journal"
	fi
}

# query STATEMENT...: prints rows, "|" between columns.
query() {
	if [ "$engine" = mariadb ]; then
		sql "$@" | tr '\t' '|'
	else
		sqlite3 -batch "$mail_database" "$*"
	fi
}

on_each_database() {
	engine=sqlite
	mail_database_empty
	mail_configure
	"$1"
	engine=mariadb
	if [ ! -x /usr/sbin/mariadbd ]; then
		skip "$1 on mariadb" 'needs mariadb-server'
		return
	fi
	[ -n "$mariadb_pid" ] || ok 'MariaDB starts' mariadb_start
	mail_database_empty
	mail_configure
	"$1"
}

# dump: everything in the tables that these commands write, to be compared.
dump() {
	query 'SELECT domain, description, aliases, mailboxes, maxquota, quota, transport, backupmx, active FROM domain ORDER BY domain'
	query 'SELECT address, goto, domain, active FROM alias ORDER BY address'
	query 'SELECT alias_domain, target_domain, active FROM alias_domain ORDER BY alias_domain'
	query 'SELECT username, domain, active FROM mailbox ORDER BY username'
	query 'SELECT username, bytes FROM quota2 ORDER BY username'
	query 'SELECT username, domain FROM domain_admins ORDER BY username, domain'
	query 'SELECT domain, action, data FROM log ORDER BY id'
}

# add_mailbox ADDRESS: the rows that PostfixAdmin writes for one.
add_mailbox() {
	local domain=${1#*@} local_part=${1%@*}
	query "INSERT INTO mailbox (username, password, name, maildir, quota, local_part, domain, created, modified, active)
		VALUES ('$1', 'x', '', '$domain/$local_part/', 0, '$local_part', '$domain', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1)"
	query "INSERT INTO alias (address, goto, domain, created, modified, active)
		VALUES ('$1', '$1', '$domain', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 1)"
	query "INSERT INTO quota2 (username, bytes, messages) VALUES ('$1', 7, 1)"
}

# older_schema: the tables as PostfixAdmin's level 1835 has them.
older_schema() {
	local column
	query "UPDATE config SET value = '1835' WHERE name = 'version'"
	for column in alias.description alias_domain.description domain.password_expiry mailbox.password_expiry mailbox.totp_secret \
		mailbox.smtp_active admin.totp_secret; do
		query "ALTER TABLE ${column%.*} DROP COLUMN ${column#*.}"
	done
	for column in dkim_signing dkim totp_exception_address mailbox_app_password admin_preferences postigo_domain postigo_schema; do
		query "DROP TABLE $column"
	done
}
