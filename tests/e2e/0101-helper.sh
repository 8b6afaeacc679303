#!/bin/bash
# 0101: postigo-drop alone: its four verbs, its refusals, the file it makes.
# Cases A02, A03, A04, A11, A26, A30, A34 (installation), A37.
# shellcheck disable=SC2154,SC2317 # stdout and stderr are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

helper=/usr/local/libexec/postigo/postigo-drop
[ -x $helper ] || skip_all 'postigo-drop is not built'
install_helper_by_hand
new=/var/lib/postigo/queue/new
staging=/var/lib/postigo/queue/tmp
slot=$new/20001.alias.json

record() {
	printf '%s\n' "${@:2}" >"$scratch/$1"
	chmod 0644 "$scratch/$1"
}
record first 'op set' 'user ana' 'to Ana.M@ELSEWHERE.example' 'note for "me" \ z' 'lang pt_BR'
record second 'op set' 'user ana' 'to ana@other.example' 'to ana@third.example' 'keep-copy yes'
record pause 'op pause' 'user ana'
record bad 'op set' 'user ana' 'to |/bin/id'

# drop RECORD VERB KIND, as ana
drop() {
	input=$scratch/$1 as ana "$helper" "$2" "$3"
}

# ---- submit
expect_exit 20 'nothing is pending at first' as ana $helper show alias
is 'which is one line' "$stderr" 'postigo-drop: nothing is pending, or it is being decided'
expect_exit 0 'a request is taken' drop first submit alias
is 'silently' "$stdout$stderr" ''
is 'the file is the member'\''s, in the group of the queue' "$(mode_of $slot)" '600 ana:postigo-drop'
is 'it has one name' "$(stat -c %h $slot)" 1
is_json 'format' $slot .format 1
is_json 'kind' $slot .kind alias
is_json 'op' $slot .op set
is_json 'the uid is the real one' $slot .uid 20001
is_json 'name' $slot .username ana
is_json 'the domain came out in lower case' $slot '.destinations[0]' Ana.M@elsewhere.example
is_json 'keep_copy' $slot .keep_copy false
is_json 'note' $slot .note 'for "me" \ z'
is_json 'language' $slot .lang pt_BR
like 'the nonce is random hex' "$(json .nonce $slot)" '^[0-9a-f]{32}$'
like 'the time is now' "$(json .created_at $slot)" "^$(date -u +%Y-%m-%dT)[0-9:]{8}Z$"
like 'the tool says its version' "$(json .tool $slot)" '^postigo-drop/[0-9]'
is 'nothing is left beside it' "$(find $new $staging -name "*.json")" "$slot"
expect_exit 0 'show prints it' as ana $helper show alias
is 'byte for byte' "$stdout" "$(cat $slot)"

# ---- one at a time
before=$(stat -c '%i %Y %Z' $slot)$(cat $slot)
expect_exit 2 'a second one is refused' drop second submit alias
is 'in one line' "$stderr" 'postigo-drop: a request is already pending'
is 'and the first is untouched' "$(stat -c '%i %Y %Z' $slot)$(cat $slot)" "$before"
expect_exit 0 'another kind has another slot' drop pause submit alias-state
is_json 'with fewer members' "$new/20001.alias-state.json" .op pause
is 'which end after the language' "$(grep -c 'destinations\|keep_copy\|note' $new/20001.alias-state.json)" 0
expect_exit 20 'another member has other slots' as beto $helper show alias
expect_exit 0 'replace takes the place' drop second replace alias
is_json 'of the first' $slot '.destinations[1]' ana@third.example
is_json 'copy kept' $slot .keep_copy true
is 'still one file a slot' "$(ls $new)" '20001.alias-state.json
20001.alias.json'
is 'nothing staged' "$(ls $staging)" ''
is 'with the same owner and mode' "$(mode_of $slot) $(stat -c %h $slot)" '600 ana:postigo-drop 1'
expect_exit 0 'withdraw removes it' as ana $helper withdraw alias
expect_exit 20 'and then there is nothing' as ana $helper withdraw alias
is 'the other kind stays' "$(ls $new)" 20001.alias-state.json
expect_exit 0 'until it is withdrawn' as ana $helper withdraw alias-state
expect_exit 0 'replace files where nothing is pending' drop first replace alias
expect_exit 0 'and that is withdrawn' as ana $helper withdraw alias

# ---- refusals of the record
refuses() {
	expect_exit 10 "$1" drop "$2" submit "${4:-alias}"
	is 'naming the field' "$stderr" "postigo-drop: field $3"
}
refuses 'a bad destination' bad to
refuses 'an op of the other kind' pause op
refuses 'an op of the other kind, the other way round' first op alias-state
: >"$scratch/empty"
refuses 'nothing' empty record
record unknown 'op pause' 'user ana' 'uid 0'
refuses 'an unknown field' unknown record alias-state
record other 'op pause' 'user Ana'
refuses 'a name that is none' other user alias-state
{ cat "$scratch/first"; head -c 5000 /dev/zero | tr '\0' 'n'; echo; } >"$scratch/long"
refuses 'too much' long record
printf 'op pause\nuser ana\nnote a\033[2J\n' >"$scratch/escape"
refuses 'control characters, without repeating them' escape note alias-state
is 'none of this left a file' "$(find $new $staging -name "*.json")" ''

# ---- usage
for words in '' submit 'submit alias more' 'frobnicate alias' 'submit mailbox' 'show ALIAS' '--help' '-h alias'; do
	# shellcheck disable=SC2086
	expect_exit 64 "usage: '$words'" as ana $helper $words
done
expect_exit 64 'a hostile argument is not repeated' as ana $helper $'\033[2J' alias
is 'in the message' "$stderr" 'postigo-drop: usage: postigo-drop submit|replace|withdraw|show alias|alias-state'

# ---- who, and how it is installed
expect_exit 77 'root is refused' $helper show alias
chmod 0755 $helper
expect_exit 4 'without the setgid bit it says so' drop first submit alias
like 'and whom to ask' "$stderr" 'setup'
chmod 2755 $helper
wrong() {
	expect_exit 4 "$1" drop first submit alias
	like 'it says so' "$stderr" 'the queue'
}
for mode in 0730 1770 1733 3730 1731 1630; do
	chmod $mode $new
	chmod "u-s" $new
	[ $mode = 3730 ] && chmod g+s $new
	wrong "mode $mode of the directory is refused"
	chmod g-s $new
	chmod 1730 $new
done
chown ana $new && wrong 'a directory that is not root'\''s is refused'
chown root:users $new && wrong 'nor one of another group'
chown root:postigo-drop $new && chmod 1730 $new
mv $new $new.real && ln -s new.real $new && wrong 'nor a link'
rm $new && wrong 'nor none'
mv $new.real $new
mv /var/lib/postigo /var/lib/real && ln -s real /var/lib/postigo && wrong 'nor a link on the way'
rm /var/lib/postigo && mv /var/lib/real /var/lib/postigo
chmod 0700 $staging
expect_exit 4 'replace refuses a bad staging directory' drop first replace alias
chmod 1730 $staging
expect_exit 0 'and all in order again' drop first submit alias
as ana $helper withdraw alias

# ---- A26: umask
for mask in 000 077 777; do
	# shellcheck disable=SC2016
	input=$scratch/first ok "umask $mask" as ana sh -c "umask $mask; exec $helper submit alias"
	is 'makes no difference' "$(mode_of $slot)" '600 ana:postigo-drop'
	as ana $helper withdraw alias
done

# ---- A30: closed descriptors, and inherited ones
for closing in '>&-' '2>&-' '>&- 2>&-'; do
	input=$scratch/first ok "closed: $closing" as ana sh -c "exec $helper submit alias $closing"
	is_json 'the file is whole' $slot .username ana
	is 'and nothing but it' "$(wc -l <$slot)" 1
	as ana $helper withdraw alias
done
expect_exit 10 'closed: all' as ana sh -c "exec $helper submit alias <&- >&- 2>&-"
expect_exit 20 'nothing was filed' as ana $helper show alias
input=$scratch/first ok 'inherited descriptors do not matter' as ana bash -c \
	"for n in {3..200}; do eval \"exec \$n</dev/null\"; done; exec $helper submit alias"
expect_exit 6 'a full standard output is told' as ana sh -c "exec $helper show alias >/dev/full"
expect_exit 0 'the last is withdrawn' as ana $helper withdraw alias

done_testing
