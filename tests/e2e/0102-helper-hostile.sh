#!/bin/bash
# 0102: what a member, or somebody who has gained the queue's group, can do to the queue and to the
# helper: nothing to others. Cases A17 to A20, A23 (member's side), A27, A31, A32, A33, A34.
# shellcheck disable=SC2154,SC2317 # stdout and stderr are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

helper=/usr/local/libexec/postigo/postigo-drop
[ -x $helper ] || skip_all 'postigo-drop is not built'
install_helper_by_hand
new=/var/lib/postigo/queue/new
staging=/var/lib/postigo/queue/tmp
slot=$new/20001.alias.json
printf 'op set\nuser ana\nto ana@elsewhere.example\n' >"$scratch/ana"
chmod 0644 "$scratch/ana"
input=$scratch/ana ok 'ana has a request' as ana $helper submit alias
filed=$(stat -c '%i %Z' $slot)

# ---- A17 to A19: beto with the queue's group, as after a hole in the helper
hostile() {
	setpriv --reuid beto --regid postigo-drop --clear-groups env -i PATH=/usr/bin:/bin "$@"
}
ok 'beto has the group' hostile sh -c "cd $new"
refused() {
	not_ok "$1" hostile "${@:3}"
	like 'by permission' "$stderr" "$2"
}
refused 'he cannot list the queue' 'Permission denied' ls $new
refused 'nor read a request' 'Permission denied' cat $slot
refused 'nor write it' 'Permission denied' dd if=/dev/null of=$slot
refused 'nor unlink it' 'Operation not permitted' unlink $slot
refused 'nor rename it away' 'Operation not permitted' mv -T $slot $new/20002.alias.json
hostile sh -c "echo forged >$new/20002.alias.json"
refused 'nor rename over it' 'Operation not permitted' mv -fT $new/20002.alias.json $slot
refused 'nor give it away' 'Operation not permitted' chown beto $slot
refused 'nor make it readable' 'Operation not permitted' chmod 0644 $slot
refused 'nor link it elsewhere' 'Operation not permitted' ln $slot $staging/mine
refused 'nor change the directory' 'Operation not permitted' chmod 0777 $new
refused 'nor forge its owner' 'Operation not permitted' chown ana $new/20002.alias.json
is 'it is untouched' "$(stat -c '%i %Z' $slot)" "$filed"
rm $new/20002.alias.json

# ---- A20: ana without the helper
reach() {
	not_ok "$1" as ana "${@:2}"
	like 'by permission' "$stderr" 'Permission denied'
}
reach 'ana cannot read her own file directly' cat $slot
reach 'nor remove it' unlink $slot
reach 'nor look into the queue' ls /var/lib/postigo/queue
reach 'nor the directory of requests' ls $new

# ---- what is planted in a member's slot hurts at most that member
plant() {
	hostile "$@"
	expect_exit 6 "$planted: show refuses it" timeout 5 setpriv --reuid carla --regid users \
		--clear-groups $helper show alias
	is 'and prints nothing of it' "$stdout" ''
	expect_exit 2 "$planted: submit leaves it" timeout 5 setpriv --reuid carla --regid users \
		--clear-groups $helper submit alias
	rm -rf $new/20003.alias.json
}
printf 'op set\nuser carla\nto carla@elsewhere.example\n' >"$scratch/carla"
input=$scratch/carla
planted='a file' plant sh -c "echo secret >$new/20003.alias.json; chmod 0644 $new/20003.alias.json"
planted='a link' plant ln -s /etc/passwd $new/20003.alias.json
planted='a FIFO' plant mkfifo -m 0666 $new/20003.alias.json
planted='a directory' plant mkdir $new/20003.alias.json
unset input

# ---- A31: the environment
traps=(LD_PRELOAD=/tmp/trap.so LD_AUDIT=/tmp/trap.so LD_LIBRARY_PATH=/tmp/trap GCONV_PATH=/tmp/trap
	LOCPATH=/tmp/trap NLSPATH=/tmp/trap/%N TZ=:/tmp/trap MALLOC_TRACE=/tmp/trap
	GLIBC_TUNABLES=glibc.malloc.check=3 RES_OPTIONS=debug HOSTALIASES=/tmp/trap TMPDIR=/tmp/trap
	POSTIGO_STATE_DIRECTORY=/tmp/trap POSTIGO_TEST=1 IFS=x ENV=/tmp/trap LC_ALL=xx_XX)
for ((number = 1; number <= 5000; number++)); do
	many+=("V$number=$number")
done
mkdir -m 0777 /tmp/trap
environment=("${traps[@]}" "${many[@]}")
expect_exit 0 'a hostile environment: show' as ana $helper show alias
is 'prints the same' "$stdout" "$(cat $slot)"
expect_exit 0 'withdraw' as ana $helper withdraw alias
input=$scratch/ana expect_exit 0 'submit' as ana $helper submit alias
is 'makes the same file' "$(stat -c '%a %U:%G' $slot)" '600 ana:postigo-drop'
environment=()
is 'and nothing elsewhere' "$(ls /tmp/trap)" ''
if command -v strace >/dev/null; then
	run strace -o "$scratch/trace" setpriv --reuid ana --regid users --clear-groups \
		env -i "${traps[@]}" $helper show alias
	is 'traced: it works' "$status" 0
	sed -i '0,/execve(".*postigo-drop"/d' "$scratch/trace"
	is 'it opens nothing but libc and the queue' "$(grep -oE '^(open|openat|openat2)\([^"]*"[^"]*"' \
		"$scratch/trace" | grep -vE '"(/etc/ld.so.cache|/lib/.*/libc.so.6|/|var|lib|postigo|queue|new|20001.alias.json)"')" ''
	is 'and runs nothing' "$(grep -cE '^(execve|fork|vfork|clone)' "$scratch/trace")" 0
	is 'the group is gone before it prints' "$(grep -nE '^(setresgid\(100, 100, 100\)|write\(1)' "$scratch/trace" |
		sed 's/.*\(setresgid\|write\).*/\1/' | tr '\n' ' ')" 'setresgid write '
else
	skip 'what it opens' 'no strace'
fi

# ---- A32: argv
cat >"$scratch/empty-argv" <<'EOF'
import ctypes
ctypes.CDLL(None).execve(b"/usr/local/libexec/postigo/postigo-drop", (ctypes.c_char_p * 1)(), (ctypes.c_char_p * 1)())
EOF
chmod 0755 "$scratch"
expect_exit 64 'an empty argument vector' as ana python3 "$scratch/empty-argv"
like 'is a usage error' "$stderr" '^postigo-drop: usage: '
for zero in '' -sh $'\033[2J' "$(head -c 100000 /dev/zero | tr '\0' x)"; do
	expect_exit 64 'argument 0 does not matter' as ana bash -c 'exec -a "$1" "$2" nonsense' bash "$zero" $helper
	is 'and is not repeated' "${stderr%%: usage*}" postigo-drop
done

# ---- A33: nothing of the process is open to its caller
mkfifo -m 0666 "$scratch/fifo"
sleep 30 >"$scratch/fifo" &
holder=$!
input=$scratch/fifo as ana $helper submit alias 2>/dev/null &
wait_until 5 pgrep -u ana -f "^$helper"
process=$(pgrep -u ana -f "^$helper")
for what in mem environ fd/0 exe; do
	not_ok "the caller cannot read /proc/PID/$what" as ana head -c 1 "/proc/$process/$what"
done
like 'its effective group is the caller'\''s meanwhile' "$(grep '^Gid:' "/proc/$process/status")" \
	"^Gid:.100.100.$(getent group postigo-drop | cut -d: -f3).100$"
not_ok 'nor trace it' as ana strace -p "$process" -o /dev/null
as ana kill -QUIT "$process"
kill $holder
wait
is 'killed, it leaves no core' "$(find /home/ana /tmp/trap "$scratch" -name "*core*")" ''
is 'and the queue as it was' "$(ls $new)" 20001.alias.json

# ---- A34: where the kernel withholds the group
expect_exit 77 'under no_new_privs it explains' as ana setpriv --no-new-privs $helper show alias
like 'in words' "$stderr" 'no_new_privs'
cat >"$scratch/nosuid" <<EOF
mount --bind /usr/local /usr/local && mount -o remount,bind,nosuid /usr/local || exit 99
exec setpriv --reuid ana --regid users --clear-groups $helper show alias
EOF
expect_exit 77 'on a nosuid file system it explains' unshare -m sh "$scratch/nosuid"
like 'in words' "$stderr" 'nosuid'
run as ana unshare -U true
if [ "$status" -eq 0 ]; then
	expect_exit 77 'in a user namespace it explains' as ana unshare -U $helper show alias
else
	skip 'in a user namespace' 'none for ana here'
fi
if command -v strace >/dev/null; then
	run as ana strace -o /dev/null true
	if [ "$status" -eq 0 ]; then
		expect_exit 77 'under the member'\''s own tracer it explains' as ana strace -o /dev/null $helper show alias
		like 'in words' "$stderr" 'tracer'
	fi
fi

# ---- A27: limits of the caller: a code of the list, or death at exec; never half a file
as ana $helper withdraw alias
bad=
for limit in '-f 0' '-n 0' '-n 1' '-n 2' '-n 3' '-n 4' '-n 5' '-n 6' '-n 7' '-n 8' '-t 0' '-s 8' '-s 64' '-c unlimited' \
	'-v 1000' '-v 2000' '-v 3000' '-v 4000' '-v 6000' '-v 9000' '-u 0' '-u 1' '-i 0' '-l 0'; do
	input=$scratch/ana run as ana bash -c "ulimit $limit && exec $helper submit alias"
	case $status in
	0 | 4 | 6 | 71 | 75 | 77 | 126 | 127 | 13[0-9] | 15[0-9]) ;;
	*) bad="$bad [$limit: $status]" ;;
	esac
	if [ "$status" -eq 0 ]; then
		json .tool $slot >/dev/null || bad="$bad [$limit: half a file]"
		as ana $helper withdraw alias
	fi
	[ -z "$(find $new $staging -name "*.json")" ] || bad="$bad [$limit: a file left]"
done
is 'limits end in a known code or in nothing' "$bad" ''
input=$scratch/ana expect_exit 6 'a file size limit of 0 is told' as ana sh -c "ulimit -f 0; exec $helper submit alias"

done_testing
