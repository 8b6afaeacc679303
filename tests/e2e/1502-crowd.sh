#!/bin/bash
# 1502 [SECONDS]: two hundred members ask at once, four administrators decide on all of them in different orders, two loops sync, an SMTP client and a reader of the
# map ask for every key all the time. No decision is lost or made twice, and every answer is the old or the new one. Case A78. One round of it, and further ones
# until SECONDS are over.
# timeout: 3600
# shellcheck disable=SC2317 # functions that others call
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

seconds=${1:-1}
members=200
deadline=$((SECONDS + seconds))
command -v postfix >/dev/null || skip_all 'no Postfix'

# Odd numbers have an alias before the first round, even ones do not; every tenth is rejected.
is_rejected() {
	[ $(($1 % 10)) -eq 7 ]
}

destination_of() { # NUMBER ROUND
	echo "m$1.round$2@elsewhere.example"
}

# What each key may answer during the round, for both readers. A rejected one stays as it is.
write_keys() {
	local number old new
	: >"$scratch/smtp"
	: >"$scratch/map"
	for ((number = 1; number <= members; number++)); do
		old=${live[number]:--}
		new=$(destination_of $number "$1")
		! is_rejected $number || new=$old
		echo "m$number@club.example $old $new" >>"$scratch/map"
		case $old:$new in
		-:-) echo "m$number@club.example 550" ;;
		-:*) echo "m$number@club.example 250,550" ;;
		*) echo "m$number@club.example 250" ;;
		esac >>"$scratch/smtp"
	done
}

# One administrator: everything that waits, in an order of their own, until all is decided. Writes "CODE USER" for each attempt.
administrator() {
	local id user
	while [ ! -e "$scratch/decided" ]; do
		postigo-admin pending --plain 2>/dev/null | cut -f 1,2 | shuf >"$scratch/list.$1"
		[ -s "$scratch/list.$1" ] || sleep 0.1
		while IFS=$'\t' read -r id user; do
			if is_rejected "${user#m}"; then
				postigo-admin reject "$id" --reason 'not this one' --quiet 2>>"$scratch/complaints"
			else
				postigo-admin approve "$id" --quiet 2>>"$scratch/complaints"
			fi
			echo "$? $user" >>"$scratch/attempts.$1"
		done < <(head -n 40 "$scratch/list.$1")
	done
}

synchronizer() {
	while [ ! -e "$scratch/decided" ]; do
		postigo-admin sync --quiet 2>>"$scratch/complaints"
		echo $? >>"$scratch/syncs.$1"
	done
}

member() {
	as "m$1" postigo request "$(destination_of "$1" "$2")" >/dev/null 2>"$scratch/asked.$1"
	echo $? >"$scratch/code.$1"
}

all_are_decided() {
	[ "$(cat "$scratch"/attempts.* 2>/dev/null | grep -c '^\(0\|22\|25\|27\) ')" -ge "$members" ]
}

journal_decisions() {
	/usr/bin/python3 -I - $state/store/journal.jsonl "$1" <<'PYTHON'
import collections, json, sys
events = [json.loads(line) for line in open(sys.argv[1])][int(sys.argv[2]):]
count = collections.Counter(e["username"] for e in events if e["op"] in ("approve", "reject"))
print(sum(count.values()), len(count), max(count.values()))
PYTHON
}

play_round() {
	local number round=$1 before admins=() others=() crowd=() readers=()
	rm -f "$scratch"/{attempts,syncs,list,code,asked}.* "$scratch"/{stop,decided,complaints}
	write_keys "$round"
	before=$(wc -l <$state/store/journal.jsonl)
	/usr/bin/python3 -I "$support/smtp_hammer" 3000 "$scratch/stop" "$scratch/smtp" >"$scratch/smtp.seen" &
	readers+=($!)
	/usr/bin/python3 -I "$support/map_watch" "$scratch/stop" "lmdb:$map" "$scratch/map" >"$scratch/map.seen" &
	readers+=($!)
	for number in 1 2; do
		synchronizer $number &
		others+=($!)
	done
	for number in 1 2 3 4; do
		administrator $number &
		admins+=($!)
	done
	for ((number = 1; number <= members; number++)); do
		member $number "$round" &
		crowd+=($!)
	done
	wait "${crowd[@]}"
	ok "round $round: all is decided" wait_until 300 all_are_decided
	: >"$scratch/decided"
	wait "${admins[@]}" "${others[@]}"
	postigo-admin sync --quiet
	: >"$scratch/stop"
	is "round $round: each of $members members was taken" "$(cat "$scratch"/code.* | sort | uniq -c | tr -s ' ')" " $members 0"
	ok "round $round: every answer of Postfix is old or new, none late, no session cut" wait "${readers[0]}"
	[ "$status" -eq 0 ] || diag "$(cat "$scratch/smtp.seen")"
	ok "round $round: every answer of the map is old or new, and never old again" wait "${readers[1]}"
	[ "$status" -eq 0 ] || diag "$(cat "$scratch/map.seen")"
	is "round $round: each request was decided once" "$(grep -h '^0 ' "$scratch"/attempts.* | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | tr -s ' ')" " $members 1"
	is "round $round: and so says the journal" "$(journal_decisions "$before")" "$members $members 1"
	is "round $round: who came late was told so" "$(grep -hv '^\(0\|20\|28\|75\) ' "$scratch"/attempts.*)" ''
	is "round $round: no sync failed" "$(cat "$scratch"/syncs.* | grep -v '^\(0\|75\)$')" ''
	[ "$tests_failed" -eq 0 ] || diag "$(head -n 20 "$scratch/complaints")"
	for ((number = 1; number <= members; number++)); do
		is_rejected $number || live[number]=$(destination_of $number "$round")
	done
	for ((number = 1; number <= members; number++)); do
		[ -z "${live[number]:-}" ] || printf '%s\t%s\n' "m$number@club.example" "${live[number]}"
	done | sort >"$scratch/expected"
	is "round $round: the map is what was decided" "$(postmap -s "lmdb:$map" | sort | diff - "$scratch/expected")" ''
	diag "round $round: $members requests at once, $members decisions in $(cat "$scratch"/attempts.* | wc -l) attempts, $(cat "$scratch"/syncs.* | wc -l) syncs beside them"
	diag "round $round: SMTP $(head -c 200 "$scratch/smtp.seen"), map $(head -c 200 "$scratch/map.seen")"
	requests=$((requests + members))
	answers=$((answers + $(json .questions "$scratch/smtp.seen") + $(json .questions "$scratch/map.seen")))
}

postfix_configure lmdb
printf '%s\n' 'smtpd_hard_error_limit = 100000' 'smtpd_soft_error_limit = 100000' >>/etc/postfix/main.cf
touch -d '1 minute ago' /etc/postfix/main.cf
expect_exit 0 'setup' postigo-admin setup --domain club.example
echo '{"policy": {"cooldown_after_reject": 0, "check_mx": false}, "sync": {"max_change_percent": 100}}' >/etc/postigo/conf.d/test.json
live=()
for ((number = 1; number <= members; number += 2)); do
	live[number]=$(destination_of $number 0)
	printf '%s,%s\n' "m$number" "${live[number]}"
done >"$scratch/import"
sed -i '1i user,destinations' "$scratch/import"
expect_exit 0 'half of them have an alias' postigo-admin member import "$scratch/import"
ok 'Postfix starts' postfix_start keep
requests=0
answers=0
round=0
while [ $round -eq 0 ] || [ $SECONDS -lt $deadline ]; do
	round=$((round + 1))
	play_round $round
	[ "$tests_failed" -eq 0 ] || break
done
unlike 'the log knows no trouble' "$(cat $postfix_log)" 'fatal|panic|table lookup problem|is older than'
ok 'the journal is whole' postigo-admin journal verify
is 'nothing is claimed' "$(ls $state/work/claimed)" ''
is_clean 'and nothing is found wrong'
diag "$requests requests raced, $requests decisions, $answers answers, $round rounds"
done_testing
