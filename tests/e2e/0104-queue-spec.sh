#!/bin/bash
# 0104: queue-spec's schema takes the good examples and what postigo-drop writes, and refuses the bad
# examples. The schema's grammar of destinations and the program's are the same.
# shellcheck disable=SC2154,SC2317 # stdout and stderr are set by run, which calls functions too
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

spec=$(realpath "$support/../../queue-spec")
/usr/bin/python3 -I -c 'import jsonschema' 2>/dev/null || skip_all 'no python3-jsonschema'
cat >"$scratch/valid" <<'EOF'
import json, jsonschema, sys

def members(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member twice")
    return found

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
bad = 0
for path in sys.argv[2:]:
    try:
        validator.validate(json.load(open(path, encoding="utf-8"), object_pairs_hook=members))
    except (ValueError, jsonschema.ValidationError) as problem:
        print(path, str(problem).splitlines()[0])
        bad += 1
sys.exit(bad > 0)
EOF
valid() {
	/usr/bin/python3 -I "$scratch/valid" "$spec/request.schema.json" "$@"
}

for example in "$spec"/examples/*.json; do
	name=${example##*/}
	case $name in
	Q[0-9][0-9]-*) expect_exit 1 "the schema refuses $name" valid "$example" ;;
	*) expect_exit 0 "the schema takes $name" valid "$example" ;;
	esac
done

helper=/usr/local/libexec/postigo/postigo-drop
if [ -x $helper ]; then
	install_helper_by_hand
	new=/var/lib/postigo/queue/new
	file() {
		printf '%b' "$1" >"$scratch/wire"
		input=$scratch/wire run as ana $helper replace "${2:-alias}"
	}
	for op in pause resume remove 'confirm\ntoken 0f1e2d3c4b5a69788796a5b4c3d2e1f0'; do
		file "user ana\nop $op\n" alias-state
		expect_exit 0 "what the helper writes for ${op%%\\*} is valid" valid $new/20001.alias-state.json
	done
	file 'op set\nuser ana\nto A.b@X.example\nto c@d.example\nkeep-copy yes\nnote "\\" \0303\0251\nlang pt_BR\n'
	expect_exit 0 'and for set' valid $new/20001.alias.json
	is 'members stand in the order of the example' "$(grep -o '"[a-z_]*":' $new/20001.alias.json)" \
		"$(grep -o '"[a-z_]*":' "$spec/examples/set.json")"

	# The schema's pattern and the helper on the same addresses, one by one.
	different=
	for address in a@b.c a.b+c@x.example "o'n@x.example" a=b~c_d-e@x.example -a@x.example a-@x.example \
		.a@x.example a.@x.example a..b@x.example a@x a@x. a@.x a@x..y a@-x.example a@x-.example a@1.2 \
		a@x.1a a@x.local a@local.example a@localhost a@x.arpa 'a b@x.example' 'a,b@x.example' a@b@c.example \
		@x.example a@ a 'a|b@x.example' a/b@x.example a%b@x.example a!b@x.example 'a\\b@x.example' \
		a:b@x.example 'a#b@x.example' a@x_y.example a@x--y.example a@xn--mnchen-3ya.example \
		"$(printf 'a%.0s' {1..64})@x.example" "$(printf 'a%.0s' {1..65})@x.example" \
		"a@$(printf 'a%.0s' {1..63}).example" "a@$(printf 'a%.0s' {1..64}).example"; do
		rm -f $new/20001.alias.json
		file "op set\nuser ana\nto $address\n"
		program=$status
		/usr/bin/python3 -I - "$spec/examples/set.json" "$address" >"$scratch/request" <<'EOF'
import json, sys
request = json.load(open(sys.argv[1]))
request["destinations"] = [sys.argv[2].replace("\\\\", "\\")]
json.dump(request, sys.stdout)
EOF
		run valid "$scratch/request"
		[ $((program == 0)) -eq $((status == 0)) ] || different="$different $address"
	done
	is 'helper and schema agree on addresses' "$different" ''
else
	skip 'what the helper writes' 'postigo-drop is not built'
fi

done_testing
