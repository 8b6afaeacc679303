#!/bin/bash
# 0803: what postigo-admin check finds of groups and accounts, and that its cures cure. Cases A40, A46.
# Where "advised" stands, only a human knows the account's right name.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

install_clean
is_clean 'a clean installation'

# Groups
cp /etc/group "$scratch/group"
groupdel members
raised accounts.group-missing error
ok 'the cure makes the group' sh -c "$(field accounts.group-missing cure)"
run postigo-admin check --json
is 'and that is gone' "$(field accounts.group-missing severity)" ''
is 'nobody is in it yet, which is told' "$(field accounts.not-a-member severity | sort -u)" warning
cp "$scratch/group" /etc/group
is_clean 'the members are back'
run sed -i '/^postigo-admin:/d' /etc/group
run postigo-admin check --json --section accounts
is 'a group of ours that is gone' "$(field accounts.group-missing severity)" error
is 'is made anew' "$(field accounts.group-missing cure)" 'groupadd --system postigo-admin'
echo "postigo-admin:x:$(stat -c %g $state/store):" >>/etc/group
is_clean 'it is back'
cured accounts.daemon-missing warning 'userdel postigo; groupadd -r postigo 2>/dev/null; chgrp -R postigo-admin /dev/null 2>/dev/null; :'
setfacl -k $state/store
postigo-admin setup >/dev/null

# The account database is away: one finding, and nobody is gone for it
advised accounts.database error 'try again' "mv /etc/passwd $scratch/passwd" "mv $scratch/passwd /etc/passwd"
mv /etc/passwd "$scratch/passwd"
run postigo-admin check --json --section accounts
is 'nobody is said to be gone' "$(ids)" accounts.database
mv "$scratch/passwd" /etc/passwd
advised accounts.store error 'the disk' \
	"mv $state/store/aliases.json $scratch; make_socket $state/store/aliases.json" "mv $scratch/aliases.json $state/store"

# A40: the queue group has members, or is somebody's primary group
cured accounts.queue-group-has-members error 'usermod -aG postigo-drop ana'
unlike 'A40: ana is out of it' "$(id -nG ana)" postigo-drop
cured accounts.queue-group-has-members error 'usermod -g postigo-drop beto'
is 'A40: beto has another primary group' "$(id -gn beto)" users
cured accounts.queue-group-has-members error \
	'usermod -aG postigo-drop ana; usermod -aG postigo-drop m1; usermod -g postigo-drop beto; usermod -g postigo-drop m2'
usermod -aG postigo-drop ana
run postigo-admin check --json
is 'A40: check fails' "$status" 4
like 'A40: it says who' "$(field accounts.queue-group-has-members evidence)" ana
expect_exit 4 'A40: setup refuses, too' postigo-admin setup
gpasswd --delete ana postigo-drop >/dev/null
groupadd ana
cured accounts.queue-group-has-members error 'usermod -g postigo-drop ana'
is 'who has a group of their own gets it back' "$(id -gn ana)" ana
usermod -g users ana
groupdel ana

# The daemons are no administrators
cured accounts.daemon-is-admin error 'usermod -aG postigo-admin postigo'
cured accounts.daemon-is-admin error 'usermod -g postigo-admin postigo'

# A46: one uid, two names
cured accounts.uid-shared error 'echo "zoe:x:20001:100::/home/zoe:/bin/sh" >>/etc/passwd'
is 'A46: who has the alias keeps the number' "$(id -u ana)" 20001
isnt 'A46: the other has a new one' "$(id -u zoe)" 20001
sed -i /^zoe:/d /etc/passwd
cured accounts.uid-shared warning 'echo "zoe:x:20003:100::/home/zoe:/bin/sh" >>/etc/passwd'
sed -i /^zoe:/d /etc/passwd
echo "zoe:x:20003:100::/home/zoe:/bin/sh" >>/etc/passwd
run as carla postigo request carla@elsewhere.example
if [ "$status" -eq 0 ]; then
	like 'A46: her request is marked' "$(postigo-admin pending --plain)" 'shares the user id'
	id=$(postigo-admin pending --plain | cut -f1)
	run postigo-admin approve "$id"
	isnt 'A46: and not approved' "$status" 0
	like 'A46: with the reason' "$stderr" 'shares the user id'
else
	pass 'A46: a request is refused at once'
fi
run postigo-admin check --json
is 'A46: check reports it' "$(field accounts.uid-shared severity)" warning
like 'A46: with both names' "$(field accounts.uid-shared what)" 'carla and zoe'
sed -i /^zoe:/d /etc/passwd
rm -f $state/queue/new/*
echo "zoe:x:20401:100::/home/zoe:/bin/sh" >>/etc/passwd
is_clean 'accounts that are no members may share a number'
sed -i /^zoe:/d /etc/passwd
printf '{"members": {"allow_shared_uid": true}}\n' >/etc/postigo/conf.d/10-shared.json
echo "zoe:x:20001:100::/home/zoe:/bin/sh" >>/etc/passwd
is_clean 'and members where that is allowed'
sed -i /^zoe:/d /etc/passwd
rm /etc/postigo/conf.d/10-shared.json

# Accounts that changed
cp /etc/passwd "$scratch/passwd"
cp /etc/group "$scratch/group"
restore() {
	cp "$scratch/passwd" /etc/passwd
	cp "$scratch/group" /etc/group
	alias_of "$1"
	is_clean "$1 is a member with an alias again"
}
cured accounts.orphan warning 'sed -i /^beto:/d /etc/passwd'
restore beto
cured accounts.orphan warning "sed -i 's/^beto:/bento:/' /etc/passwd"
restore beto
cured accounts.uid-changed error "sed -i 's/^beto:x:20002:/beto:x:20999:/' /etc/passwd"
restore beto
cured accounts.not-a-member warning 'gpasswd --delete beto members >/dev/null'
restore beto

# Names
advise_names() {
	run postigo-admin check --json
	is "$1: told" "$(field accounts.names severity)" info
	like "$1: by name" "$(field accounts.names evidence)" "$2"
	like "$1: with advice" "$(field accounts.names advice)" 'another account name'
}
sed -i 's/^members:.*/&,Bob,webmaster/' /etc/group
printf '%s:x:%s:100::/nonexistent:/bin/sh\n' Bob 20501 webmaster 20502 >>/etc/passwd
advise_names 'names that cannot be an alias' 'Bob, webmaster'
cp "$scratch/passwd" /etc/passwd
cp "$scratch/group" /etc/group

# An account database that does not answer is not an account that is gone
cp /etc/nsswitch.conf "$scratch/nsswitch.conf"
mv /etc/passwd "$scratch/passwd.away"
run postigo-admin check --json --section accounts
is 'no list of accounts' "$(field accounts.orphan severity)" ''
like 'is told as such' "$(ids)" 'accounts\.database'
mv "$scratch/passwd.away" /etc/passwd
is_clean 'all is well again'
done_testing
