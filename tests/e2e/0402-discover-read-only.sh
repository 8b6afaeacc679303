#!/bin/bash
# 0402: discover writes nothing, changes nothing, runs only what is known to print, goes through no shell. Cases A96, A97.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
. "$(dirname "$0")/../support/discover.sh"
in_namespace "$@"
command -v strace >/dev/null || skip_all 'no strace'

install_clean hash
add_daemon_accounts
ok 'Postfix starts' postfix_start keep
metadata() {
	find /etc /var/lib /var/spool /home /root /usr/local -xdev -printf '%p %i %s %T@ %C@ %m %u:%g\n' | sort
}
# Postfix is still making its own sockets and pid files when its start command is back.
before=$(metadata)
for _ in {1..20}; do
	sleep 1
	last=$before
	before=$(metadata)
	[ "$before" != "$last" ] || break
done
for mode in '' --deep; do
	title=${mode:-plain}
	calls=file,process,desc,network,ftruncate,fchmod,fchown,fsetxattr,flock,fcntl
	# shellcheck disable=SC2086 # $mode is none or one word
	expect_exit 0 "$title: under strace" strace -f -qq -s 400 -o "$scratch/trace" -e trace=$calls postigo-admin discover --json $mode
	fits_schema "$title: the answer is as its schema says"
	is "$title: no file is opened for writing" \
		"$(grep -E '(open|openat|openat2|creat)\(.*O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)' "$scratch/trace" |
			grep -v -e '"/dev/null"' -e '"/dev/tty"' -e ENOENT)" ''
	is "$title: no name is changed" \
		"$(grep -E '^[0-9]+ +(unlink|rename|link|symlink|mkdir|rmdir|mknod)' "$scratch/trace" | grep -v readlink)" ''
	is "$title: no mode, owner, size or list is changed" \
		"$(grep -E '^[0-9]+ +(f?chmod|f?l?chown|f?truncate|f?l?setxattr|f?l?removexattr|utime)' "$scratch/trace")" ''
	is "$title: no lock keeps anybody out" "$(grep -E 'LOCK_EX|F_SETLK.*F_WRLCK' "$scratch/trace" | grep -v F_UNLCK)" ''
	is "$title: nothing is connected to but logs" "$(grep -E '^[0-9]+ +connect\(' "$scratch/trace" | grep -v -e nscd -e /dev/log -e public/postlog)" ''
	commands=$(sed -n 's/^[0-9]* *execve("\([^"]*\)", \[\(.*\)\], .*/\2/p' "$scratch/trace" | tr -d '",' | sort -u | grep -v '^postigo-admin')
	like "$title: commands were seen" "$commands" 'postconf -c'
	allowed='^/usr/sbin/postconf -c /etc/postfix (-xh|-nx|-m|-h) ?|^/usr/sbin/postconf -c /etc/postfix (-nx|-m)$|^/usr/bin/dpkg-query -W -f |^/usr/bin/doveconf -n$|^/usr/bin/systemctl show '
	[ -z "$mode" ] || allowed+='|^/usr/sbin/postmap -c /etc/postfix (-s|-q) '
	is "$title: only those that are known to print" "$(grep -Ev "$allowed" <<<"$commands")" ''
	is "$title: none of them is a shell" "$(grep -E '(^|/)(ba|da|)sh( |$)' <<<"$commands")" ''
	is "$title: nothing changed" "$(metadata)" "$before"
done

# A machine that cannot be written to
expect_exit 0 'on a system that is read-only' unshare -m sh -c '
	awk "{ print \$2 }" /proc/self/mounts | while read -r path; do mount -o remount,bind,ro "$path" 2>/dev/null || true; done
	! touch /etc/written /tmp/written /var/lib/written 2>/dev/null || exit 99
	exec postigo-admin discover --json'
fits_schema 'the answer is the same'
is_json 'with all of Postfix' "$stdout_file" '.sections.postfix[0].status' ok
postfix_stop
done_testing
