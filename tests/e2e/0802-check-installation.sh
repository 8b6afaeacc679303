#!/bin/bash
# 0802: what postigo-admin check finds of helper, directories and configuration, and that its cures cure.
# Rows with "advised" are those where no command helps: the program has to be installed again, a setting or
# the file system is to be chosen by a human.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

install_clean
is_clean 'a clean installation'
cp -a $helper "$scratch/helper"
put_back="rm -rf $helper; cp -a $scratch/helper $helper"
again='install postigo again'

# The helper
cured installation.helper-mode error "chmod 0755 $helper"
cured installation.helper-mode error "chmod 4755 $helper"
cured installation.helper-mode error "chgrp mail $helper"
advised installation.helper-missing error "$again" "rm $helper" "$put_back"
advised installation.helper-untrusted error "$again" "chown ana $helper" "$put_back"
advised installation.helper-untrusted error "$again" "chmod 2775 $helper" "$put_back"
advised installation.helper-untrusted error "$again" "mv $helper $helper.real; ln -s /bin/true $helper" "$put_back; rm $helper.real"
advised installation.helper-libraries error "$again" \
	"cp /bin/ls $helper; chgrp postigo-drop $helper; chmod 2755 $helper" "$put_back"
like 'the libraries of ls are named' "$(cp /bin/ls $helper; chgrp postigo-drop $helper; chmod 2755 $helper
	postigo-admin check --json >"$scratch/report"
	field installation.helper-libraries evidence "$scratch/report")" 'libselinux'
eval "$put_back"
advised installation.helper-libraries error "$again" \
	"printf '#!/bin/sh\n' >$helper; chgrp postigo-drop $helper; chmod 2755 $helper" "$put_back"
cured installation.helper-nosuid error \
	'mount --bind /usr/local/libexec /usr/local/libexec; mount -o remount,bind,nosuid,noatime /usr/local/libexec'
like 'the mount keeps its other options' "$(grep ' /usr/local/libexec ' /proc/self/mountinfo)" noatime
umount /usr/local/libexec

# A34: that mount takes the members' requests away, and they are told
mount --bind /usr/local/libexec /usr/local/libexec
mount -o remount,bind,nosuid /usr/local/libexec
run as carla postigo request carla@elsewhere.example
is 'A34: a member on a nosuid mount is told' "$status" 77
like 'A34: in words' "$stderr" nosuid
is 'A34: and no file is made' "$(ls $state/queue/new)" ''
umount /usr/local/libexec

# Directories: each of setup's
for directory in . queue queue/new queue/tmp work work/claimed work/quarantine work/confirm work/archive store store/backup lock \
	status sync; do
	cured installation.directory-mode error "chmod 2757 $state/$directory"
	cured installation.directory-mode error "chown ana $state/$directory"
	cured installation.directory-mode error "chgrp mail $state/$directory"
done
for directory in queue/tmp work/claimed lock; do
	cured installation.directory-missing error "rm -rf ${state:?}/$directory"
	cured installation.directory-strange error "mv $state/$directory $scratch/moved; ln -s /etc $state/$directory"
	rm -rf "$state/$directory.aside" "$scratch/moved"
done
cured installation.store-access warning "setfacl -k $state/store"

# Configuration
configuration=/etc/postigo/postigo.json
cp -a $configuration "$scratch/configuration"
put_back="cp -a $scratch/configuration $configuration"
for path in /etc/postigo $configuration /etc/postigo/conf.d; do
	cured installation.configuration-owner error "chmod g+w $path"
	cured installation.configuration-owner error "chown ana $path"
done
printf '{}\n' >/etc/postigo/conf.d/10-more.json
cured installation.configuration-owner error 'chmod 0666 /etc/postigo/conf.d/10-more.json'
rm /etc/postigo/conf.d/10-more.json
cured installation.configuration-link error "mv $configuration $scratch/elsewhere.json; ln -s $scratch/elsewhere.json $configuration"
cured installation.configuration-link error "ln $configuration /etc/postigo/second.json"
rm /etc/postigo/second.json
cured installation.configuration-missing error "rm $configuration"
like 'with the domain of the store' "$(cat $configuration)" '"domain": "club.example"'
advised installation.configuration error '.' "printf '{\"domain\": }' >$configuration" "$put_back"
advised installation.configuration error '.' "printf '{\"domain\": \"club.example\", \"sinc\": {}}' >$configuration" "$put_back"
expect_exit 0 'with a configuration that is good' postigo-admin check --section postfix
printf '{' >$configuration
expect_exit 4 'a bad one is told whatever is asked for' postigo-admin check --section postfix
eval "$put_back"

# The file system
mv $state "$scratch/state"
mkdir $state
mount -t ramfs -o mode=0711 ramfs $state
cp -a "$scratch/state/." $state
chmod 0711 $state
run postigo-admin check --json --section installation
is 'a file system without access lists' "$(field installation.no-access-lists severity)" info
like 'is told, with advice' "$(field installation.no-access-lists advice)" 'ACLs'
is 'one whose unnamed files are not known' "$(field installation.no-unnamed-files severity)" info
like 'is told, with advice' "$(field installation.no-unnamed-files advice)" ext4
umount $state

# FUSE: the real thing, over the true state
fuse='FUSE, NFS and the like'
if ! command -v bindfs >/dev/null; then
	skip "$fuse" 'no bindfs'
elif [ ! -c /dev/fuse ]; then
	skip "$fuse" 'no /dev/fuse'
else
	advised installation.file-system error 'mount a local file system' "bindfs $scratch/state $state" \
		"umount $state; mount --bind $scratch/state $state"
	umount $state
	bindfs "$scratch/state" $state
	run postigo-admin check --json --section installation
	is 'it is told which' "$(field installation.file-system evidence)" FUSE
	expect_exit 4 'setup refuses it as well' postigo-admin setup
	like 'in the same words' "$stderr" 'mount a local file system'
	umount $state
fi
rmdir $state
mv "$scratch/state" $state
is_clean 'all is well again'
done_testing
