#!/bin/bash
# 0804: what postigo-admin check finds of store, journal, backups, status files and queue, and that its cures
# cure. Where "advised" stands, the file has to come from the machine's backup, or a setting is wrong.
# shellcheck disable=SC2317,SC2086 # functions that rows name run by eval; the paths have no blanks
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/check.sh"
in_namespace "$@"

install_clean
alias_of carla
is_clean 'a clean installation'
store=$state/store
keep() {
	rm -rf "$scratch/kept"
	cp -a $state "$scratch/kept"
}
put_back() {
	rm -rf "${state:?}"
	cp -a "$scratch/kept" $state
}
keep

# Files
for file in aliases.json journal.jsonl journal.head; do
	cured store.file-mode error "chmod g+w $store/$file"
	cured store.file-mode error "chown ana $store/$file"
done

# The store itself
# A restore takes decisions back, so its cure asks: here on a terminal, where somebody says yes.
restored() {
	local cure
	eval "$1"
	raised store.unusable error
	cure=$(field store.unusable cure)
	is "store.unusable: the cure names the newest backup: $1" "$cure" 'postigo-admin restore 2'
	echo y >"$scratch/yes"
	input=$scratch/yes ok "store.unusable: and runs: $1" as_terminal root env PATH="$PATH" sh -c "$cure"
	run postigo-admin check --json --section store
	is "store.unusable: it is gone: $1" "$(field store.unusable severity)" ''
	put_back
	postigo-admin sync >/dev/null 2>&1 # the restore had synced
	rm -rf $state/sync/foreign
	keep
}
restored "sed -i 's/ana@elsewhere/eve@elsewhere/' $store/aliases.json"
restored "rm $store/aliases.json"
restored ": >$store/aliases.json"
advised store.unusable error 'backup' "rm -rf $store/[aj]*" put_back
rm -rf ${store:?}/*
mkdir -m 0700 $store/backup
raised store.unusable error
is 'store.unusable: where there never was one, setup makes it' "$(field store.unusable cure)" 'postigo-admin setup'
ok 'store.unusable: and does' sh -c "$(field store.unusable cure)"
run postigo-admin check --json --section store
is 'store.unusable: it is gone' "$(field store.unusable severity)" ''
put_back
advised store.unusable error 'backup' "sed -i 's/ana@elsewhere/eve@elsewhere/' $store/aliases.json; rm $store/backup/*" put_back
advised store.journal error 'backup' "rm $store/journal.jsonl" put_back
advised store.journal error 'backup' "rm $store/journal.head" put_back
advised store.journal error 'backup' "truncate -s -10 $store/journal.jsonl" put_back
advised store.journal error 'backup' "sed -i '2s/ana@elsewhere/eve@elsewhere/' $store/journal.jsonl" put_back
advised store.domain error 'set "domain" back to club.example' \
	"sed -i 's/club.example/other.example/' /etc/postigo/postigo.json
	postconf -e 'virtual_alias_domains = club.example, other.example'" \
	"sed -i 's/other.example/club.example/' /etc/postigo/postigo.json
	postconf -e 'virtual_alias_domains = club.example'; postigo-admin sync >/dev/null"
keep
jq_less_pretty() {
	/usr/bin/python3 -I -c 'import json, sys
path = sys.argv[1]
text = json.dumps(json.load(open(path)), indent=2) + "\n"
open(path, "r+").write(text)' $store/aliases.json
}
jq_less_pretty
run postigo-admin check --json
is 'a re-formatted store' "$(field store.reshaped severity)" info
is 'is no warning' "$(ids)" ''
put_back

# What a crash leaves
cured store.journal-torn warning "printf '{\"half' >>$store/journal.jsonl"
put_back
before_last() {
	cp -a $store/backup/aliases.2.json "$scratch/older"
	rm -f $store/aliases.stored
	cp -a --remove-destination "$scratch/older" $store/aliases.json
	chmod 0640 $store/aliases.json
	chgrp postigo-admin $store/aliases.json
	rm $store/backup/aliases.2.json
}
before_last
raised store.interrupted warning
ok 'store.interrupted: the cure runs' sh -c "$(field store.interrupted cure)"
run postigo-admin check --json --section store
is 'store.interrupted: and it is gone' "$(field store.interrupted severity)" ''
put_back
head_before() {
	/usr/bin/python3 -I - $store <<-'PYTHON'
		import hashlib, json, sys
		lines = open(sys.argv[1] + "/journal.jsonl", "rb").read().split(b"\n")[:-2]
		head = {"format": 1, "sequence": len(lines), "hash": hashlib.sha256(lines[-1]).hexdigest(),
		        "end": sum(len(line) + 1 for line in lines)}
		open(sys.argv[1] + "/journal.head", "w").write(json.dumps(head, separators=(",", ":")) + "\n")
	PYTHON
}
cured store.journal-head warning head_before
put_back

# Backups
cured store.backup-damaged warning ": >$store/backup/aliases.1.json"
cured store.backup-damaged warning "cp $store/aliases.json $store/backup/notes"
put_back
advised store.backups error "move what is no backup out of $store/backup" "make_files $store/backup 100001 .x" \
	"find $store/backup -name '*.x' -delete"

# Status files
cured store.status error "chmod g+w $state/status"
cured store.status error "chown ana $state/status"
cured store.status-missing warning "rm $state/status/20001.json"
cured store.status-stale warning "sed -i 's/ana@elsewhere/eve@elsewhere/' $state/status/20001.json"
cured store.status-stale warning "printf '{' >$state/status/20002.json"
cured store.status-missing warning "chown ana $state/status/20001.json"
like 'ana may read it again' "$(as ana postigo status --json)" '"state":"active"'
put_back

# The queue. A23: what is no request is reported by a look, set aside by the cure, and nothing is lost.
old() {
	touch -h -d '2 minutes ago' "$1"
}
bad_file() {
	cured queue.bad-file warning "$1"
	run postigo-admin check --json --section queue
	is "queue.quarantine: it was set aside: $1" "$(field queue.quarantine severity)" info
	like 'queue.quarantine: with advice' "$(field queue.quarantine advice)" 'look at them'
	rm -rf $state/work/quarantine/*
	run postigo-admin check --json --section queue
	is 'queue.quarantine: and that is gone' "$(field queue.quarantine severity)" ''
}
new=$state/queue/new
bad_file "ln -s /etc/shadow $new/20003.alias.json"
bad_file "mkfifo $new/20003.alias.json; chown carla $new/20003.alias.json"
bad_file "mkdir -p $new/20003.alias.json/children"
bad_file "printf '{}' >$new/20003.alias.json"
bad_file "printf 'not json' >$new/20003.alias.json; chown carla:postigo-drop $new/20003.alias.json"
claimed() {
	as carla postigo request other@elsewhere.example >/dev/null
	mv $new/20003.alias.json $state/work/claimed/20003.alias.json
}
cured queue.claimed warning claimed
is 'it is back in the queue' "$(ls $new)" 20003.alias.json
run postigo-admin check --plain --section queue
like 'a request that waits is in order' "$stdout" '1 requests wait'
rm $new/*
printf '{"format":2}\n' >$new/20003.alias.json
chown carla:postigo-drop $new/20003.alias.json
chmod 0600 $new/20003.alias.json
run postigo-admin check --json --section queue
is 'a request of a newer format' "$(field queue.newer-format severity)" warning
like 'is left, with advice' "$(field queue.newer-format advice)" 'upgrade'
rm $new/*
advised queue.unreadable error "out of $state/work/quarantine" "make_files $state/work/quarantine 100001 ''" \
	"find $state/work/quarantine -type f -delete"
make_files $new 20001 .alias.json
run postigo-admin check --json --section queue
is 'queue.too-many: more files than are ever read' "$(field queue.too-many severity)" warning
is 'queue.too-many: has a cure' "$(field queue.too-many cure)" 'postigo-admin gc'
like 'queue.too-many: and advice where these are requests' "$(field queue.too-many advice)" 'decide'
ok 'queue.too-many: which runs' postigo-admin gc
run postigo-admin check --json --section queue
is 'queue.too-many: it is gone' "$(field queue.too-many severity)" ''
ok 'queue.too-many: the last one goes next' postigo-admin gc
rm -rf $state/work/quarantine/*
is_clean 'queue.too-many: and all is well'
chmod 0777 $new
run postigo-admin check --json --section queue
is 'a queue that cannot be trusted' "$(field queue.untrusted severity)" error
ok 'is cured' sh -c "$(field queue.untrusted cure)"
is_clean 'all is well again'
done_testing
