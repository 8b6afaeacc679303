#!/bin/bash
# Held here: A67.
# timeout: 600
# 0304: A83, A84. What others do to a live map, and what a crash leaves: the next sync makes it right, keeps what was foreign and
# says so. Trials write nothing live.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'

fresh() {
	sync_forget
	sync_configure "$1"
	postfix_write_main_cf "$1"
	index=$(index_of "$1")
	store_rows 30
	sync >/dev/null 2>&1
	digests=$(sha256sum $map "$index")
}

# repaired TITLE WARNINGS: one sync rebuilds and says why, the next has nothing to do.
repaired() {
	ok "$1: the sync" sync --json
	is_json "$1: is a change" "$stdout_file" .changed true
	is "$1: and says why" "$(warnings "$stdout_file")" "$2"
	is "$1: every row answers" "$(grep -v '^#' $map | cut -f1 | postmap -q - "$sync_type:$map" | sha256sum)" \
		"$(grep -v '^#' $map | sha256sum)"
	is "$1: as the store says" "$(answer m1@club.example)" m1@elsewhere.example
	is "$1: with its mode" "$(mode_of $map) $(mode_of "$index")" '640 root:postfix 640 root:postfix'
	ok "$1: the next sync" sync --json
	is_json "$1: has nothing to do" "$stdout_file" .changed false
	is_swept "$1: nothing is left over"
}

foreign_files() {
	find $state/sync/foreign -type f -printf '%m %f\n' 2>/dev/null | sed 's/ [0-9TZ:-]*-p/ p/' | sort | xargs
}

for type in hash lmdb cdb; do
	fresh $type
	sed -i 's/^m1@.*/m1@club.example\tby.hand@elsewhere.example/' $map
	repaired "$type: an edited text" foreign-edit
	is "$type: the edit is kept" "$(foreign_files)" '600 postigo-aliases'
	like "$type: as it was" "$(cat $state/sync/foreign/*)" 'by\.hand'

	fresh $type
	sed -i 's/^m1@.*/m1@club.example\tby.hand@elsewhere.example/' $map
	postmap $type:$map
	repaired "$type: an edited and built map" foreign-edit
	is "$type: both files are kept" "$(foreign_files)" "600 postigo-aliases 600 ${index##*/}"

	fresh $type
	printf 'too@club.example too@elsewhere.example\n' >$map
	postmap $type:$map
	repaired "$type: a map of another form" foreign-edit

	fresh $type
	cp -a "$index" "$scratch/index"
	store m1=m2@elsewhere.example
	sync >/dev/null 2>&1
	store m1=m1@elsewhere.example m31=m31@elsewhere.example
	sync >/dev/null 2>&1
	cp -a "$scratch/index" "$index"
	repaired "$type: an older index put back" foreign-index

	fresh $type
	rm $map
	repaired "$type: a text that is gone" missing
	rm "$index"
	repaired "$type: an index that is gone" missing
	rm $map "$index"
	repaired "$type: both gone" missing
	chmod 0644 "$index"
	repaired "$type: an index that all may read" ''
	chgrp root $map
	repaired "$type: a text of another group" ''
done

# ---------------------------------------------------------------- a crash between the two renames

for type in hash lmdb cdb; do
	fresh $type
	cp -a $map "$scratch/text"
	cp -a $state/sync/members.json "$scratch/state"
	store m1=changed@elsewhere.example
	sync >/dev/null 2>&1
	cp -a "$scratch/text" $map
	cp -a "$scratch/state" $state/sync/members.json
	is "$type: the new index is live" "$(answer m1@club.example)" changed@elsewhere.example
	ok "$type: the sync after such a crash" sync --json
	is_json "$type: builds again" "$stdout_file" .changed true
	like "$type: the text follows" "$(grep ^m1@ $map)" changed
	ok "$type: and once" sync --json
	is_json "$type: only" "$stdout_file" .changed false

	# The same with a store that went back to what the text says: the digest of the text alone would be right.
	fresh $type
	cp -a $map "$scratch/text"
	cp -a "$index" "$scratch/index"
	store m1=changed@elsewhere.example
	sync >/dev/null 2>&1
	store m1=m1@elsewhere.example
	changed=$(sha256sum <"$index")
	sync >/dev/null 2>&1
	is "$type: the text is the first again" "$(sha256sum <$map)" "$(sha256sum <"$scratch/text")"
	isnt "$type: its index is not the changed one" "$(sha256sum <"$index")" "$changed"
done

# ---------------------------------------------------------------- the state

fresh lmdb
rm $state/sync/members.json
ok 'a lost state' sync --json
is_json 'builds again' "$stdout_file" .changed true
is 'and finds nothing foreign' "$(warnings "$stdout_file")" ''
is 'the same map' "$(sha256sum $map "$index")" "$digests"
for text in '' '{}' '{"format":2}' 'not json'; do
	printf '%s' "$text" >$state/sync/members.json
	repaired "a state of \"$text\"" state-unreadable
done
rm $state/sync/members.json
store -m1 -m2 -m3 -m4 -m5 -m6
expect_exit 10 'without a state the rails still know the live map' sync
like 'by its rows' "$stderr" drop
rm $map $map.lmdb
ok 'with neither there is nothing to lose' sync --json
is_json 'all is new' "$stdout_file" .rows.added 24

# The rails count what we installed, not what somebody else made of the text.
fresh lmdb
for ((number = 100; number <= 160; number++)); do
	printf 'm%s@club.example\tm1@elsewhere.example\n' $number
done >>$map
repaired 'many rows added by hand' foreign-edit
fresh lmdb
store -m1 -m2 -m3 -m4 -m5 -m6
: >$map
expect_exit 10 'an emptied text does not lift a rail' sync
like 'drop' "$stderr" drop

# The map of before: made by hand, by another program.
sync_forget
sync_configure lmdb
printf 'm1@club.example m1@elsewhere.example\nold@club.example m1@elsewhere.example\n' >$map
postmap lmdb:$map
store_rows 3
ok 'the first sync over a map of others' sync --json
is 'keeps it and says so' "$(warnings "$stdout_file") $(foreign_files)" \
	'foreign-edit 600 postigo-aliases 600 postigo-aliases.lmdb'

# ---------------------------------------------------------------- another type

fresh hash
sync_configure cdb
postfix_write_main_cf cdb
ok 'from hash to cdb' sync --json
is 'the old index is pointed out' "$(warnings "$stdout_file")" stale-index
ok 'and left alone' test -e $map.db
is 'the new one answers' "$(answer m1@club.example)" m1@elsewhere.example

# ---------------------------------------------------------------- trials

fresh lmdb
store m1=new@elsewhere.example -m2 m99=m99@elsewhere.example
before=$(fingerprint)
state_before=$(find $state -type f ! -name '*.lock' -printf '%p %T@\n' | sort)
ok '--dry-run' sync --dry-run --json
is_json 'tells what would be added' "$stdout_file" .rows.added 1
is_json 'and changed' "$stdout_file" .rows.changed 1
is_json 'and removed' "$stdout_file" .rows.removed 1
is_json 'that something would change' "$stdout_file" .changed true
like 'row by row' "$(cat "$stdout_file")" 'new@elsewhere\.example'
expect_exit 23 '--check' sync --check
is 'neither touches the map' "$(fingerprint)" "$before"
is 'nor the state' "$(find $state -type f ! -name '*.lock' -printf '%p %T@\n' | sort)" "$state_before"
ok 'the sync' sync
ok 'after it --check is content' sync --check
ok 'and --dry-run' sync --dry-run --json
is_json 'has nothing to tell' "$stdout_file" .changed false

# ---------------------------------------------------------------- killed at any time

fresh lmdb
torn=0
unsynced=0
for ((round = 1; round <= 60; round++)); do
	old=$(answer m1@club.example)/$(answer m2@club.example)
	store "m1=round$round@elsewhere.example" "m2=round$round@elsewhere.example"
	# Bash would tell of every kill.
	{ timeout -s KILL "0.0$((round % 60 / 2 + 10))" postigo-admin sync; } >/dev/null 2>&1
	one=$(answer m1@club.example)
	two=$(answer m2@club.example)
	case $one/$two in
	"$old" | "round$round@elsewhere.example/round$round@elsewhere.example") ;;
	*) torn=$((torn + 1)) ;;
	esac
	[ "$(answer m30@club.example)" = m30@elsewhere.example ] || torn=$((torn + 1))
	postigo-admin sync >/dev/null 2>&1 || unsynced=$((unsynced + 1))
	[ "$(answer m1@club.example)" = "round$round@elsewhere.example" ] || unsynced=$((unsynced + 1))
done
is 'killed at any time, the live map is whole' $torn 0
is 'and the next sync makes it right' $unsynced 0
is_swept 'nothing is left over'
ok 'after all that' sync --json
is_json 'there is nothing to do' "$stdout_file" .changed false
done_testing
