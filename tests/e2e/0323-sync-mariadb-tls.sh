#!/bin/bash
# 0323: a MariaDB that is reached over TCP: nothing of ours crosses a connection that is not encrypted, or goes to somebody who only says to be the server.
# shellcheck disable=SC2317 # functions that "ok" calls
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
. "$(dirname "$0")/../support/mariadb.sh"
in_namespace "$@"

[ -x /usr/sbin/mariadbd ] || skip_all 'needs mariadb-server'

# authority NAME, certificate NAME HOST AUTHORITY
authority() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$1" -keyout "$scratch/$1.key" -out "$scratch/$1.pem" 2>/dev/null
}
certificate() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$scratch/$1.key" -out "$scratch/$1.csr" 2>/dev/null
	openssl x509 -req -days 30 -in "$scratch/$1.csr" -CA "$scratch/$3.pem" -CAkey "$scratch/$3.key" -CAcreateserial \
		-extfile <(echo "subjectAltName=DNS:$2") -out "$scratch/$1.pem" 2>/dev/null
}
authority ours
authority another
certificate server mail.club.example ours
certificate stranger other.example ours

sync_forget
mariadb_credentials
postfix_configure texthash
start() {
	mariadb_start --skip-networking=0 --bind-address=127.0.0.1 --ssl=1 --ssl-ca="$scratch/ours.pem" \
		--ssl-cert="$scratch/$1.pem" --ssl-key="$scratch/$1.key" --require-secure-transport=0
}
configure() {
	local more=
	[ -z "${3:-}" ] || more=", \"tls_ca_file\": \"$scratch/$3.pem\""
	cat >/etc/postigo/postigo.json <<-CONFIGURATION
		{
			"domain": "club.example",
			"sync": {"type": "mysql", "path": "/etc/postfix/sql-aliases.cf", "max_change_percent": 100},
			"database": {"engine": "mariadb", "host": "$1", "dbname": "mail", "tls": "$2"$more,
				"credentials_file": "/etc/postigo/database.json"}
		}
	CONFIGURATION
}
ok 'MariaDB starts with TLS' start server
mariadb_tables
sql "ALTER USER postigo@localhost REQUIRE SSL"
number=0
changed() {
	number=$((number + 1))
	store m1=v$number@elsewhere.example
}

changed
configure mail.club.example auto ours
expect_exit 0 'a host that has the right certificate' sync
changed
configure mail.club.example auto another
expect_exit 5 'a certificate that nobody we trust has signed' sync
like 'is said' "$stderr" 'could not be encrypted as it must be'
configure mail.club.example auto
expect_exit 5 'nor does the system trust it' sync
configure mail.club.example required
expect_exit 0 'tls=required asks for no name' sync
changed
configure mail.club.example off
expect_exit 5 'a user who must use TLS is not let in without' sync
configure localhost auto
expect_exit 5 'to this machine auto does not encrypt' sync
sql "ALTER USER postigo@localhost REQUIRE NONE"
expect_exit 0 'where that is allowed' sync
mariadb_stop
ok 'somebody else with a certificate of his own' start stranger
changed
configure mail.club.example verified ours
expect_exit 5 'is not the server' sync
like 'by its name' "$stderr" 'could not be encrypted as it must be'
mariadb_stop
ok 'a server without TLS' mariadb_start --skip-networking=0 --bind-address=127.0.0.1
expect_exit 5 'is not talked to' sync
configure mail.club.example required
expect_exit 5 'not even where any server would do' sync
unlike 'the password is not told' "$stderr" secret
done_testing
