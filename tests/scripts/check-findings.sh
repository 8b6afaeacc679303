#!/bin/bash
# scripts/check-findings refuses a finding that no test raises, and a test of a finding that is none.
. "$(dirname "$0")/../support/tap.sh"
in_scratch

check=$(realpath "$support/../../scripts/check-findings")
mkdir "$scratch/service" "$scratch/e2e"
write() {
	printf 'check_find(check, FINDING_ERROR, "queue.bad",\n\t_("bad"));\ncheck_find(check, FINDING_OK,\n\t"queue.fine");\n%s\n' "$1" \
		>"$scratch/service/check_queue.c"
	{
		echo 'for id in installation.denied accounts.denied store.denied queue.denied postfix.denied system.denied; do'
		printf '%s\n' "$2"
	} >"$scratch/e2e/0801-check.sh"
}
write '' 'cured queue.bad error :'
ok 'findings with fixtures are accepted' "$check" "$scratch/service" "$scratch/e2e"
write '' '# queue.bad'
expect_exit 1 'a finding without one is refused' "$check" "$scratch/service" "$scratch/e2e"
like 'by name' "$stdout" 'not ok [0-9]+ - queue.bad has a fixture'
write 'check_failed(check, "store.new", &failure);' 'cured queue.bad error :'
expect_exit 1 'so is a new one' "$check" "$scratch/service" "$scratch/e2e"
write '' 'cured queue.bad error :; is x "$(field queue.gone severity)" error'
expect_exit 1 'and a fixture of what is no finding' "$check" "$scratch/service" "$scratch/e2e"
like 'by name, too' "$stdout" 'not ok [0-9]+ - queue.gone, of '
done_testing
