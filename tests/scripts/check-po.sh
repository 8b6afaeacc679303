#!/bin/bash
# scripts/check-po refuses a catalogue that is not what the sources say; update-po mends what it can.
. "$(dirname "$0")/../support/tap.sh"
command -v msgmerge >/dev/null || skip_all 'no gettext'
in_scratch

scripts=$(realpath "$support/../../scripts")
house=$scratch/house
mkdir -p "$house"/{lib/base,member-bin,admin-bin,po,scripts}
cp "$scripts/update-po" "$scripts/check-po" "$house/scripts/"

head='msgid ""
msgstr ""
"Project-Id-Version: house\n"
"PO-Revision-Date: 2026-01-01 00:00+0000\n"
"Last-Translator: house\n"
"Language-Team: house\n"
"Language: pt_BR\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"'
two='msgid "  two"
msgstr "  dois"'
days='#, c-format
msgid "%lu day"
msgid_plural "%lu days"
msgstr[0] "%lu dia"
msgstr[1] "%lu dias"'
days_bare='msgid "%lu day"
msgid_plural "%lu days"
msgstr[0] ""
msgstr[1] ""'
order='msgid "type %s: postigo cancel --yes"
msgstr "digite %s: postigo cancel --yes"'

# catalogue ENTRY...
catalogue() {
	printf '%s\n\n' "$head" "$@" >"$house/po/pt_BR.po"
}

# refuses TITLE MESSAGE ENTRY...
refuses() {
	local title=$1 message=$2
	shift 2
	catalogue "$@"
	run "$house/scripts/check-po" "$house"
	if [ "$status" -eq 1 ] && grep -qF "$message" "$stdout_file"; then
		pass "$title"
	else
		fail "$title"
		diag_command
	fi
}

cat >"$house/lib/base/a.c" <<'SOURCE'
const char *two(void) { return N_("  two"); }
void days(unsigned long n) { printf(ngettext("%lu day", "%lu days", n), n); }
void order(void) { error_fix(err, _("type %s: postigo cancel --yes"), "it"); }
SOURCE

catalogue "$two" "$days" "$order"
ok 'a complete catalogue is accepted' "$house/scripts/check-po" "$house"
refuses 'a message is missing' 'missing:   two' "$days" "$order"
refuses 'a message is not translated' 'untranslated:   two' "${two/  dois/}" "$days" "$order"
refuses 'a plural is not translated' 'untranslated: %lu day / %lu days' "$two" "$days_bare" "$order"
refuses 'a message is guessed' 'fuzzy:   two' "#, fuzzy
$two" "$days" "$order"
refuses 'a message is gone' 'obsolete: three' "$two" "$days" "$order" 'msgid "three"
msgstr "três"'
refuses 'a message is kept as a comment' 'obsolete: three' "$two" "$days" "$order" '#~ msgid "three"
#~ msgstr "três"'
refuses 'the catalogue does not compile' 'pt_BR.po compiles' "$two" "$days" "$order" 'msgid "three"'
refuses 'msgfmt knows another directive' 'pt_BR.po compiles' "$two" "${days/\%lu dias/%s dias}" "$order"
refuses 'a directive is lost' 'in: digite: postigo' "$two" "$days" "${order/digite %s/digite}"
refuses 'a directive is another' 'in: digite %d' "$two" "$days" "${order/digite %s/digite %d}"
refuses 'blanks are lost' 'in: dois' "${two/  dois/dois}" "$days" "$order"
refuses 'an option is translated' 'in: digite %s: postigo cancel --sim' "$two" "$days" \
	"${order/%--yes\"/--sim\"}"
refuses 'a command is translated' 'in: digite %s: postigo retirar' "$two" "$days" \
	"${order/%postigo cancel --yes\"/postigo retirar --yes\"}"

# update-po
catalogue "$two" 'msgid "three"
msgstr "três"' "$days"
ok 'the catalogue is brought in step' "$house/scripts/update-po"
like 'it tells what is left to do' "$stdout" '2 translated messages, 1 untranslated'
unlike 'what is gone is gone' "$(cat "$house/po/pt_BR.po")" 'three'
like 'what is new is there' "$(cat "$house/po/pt_BR.po")" 'msgid "type %s: postigo cancel --yes"'
like 'files are noted' "$(cat "$house/po/pt_BR.po")" '#: lib/base/a\.c'
unlike 'lines are not' "$(cat "$house/po/pt_BR.po")" '#:.*:[0-9]'
before=$(stat -c '%i %y' "$house/po/pt_BR.po")
ok 'a second time' "$house/scripts/update-po"
is 'changes nothing' "$(stat -c '%i %y' "$house/po/pt_BR.po")" "$before"
done_testing
