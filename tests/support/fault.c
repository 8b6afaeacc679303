/*
 * fault [-ct] [-u UID:GID] ACT[@CALL,...] N[+] COMMAND [ARGUMENT...]
 *
 * Runs COMMAND and lets ACT happen at its N-th system call among those named CALL, before the call is carried out; with "N+" at every one from there on;
 * with N 0 at none. Without names every system call counts, with "changes" those that change a file. Calls are counted from the moment when the program's
 * loader is done, and neither a write to descriptors 0 to 2 nor the unmapping that free() does is ever touched by an errno.
 *
 *	kill	the process is killed
 *	stop	the process is stopped, let go and left behind; SIGCONT continues it
 *	ENOSPC	(or another errno) the call is not carried out and returns that
 *
 * -c counts and hits the children of COMMAND instead of COMMAND itself; otherwise they run on untraced. -t lets it never make a
 * file without a name (O_TMPFILE). -u gives COMMAND ids, no other groups, and an empty environment. Tells descriptor 3, if that is open, "ACT STATUS COUNT HITS PID": exit status (137 killed, 0 stopped), calls counted, how often ACT happened,
 * and to whom. Exits with that status, or with 125 when it cannot trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h> /* behind sys/ptrace.h, whose names it completes */
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_TRACE 125
#define PROCESS_MAX 64
#define CALL_MAX 16
#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

enum act { ACT_KILL, ACT_STOP, ACT_ERROR };

static const struct call {
	const char *name;
	long number;
	bool changes;
} calls[] = {
	{"brk", SYS_brk, false},
	{"clone", SYS_clone, false},
	{"clone3", SYS_clone3, false},
	{"copy_file_range", SYS_copy_file_range, true},
	{"execve", SYS_execve, false},
	{"fallocate", SYS_fallocate, true},
	{"fchmod", SYS_fchmod, true},
	{"fchmodat", SYS_fchmodat, true},
	{"fchown", SYS_fchown, true},
	{"fchownat", SYS_fchownat, true},
	{"fcntl", SYS_fcntl, false},
	{"fdatasync", SYS_fdatasync, true},
	{"flock", SYS_flock, false},
	{"fsetxattr", SYS_fsetxattr, true},
	{"fstatfs", SYS_fstatfs, false},
	{"fsync", SYS_fsync, true},
	{"ftruncate", SYS_ftruncate, true},
	{"getdents64", SYS_getdents64, false},
	{"getrandom", SYS_getrandom, false},
	{"ioctl", SYS_ioctl, false},
	{"linkat", SYS_linkat, true},
	{"lseek", SYS_lseek, false},
	{"mkdirat", SYS_mkdirat, true},
	{"mmap", SYS_mmap, false},
	{"mremap", SYS_mremap, false},
	{"msync", SYS_msync, true},
	{"newfstatat", SYS_newfstatat, false},
	{"openat", SYS_openat, false}, /* changes by its flags */
	{"pipe2", SYS_pipe2, false},
	{"pread64", SYS_pread64, false},
	{"pwrite64", SYS_pwrite64, true},
	{"pwritev", SYS_pwritev, true},
	{"read", SYS_read, false},
	{"renameat", SYS_renameat, true},
	{"renameat2", SYS_renameat2, true},
	{"sendfile", SYS_sendfile, true},
	{"setresgid", SYS_setresgid, false},
	{"socket", SYS_socket, false},
	{"symlinkat", SYS_symlinkat, true},
	{"unlinkat", SYS_unlinkat, true},
	{"utimensat", SYS_utimensat, true},
	{"wait4", SYS_wait4, false},
	{"write", SYS_write, true},
	{"writev", SYS_writev, true},
#ifdef SYS_rename
	{"chmod", SYS_chmod, true},
	{"fork", SYS_fork, false},
	{"link", SYS_link, true},
	{"mkdir", SYS_mkdir, true},
	{"open", SYS_open, false},
	{"rename", SYS_rename, true},
	{"rmdir", SYS_rmdir, true},
	{"setxattr", SYS_setxattr, true},
	{"stat", SYS_stat, false},
	{"unlink", SYS_unlink, true},
	{"vfork", SYS_vfork, false},
#endif
};

struct process {
	pid_t pid;
	bool loading;
	int error; /* what the call that it is in returns instead of its result; 0 = nothing */
	bool is_brk;
	unsigned long long argument; /* the first one of that call */
	unsigned long long loader_start;
	unsigned long long loader_end;
};

struct tracer {
	enum act act;
	int error;
	long numbers[CALL_MAX]; /* of system calls */
	size_t number_count;
	bool changes;
	bool in_children;
	bool no_tmpfile;
	long wanted;
	bool from_there_on;
	uid_t uid;
	gid_t gid;
	bool change_ids;
	pid_t command;
	pid_t hit;
	long count;
	long hits;
	struct process processes[PROCESS_MAX];
};

/* ---------------------------------------------------------------- arguments */

static bool name_call(struct tracer *tracer, const char *name)
{
	if (strcmp(name, "changes") == 0)
		return tracer->changes = true;
	for (size_t i = 0; i < CALL_COUNT && tracer->number_count < CALL_MAX; i++) {
		if (strcmp(calls[i].name, name) == 0) {
			tracer->numbers[tracer->number_count++] = calls[i].number;
			return true;
		}
	}
	return false;
}

static bool name_act(struct tracer *tracer, const char *name)
{
	tracer->act = strcmp(name, "kill") == 0 ? ACT_KILL : strcmp(name, "stop") == 0 ? ACT_STOP : ACT_ERROR;
	if (tracer->act != ACT_ERROR)
		return true;
	for (int number = 1; number < 134; number++) {
		const char *known = strerrorname_np(number);

		if (known && strcmp(known, name) == 0)
			tracer->error = number;
	}
	return tracer->error != 0;
}

static bool parse_ids(struct tracer *tracer, const char *text)
{
	char *end;

	tracer->change_ids = true;
	tracer->uid = (uid_t)strtoul(text, &end, 10);
	tracer->gid = *end == ':' ? (gid_t)strtoul(end + 1, &end, 10) : 0;
	return *end == '\0' && tracer->uid != 0 && tracer->gid != 0;
}

static bool parse(struct tracer *tracer, int argc, char *argv[])
{
	char *names;
	char *end;
	int option;

	while ((option = getopt(argc, argv, "+ctu:")) != -1) {
		if (option == 'c')
			tracer->in_children = true;
		else if (option == 't')
			tracer->no_tmpfile = true;
		else if (option != 'u' || !parse_ids(tracer, optarg))
			return false;
	}
	if (argc - optind < 3)
		return false;
	names = strchr(argv[optind], '@');
	if (names)
		*names++ = '\0';
	if (!name_act(tracer, argv[optind]))
		return false;
	for (char *name; (name = strsep(&names, ",")) != NULL;) {
		if (!name_call(tracer, name))
			return false;
	}
	tracer->wanted = strtol(argv[optind + 1], &end, 10);
	tracer->from_there_on = strcmp(end, "+") == 0;
	return tracer->from_there_on || *end == '\0';
}

/* ---------------------------------------------------------------- processes */

static struct process *process_of(struct tracer *tracer, pid_t pid)
{
	struct process *free_place = NULL;

	for (size_t i = 0; i < PROCESS_MAX; i++) {
		if (tracer->processes[i].pid == pid)
			return &tracer->processes[i];
		if (tracer->processes[i].pid == 0 && !free_place)
			free_place = &tracer->processes[i];
	}
	if (free_place)
		*free_place = (struct process){.pid = pid};
	return free_place;
}

/* Shows what the kernel says of the stop that the process is in. */
static bool ask(pid_t pid, struct __ptrace_syscall_info *ret_info)
{
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(*ret_info), ret_info) > 0;
}

/* Behind an exec the first instruction is the loader's: its mappings are all those of that file. */
static void find_loader(struct process *process)
{
	struct __ptrace_syscall_info info;
	unsigned long long start;
	unsigned long long end;
	char loader[256] = "";
	char name[256];
	char path[32];
	char line[PATH_MAX];
	FILE *maps;

	*process = (struct process){.pid = process->pid, .loading = true};
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)process->pid);
	for (int round = 0; round < 2 && ask(process->pid, &info); round++) {
		maps = fopen(path, "re");
		while (maps && fgets(line, sizeof(line), maps)) {
			if (sscanf(line, "%llx-%llx %*s %*s %*s %*s %255s", &start, &end, name) != 3)
				continue;
			if (start <= info.instruction_pointer && info.instruction_pointer < end)
				memcpy(loader, name, sizeof(loader));
			if (strcmp(name, loader) != 0)
				continue;
			if (process->loader_start == 0 || start < process->loader_start)
				process->loader_start = start;
			process->loader_end = end > process->loader_end ? end : process->loader_end;
		}
		if (maps)
			(void)fclose(maps);
	}
}

/* The child waits for its tracer before it becomes COMMAND. */
static pid_t start(const struct tracer *tracer, char *argv[])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)raise(SIGSTOP);
	if (tracer->change_ids) {
		if (setgroups(0, NULL) != 0 || setresgid(tracer->gid, tracer->gid, tracer->gid) != 0 ||
			setresuid(tracer->uid, tracer->uid, tracer->uid) != 0)
			_exit(NO_TRACE);
		(void)clearenv();
	}
	(void)close(3);
	execvp(argv[0], argv);
	_exit(127);
}

/* ---------------------------------------------------------------- calls */

static const struct call *find_call(long number)
{
	for (size_t i = 0; i < CALL_COUNT; i++) {
		if (calls[i].number == number)
			return &calls[i];
	}
	return NULL;
}

static bool is_standard_write(const struct __ptrace_syscall_info *info)
{
	return (info->entry.nr == SYS_write || info->entry.nr == SYS_writev) && info->entry.args[0] <= STDERR_FILENO;
}

static bool is_unnamed_file(const struct __ptrace_syscall_info *info)
{
	return info->entry.nr == SYS_openat && (info->entry.args[2] & O_TMPFILE) == O_TMPFILE;
}

static bool changes_a_file(const struct __ptrace_syscall_info *info)
{
	const struct call *call = find_call((long)info->entry.nr);

	if (call && call->number == SYS_openat)
		return (info->entry.args[2] & (O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))) != 0;
	return call && call->changes && !is_standard_write(info);
}

static bool is_counted(const struct tracer *tracer, const struct __ptrace_syscall_info *info)
{
	if (tracer->act == ACT_ERROR && is_standard_write(info))
		return false;
	if (tracer->changes)
		return changes_a_file(info);
	for (size_t i = 0; i < tracer->number_count; i++) {
		if (tracer->numbers[i] == (long)info->entry.nr)
			return true;
	}
	return tracer->number_count == 0;
}

/*
 * Keeps the kernel from carrying out the call that the process is entering. A brk that fails returns no errno but the present end, which is what it answers when
 * asked for 0; libc then compares that with what it finds in its own register.
 */
static bool spoil_call(pid_t pid, bool is_brk)
{
#ifdef __x86_64__
	if (is_brk)
		return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rdi), 0L) == 0;
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), -1L) == 0;
#else
	(void)pid;
	return is_brk && false;
#endif
}

static bool set_result(struct process *process)
{
#ifdef __x86_64__
	long result = -process->error;

	process->error = 0;
	if (process->is_brk)
		return ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.rdi), process->argument) == 0;
	return ptrace(PTRACE_POKEUSER, process->pid, offsetof(struct user, regs.rax), result) == 0;
#else
	return process->pid == 0;
#endif
}

static int report(const struct tracer *tracer, const char *what, int status)
{
	(void)dprintf(3, "%s %d %ld %ld %d\n", what, status, tracer->count, tracer->hits, (int)tracer->hit);
	return status;
}

static bool fail_call(struct process *process, const struct __ptrace_syscall_info *info, int error)
{
	process->error = error;
	process->is_brk = info->entry.nr == SYS_brk;
	process->argument = info->entry.args[0];
	return spoil_call(process->pid, process->is_brk);
}

/* Does what is to be done; false when that is impossible here. */
static bool hit(struct tracer *tracer, struct process *process, const struct __ptrace_syscall_info *info)
{
	tracer->hits++;
	tracer->hit = process->pid;
	switch (tracer->act) {
	case ACT_KILL:
		return kill(process->pid, SIGKILL) == 0;
	case ACT_STOP:
		return kill(process->pid, SIGSTOP) == 0 && ptrace(PTRACE_DETACH, process->pid, 0, 0) == 0;
	case ACT_ERROR:
		return fail_call(process, info, tracer->error);
	}
	return false;
}

static bool at_call(struct tracer *tracer, struct process *process)
{
	struct __ptrace_syscall_info info;

	if (!ask(process->pid, &info))
		return errno == ESRCH;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && process->error != 0)
		return set_result(process);
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return true;
	if (process->loading && info.instruction_pointer >= process->loader_start &&
		info.instruction_pointer < process->loader_end)
		return true;
	process->loading = false;
	if (tracer->no_tmpfile && is_unnamed_file(&info))
		return fail_call(process, &info, EOPNOTSUPP);
	if (!is_counted(tracer, &info))
		return true;
	tracer->count++;
	if (tracer->wanted == 0 || tracer->count < tracer->wanted ||
		(tracer->count > tracer->wanted && !tracer->from_there_on))
		return true;
	return hit(tracer, process, &info);
}

/* ---------------------------------------------------------------- the loop */

static bool is_followed(const struct tracer *tracer, pid_t pid)
{
	return (pid != tracer->command) == tracer->in_children;
}

/* A stop that is no call: an exec, a new child, or a signal, which is handed on. Shows the signal. */
static void at_event(const struct tracer *tracer, struct process *process, int status, int *ret_signal)
{
	int number = WSTOPSIG(status);

	*ret_signal = 0;
	if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXEC << 8)) && is_followed(tracer, process->pid))
		find_loader(process);
	else if (status >> 16 == 0 && number != SIGSTOP && number != SIGTRAP)
		*ret_signal = number;
}

/* Whether a stop goes on; otherwise *ret_status is what to end with. */
static bool step(struct tracer *tracer, pid_t pid, int status, int *ret_status)
{
	struct process *process = process_of(tracer, pid);
	int signal = 0;

	*ret_status = NO_TRACE;
	if (!process)
		return false;
	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		process->pid = 0;
		if (pid != tracer->command)
			return true;
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		return false;
	}
	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		if (!at_call(tracer, process))
			return false;
		if (tracer->act == ACT_STOP && tracer->hits > 0) {
			*ret_status = 0;
			return false;
		}
	} else {
		at_event(tracer, process, status, &signal);
	}
	(void)ptrace(is_followed(tracer, pid) ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, signal);
	return true;
}

static int trace(struct tracer *tracer)
{
	int result = NO_TRACE;
	int status = 0;
	pid_t pid = tracer->command;

	/* Until its exec the command is ours: nothing of it counts. */
	tracer->processes[0] = (struct process){.pid = pid, .loading = true, .loader_end = ULLONG_MAX};
	(void)ptrace(tracer->in_children ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && !step(tracer, pid, status, &result))
			break;
	}
	if (result == NO_TRACE && tracer->command > 0 && tracer->hits == 0)
		(void)fprintf(stderr, "fault: tracing failed, or the command ended with %d\n", NO_TRACE);
	return result;
}

int main(int argc, char *argv[])
{
	static const char *const names[] = {"kill", "stop", "error"};
	struct tracer tracer = {.act = ACT_KILL};
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status;

	if (!parse(&tracer, argc, argv)) {
		(void)fprintf(stderr, "usage: fault [-ct] [-u UID:GID] ACT[@CALL,...] N[+] COMMAND [ARGUMENT...]\n");
		return NO_TRACE;
	}
	if (tracer.in_children)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	tracer.command = start(&tracer, argv + optind + 2);
	if (tracer.command < 0 || waitpid(tracer.command, &status, WUNTRACED) != tracer.command ||
		ptrace(PTRACE_SEIZE, tracer.command, 0, options) != 0 || kill(tracer.command, SIGCONT) != 0) {
		(void)fprintf(stderr, "fault: cannot trace: %s\n", strerror(errno));
		return NO_TRACE;
	}
	return report(&tracer, names[tracer.act], trace(&tracer));
}
