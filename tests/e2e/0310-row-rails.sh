#!/bin/bash
# Held here: A73, A83.
# timeout: 600
# Rails that refuse single rows: left out when new, kept as live when not, all others live, exit 25 (A72 to A74).
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'

# set_main PARAMETER VALUE: replaces one parameter.
set_main() {
	sed -i "/^$1 /d" /etc/postfix/main.cf
	echo "$1 = $2" >>/etc/postfix/main.cf
	touch -d '1 minute ago' /etc/postfix/main.cf
}

# fresh TYPE: m1 to m3 are live, nothing else is configured.
fresh() {
	sync_forget
	rm -f /etc/postfix/foreign*
	sync_configure "$1"
	postfix_write_main_cf "$1"
	set_main recipient_delimiter +
	store_rows 3
	sync >/dev/null 2>&1
}

# table NAME LINE...: an lmdb table of others.
table() {
	local name=$1
	shift
	printf '%s\n' "$@" >"/etc/postfix/$name"
	postmap "lmdb:/etc/postfix/$name"
}

# partial TITLE REFUSED [OPTION...]: the sync ends with 25 and these rows refused.
partial() {
	expect_exit 25 "$1: is partial" sync --json "${@:3}"
	is "$1: these rows" "$(refused "$stdout_file")" "$2"
	is_json "$1: the result says so" "$stdout_file" .exit 25
	is_json "$1: and is kept" $state/sync/last-result.json .exit 25
	like "$1: with a reason" "$stderr" '"why"'
}

whole() {
	ok "$1: is whole" sync --json "${@:2}"
	is "$1: no row is refused" "$(refused "$stdout_file")" ''
}

# ---------------------------------------------------------------- clash-alias, shadowed

for type in lmdb hash cdb texthash; do
	fresh $type
	table foreign 'm1@club.example other@elsewhere.example' 'm9@club.example other@elsewhere.example'
	set_main virtual_alias_maps "$type:$map lmdb:/etc/postfix/foreign"
	store m1=new@elsewhere.example m2=new@elsewhere.example m9=m9@elsewhere.example
	partial "$type: a later map" 'm1:clash-alias m9:clash-alias'
	is "$type: what was live stays" "$(answer m1@club.example)" m1@elsewhere.example
	is "$type: what is new is left out" "$(answer m9@club.example)" ''
	is "$type: the others are live" "$(answer m2@club.example)" new@elsewhere.example
	before=$(fingerprint)
	partial "$type: again" 'm1:clash-alias m9:clash-alias'
	is "$type: again: nothing is touched" "$(fingerprint)" "$before"
	expect_exit 25 "$type: --dry-run tells" sync --dry-run
	expect_exit 25 "$type: --check tells" sync --check
	table foreign 'm1@club.example new@elsewhere.example'
	whole "$type: the same answer is no clash"
	is "$type: it is live" "$(answer m1@club.example)" new@elsewhere.example
	is "$type: so is the new one" "$(answer m9@club.example)" m9@elsewhere.example
	ok "$type: and then" sync --json
	is_json "$type: there is nothing to do" "$stdout_file" .changed false
done

fresh lmdb
table foreign 'm1@club.example other@elsewhere.example'
set_main virtual_alias_maps "lmdb:/etc/postfix/foreign lmdb:$map"
store m1=new@elsewhere.example
whole 'an earlier map'
is 'is warned about' "$(warnings "$stdout_file")" shadowed
is 'our row is right' "$(answer m1@club.example)" new@elsewhere.example
for reference in "lmdb:$map proxy:lmdb:/etc/postfix/foreign" \
	"lmdb:$map, unionmap:{static:x, lmdb:/etc/postfix/foreign}" \
	"unionmap:{lmdb:$map, lmdb:/etc/postfix/foreign}" \
	"\$my_maps" \
	"lmdb:$map {lmdb:/etc/postfix/foreign}" \
	"lmdb:$map inline:{m1@club.example=other@elsewhere.example}" \
	"lmdb:$map inline:{{m1@club.example = other@elsewhere.example}}" \
	"lmdb:$map regexp:/etc/postfix/foreign.regexp" \
	"lmdb:$map pipemap:{lmdb:/etc/postfix/foreign, static:y}"; do
	fresh lmdb
	table foreign 'm1@club.example other@elsewhere.example'
	echo '/^m1@/ other@elsewhere.example' >/etc/postfix/foreign.regexp
	set_main my_maps "lmdb:$map lmdb:/etc/postfix/foreign"
	set_main virtual_alias_maps "$reference"
	store m1=new@elsewhere.example m4=m4@elsewhere.example
	run sync --json
	like "$reference: m1 is refused" "$(refused "$stdout_file")" '^m1:clash-alias'
	unlike "$reference: it is referenced" "$(warnings "$stdout_file")" not-referenced
	is "$reference: m1 stays" "$(answer m1@club.example)" m1@elsewhere.example
	ok "$reference: lifted" sync --force=clash-alias
	is "$reference: m1 is live" "$(answer m1@club.example)" new@elsewhere.example
done
for reference in hash:/etc/postfix/nowhere nosuchtype:/etc/postfix/foreign mysql:/etc/postfix/nowhere.cf \
	ldap:/nowhere.cf proxy:hash:/etc/postfix/nowhere; do
	fresh lmdb
	set_main virtual_alias_maps "lmdb:$map $reference"
	store m1=new@elsewhere.example
	whole "$reference"
	like "$reference: is unknown" "$(warnings "$stdout_file")" unknown-map
	is "$reference: and refuses nothing" "$(answer m1@club.example)" new@elsewhere.example
done

# ---------------------------------------------------------------- clash-mailbox

fresh lmdb
table foreign 'm1@club.example box/' 'm4@club.example box/' 'm5@club.example box/'
set_main virtual_mailbox_maps 'texthash:/etc/postfix/elsewhere, lmdb:/etc/postfix/foreign'
store m1=new@elsewhere.example m4=m4@elsewhere.example m5=+m5@elsewhere.example
partial 'a mailbox' 'm1:clash-mailbox m4:clash-mailbox'
is 'keeps its mail' "$(answer m4@club.example)" ''
is 'with a copy the row is right' "$(answer m5@club.example)" 'm5@elsewhere.example, m5@club.example'
sync_configure lmdb allow_divert true
whole 'with sync.allow_divert'
is 'it is live' "$(answer m4@club.example)" m4@elsewhere.example
sync_configure lmdb
store m6=m6@elsewhere.example
partial 'without it what is live stays' 'm1:clash-mailbox m4:clash-mailbox'
is 'as it is' "$(answer m4@club.example)" m4@elsewhere.example
whole 'with --force' --force=clash-mailbox

# ---------------------------------------------------------------- own-domain

fresh lmdb
store m1=m2@club.example m4=x@sub.club.example m5=x@xclub.example m6=m6@elsewhere.example,m2@club.example
partial 'our own domain' 'm1:own-domain m4:own-domain m6:own-domain'
is 'what was live stays' "$(answer m1@club.example)" m1@elsewhere.example
is 'a name that only looks like it is another' "$(answer m5@club.example)" x@xclub.example
whole 'with --force' --force=own-domain
is 'it is live' "$(answer m1@club.example)" m2@club.example
sync_policy='{"allow_local_destinations": true}'
sync_configure lmdb
whole 'with policy.allow_local_destinations'

# ---------------------------------------------------------------- loops

fresh lmdb
store m1=m2@club.example m2=x@elsewhere.example m4=m4@elsewhere.example
whole 'an alias that forwards to an alias'
store m2=M1+tag@club.example m5=m5@elsewhere.example
partial 'a circle of two' 'm2:loop m1:loop'
is 'the new half stays as it was' "$(answer m2@club.example)" x@elsewhere.example
is 'so does the old half' "$(answer m1@club.example)" m2@club.example
is 'others are live' "$(answer m5@club.example)" m5@elsewhere.example
store m2=x@elsewhere.example m6=m7@club.example m7=m8@club.example m8=m6@club.example m9=m6@club.example
expect_exit 25 'a circle of three, and one that leads to it' sync --json
is 'are refused, the last because it dangles' "$(refused "$stdout_file" | xargs -n 1 | sort | xargs)" \
	'm6:loop m7:loop m8:loop m9:dangling'
store -m6 -m7 -m8 -m9
whole 'without them'
store m4=m4@club.example m7=m7@club.example,y@elsewhere.example m8=+m8@elsewhere.example m9=+m1@club.example
partial 'an alias of itself' 'm4:loop m7:loop'
is 'with a copy it is none' "$(answer m9@club.example)" 'm1@club.example, m9@club.example'
whole 'with --force' --force=loop
fresh lmdb
acts=()
for number in 11 12 13 14 15 16 17 18 19; do
	acts+=("m$number=m$((number + 1))@club.example")
done
store "${acts[@]}" m20=x@elsewhere.example
whole 'ten aliases behind each other'
store m10=m11@club.example
partial 'eleven' m10:loop
# What stays live may close a circle with what is new: m1 is refused for another reason and stays at m2.
fresh lmdb
store m1=m2@club.example m2=x@elsewhere.example
sync >/dev/null 2>&1
table foreign 'm1@club.example other@elsewhere.example'
set_main virtual_alias_maps "lmdb:$map lmdb:/etc/postfix/foreign"
store m1=y@elsewhere.example m2=m1@club.example
partial 'a circle with what stays' 'm1:clash-alias m2:loop'
is 'is not made' "$(answer m2@club.example)" x@elsewhere.example

# ---------------------------------------------------------------- dangling

fresh lmdb
set_main virtual_alias_domains 'club.example, lmdb:/etc/postfix/foreign-domains !not.example /etc/postfix/foreign-list'
table foreign-domains 'table.example x'
printf '%s\n' 'list.example' 'not.example' >/etc/postfix/foreign-list
table foreign 'known@list.example x@elsewhere.example' '@all.example x@elsewhere.example'
echo all.example >>/etc/postfix/foreign-list
set_main virtual_alias_maps "lmdb:$map, lmdb:/etc/postfix/foreign"
store m1=nobody@club.example m2=m3+tag@club.example m4=x@list.example m5=known@list.example m6=x@table.example \
	m7=x@not.example m8=any@all.example m9=Known+tag@list.example m10=M3@club.example
partial 'destinations that nobody knows' 'm1:dangling m4:dangling m6:dangling'
is 'what was live stays' "$(answer m1@club.example)" m1@elsewhere.example
is 'known ones are live' "$(answer m9@club.example)" Known+tag@list.example
is 'of our own, too' "$(answer m2@club.example)" m3+tag@club.example
store '!m3'
partial 'a suspended alias is known no more' 'm1:dangling m10:dangling m2:dangling m4:dangling m6:dangling'
whole 'with --force' --force=dangling
fresh lmdb
set_main virtual_alias_domains ''
set_main virtual_mailbox_domains 'elsewhere.example club.example'
store m1=nobody@club.example
whole 'a mailbox domain knows more than aliases'
fresh lmdb
set_main virtual_alias_domains 'club.example hash:/etc/postfix/nowhere'
store m1=nobody@club.example
whole 'with a table that cannot be asked nothing dangles'

# ---------------------------------------------------------------- limits

fresh lmdb
set_main virtual_alias_address_length_limit 30
store m1=a.very.long.name.of.somebody@elsewhere.example m4=m4@elsewhere.example
partial 'an address that is too long' m1:limits
set_main virtual_alias_address_length_limit 1000
whole 'with the limit as it comes'
set_main virtual_alias_expansion_limit 3
store m4=a@elsewhere.example,b@elsewhere.example m5=a@elsewhere.example,b@elsewhere.example \
	m6=m4@club.example,m5@club.example
partial 'too many recipients in the end' m6:limits
set_main virtual_alias_expansion_limit 4
set_main virtual_alias_recursion_limit 1
store m7=m7@elsewhere.example
partial 'too many aliases behind each other' m6:limits
set_main virtual_alias_recursion_limit 2
whole 'just as many as are allowed'

# ---------------------------------------------------------------- type and repair

fresh lmdb
table foreign 'm1@club.example other@elsewhere.example'
set_main virtual_alias_maps "cdb:$map lmdb:/etc/postfix/foreign"
store m1=new@elsewhere.example
sync_configure cdb
partial 'from lmdb to cdb' m1:clash-alias
is 'what was live stays' "$(answer m1@club.example)" m1@elsewhere.example
sed -i 's/^m1@.*/m1@club.example\tby.hand@elsewhere.example/' $map
partial 'an edited text' m1:clash-alias
is 'was never live' "$(grep ^m1@ $map)" "$(printf 'm1@club.example\tm1@elsewhere.example')"

done_testing
