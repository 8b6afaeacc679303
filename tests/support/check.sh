# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of tap.sh, and for those who source this
# check.sh: a clean installation, and rows "break one thing, read the finding, apply its cure, see it vanish";
# sourced after tap.sh and postfix.sh and inside the namespaces only.

state=/var/lib/postigo
helper=/usr/local/libexec/postigo/postigo-drop
map=$postfix_map

# install_clean [TYPE]: setup, Postfix configured (not started), an alias of ana and one of beto, synced.
install_clean() {
	postfix_configure "${1:-lmdb}"
	postigo-admin setup --domain club.example >/dev/null || diag 'setup failed'
	alias_of ana
	alias_of beto
	postigo-admin sync >/dev/null || diag 'sync failed'
}

# alias_of USER: asked for and approved.
alias_of() {
	as "$1" postigo request "$1@elsewhere.example" >/dev/null || diag "$1 cannot ask"
	postigo-admin approve "$(postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }')" \
		>/dev/null || diag "$1 is not approved"
}

# field ID NAME [FILE]: that field of the findings with this id, one a line.
field() {
	/usr/bin/python3 -I -c 'import json, sys
for finding in json.load(open(sys.argv[3]))["findings"]:
    if finding["id"] == sys.argv[1]:
        print(finding.get(sys.argv[2], ""))' "$1" "$2" "${3:-$stdout_file}"
}

# ids: what is worse than info.
ids() {
	/usr/bin/python3 -I -c 'import json, sys
print(" ".join(f["id"] for f in json.load(open(sys.argv[1]))["findings"] if f["severity"] in ("error", "warning")))' \
		"${1:-$stdout_file}"
}

# is_clean TITLE: nothing above info.
is_clean() {
	run postigo-admin check --json
	is "$1" "$(ids)" ''
}

# make_socket PATH: what root cannot open as a file.
make_socket() {
	/usr/bin/python3 -I -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"
}

# make_files DIRECTORY COUNT SUFFIX: empty ones, from 1 on.
make_files() {
	/usr/bin/python3 -I -c 'import sys
for number in range(1, int(sys.argv[2]) + 1):
    open("%s/%d%s" % (sys.argv[1], number, sys.argv[3]), "w").close()' "$1" "$2" "$3"
}

# raised ID SEVERITY: what is broken is seen, with the exit status that belongs to it.
raised() {
	local expected=0
	[ "$2" != error ] || expected=4
	expect_exit $expected "$1: check" postigo-admin check --json
	is "$1: is found once, as $2" "$(field "$1" severity)" "$2"
}

# cured ID SEVERITY COMMANDS: COMMANDS break something; then the printed cure is run by sh, and the finding is gone.
cured() {
	local cure
	eval "$3"
	raised "$1" "$2"
	cure=$(field "$1" cure)
	isnt "$1: has a cure" "$cure" ''
	ok "$1: the cure runs: $cure" sh -c "$cure"
	run postigo-admin check --json
	is "$1: and it is gone" "$(field "$1" severity)" ''
	is "$1: with all else" "$(ids)" ''
}

# advised ID SEVERITY REGEX COMMANDS REPAIR: the same where no command can cure: the advice is compared, REPAIR does it.
advised() {
	eval "$4"
	raised "$1" "$2"
	is "$1: has no command" "$(field "$1" cure)" ''
	like "$1: but advice" "$(field "$1" advice)" "$3"
	eval "$5"
	run postigo-admin check --json
	is "$1: which makes it vanish" "$(field "$1" severity)" ''
	is "$1: with all else" "$(ids)" ''
}
