#!/bin/bash
# 0902: domains that are allowed or blocked, requests a day, domains in other scripts: the same rules at both sides.
# shellcheck disable=SC2154,SC2317,SC2001,SC2012 # stdout and status are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

# policy JSON-MEMBERS: replaces what a test sets in section policy.
policy() {
	install -d -m 0755 /etc/postigo/conf.d
	echo "{\"policy\": {\"check_mx\": false, \"cooldown_after_reject\": 0, $1}}" >/etc/postigo/conf.d/50-test.json
	chmod 0644 /etc/postigo/conf.d/50-test.json
}

# file USER DESTINATION: a request that passed no courtesy check.
file() {
	printf 'op set\nuser %s\nto %s\n' "$1" "$2" >"$scratch/wire"
	chmod 0644 "$scratch/wire"
	input=$scratch/wire as "$1" /usr/local/libexec/postigo/postigo-drop replace alias
}

pending_id() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

codes() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $7 }'
}

# judged DESTINATION CODE: "" = allowed.
judged() {
	run as ana postigo request "$1"
	if [ -n "$2" ]; then
		is "$1: refused to the member" "$status" 10
		ok "$1: filed nevertheless" file ana "$1"
		is "$1: marked" "$(codes ana)" "$2"
		expect_exit 10 "$1: not approved" postigo-admin approve "$(pending_id ana)"
	else
		is "$1: taken" "$status" 0
		is "$1: nothing against it" "$(codes ana)" ok
	fi
	ok 'withdrawn' as ana postigo cancel
}

expect_exit 0 'setup' postigo-admin setup --domain club.example

policy '"block_domains": ["bad.example", "tk"]'
judged ana@good.example ''
judged ana@bad.example blocked-domain
judged ana@mail.BAD.example blocked-domain
judged ana@notbad.example ''
judged ana@anything.tk blocked-domain

policy '"allow_domains": ["good.example", "bad.example"], "block_domains": ["bad.example", "sub.good.example"]'
judged ana@good.example ''
judged ana@mail.good.example ''
judged ana@sub.good.example blocked-domain
judged ana@bad.example blocked-domain
judged ana@other.example not-allowed-domain
judged ana@club.example itself
judged beto@club.example own-domain

policy '"block_domains": ["not a domain"]'
expect_exit 4 'nonsense in the list' postigo-admin pending
like 'is named' "$stderr" 'policy.block_domains'
policy '"max_requests_per_day": -1'
expect_exit 4 'a negative number' postigo-admin pending

# So many a day
policy '"max_requests_per_day": 2'
for destination in one two; do
	ok "beto asks for $destination" as beto postigo request beto@$destination.example
	ok 'and is refused' postigo-admin reject "$(pending_id beto)" --reason no
done
expect_exit 10 'a third one is too many' as beto postigo request beto@three.example
like 'it says why' "$stderr" '2 requests of yours were decided'
expect_exit 10 'in JSON too' as beto postigo request beto@three.example --json
is_json 'with a code' "$stderr_file" .error.exit 10
ok 'what gets past the member side' file beto beto@three.example
is 'is marked' "$(codes beto)" too-often
expect_exit 0 'and may be approved nevertheless' postigo-admin approve "$(pending_id beto)" --no-sync
expect_exit 0 'pausing is no request' as beto postigo pause
ok 'housekeeping' postigo-admin gc --no-sync
sed -i 's/"at":"20[0-9][0-9]/"at":"2001/g' /var/lib/postigo/status/20002.json
expect_exit 0 'another day, another request' as beto postigo request beto@three.example
ok 'carla asks' as carla postigo request carla@one.example
is 'others are not concerned' "$(codes carla)" ok
policy '"max_requests_per_day": 0'

# Other scripts
ok 'm1 asks' as m1 postigo request 'm1@município.example'
is 'marked' "$(codes m1)" idn
expect_exit 0 'show' postigo-admin show m1
like 'says how it reads' "$stdout" 'idn: reads município\.example'
like 'and what it is' "$stdout" 'xn--municpio-g2a\.example'
ok 'm2 asks with a Cyrillic letter' as m2 postigo request 'm2@pаypal.example'
is 'marked twice' "$(codes m2)" idn,idn-mixed
expect_exit 0 'show' postigo-admin show m2 --json
is_json 'with the reason' "$stdout_file" '.checks[1].detail' 'pаypal.example mixes letters of several scripts'
ok 'm3 asks in Japanese' as m3 postigo request 'm3@アニメの森tv.example'
is 'which is written so' "$(codes m3)" idn
expect_exit 0 'for people' as_terminal root /usr/local/sbin/postigo-admin pending
like 'the column names the checks' "$stdout" 'idn, idn-mixed'
done_testing
