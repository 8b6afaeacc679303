#!/bin/bash
# shellcheck disable=SC2086,SC2317 # plain words; functions are called by name
# 1401: every exit status that the programs know. How it comes about, and what is said then. One row a status; those that cannot occur yet are named, and
# the list is held against the sources, so that a status that begins to occur wants its row.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

state=/var/lib/postigo
settings=/etc/postigo/conf.d/test.json
helper=/usr/local/libexec/postigo/postigo-drop
seen=

# row STATUS REGEX TITLE COMMAND...: REGEX is for what is said on either stream.
row() {
	local code=$1 words=$2 title=$3
	shift 3
	seen+=" $code"
	expect_exit "$code" "$code: $title" "$@"
	like "$code: it says so" "$stdout$stderr" "$words" || diag_command
	[ "$code" -eq 0 ] || [ -z "$stderr" ] || like "$code: in the shape of every error" "$stderr" '(^|[[:cntrl:]])(error:|[a-z-]+:|/[^ ]*:[0-9]+:) '
}

# not_yet NAME REASON: a status that no program of this version gives.
not_yet() {
	seen+=" $(sed -n "s/^\tERROR_$1 = \([0-9]*\),.*/\1/p" lib/base/error.h)"
	is "ERROR_$1 cannot occur yet: $2" "$(grep -rlw "ERROR_$1" lib admin-bin member-bin --include='*.c' | grep -v '^lib/base/')" ''
}

pending_id() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

# While another process holds FILE locked.
locked() {
	local file=$1 holder
	shift
	(exec 9>>"$file" && flock 9 && exec sleep 60) &
	holder=$!
	wait_until 5 bash -c "! flock -n $file true"
	"$@"
	set -- $?
	kill $holder
	wait $holder 2>/dev/null
	return "$1"
}

# COMMAND with less and less memory until it is refused, which no line of the program can be expected to survive.
starved() {
	local limit code
	for ((limit = 40000; limit > 4000; limit -= 500)); do
		code=0
		(ulimit -v $limit && exec "$@") >"$scratch/starved" 2>&1 </dev/null || code=$?
		[ $code -ne 71 ] || break
	done
	cat "$scratch/starved"
	return $code
}

# COMMAND while FILE is something else.
replaced() {
	local file=$1 with=$2
	shift 2
	mv "$file" "$scratch/replaced"
	install -m "$(stat -c %a "$scratch/replaced")" -g "$(stat -c %g "$scratch/replaced")" "$with" "$file"
	"$@"
	set -- $?
	mv "$scratch/replaced" "$file"
	return "$1"
}

# COMMAND under these settings.
under() {
	echo "$1" >$settings
	shift
	"$@"
	set -- $?
	rm $settings
	return "$1"
}

crowded() {
	seq -f "$state/store/crowd-%.0f" 100001 | xargs touch
	"$@"
	set -- $?
	find $state/store -name 'crowd-*' -delete
	return "$1"
}

answering() {
	printf '%b' "$1" >"$scratch/typed"
	shift
	input=$scratch/typed as_terminal "$@"
}

printf '#!/bin/sh\nexit 64\n' >"$scratch/wrong-helper"
printf '{"format":1}\n' >"$scratch/not-a-store"
printf '#!/bin/sh\nexit 1\n' >/usr/local/sbin/failing
cat >/usr/local/sbin/failing-reload <<'SCRIPT'
#!/bin/sh
for word; do [ "$word" != reload ] || exit 1; done
SCRIPT
chmod 0755 /usr/local/sbin/failing*
failing='{"sync": {"postmap": "/usr/local/sbin/failing"}}'

ok 'Postfix starts' postfix_start lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
for user in ana beto carla m1 m2 m3; do
	as $user postigo request $user@elsewhere.example >/dev/null
done

row 0 'approved' 'a request is granted' postigo-admin approve "$(pending_id ana)"
row 1 'nobody-here' 'no such member' postigo-admin member show nobody-here
row 2 'pending' 'a second request' as beto postigo request beto@far.example
row 2 'already' 'a second alias' postigo-admin member add ana ana@far.example
row 3 'more than' 'a directory with too many names' crowded postigo-admin member add m4 m4@elsewhere.example
row 4 'configuration|postigo.json|test.json' 'a configuration with a mistake' under '{"sync": {"typ": "lmdb"}}' postigo-admin config check
row 4 'unknown key' 'a configuration that is something else' replaced /etc/postigo/postigo.json "$scratch/not-a-store" postigo-admin sync
row 5 'store' 'a damaged store' replaced $state/store/aliases.json "$scratch/not-a-store" postigo-admin sync
row 6 'stdout|output|space' 'what cannot be printed' sh -c 'postigo-admin member list >/dev/full'
row 10 'own|destination|club' 'a destination that the rules refuse' as m5 postigo request m5@club.example
row 10 'empty' 'a safety rail' bash -c 'postigo-admin member revoke ana --reason test --no-sync >/dev/null && exec postigo-admin sync'
postigo-admin member add ana ana@elsewhere.example >/dev/null
row 20 'nothing' 'nothing to withdraw' as m5 postigo cancel
row 20 'm5' 'nothing to decide' postigo-admin show m5
postigo-admin member set ana --to new@elsewhere.example --no-sync >/dev/null
row 21 'postmap|failing' 'a postmap that fails' under "$failing" postigo-admin sync
row 22 'decided and stored' 'decided, but not synced' under "$failing" postigo-admin approve "$(pending_id beto)"
printf '%s\n' user,destinations,expires,note,keep_copy m10,m10@elsewhere.example,,, op,op@elsewhere.example,,, >"$scratch/members.csv"
row 25 'op' 'some rows of a file refused' postigo-admin member import --skip-errors --no-sync "$scratch/members.csv"
row 23 'would|out of date|change' 'a map that is behind' postigo-admin sync --check
row 24 'nothing was changed' 'no' answering 'n\n' ana postigo remove
postigo-admin sync >/dev/null
# While somebody else holds the database.
held() {
	local holder
	/usr/bin/python3 -I -c 'import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE alias (address TEXT PRIMARY KEY, goto TEXT, domain TEXT, created TEXT, modified TEXT, active INTEGER)")
connection.execute("BEGIN IMMEDIATE")
open(sys.argv[2], "w").close()
time.sleep(60)' $state/mail.db "$scratch/held" &
	holder=$!
	wait_until 5 test -e "$scratch/held"
	"$@"
	set -- $?
	kill $holder
	wait $holder 2>/dev/null
	return "$1"
}
row 8 'locked by somebody else' 'a database that somebody holds' \
	under '{"sync": {"type": "sqlite"}, "sync_table": {"domain_table": ""}, "database": {"lock_timeout": 1}}' held postigo-admin sync
postfix_reload_fails() {
	mount --bind /usr/local/sbin/failing-reload /usr/sbin/postfix
	"$@"
	set -- $?
	umount /usr/sbin/postfix
	return "$1"
}
postigo-admin member set ana --to newer@elsewhere.example --no-sync >/dev/null
row 27 'live' 'a reload that fails' under '{"sync": {"reload": "always"}}' postfix_reload_fails postigo-admin sync
shown=$(pending_id carla)
as carla postigo request other@elsewhere.example --replace >/dev/null
row 28 'not what is pending' 'a request that changed' postigo-admin approve "$shown"
row 64 'unknown|no such' 'a word that is no command' postigo-admin nonsense
row 64 'option' 'an option that is none' as ana postigo status --nonsense
row 64 'terminal|--yes' 'a question and nobody there' as ana postigo remove
if [ "${SANITIZE:-}" = 1 ]; then
	seen+=' 71'
else
	"$BUILD/tests/bench/make_store" $state club.example fill:20000 >/dev/null
	row 71 'memory' 'no memory' starved postigo-admin member list
fi
row 75 'another|locked|busy' 'the store is locked' under '{"sync": {"lock_timeout": 1}}' locked $state/lock/store.lock postigo-admin gc
row 77 'root' 'not root' as ana /usr/local/sbin/postigo-admin approve "$(pending_id m1)"
row 77 'not in group' 'no member' as op postigo request op@elsewhere.example
row 99 'versions' 'a helper of another version' replaced $helper "$scratch/wrong-helper" as m5 postigo request m5@elsewhere.example
printf '%s\n' 'expect [1/' 'send \x03' 'expect approved' >"$scratch/steps"
row 130 'approved' 'Ctrl-C' "$support/dialogue" "$scratch/steps" /usr/local/sbin/postigo-admin review

rm -f $state/mail.db
postigo-admin schema init >/dev/null
row 7 'exit status 1' 'a hook that fails' under '{"hooks": {"domain_postcreation": "/usr/bin/false"}}' postigo-admin domain add hook.example
full_domain() {
	postigo-admin domain add full.example --default-aliases ana@elsewhere.example >/dev/null && postigo-admin domain del full.example --yes
}
# While somebody else writes into the database.
written() {
	local holder
	mkfifo "$scratch/statements"
	sqlite3 -batch $state/mail.db <"$scratch/statements" &
	holder=$!
	exec 8>"$scratch/statements"
	echo 'BEGIN IMMEDIATE;' >&8
	wait_until 5 bash -c "! sqlite3 -batch $state/mail.db 'BEGIN IMMEDIATE' 2>/dev/null"
	"$@"
	set -- $?
	exec 8>&-
	wait $holder
	return "$1"
}
row 8 'locked' 'the database is being written' under '{"database": {"lock_timeout": 1}}' written postigo-admin domain add example.org
row 3 'not empty' 'a domain that is not empty' full_domain
not_yet MLMMJ 'there are no mailing lists'
not_yet PREFLIGHT 'no configuration of other programs is written'
not_yet COLLISION 'no configuration of other programs is written'
not_yet RENDER 'no configuration of other programs is written'
not_yet POST_CHECK 'no configuration of other programs is written'

is 'every status has its row' "$(tr ' ' '\n' <<<"$seen" | grep . | sort -nu | tr '\n' ' ')" \
	"$(sed -n 's/^\tERROR_[A-Z_]* = \([0-9]*\),.*/\1/p' lib/base/error.h | sort -nu | tr '\n' ' ')"
done_testing
