#include "base/message.h"
#include "storage/request_queue_private.h"

static const struct {
	const char *name;
	const char *text;
	bool quarantined;
} codes[] = {
	[QUEUE_GOOD] = {"", N_("the request is in order"), false},
	[QUEUE_NOT_REGULAR] = {"Q01", N_("it is not a regular file"), true},
	[QUEUE_OWNER] = {"Q02", N_("its owner is not the member whose number it bears"), true},
	[QUEUE_GROUP] = {"Q03", N_("its group or mode is not the one the tool gives"), true},
	[QUEUE_LINKS] = {"Q04", N_("it has more than one name"), true},
	[QUEUE_SIZE] = {"Q05", N_("its size is not allowed, or it changed while it was read"),
		true},
	[QUEUE_SYNTAX] = {"Q06", N_("it is not strict JSON"), true},
	[QUEUE_FORMAT] = {"Q07", N_("its format is unknown"), true},
	[QUEUE_FORMAT_NEWER] = {"Q07", N_("it needs a newer postigo"), false},
	[QUEUE_FIELD] = {"Q08", N_("a field is missing or breaks its rules"), true},
	[QUEUE_UNKNOWN_FIELD] = {"Q09", N_("it has an unknown field"), true},
	[QUEUE_UID_MISMATCH] = {"Q10", N_("it names another member than its owner"), true},
	[QUEUE_USERNAME] = {"Q11", N_("its username is reserved or not allowed"), true},
	[QUEUE_ACCOUNT] = {"Q12", N_("the account that filed it is gone or has another name now"), true},
	[QUEUE_DESTINATION] = {"Q14", N_("a destination is not allowed"), false},
	[QUEUE_NAME] = {"Q18", N_("its name is not that of a request"), true},
	[QUEUE_VANISHED] = {"", N_("it was withdrawn"), false},
};

bool queue_code_is_quarantined(enum queue_code code)
{
	return codes[code].quarantined;
}

const char *queue_code_name(enum queue_code code)
{
	return codes[code].name;
}

const char *queue_code_text(enum queue_code code)
{
	return _(codes[code].text);
}

const char *queue_code_plain_text(enum queue_code code)
{
	return codes[code].text;
}
