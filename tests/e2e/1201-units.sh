#!/bin/bash
# shellcheck disable=SC2317 # functions are called by name
# 1201: the examples for systemd and sudo. Units that systemd accepts and that leave the programs what they need; users, groups and directories as
# setup makes them. Nothing can be started here (systemd is not process 1): the restrictions of the units are made by hand.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

examples=/usr/local/share/doc/postigo/examples
units=$examples/systemd

# value_of UNIT KEY: all values of one key, in one line.
value_of() {
	sed -n "s/^$2=//p" "$units/$1" | tr '\n' ' '
}

# confined UNIT: runs what the unit runs as the unit lets it: capabilities, what may be written, umask. $stdout_file is open already.
confined() {
	local capabilities
	capabilities=$(value_of "$1" CapabilityBoundingSet | sed 's/CAP_/,+/g; s/ //g' | tr '[:upper:]' '[:lower:]')
	WRITABLE="$(value_of "$1" ReadWritePaths | tr -d -- -)" COMMAND="$(value_of "$1" ExecStart)" UMASK="$(value_of "$1" UMask | tr -d " ")" \
		CAPABILITIES="-all$capabilities" unshare --mount sh -euc '
			for path in $WRITABLE; do mount --bind "$path" "$path"; done
			for path in /etc /var/lib /var/spool /var/log /usr/local; do mount -o remount,bind,ro "$path"; done
			for path in /home /root /tmp /var/tmp; do mount -t tmpfs -o mode=0,ro tmpfs "$path"; done
			umask "$UMASK"
			exec setpriv --no-new-privs --inh-caps=-all --bounding-set="$CAPABILITIES" $COMMAND'
}

pending_id() {
	run postigo-admin pending --plain
	printf '%s\n' "$stdout" | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

# ---------------------------------------------------------------- what systemd says

for unit in "$units"/*; do
	run systemd-analyze verify --man=no "$unit"
	# What else is installed on the machine is not judged.
	is "systemd accepts ${unit##*/}" "$status $(grep -F postigo "$stderr_file")" '0 '
	like "it names its manual" "$(cat "$unit")" 'Documentation=man:postigo-admin\(8\)'
done
for unit in "$units"/*.path "$units"/*.timer; do
	service=$(value_of "${unit##*/}" Unit)
	ok "${unit##*/} starts a unit that is here" test -f "$units/${service% }"
done
for unit in "$units"/*.service; do
	for setting in ProtectSystem=strict NoNewPrivileges=yes RestrictSUIDSGID=yes MemoryDenyWriteExecute=yes SystemCallFilter=@system-service \
		UMask=0077; do
		like "${unit##*/} has $setting" "$(cat "$unit")" "$setting"
	done
	ok "what ${unit##*/} runs is installed" test -x "$(value_of "${unit##*/}" ExecStart | cut -d' ' -f1)"
done
run systemd-analyze security --offline=yes --threshold=45 "$units/postigo-sync.service"
is 'the units are as closed as planned (4.5 or better)' "$status" 0 || diag_command

# ---------------------------------------------------------------- users and directories

expect_exit 0 'systemd-sysusers takes the file' systemd-sysusers "$examples/sysusers.d/postigo.conf"
for group in postigo-drop postigo-admin postigo; do
	like "there is a group $group, empty" "$(getent group "$group")" "^$group:x?:[0-9]+:$"
done
like 'the daemons have a user without a login' "$(getent passwd postigo)" ':/nonexistent:/usr/sbin/nologin$'
expect_exit 0 'systemd-tmpfiles takes the file' systemd-tmpfiles --create "$examples/tmpfiles.d/postigo.conf"
expect_exit 0 'setup then' postigo-admin setup --domain club.example --dry-run
unlike 'finds nothing about groups, users, directories' "$stdout" 'add (group|user)|/var/lib/postigo(/[a-z]+)*,|let group'
made=$(cd /var/lib/postigo && find . -type d -printf '%p %m %u:%g\n' | sort && getfacl -R -p . | grep default: | grep -v '^$')
rm -r /var/lib/postigo
expect_exit 0 'setup alone' postigo-admin setup --domain club.example
is 'makes the same directories' "$(cd /var/lib/postigo && find . -type d -printf '%p %m %u:%g\n' | sort &&
	getfacl -R -p . | grep default: | grep -v '^$')" "$made"
like 'among them the queue' "$made" './queue/new 1730 root:postigo-drop'
expect_exit 0 'systemd-tmpfiles afterwards' systemd-tmpfiles --create "$examples/tmpfiles.d/postigo.conf"
is 'changes nothing' "$(postigo-admin setup --dry-run | grep -c '^make\|^set\|^let')" 0

# ---------------------------------------------------------------- what the units leave is enough

ok 'Postfix starts' postfix_start hash
echo '{"sync": {"after_approve": false, "type": "hash"}}' >/etc/postigo/conf.d/test.json
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example
expect_exit 0 'and gets' postigo-admin approve "$(pending_id ana)"
expect_exit 0 'carla has one' postigo-admin member add carla carla@elsewhere.example
like 'it is not live' "$(smtp_rcpt ana@club.example)" '^550 '
expect_exit 0 'postigo-sync.service' confined postigo-sync.service
wait_until 5 eval '[[ $(smtp_rcpt ana@club.example) = 250* ]]'
like 'makes it live' "$(smtp_rcpt ana@club.example)" '^250 '
is 'with the modes of always' "$(mode_of "$postfix_map") $(mode_of "$postfix_map.db")" '640 root:postfix 640 root:postfix'
echo '{"sync": {"after_approve": false, "type": "hash", "reload": "always"}}' >/etc/postigo/conf.d/test.json
expect_exit 0 'ana pauses' as ana postigo pause
echo '{"format":1}' >"$scratch/bad"
install -o beto -g postigo-drop -m 0600 "$scratch/bad" /var/lib/postigo/queue/new/20002.alias.json
expect_exit 0 'postigo-gc.service' confined postigo-gc.service
is 'empties the queue' "$(ls /var/lib/postigo/queue/new)" ''
expect_exit 0 'ana sees' as ana postigo status --json
is_json 'that her pause is applied' "$stdout_file" .state paused
expect_exit 0 'postigo-sync.service again' confined postigo-sync.service
is 'reloads Postfix' "$(postfix_reloads)" 1
wait_until 5 eval '[[ $(smtp_rcpt ana@club.example) = 550* ]]'
like 'and the alias is away' "$(smtp_rcpt ana@club.example)" '^550 '
expect_exit 0 'postigo-expire.service' confined postigo-expire.service
expect_exit 0 'nothing is left to do' postigo-admin sync --check

# ---------------------------------------------------------------- sudo

ok 'the example for sudo is good' visudo -cf "$examples/sudoers"
sed 's/^#\(Cmnd_Alias\|%\|\t\)/\1/' "$examples/sudoers" >"$scratch/sudoers"
ok 'also with the lines that are commented out' visudo -cf "$scratch/sudoers"
like 'which were' "$(cat "$scratch/sudoers")" $'\n%postigo-admin.*NOPASSWD'

done_testing
