#!/bin/bash
# timeout: 900
# 0404: each recommendation of discover is raised by what it is about, and by nothing else. Case A101. What `check` finds is held by 0801 to 0806.
# shellcheck disable=SC2317 # functions that rows name run by eval
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
. "$(dirname "$0")/../support/discover.sh"
in_namespace "$@"

echo 0 >"$scratch/zero"
echo 1 >"$scratch/one"
mount --bind "$scratch/zero" /proc/sys/fs/suid_dumpable
mount --bind "$scratch/one" /proc/sys/fs/protected_hardlinks
add_daemon_accounts
dovecot_configure
rm -rf /etc/mysql/debian.cnf
install_clean lmdb
rm -rf $state/sync/foreign
ok 'Postfix starts' postfix_start keep
cp -a /etc/postfix "$scratch/postfix"
cp -a /etc/dovecot "$scratch/dovecot"
postfix_back() {
	rm -rf /etc/postfix
	cp -a "$scratch/postfix" /etc/postfix
}
dovecot_back() {
	rm -rf /etc/dovecot
	cp -a "$scratch/dovecot" /etc/dovecot
}

expect_exit 0 'a clean machine' postigo-admin discover --json
is 'has nothing to mend' "$(problems)" ''
seen=

# recommends ID SEVERITY BREAK REPAIR: raised, with something to do, by BREAK alone; gone after REPAIR. With REPAIR "cure" the printed command is run.
recommends() {
	local cure repair=$4
	seen+=" $1"
	eval "$3"
	expect_exit 0 "$1: discover" postigo-admin discover --json
	cp "$stdout_file" "$scratch/answer-$tests_run.json"
	is "$1: is raised as $2" "$(problem "$1" severity | sort -u)" "$2"
	cure=$(problem "$1" cure | head -n 1)
	isnt "$1: with something to do" "$cure$(problem "$1" advice | head -n 1)" ''
	isnt "$1: in a sentence" "$(problem "$1" what | head -n 1)" ''
	if [ "$repair" = cure ]; then
		ok "$1: the cure runs: $cure" sh -c "$cure"
		postigo-admin discover --json >"$scratch/cured"
		is "$1: and cures" "$(problem "$1" severity "$scratch/cured")" ''
		repair=$5
	fi
	eval "$repair"
	run postigo-admin discover --json
	is "$1: all is well again" "$(problems)" ''
}

# The machine
one() { # MOUNTPOINT FILE: other content below a mount point
	mount --bind "$scratch/$2" "$1"
}
recommends host.suid-dumpable warning 'one /proc/sys/fs/suid_dumpable one' 'umount /proc/sys/fs/suid_dumpable'
recommends host.protected-hardlinks warning 'one /proc/sys/fs/protected_hardlinks zero' 'umount /proc/sys/fs/protected_hardlinks'
systemd() {
	mkdir -p /run/systemd/system
	fake /usr/bin/systemctl <<-'SCRIPT'
		#!/bin/sh
		printf 'Id=postfix.service\nLoadState=loaded\nActiveState=active\nSubState=exited\nUnitFileState=enabled\nMainPID=0\n'
	SCRIPT
}
recommends services.clock-unkept warning systemd 'unfake /usr/bin/systemctl; rmdir /run/systemd/system'
small() {
	cp -a /var/spool/postfix "$scratch/spool"
	mount -t tmpfs -o size=8m tmpfs /var/spool/postfix
	cp -a "$scratch/spool/." /var/spool/postfix
	rm -rf "$scratch/spool"
}
postfix_stop
small
run postigo-admin discover --json
is 'little room in the spool is told' "$(problem system.disk-space severity)" error
umount /var/spool/postfix
ok 'Postfix starts' postfix_start keep

# Postfix
postfix_stop
run postigo-admin discover --json
is 'Postfix that does not run is told' "$(problem postfix.not-running cure)" 'postfix start'
ok 'Postfix starts' postfix_start keep
recommends postfix.configuration-broken error 'echo rubbish >>/etc/postfix/main.cf' postfix_back
recommends postfix.unused-parameter warning "echo 'virtual_alias_mpas = x' >>/etc/postfix/main.cf" postfix_back
is 'with the name' "$(echo 'virtual_alias_mpas = x' >>/etc/postfix/main.cf; postigo-admin discover --json >"$scratch/one-more"
	postfix_back; problem postfix.unused-parameter evidence "$scratch/one-more")" virtual_alias_mpas
recommends postfix.domain-in-two-classes warning "postconf -e 'mydestination = localhost, club.example'" postfix_back
recommends postfix.open-relay error "postconf -e 'mynetworks = 0.0.0.0/0'" cure postfix_back
recommends postfix.open-relay error "postconf -e 'mynetworks = 203.0.0.0/8'" cure postfix_back
recommends postfix.open-relay error "postconf -e 'mynetworks = 127.0.0.0/8, [2000::]/3'" cure postfix_back
recommends postfix.open-relay error "postconf -e 'smtpd_relay_restrictions = permit'" cure postfix_back
for networks in '10.0.0.0/8' '172.16.0.0/12 192.168.0.0/16' '203.0.113.0/24' '[fe80::]/10 [2001:db8::]/64' ; do
	postconf -e "mynetworks = 127.0.0.0/8 $networks"
	run postigo-admin discover --json
	is "no open relay: $networks" "$(problems)" ''
done
postfix_back
key() {
	install -m "$1" /dev/null /etc/postfix/key.pem
	postconf -e 'smtpd_tls_key_file = /etc/postfix/key.pem'
}
recommends postfix.secret-readable error 'key 0644' cure postfix_back

# Tables
table() { # TYPE MODE: one more for aliases
	printf 'old@club.example ana@elsewhere.example\n' >/etc/postfix/old
	[ "$1" = texthash ] || postmap "$1:/etc/postfix/old"
	chmod "$2" /etc/postfix/old*
	chgrp postfix /etc/postfix/old*
	postconf -e "virtual_alias_maps = lmdb:$postfix_map, $1:/etc/postfix/old"
}
table lmdb 0640
run postigo-admin discover --json
is 'one more table is no problem' "$(problems)" ''
recommends postfix.map-world-readable warning 'chmod 0644 /etc/postfix/old.lmdb' cure postfix_back
recommends postfix.index-older warning 'table lmdb 0640; touch -d "1 hour ago" /etc/postfix/old.lmdb' cure postfix_back
recommends postfix.index-missing error 'table lmdb 0640; rm /etc/postfix/old.lmdb' cure postfix_back
recommends postfix.table-missing error 'table lmdb 0640; rm /etc/postfix/old*' postfix_back
recommends postfix.map-directory error 'chmod g+w /etc/postfix; table lmdb 0640' cure postfix_back
recommends postfix.hash-table info 'table hash 0640' postfix_back
recommends postfix.reload-needed info 'table texthash 0640' postfix_back
recommends postfix.reload-needed info "table lmdb 0640; postconf -e 'virtual_alias_maps = lmdb:$postfix_map, proxy:lmdb:/etc/postfix/old'" postfix_back
query() { # TYPE NAME=VALUE...
	local type=$1
	shift
	printf '%s\n' "$@" >/etc/postfix/query.cf
	chmod 0640 /etc/postfix/query.cf
	chgrp postfix /etc/postfix/query.cf
	postconf -e "virtual_mailbox_maps = texthash:/etc/postfix/elsewhere, $type:/etc/postfix/query.cf"
}
recommends postfix.database-away error 'query mysql "hosts = unix:/run/no.sock" "password = x"' postfix_back
recommends postfix.secret-readable error 'query mysql "hosts = db.example" "password = x"; chmod 0644 /etc/postfix/query.cf' cure postfix_back
query mysql 'hosts = db.example' 'user = x'
chmod 0644 /etc/postfix/query.cf
run postigo-admin discover --json
is 'no secret, no complaint' "$(problems)" ''
postfix_back
backend() {
	query mysql 'hosts = db.example'
	postconf -e "virtual_alias_maps = lmdb:$postfix_map, mysql:/etc/postfix/query.cf" \
		'virtual_mailbox_maps = texthash:/etc/postfix/elsewhere'
}
recommends postfix.backend-choice info backend postfix_back
recommends postfix.sqlite-table warning 'query sqlite "dbpath = /var/lib/mail.db" "query = SELECT 1"' postfix_back
chrooted() {
	query sqlite 'dbpath = /var/lib/mail.db' 'query = SELECT 1'
	sed -i 's/^127.0.0.1:25 inet n - n/127.0.0.1:25 inet n - y/' /etc/postfix/master.cf
}
recommends postfix.sqlite-chroot error chrooted postfix_back
query proxy:sqlite 'dbpath = /var/lib/mail.db'
sed -i 's/^127.0.0.1:25 inet n - n/127.0.0.1:25 inet n - y/' /etc/postfix/master.cf
run postigo-admin discover --json
is 'through proxymap a chroot is no problem' "$(problem postfix.sqlite-chroot severity)" ''
postfix_back

# Neighbours
recommends filters.socket-missing error "postconf -e 'smtpd_milters = unix:/run/no-milter.sock'" postfix_back
secret() { # FILE
	mkdir -p "${1%/*}"
	install -m 0644 /dev/null "$1"
}
recommends filters.secret-readable error 'secret /etc/dkimkeys/club.private' cure 'rm -r /etc/dkimkeys'
recommends databases.secret-readable error 'secret /etc/mysql/debian.cnf' cure 'rm /etc/mysql/debian.cnf'
recommends webmail.secret-readable error 'secret /etc/roundcube/debian-db.php' cure 'rm -r /etc/roundcube'
recommends dovecot.secret-readable error 'chmod 0644 /etc/dovecot/dovecot-sql.conf.ext' cure dovecot_back
recommends dovecot.configuration-broken error 'echo "no_such_setting = x" >>/etc/dovecot/dovecot.conf' dovecot_back
open_socket() {
	printf 'service auth {\n  unix_listener auth-userdb {\n    mode = 0666\n  }\n}\n' >>/etc/dovecot/dovecot.conf
}
recommends dovecot.auth-socket-open warning open_socket dovecot_back
other_mta() {
	postfix_stop
	/usr/bin/python3 -I -c 'import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", 25)); s.listen(); time.sleep(120)' &
	other=$!
	wait_until 5 bash -c ': </dev/tcp/127.0.0.1/25'
}
own_mta() {
	kill "$other"
	wait "$other" 2>/dev/null
	postfix_start keep
}
recommends ports.other-mta error other_mta own_mta
runv() {
	mkdir -p /var/lib/runv
	echo '{"ana": {"username": "ana", "alias": "ana@club.example", "destination": "ana@elsewhere.example", "status": "active"}}' \
		>/var/lib/runv/email-aliases.json
}
recommends runv.importable info runv 'rm -r /var/lib/runv'
runv
run postigo-admin discover --json
is_json 'with their number' "$stdout_file" .sections.runv.aliases 1
is 'and the cure reads them' "$(sh -c "$(problem runv.importable cure)" >/dev/null 2>&1; echo $?)" 0
rm -r /var/lib/runv
recommends postigo.not-set-up info 'mv /etc/postigo /etc/postigo-away' 'mv /etc/postigo-away /etc/postigo'

# What check says of ourselves is here as well
chmod 0644 "$postfix_map.lmdb"
run postigo-admin discover --json
is 'a finding of check' "$(problem postfix.map-world-readable severity)" warning
chmod 0640 "$postfix_map.lmdb"
postconf -e "virtual_alias_maps ="
run postigo-admin discover --json
like 'with its cure' "$(problem postfix.map-not-referenced cure)" "postconf -e 'virtual_alias_maps = lmdb:$postfix_map'"
postfix_back

fits_schema 'all answers are as the schema says' "$scratch"/answer-*.json

# Nothing is recommended that is not held here. postfix.not-installed is in 0401, where there is no Postfix.
unheld=
for id in $(grep -oh '"[a-z]*\.[a-z]*-[a-z-]*"' lib/service/mail_stack*.c | tr -d '"' | sort -u); do
	[[ " $seen postfix.not-installed " == *" $id "* ]] || unheld+=" $id"
done
is 'each recommendation of the sources is held' "$unheld" ''
done_testing
