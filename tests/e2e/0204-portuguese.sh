#!/bin/bash
# 0204: the same in Portuguese, by the server's setting or the environment; what is not text stays.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"
[ -e /usr/local/share/locale/pt_BR/LC_MESSAGES/postigo.mo ] || skip_all 'built without gettext'
LC_ALL=C.UTF-8

queue=/var/lib/postigo/queue/new
admin=/usr/local/sbin/postigo-admin

pending_id() {
	$admin pending --plain | awk -F '\t' -v user="$1" '$2 == user { print $1 }'
}

# column_of WORD LINE: how many characters stand before it.
column_of() {
	local before=${2%%"$1"*}
	echo ${#before}
}

line_with() {
	grep -m 1 -F -- "$1" <<<"$stdout"
}

# aligned TITLE HEADING CELL ROW: the cell of that row begins where its heading does.
aligned() {
	is "$1" "$(column_of "$3" "$(line_with "$4")")" "$(column_of "$2" "$(line_with "$2")")"
}

expect_exit 0 'setup' $admin setup --domain club.example

# By the environment
expect_exit 0 'English without a wish' as_terminal ana postigo
like 'indeed' "$stdout" 'You have no alias yet'
environment=(LANGUAGE=pt_BR)
expect_exit 0 'LANGUAGE is enough' as_terminal ana postigo
like 'in Portuguese' "$stdout" 'Você ainda não tem alias\.'
like 'with the command as it is' "$stdout" 'postigo request SEU-OUTRO-ENDERECO'
environment=()
# An installed pt_BR needs a package and minutes; another locale under its name will do.
cp -r /usr/lib/locale/C.utf8 "$scratch/pt_BR.utf8" && chmod -R a+rX "$scratch"
environment=("LOCPATH=$scratch")
locale=pt_BR.UTF-8 expect_exit 0 'LANG is enough where it is installed' as_terminal ana postigo
like 'in Portuguese' "$stdout" 'Você ainda não tem alias\.'
environment=()

# By the server
mkdir -p /etc/postigo/conf.d
echo '{"language": "pt_BR"}' >/etc/postigo/conf.d/language.json
expect_exit 0 'the server may name a language' as_terminal ana postigo
like 'which is used where the environment names none' "$stdout" 'Você ainda não tem alias\.'
locale=C expect_exit 0 'in C, too' as_terminal ana postigo
like 'indeed' "$stdout" 'Você ainda não tem alias\.'
locale=pt_BR.UTF-8 expect_exit 0 'and in a locale that is not installed' as_terminal ana postigo
like 'indeed' "$stdout" 'Você ainda não tem alias\.'
environment=(LANGUAGE=en)
expect_exit 0 'a wish of the environment comes first' as_terminal ana postigo
like 'indeed' "$stdout" 'You have no alias yet'
environment=()

# A member
expect_exit 10 'a bad destination' as ana postigo request ana@@elsewhere.example
like 'is an error' "$stderr" '^erro: "ana@@elsewhere\.example" não pode ser um destino'
like 'with the reason' "$stderr" '  por quê:  tem dois sinais @'
like 'and the cure' "$stderr" '  solução:  postigo request name@example\.org'
expect_exit 64 'an unknown command' as ana postigo frobnicate
like 'is one in Portuguese' "$stderr" '^erro: comando desconhecido "frobnicate"'
expect_exit 77 'no member' as op postigo request op@elsewhere.example
like 'is told so in one sentence' "$stderr" 'esta conta não está no grupo members'
expect_exit 0 'ana asks' as ana postigo request ana@elsewhere.example --note 'correio da associação'
like 'the request is sent' "$stdout" '^Pedido enviado\.'
like 'and it is said what comes next' "$stdout" 'Um administrador decide\. Ver: postigo status    Retirar: postigo cancel'
is_json 'her language travels with it' $queue/20001.alias.json .lang pt_BR
expect_exit 2 'a second one' as ana postigo request ana@other.example
like 'is refused' "$stderr" 'já há um pedido seu pendente'
expect_exit 0 'status' as_terminal ana postigo status --no-color
like 'the heading' "$stdout" 'ENDEREÇO +ENCAMINHA PARA +ESTADO +DESDE'
like 'the state' "$stdout" 'ana@elsewhere\.example +.*pendente.* +agora mesmo'
aligned 'a column stands under its heading' 'ENCAMINHA PARA' ana@elsewhere.example ana@club.example
aligned 'so does the next, behind a ç' ESTADO pendente ana@club.example

# What is not text
expect_exit 0 'plain' as ana postigo status --plain
like 'has keys and states as ever' "$stdout" $'state\tpending'
expect_exit 0 'JSON' as ana postigo status --json
is_json 'has them, too' "$stdout_file" .state pending
is_json 'and a text as it was written' "$stdout_file" .pending.note 'correio da associação'
expect_exit 2 'an error in JSON' as ana postigo request ana@other.example --json
is_json 'has its code' "$stderr_file" .error.code already_exists
is_json 'and a message for people' "$stderr_file" .error.message 'já há um pedido seu pendente'

# An administrator
expect_exit 0 'pending' as_terminal root $admin pending
like 'the heading' "$stdout" 'MEMBRO +PEDE +ENCAMINHA PARA +QUANDO +VERIFICAÇÕES'
aligned 'a column stands under its heading' QUANDO 'agora mesmo' ana@elsewhere.example
aligned 'so does the last' VERIFICAÇÕES ok ana@elsewhere.example
like 'what can be done' "$stdout" 'postigo-admin reject MEMBRO --reason TEXTO'
expect_exit 0 'show' as_terminal root $admin show ana
like 'a field' "$stdout" 'encaminha para  ana@elsewhere\.example'
expect_exit 0 'pending in JSON' $admin pending --json
is_json 'has keys as ever' "$stdout_file" '.[0].user' ana
expect_exit 64 'a name without a terminal' as root $admin approve ana
like 'is refused' "$stderr" 'não há terminal em que perguntar'
expect_exit 1 'nobody of that name' as root $admin member show beto
like 'is an error' "$stderr" 'erro: "beto" não tem alias'
expect_exit 0 'what the configuration is worth' as root $admin config check
like 'is said' "$stdout" 'A configuração está boa: aliases em club\.example\.'
printf 's\n' >"$scratch/yes"
input=$scratch/yes expect_exit 0 'approved with an s' as_terminal root $admin approve ana --no-sync
like 'the question' "$stdout" 'Aprovar\? \[s/N\]'
like 'and what is left to do' "$stdout" 'Ainda não está no ar\.  Para pôr no ar:  postigo-admin sync'
is 'nothing is pending' "$(pending_id ana)" ''
expect_exit 0 'the list' as_terminal root $admin member list
like 'a state' "$stdout" 'ana@club\.example +.*ativo'
expect_exit 0 'one of them' as_terminal root $admin member show ana
like 'has it, too' "$stdout" 'estado +ativo'
expect_exit 0 'plain' as root $admin member show ana --plain
like 'has the word as ever' "$stdout" $'state\tactive'
expect_exit 0 'the history' as_terminal root $admin history
like 'has verbs for people' "$stdout" ' aprovar '

# A member again
expect_exit 0 'the alias' as_terminal ana postigo
like 'is active' "$stdout" 'ana@elsewhere\.example +.*ativo'
like 'but not live' "$stdout" 'O servidor de correio ainda não'
expect_exit 0 'what is so already' as ana postigo request ana@elsewhere.example
like 'is told' "$stdout" 'Nada a fazer: ana@club\.example já encaminha para ana@elsewhere\.example\.'
printf 'sim\n' >"$scratch/yes"
input=$scratch/yes expect_exit 0 'given up with sim' as_terminal ana postigo remove
like 'after a question' "$stdout" 'Abrir mão do alias\? \[s/N\]'
printf 'n\n' >"$scratch/no"
ok 'which is withdrawn' as ana postigo cancel
input=$scratch/no expect_exit 24 'or not, with n' as_terminal ana postigo remove --no-color
like 'as it says' "$stdout" 'erro: nada foi mudado'

# Help
expect_exit 0 'help' as ana postigo --help
like 'is translated, too' "$stdout" 'COMANDOS'
like 'but for the commands' "$stdout" '  request +pede o seu alias'
expect_exit 0 'help for administrators' as root $admin --help
like 'is translated, too' "$stdout" 'COMANDOS'
expect_exit 64 'a line that cannot be parsed' as root $admin approbe
like 'is complained about in the language of the server' "$stderr" '^erro: '
expect_exit 77 'no administrator' as ana $admin approve ana
like 'is told so in it' "$stderr" '^erro: '
environment=(LANGUAGE=en)
expect_exit 64 'but for those who want another one' as root $admin approbe
like 'who get it' "$stderr" '^error: '
rm /etc/postigo/conf.d/language.json
environment=(LANGUAGE=pt_BR)
expect_exit 0 'without a language of the server' as root $admin --help
like 'the environment decides' "$stdout" 'COMANDOS'
done_testing
