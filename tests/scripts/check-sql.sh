#!/bin/bash
# scripts/check-sql refuses each way to make an SQL text at run time, and nothing else.
. "$(dirname "$0")/../support/tap.sh"
in_scratch

check=$(realpath "$support/../../scripts/check-sql")
house=$scratch/house
mkdir -p "$house"/lib/{storage,service} "$house/admin-bin"

plant() {
	printf '%s\n' "${@:2}" >"$house/$1"
}

fresh() {
	rm -f "$house"/*/*.[ch] "$house"/lib/*/*.[ch]
	plant lib/storage/sql_value.h '#define SQL(literal) ((struct sql_text){"" literal "", 1})'
	plant lib/storage/sql_sqlite.c 'sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);'
	plant lib/service/domain.c 'sql_execute(sql, SQL("DELETE FROM domain WHERE domain = ?"' '"AND active = 1"), values, NULL, err);' \
		'/* strbuf_printf(&text, "SELECT %s FROM domain", name) would be wrong */' 'sql_run(sql, SQL_ROWS(count, "INSERT INTO t VALUES {*(?)*}"), values);' \
		'strbuf_printf(&text, "select the domain from the list: %s", name);' 'error_set(err, 1, "%s: update it", name);'
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
refuses 'a text that is made by hand' 'lib/service/alias.c:2' \
	lib/service/alias.c '' 'run((struct sql_text){built});'
refuses 'a variable that is made by hand' 'lib/service/alias.c:1' lib/service/alias.c 'struct sql_text text = {built};'
refuses 'another SQL()' 'made anew' lib/service/alias.c '#define SQL(text) from(text)'
refuses 'SQL() of a variable' 'lib/service/alias.c:1: SQL(text' lib/service/alias.c 'sql_execute(sql, SQL(text), values, NULL, err);'
refuses 'rows of a variable' 'lib/service/alias.c:1: SQL(text' lib/service/alias.c 'sql_execute(sql, SQL_ROWS(count, text), values, NULL, err);'
refuses 'a formatted SELECT' 'lib/service/alias.c:2' lib/service/alias.c '' \
	'strbuf_printf(&text, "SELECT %s FROM alias", column);'
refuses 'a formatted condition' 'lib/service/alias.c:1' lib/service/alias.c \
	'text = arena_printf(arena, " WHERE %s = ", column);'
refuses 'pieces that are joined' 'lib/service/alias.c:1' lib/service/alias.c 'strbuf_append_text(&text, "DELETE FROM alias");'
refuses 'a literal in pieces' 'lib/service/alias.c:1' lib/service/alias.c 'snprintf(text, sizeof(text), "INSERT " "INTO %s", table);'
refuses 'the library from elsewhere' 'lib/service/alias.c:1' lib/service/alias.c 'mysql_real_query(handle, text, length);'
refuses 'SQLite from a front end' 'admin-bin/cmd_alias.c:1' admin-bin/cmd_alias.c 'sqlite3_prepare_v2(handle, text, -1, &statement, NULL);'
refuses 'an identifier that is written elsewhere' "uses a name's text" lib/service/alias.c 'strbuf_append_text(&text, identifier.text);'

# The compiler's own part: SQL() of anything but a literal is no C.
cat >"$scratch/variable.c" <<-'SOURCE'
	#include "storage/sql_value.h"
	const char *text_of(const char *built);
	const char *text_of(const char *built) { return SQL(built).text; }
SOURCE
not_ok 'SQL() of a variable does not compile' cc -std=c17 -D_GNU_SOURCE -I"$support/../../lib" -fsyntax-only "$scratch/variable.c"
sed -i 's/SQL(built)/SQL("SELECT 1")/; s/const char \*built/void/' "$scratch/variable.c"
ok 'SQL() of a literal does' cc -std=c17 -D_GNU_SOURCE -I"$support/../../lib" -fsyntax-only "$scratch/variable.c"
done_testing
