#include "service/mail_job.h"

#include <string.h>

void mail_job_add(struct mail_job_list *list, struct arena *arena, const struct mail_job *job)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 4;
		struct mail_job *items = arena_alloc_array(arena, capacity, sizeof(*items));

		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = *job;
}
