/* How system/process starts its child: for process.c only. */
#ifndef POSTIGO_SYSTEM_PROCESS_SPAWN_H
#define POSTIGO_SYSTEM_PROCESS_SPAWN_H

#include "system/process.h"

/*
 * Starts the command as leader of its own group, in "/", with `ends` as descriptors 0 to 2 and no others, default signals, the fixed environment, and the rights that
 * the request names. Returns 0 or the errno of what failed; then there is no child.
 */
must_check int process_spawn(const struct process_request *request, const int ends[3], pid_t *ret_pid);

#endif
