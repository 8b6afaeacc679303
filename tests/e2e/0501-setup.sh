#!/bin/bash
# 0501: postigo-admin setup makes the installation, repairs it, and refuses what it must. Case A40.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

state=/var/lib/postigo
helper=/usr/local/libexec/postigo/postigo-drop

# Everything that setup can touch, as one text.
snapshot() {
	find $state /etc/postigo /usr/local/libexec -printf '%p %y %#m %U:%G %s\n' 2>/dev/null | sort
	cat /etc/passwd /etc/group /etc/postigo/* 2>/dev/null
}

has_mode() {
	is "$1 is $2" "$(mode_of "$1")" "$2"
}

expect_exit 77 'only root' as ana /usr/local/sbin/postigo-admin setup --domain club.example
expect_exit 4 'without a domain' postigo-admin setup
like 'it asks for one' "$stderr" '--domain'
expect_exit 4 'a domain that is none' postigo-admin setup --domain club
expect_exit 4 'a domain with a blank' postigo-admin setup --domain 'club example'

# --dry-run
before=$(snapshot)
expect_exit 0 'a dry run' postigo-admin setup --domain club.example --dry-run
like 'names groups' "$stdout" 'add group postigo-drop'
like 'and directories' "$stdout" "$state/queue/new, mode 1730, root:postigo-drop"
like 'and the helper' "$stdout" "$helper"
is 'and does nothing' "$(snapshot)" "$before"
planned=$stdout

# The real one
expect_exit 0 'setup' postigo-admin setup --domain club.example
is 'does what the dry run said' "$(grep -c . <<<"$stdout")" "$(grep -vc 'Nothing was done' <<<"$planned")"
has_mode $state '711 root:root'
has_mode $state/queue '710 root:postigo-drop'
has_mode $state/queue/new '1730 root:postigo-drop'
has_mode $state/queue/tmp '1730 root:postigo-drop'
has_mode $state/work '700 root:root'
has_mode $state/work/claimed '700 root:root'
has_mode $state/work/quarantine '700 root:root'
has_mode $state/work/confirm '700 root:root'
has_mode $state/work/archive '750 root:postigo-admin'
has_mode $state/store '750 root:postigo-admin'
has_mode $state/store/backup '700 root:root'
has_mode $state/lock '700 root:root'
has_mode $state/status '711 root:root'
has_mode $state/sync '700 root:root'
has_mode $helper '2755 root:postigo-drop'
has_mode /etc/postigo/postigo.json '644 root:root'
has_mode /etc/postigo/conf.d '755 root:root'
has_mode $state/store/aliases.json '640 root:postigo-admin'
ok 'the daemons have a user' getent passwd postigo
like 'without a login' "$(getent passwd postigo)" 'nologin$'
ok 'the configuration is good' postigo-admin config check
like 'it has the domain' "$(cat /etc/postigo/postigo.json)" '"domain": "club.example"'
like 'and explains itself' "$(cat /etc/postigo/postigo.json)" '// '
if command -v getfacl >/dev/null; then
	like 'the daemons may read the store' "$(getfacl -p $state/store)" 'default:group:postigo:r--'
else
	skip 'the daemons may read the store' 'no getfacl'
fi

# Another configuration
printf '{ "domain": "second.example", "members": { "group": "users" } }\n' >"$scratch/second.json"
mv /etc/postigo /etc/postigo.second
expect_exit 4 'with --config its domain counts' postigo-admin --config "$scratch/second.json" setup --domain club.example
like 'which is named' "$stderr" 'second\.example, not in club\.example'
like 'and the file' "$stderr" "$scratch/second.json says so"
printf '{ "domain": "club.example" }\n' >"$scratch/second.json"
expect_exit 0 'one for the same domain is taken' postigo-admin --config "$scratch/second.json" setup
like 'and all is in place' "$stdout" 'Everything is in place'
not_ok 'no other configuration is made' test -e /etc/postigo
expect_exit 4 'one that is not there is none' postigo-admin --config "$scratch/third.json" setup --domain club.example
like 'it says so' "$stderr" "there is no file $scratch/third.json"
not_ok 'nor made' test -e "$scratch/third.json"
mv /etc/postigo.second /etc/postigo

# Again
before=$(snapshot)
expect_exit 0 'a second run' postigo-admin setup
like 'finds nothing to do' "$stdout" 'Everything is in place'
is 'and does nothing' "$(snapshot)" "$before"
expect_exit 0 'the same domain may be named' postigo-admin setup --domain Club.example --json
is_json 'nothing changed' "$stdout_file" .changed false
is_json 'no acts' "$stdout_file" '.acts#' 0
expect_exit 4 'another domain may not' postigo-admin setup --domain other.example
like 'it names the right one' "$stderr" 'club\.example'

# Repairs
chmod 2777 $state/queue/new
chown ana $state/work
chmod 0755 $helper
expect_exit 0 'a dry run' postigo-admin setup --dry-run
has_mode $state/queue/new '2777 root:postigo-drop'
expect_exit 0 'setup repairs' postigo-admin setup
is 'three things' "$(grep -c '^set ' <<<"$stdout")" 3
has_mode $state/queue/new '1730 root:postigo-drop'
has_mode $state/work '700 root:root'
has_mode $helper '2755 root:postigo-drop'
chgrp mail $helper
expect_exit 0 'the group of the helper' postigo-admin setup
has_mode $helper '2755 root:postigo-drop'
rm -rf $state/queue/tmp
expect_exit 0 'what is missing' postigo-admin setup
has_mode $state/queue/tmp '1730 root:postigo-drop'

# A40: nobody is in the queue group
usermod -aG postigo-drop ana
expect_exit 4 'somebody in the queue group' postigo-admin setup
like 'is named' "$stderr" 'ana is in it'
like 'with the cure' "$stderr" 'gpasswd --delete ana postigo-drop'
expect_exit 4 'in a dry run too' postigo-admin setup --dry-run
gpasswd --delete ana postigo-drop >/dev/null
usermod -g postigo-drop beto
expect_exit 4 'as a primary group' postigo-admin setup
like 'is named' "$stderr" 'beto is in it'
usermod -g users beto
expect_exit 0 'and then it is well' postigo-admin setup

# What lies in the way
mv $state/lock "$scratch/lock"
ln -s /etc $state/lock
expect_exit 4 'a symbolic link' postigo-admin setup
like 'is named' "$stderr" "$state/lock"
is 'and not followed' "$(mode_of /etc)" '755 root:root'
rm $state/lock
mv "$scratch/lock" $state/lock
mv $helper "$scratch/helper"
ln -s /bin/sh $helper
not_ok 'a helper that is a link' postigo-admin setup
is 'the shell stays as it is' "$(stat -Lc %a /bin/sh)" 755
rm $helper
expect_exit 4 'no helper' postigo-admin setup
cp "$scratch/helper" $helper
chown ana $helper
not_ok "a member's program" postigo-admin setup
is 'is not made setgid' "$(stat -c %a $helper)" "$(stat -c %a "$scratch/helper" | sed 's/^2//')"
rm $helper
install -o root -g root -m 0755 "$scratch/helper" $helper

# A mount on which the bit has no effect
mount --bind /usr/local/libexec /usr/local/libexec
mount -o remount,bind,nosuid /usr/local/libexec
expect_exit 4 'a nosuid mount' postigo-admin setup
like 'is named' "$stderr" nosuid
umount /usr/local/libexec
expect_exit 0 'and then it is well' postigo-admin setup
has_mode $helper '2755 root:postigo-drop'

# The examples
if command -v visudo >/dev/null; then
	ok 'the example for sudo is good' visudo -cf config-examples/sudoers
else
	skip 'the example for sudo is good' 'no visudo'
fi

done_testing
