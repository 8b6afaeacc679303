#!/bin/bash
# 0403: passwords in twenty places, and none of them in anything that discover and proposed-config print. Case A98.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/discover.sh"
in_namespace "$@"

planted=0
# plant FILE: standard input, in which each @ is a password of its own.
plant() {
	local text
	mkdir -p "$(dirname "$1")"
	text=$(cat)
	while [[ $text == *@@* ]]; do
		planted=$((planted + 1))
		text=${text/@@/CANARY-$planted}
	done
	printf '%s\n' "$text" >>"$1"
}

postfix_configure lmdb
add_daemon_accounts
dovecot_configure
plant /etc/postfix/main.cf <<'TEXT'
smtp_sasl_password_maps = static:relay:@@
virtual_mailbox_maps = texthash:/etc/postfix/elsewhere, inline:{ {eva@elsewhere.example = @@} }
transport_maps = static:@@
ours_password = @@
api_token = @@
smtpd_milters = inet:user:@@@localhost:1
relayhost = smtp://relay:@@@mx.example
my_client_secret = @@
virtual_alias_maps = lmdb:/etc/postfix/postigo-aliases, mysql:/etc/postfix/mysql.cf, ldap:/etc/postfix/ldap.cf, pgsql:/etc/postfix/pgsql.cf
TEXT
plant /etc/postfix/master.cf <<'TEXT'
filter unix - n n - - pipe
  flags=R user=mail argv=/usr/bin/filter --password @@ --token=@@
587 inet n - n - - smtpd
  -o smtpd_sasl_password=@@ -o { smtp_sasl_password_maps = static:me:@@ }
TEXT
plant /etc/postfix/mysql.cf <<'TEXT'
user = mail
password = @@
hosts = mysql://mail:@@@localhost
dbname = mail
query = SELECT goto FROM alias WHERE AES_DECRYPT(address, '@@') = '%s'
TEXT
plant /etc/postfix/ldap.cf <<'TEXT'
bind_dn = cn=mail
bind_pw = @@
TEXT
plant /etc/postfix/pgsql.cf <<'TEXT'
hosts = postgresql://mail:@@@db.example/mail
password=@@
TEXT
plant /etc/postfix/sasl_passwd <<'TEXT'
[mx.example] relay:@@
TEXT
plant /etc/dovecot/dovecot.conf <<'TEXT'
imapc_password = @@
passdb {
  driver = static
  args = password=@@ nopassword=n
}
userdb {
  driver = static
  args = uid=8 gid=8 home=/x password=@@
}
plugin {
  sieve_api_key = @@
  dict_url = redis://:@@@localhost
}
TEXT
plant /etc/dovecot/dovecot-sql.conf.ext <<'TEXT'
connect = host=localhost password=@@
TEXT
plant /etc/mysql/debian.cnf <<'TEXT'
password = @@
TEXT
plant /root/.my.cnf <<'TEXT'
password = @@
TEXT
plant /etc/roundcube/debian-db.php <<'TEXT'
<?php $dbpass='@@'; $config['db_dsnw'] = 'mysql://roundcube:@@@localhost/roundcube';
TEXT
plant /etc/dkimkeys/mail.private <<'TEXT'
-----BEGIN RSA PRIVATE KEY----- @@
TEXT
plant /etc/runv-mailgun.json <<'TEXT'
{"api_key": "@@"}
TEXT
plant /var/lib/runv/email-aliases.json <<'TEXT'
{"ana": {"username": "ana", "note": "@@"}}
TEXT
ok "there are $planted of them" [ "$planted" -ge 20 ]
ok 'and they are where programs find them' grep -qr CANARY-1 /etc/postfix/main.cf
ok 'Postfix reads its file' postconf -n
ok 'Dovecot reads its file' doveconf -n
like 'and would show them' "$(doveconf -n; postconf -n)" 'CANARY.*CANARY'

# shows_none TITLE COMMAND...: no password in what it prints on either stream.
shows_none() {
	local title=$1
	shift
	run "$@"
	is "$title" "$(cat "$stdout_file" "$stderr_file" | grep -ao '.\{0,60\}CANARY.\{0,20\}')" ''
}

shows_none 'JSON' postigo-admin discover --json
fits_schema 'is as the schema says'
like 'all was looked at' "$(cat "$stdout_file")" 'dovecot-sql.conf.ext'
is_json 'that there is a password, is told' "$stdout_file" '.sections.postfix[0].parameters.smtp_sasl_password_maps' '***'
shows_none 'deep' postigo-admin discover --json --deep
shows_none 'plain' postigo-admin discover --plain
shows_none 'on a terminal' script -qec 'stty cols 120; postigo-admin discover' /dev/null
like 'the picture was drawn' "$(cat "$stdout_file")" 'answered by'
shows_none 'as nobody' as nobody /usr/local/sbin/postigo-admin discover --json
shows_none 'proposed-config' postigo-admin proposed-config
is 'which proposes something' "$status" 0
shows_none 'proposed-config as JSON' postigo-admin proposed-config --json

# Complaints quote what they complain of
for line in 'smtp_sasl_password CANARY-line' 'CANARY-line' 'relay_credentials=CANARY-line' 'typo_pasword = CANARY-line' \
	'mynetworks = ${nothing?CANARY-line'; do
	cp /etc/postfix/main.cf "$scratch/main.cf"
	printf '%s\n' "$line" >>/etc/postfix/main.cf
	shows_none "main.cf with: ${line/CANARY/…}" postigo-admin discover --json
	cp "$scratch/main.cf" /etc/postfix/main.cf
done
cp /etc/dovecot/dovecot.conf "$scratch/dovecot.conf"
for line in 'imapc_password CANARY-line' 'doveadm_pasword = CANARY-line' 'CANARY-line {'; do
	printf '%s\n' "$line" >>/etc/dovecot/dovecot.conf
	shows_none "dovecot.conf with: ${line/CANARY/…}" postigo-admin discover --json
	is 'which is a recommendation' "$(problem dovecot.configuration-broken severity)" error
	cp "$scratch/dovecot.conf" /etc/dovecot/dovecot.conf
done
done_testing
