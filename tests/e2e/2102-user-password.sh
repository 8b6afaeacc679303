#!/bin/bash
# shellcheck disable=SC2317,SC2154,SC2034,SC2086,SC2046 # paths without blanks; functions are called by name
# 2102: where passwords come from and where they never go (U1, U2, U13, U14, Z35, Z40), and the three identity backends, on both databases.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/mailbox.sh"

hash_of() {
	query "SELECT password FROM mailbox WHERE username = '$1'"
}

# passwd BYTES OPTION...: that on standard input.
passwd() {
	printf %b "$1" >"$scratch/password"
	shift
	input=$scratch/password run postigo-admin user passwd --password-stdin "$@"
	return "$status"
}

verifies() {
	doveadm pw -t "$(hash_of "$1")" -p "$2"
}

from_stdin() {
	ok "$engine: a mailbox" add_user ana@club.example
	ok "$engine: the line is the password" verifies ana@club.example secret
	for scheme in BLF-CRYPT SHA512-CRYPT CRYPT; do
		expect_exit 0 "$engine: $scheme" passwd 's\xc3\xa9same\r\nsecond line\n' ana@club.example --scheme $scheme
		like "$engine: $scheme is in front" "$(hash_of ana@club.example)" "^\{$scheme\}\\\$"
		ok "$engine: Dovecot verifies $scheme, without the line end" verifies ana@club.example sésame
		not_ok "$engine: and nothing else" verifies ana@club.example sesame
	done
	before=$(hash_of ana@club.example)
	expect_exit 4 "$engine: an empty line" passwd '\n' ana@club.example
	like "$engine: is said to be one" "$stderr" 'empty password'
	expect_exit 4 "$engine: no line at all" passwd '' ana@club.example
	expect_exit 64 "$engine: a NUL" passwd 'a\0b\n' ana@club.example
	expect_exit 64 "$engine: a tab" passwd 'a\tb\n' ana@club.example
	expect_exit 64 "$engine: bcrypt hears 72 bytes" passwd "$(printf 'x%.0s' {1..73})\n" ana@club.example --scheme BLF-CRYPT
	expect_exit 64 "$engine: nobody hears 600" passwd "$(printf 'x%.0s' {1..600})\n" ana@club.example
	expect_exit 64 "$engine: MD5 is not for new ones" passwd 'secret\n' ana@club.example --scheme MD5-CRYPT
	expect_exit 64 "$engine: one source only" passwd 'secret\n' ana@club.example --generate
	expect_exit 1 "$engine: nobody" passwd 'secret\n' nobody@club.example
	is "$engine: nothing of that was written" "$(hash_of ana@club.example)" "$before"
	expect_exit 64 "$engine: nowhere to ask" postigo-admin user passwd ana@club.example
	like "$engine: the cure is told" "$stderr" 'password-stdin'
}

generated() {
	expect_exit 0 "$engine: a password is made" postigo-admin user passwd ana@club.example --generate
	like "$engine: and printed" "$stdout" '^[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}'
	ok "$engine: it is the one" verifies ana@club.example "$(head -n 1 <<<"$stdout")"
	expect_exit 0 "$engine: as JSON" postigo-admin user add gina@club.example --generate --json
	ok "$engine: it is the one" verifies gina@club.example "$(json .user.generated_password "$stdout_file")"
}

typed() {
	printf 'first\nsecond\n\n\ntyped one\ntyped one\n' >"$scratch/typed"
	expect_exit 0 "$engine: typed until it is the same twice" /usr/bin/python3 -I "$support/password_typist" "$scratch/typed" \
		postigo-admin user passwd ana@club.example
	like "$engine: it asks" "$stdout" 'Password:'
	unlike "$engine: and shows nothing" "$stdout" 'typed one'
	ok "$engine: it is the one" verifies ana@club.example 'typed one'
	expect_exit 4 "$engine: --password-stdin on a terminal" /usr/bin/python3 -I "$support/password_typist" "$scratch/typed" \
		postigo-admin user passwd ana@club.example --password-stdin
	like "$engine: is refused" "$stdout" 'interactive stdin'
}

backends() {
	mailboxes_configure ', "identity_backend": "hybrid"'
	expect_exit 0 "$engine: hybrid: one without a password" postigo-admin user add ines@club.example --idp --json
	is_json "$engine: hybrid: it is elsewhere" "$stdout_file" .user.password idp
	is "$engine: hybrid: the mark" "$(hash_of ines@club.example)" '{NOAUTH}'
	expect_exit 10 "$engine: hybrid: no password without --claim" passwd 'secret\n' ines@club.example
	like "$engine: hybrid: it says why" "$stderr" 'currently IdP-managed'
	like "$engine: hybrid: and how" "$stderr" '--claim'
	is "$engine: hybrid: nothing is written" "$(hash_of ines@club.example)" '{NOAUTH}'
	expect_exit 0 "$engine: hybrid: with it" passwd 'secret\n' ines@club.example --claim
	like "$engine: hybrid: it is told" "$stderr" 'claimed into SQL auth'
	expect_exit 0 "$engine: hybrid: a password over a password" passwd 'secret\n' ines@club.example
	unlike "$engine: hybrid: is no claim" "$stderr" claim
	expect_exit 0 "$engine: hybrid: released" postigo-admin user release ines@club.example
	like "$engine: hybrid: it is told" "$stderr" 'released to IdP'
	expect_exit 0 "$engine: hybrid: a second time" postigo-admin user release ines@club.example --json
	is_json "$engine: hybrid: changes nothing" "$stdout_file" .changed false
	like "$engine: hybrid: and says so" "$stderr" 'already IdP-managed'
	expect_exit 0 "$engine: hybrid: claim" postigo-admin user claim ines@club.example --generate
	mailboxes_configure ', "identity_backend": "noauth"'
	expect_exit 4 "$engine: noauth: no password at all" passwd 'secret\n' ines@club.example --claim
	expect_exit 4 "$engine: noauth: nor for a new one, before it is asked for" postigo-admin user add joao@club.example
	expect_exit 4 "$engine: noauth: no release" postigo-admin user release ines@club.example
	expect_exit 0 "$engine: noauth: without one" postigo-admin user add joao@club.example --idp
	mailboxes_configure
	expect_exit 4 "$engine: local: everybody has one" postigo-admin user add luis@club.example --idp
	expect_exit 4 "$engine: local: no release" postigo-admin user release ines@club.example
	like "$engine: local: where that is possible" "$stderr" 'identity_backend=hybrid'
}

# The canary must be in no place that outlives the command, nor in one that others can look at while it runs.
secrecy() {
	local log=$scratch/log
	cat >/usr/local/sbin/hook <<-HOOK
		#!/bin/sh
		cat >$scratch/hook-stdin
		cat /proc/*/cmdline /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | grep -v grep >$scratch/around
		ulimit -c >$scratch/core
	HOOK
	chmod 0755 /usr/local/sbin/hook
	mailboxes_configure '' ', "hooks": {"mailbox_postpassword": "/usr/local/sbin/hook", "mailbox_postcreation": "/usr/local/sbin/hook"}'
	ulimit -c unlimited
	expect_exit 0 "$engine: a password that can be found" passwd 'CANARY-8c1f\n' ana@club.example
	is "$engine: the hook has it on standard input, behind a NUL" "$(od -An -c "$scratch/hook-stdin" | tr -d ' \n')" '\0CANARY-8c1f'
	not_ok "$engine: no argument and no environment has it" grep -q CANARY-8c1f "$scratch/around"
	ok "$engine: others are there to be looked at" grep -q postigo-admin "$scratch/around"
	is "$engine: nobody dumps core" "$(cat "$scratch/core")" 0
	not_ok "$engine: the log table has it not" grep -q CANARY <<<"$(query 'SELECT * FROM log')"
	not_ok "$engine: nor has any file" grep -rqs CANARY-8c1f /var /etc $vmail
	strace -f -qq -s 400 -e trace=execve,sendto,connect,write,openat -o "$log" postigo-admin user passwd ana@club.example --password-stdin \
		<<<CANARY-8c1f >/dev/null
	ok "$engine: the trace is one" grep -q execve "$log"
	is "$engine: it is written into the hook's pipe" "$(grep 'write([0-9]*, "\\0CANARY-8c1f"' "$log" | grep -vc 'write(1, ')" 1
	is "$engine: and nowhere else but by the hook" "$(grep CANARY-8c1f "$log" | grep -v 'write([0-9]*, "\\0CANARY' | grep -vc 'write(1, ')" 0
	rm -f /usr/local/sbin/hook
	mailboxes_configure
}

everything() {
	from_stdin
	generated
	typed
	backends
	secrecy
}

[ -x /usr/bin/doveadm ] || skip_all 'needs dovecot-core'
on_mailboxes everything
done_testing
