#!/bin/bash
# timeout: 600
# Indexes that a library has built hold what postmap's hold; a few changed entries are spliced into the live text,
# and whatever the journal does not prove goes the long way.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'

steps() {
	/usr/bin/python3 -I -c 'import json, sys
print(" ".join(s["name"] for s in json.load(open(sys.argv[1]))["steps"]))' "$stdout_file"
}

# ---------------------------------------------------------------- 1000 rows of every form

/usr/bin/python3 -I - >"$scratch/acts" <<'PYTHON'
import random
random.seed(20261)
local = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=~"
names = {"a", "a-b", "a--b", "a_b", "a0", "a-", "_", "_-", "zz", "z" * 32, "ana", "ana1", "ana-1", "ana_1"}
while len(names) < 1000:
    stem = random.choice(sorted(names))
    name = (stem if random.random() < .5 else random.choice("abz_")) + "".join(
        random.choice("abz019_-") for _ in range(random.randint(0, 6)))
    if len(name) <= 32 and not name.startswith("abuse-"):
        names.add(name)
def label():
    inner = "".join(random.choice("abz09-") for _ in range(random.choice([0, 1, 5, 61])))
    return "x" + inner.rstrip("-") + "z"
def address():
    part = "".join(random.choice(local) for _ in range(random.choice([1, 2, 9, 60])))
    part = part.lstrip("+") or "q"
    if random.random() < .3:
        part += "." + random.choice("aZ9=")
    whole = part + "@" + ".".join(label() for _ in range(random.randint(1, 3))) + ".example"
    return whole if len(whole) <= 254 else address()
for name in sorted(names):
    wanted = {}
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        one = address()
        wanted[one.lower()] = one
    print(name + "=" + random.choice(["", "", "+"]) + ",".join(wanted.values()))
PYTHON
mapfile -t acts <"$scratch/acts"
fill() {
	store "${acts[@]}" 2>&1 | cut -c1-200
}
reference=/etc/postfix/reference
for type in lmdb cdb hash; do
	sync_forget
	sync_configure $type
	postfix_write_main_cf $type
	fill
	ok "$type: the sync" sync --json
	is_json "$type: all 1000" "$stdout_file" .rows.wanted 1000
	like "$type: by the library" "$(steps)" build
	unlike "$type: and by nothing else" "$(steps)" postmap
	cp $map $reference
	postmap $type:$reference
	grep -v '^#' $map | cut -f1 >"$scratch/keys"
	is "$type: postmap's answers are ours" "$(postmap -q - $type:$map <"$scratch/keys" | sha256sum)" \
		"$(postmap -q - $type:$reference <"$scratch/keys" | sha256sum)"
	is "$type: and the text" "$(postmap -q - $type:$map <"$scratch/keys" | sha256sum)" \
		"$(grep -v '^#' $map | sha256sum)"
	case $type in
	cdb) ok "$type: the files are the same" cmp $map.cdb $reference.cdb ;;
	*) is "$type: they hold the same rows" "$(postmap -s $type:$map | LC_ALL=C sort | sha256sum)" \
		"$(postmap -s $type:$reference | LC_ALL=C sort | sha256sum)" ;;
	esac
	rm $reference "$reference".*
	sync_configure $type postmap '"/usr/sbin/postmap"'
	store "zz=other@elsewhere.example"
	ok "$type: where a postmap is named" sync --json
	like "$type: it is what builds" "$(steps)" postmap
	is "$type: and the row is live" "$(answer zz@club.example)" other@elsewhere.example
done

# ---------------------------------------------------------------- the index grows with a text of many pieces

for type in lmdb cdb hash; do
	sync_forget
	sync_configure $type
	postfix_write_main_cf $type
	store fill:20000
	ok "$type: 20000 rows" sync --json
	like "$type: by the library" "$(steps)" build
	grep -v '^#' $map >"$scratch/text"
	is "$type: all of them" "$(wc -l <"$scratch/text")" 20000
	is "$type: the index is the text" "$(cut -f1 "$scratch/text" | postmap -q - "$type:$map" | sha256sum)" \
		"$(sha256sum <"$scratch/text")"
	before=$(sha256sum <$map)
	rm -r $state/sync/members.json "$map"*
	# Only the process that builds hears of growth more than once.
	ok "$type: its builder is killed in the middle" env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$scratch/trace" -e trace=recvfrom \
		-e inject=recvfrom:signal=KILL:when=3 postigo-admin sync --json
	like "$type: it was" "$(cat "$scratch/trace")" 'killed by SIGKILL'
	like "$type: then postmap builds" "$(steps)" postmap
	is "$type: the same text" "$(sha256sum <$map)" "$before"
	is "$type: the index is the text then, too" "$(cut -f1 "$scratch/text" | postmap -q - "$type:$map" | sha256sum)" \
		"$(sha256sum <"$scratch/text")"
	is_swept "$type: and nothing else is left"
done

# ---------------------------------------------------------------- spliced, or not

fresh() {
	sync_forget
	sync_configure "$1"
	postfix_write_main_cf "$1"
	store fill:2000
	sync >/dev/null 2>&1
}

# taken TITLE WAY KEY VALUE: the sync goes this way, and the row is live.
taken() {
	ok "$1" sync --json
	like "$1: the way" "$(steps)" "$2"
	is "$1: live" "$(answer "$3@club.example")" "$4"
	grep -v '^#' $map >"$scratch/text"
	is "$1: the index is the text" "$(cut -f1 "$scratch/text" | postmap -q - "$sync_type:$map" | sha256sum)" \
		"$(sha256sum <"$scratch/text")"
	spliced=$(sha256sum <$map)
	rm $state/sync/members.json
	ok "$1: a sync without memory" sync
	is "$1: makes the same text" "$(sha256sum <$map)" "$spliced"
}

for type in lmdb cdb hash; do
	fresh $type
	store member0000500=new@elsewhere.example aaa=first@elsewhere.example zzz=last@elsewhere.example
	store member0000501=+copy@elsewhere.example
	taken "$type: changed and new rows" splice member0000501 'copy@elsewhere.example, member0000501@club.example'
	is "$type: the first" "$(answer aaa@club.example)" first@elsewhere.example
	is "$type: the last" "$(answer zzz@club.example)" last@elsewhere.example
	store -member0000001 member0000002=x@elsewhere.example
	taken "$type: a removed row" render member0000002 x@elsewhere.example
	is "$type: is gone" "$(answer member0000001@club.example)" ''
done

fresh lmdb
store member0000003=member0000004@club.example
expect_exit 25 'a row that leads to another alias' sync --json
like 'is judged with all others' "$(steps)" render
store member0000003=out@elsewhere.example
taken 'after a refusal' render member0000003 out@elsewhere.example

fresh lmdb
printf 'member0000005@club.example foreign@elsewhere.example\n' >/etc/postfix/foreign
postmap lmdb:/etc/postfix/foreign
sed -i "s|^virtual_alias_maps.*|virtual_alias_maps = lmdb:$map, lmdb:/etc/postfix/foreign|" /etc/postfix/main.cf
store member0000005=ours@elsewhere.example
expect_exit 25 'a row that clashes with another table' sync --json
is 'is named' "$(refused "$stdout_file")" member0000005:clash-alias
is 'and stays as it was' "$(answer member0000005@club.example)" user0000005.v1@mail001.example.org

fresh lmdb
printf 'member0000008@club.example foreign@elsewhere.example\n' >/etc/postfix/foreign
postmap lmdb:/etc/postfix/foreign
sed -i "s|^virtual_alias_maps.*|virtual_alias_maps = lmdb:$map, lmdb:/etc/postfix/foreign|" /etc/postfix/main.cf
store member0000009=nine@elsewhere.example
ok 'a new clash of a row that did not change' sync --json
like 'is not looked for when few rows changed' "$(steps)" splice
store -member0000010
expect_exit 25 'but by the next sync that judges all rows' sync --json
is 'it is named then' "$(refused "$stdout_file")" member0000008:clash-alias

fresh lmdb
store member0000006=six@elsewhere.example
/usr/bin/python3 -I - $state/store/aliases.json <<'PYTHON'
import json, os, sys
path = sys.argv[1]
text = json.dumps(json.load(open(path)), indent=1)
with open(path, "w") as file:
    file.write(text)
PYTHON
taken 'a store that somebody has re-indented' render member0000006 six@elsewhere.example

fresh lmdb
before=$(fingerprint)
store member0000007=seven@elsewhere.example
modified=$(stat -c %y $state/store/aliases.json)
offset=$(grep -abo 'seven@elsewhere' $state/store/aliases.json | cut -d: -f1)
printf 'evils' | dd of=$state/store/aliases.json bs=1 seek="$offset" conv=notrunc status=none
touch -d "$modified" $state/store/aliases.json
expect_exit 5 'a store edited in place with its old time' sync
is 'is not synced' "$(fingerprint)" "$before"

fresh lmdb
store member0000008=eight@elsewhere.example
store member0000009=nine@elsewhere.example
/usr/bin/python3 -I - $state/store/journal.jsonl <<'PYTHON'
import sys
path = sys.argv[1]
lines = open(path, "rb").read().split(b"\n")
lines[-3] = lines[-3].replace(b"eight@elsewhere", b"EIGHT@elsewhere")
open(path, "r+b").write(b"\n".join(lines))
PYTHON
taken 'a journal that does not chain' render member0000009 nine@elsewhere.example
is 'the store decides' "$(answer member0000008@club.example)" eight@elsewhere.example

# A text that rotted on the disk keeps its identity: the index tells.
fresh lmdb
sed -i 's/user0000900\.v1/USER0000900.v1/' $map
chgrp postfix $map
identity=$(stat -c '%d:%i:%s:%.9Y:%.9Z' $map | sed 's/,/./g')
sed -i "s|\"text_file\":.*|\"text_file\": \"$identity\",|" $state/sync/members.json
store member0000010=ten@elsewhere.example
taken 'a text that is not what its identity says' render member0000010 ten@elsewhere.example
is 'the rotten row is right again' "$(answer member0000900@club.example)" user0000900.v1@mail001.example.org

fresh lmdb
store "$(printf 'info=%s' x@elsewhere.example)" member0000011=eleven@elsewhere.example
ok 'with a rail lifted' sync --force=reserved
store member0000012=twelve@elsewhere.example
expect_exit 10 'the next sync meets the rail again' sync
done_testing
