/* Who does the jobs that changes of the mail database leave: this program, at once. */
#ifndef POSTIGO_MAIL_RUNNER_H
#define POSTIGO_MAIL_RUNNER_H

#include "format/settings.h"
#include "service/mail_job.h"

/*
 * A runner below mailboxes.directory, which borrows the settings. Of directories it only makes sure that none with anything in it would be left without its domain: then
 * prepare() fails with capacity.
 */
struct mail_job_runner mail_runner(struct settings *settings);

#endif
