#!/bin/bash
# Held here: A75, A76.
# 0302: A70, A71, A85. Safety rails: what a sync refuses to make live although it could, by name, all at once, and what lifts each.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/sync.sh"
in_namespace
postconf -d mail_version >/dev/null 2>&1 || skip_all 'no Postfix'
postfix_write_main_cf lmdb

# fresh COUNT: COUNT rows are live.
fresh() {
	sync_forget
	sync_configure lmdb
	store_rows "$1"
	sync >/dev/null 2>&1
	before=$(fingerprint)
}

is_refused() {
	expect_exit 10 "$1: refused" sync "${@:3}"
	like "$1: by name" "$stderr" "\"$2\""
	is "$1: nothing was touched" "$(fingerprint)" "$before"
}

removals() {
	local number
	for ((number = $1; number <= $2; number++)); do
		echo "-m$number"
	done
}

changes() {
	local number
	for ((number = $1; number <= $2; number++)); do
		echo "m$number=changed$number@elsewhere.example"
	done
}

# ---------------------------------------------------------------- empty

fresh 50
mapfile -t acts < <(removals 1 50)
store "${acts[@]}"
is_refused 'an empty store' empty
like 'its cure is an option' "$stderr" '--allow-empty'
is_refused 'an empty store with --force=drop' empty --force=drop
expect_exit 64 '--force=empty is no option' sync --force=empty
like 'and says which is' "$stderr" '--allow-empty'
ok 'with --allow-empty' sync --allow-empty --json
is_json 'the map is empty' "$stdout_file" .rows.removed 50
is 'and answers nothing' "$(answer m1@club.example)" ''
ok 'an empty map stays empty without options' sync --json
store m1=m1@elsewhere.example
ok 'and can grow again' sync
is 'to answer' "$(answer m1@club.example)" m1@elsewhere.example

# ---------------------------------------------------------------- drop

fresh 50
mapfile -t acts < <(removals 1 6)
store "${acts[@]}"
is_refused 'six of fifty' drop
is_refused 'six of fifty with another rail forced' drop --force=churn
is_refused 'six of fifty with --allow-empty' drop --allow-empty
ok 'with --force=drop' sync --force=drop
is 'they are gone' "$(answer m6@club.example)" ''
is 'and the others are not' "$(answer m7@club.example)" m7@elsewhere.example
store -m7 -m8 -m9 -m10 -m11
ok 'five of forty-four go without a word' sync

fresh 100
mapfile -t acts < <(removals 1 11)
store "${acts[@]}"
is_refused 'eleven percent' drop
store m1=m1@elsewhere.example
ok 'ten percent go' sync

fresh 20
mapfile -t acts < <(removals 1 3)
store "${acts[@]}"
sync_configure lmdb max_drop_count 2
is_refused 'a lower limit of the configuration' drop
sync_configure lmdb max_drop_count 2 max_drop_percent 15
ok 'a higher percentage' sync

# ---------------------------------------------------------------- churn

fresh 40
mapfile -t acts < <(changes 1 21)
store "${acts[@]}"
is_refused 'more than half changed' churn
ok 'with --force=churn' sync --force=churn
fresh 20
mapfile -t acts < <(changes 1 20)
store "${acts[@]}"
ok 'twenty changes are never too many' sync

# ---------------------------------------------------------------- generation

fresh 3
cp -a $state/store "$scratch/old-store"
store m4=m4@elsewhere.example
sync >/dev/null 2>&1
before=$(fingerprint)
rm -rf $state/store
cp -a "$scratch/old-store" $state/store
is_refused 'an older store' generation
ok 'with --force=generation' sync --force=generation
is 'the older one is live' "$(answer m4@club.example)" ''

# ---------------------------------------------------------------- reserved

fresh 3
store postmaster=m1@elsewhere.example
is_refused 'a reserved name' reserved
like 'the warning names it' "$(sync --json 2>&1; json .warnings[0].key $state/sync/last-result.json)" 'postmaster@club.example'
ok 'with --force=reserved' sync --force=reserved
is 'it is live' "$(answer postmaster@club.example)" m1@elsewhere.example

# ---------------------------------------------------------------- domain

fresh 3
sed -i 's|^virtual_alias_domains.*|virtual_alias_domains = other.example|' /etc/postfix/main.cf
store m4=m4@elsewhere.example
is_refused 'a domain that is not served' domain
like 'says what to do' "$stderr" 'virtual_alias_domains'
ok 'with --force=domain' sync --force=domain
echo 'club.example anything' >/etc/postfix/domains
postmap hash:/etc/postfix/domains
sed -i 's|^virtual_alias_domains.*|virtual_alias_domains = other.example hash:/etc/postfix/domains|' /etc/postfix/main.cf
store m5=m5@elsewhere.example
ok 'a domain in a table is served' sync --json
is 'without a warning' "$(warnings "$stdout_file")" ''
rm /etc/postfix/domains.db
store m6=m6@elsewhere.example
ok 'a table that cannot be read refuses nothing' sync --json
is 'but warns' "$(warnings "$stdout_file")" 'unknown-map domain-unknown'
rm -f /etc/postfix/domains
for parameter in virtual_mailbox_domains mydestination relay_domains; do
	postfix_write_main_cf lmdb
	sed -i '/^virtual_alias_domains/d; /^virtual_mailbox_domains/d; /^mydestination/d' /etc/postfix/main.cf
	printf '%s\n' 'virtual_alias_domains = other.example' "$parameter = club.example" >>/etc/postfix/main.cf
	store "$parameter=m1@elsewhere.example"
	ok "a domain in $parameter is served" sync
done
postfix_write_main_cf lmdb

# ---------------------------------------------------------------- not-referenced

for reference in 'lmdb:/etc/postfix/postigo-aliases2' 'hash:/etc/postfix/postigo-aliases' ''; do
	fresh 2
	sed -i "s|^virtual_alias_maps.*|virtual_alias_maps = $reference|" /etc/postfix/main.cf
	store m3=m3@elsewhere.example
	ok "virtual_alias_maps = $reference" sync --json
	like 'is warned about' "$(warnings "$stdout_file")" not-referenced
	sync_configure lmdb require_reference true
	store m4=m4@elsewhere.example
	before=$(fingerprint)
	is_refused 'or refused' not-referenced
	ok 'unless forced' sync --force=not-referenced
done
fresh 2
postmap lmdb:/etc/postfix/elsewhere
printf '%s\n' 'my_maps = lmdb:/etc/postfix/elsewhere,' '    proxy:lmdb:/etc/postfix/postigo-aliases' >>/etc/postfix/main.cf
sed -i "s|^virtual_alias_maps.*|virtual_alias_maps = \$my_maps|" /etc/postfix/main.cf
sync_configure lmdb require_reference true
store m3=m3@elsewhere.example
ok 'a reference through a variable and proxy: is one' sync --json
is 'without a warning' "$(warnings "$stdout_file")" ''
postfix_write_main_cf lmdb

# ---------------------------------------------------------------- several at once, names

fresh 50
mapfile -t acts < <(removals 1 10)
store "${acts[@]}" root=m20@elsewhere.example
expect_exit 10 'two rails' sync --json
like 'the first is named, the rest counted' "$stderr" 'reserved'
like 'the cure names both' "$stderr" '--force=reserved,drop'
is 'both are recorded' "$(warnings $state/sync/last-result.json)" 'reserved drop'
is_json 'with the exit code' $state/sync/last-result.json .exit 10
expect_exit 10 'one of them forced' sync --force=drop
ok 'both forced' sync --force=drop,reserved
expect_exit 64 'an unknown rail' sync --force=everything
expect_exit 64 'the rail that nothing lifts' sync --force=bare-key

sync_enabled=false sync_configure lmdb
expect_exit 4 'a sync that is switched off' sync
like 'says which switch' "$stderr" 'sets "enabled"|sync\.enabled'
done_testing
