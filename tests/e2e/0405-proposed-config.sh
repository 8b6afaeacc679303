#!/bin/bash
# 0405: the configuration that is proposed is accepted, and sync works with it and what it says about Postfix. Case A100.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/discover.sh"
in_namespace "$@"

# proposes TITLE: what is proposed becomes the configuration, is accepted, and an alias works through sync and the command in its comment.
proposes() {
	local command
	rm -rf /etc/postigo /var/lib/postigo
	expect_exit 0 "$1: proposed-config" postigo-admin proposed-config
	is "$1: without a complaint" "$stderr" ''
	cp "$stdout_file" "$scratch/proposal"
	ok "$1: as JSON" postigo-admin proposed-config --json
	cp "$stdout_file" "$scratch/json"
	is "$1: both are one configuration" "$(sed 's|^[[:space:]]*//.*||' "$scratch/proposal" | /usr/bin/python3 -I -m json.tool --sort-keys)" \
		"$(/usr/bin/python3 -I -m json.tool --sort-keys "$scratch/json")"
	install -D -m 0644 "$scratch/proposal" /etc/postigo/postigo.json
	ok "$1: is accepted" postigo-admin config check
	like "$1: for the domain" "$stdout" 'aliases in club\.example'
	ok "$1: setup" postigo-admin setup
	ok "$1: the first sync" postigo-admin sync --allow-empty
	ok "$1: an alias" postigo-admin member add ana ana@elsewhere.example
	command=$(sed -n 's|^//   \(postconf .*\)|\1|p' "$scratch/proposal")
	[ -z "$command" ] || ok "$1: the command in the comment runs: $command" sh -c "$command"
	like "$1: mail for it is taken" "$(smtp_rcpt ana@club.example)" '^250 '
	unlike "$1: for others not" "$(smtp_rcpt beto@club.example)" '^250 '
	expect_exit 0 "$1: check" postigo-admin check
	smtp_send eva@far.example ana@club.example "$1" || diag 'the mail was not taken'
	ok "$1: and arrives" wait_for_mail ana
	rm -rf "$postfix_mail/ana" "$postfix_map"*
	install -d -o mail -g mail -m 0700 $postfix_mail
}

# A Postfix that knows nothing of us
postfix_configure lmdb
rm -f "$postfix_map"*
postconf -X virtual_alias_maps
postconf -e 'virtual_alias_domains = club.example'
ok 'Postfix starts' postfix_start keep
proposes 'Postfix only'
is 'the map is the only one' "$(postconf -h virtual_alias_maps)" "\$virtual_maps, lmdb:$postfix_map"

# One that has aliases of its own, written with a name
printf 'info@club.example carla@elsewhere.example\n' >/etc/postfix/virtual
postmap hash:/etc/postfix/virtual
postconf -e 'old = hash:/etc/postfix/virtual' 'virtual_alias_maps = $old'
postfix reload >/dev/null 2>&1
proposes 'existing virtual_alias_maps'
is 'what was there stays, as it was written' "$(postconf -h virtual_alias_maps)" "\$old, lmdb:$postfix_map"
like 'and goes on working' "$(smtp_rcpt info@club.example)" '^250 '

# One that names the map already, under another type
postconf -e "virtual_alias_maps = hash:/etc/postfix/virtual, cdb:$postfix_map"
: >"$postfix_map"
postmap "cdb:$postfix_map"
postfix reload >/dev/null 2>&1
proposes 'named already'
is_json 'keeps its type' "$scratch/json" .sync.type cdb
is 'and asks for nothing' "$(grep -c postconf "$scratch/proposal")" 0

# Accounts of the machine, in the domain of the host
postconf -e 'virtual_alias_domains =' 'mydomain = club.example' 'mydestination = mail.club.example, localhost, $mydomain' \
	'local_recipient_maps = texthash:/etc/postfix/nobody' "virtual_alias_maps ="
: >/etc/postfix/nobody
postfix reload >/dev/null 2>&1
proposes 'a domain of mydestination'

# Only tables know the domains
postconf -e 'virtual_alias_domains = texthash:/etc/postfix/domains' 'mydestination = localhost' 'virtual_mailbox_domains ='
expect_exit 4 'no domain is known' postigo-admin proposed-config
like 'is said' "$stderr" 'no domain is known'
like 'with a way out' "$stderr" 'postconf -e'

# Names that could break out of a comment
postconf -e 'virtual_alias_domains = club.example'
printf 'virtual_alias_maps = lmdb:/etc/postfix/a*/b, lmdb:/etc/%s\n' '*/ "x": 1' >>/etc/postfix/main.cf
expect_exit 0 'strange values' postigo-admin proposed-config
install -D -m 0644 "$stdout_file" /etc/postigo/postigo.json
ok 'are harmless in comments' postigo-admin config check
postfix_stop
done_testing
