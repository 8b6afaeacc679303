#!/bin/bash
# 0801: postigo-admin check on a clean installation: shapes, sections, nothing written, nothing locked, without root.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

expect_exit 4 'before setup' postigo-admin check --json
is 'the configuration is missing' "$(field installation.configuration-missing severity)" error
like 'and the way out is told' "$(field installation.configuration-missing advice)" 'setup --domain'

install_clean
ok 'Postfix starts' postfix_start keep

# Shapes
expect_exit 0 'a clean installation' postigo-admin check --json
is 'raises nothing' "$(ids)" ''
is_json 'no errors' "$stdout_file" .errors 0
is_json 'no warnings' "$stdout_file" .warnings 0
is 'says what it found, once a section' "$(/usr/bin/python3 -I -c 'import json, sys
print(" ".join(f["section"] for f in json.load(open(sys.argv[1]))["findings"] if f["severity"] == "ok"))' "$stdout_file")" \
	'installation accounts store queue postfix system'
expect_exit 0 'plain' postigo-admin check --plain
like 'is fields' "$stdout" $'^ok\tinstallation.helper\t'
is 'six a line' "$(awk -F '\t' 'NF != 6' <<<"$stdout")" ''
script -qec 'postigo-admin check --no-color' "$scratch/typescript" >/dev/null
like 'for people' "$(cat "$scratch/typescript")" 'ok       store        /var/lib/postigo/store/aliases.json: 2 aliases, generation 2'
like 'with a sum' "$(cat "$scratch/typescript")" '0 errors, 0 warnings\.'

# Sections
expect_exit 0 'one section' postigo-admin check --json --section store
is_json 'has one line' "$stdout_file" '.findings#' 1
is_json 'of that section' "$stdout_file" '.findings[0].section' store
expect_exit 0 'two sections' postigo-admin check --json --section store,queue
is_json 'have two' "$stdout_file" '.findings#' 2
expect_exit 0 'given one by one' postigo-admin check --json --section store --section queue
is_json 'have two as well' "$stdout_file" '.findings#' 2
expect_exit 64 'an unknown section' postigo-admin check --section sture
like 'did you mean' "$stderr" '--section store'
mv $state/queue/tmp "$scratch/tmp"
expect_exit 0 'a section does not tell of the others' postigo-admin check --section postfix
expect_exit 4 'they do' postigo-admin check
mv "$scratch/tmp" $state/queue/tmp

# Nobody is kept waiting, nobody is waited for
exec 9<>$state/lock/store.lock 8<>$state/lock/sync-members.lock
flock 9
flock 8
started=$SECONDS
expect_exit 0 'with all locks held by another' postigo-admin check
ok 'it does not wait' [ $((SECONDS - started)) -lt 5 ]
exec 9<&- 8<&-

# Nothing is written, by whom ever it starts
if command -v strace >/dev/null; then
	for type in lmdb hash; do
		[ $type = lmdb ] || {
			postfix_stop
			rm -f $map $map.*
			sed -i "s/lmdb:/$type:/" /etc/postfix/main.cf
			postigo-admin sync >/dev/null
			postfix_start keep
		}
		before=$(find $state /etc -xdev -printf '%p %i %s %T@ %C@ %m %u:%g\n' | sort)
		calls=file,process,ftruncate,fchmod,fchown,fsetxattr,flock,fcntl
		expect_exit 0 "$type: under strace" strace -f -qq -s 300 -o "$scratch/trace" -e trace=$calls postigo-admin check --json
		is "$type: it found what it finds without" "$(ids)" ''
		like "$type: its children were seen" "$(grep execve "$scratch/trace")" 'postmap'
		is "$type: no file is opened for writing" \
			"$(grep -E '(open|openat|openat2|creat)\(.*O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)' "$scratch/trace" |
				grep -v -e '"/dev/null"' -e '"/dev/tty"' -e ENOENT)" ''
		is "$type: no name is changed" \
			"$(grep -E '^[0-9]+ +(unlink|rename|link|symlink|mkdir|rmdir|mknod)' "$scratch/trace" | grep -v readlink)" ''
		is "$type: no mode, owner, size or list is changed" \
			"$(grep -E '^[0-9]+ +(f?chmod|f?l?chown|f?truncate|f?l?setxattr|f?l?removexattr|utime)' "$scratch/trace")" ''
		is "$type: no lock keeps anybody out (postmap -q holds a shared one, as Postfix does)" \
			"$(grep -E 'LOCK_EX|F_SETLK.*F_WRLCK' "$scratch/trace" | grep -v F_UNLCK)" ''
		is "$type: nothing changed" \
			"$(find $state /etc -xdev -printf '%p %i %s %T@ %C@ %m %u:%g\n' | sort)" "$before"
	done
else
	skip 'nothing is written' 'no strace'
fi

# Without root
expect_exit 0 'a member may ask' as ana /usr/local/sbin/postigo-admin check --json
is 'and hears what was not looked at' "$(ids | tr ' ' '\n' | grep -v '\.denied$')" ''
cp "$stdout_file" "$scratch/denied"
for id in installation.denied accounts.denied store.denied queue.denied postfix.denied system.denied; do
	is "$id: a warning" "$(field $id severity "$scratch/denied" | sort -u)" warning
	cure=$(field $id cure "$scratch/denied" | sort -u)
	is "$id: with the way in" "$cure" "sudo postigo-admin check --section ${id%%.*}"
	run sh -c "${cure#sudo } --json"
	is "$id: which root has no need of" "$(field $id severity)" ''
done
chmod 0755 $helper
expect_exit 4 'what anybody may see is judged' as ana /usr/local/sbin/postigo-admin check --json
is 'as it is' "$(field installation.helper-mode severity)" error
chmod 2755 $helper
is_clean 'all is well again'
done_testing
