/* Dovecot: who may log in, where mail lies, on which sockets Postfix reaches it. */
#include "base/message.h"
#include "base/number.h"
#include "format/dovecot_conf.h"
#include "format/secret_mask.h"
#include "service/mail_stack_section.h"

#include <string.h>

static const char *value_of(const struct mail_stack *stack, const struct dovecot_conf *conf,
	const char *key)
{
	const char *value = dovecot_conf_get(conf, "", key);

	return value ? secret_mask_value(key, value, stack->arena) : "";
}

/* protocols = " imap lmtp" */
static void set_protocols(const struct mail_stack *stack, const struct dovecot_conf *conf,
	struct json *object)
{
	struct json *array = json_set(object, "protocols", json_new_array());
	struct string_list words = STRING_LIST_INIT;

	string_list_split(&words, stack->arena, value_of(stack, conf, "protocols"), " \"");
	for (size_t i = 0; i < words.count; i++)
		stack_add(stack, array, words.items[i]);
}

/* The file in "args = key=value … /etc/dovecot/dovecot-sql.conf.ext"; NULL = none. */
static const char *file_in(struct mail_stack *stack, const char *args)
{
	const char *last = strrchr(args, ' ');

	last = last ? last + 1 : args;
	return *last == '/' ? arena_strdup(stack->arena, last) : NULL;
}

/* The blocks passdb {} and userdb {}, one item each. */
static void list_databases(struct mail_stack *stack, const struct dovecot_conf *conf,
	struct json *object, const char *kind)
{
	struct json *array = json_set(object, kind, json_new_array());
	struct json *item = NULL;
	size_t block = 0;

	for (size_t i = 0; i < conf->count; i++) {
		const struct dovecot_setting *setting = &conf->items[i];
		const char *file;

		if (strcmp(setting->section, kind) != 0)
			continue;
		if (!item || setting->block != block)
			item = json_add(array, json_new_object());
		block = setting->block;
		if (json_get(item, setting->key))
			continue;
		stack_set(stack, item, setting->key,
			secret_mask_value(setting->key, setting->value, stack->arena));
		file = strcmp(setting->key, "args") == 0 ? file_in(stack, setting->value) : NULL;
		if (file && strstr(file, ".conf"))
			stack_check_secret(stack, "dovecot.secret-readable", file);
	}
}

/* In "service auth/unix_listener /var/spool/postfix/private/auth": the path; NULL for other
 * sections. */
static const char *listener_of(const char *section)
{
	static const char key[] = "/unix_listener ";
	const char *found = strstr(section, key);

	return found ? found + strlen(key) : NULL;
}

/* Who reaches this socket may ask for anybody's mailbox and settings. */
static void judge_listener(struct mail_stack *stack, const char *section, const char *mode)
{
	struct consistency_check *check = &stack->check;
	unsigned bits;

	if (strncmp(section, "service auth/", strlen("service auth/")) != 0 ||
		!parse_octal_mode(mode, &bits) || !(bits & S_IWOTH) || strstr(section, "/private/"))
		return;
	check_find(check, FINDING_WARNING, "dovecot.auth-socket-open",
		_("everybody may talk to Dovecot's socket %s"), listener_of(section));
	check_evidence(check, "mode = %s", mode);
	check_advice(check, _("set its mode to 0660, and user and group to who needs it, in "
			      "conf.d/10-master.conf"));
}

static bool is_listed(const struct json *array, const char *path)
{
	for (const struct json *item = json_first(array); item; item = json_next(item)) {
		if (strcmp(json_get_text(item, "path"), path) == 0)
			return true;
	}
	return false;
}

static void add_listener(struct mail_stack *stack, const struct dovecot_conf *conf,
	struct json *array, const char *section, const char *path)
{
	static const char *const keys[] = {"user", "group", "mode"};
	struct json *item;

	if (is_listed(array, path))
		return;
	item = json_add(array, json_new_object());
	stack_set(stack, item, "path", path);
	stack_set(stack, item, "service",
		arena_strndup(stack->arena, section + strlen("service "),
			strcspn(section + strlen("service "), "/")));
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		const char *value = dovecot_conf_get(conf, section, keys[i]);

		stack_set(stack, item, keys[i], value);
		if (value && strcmp(keys[i], "mode") == 0)
			judge_listener(stack, section, value);
	}
	json_set_boolean(item, "present", *path != '/' || stack_has_socket(path));
}

static void list_listeners(struct mail_stack *stack, const struct dovecot_conf *conf,
	struct json *object)
{
	struct json *array = json_set(object, "listeners", json_new_array());

	for (size_t i = 0; i < conf->count; i++) {
		const char *section = conf->items[i].section;
		const char *path = listener_of(section);

		if (path && strncmp(section, "service ", strlen("service ")) == 0)
			add_listener(stack, conf, array, section, path);
	}
}

static void note_broken(struct mail_stack *stack, const char *complaint)
{
	struct consistency_check *check = &stack->check;

	check_find(check, FINDING_ERROR, "dovecot.configuration-broken",
		_("Dovecot cannot read its configuration"));
	check_evidence(check, "%s",
		secret_mask_text(arena_strndup(stack->arena, complaint, strcspn(complaint, "\n")),
			stack->arena));
	check_advice(check, _("mend that line, then run: %s"), "doveconf -n");
}

struct json *stack_dovecot(struct mail_stack *stack)
{
	static const char *const argv[] = {"/usr/bin/doveconf", "-n", NULL};
	struct json *object = json_new_object();
	struct dovecot_conf conf;
	struct process_result result;
	enum stack_status status = stack_run(stack, argv, &result);

	json_set_text(object, "status", stack_status_name(status));
	if (status == STACK_ERROR && stack->privileged)
		note_broken(stack, result.errors);
	if (status != STACK_OK)
		return object;
	dovecot_conf_parse(result.output, result.output_length, stack->arena, &conf);
	stack_set(stack, object, "version", conf.version);
	set_protocols(stack, &conf, object);
	stack_set(stack, object, "mail_location", value_of(stack, &conf, "mail_location"));
	list_databases(stack, &conf, object, "passdb");
	list_databases(stack, &conf, object, "userdb");
	list_listeners(stack, &conf, object);
	return object;
}
