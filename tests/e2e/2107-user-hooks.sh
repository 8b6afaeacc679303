#!/bin/bash
# shellcheck disable=SC2317,SC2154,SC2034,SC2086,SC2046 # paths without blanks; functions are called by name
# 2107: the hooks of mailboxes, on both databases: what they are told, as whom they run, and what is left when one fails (U9, Z3, H1, H2).
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/mailbox.sh"

hook() {
	cat >/usr/local/sbin/hook
	chmod 0755 /usr/local/sbin/hook
}

configure() {
	local name hooks=
	for name in postcreation postedit postdeletion postpassword; do
		hooks="$hooks\"mailbox_$name\": \"/usr/local/sbin/hook\", "
	done
	mailboxes_configure '' ", \"hooks\": {$hooks\"timeout\": \"2s\"${1:-}}"
}

told() {
	cat "$scratch/told"
	rm -f "$scratch/told"
}

tells() {
	hook <<-HOOK
		#!/bin/sh
		echo "\$# \$1 \$2 \$3 \$4" >>$scratch/told
	HOOK
	expect_exit 0 "$engine: add" add_user ana@club.example --quota 5G
	is "$engine: add: as PostfixAdmin" "$(told)" '4 ana@club.example club.example club.example/ana/ 5368709120'
	expect_exit 0 "$engine: set" postigo-admin user quota ana@club.example --set 0
	is "$engine: set: as PostfixAdmin" "$(told)" '4 ana@club.example club.example club.example/ana/ 0'
	expect_exit 0 "$engine: nothing to set" postigo-admin user quota ana@club.example --set 0
	not_ok "$engine: nothing to tell" test -e "$scratch/told"
	expect_exit 0 "$engine: a dry run" postigo-admin user disable ana@club.example --dry-run
	not_ok "$engine: tells nobody" test -e "$scratch/told"
	expect_exit 0 "$engine: passwd" postigo-admin user passwd ana@club.example --generate
	is "$engine: passwd: as PostfixAdmin" "$(told)" '2 ana@club.example club.example  '
	expect_exit 0 "$engine: del" postigo-admin user del ana@club.example --yes
	is "$engine: del: as PostfixAdmin" "$(told)" '2 ana@club.example club.example  '
}

fails() {
	hook <<<$'#!/bin/sh\necho no room; exit 3'
	expect_exit 7 "$engine: a hook that fails" add_user ana@club.example
	like "$engine: is told with its words" "$stderr" 'exit status 3'
	like "$engine: all of them" "$stderr" 'no room'
	is "$engine: the mailbox is taken back" "$(rows_of ana@club.example)" '0|0|0'
	not_ok "$engine: with its directory" test -e $vmail/club.example/ana
	is "$engine: the log is not" "$(query "SELECT COUNT(*) FROM log WHERE action = 'postigo.mailbox.create' AND data = 'ana@club.example'")" 2
	install -d -o vmail -g vmail $vmail/club.example/ana/cur
	touch $vmail/club.example/ana/cur/old
	expect_exit 7 "$engine: where mail was before" add_user ana@club.example
	ok "$engine: it stays" test -e $vmail/club.example/ana/cur/old
	not_ok "$engine: and only that" test -e $vmail/club.example/ana/new
	rm -r $vmail/club.example/ana
	configure ', "user": "vmail"'
	hook <<<$'#!/bin/sh\nid -un; exit 3'
	expect_exit 7 "$engine: a user of its own" add_user ana@club.example
	like "$engine: it is" "$stderr" vmail
	hook <<<$'#!/bin/sh\nsleep 47 & sleep 47'
	expect_exit 7 "$engine: a hook without end" add_user ana@club.example
	like "$engine: has one" "$stderr" 'no answer within 2 s'
	is "$engine: with its children" "$(pgrep -fc 'sleep 47')" 0
	rm /usr/local/sbin/hook
	expect_exit 7 "$engine: a hook that is not there" add_user ana@club.example
	is "$engine: the mailbox is taken back" "$(rows_of ana@club.example)" '0|0|0'
	mailboxes_configure
	expect_exit 0 "$engine: no hook is fine" add_user ana@club.example
	configure
	expect_exit 7 "$engine: after another change" postigo-admin user set ana@club.example --name Ana --json
	is_json "$engine: that is done" "$stdout_file" .user.name Ana
	like "$engine: and said" "$stderr" 'the change itself is done'
	expect_exit 7 "$engine: after a removal" postigo-admin user del ana@club.example --yes
	is "$engine: too" "$(rows_of ana@club.example) $(ls -A $vmail/club.example)" '0|0|0 '
}

domains() {
	mailboxes_configure '' ', "hooks": {"domain_postcreation": "/usr/local/sbin/hook", "domain_postedit": "/usr/local/sbin/hook", "domain_postdeletion": "/usr/local/sbin/hook"}'
	hook <<-HOOK
		#!/bin/sh
		echo "\$# \$1" >>$scratch/told
	HOOK
	ok "$engine: a domain is made" postigo-admin domain add shop.example
	is "$engine: its hook is told" "$(told)" '1 shop.example'
	ok "$engine: and changed" postigo-admin domain set shop.example --max-mailboxes 5
	is "$engine: its hook is told" "$(told)" '1 shop.example'
	ok "$engine: not changed" postigo-admin domain set shop.example --max-mailboxes 5
	not_ok "$engine: nobody is told" test -e "$scratch/told"
	install -d -o vmail -g vmail $vmail/shop.example/ana/cur
	expect_exit 3 "$engine: mail in its directory keeps it" postigo-admin domain del shop.example --yes
	not_ok "$engine: nobody is told" test -e "$scratch/told"
	ok "$engine: with force" postigo-admin domain del shop.example --yes --force
	is "$engine: its hook is told" "$(told)" '1 shop.example'
	is "$engine: its directory is gone" "$(find $vmail -name '*shop*')" ''
}

everything() {
	configure
	tells
	fails
	domains
}

on_mailboxes everything
done_testing
