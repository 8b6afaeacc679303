#!/bin/bash
# timeout: 600
# One row of many: the index is changed instead of built anew, and is what a new one would be; whatever is in
# doubt is built anew.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'

rows=2000
fresh() {
	sync_forget
	sync_configure "$1"
	postfix_write_main_cf "$1"
	index=$(index_of "$1")
	store fill:$rows
	sync >/dev/null 2>&1
}

steps() {
	/usr/bin/python3 -I -c 'import json, sys
print(" ".join(s["name"] for s in json.load(open(sys.argv[1]))["steps"]))' "$stdout_file"
}

# Every row of the text, and no other, is in the index: keys are sorted otherwise there.
whole() {
	is "$1: the index holds the text" "$(postmap -s "$sync_type:$map" | LC_ALL=C sort | sha256sum)" \
		"$(grep -v '^#' $map | LC_ALL=C sort | sha256sum)"
}

fresh lmdb
store member0000777=new@elsewhere.example
ok 'one changed row' sync --json
like 'the index is changed' "$(steps)" 'update verify'
unlike 'and not built' "$(steps)" postmap
is 'the new destination is live' "$(answer member0000777@club.example)" new@elsewhere.example
is 'the owner and mode are as ever' "$(mode_of $map) $(mode_of "$index")" '640 root:postfix 640 root:postfix'
whole 'after one change'
ok 'the next sync' sync --json
is_json 'has nothing to do' "$stdout_file" .changed false

store ana=+ana@elsewhere.example -member0000001 '!member0000002' "member$((10#0000000 + rows))=x@elsewhere.example"
ok 'new, removed and suspended rows' sync --json
like 'are a change of the index, too' "$(steps)" update
is 'the new one is live' "$(answer ana@club.example)" 'ana@elsewhere.example, ana@club.example'
is 'the removed one is gone' "$(answer member0000001@club.example)" ''
whole 'after several'
is_swept 'nothing is left over'

# Random steps; the text is what a sync without memory renders, the index holds what the text does.
RANDOM=4711
wrong=0
updated=0
for ((round = 1; round <= 60; round++)); do
	acts=()
	for ((act = 0; act <= RANDOM % 4; act++)); do
		number=$(printf %07d $((RANDOM % rows + 10 + act * rows)))
		case $((RANDOM % 3)) in
		0) acts+=("member$number=r$round.$act@elsewhere.example") ;;
		1) acts+=("extra$number=r$round@elsewhere.example,$act@elsewhere.example") ;;
		2) [ $act -ne 0 ] || acts+=("member$number=+r$round@elsewhere.example") ;;
		esac
	done
	[ ${#acts[@]} -gt 0 ] || continue
	store "${acts[@]}"
	sync --json >"$stdout_file" 2>/dev/null || wrong=$((wrong + 1))
	[[ $(steps) != *update* ]] || updated=$((updated + 1))
	[ "$(postmap -s lmdb:$map | LC_ALL=C sort | sha256sum)" = \
		"$(grep -v '^#' $map | LC_ALL=C sort | sha256sum)" ] || wrong=$((wrong + 1))
done
is 'random steps leave index and text the same' $wrong 0
[ $updated -gt 30 ]
is 'most of them by a change' $? 0
text=$(sha256sum <$map)
rm $state/sync/members.json
ok 'a sync without memory' sync --json
like 'builds anew' "$(steps)" build
is 'the same text' "$(sha256sum <$map)" "$text"
whole 'after that'

# ---------------------------------------------------------------- doubt

# rebuilt TITLE DESTINATION [STEP]: the change is live, by a new index.
rebuilt() {
	ok "$1" sync --json
	like "$1: is built anew" "$(steps)" "${3:-build}"
	is "$1: the change is live" "$(answer member0000777@club.example)" "$2"
	whole "$1"
	is_swept "$1: nothing is left over"
}

fresh lmdb
printf 'x' | dd of="$index" bs=1 seek=20000 conv=notrunc status=none
store member0000777=a@elsewhere.example
rebuilt 'a live index with another byte' a@elsewhere.example
fresh lmdb
sed -i 's/^member0000900@.*/member0000900@club.example\tby.hand@elsewhere.example/' $map
store member0000777=b@elsewhere.example
rebuilt 'a live text that somebody edited' b@elsewhere.example
fresh lmdb
chmod 0644 "$index"
store member0000777=c@elsewhere.example
rebuilt 'a live index of another mode' c@elsewhere.example
fresh lmdb
rm $state/sync/members.json
store member0000777=d@elsewhere.example
rebuilt 'a lost state' d@elsewhere.example
fresh lmdb
many=()
for ((number = 100; number < 300; number++)); do
	many+=("member0000$number=many@elsewhere.example")
done
store member0000777=e@elsewhere.example "${many[@]}"
rebuilt 'a tenth of all rows' e@elsewhere.example

# A library that lies: it says that it wrote, or writes something else, or crashes.
lying_library() {
	cat >"$scratch/lie.c" <<-SOURCE
		#include <stdlib.h>
		#include <string.h>
		struct value { size_t size; void *data; };
		int mdb_put(void *transaction, unsigned table, struct value *key, struct value *value, unsigned flags);
		int mdb_put(void *transaction, unsigned table, struct value *key, struct value *value, unsigned flags)
		{ (void)transaction; (void)table; (void)key; (void)value; (void)flags; $1 }
	SOURCE
	gcc -shared -fPIC -o "$scratch/lie.so" "$scratch/lie.c" || fail 'the lying library compiles'
}

# In a sanitized program the preloaded library would come before the sanitizer's.
if [ "${SANITIZE:-}" != 1 ]; then
	for lie in 'return 0;' 'return -30000;' 'abort();' 'strcpy(value->data, "x"); return 0;'; do
		fresh lmdb
		lying_library "$lie"
		store member0000777=f@elsewhere.example
		LD_PRELOAD=$scratch/lie.so rebuilt "mdb_put { $lie }" f@elsewhere.example postmap
	done
fi

# Other types have no changes.
for type in cdb hash; do
	fresh $type
	store member0000777=g@elsewhere.example
	ok "$type: one changed row" sync --json
	like "$type: is built anew" "$(steps)" build
	is "$type: and live" "$(answer member0000777@club.example)" g@elsewhere.example
done

# ---------------------------------------------------------------- killed at any time

fresh lmdb
torn=0
unsynced=0
for ((round = 1; round <= 60; round++)); do
	old=$(answer member0000011@club.example)/$(answer member0001999@club.example)
	new=round$round@elsewhere.example
	store "member0000011=$new" "member0001999=$new"
	# Bash would tell of every kill.
	{ timeout -s KILL "0.0$((round % 45 + 10))" postigo-admin sync; } >/dev/null 2>&1
	case $(answer member0000011@club.example)/$(answer member0001999@club.example) in
	"$old" | "$new/$new") ;;
	*) torn=$((torn + 1)) ;;
	esac
	[ "$(answer member0000500@club.example)" = user0000500.v1@mail001.example.org ] || torn=$((torn + 1))
	postigo-admin sync >/dev/null 2>&1 || unsynced=$((unsynced + 1))
	[ "$(answer member0000011@club.example)" = "$new" ] || unsynced=$((unsynced + 1))
done
is 'killed at any time, the live map is whole' $torn 0
is 'and the next sync makes it right' $unsynced 0
whole 'in the end'
is_swept 'nothing is left over'
done_testing
