/*
 * share_fs COMMAND [ARGUMENT...]: becomes COMMAND while another process shares its file system context (CLONE_FS). The kernel then runs a setgid program without
 * its group: else the other process could move the working directory under the feet of a privileged one.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STACK_SIZE 65536

/* Lives as long as the program that it shares with. */
static int share(void *unused)
{
	(void)unused;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sleep(20);
	return 0;
}

int main(int argc, char *argv[])
{
	static char stack[STACK_SIZE];

	if (argc < 2 || clone(share, stack + sizeof(stack), CLONE_FS | SIGCHLD, NULL) < 0) {
		perror("share_fs");
		return 125;
	}
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
