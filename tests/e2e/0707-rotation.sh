#!/bin/bash
# 0707: the journal over several files: history, undo, restore, proof and check go through all of them, readers are not disturbed, and a kill at any step of
# closing a full file loses nothing. Case A105.
# timeout: 600
# shellcheck disable=SC2317 # functions that "ok" calls
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
in_namespace "$@"
. "$(dirname "$0")/../support/sweep.sh"
export ASAN_OPTIONS=detect_leaks=0 # nobody can look for leaks while another traces

state=/var/lib/postigo
store=$state/store
full=65536
printf -v padding '%0490d' 0

full_files() {
	find $store -name 'journal.0*.jsonl' | wc -l
}

# change NAME: a decision of more than two kilobytes on m1
change() {
	postigo-admin member set m1 --to "$1@elsewhere.example" --note "$1 $padding" --no-sync >/dev/null
}

# Fills journal.jsonl until the next change must close it.
fill() {
	local number=0
	while [ "$(stat -c %s "$store/journal.jsonl")" -lt "$full" ]; do
		number=$((number + 1))
		change "fill$number" || return 1
	done
}

keep() {
	rm -rf "$scratch/before"
	cp -a $state "$scratch/before"
}

put_back() {
	find $state -mindepth 1 -delete
	cp -a "$scratch/before/." $state/
}

ok 'Postfix is configured' postfix_configure lmdb
expect_exit 0 'setup' postigo-admin setup --domain club.example
echo '{"policy": {"journal_size": 1000}}' >/etc/postigo/conf.d/test.json
expect_exit 4 'a limit that is too low is refused' postigo-admin config check
like 'by its name' "$stderr" 'journal_size'
echo "{\"policy\": {\"journal_size\": $full, \"check_mx\": false}}" >/etc/postigo/conf.d/test.json
expect_exit 0 'beto, in the first file' postigo-admin member add beto beto@elsewhere.example
expect_exit 0 'carla' postigo-admin member add carla carla@elsewhere.example
expect_exit 0 'm1' postigo-admin member add m1 m1@elsewhere.example
id=$(postigo-admin history beto --plain | cut -f2)
ok 'a file is full' fill
is 'and is one still' "$(full_files)" 0
ok 'one change more' change next
is 'closes it' "$(full_files)" 1
is 'the new one has one line' "$(wc -l <$store/journal.jsonl)" 1
is 'the old one is called after its last' "$store/$(basename "$store"/journal.0*)" \
	"$store/journal.$(printf %012d "$(tail -n 1 $store/journal.0* | sed 's/{"seq":\([0-9]*\).*/\1/')").jsonl"
is 'its mode is the old one' "$(mode_of "$store"/journal.0*)" "$(mode_of $store/journal.jsonl)"
for _ in 1 2; do
	ok 'another one is filled' fill
	ok 'and closed' change next
done
is 'there are three' "$(full_files)" 3
lines=$(cat $store/journal.0*.jsonl $store/journal.jsonl | wc -l)

expect_exit 0 'the journal is whole' postigo-admin journal verify --json
is_json 'over all lines' "$stdout_file" .lines "$lines"
expect_exit 0 'history' postigo-admin history --limit 1000 --json
is_json 'has every line' "$stdout_file" '#' "$lines"
is_json 'the first is the last' "$stdout_file" "[$((lines - 1))].op" init
expect_exit 0 'one member' postigo-admin history beto --json
is_json 'is found in the first file' "$stdout_file" '[0].op' add
expect_exit 0 'undo goes back there' postigo-admin undo "$id"
expect_exit 1 'and beto is gone' postigo-admin member show beto
expect_exit 0 'undo of the undo' postigo-admin undo "h-$((lines + 1))"
expect_exit 0 'beto is back' postigo-admin member show beto
generation=$(postigo-admin backup list --plain | tail -n 1 | cut -f1)
expect_exit 0 'restore' postigo-admin restore "$generation" --yes
expect_exit 0 'the journal is whole' postigo-admin journal verify
expect_exit 0 'check' postigo-admin check --json --section store
unlike 'has nothing to say' "$stdout" '"severity":"(error|warning)"'

# A restore over a damaged store closes a full file, too.
ok 'a full file' fill
files=$(full_files)
rm $store/aliases.json
expect_exit 0 'restore over damage' postigo-admin restore "$(postigo-admin backup list --plain | head -n 1 | cut -f1)" --yes
is 'closes it' "$(full_files)" $((files + 1))
expect_exit 0 'the journal is whole' postigo-admin journal verify

# What is wrong with a full file is said by all that read it; nothing is taken for empty.
keep
mapfile -t names < <(find $store -name 'journal.0*.jsonl' | sort)
broken() {
	expect_exit 5 "$1: the proof fails" postigo-admin journal verify
	expect_exit 5 "$1: so does the history" postigo-admin history --limit 100000
	run postigo-admin check --json --section store
	like "$1: check says so" "$stdout" '"store\.journal"'
	put_back
}
rm "${names[0]}"
broken 'the first file gone'
rm "${names[1]}"
broken 'one in the middle gone'
mv "${names[0]}" "$scratch/swap" && mv "${names[1]}" "${names[0]}" && mv "$scratch/swap" "${names[1]}"
broken 'two swapped'
sed -i '4s/m1@/1m@/' "${names[0]}"
broken 'a line changed'
sed -i '$d' "${names[1]}"
broken 'a last line gone'
truncate -s -1 "${names[1]}"
broken 'a last byte gone'
chmod g+w "${names[0]}"
run postigo-admin check --json --section store
like 'a full file that others may write is a finding' "$stdout" '"store\.file-mode"'
put_back
expect_exit 0 'and whole again' postigo-admin journal verify

# Readers while files are closed
: >"$scratch/reading"
(
	while [ -e "$scratch/reading" ]; do
		postigo-admin history --limit 100000 --quiet >/dev/null 2>>"$scratch/readers" || echo "history: $?" >>"$scratch/readers"
		postigo-admin journal verify --quiet 2>>"$scratch/readers" || echo "verify: $?" >>"$scratch/readers"
	done
) &
reader=$!
for ((number = 1; number <= 100; number++)); do
	change "busy$number" || fail "change $number"
done
rm "$scratch/reading"
wait $reader
is 'no reader failed' "$(cat "$scratch/readers")" ''
ok 'while several were closed' test "$(full_files)" -ge $((${#names[@]} + 2))

# Killed before the system calls of a change that closes a full file: every second of those that matter, with SWEEP=all each
put_back
ok 'an alias before' change old
ok 'a full file' fill
change_to=$(postigo-admin member show m1 --plain | awk -F '\t' '$1 == "destination" { print $2 }')
files=$(full_files)
keep
restore() {
	put_back
}
outcome() {
	local where lines
	[ -e $store/journal.jsonl ] || echo closed >>"$scratch/closed"
	postigo-admin history --limit 3 --quiet >/dev/null 2>"$scratch/error" || {
		echo "a reader fails: $(head -n 1 "$scratch/error")"
		return
	}
	postigo-admin journal verify --quiet 2>"$scratch/error" || {
		echo "not whole before recovery: $(head -n 1 "$scratch/error")"
		return
	}
	postigo-admin member set carla --note after --no-sync >/dev/null 2>"$scratch/error" || {
		echo "recovery fails: $(head -n 1 "$scratch/error")"
		return
	}
	postigo-admin journal verify --quiet 2>"$scratch/error" || {
		echo "journal: $(head -n 1 "$scratch/error")"
		return
	}
	[ "$(full_files)" -eq $((files + 1)) ] || {
		echo "$(full_files) full files"
		return
	}
	[ "$(mode_of $store/journal.jsonl)" = "$(mode_of "${names[0]}")" ] || {
		echo "mode $(mode_of $store/journal.jsonl)"
		return
	}
	where=$(postigo-admin member show m1 --plain | awk -F '\t' '$1 == "destination" { print $2 }')
	lines=$(postigo-admin history --limit 1 --json | json '[0].op' /dev/stdin)
	[ "$lines" = set ] || {
		echo "the last line is $lines"
		return
	}
	echo "$where"
}
sweep_kills 'closing a full file' "$change_to" new@elsewhere.example postigo-admin member set m1 --to new@elsewhere.example --no-sync
ok 'some kills found the journal closed and no new file' test -s "$scratch/closed"
sweep_figures
done_testing
