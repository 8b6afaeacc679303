#include "system/signal_hold.h"

#include <stddef.h>

void signal_hold_begin(struct signal_hold *hold)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGHUP);
	sigprocmask(SIG_BLOCK, &held, &hold->before);
}

void signal_hold_end(struct signal_hold *hold)
{
	sigprocmask(SIG_SETMASK, &hold->before, NULL);
}
