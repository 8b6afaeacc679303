#!/bin/bash
# shellcheck disable=SC2317,SC2154,SC2034,SC2086,SC2046 # paths without blanks; functions are called by name
# 2101: mailboxes on SQLite and on MariaDB: added, shown, listed, changed, removed, with their directory; every limit and every collision (U3 to U18, Z12 to Z18, Z25, Z37).
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/mailbox.sh"

adds() {
	expect_exit 0 "$engine: a mailbox is added" add_user ana@club.example --name 'Ana Lima' --quota 5G --json
	is_json "$engine: that is a change" "$stdout_file" .changed true
	is_json "$engine: it has its quota" "$stdout_file" .user.quota_bytes 5368709120
	is_json "$engine: its directory is told without a slash" "$stdout_file" .user.maildir club.example/ana
	is_json "$engine: it has a password" "$stdout_file" .user.password hash
	is "$engine: the directory is its owner's alone" "$(mode_of $vmail/club.example/ana)" '700 vmail:vmail'
	is "$engine: and so are those in it" "$(stat -c '%a %U %n' $vmail/club.example/ana/* | sed "s|$vmail/||" | tr '\n' ' ')" \
		'700 vmail club.example/ana/cur 700 vmail club.example/ana/new 700 vmail club.example/ana/tmp '
	is "$engine: mailbox, alias and counters" "$(rows_of ana@club.example)" '1|1|1'
	is "$engine: the alias is to itself" "$(query "SELECT goto FROM alias WHERE address = 'ana@club.example'")" ana@club.example
	is "$engine: PostfixAdmin finds its slash" "$(query "SELECT maildir FROM mailbox")" club.example/ana/
	like "$engine: the password expires in a year" "$(query 'SELECT password_expiry FROM mailbox')" '^20[0-9][0-9]-'
	unlike "$engine: and not in the year 2000" "$(query 'SELECT password_expiry FROM mailbox')" '^2000-'
	expect_exit 0 "$engine: it is shown" postigo-admin user show ana@club.example --json
	is_json "$engine: by name" "$stdout_file" .name 'Ana Lima'
	expect_exit 0 "$engine: another spelling is the same one" postigo-admin user show ANA@Club.Example --json
	is_json "$engine: in lower case" "$stdout_file" .username ana@club.example
}

collides() {
	touch $vmail/club.example/ana/cur/mail
	expect_exit 2 "$engine: a second one of the name" add_user ana@club.example
	expect_exit 2 "$engine: in another spelling" add_user Ana@CLUB.example
	ok "$engine: the first one's mail is there" test -e $vmail/club.example/ana/cur/mail
	query "INSERT INTO alias (address, goto, domain) VALUES ('info@club.example', 'ana@club.example', 'club.example')"
	expect_exit 2 "$engine: an alias has the address" add_user info@club.example
	like "$engine: that is said" "$stderr" 'alias'
	expect_exit 1 "$engine: there is no such domain" add_user ana@nowhere.example
	not_ok "$engine: and no directory" test -e $vmail/nowhere.example
	ok "$engine: another domain" postigo-admin domain add shop.example
	ok "$engine: becomes an alias" postigo-admin domain alias add shop.example --target club.example
	expect_exit 10 "$engine: no mailbox in an alias of a domain" add_user ana@shop.example
	for address in a/b@club.example .a@club.example -a@club.example 'a b@club.example' $'a\nb@club.example' nobody @club.example; do
		expect_exit 64 "$engine: $(printf %q "$address") is no address" add_user "$address"
	done
	is "$engine: nothing of them is there" "$(query 'SELECT COUNT(*) FROM mailbox') $(ls $vmail)" '1 club.example'
}

limits() {

	expect_exit 4 "$engine: a bad size" add_user beto@club.example --quota 5GiB
	ok "$engine: no mailboxes" postigo-admin domain set club.example --max-mailboxes -1
	expect_exit 3 "$engine: are allowed" add_user beto@club.example
	ok "$engine: one mailbox" postigo-admin domain set club.example --max-mailboxes 1
	expect_exit 3 "$engine: is there already" add_user beto@club.example
	expect_exit 2 "$engine: a name that is taken is told first" add_user ana@club.example
	ok "$engine: two" postigo-admin domain set club.example --max-mailboxes 2 --max-quota 6G --quota 8G
	expect_exit 3 "$engine: larger than the largest" add_user beto@club.example --quota 7G
	expect_exit 3 "$engine: unlimited" add_user beto@club.example --quota 0
	expect_exit 3 "$engine: too large with the others" add_user beto@club.example --quota 4G
	not_ok "$engine: nothing was made" test -e $vmail/club.example/beto
	expect_exit 0 "$engine: what is left" add_user beto@club.example --quota 3G
	expect_exit 3 "$engine: no more for the first" postigo-admin user quota ana@club.example --set 6G
	expect_exit 0 "$engine: less is possible" postigo-admin user quota ana@club.example --set 2G --json
	is_json "$engine: and is it" "$stdout_file" .user.quota_bytes 2147483648
	expect_exit 0 "$engine: without --set it shows" postigo-admin user quota ana@club.example --json
	is_json "$engine: the same" "$stdout_file" .quota_bytes 2147483648
	ok "$engine: no limits" postigo-admin domain set club.example --max-mailboxes 0 --max-quota 0 --quota 0
}

changes() {
	expect_exit 0 "$engine: a name" postigo-admin user set ana@club.example --name 'Ana Maria' --no-smtp --json
	is_json "$engine: is changed" "$stdout_file" .user.name 'Ana Maria'
	is_json "$engine: and the right to send" "$stdout_file" .user.smtp_active false
	expect_exit 0 "$engine: the same again" postigo-admin user set ana@club.example --name 'Ana Maria' --json
	is_json "$engine: changes nothing" "$stdout_file" .changed false
	expect_exit 64 "$engine: both at once" postigo-admin user set ana@club.example --smtp --no-smtp
	expect_exit 0 "$engine: disable" postigo-admin user disable ana@club.example
	is "$engine: mailbox and alias are off" "$(query "SELECT active FROM mailbox WHERE username = 'ana@club.example'; SELECT active FROM alias WHERE address = 'ana@club.example'" | tr '\n' ' ')" '0 0 '
	expect_exit 0 "$engine: the list" postigo-admin user list --plain
	unlike "$engine: leaves it out" "$stdout" ana@club.example
	like "$engine: and has the other" "$stdout" beto@club.example
	expect_exit 0 "$engine: the whole list" postigo-admin user list --all --json
	is_json "$engine: has it" "$stdout_file" '[0].username' ana@club.example
	expect_exit 0 "$engine: of a domain that has none" postigo-admin user list --domain shop.example --json
	is "$engine: it is empty" "$stdout" '[]'
	expect_exit 0 "$engine: enable" postigo-admin user enable ana@club.example --json
	is_json "$engine: is a change" "$stdout_file" .changed true
	is "$engine: mailbox and alias are on" "$(query "SELECT active FROM mailbox WHERE username = 'ana@club.example'; SELECT active FROM alias WHERE address = 'ana@club.example'" | tr '\n' ' ')" '1 1 '
	for verb in show 'quota' enable disable 'set --name x' 'del --yes'; do
		# shellcheck disable=SC2086
		expect_exit 1 "$engine: $verb of nobody" postigo-admin user ${verb%% *} nobody@club.example $([ "$verb" = "${verb#* }" ] || echo "${verb#* }")
	done
}

removes() {
	query "INSERT INTO alias (address, goto, domain) VALUES ('team@club.example', 'x@y.example,ana@club.example', 'club.example'),
		('more@club.example', 'anaana@club.example', 'club.example')"
	expect_exit 64 "$engine: without a terminal it wants --yes" postigo-admin user del ana@club.example
	expect_exit 0 "$engine: a dry run" postigo-admin user del ana@club.example --dry-run --json
	is_json "$engine: would change" "$stdout_file" .would_change true
	is "$engine: and does not" "$(rows_of ana@club.example)" '1|1|1'
	expect_exit 0 "$engine: it is removed" postigo-admin user del ANA@club.example --yes
	like "$engine: who forwards there is named" "$stderr" 'team@club.example'
	unlike "$engine: who does not is not" "$stderr" 'more@club.example'
	is "$engine: no row is left" "$(rows_of ana@club.example)" '0|0|0'
	is "$engine: and no file" "$(find $vmail -name '*ana*')" ''
	expect_exit 0 "$engine: the other one, keeping its mail" postigo-admin user del beto@club.example --yes --keep-maildir
	ok "$engine: which is there" test -d $vmail/club.example/beto/cur
	is "$engine: the log has it all" "$(query "SELECT COUNT(*) FROM log WHERE action LIKE 'postigo.mailbox.%' AND data LIKE 'ana@club.example%'")" 7
}

directories() {
	touch $vmail/club.example/beto/cur/old
	expect_exit 0 "$engine: a mailbox whose directory was there" add_user beto@club.example
	like "$engine: is told so" "$stderr" 'was there already'
	ok "$engine: and it stays" test -e $vmail/club.example/beto/cur/old
	ln -s / $vmail/club.example/carla
	expect_exit 6 "$engine: a link in the way" add_user carla@club.example
	is "$engine: no row" "$(rows_of carla@club.example)" '0|0|0'
	mv $vmail $vmail.away
	touch $vmail
	expect_exit 6 "$engine: a file in the place of the base" add_user dora@club.example
	is "$engine: no row either" "$(rows_of dora@club.example)" '0|0|0'
	rm $vmail
	mv $vmail.away $vmail
	query "UPDATE mailbox SET maildir = '../../etc/' WHERE username = 'beto@club.example'"
	expect_exit 6 "$engine: a directory outside of the base" postigo-admin user del beto@club.example --yes
	is "$engine: nothing is removed" "$(rows_of beto@club.example)" '1|1|1'
}

everything() {
	adds
	collides
	limits
	changes
	removes
	directories
}

on_mailboxes everything
expect_exit 0 'help wants nothing' postigo-admin help user add
unlike 'and knows no --password' "$stdout" '--password '
expect_exit 64 'a password is no argument' postigo-admin user add ana@club.example --password x
expect_exit 64 'nor a letter' postigo-admin user add ana@club.example -p x
done_testing
