/* Signals that wait: what has been begun is ended before SIGTERM, SIGINT and SIGHUP are heard. */
#ifndef POSTIGO_SYSTEM_SIGNAL_HOLD_H
#define POSTIGO_SYSTEM_SIGNAL_HOLD_H

#include <signal.h>

struct signal_hold {
	sigset_t before;
};

#define cleanup_signal_hold __attribute__((cleanup(signal_hold_end)))

/* Holds the three signals back. Needed before the end: the cleanup attribute puts back what was before. */
void signal_hold_begin(struct signal_hold *hold);

/* Lets them come again as before. */
void signal_hold_end(struct signal_hold *hold);

#endif
