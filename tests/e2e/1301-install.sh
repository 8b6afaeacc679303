#!/bin/bash
# 1301: make install needs no root and leaves the modes of the list; setup makes the rest, once. Case A108.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

tree=$PWD
package=/home/ana/package

manifest() {
	(cd "$1" && find . -type f -printf '%m %P\n' | sort -k2)
}

# "all" is built: what is left to be done is copying.
expect_exit 0 'a member installs into a directory' as ana make -C "$tree" BUILD="$BUILD" -o all install-units DESTDIR=$package
is 'all of it is the member'"'"'s' "$(find $package ! -user ana | head -n 3)" ''
is 'nothing has a special bit' "$(find $package -perm /7000 -o -type l | head -n 3)" ''
is 'files and modes are those of the list' "$(manifest $package)" "$(cat tests/reference/install.manifest)"
expect_exit 0 'for another place' as ana make -C "$tree" BUILD="$BUILD" -o all install-units DESTDIR=/home/ana/debian PREFIX=/usr
is 'it is the same elsewhere' "$(manifest /home/ana/debian | sed 's|usr/|usr/local/|')" "$(cat tests/reference/install.manifest)"
like 'the examples name that place' "$(cat /home/ana/debian/usr/share/doc/postigo/examples/sudoers)" '= /usr/sbin/postigo-admin'
unlike 'and no other' "$(cat /home/ana/debian/usr/lib/systemd/system/*.service)" '/usr/local'

# As root, over what the harness put there
find /usr/local -mindepth 1 -delete && cp -r $package/. / && chown -R root:root /usr/local
expect_exit 0 'a dry run of setup' postigo-admin setup --domain club.example --dry-run
planned=$(grep -v 'Nothing was done' <<<"$stdout")
isnt 'prints acts' "$planned" ''
is 'and only prints' "$(ls -A /var/lib/postigo /etc/postigo 2>/dev/null)$(stat -c %a /usr/local/libexec/postigo/postigo-drop)" 755
expect_exit 0 'setup' postigo-admin setup --domain club.example
is 'does what was printed' "$stdout" "$planned"
before=$(find /var/lib/postigo /etc/postigo /usr/local -printf '%p %m %u:%g %i %T@ %C@\n' | sort)
expect_exit 0 'setup again' postigo-admin setup
is 'changes nothing, not even a time' "$(find /var/lib/postigo /etc/postigo /usr/local -printf '%p %m %u:%g %i %T@ %C@\n' | sort)" "$before"
expect_exit 0 'a member can ask' as ana postigo request ana@elsewhere.example
done_testing
