# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of tap.sh and mail_database.sh
# mailbox.sh: mailboxes in a mail database; sourced after tap.sh and inside the namespaces only. on_mailboxes FUNCTION calls it with each database in turn, with the schema made and
# the domain club.example in it, and mailboxes below /var/vmail, which is empty.

. "$support/mail_database.sh"

vmail=/run/postigo-tests/vmail
mailboxes=$vmail

# mailboxes_configure [MORE-OF-SECTION-MAILBOXES [MORE-SECTIONS]]
mailboxes_configure() {
	mailboxes_more=", \"password_scheme\": \"SHA512-CRYPT\", \"sha512_rounds\": 1000${1:-}"
	mail_configure "${2:-}"
}

mailboxes_begin() {
	getent passwd vmail >/dev/null || useradd -r -U -u 5000 -s /usr/sbin/nologin vmail
	rm -rf $vmail
	install -d -o vmail -g vmail -m 0750 $vmail
	mailboxes_configure
	ok "$engine: the schema is made" postigo-admin schema init
	ok "$engine: and a domain" postigo-admin domain add club.example
	"$mailboxes_function"
}

on_mailboxes() {
	mailboxes_function=$1
	on_each_database mailboxes_begin
}

# add_user ADDRESS [OPTION...]: with the password "secret".
add_user() {
	echo secret >"$scratch/password"
	input=$scratch/password run postigo-admin user add --password-stdin "$@"
	return "$status"
}

# rows_of ADDRESS: mailbox, alias, counters of a mailbox as three numbers.
rows_of() {
	query "SELECT (SELECT COUNT(*) FROM mailbox WHERE username = '$1'), (SELECT COUNT(*) FROM alias WHERE address = '$1'),
		(SELECT COUNT(*) FROM quota2 WHERE username = '$1')"
}
