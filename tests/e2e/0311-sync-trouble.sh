#!/bin/bash
# timeout: 600
# Another instance of Postfix, lists of every form, commands that fail or hang after the map is live, locks, signals, traps of Berkeley DB,
# a postmap that redirects types (A64, A75, A76, A83, A85 to A90).
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'

set_main() {
	sed -i "/^$1 /d" "${main_cf:-/etc/postfix/main.cf}"
	echo "$1 = $2" >>"${main_cf:-/etc/postfix/main.cf}"
	touch -d '1 minute ago' "${main_cf:-/etc/postfix/main.cf}"
}

fresh() {
	sync_forget
	sync_configure "$@"
	postfix_write_main_cf "$1"
	store_rows 9
	sync >/dev/null 2>&1
	before=$(fingerprint)
}

# ---------------------------------------------------------------- another instance (A89)

commands=/usr/local/sbin/mta
mkdir $commands
asked=/run/asked
for command in postconf postmap postfix; do
	printf '#!/bin/sh\necho %s "$@" >>%s\nexec /usr/sbin/%s "$@"\n' $command $asked $command >$commands/$command
	chmod 0755 $commands/$command
done
mkdir /etc/postfix-two
postfix_write_main_cf lmdb
postfix_write_master_cf
postfix_make_directories
cp -a /etc/postfix/main.cf /etc/postfix/master.cf /etc/postfix-two
main_cf=/etc/postfix-two/main.cf set_main command_directory $commands
set_main virtual_alias_domains other.example
set_main virtual_alias_maps ''
sync_forget
sync_configure lmdb postfix_config_directory '"/etc/postfix-two"' postconf "\"$commands/postconf\"" reload '"always"'
store_rows 3
ok 'another instance decides' sync --json
is 'its map and domains are right' "$(warnings "$stdout_file")" ''
for command in postconf postmap postfix; do
	like "$command is asked" "$(cat $asked)" "$command -c /etc/postfix-two "
done
is 'no map is asked about another' "$(grep ^postmap $asked | grep -vc -e '-c /etc/postfix-two ')" 0
sync_configure lmdb
store m4=m4@elsewhere.example
expect_exit 10 'the first instance does not serve the domain' sync

# ---------------------------------------------------------------- lists of every form (A75, A76)

printf 'club.example\n' >/etc/postfix/list
printf 'list.example, club.example other.example\n' >/etc/postfix/list2
printf 'club.example x\n' >/etc/postfix/domains
postmap lmdb:/etc/postfix/domains
for value in 'hash:/etc/postfix/x-none lmdb:/etc/postfix/domains' 'lmdb:/etc/postfix/domains' \
	'proxy:lmdb:/etc/postfix/domains' 'texthash:/etc/postfix/domains' '/etc/postfix/list' \
	'other.example /etc/postfix/list2' 'inline:{club.example=x}' 'inline:{{club.example = x y}}' \
	'unionmap:{inline:{club.example=x}}' 'unionmap:{inline:{a=b}, lmdb:/etc/postfix/domains}' \
	'pipemap:{lmdb:/etc/postfix/domains, static:y}' '!other.example, club.example' \
	"\$virtual_alias_maps, club.example" "\$my_domains" 'regexp:/etc/postfix/pattern'; do
	fresh lmdb
	echo '/^club\.example$/ x' >/etc/postfix/pattern
	touch -d '1 minute ago' /etc/postfix/domains
	set_main my_domains club.example
	set_main virtual_alias_domains "$value"
	store m10=m10@elsewhere.example
	if [[ $value == *none* ]]; then
		ok "domains $value: an unknown table" sync --json
		like "domains $value: is a warning" "$(warnings "$stdout_file")" domain-unknown
	else
		ok "domains $value: served" sync --json
		is "domains $value: without a warning" "$(warnings "$stdout_file")" ''
	fi
done
for value in '!club.example club.example' 'xclub.example' 'inline:{xclub.example=x}' '!/etc/postfix/list club.example' \
	"unionmap:{lmdb:$map}" "pipemap:{lmdb:$map, static:y}"; do
	fresh lmdb
	set_main virtual_alias_domains "$value"
	store m10=m10@elsewhere.example
	expect_exit 10 "domains $value: not served" sync
	is "domains $value: nothing was touched" "$(fingerprint)" "$before"
done
for value in "lmdb:$map" "proxy:lmdb:$map" "unionmap:{inline:{a=b}, lmdb:$map}" "{lmdb:$map}" "\$my_maps" \
	"inline:{a=b}, lmdb:$map" "pipemap:{lmdb:$map, inline:{a=b}}"; do
	fresh lmdb require_reference true
	set_main my_maps "lmdb:$map"
	set_main virtual_alias_maps "$value"
	store m10=m10@elsewhere.example
	ok "maps $value: named" sync --json
	unlike "maps $value: without a warning" "$(warnings "$stdout_file")" not-referenced
done
for value in "lmdb:${map}2" "xlmdb:$map" "inline:{a=lmdb:$map}" "unionmap:{lmdb:${map}2}" "hash:$map"; do
	fresh lmdb require_reference true
	set_main virtual_alias_maps "$value"
	store m10=m10@elsewhere.example
	expect_exit 10 "maps $value: not named" sync
done

# ---------------------------------------------------------------- the reload (A86)

reloads() {
	printf '#!/bin/sh\n%s\n' "$1" >$commands/postfix
}

for type in texthash lmdb; do
	for how in 'exit 1' 'kill -9 $$' 'exec sleep 300'; do
		reloads 'exit 0'
		fresh $type reload '"always"' command_timeout 2
		set_main command_directory $commands
		reloads "case \$3 in status) exit 0 ;; esac; $how"
		store m1=new@elsewhere.example
		expect_exit 27 "$type: a reload that does \"$how\"" sync --json
		is_json "$type: the result tells" "$stdout_file" .reload failed
		is_json "$type: with the exit code" "$stdout_file" .exit 27
		is "$type: the map is live" "$(answer m1@club.example)" new@elsewhere.example
		is_json "$type: it is published" $state/status/live.json .generation 2
		is_json "$type: the debt is kept" $state/sync/members.json .reload_owed true
		before=$(fingerprint)
		expect_exit 27 "$type: as long as it fails" sync
		reloads "echo \$3 >>$asked.reload"
		ok "$type: the next sync" sync --json
		is_json "$type: reloads" "$stdout_file" .reload 'done'
		is "$type: and nothing else" "$(fingerprint)" "$before"
		rm -f $asked.reload
		ok "$type: once" sync
		not_ok "$type: only" test -e $asked.reload
	done
done
is 'no hanging reload is left' "$(pgrep -fc 'sleep 300' || true)" 0

# ---------------------------------------------------------------- generation (A85), locks (A88), signals (A87)

fresh lmdb
store m1=new@elsewhere.example
sync_configure lmdb lock_timeout 1
before=$(fingerprint)
(exec 9>$state/lock/sync-members.lock && flock 9 && exec sleep 30) &
holder=$!
wait_until 5 bash -c "! flock -n $state/lock/sync-members.lock true"
started=$SECONDS
expect_exit 75 'a lock that another sync holds' sync
ok 'is waited for as long as is configured' test $((SECONDS - started)) -le 4
is 'and nothing was touched' "$(fingerprint)" "$before"
sync_configure lmdb lock_timeout 20
(sleep 1 && kill $holder) &
ok 'a lock that is given back in time' sync
is 'is taken then' "$(answer m1@club.example)" new@elsewhere.example
cp -a $state/store "$scratch/old-store"
store m1=newer@elsewhere.example
sync >/dev/null 2>&1
rm -rf $state/store
cp -a "$scratch/old-store" $state/store
expect_exit 10 'an older store put back by hand' sync
like 'is named' "$stderr" generation
is 'what is newer stays live' "$(answer m1@club.example)" newer@elsewhere.example

for type in hash lmdb cdb texthash; do
	fresh $type
	torn=0
	unsynced=0
	last=m1@elsewhere.example
	for ((round = 1; round <= 15; round++)); do
		store "m1=round$round@elsewhere.example" "m2=round$round@elsewhere.example"
		postigo-admin sync >/dev/null 2>&1 &
		sleep "0.0$((RANDOM % 60 + 10))"
		{ kill -TERM $! && wait $!; } 2>/dev/null
		case $(answer m1@club.example)/$(answer m2@club.example) in
		"$last/m2@elsewhere.example" | "$last/$last" | \
			"round$round@elsewhere.example/round$round@elsewhere.example") ;;
		*) torn=$((torn + 1)) ;;
		esac
		[ "$(answer m9@club.example)" = m9@elsewhere.example ] || torn=$((torn + 1))
		postigo-admin sync >/dev/null 2>&1 || unsynced=$((unsynced + 1))
		last=$(answer m1@club.example)
		[ "$last" = "round$round@elsewhere.example" ] || unsynced=$((unsynced + 1))
	done
	is "$type: SIGTERM at any time leaves old or new" $torn 0
	is "$type: and the next sync makes it right" $unsynced 0
	is_swept "$type: nothing is left over"
	is "$type: no postmap is left" "$(pgrep -c postmap || true)" 0
done

fresh lmdb
install -d -m 0700 /etc/postfix/.postigo-stage
touch /etc/postfix/.postigo-stage/postigo-aliases
ok 'a sync that has nothing to do' sync
is_swept 'sweeps what a killed one has left'

# ---------------------------------------------------------------- Berkeley DB (A64), foreign files with refused rows (A83)

for directory in /etc/postfix /; do
	fresh hash
	printf 'set_flags DB_TXN_NOSYNC\nset_lg_dir /nowhere\nadd_data_dir /nowhere\n' >$directory/DB_CONFIG 2>/dev/null ||
		continue
	store m1=new@elsewhere.example
	ok "DB_CONFIG in $directory changes nothing" sync
	is "the map is right" "$(answer m1@club.example)" new@elsewhere.example
	rm -f $directory/DB_CONFIG
done
for type in hash lmdb cdb; do
	fresh $type
	cp -a "$(index_of $type)" "$scratch/index"
	cp -a $map "$scratch/text"
	store m1=new@elsewhere.example
	sync >/dev/null 2>&1
	cp -a "$scratch/index" "$(index_of $type)"
	cp -a "$scratch/text" $map
	ok "$type: both files replaced by older copies" sync --json
	is "$type: are put right" "$(answer m1@club.example)" new@elsewhere.example
	like "$type: and said" "$(warnings "$stdout_file")" foreign-edit
done

# ---------------------------------------------------------------- hash redirected to lmdb (A90)

fresh hash
cat >$commands/postmap <<'SCRIPT'
#!/bin/bash
# As Postfix 3.11 does with default_database_type = lmdb: every hash: is an lmdb:.
exec /usr/sbin/postmap "${@/#hash:/lmdb:}"
SCRIPT
sync_configure hash postmap "\"$commands/postmap\""
store m1=new@elsewhere.example
before=$(fingerprint)
expect_exit 21 'a postmap that redirects hash to lmdb' sync
like 'is seen' "$stderr" 'postigo-aliases\.db'
like 'with advice' "$stderr" 'sync\.type'
like 'that names the type' "$stderr" 'lmdb'
is 'nothing was touched' "$(fingerprint)" "$before"
is 'the old map answers' "$(answer m1@club.example)" m1@elsewhere.example
is_swept 'the stage is swept'
done_testing
