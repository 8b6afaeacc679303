#include "base/message.h"
#include "storage/sql_mariadb_private.h"

#include <errmsg.h>
#include <mysqld_error.h>

/* Several numbers that mean the same to a caller. */
struct error_class {
	enum sql_failure failure;
	enum error_code code;
	const char *what;
	const char *fix; /* or NULL */
	unsigned numbers[16];
};

#define GALERA_CONFLICT 1047 /* this node is not part of the cluster */

static const struct error_class classes[] = {
	{SQL_FAILURE_DUPLICATE, ERROR_ALREADY_EXISTS, N_("the database has such a row already"), NULL,
		{ER_DUP_ENTRY, ER_DUP_ENTRY_WITH_KEY_NAME, ER_DUP_KEY}},
	{SQL_FAILURE_DEADLOCK, ERROR_DEADLOCK, N_("the database is locked by somebody else"), N_("try again"),
		{ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT, ER_CHECKREAD, ER_XA_RBDEADLOCK}},
	{SQL_FAILURE_LOST, ERROR_DATABASE, N_("the connection to the database is lost"),
		N_("look at the server's log, and try again"),
		{CR_SERVER_GONE_ERROR, CR_SERVER_LOST, CR_SERVER_LOST_EXTENDED, CR_MALFORMED_PACKET, CR_COMMANDS_OUT_OF_SYNC,
			ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED, ER_NEW_ABORTING_CONNECTION, ER_ABORTING_CONNECTION,
			ER_NET_READ_ERROR, ER_NET_READ_INTERRUPTED, ER_NET_ERROR_ON_WRITE, ER_NET_WRITE_INTERRUPTED,
			ER_NET_PACKETS_OUT_OF_ORDER}},
	{SQL_FAILURE_DENIED, ERROR_DATABASE, N_("the database does not let us in"),
		N_("correct user and password in database.credentials_file, or let the user in with GRANT"),
		{ER_ACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR, ER_HOST_NOT_PRIVILEGED,
			ER_MUST_CHANGE_PASSWORD_LOGIN, ER_ACCOUNT_HAS_BEEN_LOCKED}},
	{SQL_FAILURE_DENIED, ERROR_DATABASE, N_("the database's user may not do that"),
		N_("give the user SELECT, INSERT, UPDATE and DELETE on the tables that are written (GRANT)"),
		{ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR,
			ER_OPTION_PREVENTS_STATEMENT, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION}},
	{SQL_FAILURE_OTHER, ERROR_DATABASE, N_("the database cannot be reached"),
		N_("start the server, or correct database.socket or database.host"),
		{CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR, CR_UNKNOWN_HOST, CR_IPSOCK_ERROR, ER_CON_COUNT_ERROR, GALERA_CONFLICT}},
	{SQL_FAILURE_OTHER, ERROR_DATABASE, N_("the connection to the database could not be encrypted as it must be"),
		N_("correct database.tls and database.tls_ca_file, or the server's certificate"), {CR_SSL_CONNECTION_ERROR}},
	{SQL_FAILURE_OTHER, ERROR_DATABASE, N_("there is no such database"), N_("correct database.dbname"), {ER_BAD_DB_ERROR}},
	{SQL_FAILURE_OTHER, ERROR_DATABASE, N_("the database lacks a table or a column"),
		N_("correct the names in the configuration, or bring the tables up to date"), {ER_NO_SUCH_TABLE, ER_BAD_FIELD_ERROR}},
	{SQL_FAILURE_CONSTRAINT, ERROR_RULE, N_("the database refuses the row"), NULL,
		{ER_BAD_NULL_ERROR, ER_ROW_IS_REFERENCED, ER_NO_REFERENCED_ROW, ER_ROW_IS_REFERENCED_2, ER_NO_REFERENCED_ROW_2,
			ER_CONSTRAINT_FAILED, ER_DATA_TOO_LONG, ER_WARN_DATA_OUT_OF_RANGE, ER_TRUNCATED_WRONG_VALUE,
			ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, WARN_DATA_TRUNCATED, ER_NO_DEFAULT_FOR_FIELD, ER_INVALID_CHARACTER_STRING}},
};

static const struct error_class other = {SQL_FAILURE_OTHER, ERROR_DATABASE, N_("the database failed"), NULL, {0}};

static const struct error_class *class_of(unsigned number)
{
	for (size_t i = 0; i < ARRAY_LENGTH(classes); i++) {
		for (size_t j = 0; j < ARRAY_LENGTH(classes[i].numbers) && classes[i].numbers[j]; j++) {
			if (classes[i].numbers[j] == number)
				return &classes[i];
		}
	}
	return &other;
}

bool mariadb_fail(struct sql_connection *sql, unsigned number, const char *text, struct error *err)
{
	const struct error_class *class = class_of(number);

	if (number == CR_OUT_OF_MEMORY)
		out_of_memory();
	error_set(err, class->code, "%s", _(class->what));
	error_why(err, "MariaDB: %s (%u)", text, number);
	if (class->fix)
		error_fix(err, "%s", _(class->fix));
	if (class->failure == SQL_FAILURE_LOST)
		sql->lost = true;
	return sql_failed(sql, class->failure);
}
