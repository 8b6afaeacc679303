#!/bin/bash
# 1002: ten thousand rows in bounded time and memory.
# timeout: 600
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

count=10000
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
awk -v count=$count 'BEGIN {
	for (i = 0; i < count; i++)
		printf "x%d:x:%d:20000::/nonexistent:/bin/false\n", i, 30000 + i
}' >>/etc/passwd
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
ok 'within four minutes, though each name is looked up in a list as long' test "$seconds" -lt 240
ok 'and 128 MiB' test "$mebibytes" -lt 128
expect_exit 0 'the last of them' postigo-admin member show x9999 --plain
is 'the map has them all' "$(postmap -s "lmdb:$postfix_map" | wc -l)" $count
read -r code seconds mebibytes <<<"$(measure /usr/local/sbin/postigo-admin member import "$scratch/many.csv" --json)"
diag "second import: $seconds s, $mebibytes MiB"
is 'a second run changes nothing' "$code" 0
ok 'and is quick' test "$seconds" -lt 30
read -r code seconds mebibytes <<<"$(measure /usr/local/sbin/postigo-admin member export --format json)"
diag "export: $seconds s, $mebibytes MiB"
ok 'an export is quick' test "$seconds" -lt 5
ok 'and flat' test "$mebibytes" -lt 64
done_testing
