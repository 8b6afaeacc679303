#!/bin/bash
# shellcheck disable=SC2317 # functions are called by name
# 1102: what can be typed is offered: in bash and zsh on a terminal, with the real key; in fish by its own command for that.
. "$(dirname "$0")/../support/tap.sh"
in_namespace "$@"

share=/usr/local/share
terminal=$support/dialogue

# offers SHELL LINE EXPECTED [LINE EXPECTED]...: typing LINE, with its tabs, makes EXPECTED appear. One session a shell; it ends where something is missing.
offers() {
	local shell=$1 number=$(($# / 2))
	shift
	{
		while [ $# -gt 0 ]; do
			printf '%s\n' 'expect $> ' "send $1" "expect $2" 'send \x03'
			shift 2
		done
		printf '%s\n' 'expect $> ' 'send exit 0\r'
	} >"$scratch/steps"
	expect_exit 0 "$shell offers all $number" "start_$shell" "$scratch/steps"
}

# bash as it comes, and only our file: completion must not need bash-completion.
cat >"$scratch/bashrc" <<-RC
	PS1='$> '
	bind 'set enable-bracketed-paste off'
	bind 'set bell-style none'
	bind 'set show-all-if-ambiguous on'
	. $share/bash-completion/completions/postigo
	. $share/bash-completion/completions/postigo-admin
RC
start_bash() {
	TERM=dumb "$terminal" "$1" /bin/bash --noprofile --rcfile "$scratch/bashrc" -i
}

# As Debian sets bash-completion up: our files are found by their names.
cat >"$scratch/fullrc" <<-RC
	PS1='$> '
	bind 'set enable-bracketed-paste off'
	bind 'set bell-style none'
	bind 'set show-all-if-ambiguous on'
	. /usr/share/bash-completion/bash_completion
RC
start_full() {
	TERM=dumb "$terminal" "$1" /bin/bash --noprofile --rcfile "$scratch/fullrc" -i
}

mkdir "$scratch/zsh"
cat >"$scratch/zsh/.zshrc" <<-RC
	PROMPT='$> '
	unsetopt beep prompt_cr
	unset zle_bracketed_paste
	setopt no_list_beep
	fpath=($share/zsh/vendor-completions \$fpath)
	autoload -U compinit && compinit -u -D
RC
start_zsh() {
	ZDOTDIR=$scratch/zsh TERM=dumb "$terminal" "$1" /bin/zsh -i
}

# in_fish LINE: what fish would offer, one a line.
in_fish() {
	HOME=$scratch fish --no-config -c "source $share/fish/vendor_completions.d/postigo.fish
		source $share/fish/vendor_completions.d/postigo-admin.fish
		complete -C '$1'" 2>&1 | cut -f1
}

for shell in bash zsh fish; do
	command -v $shell >/dev/null || skip_all "no $shell"
done
touch /home/ana/members.csv
cd /home/ana || exit

# ---------------------------------------------------------------- the scripts themselves

for program in postigo postigo-admin; do
	ok "bash reads the script of $program" bash -n "$share/bash-completion/completions/$program"
	ok "zsh reads it" zsh -n "$share/zsh/vendor-completions/_$program"
	ok "fish reads it" fish --no-config --no-execute "$share/fish/vendor_completions.d/$program.fish"
	for shell in bash:bash-completion/completions/$program zsh:zsh/vendor-completions/_$program fish:fish/vendor_completions.d/$program.fish; do
		run "$program" __dump "${shell%%:*}"
		is "$program prints what is installed for ${shell%%:*}" "$stdout" "$(cat "$share/${shell#*:}")"
		unlike 'without the hidden words' "$stdout" '[ (]__dump '
	done
done
expect_exit 64 'another format is none' postigo __dump csh
unlike 'the word is hidden' "$(postigo-admin help)" __dump

# ---------------------------------------------------------------- on a terminal

rows=(
	'postigo-admin pend\t' 'postigo-admin pending'
	'postigo-admin mem\t' 'postigo-admin member'
	'postigo-admin member s\t\t' 'suspend'
	'postigo-admin member rev\t' 'postigo-admin member revoke'
	'postigo-admin member revoke --rea\t' 'revoke --reason'
	'postigo-admin pending --pl\t' 'pending --plain'
	'postigo-admin approve carl\t' 'approve carla'
	'postigo-admin --json member rev\t' '--json member revoke'
	'postigo-admin help member rev\t' 'help member revoke'
	'postigo-admin member export --format cs\t' '--format csv'
	'postigo-admin member import mem\t' 'import members.csv'
	'postigo can\t' 'postigo cancel'
	'postigo-admin domain ali\t' 'domain alias'
	'postigo-admin domain alias ret\t' 'alias retarget'
	'postigo-admin domain alias retarget --tar\t' '--target'
	'postigo-admin alias rm\t' 'alias rm-target'
)
for shell in bash full zsh; do
	offers $shell "${rows[@]}"
done
offers bash 'postigo-admin member export --format=js\t' '--format=json' 'postigo --config mem\t' '--config members.csv' \
	'postigo-admin member revoke --reason why car\t' 'why carla' 'postigo-admin member add ana --exp\t' 'ana --expires'

# ---------------------------------------------------------------- fish

is 'fish: a command' "$(in_fish 'postigo-admin pend')" pending
is 'fish: a noun, once' "$(in_fish 'postigo-admin mem')" member
like 'fish: its verbs' "$(in_fish 'postigo-admin member ')" 'suspend'
is 'fish: a noun of a noun, once' "$(in_fish 'postigo-admin domain ali')" alias
is 'fish: its verbs' "$(in_fish 'postigo-admin domain alias ret')" retarget
is 'fish: and their options' "$(in_fish 'postigo-admin domain alias retarget --tar')" --target
unlike 'fish: and no commands there' "$(in_fish 'postigo-admin member ')" 'pending'
is 'fish: an option of the command' "$(in_fish 'postigo-admin member revoke --rea')" --reason
is 'fish: a global option' "$(in_fish 'postigo-admin pending --pl')" --plain
like 'fish: a login name' "$(in_fish 'postigo-admin approve carl')" carla
is 'fish: a value from a list' "$(in_fish 'postigo-admin member export --format cs')" csv
is 'fish: a file' "$(in_fish 'postigo-admin member import mem')" members.csv
is 'fish: help on a command' "$(in_fish 'postigo-admin help pend')" pending
is 'fish: the other program' "$(in_fish 'postigo can')" cancel

done_testing
