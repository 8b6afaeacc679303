#!/bin/bash
# 0105: what a member can arrange around postigo-drop before it runs: a shared file system context, no_new_privs, namespaces, tracers, closed descriptors, a huge
# environment, limits, signals. It files a whole request or explains why not, and nothing stays behind. Cases A30 to A34.
# shellcheck disable=SC2016,SC2154 # words for another shell; stdout and stderr are set by run
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

helper=/usr/local/libexec/postigo/postigo-drop
[ -x $helper ] || skip_all 'postigo-drop is not built'
install_helper_by_hand
new=/var/lib/postigo/queue/new
staging=/var/lib/postigo/queue/tmp
slot=$new/20001.alias.json
printf 'op set\nuser ana\nto ana@elsewhere.example\nnote why\n' >"$scratch/wire"
chmod 0644 "$scratch/wire"
install -m 0755 "$BUILD/tests/support/share_fs" /usr/local/bin/share_fs

nothing_is_left() {
	is "$1" "$(find $new $staging -mindepth 1)" ''
}

# all but nonce and time
content() {
	sed 's/"nonce":"[0-9a-f]*"/"nonce":""/; s/"created_at":"[^"]*"/"created_at":""/' $slot
}

input=$scratch/wire
expect_exit 0 'a normal run' as ana $helper submit alias
normal=$(content)
as ana $helper withdraw alias

# ---------------------------------------------------------------- where the kernel withholds the group
withheld() {
	local code
	for verb in submit replace withdraw show; do
		run "${@:2}" $helper $verb alias
		code+=" $status"
	done
	is "$1: each verb explains itself" "$code" ' 77 77 77 77'
	like "$1: in words" "$stderr" '^postigo-drop: [a-z].*'
	nothing_is_left "$1: and files nothing"
}
withheld 'no_new_privs' as ana setpriv --no-new-privs
withheld 'a shared file system context' as ana /usr/local/bin/share_fs
withheld 'a tracer of the member' as ana strace -f -o /dev/null
run as ana unshare -U true
if [ "$status" -eq 0 ]; then
	withheld 'a user namespace' as ana unshare -U
	withheld 'a user namespace with a map' as ana unshare -Ur setpriv --reuid 0
else
	skip 'user namespaces' 'ana can make none here'
fi
cat >"$scratch/nosuid" <<'SCRIPT'
mount --bind /usr/local /usr/local && mount -o remount,bind,nosuid /usr/local || exit 99
exec setpriv --reuid ana --regid users --clear-groups "$@"
SCRIPT
withheld 'a nosuid file system' unshare -m sh "$scratch/nosuid"
cp -p $helper "$scratch/copy"
chgrp users "$scratch/copy" && chmod 2755 "$scratch/copy"
expect_exit 4 'a copy that is setgid to a group of the member gets nowhere' as ana "$scratch/copy" submit alias
nothing_is_left 'and files nothing'

# ---------------------------------------------------------------- descriptors
for closing in '>&-' '2>&-' '>&- 2>&-' '3>&- 4>&-'; do
	ok "closed: $closing" as ana sh -c "exec $helper submit alias $closing"
	is "closed: $closing: the file is that of a normal run" "$(content)" "$normal"
	as ana $helper withdraw alias
done
expect_exit 10 'closed: standard input' as ana sh -c "exec $helper submit alias <&-"
expect_exit 10 'closed: all' as ana sh -c "exec $helper submit alias <&- >&- 2>&-"
nothing_is_left 'which files nothing'
expect_exit 0 'an open directory, sockets and pipes do not matter' as ana bash -c \
	'exec 7</ 8<>/dev/null 9> >(cat); exec "$0" submit alias' $helper
is 'the file is that of a normal run' "$(content)" "$normal"
as ana $helper withdraw alias

# ---------------------------------------------------------------- environment
long=$(head -c 120000 /dev/zero | tr '\0' x)
environment=("TZ=$long" "LANG=$long" "LC_ALL=$long" "LANGUAGE=$long" "PATH=$long" "HOME=$long" RUNV_EMAIL_ALIAS_QUEUE_DIR=/tmp
	POSTIGO_STATE_DIRECTORY=/tmp POSTIGO_CONFIG_DIRECTORY=/tmp TZ=:/etc/shadow $'A\nB=c' MALLOC_PERTURB_=255 MALLOC_CHECK_=3)
expect_exit 0 'an environment of hundreds of kilobytes' as ana $helper submit alias
environment=()
is 'makes no difference' "$(content)" "$normal"
as ana $helper withdraw alias

# ---------------------------------------------------------------- signals, timers, limits
expect_exit 0 'signals that are blocked or ignored and a timer that runs' as ana /usr/bin/python3 -I -c '
import os, signal, sys
for number in (signal.SIGXFSZ, signal.SIGPIPE, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGSYS):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
signal.setitimer(signal.ITIMER_REAL, 5)
os.execv(sys.argv[1], [sys.argv[1], "submit", "alias"])' $helper
is 'make no difference' "$(content)" "$normal"
as ana $helper withdraw alias

mkfifo -m 0666 "$scratch/fifo"
sleep 30 >"$scratch/fifo" &
writer=$!
input=$scratch/fifo as ana bash -c 'ulimit -c unlimited; exec "$0" submit alias' $helper 2>/dev/null &
wait_until 5 pgrep -u ana -f "^$helper"
process=$(pgrep -u ana -f "^$helper")
is 'it can leave no core, whatever the caller allowed' "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$process/limits")" '0 0'
for what in mem environ maps auxv syscall stack; do
	not_ok "its caller cannot read /proc/PID/$what" as ana head -c 1 "/proc/$process/$what"
done
for what in exe cwd root fd/0; do
	not_ok "nor follow /proc/PID/$what" as ana readlink "/proc/$process/$what"
done
not_ok 'nor attach to it' as ana strace -p "$process" -o /dev/null
is 'its umask is its own' "$(awk '/^Umask/ { print $2 }' "/proc/$process/status")" 0077
as ana kill -SEGV "$process"
kill $writer
wait
nothing_is_left 'killed by a signal of its caller it leaves nothing'
is 'and no core' "$(find /home/ana "$scratch" / -maxdepth 1 -name 'core*')" ''
done_testing
