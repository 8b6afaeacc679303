# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of tap.sh, and for those who source this
# discover.sh: mail servers to be discovered; sourced after tap.sh and postfix.sh and inside the namespaces only.

schema=tests/reference/discover.schema.json

# without PROGRAM...: these programs are not there any more, by absolute paths; /usr/bin, /usr/sbin and the links to them.
without() {
	local program directory real
	for directory in /usr/bin /usr/sbin; do
		real=$scratch/real$directory
		if [ ! -d "$real" ]; then
			mkdir -p "$real" "$scratch/links$directory"
			mount --bind $directory "$real"
			ln -s "$real"/* "$scratch/links$directory"
			mount --bind "$scratch/links$directory" $directory
		fi
	done
	for program; do
		rm -f "$program"
	done
}

# fake PROGRAM: a script from standard input stands in its place.
fake() {
	local file
	file=$scratch/fake-${1##*/}
	cat >"$file"
	chmod 0755 "$file"
	mount --bind "$file" "$1"
}

# unfake PROGRAM: the real one is back.
unfake() {
	umount "$1"
}

# fits_schema TITLE [FILE...]: the answers are as their schema says.
fits_schema() {
	local complaint title=$1
	shift
	[ $# -gt 0 ] || set -- "$stdout_file"
	complaint=$(/usr/bin/python3 -I - $schema "$@" 2>&1 <<-'PYTHON'
		import json, sys
		import jsonschema
		schema = json.load(open(sys.argv[1]))
		jsonschema.Draft7Validator.check_schema(schema)
		for path in sys.argv[2:]:
		    for error in jsonschema.Draft7Validator(schema).iter_errors(json.load(open(path))):
		        print(path, "/".join(map(str, error.absolute_path)), error.message[:300])
	PYTHON
	)
	is "$title" "$complaint" ''
}

# problem ID NAME [FILE]: that member of the recommendations with this id, one a line.
problem() {
	/usr/bin/python3 -I -c 'import json, sys
for finding in json.load(open(sys.argv[3]))["problems"]:
    if finding["id"] == sys.argv[1]:
        print(finding.get(sys.argv[2], ""))' "$1" "$2" "${3:-$stdout_file}"
}

# problems [FILE]: the ids of all recommendations.
problems() {
	/usr/bin/python3 -I -c 'import json, sys
print(" ".join(p["id"] for p in json.load(open(sys.argv[1]))["problems"]))' "${1:-$stdout_file}"
}

# not_looked_at [FILE]: "source: status" of what could not be looked at, one a line.
not_looked_at() {
	/usr/bin/python3 -I -c 'import json, sys
for error in json.load(open(sys.argv[1]))["errors"]:
    print(error["source"] + ": " + error["status"])' "${1:-$stdout_file}"
}

# add_daemon_accounts: the users of MariaDB and Dovecot, which are no accounts of the tests otherwise.
add_daemon_accounts() {
	local name
	for name in mysql dovecot dovenull vmail; do
		getent passwd $name >/dev/null || useradd -r -U -s /usr/sbin/nologin $name
	done
}

# mariadb_start: a server of its own below /var/lib/mysql, with PostfixAdmin's tables in schema "mail".
mariadb_start() {
	add_daemon_accounts
	install -d -o mysql -g mysql -m 0755 /var/lib/mysql /run/mysqld
	mariadb-install-db --user=mysql --datadir=/var/lib/mysql --skip-test-db --auth-root-authentication-method=socket \
		>"$scratch/install-db" 2>&1 || return 1
	mariadbd --user=mysql --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock --bind-address=127.0.0.1 \
		--pid-file=/run/mysqld/mysqld.pid --innodb-buffer-pool-size=16M >"$scratch/mariadbd" 2>&1 &
	mariadb_process=$!
	wait_until 30 mariadb-admin --socket=/run/mysqld/mysqld.sock ping || return 1
	mariadb --socket=/run/mysqld/mysqld.sock <<-'SQL'
		CREATE DATABASE mail CHARACTER SET utf8mb4;
		USE mail;
		CREATE TABLE domain (domain VARCHAR(255) PRIMARY KEY, active TINYINT NOT NULL DEFAULT 1);
		CREATE TABLE mailbox (username VARCHAR(255) PRIMARY KEY, password VARCHAR(255) NOT NULL, maildir VARCHAR(255) NOT NULL,
			domain VARCHAR(255) NOT NULL, active TINYINT NOT NULL DEFAULT 1);
		CREATE TABLE alias (address VARCHAR(255) PRIMARY KEY, goto TEXT NOT NULL, domain VARCHAR(255) NOT NULL,
			active TINYINT NOT NULL DEFAULT 1);
		CREATE TABLE config (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), value VARCHAR(20));
		INSERT INTO domain (domain) VALUES ('shop.example');
		INSERT INTO mailbox VALUES ('eva@shop.example', '{PLAIN}x', 'shop.example/eva/', 'shop.example', 1);
		INSERT INTO alias VALUES ('info@shop.example', 'eva@shop.example', 'shop.example', 1);
		CREATE USER postfix@localhost IDENTIFIED BY 'CANARY-mysql';
		GRANT SELECT ON mail.* TO postfix@localhost;
	SQL
}

mariadb_stop() {
	mariadb-admin --socket=/run/mysqld/mysqld.sock shutdown
	wait "$mariadb_process"
}

# postfix_on_mariadb: the Postfix of postfix_configure asks that database, too.
postfix_on_mariadb() {
	local name query
	while IFS='|' read -r name query; do
		cat >"/etc/postfix/mysql-$name.cf" <<-CONFIGURATION
			user = postfix
			password = CANARY-mysql
			hosts = unix:/run/mysqld/mysqld.sock
			dbname = mail
			query = $query
		CONFIGURATION
	done <<-'QUERIES'
		domains|SELECT domain FROM domain WHERE domain = '%s' AND active = 1
		mailboxes|SELECT maildir FROM mailbox WHERE username = '%s' AND active = 1
		aliases|SELECT goto FROM alias WHERE address = '%s' AND active = 1
	QUERIES
	chmod 0640 /etc/postfix/mysql-*.cf
	chgrp postfix /etc/postfix/mysql-*.cf
	postconf -e 'virtual_alias_maps = lmdb:/etc/postfix/postigo-aliases, mysql:/etc/postfix/mysql-aliases.cf' \
		'virtual_mailbox_domains = elsewhere.example, mysql:/etc/postfix/mysql-domains.cf' \
		'virtual_mailbox_maps = texthash:/etc/postfix/elsewhere, proxy:mysql:/etc/postfix/mysql-mailboxes.cf'
}

# dovecot_configure: IMAP and LMTP, passwords from MariaDB, a socket for Postfix.
dovecot_configure() {
	add_daemon_accounts
	install -d /etc/dovecot
	rm -rf /etc/dovecot/conf.d
	cat >/etc/dovecot/dovecot.conf <<-'CONFIGURATION'
		protocols = imap lmtp
		listen = 127.0.0.1
		ssl = no
		disable_plaintext_auth = no
		log_path = /var/log/dovecot.log
		mail_location = maildir:/var/mail/%d/%n
		doveadm_password = CANARY-doveadm
		passdb {
		  driver = sql
		  args = /etc/dovecot/dovecot-sql.conf.ext
		}
		userdb {
		  driver = static
		  args = uid=vmail gid=vmail home=/var/mail/%d/%n
		}
		service auth {
		  unix_listener /var/spool/postfix/private/auth {
		    mode = 0660
		    user = postfix
		    group = postfix
		  }
		}
		service lmtp {
		  unix_listener /var/spool/postfix/private/dovecot-lmtp {
		    mode = 0600
		    user = postfix
		    group = postfix
		  }
		}
		service imap-login {
		  inet_listener imap {
		    port = 143
		  }
		}
	CONFIGURATION
	cat >/etc/dovecot/dovecot-sql.conf.ext <<-'CONFIGURATION'
		driver = mysql
		connect = host=/run/mysqld/mysqld.sock dbname=mail user=postfix password=CANARY-mysql
		password_query = SELECT username AS user, password FROM mailbox WHERE username = '%u' AND active = 1
	CONFIGURATION
	chmod 0640 /etc/dovecot/dovecot-sql.conf.ext
	chgrp dovecot /etc/dovecot/dovecot-sql.conf.ext
}

dovecot_start() {
	dovecot_configure
	dovecot -F >"$scratch/dovecot" 2>&1 &
	dovecot_process=$!
	wait_until 10 bash -c ': </dev/tcp/127.0.0.1/143'
}

dovecot_stop() {
	kill -TERM "$dovecot_process"
	wait "$dovecot_process"
}
