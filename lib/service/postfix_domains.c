#include "service/postfix_domains.h"

#include "base/ascii.h"
#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PATTERN_FILE_MAX ((size_t)16 << 20) /* bytes */
#define NESTING_MAX 4			    /* of files that name files */

static const char *without_negation(const char *item, bool *wanted)
{
	for (; *item == '!'; item++)
		*wanted = !*wanted;
	return item;
}

/* ---- files of patterns */

static bool read_all(int fd, char *buffer, size_t size, size_t *ret_length)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(fd, buffer + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	*ret_length = length;
	return true;
}

/* Adds the patterns of the file `path`, which the administrator has named in main.cf. */
static bool read_patterns(const char *path, struct arena *arena, struct string_list *patterns,
	struct error *err)
{
	int fd cleanup_close = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	size_t length;
	char *text;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set_errno(err, ERROR_MTA_COMMAND, errno, _("cannot read %s"), path);
	if (!S_ISREG(status.st_mode) || (size_t)status.st_size > PATTERN_FILE_MAX)
		return error_set(err, ERROR_MTA_COMMAND, _("%s is no list of domains"), path);
	text = arena_alloc(arena, (size_t)status.st_size + 1);
	if (!read_all(fd, text, (size_t)status.st_size, &length))
		return error_set_errno(err, ERROR_MTA_COMMAND, errno, _("cannot read %s"), path);
	text[length] = '\0';
	postfix_list_split(patterns, arena, text);
	return true;
}

/* ---- one domain */

struct domain_question {
	const struct postfix_instance *instance;
	struct string_list names; /* under which the domain may stand in the list */
	struct arena *arena;
};

static enum lookup_result match_literal(const struct domain_question *question, const char *item)
{
	for (size_t i = 0; i < question->names.count; i++) {
		if (ascii_equal_nocase(item, question->names.items[i]))
			return LOOKUP_FOUND;
	}
	return LOOKUP_NOT_FOUND;
}

/* A pipe with our own map in it answers nothing about domains: ours holds addresses only. */
static bool is_asked(const struct postfix_instance *instance, const struct postfix_table *table)
{
	return !table->piped && !postfix_table_is_at(table, instance->own_map);
}

static enum lookup_result match_tables(const struct domain_question *question, const char *item,
	struct error *err)
{
	const struct postfix_instance *instance = question->instance;
	struct string_list list = STRING_LIST_INIT;
	struct postfix_tables tables = {.count = 0};

	string_list_add(&list, question->arena, item);
	postfix_tables_add(&tables, question->arena, &list, instance->own_map);
	for (size_t i = 0; i < tables.count; i++) {
		if (!is_asked(instance, &tables.items[i]))
			continue;
		for (size_t j = 0; j < question->names.count; j++) {
			enum lookup_result result = postfix_table_has(instance,
				tables.items[i].name, question->names.items[j], question->arena,
				err);

			if (result != LOOKUP_NOT_FOUND)
				return result;
		}
	}
	return LOOKUP_NOT_FOUND;
}

/* NOLINTBEGIN(misc-no-recursion): files name files as deep as NESTING_MAX */
static enum lookup_result match_list(const struct domain_question *question,
	const struct string_list *list, int depth, struct error *err);

static enum lookup_result match_item(const struct domain_question *question, const char *item,
	int depth, struct error *err)
{
	struct string_list patterns = STRING_LIST_INIT;

	if (item[0] == '/') {
		if (!read_patterns(item, question->arena, &patterns, err))
			return LOOKUP_FAILED;
		return match_list(question, &patterns, depth + 1, err);
	}
	if (strchr(item, ':') || item[0] == '{')
		return match_tables(question, item, err);
	return match_literal(question, item);
}

/* The first item that matches decides, as in Postfix; what cannot be asked leaves the list
 * undecided. */
static enum lookup_result match_list(const struct domain_question *question,
	const struct string_list *list, int depth, struct error *err)
{
	if (depth > NESTING_MAX) {
		error_set(err, ERROR_MTA_COMMAND, _("files of patterns name each other"));
		return LOOKUP_FAILED;
	}
	for (size_t i = 0; i < list->count; i++) {
		bool wanted = true;
		const char *item = without_negation(list->items[i], &wanted);
		enum lookup_result result = match_item(question, item, depth, err);

		if (result == LOOKUP_FOUND)
			return wanted ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
		if (result == LOOKUP_FAILED)
			return LOOKUP_FAILED;
	}
	return LOOKUP_NOT_FOUND;
}
/* NOLINTEND(misc-no-recursion) */

/*
 * The names under which a domain may stand in relay_domains: itself and its parents, the parents
 * with a dot in front where parent_domain_matches_subdomains does not name the list. In the other
 * lists only itself.
 */
static void candidates_of(struct domain_question *question, const char *domain, bool parents)
{
	bool bare = question->instance->relay_includes_subdomains;

	string_list_add(&question->names, question->arena, domain);
	if (!parents)
		return;
	for (const char *dot = strchr(domain, '.'); dot; dot = strchr(dot + 1, '.'))
		string_list_add(&question->names, question->arena, bare ? dot + 1 : dot);
}

enum lookup_result postfix_list_has_domain(const struct postfix_instance *instance,
	enum postfix_domain_list list, const char *domain, struct arena *arena, struct error *err)
{
	struct domain_question question = {.instance = instance, .arena = arena};

	candidates_of(&question, domain, list == POSTFIX_RELAY_DOMAINS);
	return match_list(&question, &instance->domains[list], 0, err);
}

enum lookup_result postfix_serves_domain(const struct postfix_instance *instance,
	const char *domain, struct arena *arena, struct error *err)
{
	bool failed = false;
	struct error first = {.code = ERROR_NONE};

	for (unsigned i = 0; i < POSTFIX_DOMAIN_LISTS; i++) {
		struct error failure = {.code = ERROR_NONE};
		enum lookup_result result = postfix_list_has_domain(instance,
			(enum postfix_domain_list)i, domain, arena, &failure);

		if (result == LOOKUP_FOUND)
			return LOOKUP_FOUND;
		if (result == LOOKUP_FAILED && !failed) {
			failed = true;
			first = failure;
		}
	}
	if (!failed)
		return LOOKUP_NOT_FOUND;
	*err = first;
	return LOOKUP_FAILED;
}

/* ---- many domains */

static void add_tables(const struct postfix_instance *instance, struct arena *arena,
	const char *item, struct postfix_tables *tables)
{
	struct string_list list = STRING_LIST_INIT;
	struct postfix_tables all = *tables;

	string_list_add(&list, arena, item);
	postfix_tables_add(&all, arena, &list, instance->own_map);
	for (size_t i = tables->count; i < all.count; i++) {
		if (is_asked(instance, &all.items[i]))
			all.items[tables->count++] = all.items[i];
	}
	all.count = tables->count;
	*tables = all;
}

static void add_source(const struct postfix_instance *instance, struct arena *arena,
	const char *item, struct string_list *names, struct postfix_tables *tables)
{
	if (strchr(item, ':') || item[0] == '{')
		add_tables(instance, arena, item, tables);
	else
		string_list_add(names, arena, item);
}

bool postfix_alias_domain_sources(const struct postfix_instance *instance, struct arena *arena,
	struct string_list *names, struct postfix_tables *tables, struct error *err)
{
	const struct string_list *list = &instance->domains[POSTFIX_ALIAS_DOMAINS];
	bool whole = true;

	for (size_t i = 0; i < list->count; i++) {
		bool wanted = true;
		const char *item = without_negation(list->items[i], &wanted);
		struct string_list patterns = STRING_LIST_INIT;

		if (item[0] != '/')
			add_source(instance, arena, item, names, tables);
		else if (!read_patterns(item, arena, &patterns, err))
			whole = false;
		for (size_t j = 0; j < patterns.count; j++)
			add_source(instance, arena, patterns.items[j], names, tables);
	}
	return whole;
}
