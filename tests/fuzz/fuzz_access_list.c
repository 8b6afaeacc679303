/* An access list that somebody has set on a directory: it lets a group read exactly when it names the group, with the right, and the mask leaves it that right. */
#include "system/file_access.h"

#include "base/error.h"

#include "fuzz.h"

#include <acl/libacl.h>
#include <stdio.h>
#include <sys/acl.h>
#include <unistd.h>

#define READER 3
#define ENTRIES_MAX 8

static char scratch[] = "/tmp/postigo-fuzz.XXXXXX";

static void remove_scratch(void)
{
	(void)rmdir(scratch);
}

static const char *make_scratch(void)
{
	static bool made;

	if (!made)
		insist(mkdtemp(scratch) != NULL && atexit(remove_scratch) == 0);
	made = true;
	return scratch;
}

/* Two bytes an entry: whom it names, and what it lets them do. */
static bool describe(const uint8_t *bytes, size_t length, struct strbuf *ret_text)
{
	bool granted = false;
	bool masked = (bytes[0] & 4) != 0;

	strbuf_printf(ret_text, "u::rwx,g::r-x,o::%s", bytes[0] & 8 ? "r-x" : "---");
	for (size_t i = 1; i + 1 < length && i / 2 < ENTRIES_MAX; i += 2) {
		bool group = (bytes[i] & 8) != 0;
		unsigned id = bytes[i] & 7;

		strbuf_printf(ret_text, ",%c:%u:%c%c%c", group ? 'g' : 'u', id, bytes[i + 1] & 4 ? 'r' : '-',
			bytes[i + 1] & 2 ? 'w' : '-', bytes[i + 1] & 1 ? 'x' : '-');
		granted |= group && id == READER && (bytes[i + 1] & 4);
	}
	strbuf_printf(ret_text, ",m::%c%c%c", masked ? 'r' : '-', bytes[0] & 2 ? 'w' : '-', bytes[0] & 1 ? 'x' : '-');
	return granted && masked;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	const char *directory = make_scratch();
	struct error err;
	bool wanted;
	bool set = false;
	acl_t list;

	if (length == 0)
		return 0;
	wanted = describe(bytes, length, &text);
	list = acl_from_text(strbuf_text(&text));
	/* One that names somebody twice is none; a file system without lists has nothing to judge. */
	if (list && acl_valid(list) == 0 && acl_set_file(directory, ACL_TYPE_DEFAULT, list) == 0) {
		insist(file_access_has_default_group(directory, READER, &set, &err));
		insist(set == wanted);
	}
	if (list)
		(void)acl_free(list);
	return 0;
}
