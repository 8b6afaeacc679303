/* The time as a value that is passed: programs use clock_system, tests a fixed one. */
#ifndef POSTIGO_BASE_CLOCK_H
#define POSTIGO_BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t fixed; /* seconds since the epoch UTC; 0 = the system's clock */
};

#define SECONDS_PER_DAY ((int64_t)86400)

/* Seconds since the epoch, UTC. */
int64_t clock_now(const struct clock *clock);

/* Milliseconds of a clock that never jumps: for measuring and deadlines only. */
int64_t clock_monotonic_ms(void);

#endif
