#!/bin/bash
# timeout: 300
# 0401: discover on machines of all kinds: exit status 0, an answer as its schema says, in time, as root and as nobody. Cases A95, A99.
# shellcheck disable=SC2317 # functions that rows name
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postfix.sh"
. "$(dirname "$0")/../support/discover.sh"
in_namespace "$@"
chmod 0711 "$scratch"

# discovers TITLE: both root and nobody (with a second argument only root) get a good answer; root's is left in $answer, nobody's in $nobody.
answer=$scratch/answer
nobody=$scratch/nobody
discovers() {
	local started=$SECONDS
	expect_exit 0 "$1: root" postigo-admin discover --json
	fits_schema "$1: the answer is as its schema says"
	is "$1: nothing is said beside it" "$stderr" ''
	cp "$stdout_file" "$answer"
	[ -z "${2:-}" ] || return 0
	expect_exit 0 "$1: nobody" as nobody /usr/local/sbin/postigo-admin discover --json
	fits_schema "$1: the same"
	is "$1: nothing is said beside it" "$stderr" ''
	cp "$stdout_file" "$nobody"
	ok "$1: both within a minute" [ $((SECONDS - started)) -lt 60 ]
}

# One Postfix, no systemd
postfix_configure lmdb
ok 'Postfix starts' postfix_start keep
discovers 'Postfix only'
is_json 'it runs' "$answer" '.sections.postfix[0].running' true
is_json 'its domain' "$answer" '.sections.postfix[0].parameters.virtual_alias_domains' club.example
is_json 'what main.cf sets' "$answer" '.sections.postfix[0].set.maillog_file' "$postfix_log"
is_json 'its services' "$answer" '.sections.postfix[0].services[0]' \
	'{"chroot":"no","command":"smtpd","name":"127.0.0.1:25","type":"inet"}'
is_json 'a table with its index' "$answer" '.sections.postfix[0].tables[0].index.path' "$postfix_map.lmdb"
is_json 'whose rows are counted by its books' "$answer" '.sections.postfix[0].tables[0].rows' 0
is_json 'services are told from their processes' "$answer" '.sections.services[0].source' /var/spool/postfix/pid/master.pid
is_json 'nobody knows that it is nobody' "$nobody" .privileged false
is_json 'whose process is not shown' "$nobody" '.sections.services[0].status' denied
is_json 'settings are for everybody' "$nobody" '.sections.postfix[0].parameters.virtual_alias_domains' club.example
like 'what nobody may not see is told' "$(not_looked_at "$nobody")" '/proc: denied'

# Sections and shapes
expect_exit 0 'two sections' postigo-admin discover --json --section ports,runv
is_json 'come alone' "$stdout_file" '.sections#' 2
fits_schema 'and as the schema says'
expect_exit 64 'an unknown section' postigo-admin discover --section postfux
like 'did you mean' "$stderr" 'discover --section postfix'
expect_exit 64 'as an object for machines' postigo-admin discover --section postfux --json
is_json 'with its code' "$stderr_file" .error.code usage
is 'and nothing beside' "$stdout" ''
expect_exit 0 'plain' postigo-admin discover --plain --section postfix
is 'is a name and a value a line' "$(awk -F '\t' 'NF != 2' <<<"$stdout")" ''
like 'by dotted names' "$stdout" $'sections\\.postfix\\.0\\.parameters\\.virtual_alias_domains\tclub\\.example'
for width in 80 120; do
	for language in C C.UTF-8; do
		script -qec "stty cols $width; LC_ALL=$language postigo-admin discover" "$scratch/typescript" </dev/null >/dev/null
		picture=$(grep -v '^Script' "$scratch/typescript" | tr -d '\r')
		like "$language, $width columns: the picture" "$picture" 'aliases of +club\.example'
		if [ $language = C ]; then
			like "$language, $width columns: its lines are ASCII" "$picture" $'\n  \\+-> aliases of'
			is "$language, $width columns: nothing else is in it" "$(LC_ALL=C grep -n '[^ -~]' <<<"$picture")" ''
		else
			like "$language, $width columns: its lines are drawn" "$picture" $'\n  ├─▶ aliases of'
		fi
	done
done
environment=(LANGUAGE=pt_BR)
run as nobody /usr/local/sbin/postigo-admin discover --json
fits_schema 'another language changes no name'
like 'only sentences' "$stdout" 'o postigo não está configurado nesta máquina'
like 'and the picture' "$(as_terminal nobody /usr/local/sbin/postigo-admin discover)" 'respondido por  texthash:/etc/postfix/elsewhere'
environment=()

# --deep: what postmap -s lists is counted
printf 'a@elsewhere.example x\nb@elsewhere.example y\n' >/etc/postfix/old
postmap hash:/etc/postfix/old
postconf -e "virtual_alias_maps = lmdb:$postfix_map, hash:/etc/postfix/old"
expect_exit 0 'not deep' postigo-admin discover --json
not_ok 'rows of a hash table are not known' json '.sections.postfix[0].tables[1].rows' "$stdout_file"
expect_exit 0 'deep' postigo-admin discover --json --deep
fits_schema 'is as the schema says'
is_json 'they are' "$stdout_file" '.sections.postfix[0].tables[1].rows' 2

# Several instances
cp -a /etc/postfix /etc/postfix-out
postconf -c /etc/postfix-out -e 'myhostname = out.club.example' 'queue_directory = /var/spool/postfix-out' 'multi_instance_name = postfix-out'
postconf -e 'multi_instance_directories = /etc/postfix-out' 'multi_instance_wrapper = true'
discovers 'two instances'
is_json 'the second one' "$answer" '.sections.postfix[1].instance' postfix-out
is_json 'with its own settings' "$answer" '.sections.postfix[1].parameters.myhostname' out.club.example
postconf -X multi_instance_directories multi_instance_wrapper

# With systemd
mkdir -p /run/systemd/system
fake /usr/bin/systemctl <<'SCRIPT'
#!/bin/sh
echo "$*" >&2
printf 'Id=postfix.service\nLoadState=loaded\nActiveState=active\nSubState=exited\nUnitFileState=enabled\nMainPID=0\n\n'
printf 'Id=dovecot.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\nMainPID=0\n\n'
printf 'Id=chrony.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nMainPID=77\n'
SCRIPT
discovers 'systemd'
is_json 'tells the services' "$answer" .sections.services \
	'[{"active":"active","enabled":"enabled","name":"postfix","source":"systemctl","status":"ok","sub":"exited"},{"active":"active","enabled":"enabled","name":"chrony","pid":77,"source":"systemctl","status":"ok","sub":"running"}]'
unfake /usr/bin/systemctl
fake /usr/bin/systemctl <<'SCRIPT'
#!/bin/sh
echo 'Failed to connect to bus' >&2
exit 1
SCRIPT
discovers 'systemd that does not answer'
like 'is told' "$(not_looked_at "$answer")" 'systemctl show.*: error'
is_json 'and processes are looked at instead' "$answer" '.sections.services[0].active' active
unfake /usr/bin/systemctl
rmdir /run/systemd/system

# What a hostile or broken machine puts in the way
cp -a /etc/postfix "$scratch/postfix"
put_back() {
	rm -rf /etc/postfix
	cp -a "$scratch/postfix" /etc/postfix
}
echo 'rubbish without a sign' >>/etc/postfix/main.cf
discovers 'a line of main.cf that is none'
is_json 'is told as an error' "$answer" '.sections.postfix[0].status' error
is 'with what Postfix says' "$(problem postfix.configuration-broken evidence "$answer")" \
	"$(/usr/sbin/postconf -n 2>&1 >/dev/null | sed -n '1s/".*"/"***"/p')"
is_json 'master.cf is read all the same' "$answer" '.sections.postfix[0].services[0].command' smtpd
expect_exit 4 'no configuration can be proposed' postigo-admin proposed-config
like 'and it says why' "$stderr" 'postconf'
put_back
chmod 0600 /etc/postfix/main.cf
discovers 'a main.cf that is not for everybody'
is_json 'is read by root' "$answer" '.sections.postfix[0].status' ok
is_json 'and denied to nobody' "$nobody" '.sections.postfix[0].status' denied
is 'which is no fault of it' "$(problem postfix.configuration-broken severity "$nobody")" ''
put_back
rm /etc/postfix/main.cf
discovers 'no main.cf'
is 'is told' "$(problem postfix.configuration-broken severity "$answer")" error
put_back
rm /etc/postfix/master.cf
discovers 'no master.cf'
put_back
printf 'smtp inet n\n\377\376 rubbish\n' >>/etc/postfix/master.cf
discovers 'a master.cf with rubbish in it'
like 'is told' "$(not_looked_at "$answer")" 'master\.cf: error'
put_back
{
	printf 'virtual_alias_maps = '
	head -c 10000000 /dev/zero | tr '\0' x
	echo
} >>/etc/postfix/main.cf
discovers 'a line of ten million bytes'
put_back
mkfifo /etc/postfix/pipe /etc/postfix/pipe.lmdb
printf 'user = \033[31mred\npassword\t=x\nquery = SELECT goto FROM \033]0;title\007 WHERE 1\nhosts = \377\376\n' >/etc/postfix/strange.cf
ln -s /etc/shadow /etc/postfix/link.cf
postconf -e 'virtual_alias_maps = lmdb:/etc/postfix/pipe, mysql:/etc/postfix/strange.cf, mysql:/etc/postfix/link.cf, hash:/etc/postfix' \
	'smtpd_milters = unix:/etc/passwd, inet:127.0.0.1:1, unix:'
discovers 'pipes, links, directories and control characters'
unlike 'no control character comes through' "$(cat "$answer")" $'[\033\007]'
unlike 'no link is followed' "$(cat "$answer")" '20000:0:99999'
script -qec 'stty cols 80; postigo-admin discover --no-color' "$scratch/typescript" </dev/null >/dev/null
unlike 'nor on a terminal' "$(cat "$scratch/typescript")" $'[\033\007]'
put_back
postconf -e 'virtual_alias_maps = unionmap:{unionmap:{unionmap:{unionmap:{unionmap:{unionmap:{unionmap:{unionmap:{unionmap:{unionmap:{hash:/x}}}}}}}}}}'
discovers 'maps of maps of maps'
put_back
echo '{"broken' >/etc/postigo.json
mkdir -p /etc/postigo
echo '{"broken' >/etc/postigo/postigo.json
discovers 'a broken configuration of our own'
is_json 'is told' "$answer" .sections.postigo.configured true
like 'as a recommendation' "$(problems "$answer")" 'installation\.configuration'
rm -r /etc/postigo /etc/postigo.json

# Commands that hang
hanging=$SECONDS
fake /usr/sbin/postconf <<'SCRIPT'
#!/bin/sh
exec sleep 600
SCRIPT
fake /usr/bin/doveconf <<'SCRIPT'
#!/bin/sh
trap '' TERM
while :; do sleep 600; done
SCRIPT
discovers 'commands that hang' root
ok 'not for longer than they get' [ $((SECONDS - hanging)) -lt 30 ]
like 'postconf is told' "$(not_looked_at "$answer")" 'postconf .*: timeout'
like 'doveconf, too' "$(not_looked_at "$answer")" 'doveconf .*: timeout'
is_json 'in its section' "$answer" '.sections.postfix[0].status' timeout
is_json 'master.cf is read all the same' "$answer" '.sections.postfix[0].services[0].command' smtpd
is_json 'ports are shown all the same' "$answer" '.sections.ports[0].process' master
is 'nothing of them is left' "$(pgrep -f 'sleep 600')" ''
expect_exit 4 'no configuration can be proposed' postigo-admin proposed-config
unfake /usr/sbin/postconf
unfake /usr/bin/doveconf
ok 'Postfix stops' postfix_stop

# A bare system
without /usr/sbin/postconf /usr/sbin/postmap /usr/bin/doveconf /usr/bin/dpkg-query /usr/bin/systemctl
rm -rf /etc/postfix /etc/dovecot /etc/mysql
discovers 'a bare system'
is_json 'has no Postfix' "$answer" '.sections.postfix#' 0
is 'what is missing is told' "$(not_looked_at "$answer" | grep missing | sort | xargs)" \
	'/usr/bin/doveconf: missing /usr/bin/dpkg-query: missing /usr/sbin/postconf: missing'
like 'and recommended' "$(problem postfix.not-installed cure "$answer")" 'apt-get install postfix'
expect_exit 4 'nothing can be proposed' postigo-admin proposed-config --json
is_json 'for machines, too' "$stderr_file" .error.code configuration
script -qec 'stty cols 80; postigo-admin discover --no-color' "$scratch/typescript" </dev/null >/dev/null
like 'a person reads what to do' "$(cat "$scratch/typescript")" 'Postfix is not installed'
done_testing
