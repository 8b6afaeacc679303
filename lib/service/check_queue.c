/* The request queue and what decisions leave in the work directories. */
#include "base/message.h"
#include "service/check_subject.h"
#include "storage/request_queue.h"
#include "system/directory.h"

#define NAMES_MAX 100000

static bool list_names(struct consistency_check *check, int directory, const char *name,
	struct string_list *ret_names)
{
	struct error failure;

	if (directory_list(directory, NAMES_MAX, check->arena, ret_names, &failure))
		return true;
	check_failed(check, "queue.unreadable", &failure);
	if (failure.code == ERROR_CAPACITY)
		check_advice(check, _("move what is not needed out of %s/%s"),
			check->request->state_directory, name);
	return false;
}

/* While a command decides, its request is there; it is left over when nobody holds the store lock,
 * which this cannot ask. */
static void look_at_claimed(struct consistency_check *check, const struct request_queue *queue)
{
	struct string_list names = STRING_LIST_INIT;

	if (!list_names(check, queue->claimed, "work/claimed", &names) || names.count == 0)
		return;
	check_find(check, FINDING_WARNING, "queue.claimed",
		_("%zu requests were taken out of the queue and not decided (unless that is "
		  "happening now)"),
		names.count);
	check_evidence(check, "%s/work/claimed/%s", check->request->state_directory,
		names.items[0]);
	check_cure_by(check, "gc");
}

static void look_at_quarantine(struct consistency_check *check, const struct request_queue *queue)
{
	struct string_list names = STRING_LIST_INIT;

	if (!list_names(check, queue->quarantine, "work/quarantine", &names) || names.count == 0)
		return;
	check_find(check, FINDING_INFO, "queue.quarantine", _("%zu files were set aside"),
		names.count);
	check_evidence(check, "%s/work/quarantine/%s", check->request->state_directory,
		names.items[names.count - 1]);
	check_advice(check,
		_("look at them, then remove what is not needed; nothing does it for you"));
}

static void note_bad_file(struct consistency_check *check, const struct queued_request *request)
{
	check_find(check, FINDING_WARNING, "queue.bad-file",
		_("a file in the queue is no request: %s"), queue_code_text(request->code));
	check_evidence(check, "%s %s/queue/new/%s (%u)", queue_code_name(request->code),
		check->request->state_directory, request->file, request->uid);
	check_cure_by(check, "gc");
}

static void note_newer_format(struct consistency_check *check, const struct queued_request *request)
{
	check_find(check, FINDING_WARNING, "queue.newer-format",
		_("the request %s needs a newer postigo-admin"), request->file);
	check_advice(check, _("upgrade postigo-admin to the version of the members' program"));
}

static bool look_at_requests(struct consistency_check *check, const struct request_queue *queue,
	size_t *ret_waiting)
{
	struct queued_request *requests;
	struct error failure;
	bool truncated;
	size_t waiting = 0;
	size_t count;

	if (!request_queue_list(queue, check->arena, &requests, &count, &truncated, &failure)) {
		check_failed(check, "queue.unreadable", &failure);
		return false;
	}
	if (truncated) {
		check_find(check, FINDING_WARNING, "queue.too-many",
			_("more than %d files are in the queue"), REQUEST_QUEUE_SCAN_MAX);
		check_cure_by(check, "gc");
		check_advice(check, _("decide on the requests among them"));
	}
	for (size_t i = 0; i < count; i++) {
		if (queue_code_is_quarantined(requests[i].code) && !requests[i].young)
			note_bad_file(check, &requests[i]);
		else if (requests[i].code == QUEUE_FORMAT_NEWER)
			note_newer_format(check, &requests[i]);
		else
			waiting++;
	}
	*ret_waiting = waiting;
	return true;
}

void check_queue(struct consistency_check *check)
{
	struct request_queue queue cleanup_request_queue = REQUEST_QUEUE_INIT;
	const char *state = check->request->state_directory;
	size_t first = check->report.count;
	struct error failure;
	size_t waiting = 0;

	if (!request_queue_open(&queue, state, check->request->now, &failure)) {
		check_failed(check, "queue.untrusted", &failure);
		if (failure.code == ERROR_CONFIG)
			check_cure_by(check, "setup");
		return;
	}
	look_at_claimed(check, &queue);
	look_at_quarantine(check, &queue);
	if (look_at_requests(check, &queue, &waiting) && check_is_well(check, first))
		check_find(check, FINDING_OK, "queue.requests",
			_("%s/queue/new: %zu requests wait"), state, waiting);
}
