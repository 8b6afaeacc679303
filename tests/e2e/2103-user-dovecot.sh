#!/bin/bash
# shellcheck disable=SC2317,SC2154,SC2034,SC2086,SC2046 # paths without blanks; functions are called by name
# 2103: a real Dovecot on both databases knows the mailboxes that were made here: each scheme, by IMAP; a disabled one and one without password are refused; LMTP delivers
# into the directory, and the counters that Dovecot keeps are those that quota shows.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/mailbox.sh"

dovecot_process=

dovecot_configure() {
	local driver=sqlite connect=$mail_database
	[ $engine = sqlite ] || { driver=mysql && connect="host=$mariadb_socket dbname=mail user=postigo password=secret"; }
	rm -rf /etc/dovecot
	install -d /etc/dovecot
	cat >/etc/dovecot/dovecot.conf <<-CONFIGURATION
		protocols = imap lmtp
		listen = 127.0.0.1
		ssl = no
		disable_plaintext_auth = no
		log_path = /var/log/dovecot.log
		mail_location = maildir:~
		mail_plugins = quota
		auth_verbose = yes
		auth_failure_delay = 0
		first_valid_uid = 1
		passdb {
		  driver = sql
		  args = /etc/dovecot/sql.conf
		}
		userdb {
		  driver = sql
		  args = /etc/dovecot/sql.conf
		}
		protocol imap {
		  mail_plugins = quota imap_quota
		}
		service lmtp {
		  unix_listener lmtp {
		    mode = 0666
		  }
		}
		# An SQLite database is written by root only.
		service dict {
		  user = $([ $engine = mariadb ] && echo dovecot || echo root)
		  unix_listener dict {
		    mode = 0666
		  }
		}
		plugin {
		  quota = dict:User quota::proxy::sqlquota
		}
		dict {
		  sqlquota = $driver:/etc/dovecot/dict.conf
		}
	CONFIGURATION
	cat >/etc/dovecot/sql.conf <<-CONFIGURATION
		driver = $driver
		connect = $connect
		password_query = SELECT username AS user, password FROM mailbox WHERE username = '%u' AND active = 1 AND password NOT LIKE '{NOAUTH}%%'
		user_query = SELECT '$vmail/' || maildir AS home, 5000 AS uid, 5000 AS gid, '*:bytes=' || quota AS quota_rule FROM mailbox WHERE username = '%u' AND active = 1
	CONFIGURATION
	[ $engine = sqlite ] || sed -i "s/'$(sed 's/[/]/\\&/g' <<<"$vmail/")' || maildir/CONCAT('$(sed 's/[/]/\\&/g' <<<"$vmail/")', maildir)/; s/'\*:bytes=' || quota/CONCAT('*:bytes=', quota)/" /etc/dovecot/sql.conf
	cat >/etc/dovecot/dict.conf <<-CONFIGURATION
		connect = $connect
		map {
		  pattern = priv/quota/storage
		  table = quota2
		  username_field = username
		  value_field = bytes
		}
		map {
		  pattern = priv/quota/messages
		  table = quota2
		  username_field = username
		  value_field = messages
		}
	CONFIGURATION
}

dovecot_start() {
	dovecot_configure
	: >/var/log/dovecot.log
	dovecot -F >"$scratch/dovecot" 2>&1 &
	dovecot_process=$!
	wait_until 20 bash -c ': </dev/tcp/127.0.0.1/143' && [ -S /run/dovecot/lmtp ]
}

dovecot_stop() {
	kill -TERM "$dovecot_process"
	wait "$dovecot_process"
}

# login USER PASSWORD: prints how many messages the inbox has.
login() {
	/usr/bin/python3 -I - "$1" "$2" <<-'PYTHON'
		import imaplib, sys
		session = imaplib.IMAP4("127.0.0.1", 143, timeout=20)
		try:
		    session.login(sys.argv[1], sys.argv[2])
		except imaplib.IMAP4.error as error:
		    sys.exit("refused: %s" % error)
		print(session.select("INBOX")[1][0].decode())
	PYTHON
}

# deliver USER: prints the answer of LMTP behind the data, or behind the recipient when that is refused.
deliver() {
	/usr/bin/python3 -I - "$1" <<-'PYTHON'
		import smtplib, socket, sys
		class Local(smtplib.LMTP):
		    pass
		session = Local("/run/dovecot/lmtp", local_hostname="localhost")
		session.lhlo = session.ehlo
		session.ehlo()
		session.mail("op@elsewhere.example")
		code, text = session.rcpt(sys.argv[1])
		if code == 250:
		    code, text = session.data(b"From: op@elsewhere.example\r\nSubject: hello\r\n\r\n" + b"x" * 3000 + b"\r\n")
		print(code, text.decode())
	PYTHON
}

everything() {
	local scheme
	for scheme in BLF-CRYPT SHA512-CRYPT CRYPT; do
		ok "$engine: a mailbox with $scheme" add_user "${scheme,,}@club.example" --scheme $scheme --quota 10M
	done
	mailboxes_configure ', "identity_backend": "hybrid"'
	ok "$engine: one whom somebody else authenticates" postigo-admin user add ines@club.example --idp
	ok "$engine: Dovecot starts" dovecot_start || diag "$(cat "$scratch/dovecot" /var/log/dovecot.log)"
	for scheme in blf-crypt sha512-crypt crypt; do
		is "$engine: $scheme: the password is good" "$(login $scheme@club.example secret 2>&1)" 0
		like "$engine: $scheme: another is not" "$(login $scheme@club.example Secret 2>&1)" refused
	done
	like "$engine: without a password nobody gets in" "$(login ines@club.example '{NOAUTH}' 2>&1)" refused
	like "$engine: nor with none" "$(login ines@club.example '' 2>&1)" refused
	like "$engine: LMTP takes a message" "$(deliver crypt@club.example)" '^250 '
	is "$engine: it is in the directory" "$(find $vmail/club.example/crypt/new -type f | wc -l)" 1
	is "$engine: and in the mailbox" "$(login crypt@club.example secret 2>&1)" 1
	like "$engine: LMTP takes one for who is elsewhere" "$(deliver ines@club.example)" '^250 '
	like "$engine: and none for nobody" "$(deliver nobody@club.example)" '^550 '
	ok "$engine: Dovecot counts" wait_until 10 eval "[ \"\$(query \"SELECT messages FROM quota2 WHERE username = 'crypt@club.example'\")\" = 1 ]"
	expect_exit 0 "$engine: quota shows" postigo-admin quota show crypt@club.example --json
	is_json "$engine: that message" "$stdout_file" .messages 1
	ok "$engine: and its bytes" test "$(json .bytes_used "$stdout_file")" -gt 3000
	ok "$engine: disabled" postigo-admin user disable crypt@club.example
	like "$engine: nobody gets in" "$(login crypt@club.example secret 2>&1)" refused
	like "$engine: nor does mail" "$(deliver crypt@club.example)" '^550 '
	ok "$engine: enabled" postigo-admin user enable crypt@club.example
	is "$engine: and the mail is there" "$(login crypt@club.example secret 2>&1)" 1
	ok "$engine: deleted" postigo-admin user del crypt@club.example --yes
	like "$engine: gone" "$(login crypt@club.example secret 2>&1)" refused
	is "$engine: with its mail" "$(find $vmail/club.example -name "*crypt" -printf "%f\n" | sort)" "$(printf 'blf-crypt\nsha512-crypt')"
	unlike "$engine: Dovecot knows all schemes" "$(cat /var/log/dovecot.log)" 'Unknown scheme'
	ok "$engine: Dovecot stops" dovecot_stop
}

for program in dovecot doveadm; do
	command -v $program >/dev/null || skip_all 'needs dovecot-core'
done
for name in dovecot dovenull; do
	getent passwd $name >/dev/null || useradd -r -U -s /usr/sbin/nologin $name
done
on_mailboxes everything
done_testing
