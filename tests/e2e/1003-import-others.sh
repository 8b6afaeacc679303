#!/bin/bash
# 1003: aliases that were kept by other means: runv's store (A13) and a hand-kept virtual(5) text.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

store=/var/lib/postigo/store/aliases.json
ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example

# ---- A13: runv's store, with one entry that cannot be taken
cat >"$scratch/email-aliases.json" <<'JSON'
{
  "ana": {
    "username": "ana",
    "alias": "ana@club.example",
    "destination": "ana@elsewhere.example",
    "status": "active",
    "created_at": "2025-03-01T10:00:00Z",
    "updated_at": "2025-03-02T11:00:00Z",
    "approved_by": "pmurad-admin"
  },
  "beto": {
    "username": "beto",
    "alias": "beto@club.example",
    "destination": "root,x@evil.example",
    "status": "active",
    "created_at": "2025-03-01T10:00:00Z",
    "updated_at": "2025-03-02T11:00:00Z",
    "approved_by": "root"
  },
  "carla": {
    "username": "carla",
    "alias": "carla@club.example",
    "destination": "carla@elsewhere.example",
    "status": "active",
    "created_at": "2025-03-01T10:00:00.123456+00:00",
    "updated_at": "2025-03-02T11:00:00+00:00",
    "approved_by": "root"
  }
}
JSON
expect_exit 25 'a dry run' postigo-admin member import --from runv --dry-run "$scratch/email-aliases.json" --json
is_json 'tells what would come' "$stdout_file" '.rows.added' 2
is_json 'and writes nothing' "$stdout_file" '.changed' false
expect_exit 25 'the import' postigo-admin member import --from runv "$scratch/email-aliases.json"
like 'reports the refused entry with its line' "$stderr" 'json:11: destination: "root,x@evil.example"'
expect_exit 0 'the others are there' postigo-admin member show ana --json
is_json 'with their birthday' "$stdout_file" '.created_at' 2025-03-01T10:00:00Z
is_json 'their last change' "$stdout_file" '.updated_at' 2025-03-02T11:00:00Z
is_json 'who approved them' "$stdout_file" '.approved_by' pmurad-admin
is_json 'and where they came from' "$stdout_file" '.source' import-runv
expect_exit 0 "Python's times too" postigo-admin member show carla --json
is_json 'are understood' "$stdout_file" '.created_at' 2025-03-01T10:00:00Z
expect_exit 1 'the refused one is not' postigo-admin member show beto
expect_exit 0 'the map has them' postmap -q ana@club.example "lmdb:$postfix_map"
before=$(sha256sum <$store)
expect_exit 25 'a second run' postigo-admin member import --from runv "$scratch/email-aliases.json" --json
is_json 'changes nothing' "$stdout_file" '.changed' false
is_json 'and finds them as they were' "$stdout_file" '.rows.unchanged' 2
is 'not a byte' "$(sha256sum <$store)" "$before"

# What was changed here since is newer than runv's
expect_exit 0 'an administrator changes one' postigo-admin member set ana --to new@elsewhere.example
expect_exit 25 'runv again, even with --replace' \
	postigo-admin member import --from runv --replace "$scratch/email-aliases.json" --json
is_json 'does not overwrite it' "$stdout_file" '.results[0].faults[0].message' 'what the store has is newer'
sed -i 's/2025-03-02T11:00:00Z/2099-03-02T11:00:00Z/' "$scratch/email-aliases.json"
expect_exit 25 'changed in runv since' postigo-admin member import --from runv "$scratch/email-aliases.json"
like 'it wants --replace' "$stderr" 'json:2: alias: ana exists'
expect_exit 25 'and with it' postigo-admin member import --from runv --replace "$scratch/email-aliases.json"
expect_exit 0 'is taken' postigo-admin member show ana --json
is_json 'as runv has it' "$stdout_file" '.destinations[0]' ana@elsewhere.example

sed -i 's/"ana": {/"other": {/; s/carla@club.example/carla@runv.club/' "$scratch/email-aliases.json"
expect_exit 10 'an entry under a wrong key, and one of another domain' \
	postigo-admin member import --from runv --replace "$scratch/email-aliases.json"
like 'the key' "$stderr" 'json:2: username: it is not its key'
like 'the domain' "$stderr" 'json:20: alias: "carla@runv.club" is not carla@club.example'
printf '{"ana": {"username": "ana"}, "ana": {}}' >"$scratch/twice"
expect_exit 10 'a key twice' postigo-admin member import --from runv "$scratch/twice"
like 'breaks the file' "$stderr" 'twice:1: row: .*duplicate key'
printf '[]' >"$scratch/array"
expect_exit 10 'an array is no store of runv' postigo-admin member import --from runv "$scratch/array"
printf '{}' >"$scratch/none"
expect_exit 0 'an empty store is' postigo-admin member import --from runv "$scratch/none"

# ---- virtual(5)
cat >"$scratch/virtual" <<'VIRTUAL'
# kept by hand since 2009
club.example  anything

m1@club.example   m1@elsewhere.example
M2@Club.Example
   m2@elsewhere.example,
# a comment does not end it
   m2@club.example
m3@club.example  m3@club.example
VIRTUAL
expect_exit 10 'keeping a copy is a matter of policy' \
	postigo-admin member import --from postfix-virtual "$scratch/virtual"
like 'the line is that of the name' "$stderr" 'virtual:5: user: m2: asks to keep a copy'
install -d -m 0755 /etc/postigo/conf.d
printf '{"policy": {"keep_copy": true, "max_destinations": 2}}' >/etc/postigo/conf.d/copies.json
chmod 0644 /etc/postigo/conf.d/copies.json
expect_exit 0 'a virtual text is imported' postigo-admin member import --from postfix-virtual "$scratch/virtual" --json
is_json 'two aliases' "$stdout_file" '.rows.added' 2
expect_exit 0 'the second' postigo-admin member show m2 --json
is_json 'keeps a copy' "$stdout_file" '.keep_copy' true
is_json 'and has its destination' "$stdout_file" '.destinations#' 1
is_json 'and its source' "$stdout_file" '.source' import-postfix
expect_exit 1 'what forwards to itself only is left out' postigo-admin member show m3
expect_exit 0 'a second run' postigo-admin member import --from postfix-virtual "$scratch/virtual" --json
is_json 'changes nothing' "$stdout_file" '.changed' false

cat >"$scratch/odd" <<'VIRTUAL'
  stray@club.example x@elsewhere.example
"quoted user"@club.example x@elsewhere.example
m4 x@elsewhere.example
@club.example x@elsewhere.example
m5@other.example x@elsewhere.example
m6@club.example "|/bin/sh"
m7@club.example :include:/etc/passwd
m8@club.example m9
m9@club.example
m10+x@club.example x@elsewhere.example
m11@club.example a@elsewhere.example b@elsewhere.example
m11@club.example c@elsewhere.example
VIRTUAL
expect_exit 10 'odd lines' postigo-admin member import --from postfix-virtual "$scratch/odd"
for fault in '1: row: it continues' '2: key: .*quotes' '3: key: .*without a domain' '4: key: .*catch-all' \
	'5: key: .*not in club.example' '6: value: quotes' '7: destination: ":include' '8: destination: "m9"' \
	'9: value: there is no destination' '10: user: "m10\+x"' '12: user: "m11" stands in line 11'; do
	like "are refused one by one: ${fault%%:*}" "$stderr" "odd:$fault"
done
expect_exit 25 'and the rest can be taken' postigo-admin member import --from postfix-virtual --skip-errors "$scratch/odd"
expect_exit 0 'it is' postigo-admin member show m11
done_testing
