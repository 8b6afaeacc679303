# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables of tap.sh and postfix.sh, and for those who source this
# sync.sh: a store, a configuration and a map for the tests of the sync; sourced after postfix.sh
# and inside the namespaces only.

state=/var/lib/postigo
map=$postfix_map
make_store=${BUILD:-build}/tests/bench/make_store

# sync_configure TYPE [KEY JSON-VALUE]...: writes the configuration, more keys for section "sync".
# $sync_enabled may be false.
sync_configure() {
	local more=
	sync_type=$1
	shift
	while [ $# -gt 0 ]; do
		more+=", \"$1\": $2"
		shift 2
	done
	install -d -m 0755 /etc/postigo
	cat >/etc/postigo/postigo.json <<-CONFIGURATION
		{
			"domain": "club.example",
			"sync": {"enabled": ${sync_enabled:-true}, "type": "$sync_type", "path": "$map"$more}
		}
	CONFIGURATION
	chmod 0644 /etc/postigo/postigo.json
}

# sync_install: the directories that a sync needs, of the kind that setup makes.
sync_install() {
	install -d -m 0711 $state
	install -d -m 0700 $state/lock $state/sync
	install -d -m 0755 $state/status
	install -d -m 0750 $state/store
}

# sync_forget: as if there never had been a sync or a store.
sync_forget() {
	rm -rf $state/store $state/sync $state/status "$map" "$map".*
	sync_install
}

# store ACT...: one new generation, see tests/bench/make_store.c.
store() {
	"$make_store" $state club.example "$@" >>"$scratch/make_store" || {
		diag "make_store $* failed"
		return 1
	}
}

# store_rows COUNT: m1 to mCOUNT, each with a destination.
store_rows() {
	local number acts=()
	for ((number = 1; number <= $1; number++)); do
		acts+=("m$number=m$number@elsewhere.example")
	done
	store "${acts[@]}"
}

sync() {
	postigo-admin sync "$@"
}

index_of() {
	case $1 in
	hash) echo "$map.db" ;;
	lmdb | cdb) echo "$map.$1" ;;
	texthash) echo "$map" ;;
	esac
}

# answer KEY: what the live map says, "" for nothing.
answer() {
	postmap -q "$1" "$sync_type:$map" 2>&1 || true
}

# fingerprint: changes with any change of a live file, also of its inode or times.
fingerprint() {
	find /etc/postfix -name 'postigo-aliases*' -printf '%f %i %s %T@ %C@ %m %u:%g\n' | sort
}

warnings() {
	/usr/bin/python3 -I -c 'import json, sys
print(" ".join(w["code"] for w in json.load(open(sys.argv[1])).get("warnings", [])))' "$1"
}

# Nothing but the map's own files is left in its directory.
is_swept() {
	is "$1" "$(find /etc/postfix -mindepth 1 -maxdepth 1 \( -name '*stage*' -o -name '*aliases*' \) \
		! -name postigo-aliases ! -name postigo-aliases.db ! -name postigo-aliases.lmdb \
		! -name postigo-aliases.cdb)" ''
}
