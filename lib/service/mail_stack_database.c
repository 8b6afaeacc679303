/*
 * Databases: which listen, and which schemas lie in their data directory. Told from sockets and
 * names of files: no database is logged into, so neither its password is needed nor its log
 * disturbed.
 */
#include "base/message.h"
#include "service/mail_stack_section.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define SCHEMAS_MAX 1000
#define TABLES_MAX 10000

static const struct {
	const char *name;
	const char *socket;
} servers[] = {
	{"mariadb", "/run/mysqld/mysqld.sock"},
	{"postgresql", "/run/postgresql/.s.PGSQL.5432"},
	{"redis", "/run/redis/redis-server.sock"},
};

#define DATA_DIRECTORY "/var/lib/mysql"
#define DATA_SERVER "mariadb"

/* Names of tables, without the suffix of their engine. */
static void list_tables(struct mail_stack *stack, int directory, struct string_list *ret_tables,
	const char **ret_engine)
{
	static const struct {
		const char *suffix;
		const char *engine;
	} engines[] = {{".ibd", "InnoDB"}, {".MAI", "Aria"}, {".MYI", "MyISAM"}};
	struct string_list names = STRING_LIST_INIT;
	struct error ignored;

	if (!directory_list(directory, TABLES_MAX, stack->arena, &names, &ignored))
		return;
	for (size_t i = 0; i < names.count; i++) {
		const char *dot = strrchr(names.items[i], '.');

		for (size_t j = 0; dot && j < ARRAY_LENGTH(engines); j++) {
			if (strcmp(dot, engines[j].suffix) != 0)
				continue;
			string_list_add_bytes(ret_tables, stack->arena, names.items[i],
				(size_t)(dot - names.items[i]));
			*ret_engine = engines[j].engine;
		}
	}
}

/* PostfixAdmin's tables are these and some more. */
static bool is_postfixadmin(const struct string_list *tables)
{
	return string_list_contains(tables, "alias") && string_list_contains(tables, "mailbox") &&
	       string_list_contains(tables, "domain");
}

static void add_schema(struct mail_stack *stack, struct json *list, int data, const char *name)
{
	static const char *const own[] = {"mysql", "performance_schema", "sys"};
	int directory cleanup_close =
		openat(data, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct string_list tables = STRING_LIST_INIT;
	const char *engine = "";
	struct json *item;

	for (size_t i = 0; i < ARRAY_LENGTH(own); i++) {
		if (strcmp(name, own[i]) == 0)
			return;
	}
	if (directory < 0)
		return;
	list_tables(stack, directory, &tables, &engine);
	item = json_add(list, json_new_object());
	stack_set(stack, item, "name", name);
	json_set_integer(item, "tables", (int64_t)tables.count);
	stack_set(stack, item, "engine", engine);
	json_set_boolean(item, "postfixadmin", is_postfixadmin(&tables));
}

static void list_schemas(struct mail_stack *stack, struct json *server)
{
	int data cleanup_close = open(DATA_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct string_list names = STRING_LIST_INIT;
	struct error failure;
	struct json *list;

	if (data < 0) {
		(void)stack_error(stack, DATA_DIRECTORY,
			errno == EACCES ? STACK_DENIED : STACK_ERROR, strerror(errno));
		return;
	}
	if (!directory_list(data, SCHEMAS_MAX, stack->arena, &names, &failure)) {
		(void)stack_error(stack, DATA_DIRECTORY, STACK_ERROR, failure.why);
		return;
	}
	list = json_set(server, "schemas", json_new_array());
	for (size_t i = 0; i < names.count; i++)
		add_schema(stack, list, data, names.items[i]);
}

struct json *stack_databases(struct mail_stack *stack)
{
	static const char *const secrets[] = {"/etc/mysql/debian.cnf", "/root/.my.cnf",
		"/etc/postfixadmin/dbconfig.inc.php"};
	struct json *list = json_new_array();

	for (size_t i = 0; i < ARRAY_LENGTH(servers); i++) {
		bool data =
			strcmp(servers[i].name, DATA_SERVER) == 0 && stack_exists(DATA_DIRECTORY);
		bool listens = stack_has_socket(servers[i].socket);
		struct json *item;

		if (!data && !listens)
			continue;
		item = json_add(list, json_new_object());
		json_set_text(item, "name", servers[i].name);
		json_set_text(item, "socket", servers[i].socket);
		json_set_boolean(item, "listens", listens);
		if (data)
			list_schemas(stack, item);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(secrets); i++)
		stack_check_secret(stack, "databases.secret-readable", secrets[i]);
	return list;
}
