#!/bin/bash
# 0907: whose name may be an address: shared user ids, odd names, at both sides. Cases A46, A47.
# shellcheck disable=SC2154,SC2317,SC2001,SC2012 # stdout and status are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

queue=/var/lib/postigo/queue/new
helper=/usr/local/libexec/postigo/postigo-drop
expect_exit 0 'setup' postigo-admin setup --domain club.example
gid=$(getent group postigo-drop | cut -d: -f3)

# by UID COMMAND...: `as` finds users by name, which is what is odd here.
by() {
	local uid=$1
	shift
	setsid -w setpriv --reuid "$uid" --regid 20000 --clear-groups env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ \
		LANG=C.UTF-8 "$@" <"${input:-/dev/null}"
}

# lay UID USERNAME: the request that a broken helper would file.
lay() {
	local name
	name=$(sed 's/["\\]/\\&/g' <<<"$2")
	# shellcheck disable=SC2016
	setpriv --reuid "$1" --regid "$gid" --clear-groups sh -c 'umask 077; printf "%s\n" "$2" >"$1"' sh \
		"$queue/$1.alias.json" '{"format":1,"kind":"alias","op":"set","nonce":"00112233445566778899aabbccddeeff","uid":'"$1"',"username":"'"$name"'","destinations":["x@elsewhere.example"],"keep_copy":false,"note":"","lang":"en","created_at":"2026-05-19T23:55:18Z","tool":"postigo-drop/1.0.0"}'
}

codes() {
	postigo-admin pending --json >"$scratch/pending" && json '[0].checks[0].code' "$scratch/pending"
}

# ---- A47. uid, name, whether it may be an address
number=20600
while IFS= read -r name; do
	number=$((number + 1))
	echo "$name:x:$number:20000::/:/bin/sh" >>/etc/passwd
	expect_exit 77 "\"$name\" is in no address" by $number postigo request x@elsewhere.example
	like 'which is said' "$stderr" 'name that cannot be an alias|has no account'
	printf 'op set\nuser %s\nto x@elsewhere.example\n' "$name" >"$scratch/wire"
	chmod 0644 "$scratch/wire"
	input=$scratch/wire expect_exit 10 'the helper refuses it' by $number $helper submit alias
	like 'by its field' "$stderr" 'field user'
	is 'and files nothing' "$(ls $queue)" ''
	lay $number "$name"
	expect_exit 0 'laid into the queue by other means' postigo-admin pending --plain
	like 'it is no request' "$(codes)" '^Q(08|11)$'
	run postigo-admin approve "$(printf '%s' "$stdout" | cut -f1)"
	isnt 'nor is it approved' "$status" 0
	rm -f $queue/*
done <<'NAMES'
1500
Bob
a.b
-x
x$
abcdefghijklmnopqrstuvwxyzabcdefg
joão
a b
NAMES
for name in a a1 a-b a_b _a abcdefghijklmnopqrstuvwxyzabcdef; do
	number=$((number + 1))
	echo "$name:x:$number:20000::/:/bin/sh" >>/etc/passwd
	expect_exit 0 "\"$name\" may ask" by $number postigo request x@elsewhere.example --json
	is_json 'for itself' "$stdout_file" .alias "$name@club.example"
	run postigo-admin pending --plain
	expect_exit 0 'and gets it' postigo-admin approve "$(printf '%s' "$stdout" | cut -f1)" --no-sync
done
# A name that reads like a uid of somebody else is not taken for one.
expect_exit 1 'a number is no member' postigo-admin member show 20001

# ---- A46
echo 'twin:x:20003:100::/home/carla:/bin/sh' >>/etc/passwd
expect_exit 77 'carla shares her user id' as carla postigo request carla@elsewhere.example
like 'which is said' "$stderr" 'shares the user id'
printf 'op set\nuser carla\nto carla@elsewhere.example\n' >"$scratch/wire"
input=$scratch/wire ok 'what gets past that' as carla $helper submit alias
is 'is reported' "$(codes)" ineligible
run postigo-admin pending --plain
expect_exit 10 'and not approved' postigo-admin approve "$(printf '%s' "$stdout" | cut -f1)"
like 'for that reason' "$stderr" 'shares the user id'
install -d -m 0755 /etc/postigo/conf.d
echo '{"members": {"allow_shared_uid": true}}' >/etc/postigo/conf.d/50-test.json
run postigo-admin pending --plain
expect_exit 0 'where that is allowed it can be' postigo-admin approve "$(printf '%s' "$stdout" | cut -f1)" --no-sync
done_testing
