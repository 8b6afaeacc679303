#!/bin/bash
# scripts/check-layers refuses each kind of violation, and nothing else.
. "$(dirname "$0")/../support/tap.sh"
in_scratch

check=$(realpath "$support/../../scripts/check-layers")
house=$scratch/house
mkdir -p "$house"/lib/{base,format,storage,service} "$house/member-bin"

plant() {
	printf '%s\n' "${@:2}" >"$house/$1"
}

fresh() {
	rm -f "$house"/*/*.[ch] "$house"/lib/*/*.[ch]
	plant lib/base/error.h '#pragma once'
	plant lib/format/quota.h '#include "base/error.h"'
	plant lib/format/quota.c '#include "format/quota.h"' '' '#include <string.h>' '' '#include "base/error.h"'
	plant lib/storage/sql.h '#include "format/quota.h"'
	plant lib/service/domain.c '#include "storage/sql.h"'
	plant member-bin/postigo.c '#include "format/quota.h"'
}

# refuses TITLE MESSAGE FILE LINE...
refuses() {
	local title=$1 message=$2
	shift 2
	fresh
	plant "$@"
	run "$check" "$house"
	if [ "$status" -eq 1 ] && grep -qF "$message" "$stdout_file"; then
		pass "$title"
	else
		fail "$title"
		diag_command
	fi
}

fresh
ok 'a house in order is accepted' "$check" "$house"
refuses 'format may not use storage' 'lib/format may not include storage/sql.h' \
	lib/format/record.c '#include "storage/sql.h"'
refuses 'nor may a comment-free base use format' 'lib/base may not include format/quota.h' \
	lib/base/error.h '#  include "format/quota.h"'
refuses 'the member side has no storage' 'member-bin may not include storage/sql.h' \
	member-bin/postigo.c '#include "storage/sql.h"'
refuses 'a header without its layer' '"quota.h" lacks its layer' \
	lib/format/record.c '#include "quota.h"'
refuses 'a way around by dots' '"../storage/sql.h" lacks its layer' \
	lib/format/record.c '#include "../storage/sql.h"'
refuses 'our header as a system header' '<storage/sql.h> is ours' \
	lib/format/record.c '#include <storage/sql.h>'
refuses 'the own header not first' 'its own header is not its first include' \
	lib/format/quota.c '#include <string.h>' '#include "format/quota.h"'
refuses 'cJSON outside of format/json' 'cJSON.h has its home elsewhere' \
	lib/service/domain.c '#include <cjson/cJSON.h>'
fresh
plant lib/format/json.c '#include <cjson/cJSON.h>'
ok 'cJSON at home' "$check" "$house"
mkdir "$house/lib/utils"
not_ok 'a layer called utils' "$check" "$house"
done_testing
