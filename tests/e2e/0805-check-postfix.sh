#!/bin/bash
# timeout: 600
# 0805: what postigo-admin check finds of Postfix and of the map, and that its cures cure. Cases A66, A76.
# Where "advised" stands, a setting of ours or a table of the administrator's has to be chosen by a human.
# shellcheck disable=SC2317,SC2086 # functions that rows name run by eval; the paths have no blanks
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'

setting() {
	printf '{"sync": {%s}}\n' "$1" >/etc/postigo/conf.d/10-test.json
}
no_setting() {
	rm -f /etc/postigo/conf.d/10-test.json
}

install_clean
ok 'Postfix starts' postfix_start keep
rm -rf $state/sync/foreign
is_clean 'a clean installation'

# Postfix
advised postfix.postconf error '.' 'setting "\"postconf\": \"/usr/sbin/no-postconf\""' no_setting
advised postfix.sync-off info 'set sync.enabled to true' 'setting "\"enabled\": false"' no_setting
postfix_stop
run postigo-admin check --json
is 'Postfix that does not run' "$(field postfix.not-running severity)" info
is 'is started so' "$(field postfix.not-running cure)" 'postfix start'
pid=$(postconf -hx queue_directory)/pid/master.pid
advised postfix.process error 'the disk' "rm -f $pid; ln -s nowhere $pid" "rm $pid"
ok 'Postfix starts' postfix_start keep
run postigo-admin check --json
is 'and that is gone' "$(field postfix.not-running severity)" ''

# A76: the reference
cp -a /etc/postfix/main.cf "$scratch/main.cf"
put_back() {
	cp -a "$scratch/main.cf" /etc/postfix/main.cf
}
cured postfix.map-not-referenced error "postconf -e 'virtual_alias_maps ='"
like 'A76: a mail is taken after the cure alone' "$(smtp_rcpt ana@club.example)" '^250 '
cured postfix.map-not-referenced error "postconf -X virtual_alias_maps"
is 'A76: what was there stays' "$(postconf -h virtual_alias_maps)" "\$virtual_maps, lmdb:$map"
cured postfix.map-not-referenced error "postconf -e 'virtual_alias_maps = texthash:/etc/postfix/elsewhere'"
is 'A76: what was there stays' "$(postconf -h virtual_alias_maps)" "texthash:/etc/postfix/elsewhere, lmdb:$map"
cp $map.lmdb $map-old.lmdb
cp $map $map-old
cured postfix.map-not-referenced error "postconf -e 'virtual_alias_maps = lmdb:$map-old'"
is 'A76: the prefix of a longer name is none' "$(postconf -h virtual_alias_maps)" "lmdb:$map-old, lmdb:$map"
rm $map-old*
setting '"type": "lmdb"'
cured postfix.map-not-referenced error "postconf -e 'virtual_alias_maps = cidr:/dev/null, hash:$map'"
is 'A76: another type is replaced in its place' "$(postconf -h virtual_alias_maps)" "cidr:/dev/null, lmdb:$map"
no_setting
put_back
for value in "lmdb:$map" "\$ours" "proxy:lmdb:$map" "\${ours}, cidr:/dev/null" "cidr:/dev/null lmdb:$map" \
	"cidr:/dev/null,proxy:\$ours"; do
	postconf -e "ours = lmdb:$map" "virtual_alias_maps = $value"
	is_clean "A76: referenced as $value"
done
advised postfix.reload-never warning 'set sync.reload to "auto"' \
	"postconf -e 'virtual_alias_maps = proxy:lmdb:$map'; setting '\"reload\": \"never\"'" 'no_setting; put_back'
postfix reload >/dev/null 2>&1

# The domain
cured postfix.domain-not-served error "postconf -e 'virtual_alias_domains = other.example'"
is 'what was served still is' "$(postconf -h virtual_alias_domains)" 'other.example, club.example'
cured postfix.domain-not-served error "postconf -e 'virtual_alias_domains ='"
like 'a mail is taken after the cure alone' "$(smtp_rcpt ana@club.example)" '^250 '
advised postfix.domain-unknown warning 'name club.example in virtual_alias_domains' \
	"postconf -e 'virtual_alias_domains = lmdb:/etc/postfix/no-such-table'" put_back
put_back
postfix reload >/dev/null 2>&1

# The type
setting '"type": "auto"'
advised postfix.type-unknown error 'set sync.type' \
	"mv $state/sync/members.json $scratch; postconf -e 'virtual_alias_maps =' 'default_database_type = btree'" \
	"mv $scratch/members.json $state/sync; put_back"
no_setting

# The files. A66: a map that all may read; what a member can do to it, and cannot after the cure.
index=$map.lmdb
cured postfix.map-mode warning "chmod 0600 $index"
cured postfix.map-mode warning "chgrp mail $map"
chmod 0644 $map $index
run postigo-admin check --json
cure=$(field postfix.map-world-readable cure | head -n 1)
is 'A66: a legacy map is told' "$(field postfix.map-world-readable severity | xargs)" 'warning warning'
ok 'A66: whose lock keeps Postfix waiting' as m1 flock -n -x $index true
ok 'A66: the cure runs' sh -c "$cure"
is_clean 'A66: and helps'
is 'A66: mode and owner' "$(mode_of $map) $(mode_of $index)" '640 root:postfix 640 root:postfix'
not_ok 'A66: a member reads nothing' as m1 cat $map
expect_exit 66 'A66: and locks nothing' as m1 flock -n -x $index true
cured postfix.map-world-readable warning "chmod 0644 $map"
cured postfix.map-world-readable warning "chmod 0644 $index"
cured postfix.map-missing error "rm $map"
cured postfix.map-missing error "rm $index"
cured postfix.map-untrusted error "chown ana $map"
cured postfix.map-untrusted error "chown ana $index"
cured postfix.map-untrusted error "ln $index /etc/postfix/other-name"
rm -f /etc/postfix/other-name $map.*aside $map.aside
cured postfix.map-untrusted error "mv $map /etc/postfix/elsewhere-map; ln -s elsewhere-map $map"
rm -f /etc/postfix/elsewhere-map $map.aside
cured postfix.map-untrusted error "rm $index; mkfifo $index"
rm -f $index.aside
cured postfix.map-directory error 'chmod g+w /etc/postfix'
cured postfix.map-directory error 'chown ana /etc/postfix'
cured postfix.map-directory error 'chmod o+w /etc'
advised postfix.map-directory error '.*' "setting '\"group\": \"no-such-group\"'" no_setting
cured postfix.index-older warning "touch -d '1 hour ago' $index"
cured postfix.stray-index info ": >$map.db"

# What was installed, and what is there
rm -rf $state/sync/foreign
cured postfix.map-drift error "printf 'eve@club.example\teve@elsewhere.example\n' >>$map"
run postigo-admin check --json
is 'what others made of the map' "$(field postfix.foreign-edits severity)" info
cured postfix.foreign-edits info ':'
cured postfix.map-drift error "printf 'ana@club.example eve@elsewhere.example\n' >$map; postmap lmdb:$map"
rm -rf $state/sync/foreign

# A crash between the two renames: the new index with the old text
crash() {
	cp -a $map "$scratch/text"
	cp -a $state/sync/members.json "$scratch/state"
	alias_of carla
	cp -a "$scratch/text" $map
	cp -a "$scratch/state" $state/sync/members.json
}
cured postfix.map-drift error crash
rm -rf $state/sync/foreign
cured postfix.never-synced warning "rm $state/sync/members.json"
cured postfix.sync-state warning "printf '{' >$state/sync/members.json"
decide() {
	postigo-admin member revoke carla --reason 'left' --no-sync >/dev/null
}
cured postfix.map-out-of-date warning decide
cured postfix.map-out-of-date warning \
	"printf '{\"policy\": {\"reserved_add\": [\"sales\"]}}\n' >/etc/postigo/conf.d/20-names.json"
rm /etc/postigo/conf.d/20-names.json
postigo-admin sync >/dev/null
owe_reload() {
	sed -i 's/"reload_owed": *false/"reload_owed": true/' $state/sync/members.json
}
cured postfix.reload-owed warning owe_reload

# All digests are right, but what answers is not: only asking tells
lie() {
	printf 'ana@club.example eve@elsewhere.example\n' >$map
	postmap lmdb:$map
	chown root:postfix $map $index
	chmod 0640 $map $index
	/usr/bin/python3 -I - $map $index $state/sync/members.json <<-'PYTHON'
		import hashlib, json, sys
		state = json.load(open(sys.argv[3]))
		state["text"], state["index"] = [hashlib.sha256(open(path, "rb").read()).hexdigest() for path in sys.argv[1:3]]
		open(sys.argv[3], "w").write(json.dumps(state, indent=2) + "\n")
	PYTHON
}
cured postfix.map-answers error lie
like 'the right answer is back' "$(postmap -q ana@club.example lmdb:$map)" '^ana@elsewhere.example$'
rm -rf $state/sync/foreign

# Other types
postfix_stop
for type in hash cdb texthash; do
	postconf -e "virtual_alias_maps = $type:$map"
	rm -f $map $map.*
	postigo-admin sync >/dev/null
	run postigo-admin check --json
	is "$type: nothing above info" "$(ids)" ''
	is "$type: a hash table is told" "$(field postfix.type-hash severity)" "$([ $type != hash ] || echo info)"
	[ $type != hash ] || like 'with advice' "$(field postfix.type-hash advice)" 'lmdb'
	cured postfix.map-drift error "printf 'eve@club.example\teve@elsewhere.example\n' >>$map"
	[ $type = texthash ] || cured postfix.map-missing error "rm $map.[dc]*b"
	cured postfix.map-answers error "sed -i 's/ana@elsewhere/eve@elsewhere/' $map; [ $type = texthash ] || postmap $type:$map
		/usr/bin/python3 -I - $map $map.* $state/sync/members.json <<-'PYTHON'
			import hashlib, json, sys
			state = json.load(open(sys.argv[-1]))
			digests = [hashlib.sha256(open(path, 'rb').read()).hexdigest() for path in sys.argv[1:-1] if '*' not in path]
			state['text'], state['index'] = (digests + [''])[:2]
			open(sys.argv[-1], 'w').write(json.dumps(state, indent=2) + '\n')
		PYTHON
		chgrp postfix $map*; chmod 0640 $map*"
done

# A store larger than the sample
put_back
postconf -e "virtual_alias_maps = lmdb:$map"
rm -f $map $map.*
"$BUILD/tests/bench/make_store" $state club.example fill:5000 >/dev/null
postigo-admin sync >/dev/null
expect_exit 0 'five thousand aliases' postigo-admin check --json --section postfix
is 'are in order' "$(ids)" ''
done_testing
