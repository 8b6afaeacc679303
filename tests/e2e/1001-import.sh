#!/bin/bash
# 1001: member export and import: round trip, all faults at once, nothing half done, a second run that changes nothing.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"

store=/var/lib/postigo/store/aliases.json
entries() { sed 1d $store; }
generation() { head -n 1 $store | grep -o '"generation":[0-9]*'; }
write() { cat >"$scratch/$1"; }
# Of the journal: how many events have this op.
events() { grep -c "\"op\":\"$1\"" /var/lib/postigo/store/journal.jsonl || true; }

ok 'Postfix starts' postfix_start lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example

expect_exit 0 'an empty store is exported' postigo-admin member export
is 'as a header' "$stdout" 'user,destinations,expires,note,keep_copy,state'
expect_exit 0 'and as JSON' postigo-admin member export --format json
is_json 'an empty array' "$stdout_file" '#' 0

# ---- good rows
write members.csv <<'CSV'
user,destinations,expires,note,keep_copy
ana,ana@Elsewhere.example,,"forum, ""mail""",false
beto,beto@elsewhere.example,2099-01-31,,no
carla,Carla.B@elsewhere.example,,,
CSV
expect_exit 0 'a dry run' postigo-admin member import --dry-run "$scratch/members.csv" --json
is_json 'says what would be new' "$stdout_file" '.rows.added' 3
is_json 'and changes nothing' "$stdout_file" '.changed' false
is 'not even the generation' "$(generation)" '"generation":0'
expect_exit 0 'the file is imported' postigo-admin member import "$scratch/members.csv" --json
is_json 'three rows' "$stdout_file" '.rows.added' 3
is_json 'with a result each' "$stdout_file" '.results[1].line' 3
is_json 'and an outcome' "$stdout_file" '.results[1].outcome' added
is_json 'in one sync' "$stdout_file" '.sync.rows.added' 3
is 'one transaction' "$(generation)" '"generation":1'
is 'one event an entry' "$(events import)" 3
like 'live' "$(smtp_rcpt beto@club.example)" '^250 '
expect_exit 0 'the member sees it' as ana postigo status --json
is_json 'as active' "$stdout_file" '.state' active
expect_exit 0 'the entry' postigo-admin member show ana --json
is_json 'has the canonical destination' "$stdout_file" '.destinations[0]' ana@elsewhere.example
is_json 'the note' "$stdout_file" '.note' 'forum, "mail"'
is_json 'and its source' "$stdout_file" '.source' import

expect_exit 0 'a second run' postigo-admin member import "$scratch/members.csv" --json
is_json 'changes nothing' "$stdout_file" '.changed' false
is_json 'and says so' "$stdout_file" '.rows.unchanged' 3
is 'no new generation' "$(generation)" '"generation":1'
expect_exit 0 'plain: one line a row' postigo-admin member import "$scratch/members.csv" --plain
is 'with line, outcome, user, destinations' "$(sed -n 1p "$stdout_file")" $'2\tunchanged\tana\tana@Elsewhere.example'

# ---- different content
printf 'user,destinations\nana,new@elsewhere.example\n' | write other.csv
expect_exit 10 'what is there and different is refused' postigo-admin member import "$scratch/other.csv"
like 'naming the option' "$stderr" 'other.csv:2: alias: ana exists and is different; --replace'
expect_exit 0 'unless it shall be replaced' postigo-admin member import --replace "$scratch/other.csv"
expect_exit 0 'then' postigo-admin member show ana --json
is_json 'the destination is new' "$stdout_file" '.destinations[0]' new@elsewhere.example
is_json 'and what the file does not name stays' "$stdout_file" '.note' 'forum, "mail"'

# ---- round trip
ok 'one is suspended' postigo-admin member suspend carla --reason 'for the test' --no-sync
postigo-admin member export --format json >"$scratch/all.json"
postigo-admin member export >"$scratch/all.csv"
ok 'the export is JSON' python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$scratch/all.json"
entries >"$scratch/before"
mv /var/lib/postigo "$scratch/old"
expect_exit 0 'a new, empty store' postigo-admin setup
input=$scratch/all.json expect_exit 0 'takes the JSON from standard input' postigo-admin member import - --no-sync
is 'and is the same, byte for byte' "$(entries)" "$(cat "$scratch/before")"
is 'exported again it is the same file' "$(postigo-admin member export --format json)" "$(cat "$scratch/all.json")"
rm -rf /var/lib/postigo
expect_exit 0 'again empty' postigo-admin setup
input=$scratch/all.csv expect_exit 0 'it takes the CSV' postigo-admin member import --no-sync
is 'and exports the same CSV' "$(postigo-admin member export)" "$(cat "$scratch/all.csv")"
rm -rf /var/lib/postigo
mv "$scratch/old" /var/lib/postigo

# ---- all faults at once
before=$(sha256sum <$store)
write bad.csv <<'CSV'
user,destinations,expires,note,keep_copy
m1,m1@elsewhere.example,,,
m2,joao@,,,
m3,m3@elsewhere.example,next week,,perhaps
nobody-here,x@elsewhere.example,,,
op,op@elsewhere.example,,,

m4,"m4@elsewhere.example
m5@elsewhere.example",,,
m1,again@elsewhere.example,,,
m6,m6@club.example,,,
m7,m7@elsewhere.example
m8,m8@elsewhere.example,2001-01-01,,
m9,m9@elsewhere.example,,,
postmaster,x@elsewhere.example,,,
CSV
expect_exit 10 'a file with faults' postigo-admin member import "$scratch/bad.csv"
for fault in '3: destination: "joao@"' '4: expires: "next week"' '4: keep_copy: "perhaps"' '5: user: there is no account' \
	'6: user: op: is not in group' '8: .*asks for 2 destinations' '10: user: "m1" stands in line 2' '11: .*m6@club' \
	'12: row: it has 2 fields, the header has 5' '13: expires: it is over' '15: user:'; do
	like "tells of line ${fault%%:*}" "$stderr" "bad.csv:$fault"
done
like 'counts them' "$stderr" '10 of 12 rows are refused'
like 'and says how to go on' "$stderr" '--skip-errors'
is 'nothing is written' "$(sha256sum <$store)" "$before"
expect_exit 10 'JSON has the same' postigo-admin member import "$scratch/bad.csv" --json
is_json 'for each row' "$stdout_file" '.results[1].faults[0].field' destination
is_json 'with its line' "$stdout_file" '.results[1].line' 3
is_json 'and the error' "$stderr_file" '.error.exit' 10
expect_exit 25 'with --skip-errors' postigo-admin member import --skip-errors "$scratch/bad.csv" --json
is_json 'the good ones are taken' "$stdout_file" '.rows.added' 2
expect_exit 0 'm9 is there' postigo-admin member show m9
expect_exit 1 'm2 is not' postigo-admin member show m2
expect_exit 25 'again' postigo-admin member import --skip-errors "$scratch/bad.csv" --json
is_json 'nothing changes' "$stdout_file" '.changed' false

# ---- files that are none
expect_exit 10 'an empty file' postigo-admin member import
printf 'ana,ana@elsewhere.example\n' >"$scratch/headless"
input=$scratch/headless expect_exit 10 'a file without header' postigo-admin member import
like 'is told what is wanted' "$stderr" '^-:1: row: unknown column'
printf 'user,destinatons\n' >"$scratch/typo"
input=$scratch/typo run postigo-admin member import
like 'a mistyped column is guessed' "$stderr" 'did you mean "destinations"'
printf 'user,destinations\nm2,m2@elsewhere.example\nm3,"m3@elsewhere.example\n' >"$scratch/open"
expect_exit 10 'an open quotation mark' postigo-admin member import --skip-errors "$scratch/open"
like 'has its line' "$stderr" 'open:3: row: '
expect_exit 1 'and nothing of that file is taken' postigo-admin member show m2
printf 'user,destinations\r\nm2,m2@elsewhere.example\r\n' >"$scratch/crlf"
expect_exit 0 'CRLF is fine' postigo-admin member import "$scratch/crlf"
printf '\xef\xbb\xbfuser,destinations\nm3,m3@elsewhere.example\n' >"$scratch/bom"
expect_exit 0 'so is a byte order mark' postigo-admin member import "$scratch/bom"
expect_exit 64 'an unknown format' postigo-admin member import --format xml "$scratch/bom"
expect_exit 64 'two forms at once' postigo-admin member import --format csv --from runv "$scratch/bom"
expect_exit 1 'no such file' postigo-admin member import "$scratch/none"
expect_exit 64 'a directory' postigo-admin member import /tmp

# ---- hostile bytes
printf 'user,destinations,note\nm5,m5@elsewhere.example,"\033[2J\a"\n\033]0;evil\a,x@y.example,\nm6,"a\033[31m@elsewhere.example",\nm7,m7@elsewhere.example,"a\000b"\nm8,m8@elsewhere.example,\xe2\x80\xae\n' \
	>"$scratch/hostile.csv"
expect_exit 10 'hostile bytes are refused' postigo-admin member import "$scratch/hostile.csv"
is 'no control byte is written' "$(tr -d '\n\t -~' <"$stderr_file" | wc -c)" 0
like 'they are shown escaped' "$stderr" '\\x1B'
expect_exit 10 'in JSON too' postigo-admin member import "$scratch/hostile.csv" --json
is 'no control byte is written' "$(cat "$stdout_file" "$stderr_file" | tr -d '\n\t -~' | wc -c)" 0

# ---- a file is opened with the rights of who called sudo
install -m 0600 "$scratch/members.csv" /root/members.csv
expect_exit 77 'what op may not read' \
	env SUDO_UID=20401 SUDO_USER=op /usr/local/sbin/postigo-admin member import /root/members.csv
unlike 'is not quoted' "$stderr" 'elsewhere'
like 'the way around is named' "$stderr" 'rights of op'
expect_exit 77 'as is a file of root through a link' \
	env SUDO_UID=20401 SUDO_USER=op /usr/local/sbin/postigo-admin member import /etc/shadow
install -o op -m 0600 "$scratch/members.csv" /home/members.csv
expect_exit 10 'what op may read, is read' \
	env SUDO_UID=20401 SUDO_USER=op /usr/local/sbin/postigo-admin member import /home/members.csv
expect_exit 77 'only root imports' as op /usr/local/sbin/postigo-admin member import "$scratch/members.csv"
done_testing
