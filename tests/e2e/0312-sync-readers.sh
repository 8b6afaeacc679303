#!/bin/bash
# Held here: A66.
# timeout: 600
# Real sessions while maps are replaced: nothing but old or new answers, no 4xx, for each type; syncs within one second; a Postfix
# that is stopped; a chrooted smtpd with maps of root alone (A63, A78, A80, A82, A89).
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
command -v postfix >/dev/null || skip_all 'no Postfix'
sync_install

stop_postfix_wholly() {
	postfix_stop 2>/dev/null
	wait_until 15 /usr/lib/postfix/sbin/master -t
}

start_with() {
	stop_postfix_wholly
	rm -f $postfix_log
	postfix_write_main_cf "$1"
	postfix_write_master_cf
	postfix_make_directories
	printf '%s\n' 'smtpd_hard_error_limit = 100000' 'smtpd_soft_error_limit = 100000' >>/etc/postfix/main.cf
	touch -d '1 minute ago' /etc/postfix/main.cf /etc/postfix/master.cf
}

# ---------------------------------------------------------------- 200 syncs under a client

# Half of forty rows come and go, the other half change their destination; ten never are.
flip() {
	local number acts=()
	for ((number = 1; number <= 20; number++)); do
		acts+=("m$number=round$1@elsewhere.example")
	done
	for ((number = 21; number <= 40; number++)); do
		if [ $(($1 % 2)) -eq 0 ]; then
			acts+=("m$number=m$number@elsewhere.example")
		else
			acts+=("-m$number")
		fi
	done
	store "${acts[@]}"
}

keys() {
	local number
	for ((number = 1; number <= 20; number++)); do
		echo "m$number@club.example 250"
	done
	for ((number = 21; number <= 40; number++)); do
		echo "m$number@club.example 250,550"
	done
	for ((number = 41; number <= 50; number++)); do
		echo "m$number@club.example 550"
	done
}
keys >"$scratch/keys"

hammered() {
	local type=$1 round client done_rounds=0 until
	sync_forget
	sync_configure "$type" max_drop_percent 100 max_change_percent 100
	start_with "$type"
	flip 0
	sync >/dev/null 2>&1
	ok "$type: Postfix starts" postfix_start keep
	rm -f "$scratch/stop"
	/usr/bin/python3 -I "$support/smtp_hammer" 20 "$scratch/stop" "$scratch/keys" >"$scratch/seen" &
	client=$!
	until=$((SECONDS + 18))
	for ((round = 1; round <= 200 && SECONDS < until; round++)); do
		flip $round
		postigo-admin sync >/dev/null 2>"$scratch/failure" || {
			diag "round $round: $(cat "$scratch/failure")"
			break
		}
		done_rounds=$round
		# Each reloads; at ten reloads a second Postfix's own postlogd may lock up with master.
		[ "$type" != texthash ] || sleep 0.3
	done
	: >"$scratch/stop"
	ok "$type: only old and new answers, none late, no session cut" wait $client
	diag "$type: $done_rounds syncs, $(head -c 300 "$scratch/seen")"
	[ "$status" -eq 0 ] || diag "$(cat "$scratch/seen")"
	ok "$type: at least thirty syncs went by" test $done_rounds -ge 30
	unlike "$type: the log knows no trouble" "$(cat $postfix_log)" 'fatal|panic|table lookup problem|is older than'
}

for type in hash lmdb cdb texthash; do
	hammered $type
done

# ---------------------------------------------------------------- two syncs within a second

for type in hash lmdb cdb; do
	sync_forget
	sync_configure $type
	start_with $type
	store m1=m1@elsewhere.example
	sync >/dev/null 2>&1
	postfix_start keep
	wrong=0
	for number in 2 3 4 5 6; do
		while [ "$(date +%N | cut -c1-2)" -gt 20 ]; do sleep 0.01; done
		store "m$number=m$number@elsewhere.example"
		sync >/dev/null 2>&1
		first=$(smtp_rcpt "m$number@club.example")
		store "-m$number"
		sync >/dev/null 2>&1
		second=$(smtp_rcpt "m$number@club.example")
		case "${first%% *} ${second%% *}" in
		'250 550') ;;
		*) wrong=$((wrong + 1)) ;;
		esac
	done
	is "$type: a session between two syncs of a second, and one behind them" $wrong 0
	is "$type: nothing that was live has another name" "$(find /etc/postfix $state -links +1 -type f)" ''
done

# ---------------------------------------------------------------- a Postfix that is stopped

for type in texthash lmdb; do
	stop_postfix_wholly
	sync_forget
	sync_configure $type reload '"always"'
	start_with $type
	store m1=m1@elsewhere.example
	ok "$type: Postfix is stopped: the sync" sync --json
	is_json "$type: reloads nobody" "$stdout_file" .reload 'not running'
	is "$type: and is live" "$(answer m1@club.example)" m1@elsewhere.example
	ok "$type: the next one" sync --json
	is_json "$type: owes nothing" "$stdout_file" .changed false
done

# ---------------------------------------------------------------- chroot, modes

for type in hash lmdb cdb texthash; do
	for mode in 0600 0640; do
		sync_forget
		sync_configure $type mode "\"$mode\""
		start_with $type
		sed -i 's|^127.0.0.1:25 inet n - n - - smtpd|127.0.0.1:25 inet n - y - - smtpd|' /etc/postfix/master.cf
		store m1=m1@elsewhere.example
		ok "$type $mode: the sync" sync
		is "$type $mode: its mode" "$(mode_of "$(index_of $type)")" "${mode#0} root:postfix"
		ok "$type $mode: a chrooted smtpd starts" postfix_start keep
		like "$type $mode: and reads it" "$(smtp_rcpt m1@club.example)" '^250 '
		store m2=m2@elsewhere.example
		sync >/dev/null 2>&1
		[ $type != texthash ] || sleep 0.5
		like "$type $mode: the next one, too" "$(smtp_rcpt m2@club.example)" '^250 '
		not_ok "$type $mode: a member may not lock it" as ana flock -n "$(index_of $type)" true
	done
done

# ---------------------------------------------------------------- size

stop_postfix_wholly
for count in 1000 100000 ${SOAK:+1000000}; do
	case $count in
	1000) limit=500 ;;
	100000) limit=5000 ;;
	*) limit=60000 ;;
	esac
	sync_forget
	sync_configure lmdb
	postfix_write_main_cf lmdb
	sed -i '/^virtual_mailbox_maps/d' /etc/postfix/main.cf
	touch -d '1 minute ago' /etc/postfix/main.cf
	store "fill:$count"
	started=$(date +%s%N)
	ok "$count rows" sync --json
	elapsed=$((($(date +%s%N) - started) / 1000000))
	is_json "$count rows: all of them" "$stdout_file" .rows.added "$count"
	is "$count rows: the last answers" "$(answer "member$(printf %07d "$count")@club.example" | tr -d '\n' | wc -c | xargs test 0 -lt && echo yes)" yes
	diag "$count rows: $elapsed ms"
	[ -n "${SANITIZE:-}" ] || ok "$count rows: within ${limit} ms" test $elapsed -le $limit
done
done_testing
