/* What stands around Postfix and Dovecot: webmail, and the filters that mail passes. */
#include "base/message.h"
#include "format/secret_mask.h"
#include "service/mail_stack_section.h"
#include "service/postfix_table.h"

#include <string.h>

#define CONFIG_MAX ((size_t)1 << 20)

/* ---------------------------------------------------------------- webmail */

static const struct {
	const char *name;
	const char *path;
	const char *secrets; /* NULL = the configuration holds none */
} webmails[] = {
	{"roundcube", "/etc/roundcube", "/etc/roundcube/debian-db.php"},
	{"roundcube", "/var/www/roundcube", "/var/www/roundcube/config/config.inc.php"},
	{"roundcube", "/opt/roundcube", "/opt/roundcube/config/config.inc.php"},
	{"postfixadmin", "/etc/postfixadmin", "/etc/postfixadmin/config.local.php"},
};

/* The driver in "…'mysql://user:password@host/name'" or "$dbtype='mysql';". */
static const char *database_driver(const struct mail_stack *stack, const char *text)
{
	static const char *const drivers[] = {"mysql", "pgsql", "sqlite"};

	for (size_t i = 0; i < ARRAY_LENGTH(drivers); i++) {
		if (strstr(text, arena_printf(stack->arena, "'%s", drivers[i])) ||
			strstr(text, arena_printf(stack->arena, "\"%s", drivers[i])))
			return drivers[i];
	}
	return "";
}

struct json *stack_webmail(struct mail_stack *stack)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < ARRAY_LENGTH(webmails); i++) {
		struct json *item;
		const char *text = "";
		size_t length;

		if (!stack_exists(webmails[i].path))
			continue;
		item = json_add(list, json_new_object());
		json_set_text(item, "name", webmails[i].name);
		json_set_text(item, "path", webmails[i].path);
		if (stack_read(stack, webmails[i].secrets, CONFIG_MAX, &text, &length) == STACK_OK)
			stack_set(stack, item, "database", database_driver(stack, text));
		stack_check_secret(stack, "webmail.secret-readable", webmails[i].secrets);
	}
	return list;
}

/* ---------------------------------------------------------------- filters */

/* Where smtpd sees the socket of "unix:PATH": inside the queue directory when it is relative. */
static const char *socket_path(const struct mail_stack *stack,
	const struct stack_instance *instance, const char *milter)
{
	if (strncmp(milter, "unix:", 5) == 0)
		milter += 5;
	else if (strncmp(milter, "local:", 6) == 0)
		milter += 6;
	else
		return NULL;
	if (*milter == '/')
		return milter;
	return arena_printf(stack->arena, "%s/%s", stack_value(instance, "queue_directory"),
		milter);
}

static void add_milter(struct mail_stack *stack, struct json *list,
	const struct stack_instance *instance, const char *const words[2])
{
	struct consistency_check *check = &stack->check;
	const char *path = socket_path(stack, instance, words[1]);
	struct json *item = json_add(list, json_new_object());
	bool present;

	stack_set(stack, item, "parameter", words[0]);
	stack_set(stack, item, "address", secret_mask_value(words[0], words[1], stack->arena));
	if (!path || !stack->privileged)
		return;
	present = stack_has_socket(path);
	json_set_boolean(item, "present", present);
	if (present)
		return;
	check_find(check, FINDING_ERROR, "filters.socket-missing",
		_("nothing listens where Postfix hands mail to be filtered"));
	check_evidence(check, "%s = %s", words[0],
		secret_mask_value(words[0], words[1], stack->arena));
	check_advice(check, _("start the filter, or take it out of %s"), words[0]);
}

static void add_milters(struct mail_stack *stack, struct json *list,
	const struct stack_instance *instance)
{
	static const char *const names[] = {"smtpd_milters", "non_smtpd_milters"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct string_list items = STRING_LIST_INIT;

		postfix_list_split(&items, stack->arena, stack_value(instance, names[i]));
		for (size_t j = 0; j < items.count; j++) {
			const char *const words[] = {names[i], items.items[j]};

			add_milter(stack, list, instance, words);
		}
	}
}

struct json *stack_filters(struct mail_stack *stack)
{
	static const char *const keys[] = {"/etc/dkimkeys", "/var/lib/rspamd/dkim",
		"/etc/opendkim/keys"};
	struct json *list = json_new_array();

	for (size_t i = 0; i < stack->instance_count; i++)
		add_milters(stack, list, &stack->instances[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
		stack_check_secret(stack, "filters.secret-readable", keys[i]);
	return list;
}
