# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for those who source this
# tap.sh: sourced by the end-to-end tests (bash). See tests/README.md.
#
#	. "$(dirname "$0")/../support/tap.sh"
#	in_namespace "$@"
#	expect_exit 0 'a request is taken' as ana postigo request ana@elsewhere.example
#	like 'it says so' "$stdout" 'sent to the administrators'
#	done_testing

set -u

tests_run=0
tests_failed=0
tests_planned=
tests_done=
support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
command_line=
status=0
stdout=
stderr=

# Re-executes the calling test inside the namespaces; returns at once when it is there.
in_namespace() {
	if [ ! -e /run/postigo-tests ]; then
		local test root
		test=$(realpath "$0")
		root=$(realpath "$support/../..")
		exec "$support/namespace" "${test#"$root"/}" "$@"
	fi
	in_scratch
}

# For a test that needs no namespace: only the scratch directory, removed at the end.
in_scratch() {
	scratch=$(mktemp -d)
	chmod 0755 "$scratch"
	stdout_file=$scratch/stdout
	stderr_file=$scratch/stderr
	trap tests_at_exit EXIT
}

tests_at_exit() {
	rm -rf "$scratch"
	[ -n "$tests_done" ] || echo "# the test ended before done_testing, after $tests_run tests"
}

# ---------------------------------------------------------------- results

plan() {
	tests_planned=$1
	echo "1..$1"
}

done_testing() {
	tests_done=1
	[ -n "$tests_planned" ] || echo "1..$tests_run"
	[ "$tests_failed" -eq 0 ] || exit 1
	exit 0
}

skip_all() {
	tests_done=1
	echo "1..0 # SKIP $*"
	exit 0
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1"
}

fail() {
	tests_run=$((tests_run + 1))
	tests_failed=$((tests_failed + 1))
	echo "not ok $tests_run - $1"
	return 1
}

# skip TITLE REASON: one test that cannot run here.
skip() {
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1 # SKIP $2"
}

# ---------------------------------------------------------------- running

quote_command() {
	local word
	command_line=
	for word; do
		command_line+="${command_line:+ }$(printf '%q' "$word")"
	done
}

# run COMMAND...: sets $status, $stdout, $stderr, $stdout_file, $stderr_file. stdin is $input.
run() {
	quote_command "$@"
	status=0
	"$@" >"$stdout_file" 2>"$stderr_file" <"${input:-/dev/null}" || status=$?
	stdout=$(tr -d '\0' <"$stdout_file")
	stderr=$(tr -d '\0' <"$stderr_file")
}

diag_command() {
	diag "command: $command_line"
	diag "exit:    $status"
	head -c 4000 "$stdout_file" | sed 's/^/# stdout: /'
	head -c 4000 "$stderr_file" | sed 's/^/# stderr: /'
	echo '#'
}

# expect_exit CODE TITLE COMMAND...
expect_exit() {
	local expected=$1 title=$2
	shift 2
	run "$@"
	if [ "$status" -eq "$expected" ]; then
		pass "$title"
	else
		fail "$title"
		diag "expected exit $expected"
		diag_command
		return 1
	fi
}

# ok TITLE COMMAND...: it succeeds. not_ok: it fails (but was run: 126 and 127 are no failures).
ok() {
	local title=$1
	shift
	expect_exit 0 "$title" "$@"
}

not_ok() {
	local title=$1
	shift
	run "$@"
	if [ "$status" -ne 0 ] && [ "$status" -ne 126 ] && [ "$status" -ne 127 ]; then
		pass "$title"
	else
		fail "$title"
		diag 'expected a failure'
		diag_command
		return 1
	fi
}

# ---------------------------------------------------------------- comparing

# is TITLE GOT EXPECTED
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1"
		diag "got:      $2"
		diag "expected: $3"
		return 1
	fi
}

isnt() {
	if [ "$2" != "$3" ]; then
		pass "$1"
	else
		fail "$1"
		diag "got what must not be: $2"
		return 1
	fi
}

# like TITLE GOT EXTENDED-REGULAR-EXPRESSION
like() {
	if [[ $2 =~ $3 ]]; then
		pass "$1"
	else
		fail "$1"
		diag "got:           $2"
		diag "does not match: $3"
		return 1
	fi
}

unlike() {
	if [[ ! $2 =~ $3 ]]; then
		pass "$1"
	else
		fail "$1"
		diag "got:              $2"
		diag "must not match: $3"
		return 1
	fi
}

# is_json TITLE FILE PATH EXPECTED: a value of a JSON file, see tests/support/json.
is_json() {
	local got
	got=$(json "$3" "$2" 2>&1)
	is "$1" "$got" "$4" || {
		diag "in $2:"
		diag "$(head -c 4000 "$2")"
		return 1
	}
}

# json PATH FILE: prints the value.
json() {
	/usr/bin/python3 -I "$support/json" "$@"
}

# ---------------------------------------------------------------- users

user_environment() {
	local user=$1 line
	line=$(getent passwd "$user") || {
		echo "tap.sh: no user $user" >&2
		return 1
	}
	user_id=$(cut -d: -f3 <<<"$line")
	user_group=$(cut -d: -f4 <<<"$line")
	user_home=$(cut -d: -f6 <<<"$line")
}

# as USER COMMAND...: as after a login over SSH, in the user's home, without a terminal.
# stdin is $input (default /dev/null), the locale $locale, more environment in the array $environment.
as() {
	local user=$1 user_id user_group user_home
	shift
	user_environment "$user" || return 125
	(
		if ! cd "$user_home" 2>/dev/null; then cd /; fi
		exec setsid -w setpriv --reuid "$user_id" --regid "$user_group" --init-groups \
			--inh-caps=-all env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$user_home" \
			USER="$user" LOGNAME="$user" SHELL=/bin/sh LANG="${locale:-C.UTF-8}" \
			${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} "${environment[@]}" "$@"
	) <"${input:-/dev/null}"
}
environment=()

# as_terminal USER COMMAND...: the same on a terminal of its own; $input is what is typed.
# stdout and stderr are one stream then, and line ends are "\n" again.
as_terminal() {
	local user=$1 log
	shift
	log=$(mktemp)
	quote_words=$(printf '%q ' "$@")
	environment+=(TERM=xterm)
	as "$user" /usr/bin/script -qec "$quote_words" /dev/null >"$log"
	set -- $?
	unset 'environment[-1]'
	tr -d '\r' <"$log"
	rm -f "$log"
	return "$1"
}

# ---------------------------------------------------------------- small helpers

# wait_until SECONDS COMMAND...: polls; false when it never came true.
wait_until() {
	local until=$((SECONDS + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $until ] || return 1
		sleep 0.05
	done
}

# later OFFSET COMMAND...: with a clock that is ahead by OFFSET ("+2m", "+30d"; "-1y" is behind). Times of files stay true. For programs
# that are not setgid only. The offset stands in a file because the programs empty their environment.
later() {
	local library
	library=$(echo /usr/lib/*/faketime/libfaketime.so.1)
	[ -e "$library" ] || {
		echo 'tap.sh: no libfaketime' >&2
		return 125
	}
	echo "$1" >/etc/faketimerc
	shift
	# A sanitizer's library wants to be the first.
	[ -z "${SANITIZE:-}" ] || library=$(gcc -print-file-name=libasan.so):$library
	LD_PRELOAD=$library NO_FAKE_STAT=1 "$@"
	set -- $?
	rm -f /etc/faketimerc
	return "$1"
}

# mode_of PATH: "2755 root:postigo-drop"
mode_of() {
	stat -c '%a %U:%G' "$1"
}

# The queue and the setgid bit by hand, for tests of the helper alone. The real thing, which
# end-to-end tests should use, is `postigo-admin setup`.
install_helper_by_hand() {
	groupadd -f -r postigo-drop
	groupadd -f -r postigo-admin
	chown root:postigo-drop /usr/local/libexec/postigo/postigo-drop
	chmod 2755 /usr/local/libexec/postigo/postigo-drop
	install -d -o root -g root -m 0711 /var/lib/postigo
	install -d -o root -g postigo-drop -m 0710 /var/lib/postigo/queue
	install -d -o root -g postigo-drop -m 1730 /var/lib/postigo/queue/new /var/lib/postigo/queue/tmp
}
