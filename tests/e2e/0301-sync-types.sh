#!/bin/bash
# Held here: A66, A80, A82.
# 0301: A62, A79. Every map type, direct and through proxy:, under a real Postfix: first, idle and changed sync, reloads only
# where Postfix would not see the change, modes, and mail that follows.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
sync_install

# Which programs a command starts: strace sees every execve, also of children.
programs_of() {
	# The leak sanitizer does not work under strace.
	ASAN_OPTIONS=detect_leaks=0 strace -f -q -e trace=execve -e signal=none -o "$scratch/trace" "$@" \
		>"$stdout_file" 2>"$stderr_file"
	grep -o 'execve("[^"]*"' "$scratch/trace" | cut -d'"' -f2 | xargs -n 1 basename | tail -n +2 | xargs
}

# The children of a master that is gone hold its lock until they have noticed.
stop_postfix_wholly() {
	postfix_stop 2>/dev/null
	wait_until 15 /usr/lib/postfix/sbin/master -t
}

# shellcheck disable=SC2317 # called through wait_until
reloads_are() {
	[ "$(postfix_reloads)" -eq "$1" ]
}

try_type() {
	local type=$1 reference=$2 expected_reloads=$3 reload=$4
	local index name="$reference" before
	index=$(index_of "$type")
	stop_postfix_wholly
	rm -f $postfix_log
	sync_forget
	sync_configure "$type"
	store ana=ana@elsewhere.example beto=+beto@elsewhere.example carla=carla@elsewhere.example,ana@elsewhere.example
	postfix_write_main_cf "$reference"
	postfix_write_master_cf
	postfix_make_directories
	touch -d '1 minute ago' /etc/postfix/main.cf /etc/postfix/master.cf /etc/postfix/elsewhere

	ok "$name: the first sync" sync --json
	is_json "$name: is a change" "$stdout_file" .changed true
	is_json "$name: of three rows" "$stdout_file" .rows.added 3
	is "$name: without warnings" "$(warnings "$stdout_file")" ''
	is_json "$name: and without a Postfix to reload" "$stdout_file" .reload \
		"$([ "$expected_reloads" -eq 0 ] && echo skipped || echo 'not running')"
	is "$name: the text is root's and Postfix's" "$(mode_of $map)" '640 root:postfix'
	is "$name: so is the index" "$(mode_of "$index")" '640 root:postfix'
	is "$name: rows as rendered" "$(grep -v '^#' $map)" "$(printf '%s\t%s\n' \
		ana@club.example ana@elsewhere.example \
		beto@club.example 'beto@elsewhere.example, beto@club.example' \
		carla@club.example 'carla@elsewhere.example, ana@elsewhere.example')"
	not_ok "$name: a member reads neither" as ana cat $map "$index"
	is_swept "$name: nothing is left beside them"

	postfix_start keep || fail "$name: Postfix starts"
	like "$name: the alias is live" "$(smtp_rcpt ana@club.example)" '^250 '
	like "$name: another is not" "$(smtp_rcpt m1@club.example)" '^550 '

	before=$(fingerprint)
	if command -v strace >/dev/null; then
		is "$name: an idle sync starts no program" "$(programs_of postigo-admin sync --json)" ''
	else
		skip "$name: an idle sync starts no program" 'no strace'
		sync --json >"$stdout_file"
	fi
	is_json "$name: changes nothing" "$stdout_file" .changed false
	is "$name: touches nothing" "$(fingerprint)" "$before"
	like "$name: and leaves no trace" "$(json .rows.added $state/sync/last-result.json)" '^3$'

	store m1=m1@elsewhere.example -carla ana=m2@elsewhere.example
	ok "$name: a changed sync" sync --json
	is_json "$name: one row more" "$stdout_file" .rows.added 1
	is_json "$name: one other" "$stdout_file" .rows.changed 1
	is_json "$name: one less" "$stdout_file" .rows.removed 1
	is_json "$name: reload" "$stdout_file" .reload "$reload"
	ok "$name: as many reloads as it needs" wait_until 5 reloads_are "$expected_reloads"
	like "$name: the new alias is live in the next session" "$(smtp_rcpt m1@club.example)" '^250 '
	like "$name: the old one is gone" "$(smtp_rcpt carla@club.example)" '^550 '
	is_json "$name: it is published" $state/status/live.json .generation 2

	ok "$name: a message to it" smtp_send beto@elsewhere.example ana@club.example changed
	like "$name: follows the new destination" "$(cat "$(wait_for_mail m2)")" 'Delivered-To: m2@elsewhere.example'
	rm -rf $postfix_mail/m2

	store '!ana'
	ok "$name: a suspended alias" sync --json
	like "$name: answers no more" "$(smtp_rcpt ana@club.example)" '^550 '
	store '-ana'
	before=$(fingerprint)
	ok "$name: a generation without other rows" sync --json
	is_json "$name: is no change" "$stdout_file" .changed false
	is "$name: and installs nothing" "$(fingerprint)" "$before"
	is_json "$name: but is published" $state/status/live.json .generation 4
}

try_type hash hash 0 skipped
try_type lmdb lmdb 0 skipped
try_type cdb cdb 0 skipped
try_type texthash texthash 1 'done'
try_type lmdb proxy:lmdb 1 'done'
try_type hash proxy:hash 1 'done'

# Two syncs within a second, sessions between them: Postfix compares whole seconds, but sees another inode.
stop_postfix_wholly
postfix_write_main_cf lmdb
touch -d '1 minute ago' /etc/postfix/main.cf
sync_forget
sync_configure lmdb
store ana=ana@elsewhere.example
sync >/dev/null 2>&1
postfix_start keep
for number in 1 2 3 4; do
	store "m$number=m$number@elsewhere.example"
	sync >/dev/null 2>&1
	like "sync $number of a second is seen" "$(smtp_rcpt "m$number@club.example")" '^250 '
done

sync_configure lmdb reload '"always"'
store m9=m9@elsewhere.example
ok 'reload "always"' sync --json
is_json 'reloads' "$stdout_file" .reload 'done'
sync_configure lmdb reload '"never"'
store m10=m10@elsewhere.example
ok 'reload "never"' sync --json
is_json 'does not' "$stdout_file" .reload none

# "auto" is what Postfix names, then its default.
stop_postfix_wholly
sync_forget
sync_configure auto
store ana=ana@elsewhere.example
ok 'type "auto"' sync --json
is_json 'is the one that main.cf names' "$stdout_file" .type lmdb
if command -v strace >/dev/null; then
	is 'and idle it starts no program either' "$(programs_of postigo-admin sync --json)" ''
fi
sed -i 's|^virtual_alias_maps.*|virtual_alias_maps =|' /etc/postfix/main.cf
echo 'default_database_type = cdb' >>/etc/postfix/main.cf
ok 'or else' sync --json
is_json 'the default type' "$stdout_file" .type cdb
is 'with a hint at what is wrong' "$(warnings "$stdout_file")" 'not-referenced stale-index'
done_testing
