#!/bin/bash
# 1005: config show, get and check.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 4 'without a configuration' postigo-admin config show
expect_exit 0 'setup' postigo-admin setup --domain club.example
install -d -m 0755 /etc/postigo/conf.d
cat >/etc/postigo/conf.d/10-policy.json <<'JSON'
{
	"policy": {
		"max_destinations": 2,
		"reserved_add": ["board", "staff"]
	},
	"sync": {"lock_timeout": "2m"}
}
JSON
chmod 0644 /etc/postigo/conf.d/10-policy.json

expect_exit 0 'show' postigo-admin config show --plain
like 'has every setting' "$stdout" $'sync.type\tauto'
unlike 'and no origin' "$stdout" $'\tdefault'
expect_exit 0 'show --origin' postigo-admin config show --origin --plain
like 'says file and line' "$stdout" $'policy.max_destinations\t2\t/etc/postigo/conf.d/10-policy.json:3'
like 'or that it is the default' "$stdout" $'sync.mode\t0640\tdefault'
expect_exit 0 'as JSON' postigo-admin config show --json
is_json 'key' "$stdout_file" '[0].key' domain
is_json 'value' "$stdout_file" '[0].value' club.example
expect_exit 0 'get' postigo-admin config get sync.lock_timeout
is 'prints the value alone' "$stdout" 2m
expect_exit 0 'get as JSON' postigo-admin config get policy.max_destinations --json
is_json 'a number is one' "$stdout_file" '.value' 2
is_json 'with its origin' "$stdout_file" '.origin' /etc/postigo/conf.d/10-policy.json:3
expect_exit 0 'a list' postigo-admin config get policy.reserved_add --json
is_json 'is an array' "$stdout_file" '.value[1]' staff
expect_exit 0 'a truth' postigo-admin config get sync.enabled --json
is_json 'is one' "$stdout_file" '.value' true
expect_exit 1 'an unknown key' postigo-admin config get sync.tpye
like 'is guessed' "$stderr" 'did you mean "sync.type"'
expect_exit 1 'a section is no key' postigo-admin config get sync
expect_exit 64 'get wants a key' postigo-admin config get
expect_exit 0 'check' postigo-admin config check
like 'names the first file' "$stdout" 'read /etc/postigo/postigo.json'
like 'and the second' "$stdout" 'read /etc/postigo/conf.d/10-policy.json'
like 'and the domain' "$stdout" 'club.example'
expect_exit 0 'a member may look at one setting' as ana /usr/local/sbin/postigo-admin config get domain
echo '{"sync": {"tpye": "hash"}}' >/etc/postigo/conf.d/20.json
chmod 0644 /etc/postigo/conf.d/20.json
expect_exit 4 'a faulty file' postigo-admin config check
like 'is named' "$stderr" '20.json:1: unknown key "sync.tpye"; did you mean "sync.type"'
done_testing
