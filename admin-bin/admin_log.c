/* What postigo-admin tells the system log: who tried to put into the queue what is no request. Decisions stand in the journal. */
#include "admin.h"
#include "format/printable.h"

#include <syslog.h>

#define LINES_MAX 20 /* a run */

/* The file's name comes last, because it may look like anything. A file that gives another uid than its owner's is no accident. */
void admin_log_set_aside(void *context, const struct queued_request *request, uid_t owner)
{
	struct admin *admin = context;
	int priority = request->code == QUEUE_UID_MISMATCH ? LOG_WARNING : LOG_NOTICE;

	if (admin->set_aside++ >= LINES_MAX)
		return;
	syslog(LOG_AUTHPRIV | priority, "queue: set aside code=%s owner=%u by=%s uid=%u file=%s",
		queue_code_name(request->code), owner, printable_text(admin->identity.login, &admin->arena),
		admin->identity.uid, printable_text(request->file, &admin->arena));
}

void admin_log_finish(const struct admin *admin)
{
	if (admin->set_aside > LINES_MAX)
		syslog(LOG_AUTHPRIV | LOG_NOTICE, "queue: set aside %zu more files", admin->set_aside - LINES_MAX);
}
