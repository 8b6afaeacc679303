/* The configuration files: whose they are, and whether they can be read. */
#include "base/message.h"
#include "service/check_subject.h"
#include "storage/alias_store.h"
#include "system/directory.h"

#include <fcntl.h>
#include <string.h>

#define DENIED "installation.denied"
#define FRAGMENTS_MAX 64

/* Whoever may write here decides which commands root runs. */
static bool look_at_owner(struct consistency_check *check, const char *path)
{
	const char *word = check_word(check, path);
	struct stat status;

	if (check_look(check, DENIED, path, &status) != LOOKUP_FOUND)
		return true;
	if (S_ISLNK(status.st_mode) || (!S_ISDIR(status.st_mode) && status.st_nlink > 1)) {
		check_find(check, FINDING_ERROR, "installation.configuration-link",
			_("%s is a link: its content can be changed elsewhere"), path);
		check_cure(check, "cp %s %s.copy && mv %s.copy %s", word, word, word, word);
		return false;
	}
	if (status.st_uid == 0 && !(status.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	check_find(check, FINDING_ERROR, "installation.configuration-owner",
		_("others than root may write to %s, so nothing is read from there"), path);
	check_evidence(check, "%04o %u", (unsigned)status.st_mode & 07777, status.st_uid);
	check_cure(check, "chown root: %s && chmod go-w %s", word, word);
	return false;
}

static bool look_at_fragments(struct consistency_check *check, const char *path)
{
	int fd cleanup_close = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct string_list names = STRING_LIST_INIT;
	struct error ignored; /* the configuration's own error says it */
	bool trusted = true;

	if (fd < 0 || !directory_list(fd, FRAGMENTS_MAX, check->arena, &names, &ignored))
		return true;
	for (size_t i = 0; i < names.count; i++)
		trusted &= look_at_owner(check,
			arena_printf(check->arena, "%s/%s", path, names.items[i]));
	return trusted;
}

static bool look_at_owners(struct consistency_check *check)
{
	const char *directory = check->request->config_directory;
	const char *fragments = arena_printf(check->arena, "%s/conf.d", directory);
	bool trusted = look_at_owner(check, directory);

	trusted &= look_at_owner(check, arena_printf(check->arena, "%s/postigo.json", directory));
	trusted &= look_at_owner(check, fragments);
	return look_at_fragments(check, fragments) && trusted;
}

/* A store that is there knows the domain that a new configuration needs. */
static void cure_missing(struct consistency_check *check)
{
	struct alias_store store cleanup_alias_store = ALIAS_STORE_INIT;
	struct error ignored;

	if (alias_store_open(&store, check->request->state_directory, ALIAS_STORE_READ, &ignored))
		check_cure_by(check, "setup --domain %s", check_word(check, store.domain));
	else
		check_advice(check, "postigo-admin setup --domain club.example");
}

void check_configuration(struct consistency_check *check)
{
	const struct error *failure = check->request->configuration_error;
	bool trusted = look_at_owners(check);
	struct stat status;

	if (check->request->settings || !trusted)
		return;
	if (!check->request->config_file && lstat(check_settings_file(check), &status) != 0) {
		check_find(check, FINDING_ERROR, "installation.configuration-missing", "%s",
			failure->what);
		cure_missing(check);
		return;
	}
	check_find(check, FINDING_ERROR, "installation.configuration", "%s", failure->what);
	check_evidence(check, "%s", failure->why);
	if (*failure->fix)
		check_advice(check, "%s", failure->fix);
	else
		check_advice(check, _("correct %s; see postigo.json(5)"),
			check_settings_file(check));
}
