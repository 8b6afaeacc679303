# shellcheck shell=bash
# shellcheck disable=SC2154 # scratch and stderr_file are tap.sh's
# sweep.sh: a command is killed, or one of its calls fails, at every system call that matters; sourced after tap.sh and inside the namespaces only. The test gives
#
#	restore		puts back the state that the command starts from
#	outcome [now]	lets the next writing command repair things (not with "now"), sees that all is whole, and prints one line: what is true
#
# and may set fault_options (for support/fault), input (standard input), sweep_thin (a sample takes every so manieth of the errors in the list of sweep_faults), sweep_codes (exit codes that tell of a failure), and told (a function that looks at the
# message in $stderr_file). SWEEP=all, as make soak says it, takes every call where a plain run takes a sample of those that change nothing on the disk.

fault=$BUILD/tests/support/fault
fault_options=()
sweep_codes='4 5 6 21 22 25 27 71 75'
swept_stops=0
swept_errors=0

"$fault" EIO 1 true 2>/dev/null
[ $? -ne 125 ] || skip_all 'system calls cannot be made to fail on this machine'

# fault_at ACT N COMMAND...: sets fault_status, fault_hits.
fault_at() {
	local act=$1 number=$2 told_by
	shift 2
	"$fault" "${fault_options[@]}" "$act" "$number" "$@" 3>"$scratch/fault" >"$stdout_file" 2>"$stderr_file" <"${input:-/dev/null}"
	told_by=$(cat "$scratch/fault")
	read -r _ fault_status _ fault_hits _ <<<"$told_by"
}

# What, why and how to put it right.
told() {
	grep -q '^error: ' "$stderr_file" && grep -q '^  why:  .' "$stderr_file" && grep -q '^  fix:  .' "$stderr_file"
}

sweep_complain() {
	sweep_bad=$((sweep_bad + 1))
	[ $sweep_bad -gt 12 ] || diag "$1"
}

sweep_count() {
	case $2 in
	"$sweep_before") sweep_old=$((sweep_old + 1)) ;;
	"$sweep_after") sweep_new=$((sweep_new + 1)) ;;
	*) sweep_complain "$1: $2" ;;
	esac
}

sweep_begin() {
	sweep_before=$1
	sweep_after=$2
	sweep_bad=0
	sweep_old=0
	sweep_new=0
}

# sweep_kills_at ACT STEP COMMAND...: at every STEP-th of the calls that ACT names.
sweep_kills_at() {
	local act=$1 step=$2 number=0
	shift 2
	while :; do
		number=$((number + step))
		restore
		fault_at "$act" $number "$@"
		sweep_count "$act at $number" "$(outcome)"
		[ "$fault_hits" -gt 0 ] || break
		swept_stops=$((swept_stops + 1))
	done
	sweep_end=$fault_status
}

# sweep_kills TITLE BEFORE AFTER COMMAND...: after each kill there is BEFORE or AFTER, once the next command has repaired.
sweep_kills() {
	local title=$1 stops=$swept_stops
	sweep_begin "$2" "$3"
	shift 3
	if [ "${SWEEP:-}" = all ]; then
		sweep_kills_at kill 1 "$@"
	else
		sweep_kills_at kill@changes 1 "$@"
		sweep_kills_at kill "${sweep_step:-61}" "$@"
	fi
	is "$title: nothing is half done at any of $((swept_stops - stops)) stops" $sweep_bad 0
	[ "$sweep_before" = "$sweep_after" ] || {
		ok "$title: some kills came before it was done ($sweep_old)" test $sweep_old -gt 1
		ok "$title: some came after ($sweep_new)" test $sweep_new -gt 0
	}
	is "$title: without a kill it ends well" "$sweep_end" 0
}

# One run with an error in it. An exit of 0 is believed only if everything is done without another command; a failure has its code and its words.
judge_error() {
	local what
	what="$1 exits with $fault_status"
	swept_errors=$((swept_errors + 1))
	if [ "$fault_status" -eq 0 ]; then
		sweep_count "$what at once" "$(outcome now)"
		[ "$sweep_before" = "$sweep_after" ] || [ "$(outcome now)" = "$sweep_after" ] || sweep_complain "$what, undone"
		return
	fi
	[[ " $sweep_codes " == *" $fault_status "* ]] || sweep_complain "$what"
	told || sweep_complain "$what: $(tr '\n' '|' <"$stderr_file")"
	sweep_count "$what" "$(outcome)"
}

# sweep_errors_at ACT STEP MODE COMMAND...: MODE "+" lets the later calls fail, too.
sweep_errors_at() {
	local act=$1 step=$2 mode=$3 number=0
	shift 3
	while :; do
		number=$((number + step))
		restore
		fault_at "$act" "$number$mode" "$@"
		[ "$fault_hits" -gt 0 ] || break
		judge_error "$act at $number$mode"
	done
}

# What may fail: act, step in a sample, mode. A test may have a list of its own.
sweep_faults() {
	cat <<-FAULTS
		EIO@changes 1
		ENOSPC@changes 1 +
		ENOSPC@write,pwrite64,pwritev,ftruncate,fallocate,copy_file_range 1
		EROFS@changes 7 +
		EDQUOT@write,pwrite64,pwritev,linkat,renameat,renameat2,mkdirat 5 +
		EMFILE@openat,pipe2,socket 9 +
		EMFILE@openat,pipe2,socket 5
		EIO@read,pread64,getdents64 5
		EIO@newfstatat 7
		ENOLCK@flock 1
		EAGAIN@clone,clone3,fork,vfork 1
		ENOMEM@clone,clone3,fork,vfork 1 +
		ENOMEM@mmap,brk,mremap 9 +
		ENOMEM@mmap 7
	FAULTS
}

# sweep_errors TITLE BEFORE AFTER COMMAND...: whatever fails, it is told, and there is BEFORE or AFTER; exit 0 only with AFTER.
sweep_errors() {
	local title=$1 errors=$swept_errors act step mode
	sweep_begin "$2" "$3"
	shift 3
	while read -r -u 9 act step mode; do
		if [ "${SWEEP:-}" = all ]; then step=1; else step=$((step * ${sweep_thin:-2})); fi
		sweep_errors_at "$act" "$step" "$mode" "$@"
	done 9< <(sweep_faults)
	is "$title: each of $((swept_errors - errors)) errors is told, and nothing is half done" $sweep_bad 0
	ok "$title: some left what was there ($sweep_old)" test $sweep_old -gt 0
}

# sweep_both TITLE BEFORE AFTER COMMAND...
sweep_both() {
	sweep_kills "$@"
	sweep_errors "$@"
}

sweep_figures() {
	[ $swept_stops -eq 0 ] || diag "stops swept: $swept_stops"
	[ $swept_errors -eq 0 ] || diag "errors injected: $swept_errors"
}
