#!/bin/bash
# 0909: a store forged with its journal, so that every digest is right: what cannot stand in a map is refused, and nothing is written. Case A60.
# shellcheck disable=SC2154,SC2317,SC2001,SC2012 # stdout and status are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

store=/var/lib/postigo/store
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
ok 'ana asks' as ana postigo request ana@elsewhere.example
run postigo-admin pending --plain
ok 'and gets an alias' postigo-admin approve "$(printf '%s' "$stdout" | cut -f1)"
cp -a $store "$scratch/store"

# forge STORE OLD NEW WHOSE: replaces bytes in the store and makes journal and head vouch for it: "event" says the same in the last event, "digest" leaves that
# one innocent, so that only the reader of the store can object.
cat >"$scratch/forge" <<'PYTHON'
import hashlib, json, sys
store, old, new, whose = sys.argv[1:]
path = store + "/aliases.json"
text = open(path, encoding="utf-8").read()
before = hashlib.sha256(text.encode()).hexdigest()
assert old in text
text = text.replace(old, new)
open(path, "w", encoding="utf-8").write(text)
after = hashlib.sha256(text.encode()).hexdigest()
journal = open(store + "/journal.jsonl", encoding="utf-8").read().replace(before, after)
if whose == "event":
    journal = journal.replace(old, new)
open(store + "/journal.jsonl", "w", encoding="utf-8").write(journal)
lines = journal.splitlines()
head = json.load(open(store + "/journal.head", encoding="utf-8"))
for key, value in head.items():
    if isinstance(value, str) and len(value) == 64:
        head[key] = hashlib.sha256(lines[-1].encode()).hexdigest()
    elif key in ("end", "offset"):
        head[key] = len(journal.encode())
open(store + "/journal.head", "w", encoding="utf-8").write(json.dumps(head, separators=(",", ":")) + "\n")
PYTHON
restore() {
	rm -rf $store
	cp -a "$scratch/store" $store
}
fingerprint() {
	find /etc/postfix -type f -printf '%p %i %s %T@ %C@\n' | sort | sha256sum
}

# A forgery that says nothing wrong is believed: so the digests of the others are right, too.
ok 'forged' python3 "$scratch/forge" $store ana@elsewhere.example ana@another.example event
expect_exit 0 'an innocent one is synced' postigo-admin sync
like 'into the map' "$(postmap -q ana@club.example "lmdb:$postfix_map")" another
restore
ok 'back' postigo-admin sync --force=generation
before=$(fingerprint)
while IFS=';' read -r title old new; do
	for whose in event digest; do
		ok "forged with its $whose: $title" python3 "$scratch/forge" $store "$old" "$new" $whose
		expect_exit 5 "$title: refused" postigo-admin sync --force=churn,drop,generation
		like "$title: for what it is" "$stderr" 'its value is not allowed|belongs to another name|control character'
		is "$title: no file of Postfix is touched" "$(fingerprint)" "$before"
		run postigo-admin member list --plain
		is "$title: nor is it an alias for anybody" "$status $stdout" '5 '
		restore
	done
done <<'FORGERIES'
a newline in the destination;ana@elsewhere.example;ana@elsewhere.example\nroot@club.example
a tab;ana@elsewhere.example;ana@elsewhere\t.example
a comma;ana@elsewhere.example;ana@elsewhere.example,root@club.example
a blank;ana@elsewhere.example;ana@elsewhere.example root
a command;ana@elsewhere.example;|/bin/sh
a file;ana@elsewhere.example;/etc/passwd
an include;ana@elsewhere.example;:include:/etc/passwd
a raw tab;ana@elsewhere.example;ana@elsewhere	.example
a newline in the alias;ana@club.example;ana@club.example\nroot@club.example
a tab in the alias;ana@club.example;ana\t@club.example
a comma in the alias;ana@club.example;ana,root@club.example
a blank in the alias;ana@club.example;ana @club.example
another domain;ana@club.example;ana@other.example
FORGERIES
expect_exit 0 'the true store is synced' postigo-admin sync
is 'and nothing had changed' "$(fingerprint)" "$before"
done_testing
