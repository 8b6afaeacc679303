#!/bin/bash
# shellcheck disable=SC2317,SC2154,SC2034,SC2086,SC2046 # paths without blanks; functions are called by name
# 2104: two at once, on both databases: at every limit exactly one gets in (Z29), and a domain that goes takes no mailbox with it that comes (Z30).
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/mailbox.sh"

# both COMMAND... -- COMMAND...: at the same time; sets first and second to their statuses.
both() {
	local left=()
	while [ "$1" != -- ]; do
		left+=("$1")
		shift
	done
	shift
	"${left[@]}" <"$scratch/password" >"$scratch/left" 2>&1 &
	"$@" <"$scratch/password" >"$scratch/right" 2>&1
	second=$?
	wait $!
	first=$?
}

statuses() {
	printf '%s\n' "$first" "$second" | sort -n | tr '\n' ' '
}

add='postigo-admin user add --password-stdin'

# one_of_two TITLE STATUS: of ROUNDS pairs each had one winner.
race() {
	local title=$1 expected=$2 before=$3 after=$4 round bad=0
	for round in 1 2 3 4 5 6; do
		$before "$round"
		[ "$(statuses)" = "$expected" ] && $after "$round" && continue
		bad=$((bad + 1))
		diag "round $round: $(statuses): $(cat "$scratch/left" "$scratch/right")"
	done
	is "$title" $bad 0
}

add_two() {
	# shellcheck disable=SC2086
	both $add "a$1@club.example" "${options[@]}" -- $add "b$1@club.example" "${options[@]}"
}

one_is_there() {
	local rows directories
	rows=$(query "SELECT COUNT(*) FROM mailbox WHERE username IN ('a$1@club.example', 'b$1@club.example')")
	directories=$(find $vmail/club.example -mindepth 1 -maxdepth 1 | wc -l)
	query "DELETE FROM mailbox; DELETE FROM alias; DELETE FROM quota2"
	rm -rf ${vmail:?}/club.example
	[ "$rows $directories" = '1 1' ] || { diag "rows $rows, directories $directories" && return 1; }
}

add_same() {
	# shellcheck disable=SC2086
	both $add "a$1@club.example" -- $add "a$1@club.example"
}

enlarge_two() {
	query "DELETE FROM mailbox; DELETE FROM alias; DELETE FROM quota2"
	for name in a b; do
		add_user $name@club.example --quota 1M || return 1
	done
	both postigo-admin user quota a@club.example --set 3M -- postigo-admin user quota b@club.example --set 3M
}

sum_holds() {
	[ "$(query 'SELECT SUM(quota) FROM mailbox')" -le $((4 << 20)) ]
}

# The domain goes while mailboxes come: whoever was second is told, and nothing is left of either.
come_and_go() {
	local round bad=0 rows
	for round in 1 2 3 4 5 6; do
		run postigo-admin domain add gone.example
		# shellcheck disable=SC2086
		both $add ana@gone.example -- postigo-admin domain del gone.example --force --yes
		case "$first $second" in
		'0 0' | '1 0') ;;
		*) bad=$((bad + 1)) && diag "$first $second: $(cat "$scratch/left" "$scratch/right")" ;;
		esac
		rows=$(rows_of ana@gone.example)
		[ "$rows" = '0|0|0' ] && [ ! -e $vmail/gone.example ] && [ -z "$(find $vmail -name '.deleting*')" ] && continue
		bad=$((bad + 1))
		diag "$rows, $(find $vmail)"
	done
	is "$engine: a domain that goes leaves no mailbox" $bad 0
}

everything() {
	echo secret >"$scratch/password"
	options=()
	ok "$engine: one mailbox" postigo-admin domain set club.example --max-mailboxes 1
	race "$engine: of two at the last place one gets in" '0 3 ' add_two one_is_there
	ok "$engine: the sum of all" postigo-admin domain set club.example --max-mailboxes 0 --quota 4M
	options=(--quota 3M)
	race "$engine: of two that fit alone one gets in" '0 3 ' add_two one_is_there
	race "$engine: of two that grow one may" '0 3 ' enlarge_two sum_holds
	query "DELETE FROM mailbox; DELETE FROM alias; DELETE FROM quota2"
	rm -rf $vmail/club.example
	ok "$engine: no limit" postigo-admin domain set club.example --quota 0
	race "$engine: of two of a name one gets it" '0 2 ' add_same one_is_there
	come_and_go
}

on_mailboxes everything
done_testing
