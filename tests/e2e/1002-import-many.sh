#!/bin/bash
# 1002: ten thousand rows in bounded time and memory; half of the members are listed in the group, half have it as their own.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

count=10000
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
awk -v count=$count 'BEGIN {
	for (i = 0; i < count; i++)
		printf "x%d:x:%d:%d::/nonexistent:/bin/false\n", i, 30000 + i, i % 2 ? 20000 : 100
}' >>/etc/passwd
sed -i "s/^members:.*/&$(awk -v count=$count 'BEGIN { for (i = 0; i < count; i += 2) printf ",x%d", i }')/" /etc/group
awk -v count=$count 'BEGIN {
	print "user,destinations,expires,note,keep_copy"
	for (i = 0; i < count; i++)
		printf "x%d,x%d@elsewhere.example,,number %d,\n", i, i, i
}' >"$scratch/many.csv"

measure() {
	/usr/bin/python3 -I - "$@" <<'PYTHON'
import resource, subprocess, sys, time
begun = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(code, int(time.monotonic() - begun), peak // 1024)
PYTHON
}

read -r code seconds mebibytes <<<"$(measure /usr/local/sbin/postigo-admin member import "$scratch/many.csv" --json)"
diag "import: $seconds s, $mebibytes MiB"
is 'all are imported' "$code" 0
ok 'in seconds, though the list of accounts and the group are as long' test "$seconds" -lt 15
ok 'and 128 MiB' test "$mebibytes" -lt 128
expect_exit 0 'the last of them' postigo-admin member show x9999 --plain
is 'the map has them all' "$(postmap -s "lmdb:$postfix_map" | wc -l)" $count
read -r code seconds mebibytes <<<"$(measure /usr/local/sbin/postigo-admin member import "$scratch/many.csv" --json)"
diag "second import: $seconds s, $mebibytes MiB"
is 'a second run changes nothing' "$code" 0
ok 'and is quick' test "$seconds" -lt 5
read -r code seconds mebibytes <<<"$(measure /usr/local/sbin/postigo-admin gc)"
diag "gc: $seconds s, $mebibytes MiB"
is 'housekeeping has nothing to do' "$code" 0
ok 'and is quick' test "$seconds" -lt 5
find /var/lib/postigo/status -name '31*.json' -delete
"$BUILD/tests/support/fault" EIO@fsync,fdatasync,syncfs 0 /usr/local/sbin/postigo-admin gc 3>"$scratch/syncs" >/dev/null
read -r _ code syncs _ <"$scratch/syncs"
is 'housekeeping puts a thousand statuses back' "$code $(find /var/lib/postigo/status -name '31*.json' | wc -l)" '0 1000'
diag "gc of 1000 statuses: $syncs syncs"
ok 'and waits for the disk a few times, not for each' test "$syncs" -gt 1 -a "$syncs" -lt 20
read -r code seconds mebibytes <<<"$(measure /usr/local/sbin/postigo-admin check)"
diag "check: $seconds s, $mebibytes MiB"
is 'the check is content' "$code" 0
ok 'and is quick' test "$seconds" -lt 10
read -r code seconds mebibytes <<<"$(measure /usr/local/sbin/postigo-admin member export --format json)"
diag "export: $seconds s, $mebibytes MiB"
ok 'an export is quick' test "$seconds" -lt 5
ok 'and flat' test "$mebibytes" -lt 64
done_testing
