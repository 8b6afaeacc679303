# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of tap.sh and postfix.sh, and for those who source this
# power.sh: the queue, the store and Postfix's directory on a disk with a volatile cache, and what is left of them after a power failure;
# sourced after tap.sh and postfix.sh and inside the namespaces only.
#
# power_prepare TYPE makes the disk with a clean installation, power_on begins the recording, power_mark WORD sets a mark, power_off ends it. Then
# power_points COUNT SEED lists points of failure, and power_return POINT LOSS SEED mounts what the disk held: power_leave lets go of it.

power_root=/var/lib/disk
state=/var/lib/postigo

# power_mount IMAGE OPTIONS: its two directories where the programs look for them.
power_mount() {
	mount -o "loop$2" "$1" $power_root || return 1
	mkdir -p $power_root/state
	[ -d $power_root/postfix ] || cp -a /etc/postfix $power_root/postfix
	mount --bind $power_root/state $state && mount --bind $power_root/postfix /etc/postfix
}

power_unmount() {
	umount /etc/postfix && umount $state && umount $power_root
}

# XFS takes no file system below 300 MB. The journals of both are as they come.
power_format() {
	rm -f "$power_file"
	truncate -s 320M "$power_file"
	case $1 in
	ext4) mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 "$power_file" ;;
	xfs) mkfs.xfs -q "$power_file" ;;
	esac
}

# Nothing but what the programs ask for shall make anything durable: ext4's own timer is put off.
power_options() {
	case $power_type in
	ext4) echo ,commit=600 ;;
	esac
}

# power_prepare TYPE COMMAND...: COMMAND fills the new file system.
power_prepare() {
	power_type=$1
	power_file=$scratch/disk      # the disk under the loop device
	power_base=$scratch/disk.base # as it was when the recording began
	power_log=$scratch/disk.log
	power_served=$scratch/served
	shift
	mkdir -p $power_root $state /etc/postfix "$power_served"
	power_format "$power_type" && power_mount "$power_file" '' && "$@" && power_unmount &&
		cp --sparse=always "$power_file" "$power_base"
}

power_on() {
	rm -f "$power_log"
	"$BUILD/tests/support/volatile_disk" "$power_served" "$power_file" "$power_log" &
	power_server=$!
	wait_until 5 test -e "$power_served/disk" && power_mount "$power_served/disk" "$(power_options)" && power_mark begin
}

power_mark() {
	echo "$1" >"$power_served/mark"
}

power_off() {
	power_unmount && umount "$power_served" && wait "$power_server"
}

power_points() {
	/usr/bin/python3 -I "$support/power" points "$power_log" "$@"
}

power_return() {
	/usr/bin/python3 -I "$support/power" image "$power_base" "$power_log" "$@" "$scratch/disk.after" &&
		power_mount "$scratch/disk.after" ''
}

power_leave() {
	power_unmount
	rm -f "$scratch/disk.after"
}
