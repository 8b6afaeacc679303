#!/bin/bash
# 0807: postigo-admin check --config FILE: every cure names the file, so that it acts on what was looked at; advice names it, too.
# shellcheck disable=SC2154 # state and map are those of check.sh
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

install_clean
file="/root/a second configuration.json"
other=/etc/postfix/other-aliases
printf '{"domain": "club.example", "sync": {"type": "lmdb", "path": "%s"}}\n' $other >"$file"
postconf -e "virtual_alias_maps = lmdb:$map, lmdb:$other"
is_clean 'the installed configuration is clean'
before=$(find /etc/postfix -name 'postigo-aliases*' -printf '%p %i %s %T@ %C@\n' | sort)

# cured_there ID: the finding that the file alone raises vanishes by the cure that names the file.
cured_there() {
	run postigo-admin check --json --config "$file"
	isnt "$1: is raised" "$(field "$1" severity)" ''
	cure=$(field "$1" cure | head -n 1)
	like "$1: the cure names the file" "$cure" "postigo-admin --config '/root/a second configuration.json' "
	ok "$1: the cure runs: $cure" sh -c "$cure"
	run postigo-admin check --json --config "$file"
	is "$1: and it is gone" "$(field "$1" severity)" ''
	is "$1: with all else" "$(ids)" ''
}
cured_there postfix.map-missing
is 'it made the other map' "$(postmap -q ana@club.example lmdb:$other)" ana@elsewhere.example
ln $other.lmdb /etc/postfix/another-name
cured_there postfix.map-untrusted
rm -f /etc/postfix/another-name /etc/postfix/*.aside
mv $state/sync/members.json "$scratch"
cured_there postfix.never-synced
printf 'ana@club.example eve@elsewhere.example\n' >>$other
cured_there postfix.map-drift
rm $state/status/20001.json
cured_there store.status-missing
rm -rf ${state:?}/queue/tmp
cured_there installation.directory-missing

run as ana /usr/local/sbin/postigo-admin check --json --config /etc/postigo/postigo.json
is 'the way in for others names it, too' "$(field store.denied cure | sort -u)" \
	'sudo postigo-admin --config /etc/postigo/postigo.json check --section store'
printf '{"domain": "club.example", "sync": {"type": "lmdb", "path": "%s", "enabled": false}}\n' $other >"$file"
run postigo-admin check --json --config "$file"
is 'advice names the file' "$(field postfix.sync-off advice)" "set sync.enabled to true in $file"
printf '{' >"$file"
expect_exit 4 'a file that is none' postigo-admin check --json --config "$file"
like 'is told by its name' "$(field installation.configuration what)" "$file"
rm "$file"
expect_exit 4 'a file that is not there' postigo-admin check --json --config "$file"
is 'is no missing installation' "$(field installation.configuration-missing severity)" ''
is 'but told' "$(field installation.configuration severity)" error
is 'the installed map was left alone all the time' \
	"$(find /etc/postfix -name 'postigo-aliases*' -printf '%p %i %s %T@ %C@\n' | sort)" "$before"
run postigo-admin check --json
unlike 'without the option no cure has it' "$(cat "$stdout_file")" '--config'
done_testing
