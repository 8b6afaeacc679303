#!/bin/bash
# 0321: a running Postfix reads the table while it is synced at random, and while we or the server are killed (cases A91, A92).
# 0321-sync-mariadb-killed.sh [KILLS [SEED]]: kills us 80 times, and the server a quarter as often.
# timeout: 900
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
. "$(dirname "$0")/../support/mariadb.sh"
in_namespace "$@"

[ -x /usr/sbin/mariadbd ] || skip_all 'needs mariadb-server'
kills=${1:-80}
RANDOM=${2:-20260519}
diag "seed ${2:-20260519}"
sync_forget
ok 'MariaDB starts' mariadb_start
mariadb_tables
mariadb_credentials
mariadb_configure '{}' ', "max_drop_percent": 100, "max_change_percent": 100'
postfix_configure texthash
sed -i 's|^virtual_alias_maps.*|virtual_alias_maps = mysql:/etc/postfix/sql-aliases.cf|' /etc/postfix/main.cf
touch -d '1 minute ago' /etc/postfix/main.cf

for number in {1..50}; do
	echo "('other$number@club.example', 'other$number@elsewhere.example', 'club.example', '2020-02-02 02:02:02')"
done | paste -sd, >"$scratch/others"
sql "INSERT INTO alias (address, goto, domain, created) VALUES $(cat "$scratch/others")"
foreign() {
	sql "SELECT * FROM alias WHERE created = '2020-02-02 02:02:02' ORDER BY address" | sha256sum
}
before=$(foreign)

# values: what m1 to m6, which change together, have now: "round7" when all have the same.
values() {
	sql "SELECT DISTINCT goto FROM alias WHERE address IN ('m1@club.example', 'm2@club.example', 'm3@club.example',
		'm4@club.example', 'm5@club.example', 'm6@club.example')" | tr '\n' ' '
}

# pause: some milliseconds, of the kind that a sync takes.
pause() {
	printf '0.%03d' $((RANDOM % 50 + 1))
}

round=0
next_round() {
	round=$((round + 1))
	store {m1,m2,m3,m4,m5,m6}=round$round@elsewhere.example
}
next_round
expect_exit 0 'a first sync' sync
ok 'Postfix starts' postfix_start keep

for number in {1..6}; do echo "m$number@club.example 250"; done >"$scratch/keys"
for number in {1..9}; do echo "other$number@club.example 250"; done >>"$scratch/keys"
echo 'nobody@club.example 550' >>"$scratch/keys"
/usr/bin/python3 -I "$support/smtp_hammer" 3600 "$scratch/stop" "$scratch/keys" >"$scratch/hammer" &
hammer=$!

# Random stores of the other members, held against a model.
declare -A model=()
wrong=0 foreign_wrong=0
for ((i = 0; i < 100; i++)); do
	acts=()
	for name in m$((10 + RANDOM % 30)) m$((50 + RANDOM % 30)) m$((90 + RANDOM % 30)); do
		if [ -n "${model[$name]:-}" ] && [ $((RANDOM % 3)) -eq 0 ]; then
			acts+=("-$name")
			unset "model[$name]"
		else
			model[$name]=v$RANDOM@elsewhere.example
			acts+=("$name=${model[$name]}")
		fi
	done
	store "${acts[@]}"
	sync >/dev/null 2>"$scratch/errors" || { wrong=$((wrong + 1)); diag "round $i: $(cat "$scratch/errors")"; }
	for name in "${!model[@]}"; do echo "$name@club.example ${model[$name]}"; done | sort >"$scratch/model"
	sql "SELECT address, goto FROM alias WHERE created <> '2020-02-02 02:02:02' AND goto NOT LIKE 'round%'" | tr '\t' ' ' | sort |
		cmp -s - "$scratch/model" || wrong=$((wrong + 1))
	[ "$(foreign)" = "$before" ] || foreign_wrong=$((foreign_wrong + 1))
done
is 'a hundred random stores: the table is what the model says' "$wrong" 0
is 'and rows of others are the same to the byte' "$foreign_wrong" 0

# We are killed.
mixed=0 repaired=0 old=0
for ((i = 0; i < kills; i++)); do
	next_round
	postigo-admin sync >/dev/null 2>&1 &
	syncing=$!
	sleep "$(pause)"
	kill -KILL "$syncing" 2>/dev/null
	wait "$syncing" 2>/dev/null
	now=$(values)
	case $now in
	"round$round@elsewhere.example ") ;;
	"round$((round - 1))@elsewhere.example ") old=$((old + 1)) ;;
	*) mixed=$((mixed + 1)); diag "after kill $i: $now" ;;
	esac
	sync >/dev/null 2>"$scratch/errors" && [ "$(values)" = "round$round@elsewhere.example " ] && repaired=$((repaired + 1))
	[ ! -s "$scratch/errors" ] || diag "$(cat "$scratch/errors")"
done
is "killed $kills times, the rows were all old or all new" "$mixed" 0
is 'and the next sync made them new' "$repaired" "$kills"
isnt 'some kills came before the commit' "$old" 0

touch "$scratch/stop"
ok 'Postfix saw old or new all the time, and never an error' wait "$hammer"
diag "$(cat "$scratch/hammer")"
is 'rows of others are as they were' "$(foreign)" "$before"

# The server is killed, in the middle of a sync of many rows.
mixed=0 repaired=0 server_kills=$(((kills + 3) / 4))
for ((i = 0; i < server_kills; i++)); do
	next_round
	postigo-admin sync >/dev/null 2>&1 &
	syncing=$!
	sleep "$(pause)"
	kill -KILL "$mariadb_pid"
	wait "$syncing"
	code=$?
	[ $code -eq 0 ] || [ $code -eq 5 ] || diag "kill $i of the server: exit $code"
	wait "$mariadb_pid" 2>/dev/null
	mariadb_start || break
	now=$(values)
	case "$code $now" in
	"0 round$round@elsewhere.example " | "5 round$round@elsewhere.example " | "5 round$((round - 1))@elsewhere.example ") ;;
	*) mixed=$((mixed + 1)); diag "after kill $i of the server: exit $code, $now" ;;
	esac
	sync >/dev/null 2>"$scratch/errors" && [ "$(values)" = "round$round@elsewhere.example " ] && repaired=$((repaired + 1))
	[ ! -s "$scratch/errors" ] || diag "$(cat "$scratch/errors")"
done
is "the server killed $server_kills times, the rows were all old or all new" "$mixed" 0
is 'and the next sync made them new' "$repaired" "$server_kills"
is 'rows of others are still as they were' "$(foreign)" "$before"

# Somebody else writes like PostfixAdmin does, row by row and in another order, without pause.
cat >"$scratch/writer" <<-'SCRIPT'
	#!/bin/bash
	while [ ! -e "$1" ]; do
		echo "START TRANSACTION;
			UPDATE alias SET modified = NOW() WHERE address = 'm6@club.example';
			UPDATE alias SET modified = NOW() WHERE address = 'm5@club.example';
			UPDATE alias SET modified = NOW() WHERE address = 'm1@club.example';
			COMMIT;"
	done | mariadb --no-defaults --socket="$2" --user=root --force mail
SCRIPT
rm -f "$scratch/stop"
timeout 120 bash "$scratch/writer" "$scratch/stop" "$mariadb_socket" >/dev/null 2>&1 &
writer=$!
good=0
for ((i = 0; i < 30; i++)); do
	next_round
	sync >/dev/null 2>"$scratch/errors" && [ "$(values)" = "round$round@elsewhere.example " ] && good=$((good + 1))
	[ ! -s "$scratch/errors" ] || diag "$(cat "$scratch/errors")"
done
touch "$scratch/stop"
wait "$writer"
is 'beside a writer that locks rows in another order every sync succeeds' "$good" 30

# Somebody holds a row and does not let go.
(echo "START TRANSACTION; UPDATE alias SET modified = NOW() WHERE address = 'm1@club.example'; SELECT SLEEP(4); ROLLBACK;" |
	mariadb --no-defaults --socket=$mariadb_socket --user=root mail >/dev/null) &
holder=$!
sleep 0.5
next_round
database_more=', "lock_timeout": "1s"' mariadb_configure
expect_exit 8 'a lock that is not had in time' sync --force=churn
is 'leaves all as it was' "$(values)" "round$((round - 1))@elsewhere.example "
wait "$holder"
expect_exit 0 'and is had the next time' sync --force=churn
done_testing
