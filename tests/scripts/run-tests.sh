#!/bin/bash
# scripts/run-tests counts honestly: what dies, hangs or says nothing is a failure.
. "$(dirname "$0")/../support/tap.sh"
in_scratch

runner=$(realpath "$support/../../scripts/run-tests")
cd "$scratch" || exit 1

# judges TITLE EXIT LAST-LINE SCRIPT-LINE...
judges() {
	local title=$1 expected_status=$2 expected_line=$3
	shift 3
	printf '%s\n' '#!/bin/sh' "$@" >program
	chmod +x program
	TIMEOUT=${limit:-20} run "$runner" program
	if [ "$status" -eq "$expected_status" ] &&
		[ "$(tail -n 1 <<<"$stdout")" = "$expected_line" ]; then
		pass "$title"
	else
		fail "$title"
		diag "expected exit $expected_status and: $expected_line"
		diag_command
	fi
}

judges 'all well' 0 '2 passed, 0 failed' 'echo 1..2; echo ok 1 - a; echo ok 2 - b'
judges 'the plan may come last' 0 '1 passed, 0 failed' 'echo ok 1; echo 1..1'
judges 'figures' 0 '1 passed, 0 failed' 'echo "# figures: 12 bytes flipped"; echo "# a remark"; echo ok 1; echo 1..1'
like 'are shown' "$stdout" '    12 bytes flipped'
unlike 'remarks are not' "$stdout" 'remark'
judges 'a failure' 1 '1 passed, 1 failed' 'echo 1..2; echo ok 1; echo not ok 2 - b'
like 'whose name is shown' "$stdout" 'not ok 2 - b'
judges 'a skipped test' 0 '1 passed, 0 failed, 1 skipped' 'echo 1..2; echo ok 1; echo "ok 2 - b # SKIP no b here"'
like 'whose reason is shown' "$stdout" 'no b here'
judges 'a skipped program is no success of a run' 1 '0 passed, 0 failed, 1 skipped' 'echo "1..0 # SKIP not root"'
judges 'no output' 1 '0 passed, 1 failed' ':'
judges 'no plan' 1 '1 passed, 1 failed' 'echo ok 1'
judges 'fewer than planned' 1 '1 passed, 1 failed' 'echo 1..2; echo ok 1'
judges 'an exit status' 1 '1 passed, 1 failed' 'echo 1..1; echo ok 1; exit 3'
judges 'a death' 1 '1 passed, 1 failed' 'echo 1..1; echo ok 1; kill -SEGV $$'
judges 'a bail out' 1 '0 passed, 1 failed' 'echo "Bail out! no room"'
limit=1 judges 'a hang' 1 '1 passed, 1 failed' 'echo 1..1; echo ok 1; sleep 87654'
is 'which is killed with its children' "$(pgrep -fc 'sleep 87654')" 0
judges 'a child left behind does not keep us' 0 '1 passed, 0 failed' 'sleep 87653 & echo 1..1; echo ok 1'
is 'and is killed' "$(pgrep -fc 'sleep 87653')" 0
done_testing
