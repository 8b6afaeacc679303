#!/bin/bash
# shellcheck disable=SC2317,SC2154,SC2034,SC2086,SC2046 # paths without blanks; functions are called by name, variables are sweep.sh's
# timeout: 900
# 2105: `user add` and `user del` are killed at their system calls, and each of these fails once, on both databases: rows and files are as before or as after (Z19, Z20).
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/mailbox.sh"
. "$(dirname "$0")/../support/sweep.sh"

# Whether it is told at all; what cures it is the business of those who open files and databases.
told() {
	grep -q '^error: ' "$stderr_file"
}

# What both commands start from: Ana with a message, no Beto.
keep() {
	ok "$engine: Ana" add_user ana@club.example
	touch $vmail/club.example/ana/cur/message
	rm -rf "$scratch/kept"
	cp -a $vmail "$scratch/kept"
	if [ $engine = sqlite ]; then
		cp -a $mail_database "$scratch/kept.db"
	else
		mariadb-dump --no-defaults --socket=$mariadb_socket --user=root --skip-comments --no-create-info --replace mail mailbox alias quota2 >"$scratch/kept.sql"
	fi
}

restore() {
	rm -rf ${vmail:?}/* "$mail_database-journal"
	cp -a "$scratch/kept/." $vmail
	if [ $engine = sqlite ]; then
		cp -a "$scratch/kept.db" $mail_database
	else
		query 'DELETE FROM mailbox; DELETE FROM alias; DELETE FROM quota2'
		mariadb --no-defaults --socket=$mariadb_socket --user=root mail <"$scratch/kept.sql"
	fi
}

# A directory that is there in full, and its owner's.
whole() {
	[ "$(stat -c '%a %U' "$vmail/club.example/$1" "$vmail/club.example/$1"/{cur,new,tmp} 2>/dev/null | sort -u)" = '700 vmail' ]
}

outcome_of_add() {
	local rows
	rows=$(rows_of beto@club.example)
	if [ "$rows" = '1|1|1' ]; then
		whole beto && echo there || echo "rows without a directory"
		return
	fi
	[ "$rows" = '0|0|0' ] || { echo "rows $rows" && return; }
	# At most an empty directory, which the next one takes over.
	[ -z "$(find $vmail/club.example/beto -type f 2>/dev/null)" ] || { echo 'files without rows' && return; }
	[ "${1:-}" = now ] || { add_user beto@club.example >/dev/null && whole beto; } || { echo 'cannot be added again' && return; }
	echo absent
}

outcome_of_del() {
	local rows
	rows=$(rows_of ana@club.example)
	if [ "$rows" = '0|0|0' ]; then
		# A grave may be left when it was killed behind the commit.
		[ -e $vmail/club.example/ana ] && echo 'mail without rows' || echo gone
		return
	fi
	[ "$rows" = '1|1|1' ] || { echo "rows $rows" && return; }
	[ "${1:-}" = now ] || postigo-admin user set ana@club.example --name "Ana $RANDOM" >/dev/null 2>&1
	[ -e $vmail/club.example/ana/cur/message ] && whole ana && echo there || echo 'rows without mail'
}

everything() {
	keep
	echo secret >"$scratch/password"
	input=$scratch/password
	outcome() { outcome_of_add "$@"; }
	sweep_kills "$engine: user add" absent there postigo-admin user add --password-stdin beto@club.example
	sweep_errors "$engine: user add" absent there postigo-admin user add --password-stdin beto@club.example
	outcome() { outcome_of_del "$@"; }
	sweep_kills "$engine: user del" there gone postigo-admin user del --yes ana@club.example
	sweep_errors "$engine: user del" there gone postigo-admin user del --yes ana@club.example
	input=
}

sweep_codes='4 5 6 8 71 75'
sweep_step=23
on_mailboxes everything
sweep_figures
done_testing
