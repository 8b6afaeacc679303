#!/bin/bash
# 1101: every answer in JSON is the one in tests/reference/json, but for times, ids and digests. A script may rely on them: members come, none goes. Case A12.
# UPDATE=1 tests/e2e/1101-json-golden.sh writes them anew.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"

if [ -n "${UPDATE:-}" ]; then
	directory=$(realpath "$(dirname "$0")/../reference/json")
	rm -f "$directory"/*.json
	UPDATE='' "$0" print | awk -v directory="$directory" '/^golden / { file = directory "/" $2; next } /^\|/ { print substr($0, 2) >file }'
	echo "$(find "$directory" -name '*.json' | wc -l) files in $directory"
	exit
fi
in_namespace "$@"

printing=${1:-}
reference=tests/reference/json
covered=

# golden NAME COMMAND...: the answer of COMMAND --json is that of NAME.json.
golden() {
	local name=$1
	shift
	run "$@" --json
	[ "$1" != as ] || shift 2
	[ "$1" != with_password ] || shift
	covered+=" ${1##*/} ${*:2}"$'\n'
	"$support/golden" "$status" "$stdout_file" "$stderr_file" "${1##*/}" "${@:2}" >"$scratch/golden" 2>"$scratch/complaint" || {
		fail "$name is JSON"
		diag "$(cat "$scratch/complaint")"
		diag_command
		return
	}
	if [ "$printing" ]; then
		echo "golden $name.json"
		sed 's/^/|/' "$scratch/golden"
	elif diff -u "$reference/$name.json" "$scratch/golden" >"$scratch/difference" 2>&1; then
		pass "$name"
	else
		fail "$name"
		diag "$(head -n 40 "$scratch/difference")"
	fi
}

pending_id() {
	postigo-admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

ok 'Postfix is configured' postfix_configure lmdb
golden setup postigo-admin setup --domain club.example
golden setup-again postigo-admin setup
echo '{"policy": {"check_mx": false}, "sync": {"type": "lmdb"}}' >/etc/postigo/conf.d/test.json
golden version postigo-admin version
golden config-check postigo-admin config check
golden pending-none postigo-admin pending
golden member-list-none postigo-admin member list

golden member-status-none as ana postigo status
golden member-version as ana postigo version
golden member-request as ana postigo request ana@elsewhere.example --note 'forum mail'
golden member-request-again as ana postigo request ana@far.example
golden member-request-refused as beto postigo request beto@club.example
golden member-request-usage as beto postigo request
golden member-status-pending as ana postigo status
as beto postigo request beto@elsewhere.example >/dev/null
as carla postigo request carla@elsewhere.example >/dev/null
golden member-cancel as carla postigo cancel
golden member-cancel-nothing as carla postigo cancel
golden member-confirm-nothing as carla postigo confirm 0f1e2d3c4b5a69788796a5b4c3d2e1f0
as carla postigo request carla@elsewhere.example >/dev/null
golden member-confirm as carla postigo confirm 0f1e2d3c4b5a69788796a5b4c3d2e1f0
as carla postigo cancel >/dev/null
as carla postigo cancel >/dev/null
golden pending postigo-admin pending
golden show postigo-admin show "$(pending_id ana)"
golden show-nothing postigo-admin show carla
golden approve postigo-admin approve "$(pending_id ana)"
golden reject postigo-admin reject "$(pending_id beto)" --reason 'please use your own address'
golden reject-usage postigo-admin reject beto
golden member-status as ana postigo status
golden member-status-rejected as beto postigo status
golden member-request-cooldown as beto postigo request beto@elsewhere.example
golden member-pause as ana postigo pause
golden gc-dry-run postigo-admin gc --dry-run
golden gc postigo-admin gc --no-sync
golden sync-check postigo-admin sync --check
golden sync-rail postigo-admin sync
golden sync-dry-run postigo-admin sync --dry-run --allow-empty
golden sync postigo-admin sync --allow-empty
golden sync-again postigo-admin sync --allow-empty
sleep 1 # the entry that is restored below must differ in its date, too
golden member-resume as ana postigo resume
golden gc-nothing-left postigo-admin gc
golden member-change as ana postigo change other@elsewhere.example
golden member-history as ana postigo history
golden member-add postigo-admin member add carla carla@elsewhere.example --note guest --expires 2099-01-31
golden member-add-again postigo-admin member add carla carla@elsewhere.example
golden member-set postigo-admin member set carla --to other@elsewhere.example --no-expires
golden member-suspend postigo-admin member suspend carla --reason 'your mailbox bounces'
golden member-admin-resume postigo-admin member resume carla
golden member-show postigo-admin member show carla
golden member-show-nobody postigo-admin member show m3
golden member-list postigo-admin member list
golden member-export postigo-admin member export
printf '%s\n' user,destinations,expires,note,keep_copy m10,m10@elsewhere.example,,, op,op@elsewhere.example,,, >"$scratch/members.csv"
golden member-import-refused postigo-admin member import "$scratch/members.csv"
golden member-import-partial postigo-admin member import --skip-errors "$scratch/members.csv"
golden expire postigo-admin expire
golden member-revoke postigo-admin member revoke carla --reason 'left the club'
golden history postigo-admin history --limit 3
golden undo postigo-admin undo "$(postigo-admin history --plain --limit 1 | cut -f2)"
golden undo-again postigo-admin undo h-3
golden journal-verify postigo-admin journal verify
golden backup-list postigo-admin backup list
golden restore-dry-run postigo-admin restore 1 --dry-run
golden restore-unasked postigo-admin restore 1
golden restore postigo-admin restore 2 --yes --no-sync
golden purge-user postigo-admin purge-user ana --no-sync
golden review-no-terminal postigo-admin review
golden check postigo-admin check --section store,queue
golden config-show postigo-admin config show
golden discover postigo-admin discover --section postfix,accounts,postigo,runv
golden proposed-config postigo-admin proposed-config
golden config-get postigo-admin config get domain
golden unknown-command postigo-admin nonsense
golden unknown-option postigo-admin sync --nonsense
golden not-root as ana /usr/local/sbin/postigo-admin sync
golden member-remove as ana postigo remove --yes

# The mail database: verbs and errors alike (Z25).
golden database-absent postigo-admin status
golden schema-init-dry-run postigo-admin schema init --dry-run
golden schema-init postigo-admin schema init
golden schema-migrate postigo-admin schema migrate
golden schema-status postigo-admin schema status
golden domain-add postigo-admin domain add example.org --max-mailboxes 50 --max-quota 5G --default-quota 2G
golden domain-add-again postigo-admin domain add example.org
golden domain-add-dry-run postigo-admin domain add second.example --dry-run
golden domain-add-usage postigo-admin domain add 'no domain'
postigo-admin domain add second.example --quiet
golden domain-list postigo-admin domain list
golden domain-show postigo-admin domain show example.org
golden domain-set postigo-admin domain set example.org --description 'the club' --transport lmtp
golden domain-set-again postigo-admin domain set example.org --description 'the club'
golden domain-disable postigo-admin domain disable second.example
golden domain-enable postigo-admin domain enable second.example
golden domain-alias-add postigo-admin domain alias add second.example --target example.org
golden domain-alias-list postigo-admin domain alias list
golden domain-alias-show postigo-admin domain alias show second.example
golden domain-alias-retarget postigo-admin domain alias retarget second.example --target example.org
golden domain-alias-disable postigo-admin domain alias disable second.example
golden domain-alias-enable postigo-admin domain alias enable second.example
golden alias-add postigo-admin alias add info@example.org nobody@example.org ana@elsewhere.example
golden alias-add-again postigo-admin alias add info@example.org ana@elsewhere.example
golden alias-list postigo-admin alias list
golden alias-show postigo-admin alias show info@example.org
golden alias-set postigo-admin alias set info@example.org beto@elsewhere.example
golden alias-add-target postigo-admin alias add-target info@example.org carla@elsewhere.example
golden alias-rm-target postigo-admin alias rm-target info@example.org carla@elsewhere.example
golden alias-loop postigo-admin alias add loop@example.org loop@example.org
golden alias-disable postigo-admin alias disable info@example.org
golden alias-enable postigo-admin alias enable info@example.org
echo 'vmail:x:5000:5000::/var/vmail:/usr/sbin/nologin' >>/etc/passwd
echo 'vmail:x:5000:' >>/etc/group
install -d -m 0711 -o vmail -g vmail /run/postigo-tests/vmail
echo '{"mailboxes": {"directory": "/run/postigo-tests/vmail", "identity_backend": "hybrid"}}' >/etc/postigo/conf.d/zz-mailboxes.json
# shellcheck disable=SC2317 # "golden" calls it
with_password() {
	"$@" --password-stdin <<<'correct horse battery'
}
golden user-add with_password postigo-admin user add ana@example.org --name 'Ana Lima' --quota 1G --scheme SHA512-CRYPT
golden user-add-again with_password postigo-admin user add ana@example.org
golden user-list postigo-admin user list
golden user-show postigo-admin user show ana@example.org
golden user-set postigo-admin user set ana@example.org --name 'Ana'
golden user-quota postigo-admin user quota ana@example.org --set 2G
golden user-passwd with_password postigo-admin user passwd ana@example.org
golden user-release postigo-admin user release ana@example.org
golden user-claim with_password postigo-admin user claim ana@example.org
golden user-disable postigo-admin user disable ana@example.org
golden user-enable postigo-admin user enable ana@example.org
golden quota-show postigo-admin quota show
golden quota-fix-units postigo-admin quota fix-units
golden status postigo-admin status
golden log postigo-admin log --limit 2
golden search postigo-admin search info
golden user-del postigo-admin user del ana@example.org --yes
golden domain-del-full postigo-admin domain del example.org --yes
golden alias-del-unasked postigo-admin alias del info@example.org
golden alias-del postigo-admin alias del info@example.org --yes
golden domain-alias-del postigo-admin domain alias del second.example --yes
golden domain-del postigo-admin domain del second.example --yes
rm /var/lib/postigo/mail.db

# A table in a database in place of the map, with a row of somebody else.
/usr/bin/python3 -I -c 'import sqlite3
connection = sqlite3.connect("/var/lib/postigo/mail.db")
connection.execute("CREATE TABLE alias (address TEXT PRIMARY KEY, goto TEXT, domain TEXT, created TEXT, modified TEXT, active INTEGER)")
connection.execute("INSERT INTO alias VALUES (\"carla@club.example\", \"hers@elsewhere.example\", \"club.example\", \"\", \"\", 1)")
connection.commit()'
install -d -m 0755 /etc/postigo/conf.d
echo '{"sync": {"type": "sqlite"}, "sync_table": {"domain_table": ""}}' >/etc/postigo/conf.d/zz-table.json
postigo-admin member add carla carla@elsewhere.example --no-sync >/dev/null
golden sync-table-foreign postigo-admin sync
golden adopt postigo-admin adopt carla@club.example
golden adopt-again postigo-admin adopt carla@club.example
golden sync-table postigo-admin sync
golden release postigo-admin release carla@club.example
golden release-nothing postigo-admin release carla@club.example

[ -z "$printing" ] || exit 0
# A command without a golden file has no promise. "help" prints no JSON.
for program in postigo postigo-admin; do
	missing=
	while read -r words; do
		grep -q "^ $program $words" <<<"$covered" || missing+=" [$words]"
	done < <("$program" __dump mdoc | sed -n 's/^\.It Cm \([a-z -]*\).*/\1/p' | sed 's/ *$//' | grep -v '^help')
	is "every command of $program has one" "$missing" ''
done
is 'and every file its command' "$(find $reference -name '*.json' | wc -l)" "$(grep -c . <<<"$covered")"
done_testing
