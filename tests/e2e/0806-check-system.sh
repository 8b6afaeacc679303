#!/bin/bash
# 0806: what postigo-admin check finds of the machine. No command makes room, joins file systems or knows the
# time, so every row compares the advice and repairs by hand.
# shellcheck disable=SC2317,SC2086 # functions that rows name run by eval; the paths have no blanks
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

install_clean
is_clean 'a clean installation'

# State, or the map's directory, on a small file system
small() {
	cp -a "$1" "$scratch/small"
	mount -t tmpfs -o "mode=$(stat -c %a "$1"),$2" tmpfs "$1"
	cp -a "$scratch/small/." "$1"
	rm -rf "$scratch/small"
}
for directory in $state /etc/postfix; do
	advised system.disk-space error 'remove files' "small $directory size=8m" "umount $directory"
	advised system.disk-space warning 'remove files' "small $directory size=40m" "umount $directory"
	advised system.inodes error 'more inodes' "small $directory size=200m,nr_inodes=900" "umount $directory"
	advised system.inodes warning 'more inodes' "small $directory size=200m,nr_inodes=3000" "umount $directory"
	like "the figures of $directory are told" "$(small $directory size=8m
		postigo-admin check --json >"$scratch/report"
		field system.disk-space evidence "$scratch/report")" '[0-9]+ KiB of 8192 KiB are free'
	umount $directory
done

# A part on another file system
for directory in queue/new work store status; do
	advised system.file-systems error 'in one piece' "small $state/$directory size=200m" "umount $state/$directory"
done

# The clock: the journal's last line is of tomorrow
cp -a $state "$scratch/state"
/usr/bin/python3 -I - $state/store <<-'PYTHON'
	import datetime, hashlib, json, re, sys
	journal, head = sys.argv[1] + "/journal.jsonl", sys.argv[1] + "/journal.head"
	lines = open(journal, "rb").read().split(b"\n")[:-1]
	later = (datetime.datetime.utcnow() + datetime.timedelta(days=1)).strftime('"at":"%Y-%m-%dT%H:%M:%SZ"')
	lines[-1] = re.sub(rb'"at":"[^"]*"', later.encode(), lines[-1], count=1)
	open(journal, "r+b").write(b"\n".join(lines) + b"\n")
	value = json.load(open(head))
	value["hash"] = hashlib.sha256(lines[-1]).hexdigest()
	open(head, "r+").write(json.dumps(value, separators=(",", ":")) + "\n")
PYTHON
advised system.clock error 'set the clock' : "rm -rf $state; cp -a $scratch/state $state"
is_clean 'all is well again'
done_testing
