#!/bin/bash
# 0406: a real Postfix, Dovecot and MariaDB with PostfixAdmin's tables is discovered while it delivers mail. Cases A95, A97, A98.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/discover.sh"
in_namespace "$@"
command -v mariadbd >/dev/null || skip_all 'no MariaDB'
command -v dovecot >/dev/null || skip_all 'no Dovecot'

ok 'MariaDB starts' mariadb_start
postfix_configure lmdb
postfix_on_mariadb
chmod 0640 /etc/postfix/postigo-aliases*
chgrp postfix /etc/postfix/postigo-aliases*
ok 'Postfix starts' postfix_start keep
postconf -e 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/auth' 'virtual_transport = lmtp:unix:private/dovecot-lmtp'
ok 'Dovecot starts' dovecot_start
like 'an address of the database is taken' "$(smtp_rcpt info@shop.example)" '^250 '

expect_exit 0 'discover' postigo-admin discover --json
fits_schema 'the answer is as its schema says'
cp "$stdout_file" "$scratch/answer"
is 'nothing was left out' "$(not_looked_at | grep -v -e apparmor -e systemctl)" ''
is_json 'Postfix runs' "$scratch/answer" '.sections.postfix[0].running' true
is_json 'Dovecot is known' "$scratch/answer" .sections.dovecot.version "$(dovecot --version | cut -d' ' -f1)"
is_json 'and what it speaks' "$scratch/answer" .sections.dovecot.protocols '["imap","lmtp"]'
is_json 'and where passwords come from' "$scratch/answer" '.sections.dovecot.passdb[0].driver' sql
is_json 'MariaDB listens' "$scratch/answer" '.sections.databases[0].listens' true
is_json 'and has a schema' "$scratch/answer" '.sections.databases[0].schemas[0]' \
	'{"engine":"InnoDB","name":"mail","postfixadmin":true,"tables":4}'
is 'the sockets between them are there' "$(/usr/bin/python3 -I -c 'import json, sys
for one in json.load(open(sys.argv[1]))["sections"]["dovecot"]["listeners"]: print(one["path"], one["mode"], one["present"])' "$scratch/answer")" \
	'/var/spool/postfix/private/auth 0660 True
/var/spool/postfix/private/dovecot-lmtp 0600 True'
is 'tables of the database are told with what they ask' "$(/usr/bin/python3 -I -c 'import json, sys
for one in json.load(open(sys.argv[1]))["sections"]["postfix"][0]["tables"]:
    if one["type"] == "mysql": print(one["parameter"], one["proxied"], one["query"]["dbname"], one["query"]["table_guess"], one["query"]["password"])' "$scratch/answer")" \
	'virtual_alias_maps False mail alias True
virtual_mailbox_domains False mail domain True
virtual_mailbox_maps True mail mailbox True'
is 'who listens on which port' "$(/usr/bin/python3 -I -c 'import json, sys
for one in sorted(json.load(open(sys.argv[1]))["sections"]["ports"], key=lambda one: one["port"]): print(one["port"], one["process"], one["scope"])' "$scratch/answer")" \
	'25 master loopback
143 dovecot loopback
3306 mariadbd loopback'
is 'the services run' "$(/usr/bin/python3 -I -c 'import json, sys
for one in json.load(open(sys.argv[1]))["sections"]["services"]: print(one["name"], one["active"])' "$scratch/answer")" \
	'postfix active
dovecot active
mariadb active'
is 'what is recommended' "$(problems "$scratch/answer")" 'postfix.backend-choice postigo.not-set-up'

# For people
script -qec 'stty cols 80; postigo-admin discover --no-color' "$scratch/typescript" </dev/null >/dev/null
picture=$(tr -d '\r' <"$scratch/typescript")
like 'the picture says what runs' "$picture" 'Postfix [0-9.]+ mail\.club\.example in /etc/postfix: runs'
like 'what comes in' "$picture" 'comes in by +127\.0\.0\.1:25 \(smtpd\)'
like 'which table answers' "$picture" 'answered by +lmdb:/etc/postfix/postigo-aliases,'
like 'who delivers' "$picture" 'delivered by +lmtp:unix:private/dovecot-lmtp'
like 'with Dovecot behind it' "$picture" 'Dovecot +2\.[0-9.]+, imap, lmtp'
like 'and the database' "$picture" 'mariadb +listens; holds mail'
is 'no line of the picture is wider than the terminal' \
	"$(/usr/bin/python3 -I -c 'import sys
for line in open(sys.argv[1], encoding="utf-8"):
    line = line.rstrip("\r\n")
    if line.startswith("Recommendations"): break
    if len(line) > 80 and " " in line.strip() and not line.startswith("Script"): print(line)' "$scratch/typescript")" ''

# As nobody, deep, and with secrets nowhere
expect_exit 0 'as nobody' as nobody /usr/local/sbin/postigo-admin discover --json
fits_schema 'is as the schema says, too'
cp "$stdout_file" "$scratch/nobody"
cp "$stderr_file" "$scratch/nobody.err"
is_json 'and knows that it sees less' "$scratch/nobody" .privileged false
like 'what it may not read is told' "$(not_looked_at "$scratch/nobody")" '/etc/postfix/mysql-aliases\.cf: denied'
expect_exit 0 'deep' postigo-admin discover --deep --json
fits_schema 'is as the schema says, too'
is 'no password is in any of it' "$(grep -l CANARY "$scratch"/{answer,nobody,nobody.err,typescript} "$stdout_file" "$stderr_file")" ''
like 'Postfix is none the worse' "$(smtp_rcpt info@shop.example)" '^250 '

# The database goes away
mariadb_stop
expect_exit 0 'without MariaDB' postigo-admin discover --json
is 'it is missed once a table' "$(problem postfix.database-away severity | sort | uniq -c | xargs)" '3 error'
dovecot_stop
postfix_stop
done_testing
