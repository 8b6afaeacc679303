#include "system/file_access.h"

#include "base/message.h"
#include "base/strbuf.h"

#include <acl/libacl.h>
#include <errno.h>
#include <stdio.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <unistd.h>

static void cleanup_acl_function(acl_t *list)
{
	if (*list)
		(void)acl_free(*list);
}

#define cleanup_acl __attribute__((cleanup(cleanup_acl_function)))

static bool give_away(int fd, uid_t reader, struct error *err)
{
	/* The mode first: the new owner must not find a file that may be opened for writing. */
	if (fchmod(fd, 0400) != 0 || fchown(fd, reader, (gid_t)-1) != 0)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot let user id %u read a file"), reader);
	return true;
}

bool file_access_grant_reader(int fd, uid_t reader, struct error *err)
{
	char text[96];
	acl_t list cleanup_acl = NULL;

	(void)snprintf(text, sizeof(text), "u::rw-,u:%u:r--,g::---,m::r--,o::---", reader);
	list = acl_from_text(text);
	if (!list)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot make an access list"));
	if (acl_set_fd(fd, list) == 0)
		return true;
	if (errno == ENOTSUP)
		return give_away(fd, reader, err);
	return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot let user id %u read a file"),
		reader);
}

bool file_access_grant_groups(int fd, const gid_t *readers, size_t count, struct error *err)
{
	struct strbuf text cleanup_strbuf = STRBUF_INIT;
	acl_t list cleanup_acl = NULL;

	strbuf_append_text(&text, "u::rw-,g::r--,m::r--,o::---");
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&text, ",g:%u:r--", readers[i]);
	list = acl_from_text(strbuf_text(&text));
	if (!list)
		return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot make an access list"));
	if (fchmod(fd, 0640) == 0 &&
		(acl_set_fd(fd, list) == 0 || (errno == ENOTSUP && (count == 0 || fchown(fd, (uid_t)-1, readers[0]) == 0))))
		return true;
	return error_set_errno(err, ERROR_FILESYSTEM, errno, _("cannot let groups read a file"));
}

bool file_access_default_group(const char *directory, gid_t reader, struct error *err)
{
	char text[96];
	acl_t list cleanup_acl = NULL;

	(void)snprintf(text, sizeof(text), "u::rw-,g::r--,g:%u:r--,m::r--,o::---", reader);
	list = acl_from_text(text);
	if (!list)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot make an access list"));
	if (acl_set_file(directory, ACL_TYPE_DEFAULT, list) == 0 || errno == ENOTSUP)
		return true;
	return error_set_errno(err, ERROR_FILESYSTEM, errno,
		_("cannot set the default access list of %s"), directory);
}

static bool may_read(acl_entry_t entry)
{
	acl_permset_t permissions;

	return acl_get_permset(entry, &permissions) == 0 &&
	       acl_get_perm(permissions, ACL_READ) == 1;
}

static bool names_group(acl_entry_t entry, gid_t reader)
{
	gid_t *group = acl_get_qualifier(entry);
	bool matches = group && *group == reader;

	(void)acl_free(group);
	return matches;
}

/* Whether the group has the right, and the mask leaves it. */
static bool list_lets_read(acl_t list, gid_t reader)
{
	acl_entry_t entry;
	bool granted = false;
	bool masked = false;

	for (int more = acl_get_entry(list, ACL_FIRST_ENTRY, &entry); more == 1;
		more = acl_get_entry(list, ACL_NEXT_ENTRY, &entry)) {
		acl_tag_t tag;

		if (acl_get_tag_type(entry, &tag) != 0)
			return false;
		if (tag == ACL_GROUP && names_group(entry, reader))
			granted = may_read(entry);
		else if (tag == ACL_MASK)
			masked = !may_read(entry);
	}
	return granted && !masked;
}

bool file_access_has_default_group(const char *directory, gid_t reader, bool *ret_set,
	struct error *err)
{
	acl_t list cleanup_acl = acl_get_file(directory, ACL_TYPE_DEFAULT);

	if (!list && (errno == ENOTSUP || errno == ENOENT)) {
		*ret_set = errno == ENOTSUP;
		return true;
	}
	if (!list)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot read the access list of %s"), directory);
	*ret_set = list_lets_read(list, reader);
	return true;
}

bool file_access_is_supported(const char *path, bool *ret_supported, struct error *err)
{
	acl_t list cleanup_acl = acl_get_file(path, ACL_TYPE_ACCESS);

	if (!list && errno != ENOTSUP)
		return error_set_errno(err, ERROR_FILESYSTEM, errno,
			_("cannot read the access list of %s"), path);
	*ret_supported = list != NULL;
	return true;
}
