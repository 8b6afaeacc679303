# shellcheck shell=bash
# shellcheck disable=SC2154 # scratch and support are tap.sh's
# postfix.sh: a private, real Postfix on 127.0.0.1:25, sourced after tap.sh and inside the
# namespaces only. club.example is an alias domain, read from TYPE:$postfix_map;
# every address of elsewhere.example is a maildir /var/mail/elsewhere.example/USER/ (users without
# one: catchall), where virtual(8) writes the final recipient into Delivered-To.

postfix_map=/etc/postfix/postigo-aliases
postfix_log=/var/log/postfix.log
postfix_mail=/var/mail/elsewhere.example

postfix_write_main_cf() {
	cat >/etc/postfix/main.cf <<-CONFIGURATION
		compatibility_level = 3.6
		queue_directory = /var/spool/postfix
		command_directory = /usr/sbin
		daemon_directory = /usr/lib/postfix/sbin
		data_directory = /var/lib/postfix
		mail_owner = postfix
		setgid_group = postdrop
		myhostname = mail.club.example
		mydestination = mail.club.example, localhost
		mynetworks = 127.0.0.0/8
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		smtpd_relay_restrictions = reject_unauth_destination
		smtp_tls_security_level = none
		alias_maps =
		alias_database =
		biff = no
		maillog_file = $postfix_log
		smtpd_error_sleep_time = 0
		virtual_alias_domains = club.example
		virtual_alias_maps = $1:$postfix_map
		virtual_mailbox_domains = elsewhere.example
		virtual_mailbox_base = /var/mail
		virtual_mailbox_maps = texthash:/etc/postfix/elsewhere
		virtual_uid_maps = static:8
		virtual_gid_maps = static:8
		virtual_minimum_uid = 8
	CONFIGURATION
	{
		cut -d: -f1 /etc/passwd |
			sed 's|.*|&@elsewhere.example elsewhere.example/&/|'
		echo '@elsewhere.example elsewhere.example/catchall/'
	} >/etc/postfix/elsewhere
	# Postfix waits seconds for a file that was just written to cool down.
	touch -d '1 minute ago' /etc/postfix/main.cf /etc/postfix/elsewhere
}

postfix_write_master_cf() {
	cat >/etc/postfix/master.cf <<-CONFIGURATION
		127.0.0.1:25 inet n - n - - smtpd
		pickup    unix n - n 60 1 pickup
		cleanup   unix n - n - 0 cleanup
		qmgr      unix n - n 300 1 qmgr
		rewrite   unix - - n - - trivial-rewrite
		bounce    unix - - n - 0 bounce
		defer     unix - - n - 0 bounce
		trace     unix - - n - 0 bounce
		verify    unix - - n - 1 verify
		flush     unix n - n 1000? 0 flush
		proxymap  unix - - n - - proxymap
		proxywrite unix - - n - 1 proxymap
		smtp      unix - - n - - smtp
		relay     unix - - n - - smtp
		showq     unix n - n - - showq
		error     unix - - n - - error
		retry     unix - - n - - error
		discard   unix - - n - - discard
		local     unix - n n - - local
		virtual   unix - n n - - virtual
		anvil     unix - - n - 1 anvil
		postlog   unix-dgram n - n - 1 postlogd
	CONFIGURATION
}

# What "postfix set-permissions" would make, without its walk over the installation.
postfix_make_directories() {
	local queue=/var/spool/postfix name
	[ ! -d $queue/pid ] || return 0
	install -d -o root -g root -m 0755 $queue $queue/pid
	for name in active bounce corrupt defer deferred flush hold incoming private saved trace; do
		install -d -o postfix -g root -m 0700 $queue/$name
	done
	install -d -o postfix -g postdrop -m 0730 $queue/maildrop
	install -d -o postfix -g postdrop -m 2710 $queue/public
	install -d -o postfix -g postfix -m 0700 /var/lib/postfix
	install -d -o mail -g mail -m 0700 $postfix_mail
}

# postfix_configure [TYPE]: everything but the start. An index of TYPE is made if missing (hash and
# btree share one name: remove $postfix_map.db between them).
postfix_configure() {
	local type=${1:-lmdb}
	postfix_write_main_cf "$type"
	postfix_write_master_cf
	postfix_make_directories
	[ -e $postfix_map ] || : >$postfix_map
	touch -d '1 minute ago' /etc/postfix/main.cf /etc/postfix/master.cf
	case $type in
	hash | btree)
		[ -e $postfix_map.db ] || postmap "$type:$postfix_map"
		;;
	lmdb | cdb)
		[ -e "$postfix_map.$type" ] || postmap "$type:$postfix_map"
		;;
	esac
}

# postfix_start [TYPE]: returns when it answers.
postfix_start() {
	command -v postfix >/dev/null || return 1
	[ -n "${1:-}" ] || [ ! -e /etc/postfix/main.cf ] || set -- keep
	[ "${1:-}" = keep ] || postfix_configure "${1:-lmdb}"
	# master -w is what "postfix start" ends in; it returns after its initialisation.
	# One that was just stopped may hold its lock a moment longer.
	wait_until 5 /usr/lib/postfix/sbin/master -w || {
		diag "$(/usr/lib/postfix/sbin/master -w 2>&1)"
		return 1
	}
	wait_until 5 bash -c ': </dev/tcp/127.0.0.1/25'
}

postfix_stop() {
	local pid
	pid=$(tr -d ' ' </var/spool/postfix/pid/master.pid) || return 0
	kill -TERM "$pid" 2>/dev/null || return 0
	wait_until 5 bash -c "! kill -0 $pid"
}

# smtp_rcpt ADDRESS...: the reply to RCPT in a session of its own, such as "250 2.1.5 Ok".
smtp_rcpt() {
	/usr/bin/python3 -I "$support/smtp" rcpt "$@"
}

# smtp_send FROM TO SUBJECT
smtp_send() {
	/usr/bin/python3 -I "$support/smtp" send "$@"
}

# mail_files USER: the messages of USER@elsewhere.example, oldest first.
mail_files() {
	[ -d "$postfix_mail/$1/new" ] || return 0
	find "$postfix_mail/$1/new" -type f -printf '%T@ %p\n' | sort -n | cut -d' ' -f2-
}

has_mail() {
	[ "$(mail_files "$1" | wc -l)" -ge "$2" ]
}

# wait_for_mail USER [COUNT]: prints the newest message's file when there are COUNT; at most 10 s.
wait_for_mail() {
	wait_until 10 has_mail "$1" "${2:-1}" || return 1
	mail_files "$1" | tail -n 1
}

# postfix_reloads: how often this Postfix was reloaded.
postfix_reloads() {
	grep -c 'postfix/master.*: reload' $postfix_log || true
}
