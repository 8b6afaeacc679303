/* Tables that are queries: what their configuration says of the database, never a password and
 * never the query itself. */
#include "base/message.h"
#include "format/secret_mask.h"
#include "service/check_stack.h"
#include "service/mail_stack_table.h"

#include <fcntl.h>
#include <string.h>

#define CF_MAX ((size_t)64 << 10)

/* The value of `key` in a configuration of ldap_table(5) and its like, or NULL. */
static const char *cf_value(const struct mail_stack *stack, const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text) {
		if (strncmp(text, key, length) == 0 && strchr(" \t=", text[length]) &&
			text[length]) {
			text += length + strspn(text + length, " \t=");
			return arena_strndup(stack->arena, text, strcspn(text, "\r\n"));
		}
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

static void list_keys(const struct mail_stack *stack, const char *text, struct json *keys)
{
	struct string_list lines = STRING_LIST_INIT;

	string_list_split(&lines, stack->arena, text, "\r\n");
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");

		if (length > 0 && line[length + strspn(line + length, " \t")] == '=')
			stack_add(stack, keys, arena_strndup(stack->arena, line, length));
	}
}

/* The word behind FROM: a guess, the query may be anything. */
static const char *guess_table(const struct mail_stack *stack, const char *text)
{
	const char *query = cf_value(stack, text, "query");
	const char *found = query ? strcasestr(query, " from ") : NULL;

	if (!found)
		return cf_value(stack, text, "table");
	found += strlen(" from ");
	found += strspn(found, " `\"");
	return arena_strndup(stack->arena, found,
		strspn(found, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.$"));
}

static void set_masked(const struct mail_stack *stack, struct json *object, const char *key,
	const char *value)
{
	if (value)
		stack_set(stack, object, key, secret_mask_value(key, value, stack->arena));
}

/* The header of the file: 2 = a write-ahead log, whose readers need to write. */
static void look_at_sqlite(struct mail_stack *stack, const struct stack_table *table,
	struct json *query, const char *path)
{
	struct consistency_check *check = &stack->check;
	const struct postfix_service *smtpd =
		postfix_master_cf_find(&table->instance->services, "smtpd", "inet");
	unsigned char head[20] = {0};
	int fd cleanup_close = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
		memcmp(head, "SQLite format 3", 16) == 0) {
		json_set_text(query, "journal", head[18] == 2 ? "wal" : "rollback");
		json_set_boolean(query, "wal_present",
			stack_exists(arena_printf(stack->arena, "%s-wal", path)));
	}
	check_find(check, FINDING_WARNING, "postfix.sqlite-table",
		_("Postfix reads the SQLite file %s: mail is put off while something writes to it"),
		path);
	check_evidence(check, "%s", table->path);
	check_advice(check, _("let a map be written from it instead"));
	if (table->proxied || !smtpd || smtpd->chroot != 'y')
		return;
	check_find(check, FINDING_ERROR, "postfix.sqlite-chroot",
		_("smtpd runs in a chroot, where it cannot see the SQLite file %s"), path);
	check_evidence(check, "%s inet … y … smtpd", smtpd->name);
	check_advice(check, _("name it as proxy:sqlite:%s in %s"), table->path, table->parameter);
}

/* Without a host that is named, the library takes the socket in the usual place. */
static void look_at_server(struct mail_stack *stack, const struct stack_table *table,
	const char *hosts)
{
	const char *path = "/run/mysqld/mysqld.sock";

	if (strcmp(table->type, "mysql") != 0)
		return;
	if (strncmp(hosts, "unix:", 5) == 0)
		path = arena_strndup(stack->arena, hosts + 5, strcspn(hosts + 5, " ,"));
	else if (*hosts && strcmp(hosts, "localhost") != 0)
		return;
	if (stack_has_socket(path) || !stack->privileged)
		return;
	check_find(&stack->check, FINDING_ERROR, "postfix.database-away",
		_("no database listens where %s looks for it: Postfix puts off all mail that needs "
		  "it"),
		table->path);
	check_evidence(&stack->check, "%s", path);
	check_cure(&stack->check, "systemctl start mariadb");
}

void stack_look_at_query(struct mail_stack *stack, const struct stack_table *table)
{
	struct json *query;
	const char *text;
	const char *value;
	size_t length;

	if (stack_read(stack, table->path, CF_MAX, &text, &length) != STACK_OK)
		return;
	query = json_set(table->json, "query", json_new_object());
	list_keys(stack, text, json_set(query, "keys", json_new_array()));
	value = cf_value(stack, text, "hosts");
	set_masked(stack, query, "hosts", value);
	look_at_server(stack, table, value ? value : "");
	set_masked(stack, query, "dbname", cf_value(stack, text, "dbname"));
	set_masked(stack, query, "table_guess", guess_table(stack, text));
	value = cf_value(stack, text, "password");
	if (!value)
		value = cf_value(stack, text, "bind_pw");
	json_set_boolean(query, "password", value != NULL);
	if (value)
		stack_check_secret(stack, "postfix.secret-readable", table->path);
	value = cf_value(stack, text, "dbpath");
	set_masked(stack, query, "dbpath", value);
	if (value && strcmp(table->type, "sqlite") == 0)
		look_at_sqlite(stack, table, query, value);
}
